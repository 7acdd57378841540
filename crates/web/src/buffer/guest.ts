// buffer: Node's Buffer, a Uint8Array with encodings. Nothing is pooled: each Buffer has memory of its own, which is zeroed.
//
// Text becomes bytes and back natively (`host:buffer`), and so do searches and fills; the rest is bookkeeping of offsets.

import { descriptor, isObject, isUint8Array, usvString } from 'guest:webidl';
import { defineNumbers } from 'guest:buffernumbers';
import { coded, invalidArgType, invalidArgValue, outOfRange, checkInteger, checkString } from 'guest:nodeerrors';
import { marks } from 'guest:marks';
import { load } from 'host:modules';
import * as host from 'host:buffer';

const { defineProperty, apply } = Reflect;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { floor, trunc } = Math;
const { isFinite, isNaN } = Number;
const { setPrototypeOf } = Object;
const { atob, btoa } = globalThis as unknown as Record<'atob' | 'btoa', unknown>;
const set = (Uint8Array.prototype as Uint8Array).set;
const fillBytes = (Uint8Array.prototype as Uint8Array).fill;

type EncodingNumber = 0 | 1 | 2 | 3 | 4 | 5 | 6;
type Text = (typeof ENCODINGS)[number];
type Source = Uint8Array | ArrayBuffer | SharedArrayBuffer;

export const kMaxLength = 2 ** 31 - 1;
export const kStringMaxLength = 2 ** 30 - 1;

const ENCODINGS = ['utf8', 'utf16le', 'latin1', 'ascii', 'base64', 'base64url', 'hex'] as const;
const UTF8 = 0;
const UTF16 = 1;
const LATIN1 = 2;
const LABELS = {
  __proto__: null,
  utf8: 0,
  'utf-8': 0,
  ucs2: 1,
  'ucs-2': 1,
  utf16le: 1,
  'utf-16le': 1,
  latin1: 2,
  binary: 2,
  ascii: 3,
  base64: 4,
  base64url: 5,
  hex: 6,
} as unknown as Record<string, EncodingNumber | undefined>;

function encodingOf(label: unknown): EncodingNumber | undefined {
  return typeof label === 'string' ? (LABELS[label] ?? LABELS[label.toLowerCase()]) : undefined;
}

/** An error for a label that names no encoding. */
export function unknownEncoding(label: unknown): Error {
  return coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${shown(label)}`);
}

function shown(label: unknown): string {
  if (typeof label === 'string') return label;
  return load<typeof import('guest:nodeformat')>('guest:nodeformat').format('%s', label);
}

/** The encoding that a label names: UTF-8 for none. */
function requireEncoding(label: unknown): EncodingNumber {
  if (label === undefined) return UTF8;
  const encoding = encodingOf(`${label as string}`);
  if (encoding === undefined) throw unknownEncoding(label);
  return encoding;
}

/** The canonical name of an encoding, undefined for none that is known. */
export function normalizeEncoding(label: unknown): Text | undefined {
  if (label === undefined || label === null || label === '') return 'utf8';
  const encoding = encodingOf(label);
  return encoding === undefined ? undefined : ENCODINGS[encoding];
}

/** The bytes of a text, or for base64 and hex the most that it may have. */
function sizeOf(text: string, encoding: EncodingNumber): number {
  const { length } = text;
  switch (encoding) {
    case 0:
      return host.byteLength(usvString(text));
    case 1:
      return length * 2;
    case 4:
    case 5: {
      let end = length;
      if (text[end - 1] === '=') end--;
      if (end > 1 && text[end - 1] === '=') end--;
      return trunc((end * 3) / 4);
    }
    case 6:
      return length >>> 1;
    default:
      return length;
  }
}

function put(text: string, encoding: EncodingNumber, target: Uint8Array, start: number, end: number): number {
  return host.write(encoding, encoding === UTF8 ? usvString(text) : text, target, start, end);
}

// ── the class ─────────────────────────────────────────────────────────────────────────────────────────────────────────

class FastBuffer extends Uint8Array {}

export interface Buffer extends Uint8Array {
  [name: string]: any;
}
interface BufferConstructor {
  (value: any, encodingOrOffset?: any, length?: any): Buffer;
  new (value: any, encodingOrOffset?: any, length?: any): Buffer;
  prototype: Buffer;
  from(value: unknown, encodingOrOffset?: unknown, length?: unknown): Buffer;
  alloc(size: number, fill?: unknown, encoding?: unknown): Buffer;
  allocUnsafe(size: number): Buffer;
  concat(list: readonly Uint8Array[], length?: number): Buffer;
  isBuffer(value: unknown): value is Buffer;
  byteLength(value: unknown, encoding?: unknown): number;
  isEncoding(label: unknown): boolean;
  [name: PropertyKey]: any;
}

const Buffer = function (value: unknown, encodingOrOffset?: unknown, length?: unknown) {
  if (typeof value !== 'number') return Buffer.from(value, encodingOrOffset, length);
  if (typeof encodingOrOffset === 'string') throw invalidArgType('string', 'of type string', value);
  return Buffer.alloc(value);
} as unknown as BufferConstructor;
defineProperty(Buffer, 'name', descriptor({ value: 'Buffer', configurable: true }));

Buffer.prototype = FastBuffer.prototype as unknown as Buffer;
defineProperty(
  FastBuffer.prototype,
  'constructor',
  descriptor({ value: Buffer, writable: true, configurable: true, enumerable: false }),
);
setPrototypeOf(Buffer, Uint8Array);
defineProperty(Buffer, Symbol.species, descriptor({ get: () => FastBuffer, configurable: true, enumerable: false }));
marks.bufferPrototype = FastBuffer.prototype;

const isBuffer = (value: unknown): value is Buffer => isObject(value) && value instanceof (Buffer as any);

function make(size: number): Buffer {
  return new FastBuffer(size) as Buffer;
}

function checkSize(size: unknown): asserts size is number {
  if (typeof size !== 'number') throw invalidArgType('size', 'of type number', size);
  if (!(size >= 0 && size <= kMaxLength)) throw outOfRange('size', `>= 0 && <= ${kMaxLength}`, size);
}

function fromText(text: string, label: unknown): Buffer {
  const encoding = typeof label === 'string' && label !== '' ? requireEncoding(label) : UTF8;
  if (text === '') return make(0);
  const size = sizeOf(text, encoding);
  const buffer = make(size);
  const written = put(text, encoding, buffer, 0, size);
  return written === size ? buffer : (new FastBuffer(buffer.buffer as ArrayBuffer, 0, written) as Buffer);
}

function isAnyArrayBuffer(value: unknown): value is ArrayBuffer | SharedArrayBuffer {
  if (!isObject(value)) return false;
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function fromArrayBuffer(buffer: ArrayBuffer | SharedArrayBuffer, offset: unknown, length: unknown): Buffer {
  let start = 0;
  if (offset !== undefined) {
    start = +(offset as number);
    if (isNaN(start)) start = 0;
  }
  const room = buffer.byteLength - start;
  if (room < 0) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
  let size = room;
  if (length !== undefined) {
    size = +(length as number);
    if (!(size > 0)) size = 0;
    else if (size > room) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
  }
  return new FastBuffer(buffer as ArrayBuffer, start, size) as Buffer;
}

function fromArrayLike(list: ArrayLike<number>): Buffer {
  if (!(list.length > 0)) return make(0);
  if (isUint8Array(list)) {
    const buffer = make(list.length);
    apply(set, buffer, [list, 0]);
    return buffer;
  }
  return new FastBuffer(list) as Buffer;
}

const FIRST = 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object';

function from(value: any, encodingOrOffset?: unknown, length?: unknown): Buffer {
  if (typeof value === 'string') return fromText(value, encodingOrOffset);
  if (typeof value === 'object' && value !== null) {
    if (isAnyArrayBuffer(value)) return fromArrayBuffer(value, encodingOrOffset, length);
    const primitive = value.valueOf?.();
    if (primitive !== null && primitive !== undefined && primitive !== value) {
      if (typeof primitive === 'string' || typeof primitive === 'object') {
        return from(primitive, encodingOrOffset, length);
      }
    }
    if (value.length !== undefined || isAnyArrayBuffer(value.buffer)) {
      return typeof value.length === 'number' ? fromArrayLike(value) : make(0);
    }
    if (value.type === 'Buffer' && isArray(value.data)) return fromArrayLike(value.data);
    const convert = value[Symbol.toPrimitive];
    if (typeof convert === 'function') {
      const text = apply(convert, value, ['string']);
      if (typeof text === 'string') return fromText(text, encodingOrOffset);
    }
  }
  throw invalidArgType('first argument', FIRST, value);
}

function requireBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (!isUint8Array(value)) throw invalidArgType(name, 'an instance of Buffer or Uint8Array', value);
}

const statics: Record<string, unknown> & ThisType<unknown> = {
  poolSize: 8192,
  from,
  of(...items: number[]) {
    return new FastBuffer(items);
  },
  alloc(size: unknown, fill?: unknown, encoding?: unknown) {
    checkSize(size);
    const buffer = make(size);
    if (fill !== undefined && fill !== 0 && size > 0) {
      if (typeof fill === 'string' && encoding !== undefined) checkString(encoding, 'encoding');
      fillRange(buffer, fill, 0, size, encoding);
    }
    return buffer;
  },
  allocUnsafe(size: unknown) {
    checkSize(size);
    return make(size);
  },
  allocUnsafeSlow(size: unknown) {
    checkSize(size);
    return make(size);
  },
  copyBytesFrom(view: ArrayBufferView, offset?: number, length?: number) {
    if (!isView(view) || view instanceof DataView) throw invalidArgType('view', 'an instance of TypedArray', view);
    const list = view as unknown as Uint8Array;
    if (list.length === 0) return make(0);
    if (offset !== undefined) checkInteger(offset, 'offset', 0);
    const start = offset ?? 0;
    if (start >= list.length) return make(0);
    if (length !== undefined) checkInteger(length, 'length', 0);
    const end = length === undefined || length > list.length - start ? list.length : start + length;
    const { BYTES_PER_ELEMENT: width, buffer, byteOffset } = list;
    return fromArrayLike(new Uint8Array(buffer, byteOffset + start * width, (end - start) * width));
  },
  concat(list: readonly Uint8Array[], length?: number) {
    if (!isArray(list)) throw invalidArgType('list', 'an instance of Array', list);
    if (list.length === 0) return make(0);
    let total = 0;
    if (length === undefined) {
      for (let i = 0; i < list.length; i++) if (list[i]?.length) total += list[i]!.length;
    } else {
      checkInteger(length, 'length', 0, kMaxLength);
      total = length;
    }
    const buffer = (statics.allocUnsafe as (size: number) => Buffer)(total);
    let at = 0;
    for (let i = 0; i < list.length; i++) {
      const part = list[i];
      requireBytes(part, `list[${i}]`);
      if (at + part.length > total) {
        apply(set, buffer, [part.subarray(0, total - at), at]);
        break;
      }
      apply(set, buffer, [part, at]);
      at += part.length;
    }
    return buffer;
  },
  isBuffer,
  isEncoding(label: unknown) {
    return typeof label === 'string' && label !== '' && encodingOf(label) !== undefined;
  },
  byteLength(value: unknown, encoding?: unknown) {
    if (typeof value === 'string') return sizeOf(value, encodingOf(encoding) ?? UTF8);
    if (isView(value) || isAnyArrayBuffer(value)) return value.byteLength;
    throw invalidArgType('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
  },
  compare(a: unknown, b: unknown) {
    requireBytes(a, 'buf1');
    requireBytes(b, 'buf2');
    return a === b ? 0 : host.compare(a, 0, a.length, b, 0, b.length);
  },
};

// ── methods ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An offset as `slice` takes it: negative from the end, within the length. */
function adjust(offset: unknown, length: number): number {
  const whole = trunc(+(offset as number));
  if (whole === 0 || isNaN(whole)) return 0;
  if (whole < 0) return whole + length > 0 ? whole + length : 0;
  return whole < length ? whole : length;
}

function fillRange(buffer: Uint8Array, given: unknown, start: number, end: number, label: unknown): void {
  let value = given;
  if (typeof value === 'string') {
    const encoding = requireEncoding(label || undefined);
    if (value === '') value = 0;
    else {
      const pattern = fromText(value, ENCODINGS[encoding]);
      if (pattern.length === 0) throw invalidArgValue('value', given);
      host.fill(buffer, start, end, pattern);
      return;
    }
  }
  if (isUint8Array(value) || isView(value)) {
    if (value.byteLength === 0) throw invalidArgValue('value', value);
    host.fill(buffer, start, end, value as ArrayBufferView);
    return;
  }
  const byte = typeof value === 'boolean' ? +value : (value as number) & 255;
  apply(fillBytes, buffer, [byte, start, end]);
}

function search(buffer: Uint8Array, given: unknown, at: unknown, label: unknown, isForward: boolean): number {
  let encoding = label;
  let offset = at;
  if (typeof offset === 'string') {
    encoding = offset;
    offset = undefined;
  }
  let from = offset === undefined ? NaN : +(offset as number);
  if (isNaN(from)) from = isForward ? 0 : buffer.length;
  from = trunc(from);
  let needle: Uint8Array;
  let inUnits = false;
  if (typeof given === 'number') needle = new FastBuffer([(given >>> 0) & 255]);
  else if (typeof given === 'string') {
    const kind = requireEncoding(encoding);
    inUnits = kind === UTF16;
    needle = fromText(given, ENCODINGS[kind]);
  } else if (isUint8Array(given)) {
    inUnits = encodingOf(encoding) === UTF16;
    needle = given;
  } else {
    throw invalidArgType('value', 'one of type number or string or an instance of Buffer or Uint8Array', given);
  }
  const length = inUnits ? buffer.length & ~1 : buffer.length;
  if (from < 0) {
    from += length;
    if (from < 0) {
      if (!isForward && needle.length > 0) return -1;
      from = 0;
    }
  }
  if (needle.length === 0) return from > length ? length : from || 0;
  if (length === 0) return -1;
  if (from > length) {
    if (isForward) return -1;
    from = length;
  }
  if (isForward && from + needle.length > length) return -1;
  if (needle.length > length || (inUnits && (length < 2 || needle.length < 2))) return -1;
  return host.search(buffer, needle, from, isForward, inUnits);
}

function toText(buffer: Uint8Array, encoding: EncodingNumber, start: number, end: number): string {
  return host.decode(encoding, buffer, start, end);
}

const methods: Record<string, unknown> & ThisType<Buffer> = {
  toString(label?: unknown, start?: unknown, end?: unknown) {
    const { length } = this;
    if (arguments.length === 0) return toText(this, UTF8, 0, length);
    const from = (start as number) > 0 ? trunc(start as number) : 0;
    if (from >= length) return '';
    const to = end === undefined ? length : (end as number) > length ? length : trunc(+(end as number)) || 0;
    if (to <= from) return '';
    return toText(this, label === undefined ? UTF8 : requireEncoding(label), from, to);
  },
  equals(other: unknown) {
    requireBytes(other, 'otherBuffer');
    return (
      this === other ||
      (this.length === other.length && host.compare(this, 0, this.length, other, 0, other.length) === 0)
    );
  },
  compare(target: unknown, targetStart?: unknown, targetEnd?: unknown, start?: unknown, end?: unknown) {
    requireBytes(target, 'target');
    if (targetStart === undefined) targetStart = 0;
    else checkInteger(targetStart, 'targetStart', 0, kMaxLength);
    if (targetEnd === undefined) targetEnd = target.length;
    else checkInteger(targetEnd, 'targetEnd', 0, target.length);
    if (start === undefined) start = 0;
    else checkInteger(start, 'sourceStart', 0, kMaxLength);
    if (end === undefined) end = this.length;
    else checkInteger(end, 'sourceEnd', 0, this.length);
    if ((start as number) >= (end as number)) return (targetStart as number) >= (targetEnd as number) ? 0 : -1;
    if ((targetStart as number) >= (targetEnd as number)) return 1;
    return host.compare(this, start as number, end as number, target, targetStart as number, targetEnd as number);
  },
  indexOf(value: unknown, offset?: unknown, encoding?: unknown) {
    return search(this, value, offset, encoding, true);
  },
  lastIndexOf(value: unknown, offset?: unknown, encoding?: unknown) {
    return search(this, value, offset, encoding, false);
  },
  includes(value: unknown, offset?: unknown, encoding?: unknown) {
    return search(this, value, offset, encoding, true) !== -1;
  },
  copy(target: unknown, targetStart?: unknown, sourceStart?: unknown, sourceEnd?: unknown) {
    requireBytes(target, 'target');
    const whole = (value: unknown, preset: number): number => {
      if (value === undefined) return preset;
      const number = +(value as number);
      return isFinite(number) ? floor(number) : 0;
    };
    const to = whole(targetStart, 0);
    if (to < 0) throw outOfRange('targetStart', '>= 0', to);
    const start = whole(sourceStart, 0);
    if (start < 0 || start > this.length) throw outOfRange('sourceStart', `>= 0 && <= ${this.length}`, start);
    let end = whole(sourceEnd, this.length);
    if (end < 0) throw outOfRange('sourceEnd', '>= 0', end);
    if (to >= target.length || start >= end) return 0;
    if (end > this.length) end = this.length;
    if (end - start > target.length - to) end = start + target.length - to;
    apply(set, target, [new FastBuffer(this.buffer as ArrayBuffer, this.byteOffset + start, end - start), to]);
    return end - start;
  },
  fill(value: unknown, start?: unknown, end?: unknown, encoding?: unknown) {
    let from = start;
    let to = end;
    let label = encoding;
    if (typeof value === 'string') {
      if (from === undefined || typeof from === 'string') {
        label = from;
        from = 0;
        to = this.length;
      } else if (typeof to === 'string') {
        label = to;
        to = this.length;
      }
      requireEncoding(label || undefined);
    }
    if (from === undefined) {
      from = 0;
      to = this.length;
    } else {
      checkInteger(from, 'offset', 0, kMaxLength);
      if (to === undefined) to = this.length;
      else checkInteger(to, 'end', 0, this.length);
    }
    if ((from as number) < (to as number)) fillRange(this, value, from as number, to as number, label);
    return this;
  },
  write(text: unknown, offset?: unknown, length?: unknown, label?: unknown) {
    let start = 0;
    let size = this.length;
    let encoding = label;
    if (offset === undefined) {
      // Everything, in UTF-8.
    } else if (length === undefined && typeof offset === 'string') encoding = offset;
    else {
      checkInteger(offset, 'offset', 0, this.length);
      start = offset;
      const rest = this.length - start;
      size = rest;
      if (length !== undefined) {
        if (typeof length === 'string') encoding = length;
        else {
          checkInteger(length, 'length', 0, this.length);
          size = length < rest ? length : rest;
        }
      }
    }
    if (typeof text !== 'string') throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'argument must be a string');
    return put(text, requireEncoding(encoding || undefined), this, start, start + size);
  },
  toJSON() {
    const data: number[] = [];
    for (let i = 0; i < this.length; i++) data[i] = this[i]!;
    return { type: 'Buffer', data };
  },
  subarray(start?: unknown, end?: unknown) {
    const from = adjust(start, this.length);
    const to = end === undefined ? this.length : adjust(end, this.length);
    return new FastBuffer(this.buffer as ArrayBuffer, this.byteOffset + from, to > from ? to - from : 0);
  },
  slice(start?: unknown, end?: unknown) {
    return this.subarray(start as number, end as number);
  },
  inspect(_depth?: number, options?: { breakLength?: number }) {
    return inspectBuffer(this, options);
  },
};

function named(run: Function, name: string): Function {
  defineProperty(run, 'name', descriptor({ value: name, configurable: true }));
  return run;
}

for (const width of [2, 4, 8] as const) {
  const bits = width * 8;
  const swap = function (this: Buffer): Buffer {
    if (this.length % width !== 0) {
      throw coded(RangeError, 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${bits}-bits`);
    }
    host.swap(this, width);
    return this;
  };
  methods[`swap${bits}`] = named(swap, `swap${bits}`);
}

for (const [name, encoding] of [
  ['ascii', 3],
  ['base64', 4],
  ['base64url', 5],
  ['latin1', 2],
  ['hex', 6],
  ['ucs2', 1],
  ['utf8', 0],
] as const) {
  const slice = function (this: Buffer, start = 0, end = this.length): string {
    const { length } = this;
    if (length > 0 && (start > length || end > length))
      throw coded(RangeError, 'ERR_OUT_OF_RANGE', 'Index out of range');
    return toText(this, encoding, start, end);
  };
  const write = function (this: Buffer, text: string, offset = 0, length = this.length - offset): number {
    return put(text, encoding, this, offset, offset + length);
  };
  methods[`${name}Slice`] = named(slice, `${name}Slice`);
  methods[`${name}Write`] = named(write, `${name}Write`);
}

let inspectMaxBytes = 50;

/** `<Buffer 61 62>`: bytes, how many more there are, and properties of the buffer's own. */
export function inspectBuffer(buffer: Uint8Array, options?: { breakLength?: number }, inspect?: Function): string {
  const count = Math.min(inspectMaxBytes, buffer.length);
  let text = toText(buffer, 6, 0, count)
    .replace(/(.{2})/g, '$1 ')
    .trim();
  const rest = buffer.length - inspectMaxBytes;
  if (rest > 0) text += ` ... ${rest} more byte${rest > 1 ? 's' : ''}`;
  if (options !== undefined && inspect !== undefined) {
    const own: Record<string, unknown> = { __proto__: null } as never;
    let has = false;
    for (const name of Object.keys(buffer)) {
      if (`${+name >>> 0}` === name) continue;
      has = true;
      own[name] = (buffer as unknown as Record<string, unknown>)[name];
    }
    if (has) {
      if (buffer.length !== 0) text += ', ';
      text += apply(inspect, undefined, [own, { ...options, breakLength: Infinity, compact: true }]).slice(27, -2);
    }
  }
  return `<${(buffer as { constructor?: { name?: string } }).constructor?.name ?? 'Buffer'} ${text}>`;
}

for (const [target, members] of [
  [Buffer, statics],
  [FastBuffer.prototype, methods],
] as const) {
  for (const name in members) {
    const value = members[name];
    defineProperty(target, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
  }
}
defineNumbers(FastBuffer.prototype);
const { prototype } = Buffer;
prototype.toLocaleString = prototype.toString;
defineProperty(
  prototype,
  Symbol.for('nodejs.util.inspect.custom'),
  descriptor({
    value(this: Buffer, _depth: number, options: object, inspect: Function) {
      return inspectBuffer(this, options, inspect);
    },
    writable: true,
    enumerable: true,
    configurable: true,
  }),
);
for (const [name, key] of [
  ['parent', 'buffer'],
  ['offset', 'byteOffset'],
] as const) {
  const get = function (this: unknown): unknown {
    return isBuffer(this) ? this[key] : undefined;
  };
  defineProperty(prototype, name, descriptor({ get, enumerable: true }));
}

// ── the module ────────────────────────────────────────────────────────────────────────────────────────────────────────

function SlowBuffer(size: unknown): Buffer {
  checkSize(size);
  return make(size);
}
setPrototypeOf(SlowBuffer.prototype, Uint8Array.prototype);
setPrototypeOf(SlowBuffer, Uint8Array);

/** Text in one encoding as text in another; what the target has no character for becomes a question mark. */
function transcode(source: unknown, fromLabel: unknown, toLabel: unknown): Buffer {
  requireBytes(source, 'source');
  if (source.length === 0) return make(0);
  const [given, wanted] = [normalizeEncoding(fromLabel), normalizeEncoding(toLabel)];
  if (given === undefined || wanted === undefined || !isTextual(given) || !isTextual(wanted)) {
    throw untranscodable('U_ILLEGAL_ARGUMENT_ERROR', 1);
  }
  const text = textToTranscode(source, given, wanted);
  if (wanted === 'latin1') return fromText(text.replace(/[^\0-\xff]/gu, '?'), wanted);
  return fromText(wanted === 'ascii' ? text.replace(/[^\0-\x7f]/gu, '?') : text, wanted);
}

const isTextual = (encoding: Text): boolean => encoding !== 'hex' && encoding !== 'base64' && encoding !== 'base64url';

function untranscodable(code: string, errno: number): Error {
  return Object.assign(coded(Error, code, `Unable to transcode Buffer [${code}]`), { errno });
}

/** Well-formed, where what is not is no error. */
function textToTranscode(source: Uint8Array, given: Text, wanted: Text): string {
  const isStrict = (given === 'utf8' && wanted === 'utf16le') || (given === 'utf16le' && wanted === 'utf8');
  // Half a unit at the end is told of where units stay units.
  const isOdd = given === 'utf16le' && wanted === 'utf16le' && source.length % 2 === 1;
  let text = toText(source, LABELS[given]!, 0, source.length);
  // Bytes beyond ASCII are no text in it, though `toString` drops their highest bits.
  if (given === 'ascii') text = toText(source, LATIN1, 0, source.length);
  if (given === 'ascii' && wanted !== 'utf16le') text = text.replace(/[^\0-\x7f]/g, '\ufffd');
  if (isStrict && (given === 'utf8' ? !host.isUtf8(source) : !text.isWellFormed())) {
    throw untranscodable('U_INVALID_CHAR_FOUND', 10);
  }
  return isOdd ? `${text.toWellFormed()}\ufffd` : text.toWellFormed();
}

function requireSource(value: unknown): asserts value is Source {
  if (!isView(value) && !isAnyArrayBuffer(value)) {
    throw invalidArgType('input', 'an instance of ArrayBuffer, Buffer, or TypedArray', value);
  }
}

function isUtf8(input: unknown): boolean {
  requireSource(input);
  return host.isUtf8(input);
}

function isAscii(input: unknown): boolean {
  requireSource(input);
  return host.isAscii(input);
}

/** What `require('buffer')` gives. */
const bufferModule: Record<string, unknown> = {
  Buffer,
  SlowBuffer,
  transcode,
  isUtf8,
  isAscii,
  kMaxLength,
  kStringMaxLength,
  atob,
  btoa,
};
defineProperty(
  bufferModule,
  'constants',
  descriptor({
    value: Object.freeze({ MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength }),
    enumerable: true,
  }),
);
defineProperty(
  bufferModule,
  'INSPECT_MAX_BYTES',
  descriptor({
    get: () => inspectMaxBytes,
    set(value: unknown) {
      if (typeof value !== 'number') throw invalidArgType('INSPECT_MAX_BYTES', 'of type number', value);
      if (!(value >= 0)) throw outOfRange('INSPECT_MAX_BYTES', '>= 0', value);
      inspectMaxBytes = value;
    },
    enumerable: true,
    configurable: true,
  }),
);
for (const name of ['Blob', 'File'] as const) {
  const get = (): unknown => load<typeof import('guest:blob')>('guest:blob')[name];
  defineProperty(bufferModule, name, descriptor({ get, enumerable: true, configurable: true }));
}

export { Buffer, FastBuffer, bufferModule };
