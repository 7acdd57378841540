import { check, rateSync } from '../clock.mjs';
import { guest } from '../guest.mjs';

export default {
  name: 'callSync',
  about:
    'A guest function of a number and a short text, on the calling thread. For node:vm and plain V8 that is a bare function call: no isolation, no limit.',
  metrics: { rate: { title: '`callSync`', unit: 'calls/s', better: 'more', goal: '≥ 400,000' } },
  contenders: ['hostbox', 'quickjs-emscripten', 'quickjs-wasi', 'isolated-vm', 'node-vm', 'v8'],
  async measure({ open }) {
    const sandbox = await open();
    await sandbox.load(guest);
    const rate = rateSync((number) => check(sandbox.callSync('measure', [number, 'small']), number + 5));
    await sandbox.close();
    return { rate };
  },
};
