// What all readable streams share: slots, readers that take whole chunks, and the controller of streams that are no byte streams.
//
// The classes are thin: what the standard keeps in slots stands in plain records, and its abstract operations are functions over these.
// `ReadableStream` itself stands in guest:streams, above byte streams and pipes; it links itself here.
// Specification: https://streams.spec.whatwg.org/#rs

import { deferred, markHandled, promising, rejected, resolved, upon } from 'guest:promises';
import type { Deferred } from 'guest:promises';
import { Queue, SizedQueue } from 'guest:queuing';
import { illegalConstructor, illegalInvocation, isObject, makeEnumerable } from 'guest:webidl';

/** A stream's slots. */
export interface Readable {
  state: 'readable' | 'closed' | 'errored';
  storedError: unknown;
  disturbed: boolean;
  reader: Reader | undefined;
  controller: Controller;
  /** Where its bytes come from, for a stream over a native source. */
  native: unknown;
}

/** What a controller does for its stream. */
export interface Controller {
  /** Whether it is the controller of a byte stream. */
  readonly isBytes: boolean;
  pull(request: ReadRequest): void;
  cancel(reason: unknown): Promise<unknown>;
  release(): void;
}

/** Who waits for a chunk. */
export interface ReadRequest {
  chunk(value: unknown): void;
  close(): void;
  error(reason: unknown): void;
}

/** Who waits for bytes in a view of theirs. */
export interface ReadIntoRequest {
  chunk(view: ArrayBufferView): void;
  close(view: ArrayBufferView | undefined): void;
  error(reason: unknown): void;
}

/** A reader's slots. */
export interface Reader {
  stream: Readable | undefined;
  closed: Promise<void>;
  pendingClosed: Deferred | undefined;
  /** Of a reader that takes chunks. */
  readonly requests: Queue<ReadRequest> | undefined;
  /** Of a reader that brings its own buffers. */
  readonly intoRequests: Queue<ReadIntoRequest> | undefined;
}

// ── the class that is defined above ───────────────────────────────────────────────────────────────────────────────────

let slotsOf: (value: unknown) => Readable = () => {
  throw illegalInvocation();
};

/** Called once, by the module that has `ReadableStream`. */
export function linkReadable(link: (value: unknown) => Readable): void {
  slotsOf = link;
}

/** The slots of a `ReadableStream`; a TypeError for anything else. */
export function readableOf(value: unknown): Readable {
  return slotsOf(value);
}

// ── streams ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export function newReadable(): Readable {
  return {
    state: 'readable',
    storedError: undefined,
    disturbed: false,
    reader: undefined,
    controller: undefined as unknown as Controller,
    native: undefined,
  };
}

export function cancelReadable(stream: Readable, reason: unknown): Promise<void> {
  stream.disturbed = true;
  if (stream.state === 'closed') return resolved(undefined);
  if (stream.state === 'errored') return rejected(stream.storedError);
  closeReadable(stream);
  const requests = stream.reader?.intoRequests;
  if (requests !== undefined) {
    for (let request = requests.shift(); request !== undefined; request = requests.shift()) request.close(undefined);
  }
  const done = deferred();
  upon(stream.controller.cancel(reason), () => done.resolve(), done.reject);
  return done.promise;
}

export function closeReadable(stream: Readable): void {
  stream.state = 'closed';
  const { reader } = stream;
  if (reader === undefined) return;
  reader.pendingClosed?.resolve();
  reader.pendingClosed = undefined;
  const { requests } = reader;
  if (requests === undefined) return;
  for (let request = requests.shift(); request !== undefined; request = requests.shift()) request.close();
}

export function errorReadable(stream: Readable, error: unknown): void {
  stream.state = 'errored';
  stream.storedError = error;
  const { reader } = stream;
  if (reader === undefined) return;
  rejectClosed(reader, error);
  failRequests(reader, error);
}

function failRequests({ requests, intoRequests }: Reader, error: unknown): void {
  if (requests !== undefined) {
    for (let request = requests.shift(); request !== undefined; request = requests.shift()) request.error(error);
  }
  if (intoRequests !== undefined) {
    for (let request = intoRequests.shift(); request !== undefined; request = intoRequests.shift())
      request.error(error);
  }
}

// ── readers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A reader of either kind, which locks the stream. */
export function acquireReader(stream: Readable, kind: 'default' | 'byob'): Reader {
  if (stream.reader !== undefined) throw new TypeError('the stream is locked to a reader already');
  const pending = deferred();
  const reader: Reader = {
    stream,
    closed: pending.promise,
    pendingClosed: pending,
    requests: kind === 'default' ? new Queue() : undefined,
    intoRequests: kind === 'byob' ? new Queue() : undefined,
  };
  stream.reader = reader;
  if (stream.state === 'closed') {
    pending.resolve();
    reader.pendingClosed = undefined;
  } else if (stream.state === 'errored') {
    rejectClosed(reader, stream.storedError);
  }
  return reader;
}

function rejectClosed(reader: Reader, reason: unknown): void {
  if (reader.pendingClosed !== undefined) {
    reader.pendingClosed.reject(reason);
    reader.pendingClosed = undefined;
  } else {
    reader.closed = rejected(reason);
  }
  markHandled(reader.closed);
}

/** Gives the lock back; reads under way fail. */
export function releaseReader(reader: Reader): void {
  const { stream } = reader;
  if (stream === undefined) return;
  rejectClosed(reader, new TypeError('the reader was released'));
  stream.controller.release();
  stream.reader = undefined;
  reader.stream = undefined;
  failRequests(reader, new TypeError('the reader was released'));
}

/** Reads a chunk with a reader that has a stream. */
export function read(reader: Reader, request: ReadRequest): void {
  const stream = reader.stream!;
  stream.disturbed = true;
  if (stream.state === 'closed') request.close();
  else if (stream.state === 'errored') request.error(stream.storedError);
  else stream.controller.pull(request);
}

let readerOf: (value: unknown) => Reader;

class ReadableStreamDefaultReader {
  #reader: Reader;

  static {
    readerOf = (value) => {
      if (isObject(value) && #reader in value) return value.#reader;
      throw illegalInvocation();
    };
  }

  constructor(stream: unknown) {
    this.#reader = acquireReader(argument(stream, 'ReadableStreamDefaultReader'), 'default');
  }

  get closed(): Promise<void> {
    return promising(() => readerOf(this).closed);
  }

  cancel(reason: unknown = undefined): Promise<void> {
    return promising(() => cancelReadable(lockedTo(readerOf(this), 'cancel'), reason));
  }

  read(): Promise<ReadableStreamReadResult> {
    return promising(() => {
      const reader = readerOf(this);
      lockedTo(reader, 'read');
      return new Promise<ReadableStreamReadResult>((resolve, reject) => {
        read(reader, {
          chunk: (value) => resolve({ value, done: false }),
          close: () => resolve({ value: undefined, done: true }),
          error: reject,
        });
      });
    });
  }

  releaseLock(): void {
    releaseReader(readerOf(this));
  }
}

export interface ReadableStreamReadResult {
  readonly value: unknown;
  readonly done: boolean;
}

makeEnumerable(ReadableStreamDefaultReader, ['closed', 'cancel', 'read', 'releaseLock']);

/** The stream that a reader is constructed for. */
export function argument(stream: unknown, where: string): Readable {
  try {
    return readableOf(stream);
  } catch {
    throw new TypeError(`${where}: the argument is not a ReadableStream`);
  }
}

/** The stream of a reader that has not been released. */
export function lockedTo({ stream }: Reader, name: string): Readable {
  if (stream === undefined) throw new TypeError(`${name}: the reader was released`);
  return stream;
}

// ── the controller ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a stream reads from. */
export interface Source {
  start(face: ReadableStreamDefaultController): unknown;
  pull(face: ReadableStreamDefaultController): Promise<unknown>;
  cancel(reason: unknown): Promise<unknown>;
  size(chunk: unknown): number;
}

/** The controller of a stream that is no byte stream. */
export interface DefaultController extends Controller {
  readonly stream: Readable;
  readonly queue: SizedQueue<unknown>;
  readonly mark: number;
  started: boolean;
  closeRequested: boolean;
  pulling: boolean;
  pullAgain: boolean;
  /** Undefined once it is done with. */
  source: Source | undefined;
  /** What guests see of it. */
  face: ReadableStreamDefaultController;
}

const create = {};

let controlled: (value: unknown) => DefaultController;

class ReadableStreamDefaultController {
  #controller: DefaultController;

  static {
    controlled = (value) => {
      if (isObject(value) && #controller in value) return value.#controller;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, controller: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    this.#controller = controller as DefaultController;
  }

  get desiredSize(): number | null {
    return desiredSize(controlled(this));
  }

  close(): void {
    const controller = controlled(this);
    if (!canCloseOrEnqueue(controller)) throw new TypeError('the stream is closed, or closing, or has failed');
    close(controller);
  }

  enqueue(chunk: unknown = undefined): void {
    const controller = controlled(this);
    if (!canCloseOrEnqueue(controller)) throw new TypeError('the stream is closed, or closing, or has failed');
    enqueue(controller, chunk);
  }

  error(reason: unknown = undefined): void {
    fail(controlled(this), reason);
  }
}

makeEnumerable(ReadableStreamDefaultController, ['desiredSize', 'close', 'enqueue', 'error']);

/** Gives a stream its controller and starts the source. */
export function startDefault(stream: Readable, source: Source, mark: number): DefaultController {
  const Face = ReadableStreamDefaultController as unknown as new (
    ...args: unknown[]
  ) => ReadableStreamDefaultController;
  const controller: DefaultController = {
    isBytes: false,
    stream,
    queue: new SizedQueue(),
    mark,
    started: false,
    closeRequested: false,
    pulling: false,
    pullAgain: false,
    source,
    face: undefined as unknown as ReadableStreamDefaultController,
    pull: (request) => pullSteps(controller, request),
    cancel: (reason) => cancelSteps(controller, reason),
    release: () => {},
  };
  controller.face = new Face(create, controller);
  stream.controller = controller;
  upon(
    resolved(source.start(controller.face)),
    () => {
      controller.started = true;
      pullIfNeeded(controller);
    },
    (reason) => fail(controller, reason),
  );
  return controller;
}

function cancelSteps(controller: DefaultController, reason: unknown): Promise<unknown> {
  controller.queue.clear();
  const cancelling = controller.source!.cancel(reason);
  controller.source = undefined;
  return cancelling;
}

function pullSteps(controller: DefaultController, request: ReadRequest): void {
  const { stream, queue } = controller;
  if (queue.length === 0) {
    stream.reader!.requests!.push(request);
    return pullIfNeeded(controller);
  }
  const chunk = queue.shift();
  if (controller.closeRequested && queue.length === 0) {
    controller.source = undefined;
    closeReadable(stream);
  } else {
    pullIfNeeded(controller);
  }
  request.chunk(chunk);
}

function pullIfNeeded(controller: DefaultController): void {
  if (!shouldPull(controller)) return;
  if (controller.pulling) {
    controller.pullAgain = true;
    return;
  }
  controller.pulling = true;
  upon(
    controller.source!.pull(controller.face),
    () => {
      controller.pulling = false;
      if (!controller.pullAgain) return;
      controller.pullAgain = false;
      pullIfNeeded(controller);
    },
    (reason) => fail(controller, reason),
  );
}

function shouldPull(controller: DefaultController): boolean {
  if (!canCloseOrEnqueue(controller) || !controller.started) return false;
  const requests = controller.stream.reader?.requests;
  return (requests !== undefined && requests.length > 0) || desiredSize(controller)! > 0;
}

/** Whether nobody asks for more just now. */
export function hasBackpressure(controller: DefaultController): boolean {
  return !shouldPull(controller);
}

/** Whether chunks may come; not after `close` was asked for. */
export function canCloseOrEnqueue({ closeRequested, stream }: DefaultController): boolean {
  return !closeRequested && stream.state === 'readable';
}

/** The room that is left; null where the stream has failed. */
export function desiredSize({ stream, mark, queue }: DefaultController): number | null {
  if (stream.state === 'errored') return null;
  return stream.state === 'closed' ? 0 : mark - queue.size;
}

/** Closes the stream when its queue is empty. */
export function close(controller: DefaultController): void {
  if (!canCloseOrEnqueue(controller)) return;
  controller.closeRequested = true;
  if (controller.queue.length > 0) return;
  controller.source = undefined;
  closeReadable(controller.stream);
}

/** Gives a chunk to who waits, or puts it into the queue. */
export function enqueue(controller: DefaultController, chunk: unknown): void {
  if (!canCloseOrEnqueue(controller)) return;
  const requests = controller.stream.reader?.requests;
  if (requests !== undefined && requests.length > 0) {
    requests.shift()!.chunk(chunk);
  } else {
    try {
      controller.queue.push(chunk, controller.source!.size(chunk));
    } catch (error) {
      fail(controller, error);
      throw error;
    }
  }
  pullIfNeeded(controller);
}

/** Has the stream fail. */
export function fail(controller: DefaultController, error: unknown): void {
  if (controller.stream.state !== 'readable') return;
  controller.queue.clear();
  controller.source = undefined;
  errorReadable(controller.stream, error);
}

export { ReadableStreamDefaultController, ReadableStreamDefaultReader, readerOf };
