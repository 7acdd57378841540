// What `bridge.call` knows by itself, for plugins that were written for it. Each is short for what another API has.
//
// Bytes are given as bytes, or as arrays of numbers; they are answered as bytes.

import { native } from 'guest:native';
import type { Bytes } from 'guest:native';
import { argumentError, isBufferSource } from 'guest:webidl';
import { copy, decode } from 'host:nodebytes';
import { load } from 'host:modules';

const { isArray } = Array;
const { isInteger } = Number;
const BytesIntrinsic = Uint8Array;

export type Route = (...args: any[]) => unknown;

function bytes(value: unknown, name: string): Bytes {
  if (isBufferSource(value)) return value;
  if (!isArray(value)) throw argumentError('bytes or an array of numbers', name, value);
  const { length } = value;
  const list = new BytesIntrinsic(length);
  for (let i = 0; i < length; i++) {
    const byte = value[i] as unknown;
    if (!isInteger(byte) || (byte as number) < 0 || (byte as number) > 255) {
      throw argumentError('a whole number from 0 to 255', `${name}[${i}]`, byte);
    }
    list[i] = byte as number;
  }
  return list;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw argumentError('a string', name, value);
  return value;
}

function number(value: unknown, name: string): number {
  if (typeof value !== 'number') throw argumentError('a number', name, value);
  return value;
}

/** The text that AES in ECB with padding hides; the key is text of 16, 24 or 32 bytes. */
function decryptEcb(payload: unknown, key: unknown): string {
  const encrypted = decode(text(payload, 'payload'), 'base64');
  const keyBytes = decode(text(key, 'key'), 'utf8');
  const length = keyBytes.byteLength;
  if (length !== 16 && length !== 24 && length !== 32) throw argumentError('a key of 16, 24 or 32 bytes', 'key', key);
  const { createDecipheriv } = load<typeof import('guest:nodecipher')>('guest:nodecipher');
  const decipher = createDecipheriv(`aes-${length * 8}-ecb`, keyBytes, null);
  const first = decipher.update(new BytesIntrinsic(encrypted), undefined, 'utf8') as string;
  return first + (decipher.final('utf8') as string);
}

function md5(input: unknown): string {
  const { createHash } = load<typeof import('guest:nodehash')>('guest:nodehash');
  const hash = createHash('md5');
  hash.update(typeof input === 'string' ? input : new BytesIntrinsic(copy(bytes(input, 'input'))));
  return hash.digest('hex') as string;
}

export const routes: { readonly [name: string]: Route } = {
  __proto__: null as never,
  'compression.gzip_compress': (input: unknown) => native.gzipCompress(bytes(input, 'input')),
  'compression.gzip_decompress': (input: unknown) => native.gzipDecompress(bytes(input, 'input')),
  'crypto.aes_ecb_pkcs7_decrypt_b64': decryptEcb,
  'crypto.md5_hex': md5,
  'math.add': (a: unknown, b: unknown) => number(a, 'a') + number(b, 'b'),
  'native.exec': (op: string, id: number, args?: Record<string, unknown> | null, extraId?: number | null) =>
    native.exec(op, id, args ?? undefined, extraId ?? undefined),
  'native.put': (input: unknown) => native.put(bytes(input, 'input')),
  'native.take': (id: number) => native.take(id),
};
