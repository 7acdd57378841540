// ReadStream and WriteStream: Node's streams over a file, and streams of the web over the same file, whose bytes the host moves by itself.
//
// `readable` and `writable`, which Node has as a boolean, are the streams of the web as long as they would be true.

import { fileOf, FileHandle, isFileHandle, openFile } from 'guest:filehandle';
import { encodingOf, flagsOf, modeOf, newBytes, optionsOf, pathOf, shown } from 'guest:fsvalues';
import type { Options } from 'guest:fsvalues';
import { checkInteger, invalidArgType, outOfRange } from 'guest:nodeerrors';
import { stream } from 'guest:nodestream';
import { upon } from 'guest:promises';
import type { ReadableStream } from 'guest:readablestream';
import { fromNativeSource, toNativeSink } from 'guest:streams';
import type { WritableStream } from 'guest:writable';
import { bare } from 'guest:webidl';
import { closePlace, newPlace, openPlace, sink, source } from 'host:fs';
import type { Place } from 'host:fs';

const { min } = Math;
const CHUNK_BYTES = 64 << 10;
const LAST = 9007199254740991;

type Done = (error?: unknown) => void;

/** What is used of the package's classes, which have no types. */
interface NodeStream {
  readonly destroyed: boolean;
  readable: unknown;
  writable: unknown;
  emit(event: string, ...args: unknown[]): boolean;
  push(chunk: unknown): boolean;
  destroy(error?: unknown): unknown;
  end: any;
  once(event: string, listener: (...args: unknown[]) => void): unknown;
  setDefaultEncoding(encoding: string): unknown;
}
const Readable = stream.Readable as new (options: object) => NodeStream;
const Writable = stream.Writable as new (options: object) => NodeStream;
const finished = stream.finished as (of: object, done: Done) => unknown;

/** A file of a stream: opened by the stream, or given to it. */
interface Held {
  readonly place: Place | undefined;
  handle: FileHandle | undefined;
}

function hold(path: unknown, { fd }: Options, flags: number, mode: number, syscall: string): Held {
  if (fd === undefined || fd === null) return { place: newPlace(pathOf(path), flags, mode), handle: undefined };
  if (isFileHandle(fd)) return { place: undefined, handle: fd };
  if (typeof fd !== 'number') throw invalidArgType('options.fd', 'of type number or an instance of FileHandle', fd);
  return { place: undefined, handle: fileOf(fd, syscall) };
}

/** Options of the stream itself. */
function base(options: Options): Record<string, unknown> {
  const { autoClose, emitClose, highWaterMark, signal } = options;
  const given = bare<unknown>();
  given.autoDestroy = autoClose !== false;
  given.emitClose = emitClose !== false;
  given.highWaterMark = highWaterMark;
  if (signal !== undefined) given.signal = signal;
  return given;
}

function open(of: NodeStream, held: Held, done: Done): void {
  if (held.place === undefined) return done();
  upon(
    openPlace(held.place),
    (file) => {
      held.handle = new FileHandle(file);
      done();
      of.emit('open', held.handle.fd);
      of.emit('ready');
    },
    (error) => done(shown(error)),
  );
}

function close(held: Held, error: unknown, done: Done): void {
  const { handle, place } = held;
  held.handle = undefined;
  const finish = (late?: unknown): void => done(error ?? late);
  const closeHandle = (): void => {
    if (handle === undefined || handle.fd < 0) return finish();
    upon(handle.close(), () => finish(), finish);
  };
  if (place === undefined) closeHandle();
  else upon(closePlace(place), closeHandle, closeHandle);
}

class ReadStream extends Readable {
  declare path: unknown;
  declare flags: unknown;
  declare mode: unknown;
  declare start: number | undefined;
  declare end: number;
  declare pos: number | undefined;
  declare bytesRead: number;
  #held: Held;
  #web: ReadableStream | undefined;
  #reading: Promise<unknown> | undefined;

  constructor(path: unknown, given: unknown = undefined) {
    const options = optionsOf(given);
    const { encoding, flags, mode, start, end } = options;
    const settings = base(options);
    settings.highWaterMark ??= CHUNK_BYTES;
    if (start !== undefined) checkInteger(start, 'start', 0);
    if (end !== undefined && end !== Infinity) checkInteger(end, 'end', 0);
    const last = (end ?? Infinity) as number;
    if (start !== undefined && (start as number) > last) throw outOfRange('start', `<= "end" (here: ${last})`, start);
    const held = hold(path, options, flagsOf(flags ?? 'r'), modeOf(mode, 0o666), 'read');
    const text = encodingOf(encoding);
    if (text !== undefined) settings.encoding = text;
    super(settings);
    this.#held = held;
    this.path = path;
    this.flags = flags ?? 'r';
    this.mode = mode ?? 0o666;
    this.start = start as number | undefined;
    this.end = last;
    this.pos = start as number | undefined;
    this.bytesRead = 0;
  }

  get fd(): number | null {
    return this.#held.handle?.fd ?? null;
  }

  get pending(): boolean {
    return this.#held.handle === undefined;
  }

  _construct(done: Done): void {
    open(this, this.#held, done);
  }

  _read(size: number): void {
    const { handle } = this.#held;
    if (handle === undefined) return;
    const left = this.end - (this.pos ?? this.bytesRead) + 1;
    const length = min(size, left);
    if (length <= 0) {
      this.push(null);
      return;
    }
    const buffer = newBytes(length);
    this.#reading = handle.read(buffer, 0, length, this.pos ?? null);
    upon(
      this.#reading as Promise<{ bytesRead: number }>,
      ({ bytesRead }) => {
        this.#reading = undefined;
        if (this.destroyed) return;
        if (bytesRead === 0) {
          this.push(null);
          return;
        }
        if (this.pos !== undefined) this.pos += bytesRead;
        this.bytesRead += bytesRead;
        this.push(bytesRead === length ? buffer : copied(buffer, bytesRead));
      },
      (error) => {
        this.#reading = undefined;
        this.destroy(error);
      },
    );
  }

  _destroy(error: unknown, done: Done): void {
    const finish = (): void => close(this.#held, error, done);
    if (this.#reading === undefined) finish();
    else upon(this.#reading, finish, finish);
  }

  close(done: Done | undefined = undefined): void {
    if (typeof done === 'function') finished(this, done);
    this.destroy();
  }

  override get readable(): unknown {
    // Asked by the constructor above, when there is no file yet.
    if (!super.readable || !(#held in this)) return !!super.readable;
    const { place, handle } = this.#held;
    const file = place ?? openFile(handle!, 'read');
    const after = this.end === Infinity ? LAST : this.end + 1;
    this.#web ??= fromNativeSource(source(file, this.start ?? (place === undefined ? -1 : 0), after));
    return this.#web;
  }

  override set readable(value: unknown) {
    super.readable = value;
  }
}

/** The first bytes alone: the rest of a short read would stay in memory. */
function copied(bytes: Uint8Array, length: number): Uint8Array {
  const part = newBytes(length);
  for (let i = 0; i < length; i++) part[i] = bytes[i]!;
  return part;
}

class WriteStream extends Writable {
  declare path: unknown;
  declare flags: unknown;
  declare mode: unknown;
  declare start: number | undefined;
  declare pos: number | undefined;
  declare bytesWritten: number;
  #held: Held;
  #web: WritableStream | undefined;
  #writing: Promise<unknown> | undefined;
  #flush: boolean;

  constructor(path: unknown, given: unknown = undefined) {
    const options = optionsOf(given);
    const { encoding, flags, flush, mode, start } = options;
    const settings = base(options);
    if (settings.highWaterMark === undefined) delete settings.highWaterMark;
    settings.decodeStrings = true;
    if (start !== undefined) checkInteger(start, 'start', 0);
    const held = hold(path, options, flagsOf(flags ?? 'w'), modeOf(mode, 0o666), 'write');
    super(settings);
    this.#held = held;
    this.#flush = flush === true;
    this.path = path;
    this.flags = flags ?? 'w';
    this.mode = mode ?? 0o666;
    this.start = start as number | undefined;
    this.pos = start as number | undefined;
    this.bytesWritten = 0;
    const text = encodingOf(encoding);
    if (text !== undefined) this.setDefaultEncoding(text);
  }

  get fd(): number | null {
    return this.#held.handle?.fd ?? null;
  }

  get pending(): boolean {
    return this.#held.handle === undefined;
  }

  _construct(done: Done): void {
    open(this, this.#held, done);
  }

  _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    const { handle } = this.#held;
    this.#writing = handle!.write(chunk, 0, chunk.length, this.pos ?? null);
    upon(
      this.#writing as Promise<{ bytesWritten: number }>,
      ({ bytesWritten }) => {
        this.#writing = undefined;
        this.bytesWritten += bytesWritten;
        if (this.pos !== undefined) this.pos += bytesWritten;
        done();
      },
      (error) => {
        this.#writing = undefined;
        done(error);
      },
    );
  }

  _final(done: Done): void {
    const { handle } = this.#held;
    if (!this.#flush || handle === undefined) return done();
    upon(handle.sync(), () => done(), done);
  }

  _destroy(error: unknown, done: Done): void {
    const finish = (): void => close(this.#held, error, done);
    if (this.#writing === undefined) finish();
    else upon(this.#writing, finish, finish);
  }

  /** Ends it, where that was not done, and calls back when the file is closed. */
  close(done: Done | undefined = undefined): void {
    if (typeof done === 'function') finished(this, done);
    this.end();
  }

  destroySoon(): void {
    this.end();
  }

  override get writable(): unknown {
    if (!super.writable || !(#held in this)) return !!super.writable;
    const { place, handle } = this.#held;
    this.#web ??= toNativeSink(sink(place ?? openFile(handle!, 'write'), this.start ?? -1));
    return this.#web;
  }

  override set writable(value: unknown) {
    super.writable = value;
  }
}

export function createReadStream(path: unknown, options: unknown = undefined): ReadStream {
  return new ReadStream(path, options);
}

export function createWriteStream(path: unknown, options: unknown = undefined): WriteStream {
  return new WriteStream(path, options);
}

function withFile(handle: FileHandle, given: unknown): Options {
  const options = bare<unknown>();
  const from = optionsOf(given);
  for (const name in from) options[name] = from[name];
  options.fd = handle;
  return options;
}

export function readStreamOf(handle: FileHandle, options: unknown): ReadStream {
  return new ReadStream(undefined, withFile(handle, options));
}

export function writeStreamOf(handle: FileHandle, options: unknown): WriteStream {
  return new WriteStream(undefined, withFile(handle, options));
}

export function webStreamOf(handle: FileHandle): ReadableStream {
  return fromNativeSource(source(openFile(handle, 'read'), -1, LAST));
}

export { ReadStream, WriteStream };
