import { ReadableStream } from 'guest:readablestream';
import { assert, test } from 'guest:test';
import { WritableStream } from 'guest:writable';

const failure = new Error('expected');

function counting(count: number): ReadableStream {
  let next = 0;
  return new ReadableStream({
    pull(controller: any) {
      if (next === count) controller.close();
      else controller.enqueue(next++);
    },
  });
}

async function all(stream: ReadableStream): Promise<unknown[]> {
  const reader = stream.getReader() as any;
  const chunks: unknown[] = [];
  for (let step = await reader.read(); !step.done; step = await reader.read()) chunks.push(step.value);
  return chunks;
}

test('chunks are pulled as they are read, and one ahead', async () => {
  let pulled = 0;
  const stream = new ReadableStream({ pull: (controller: any) => controller.enqueue(pulled++) });
  await undefined;
  await undefined;
  assert.equal(pulled, 1);
  const reader = stream.getReader() as any;
  assert.deepEqual(await reader.read(), { value: 0, done: false });
  await reader.cancel();
  assert.ok(pulled <= 3);
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
});

test('an error reaches reads under way, later ones and closed', async () => {
  let controller: any;
  const stream = new ReadableStream({
    start(own: any) {
      controller = own;
    },
  });
  const reader = stream.getReader() as any;
  const under = reader.read();
  controller.error(failure);
  for (const promise of [under, reader.read(), reader.closed]) {
    await assert.rejects(promise, { message: 'expected' });
  }
});

test('a lock excludes others until it is released', async () => {
  const stream = counting(3);
  const reader = stream.getReader() as any;
  assert.ok(stream.locked);
  assert.throws(() => stream.getReader(), TypeError);
  await assert.rejects(stream.cancel(), TypeError);
  const waiting = reader.closed;
  reader.releaseLock();
  await assert.rejects(waiting, TypeError);
  await assert.rejects(reader.read(), TypeError);
  assert.deepEqual(await all(stream), [0, 1, 2]);
});

test('tee gives both branches every chunk, and cancels when both are cancelled', async () => {
  const [first, second] = counting(3).tee();
  assert.deepEqual(
    [await all(first), await all(second)],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
  let reasons: unknown;
  const [third, fourth] = new ReadableStream({
    cancel(given: unknown) {
      reasons = given;
    },
  }).tee();
  await Promise.all([third.cancel('a'), fourth.cancel('b')]);
  assert.deepEqual(reasons, ['a', 'b']);
});

test('from takes iterables of both kinds and ends them', async () => {
  assert.deepEqual(await all(ReadableStream.from([1, Promise.resolve(2)])), [1, 2]);
  let ended = false;
  async function* generate(): AsyncGenerator<number> {
    try {
      for (;;) yield 1;
    } finally {
      ended = true;
    }
  }
  const reader = ReadableStream.from(generate()).getReader() as any;
  await reader.read();
  await reader.cancel();
  assert.ok(ended);
  assert.throws(() => ReadableStream.from(1), TypeError);
});

test('iteration ends with the stream and cancels it when it is left', async () => {
  const seen: unknown[] = [];
  for await (const chunk of counting(3)) seen.push(chunk);
  assert.deepEqual(seen, [0, 1, 2]);
  let cancelled = false;
  const stream = new ReadableStream({
    pull: (controller: any) => controller.enqueue(1),
    cancel() {
      cancelled = true;
    },
  });
  for await (const chunk of stream) {
    assert.equal(chunk, 1);
    break;
  }
  assert.ok(cancelled && !stream.locked);
  const kept = counting(2);
  for await (const chunk of kept.values({ preventCancel: true })) {
    assert.equal(chunk, 0);
    break;
  }
  assert.deepEqual(await all(kept), [1]);
});

test('a pipe moves everything, waits for room and closes', async () => {
  const written: unknown[] = [];
  let under = 0;
  const target = new WritableStream({
    async write(chunk: unknown) {
      assert.equal(under++, 0);
      await undefined;
      written.push(chunk);
      under--;
    },
    close() {
      written.push('closed');
    },
  });
  await counting(4).pipeTo(target);
  assert.deepEqual(written, [0, 1, 2, 3, 'closed']);
});

test('a pipe carries errors both ways and stops at its signal', async () => {
  const aborted: unknown[] = [];
  const target = (): WritableStream =>
    new WritableStream({
      abort(reason: unknown) {
        aborted.push(reason);
      },
    });
  const failing = new ReadableStream({ start: (controller: any) => controller.error(failure) });
  await assert.rejects(failing.pipeTo(target()), { message: 'expected' });
  assert.equal(aborted[0], failure);
  let cancelled: unknown;
  const source = new ReadableStream({
    pull: (controller: any) => controller.enqueue(1),
    cancel(reason: unknown) {
      cancelled = reason;
    },
  });
  const broken = new WritableStream({
    write() {
      throw failure;
    },
  });
  await assert.rejects(source.pipeTo(broken), { message: 'expected' });
  assert.equal(cancelled, failure);
});

test('a byte stream fills views, and hands detached buffers on', async () => {
  const stream = new ReadableStream({
    type: 'bytes',
    pull(controller: any) {
      const { view } = controller.byobRequest;
      view.fill(7);
      controller.byobRequest.respond(view.length);
    },
  });
  const reader = stream.getReader({ mode: 'byob' }) as any;
  const given = new Uint8Array(4);
  const { value, done } = await reader.read(given);
  assert.deepEqual([[...value], done, given.length], [[7, 7, 7, 7], false, 0]);
  await assert.rejects(reader.read(new Uint8Array(0)), TypeError);
  const wide = await reader.read(new Uint16Array(3), { min: 2 });
  assert.ok(wide.value instanceof Uint16Array && wide.value.length >= 2);
});

test('wrong arguments are refused as the standard says', async () => {
  assert.throws(() => new ReadableStream(1 as any), TypeError);
  assert.throws(() => new ReadableStream({ type: 'other' }), TypeError);
  assert.throws(() => new ReadableStream({}, { highWaterMark: -1 }), RangeError);
  assert.throws(() => new ReadableStream({ type: 'bytes' }, { size: () => 1 }), RangeError);
  assert.throws(() => counting(1).getReader({ mode: 'none' as any }), TypeError);
  assert.throws(() => counting(1).pipeThrough({ readable: 1 } as any), TypeError);
  await assert.rejects(counting(1).pipeTo(1), TypeError);
  await assert.rejects((ReadableStream.prototype.cancel as any).call({}), TypeError);
});
