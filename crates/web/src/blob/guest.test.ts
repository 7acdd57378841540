import { assert, test } from 'guest:test';
import { structuredClone } from 'guest:clone';
import { Blob, File } from 'guest:blob';

const text = (...parts: any[]) => new Blob(parts).text();

test('a blob is made of text, buffers, views and blobs', async () => {
  const bytes = new Uint8Array([97, 98, 99]);
  assert.equal(await text('é', bytes, bytes.buffer, new DataView(bytes.buffer, 1), new Blob(['x'])), 'éabcabcbcx');
  assert.equal(await text(1, null, undefined, {}, '\ud800'), '1nullundefined[object Object]\ufffd');
  assert.equal(new Blob().size, 0);
  assert.equal(await new Blob(new Set(['a', 'b']) as any).text(), 'ab');
  for (const parts of [null, 5, 'text', {}]) assert.throws(() => new Blob(parts as any), TypeError);
});

test('bytes are read when all parts are converted', async () => {
  const bytes = new Uint8Array([1, 1]);
  const part = {
    toString() {
      bytes[0] = 7;
      return '';
    },
  };
  const blob = new Blob([bytes, part as any]);
  bytes[1] = 9;
  assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), new Uint8Array([7, 1]));
});

test('a type is in lower case, or missing where it is not printable', () => {
  const typeOf = (type: any) => new Blob([], { type }).type;
  assert.deepEqual(['Text/PLAIN; A=b', 'é', 'a\u0000', null, undefined].map(typeOf), [
    'text/plain; a=b',
    '',
    '',
    'null',
    '',
  ]);
});

test('line ends become those of the system where that is asked for', async () => {
  const parts = ['a\r\nb\rc\nd', '\r', '\n'];
  assert.equal(await new Blob(parts, { endings: 'native' }).text(), 'a\nb\nc\nd\n\n');
  assert.equal(await new Blob(parts, { endings: 'transparent' }).text(), 'a\r\nb\rc\nd\r\n');
  assert.throws(() => new Blob([], { endings: 'x' as any }), TypeError);
});

test('options are an object or missing', () => {
  assert.equal(new Blob([], null as any).type, '');
  for (const options of [5, 'text', true]) assert.throws(() => new Blob([], options as any), TypeError);
});

test('a slice counts from the start or the end and stays within', async () => {
  const blob = new Blob(['hello ', new Blob(['world'])], { type: 'a/b' });
  const slices: [any, any][] = [
    [undefined, undefined],
    [1, 4],
    [-5, undefined],
    [4, 8],
    [-3, -1],
    [8, 2],
    [-99, 99],
    [undefined, null],
  ];
  const texts = await Promise.all(slices.map(([start, end]) => blob.slice(start, end).text()));
  assert.deepEqual(texts, ['hello world', 'ell', 'world', 'o wo', 'rl', '', 'hello world', '']);
  assert.deepEqual([blob.slice().type, blob.slice(0, 1, 'X/Y').type, blob.slice(2, 5).size], ['', 'x/y', 3]);
});

test('slices of slices and blobs of blobs share what they are made of', async () => {
  const part = 'x'.repeat(5000) + 'y'.repeat(5000);
  const blob = new Blob([part, 'z', new Blob([part]).slice(4999, 9000), part]);
  assert.equal(blob.size, 10000 + 1 + 4001 + 10000);
  assert.equal(await blob.slice(9999, 10003).text(), 'yzxy');
  assert.equal(await blob.slice(9000, -9000).slice(1000, 1002).text(), 'zx');
  assert.equal(await blob.slice(-1).text(), 'y');
  assert.equal((await blob.arrayBuffer()).byteLength, blob.size);
});

test('large blobs are read whole', async () => {
  const bytes = new Uint8Array(1 << 20).fill(0x61);
  const blob = new Blob([bytes, bytes]);
  assert.equal((await blob.text()).length, 2 << 20);
  const copy = new Uint8Array(await blob.arrayBuffer());
  assert.deepEqual([copy.length, copy[0], copy[copy.length - 1]], [2 << 20, 0x61, 0x61]);
});

test('a blob that doubles itself costs no memory of its size', async () => {
  let blob = new Blob(['x'.repeat(2048)]);
  for (let i = 0; i < 10; i++) blob = new Blob([blob, blob]);
  assert.equal(blob.size, 2048 * 1024);
  assert.equal(await blob.slice(2046, 2050).text(), 'xxxx');
});

test('text is decoded as UTF-8 and loses its byte order mark', async () => {
  assert.equal(await text(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xc3])), 'a\ufffd\ufffd');
});

test('a stream gives the bytes, into buffers of a reader as well', async () => {
  const blob = new Blob(['x'.repeat(100_000), new Blob(['y'.repeat(2000)]).slice(0, 1500)]);
  let length = 0;
  const reader = blob.stream().getReader() as any;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    assert.ok(value instanceof Uint8Array);
    length += value.length;
  }
  assert.equal(length, 101_500);
  const byob = (blob.slice(99_999, 100_001).stream() as any).getReader({ mode: 'byob' });
  const { value } = await byob.read(new Uint8Array(1));
  assert.deepEqual([...value], [0x78]);
  assert.deepEqual([...(await byob.read(new Uint8Array(5))).value], [0x79]);
  assert.equal((await byob.read(new Uint8Array(5))).done, true);
});

test('an empty blob is an empty stream, and a cancelled one ends', async () => {
  assert.equal((await (new Blob([]).stream() as any).getReader().read()).done, true);
  const reader = (new Blob(['abc']).stream() as any).getReader();
  await reader.cancel();
  assert.equal((await reader.read()).done, true);
});

test('a file has a name and a time', () => {
  const file = new File(['abc'], 'a/b\ud800', { type: 'X/y', lastModified: 5.5 });
  assert.deepEqual([file.name, file.lastModified, file.type, file.size], ['a/b\ufffd', 5, 'x/y', 3]);
  assert.ok(file instanceof Blob && !(file.slice() instanceof File));
  assert.ok(Math.abs(new File([], 'x').lastModified - Date.now()) < 10_000);
  assert.throws(() => new (File as any)([]), TypeError);
  assert.throws(() => new (File as any)(5, 'x'), TypeError);
});

test('methods want a blob', async () => {
  assert.throws(() => Object.getOwnPropertyDescriptor(Blob.prototype, 'size')!.get!.call({}));
  assert.throws(() => Blob.prototype.slice.call({} as any));
  await assert.rejects(Blob.prototype.text.call({} as any));
  await assert.rejects(Blob.prototype.arrayBuffer.call({} as any));
});

test('the classes look as the standard says', () => {
  assert.equal(Object.prototype.toString.call(new File([], 'x')), '[object File]');
  assert.deepEqual([Blob.length, File.length, Blob.prototype.slice.length, Blob.prototype.text.length], [0, 2, 0, 0]);
  for (const name of ['size', 'type', 'slice', 'text', 'arrayBuffer']) {
    assert.ok(Object.prototype.propertyIsEnumerable.call(Blob.prototype, name), name);
  }
});

test('a clone of a blob is a blob, and one of a file a file', async () => {
  const blob = structuredClone(new Blob(['text'], { type: 'a/b' }));
  assert.ok(blob instanceof Blob && !(blob instanceof File));
  assert.deepEqual([blob.size, blob.type, await blob.text()], [4, 'a/b', 'text']);
  const file = structuredClone(new File(['x'], 'name', { lastModified: 5 }));
  assert.ok(file instanceof File);
  assert.deepEqual([file.name, file.lastModified, await file.text()], ['name', 5, 'x']);
});
