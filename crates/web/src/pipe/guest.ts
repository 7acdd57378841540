// pipeTo: from a readable stream to a writable one.
//
// Specification: https://streams.spec.whatwg.org/#readable-stream-pipe-to

import { abortReason, isAbortSignal, onAbort } from 'guest:abort';
import type { AbortSignal } from 'guest:abort';
import { deferred, markHandled, resolved, upon } from 'guest:promises';
import { acquireReader, cancelReadable, read, releaseReader } from 'guest:readable';
import type { Readable, Reader } from 'guest:readable';
import { dictionary } from 'guest:webidl';
import {
  abortWritable,
  acquireWriter,
  closeWithErrorPropagation,
  isClosing,
  releaseWriter,
  roomOf,
  write,
} from 'guest:writable';
import type { Writable, Writer } from 'guest:writable';

const enqueueMicrotask = queueMicrotask;

/** How a pipe treats its ends. */
export interface Pipe {
  readonly preventAbort: boolean;
  readonly preventCancel: boolean;
  readonly preventClose: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Moves bytes between two native ends; undefined where they are none. */
export type Pump = (source: Readable, target: Writable, options: Pipe) => Promise<void> | undefined;

let pump: Pump = () => undefined;

/** Called once, by the module that knows native sources and sinks. */
export function linkPump(run: Pump): void {
  pump = run;
}

/** Converts `StreamPipeOptions`. */
export function toPipeOptions(value: unknown): Pipe {
  const members = dictionary(value, 'ReadableStream.pipeTo');
  const preventAbort = !!members?.preventAbort;
  const preventCancel = !!members?.preventCancel;
  const preventClose = !!members?.preventClose;
  const signal = members?.signal;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new TypeError('ReadableStream.pipeTo: signal is not an AbortSignal');
  }
  return { preventAbort, preventCancel, preventClose, signal: signal as AbortSignal | undefined };
}

/** Pipes; both streams are unlocked. */
export function pipe(source: Readable, target: Writable, options: Pipe): Promise<void> {
  return pump(source, target, options) ?? new Piping(source, target, options).done.promise;
}

/** A pipe under way: reads while the target has room, and waits for the last write before it ends. */
class Piping {
  readonly done = deferred();
  readonly #source: Readable;
  readonly #target: Writable;
  readonly #options: Pipe;
  readonly #reader: Reader;
  readonly #writer: Writer;
  #isEnding = false;
  #lastWrite: Promise<unknown> = resolved(undefined);
  #forgetSignal: () => void = () => {};

  constructor(source: Readable, target: Writable, options: Pipe) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#reader = acquireReader(source, 'default');
    this.#writer = acquireWriter(target);
    source.disturbed = true;
    const { signal } = options;
    if (signal !== undefined) {
      const aborted = abortReason(signal);
      if (aborted !== undefined) {
        this.#abort(aborted.reason);
        return;
      }
      this.#forgetSignal = onAbort(signal, () => this.#abort(abortReason(signal)!.reason));
    }
    this.#watch();
    this.#step();
  }

  #abort(reason: unknown): void {
    const { preventAbort, preventCancel } = this.#options;
    this.#end(
      () => {
        const aborting =
          preventAbort || this.#target.state !== 'writable' ? resolved(undefined) : abortWritable(this.#target, reason);
        const cancelling =
          preventCancel || this.#source.state !== 'readable'
            ? resolved(undefined)
            : cancelReadable(this.#source, reason);
        return both(aborting, cancelling);
      },
      { reason },
    );
  }

  /** Errors and ends go forward and back, at once or when they come. */
  #watch(): void {
    const { preventAbort, preventCancel, preventClose } = this.#options;
    const source = this.#source;
    const target = this.#target;
    const failedSource = (): void => {
      const reason = source.storedError;
      this.#end(preventAbort ? undefined : () => abortWritable(target, reason), { reason });
    };
    const failedTarget = (): void => {
      const reason = target.storedError;
      this.#end(preventCancel ? undefined : () => cancelReadable(source, reason), { reason });
    };
    const closedSource = (): void => {
      this.#end(preventClose ? undefined : () => closeWithErrorPropagation(this.#writer), undefined);
    };
    const closedTarget = (): void => {
      const reason = new TypeError('the destination is closed already');
      this.#end(preventCancel ? undefined : () => cancelReadable(source, reason), { reason });
    };
    if (source.state === 'errored') failedSource();
    else if (target.state === 'errored') failedTarget();
    else if (source.state === 'closed') closedSource();
    else if (isClosing(target) || target.state === 'closed') closedTarget();
    upon(this.#reader.closed, closedSource, failedSource);
    upon(this.#writer.closed, undefined, failedTarget);
  }

  #step(): void {
    if (this.#isEnding) return;
    const room = roomOf(this.#writer);
    if (room === undefined || this.#source.state !== 'readable') return;
    if (room <= 0) {
      upon(
        this.#writer.ready,
        () => this.#step(),
        () => {},
      );
      return;
    }
    read(this.#reader, {
      chunk: (chunk) => {
        // A turn later: what the chunk's making says of an error comes first.
        enqueueMicrotask(() => {
          if (this.#writer.stream === undefined) return;
          this.#lastWrite = write(this.#writer, chunk);
          markHandled(this.#lastWrite);
          this.#step();
        });
      },
      close: () => {},
      error: () => {},
    });
  }

  /** "Shutdown with an action": after the writes under way, and once. */
  #end(action: (() => Promise<unknown>) | undefined, error: { readonly reason: unknown } | undefined): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const act = (): void => {
      if (action === undefined) return this.#finish(error);
      upon(
        action(),
        () => this.#finish(error),
        (reason) => this.#finish({ reason }),
      );
    };
    if (this.#target.state === 'writable' && !isClosing(this.#target)) this.#afterWrites(act);
    else act();
  }

  #afterWrites(then: () => void): void {
    // A chunk that was read is written in the next microtask.
    enqueueMicrotask(() => {
      const last = this.#lastWrite;
      const goOn = (): void => (last === this.#lastWrite ? then() : this.#afterWrites(then));
      upon(last, goOn, goOn);
    });
  }

  #finish(error: { readonly reason: unknown } | undefined): void {
    releaseWriter(this.#writer);
    releaseReader(this.#reader);
    this.#forgetSignal();
    if (error === undefined) this.done.resolve();
    else this.done.reject(error.reason);
  }
}

/** When both are done; the first rejection counts. */
function both(first: Promise<unknown>, second: Promise<unknown>): Promise<void> {
  const done = deferred();
  let left = 2;
  const one = (): void => {
    if (--left === 0) done.resolve();
  };
  upon(first, one, done.reject);
  upon(second, one, done.reject);
  return done.promise;
}
