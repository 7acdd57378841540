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
  exports.failsOpen = (...args) => seen(() => exports.open(...args));
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
  exports.waits = async (bytes, count, size) => {
    let answer;
    const greet = () => new Promise((resolve) => { answer = () => resolve('at last'); });
    const { exports } = await instance(bytes, { imports: { host: { ...host, greet }, log: () => 0n } });
    const first = exports.guest.greet('me');
    const data = new Uint8Array(size);
    const others = Array.from({ length: count }, () => seen(() => exports.guest.bytes(data)));
    while (answer === undefined) await new Promise((resolve) => setTimeout(resolve));
    answer();
    await first;
    return (await Promise.all(others)).map(([, code]) => code);
  };
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
  exports.refused = (value, options) => seen(() => wasm.Component.compile(value, options));
  exports.compose = async (all, isNamed) => {
    const [root, ...others] = await Promise.all(all.map(([name, bytes]) => wasm.Component.compile(bytes, { name })));
    const named = () => Object.fromEntries(others.map((component) => [component.name, component]));
    const whole = await wasm.Component.compose(isNamed ? { root, with: named() } : [root, ...others]);
    return [whole.name, whole.imports, await (await whole.instantiate()).exports.run('test query')];
  };
  exports.composeFails = (plan) => seen(() => wasm.Component.compose(plan));
  exports.openText = async (key, wat, options, compile) => {
    made.set(key, await (await wasm.Component.compile({ wat }, compile)).instantiate(options));
  };
  exports.world = (key, fn) => made.get(key).exports[fn]();
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

test('guests link components into one', async (t) => {
  const call = await sandbox(t);
  const part = (name) => [`data-${name}`, bytes(`pipeline-${name}`)];
  const all = ['driver', 'source', 'transform', 'sink'].map(part);
  for (const isNamed of [false, true]) {
    assert.deepEqual(await call('compose', all, isNamed), ['data-driver', [], 'Stored 26 bytes successfully']);
  }
  assert.deepEqual((await call('composeFails', [5])).slice(1, 3), [
    'ERR_ARGUMENT',
    'Expected a Component for plan[0] but received 5 of type number',
  ]);
  assert.match((await call('composeFails', { root: {} }))[2], /an object of components for plan\.with/);
});

/** Draws a number, and looks at the clock. */
const DRAWS = `(component
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
  (core func $draw (canon lower (func $random "get-random-u64")))
  (core func $now (canon lower (func $clock "now")))
  (func (export "draw") (result u64) (canon lift (core func $draw)))
  (func (export "now") (result u64) (canon lift (core func $now))))`;

test('clocks and randomness of a guest’s component stand still where the guest says so', async (t) => {
  const call = await sandbox(t);
  const frozen = { clock: { fixed: new Date(1e12) }, random: { seed: 7 } };
  await call('openText', 'one', DRAWS, frozen);
  await call('openText', 'two', DRAWS, { ...frozen, limits: { stackBytes: 4 << 20 } });
  await call('openText', 'three', DRAWS, { clock: 'real', random: 'real' }, { baseline: true });
  const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((key) => call('world', key, 'draw')));
  assert.equal(one, two);
  assert.notEqual(one, three);
  assert.equal(await call('world', 'one', 'now'), await call('world', 'one', 'now'));
  for (const [options, message] of [
    [{ clock: { fixed: 5 } }, /a Date from 1970 on for options\.clock\.fixed/],
    [{ random: { seed: -1 } }, /options\.random\.seed/],
    [{ limits: { stackBytes: 1 } }, /an integer from 65536 to 4194304 for options\.limits\.stackBytes/],
    [{ limits: { cpuMs: 1 } }, /no such option for options\.limits\.cpuMs/],
  ]) {
    await assert.rejects(call('openText', 'wrong', DRAWS, options), message);
  }
  assert.match((await call('refused', { wat: 5 }))[2], /a string that is not empty for source\.wat/);
  assert.match((await call('refused', bytes('traps'), { baseline: 1 }))[2], /a boolean for options\.baseline/);
});

const HANDLER = `
  const compiled = new Map();
  const component = async (bytes) => {
    const key = bytes.length;
    if (!compiled.has(key)) compiled.set(key, await wasm.Component.compile(bytes));
    return compiled.get(key);
  };
  const at = (path) => 'http://shop.example' + path;
  const seen = async (work) => { try { return [await work()]; } catch (error) { return [error.name, error.code, error.message]; } };
  const read = async (response) => [response.status, [...response.headers], await response.text()];
  exports.ask = async (bytes, path, init, options) => read(await (await component(bytes)).handle(new Request(at(path), init), options));
  exports.fails = (bytes, path, init, options) => seen(() => exports.ask(bytes, path, init, options));
  exports.greets = async (bytes, count) => {
    const inner = { greeting: { greet: (path) => 'inner ' + path } };
    const greet = async (path) => (await exports.ask(bytes, path, undefined, { imports: inner }))[2];
    const outer = () => exports.ask(bytes, '/me', undefined, { imports: { greeting: { greet } } });
    return (await Promise.all(Array.from({ length: count }, outer))).map(([, , text]) => text);
  };
  exports.throws = (bytes) => {
    const greet = () => { throw new RangeError('no greeting'); };
    return exports.fails(bytes, '/me', undefined, { imports: { greeting: { greet } } });
  };
  exports.refused = (bytes, request) => seen(async () => (await component(bytes)).handle(request));
  exports.streams = async (bytes) => {
    let write;
    const body = new ReadableStream({ start: (controller) => { write = controller; } });
    const response = await (await component(bytes)).handle(new Request(at('/'), { method: 'POST', body, duplex: 'half' }));
    const reader = response.body.getReader();
    const pieces = [];
    for (const piece of ['one', 'two']) {
      write.enqueue(new TextEncoder().encode(piece));
      pieces.push(new TextDecoder().decode((await reader.read()).value));
    }
    write.close();
    return [...pieces, (await reader.read()).done];
  };
  exports.sends = async (bytes, length) => {
    const whole = new Uint8Array(length).fill(7);
    const form = new FormData();
    form.append('name', 'value');
    const handler = await component(bytes);
    const echo = async (body) => (await handler.handle(new Request(at('/'), { method: 'POST', body }))).bytes();
    const [bytes1, blob, text, fields] = [await echo(whole), await echo(new Blob([whole])), await echo('wörld'), await echo(form)];
    const decoded = new TextDecoder();
    return [bytes1.length, blob.every((byte) => byte === 7) && blob.length, decoded.decode(text), /name="name"\\r\\n\\r\\nvalue/.test(decoded.decode(fields))];
  };
  exports.aborts = async (bytes) => {
    const controller = new AbortController();
    const looping = (await component(bytes)).handle(new Request(at('/loop'), { signal: controller.signal }));
    controller.abort(new Error('enough'));
    return seen(() => looping);
  };
  exports.givesUp = async (bytes) => {
    let cancelled;
    const isCancelled = new Promise((resolve) => { cancelled = resolve; });
    const body = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65536)), cancel: () => cancelled(true) });
    const response = await (await component(bytes)).handle(new Request(at('/'), { method: 'POST', body, duplex: 'half' }));
    await response.body.cancel();
    return isCancelled;
  };
`;

test('a component of a guest’s answers a Request with a Response', async (t) => {
  const host = new HostRuntime('guest components', { wasi: true });
  t.after(() => host.close());
  await host.loadPlugin('handler', HANDLER);
  const call = (fn, ...args) => host.call('handler', fn, [bytes('handler'), ...args]);
  const [status, headers, text] = await call('ask', '/hello');
  assert.deepEqual([status, text], [200, 'hello wasm']);
  assert.deepEqual(
    headers.filter(([name]) => name === 'set-cookie' || name === 'x-authority').map(([, value]) => value),
    ['a=1', 'b=2', 'shop.example'],
  );
  assert.deepEqual(await call('streams'), ['one', 'two', true]);
  assert.deepEqual(await call('sends', 3 << 20), [3 << 20, 3 << 20, 'wörld', true]);
  assert.deepEqual(await call('aborts'), ['Error', undefined, 'enough']);
  assert.equal(await call('givesUp'), true);
});

test('functions of the guest answer for a component that answers a Request', async (t) => {
  const host = new HostRuntime('guest components', { wasi: true });
  t.after(() => host.close());
  await host.loadPlugin('handler', HANDLER);
  const greeted = bytes('greeted');
  // More than have a place at once: who waits for the guest has none.
  const texts = await host.call('handler', 'greets', [greeted, 12]);
  assert.deepEqual(texts, Array(12).fill(texts[0]));
  assert.match(texts[0], /inner \/me/);
  const [, code, message] = await host.call('handler', 'throws', [greeted]);
  assert.equal(code, 'ERR_WASM_TRAP');
  assert.match(message, /greet of the guest failed: RangeError: no greeting/);
  const missing = await host.call('handler', 'fails', [greeted, '/']);
  assert.match(missing[2], /greeting/);
  const looping = host.call('handler', 'fails', [bytes('handler'), '/loop'], { timeoutMs: 100 });
  await assert.rejects(looping, { code: 'ERR_TIMEOUT' });
  assert.equal((await host.call('handler', 'ask', [bytes('handler'), '/hello']))[0], 200);
});

test('what a guest’s component fails with is an error with its code', async (t) => {
  const host = new HostRuntime('guest components', { wasi: true });
  t.after(() => host.close());
  await host.loadPlugin('handler', HANDLER);
  const fails = (...args) => host.call('handler', 'fails', [bytes('handler'), ...args]);
  assert.match((await fails('/trap'))[2], /unreachable/);
  for (const [path, code] of [
    ['/trap', 'ERR_WASM_TRAP'],
    ['/error', 'ERR_GUEST'],
    ['/nothing', 'ERR_GUEST'],
    ['/late-trap', 'ERR_WASM_TRAP'],
  ]) {
    assert.equal((await fails(path))[1], code, path);
  }
  assert.equal((await fails('/loop', undefined, { limits: { timeoutMs: 50 } }))[1], 'ERR_TIMEOUT');
  assert.equal((await fails('/hello', undefined, { limits: { memoryBytes: 1 } }))[1], 'ERR_MEMORY');
  assert.equal((await fails('/hello', undefined, { limits: { stackBytes: 64 << 10 } }))[0][0], 200);
  assert.equal((await fails('/hello', { headers: { long: 'x'.repeat(70_000) } }))[1], 'ERR_ARGUMENT');
  const refused = await host.call('handler', 'refused', [bytes('handler'), 'http://shop.example/']);
  assert.deepEqual(refused.slice(0, 2), ['TypeError', 'ERR_ARGUMENT']);
  assert.match(refused[2], /Expected a Request for request/);
  const other = await host.call('handler', 'fails', [bytes('calculator'), '/']);
  assert.equal(other[1], 'ERR_WASM_LINK');
  assert.match(other[2], /no wasi:http\/incoming-handler/);
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
  await call('open', 'traps', bytes('traps'), { limits: { memoryBytes: 1 << 20, stackBytes: 64 << 10 } });
  assert.deepEqual(await fails('growMemory', 100), [false]);
  assert.deepEqual((await fails('overflowStack', 20_000))[1], 'ERR_WASM_TRAP');
  await call('open', 'traps', bytes('traps'));
  assert.deepEqual(await fails('overflowStack', 5_000), [
    await call('call', 'traps', 'traps', 'overflowStack', [5_000]),
  ]);
  assert.equal((await call('failsOpen', 'traps', bytes('traps'), { limits: { memoryBytes: 1 } }))[1], 'ERR_MEMORY');
  const input = { stdin: new Uint8Array(6 << 20) };
  const [opened] = await call('failsOpen', 'first', bytes('traps'), input);
  assert.equal(opened, undefined);
  assert.equal(
    (await call('failsOpen', 'second', bytes('traps'), { ...input, stdin: new Uint8Array(14 << 20) }))[1],
    'ERR_MEMORY',
  );
  await call('open', 'traps', bytes('traps'));
  await call('close', 'traps');
  assert.deepEqual((await fails('fine')).slice(1, 3), ['ERR_CLOSED', 'the instance is closed']);
});

test('calls that wait for their turn are on the sandbox’s account', async (t) => {
  const call = await sandbox(t, { limits: { memoryBytes: 32 << 20 } });
  const few = await call('waits', bytes('imports'), 4, 1 << 20);
  assert.deepEqual(few, Array(4).fill(undefined));
  // The call is refused, or the guest has no memory left itself.
  const last = (codes) => codes.at(-1);
  const outcome = await call('waits', bytes('imports'), 40, 1 << 20).then(last, (error) => error.code);
  assert.equal(outcome, 'ERR_MEMORY');
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
