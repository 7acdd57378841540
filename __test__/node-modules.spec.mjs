// Node's modules inside of guests: how plugins reach them, and what the app grants.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequire } from 'node:module';

const { HostRuntime } = createRequire(import.meta.url)('../index.js');

function open(t, options) {
  const host = new HostRuntime('node-modules', { console: 'silent', ...options });
  t.after(() => host.close());
  return host;
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

test('a CommonJS plugin requires built-in modules, with and without the prefix', async (t) => {
  const host = open(t);
  const source = `
    const path = require('path'), { EventEmitter } = require('node:events');
    exports.run = () => [path === require('node:path'), path.posix === require('path/posix'), path === globalThis.path,
      require('events') === EventEmitter, require('buffer').Buffer === Buffer, require('process') === process];`;
  await host.loadPlugin('p', source, { filename: 'p.cjs' });
  assert.deepEqual(await host.call('p', 'run'), [true, true, true, true, true, true]);
});

test('an ES module imports them by name, as default and on demand', async (t) => {
  const host = open(t);
  const source = `
    import path, { join } from 'node:path';
    import { Buffer as Own } from 'buffer';
    import EventEmitter, { once } from 'node:events';
    export * from 'path/posix';
    export async function run() {
      const { default: again } = await import('path');
      return [join('a', 'b'), path.join === join, Own === Buffer, EventEmitter.once === once, again === path];
    }`;
  await host.loadPlugin('p', source, { filename: 'p.mjs' });
  assert.deepEqual(await host.call('p', 'run'), ['a/b', true, true, true, true]);
  assert.equal(await host.call('p', 'basename', ['/x/y']), 'y');
  assert.equal(await host.eval("require('node:path').join('a', '..', 'b')"), 'b');
  assert.equal(await host.eval("import('node:path').then(({ sep }) => sep)"), '/');
});

test('anything else cannot be found', async (t) => {
  const host = open(t);
  for (const name of ['lodash', './x', 'node:lodash', 'guest:path', 'host:buffer', 'path/', '', 'child_process']) {
    for (const source of [`require(${JSON.stringify(name)})`, `import ${JSON.stringify(name)}; export default 1`]) {
      const error = await failure(host.loadPlugin('p', source));
      assert.deepEqual([error.code, error.details?.code], ['ERR_GUEST', 'MODULE_NOT_FOUND'], source);
      assert.ok(error.message.startsWith(`Cannot find module '${name}'`), error.message);
    }
  }
  assert.equal((await failure(host.eval('require(1)'))).name, 'TypeError');
});

test('what a plugin changes of a module others see, and later imports too', async (t) => {
  const host = open(t);
  await host.eval("require('path').extra = 7");
  assert.equal(await host.eval("import('path').then(({ extra, default: path }) => extra + path.extra)"), 14);
});

test('the environment is what is granted, and nothing of the process', async (t) => {
  const host = open(t, { permissions: { env: { MODE: 'test', EMPTY: '' } } });
  assert.deepEqual(await host.eval('({ ...process.env })'), { MODE: 'test', EMPTY: '' });
  assert.deepEqual(await open(t).eval('Object.keys(process.env)'), []);
  for (const env of [{ '': 'x' }, { 'A=B': 'x' }, { A: 'x\0' }, { A: 1 }, ['A']]) {
    assert.throws(() => open(t, { permissions: { env } }), { code: 'ERR_ARGUMENT' });
  }
});

test('a Buffer crosses as the bytes that it shows', async (t) => {
  const host = open(t);
  const bytes = await host.eval("Buffer.from('héllo').subarray(1, 3)");
  assert.deepEqual([bytes.constructor, Buffer.from(bytes).toString()], [Uint8Array, 'é']);
});

test('the console shows Buffers and what is written to the standard streams', async (t) => {
  const entries = [];
  const host = open(t, { console: ({ level, text }) => entries.push(`${level}: ${text}`) });
  await host.eval(
    "console.log(Buffer.from('ab')); process.stdout.write('100%d\\n'); process.stderr.write(Buffer.from('x'))",
  );
  assert.deepEqual(entries, ['log: <Buffer 61 62>', 'log: 100%d', 'error: x']);
});

test('ticks that never end meet the deadline, and the sandbox works on', async (t) => {
  const host = open(t);
  const source = '(function again() { process.nextTick(again) })(); new Promise(() => {})';
  const error = await failure(host.eval(source, { timeoutMs: 100 }));
  assert.equal(error.code, 'ERR_TIMEOUT');
  assert.equal(await host.eval('new Promise((resolve) => process.nextTick(resolve, 7))'), 7);
});

test('what a tick throws is reported and stops no other', async (t) => {
  const entries = [];
  const host = open(t, { console: ({ text }) => entries.push(text) });
  const source =
    "process.nextTick(() => { throw new Error('lost') }); new Promise((resolve) => process.nextTick(resolve, 8))";
  assert.equal(await host.eval(source), 8);
  assert.match(entries[0], /lost/);
});

test('each built-in module can be required and imported', async (t) => {
  const host = open(t);
  const names = [
    ...['assert', 'assert/strict', 'buffer', 'crypto', 'events', 'os', 'path', 'path/posix', 'path/win32', 'process'],
    ...[
      'console',
      'constants',
      'module',
      'perf_hooks',
      'tty',
      'punycode',
      'querystring',
      'string_decoder',
      'url',
      'util',
      'util/types',
    ],
    ...['stream', 'stream/consumers', 'stream/promises', 'stream/web', 'timers', 'timers/promises'],
  ];
  for (const name of names) {
    const source = `import('node:${name}').then((module) => {
      const required = require('${name}');
      return module.default === required && Object.keys(required).every((key) => key in module);
    })`;
    assert.equal(await host.eval(source), true, name);
  }
});
