// TransformStream and its controller.
//
// Other features make transforms of their own with `createTransform`. Specification: https://streams.spec.whatwg.org/#ts

import { deferred, invoke, react, rejected, resolved, upon } from 'guest:promises';
import type { Deferred } from 'guest:promises';
import { highWaterMarkOf, sizeAlgorithmOf, toStrategy } from 'guest:queuing';
import { canCloseOrEnqueue, close, desiredSize, enqueue, fail, hasBackpressure, readableOf } from 'guest:readable';
import type { DefaultController } from 'guest:readable';
import { createReadable } from 'guest:readablestream';
import type { ReadableStream } from 'guest:readablestream';
import { illegalConstructor, illegalInvocation, isObject, makeEnumerable } from 'guest:webidl';
import { createWritable, errorWritable, writableOf } from 'guest:writable';
import type { WritableStream } from 'guest:writable';

const { apply } = Reflect;
const create = {};

/** What a transform does with what is written to it. */
export interface Transformer {
  transform(chunk: unknown, controller: TransformStreamDefaultController): Promise<unknown>;
  flush(controller: TransformStreamDefaultController): Promise<unknown>;
  cancel(reason: unknown): Promise<unknown>;
}

/** A transform's slots. */
export interface Transform {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  readonly output: DefaultController;
  backpressure: boolean;
  change: Deferred;
  /** Undefined once it is done with. */
  transformer: Transformer | undefined;
  finished: Deferred<unknown> | undefined;
  readonly face: TransformStreamDefaultController;
}

interface Sizes {
  readonly writableMark: number;
  readonly writableSize: (chunk: unknown) => number;
  readonly readableMark: number;
  readonly readableSize: (chunk: unknown) => number;
}

const one = (): number => 1;

/** A transform of our own; `started` says when it may begin. */
export function createTransform(transformer: Transformer): Transform {
  const sizes = { writableMark: 1, writableSize: one, readableMark: 0, readableSize: one };
  return newTransform(transformer, sizes, resolved(undefined));
}

function newTransform(transformer: Transformer, sizes: Sizes, started: Promise<unknown>): Transform {
  // Both sides begin when `started` says so; before that nobody asks either of them for anything.
  const transform = { transformer, backpressure: false, change: deferred(), finished: undefined } as unknown as {
    -readonly [K in keyof Transform]: Transform[K];
  };
  transform.writable = createWritable(sizes.writableMark, {
    start: () => started,
    write: (chunk) => sinkWrite(transform, chunk),
    close: () => sinkClose(transform),
    abort: (reason) => sinkAbort(transform, reason),
    size: sizes.writableSize,
  });
  const readable = createReadable(
    {
      start: () => started,
      pull: () => {
        setBackpressure(transform, false);
        return transform.change.promise;
      },
      cancel: (reason) => sourceCancel(transform, reason),
      size: sizes.readableSize,
    },
    sizes.readableMark,
  );
  transform.readable = readable.stream;
  transform.output = readable.controller;
  setBackpressure(transform, true);
  const Face = TransformStreamDefaultController as unknown as new (
    ...args: unknown[]
  ) => TransformStreamDefaultController;
  transform.face = new Face(create, transform);
  return transform;
}

// ── the class ─────────────────────────────────────────────────────────────────────────────────────────────────────────

let transformOf: (value: unknown) => Transform;

class TransformStream {
  #transform: Transform;

  static {
    transformOf = (value) => {
      if (isObject(value) && #transform in value) return value.#transform;
      throw illegalInvocation();
    };
  }

  constructor(
    transformer: object | undefined = undefined,
    writableStrategy: object = {},
    readableStrategy: object = {},
  ) {
    if (transformer !== undefined && !isObject(transformer)) {
      throw new TypeError('TransformStream: the transformer is not an object');
    }
    const writableSide = toStrategy(writableStrategy, 'TransformStream');
    const readableSide = toStrategy(readableStrategy, 'TransformStream');
    const converted = toTransformer(transformer);
    const readableMark = highWaterMarkOf(readableSide, 0);
    const readableSize = sizeAlgorithmOf(readableSide);
    const writableMark = highWaterMarkOf(writableSide, 1);
    const writableSize = sizeAlgorithmOf(writableSide);
    const started = deferred<unknown>();
    const sizes = { writableMark, writableSize, readableMark, readableSize };
    this.#transform = newTransform(converted.transformer(), sizes, started.promise);
    started.resolve(converted.start?.(this.#transform.face));
  }

  get readable(): ReadableStream {
    return transformOf(this).readable;
  }

  get writable(): WritableStream {
    return transformOf(this).writable;
  }
}

makeEnumerable(TransformStream, ['readable', 'writable']);

/** Converts a `Transformer`; members are read in the order of their names. */
function toTransformer(value: object | undefined): {
  start: ((face: unknown) => unknown) | undefined;
  transformer: () => Transformer;
} {
  const members = (value ?? {}) as Record<string, unknown>;
  const method = (name: string) => {
    const found = value === undefined ? undefined : members[name];
    if (found !== undefined && typeof found !== 'function') {
      throw new TypeError(`TransformStream: ${name} of the transformer is not a function`);
    }
    return found as ((...args: unknown[]) => unknown) | undefined;
  };
  const none = (name: string): void => {
    if (value !== undefined && members[name] !== undefined) {
      throw new RangeError(`TransformStream: a transformer has no ${name}`);
    }
  };
  const cancel = method('cancel');
  const flush = method('flush');
  none('readableType');
  const start = method('start');
  const transform = method('transform');
  none('writableType');
  return {
    start: start && ((face) => apply(start, value, [face])),
    transformer: () => ({
      transform: (chunk, face) => {
        if (transform !== undefined) return invoke(transform, value, [chunk, face]);
        try {
          enqueueTo(controlled(face), chunk);
          return resolved(undefined);
        } catch (error) {
          return rejected(error);
        }
      },
      flush: (face) => (flush ? invoke(flush, value, [face]) : resolved(undefined)),
      cancel: (reason) => (cancel ? invoke(cancel, value, [reason]) : resolved(undefined)),
    }),
  };
}

// ── the controller ────────────────────────────────────────────────────────────────────────────────────────────────────

let controlled: (value: unknown) => Transform;

class TransformStreamDefaultController {
  #transform: Transform;

  static {
    controlled = (value) => {
      if (isObject(value) && #transform in value) return value.#transform;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, transform: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    this.#transform = transform as Transform;
  }

  get desiredSize(): number | null {
    return desiredSize(controlled(this).output);
  }

  enqueue(chunk: unknown = undefined): void {
    enqueueTo(controlled(this), chunk);
  }

  error(reason: unknown = undefined): void {
    failTransform(controlled(this), reason);
  }

  terminate(): void {
    const transform = controlled(this);
    close(transform.output);
    failWritable(transform, new TypeError('the stream was terminated'));
  }
}

makeEnumerable(TransformStreamDefaultController, ['desiredSize', 'enqueue', 'error', 'terminate']);

/** Gives a chunk to the readable side. */
export function enqueueTo(transform: Transform, chunk: unknown): void {
  const { output } = transform;
  if (!canCloseOrEnqueue(output)) throw new TypeError('the readable side is closed, or closing, or has failed');
  try {
    enqueue(output, chunk);
  } catch (error) {
    failWritable(transform, error);
    throw readableOf(transform.readable).storedError;
  }
  const backpressure = hasBackpressure(output);
  if (backpressure !== transform.backpressure) setBackpressure(transform, true);
}

export function failTransform(transform: Transform, error: unknown): void {
  fail(transform.output, error);
  failWritable(transform, error);
}

function failWritable(transform: Transform, error: unknown): void {
  transform.transformer = undefined;
  errorWritable(writableOf(transform.writable), error);
  unblock(transform);
}

function unblock(transform: Transform): void {
  if (transform.backpressure) setBackpressure(transform, false);
}

function setBackpressure(transform: Transform, backpressure: boolean): void {
  transform.change.resolve();
  transform.change = deferred();
  transform.backpressure = backpressure;
}

// ── both sides ────────────────────────────────────────────────────────────────────────────────────────────────────────

function sinkWrite(transform: Transform, chunk: unknown): Promise<unknown> {
  if (!transform.backpressure) return perform(transform, chunk);
  return react(transform.change.promise, () => {
    const { state, storedError } = writableOf(transform.writable);
    if (state === 'erroring') throw storedError;
    return perform(transform, chunk);
  });
}

function perform(transform: Transform, chunk: unknown): Promise<unknown> {
  return react(transform.transformer!.transform(chunk, transform.face), undefined, (reason) => {
    failTransform(transform, reason);
    throw reason;
  });
}

function sinkAbort(transform: Transform, reason: unknown): Promise<unknown> {
  if (transform.finished !== undefined) return transform.finished.promise;
  const finished = deferred<unknown>();
  transform.finished = finished;
  const cancelling = transform.transformer!.cancel(reason);
  transform.transformer = undefined;
  upon(
    cancelling,
    () => {
      const readable = readableOf(transform.readable);
      if (readable.state === 'errored') return finished.reject(readable.storedError);
      fail(transform.output, reason);
      finished.resolve(undefined);
    },
    (error) => {
      fail(transform.output, error);
      finished.reject(error);
    },
  );
  return finished.promise;
}

function sinkClose(transform: Transform): Promise<unknown> {
  if (transform.finished !== undefined) return transform.finished.promise;
  const finished = deferred<unknown>();
  transform.finished = finished;
  const flushing = transform.transformer!.flush(transform.face);
  transform.transformer = undefined;
  upon(
    flushing,
    () => {
      const readable = readableOf(transform.readable);
      if (readable.state === 'errored') return finished.reject(readable.storedError);
      close(transform.output);
      finished.resolve(undefined);
    },
    (error) => {
      fail(transform.output, error);
      finished.reject(error);
    },
  );
  return finished.promise;
}

function sourceCancel(transform: Transform, reason: unknown): Promise<unknown> {
  if (transform.finished !== undefined) return transform.finished.promise;
  const finished = deferred<unknown>();
  transform.finished = finished;
  const cancelling = transform.transformer!.cancel(reason);
  transform.transformer = undefined;
  const writable = writableOf(transform.writable);
  upon(
    cancelling,
    () => {
      if (writable.state === 'errored') return finished.reject(writable.storedError);
      errorWritable(writable, reason);
      unblock(transform);
      finished.resolve(undefined);
    },
    (error) => {
      errorWritable(writable, error);
      unblock(transform);
      finished.reject(error);
    },
  );
  return finished.promise;
}

export { TransformStream, TransformStreamDefaultController };
