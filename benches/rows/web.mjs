import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { check, isTry, rateOfBatches, tried } from '../clock.mjs';

const STREAM_BYTES = (isTry ? 16 : 256) * 2 ** 20;
const CHUNK = Buffer.alloc(2 ** 16, 'a chunk of a long answer ');
const TEXT_BYTES = 2 ** 20;

// ── the server, in a thread of its own ──

function serve() {
  const server = createServer((request, response) => {
    if (request.url === '/small') return response.end('hello');
    response.writeHead(200, { 'content-length': STREAM_BYTES });
    let left = STREAM_BYTES;
    const write = () => {
      while (left > 0) {
        left -= CHUNK.length;
        if (!response.write(CHUNK)) return response.once('drain', write);
      }
      return response.end();
    };
    write();
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

if (!isMainThread && parentPort !== null) serve();

async function startServer() {
  const worker = new Worker(fileURLToPath(import.meta.url));
  const port = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => worker.terminate() };
}

// ── the guest: one source for both ──

const guest = `
  exports.urls = (count) => {
    let length = 0;
    for (let i = 0; i < count; i++) length += new URL('https://user@example.com:8080/a/../b/' + (i % 10) + '?q=1&r=2#x').pathname.length;
    return length / count;
  };
  const bytes = new Uint8Array(${TEXT_BYTES}).map((_, i) => 32 + (i * 7) % 90);
  const text = 'Grüße, 世界! '.repeat(${TEXT_BYTES / 16 - 1});
  const mixed = new TextEncoder().encode(text);
  exports.ascii = (count) => {
    let length = 0;
    for (let i = 0; i < count; i++) length += new TextDecoder().decode(bytes).length;
    return length / count;
  };
  exports.mixed = (count) => {
    let same = true;
    for (let i = 0; i < count; i++) same = same && new TextDecoder().decode(mixed).length === text.length;
    return same;
  };
  exports.sha256 = async (count) => {
    let last;
    for (let i = 0; i < count; i++) last = await crypto.subtle.digest('SHA-256', bytes);
    return new Uint8Array(last)[0];
  };
  exports.requests = async (url, count, lanes) => {
    let right = 0;
    const lane = async () => {
      for (let i = 0; i < count / lanes; i++) if ((await (await fetch(url + '/small')).text()) === 'hello') right++;
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return right;
  };
  exports.stream = async (url) => {
    let length = 0;
    for await (const chunk of (await fetch(url + '/stream')).body) length += chunk.length;
    return length;
  };
  exports.collect = async (url) => (await (await fetch(url + '/stream')).arrayBuffer()).byteLength;
  exports.mixedBytes = () => mixed.length;
`;

async function open(contender, url) {
  if (contender === 'node') {
    const exports = {};
    new Function('exports', guest)(exports);
    return { call: async (fn, args) => exports[fn](...args), close() {} };
  }
  const { HostRuntime } = await import('../../index.js');
  const limits = { memoryBytes: 2 ** 30, timeoutMs: 120_000, cpuMs: 60_000, fetchBytes: 2 * STREAM_BYTES };
  const host = new HostRuntime('bench', { permissions: { net: [url] }, limits });
  await host.loadPlugin('guest', guest);
  return { call: (fn, args) => host.call('guest', fn, args), close: () => host.close() };
}

const MiB = 2 ** 20;
const speed = { unit: 'MiB/s', better: 'more' };
const rate = { better: 'more' };

export default {
  name: 'web',
  about:
    "Web APIs in a guest beside Node's own, the same source for both; fetch asks a server of Node's on loopback, in a thread of its own.",
  metrics: {
    urls: { ...rate, unit: 'URLs/s', title: 'new URL and one of its parts' },
    ascii: { ...speed, title: 'TextDecoder, ASCII' },
    mixed: { ...speed, title: 'TextDecoder, UTF-8 of several scripts' },
    sha256: { ...speed, title: 'crypto.subtle SHA-256' },
    one: { ...rate, unit: 'requests/s', title: 'fetch, one by one' },
    many: { ...rate, unit: 'requests/s', title: 'fetch, 32 in flight' },
    stream: { ...speed, title: 'a response body, chunk by chunk' },
    collect: { ...speed, title: 'a response body as one ArrayBuffer' },
  },
  contenders: ['hostbox', 'node'],
  ways: { hostbox: 'hostbox', node: 'node' },
  rounds: 3,
  async measure(contender) {
    const server = await startServer();
    const sandbox = await open(contender, server.url);
    const counted = (fn, expected) => (count) => sandbox.call(fn, [count]).then((got) => check(got, expected));
    const requests = (lanes) => async (count) => {
      const whole = Math.ceil(count / lanes) * lanes;
      check(await sandbox.call('requests', [server.url, whole, lanes]), whole);
    };
    const flow = async (fn) => {
      const started = performance.now();
      check(await sandbox.call(fn, [server.url]), STREAM_BYTES);
      return STREAM_BYTES / MiB / ((performance.now() - started) / 1000);
    };
    const perMiB = async (fn, expected, bytes) => ((await rateOfBatches(counted(fn, expected))) * bytes) / MiB;
    const first = (await sandbox.call('sha256', [1])) ?? 0;
    const results = {
      urls: await tried(() => rateOfBatches(counted('urls', 4))),
      ascii: await tried(() => perMiB('ascii', TEXT_BYTES, TEXT_BYTES)),
      mixed: await tried(async () => perMiB('mixed', true, await sandbox.call('mixedBytes', []))),
      sha256: await tried(() => perMiB('sha256', first, TEXT_BYTES)),
      one: await tried(() => rateOfBatches(requests(1))),
      many: await tried(() => rateOfBatches(requests(32))),
      stream: await tried(() => flow('stream')),
      collect: await tried(() => flow('collect')),
    };
    await sandbox.close();
    await server.stop();
    return results;
  },
};
