// Instances and resources that the app forgets are given back. Run with --expose-gc.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { Component } from '../../index.js';
import { fixture } from '../components/values.mjs';

const logging = { Logger: class { static open() {} }, adopt: () => 0, describe: () => '' }; // prettier-ignore
const component = await Component.compile({ path: fixture('resources') });
const kept = await component.instantiate({ imports: { logging } });

async function forget(count) {
  for (let i = 0; i < count; i++) {
    const instance = await component.instantiate({ imports: { logging } });
    const counter = new instance.sync.counters.Counter(1);
    assert.equal(counter.value(), 1);
    kept.exports.counters.tryOpen(i);
    new kept.exports.counters.Counter(i);
  }
}

async function collected() {
  // Finalizers run in rounds of the loop of their own.
  for (let round = 0; round < 40; round++) {
    globalThis.gc();
    await setTimeout(5);
  }
}

await forget(200);
await collected();
assert.equal(await kept.exports.counters.alive(), 0, 'resources that nobody has are dropped');
const before = process.memoryUsage().rss;
for (let round = 0; round < 5; round++) {
  await forget(200);
  await collected();
}
const grown = process.memoryUsage().rss - before;
assert.ok(grown < 96 << 20, `grew by ${(grown / 2 ** 20).toFixed(0)} MiB`);
console.log('forgotten', (grown / 2 ** 20).toFixed(0), 'MiB');
