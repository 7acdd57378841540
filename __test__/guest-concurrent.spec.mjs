// Components with component-model async from guests: several calls at once, streams and futures each way, on the sandbox's account.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HostRuntime } from '../index.js';

const FIXTURES = join(import.meta.dirname, '../crates/testkit/fixtures/components/concurrent');
const read = (name) => new Uint8Array(readFileSync(join(FIXTURES, name)));

const PLUGIN = `
  const APP = { slow: (x) => x, source: () => [], sink: () => 0, add: (a, b) => a + b };
  async function start(bytes, app, options) {
    const component = await wasm.Component.compile(bytes, { experimental: true });
    return component.instantiate({ imports: { app: { ...APP, ...app } }, ...options });
  }
  const collect = async (stream) => { const all = []; for await (const chunk of stream) all.push(chunk); return all; };
  const joined = (chunks) => { const all = []; for (const chunk of chunks) for (const byte of chunk) all.push(byte); return all; };
  const failed = async (work) => { try { return await work; } catch (error) { return [error.code, error.message]; } };
  const turn = () => new Promise((done) => setTimeout(done, 1));

  exports.refused = (bytes) => failed(wasm.Component.compile(bytes));
  exports.atOnce = async (bytes) => {
    const asked = new Map();
    const { api } = (await start(bytes, { slow: (x) => new Promise((done) => asked.set(x, done)) })).exports;
    const order = [];
    const calls = [1, 2, 3].map((x) => api.twice(x).then((value) => order.push(value)));
    while (asked.size < 3) await turn();
    for (const x of [3, 2, 1]) { asked.get(x)(x * 10); await calls[x - 1]; }
    return order;
  };
  exports.given = async (bytes) => {
    const instance = await start(bytes);
    const { api } = instance.exports;
    const stream = await api.bytes(100_000);
    const chunks = await collect(stream);
    const sum = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const [stillWriting, count] = await api.both(300);
    const both = joined(await collect(stillWriting)).length;
    const late = api.number(7);
    const reader = (await api.bytes(1_000_000)).getReader();
    await reader.read();
    await reader.cancel();
    while (!(await api.wasDropped())) await turn();
    let sync;
    try { instance.sync.api.plus(1, 2); } catch (error) { sync = error.code; }
    return {
      isStream: stream instanceof ReadableStream, areBytes: chunks.every((chunk) => chunk instanceof Uint8Array), sum,
      words: await collect(await api.words()), isPromise: late instanceof Promise, late: await late, signal: await api.signal(),
      both, count: await count, pair: await api.pairOf(3), none: await failed(api.pairOf(0).catch(({ payload }) => payload)), sync,
    };
  };
  exports.taken = async (bytes) => {
    const data = new Uint8Array(70_000).fill(3);
    const taken = [];
    let cancelled;
    const told = new Promise((done) => { cancelled = done; });
    const { api } = (await start(bytes, {
      source: (name) => [data, new TextEncoder().encode(name)],
      async sink(stream) { taken.push(...joined(await collect(stream))); return 5; },
    })).exports;
    async function* words() { for (const word of ['x', 'y', 'z']) { await turn(); yield word; } }
    let pulled = 0;
    const endless = new ReadableStream({ pull(controller) { pulled++; controller.enqueue(new Uint8Array([1, 2, 3])); }, cancel: cancelled }, { highWaterMark: 0 });
    const first = await api.first(endless);
    await told;
    return {
      sums: [await api.sum(data), await api.sum([data, data]), await api.sum(new Blob([data]).stream())],
      joined: await api.join(words()), text: [await api.text(turn().then(() => 'later')), await api.text('now')],
      first, pulled, pull: await api.pull(), push: await api.push(300), taken: taken.length,
      echo: joined(await collect(await api.echo(new Blob([data]).stream()))).length,
    };
  };
  exports.ends = async (bytes) => {
    const thrown = await start(bytes, { slow: () => { throw new RangeError('no'); } });
    const causes = await Promise.all([failed(thrown.exports.api.twice(1)), failed(thrown.exports.api.sum(new ReadableStream({})))]);
    const late = await start(bytes, { slow: () => new Promise(() => {}) }, { limits: { timeoutMs: 80 } });
    const timeouts = [(await failed(late.exports.api.twice(1)))[0], (await failed(late.exports.api.plus(1, 2)))[0]];
    const closed = await start(bytes, { slow: () => new Promise(() => {}) });
    const call = failed(closed.exports.api.twice(1));
    const [stream, count] = await closed.exports.api.both(1_000_000);
    const reader = stream.getReader();
    closed.close();
    return { causes, timeouts, closed: [await call, await failed(reader.read()), await failed(count), await failed(closed.exports.api.plus(1, 2))] };
  };
  exports.spin = async (bytes) => {
    const { api } = (await start(bytes, {}, { limits: { timeoutMs: 80 } })).exports;
    await api.spin();
    return (await failed(api.plus(1, 2)))[0];
  };
  exports.hoard = async (bytes) => failed((await start(bytes)).exports.api.hoard());
  exports.resources = async (bytes) => {
    class Ticket { constructor(number) { this.number = number; } }
    const component = await wasm.Component.compile(bytes, { experimental: true });
    const desk = { Ticket, slow: async (x) => x * 2, numberOf: (ticket) => ticket.number, wide: () => 1n, wider: () => 2n };
    const { things } = (await component.instantiate({ imports: { desk } })).exports;
    const made = await collect(await things.some(5));
    const thing = new things.Thing(21);
    return [await thing.slow(), await things.total(made), await things.punch([new Ticket(3), new Ticket(4)]), await things.askWider(), await things.alive()];
  };
`;

async function sandbox(t, options) {
  const host = new HostRuntime('guest components', { wasi: true, ...options });
  t.after(() => host.close());
  await host.loadPlugin('components', PLUGIN);
  return (fn, ...args) => host.call('components', fn, args);
}

const CONCURRENT = read('concurrent.wat');

test('without `experimental` such components are refused', async (t) => {
  const [code, message] = await (await sandbox(t))('refused', CONCURRENT);
  assert.equal(code, 'ERR_WASM_LINK');
  assert.match(message, /compile it with experimental: true/);
});

test('several calls of a guest are under way at once', async (t) => {
  assert.deepEqual(await (await sandbox(t))('atOnce', CONCURRENT), [60, 40, 20]);
});

test('what a component gives are ReadableStreams and promises of the guest', async (t) => {
  assert.deepEqual(await (await sandbox(t))('given', CONCURRENT), {
    isStream: true,
    areBytes: true,
    sum: 100_000,
    words: ['one', 'two', 'three', 'four'],
    isPromise: true,
    late: 7,
    signal: undefined,
    both: 300,
    count: 300,
    pair: { count: 3, name: 'one' },
    none: 'three',
    sync: 'ERR_ASYNC',
  });
});

test('a component takes streams, iterables and promises of the guest', async (t) => {
  assert.deepEqual(await (await sandbox(t))('taken', CONCURRENT), {
    sums: [210_000n, 420_000n, 210_000n],
    joined: 'xyz',
    text: ['later', 'now'],
    first: 6n,
    pulled: 1,
    pull: 210_000n + [...'file'].reduce((sum, letter) => sum + BigInt(letter.charCodeAt(0)), 0n),
    push: 5,
    taken: 300,
    echo: 70_000,
  });
});

test('a failure of the guest’s code, a timeout and closing end all calls and streams', async (t) => {
  const { causes, timeouts, closed } = await (await sandbox(t))('ends', CONCURRENT);
  for (const [code, message] of causes) {
    assert.equal(code, 'ERR_WASM_TRAP');
    assert.match(message, /demo:concurrent\/app@1\.0\.0\.slow of the guest failed: RangeError: no/);
  }
  assert.deepEqual(timeouts, ['ERR_TIMEOUT', 'ERR_CLOSED']);
  for (const failure of closed) assert.deepEqual(failure, ['ERR_CLOSED', 'the instance is closed']);
});

test('code of a guest’s component that goes on after its call is stopped', async (t) => {
  assert.ok(['ERR_CLOSED', 'ERR_TIMEOUT'].includes(await (await sandbox(t))('spin', CONCURRENT)));
});

test('streams that a guest’s component hoards are on the sandbox’s account', async (t) => {
  const call = await sandbox(t, { limits: { memoryBytes: 32 << 20 } });
  const [code] = await call('hoard', CONCURRENT);
  assert.equal(code, 'ERR_MEMORY');
});

test('resources and streams of them cross to guests', async (t) => {
  assert.deepEqual(await (await sandbox(t))('resources', read('resources.wat')), [42, 10, 7, 2n, 1]);
});
