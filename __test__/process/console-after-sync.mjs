// What a guest writes in a synchronous call that is the last thing a program does. Which call that is, is the argument.
const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const options = { console: ({ text }) => process.stdout.write(`${text}\n`), bridge: { ping: () => 'pong' } };
const runtime = new HostRuntime('last', options);
const inherits = new HostRuntime('last', { console: 'inherit' });
const writer = `exports.write = (count) => { for (let i = 1; i <= count; i++) console.log('line ' + i); };`;
await runtime.loadPlugin('writer', writer);

const last = {
  eval: () => runtime.evalSync(`console.log('line 1')`),
  inherit: () => inherits.evalSync(`console.log('line 1')`),
  call: () => runtime.callSync('writer', 'write', [1]),
  flood: () => runtime.callSync('writer', 'write', [3000]),
  bytes: () => runtime.callSync('writer', 'write', [1, new Uint8Array(4096)]),
  host: () => runtime.evalSync(`bridge.ping().then(() => console.log('line 1'))`),
  failure: () => {
    try {
      runtime.evalSync(`console.log('line 1'); throw new Error('as told')`);
    } catch (error) {
      if (error.code !== 'ERR_GUEST') throw error;
    }
  },
};
// Nothing is left to wait for then.
process.once('beforeExit', last[process.argv[2]]);
