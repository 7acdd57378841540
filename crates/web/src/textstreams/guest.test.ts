import { assert, test } from 'guest:test';
import { TextDecoderStream, TextEncoderStream } from 'guest:textstreams';

async function through(stream: { readable: unknown; writable: unknown }, chunks: unknown[]): Promise<unknown[]> {
  const writer = (stream.writable as any).getWriter();
  const ignore = () => {};
  for (const chunk of chunks) writer.write(chunk).catch(ignore);
  writer.close().catch(ignore);
  writer.closed.catch(ignore);
  const reader = (stream.readable as any).getReader();
  const given: unknown[] = [];
  for (let step = await reader.read(); !step.done; step = await reader.read()) given.push(step.value);
  return given;
}

const bytes = (...values: number[]) => new Uint8Array(values);

test('text becomes UTF-8, and a surrogate pair may be cut between chunks', async () => {
  assert.deepEqual(await through(new TextEncoderStream(), ['a€', '', '\ud83d', '\ude00b']), [
    bytes(0x61, 0xe2, 0x82, 0xac),
    bytes(0xf0, 0x9f, 0x98, 0x80, 0x62),
  ]);
});

test('halves of surrogate pairs that find no other half are replaced', async () => {
  const replaced = [0xef, 0xbf, 0xbd];
  assert.deepEqual(await through(new TextEncoderStream(), ['\ud83d', 'x', '\ude00', '\ud83d']), [
    bytes(...replaced, 0x78),
    bytes(...replaced),
    bytes(...replaced),
  ]);
});

test('chunks for an encoder are converted to text', async () => {
  assert.deepEqual(await through(new TextEncoderStream(), [5, null]), [bytes(0x35), bytes(0x6e, 0x75, 0x6c, 0x6c)]);
  await assert.rejects(through(new TextEncoderStream(), [Symbol()]), TypeError);
});

test('bytes become text, and a character may be cut between chunks', async () => {
  const chunks = [bytes(0x61, 0xe2), bytes(0x82), bytes(0xac).buffer, bytes()];
  assert.deepEqual(await through(new TextDecoderStream(), chunks), ['a', '€']);
  assert.deepEqual(await through(new TextDecoderStream('utf-16le'), [bytes(0xff, 0xfe, 0x61), bytes(0)]), ['a']);
});

test('unfinished input is replaced at the end, or fails', async () => {
  assert.deepEqual(await through(new TextDecoderStream(), [bytes(0xe2, 0x82)]), ['\ufffd']);
  const strict = () => new TextDecoderStream('utf-8', { fatal: true });
  await assert.rejects(through(strict(), [bytes(0xe2, 0x82)]), TypeError);
  await assert.rejects(through(strict(), [bytes(0xff)]), TypeError);
});

test('chunks for a decoder are buffers and views, shared ones too', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  shared[0] = 0x61;
  assert.deepEqual(await through(new TextDecoderStream(), [shared, shared.buffer]), ['a', 'a']);
  for (const chunk of [undefined, null, 'text', [97], {}]) {
    await assert.rejects(through(new TextDecoderStream(), [chunk]), TypeError);
  }
});

test('a decoder tells its encoding and its options', () => {
  const { encoding, fatal, ignoreBOM } = new TextDecoderStream('latin1', { fatal: true, ignoreBOM: true });
  assert.deepEqual([encoding, fatal, ignoreBOM], ['windows-1252', true, true]);
  assert.equal(new TextEncoderStream().encoding, 'utf-8');
  assert.throws(() => new TextDecoderStream('no-such-encoding'), RangeError);
});

test('the classes have the look of the standard', () => {
  assert.deepEqual([TextDecoderStream.length, TextEncoderStream.length], [0, 0]);
  assert.equal(Object.prototype.toString.call(new TextDecoderStream()), '[object TextDecoderStream]');
  assert.ok(Object.getOwnPropertyDescriptor(TextDecoderStream.prototype, 'fatal')!.enumerable);
  const { get } = Object.getOwnPropertyDescriptor(TextEncoderStream.prototype, 'writable')!;
  assert.throws(() => get!.call(new TextDecoderStream()), TypeError);
});
