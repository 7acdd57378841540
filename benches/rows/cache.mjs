import { check, rateOfBatches, tried } from '../clock.mjs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostRuntime } from '../../index.js';

const SANDBOXES = 4;
const KEYS = 1_000;

/** The guest asks its cache, or a Map of Node's over the bridge, which is what an app without one would do. */
const guest = (way) => `
  const store = ${way === 'bridge' ? 'bridge' : 'cache'};
  const value = { id: 7, name: 'a small value', tags: ['x', 'y'] };
  exports.get = async (count) => {
    let found = 0;
    await store.set('key 0', value);
    for (let i = 0; i < count; i++) found += (await store.get('key 0')).id;
    return found / 7;
  };
  exports.set = async (count) => {
    for (let i = 0; i < count; i++) await store.set('key ' + (i % ${KEYS}), value);
    return count;
  };
  exports.getSync = (count) => {
    let found = 0;
    cache.set('key 0', value);
    for (let i = 0; i < count; i++) found += cache.get('key 0').id;
    return found / 7;
  };
  exports.setSync = (count) => {
    for (let i = 0; i < count; i++) cache.set('key ' + (i % ${KEYS}), value);
    return count;
  };
  exports.up = (count) => {
    for (let i = 0; i < count; i++) {
      for (;;) {
        const n = cache.get('n');
        if (cache.compareAndSet('n', n, (n ?? 0) + 1)) break;
      }
    }
    return count;
  };
`;

export default {
  name: 'cache',
  about: `The cache of a scope, asked by guests for a small object; the same over the bridge from a Map of Node's. The last line is ${SANDBOXES} sandboxes that count one key up.`,
  metrics: {
    get: { title: '`cache.get`', unit: 'ops/s', better: 'more' },
    set: { title: '`cache.set`', unit: 'ops/s', better: 'more' },
    up: { title: `\`compareAndSet\` on one key, ${SANDBOXES} sandboxes`, unit: 'ops/s', better: 'more' },
  },
  contenders: ['hostbox', 'file', 'bridge'],
  ways: { hostbox: 'memory', file: 'file', bridge: 'bridge' },
  rounds: 3,
  async measure(way) {
    const folder = await mkdtemp(join(tmpdir(), 'hostbox-bench-'));
    const store = way === 'file' ? { file: join(folder, 'cache') } : 'memory';
    const map = new Map();
    const bridge = { get: (key) => map.get(key), set: (key, value) => void map.set(key, value) };
    const limits = { timeoutMs: 120_000, cpuMs: 60_000 };
    const hosts = Array.from(
      { length: SANDBOXES },
      () => new HostRuntime('bench', { cache: { store }, bridge, limits }),
    );
    await Promise.all(hosts.map((host) => host.loadPlugin('guest', guest(way))));
    const counted = (fn) => async (count) => check(await hosts[0].call('guest', fn, [count]), count);
    const suffix = way === 'bridge' ? '' : 'Sync';
    const up = async (count) => {
      const each = Math.ceil(count / SANDBOXES);
      await Promise.all(hosts.map((host) => host.call('guest', 'up', [each])));
    };
    const results = {
      get: await tried(() => rateOfBatches(counted(`get${suffix}`))),
      set: await tried(() => rateOfBatches(counted(`set${suffix}`))),
      ...(way !== 'bridge' && { up: await tried(() => rateOfBatches(up)) }),
    };
    await Promise.all(hosts.map((host) => host.close()));
    await rm(folder, { recursive: true });
    return results;
  },
};
