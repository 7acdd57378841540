import { AbortController } from 'guest:abort';
import { TextDecoder } from 'guest:encoding';
import { fs as given } from 'guest:fs';
import { afterwards, assert, test } from 'guest:test';

const fs = given as any;
const { promises } = fs;

async function folder(): Promise<string> {
  const path = await promises.mkdtemp('/tmp/fs-test-');
  afterwards(() => promises.rm(path, { recursive: true, force: true }));
  return path;
}
const once = (emitter: any, event: string): Promise<any[]> =>
  new Promise((resolve, reject) => {
    emitter.once(event, (...args: any[]) => resolve(args));
    if (event !== 'error') emitter.once('error', reject);
  });

async function textOf(stream: AsyncIterable<any>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
  return text;
}

test('a file is read as events', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, 'x'.repeat(200_000));
  const stream = fs.createReadStream(file);
  assert.ok(stream instanceof fs.ReadStream && stream.pending && stream.fd === null);
  let length = 0;
  const events: string[] = [];
  for (const event of ['open', 'ready', 'end', 'close']) stream.on(event, () => events.push(event));
  stream.on('data', (chunk: Uint8Array) => {
    assert.ok(chunk instanceof Uint8Array && chunk.length <= 65_536);
    length += chunk.length;
  });
  await once(stream, 'close');
  assert.equal(length, 200_000);
  assert.equal(stream.bytesRead, 200_000);
  assert.equal(stream.path, file);
  assert.deepEqual(events, ['open', 'ready', 'end', 'close']);
});

test('a part of a file is read, in pieces of a size', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, '0123456789');
  const chunks: string[] = [];
  for await (const chunk of fs.createReadStream(file, { start: 2, end: 7, encoding: 'utf8', highWaterMark: 4 })) {
    chunks.push(chunk);
  }
  assert.deepEqual(chunks, ['2345', '67']);
  assert.equal(await textOf(fs.createReadStream(file, { end: 0, encoding: 'latin1' })), '0');
  assert.throws(() => fs.createReadStream(file, { start: 5, end: 4 }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => fs.createReadStream(file, { start: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => fs.createReadStream(file, { start: 'x' }), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a file that is not there is an error of the stream', async () => {
  const path = `${await folder()}/none`;
  const [error] = await once(fs.createReadStream(path), 'error');
  assert.equal(error.code, 'ENOENT');
  assert.equal(error.path, path);
  assert.equal(error.syscall, 'open');
  const [other] = await once(fs.createWriteStream(`${path}/x`), 'error');
  assert.equal(other.code, 'ENOENT');
});

test('a file is written in pieces', async () => {
  const file = `${await folder()}/file`;
  const stream = fs.createWriteStream(file);
  assert.ok(stream instanceof fs.WriteStream);
  const closed = once(stream, 'close');
  stream.write('one');
  stream.write(new Uint8Array([33]));
  stream.write('ff', 'hex');
  stream.end('two');
  await closed;
  assert.equal(stream.bytesWritten, 8);
  assert.equal(await promises.readFile(file, 'latin1'), 'one!ÿtwo');
});

test('a file is written from a position, and appended to', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, '0123456789');
  const at = fs.createWriteStream(file, { flags: 'r+', start: 3 });
  at.write('ab');
  at.end('cd');
  await once(at, 'close');
  const behind = fs.createWriteStream(file, { flags: 'a' });
  behind.end('!');
  await once(behind, 'close');
  assert.equal(await promises.readFile(file, 'utf8'), '012abcd789!');
});

test('one file is piped into another', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/from`, 'y'.repeat(300_000));
  const target = fs.createReadStream(`${base}/from`).pipe(fs.createWriteStream(`${base}/to`));
  await once(target, 'finish');
  assert.equal((await promises.stat(`${base}/to`)).size, 300_000);
});

test('a stream that is destroyed ends', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, 'z'.repeat(200_000));
  const stream = fs.createReadStream(file);
  await once(stream, 'data');
  stream.destroy();
  await once(stream, 'close');
  assert.ok(stream.destroyed);
  const controller = new AbortController();
  const ended = fs.createReadStream(file, { signal: controller.signal });
  const failed = once(ended, 'error');
  controller.abort();
  assert.equal((await failed)[0].name, 'AbortError');
});

test('an open file is a stream, too', async () => {
  const path = `${await folder()}/file`;
  const file = await promises.open(path, 'w+');
  const out = file.createWriteStream();
  out.end('hello');
  await once(out, 'close');
  assert.equal(file.fd, -1);
  assert.equal(await textOf((await promises.open(path)).createReadStream({ start: 1 })), 'ello');
  const again = await promises.open(path);
  let text = '';
  for await (const chunk of again.readableWebStream()) {
    text += new TextDecoder().decode(chunk as Uint8Array);
  }
  assert.equal(text, 'hello');
  await again.close();
});

test('readable and writable are streams of the web over the same file', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/from`, 'w'.repeat(300_000));
  const target = fs.createWriteStream(`${base}/to`);
  await fs.createReadStream(`${base}/from`, { start: 100 }).readable.pipeTo(target.writable);
  assert.equal((await promises.stat(`${base}/to`)).size, 299_900);
  const { readable } = fs.createReadStream(`${base}/from`, { end: 9 });
  let text = '';
  for await (const chunk of readable) text += new TextDecoder().decode(chunk);
  assert.equal(text, 'wwwwwwwwww');
  const writer = fs.createWriteStream(`${base}/small`).writable.getWriter();
  await writer.write(new Uint8Array([104, 105]));
  await writer.close();
  assert.equal(await promises.readFile(`${base}/small`, 'utf8'), 'hi');
  const closed = fs.createReadStream(`${base}/small`);
  closed.destroy();
  assert.equal(closed.readable, false);
});
