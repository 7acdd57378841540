import { check, percentile, rateInFlight, sample } from '../clock.mjs';
import { guest } from '../guest.mjs';

const IN_FLIGHT = 1000;

export default {
  name: 'call',
  about:
    'An async guest function of a number and a short text. The QuickJS in WebAssembly and node:vm run it on Node’s own thread, where nothing else runs meanwhile; hostbox, isolated-vm and workers have threads of their own.',
  metrics: {
    p50: { title: '`call` one by one, p50', unit: 'µs', better: 'less', goal: '≤ 15 µs' },
    rate: { title: '`call` with 1,000 in flight', unit: 'calls/s', better: 'more', goal: '≥ 300,000' },
  },
  contenders: [
    'hostbox',
    'quickjs-emscripten',
    'quickjs-wasi',
    'sebastianwessel',
    'isolated-vm',
    'node-vm',
    'worker',
    'piscina',
  ],
  rounds: 3,
  async measure({ open }) {
    const sandbox = await open();
    await sandbox.load(guest);
    const call = async (number) => check(await sandbox.call('measureLater', [number, 'small']), number + 5);
    const samples = await sample(() => call(7));
    const rate = await rateInFlight(call, IN_FLIGHT);
    await sandbox.close();
    return { p50: percentile(samples, 0.5) * 1000, rate };
  },
};
