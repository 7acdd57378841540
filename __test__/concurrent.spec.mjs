// Components with component-model async from Node: several calls at once, streams and futures each way.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { test } from 'node:test';
import { Component } from '../index.js';

const FIXTURES = join(import.meta.dirname, '../crates/testkit/fixtures/components/concurrent');
const FIXTURE = join(FIXTURES, 'concurrent.wat');

const compile = (options) => Component.compile({ path: FIXTURE }, { experimental: true, ...options });

const APP = { slow: (x) => x, source: () => [], sink: () => 0, add: (a, b) => a + b };

/** The functions of an instance, which is closed with its test, and the instance. */
async function start(t, app = {}, options = {}) {
  const component = await compile();
  const instance = await component.instantiate({ imports: { 'demo:concurrent/app': { ...APP, ...app } }, ...options });
  t.after(() => instance.close());
  return { api: instance.exports.api, instance };
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const bytes = (count) => Uint8Array.from({ length: count }, (_, i) => i);
const sumOf = (array) => BigInt(array.reduce((sum, byte) => sum + byte, 0));

/** A promise, and what settles it. */
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

test('a component that needs component-model async is refused without `experimental`, and says why', async () => {
  await assert.rejects(Component.compile({ path: FIXTURE }), {
    code: 'ERR_WASM_LINK',
    message: /needs component-model async \(it has async functions\): compile it with experimental: true/,
  });
});

test('several calls of one instance are under way at once', async (t) => {
  const asked = new Map();
  const { api } = await start(t, {
    slow(x) {
      const answer = deferred();
      asked.set(x, answer);
      return answer.promise;
    },
  });
  const calls = [1, 2, 3].map((x) => api.twice(x));
  // Each is begun before any is answered, and the last is answered first.
  while (asked.size < 3) await new Promise(setImmediate);
  const order = [];
  calls.forEach((call, i) => call.then(() => order.push(i)));
  for (const x of [3, 2, 1]) {
    asked.get(x).resolve(x * 10);
    assert.equal(await calls[x - 1], x * 20);
  }
  assert.deepEqual(order, [2, 1, 0]);
});

test('a stream of bytes comes as chunks of bytes, in order, and ends', async (t) => {
  const { api } = await start(t);
  for (const count of [0, 1, 1000, 65536, 200_000]) {
    const stream = await api.bytes(count);
    assert.ok(stream instanceof ReadableStream);
    const chunks = await collect(stream);
    assert.ok(chunks.every((chunk) => chunk instanceof Uint8Array));
    assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), bytes(count), `${count}`);
  }
});

test('a stream that is cancelled tells its writer', async (t) => {
  const { api } = await start(t);
  assert.equal(await api.wasDropped(), false);
  const stream = await api.bytes(1_000_000);
  const reader = stream.getReader();
  assert.ok((await reader.read()).value.length > 0);
  await reader.cancel();
  while (!(await api.wasDropped())) await new Promise(setImmediate);
});

test('a component that writes waits for whoever reads', async (t) => {
  const { api } = await start(t);
  const stream = await api.bytes(100);
  // Its instance answers others meanwhile.
  assert.equal(await api.plus(1, 2), 3);
  assert.deepEqual(await collect(stream), [bytes(100)]);
});

test('strings and records come one by one', async (t) => {
  const { api } = await start(t);
  assert.deepEqual(await collect(await api.words()), ['one', 'two', 'three', 'four']);
  const pairs = [
    { count: 1, name: 'a' },
    { count: 2, name: 'bé' },
  ];
  assert.deepEqual(await collect(await api.echoPairs(pairs)), pairs);
});

test('futures are promises', async (t) => {
  const { api } = await start(t);
  const number = api.number(7);
  assert.ok(number instanceof Promise);
  assert.equal(await number, 7);
  assert.equal(await api.signal(), undefined);
});

test('streams and futures stand within other types', async (t) => {
  const { api } = await start(t);
  const [stream, count] = await api.both(300);
  assert.deepEqual(new Uint8Array(Buffer.concat(await collect(stream))), bytes(300));
  assert.equal(await count, 300);
});

test('results of several flat values come back, and an `err` is thrown', async (t) => {
  const { api } = await start(t);
  assert.deepEqual(await api.pairOf(3), { count: 3, name: 'one' });
  await assert.rejects(api.pairOf(0), { payload: 'three' });
});

test('streams of the app are read: ReadableStreams, generators, arrays, bytes', async (t) => {
  const { api } = await start(t);
  const all = bytes(300_000);
  const sum = sumOf(all);
  const parts = [all.subarray(0, 1), all.subarray(1, 70_000), new Uint8Array(), all.subarray(70_000)];
  const stream = () =>
    new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
  async function* generator() {
    yield* parts;
  }
  for (const data of [stream(), generator(), parts, all]) assert.equal(await api.sum(data), sum);
  assert.equal(await api.sum([]), 0n);
  assert.equal(await api.join(['a', 'bc', '', 'dé']), 'abcdé');
  assert.equal(await api.join(Array.from({ length: 1000 }, (_, i) => `${i}`)), Array.from({ length: 1000 }, (_, i) => `${i}`).join('')); // prettier-ignore
  async function* words() {
    for (const word of ['x', 'y', 'z']) {
      await new Promise(setImmediate);
      yield word;
    }
  }
  assert.equal(await api.join(words()), 'xyz');
  assert.deepEqual(Buffer.concat(await collect(await api.echo(stream()))), Buffer.from(all));
});

test('a stream of the app is asked for no more than the component reads, and cancelled when it stops', async (t) => {
  const { api } = await start(t);
  let pulled = 0;
  const cancelled = deferred();
  const data = new ReadableStream(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array([1, 2, 3]));
      },
      cancel: () => cancelled.resolve(),
    },
    { highWaterMark: 0 },
  );
  assert.equal(await api.first(data), 6n);
  await cancelled.promise;
  assert.equal(pulled, 1);
});

test('promises of the app are read', async (t) => {
  const { api } = await start(t);
  const later = deferred();
  const text = api.text(later.promise);
  later.resolve('later');
  assert.equal(await text, 'later');
  assert.equal(await api.text('now'), 'now');
});

test('functions of the app give and take streams', async (t) => {
  const taken = [];
  const { api } = await start(t, {
    source: (name) => {
      assert.equal(name, 'file');
      return [bytes(10), bytes(5)];
    },
    async sink(stream) {
      taken.push(...(await collect(stream)));
      return 5;
    },
  });
  assert.equal(await api.pull(), 55n);
  assert.equal(await api.push(70_000), 5);
  assert.deepEqual(new Uint8Array(Buffer.concat(taken)), bytes(70_000));
});

test('a stream of the app that fails ends the instance, and the error is the cause', async (t) => {
  const { api } = await start(t);
  const why = new Error('the disk is full');
  const data = new ReadableStream({ pull: (controller) => controller.error(why) });
  await assert.rejects(api.sum(data), (error) => error.code === 'ERR_WASM_TRAP' && error.cause === why);
  await assert.rejects(api.plus(1, 2), { code: 'ERR_CLOSED' });
});

test('an element of another type ends the instance with its path', async (t) => {
  const { api } = await start(t);
  await assert.rejects(api.join(['a', 5]), { code: 'ERR_WASM_TRAP', message: /\[1\]: Expected string but received 5/ });
  const { api: other } = await start(t);
  await assert.rejects(other.sum(5), { code: 'ERR_ARGUMENT', message: /args\[0\]: Expected a ReadableStream or an iterable for stream<u8>/ }); // prettier-ignore
  assert.equal(await other.plus(1, 2), 3);
});

test('a trap ends the calls beside it, and streams fail', async (t) => {
  const cancelled = deferred();
  const { api } = await start(t, { slow: () => new Promise(() => {}) });
  const stream = await api.bytes(1_000_000);
  const reader = stream.getReader();
  await reader.read();
  const other = assert.rejects(api.twice(1), { code: 'ERR_WASM_TRAP' });
  const data = new ReadableStream({ cancel: () => cancelled.resolve() });
  await assert.rejects(api.fail(data), { code: 'ERR_WASM_TRAP', message: /unreachable/ });
  await other;
  await assert.rejects(reader.read(), { code: 'ERR_CLOSED' });
  await cancelled.promise;
});

test('closing ends calls, streams and futures', async (t) => {
  const { api, instance } = await start(t, { slow: () => new Promise(() => {}) });
  const call = assert.rejects(api.twice(1), { code: 'ERR_CLOSED', message: 'the instance is closed' });
  const [stream, count] = await api.both(1_000_000);
  const reader = stream.getReader();
  instance.close();
  await call;
  await assert.rejects(reader.read(), { code: 'ERR_CLOSED' });
  await assert.rejects(count, { code: 'ERR_CLOSED' });
  await assert.rejects(api.plus(1, 2), { code: 'ERR_CLOSED' });
});

test('a call that takes too long ends the instance', async (t) => {
  const { api } = await start(t, { slow: () => new Promise(() => {}) }, { limits: { timeoutMs: 200 } });
  await assert.rejects(api.twice(1), { code: 'ERR_TIMEOUT' });
  await assert.rejects(api.plus(1, 2), { code: 'ERR_CLOSED' });
});

test('code that goes on after its call has returned is stopped, too', async (t) => {
  const { api } = await start(t, {}, { limits: { timeoutMs: 200 } });
  await api.spin();
  // Whichever sees it first: the call that waits for its turn, or the turn that takes too long.
  await assert.rejects(api.plus(1, 2), (error) => ['ERR_CLOSED', 'ERR_TIMEOUT'].includes(error.code));
});

test('streams that a component hoards are paid for', async (t) => {
  const { api } = await start(t, {}, { limits: { memoryBytes: 4 << 20 } });
  await assert.rejects(api.hoard(), { code: 'ERR_MEMORY' });
});

test('WASI 0.3 has clocks, randomness and output as a stream', async (t) => {
  const component = await Component.compile({ path: join(FIXTURES, 'wasi.wat') }, { experimental: true });
  const lines = [];
  const make = async (options) => {
    const instance = await component.instantiate(options);
    t.after(() => instance.close());
    return instance.exports;
  };
  const random = { seed: 5 };
  const wasi = await make({ random, console: ({ text }) => lines.push(text) });
  assert.ok((await wasi.nap(1_000_000n)) >= 1_000_000n);
  assert.equal(await wasi.random(), await (await make({ random })).random());
  assert.equal(await wasi.print([Buffer.from('one\ntw'), Buffer.from('o\n')]), true);
  while (lines.length < 2) await new Promise(setImmediate);
  assert.deepEqual(lines, ['one', 'two']);
});

test('WASI 0.3 reads files of the directories that are granted, and no others', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hostbox-files-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/a.txt'), bytes(100_000));
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  const component = await Component.compile({ path: join(FIXTURES, 'files.wat') }, { experimental: true });
  const instance = await component.instantiate({ permissions: { fs: { '/data': join(folder, 'data') } } });
  t.after(() => instance.close());
  const { read } = instance.exports;
  assert.deepEqual(Buffer.concat(await collect(await read('a.txt'))), Buffer.from(bytes(100_000)));
  // Numbers of cases: not permitted, no entry.
  await assert.rejects(read('../secret.txt'), { payload: 30 });
  await assert.rejects(read('b.txt'), { payload: 19 });
});

test('`sync` says that there is none', async (t) => {
  const { instance } = await start(t);
  assert.throws(() => instance.sync.api.plus(1, 2), { code: 'ERR_ASYNC' });
});

test('types are declared', async () => {
  const types = (await compile({ name: 'concurrent' })).types();
  for (const line of [
    'bytes(count: number): Promise<ReadableStream<Uint8Array>>;',
    'words(): Promise<ReadableStream<string>>;',
    'number(value: number): Promise<number>;',
    'sum(data: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<bigint>;',
    'text(value: Promise<string> | string): Promise<string>;',
  ]) {
    assert.ok(types.includes(line), `${line}\n${types}`);
  }
});
