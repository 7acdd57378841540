// Sandboxes that are dropped without close(), with calls pending: they go away by themselves. Needs --expose-gc.
import assert from 'node:assert/strict';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');
const RUNTIMES = 200;
const ALLOWED_GROWTH_BYTES = 150 * 1024 * 1024;

const witness = new HostRuntime('witness');
await witness.eval('1');
globalThis.gc();
const baselineBytes = process.memoryUsage.rss();

function drop() {
  const runtime = new HostRuntime('dropped', { limits: { timeoutMs: 300 } });
  const pending = runtime.eval('globalThis.kept = new Uint8Array(1 << 20); new Promise(() => {})');
  return pending.then(
    () => 'ok',
    (error) => error.code,
  );
}
const codes = new Set(await Promise.all(Array.from({ length: RUNTIMES }, drop)));
assert.ok(
  [...codes].every((code) => code === 'ERR_TIMEOUT' || code === 'ERR_CLOSED' || code === 'ERR_BUSY'),
  [...codes].join(),
);

const until = Date.now() + 10_000;
const gone = () =>
  witness.stats().process.sandboxes <= 5 && process.memoryUsage.rss() - baselineBytes < ALLOWED_GROWTH_BYTES;
while (!gone() && Date.now() < until) {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const { sandboxes, guestThreads } = witness.stats().process;
const grownBytes = process.memoryUsage.rss() - baselineBytes;
assert.ok(sandboxes <= 5, `${sandboxes} sandboxes are left of ${RUNTIMES}`);
assert.ok(grownBytes < ALLOWED_GROWTH_BYTES, `the process grew by ${grownBytes} bytes`);
assert.equal(await witness.eval('1 + 1'), 2);
await witness.close();
console.log(JSON.stringify({ sandboxes, guestThreads, grownBytes }));
