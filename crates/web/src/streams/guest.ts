// Streams as other features use them: the classes, and streams over what is native.
//
// A stream over a native source reads when its consumer asks. Piped to a stream over a native sink it is not read here at all: the host
// moves the bytes, and the two streams are locked until that is over. Chunks that lie in a queue go the usual way.
// The shape of sources and sinks stands in native.rs.

import { abortReason, onAbort } from 'guest:abort';
import { ReadableStreamBYOBReader } from 'guest:byobreader';
import {
  closeBytes,
  enqueueView,
  failBytes,
  ReadableByteStreamController,
  ReadableStreamBYOBRequest,
  respond,
} from 'guest:bytes';
import type { ByteController } from 'guest:bytes';
import { linkPump } from 'guest:pipe';
import type { Pipe } from 'guest:pipe';
import { react, rejected, resolved } from 'guest:promises';
import { ByteLengthQueuingStrategy, CountQueuingStrategy, Queue } from 'guest:queuing';
import {
  acquireReader,
  cancelReadable,
  read,
  readableOf,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  releaseReader,
} from 'guest:readable';
import type { Readable, Reader } from 'guest:readable';
import { createByteStream, createReadable, isReadableStream, ReadableStream, teeForClone } from 'guest:readablestream';
import { createTransform, TransformStream, TransformStreamDefaultController } from 'guest:transform';
import { isUint8Array, isUnsharedBufferSource, uncurry } from 'guest:webidl';
import {
  abortWritable,
  acquireWriter,
  closeWithErrorPropagation,
  createWritable,
  errorWritable,
  isClosing,
  isWritableStream,
  releaseWriter,
  writableOf,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from 'guest:writable';
import type { Writable, Writer } from 'guest:writable';
import {
  abortSink,
  cancelSource,
  closeSink,
  newPump,
  read as readSource,
  runPump,
  stopPump,
  write as writeSink,
} from 'host:streams';
import type { SinkHandle, SourceHandle } from 'host:streams';

const { min } = Math;
const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const setBytes = uncurry(Uint8Array.prototype.set as (source: Uint8Array, offset: number) => void);
const lengthOf = uncurry(
  getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype)!, 'length')!.get as () => number,
);

const CHUNK_BYTES = 64 << 10;

// ── over native ends ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A byte stream over a native source, which belongs to it from now on. */
export function fromNativeSource(handle: SourceHandle): ReadableStream {
  linkPump(pump);
  const stream = createByteStream({
    start: () => undefined,
    pull: () => {
      const first = controller.pending.first;
      // No more than a consumer with a buffer of its own wants: the rest stays where it is.
      const most = first === undefined ? CHUNK_BYTES : min(first.length - first.filled, CHUNK_BYTES);
      return react(readSource(handle, most), (bytes) => {
        if (bytes !== undefined) return enqueueView(controller, bytes);
        closeBytes(controller);
        if (controller.pending.length > 0) respond(controller, 0);
      });
    },
    cancel: () => {
      cancelSource(handle);
      return resolved(undefined);
    },
  });
  const slots = readableOf(stream);
  const controller = slots.controller as ByteController;
  slots.native = handle;
  return stream;
}

/** The native source of a stream that nobody has read from: who takes it reads it to its end in the stream's place. */
export function nativeSourceOf(stream: ReadableStream): SourceHandle | undefined {
  const slots = readableOf(stream);
  if (slots.disturbed || slots.reader !== undefined) return undefined;
  return slots.native as SourceHandle | undefined;
}

/** A stream over a native sink, which belongs to it from now on. Its chunks are bytes. */
export function toNativeSink(handle: SinkHandle): WritableStream {
  linkPump(pump);
  const stream = createWritable(1, {
    start: () => undefined,
    write: (chunk) => {
      if (isUnsharedBufferSource(chunk)) return writeSink(handle, chunk);
      return rejected(new TypeError('the chunk is no ArrayBuffer, and no view of one'));
    },
    close: () => closeSink(handle),
    abort: (reason) => {
      abortSink(handle, textOf(reason));
      return resolved(undefined);
    },
    size: () => 1,
  });
  writableOf(stream).native = handle;
  return stream;
}

function textOf(reason: unknown): string {
  try {
    return reason === undefined ? 'the stream was aborted' : `${reason as string}`;
  } catch {
    return 'the stream was aborted';
  }
}

// ── from one to the other ─────────────────────────────────────────────────────────────────────────────────────────────

/** Whether nothing is queued or under way between the guest and the two ends, and neither is over. */
function isStraight(source: Readable, target: Writable): boolean {
  if (source.state !== 'readable' || target.state !== 'writable' || isClosing(target)) return false;
  const { entries, closeRequested, pulling } = source.controller as ByteController;
  if (entries.length > 0 || closeRequested || pulling) return false;
  return target.requests.length === 0 && target.inFlightWrite === undefined && target.pendingAbort === undefined;
}

function pump(source: Readable, target: Writable, options: Pipe): Promise<void> | undefined {
  const { native: from } = source;
  const { native: to } = target;
  if (from === undefined || to === undefined || !isStraight(source, target)) return undefined;
  const { signal } = options;
  if (signal !== undefined && abortReason(signal) !== undefined) return undefined;
  const reader = acquireReader(source, 'default');
  const writer = acquireWriter(target);
  source.disturbed = true;
  const handle = newPump(from as SourceHandle, to as SinkHandle);
  const forget = signal && onAbort(signal, () => stopPump(handle));
  const finished = react(runPump(handle), ({ 0: end, 1: error }) => {
    if (end === 0) return atEnd(source, writer, options);
    if (end === 1) return atSourceError(source, target, error, options);
    if (end === 2) return atSinkError(source, target, error, options);
    return atAbort(source, target, abortReason(signal!)!.reason, options);
  });
  const release = (): void => {
    forget?.();
    giveBack(reader, writer);
  };
  return react(finished, release, (reason) => {
    release();
    throw reason;
  });
}

function giveBack(reader: Reader, writer: Writer): void {
  releaseWriter(writer);
  releaseReader(reader);
}

function atEnd(source: Readable, writer: Writer, { preventClose }: Pipe): Promise<void> | void {
  closeBytes(source.controller as ByteController);
  if (!preventClose) return closeWithErrorPropagation(writer);
}

function atSourceError(source: Readable, target: Writable, error: unknown, { preventAbort }: Pipe): Promise<never> {
  failBytes(source.controller as ByteController, error);
  return preventAbort ? rejected(error) : afterwards(abortWritable(target, error), error);
}

function atSinkError(source: Readable, target: Writable, error: unknown, { preventCancel }: Pipe): Promise<never> {
  errorWritable(target, error);
  return preventCancel ? rejected(error) : afterwards(cancelReadable(source, error), error);
}

function atAbort(source: Readable, target: Writable, reason: unknown, options: Pipe): Promise<never> {
  const aborting = options.preventAbort ? resolved(undefined) : abortWritable(target, reason);
  const cancelling = options.preventCancel ? resolved(undefined) : cancelReadable(source, reason);
  return afterwards(
    react(aborting, () => cancelling),
    reason,
  );
}

/** Rejects with `error` when `action` is done, or with what the action failed with. */
function afterwards(action: Promise<unknown>, error: unknown): Promise<never> {
  return react(action, () => {
    throw error;
  }) as Promise<never>;
}

// ── whole streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function isDisturbed(stream: unknown): boolean {
  return readableOf(stream).disturbed;
}

export function isLocked(stream: unknown): boolean {
  return readableOf(stream).reader !== undefined;
}

/** "Read all bytes": everything that a stream gives, whose chunks are Uint8Arrays. The stream stays locked. */
export function readAllBytes(stream: unknown): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const reader = acquireReader(readableOf(stream), 'default');
    const chunks = new Queue<Uint8Array>();
    let isReading = false;
    let hasChunk = false;
    // A loop where chunks are there already: a call within a call for each of them would fill the stack.
    const step = (): void => {
      isReading = true;
      do {
        hasChunk = false;
        read(reader, request);
      } while (hasChunk);
      isReading = false;
    };
    const request = {
      chunk: (chunk: unknown) => {
        if (!isUint8Array(chunk)) return reject(new TypeError('a chunk of the stream is not a Uint8Array'));
        chunks.push(chunk);
        hasChunk = true;
        if (!isReading) step();
      },
      close: () => resolve(joined(chunks)),
      error: reject,
    };
    step();
  });
}

function joined(chunks: Queue<Uint8Array>): Uint8Array<ArrayBuffer> {
  // Measured now, when nothing can come in between: a guest may hold a chunk and resize its buffer.
  const measured = new Queue<Uint8Array>();
  let total = 0;
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
    total += lengthOf(chunk);
    measured.push(chunk);
  }
  const all = new Uint8Array(total);
  let offset = 0;
  for (let chunk = measured.shift(); chunk !== undefined; chunk = measured.shift()) {
    setBytes(all, chunk, offset);
    offset += lengthOf(chunk);
  }
  return all;
}

export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  createReadable,
  createTransform,
  createWritable,
  isReadableStream,
  isWritableStream,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  teeForClone,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
};
