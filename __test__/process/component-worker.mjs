// Workers that are terminated in the middle of components' calls.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { Component } from '../../index.js';
import { fixture } from '../components/values.mjs';

const calculate = async () => {
  const instance = await (await Component.compile({ path: fixture('calculator') })).instantiate();
  const sum = await instance.exports.calculator.calculate('add', 1, 2);
  instance.close();
  return sum;
};

if (isMainThread) {
  for (let round = 0; round < 10; round++) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    if ((await calculate()) !== 3) throw new Error('wrong');
  }
  console.log('survived 10 rounds');
} else {
  const traps = await (await Component.compile({ path: fixture('traps') })).instantiate();
  traps.exports.traps.endlessLoop().catch(() => {});
  const host = { add: (a, b) => a + b, greet: () => new Promise(() => {}), bytes() {}, numbers() {}, rows() {}, find() {}, check() {}, nothing() {} }; // prettier-ignore
  const imports = await Component.compile({ path: fixture('imports') });
  const instance = await imports.instantiate({ imports: { host, log: () => 0n } });
  instance.exports.guest.greet('nobody').catch(() => {});
  const other = await imports.instantiate({ imports: { host, log: () => 0n } });
  parentPort.postMessage(await other.exports.guest.add(1, 2));
  for (;;) await other.exports.guest.addTimes(100);
}
