// `host.native.transform`: Node streams through native operations.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { failure, open, thrown } from './fixtures/host.mjs';

/** Bytes that do not compress well and do not repeat. */
function noise(length) {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) bytes[i] = (state = (state * 48271) % 2147483647) >> 7;
  return bytes;
}

/** Cuts bytes into pieces of changing length. */
function* pieces(bytes, lengths = [1, 70_000, 3, 16_384, 5]) {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + lengths[i % lengths.length];
    yield bytes.subarray(at, end);
    at = end;
  }
}

async function through(stream, source) {
  const out = [];
  const sink = new Writable({ write: (chunk, _, done) => (out.push(chunk), done()) });
  await pipeline(Readable.from(source, { objectMode: false }), stream, sink);
  return Buffer.concat(out);
}

/** Waits for something that becomes true by itself. */
async function until(isTrue) {
  while (!isTrue()) await new Promise(setImmediate);
}

describe('a stream through operations', () => {
  test('it is a Node Transform, and pieces come out as one', async (t) => {
    const { native } = open(t);
    const bytes = noise(500_000);
    const stream = native.transform(['gzip_compress']);
    assert.ok(stream instanceof Transform);
    assert.deepEqual(gunzipSync(await through(stream, pieces(bytes))), bytes);
    assert.deepEqual(await through(native.transform(['gzip_decompress']), pieces(gzipSync(bytes))), bytes);
  });

  test('several steps are one stream, and pixels may be cut anywhere', async (t) => {
    const { native } = open(t);
    const pixels = noise(400_000);
    const steps = ['invert', 'grayscale_rgba', { op: 'gzip_compress', args: { level: 1 } }, 'gzip_decompress'];
    const whole = await native.chain(['invert', 'grayscale_rgba'], pixels);
    assert.deepEqual(await through(native.transform(steps), pieces(pixels)), Buffer.from(whole));
    const digest = await through(native.transform(['sha256']), pieces(pixels));
    assert.deepEqual(digest, createHash('sha256').update(pixels).digest());
  });

  test('an empty stream gives what the operations make of nothing', async (t) => {
    const { native } = open(t);
    assert.equal((await through(native.transform([]), [])).length, 0);
    assert.deepEqual(await through(native.transform(['sha256']), []), createHash('sha256').digest());
  });

  test('many small writes go as few pieces', async (t) => {
    const stream = open(t).native.transform(['invert']);
    for (let i = 0; i < 1000; i++) stream.write(Buffer.of(i & 255));
    stream.end();
    const out = Buffer.concat(await stream.toArray());
    assert.deepEqual(out, Buffer.from(Uint8Array.from({ length: 1000 }, (_, i) => 255 - (i & 255))));
  });
});

describe('back-pressure', () => {
  test('a bomb goes no further than its reader', async (t) => {
    const host = open(t);
    const stream = host.native.transform(['gzip_decompress']);
    stream.end(gzipSync(Buffer.alloc(64 << 20)));
    let length = 0;
    for await (const piece of stream) {
      length += piece.length;
      assert.ok(stream.readableLength <= 1 << 20, `${stream.readableLength} bytes wait`);
      assert.ok(host.stats().bufferBytes <= 1 << 20);
    }
    assert.equal(length, 64 << 20);
  });

  test('a writer is told to wait while nobody reads', async (t) => {
    const stream = open(t).native.transform(['noop']);
    const piece = Buffer.alloc(64 << 10);
    let written = 0;
    // Ends because the stream takes no more: what it holds is bounded.
    const write = () => {
      while (stream.write(piece)) written += piece.length;
      written += piece.length;
    };
    write();
    stream.on('drain', write);
    await until(() => stream.readableLength >= stream.readableHighWaterMark);
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    assert.ok(written <= 4 << 20, `${written} bytes were taken`);
    stream.destroy();
  });

  test('a writer of one piece at a time goes no further than a reader that takes one at a time', async (t) => {
    const host = open(t);
    const stream = host.native.transform(['noop']);
    const piece = Buffer.alloc(64 << 10, 1);
    const total = 32 << 20;
    let [written, taken, most] = [0, 0, 0];
    // Writes whenever it may; reads only when both sides are full, or nothing more is to come.
    while (taken < total) {
      if (written < total && !stream.writableNeedDrain) {
        stream.write(piece);
        written += piece.length;
        if (written === total) stream.end();
      } else if (written === total || stream.readableLength >= stream.readableHighWaterMark) {
        taken += stream.read()?.length ?? 0;
      }
      most = Math.max(most, written - taken);
      assert.ok(most <= 4 << 20, `${most} bytes are in flight`);
      assert.ok(host.stats().bufferBytes <= 3 << 20);
      await new Promise(setImmediate);
    }
    assert.equal(taken, total);
  });

  test('a reader that looks and takes nothing holds nothing up for good', async (t) => {
    const stream = open(t).native.transform(['noop']);
    stream.end(Buffer.alloc(4 << 20));
    let length = 0;
    stream.on('readable', () => stream.read(0));
    await until(() => stream.readableLength >= stream.readableHighWaterMark);
    stream.removeAllListeners('readable');
    for await (const piece of stream) length += piece.length;
    assert.equal(length, 4 << 20);
  });

  test('the memory of one large piece is not kept for the small ones after it', async (t) => {
    const host = open(t);
    const stream = host.native.transform(['invert']).resume();
    stream.write(Buffer.alloc(32 << 20));
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => stream.write(Buffer.alloc(300_000), resolve));
      await new Promise((resolve) => stream.write(Buffer.alloc(300_000), resolve));
    }
    await until(() => host.stats().bufferBytes <= 4 << 20);
    stream.destroy();
  });
});

describe('the end of a stream', () => {
  test('a step that needs its whole input, or is unknown, is refused at once', (t) => {
    const { native } = open(t);
    for (const steps of [['png_decode'], ['gzip_decompress', 'resize_rgba'], ['nothing']]) {
      const error = thrown(() => native.transform(steps));
      assert.equal(error.code, 'ERR_OP', error.message);
    }
    assert.match(thrown(() => native.transform(['png_decode'])).message, /whole input/);
    assert.equal(thrown(() => native.transform('invert')).code, 'ERR_ARGUMENT');
  });

  test('a wrong input is the error of the stream', async (t) => {
    const { native } = open(t);
    const packed = gzipSync(noise(300_000));
    const wrong = [
      [['gzip_decompress'], noise(1000), 'ERR_OP'],
      [['gzip_decompress'], packed.subarray(0, -9), 'ERR_OP'],
      [['grayscale_rgba'], noise(10), 'ERR_OP'],
      [[{ op: 'gzip_decompress', args: { maxBytes: 1000 } }], packed, 'ERR_MEMORY'],
    ];
    for (const [steps, bytes, code] of wrong) {
      const error = await failure(through(native.transform(steps), pieces(bytes)));
      assert.equal(error.code, code, error.message);
    }
  });

  test('destroying it gives its memory back', async (t) => {
    const host = open(t);
    const stream = host.native.transform(['gzip_compress', 'gzip_decompress']);
    stream.write(noise(1 << 20));
    assert.ok(host.stats().bufferBytes > 0);
    stream.destroy();
    await until(() => host.stats().bufferBytes === 0);
  });

  test('a signal ends it', async (t) => {
    const host = open(t);
    const controller = new AbortController();
    const endless = Readable.from(
      (function* () {
        for (;;) yield noise(10_000);
      })(),
    );
    const sink = new Writable({ write: (_, __, done) => (controller.abort(), done()) });
    const running = pipeline(endless, host.native.transform(['invert']), sink, { signal: controller.signal });
    assert.equal((await failure(running)).name, 'AbortError');
    await until(() => host.stats().bufferBytes === 0);
  });

  test('destroying it at any moment gives its memory back', async (t) => {
    const host = open(t);
    const piece = noise(20_000);
    const kept = [];
    for (let i = 0; i < 2000; i++) {
      const stream = host.native.transform(['invert']);
      kept.push(stream);
      stream.write(piece);
      for (let spins = 0; spins < (i * 37) % 20_000; spins++);
      if (i % 3 === 0) await new Promise(setImmediate);
      stream.destroy();
    }
    await until(() => host.stats().bufferBytes === 0);
    assert.equal(kept.length, 2000);
  });

  test('whoever waits for a write hears of the end', async (t) => {
    const stream = open(t).native.transform(['noop']);
    stream.on('error', () => {});
    stream.write(Buffer.alloc(4 << 20));
    await until(() => stream.readableLength >= stream.readableHighWaterMark);
    // Nobody reads on: one of these waits for the work, the other behind it.
    const writes = [0, 1].map(() => new Promise((resolve) => stream.write(Buffer.alloc(1 << 20), resolve)));
    stream.destroy(new Error('enough'));
    for (const write of writes) assert.ok((await write) instanceof Error);
  });

  test('closing the sandbox ends streams that wait for a writer or a reader', async (t) => {
    const host = open(t);
    const [idle, full, over, unheard] = ['gzip_compress', 'noop', 'noop', 'noop'].map((op) =>
      host.native.transform([op]),
    );
    full.write(noise(4 << 20));
    over.end();
    await over.toArray();
    await until(() => full.readableLength >= full.readableHighWaterMark);
    const ends = [idle, full].map((stream) => new Promise((resolve) => stream.on('error', resolve)));
    await host.close();
    for (const end of ends) assert.equal((await end).code, 'ERR_CLOSED');
    assert.ok(idle.destroyed && full.destroyed && unheard.destroyed);
    assert.equal(host.stats().bufferBytes, 0);
  });

  test('closing the sandbox ends it with ERR_CLOSED', async (t) => {
    const host = open(t);
    const stream = host.native.transform(['gzip_compress']);
    stream.write(noise(1 << 20));
    const ended = failure(stream.toArray());
    await host.close();
    stream.write(noise(100));
    assert.equal((await ended).code, 'ERR_CLOSED');
    assert.equal(thrown(() => host.native.transform(['noop'])).code, 'ERR_CLOSED');
  });
});
