// Buffers that are dropped, or moved to a guest, while an operation reads them: run with --expose-gc.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { HostRuntime } from '../../index.js';

const BYTES = 1 << 20;
const host = new HostRuntime('process');
await host.loadPlugin('p', 'exports.overwrite = (bytes) => bytes.fill(255).length');
const digest = (value) => createHash('sha256').update(new Uint8Array(BYTES).fill(value)).digest('hex');

const answers = [];
for (let i = 0; i < 100; i++) {
  // Out of reach as soon as the operation has it, and collected while that may still wait for a thread.
  answers.push(host.native.run('sha256', host.native.alloc(BYTES).fill(i)));
  if (i % 4 === 0) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  // New memory, and a guest's, where the old may have been.
  host.native.alloc(BYTES).fill(254);
  const moved = host.native.alloc(BYTES).fill(i);
  const read = host.native.run('sha256', moved);
  assert.equal(await host.call('p', 'overwrite', [moved], { transfer: [moved.buffer] }), BYTES);
  assert.equal(moved.length, 0);
  assert.equal(Buffer.from(await read).toString('hex'), digest(i));
}
for (const [i, answer] of (await Promise.all(answers)).entries())
  assert.equal(Buffer.from(answer).toString('hex'), digest(i));
await host.close();
console.log('the same');
