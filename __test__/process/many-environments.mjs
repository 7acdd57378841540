// Sandboxes in workers that end by themselves, at the same time as the main thread's: each environment cleans up its own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, Worker } from 'node:worker_threads';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const runtime = new HostRuntime('environment');
if (isMainThread) {
  const workers = Array.from({ length: 8 }, () => new Worker(new URL(import.meta.url)));
  const exits = await Promise.all(workers.map((worker) => once(worker, 'exit')));
  assert.deepEqual(
    exits.flat(),
    workers.map(() => 0),
  );
  assert.equal(await runtime.eval('1 + 1'), 2);
  console.log('all ended');
} else {
  for (let i = 0; i < 50; i++) assert.equal(await runtime.eval(`${i} * 2`), i * 2);
}
