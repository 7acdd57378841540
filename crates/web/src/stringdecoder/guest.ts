// string_decoder: text of bytes that come in pieces, without cutting characters apart.

import { invalidArgType } from 'guest:nodeerrors';
import { normalizeEncoding, unknownEncoding } from 'guest:buffer';
import * as host from 'host:buffer';

const { isView } = ArrayBuffer;

const NUMBERS = { utf8: 0, utf16le: 1, latin1: 2, ascii: 3, base64: 4, base64url: 5, hex: 6 } as const;

/** How many bytes at the end belong to a character that goes on. */
function incomplete(bytes: Uint8Array, encoding: keyof typeof NUMBERS): number {
  const { length } = bytes;
  switch (encoding) {
    case 'utf8':
      for (let back = 1; back <= 3 && back <= length; back++) {
        const byte = bytes[length - back]!;
        if (byte >= 0xc0) {
          const size = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
          return size > back ? back : 0;
        }
        if (byte < 0x80) return 0;
      }
      return 0;
    case 'utf16le': {
      const odd = length % 2;
      const high = length - odd >= 2 ? bytes[length - odd - 1]! : 0;
      return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
    }
    case 'base64':
    case 'base64url':
      return length % 3;
    default:
      return 0;
  }
}

export interface StringDecoder {
  encoding: string;
  write(chunk: unknown): string;
  end(chunk?: unknown): string;
}

interface StringDecoderConstructor {
  new (encoding?: string): StringDecoder;
  (this: unknown, encoding?: string): void;
  prototype: any;
}

const pendingOf = new WeakMap<object, Uint8Array>();
const none = new Uint8Array(0);

// A function, since old classes call it on themselves.
const StringDecoder = function (this: StringDecoder, label?: string) {
  const encoding = normalizeEncoding(label);
  if (encoding === undefined) throw unknownEncoding(label);
  this.encoding = encoding;
  pendingOf.set(this, none);
} as StringDecoderConstructor;

function decode(decoder: StringDecoder, bytes: Uint8Array, end: number): string {
  return host.decode(NUMBERS[decoder.encoding as 'utf8'], bytes, 0, end);
}

StringDecoder.prototype.write = function (this: StringDecoder, chunk: unknown): string {
  if (typeof chunk === 'string') return chunk;
  if (!isView(chunk)) throw invalidArgType('buf', 'an instance of Buffer, TypedArray, or DataView', chunk);
  const given = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
  const pending = pendingOf.get(this) ?? none;
  let bytes = given;
  if (pending.length > 0) {
    bytes = new Uint8Array(pending.length + given.length);
    bytes.set(pending);
    bytes.set(given, pending.length);
  }
  const rest = incomplete(bytes, this.encoding as 'utf8');
  pendingOf.set(this, rest === 0 ? none : bytes.slice(bytes.length - rest));
  return decode(this, bytes, bytes.length - rest);
};

StringDecoder.prototype.end = function (this: StringDecoder, chunk?: unknown): string {
  const text = chunk === undefined ? '' : this.write(chunk);
  const pending = pendingOf.get(this) ?? none;
  pendingOf.set(this, none);
  return text + decode(this, pending, pending.length);
};

StringDecoder.prototype.text = function (this: StringDecoder, bytes: Uint8Array, offset: number): string {
  pendingOf.set(this, none);
  return this.write(bytes.subarray(offset));
};

/** What `require('string_decoder')` gives. */
const stringDecoder = { StringDecoder };

export { StringDecoder, stringDecoder };
