// The examples do what they say.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer } from '../examples/node/http-plugin-pool/server.mjs';
import { HostRuntime } from '../index.js';

const example = (path) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
const run = (...args) => promisify(execFile)(process.execPath, args);

async function withServer(body) {
  const server = await startServer({ size: 2 });
  const post = (requests) => fetch(`${server.origin}/invoke`, { method: 'POST', body: JSON.stringify({ requests }) });
  try {
    return await body({ ...server, post });
  } finally {
    await server.close();
  }
}

test('a guest fetches /invoke many times at once and prints the answers in the order of their completion', async () => {
  const { stdout } = await run(example('node/http-plugin-pool/main.mjs'), '10');
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines.pop(), /^32 answers in \d+ ms, 2 of them failures, from 4 sandboxes$/);
  assert.equal(lines.length, 32);
  assert.ok(lines.includes('#0.3 ERR_GUEST: on purpose'));
  assert.ok(lines.includes('#9.1 1229'));
  // Round 9 waits for 33 ms, and its primes are there before.
  assert.ok(lines.indexOf('#9.0 round 9') > lines.indexOf('#9.1 1229'));
});

test('POST /invoke streams lines as they come, and PUT /plugins replaces a plugin', () =>
  withServer(async ({ origin, post }) => {
    const response = await post([
      { plugin: 'work', fn: 'wait', args: [300, 'slow'] },
      { plugin: 'work', fn: 'primes', args: [100] },
    ]);
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
    const lines = (await response.text()).trimEnd().split('\n').map(JSON.parse);
    assert.deepEqual(lines, [
      { index: 1, ok: true, value: 25 },
      { index: 0, ok: true, value: 'slow' },
    ]);
    const put = await fetch(`${origin}/plugins/work`, { method: 'PUT', body: "exports.primes = () => 'new'" });
    assert.equal(put.status, 204);
    const after = await post([{ plugin: 'work', fn: 'primes', args: [100] }]);
    assert.deepEqual(JSON.parse(await after.text()), { index: 0, ok: true, value: 'new' });
    const refused = await fetch(`${origin}/plugins/work`, { method: 'PUT', body: 'no source' });
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).code, 'ERR_GUEST');
  }));

test('a client that hangs up ends what it asked for', () =>
  withServer(async ({ pool, post }) => {
    const requests = Array.from({ length: 50 }, () => ({ plugin: 'work', fn: 'wait', args: [4_000] }));
    const response = await post([{ plugin: 'work', fn: 'primes', args: [10] }, ...requests]);
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel();
    while (pool.stats().running + pool.stats().queued > 0) await new Promise((resolve) => setImmediate(resolve));
  }));

test('the calculator calls a component with typed values', async () => {
  const { stdout } = await run(example('components/calculator.mjs'));
  const lines = stdout.trimEnd().split('\n');
  for (const line of ['1 + 2 = 3', '6 × 7 = 42', '1 ÷ 0: division by zero', 'history: 10 subtract 4 → 6']) {
    assert.ok(lines.includes(line), line);
  }
  assert.match(lines.pop(), /^\d+\.\d\d µs a call$/);
});

test('the pipeline gives the same through the host and as one component', async () => {
  const { stdout } = await run(example('components/pipeline.mjs'));
  const [, chained, composed] = stdout.trimEnd().split('\n\n');
  assert.deepEqual(chained.split('\n').slice(1), [
    '  Data for query: test query',
    '  YREUQ TSET :YREUQ ROF ATAD',
    '  Stored 26 bytes successfully',
  ]);
  assert.deepEqual(composed.split('\n').slice(1), ['  Stored 26 bytes successfully']);
});

test('the filter of a component makes a picture grey', async () => {
  const { stdout } = await run(example('components/image.mjs'));
  assert.match(stdout, /^1600 × 1067 pixels, 6\.5 MiB: /);
  const host = new HostRuntime('examples');
  const pixels = await host.native.run('png_decode', await readFile(example('components/out/gray.png')));
  await host.close();
  assert.equal(pixels.length, 1600 * 1067 * 4);
  for (let i = 0; i < pixels.length; i += 4096) assert.ok(pixels[i] === pixels[i + 1] && pixels[i] === pixels[i + 2]);
});
