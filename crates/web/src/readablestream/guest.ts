// ReadableStream: the class, its async iteration, and streams made of iterables.
//
// Specification: https://streams.spec.whatwg.org/#rs-class

import type { AbortSignal } from 'guest:abort';
import { ReadableStreamBYOBReader } from 'guest:byobreader';
import { startBytes } from 'guest:bytes';
import type { ByteSource } from 'guest:bytes';
import { pipe, toPipeOptions } from 'guest:pipe';
import { invoke, markHandled, promising, react, rejected, resolved } from 'guest:promises';
import { highWaterMarkOf, sizeAlgorithmOf, toStrategy } from 'guest:queuing';
import {
  acquireReader,
  cancelReadable,
  close,
  enqueue,
  linkReadable,
  newReadable,
  read,
  readableOf,
  ReadableStreamDefaultReader,
  releaseReader,
  startDefault,
} from 'guest:readable';
import type { DefaultController, Readable, Reader, Source } from 'guest:readable';
import { teeReadable } from 'guest:tee';
import {
  descriptor,
  dictionary,
  enforceUnsignedLongLong,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  tag,
} from 'guest:webidl';
import { isWritableStream, writableOf } from 'guest:writable';

const { apply, defineProperty, getPrototypeOf } = Reflect;
const asyncIterator: typeof Symbol.asyncIterator = Symbol.asyncIterator;
const iterator: typeof Symbol.iterator = Symbol.iterator;
const create = {};

// ── the class ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PipeOptions {
  readonly preventAbort?: boolean;
  readonly preventCancel?: boolean;
  readonly preventClose?: boolean;
  readonly signal?: AbortSignal;
}

let slots: (value: unknown) => Readable;

class ReadableStream {
  #stream: Readable;

  static {
    slots = (value) => {
      if (isObject(value) && #stream in value) return value.#stream;
      throw illegalInvocation();
    };
  }

  constructor(underlyingSource: object | undefined = undefined, strategy: object = {}, made: unknown = undefined) {
    if (strategy === create) {
      this.#stream = made as Readable;
      return;
    }
    if (underlyingSource !== undefined && !isObject(underlyingSource)) {
      throw new TypeError('ReadableStream: the underlying source is not an object');
    }
    const converted = toStrategy(strategy, 'ReadableStream');
    const source = toSource(underlyingSource);
    const stream = newReadable();
    this.#stream = stream;
    if (source.isBytes) {
      if (converted.size !== undefined)
        throw new RangeError('ReadableStream: the strategy of a byte stream has no size');
      const mark = highWaterMarkOf(converted, 0);
      if (source.autoAllocate === 0) throw new TypeError('ReadableStream: autoAllocateChunkSize is 0');
      startBytes(stream, source as ByteSource, mark, source.autoAllocate);
    } else {
      const size = sizeAlgorithmOf(converted);
      const mark = highWaterMarkOf(converted, 1);
      startDefault(stream, { start: source.start, pull: source.pull, cancel: source.cancel, size }, mark);
    }
  }

  static from(asyncIterable: unknown): ReadableStream {
    requireArguments(arguments.length, 1, 'ReadableStream.from');
    return fromIterable(asyncIterable);
  }

  get locked(): boolean {
    return slots(this).reader !== undefined;
  }

  cancel(reason: unknown = undefined): Promise<void> {
    return promising(() => {
      const stream = slots(this);
      if (stream.reader !== undefined) throw new TypeError('ReadableStream.cancel: the stream is locked to a reader');
      return cancelReadable(stream, reason);
    });
  }

  getReader(options: { mode?: 'byob' } = {}): ReadableStreamDefaultReader | ReadableStreamBYOBReader {
    slots(this);
    const mode = dictionary(options, 'ReadableStream.getReader')?.mode;
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    const text = `${mode as string}`;
    if (text !== 'byob') throw new TypeError(`ReadableStream.getReader: the mode '${text}' is not 'byob'`);
    return new ReadableStreamBYOBReader(this);
  }

  pipeThrough(transform: { readable: ReadableStream; writable: unknown }, options: PipeOptions = {}): ReadableStream {
    const source = slots(this);
    requireArguments(arguments.length, 1, 'ReadableStream.pipeThrough');
    if (!isObject(transform)) throw new TypeError('ReadableStream.pipeThrough: the transform is not an object');
    const { readable } = transform;
    readableOf(readable);
    const { writable } = transform;
    if (!isWritableStream(writable))
      throw new TypeError('ReadableStream.pipeThrough: writable is not a WritableStream');
    const converted = toPipeOptions(options);
    if (source.reader !== undefined) throw new TypeError('ReadableStream.pipeThrough: the stream is locked');
    const target = writableOf(writable);
    if (target.writer !== undefined) throw new TypeError('ReadableStream.pipeThrough: the writable side is locked');
    markHandled(pipe(source, target, converted));
    return readable;
  }

  pipeTo(destination: unknown, options: PipeOptions = {}): Promise<void> {
    const given = arguments.length;
    return promising(() => {
      const source = slots(this);
      requireArguments(given, 1, 'ReadableStream.pipeTo');
      if (!isWritableStream(destination)) {
        throw new TypeError('ReadableStream.pipeTo: the destination is not a WritableStream');
      }
      const target = writableOf(destination);
      const converted = toPipeOptions(options);
      if (source.reader !== undefined) throw new TypeError('ReadableStream.pipeTo: the stream is locked');
      if (target.writer !== undefined) throw new TypeError('ReadableStream.pipeTo: the destination is locked');
      return pipe(source, target, converted);
    });
  }

  tee(): [ReadableStream, ReadableStream] {
    return teeStream(slots(this), false);
  }

  values(options: { preventCancel?: boolean } = {}): AsyncIterableIterator<unknown> {
    const stream = slots(this);
    const preventCancel = !!dictionary(options, 'ReadableStream.values')?.preventCancel;
    return iterate(acquireReader(stream, 'default'), preventCancel);
  }

  declare [Symbol.asyncIterator]: ReadableStream['values'];
}

linkReadable(slots!);
// prettier-ignore
makeEnumerable(ReadableStream, ['locked', 'cancel', 'getReader', 'pipeThrough', 'pipeTo', 'tee', 'values']);
defineProperty(ReadableStream, 'from', descriptor({ enumerable: true }));
defineProperty(
  ReadableStream.prototype,
  asyncIterator,
  descriptor({ value: ReadableStream.prototype.values, writable: true, configurable: true }),
);

interface AnySource {
  readonly isBytes: boolean;
  readonly autoAllocate: number | undefined;
  start(face: unknown): unknown;
  pull(face: unknown): Promise<unknown>;
  cancel(reason: unknown): Promise<unknown>;
}

/** Converts an `UnderlyingSource`; members are read in the order of their names. */
function toSource(value: object | undefined): AnySource {
  const members = (value ?? {}) as Record<string, unknown>;
  const method = (name: string) => {
    const found = value === undefined ? undefined : members[name];
    if (found !== undefined && typeof found !== 'function') {
      throw new TypeError(`ReadableStream: ${name} of the underlying source is not a function`);
    }
    return found as ((...args: unknown[]) => unknown) | undefined;
  };
  const chunkSize = value === undefined ? undefined : members.autoAllocateChunkSize;
  const autoAllocate =
    chunkSize === undefined ? undefined : enforceUnsignedLongLong(chunkSize, 'ReadableStream: autoAllocateChunkSize');
  const cancel = method('cancel');
  const pull = method('pull');
  const begin = method('start');
  const type = value === undefined ? undefined : members.type;
  if (type !== undefined && `${type as string}` !== 'bytes') {
    throw new TypeError(`ReadableStream: the type '${type as string}' is not 'bytes'`);
  }
  return {
    isBytes: type !== undefined,
    autoAllocate,
    start: (face) => begin && apply(begin, value, [face]),
    pull: (face) => (pull ? invoke(pull, value, [face]) : resolved(undefined)),
    cancel: (reason) => (cancel ? invoke(cancel, value, [reason]) : resolved(undefined)),
  };
}

function wrapReadable(stream: Readable): ReadableStream {
  return new (ReadableStream as unknown as new (...args: unknown[]) => ReadableStream)(undefined, create, stream);
}

// ── streams of our own ────────────────────────────────────────────────────────────────────────────────────────────────

const nothing = { start: () => undefined, cancel: () => resolved(undefined), size: () => 1 };

/** A stream over a source of ours, and the controller that feeds it. */
export function createReadable(
  source: Partial<Source> & Pick<Source, 'pull'>,
  mark: number,
): { readonly stream: ReadableStream; readonly controller: DefaultController } {
  const stream = newReadable();
  const whole: Source = {
    start: source.start ?? nothing.start,
    pull: source.pull,
    cancel: source.cancel ?? nothing.cancel,
    size: source.size ?? nothing.size,
  };
  const controller = startDefault(stream, whole, mark);
  return { stream: wrapReadable(stream), controller };
}

/** A byte stream over a source of ours. */
export function createByteStream(source: ByteSource, mark = 0, autoAllocate?: number): ReadableStream {
  const stream = newReadable();
  startBytes(stream, source, mark, autoAllocate);
  return wrapReadable(stream);
}

export function isReadableStream(value: unknown): value is ReadableStream {
  try {
    slots(value);
    return true;
  } catch {
    return false;
  }
}

function fromIterable(iterable: unknown): ReadableStream {
  const { source, next } = iteratorOf(iterable);
  const stream = newReadable();
  const controller = startDefault(
    stream,
    {
      start: () => undefined,
      size: () => 1,
      pull: () =>
        react(invoke(next as () => unknown, source, []), (step) => {
          if (!isObject(step)) throw new TypeError("the iterator's result is not an object");
          const result = step as IteratorResult<unknown>;
          if (result.done) close(controller);
          else enqueue(controller, result.value);
        }),
      cancel: (reason) => {
        let end: unknown;
        try {
          end = (source as AsyncIterator<unknown>).return;
        } catch (error) {
          return rejected(error);
        }
        if (end === undefined || end === null) return resolved(undefined);
        return react(invoke(end as () => unknown, source, [reason]), (result) => {
          if (!isObject(result)) throw new TypeError('the result of return() is not an object');
        });
      },
    },
    0,
  );
  return wrapReadable(stream);
}

/** GetIterator(iterable, async): a synchronous one is awaited item by item. */
function iteratorOf(iterable: unknown): { source: object; next: unknown } {
  const wanted = iterable as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown };
  if (iterable === undefined || iterable === null)
    throw new TypeError('ReadableStream.from: the value is not iterable');
  const method = wanted[asyncIterator];
  if (method !== undefined && method !== null) {
    const source = apply(method as () => object, iterable, []);
    if (!isObject(source)) throw new TypeError('ReadableStream.from: the iterator is not an object');
    return { source, next: (source as AsyncIterator<unknown>).next };
  }
  const sync = wanted[iterator];
  if (typeof sync !== 'function') throw new TypeError('ReadableStream.from: the value is not iterable');
  const source = apply(sync as () => object, iterable, []);
  if (!isObject(source)) throw new TypeError('ReadableStream.from: the iterator is not an object');
  const next = (source as Iterator<unknown>).next as () => IteratorResult<unknown>;
  const awaited = (step: unknown): Promise<unknown> => {
    if (!isObject(step)) return rejected(new TypeError("the iterator's result is not an object"));
    const { done, value } = step as IteratorResult<unknown>;
    return react(resolved(value), (item) => ({ done: !!done, value: item }));
  };
  const adapter = {
    next: () => awaited(apply(next, source, [])),
    get return(): unknown {
      const end = (source as Iterator<unknown>).return;
      if (end === undefined || end === null) return undefined;
      return (reason: unknown) => awaited(apply(end as (r: unknown) => unknown, source, [reason]));
    },
  };
  return { source: adapter, next: adapter.next };
}

// ── async iteration ───────────────────────────────────────────────────────────────────────────────────────────────────

interface Iteration {
  readonly reader: Reader;
  readonly preventCancel: boolean;
  ongoing: Promise<unknown> | undefined;
  isFinished: boolean;
}

let iterationOf: (value: unknown) => Iteration | undefined;

class StreamIterator {
  #iteration: Iteration;

  static {
    iterationOf = (value) => (isObject(value) && #iteration in value ? value.#iteration : undefined);
  }

  constructor(iteration: Iteration) {
    this.#iteration = iteration;
  }
}

const iteratorMethods = {
  next(this: unknown): Promise<IteratorResult<unknown>> {
    const iteration = iterationOf(this);
    if (iteration === undefined) return rejected(illegalInvocation());
    return chain(iteration, () => step(iteration));
  },
  return(this: unknown, value: unknown): Promise<IteratorResult<unknown>> {
    const iteration = iterationOf(this);
    if (iteration === undefined) return rejected(illegalInvocation());
    return chain(iteration, () => end(iteration, value));
  },
};

const iteratorPrototype = (() => {
  async function* generate(): AsyncGenerator {}
  const prototype = { __proto__: getPrototypeOf(getPrototypeOf(generate.prototype as object)!) } as unknown as object;
  const own = (value: unknown) => descriptor({ value, enumerable: true, writable: true, configurable: true });
  defineProperty(prototype, 'next', own(iteratorMethods.next));
  defineProperty(prototype, 'return', own(iteratorMethods.return));
  tag(prototype, 'ReadableStream AsyncIterator');
  return prototype;
})();

function iterate(reader: Reader, preventCancel: boolean): AsyncIterableIterator<unknown> {
  const made = new StreamIterator({ reader, preventCancel, ongoing: undefined, isFinished: false });
  Reflect.setPrototypeOf(made, iteratorPrototype);
  return made as unknown as AsyncIterableIterator<unknown>;
}

/** One step after the other, however often they are asked for at once. */
function chain<T>(iteration: Iteration, run: () => Promise<T>): Promise<T> {
  const next = iteration.ongoing === undefined ? run() : react(iteration.ongoing, run, run);
  iteration.ongoing = next;
  return next as Promise<T>;
}

/** In place of a chunk: there are no more. */
const END = {};

function step(iteration: Iteration): Promise<IteratorResult<unknown>> {
  if (iteration.isFinished) return resolved({ value: undefined, done: true });
  const next = new Promise<unknown>((resolve, reject) => {
    read(iteration.reader, {
      // In a box: a chunk may have a `then`.
      chunk: (value) => resolve({ __proto__: null, value }),
      close: () => {
        releaseReader(iteration.reader);
        resolve(END);
      },
      error: (reason) => {
        releaseReader(iteration.reader);
        reject(reason);
      },
    });
  });
  return react(
    next,
    (box): IteratorResult<unknown> => {
      iteration.ongoing = undefined;
      if (box !== END) return { value: (box as { value: unknown }).value, done: false };
      iteration.isFinished = true;
      return { value: undefined, done: true };
    },
    (reason) => {
      iteration.ongoing = undefined;
      iteration.isFinished = true;
      throw reason;
    },
  );
}

function end(iteration: Iteration, value: unknown): Promise<IteratorResult<unknown>> {
  if (iteration.isFinished) return resolved({ value, done: true });
  iteration.isFinished = true;
  const { reader, preventCancel } = iteration;
  const result = (): IteratorResult<unknown> => ({ value, done: true });
  if (preventCancel) {
    releaseReader(reader);
    return resolved(result());
  }
  const cancelled = cancelReadable(reader.stream!, value);
  releaseReader(reader);
  return react(cancelled, result);
}

/** Two streams with all chunks of one. `clone`: the second gets copies of them, as the Fetch standard's bodies want. */
function teeStream(stream: Readable, clone: boolean): [ReadableStream, ReadableStream] {
  const { 0: first, 1: second } = teeReadable(stream, clone);
  return [wrapReadable(first), wrapReadable(second)];
}

/** `tee` for streams of bytes whose branches must not share memory. */
export function teeForClone(stream: unknown): [ReadableStream, ReadableStream] {
  return teeStream(readableOf(stream), true);
}

export { ReadableStream };
