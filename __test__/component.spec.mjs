// Components from Node: values there and back, imports, resources, errors, and the lives of instances.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Component, ComponentError, ComponentInstance, HostboxError } from '../index.js';
import { ECHOES, RESULTS, TUPLES, fixture, random } from './components/values.mjs';

const compile = (name, options) => Component.compile({ path: fixture(name) }, options);

/** `(type (stream u8))` as a section of its own: a component that ends with it needs component-model async. */
const STREAM_TYPE = new Uint8Array([7, 4, 1, 0x66, 1, 0x7d]);

/** An instance that is closed with its test; made of a component that needs component-model async where the way is `concurrent`. */
async function instance(t, name, options, way) {
  const concurrent = () =>
    Component.compile(Buffer.concat([readFileSync(fixture(name)), STREAM_TYPE]), { experimental: true });
  const component = await (way === 'concurrent' ? concurrent() : compile(name));
  const made = await component.instantiate(options);
  t.after(() => made.close());
  return made;
}

/** How functions are called: on this thread, by promises, and by promises of a component with component-model async. */
const WAYS = ['sync', 'exports', 'concurrent'];
const faceOf = (made, way) => (way === 'sync' ? made.sync : made.exports);

const ADD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7,
  0, 32, 0, 32, 1, 106, 11,
]); // prettier-ignore

/** V8's own WebAssembly adds, and traps. */
function v8IsFine() {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(ADD));
  assert.equal(exports.add(40, 2), 42);
  const trap = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11]); // prettier-ignore
  assert.throws(() => new WebAssembly.Instance(new WebAssembly.Module(trap)).exports.t(), WebAssembly.RuntimeError);
}

test('V8’s own WebAssembly works before components and after them, traps included', async (t) => {
  v8IsFine();
  const { exports, sync } = await instance(t, 'traps');
  assert.equal(await exports.traps.fine(), 42);
  assert.throws(() => sync.traps.divide(1, 0), { code: 'ERR_WASM_TRAP' });
  v8IsFine();
});

// ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const way of WAYS) {
  test(`every type of WIT comes back through ${way}`, async (t) => {
    const { echo } = faceOf(await instance(t, 'echo', undefined, way), way);
    assert.equal(await echo.nothing(), undefined);
    for (const [name, make] of Object.entries(ECHOES)) {
      for (let seed = 0; seed < 12; seed++) {
        const value = make(random(seed));
        assert.deepEqual(await echo[name](value), value, `${name} of seed ${seed}`);
      }
    }
    for (const [name, makers] of Object.entries(TUPLES)) {
      for (let seed = 0; seed < 12; seed++) {
        const r = random(seed);
        const args = makers.map((make) => make(r));
        assert.deepEqual(await echo[name](...args), args, `${name} of seed ${seed}`);
      }
    }
  });

  test(`a result is its ok, or is thrown, through ${way}`, async (t) => {
    const { echo } = faceOf(await instance(t, 'echo', undefined, way), way);
    for (const [name, make] of Object.entries(RESULTS)) {
      for (let seed = 0; seed < 12; seed++) {
        const value = make(random(seed));
        if (value.tag === 'ok') {
          assert.deepEqual(await echo[name](value), value.val, name);
          continue;
        }
        await assert.rejects(
          async () => echo[name](value),
          (error) => {
            assert.ok(error instanceof ComponentError && error instanceof HostboxError);
            assert.equal(error.code, 'ERR_GUEST');
            assert.deepEqual(error.payload, value.val);
            return true;
          },
        );
      }
    }
  });

  test(`every type of WIT comes back through a component that asks another instance, by ${way}`, async (t) => {
    const echo = await instance(t, 'echo');
    const relay = faceOf(await instance(t, 'relay', { imports: { 'test:echo/echo': echo } }, way), way).echo;
    for (const [name, make] of Object.entries(ECHOES)) {
      for (let seed = 0; seed < 4; seed++) {
        const value = make(random(seed));
        assert.deepEqual(await relay[name](value), value, `${name} of seed ${seed}`);
      }
    }
    for (const [name, makers] of Object.entries(TUPLES)) {
      const r = random(1);
      const args = makers.map((make) => make(r));
      assert.deepEqual(await relay[name](...args), args, name);
    }
    for (const [name, make] of Object.entries(RESULTS)) {
      for (let seed = 0; seed < 6; seed++) {
        const value = make(random(seed));
        const answer = (async () => relay[name](value))();
        if (value.tag === 'ok') assert.deepEqual(await answer, value.val, name);
        else await assert.rejects(answer, (error) => assert.deepEqual(error.payload, value.val) ?? true);
      }
    }
  });
}

test('values of a megabyte cross whole', async (t) => {
  const { sync, exports } = await instance(t, 'echo');
  const bytes = Uint8Array.from({ length: 2 ** 20 }, (_, i) => i * 7);
  const numbers = Float64Array.from({ length: 100_000 }, (_, i) => i / 3);
  const text = 'straße '.repeat(100_000);
  assert.deepEqual(sync.echo.listU8(bytes), bytes);
  assert.deepEqual(await exports.echo.listU8(bytes), bytes);
  assert.deepEqual(sync.echo.listF64(numbers), numbers);
  assert.deepEqual(sync.echo.listF64(Array.from(numbers)), numbers);
  assert.equal(await exports.echo.aString(text), text);
  assert.equal(sync.echo.aString(text), text);
});

test('an interface is found with its version, without it, and in short', async (t) => {
  const { exports, sync } = await instance(t, 'calculator');
  for (const name of ['demo:calc/calculator@0.1.0', 'demo:calc/calculator', 'calculator']) {
    assert.equal(await exports[name].calculate('add', 1, 2), 3);
    assert.equal(sync[name].calculate({ tag: 'multiply' }, 3, 4), 12);
  }
  assert.deepEqual(Object.keys(exports), ['demo:calc/calculator@0.1.0', 'demo:calc/calculator', 'calculator']);
  assert.deepEqual(Object.keys(exports.calculator), ['calculate', 'batch', 'history']);
});

test('functions of the world itself stand beside the interfaces', async (t) => {
  const imports = { host: everything(), log: () => 0n };
  const { exports } = await instance(t, 'imports', { imports });
  assert.equal(await exports.run('you'), 'hello you');
});

test('a component says what it is', async () => {
  const component = await compile('calculator');
  assert.equal(component.name, 'calculator');
  assert.ok(component.exports.includes('demo:calc/calculator@0.1.0'));
  assert.match(
    component.wit(),
    /calculate: func\(operation: operation, left: f64, right: f64\) -> result<f64, string>/,
  );
  assert.match(component.types(), /calculate\(/);
  assert.equal((await compile('calculator', { name: 'mine' })).name, 'mine');
});

test('bytes, buffers and text are compiled like files', async () => {
  const bytes = readFileSync(fixture('calculator'));
  for (const source of [bytes, new Uint8Array(bytes), new Uint8Array(bytes).buffer, new DataView(new Uint8Array(bytes).buffer)]) {
    assert.ok((await Component.compile(source)).exports.length > 0);
  }
  assert.deepEqual((await Component.compile({ wat: '(component)' })).exports, []);
}); // prettier-ignore

test('a core module that carries component types is made a component', async (t) => {
  const { sync } = await instance(t, 'calculator.core');
  assert.equal(sync.calculator.calculate('subtract', 3, 1), 2);
});

test('a component keeps its state from call to call, and instances are apart', async (t) => {
  const [one, other] = [await instance(t, 'calculator'), await instance(t, 'calculator')];
  one.sync.calculator.calculate('add', 1, 2);
  await assert.rejects(one.exports.calculator.calculate('divide', 1, 0), { payload: 'division by zero' });
  assert.deepEqual(await one.exports.calculator.history(), [
    { calculation: { operation: { tag: 'add' }, left: 1, right: 2 }, outcome: { tag: 'ok', val: 3 } },
    { calculation: { operation: { tag: 'divide' }, left: 1, right: 0 }, outcome: { tag: 'err', val: 'division by zero' } },
  ]); // prettier-ignore
  assert.deepEqual(other.sync.calculator.history(), []);
});

// ── imports ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function everything() {
  return {
    add: (left, right) => left + right,
    greet: (name) => `hello ${name}`,
    bytes: (data) => data.map((byte) => byte ^ 255),
    numbers: (values) => values.map((value) => value * 2),
    rows: (count) => Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}`, data: new Uint8Array(id) })),
    find(name) {
      if (name === 'plain') throw new RangeError('no payload');
      if (name === 'none') throw { tag: 'not-found', val: name };
      if (name === 'code') throw Object.assign(new Error('denied'), { payload: { tag: 'code', val: 7 } });
      return { id: 1, name };
    },
    check(code) {
      if (code !== 0) throw Object.assign(new Error('denied'), { payload: 'denied' });
    },
    nothing() {},
  };
}

const later = (functions) =>
  Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, async (...args) => run(...args)]));

for (const [kind, host, face] of [
  ['synchronous functions, synchronously', everything(), 'sync'],
  ['synchronous functions', everything(), 'exports'],
  ['asynchronous functions', later(everything()), 'exports'],
]) {
  test(`${kind} of the app stand behind imports`, async (t) => {
    const logged = [];
    const log = (text) => BigInt(logged.push(text));
    const { guest } = (await instance(t, 'imports', { imports: { 'test:imports/host': host, log } }))[face];
    assert.equal(await guest.add(1, 2), 3);
    assert.equal(await guest.greet('wörld'), 'hello wörld');
    assert.deepEqual(await guest.bytes(Uint8Array.of(1, 2)), Uint8Array.of(254, 253));
    const large = new Uint8Array(300_000).fill(5);
    assert.deepEqual(
      await guest.bytes(large),
      large.map((byte) => byte ^ 255),
    );
    assert.deepEqual(await guest.numbers([1, 2.5]), Float64Array.of(2, 5));
    assert.deepEqual(await guest.rows(2), [{ id: 0, name: 'row 0', data: new Uint8Array(0) }, { id: 1, name: 'row 1', data: new Uint8Array(1) }]); // prettier-ignore
    assert.deepEqual(await guest.find('me'), { id: 1, name: 'me', data: undefined });
    await assert.rejects(async () => guest.find('none'), { payload: { tag: 'not-found', val: 'none' } });
    await assert.rejects(async () => guest.find('code'), { payload: { tag: 'code', val: 7 } });
    await assert.rejects(async () => guest.check(1), { payload: { tag: 'denied' } });
    assert.equal(await guest.check(0), undefined);
    assert.equal(await guest.nothing(), undefined);
    assert.equal(await guest.addTimes(50), 50);
    assert.equal(await guest.log('one'), 1n);
    assert.deepEqual(logged, ['one']);
  });
}

test('a function of the app may call other components, and the same one is busy', async (t) => {
  const calculator = await instance(t, 'calculator');
  const host = {
    ...everything(),
    add: (left, right) => calculator.sync.calculator.calculate('add', left, right),
    greet: (name) => assert.throws(() => self.sync.guest.add(1, 2), { code: 'ERR_BUSY' }) ?? `busy, ${name}`,
  };
  const self = await instance(t, 'imports', { imports: { host, log: () => 0n } });
  assert.equal(self.sync.guest.addTimes(10), 10);
  assert.equal(self.sync.guest.greet('you'), 'busy, you');
});

test('a promise in a synchronous call is ERR_ASYNC with the function’s name', async (t) => {
  const imports = { host: later(everything()), log: () => 0n };
  const { sync } = await instance(t, 'imports', { imports });
  assert.throws(() => sync.guest.add(1, 2), { code: 'ERR_ASYNC', message: /test:imports\/host@1\.0\.0\.add/ });
});

for (const face of ['sync', 'exports']) {
  test(`what a function of the app throws ends the call of ${face} with the error as its cause`, async (t) => {
    const imports = { host: everything(), log: () => 0n };
    const made = await instance(t, 'imports', { imports });
    await assert.rejects(
      async () => made[face].guest.find('plain'),
      (error) => {
        assert.equal(error.code, 'ERR_WASM_TRAP');
        assert.match(error.message, /test:imports\/host@1\.0\.0\.find of the app failed: RangeError: no payload/);
        assert.ok(error.cause instanceof RangeError);
        return true;
      },
    );
    await assert.rejects(async () => made[face].guest.add(1, 2), { code: 'ERR_CLOSED' });
  });
}

test('a result of a wrong type names the function and the way to the value', async (t) => {
  const host = {
    ...everything(),
    rows: () => [
      { id: 1, name: 'a' },
      { id: 'x', name: 'b' },
    ],
  };
  const { sync } = await instance(t, 'imports', { imports: { host, log: () => 0n } });
  assert.throws(
    () => sync.guest.rows(2),
    (error) => {
      assert.equal(error.cause.code, 'ERR_ARGUMENT');
      assert.match(
        error.message,
        /result\[1\]\.id: Expected u32 but received 'x' \(test:imports\/host@1\.0\.0\.rows\)/,
      );
      return true;
    },
  );
});

test('a missing import names the interface and the function', async () => {
  const component = await compile('imports');
  const { rows: _, ...host } = everything();
  await assert.rejects(component.instantiate(), { code: 'ERR_WASM_LINK', message: /log/ });
  await assert.rejects(component.instantiate({ imports: { log: () => 0n } }), {
    code: 'ERR_WASM_LINK',
    message: /the function add of test:imports\/host@1\.0\.0/,
  });
  await assert.rejects(component.instantiate({ imports: { host, log: () => 0n } }), {
    code: 'ERR_WASM_LINK',
    message: /the function rows of test:imports\/host@1\.0\.0, and options\.imports\['host'\]\.rows is not there/,
  });
  await assert.rejects(component.instantiate({ imports: { host: { ...host, rows: 5 }, log: () => 0n } }), {
    code: 'ERR_ARGUMENT',
    message: /Expected a function for options\.imports\['host'\]\.rows/,
  });
});

test('an instance stands behind imports of an earlier version with the same types, and not of another major one', async (t) => {
  const greeter = await instance(t, 'greeter-1.2.0');
  const visitor = await instance(t, 'visitor-1.1.0', { imports: { 'demo:greeter/greet': greeter } });
  assert.equal(await visitor.exports.visit('you'), await greeter.exports.greet.greet('you'));
  assert.equal(visitor.sync.visit('you'), greeter.sync.greet.greet('you'));
  const [newer, needs] = [await instance(t, 'greeter-2.0.0'), await compile('visitor-1.1.0')];
  await assert.rejects(needs.instantiate({ imports: { greet: newer } }), {
    code: 'ERR_WASM_LINK',
    message: /imports demo:greeter\/greet@1\.1\.0.*exports demo:greeter\/greet@2\.0\.0/,
  });
  const older = await instance(t, 'greeter-1.1.0');
  await assert.rejects((await compile('visitor-1.2.0')).instantiate({ imports: { greet: older } }), { code: 'ERR_WASM_LINK' }); // prettier-ignore
  const changed = await instance(t, 'greeter-1.3.0');
  await assert.rejects(needs.instantiate({ imports: { 'demo:greeter/greet': changed } }), {
    code: 'ERR_WASM_LINK',
    message: /greet@1\.3\.0 of the instance in .* differs: greet gives list<u8> in place of string$/,
  });
});

test('components are linked into one', async (t) => {
  const [driver, source, transform, sink] = await Promise.all(['driver', 'source', 'transform', 'sink'].map((name) => compile(`pipeline-${name}`))); // prettier-ignore
  const withNames = { 'demo:pipeline/data-source': source, 'data-transform': transform, 'demo:pipeline/data-sink@0.1.0': sink };
  for (const plan of [[driver, source, transform, sink], { root: driver, with: withNames }]) {
    const whole = await Component.compose(plan);
    assert.equal(whole.name, 'pipeline-driver');
    assert.deepEqual(whole.imports, []);
    const made = await whole.instantiate();
    t.after(() => made.close());
    assert.equal(await made.exports.run('test query'), 'Stored 26 bytes successfully');
    assert.equal(made.sync.run('test query'), 'Stored 26 bytes successfully');
  }
  const visitor = await compile('visitor-1.1.0');
  await assert.rejects(Component.compose([visitor, await compile('greeter-2.0.0')]), {
    code: 'ERR_WASM_LINK',
    message: /demo:greeter\/greet@/,
  });
  await assert.rejects(Component.compose([visitor, 'greeter']), { code: 'ERR_ARGUMENT', message: /plan\[1\]/ });
  await assert.rejects(Component.compose({ root: visitor }), { code: 'ERR_ARGUMENT', message: /plan\.with/ });
}); // prettier-ignore

test('compiled code is kept in a directory, and can be brought there', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hostbox-code-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const component = await compile('calculator', { fuel: true, cache: { dir } });
  const [file] = readdirSync(dir);
  const code = await component.precompile();
  assert.equal(code.fileName, file);
  assert.deepEqual(new Uint8Array(readFileSync(join(dir, file))), new Uint8Array(code));
  await assert.rejects(compile('calculator', { cache: { path: dir } }), { code: 'ERR_ARGUMENT' });
});

// ── resources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

class Logger {
  static made = [];
  static ended = [];
  lines = 0;
  constructor(prefix) {
    this.prefix = prefix;
    Logger.made.push(this);
  }
  static open(name) {
    if (name === '') throw Object.assign(new Error('no name'), { payload: 'no name' });
    return new Logger(name);
  }
  log() {
    return ++this.lines;
  }
  [Symbol.dispose]() {
    Logger.ended.push(this.prefix);
  }
}

const logging = { Logger, adopt: (logger) => logger.lines + 100, describe: (logger) => `a logger: ${logger.prefix}` };

for (const way of WAYS) {
  test(`resources of the component are classes of ${way}`, async (t) => {
    const { counters } = faceOf(await instance(t, 'resources', { imports: { logging } }, way), way);
    const counter = new counters.Counter(5);
    assert.ok(counter instanceof counters.Counter);
    assert.equal(await counter.increment(2), 7);
    assert.equal(await counter.value(), 7);
    assert.equal(await counters.alive(), 1);
    const other = new counters.Counter(1);
    assert.equal(await counters.difference(counter, other), 6n);
    const merged = await counters.Counter.merge(counter, other);
    assert.equal(await merged.value(), 8);
    assert.equal(await counters.alive(), 1);
    assert.equal(await counters.consume(merged), 8);
    assert.equal(await counters.alive(), 0);
    for (const gone of [counter, other, merged]) {
      await assert.rejects(async () => gone.value(), { code: 'ERR_ARGUMENT', message: /this: Expected counter that was not given away/ }); // prettier-ignore
    }
    const opened = await counters.tryOpen(3);
    assert.equal(await opened.value(), 3);
    await assert.rejects(async () => counters.tryOpen(1000), { payload: 'too big' });
    assert.equal(await counters.openSome(undefined), undefined);
    const some = await counters.openSome(4);
    some[Symbol.dispose]();
    opened[Symbol.dispose]();
    opened[Symbol.dispose]();
    assert.equal(await counters.alive(), 0);
    await assert.rejects(async () => some.value(), { code: 'ERR_ARGUMENT', message: /disposed/ });
  });

  test(`resources of the app are objects of its classes, by ${way}`, async (t) => {
    Logger.made = [];
    Logger.ended = [];
    const { users } = faceOf(await instance(t, 'resources', { imports: { logging } }, way), way);
    assert.equal(await users.logTimes('a', 3), 3);
    assert.deepEqual(Logger.ended, ['a']);
    assert.equal(Logger.made[0].lines, 3);
    assert.equal(await users.openAndAdopt('b'), 100);
    assert.deepEqual(Logger.ended, ['a'], 'who adopts an object ends it');
    await assert.rejects(async () => users.openAndAdopt(''), { payload: 'no name' });
    assert.equal(await users.describeNew('c'), 'a logger: c');
    assert.deepEqual(Logger.ended, ['a', 'c']);
  });
}

test('a resource of another instance, of another kind, or given twice is refused', async (t) => {
  const imports = { logging };
  const [one, other] = [await instance(t, 'resources', { imports }), await instance(t, 'resources', { imports })];
  const counter = new one.sync.counters.Counter(1);
  const expected = { code: 'ERR_ARGUMENT', message: /args\[0\]: Expected counter, as this instance has it/ };
  assert.throws(() => other.sync.counters.consume(counter), expected);
  assert.throws(() => other.sync.counters.consume({}), expected);
  const both = () => one.sync.counters.Counter.merge(counter, counter);
  assert.throws(both, { code: 'ERR_ARGUMENT', message: /args\[1\]: Expected counter that is not given away twice/ });
  assert.equal(counter.value(), 1, 'what was refused is still there');
  assert.equal(await one.exports.counters.consume(counter), 1, 'either face takes the other’s objects');
});

test('a constructor that fails is heard of by whoever uses the object', async (t) => {
  const made = await instance(t, 'resources', { imports: { logging } });
  const counter = new made.exports.counters.Counter('five');
  await assert.rejects(counter.value(), { code: 'ERR_ARGUMENT', message: /args\[0\]: Expected u32/ });
  assert.throws(() => new made.sync.counters.Counter('five'), { code: 'ERR_ARGUMENT' });
  assert.throws(() => made.exports.counters.Counter(1), TypeError);
});

// ── refusals and ends ─────────────────────────────────────────────────────────────────────────────────────────────────

test('a wrong argument is named by its WIT type and its path', async (t) => {
  const { exports, sync } = await instance(t, 'calculator');
  const calculations = [
    { operation: 'add', left: 1, right: 2 },
    { operation: 'add', left: 1, right: 'x' },
  ];
  const message = "args[0][1].right: Expected f64 but received 'x' (demo:calc/calculator@0.1.0.batch)";
  const expected = { code: 'ERR_ARGUMENT', path: 'args[0][1].right', message };
  assert.throws(() => sync.calculator.batch(calculations), expected);
  await assert.rejects(exports.calculator.batch(calculations), expected);
  assert.throws(() => sync.calculator.calculate('modulo', 1, 2), {
    message: /args\[0\]: Expected operation \('add' \| 'subtract' \| 'multiply' \| 'divide'\) but received 'modulo'/,
  });
  assert.throws(() => sync.calculator.calculate('add', 1), {
    message: /args\[2\]: Expected f64 but received undefined/,
  });
  assert.equal(sync.calculator.calculate('add', 1, 2), 3, 'the instance works on');
});

test('an export that is not there is named, with those that are', async (t) => {
  const { exports } = await instance(t, 'calculator');
  assert.throws(() => exports['demo:calc/calc'], { code: 'ERR_FUNCTION_NOT_FOUND', message: /no demo:calc\/calc; it exports demo:calc\/calculator@0\.1\.0/ }); // prettier-ignore
  assert.throws(() => exports.calculator.calc, { code: 'ERR_FUNCTION_NOT_FOUND', message: /no function calc; it has calculate, batch, history/ }); // prettier-ignore
  assert.equal(await Promise.resolve(exports).then((same) => same === exports), true);
  assert.equal(typeof `${exports}`, 'string');
});

for (const [name, call, reason] of [
  ['unreachable', (traps) => traps.unreachable(), /unreachable/],
  ['a division by zero', (traps) => traps.divide(1, 0), /divide by zero/],
  ['an access out of bounds', (traps) => traps.readAt(0xfffffff0), /out of bounds/],
  ['a stack that overflows', (traps) => traps.overflowStack(100_000_000), /stack/],
  ['a call of no function', (traps) => traps.callIndirect(99_999), /undefined element|indirect call/],
]) {
  test(`${name} is a trap, after which the instance is gone`, async (t) => {
    for (const face of ['sync', 'exports']) {
      const { traps } = (await instance(t, 'traps'))[face];
      const trap = await Promise.resolve()
        .then(() => call(traps))
        .then(assert.fail, (error) => error);
      assert.equal(trap.code, 'ERR_WASM_TRAP', trap.message);
      assert.match(trap.message, reason);
      assert.match(trap.message, /wasm backtrace|traps/);
      await assert.rejects(async () => traps.fine(), (error) => error.code === 'ERR_CLOSED' && error.cause === trap); // prettier-ignore
    }
  });
}

test('an endless loop ends at its deadline', async (t) => {
  const component = await compile('traps');
  for (const face of ['sync', 'exports']) {
    const made = await component.instantiate({ limits: { timeoutMs: 60 } });
    t.after(() => made.close());
    await assert.rejects(async () => made[face].traps.endlessLoop(), { code: 'ERR_TIMEOUT', limit: 'timeoutMs: 60' });
    await assert.rejects(async () => made[face].traps.fine(), { code: 'ERR_CLOSED' });
  }
  await assert.rejects((await compile('endless-start')).instantiate({ limits: { timeoutMs: 60 } }), { code: 'ERR_TIMEOUT' }); // prettier-ignore
});

test('memory has its limit', async (t) => {
  const { sync, stats } = await instance(t, 'traps', { limits: { memoryBytes: 8 << 20 } });
  assert.equal(sync.traps.growMemory(1), true);
  assert.equal(sync.traps.growMemory(1_000), false);
  assert.equal(typeof stats, 'function');
  const component = await compile('traps');
  const made = await component.instantiate();
  t.after(() => made.close());
  assert.ok(made.stats().memoryBytes > 0);
});

test('a component that asks for 2 GiB is refused, and the process works on', async (t) => {
  const large = await Component.compile({
    wat: '(component (core module $m (memory 32768)) (core instance (instantiate $m)))',
  });
  for (const limits of [{}, { memoryBytes: 1 << 20 }]) {
    await assert.rejects(large.instantiate({ limits }), { code: 'ERR_MEMORY', message: /2147483648 bytes/ });
  }
  const { sync } = await instance(t, 'traps');
  assert.equal(sync.traps.allocate(2 ** 31), false);
  assert.equal(sync.traps.fine(), 42);
  v8IsFine();
});

test('fuel is a budget of instructions', async (t) => {
  const component = await compile('traps', { fuel: true });
  const made = await component.instantiate({ limits: { fuel: 1_000_000 } });
  t.after(() => made.close());
  assert.equal(made.sync.traps.fine(), 42);
  const { fuel } = made.stats();
  assert.ok(fuel > 0 && fuel < 1_000_000);
  assert.throws(() => made.sync.traps.endlessLoop(), { code: 'ERR_LIMIT', limit: 'fuel' });
});

test('what is closed answers nothing', async () => {
  const made = await (await compile('traps')).instantiate();
  const running = assert.rejects(made.exports.traps.endlessLoop(), { code: 'ERR_CLOSED' });
  made.close();
  await running;
  made.close();
  made[Symbol.dispose]();
  const closed = { code: 'ERR_CLOSED', message: 'the instance is closed' };
  assert.throws(() => made.sync.traps.fine(), closed);
  await assert.rejects(made.exports.traps.fine(), closed);
});

test('what is no component is refused with what it is', async () => {
  const refused = (source, message) => assert.rejects(Component.compile(source), { code: 'ERR_WASM_COMPILE', message });
  await refused(Buffer.from('hello'), /./);
  await refused(ADD, /core module/);
  await refused(readFileSync(fixture('calculator')).subarray(0, 1_000), /./);
  await refused({ wat: '(component' }, /./);
});

test('options are checked', async () => {
  const component = await compile('traps');
  const refused = (work, message) => assert.rejects(work, { code: 'ERR_ARGUMENT', message });
  await refused(Component.compile(5), /bytes, \{ path \} or \{ wat \} for source/);
  await refused(Component.compile({ path: '/nowhere/x.wasm' }), /a file that can be read for source\.path/);
  await refused(Component.compile({ file: 'x' }), /no option 'file' for source/);
  await refused(Component.compile({ wat: '(component)' }, { fule: true }), /did you mean fuel/);
  await refused(component.instantiate({ import: {} }), /did you mean imports/);
  await refused(component.instantiate({ limits: { memoryBytes: 1 } }), /options\.limits\.memoryBytes/);
  await refused(component.instantiate({ imports: 5 }), /options\.imports/);
  await refused(component.instantiate({ args: [1] }), /options\.args\[0\]/);
  await refused(component.instantiate({ clock: { fixed: 5 } }), /a Date from 1970 on for options\.clock\.fixed/);
  await refused(component.instantiate({ random: { seed: -1 } }), /options\.random\.seed/);
  assert.throws(() => new Component(), { code: 'ERR_ARGUMENT' });
  assert.throws(() => new ComponentInstance(), { code: 'ERR_ARGUMENT' });
});

test('components are called where code may not be made of strings', () => {
  const script = `import { Component } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)};
    const { sync } = await (await Component.compile({ path: ${JSON.stringify(fixture('calculator'))} })).instantiate();
    console.log(sync.calculator.calculate('add', 1, 2)); process.exit();`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  assert.equal(stdout.trim(), '3', stderr);
});

// ── many ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('100,000 single calls, and one batch of 100,000, come back right', async (t) => {
  const { sync, exports } = await instance(t, 'calculator');
  let sum = 0;
  for (let i = 0; i < 100_000; i++) sum += sync.calculator.calculate('add', i, 1);
  assert.equal(sum, 5_000_050_000);
  const batch = Array.from({ length: 100_000 }, (_, i) => ({ operation: { tag: 'multiply' }, left: i, right: 2 }));
  const results = await exports.calculator.batch(batch);
  assert.equal(results.length, 100_000);
  assert.ok(results.every(({ tag, val }, i) => tag === 'ok' && val === i * 2));
});

test('a thousand calls at once are answered in their order', async (t) => {
  const { exports } = await instance(t, 'resources', { imports: { logging } });
  const counter = new exports.counters.Counter(0);
  const values = await Promise.all(Array.from({ length: 1_000 }, () => counter.increment(1)));
  assert.deepEqual(
    values,
    Array.from({ length: 1_000 }, (_, i) => i + 1),
  );
});

test('10,000 instances one after the other do not grow the process', async () => {
  const component = await compile('calculator');
  const make = async (count) => {
    for (let i = 0; i < count; i++) {
      const made = await component.instantiate();
      assert.equal(made.sync.calculator.calculate('add', i, 1), i + 1);
      made.close();
    }
  };
  await make(1_000);
  const before = process.memoryUsage().rss;
  await make(9_000);
  const grown = process.memoryUsage().rss - before;
  // An instance that stays has a page of linear memory and a store: 9,000 of them more than 800 MiB. V8's own heap may grow meanwhile.
  assert.ok(grown < 256 << 20, `grew by ${(grown / 2 ** 20).toFixed(0)} MiB`);
});
