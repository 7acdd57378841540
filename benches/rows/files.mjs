import { mkdtemp, promises, rm } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { check, isTry, percentile, tried } from '../clock.mjs';

const LARGE = isTry ? 2 ** 22 : 2 ** 26;
const ROUNDS = isTry ? 3 : 12;
const SMALL = 4096;
const AT_ONCE = 100;
const MIB = 2 ** 20;

/** The same functions on both sides: each answers the milliseconds of its work, by its own clock. */
const PLUGIN = `
  const { promises } = require('fs');
  const timed = async (work) => {
    const started = performance.now();
    const length = await work();
    return [performance.now() - started, length];
  };
  let bytes;
  exports.write = (path, length) => {
    bytes ??= new Uint8Array(length).fill(120);
    return timed(() => promises.writeFile(path, bytes).then(() => bytes.length));
  };
  exports.read = (path) => timed(() => promises.readFile(path).then((read) => read.length));
  exports.text = (path) => timed(() => promises.readFile(path, 'utf8').then((read) => read.length));
  exports.small = (folder, count, length) => {
    const data = new Uint8Array(length);
    const names = Array.from({ length: count }, (_, i) => folder + '/' + i);
    return timed(async () => {
      await Promise.all(names.map((name) => promises.writeFile(name, data)));
      const read = await Promise.all(names.map((name) => promises.readFile(name)));
      return read.reduce((sum, { length }) => sum + length, 0);
    });
  };
  exports.stored = (path) => timed(async () => {
    const id = await promises.readFile(path, { native: true });
    const { byteLength } = await native.info(id);
    await native.free(id);
    return byteLength;
  });
`;

async function inHostbox(folder) {
  const { HostRuntime } = await import('../../index.js');
  const limits = { memoryBytes: 2 ** 31, bufferBytes: 2 ** 31, timeoutMs: 120_000, cpuMs: 120_000 };
  const host = new HostRuntime('bench', { limits, permissions: { fs: { '/bench': { path: folder, write: true } } } });
  await host.loadPlugin('files', PLUGIN, { format: 'cjs' });
  const call = (name, ...args) => host.call('files', name, args);
  return { call, folder: '/bench', close: () => host.close() };
}

async function inNode(folder) {
  const exports = {};
  new Function('exports', 'require', PLUGIN)(exports, () => ({ promises }));
  return { call: async (name, ...args) => exports[name](...args), folder, close() {} };
}

const ways = { hostbox: inHostbox, node: inNode };

/** MiB a second, of the median round. */
async function rate(work, length) {
  const samples = [];
  for (let i = 0; i < ROUNDS; i++) {
    const [ms, seen] = await work();
    check(seen, length);
    samples.push(ms);
  }
  return length / MIB / (percentile(samples, 0.5) / 1000);
}

const speed = { unit: 'MiB/s', better: 'more' };

export default {
  name: 'files',
  about:
    'fs.promises in a guest beside that of Node, over files in the page cache: one file of 64 MiB written, read as bytes, as text and into the buffer store; a hundred files of 4 KiB at once, written and read.',
  metrics: {
    write: { ...speed, title: 'file: write 64 MiB' },
    read: { ...speed, title: 'file: read 64 MiB' },
    text: { ...speed, title: 'file: read 64 MiB of text' },
    stored: { ...speed, title: 'file: read 64 MiB into the buffer store' },
    small: { unit: '/s', better: 'more', title: 'files of 4 KiB, written and read, 100 at once' },
  },
  contenders: Object.keys(ways),
  ways,
  rounds: 3,
  async measure(way) {
    const folder = await promisify(mkdtemp)(join(tmpdir(), 'hostbox-bench-'));
    const { call, folder: base, close } = await way(folder);
    try {
      const path = `${base}/large`;
      const write = await tried(() => rate(() => call('write', path, LARGE), LARGE));
      const read = await tried(() => rate(() => call('read', path), LARGE));
      const text = await tried(() => rate(() => call('text', path), LARGE));
      const isNode = base === folder;
      const stored = isNode ? undefined : await tried(() => rate(() => call('stored', path), LARGE));
      const smallest = AT_ONCE * SMALL;
      const small = await tried(
        async () => ((await rate(() => call('small', base, AT_ONCE, SMALL), smallest)) * MIB) / SMALL,
      );
      return { write, read, text, ...(stored !== undefined && { stored }), small };
    } finally {
      await close();
      await promisify(rm)(folder, { recursive: true, force: true });
    }
  },
};
