import { assert, test } from 'guest:test';
import { WritableStream } from 'guest:writable';

const failure = new Error('expected');

test('writes are done one after the other, and close comes last', async () => {
  const log: unknown[] = [];
  const stream = new WritableStream({
    async write(chunk: unknown) {
      log.push(`begin ${chunk}`);
      await undefined;
      log.push(`end ${chunk}`);
    },
    close() {
      log.push('close');
    },
  });
  const writer = stream.getWriter();
  void writer.write(1);
  void writer.write(2);
  await writer.close();
  assert.deepEqual(log, ['begin 1', 'end 1', 'begin 2', 'end 2', 'close']);
  await writer.closed;
});

test('ready and desiredSize tell of room', async () => {
  let finish!: () => void;
  const stream = new WritableStream(
    { write: () => new Promise<void>((resolve) => (finish = resolve)) },
    { highWaterMark: 2 },
  );
  const writer = stream.getWriter();
  assert.equal(writer.desiredSize, 2);
  await writer.ready;
  void writer.write('a');
  const second = writer.write('b');
  assert.equal(writer.desiredSize, 0);
  let isReady = false;
  void writer.ready.then(() => (isReady = true));
  await undefined;
  assert.equal(isReady, false);
  finish();
  await writer.ready;
  finish();
  await second;
  assert.equal(writer.desiredSize, 2);
});

test('a failing sink fails everything after it', async () => {
  const stream = new WritableStream({
    write() {
      throw failure;
    },
  });
  const writer = stream.getWriter();
  await assert.rejects(writer.write(1), { message: 'expected' });
  for (const promise of [writer.closed, writer.write(2), writer.ready]) {
    await assert.rejects(promise, { message: 'expected' });
  }
  assert.equal(writer.desiredSize, null);
  await assert.rejects(writer.close(), TypeError);
});

test('abort signals the sink, drops what waits and reaches its abort', async () => {
  let reason: unknown;
  let controller: any;
  const stream = new WritableStream({
    start(own: any) {
      controller = own;
    },
    abort(given: unknown) {
      reason = given;
    },
  });
  const writer = stream.getWriter();
  await undefined;
  const done = writer.abort(failure);
  assert.ok(controller.signal.aborted && controller.signal.reason === failure);
  await done;
  assert.equal(reason, failure);
  await assert.rejects(writer.closed, { message: 'expected' });
});

test('a released writer writes no more, and the stream can be locked again', async () => {
  const stream = new WritableStream();
  const writer = stream.getWriter();
  assert.throws(() => stream.getWriter(), TypeError);
  await assert.rejects(stream.close(), TypeError);
  writer.releaseLock();
  await assert.rejects(writer.write(1), TypeError);
  assert.throws(() => writer.desiredSize, TypeError);
  await stream.getWriter().write(1);
});

test('sizes come from the strategy', async () => {
  const stream = new WritableStream({}, { highWaterMark: 10, size: (chunk: any) => chunk.length });
  const writer = stream.getWriter();
  const written = writer.write('four');
  assert.equal(writer.desiredSize, 6);
  await written;
  assert.throws(() => new WritableStream({}, { highWaterMark: NaN }), RangeError);
  assert.throws(() => new WritableStream({ type: 'bytes' }), RangeError);
  const wrong = new WritableStream({}, { size: () => -1 }).getWriter();
  await assert.rejects(wrong.write(1), RangeError);
});
