// What Node's cryptography takes and gives: text with an encoding, views, Buffers.

import { FastBuffer } from 'guest:buffer';
import { invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { isBufferSource, isObject, uncurry } from 'guest:webidl';
import { load } from 'host:modules';
import { decode, encode, isEncoding } from 'host:nodebytes';

const { isView } = ArrayBuffer;
const toLowerCase = uncurry(String.prototype.toLowerCase);

export type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** A Buffer over bytes that nobody else has. */
export function toBuffer(bytes: ArrayBuffer): Uint8Array {
  return new FastBuffer(bytes);
}

/** Text where an encoding is named, else a Buffer; so it is with an encoding that nobody knows. */
export function output(bytes: ArrayBuffer, encoding: unknown): string | Uint8Array {
  if (typeof encoding !== 'string' || encoding === 'buffer' || !isEncoding(encoding)) return toBuffer(bytes);
  return encode(bytes, encoding);
}

/** The bytes of a string; in UTF-8 where there is no such encoding. */
export function fromText(text: string, encoding: unknown): ArrayBuffer {
  const name = typeof encoding === 'string' ? encoding : 'utf8';
  if (text.length % 2 === 1 && toLowerCase(name) === 'hex') {
    throw invalidArgValue('encoding', encoding, `is invalid for data of length ${text.length}`);
  }
  return decode(text, name);
}

/** The data of an `update`: a string or a view. */
export function data(value: unknown, encoding: unknown): Source {
  if (typeof value === 'string') return fromText(value, encoding);
  if (isView(value)) return value;
  throw invalidArgType('data', 'of type string or an instance of Buffer, TypedArray, or DataView', value);
}

/** A secret key: what `secret` takes, or a KeyObject. `expected` goes on after "must be". */
export function keyBytes(
  value: unknown,
  name: string,
  expected = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey',
): Source {
  if (typeof value === 'string') return decode(value, 'utf8');
  if (isBufferSource(value)) return value;
  // Where nobody has made a KeyObject yet, this loads the module in vain: the next thing is an exception.
  const bytes = isObject(value) ? load<typeof import('guest:nodekey')>('guest:nodekey').secretOf(value) : undefined;
  if (bytes !== undefined) return bytes;
  throw invalidArgType(name, expected, value);
}

/** A password or a salt: a string in UTF-8, a buffer or a view. */
export function secret(value: unknown, name: string): Source {
  if (typeof value === 'string') return decode(value, 'utf8');
  if (isBufferSource(value)) return value;
  throw invalidArgType(name, 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView', value);
}
