import { AbortController } from 'guest:abort';
import {
  fromNativeSource,
  isDisturbed,
  isLocked,
  nativeSourceOf,
  readAllBytes,
  ReadableStream,
  toNativeSink,
} from 'guest:streams';
import { assert, test } from 'guest:test';
import { newPipe } from 'host:streams';

/** A stream that guest code writes to, and one that gives the same bytes again. */
function pipe(): { writable: any; readable: any } {
  const [sink, source] = newPipe();
  return { writable: toNativeSink(sink), readable: fromNativeSource(source) };
}

async function feed(writable: any, chunks: number, length = 1000): Promise<void> {
  const writer = writable.getWriter();
  for (let number = 0; number < chunks; number++) await writer.write(new Uint8Array(length).fill(number));
  await writer.close();
}

function expected(chunks: number, length = 1000): Uint8Array {
  const all = new Uint8Array(chunks * length);
  for (let number = 0; number < chunks; number++) all.fill(number, number * length, (number + 1) * length);
  return all;
}

function assertSame(actual: Uint8Array, wanted: Uint8Array): void {
  assert.equal(actual.length, wanted.length);
  assert.equal(
    actual.findIndex((byte, at) => byte !== wanted[at]),
    -1,
  );
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: Error) => error.message,
  );

test('bytes go through a native pipe and come back in order', async () => {
  const { writable, readable } = pipe();
  const feeding = feed(writable, 20, 70_000);
  assertSame(await readAllBytes(readable), expected(20, 70_000));
  await feeding;
});

test('a native source fills the buffer that a reader brings', async () => {
  const { writable, readable } = pipe();
  const feeding = feed(writable, 2, 10);
  const reader = readable.getReader({ mode: 'byob' });
  const first = await reader.read(new Uint8Array(4));
  assert.deepEqual([first.value, first.done], [new Uint8Array(4), false]);
  const second = await reader.read(new Uint8Array(16), { min: 16 });
  assert.deepEqual([second.value.length, second.value[5], second.value[6]], [16, 0, 1]);
  await feeding;
  const end = await reader.read(new Uint8Array(3));
  assert.deepEqual([end.value.length, end.done], [0, true]);
});

test('a source is piped to a sink, and the sink is closed', async () => {
  const first = pipe();
  const second = pipe();
  const feeding = feed(first.writable, 30);
  const piping = first.readable.pipeTo(second.writable);
  assert.ok(first.readable.locked && second.writable.locked && isDisturbed(first.readable));
  assertSame(await readAllBytes(second.readable), expected(30));
  await piping;
  await feeding;
  assert.ok(!first.readable.locked && !second.writable.locked);
  const reader = first.readable.getReader();
  await reader.closed;
});

test('chunks that a reader left behind go along', async () => {
  const first = pipe();
  const second = pipe();
  const feeding = feed(first.writable, 3);
  const reader = first.readable.getReader();
  const { value } = await reader.read();
  assert.equal(value.length, 1000);
  reader.read().catch(() => {});
  reader.releaseLock();
  const piping = first.readable.pipeTo(second.writable);
  assertSame(await readAllBytes(second.readable), expected(3).slice(1000));
  await piping;
  await feeding;
});

test('preventClose leaves the sink to the next source', async () => {
  const target = pipe();
  const all = readAllBytes(target.readable);
  for (const preventClose of [true, false]) {
    const source = pipe();
    const feeding = feed(source.writable, 2);
    await source.readable.pipeTo(target.writable, { preventClose });
    await feeding;
  }
  assert.equal((await all).length, 4000);
});

test('an error of the source aborts the sink', async () => {
  const first = pipe();
  const second = pipe();
  const piping = failure(first.readable.pipeTo(second.writable));
  const reading = failure(readAllBytes(second.readable));
  await first.writable.abort(new Error('unplugged'));
  assert.ok((await piping)!.includes('unplugged'));
  assert.ok((await reading)!.includes('unplugged'));
});

test('a sink that is gone cancels the source', async () => {
  const first = pipe();
  const second = pipe();
  const feeding = failure(feed(first.writable, 50));
  const piping = failure(first.readable.pipeTo(second.writable));
  await second.readable.cancel();
  assert.equal(await piping, 'the reading end was cancelled');
  assert.equal(await feeding, 'the reading end was cancelled');
});

test('a signal stops the bytes and ends both sides', async () => {
  const first = pipe();
  const second = pipe();
  const controller = new AbortController();
  const reading = failure(readAllBytes(second.readable));
  const piping = failure(first.readable.pipeTo(second.writable, { signal: controller.signal }));
  controller.abort(new Error('enough'));
  assert.equal(await piping, 'enough');
  assert.ok((await reading)!.includes('enough'));
  const writer = first.writable.getWriter();
  assert.equal(await failure(writer.write(new Uint8Array(1))), 'the reading end was cancelled');
});

test('a signal leaves a source that is not to be cancelled where it was', async () => {
  const first = pipe();
  const second = pipe();
  const controller = new AbortController();
  const options = { signal: controller.signal, preventCancel: true, preventAbort: true };
  const piping = failure(first.readable.pipeTo(second.writable, options));
  controller.abort(new Error('enough'));
  assert.equal(await piping, 'enough');
  const feeding = feed(first.writable, 2);
  assertSame(await readAllBytes(first.readable), expected(2));
  await feeding;
});

test('a sink takes bytes alone', async () => {
  for (const chunk of ['text', undefined, [1], new Uint8Array(new SharedArrayBuffer(1))]) {
    const writer = pipe().writable.getWriter();
    writer.closed.catch(() => {});
    await assert.rejects(writer.write(chunk), TypeError);
  }
});

test('all bytes of any stream are read, and chunks of another kind refused', async () => {
  const of = (...chunks: unknown[]) =>
    new ReadableStream({
      start(controller: any) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  const many = Array.from({ length: 20_000 }, () => new Uint8Array(1));
  assert.equal((await readAllBytes(of(...many))).length, 20_000);
  assert.equal((await readAllBytes(of())).length, 0);
  await assert.rejects(readAllBytes(of('text')), TypeError);
});

test('a stream lends its source as long as nobody has touched it', async () => {
  const { readable } = pipe();
  assert.ok(nativeSourceOf(readable) !== undefined);
  assert.ok(!isDisturbed(readable) && !isLocked(readable));
  await readable.cancel();
  assert.equal(nativeSourceOf(readable), undefined);
  assert.equal(nativeSourceOf(new ReadableStream()), undefined);
});
