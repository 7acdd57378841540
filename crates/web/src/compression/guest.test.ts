import { CompressionStream, DecompressionStream } from 'guest:compression';
import { readAllBytes } from 'guest:streams';
import { assert, test } from 'guest:test';

const formats = ['brotli', 'deflate', 'deflate-raw', 'gzip'] as const;

async function through(stream: { readable: unknown; writable: unknown }, chunks: unknown[]): Promise<Uint8Array> {
  const reading = readAllBytes(stream.readable);
  const writer = (stream.writable as any).getWriter();
  const ignore = () => {};
  for (const chunk of chunks) writer.write(chunk).catch(ignore);
  writer.close().catch(ignore);
  writer.closed.catch(ignore);
  return reading;
}

/** Repeats itself, and not too soon. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (state * 1103515245 + 12345) >>> 0;
    bytes[i] = i % 1024 < 512 ? 7 : state >>> 24;
  }
  return bytes;
}

test('what was compressed in one format comes back from it, whatever its pieces', async () => {
  const plain = pattern(300_000);
  for (const format of formats) {
    const pieces = [plain.subarray(0, 1), plain.subarray(1, 200_000), new Uint8Array(0), plain.slice(200_000).buffer];
    const packed = await through(new CompressionStream(format), pieces);
    assert.ok(packed.length < plain.length);
    const parts = [packed.subarray(0, 5), packed.subarray(5, 6), packed.subarray(6)];
    const unpacked = await through(new DecompressionStream(format), parts);
    assert.equal(unpacked.length, plain.length, format);
    assert.equal(
      unpacked.findIndex((byte, at) => byte !== plain[at]),
      -1,
      format,
    );
  }
});

test('nothing is compressed to the format of an empty stream', async () => {
  for (const format of formats) {
    const packed = await through(new CompressionStream(format), []);
    assert.ok(packed.length > 0);
    assert.equal((await through(new DecompressionStream(format), [packed])).length, 0);
  }
});

test('input that ends too early, goes on too long or is damaged is a TypeError', async () => {
  for (const format of formats) {
    const packed = await through(new CompressionStream(format), [pattern(1000)]);
    const short = packed.subarray(0, packed.length - 1);
    const long = new Uint8Array(packed.length + 1);
    long.set(packed);
    for (const input of [[], [short], [long], [packed, new Uint8Array(1)], [new Uint8Array(9).fill(255)]]) {
      await assert.rejects(through(new DecompressionStream(format), input), TypeError);
    }
  }
});

test('a second member of a gzip stream is too much', async () => {
  const packed = await through(new CompressionStream('gzip'), [pattern(10)]);
  await assert.rejects(through(new DecompressionStream('gzip'), [packed, packed]), TypeError);
});

test('a chunk that is no bytes is a TypeError', async () => {
  for (const chunk of [undefined, null, 5, 'text', [1], {}, new Uint8Array(new SharedArrayBuffer(3))]) {
    await assert.rejects(through(new CompressionStream('gzip'), [chunk]), TypeError);
    await assert.rejects(through(new DecompressionStream('gzip'), [chunk]), TypeError);
  }
});

test('a format is one of four', () => {
  for (const format of ['', 'GZIP', 'zstd', undefined, null]) {
    assert.throws(() => new CompressionStream(format as any), TypeError);
    assert.throws(() => new DecompressionStream(format as any), TypeError);
  }
  assert.throws(() => new (CompressionStream as any)(), TypeError);
  const named = { toString: () => 'gzip' };
  assert.ok(new CompressionStream(named as any).readable);
});

test('the classes have the look of the standard', () => {
  assert.deepEqual([CompressionStream.length, DecompressionStream.length], [1, 1]);
  assert.equal(Object.prototype.toString.call(new CompressionStream('gzip')), '[object CompressionStream]');
  assert.ok(Object.getOwnPropertyDescriptor(DecompressionStream.prototype, 'readable')!.enumerable);
  const { get } = Object.getOwnPropertyDescriptor(DecompressionStream.prototype, 'readable')!;
  assert.throws(() => get!.call(new CompressionStream('gzip')), TypeError);
});
