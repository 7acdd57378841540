import { readFileSync } from 'node:fs';
import { check, isTry, percentile } from '../clock.mjs';

const SANDBOXES = isTry ? 1000 : 10_000;
const LAST = 100;

/** Threads of this process; where the system doesn't say, undefined. */
function threads() {
  try {
    return Number(/^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return undefined;
  }
}

export default {
  name: 'density',
  about:
    'Ten thousand sandboxes alive in one process, each having answered one eval. Memory and threads count from before the first; the call is an eval in each of the hundred made last.',
  metrics: {
    memory: { title: '10,000 sandboxes: memory', unit: 'GB', better: 'less', goal: '≤ 2.1 GB' },
    threads: { title: '10,000 sandboxes: threads more', unit: 'threads', better: 'less', goal: 'none each' },
    rate: { title: '10,000 sandboxes: made', unit: 'per s', better: 'more', goal: '≥ 2,000' },
    call: { title: '10,000 sandboxes: eval in the last ones, p50', unit: 'µs', better: 'less' },
  },
  contenders: ['hostbox', 'quickjs-emscripten'],
  rounds: 1,
  async measure({ open }) {
    globalThis.gc();
    const before = { memory: process.memoryUsage.rss(), threads: threads() };
    const sandboxes = [];
    const started = performance.now();
    for (let i = 0; i < SANDBOXES; i++) {
      const sandbox = await open();
      check(await sandbox.evaluate('1 + 1'), 2);
      sandboxes.push(sandbox);
    }
    const seconds = (performance.now() - started) / 1000;
    const samples = [];
    for (const sandbox of sandboxes.slice(-LAST)) {
      const asked = performance.now();
      check(await sandbox.evaluate('2 + 2'), 4);
      samples.push((performance.now() - asked) * 1000);
    }
    globalThis.gc();
    return {
      memory: (process.memoryUsage.rss() - before.memory) / 1e9,
      threads: before.threads === undefined ? { failure: 'not told by this system' } : threads() - before.threads,
      rate: SANDBOXES / seconds,
      call: percentile(samples, 0.5),
    };
  },
};
