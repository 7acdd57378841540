// What the measurements of scaling share.
import { setTimeout as sleep } from 'node:timers/promises';
import { HostRuntime } from '../../index.js';
import { check } from '../clock.mjs';

export { HostRuntime };

export const guest = `
  exports.measure = (number, text) => number + text.length;
  exports.work = (rounds) => {
    let sum = 0;
    for (let i = 0; i < rounds; i++) sum = (sum * 31 + i) | 0;
    return sum;
  };
`;

export async function openGuest(limits) {
  const host = new HostRuntime('bench', { console: 'silent', limits });
  await host.loadPlugin('guest', guest);
  check(await host.call('guest', 'measure', [1, 'small']), 6);
  return host;
}

export const residentMiB = () => process.memoryUsage.rss() / 2 ** 20;

/** Resident memory when nothing is left to collect, in MiB. */
export async function settledMiB() {
  for (let i = 0; i < 2; i++) {
    globalThis.gc();
    await sleep(50);
  }
  return residentMiB();
}

export function powersOf(base, from, to) {
  const values = [];
  for (let value = from; value <= to; value *= base) values.push(value);
  return values;
}
