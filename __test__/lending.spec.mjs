// Bytes on their way to an operation: memory of V8 is copied first, memory of ours is lent.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { failure, open, openWith } from './fixtures/host.mjs';

const code = async (promise) => (await failure(promise)).code;
const inverted = (bytes) => Uint8Array.from(bytes, (byte) => 255 - byte);

describe('the input of an operation', () => {
  test('memory of V8 may be changed as soon as an operation has it', async (t) => {
    const bytes = new Uint8Array(1 << 20).fill(1);
    const result = open(t).native.run('invert', bytes);
    bytes.fill(2);
    assert.ok((await result).every((byte) => byte === 254));
  });

  test('memory of ours is lent: what is written to it meanwhile is in the result or not', async (t) => {
    const { native } = open(t);
    const bytes = native.alloc(4 << 20).fill(1);
    for (const steps of [['invert'], ['gzip_compress', 'gzip_decompress', 'invert']]) {
      const result = native.chain(steps, bytes);
      bytes.fill(2);
      assert.ok((await result).every((byte) => byte === 254 || byte === 253));
      bytes.fill(1);
    }
  });

  test('memory of ours is lent whole or in part, and any other has to fit into the store', async (t) => {
    const { native } = open(t, { limits: { bufferBytes: 100_000 } });
    const ours = native.alloc(1 << 20);
    // What is lent gets as far as the operation's name.
    for (const bytes of [ours, ours.subarray(5), ours.subarray(1000, 500_000), new DataView(ours.buffer, 8)])
      assert.equal(await code(native.run('nothing', bytes)), 'ERR_OP');
    assert.equal(await code(native.run('nothing', new Uint8Array(1 << 20))), 'ERR_MEMORY');
    assert.equal(await code(native.run('invert', ours)), 'ERR_MEMORY');
  });

  test('a part of lent memory is that part and nothing else', async (t) => {
    const { native } = open(t);
    const bytes = native.alloc(300_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * i) >> 5;
    for (const [from, to] of [
      [0, 300_000],
      [0, 100_000],
      [3, 100_003],
      [200_000, 300_000],
      [299_999, 300_000],
      [7, 7],
    ]) {
      const part = bytes.subarray(from, to);
      assert.deepEqual(await native.run('invert', part), inverted(part));
      const packed = await native.run('gzip_compress', part);
      assert.ok(Buffer.compare(gunzipSync(packed), part) === 0);
      assert.deepEqual(await native.take(await native.put(part)), part.slice());
    }
    assert.ok(bytes.every((byte, i) => byte === (((i * i) >> 5) & 255)));
  });

  test('lent memory that moves to a guest meanwhile stays what it was', async (t) => {
    const host = await openWith(t, 'exports.sum = (bytes) => bytes.fill(7).length');
    const bytes = host.native.alloc(4 << 20).fill(1);
    const result = host.native.run('invert', bytes);
    assert.equal(await host.call('p', 'sum', [bytes], { transfer: [bytes.buffer] }), 4 << 20);
    assert.equal(bytes.length, 0);
    assert.ok((await result).every((byte) => byte === 254));
  });
});
