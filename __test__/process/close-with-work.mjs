// close() with every kind of work in flight: each promise settles with ERR_CLOSED, close() itself resolves, twice.
import assert from 'node:assert/strict';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');
const code = (promise) =>
  promise.then(
    () => 'ok',
    (error) => error.code,
  );

const sources = [
  'new Promise(() => {})',
  'new Promise((resolve) => setTimeout(resolve, 1e6))',
  'bridge.slow()',
  '(async () => { for (;;) await null; })()',
  'for (;;);',
  '1',
];
const runtime = new HostRuntime('close', { bridge: { slow: () => new Promise(() => {}) }, console: () => {} });
await runtime.loadPlugin('waits', 'exports.run = () => new Promise(() => {});');
const pending = [
  code(runtime.call('waits', 'run')),
  ...sources.map((source) => code(runtime.eval(source))),
  code(runtime.loadPlugin('late', 'for (;;);')),
];

await new Promise((resolve) => setTimeout(resolve, 50));
const started = performance.now();
await Promise.all([runtime.close(), runtime.close()]);
const closeMs = performance.now() - started;
assert.deepEqual(
  await Promise.all(pending),
  pending.map(() => 'ERR_CLOSED'),
);
assert.ok(closeMs < 2000, `close() took ${closeMs} ms`);

await runtime.close();
assert.equal(runtime.stats().state, 'closed');
assert.equal(await code(runtime.eval('1')), 'ERR_CLOSED');
assert.equal(await code(runtime.call('waits', 'run')), 'ERR_CLOSED');
assert.throws(() => runtime.evalSync('1'), { code: 'ERR_CLOSED' });
console.log('all settled');
