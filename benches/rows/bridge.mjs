import { check, rateOfBatches } from '../clock.mjs';
import { bridge, guest } from '../guest.mjs';

const metric = { unit: 'calls/s', better: 'more' };

/** The sum of what the host gives back: lanes that each count up from 0, and 1 a call. */
function expected(count, lanes) {
  const each = count / lanes;
  return lanes * ((each * (each - 1)) / 2 + each);
}

export default {
  name: 'bridge',
  about:
    'Guest code awaits an async function of the host with two numbers. For the QuickJS in WebAssembly and node:vm both live on one thread; a worker asks by message.',
  metrics: {
    one: { ...metric, title: 'guest → host async function, one by one' },
    many: { ...metric, title: 'guest → host async function, 100 in flight', goal: '≥ 150,000' },
  },
  contenders: ['hostbox', 'quickjs-emscripten', 'quickjs-wasi', 'sebastianwessel', 'isolated-vm', 'node-vm', 'worker'],
  rounds: 3,
  async measure({ open }) {
    const sandbox = await open({ bridge });
    await sandbox.load(guest);
    const ask = (lanes) => async (count) => check(await sandbox.call('ask', [count, lanes]), expected(count, lanes));
    const one = await rateOfBatches(ask(1));
    const many = await rateOfBatches(ask(100));
    await sandbox.close();
    return { one, many };
  },
};
