import { setTimeout as sleep } from 'node:timers/promises';
import { check, isTry } from '../clock.mjs';
import { HostRuntime, residentMiB, settledMiB } from './host.mjs';

const MOST = isTry ? 1000 : 10_000;
const STEP = MOST / 20;

export default {
  name: 'memory',
  async measure() {
    const before = await settledMiB();
    const open = [[0, 0]];
    const sandboxes = [];
    while (sandboxes.length < MOST) {
      const host = new HostRuntime('bench', { console: 'silent' });
      check(await host.eval('1 + 1'), 2);
      sandboxes.push(host);
      if (sandboxes.length % STEP === 0) open.push([sandboxes.length, Math.round(residentMiB() - before)]);
    }
    // Closed again in the same order; what stays is what the allocators keep for the next ones. It goes back when nothing is done for a moment.
    for (const host of sandboxes) await host.close();
    sandboxes.length = 0;
    await sleep(1000);
    const closed = Math.round((await settledMiB()) - before);
    return { closed, series: { 'idle sandboxes, each having answered one eval': open } };
  },
  chart: {
    title: 'Memory over the number of sandboxes',
    xAxis: { label: 'sandboxes in one process', format: (value) => value.toLocaleString('en-US') },
    yAxis: { label: 'resident memory beyond the start, MiB', format: (value) => value.toLocaleString('en-US') },
  },
  figures({ closed, series }) {
    const [count, most] = Object.values(series)[0].at(-1);
    const each = Math.round((most * 1024) / count);
    return `${count.toLocaleString('en-US')} sandboxes take ${most.toLocaleString('en-US')} MiB, ${each} KiB each. A second after all are closed, ${closed.toLocaleString('en-US')} MiB of that are still the process's.`;
  },
};
