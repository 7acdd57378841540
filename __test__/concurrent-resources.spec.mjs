// Resources of components with component-model async, each way and within streams, and functions with many parameters.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Component } from '../index.js';

const FIXTURE = join(import.meta.dirname, '../crates/testkit/fixtures/components/concurrent/resources.wat');

class Ticket {
  static ended = [];
  constructor(number) {
    this.number = number;
  }
  [Symbol.dispose]() {
    Ticket.ended.push(this.number);
  }
}

const DESK = { Ticket, slow: (x) => x, numberOf: (ticket) => ticket.number, wide: () => 0n, wider: () => 0n };

async function start(t, desk = {}, options = {}) {
  const component = await Component.compile({ path: FIXTURE }, { experimental: true });
  const instance = await component.instantiate({
    imports: { 'demo:concurrent/desk': { ...DESK, ...desk } },
    ...options,
  });
  t.after(() => instance.close());
  return instance.exports.things;
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** A promise, and what settles it. */
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

test('async methods of one object are under way at once', async (t) => {
  const asked = [];
  const slow = (x) => {
    const answer = deferred();
    asked.push(() => answer.resolve(x * 2));
    return answer.promise;
  };
  const things = await start(t, { slow });
  const [seven, eight] = [new things.Thing(7), new things.Thing(8)];
  const calls = [seven.slow(), eight.slow()];
  while (asked.length < 2) await new Promise(setImmediate);
  assert.equal(await seven.value(), 7);
  asked[1]();
  assert.equal(await calls[1], 16);
  asked[0]();
  assert.equal(await calls[0], 14);
});

test('an object that is disposed of while a call has borrowed it ends when the call has, and is not given away before', async (t) => {
  const answer = deferred();
  const asked = deferred();
  const things = await start(t, { slow: () => (asked.resolve(), answer.promise) });
  const [one, two] = [new things.Thing(1), new things.Thing(2)];
  const call = one.slow();
  await asked.promise;
  one[Symbol.dispose]();
  await assert.rejects(one.value(), { code: 'ERR_ARGUMENT', message: /disposed/ });
  assert.equal(await two.value(), 2);
  assert.equal(await things.alive(), 2);
  const other = two.slow();
  await assert.rejects(things.consume(two), {
    code: 'ERR_ARGUMENT',
    message: /thing that no call under way has borrowed/,
  });
  answer.resolve(5);
  assert.deepEqual(await Promise.all([call, other]), [5, 5]);
  assert.equal(await things.alive(), 1);
  assert.equal(await things.consume(two), 2);
  assert.equal(await things.alive(), 0);
});

test('streams of resources are streams of objects, each way', async (t) => {
  const things = await start(t);
  const made = await collect(await things.some(8));
  assert.ok(made.every((thing) => thing instanceof things.Thing));
  assert.deepEqual(await Promise.all(made.map((thing) => thing.value())), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(await things.alive(), 8);
  assert.equal(await things.total(made), 28);
  assert.equal(await things.alive(), 0);
  await assert.rejects(made[0].value(), { code: 'ERR_ARGUMENT', message: /given away/ });
  Ticket.ended = [];
  assert.equal(await things.punch([3, 4, 5, 6, 7].map((number) => new Ticket(number))), 25);
  assert.deepEqual(Ticket.ended.sort(), [3, 4, 5, 6, 7]);
});

test('what stands in a stream twice, or is no such object, ends the instance with the reason', async (t) => {
  const things = await start(t);
  const [thing] = await collect(await things.some(1));
  await assert.rejects(things.total([thing, thing]), { code: 'ERR_WASM_TRAP', message: /\[1\]: Expected thing that is not given away twice/ }); // prettier-ignore
  const others = await start(t);
  await assert.rejects(others.punch([new Ticket(1), 5]), { code: 'ERR_WASM_TRAP', message: /an object that stands for ticket/ }); // prettier-ignore
});

test('a future of a stream of resources comes', async (t) => {
  const things = await start(t);
  const made = await collect(await things.later(2));
  assert.deepEqual(await Promise.all(made.map((thing) => thing.value())), [0, 1]);
});

test('resources stand within lists and tuples, the app’s, too', async (t) => {
  const things = await start(t);
  const tickets = [new Ticket(1), new Ticket(2)];
  const [thing, same] = await things.swap(new things.Thing(9), tickets);
  assert.equal(await thing.value(), 9);
  assert.ok(same.every((ticket, i) => ticket === tickets[i]));
});

test('functions with more parameters than cross flat are called, and call', async (t) => {
  const asked = [];
  const answer = (...args) => {
    asked.push(args);
    return BigInt(args.length);
  };
  const things = await start(t, { wide: answer, wider: answer });
  const numbers = Array.from({ length: 14 }, (_, i) => i);
  assert.equal(await things.many(1, new things.Thing(1000), 10n ** 12n, ...numbers, 'four'), 1_000_000_001_096n);
  assert.equal(await things.askWide(), 5n);
  assert.equal(await things.askWider(), 16n);
  assert.deepEqual(asked, [
    [1n, 'text', 3, 4n, 5],
    [1, 2n, ...Array.from({ length: 13 }, (_, i) => i + 3), 'text'],
  ]);
});

test('resources that the app has are paid for', async (t) => {
  const things = await start(t, {}, { limits: { memoryBytes: 4 << 20 } });
  await assert.rejects(async () => collect(await things.some(20_000)), (error) => ['ERR_MEMORY', 'ERR_CLOSED'].includes(error.code)); // prettier-ignore
  await assert.rejects(things.alive(), { code: 'ERR_CLOSED', message: /memoryBytes/ });
});

test('classes of resources are declared', async () => {
  const types = (await Component.compile({ path: FIXTURE }, { experimental: true, name: 'things' })).types();
  for (const line of [
    'slow(): Promise<number>;',
    'some(count: number): Promise<ReadableStream<DemoConcurrentThings.Thing>>;',
  ]) {
    assert.ok(types.includes(line), `${line}\n${types}`);
  }
});
