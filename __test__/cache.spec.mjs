// The `cache` option, and what only shows between sandboxes and processes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { HostRuntime } from '../index.js';

let scopes = 0;
const freshScope = () => `cache test ${++scopes}`;

/** Runs `body` with runtimes that are closed at its end. */
async function withRuntimes(body) {
  const made = [];
  const make = (scope, cache) => {
    const host = new HostRuntime(scope, cache && { cache });
    made.push(host);
    return host;
  };
  try {
    return await body(make);
  } finally {
    await Promise.all(made.map((host) => host.close()));
  }
}

async function withFolder(body) {
  const folder = await mkdtemp(join(tmpdir(), 'hostbox-cache-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const counting = (rounds) => `for (let i = 0; i < ${rounds}; i++) {
  for (;;) {
    const count = cache.get('count', 0);
    if (cache.compareAndSet('count', count === 0 ? undefined : count, count + 1)) break;
  }
}`;

test('sandboxes of one scope share a cache, and no other scope sees it', () =>
  withRuntimes(async (make) => {
    const scope = freshScope();
    const [one, two, other] = [make(scope), make(scope), make(freshScope())];
    await one.eval("cache.set('key', { list: [1, 'ä'] })");
    assert.deepEqual(await two.eval("cache.get('key')"), { list: [1, 'ä'] });
    assert.equal(await other.eval("cache.get('key')"), null);
    assert.equal(two.evalSync("cache.delete('key')"), true);
    assert.equal(await one.eval("cache.has('key')"), false);
  }));

test('64 sandboxes that count one key up by compareAndSet count exactly', () =>
  withRuntimes(async (make) => {
    const scope = freshScope();
    const hosts = Array.from({ length: 64 }, () => make(scope));
    await Promise.all(hosts.map((host) => host.eval(counting(200))));
    assert.equal(await hosts[0].eval("cache.get('count')"), 64 * 200);
  }));

test('64 sandboxes count exactly in a file, too', () =>
  withFolder((folder) =>
    withRuntimes(async (make) => {
      const [scope, cache] = [freshScope(), { store: { file: join(folder, 'cache') } }];
      const hosts = Array.from({ length: 64 }, () => make(scope, cache));
      await Promise.all(hosts.map((host) => host.eval(counting(5))));
      assert.equal(await hosts[0].eval("cache.get('count')"), 64 * 5);
    }),
  ));

test('one of 64 sandboxes wins setIfAbsent', () =>
  withRuntimes(async (make) => {
    const scope = freshScope();
    const hosts = Array.from({ length: 64 }, () => make(scope));
    const won = await Promise.all(hosts.map((host, i) => host.eval(`cache.setIfAbsent('leader', ${i})`)));
    assert.equal(won.filter(Boolean).length, 1);
    assert.equal(await hosts[0].eval("cache.get('leader')"), won.indexOf(true));
  }));

test('a file has its entries when all sandboxes were closed and one is opened again', () =>
  withFolder(async (folder) => {
    const [scope, cache] = [freshScope(), { store: { file: join(folder, 'cache') } }];
    await withRuntimes((make) => make(scope, cache).eval("cache.set('key', 'kept')"));
    await withRuntimes(async (make) => {
      assert.equal(await make(scope, cache).eval("cache.get('key')"), 'kept');
    });
  }));

test('a second process that opens the file gets ERR_BUSY, and the file once it is closed', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'cache');
    const script = `
      const { HostRuntime } = require(${JSON.stringify(join(import.meta.dirname ?? '__test__', '..', 'index.js'))});
      try {
        const host = new HostRuntime('app', { cache: { store: { file: ${JSON.stringify(file)} } } });
        host.eval("cache.get('key')").then(async (value) => { console.log(value); await host.close(); });
      } catch (error) { console.log(error.code, error.message); }`;
    const second = async () => (await promisify(execFile)(process.execPath, ['-e', script])).stdout;
    const host = new HostRuntime('app', { cache: { store: { file } } });
    await host.eval("cache.set('key', 'from the first')");
    assert.match(await second(), /^ERR_BUSY the cache file .* is in use: another process has it open/);
    await host.close();
    assert.equal(await second(), 'from the first\n');
  }));

test('the first choice of a scope holds while a sandbox of it is open', () =>
  withRuntimes(async (make) => {
    const scope = freshScope();
    const first = make(scope, { maxBytes: 100_000, ttlMs: 5_000 });
    make(scope);
    make(scope, { maxBytes: 100_000 });
    assert.throws(() => make(scope, { maxBytes: 100_001 }), {
      code: 'ERR_ARGUMENT',
      message: `Expected the cache of scope ${scope} to be what its other sandboxes chose: maxBytes is 100000, not 100001`,
    });
    assert.throws(() => make(scope, { store: { file: 'x' } }), { code: 'ERR_ARGUMENT' });
    assert.throws(() => make(scope, { ttlMs: 1 }), { code: 'ERR_ARGUMENT' });
    assert.equal(await first.eval('1'), 1);
  }));

test('wrong options are refused with what was expected', () => {
  const cases = [
    [5, 'Expected an object for options.cache but received 5 of type number'],
    [{ size: 1 }, "Expected no option 'size' for options.cache (known are store, maxBytes and ttlMs)"],
    [{ store: 'disk' }, "Expected 'memory' or { file } for options.cache.store but received 'disk' of type string"],
    [{ store: {} }, /^Expected a string that is not empty for options\.cache\.store\.file/],
    [{ store: { file: '' } }, /^Expected a string that is not empty for options\.cache\.store\.file/],
    [{ maxBytes: 1 }, /^Expected an integer from 1024 to 68719476736 for options\.cache\.maxBytes/],
    [{ ttlMs: 0 }, /^Expected an integer from 1 to 315360000000 for options\.cache\.ttlMs/],
    [{ store: { file: '/no/such/folder/cache' } }, /^the cache file \/no\/such\/folder\/cache cannot be opened: /],
  ];
  for (const [cache, message] of cases) {
    assert.throws(() => new HostRuntime(freshScope(), { cache }), { code: 'ERR_ARGUMENT', message });
  }
});

test('a file that is no cache file is refused and left as it is', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'text');
    await writeFile(file, 'text '.repeat(1_000));
    const open = () => new HostRuntime(freshScope(), { cache: { store: { file } } });
    assert.throws(open, { code: 'ERR_ARGUMENT', message: /cannot be opened/ });
    assert.equal((await stat(file)).size, 5_000);
  }));

test('a guest that writes without end fills neither memory nor disk beyond the bound', () =>
  withFolder((folder) =>
    withRuntimes(async (make) => {
      const flood = `const text = 'x'.repeat(50_000);
        for (let i = 0; i < ROUNDS; i++) cache.set('key ' + i, i % 7 === 0 ? text : i);`;
      const file = join(folder, 'cache');
      const onDisk = make(freshScope(), { store: { file }, maxBytes: 2 ** 20 });
      await onDisk.eval(flood.replace('ROUNDS', 2_000));
      assert.ok((await stat(file)).size < 16 * 2 ** 20);
      const inMemory = make(freshScope(), { maxBytes: 8 * 2 ** 20 });
      await inMemory.eval('0');
      const before = process.memoryUsage.rss();
      await inMemory.eval(flood.replace('ROUNDS', 30_000));
      const grown = process.memoryUsage.rss() - before;
      assert.ok(grown < 64 * 2 ** 20, `${grown} bytes for 214 MB of writes`);
    }),
  ));

test('what could never fit is a RangeError with the limit in its message', () =>
  withRuntimes(async (make) => {
    const host = make(freshScope(), { maxBytes: 2_000 });
    const source = `try { cache.set('key', 'x'.repeat(2_000)); } catch (error) {
      [error instanceof RangeError, error.code, error.message] }`;
    const message = 'cache.maxBytes: an entry of 2455 bytes does not fit into 2000';
    assert.deepEqual(await host.eval(source), [true, 'ERR_LIMIT', message]);
  }));
