import { ReadableStream } from 'guest:readablestream';
import { assert, test } from 'guest:test';
import { TransformStream } from 'guest:transform';

const failure = new Error('expected');

async function through(transform: TransformStream, ...chunks: unknown[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const chunk of ReadableStream.from(chunks).pipeThrough(transform)) results.push(chunk);
  return results;
}

test('chunks are transformed, and flush may add more', async () => {
  const transform = new TransformStream({
    transform(chunk: any, controller: any) {
      controller.enqueue(chunk * 2);
      if (chunk === 2) controller.enqueue('two');
    },
    flush: (controller: any) => controller.enqueue('end'),
  });
  assert.deepEqual(await through(transform, 1, 2), [2, 4, 'two', 'end']);
});

test('without a transformer it is the identity', async () => {
  assert.deepEqual(await through(new TransformStream(), 1, 'a'), [1, 'a']);
});

test('what it throws fails both sides', async () => {
  const transform = new TransformStream({
    transform() {
      throw failure;
    },
  });
  const writer = transform.writable.getWriter();
  const read = (transform.readable.getReader() as any).read();
  await assert.rejects(writer.write(1), { message: 'expected' });
  await assert.rejects(read, { message: 'expected' });
  await assert.rejects(writer.closed, { message: 'expected' });
});

test('writes wait until somebody reads', async () => {
  const transform = new TransformStream();
  const writer = transform.writable.getWriter();
  let written = 0;
  void writer.write(1).then(() => written++);
  for (let i = 0; i < 10; i++) await undefined;
  assert.equal(written, 0);
  await (transform.readable.getReader() as any).read();
  await writer.ready;
  assert.equal(written, 1);
});

test('terminate closes one side and fails the other', async () => {
  const transform = new TransformStream({ start: (controller: any) => controller.terminate() });
  assert.deepEqual(await (transform.readable.getReader() as any).read(), { value: undefined, done: true });
  await assert.rejects(transform.writable.getWriter().closed, TypeError);
});

test('cancelling the readable side reaches the transformer', async () => {
  let reason: unknown;
  const transform = new TransformStream({
    cancel(given: unknown) {
      reason = given;
    },
  });
  await transform.readable.cancel(failure);
  assert.equal(reason, failure);
  await assert.rejects(transform.writable.getWriter().closed, { message: 'expected' });
});

test('types of the sides are refused', () => {
  assert.throws(() => new TransformStream({ readableType: 'bytes' }), RangeError);
  assert.throws(() => new TransformStream({ writableType: 'bytes' }), RangeError);
});
