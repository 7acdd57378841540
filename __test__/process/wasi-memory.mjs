// 1 GiB through a command that is a step of a chain, 16 MiB at a time: memory must not grow with what goes through.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { HostRuntime } from '../../index.js';

const PIECE = 16 << 20;
const COUNT = 64;
/** Input, output and intermediates of a piece, the command's own memory, and what V8 lets external memory come to before it collects. */
const MOST = 256 << 20;

const host = new HostRuntime('process', { wasi: true, limits: { bufferBytes: 64 << 20 } });
const module = await readFile(new URL('../../crates/testkit/fixtures/commands/command.wasm', import.meta.url));
const moduleId = await host.native.put(module);
const step = { op: 'wasi', args: { moduleId, args: ['cat'], reuseModule: true } };
const start = process.memoryUsage.rss();
let [most, through] = [0, 0];
for (let i = 0; i < COUNT; i++) {
  const piece = new Uint8Array(PIECE).fill(i);
  const id = await host.native.put(piece);
  const output = await host.native.execChain(id, [step]);
  await host.native.free(id);
  const bytes = await host.native.take(output);
  assert.deepEqual([bytes.length, bytes[0], bytes[PIECE - 1]], [PIECE, i, i]);
  through += bytes.length;
  most = Math.max(most, process.memoryUsage.rss() - start);
  assert.ok(most < MOST, `${most >> 20} MiB more than at the start`);
}
await host.native.free(moduleId);
assert.deepEqual([through, host.stats().bufferBytes, host.stats().wasmBytes], [1 << 30, 0, 0]);
await host.close();
console.log(`through\n${most >> 20} MiB`);
