import { setTimeout as sleep } from 'node:timers/promises';
import { check } from '../clock.mjs';

const SANDBOXES = { worker: 30 };

/** Resident memory when nothing is left to collect. */
async function residentBytes() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(100);
  }
  return process.memoryUsage.rss();
}

async function openMany(open, count) {
  const sandboxes = [];
  for (let i = 0; i < count; i++) {
    const sandbox = await open();
    check(await sandbox.evaluate('1 + 1'), 2);
    sandboxes.push(sandbox);
  }
  return sandboxes;
}

export default {
  name: 'memory',
  about:
    'Growth of resident memory over 300 sandboxes (workers: 30) that have answered one eval each, after a collection.',
  metrics: { each: { title: 'memory of an idle sandbox', unit: 'KiB', better: 'less', goal: '≤ 200 KiB' } },
  contenders: ['hostbox', 'quickjs-emscripten', 'quickjs-wasi', 'sebastianwessel', 'isolated-vm', 'node-vm', 'worker'],
  rounds: 3,
  async measure({ open }, contender) {
    const count = SANDBOXES[contender] ?? 300;
    const first = await openMany(open, 5);
    const before = await residentBytes();
    const sandboxes = await openMany(open, count);
    const after = await residentBytes();
    for (const sandbox of [...first, ...sandboxes]) await sandbox.close();
    return { each: (after - before) / count / 1024 };
  },
};
