// FileHandle: an open file, by its number and by its object. The file itself, its rights and its bytes are the host's.

import { statsOf } from 'guest:fsstats';
import {
  abortable,
  badFile,
  encodingOf,
  flagsOf,
  isBytes,
  modeOf,
  newBytes,
  optionsOf,
  pathOf,
  settle,
  throwIfAborted,
  timeOf,
  toBuffer,
  unsigned,
} from 'guest:fsvalues';
import type { Options } from 'guest:fsvalues';
import { invalidArgType, invalidArgValue, outOfRange } from 'guest:nodeerrors';
import { rejected } from 'guest:promises';
import { descriptor, isObject, uncurry } from 'guest:webidl';
import * as host from 'host:fs';
import type { Content, Encoding, OpenFile, Signal } from 'host:fs';
import { load } from 'host:modules';

const { defineProperty } = Reflect;
const { isArray } = Array;
const { isInteger, isSafeInteger } = Number;
const { min } = Math;
const toNumber = Number;
const MapIntrinsic = Map;
const WeakRefIntrinsic = WeakRef;
type Entry = FileHandle | WeakRef<FileHandle>;
const getFile = uncurry(Map.prototype.get as (key: number) => Entry | undefined);
const setFile = uncurry(Map.prototype.set as (key: number, value: Entry) => unknown);
const sizeOf = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, 'size')!.get as () => number);
const eachFile = uncurry(Map.prototype.forEach as (each: (entry: Entry, number: number) => void) => void);
const deref = uncurry(WeakRef.prototype.deref as () => FileHandle | undefined);
const deleteFile = uncurry(Map.prototype.delete as (key: number) => boolean);
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = <T>(of: object, name: string) => uncurry(Object.getOwnPropertyDescriptor(of, name)!.get as () => T);
const typedLength = getter<number>(typedArray, 'byteLength');
const typedOffset = getter<number>(typedArray, 'byteOffset');
const typedBuffer = getter<ArrayBuffer>(typedArray, 'buffer');
const viewLength = getter<number>(DataView.prototype, 'byteLength');
const viewOffset = getter<number>(DataView.prototype, 'byteOffset');
const viewBuffer = getter<ArrayBuffer>(DataView.prototype, 'buffer');
const typedName = uncurry(
  Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get as () => string | undefined,
);
const BytesIntrinsic = Uint8Array;
const asyncIterator: typeof Symbol.asyncIterator = Symbol.asyncIterator;
const iterator: typeof Symbol.iterator = Symbol.iterator;

const READ_BYTES = 16384;

export type Position = number | bigint | null | undefined;

interface State {
  readonly number: number;
  file: OpenFile | undefined;
  closing: Promise<void> | undefined;
}

/** Files by their numbers. One whose number alone is known is held here; any other one is closed when nobody has it any more. */
const files = new MapIntrinsic<number, Entry>();
let least = 3;

let sweepAt = 64;

function nextNumber(): number {
  if (sizeOf(files) >= sweepAt) sweep();
  let number = least;
  while (handleOf(number) !== undefined) number++;
  least = number + 1;
  return number;
}

/** Forgets the numbers of files that nobody had any more. */
function sweep(): void {
  eachFile(files, (entry, number) => {
    if (isFileHandle(entry) || deref(entry) !== undefined) return;
    deleteFile(files, number);
    least = min(least, number);
  });
  sweepAt = 64 + 2 * sizeOf(files);
}

function handleOf(number: number): FileHandle | undefined {
  const entry = getFile(files, number);
  return entry === undefined || isFileHandle(entry) ? entry : deref(entry);
}

/** Keeps a file open until it is closed by its number, which this is. */
export function keepOpen(handle: FileHandle): number {
  const { fd } = handle;
  setFile(files, fd, handle);
  return fd;
}

/** The file of a number; an error where there is none. */
export function fileOf(number: unknown, syscall: string): FileHandle {
  const handle = handleOf(unsigned(number, 'fd', 2147483647));
  if (handle === undefined) throw badFile(syscall);
  return handle;
}

let stateOf: (value: unknown) => State;

/** The native file of a handle. */
export let openFile: (handle: FileHandle, syscall: string) => OpenFile;

export let isFileHandle: (value: unknown) => value is FileHandle;

class FileHandle {
  #state: State;

  static {
    isFileHandle = (value): value is FileHandle => isObject(value) && #state in value;
    stateOf = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw invalidArgType('this', 'an instance of FileHandle', value);
    };
    openFile = (handle, syscall) => {
      const { file } = stateOf(handle);
      if (file === undefined) throw badFile(syscall);
      return file;
    };
  }

  constructor(file: OpenFile) {
    this.#state = { number: nextNumber(), file, closing: undefined };
    setFile(files, this.#state.number, new WeakRefIntrinsic(this));
  }

  get fd(): number {
    const { file, number } = stateOf(this);
    return file === undefined ? -1 : number;
  }

  async appendFile(data: unknown, options: unknown = undefined): Promise<void> {
    return writeWhole(this, data, optionsOf(options));
  }

  async chmod(mode: unknown): Promise<void> {
    return settle(host.chmodFile(openFile(this, 'fchmod'), modeOf(mode, undefined)));
  }

  close(): Promise<void> {
    let state: State;
    try {
      state = stateOf(this);
    } catch (error) {
      return rejected(error);
    }
    const { file, number } = state;
    if (state.closing !== undefined) return state.closing;
    if (file === undefined) return rejected(badFile('close'));
    state.file = undefined;
    deleteFile(files, number);
    least = min(least, number);
    state.closing = settle(host.close(file));
    return state.closing;
  }

  createReadStream(options: unknown = undefined): unknown {
    openFile(this, 'read');
    return load<typeof import('guest:fsstreams')>('guest:fsstreams').readStreamOf(this, options);
  }

  createWriteStream(options: unknown = undefined): unknown {
    openFile(this, 'write');
    return load<typeof import('guest:fsstreams')>('guest:fsstreams').writeStreamOf(this, options);
  }

  async datasync(): Promise<void> {
    return settle(host.sync(openFile(this, 'fdatasync'), true));
  }

  async sync(): Promise<void> {
    return settle(host.sync(openFile(this, 'fsync'), false));
  }

  async read(
    buffer: unknown = undefined,
    offset: unknown = undefined,
    length: unknown = undefined,
    position: unknown = undefined,
  ): Promise<{ bytesRead: number; buffer: ArrayBufferView }> {
    const file = openFile(this, 'read');
    const given = readArguments(buffer, offset, length, position);
    const view = part(given.buffer, given.offset, given.length);
    const bytesRead = given.length === 0 ? 0 : await settle(host.read(file, view, given.position));
    return { bytesRead, buffer: given.buffer };
  }

  async readv(
    buffers: readonly ArrayBufferView[],
    position: unknown = undefined,
  ): Promise<{ bytesRead: number; buffers: readonly ArrayBufferView[] }> {
    const file = openFile(this, 'read');
    let at = positionOf(position);
    let bytesRead = 0;
    checkViews(buffers);
    for (let i = 0; i < buffers.length; i++) {
      const length = lengthOf(buffers[i]!);
      const read = length === 0 ? 0 : await settle(host.read(file, buffers[i]!, at));
      bytesRead += read;
      if (at >= 0) at += read;
      if (read < length) break;
    }
    return { bytesRead, buffers };
  }

  async readFile(options: unknown = undefined): Promise<string | Uint8Array | number> {
    return readWhole(this, optionsOf(options));
  }

  readableWebStream(): unknown {
    openFile(this, 'read');
    return load<typeof import('guest:fsstreams')>('guest:fsstreams').webStreamOf(this);
  }

  async stat(options: unknown = undefined): Promise<object> {
    const { bigint } = optionsOf(options);
    return statsOf(await settle(host.statFile(openFile(this, 'fstat'))), bigint === true);
  }

  async truncate(length: unknown = 0): Promise<void> {
    return settle(host.truncateFile(openFile(this, 'ftruncate'), truncation(length)));
  }

  async utimes(atime: unknown, mtime: unknown): Promise<void> {
    return settle(host.utimesFile(openFile(this, 'futime'), timeOf(atime), timeOf(mtime)));
  }

  async write(
    buffer: unknown,
    offset: unknown = undefined,
    length: unknown = undefined,
    position: unknown = undefined,
  ): Promise<{ bytesWritten: number; buffer: unknown }> {
    const file = openFile(this, 'write');
    const given = writeArguments(buffer, offset, length, position);
    const bytesWritten = await settle(host.write(file, given.content, given.encoding, given.position));
    return { bytesWritten, buffer };
  }

  async writev(
    buffers: readonly ArrayBufferView[],
    position: unknown = undefined,
  ): Promise<{ bytesWritten: number; buffers: readonly ArrayBufferView[] }> {
    const file = openFile(this, 'write');
    let at = positionOf(position);
    let bytesWritten = 0;
    checkViews(buffers);
    for (let i = 0; i < buffers.length; i++) {
      const written = await settle(host.write(file, buffers[i]! as ArrayBufferView<ArrayBuffer>, 'utf8', at));
      bytesWritten += written;
      if (at >= 0) at += written;
    }
    return { bytesWritten, buffers };
  }

  async writeFile(data: unknown, options: unknown = undefined): Promise<void> {
    return writeWhole(this, data, optionsOf(options));
  }
}

const asyncDispose = (Symbol as { asyncDispose?: symbol }).asyncDispose;
if (asyncDispose !== undefined) {
  const dispose = async function (this: FileHandle): Promise<void> {
    return this.close();
  };
  defineProperty(
    FileHandle.prototype,
    asyncDispose,
    descriptor({ value: dispose, writable: true, configurable: true }),
  );
}

// ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function isTyped(view: ArrayBufferView): boolean {
  return typedName(view) !== undefined;
}

function lengthOf(view: ArrayBufferView): number {
  return isTyped(view) ? typedLength(view) : viewLength(view);
}

/** A part of a view, as bytes. */
function part(view: ArrayBufferView, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const start = isTyped(view) ? typedOffset(view) : viewOffset(view);
  const buffer = isTyped(view) ? typedBuffer(view) : viewBuffer(view);
  return new BytesIntrinsic(buffer, start + offset, length);
}

function checkViews(buffers: unknown): void {
  const refuse = (): never => {
    throw invalidArgType('buffers', 'an instance of ArrayBufferView[]', buffers);
  };
  if (!isArray(buffers)) refuse();
  for (let i = 0; i < (buffers as unknown[]).length; i++) if (!isBytes((buffers as unknown[])[i])) refuse();
}

/** A negative one is the file's own. */
function positionOf(value: unknown): number {
  if (value === null || value === undefined) return -1;
  if (typeof value === 'bigint') {
    if (value < -(2n ** 63n) || value >= 2n ** 63n) {
      throw outOfRange('position', '>= -(2n ** 63n) && < 2n ** 63n', value);
    }
    return toNumber(value);
  }
  if (typeof value !== 'number') throw invalidArgType('position', 'of type integer or bigint', value);
  if (!isInteger(value)) throw outOfRange('position', 'an integer', value);
  if (value < -1 || !isSafeInteger(value)) throw outOfRange('position', '>= -1 && <= 9007199254740991', value);
  return value;
}

function within(value: unknown, name: string, preset: number, most: number): number {
  if (value === null || value === undefined) return preset;
  return unsigned(value, name, most);
}

interface Reading {
  readonly buffer: ArrayBufferView;
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

/** `(buffer, offset, length, position)`, `(buffer, options)`, `(options)` or nothing. */
export function readArguments(buffer: unknown, offset: unknown, length: unknown, position: unknown): Reading {
  let options: Options | undefined;
  if (!isBytes(buffer)) {
    if (buffer !== undefined && buffer !== null && typeof buffer !== 'object') {
      throw invalidArgType('buffer', 'an instance of Buffer, TypedArray, or DataView', buffer);
    }
    options = (buffer ?? {}) as Options;
    buffer = options.buffer ?? newBytes(READ_BYTES);
  } else if (isObject(offset)) options = offset as Options;
  if (options !== undefined) ({ offset, length, position } = options);
  if (!isBytes(buffer)) throw invalidArgType('buffer', 'an instance of Buffer, TypedArray, or DataView', buffer);
  const whole = lengthOf(buffer);
  const from = within(offset, 'offset', 0, whole);
  const most = within(length, 'length', whole - from, whole - from);
  if (whole === 0 && most === 0 && options === undefined && length === undefined) {
    throw invalidArgValue('buffer', buffer, 'is empty and cannot be written');
  }
  return { buffer, offset: from, length: most, position: positionOf(position) };
}

interface Writing {
  readonly content: Content;
  readonly encoding: Encoding;
  readonly position: number;
}

/** `(buffer, offset, length, position)`, `(buffer, options)`, `(string, position, encoding)`. */
export function writeArguments(buffer: unknown, offset: unknown, length: unknown, position: unknown): Writing {
  if (typeof buffer === 'string') {
    return { content: buffer, encoding: encodingOf(length) ?? 'utf8', position: positionOf(offset) };
  }
  if (!isBytes(buffer)) {
    throw invalidArgType('buffer', 'of type string or an instance of Buffer, TypedArray, or DataView', buffer);
  }
  if (isObject(offset)) ({ offset, length, position } = offset as Options);
  const whole = lengthOf(buffer);
  const from = within(offset, 'offset', 0, whole);
  const most = within(length, 'length', whole - from, whole - from);
  return { content: part(buffer, from, most), encoding: 'utf8', position: positionOf(position) };
}

export function truncation(length: unknown): number {
  if (length === undefined || length === null) return 0;
  if (typeof length !== 'number') throw invalidArgType('len', 'of type number', length);
  if (!isInteger(length)) throw outOfRange('len', 'an integer', length);
  return length < 0 ? 0 : length;
}

// ── whole files ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What `open` gives. */
export async function openHandle(path: unknown, flags: unknown, mode: unknown): Promise<FileHandle> {
  const name = pathOf(path);
  const bits = flagsOf(flags ?? 'r');
  return new FileHandle(await settle(host.open(name, bits, modeOf(mode, 0o666))));
}

type Target = string | OpenFile;

function targetOf(file: unknown, syscall: string): Target {
  return isFileHandle(file) ? openFile(file, syscall) : pathOf(file);
}

/** A file to its end: bytes, text, or with `native` the id of its bytes in the store. */
export async function readWhole(file: unknown, options: Options): Promise<string | Uint8Array | number> {
  const { encoding: given, flag, native, signal } = options;
  const encoding = encodingOf(given);
  const flags = flagsOf(flag ?? 'r', 'flag');
  const target = targetOf(file, 'read');
  if (native === true) {
    if (encoding !== undefined) throw invalidArgValue('options.encoding', given, 'has no meaning where native is true');
    return abortable(signal, (until) => settle(host.storeFile(target, flags, until)));
  }
  const content = await abortable(signal, (until) => settle(host.readFile(target, flags, encoding, until)));
  return typeof content === 'string' ? content : toBuffer(content);
}

const CONTENT = 'of type string or an instance of Buffer, TypedArray, or DataView';

function isStored(data: unknown): data is number {
  return typeof data === 'number' && isSafeInteger(data) && data > 0;
}

/** Writes a string, a view, the bytes of an id of the store, or what an iterable gives, one after the other. */
export async function writeWhole(file: unknown, data: unknown, options: Options, preset = 'w'): Promise<void> {
  const { encoding: given, mode: givenMode, flag, flush, signal } = options;
  const encoding = encodingOf(given) ?? 'utf8';
  const flags = flagsOf(flag ?? preset, 'flag');
  const mode = modeOf(givenMode, 0o666);
  const isWhole = typeof data === 'string' || isBytes(data) || isStored(data);
  const source = isWhole ? undefined : iterableOf(data);
  if (!isWhole && source === undefined) throw invalidArgType('data', CONTENT, data);
  const target = targetOf(file, 'write');
  await abortable(signal, async (until) => {
    if (source === undefined && flush !== true) {
      return settle(host.writeFile(target, flags, mode, data as Content, encoding, until));
    }
    const open = typeof target === 'string' ? await settle(host.open(target, flags, mode)) : target;
    try {
      if (source === undefined) await settle(host.writeFile(open, flags, mode, data as Content, encoding, until));
      else await writeAll(open, source, encoding, until, signal);
      if (flush === true) await settle(host.sync(open, false));
    } finally {
      if (open !== target) await settle(host.close(open));
    }
  });
}

function iterableOf(data: unknown): AsyncIterable<unknown> | Iterable<unknown> | undefined {
  if (!isObject(data)) return undefined;
  const { [asyncIterator]: inTime, [iterator]: atOnce } = data as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  const isIterable = typeof inTime === 'function' || typeof atOnce === 'function';
  return isIterable ? (data as AsyncIterable<unknown>) : undefined;
}

async function writeAll(
  file: OpenFile,
  source: AsyncIterable<unknown> | Iterable<unknown>,
  encoding: Encoding,
  until: Signal | undefined,
  signal: unknown,
): Promise<void> {
  for await (const chunk of source) {
    if (until !== undefined) throwIfAborted(signal as Parameters<typeof throwIfAborted>[0]);
    if (typeof chunk !== 'string' && !isBytes(chunk)) throw invalidArgType('data', CONTENT, chunk);
    await settle(host.write(file, chunk, encoding, -1));
  }
}

export { FileHandle };
