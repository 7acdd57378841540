// What fs takes and gives: paths, flags, modes, encodings, errors. In: what guests wrote. Out: what `host:fs` takes, or Node's own errors.

import { abortReason, isAbortSignal, onAbort } from 'guest:abort';
import type { AbortSignal } from 'guest:abort';
import { toBuffer } from 'guest:nodebytes';
import { invalidArgType, invalidArgValue, outOfRange } from 'guest:nodeerrors';
import { react } from 'guest:promises';
import { bare, descriptor, isObject, isUint8Array, uncurry, withCode } from 'guest:webidl';
import { abort, newSignal } from 'host:fs';
import type { Encoding, Signal } from 'host:fs';
import { decode, encode, isEncoding } from 'host:nodebytes';

const { defineProperty } = Reflect;
const { isInteger, isFinite } = Number;
const { now } = Date;
const { isView } = ArrayBuffer;
const decodeUri = decodeURIComponent;
const ErrorIntrinsic = Error;
const TypeErrorIntrinsic = TypeError;
const BytesIntrinsic = Uint8Array;
const indexOf = uncurry(String.prototype.indexOf as (text: string) => number);
const toLowerCase = uncurry(String.prototype.toLowerCase);
const test = uncurry(RegExp.prototype.test);
const getTime = uncurry(Date.prototype.getTime);
const parseOctal = parseInt;

// ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Facts {
  readonly code: string;
  readonly errno?: number;
  readonly syscall?: string;
  readonly path?: string;
  readonly dest?: string;
}

/** What the system said, in Node's terms: `code`, `errno`, `syscall`, and the guest's own paths. */
class FSError extends Error {
  declare readonly code: string;
  declare readonly errno: number | undefined;
  declare readonly syscall: string | undefined;
  declare readonly path: string | undefined;
  declare readonly dest: string | undefined;

  constructor(message: string, { errno, code, syscall, path, dest }: Facts) {
    super(message);
    const fields = bare<unknown>();
    fields.errno = errno;
    fields.code = code;
    fields.syscall = syscall;
    fields.path = path;
    fields.dest = dest;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      defineProperty(this, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
    }
  }
}

defineProperty(FSError.prototype, 'name', descriptor({ value: 'FSError', writable: true, configurable: true }));

/** An error as guests see it. */
export function shown(error: unknown): unknown {
  const facts = error as Facts & { message: string };
  return isObject(error) && typeof facts.syscall === 'string' ? new FSError(facts.message, facts) : error;
}

/** What an operation gives, its errors as guests see them. */
export function settle<T>(operation: Promise<T>): Promise<Awaited<T>> {
  return react(operation, undefined, (error) => {
    throw shown(error);
  }) as Promise<Awaited<T>>;
}

export function badFile(syscall: string): FSError {
  const code = 'EBADF';
  return new FSError(`${code}: bad file descriptor, ${syscall}`, { code, errno: -9, syscall });
}

export function abortError(reason: unknown): Error & { code: string } {
  const error = withCode(new ErrorIntrinsic('The operation was aborted'), 'ABORT_ERR');
  const field = (name: string, value: unknown): void => {
    defineProperty(error, name, descriptor({ value, writable: true, configurable: true }));
  };
  field('name', 'AbortError');
  field('cause', reason);
  return error;
}

/** Runs what a guest's AbortSignal may end. */
export async function abortable<T>(signal: unknown, run: (signal: Signal | undefined) => Promise<T>): Promise<T> {
  if (signal === undefined) return run(undefined);
  if (!isAbortSignal(signal)) throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  throwIfAborted(signal);
  const ender = newSignal();
  const forget = onAbort(signal, () => abort(ender));
  try {
    return await run(ender);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    forget();
  }
}

export function throwIfAborted(signal: AbortSignal): void {
  const aborted = abortReason(signal);
  if (aborted !== undefined) throw abortError(aborted.reason);
}

// ── paths ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type PathLike = string | Uint8Array | { readonly href: string; readonly protocol: string };

const WITHOUT_NUL = 'must be a string, Uint8Array, or URL without null bytes';

export function pathOf(value: unknown, name = 'path'): string {
  const path = typeof value === 'string' ? value : otherPath(value, name);
  if (indexOf(path, '\0') >= 0) throw invalidArgValue(name, value, WITHOUT_NUL);
  return path;
}

function otherPath(value: unknown, name: string): string {
  if (isUint8Array(value)) return encode(value as Uint8Array<ArrayBuffer>, 'utf8');
  if (isObject(value)) {
    const { href, protocol, hostname, pathname } = value as Record<string, unknown>;
    if (typeof href === 'string' && typeof protocol === 'string' && typeof pathname === 'string') {
      return pathOfUrl(protocol, hostname, pathname);
    }
  }
  throw invalidArgType(name, 'of type string or an instance of Buffer or URL', value);
}

function pathOfUrl(protocol: string, hostname: unknown, pathname: string): string {
  if (protocol !== 'file:') {
    throw withCode(new TypeErrorIntrinsic('The URL must be of scheme file'), 'ERR_INVALID_URL_SCHEME');
  }
  if (hostname !== '' && hostname !== undefined) {
    const message = 'File URL host must be "localhost" or empty on linux';
    throw withCode(new TypeErrorIntrinsic(message), 'ERR_INVALID_FILE_URL_HOST');
  }
  if (indexOf(toLowerCase(pathname), '%2f') >= 0) {
    const message = 'File URL path must not include encoded / characters';
    throw withCode(new TypeErrorIntrinsic(message), 'ERR_INVALID_FILE_URL_PATH');
  }
  return decodeUri(pathname);
}

// ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const FLAGS = bare<number>();
FLAGS.r = 0;
FLAGS.rs = FLAGS.sr = 0o4010000;
FLAGS['r+'] = 2;
FLAGS['rs+'] = FLAGS['sr+'] = 0o4010002;
FLAGS.w = 0o1101;
FLAGS.wx = FLAGS.xw = 0o1301;
FLAGS['w+'] = 0o1102;
FLAGS['wx+'] = FLAGS['xw+'] = 0o1302;
FLAGS.a = 0o2101;
FLAGS.ax = FLAGS.xa = 0o2301;
FLAGS.as = FLAGS.sa = 0o4012101;
FLAGS['a+'] = 0o2102;
FLAGS['ax+'] = FLAGS['xa+'] = 0o2302;
FLAGS['as+'] = FLAGS['sa+'] = 0o4012102;

export function flagsOf(value: unknown, name = 'flags'): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') {
    if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
    if (value < -2147483648 || value > 2147483647) throw outOfRange(name, '>= -2147483648 && <= 2147483647', value);
    return value;
  }
  const bits = typeof value === 'string' ? FLAGS[value] : undefined;
  if (bits === undefined) throw invalidArgValue('flags', value);
  return bits;
}

export function modeOf(value: unknown, preset: number | undefined, name = 'mode'): number {
  if (value === undefined || value === null) {
    if (preset !== undefined) return preset;
    throw invalidArgType(name, 'of type number', value);
  }
  let mode = value;
  if (typeof value === 'string') {
    if (!test(/^[0-7]+$/, value)) {
      throw invalidArgValue(name, value, 'must be a 32-bit unsigned integer or an octal string');
    }
    mode = parseOctal(value, 8);
  }
  return unsigned(mode, name, 0xffff_ffff);
}

export function unsigned(value: unknown, name: string, most = 9007199254740991): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < 0 || value > most) throw outOfRange(name, `>= 0 && <= ${most}`, value);
  return value;
}

/** Seconds since 1970. */
export function timeOf(value: unknown, name = 'time'): number {
  if (typeof value === 'string' && `${+value}` === value) return +value;
  if (typeof value === 'number') return isFinite(value) ? value : now() / 1000;
  if (isObject(value)) {
    try {
      return getTime(value) / 1000;
    } catch {
      // No Date.
    }
  }
  throw invalidArgType(name, 'of type Date or Time in seconds', value);
}

// ── options ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Options = Readonly<Record<string, unknown>>;

const NONE = bare<unknown>() as Options;

/** Options as an object; a string is the encoding. */
export function optionsOf(value: unknown): Options {
  if (value === undefined || value === null || typeof value === 'function') return NONE;
  if (typeof value === 'string') {
    const options = bare<unknown>();
    options.encoding = value;
    return options;
  }
  if (typeof value !== 'object') {
    throw invalidArgType('options', 'of type string or an instance of Object', value);
  }
  return value as Options;
}

const ENCODINGS = bare<Encoding>();
ENCODINGS.utf8 = ENCODINGS['utf-8'] = 'utf8';
ENCODINGS.ucs2 = ENCODINGS['ucs-2'] = ENCODINGS.utf16le = ENCODINGS['utf-16le'] = 'utf16le';
ENCODINGS.latin1 = ENCODINGS.binary = 'latin1';
ENCODINGS.ascii = 'ascii';
ENCODINGS.hex = 'hex';
ENCODINGS.base64 = 'base64';
ENCODINGS.base64url = 'base64url';

/** Nothing where bytes are wanted. */
export function encodingOf(value: unknown): Encoding | undefined {
  if (value === undefined || value === null || value === '' || value === 'buffer') return undefined;
  if (typeof value === 'string' && isEncoding(value)) return ENCODINGS[toLowerCase(value)];
  throw invalidArgValue('encoding', value, 'is invalid encoding');
}

/** A name as it is wanted: most want text. */
export function nameIn(options: Options, name: string): string | Uint8Array {
  const { encoding } = options;
  if (encoding === 'buffer') return toBuffer(decode(name, 'utf8'));
  const wanted = encodingOf(encoding);
  return wanted === undefined || wanted === 'utf8' ? name : encode(decode(name, 'utf8'), wanted);
}

/** Bytes of a view that natives take: `DataView`s and typed arrays of any kind. */
export function isBytes(value: unknown): value is ArrayBufferView<ArrayBuffer> {
  return isView(value);
}

export function newBytes(length: number): Uint8Array {
  return toBuffer(new BytesIntrinsic(length).buffer);
}

export { FSError, toBuffer };
