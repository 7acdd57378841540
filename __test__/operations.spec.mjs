// Digests, encodings and compression, against Node's own: node:crypto, node:zlib and Buffer.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { failure, open } from './fixtures/host.mjs';

/** Bytes that follow from a seed alone (xorshift), every other piece of them a repetition. */
function mixed(length, seed = 1) {
  let state = seed * 2654435761;
  return Buffer.from(
    Uint8Array.from({ length }, (_, i) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (i >> 9) & 1 ? i & 15 : state;
    }),
  );
}

const inputs = [0, 1, 2, 3, 4, 63, 64, 65, 1000, 70_001, 3_000_000].map((length) => mixed(length, length + 1));

/** The check value's definition, bit by bit: Node 20 has no zlib.crc32. */
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(~crc >>> 0);
  return sum;
}

/** Each with Node's way to the same bytes. */
const same = [
  ['sha256', {}, (bytes) => createHash('sha256').update(bytes).digest()],
  ['sha512', {}, (bytes) => createHash('sha512').update(bytes).digest()],
  ['crc32', {}, crc32],
  ['base64_encode', {}, (bytes) => Buffer.from(bytes.toString('base64'))],
  ['base64_encode', { url: true }, (bytes) => Buffer.from(bytes.toString('base64url'))],
  ['hex_encode', {}, (bytes) => Buffer.from(bytes.toString('hex'))],
];

/** Both ways, each read by the other: ours to compress, theirs to decompress, and so on. */
const pairs = [
  ['gzip', {}, zlib.gunzipSync, zlib.gzipSync, {}],
  ['deflate', {}, zlib.inflateSync, zlib.deflateSync, {}],
  ['deflate', {}, zlib.inflateRawSync, zlib.deflateRawSync, { format: 'raw' }],
  ['brotli', { quality: 4 }, zlib.brotliDecompressSync, zlib.brotliCompressSync, {}],
  ['brotli', { quality: 1, window: 10 }, zlib.brotliDecompressSync, zlib.brotliCompressSync, {}],
  // From Node 22.15 on.
  ...(zlib.zstdCompressSync ? [['zstd', { level: 5 }, zlib.zstdDecompressSync, zlib.zstdCompressSync, {}]] : []),
];

const equal = (one, other, about) => assert.ok(Buffer.compare(one, other) === 0, about);

describe('what Node has as well', () => {
  for (const [op, args, node] of same)
    test(`${op} ${JSON.stringify(args)} gives what Node gives`, async (t) => {
      const { native } = open(t);
      for (const bytes of inputs) equal(await native.run(op, bytes, args), node(bytes), bytes.length);
    });

  for (const [name, args, decompress, compress, both] of pairs)
    test(`${name} ${JSON.stringify({ ...args, ...both })} is understood by Node, and understands it`, async (t) => {
      const { native } = open(t);
      for (const bytes of inputs) {
        equal(decompress(await native.run(`${name}_compress`, bytes, { ...args, ...both })), bytes, bytes.length);
        equal(await native.run(`${name}_decompress`, compress(bytes), both), bytes, bytes.length);
      }
    });

  test('base64 and hexadecimal of Node are read, in any form that it writes', async (t) => {
    const { native } = open(t);
    for (const bytes of inputs) {
      const text = bytes.toString('base64');
      const lines = text.replace(/.{1,76}/g, '$&\r\n');
      for (const form of [text, text.replaceAll('=', ''), lines])
        equal(await native.run('base64_decode', Buffer.from(form)), bytes);
      equal(await native.run('base64_decode', Buffer.from(bytes.toString('base64url')), { url: true }), bytes);
      for (const form of [bytes.toString('hex'), bytes.toString('hex').toUpperCase()])
        equal(await native.run('hex_decode', Buffer.from(form)), bytes);
    }
  });
});

describe('what is refused', () => {
  const cases = [
    ['base64_decode', Buffer.from('aGVs*G8='), {}, /position 4/],
    ['base64_decode', Buffer.from('aG+/'), { url: true }, /position 2/],
    ['base64_encode', Buffer.from(''), { url: 1 }, /expected true or false for 'url' but received 1/],
    ['hex_decode', Buffer.from('001g'), {}, /position 3/],
    ['hex_decode', Buffer.from('001'), {}, /even number/],
    ['deflate_compress', Buffer.from(''), { format: 'gzip' }, /expected one of 'zlib', 'raw' for 'format'/],
    ['brotli_compress', Buffer.from(''), { window: 25 }, /from 10 to 24/],
    ['zstd_compress', Buffer.from(''), { level: 0 }, /expected an integer from 1/],
    ['sha256', Buffer.from(''), { encoding: 'hex' }, /it takes none/],
    ...['gzip', 'deflate', 'brotli', 'zstd'].map((name) => [`${name}_decompress`, mixed(100), {}, /not valid/]),
  ];
  for (const [op, bytes, args, message] of cases)
    test(`${op} ${JSON.stringify(args)}: ${message.source}`, async (t) => {
      const error = await failure(open(t).native.run(op, bytes, args));
      assert.equal(error.code, 'ERR_OP', error.message);
      assert.match(error.message, message);
    });

  test('bombs end at maxBytes and at the account', async (t) => {
    const { native } = open(t, { limits: { bufferBytes: 8 << 20 } });
    const zeros = Buffer.alloc(32 << 20);
    for (const [name, , , compress] of pairs.filter(([, , , , both]) => !both.format))
      for (const args of [{}, { maxBytes: 1000 }])
        assert.equal((await failure(native.run(`${name}_decompress`, compress(zeros), args))).code, 'ERR_MEMORY');
  });
});
