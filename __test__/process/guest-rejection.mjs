// Rejections and reported errors that nobody handles stay the guest's: they are counted, and Node does not hear of them.
import assert from 'node:assert/strict';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const runtime = new HostRuntime('rejections', { console: 'silent' });
assert.equal(
  await runtime.eval(
    'Promise.reject(new Error("nobody")); setTimeout(() => { throw new Error("from a timer"); }, 0); 1',
  ),
  1,
);
await runtime.eval('new Promise((resolve) => setTimeout(resolve, 20))');
assert.ok(runtime.stats().unhandledRejections >= 1);
assert.equal(await runtime.eval('1 + 1'), 2);
await runtime.close();
console.log('unharmed');
