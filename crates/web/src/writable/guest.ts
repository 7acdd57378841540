// WritableStream, its writer and its controller.
//
// The classes are thin: what the standard keeps in slots stands in plain records, and its abstract operations are functions over these.
// Other features make streams with `createWritable`, and write to them with the functions that take a `Writable`.
// Specification: https://streams.spec.whatwg.org/#ws

import { abortSignal, createSignal } from 'guest:abort';
import type { AbortSignal } from 'guest:abort';
import { deferred, invoke, markHandled, promising, rejected, resolved, upon } from 'guest:promises';
import type { Deferred } from 'guest:promises';
import { highWaterMarkOf, Queue, sizeAlgorithmOf, SizedQueue, toStrategy } from 'guest:queuing';
import { illegalConstructor, illegalInvocation, isObject, makeEnumerable } from 'guest:webidl';

const { apply } = Reflect;

/** A stream's slots. */
export interface Writable {
  state: 'writable' | 'erroring' | 'errored' | 'closed';
  storedError: unknown;
  backpressure: boolean;
  writer: Writer | undefined;
  controller: Controller;
  readonly requests: Queue<Deferred>;
  inFlightWrite: Deferred | undefined;
  closeRequest: Deferred | undefined;
  inFlightClose: Deferred | undefined;
  pendingAbort: { readonly done: Deferred; readonly reason: unknown; readonly wasErroring: boolean } | undefined;
  /** Where its bytes go, for a stream over a native sink. */
  native: unknown;
}

/** A writer's slots. */
export interface Writer {
  stream: Writable | undefined;
  ready: Promise<void>;
  /** Settles `ready` while it is pending. */
  pendingReady: Deferred | undefined;
  closed: Promise<void>;
  pendingClosed: Deferred | undefined;
}

interface Controller {
  readonly queue: SizedQueue<unknown>;
  readonly mark: number;
  started: boolean;
  signal: AbortSignal | undefined;
  aborted: { readonly reason: unknown } | undefined;
  /** Undefined once they are cleared. */
  sink: Sink | undefined;
  /** What guests see of it. */
  face: WritableStreamDefaultController;
}

/** What a stream writes to. */
export interface Sink {
  start(controller: WritableStreamDefaultController): unknown;
  write(chunk: unknown, controller: WritableStreamDefaultController): Promise<unknown>;
  close(): Promise<unknown>;
  abort(reason: unknown): Promise<unknown>;
  size(chunk: unknown): number;
}

/** In a queue, the end of the stream. */
const CLOSE = {};
const create = {};

// ── WritableStream ────────────────────────────────────────────────────────────────────────────────────────────────────

let writableOf: (value: unknown) => Writable;

class WritableStream {
  #stream: Writable;

  static {
    writableOf = (value) => {
      if (isObject(value) && #stream in value) return value.#stream;
      throw illegalInvocation();
    };
  }

  constructor(underlyingSink: object | undefined = undefined, strategy: object = {}, made: unknown = undefined) {
    if (strategy === create) {
      this.#stream = made as Writable;
      return;
    }
    if (underlyingSink !== undefined && !isObject(underlyingSink)) {
      throw new TypeError('WritableStream: the underlying sink is not an object');
    }
    const converted = toStrategy(strategy, 'WritableStream');
    const sink = toSink(underlyingSink);
    const size = sizeAlgorithmOf(converted);
    const mark = highWaterMarkOf(converted, 1);
    const stream = newWritable(mark);
    this.#stream = stream;
    start(stream, { start: sink.start, write: sink.write, close: sink.close, abort: sink.abort, size });
  }

  get locked(): boolean {
    return writableOf(this).writer !== undefined;
  }

  abort(reason: unknown = undefined): Promise<void> {
    return promising(() => abortWritable(unlocked(this, 'abort'), reason));
  }

  close(): Promise<void> {
    return promising(() => {
      const stream = unlocked(this, 'close');
      if (isClosing(stream)) throw new TypeError('WritableStream.close: the stream is closing already');
      return closeWritable(stream);
    });
  }

  getWriter(): WritableStreamDefaultWriter {
    writableOf(this);
    return new WritableStreamDefaultWriter(this);
  }
}

makeEnumerable(WritableStream, ['locked', 'abort', 'close', 'getWriter']);

function unlocked(value: unknown, name: string): Writable {
  const stream = writableOf(value);
  if (stream.writer !== undefined) throw new TypeError(`WritableStream.${name}: the stream is locked to a writer`);
  return stream;
}

/** Converts an `UnderlyingSink`; members are read in the order of their names. */
function toSink(value: object | undefined): Omit<Sink, 'size'> {
  const members = (value ?? {}) as Record<string, ((...args: unknown[]) => unknown) | undefined>;
  const method = (name: string) => {
    const found = value === undefined ? undefined : members[name];
    if (found !== undefined && typeof found !== 'function') {
      throw new TypeError(`WritableStream: ${name} of the underlying sink is not a function`);
    }
    return found;
  };
  const abort = method('abort');
  const close = method('close');
  const begin = method('start');
  if (value !== undefined && members.type !== undefined) {
    throw new RangeError('WritableStream: an underlying sink has no type');
  }
  const write = method('write');
  return {
    start: (controller) => begin && apply(begin, value, [controller]),
    write: (chunk, controller) => (write ? invoke(write, value, [chunk, controller]) : resolved(undefined)),
    close: () => (close ? invoke(close, value, []) : resolved(undefined)),
    abort: (reason) => (abort ? invoke(abort, value, [reason]) : resolved(undefined)),
  };
}

/** A stream of our own. */
export function createWritable(mark: number, sink: Sink): WritableStream {
  const stream = newWritable(mark);
  start(stream, sink);
  return new (WritableStream as unknown as new (...args: unknown[]) => WritableStream)(undefined, create, stream);
}

function newWritable(mark: number): Writable {
  const controller: Controller = {
    queue: new SizedQueue(),
    mark,
    started: false,
    signal: undefined,
    aborted: undefined,
    sink: undefined,
    face: undefined as unknown as WritableStreamDefaultController,
  };
  return {
    state: 'writable',
    storedError: undefined,
    backpressure: false,
    writer: undefined,
    controller,
    requests: new Queue(),
    inFlightWrite: undefined,
    closeRequest: undefined,
    inFlightClose: undefined,
    pendingAbort: undefined,
    native: undefined,
  };
}

function start(stream: Writable, sink: Sink): void {
  const { controller } = stream;
  const Face = WritableStreamDefaultController as unknown as new (
    ...args: unknown[]
  ) => WritableStreamDefaultController;
  controller.face = new Face(create, stream);
  controller.sink = sink;
  updateBackpressure(stream, desiredSize(controller) <= 0);
  upon(
    resolved(sink.start(controller.face)),
    () => {
      controller.started = true;
      advance(stream);
    },
    (reason) => {
      controller.started = true;
      dealWithRejection(stream, reason);
    },
  );
}

// ── the stream ────────────────────────────────────────────────────────────────────────────────────────────────────────

export { writableOf };

export function isWritableStream(value: unknown): value is WritableStream {
  try {
    writableOf(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is to be closed, or is being closed. */
export function isClosing(stream: Writable): boolean {
  return stream.closeRequest !== undefined || stream.inFlightClose !== undefined;
}

export function abortWritable(stream: Writable, reason: unknown): Promise<void> {
  if (stream.state === 'closed' || stream.state === 'errored') return resolved(undefined);
  const { controller } = stream;
  controller.aborted ??= { reason };
  if (controller.signal !== undefined) abortSignal(controller.signal, reason);
  // Listeners of the signal may have changed it.
  const state = stream.state as Writable['state'];
  if (state === 'closed' || state === 'errored') return resolved(undefined);
  if (stream.pendingAbort !== undefined) return stream.pendingAbort.done.promise;
  const wasErroring = state === 'erroring';
  const done = deferred();
  stream.pendingAbort = { done, reason: wasErroring ? undefined : reason, wasErroring };
  if (!wasErroring) startErroring(stream, reason);
  return done.promise;
}

export function closeWritable(stream: Writable): Promise<void> {
  const { state, writer, controller } = stream;
  if (state === 'closed' || state === 'errored') {
    return rejected(new TypeError(`the stream is ${state} already`));
  }
  const request = deferred();
  stream.closeRequest = request;
  if (writer !== undefined && stream.backpressure && state === 'writable') makeReady(writer);
  controller.queue.push(CLOSE, 0);
  advance(stream);
  return request.promise;
}

function dealWithRejection(stream: Writable, error: unknown): void {
  if (stream.state === 'writable') startErroring(stream, error);
  else finishErroring(stream);
}

export function startErroring(stream: Writable, reason: unknown): void {
  const { controller, writer } = stream;
  stream.state = 'erroring';
  stream.storedError = reason;
  if (writer !== undefined) rejectReady(writer, reason);
  if (!hasInFlight(stream) && controller.started) finishErroring(stream);
}

function hasInFlight(stream: Writable): boolean {
  return stream.inFlightWrite !== undefined || stream.inFlightClose !== undefined;
}

function finishErroring(stream: Writable): void {
  stream.state = 'errored';
  const { controller, storedError } = stream;
  controller.queue.clear();
  for (let request = stream.requests.shift(); request !== undefined; request = stream.requests.shift()) {
    request.reject(storedError);
  }
  const { pendingAbort } = stream;
  if (pendingAbort === undefined) return rejectCloseAndClosed(stream);
  stream.pendingAbort = undefined;
  if (pendingAbort.wasErroring) {
    pendingAbort.done.reject(storedError);
    return rejectCloseAndClosed(stream);
  }
  const aborting = controller.sink!.abort(pendingAbort.reason);
  controller.sink = undefined;
  upon(
    aborting,
    () => {
      pendingAbort.done.resolve();
      rejectCloseAndClosed(stream);
    },
    (reason) => {
      pendingAbort.done.reject(reason);
      rejectCloseAndClosed(stream);
    },
  );
}

function rejectCloseAndClosed(stream: Writable): void {
  if (stream.closeRequest !== undefined) {
    stream.closeRequest.reject(stream.storedError);
    stream.closeRequest = undefined;
  }
  if (stream.writer !== undefined) rejectClosed(stream.writer, stream.storedError);
}

function finishWrite(stream: Writable, error: { readonly reason: unknown } | undefined): void {
  const write = stream.inFlightWrite!;
  stream.inFlightWrite = undefined;
  if (error === undefined) return write.resolve();
  write.reject(error.reason);
  dealWithRejection(stream, error.reason);
}

function finishClose(stream: Writable, error: { readonly reason: unknown } | undefined): void {
  const { pendingAbort, inFlightClose } = stream;
  stream.inFlightClose = undefined;
  if (error !== undefined) {
    inFlightClose!.reject(error.reason);
    if (pendingAbort !== undefined) {
      pendingAbort.done.reject(error.reason);
      stream.pendingAbort = undefined;
    }
    return dealWithRejection(stream, error.reason);
  }
  inFlightClose!.resolve();
  if (stream.state === 'erroring') {
    stream.storedError = undefined;
    if (pendingAbort !== undefined) {
      pendingAbort.done.resolve();
      stream.pendingAbort = undefined;
    }
  }
  stream.state = 'closed';
  stream.writer?.pendingClosed?.resolve();
  if (stream.writer !== undefined) stream.writer.pendingClosed = undefined;
}

function updateBackpressure(stream: Writable, backpressure: boolean): void {
  const { writer } = stream;
  if (writer !== undefined && backpressure !== stream.backpressure) {
    if (backpressure) {
      writer.pendingReady = deferred();
      writer.ready = writer.pendingReady.promise;
    } else {
      makeReady(writer);
    }
  }
  stream.backpressure = backpressure;
}

// ── the controller ────────────────────────────────────────────────────────────────────────────────────────────────────

let controlled: (value: unknown) => Writable;

class WritableStreamDefaultController {
  #stream: Writable;

  static {
    controlled = (value) => {
      if (isObject(value) && #stream in value) return value.#stream;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, stream: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    this.#stream = stream as Writable;
  }

  get signal(): AbortSignal {
    const { controller } = controlled(this);
    if (controller.signal === undefined) {
      controller.signal = createSignal();
      if (controller.aborted !== undefined) abortSignal(controller.signal, controller.aborted.reason);
    }
    return controller.signal;
  }

  error(reason: unknown = undefined): void {
    const stream = controlled(this);
    if (stream.state === 'writable') errorController(stream, reason);
  }
}

makeEnumerable(WritableStreamDefaultController, ['signal', 'error']);

function desiredSize(controller: Controller): number {
  return controller.mark - controller.queue.size;
}

function errorController(stream: Writable, reason: unknown): void {
  stream.controller.sink = undefined;
  startErroring(stream, reason);
}

/** Errors a stream of ours that is still writable. */
export function errorWritable(stream: Writable, reason: unknown): void {
  if (stream.state === 'writable') errorController(stream, reason);
}

function advance(stream: Writable): void {
  const { controller } = stream;
  if (!controller.started || stream.inFlightWrite !== undefined) return;
  if (stream.state === 'erroring') return finishErroring(stream);
  if (stream.state !== 'writable' || controller.queue.length === 0) return;
  const value = controller.queue.first;
  if (value === CLOSE) processClose(stream);
  else processWrite(stream, value);
}

function processClose(stream: Writable): void {
  const { controller } = stream;
  stream.inFlightClose = stream.closeRequest;
  stream.closeRequest = undefined;
  controller.queue.shift();
  const closing = controller.sink!.close();
  controller.sink = undefined;
  upon(
    closing,
    () => finishClose(stream, undefined),
    (reason) => finishClose(stream, { reason }),
  );
}

function processWrite(stream: Writable, chunk: unknown): void {
  const { controller } = stream;
  stream.inFlightWrite = stream.requests.shift();
  upon(
    controller.sink!.write(chunk, controller.face),
    () => {
      finishWrite(stream, undefined);
      controller.queue.shift();
      if (!isClosing(stream) && stream.state === 'writable') updateBackpressure(stream, desiredSize(controller) <= 0);
      advance(stream);
    },
    (reason) => {
      if (stream.state === 'writable') controller.sink = undefined;
      finishWrite(stream, { reason });
    },
  );
}

// ── the writer ────────────────────────────────────────────────────────────────────────────────────────────────────────

let writerOf: (value: unknown) => Writer;

class WritableStreamDefaultWriter {
  #writer: Writer;

  static {
    writerOf = (value) => {
      if (isObject(value) && #writer in value) return value.#writer;
      throw illegalInvocation();
    };
  }

  constructor(stream: WritableStream) {
    let slots: Writable;
    try {
      slots = writableOf(stream);
    } catch {
      throw new TypeError('WritableStreamDefaultWriter: the argument is not a WritableStream');
    }
    this.#writer = acquireWriter(slots);
  }

  get closed(): Promise<void> {
    return promising(() => writerOf(this).closed);
  }

  get desiredSize(): number | null {
    const { state, controller } = lockedTo(writerOf(this), 'desiredSize');
    if (state === 'errored' || state === 'erroring') return null;
    return state === 'closed' ? 0 : desiredSize(controller);
  }

  get ready(): Promise<void> {
    return promising(() => writerOf(this).ready);
  }

  abort(reason: unknown = undefined): Promise<void> {
    return promising(() => abortWritable(lockedTo(writerOf(this), 'abort'), reason));
  }

  close(): Promise<void> {
    return promising(() => {
      const stream = lockedTo(writerOf(this), 'close');
      if (isClosing(stream)) throw new TypeError('WritableStreamDefaultWriter.close: the stream is closing already');
      return closeWritable(stream);
    });
  }

  releaseLock(): void {
    releaseWriter(writerOf(this));
  }

  write(chunk: unknown = undefined): Promise<void> {
    return promising(() => {
      const writer = writerOf(this);
      lockedTo(writer, 'write');
      return write(writer, chunk);
    });
  }
}

makeEnumerable(WritableStreamDefaultWriter, [
  'closed',
  'desiredSize',
  'ready',
  'abort',
  'close',
  'releaseLock',
  'write',
]);

function lockedTo({ stream }: Writer, name: string): Writable {
  if (stream === undefined) throw new TypeError(`WritableStreamDefaultWriter.${name}: the writer was released`);
  return stream;
}

export function acquireWriter(stream: Writable): Writer {
  if (stream.writer !== undefined) throw new TypeError('the stream is locked to a writer already');
  const pending = deferred();
  const writer: Writer = {
    stream,
    ready: pending.promise,
    pendingReady: undefined,
    closed: pending.promise,
    pendingClosed: undefined,
  };
  stream.writer = writer;
  const { state, storedError } = stream;
  if (state === 'writable') {
    if (!isClosing(stream) && stream.backpressure) {
      writer.pendingReady = deferred();
      writer.ready = writer.pendingReady.promise;
    } else {
      writer.ready = resolved(undefined);
    }
    writer.pendingClosed = pending;
  } else if (state === 'erroring') {
    writer.ready = rejected(storedError);
    markHandled(writer.ready);
    writer.pendingClosed = pending;
  } else if (state === 'closed') {
    writer.ready = resolved(undefined);
    writer.closed = resolved(undefined);
  } else {
    writer.ready = rejected(storedError);
    markHandled(writer.ready);
    writer.closed = rejected(storedError);
    markHandled(writer.closed);
  }
  return writer;
}

export function releaseWriter(writer: Writer): void {
  const { stream } = writer;
  if (stream === undefined) return;
  const released = new TypeError('the writer was released');
  rejectReady(writer, released);
  rejectClosed(writer, released);
  stream.writer = undefined;
  writer.stream = undefined;
}

function makeReady(writer: Writer): void {
  writer.pendingReady?.resolve();
  writer.pendingReady = undefined;
}

function rejectReady(writer: Writer, reason: unknown): void {
  if (writer.pendingReady !== undefined) {
    writer.pendingReady.reject(reason);
    writer.pendingReady = undefined;
  } else {
    writer.ready = rejected(reason);
  }
  markHandled(writer.ready);
}

function rejectClosed(writer: Writer, reason: unknown): void {
  if (writer.pendingClosed !== undefined) {
    writer.pendingClosed.reject(reason);
    writer.pendingClosed = undefined;
  } else {
    writer.closed = rejected(reason);
  }
  markHandled(writer.closed);
}

/** Room of the stream that a writer holds; `undefined` where it has failed. */
export function roomOf({ stream }: Writer): number | undefined {
  if (stream === undefined || stream.state === 'errored' || stream.state === 'erroring') return undefined;
  return stream.state === 'closed' ? 0 : desiredSize(stream.controller);
}

export function write(writer: Writer, chunk: unknown): Promise<void> {
  const stream = writer.stream!;
  const { controller } = stream;
  let size = 1;
  let failed: { readonly error: unknown } | undefined;
  // Its own code may change the stream; a controller that is done has none any more.
  if (controller.sink !== undefined) {
    try {
      size = controller.sink.size(chunk);
    } catch (error) {
      failed = { error };
    }
    if (failed !== undefined && stream.state === 'writable') errorController(stream, failed.error);
  }
  if (writer.stream !== stream) return rejected(new TypeError('the writer was released'));
  const { state } = stream;
  if (state === 'errored') return rejected(stream.storedError);
  if (isClosing(stream) || state === 'closed') return rejected(new TypeError('the stream is closing or closed'));
  if (state === 'erroring') return rejected(stream.storedError);
  const request = deferred();
  stream.requests.push(request);
  try {
    controller.queue.push(chunk, size);
  } catch (error) {
    errorWritable(stream, error);
    return request.promise;
  }
  if (!isClosing(stream) && stream.state === 'writable') updateBackpressure(stream, desiredSize(controller) <= 0);
  advance(stream);
  return request.promise;
}

/** Closes with what happened before: no error where the stream is closed or closing already. */
export function closeWithErrorPropagation(writer: Writer): Promise<void> {
  const stream = writer.stream!;
  if (isClosing(stream) || stream.state === 'closed') return resolved(undefined);
  if (stream.state === 'errored') return rejected(stream.storedError);
  return closeWritable(stream);
}

export { WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter };
