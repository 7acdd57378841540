// worker.terminate() in the middle of calls, twenty times; the main thread's own sandbox must not notice.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');
const ignore = () => {};

function keepBusy() {
  for (const source of [
    'for (;;);',
    'new Promise(() => {})',
    '(async () => { for (;;) await bridge.echo(new Uint8Array(1024)); })()',
    'setInterval(() => {}, 1); new Promise(() => {})',
  ]) {
    const runtime = new HostRuntime('worker', {
      bridge: { echo: (value) => value },
      console: ignore,
      limits: { timeoutMs: 400 },
    });
    runtime.eval(source).catch(ignore);
  }
  parentPort.postMessage('busy');
}

async function terminateRounds() {
  const own = new HostRuntime('main');
  for (let round = 0; round < 20; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, round * 3)); // a different moment of the calls' lives each round
    await worker.terminate();
    assert.equal(await own.eval(`${round} + 1`), round + 1);
  }
  await own.close();
  console.log('survived 20 rounds');
}

if (isMainThread) await terminateRounds();
else keepBusy();
