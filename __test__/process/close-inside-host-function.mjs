// close() from a function that the guest called: in an asynchronous call, and inside a sync one, where it only sets a flag.
import assert from 'node:assert/strict';

const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const closings = [];
function openRuntime() {
  const bridge = {
    close() {
      const closing = runtime.close();
      closings.push(closing);
      return 'closing';
    },
  };
  const runtime = new HostRuntime('close', { bridge });
  return runtime;
}

await assert.rejects(openRuntime().eval('(async () => { await bridge.close(); for (;;); })()'), { code: 'ERR_CLOSED' });
await assert.rejects(openRuntime().eval('bridge.close().then(() => new Promise(() => {}))'), { code: 'ERR_CLOSED' });

const sync = openRuntime();
try {
  sync.evalSync('bridge.close()');
} catch (error) {
  assert.equal(error.code, 'ERR_CLOSED'); // either: the call may still be answered, or already be told
}
assert.throws(() => sync.evalSync('1'), { code: 'ERR_CLOSED' });
assert.equal(closings.length, 3);
await Promise.all(closings);
console.log('closed');
