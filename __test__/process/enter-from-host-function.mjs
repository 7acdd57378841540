// A host function that calls back into its own sandbox: asynchronously it queues, synchronously it is refused.
import assert from 'node:assert/strict';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const bridge = {
  async again(depth) {
    return depth ? runtime.eval(`bridge.again(${depth - 1})`) : 'bottom';
  },
  syncAgain() {
    try {
      return runtime.evalSync('1');
    } catch (error) {
      return error.code;
    }
  },
};
const runtime = new HostRuntime('enter', { bridge });
assert.equal(await runtime.eval('bridge.again(50)'), 'bottom');
assert.equal(runtime.evalSync('bridge.syncAgain()'), 'ERR_BUSY');
assert.equal(runtime.evalSync('1 + 1'), 2);
await runtime.close();
console.log('entered');
