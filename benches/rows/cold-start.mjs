import { check, percentile, sample } from '../clock.mjs';

const metric = { unit: 'ms', better: 'less' };

export default {
  name: 'coldStart',
  about:
    'A new sandbox with all its globals, and the answer of eval(1 + 1). Web APIs come with hostbox, @sebastianwessel/quickjs and the worker; the others are bare.',
  metrics: {
    p50: { ...metric, title: 'cold start, p50', goal: '≤ 0.3 ms' },
    p99: { ...metric, title: 'cold start, p99', goal: '≤ 2 ms' },
  },
  contenders: ['hostbox', 'quickjs-emscripten', 'quickjs-wasi', 'sebastianwessel', 'isolated-vm', 'node-vm', 'worker'],
  rounds: 3,
  async measure({ open }) {
    const samples = await sample(async () => {
      const started = performance.now();
      const sandbox = await open();
      const answer = await sandbox.evaluate('1 + 1');
      const took = performance.now() - started;
      check(answer, 2);
      await sandbox.close();
      return took;
    });
    return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
  },
};
