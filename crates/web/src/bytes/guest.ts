// Readable byte streams: their controller, what readers ask it for, and the requests for their buffers.
//
// Buffers are transferred whenever they change hands, so that no two sides ever see the same memory.
// Specification: https://streams.spec.whatwg.org/#rbs-controller-class

import { resolved, upon } from 'guest:promises';
import { Queue } from 'guest:queuing';
import { closeReadable, errorReadable } from 'guest:readable';
import type { Controller, Readable, Reader, ReadIntoRequest, ReadRequest } from 'guest:readable';
import { bufferBytes, extentOf, isDetached, kinds, transfer, typedBuffer } from 'guest:viewextent';
import type { Extent, ViewKind } from 'guest:viewextent';
import {
  enforceUnsignedLongLong,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
} from 'guest:webidl';

const { min } = Math;
const sliceBuffer = uncurry(ArrayBuffer.prototype.slice) as (b: unknown, start: number, end: number) => ArrayBuffer;
const setBytes = uncurry(Uint8Array.prototype.set) as (target: unknown, source: unknown, offset: number) => void;

// ── the controller ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a byte stream reads from. */
export interface ByteSource {
  start(face: ReadableByteStreamController): unknown;
  pull(face: ReadableByteStreamController): Promise<unknown>;
  cancel(reason: unknown): Promise<unknown>;
}

interface Entry {
  readonly buffer: ArrayBuffer;
  offset: number;
  length: number;
}

interface PullInto {
  buffer: ArrayBuffer;
  bufferBytes: number;
  readonly offset: number;
  readonly length: number;
  filled: number;
  readonly minimum: number;
  readonly kind: ViewKind;
  reader: 'default' | 'byob' | 'none';
}

export interface ByteController extends Controller {
  readonly stream: Readable;
  readonly mark: number;
  readonly autoAllocate: number | undefined;
  entries: Queue<Entry>;
  queued: number;
  started: boolean;
  closeRequested: boolean;
  pulling: boolean;
  pullAgain: boolean;
  source: ByteSource | undefined;
  pending: Queue<PullInto>;
  request: ReadableStreamBYOBRequest | undefined;
  face: ReadableByteStreamController;
}

const create = {};

let controlled: (value: unknown) => ByteController;

class ReadableByteStreamController {
  #controller: ByteController;

  static {
    controlled = (value) => {
      if (isObject(value) && #controller in value) return value.#controller;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, controller: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    this.#controller = controller as ByteController;
  }

  get byobRequest(): ReadableStreamBYOBRequest | null {
    return byobRequestOf(controlled(this));
  }

  get desiredSize(): number | null {
    return desiredBytes(controlled(this));
  }

  close(): void {
    const controller = controlled(this);
    checkOpen(controller);
    closeBytes(controller);
  }

  enqueue(chunk: ArrayBufferView): void {
    const controller = controlled(this);
    requireArguments(arguments.length, 1, 'ReadableByteStreamController.enqueue');
    const extent = extentOf(chunk, 'ReadableByteStreamController.enqueue');
    if (extent.length === 0) throw new TypeError('ReadableByteStreamController.enqueue: the chunk is empty');
    checkOpen(controller);
    enqueueBytes(controller, extent);
  }

  error(reason: unknown = undefined): void {
    failBytes(controlled(this), reason);
  }
}

makeEnumerable(ReadableByteStreamController, ['byobRequest', 'desiredSize', 'close', 'enqueue', 'error']);

function checkOpen({ closeRequested, stream }: ByteController): void {
  if (closeRequested) throw new TypeError('the stream is closing already');
  if (stream.state !== 'readable') throw new TypeError(`the stream is ${stream.state}`);
}

/** Gives a stream the controller of a byte stream and starts the source. */
export function startBytes(
  stream: Readable,
  source: ByteSource,
  mark: number,
  autoAllocate: number | undefined,
): ByteController {
  const Face = ReadableByteStreamController as unknown as new (...args: unknown[]) => ReadableByteStreamController;
  const controller: ByteController = {
    isBytes: true,
    stream,
    mark,
    autoAllocate,
    entries: new Queue(),
    queued: 0,
    started: false,
    closeRequested: false,
    pulling: false,
    pullAgain: false,
    source,
    pending: new Queue(),
    request: undefined,
    face: undefined as unknown as ReadableByteStreamController,
    pull: (request) => pullSteps(controller, request),
    cancel: (reason) => cancelSteps(controller, reason),
    release: () => releaseSteps(controller),
  };
  controller.face = new Face(create, controller);
  stream.controller = controller;
  upon(
    resolved(source.start(controller.face)),
    () => {
      controller.started = true;
      pullIfNeeded(controller);
    },
    (reason) => failBytes(controller, reason),
  );
  return controller;
}

function cancelSteps(controller: ByteController, reason: unknown): Promise<unknown> {
  clearPending(controller);
  clearQueue(controller);
  const cancelling = controller.source!.cancel(reason);
  controller.source = undefined;
  return cancelling;
}

function releaseSteps(controller: ByteController): void {
  const first = controller.pending.first;
  if (first === undefined) return;
  first.reader = 'none';
  controller.pending = new Queue();
  controller.pending.push(first);
}

function pullSteps(controller: ByteController, request: ReadRequest): void {
  const { stream, autoAllocate } = controller;
  if (controller.queued > 0) return fillRequest(controller, request);
  if (autoAllocate !== undefined) {
    let buffer: ArrayBuffer;
    try {
      buffer = new ArrayBuffer(autoAllocate);
    } catch (error) {
      return request.error(error);
    }
    controller.pending.push({
      buffer,
      bufferBytes: autoAllocate,
      offset: 0,
      length: autoAllocate,
      filled: 0,
      minimum: 1,
      kind: kinds.Uint8Array!,
      reader: 'default',
    });
  }
  stream.reader!.requests!.push(request);
  pullIfNeeded(controller);
}

function fillRequest(controller: ByteController, request: ReadRequest): void {
  const { buffer, offset, length } = controller.entries.shift()!;
  controller.queued -= length;
  handleDrain(controller);
  request.chunk(new Uint8Array(buffer, offset, length));
}

function handleDrain(controller: ByteController): void {
  if (controller.queued === 0 && controller.closeRequested) {
    controller.source = undefined;
    closeReadable(controller.stream);
  } else {
    pullIfNeeded(controller);
  }
}

function pullIfNeeded(controller: ByteController): void {
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
    (reason) => failBytes(controller, reason),
  );
}

function shouldPull(controller: ByteController): boolean {
  const { stream, closeRequested, started } = controller;
  if (stream.state !== 'readable' || closeRequested || !started) return false;
  const { reader } = stream;
  if ((reader?.requests?.length ?? 0) > 0 || (reader?.intoRequests?.length ?? 0) > 0) return true;
  return desiredBytes(controller)! > 0;
}

export function desiredBytes({ stream, mark, queued }: ByteController): number | null {
  if (stream.state === 'errored') return null;
  return stream.state === 'closed' ? 0 : mark - queued;
}

function clearQueue(controller: ByteController): void {
  controller.entries.clear();
  controller.queued = 0;
}

function clearPending(controller: ByteController): void {
  invalidate(controller);
  controller.pending.clear();
}

export function closeBytes(controller: ByteController): void {
  const { stream, pending } = controller;
  if (controller.closeRequested || stream.state !== 'readable') return;
  if (controller.queued > 0) {
    controller.closeRequested = true;
    return;
  }
  const first = pending.first;
  if (first !== undefined && first.filled % first.kind.elementBytes !== 0) {
    const error = new TypeError('the stream ends in the middle of an element');
    failBytes(controller, error);
    throw error;
  }
  controller.source = undefined;
  closeReadable(stream);
}

export function failBytes(controller: ByteController, error: unknown): void {
  if (controller.stream.state !== 'readable') return;
  clearPending(controller);
  clearQueue(controller);
  controller.source = undefined;
  errorReadable(controller.stream, error);
}

/** Enqueues bytes of ours. */
export function enqueueView(controller: ByteController, view: ArrayBufferView): void {
  enqueueBytes(controller, extentOf(view, 'enqueue'));
}

function enqueueBytes(controller: ByteController, { buffer, offset, length }: Extent): void {
  const { stream, pending } = controller;
  if (controller.closeRequested || stream.state !== 'readable') return;
  if (isDetached(buffer)) throw new TypeError("the chunk's buffer was detached");
  const moved = transfer(buffer);
  const first = pending.first;
  if (first !== undefined) {
    if (isDetached(first.buffer)) throw new TypeError("the byobRequest's buffer was detached");
    invalidate(controller);
    first.buffer = transfer(first.buffer);
    if (first.reader === 'none') enqueueDetached(controller, first);
  }
  const { reader } = stream;
  if (reader?.requests !== undefined) {
    processRequests(controller, reader);
    if (reader.requests.length === 0) {
      enqueueEntry(controller, moved, offset, length);
    } else {
      if (pending.length > 0) shiftPending(controller);
      reader.requests.shift()!.chunk(new Uint8Array(moved, offset, length));
    }
  } else if (reader?.intoRequests !== undefined) {
    enqueueEntry(controller, moved, offset, length);
    const filled = processPending(controller);
    for (let one = filled.shift(); one !== undefined; one = filled.shift()) commit(controller, one);
  } else {
    enqueueEntry(controller, moved, offset, length);
  }
  pullIfNeeded(controller);
}

function processRequests(controller: ByteController, { requests }: Reader): void {
  while (requests!.length > 0 && controller.queued > 0) fillRequest(controller, requests!.shift()!);
}

function enqueueEntry(controller: ByteController, buffer: ArrayBuffer, offset: number, length: number): void {
  controller.entries.push({ buffer, offset, length });
  controller.queued += length;
}

function enqueueClone(controller: ByteController, buffer: ArrayBuffer, offset: number, length: number): void {
  let copy: ArrayBuffer;
  try {
    copy = sliceBuffer(buffer, offset, offset + length);
  } catch (error) {
    failBytes(controller, error);
    throw error;
  }
  enqueueEntry(controller, copy, 0, length);
}

/** What a released reader had begun to fill goes to whoever reads next. */
function enqueueDetached(controller: ByteController, first: PullInto): void {
  if (first.filled > 0) enqueueClone(controller, first.buffer, first.offset, first.filled);
  shiftPending(controller);
}

function shiftPending(controller: ByteController): PullInto {
  invalidate(controller);
  return controller.pending.shift()!;
}

function commit({ stream }: ByteController, into: PullInto): void {
  const done = stream.state === 'closed';
  const view = viewOf(into);
  const { reader } = stream;
  if (into.reader === 'default') {
    const request = reader!.requests!.shift()!;
    if (done) request.close();
    else request.chunk(view);
  } else {
    const request = reader!.intoRequests!.shift()!;
    if (done) request.close(view);
    else request.chunk(view);
  }
}

function viewOf({ buffer, offset, filled, kind }: PullInto): ArrayBufferView {
  return new kind.construct(transfer(buffer), offset, filled / kind.elementBytes);
}

/** Fills waiting views from the queue; those that have enough. */
function processPending(controller: ByteController): Queue<PullInto> {
  const filled = new Queue<PullInto>();
  while (controller.pending.length > 0 && controller.queued > 0) {
    const first = controller.pending.first!;
    if (!fillFromQueue(controller, first)) break;
    shiftPending(controller);
    filled.push(first);
  }
  return filled;
}

function fillFromQueue(controller: ByteController, into: PullInto): boolean {
  const most = min(controller.queued, into.length - into.filled);
  const total = into.filled + most;
  const aligned = total - (total % into.kind.elementBytes);
  const isReady = aligned >= into.minimum;
  let left = isReady ? aligned - into.filled : most;
  while (left > 0) {
    const head = controller.entries.first!;
    const count = min(left, head.length);
    const target = new Uint8Array(into.buffer, into.offset + into.filled, count);
    setBytes(target, new Uint8Array(head.buffer, head.offset, count), 0);
    if (head.length === count) {
      controller.entries.shift();
    } else {
      head.offset += count;
      head.length -= count;
    }
    controller.queued -= count;
    into.filled += count;
    left -= count;
  }
  return isReady;
}

// ── reading into views ────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads into a view, at least so many of its elements, with a reader that has a stream. */
export function readInto(reader: Reader, extent: Extent, minimum: number, request: ReadIntoRequest): void {
  const stream = reader.stream!;
  stream.disturbed = true;
  if (stream.state === 'errored') request.error(stream.storedError);
  else pullInto(stream.controller as ByteController, extent, minimum, request);
}

function pullInto(controller: ByteController, extent: Extent, minimum: number, request: ReadIntoRequest): void {
  const { stream } = controller;
  const { kind, offset, length } = extent;
  let buffer: ArrayBuffer;
  try {
    buffer = transfer(extent.buffer);
  } catch (error) {
    return request.error(error);
  }
  const into: PullInto = {
    buffer,
    bufferBytes: bufferBytes(buffer),
    offset,
    length,
    filled: 0,
    minimum: minimum * kind.elementBytes,
    kind,
    reader: 'byob',
  };
  const requests = stream.reader!.intoRequests!;
  if (controller.pending.length > 0) {
    controller.pending.push(into);
    requests.push(request);
    return;
  }
  if (stream.state === 'closed') return request.close(new kind.construct(buffer, offset, 0));
  if (controller.queued > 0) {
    if (fillFromQueue(controller, into)) {
      const view = viewOf(into);
      handleDrain(controller);
      return request.chunk(view);
    }
    if (controller.closeRequested) {
      const error = new TypeError('the stream ends in the middle of an element');
      failBytes(controller, error);
      return request.error(error);
    }
  }
  controller.pending.push(into);
  requests.push(request);
  pullIfNeeded(controller);
}

// ── requests for bytes ────────────────────────────────────────────────────────────────────────────────────────────────

interface Request {
  controller: ByteController | undefined;
  view: Uint8Array | null;
}

let requestOf: (value: unknown) => Request;

class ReadableStreamBYOBRequest {
  #request: Request;

  static {
    requestOf = (value) => {
      if (isObject(value) && #request in value) return value.#request;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, request: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    this.#request = request as Request;
  }

  get view(): Uint8Array | null {
    return requestOf(this).view;
  }

  respond(bytesWritten: number): void {
    const request = requestOf(this);
    requireArguments(arguments.length, 1, 'ReadableStreamBYOBRequest.respond');
    const count = enforceUnsignedLongLong(bytesWritten, 'ReadableStreamBYOBRequest.respond');
    const controller = answerable(request);
    if (isDetached(typedBuffer(request.view))) throw new TypeError("the request's buffer was detached");
    respond(controller, count);
  }

  respondWithNewView(view: ArrayBufferView): void {
    const request = requestOf(this);
    requireArguments(arguments.length, 1, 'ReadableStreamBYOBRequest.respondWithNewView');
    const extent = extentOf(view, 'ReadableStreamBYOBRequest.respondWithNewView');
    const controller = answerable(request);
    if (isDetached(extent.buffer)) throw new TypeError("the view's buffer was detached");
    respondWithView(controller, extent);
  }
}

makeEnumerable(ReadableStreamBYOBRequest, ['view', 'respond', 'respondWithNewView']);

function answerable({ controller }: Request): ByteController {
  if (controller === undefined) throw new TypeError('the request was answered already');
  return controller;
}

function invalidate(controller: ByteController): void {
  if (controller.request === undefined) return;
  const request = requestOf(controller.request);
  request.controller = undefined;
  request.view = null;
  controller.request = undefined;
}

export function byobRequestOf(controller: ByteController): ReadableStreamBYOBRequest | null {
  const first = controller.pending.first;
  if (controller.request === undefined && first !== undefined) {
    const view = new Uint8Array(first.buffer, first.offset + first.filled, first.length - first.filled);
    const Made = ReadableStreamBYOBRequest as unknown as new (...args: unknown[]) => ReadableStreamBYOBRequest;
    controller.request = new Made(create, { controller, view });
  }
  return controller.request ?? null;
}

/** Answers the request under way. */
export function respond(controller: ByteController, count: number): void {
  const first = controller.pending.first!;
  if (controller.stream.state === 'closed') {
    if (count !== 0) throw new TypeError('the stream is closed: nothing can be written');
  } else {
    if (count === 0) throw new TypeError('0 bytes were written to a stream that is not closed');
    if (first.filled + count > first.length) throw new RangeError('more bytes were written than there was room for');
  }
  first.buffer = transfer(first.buffer);
  respondInternal(controller, count);
}

export function respondWithView(controller: ByteController, { buffer, offset, length }: Extent): void {
  const first = controller.pending.first!;
  if (controller.stream.state === 'closed') {
    if (length !== 0) throw new TypeError('the stream is closed: nothing can be written');
  } else if (length === 0) {
    throw new TypeError('an empty view answers no request of a stream that is not closed');
  }
  if (first.offset + first.filled !== offset) throw new RangeError('the view begins elsewhere than the request');
  if (first.bufferBytes !== bufferBytes(buffer)) throw new RangeError('the buffer has another length than the request');
  if (first.filled + length > first.length) throw new RangeError('the view is longer than the request');
  first.buffer = transfer(buffer);
  respondInternal(controller, length);
}

function respondInternal(controller: ByteController, count: number): void {
  const first = controller.pending.first!;
  invalidate(controller);
  if (controller.stream.state === 'closed') respondClosed(controller, first);
  else respondReadable(controller, count, first);
  pullIfNeeded(controller);
}

function respondClosed(controller: ByteController, first: PullInto): void {
  if (first.reader === 'none') shiftPending(controller);
  const requests = controller.stream.reader?.intoRequests;
  if (requests === undefined) return;
  const filled = new Queue<PullInto>();
  while (filled.length < requests.length) filled.push(shiftPending(controller));
  for (let one = filled.shift(); one !== undefined; one = filled.shift()) commit(controller, one);
}

function respondReadable(controller: ByteController, count: number, first: PullInto): void {
  first.filled += count;
  if (first.reader === 'none') {
    enqueueDetached(controller, first);
    const filled = processPending(controller);
    for (let one = filled.shift(); one !== undefined; one = filled.shift()) commit(controller, one);
    return;
  }
  if (first.filled < first.minimum) return;
  shiftPending(controller);
  const remainder = first.filled % first.kind.elementBytes;
  if (remainder > 0) {
    const end = first.offset + first.filled;
    enqueueClone(controller, first.buffer, end - remainder, remainder);
  }
  first.filled -= remainder;
  const filled = processPending(controller);
  commit(controller, first);
  for (let one = filled.shift(); one !== undefined; one = filled.shift()) commit(controller, one);
}

export { ReadableByteStreamController, ReadableStreamBYOBRequest };
