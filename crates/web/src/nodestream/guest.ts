// stream: Node's streams, from the package `readable-stream`, and the ways between them and the streams of the web.
//
// docs/decisions/vendored.md says why these are not our own.

import { descriptor, isUint8Array } from 'guest:webidl';
import { Buffer } from 'guest:buffer';
import { checkBoolean, coded, invalidArgType } from 'guest:nodeerrors';
import { nextTick } from 'guest:process';
import { load } from 'host:modules';
import { stream } from 'vendor:nodestream';

const { defineProperty } = Reflect;
const { isView } = ArrayBuffer;
const PromiseIntrinsic = Promise;

const { Readable, Writable, Duplex, Transform, finished, destroy, isDestroyed } = stream;

interface WebReader {
  read(): Promise<{ done: boolean; value?: unknown }>;
  cancel(reason?: unknown): Promise<void>;
  readonly closed: Promise<unknown>;
}
interface WebWriter {
  write(chunk: unknown): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
  readonly ready: Promise<unknown>;
  readonly closed: Promise<unknown>;
}
interface WebReadable {
  getReader(): WebReader;
}
interface WebWritable {
  getWriter(): WebWriter;
}
type Done = (error?: unknown) => void;

const webReadable = (): new (source: object, strategy?: object) => WebReadable =>
  load<typeof import('guest:readablestream')>('guest:readablestream').ReadableStream as never;
const webWritable = (): new (sink: object, strategy?: object) => WebWritable =>
  load<typeof import('guest:writable')>('guest:writable').WritableStream as never;

/** Errors of callbacks go where Node's go: thrown in a tick of their own. */
function settle(done: Done, error?: unknown): void {
  try {
    done(error);
  } catch (thrown) {
    nextTick(() => destroyLater(thrown));
  }
}

function destroyLater(error: unknown): never {
  throw error;
}

function requireWeb(value: any, method: string, name: string, kind: string): void {
  if (typeof value?.[method] !== 'function') throw invalidArgType(name, `an instance of ${kind}`, value);
}

// ── from the web ──────────────────────────────────────────────────────────────────────────────────────────────────────

function readableFromWeb(source: WebReadable, options: Record<string, unknown> = {}): any {
  requireWeb(source, 'getReader', 'readableStream', 'ReadableStream');
  const { highWaterMark, encoding, objectMode = false, signal } = options;
  if (objectMode !== undefined) checkBoolean(objectMode, 'options.objectMode');
  const reader = source.getReader();
  let isClosed = false;
  const readable = new Readable({
    objectMode,
    highWaterMark,
    encoding,
    signal,
    read() {
      reader.read().then(
        ({ done, value }) => void (done ? readable.push(null) : readable.push(value)),
        (error) => destroy(readable, error),
      );
    },
    destroy(error: unknown, done: Done) {
      if (isClosed) settle(done, error);
      else {
        const after = (): void => settle(done, error);
        reader.cancel(error ?? undefined).then(after, after);
      }
    },
  });
  reader.closed.then(
    () => (isClosed = true),
    (error) => {
      isClosed = true;
      destroy(readable, error);
    },
  );
  return readable;
}

function writableFromWeb(target: WebWritable, options: Record<string, unknown> = {}): any {
  requireWeb(target, 'getWriter', 'writableStream', 'WritableStream');
  const writer = target.getWriter();
  return makeWritable(Writable, writer, options);
}

function makeWritable(
  Class: any,
  writer: WebWriter,
  options: Record<string, unknown>,
  more: Record<string, unknown> = {},
): any {
  const { highWaterMark, decodeStrings = true, objectMode = false, signal } = options;
  let isClosed = false;
  const writable = new Class({
    ...more,
    highWaterMark,
    decodeStrings,
    objectMode,
    signal,
    write(chunk: unknown, encoding: string, done: Done) {
      let bytes = chunk;
      if (typeof chunk === 'string' && decodeStrings && !objectMode)
        bytes = new Uint8Array(Buffer.from(chunk, encoding));
      writer.ready
        .then(() => writer.write(bytes))
        .then(
          () => settle(done),
          (error) => settle(done, error),
        );
    },
    final(done: Done) {
      if (isClosed) settle(done);
      else {
        writer.close().then(
          () => settle(done),
          (error) => settle(done, error),
        );
      }
    },
    destroy(error: unknown, done: Done) {
      const after = (): void => settle(done, error);
      if (isClosed) after();
      else if (error !== null && error !== undefined) writer.abort(error).then(after, after);
      else writer.close().then(after, after);
      (more.onDestroy as ((error: unknown) => void) | undefined)?.(error);
    },
  });
  writer.closed.then(
    () => (isClosed = true),
    (error) => {
      isClosed = true;
      destroy(writable, error);
    },
  );
  return writable;
}

function duplexFromWeb(
  pair: { readable: WebReadable; writable: WebWritable },
  options: Record<string, unknown> = {},
): any {
  requireWeb(pair?.readable, 'getReader', 'pair.readable', 'ReadableStream');
  requireWeb(pair?.writable, 'getWriter', 'pair.writable', 'WritableStream');
  const reader = pair.readable.getReader();
  const { objectMode = false } = options;
  const duplex = makeWritable(Duplex, pair.writable.getWriter(), options, {
    readableObjectMode: objectMode,
    writableObjectMode: objectMode,
    encoding: options.encoding,
    read() {
      reader.read().then(
        ({ done, value }) => void (done ? duplex.push(null) : duplex.push(value)),
        (error) => destroy(duplex, error),
      );
    },
    onDestroy: (error: unknown) => void reader.cancel(error ?? undefined).catch(() => {}),
  });
  return duplex;
}

// ── to the web ────────────────────────────────────────────────────────────────────────────────────────────────────────

function readableToWeb(readable: any, options: { strategy?: object } = {}): WebReadable {
  if (typeof readable?._readableState !== 'object')
    throw invalidArgType('streamReadable', 'an instance of stream.Readable', readable);
  const ReadableStream = webReadable();
  if (isDestroyed?.(readable) || readable.destroyed || readable.readable === false) {
    const closed = new ReadableStream({});
    void (closed as unknown as { cancel(): Promise<void> }).cancel();
    return closed;
  }
  const { readableObjectMode, readableHighWaterMark } = readable;
  const strategy = options.strategy ?? { highWaterMark: readableObjectMode ? readableHighWaterMark : 1 };
  let controller: any;
  let wasCancelled = false;
  readable.pause();
  const stop = finished(readable, (given: any) => {
    let error = given;
    if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE') {
      error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: error });
      error.name = 'AbortError';
    }
    stop();
    readable.on('error', () => {});
    if (error) controller.error(error);
    else if (!wasCancelled) controller.close();
  });
  readable.on('data', (chunk: unknown) => {
    const value = isUint8Array(chunk) && !readableObjectMode ? new Uint8Array(chunk) : chunk;
    controller.enqueue(value);
    if (controller.desiredSize <= 0) readable.pause();
  });
  return new ReadableStream(
    {
      start(own: unknown) {
        controller = own;
      },
      pull() {
        readable.resume();
      },
      cancel(reason: unknown) {
        wasCancelled = true;
        destroy(readable, reason);
      },
    },
    strategy,
  );
}

function writableToWeb(writable: any): WebWritable {
  if (typeof writable?._writableState !== 'object')
    throw invalidArgType('streamWritable', 'an instance of stream.Writable', writable);
  const WritableStream = webWritable();
  let controller: any;
  let drained: { resolve(): void; reject(error: unknown): void } | undefined;
  let closed: { resolve(): void; reject(error: unknown): void } | undefined;
  const stop = finished(writable, (error: any) => {
    stop();
    writable.on('error', () => {});
    if (error) {
      drained?.reject(error);
      if (closed !== undefined) closed.reject(error);
      else controller.error(error);
    } else if (closed !== undefined) closed.resolve();
    else controller.error(coded(Error, 'ABORT_ERR', 'The operation was aborted'));
    controller = undefined;
  });
  writable.on('drain', () => {
    drained?.resolve();
    drained = undefined;
  });
  const wait = (keep: (waiter: { resolve(): void; reject(error: unknown): void }) => void): Promise<void> =>
    new PromiseIntrinsic((resolve, reject) => keep({ resolve, reject }));
  return new WritableStream(
    {
      start(own: unknown) {
        controller = own;
      },
      write(chunk: unknown) {
        if (writable.write(chunk) !== false) return undefined;
        return wait((waiter) => (drained = waiter));
      },
      close() {
        const result = wait((waiter) => (closed = waiter));
        writable.end();
        return result;
      },
      abort(reason: unknown) {
        destroy(writable, reason);
      },
    },
    { highWaterMark: writable.writableHighWaterMark, size: writable.writableObjectMode ? undefined : sizeOf },
  );
}

function sizeOf(chunk: unknown): number {
  return typeof chunk === 'string' ? chunk.length : isView(chunk) ? chunk.byteLength : 1;
}

function define(target: object, name: string, value: unknown): void {
  defineProperty(target, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

define(Readable, 'fromWeb', readableFromWeb);
define(Readable, 'toWeb', readableToWeb);
define(Writable, 'fromWeb', writableFromWeb);
define(Writable, 'toWeb', writableToWeb);
define(Duplex, 'fromWeb', duplexFromWeb);
define(Duplex, 'toWeb', (duplex: any) => ({ readable: readableToWeb(duplex), writable: writableToWeb(duplex) }));

const { promises } = stream;

// ── stream/consumers ──────────────────────────────────────────────────────────────────────────────────────────────────

async function bytesOf(source: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) {
    chunks.push(typeof chunk === 'string' || isView(chunk) ? Buffer.from(chunk) : Buffer.from(chunk as ArrayBuffer));
  }
  return Buffer.concat(chunks);
}

async function text(source: AsyncIterable<unknown>): Promise<string> {
  return `${(await bytesOf(source)).toString()}`;
}

/** What `require('stream/consumers')` gives. */
const consumers = {
  async arrayBuffer(source: AsyncIterable<unknown>) {
    const { buffer, byteOffset, byteLength } = await bytesOf(source);
    return buffer.slice(byteOffset, byteOffset + byteLength);
  },
  async blob(source: AsyncIterable<unknown>) {
    const { Blob } = load<{ Blob: new (parts: unknown[]) => object }>('guest:blob');
    return new Blob([await bytesOf(source)]);
  },
  buffer: bytesOf,
  text,
  async json(source: AsyncIterable<unknown>): Promise<unknown> {
    return JSON.parse(await text(source));
  },
};

/** What `require('stream/web')` gives. */
const web: Record<string, unknown> = {};
for (const [module, ...names] of [
  ['guest:byobreader', 'ReadableStreamBYOBReader'],
  ['guest:bytes', 'ReadableByteStreamController', 'ReadableStreamBYOBRequest'],
  ['guest:compression', 'CompressionStream', 'DecompressionStream'],
  ['guest:queuing', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy'],
  ['guest:readable', 'ReadableStreamDefaultController', 'ReadableStreamDefaultReader'],
  ['guest:readablestream', 'ReadableStream'],
  ['guest:textstreams', 'TextDecoderStream', 'TextEncoderStream'],
  ['guest:transform', 'TransformStream', 'TransformStreamDefaultController'],
  ['guest:writable', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter'],
] as const) {
  for (const name of names) {
    const get = (): unknown => load<Record<string, unknown>>(module)[name];
    defineProperty(web, name, descriptor({ get, enumerable: true, configurable: true }));
  }
}

export { Transform, Writable, consumers, promises, stream, web };
