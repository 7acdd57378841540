// A console callback of the app that throws: the app hears of it, as of any exception in a callback; the sandbox works on.
import assert from 'node:assert/strict';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const uncaught = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));
let calls = 0;
const runtime = new HostRuntime('console', {
  console: () => {
    calls += 1;
    throw new Error('from the callback');
  },
});
for (let i = 0; i < 10; i++) assert.equal(await runtime.eval(`console.log('line ${i}'); ${i}`), i);
await runtime.close();
assert.equal(calls, 10);
assert.ok(
  uncaught.every((message) => message === 'from the callback'),
  uncaught.join(),
);
console.log(`works on, ${uncaught.length} reported`);
