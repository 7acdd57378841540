import { assert, test } from 'guest:test';
import { Blob, File } from 'guest:blob';
import { FormData } from 'guest:formdata';
import { ReadableStream } from 'guest:readablestream';
import { Response } from 'guest:response';
import { URLSearchParams } from 'guest:url';

const bytes = (...values: number[]) => new Uint8Array(values);
const HI = bytes(0x68, 0x69);

function streamOf(...chunks: unknown[]): ReadableStream {
  return new ReadableStream({
    start(controller: { enqueue(chunk: unknown): void; close(): void }) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

function form(): FormData {
  const data = new FormData();
  data.append('a"\r', 'one\ntwo');
  data.append('file', new File([bytes(0, 255)], 'n"ame.bin', { type: 'x/y' }));
  data.append('long', new Blob([new Uint8Array(20_000)]), 'long');
  return data;
}

interface Reader {
  read(): Promise<{ done: boolean; value: Uint8Array }>;
  releaseLock(): void;
}

const kinds: [string, () => unknown, string | null][] = [
  ['text', () => 'hi', 'text/plain;charset=UTF-8'],
  ['parameters', () => new URLSearchParams('hi'), 'application/x-www-form-urlencoded;charset=UTF-8'],
  ['a blob', () => new Blob(['hi'], { type: 'x/y' }), 'x/y'],
  ['a blob without a type', () => new Blob(['hi']), null],
  ['a buffer', () => HI.slice().buffer, null],
  ['a view', () => new DataView(bytes(1, 0x68, 0x69).buffer, 1), null],
  ['a stream', () => streamOf(HI.slice()), null],
];

test('a body is made of everything that the standard knows', async () => {
  for (const [name, make, type] of kinds) {
    assert.equal(new Response(make()).headers.get('content-type'), type, name);
    const expected = name === 'parameters' ? 'hi=' : 'hi';
    assert.equal(await new Response(make()).text(), expected, name);
    const length = expected.length;
    assert.equal((await new Response(make()).arrayBuffer()).byteLength, length, name);
    assert.deepEqual((await new Response(make()).bytes()).subarray(0, 2), HI, name);
    assert.equal((await new Response(make()).blob()).size, length, name);
  }
});

test('a body can be read as a stream instead', async () => {
  for (const [name, make] of kinds) {
    const response = new Response(make());
    const { body } = response;
    assert.equal(response.body, body);
    assert.ok(!response.bodyUsed);
    const reader = body!.getReader({}) as Reader;
    const first = await reader.read();
    assert.deepEqual(first.value.subarray(0, 2), HI, name);
    assert.ok(response.bodyUsed);
    await assert.rejects(response.text(), TypeError);
    assert.equal((await reader.read()).done, true, name);
  }
});

test('a body is read once', async () => {
  for (const [name, make] of kinds) {
    const response = new Response(make());
    const first = response.text();
    assert.ok(response.bodyUsed, name);
    await assert.rejects(response.text(), TypeError);
    await first;
    assert.ok(response.body!.locked, name);
    assert.throws(() => response.clone(), TypeError);
  }
});

test('bytes of a buffer are those of the moment when the body was made', async () => {
  const given = HI.slice();
  const response = new Response(given);
  given[0] = 0;
  assert.equal(await response.text(), 'hi');
});

test('a stream that is locked or was read makes no body', async () => {
  const locked = streamOf();
  locked.getReader({});
  assert.throws(() => new Response(locked), TypeError);
  const read = streamOf();
  const reader = read.getReader({}) as Reader;
  await reader.read();
  reader.releaseLock();
  assert.throws(() => new Response(read), TypeError);
});

test('chunks have to be bytes', async () => {
  for (const chunk of ['hi', 1, HI.buffer, {}]) await assert.rejects(new Response(streamOf(chunk)).text(), TypeError);
});

test('clones of a stream give the same bytes', async () => {
  const response = new Response(streamOf(HI.slice(), HI.slice()));
  const clone = response.clone();
  assert.deepEqual(await Promise.all([response.text(), clone.text()]), ['hihi', 'hihi']);
});

test('text loses its byte order mark and nothing else', async () => {
  assert.equal(await new Response('\ufeffa\ufeff').text(), 'a\ufeff');
  assert.equal(await new Response(bytes(0xef, 0xbb, 0xbf, 0x61, 0xff)).text(), 'a\ufffd');
  assert.equal(await new Response('\ud800').text(), '\ufffd');
});

test('json is parsed or refused', async () => {
  assert.deepEqual(await new Response('{"a":[1,null]}').json(), { a: [1, null] });
  await assert.rejects(new Response('{').json(), SyntaxError);
  await assert.rejects(new Response().json(), SyntaxError);
});

test('a blob has the type that the headers tell', async () => {
  const typed = new Response(new Blob(['a'], { type: 'x/y' }), { headers: { 'content-type': 'Text/HTML; Charset=x' } });
  assert.equal((await typed.blob()).type, 'text/html;charset=x');
  const upper = new Response(HI, { headers: { 'content-type': 'TEXT/HTML;CHARSET=X' } });
  assert.equal((await upper.blob()).type, 'text/html;charset=X');
  assert.equal((await new Response(HI).blob()).type, '');
});

test('a form survives the way through a body', async () => {
  const sent = new Response(form());
  assert.ok(sent.headers.get('content-type')!.startsWith('multipart/form-data; boundary='));
  const read = await sent.formData();
  assert.deepEqual([...read.keys()], ['a"\r\n', 'file', 'long']);
  assert.equal(read.get('a"\r\n'), 'one\r\ntwo');
  const file = read.get('file') as File;
  assert.deepEqual([file.name, file.type], ['n"ame.bin', 'x/y']);
  assert.deepEqual(await file.bytes(), bytes(0, 255));
  assert.equal((read.get('long') as File).size, 20_000);
});

test('a form may be urlencoded', async () => {
  const response = new Response(new URLSearchParams({ a: '1 2', b: 'ä' }));
  assert.deepEqual(
    [...(await response.formData())],
    [
      ['a', '1 2'],
      ['b', 'ä'],
    ],
  );
});

test('a form that is none is refused', async () => {
  const multipart = { headers: { 'content-type': 'multipart/form-data; boundary=b' } };
  for (const body of ['', '--b', '--c--', '--b\r\n\r\n\r\n--b--']) {
    await assert.rejects(new Response(body, multipart).formData(), TypeError);
  }
  await assert.rejects(new Response('a=b').formData(), TypeError);
  await assert.rejects(
    new Response('a=b', { headers: { 'content-type': 'multipart/form-data' } }).formData(),
    TypeError,
  );
});

test('what is no instance is refused by a promise', async () => {
  await assert.rejects(Response.prototype.text.call({} as Response), TypeError);
});
