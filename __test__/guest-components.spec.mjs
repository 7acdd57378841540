// The guests' global `wasm`: components in sandboxes, under their grants and on their account.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HostRuntime } from '../index.js';
import { COPY } from './components/copy.mjs';
import { ECHOES, fixture, random } from './components/values.mjs';

const PLUGIN = `
  const made = new Map();
  async function instance(bytes, options) {
    const component = await wasm.Component.compile(bytes, { name: 'guest' });
    return component.instantiate(options);
  }
  const counted = [];
  const host = {
    add: (left, right) => left + right, greet: async (name) => 'hello ' + name, bytes: (data) => data, numbers: (values) => values,
    rows: (count) => Array.from({ length: count }, (_, id) => ({ id, name: 'row' })),
    find(name) { if (name === 'plain') throw new RangeError('no payload'); throw Object.assign(new Error('no'), { payload: { tag: 'not-found', val: name } }); },
    check() {}, nothing() {},
  };
  class Logger {
    lines = 0;
    constructor(prefix) { this.prefix = prefix; }
    static open(name) { return new Logger(name); }
    log() { return ++this.lines; }
    [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() { counted.push(this.prefix); }
  }
  const seen = async (work) => { try { return [await work()]; } catch (error) { return [error.name, error.code, error.message, error.payload, error.path]; } };
  exports.open = async (key, bytes, options) => { made.set(key, await instance(bytes, options)); };
  exports.call = (key, face, fn, args) => made.get(key).exports[face][fn](...args);
  exports.echo = async (bytes, name, value) => (await instance(bytes)).exports.echo[name](value);
  exports.callSync = (key, face, fn, args) => made.get(key).sync[face][fn](...args);
  exports.failsSync = (key, face, fn, args) => seen(() => made.get(key).sync[face][fn](...args));
  exports.echoSync = async (bytes, name, value) => (await instance(bytes)).sync.echo[name](value);
  exports.busy = async (key) => {
    const running = made.get(key).exports.traps.endlessLoop();
    const [, code] = await seen(() => made.get(key).sync.traps.fine());
    made.get(key).close();
    await running.catch(() => {});
    return code;
  };
  exports.resourcesSync = async (bytes) => {
    const { counters, users } = (await instance(bytes, { imports: { logging: { Logger, adopt: () => 7, describe: (logger) => logger.prefix } } })).sync;
    const counter = new counters.Counter(5);
    const all = [counter.increment(2), users.logTimes('a', 3), users.describeNew('b'), users.openAndAdopt('c')];
    counter[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
    return [...all, counters.alive()];
  };
  exports.fails = (key, face, fn, args) => seen(() => made.get(key).exports[face][fn](...args));
  exports.imports = async (bytes) => { made.set('imports', await instance(bytes, { imports: { host, log: (text) => BigInt(text.length) } })); };
  exports.missing = (bytes) => seen(() => instance(bytes, { imports: { host } }));
  exports.resources = async (bytes) => {
    const { counters, users } = (await instance(bytes, { imports: { logging: { Logger, adopt: () => 7, describe: (logger) => logger.prefix } } })).exports;
    const counter = new counters.Counter(5);
    const all = [await counter.increment(2), await users.logTimes('a', 3), await users.describeNew('b'), await users.openAndAdopt('c')];
    counter[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
    return [...all, await counters.alive(), counted];
  };
  exports.describe = async (bytes) => {
    const component = await wasm.Component.compile(bytes, { name: 'calc' });
    return { name: component.name, exports: component.exports, wit: component.wit(), types: component.types() };
  };
  exports.refused = (value) => seen(() => wasm.Component.compile(value));
  exports.stats = (key) => made.get(key).stats();
  exports.close = (key) => made.get(key).close();
`;

async function sandbox(t, options) {
  const host = new HostRuntime('guest components', { wasi: true, ...options });
  t.after(() => host.close());
  await host.loadPlugin('components', PLUGIN);
  return Object.assign((fn, ...args) => host.call('components', fn, args), { host });
}

const bytes = (name) => new Uint8Array(readFileSync(fixture(name)));

test('wasm is there only where the app switched WebAssembly on', async (t) => {
  const [without, on] = [new HostRuntime('guest components'), new HostRuntime('guest components', { wasi: true })];
  t.after(() => Promise.all([without.close(), on.close()]));
  const seen = "[typeof wasm, 'wasm' in globalThis]";
  assert.deepEqual(await without.eval(seen), ['undefined', false]);
  assert.deepEqual(await on.eval(seen), ['object', true]);
});

test('guests call components with every type of WIT', async (t) => {
  const call = await sandbox(t);
  await call('open', 'echo', bytes('echo'));
  for (const [name, make] of Object.entries(ECHOES)) {
    for (let seed = 0; seed < 3; seed++) {
      const value = make(random(seed));
      assert.deepEqual(await call('call', 'echo', 'echo', name, [value]), value, `${name} of seed ${seed}`);
    }
  }
});

test('functions of the guest stand behind imports', async (t) => {
  const call = await sandbox(t);
  await call('imports', bytes('imports'));
  const guest = (fn, ...args) => call('call', 'imports', 'guest', fn, args);
  assert.equal(await guest('add', 1, 2), 3);
  assert.equal(await guest('greet', 'wörld'), 'hello wörld');
  assert.deepEqual(await guest('bytes', new Uint8Array(100_000).fill(7)), new Uint8Array(100_000).fill(7));
  assert.deepEqual((await guest('rows', 3)).map(({ id }) => id), [0, 1, 2]); // prettier-ignore
  assert.equal(await guest('addTimes', 100), 100);
  assert.equal(await guest('log', 'four'), 4n);
  const [name, , , payload] = await call('fails', 'imports', 'guest', 'find', ['me']);
  assert.deepEqual([name, payload], ['ComponentError', { tag: 'not-found', val: 'me' }]);
  const [, code, message] = await call('fails', 'imports', 'guest', 'find', ['plain']);
  assert.equal(code, 'ERR_WASM_TRAP');
  assert.match(message, /test:imports\/host@1\.0\.0\.find of the guest failed: RangeError: no payload/);
  assert.equal((await call('fails', 'imports', 'guest', 'add', [1, 2]))[1], 'ERR_CLOSED');
  assert.match((await call('missing', bytes('imports')))[2], /the function log/);
});

test('resources cross both ways', async (t) => {
  const call = await sandbox(t);
  assert.deepEqual(await call('resources', bytes('resources')), [7, 3, 'b', 7, 0, ['a', 'b']]);
});

test('a component says what it is', async (t) => {
  const said = await (await sandbox(t))('describe', bytes('calculator'));
  assert.equal(said.name, 'calc');
  assert.deepEqual(said.exports, ['demo:calc/calculator@0.1.0']);
  assert.match(said.wit, /interface calculator/);
  assert.match(said.types, /export namespace DemoCalcCalculator/);
});

test('guests call components on their own thread, too', async (t) => {
  const call = await sandbox(t);
  for (const [name, make] of Object.entries(ECHOES)) {
    const value = make(random(7));
    assert.deepEqual(await call('echoSync', bytes('echo'), name, value), value, name);
  }
  await call('imports', bytes('imports'));
  const imported = (fn, ...args) => call('callSync', 'imports', 'guest', fn, args);
  assert.equal(await imported('add', 2, 3), 5);
  assert.equal(await imported('addTimes', 1_000), 1_000);
  assert.deepEqual(await imported('bytes', new Uint8Array(100_000).fill(3)), new Uint8Array(100_000).fill(3));
  assert.deepEqual(
    (await imported('rows', 2)).map(({ id }) => id),
    [0, 1],
  );
  assert.deepEqual((await call('failsSync', 'imports', 'guest', 'find', ['x']))[3], { tag: 'not-found', val: 'x' });
  const [, code, message] = await call('failsSync', 'imports', 'guest', 'greet', ['you']);
  assert.equal(code, 'ERR_ASYNC');
  assert.match(message, /host@1\.0\.0\.greet of the guest returned a promise/);
  assert.deepEqual(await call('resourcesSync', bytes('resources')), await call('resources', bytes('resources')).then((all) => all.slice(0, -1))); // prettier-ignore
});

test('a synchronous call keeps to the limits of the turn that it is made in', async (t) => {
  const host = new HostRuntime('guest components', { wasi: true });
  t.after(() => host.close());
  await host.loadPlugin('components', PLUGIN);
  const call = (fn, args, options) => host.call('components', fn, args, options);
  const loop = ['traps', 'traps', 'endlessLoop', []];
  await call('open', ['traps', bytes('traps')]);
  await assert.rejects(call('callSync', loop, { timeoutMs: 100 }), { code: 'ERR_TIMEOUT' });
  assert.equal((await call('failsSync', ['traps', 'traps', 'fine', []]))[1], 'ERR_CLOSED');
  await call('open', ['traps', bytes('traps'), { limits: { timeoutMs: 80 } }]);
  assert.equal((await call('failsSync', loop))[1], 'ERR_TIMEOUT');
  await call('open', ['traps', bytes('traps')]);
  assert.deepEqual(await call('failsSync', ['traps', 'traps', 'growMemory', [10_000]]), [false]);
  assert.equal((await call('failsSync', ['traps', 'traps', 'unreachable', []]))[1], 'ERR_WASM_TRAP');
  await call('open', ['traps', bytes('traps')]);
  assert.equal(await call('busy', ['traps']), 'ERR_BUSY');
});

test('output goes to the sandbox’s console where the guest says so', async (t) => {
  const entries = [];
  const call = await sandbox(t, { console: ({ level, text }) => entries.push([level, text]) });
  const copy = new TextEncoder().encode(COPY);
  const stdin = new TextEncoder().encode('a line\n');
  await call('open', 'silent', copy, { stdin });
  await call('call', 'silent', 'run', 'run', []);
  await call('open', 'loud', copy, { stdin, console: 'inherit' });
  await call('call', 'loud', 'run', 'run', []);
  assert.deepEqual(entries, [
    ['log', 'a line'],
    ['error', 'done'],
  ]);
  await assert.rejects(call('open', 'wrong', copy, { console: 'loud' }), /'inherit' or 'silent' for options\.console/);
});

test('wrong values and wrong bytes are refused with what was wrong', async (t) => {
  const call = await sandbox(t);
  await call('open', 'calc', bytes('calculator'));
  const [, code, message, , path] = await call('fails', 'calc', 'calculator', 'calculate', ['add', 1, 'x']);
  assert.deepEqual([code, path], ['ERR_ARGUMENT', 'args[2]']);
  assert.match(message, /args\[2\]: Expected f64 but received "x" \(demo:calc\/calculator@0\.1\.0\.calculate\)/);
  assert.equal((await call('fails', 'calc', 'calculator', 'calculate', ['divide', 1, 0]))[3], 'division by zero');
  assert.equal((await call('refused', new Uint8Array(5)))[1], 'ERR_WASM_COMPILE');
  assert.equal((await call('refused', 'text'))[1], 'ERR_ARGUMENT');
});

test('limits of an instance and of the sandbox hold', async (t) => {
  const call = await sandbox(t, { limits: { memoryBytes: 32 << 20 } });
  await call('open', 'traps', bytes('traps'), { limits: { timeoutMs: 80 } });
  const fails = (fn, ...args) => call('fails', 'traps', 'traps', fn, args);
  assert.deepEqual(await fails('growMemory', 10_000), [false]);
  assert.ok((await call('stats', 'traps')).memoryBytes > 0);
  assert.equal((await fails('endlessLoop'))[1], 'ERR_TIMEOUT');
  assert.equal((await fails('fine'))[1], 'ERR_CLOSED');
  await call('open', 'traps', bytes('traps'));
  assert.equal((await fails('unreachable'))[1], 'ERR_WASM_TRAP');
  await call('open', 'traps', bytes('traps'));
  await call('close', 'traps');
  assert.deepEqual((await fails('fine')).slice(1, 3), ['ERR_CLOSED', 'the instance is closed']);
});

test('the deadline of the app’s call ends what a guest waits for', async (t) => {
  const host = new HostRuntime('guest components', { wasi: true });
  t.after(() => host.close());
  await host.loadPlugin('components', PLUGIN);
  await host.call('components', 'open', ['traps', bytes('traps')]);
  const args = ['traps', 'traps', 'endlessLoop', []];
  await assert.rejects(host.call('components', 'call', args, { timeoutMs: 100 }), { code: 'ERR_TIMEOUT' });
  assert.equal(await host.eval('1 + 1'), 2);
});

test('a sandbox whose components hold all of its places leaves others theirs', async (t) => {
  const greedy = await sandbox(t, { limits: { timeoutMs: 3_000 } });
  await Promise.all(Array.from({ length: 70 }, (_, i) => greedy('open', `traps ${i}`, bytes('traps'))));
  let ended = 0;
  const calls = Array.from({ length: 70 }, (_, i) =>
    greedy('call', `traps ${i}`, 'traps', 'endlessLoop', []).catch(() => ended++),
  );
  const modest = await sandbox(t);
  await modest('open', 'calc', bytes('calculator'));
  assert.equal(await modest('call', 'calc', 'calculator', 'calculate', ['add', 1, 2]), 3);
  assert.equal(ended, 0, 'the others still run');
  await Promise.all(calls);
});

test('a component’s call takes no longer than its sandbox’s calls may', async (t) => {
  const call = await sandbox(t, { limits: { timeoutMs: 400 } });
  await call('open', 'traps', bytes('traps'), { limits: { timeoutMs: 1_000_000 } });
  const endless = call.host.call('components', 'fails', ['traps', 'traps', 'endlessLoop', []], { timeoutMs: 60_000 });
  assert.equal((await endless)[1], 'ERR_TIMEOUT');
  assert.equal((await call('fails', 'traps', 'traps', 'fine', []))[1], 'ERR_CLOSED');
});
