// The buffer store and its operations, from Node and from a guest: the same names, arguments, results and failures.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { failure, open, openWith } from './fixtures/host.mjs';

const asset = (name) => readFile(new URL(`../examples/assets/${name}`, import.meta.url));
const code = async (promise) => (await failure(promise)).code;

/** Bytes that follow from a seed alone (xorshift). */
function random(length, seed = 1) {
  let state = seed * 2654435761;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

/** Operations in plain JavaScript, to compare with. */
const plain = {
  noop: (bytes) => bytes.slice(),
  invert: (bytes) => bytes.map((byte) => 255 - byte),
  xor: (bytes, other) => bytes.map((byte, i) => byte ^ other[i]),
  grayscale_rgba: (bytes) => {
    const f = Math.fround;
    return bytes.map((byte, i) => {
      if (i % 4 === 3) return byte;
      const [r, g, b] = bytes.subarray(i - (i % 4), i - (i % 4) + 3);
      const grey = f(f(f(f(0.299) * r) + f(f(0.587) * g)) + f(f(0.114) * b));
      return Math.floor(grey + 0.5);
    });
  },
};

/** The API as a guest has it, with the signatures of Node's. */
async function guestApi(t, options) {
  const source = `for (const name of ['put', 'exec', 'execChain', 'take', 'takeInto', 'free', 'info', 'run', 'chain', 'gzipCompress', 'gzipDecompress'])
    exports[name] = (...args) => native[name](...args);`;
  const host = await openWith(t, source, options);
  return host.plugin('p');
}

for (const [who, api] of [
  ['from Node', async (t, options) => open(t, options).native],
  ['from a guest', guestApi],
]) {
  /** A guest's failure carries the code in its details. */
  const refused = async (promise) => {
    const error = await failure(promise);
    return error.code === 'ERR_GUEST' ? error.details?.code : error.code;
  };

  describe(who, () => {
    test('what is put can be taken, once', async (t) => {
      const native = await api(t);
      const bytes = random(5000);
      const id = await native.put(bytes);
      assert.ok(Number.isSafeInteger(id) && id > 0);
      assert.deepEqual(await native.info(id), { byteLength: 5000 });
      assert.deepEqual(await native.take(id), bytes);
      for (const use of [native.take, native.info, native.free])
        assert.equal(await refused(use.call(native, id)), 'ERR_ID_NOT_FOUND');
      assert.equal(await refused(native.exec('invert', id)), 'ERR_ID_NOT_FOUND');
    });

    test('what is put is a copy, of a view its own range', async (t) => {
      const native = await api(t);
      const { buffer } = random(100);
      const inputs = [
        buffer,
        new Uint8Array(buffer, 10, 5),
        new Uint16Array(buffer, 20, 3),
        new DataView(buffer, 30, 4),
        new Uint8Array(0),
      ];
      const sizes = [100, 5, 6, 4, 0];
      const ids = await Promise.all(inputs.map((input) => native.put(input)));
      const expected = inputs.map(
        (input) =>
          new Uint8Array(
            ArrayBuffer.isView(input)
              ? buffer.slice(input.byteOffset, input.byteOffset + input.byteLength)
              : buffer.slice(0),
          ),
      );
      new Uint8Array(buffer).fill(0);
      for (const [i, id] of ids.entries()) {
        assert.equal((await native.info(id)).byteLength, sizes[i]);
        assert.deepEqual(await native.take(id), expected[i]);
      }
    });

    test('exec leaves its inputs valid, and the result has an id of its own', async (t) => {
      const native = await api(t);
      const [a, b] = [random(4096, 1), random(4096, 2)];
      const [first, second] = [await native.put(a), await native.put(b)];
      const combined = await native.exec('xor', first, {}, second);
      assert.equal(new Set([first, second, combined]).size, 3);
      assert.deepEqual(await native.take(combined), plain.xor(a, b));
      assert.deepEqual([await native.take(first), await native.take(second)], [a, b]);
    });

    test('invert, grayscale_rgba, xor and noop do what plain JavaScript does', async (t) => {
      const native = await api(t);
      for (const length of [0, 4, 12, 64, 1000, 4100, 65_540]) {
        const [bytes, other] = [random(length, length + 1), random(length, length + 2)];
        for (const op of ['noop', 'invert', 'grayscale_rgba'])
          assert.deepEqual(await native.run(op, bytes), plain[op](bytes), `${op} ${length}`);
        assert.deepEqual(await native.run('xor', bytes, {}, other), plain.xor(bytes, other), `xor ${length}`);
      }
      assert.deepEqual(await native.run('invert', random(1001)), plain.invert(random(1001)));
    });

    test('a chain does its steps in their order, and stores the last result alone', async (t) => {
      const native = await api(t);
      const [bytes, key] = [random(4000, 3), random(4000, 4)];
      const [id, keyId] = [await native.put(bytes), await native.put(key)];
      const steps = [
        'invert',
        { op: 'xor', extraInputId: keyId },
        'grayscale_rgba',
        { op: 'gzip_compress', args: { level: 1 } },
        'gzip_decompress',
      ];
      const expected = plain.grayscale_rgba(plain.xor(plain.invert(bytes), key));
      assert.deepEqual(await native.take(await native.execChain(id, steps)), expected);
      assert.deepEqual(await native.chain(steps, bytes), expected);
      assert.deepEqual(await native.chain(steps, id), expected);
      assert.deepEqual(await native.chain([], bytes), bytes);
      assert.deepEqual([await native.take(id), await native.take(keyId)], [bytes, key]);
    });

    test('run takes a second input as bytes or as an id', async (t) => {
      const native = await api(t);
      const [bytes, key] = [random(500), random(500, 9)];
      const id = await native.put(key);
      assert.deepEqual(await native.run('xor', bytes, {}, id), plain.xor(bytes, key));
      assert.deepEqual(await native.run('xor', bytes, undefined, key.buffer), plain.xor(bytes, key));
      assert.deepEqual(await native.take(id), key);
    });

    test('gzip is understood by zlib, and understands it', async (t) => {
      const native = await api(t);
      for (const bytes of [
        random(0),
        random(1),
        random(100_000),
        new Uint8Array(1_000_000),
        Buffer.from('text '.repeat(5000)),
      ]) {
        const packed = await native.gzipCompress(bytes);
        assert.ok(Buffer.compare(gunzipSync(packed), bytes) === 0);
        assert.ok(Buffer.compare(await native.gzipDecompress(packed), bytes) === 0);
        assert.ok(Buffer.compare(await native.gzipDecompress(gzipSync(bytes, { level: 9 })), bytes) === 0);
      }
      const members = Buffer.concat([gzipSync('one'), gzipSync('two')]);
      assert.equal(Buffer.from(await native.gzipDecompress(members)).toString(), 'onetwo');
    });

    test('levels of gzip make a difference, and others are refused', async (t) => {
      const native = await api(t);
      const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => i % 97).join());
      const [none, best] = [
        await native.run('gzip_compress', text, { level: 0 }),
        await native.run('gzip_compress', text, { level: 9 }),
      ];
      assert.ok(none.length > text.length && best.length < text.length / 5);
      for (const level of [-1, 10, 1.5, '6'])
        assert.equal(await refused(native.run('gzip_compress', text, { level })), 'ERR_OP');
    });

    test('pictures go round: decode, resize, grey, encode', async (t) => {
      const native = await api(t);
      for (const name of ['photo.jpg', 'screenshot.png']) {
        const format = name.endsWith('png') ? 'png' : 'jpeg';
        const id = await native.put(await asset(name));
        const pixels = await native.exec(`${format}_decode`, id);
        const { width, height, byteLength } = await native.info(pixels);
        assert.equal(byteLength, width * height * 4);
        const small = await native.execChain(pixels, [
          { op: 'resize_rgba', args: { toWidth: 64, toHeight: 48 } },
          'grayscale_rgba',
        ]);
        const { width: toWidth, height: toHeight } = await native.info(small);
        assert.deepEqual([toWidth, toHeight], [64, 48]);
        const encoded = await native.exec('png_encode', small);
        const bytes = await native.take(await native.exec('png_decode', encoded));
        assert.deepEqual(bytes, await native.take(small));
        for (let i = 0; i < bytes.length; i += 4) assert.ok(bytes[i] === bytes[i + 1] && bytes[i] === bytes[i + 2]);
      }
    });

    test('a PNG keeps every pixel, a JPEG nearly', async (t) => {
      const native = await api(t);
      const pixels = Uint8Array.from({ length: 32 * 16 * 4 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(i / 16) & 255));
      const png = await native.chain([{ op: 'png_encode', args: { width: 32, height: 16 } }, 'png_decode'], pixels);
      assert.deepEqual(png, pixels);
      const jpeg = await native.chain(
        [{ op: 'jpeg_encode', args: { width: 32, height: 16, quality: 95 } }, 'jpeg_decode'],
        pixels,
      );
      assert.equal(jpeg.length, pixels.length);
      assert.ok(jpeg.every((byte, i) => Math.abs(byte - pixels[i]) < 24));
    });

    test('what an operation refuses is ERR_OP, and the message names operation and argument', async (t) => {
      const native = await api(t);
      const four = new Uint8Array(4);
      const cases = [
        [() => native.run('sharpen', four), /^sharpen: unknown operation, expected one of noop, invert/],
        [() => native.run('', four), /unknown operation/],
        [() => native.run('__proto__', four), /unknown operation/],
        [() => native.run('invert', four, { level: 1 }), /^invert: unknown argument 'level'/],
        [() => native.run('invert', four, {}, four), /^invert: expected no second input/],
        [() => native.run('xor', four), /^xor: expected a second input/],
        [() => native.run('xor', four, {}, new Uint8Array(3)), /^xor: expected 4 bytes .*received 3/],
        [() => native.run('grayscale_rgba', new Uint8Array(5)), /^grayscale_rgba: .*multiple of 4/],
        [() => native.run('resize_rgba', four, { width: 1, height: 1 }), /^resize_rgba: .*'toWidth'/],
        [() => native.run('resize_rgba', four, { toWidth: 2, toHeight: 2 }), /^resize_rgba: .*'width'/],
        [() => native.run('resize_rgba', four, { width: 2, height: 2, toWidth: 1, toHeight: 1 }), /^resize_rgba: /],
        [
          () => native.run('resize_rgba', four, { width: 1, height: 1, toWidth: 1, toHeight: 1, filter: 'best' }),
          /^resize_rgba: .*'filter'/,
        ],
        [() => native.run('resize_rgba', four, { width: 1, height: 1, toWidth: 0, toHeight: 1 }), /'toWidth'/],
        [() => native.run('png_encode', four), /^png_encode: .*'width'/],
        [() => native.run('jpeg_encode', four, { width: 1, height: 1, quality: 101 }), /^jpeg_encode: .*'quality'/],
        [() => native.run('png_decode', random(50)), /^png_decode: .*PNG/],
        [() => native.run('jpeg_decode', random(50)), /^jpeg_decode: .*JPEG/],
        [() => native.run('gzip_decompress', random(50)), /^gzip_decompress: .*gzip/],
        [() => native.chain(['invert', 'sharpen'], four), /sharpen: unknown operation/],
      ];
      for (const [run, message] of cases) {
        const error = await failure(run());
        assert.equal(error.code === 'ERR_GUEST' ? error.details.code : error.code, 'ERR_OP', error.message);
        assert.match(error.message, message);
      }
    });

    test('files that end too early are ERR_OP', async (t) => {
      const native = await api(t);
      const cut = (bytes) => bytes.subarray(0, bytes.length >> 1);
      assert.equal(await refused(native.run('png_decode', cut(await asset('screenshot.png')))), 'ERR_OP');
      assert.equal(await refused(native.run('gzip_decompress', cut(gzipSync(random(5000))))), 'ERR_OP');
    });

    test('a bomb ends at the limit, and leaves nothing behind', async (t) => {
      const native = await api(t, { limits: { bufferBytes: 4 << 20 } });
      const bomb = gzipSync(Buffer.alloc(64 << 20));
      assert.equal(await refused(native.gzipDecompress(bomb)), 'ERR_MEMORY');
      assert.equal(await refused(native.run('gzip_decompress', bomb, { maxBytes: 1000 })), 'ERR_MEMORY');
      const nested = await native.put(gzipSync(bomb));
      assert.equal(await refused(native.execChain(nested, ['gzip_decompress', 'gzip_decompress'])), 'ERR_MEMORY');
      assert.equal(await refused(native.run('jpeg_decode', await asset('photo.jpg'))), 'ERR_MEMORY');
      assert.equal((await native.run('noop', new Uint8Array(1 << 20))).length, 1 << 20);
    });

    test('takeInto copies as far as it fits, and ends the id', async (t) => {
      const native = await api(t);
      const bytes = random(100);
      const into = async (size, offset) => {
        const id = await native.put(bytes);
        const result = await native.takeInto(id, new Uint8Array(size).fill(7), offset);
        assert.equal(await refused(native.info(id)), 'ERR_ID_NOT_FOUND');
        return result;
      };
      const whole = await into(150);
      assert.deepEqual({ ...whole, buffer: 0 }, { buffer: 0, bytesWritten: 100, sourceLength: 100, truncated: false });
      assert.deepEqual([...whole.buffer], [...bytes, ...Array(50).fill(7)]);
      const cut = await into(60, 20);
      assert.deepEqual({ ...cut, buffer: 0 }, { buffer: 0, bytesWritten: 40, sourceLength: 100, truncated: true });
      assert.deepEqual([...cut.buffer], [...Array(20).fill(7), ...bytes.subarray(0, 40)]);
      assert.deepEqual(
        { ...(await into(10, 10)), buffer: 0 },
        { buffer: 0, bytesWritten: 0, sourceLength: 100, truncated: true },
      );
    });

    test('many operations at once keep apart', async (t) => {
      const native = await api(t);
      const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => native.put(new Uint8Array(1000).fill(i))));
      assert.equal(new Set(ids).size, 200);
      const results = await Promise.all(ids.map(async (id) => native.take(await native.exec('invert', id))));
      for (const [i, bytes] of results.entries()) assert.ok(bytes.every((byte) => byte === 255 - (i & 255)));
    });
  });
}

describe('ids', () => {
  test('are unique in the process, and never used again', async (t) => {
    const stores = [open(t).native, open(t).native];
    const seen = new Set();
    for (let i = 0; i < 50; i++) {
      for (const native of stores) {
        const id = await native.put(new Uint8Array(10));
        assert.equal(seen.has(id), false);
        seen.add(id);
        await native.free(id);
      }
    }
  });

  test("another sandbox's are not found, by Node and by a guest", async (t) => {
    const [one, other] = [open(t), open(t)];
    const id = await one.native.put(new Uint8Array(10));
    const uses = [
      () => other.native.take(id),
      () => other.native.info(id),
      () => other.native.free(id),
      () => other.native.exec('invert', id),
    ];
    uses.push(
      () => other.native.takeInto(id, new Uint8Array(10)),
      () => other.native.chain(['invert'], id),
    );
    for (const use of uses) assert.equal(await code(use()), 'ERR_ID_NOT_FOUND');
    const error = await failure(other.eval(`native.take(${id})`));
    assert.deepEqual([error.name, error.details.code], ['TypeError', 'ERR_ID_NOT_FOUND']);
    assert.equal((await one.native.take(id)).length, 10);
  });

  test('Node and the guests of one sandbox share them', async (t) => {
    const host = open(t);
    const bytes = random(3000);
    const id = await host.native.put(bytes);
    const inverted = await host.eval(`native.exec('invert', ${id})`);
    assert.deepEqual(await host.native.take(inverted), plain.invert(bytes));
    const own = await host.eval('native.put(new Uint8Array([1, 2, 3]))');
    assert.deepEqual(await host.native.take(own), new Uint8Array([1, 2, 3]));
    assert.deepEqual(await host.eval(`native.take(${id}).then((bytes) => bytes.length)`), 3000);
    assert.equal(await code(host.native.info(id)), 'ERR_ID_NOT_FOUND');
  });

  test('a failed operation leaves inputs valid and stores nothing', async (t) => {
    const host = open(t);
    const id = await host.native.put(random(5));
    await failure(host.native.exec('grayscale_rgba', id));
    await failure(host.native.execChain(id, ['invert', 'grayscale_rgba']));
    await failure(host.native.exec('xor', id, {}, 2 ** 40));
    assert.equal(host.stats().buffers, 1);
    assert.deepEqual(await host.native.take(id), random(5));
    assert.equal(host.stats().bufferBytes, 0);
  });
});

describe('memory', () => {
  test('alloc gives zeroed memory of the asked length', (t) => {
    const { native } = open(t);
    for (const length of [0, 1, 4096, 1 << 20]) {
      for (let i = 0; i < 3; i++) {
        const bytes = native.alloc(length);
        assert.equal(bytes.byteLength, length);
        assert.ok(bytes.every((byte) => byte === 0));
        bytes.fill(255);
      }
    }
  });

  test("a result is the app's own, and changes nothing in the store", async (t) => {
    const { native } = open(t);
    const id = await native.put(new Uint8Array(5000).fill(1));
    const run = await native.chain([], id);
    run.fill(9);
    assert.ok((await native.chain(['noop'], id)).every((byte) => byte === 1));
    assert.ok((await native.take(id)).every((byte) => byte === 1));
  });

  test('a call that times out ends its operations', async (t) => {
    const host = open(t, { limits: { bufferBytes: 512 << 20 } });
    const id = await host.native.put(random(32 << 20));
    assert.equal(
      await code(host.eval(`native.exec('gzip_compress', ${id}, { level: 9 })`, { timeoutMs: 20 })),
      'ERR_TIMEOUT',
    );
    assert.equal((await host.native.info(id)).byteLength, 32 << 20);
    assert.equal(await host.eval('1'), 1);
  });
});
