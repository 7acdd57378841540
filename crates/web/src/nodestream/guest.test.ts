import { assert, test } from 'guest:test';
import { Buffer } from 'guest:buffer';
import { consumers, promises, stream, web } from 'guest:nodestream';

const { Readable, Writable, Duplex, Transform, PassThrough, pipeline, finished } = stream;

/** A Writable that keeps what it gets. */
function sink(options: object = {}): any {
  const chunks: unknown[] = [];
  const writable = new Writable({
    ...options,
    write(chunk: unknown, _encoding: string, done: () => void) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(writable, { chunks });
}

const upper = (): any =>
  new Transform({
    transform(chunk: unknown, _encoding: string, done: (error: unknown, value: string) => void) {
      done(null, `${chunk as string}`.toUpperCase());
    },
  });

test('data flows through a pipe', async () => {
  const target = sink({ decodeStrings: false });
  Readable.from(['a', 'b']).pipe(upper()).pipe(target);
  await promises.finished(target);
  assert.equal(target.chunks.join(''), 'AB');
});

test('a Readable is read by events, by calls and by iteration', async () => {
  const read: string[] = [];
  const source = new Readable({ read() {} });
  source.push('ab');
  source.push('cd');
  source.push(null);
  source.setEncoding('utf8');
  source.on('data', (chunk: string) => read.push(chunk));
  await promises.finished(source);
  assert.equal(read.join(''), 'abcd');
  const chunks: unknown[] = [];
  for await (const chunk of Readable.from([1, { a: 2 }])) chunks.push(chunk);
  assert.deepEqual(chunks, [1, { a: 2 }]);
});

test('a full Writable says so, and drains', async () => {
  const target = new Writable({
    highWaterMark: 2,
    write(_chunk: unknown, _encoding: string, done: () => void) {
      void Promise.resolve().then(done);
    },
  });
  assert.equal(target.write('abc'), false);
  await new Promise((resolve) => target.once('drain', resolve));
  assert.equal(target.writableLength, 0);
  target.end();
  await promises.finished(target);
  assert.equal(target.writableFinished, true);
  const error = await new Promise<any>((resolve) => target.write('x', resolve));
  assert.equal(error.code, 'ERR_STREAM_WRITE_AFTER_END');
});

test('a pipeline ends with its streams, and fails with any of them', async () => {
  const target = sink();
  await promises.pipeline(
    Readable.from(['a', 'b']),
    async function* (source: AsyncIterable<string>) {
      for await (const chunk of source) yield `${chunk}!`;
    },
    target,
  );
  assert.equal(`${Buffer.concat(target.chunks)}`, 'a!b!');
  const failing = new Transform({
    transform(_chunk: unknown, _encoding: string, done: (error: unknown) => void) {
      done(new RangeError('no'));
    },
  });
  const source = Readable.from(['x']);
  const error = await new Promise<any>((resolve) => pipeline(source, failing, sink(), resolve));
  assert.deepEqual([error.message, source.destroyed], ['no', true]);
});

test('a stream that is destroyed is over', async () => {
  const source = new PassThrough();
  const ended = new Promise<any>((resolve) => finished(source, resolve));
  source.destroy();
  assert.equal((await ended).code, 'ERR_STREAM_PREMATURE_CLOSE');
  const broken = new PassThrough();
  const heard = new Promise((resolve) => broken.on('error', resolve));
  broken.destroy(new TypeError('why'));
  assert.equal(((await heard) as Error).message, 'why');
});

test('old classes inherit from the constructors', async () => {
  function Doubler(this: any): void {
    Transform.call(this, { objectMode: true });
  }
  Object.setPrototypeOf(Doubler.prototype, Transform.prototype);
  Doubler.prototype._transform = function (
    chunk: number,
    _encoding: string,
    done: (error: null, value: number) => void,
  ) {
    done(null, chunk * 2);
  };
  const seen: unknown[] = [];
  for await (const value of Readable.from([1, 2]).pipe(new (Doubler as any)())) seen.push(value);
  assert.deepEqual(seen, [2, 4]);
  assert.ok(new (Doubler as any)() instanceof stream && new PassThrough() instanceof Duplex);
});

test('operators map and gather', async () => {
  const result = await Readable.from([1, 2, 3])
    .map((x: number) => x * 2)
    .filter((x: number) => x > 2)
    .toArray();
  assert.deepEqual(result, [4, 6]);
});

test('streams of the web become ones of Node’s, and the other way round', async () => {
  const { ReadableStream, WritableStream, TransformStream } = web as any;
  const source = new ReadableStream({
    start(controller: any) {
      controller.enqueue('a');
      controller.enqueue('b');
      controller.close();
    },
  });
  assert.equal(await consumers.text(Readable.fromWeb(source, { objectMode: true })), 'ab');
  const chunks: unknown[] = [];
  const target = Writable.fromWeb(new WritableStream({ write: (chunk: unknown) => void chunks.push(chunk) }));
  target.end('xy');
  await promises.finished(target);
  assert.equal(`${Buffer.concat(chunks as Uint8Array[])}`, 'xy');
  const seen: unknown[] = [];
  for await (const chunk of Readable.toWeb(Readable.from(['p', 'q']))) seen.push(chunk);
  assert.deepEqual(seen, ['p', 'q']);
  const kept = sink();
  const writer = Writable.toWeb(kept).getWriter();
  await writer.write(Buffer.from('z'));
  await writer.close();
  assert.equal(`${kept.chunks[0] as string}`, 'z');
  const both = Duplex.fromWeb(new TransformStream(), { objectMode: true });
  both.end('t');
  assert.equal(await consumers.text(both), 't');
});

test('consumers read a stream to its end', async () => {
  const from = (): any => Readable.from([Buffer.from('{"a"'), Buffer.from(':1}')]);
  assert.deepEqual(await consumers.json(from()), { a: 1 });
  assert.equal((await consumers.arrayBuffer(from())).byteLength, 7);
  assert.ok(Buffer.isBuffer(await consumers.buffer(from())));
});
