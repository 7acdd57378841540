// What fails, and how the app hears of it: codes, paths, causes, limits; and wrong arguments, told by name.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HostRuntime, HostboxError, deferred, failure, open, openWith, thrown } from './fixtures/host.mjs';

describe('ERR_GUEST', () => {
  test('every standard error keeps its name, message and stack', async (t) => {
    const host = open(t);
    for (const name of ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError']) {
      const error = await failure(host.eval(`throw new ${name}('the message')`));
      assert.ok(error instanceof HostboxError && error instanceof Error);
      assert.deepEqual([error.code, error.name, error.message], ['ERR_GUEST', name, 'the message']);
      assert.match(error.stack, new RegExp(`^${name}: the message\n    at .*eval\\.js:1:`));
      assert.equal('cause' in error || 'details' in error, false);
    }
  });

  test('a subclass keeps its own name, and its fields are details', async (t) => {
    const source = `class QuotaError extends RangeError {
      name = 'QuotaError'; code = 'E_QUOTA'; left = { list: [1, 2n] };
    } throw new QuotaError('full')`;
    const error = await failure(open(t).eval(source));
    assert.deepEqual([error.code, error.name, error.message], ['ERR_GUEST', 'QuotaError', 'full']);
    assert.deepEqual(error.details, { code: 'E_QUOTA', left: { list: [1, 2n] } });
    assert.match(error.stack, /^QuotaError: full\n/);
  });

  test('details that cannot cross are replaced by text', async (t) => {
    const source = 'throw Object.assign(new Error("x"), { f() {}, s: Symbol("s"), p: new Proxy({}, {}), ok: 1 })';
    const { details } = await failure(open(t).eval(source));
    assert.equal(details.ok, 1);
    for (const key of ['f', 's', 'p']) assert.equal(typeof details[key], 'string', key);
  });

  test('what was thrown and is no error is the cause', async (t) => {
    const host = open(t);
    const cases = [
      ['5', '5', 5],
      ['"text"', 'text', 'text'],
      ['10n', '10', 10n],
      ['true', 'true', true],
      ['null', 'null', null],
      ['undefined', 'undefined', undefined],
    ];
    for (const [source, message, cause] of cases) {
      const error = await failure(host.eval(`throw ${source}`));
      assert.deepEqual([error.code, error.name, error.message, error.cause], ['ERR_GUEST', 'Error', message, cause]);
    }
    assert.deepEqual((await failure(host.eval('throw { a: [1] }'))).cause, { a: [1] });
    assert.equal((await failure(host.eval('throw Symbol("s")'))).code, 'ERR_GUEST');
    assert.equal((await failure(host.eval('throw () => 1'))).code, 'ERR_GUEST');
  });

  test('causes nest', async (t) => {
    const source = `throw new Error('a', { cause: new TypeError('b', { cause: new RangeError('c', { cause: { d: 1 } }) }) })`;
    const error = await failure(open(t).eval(source));
    assert.ok(error.cause instanceof HostboxError);
    assert.deepEqual([error.cause.name, error.cause.message], ['TypeError', 'b']);
    assert.deepEqual([error.cause.cause.name, error.cause.cause.cause], ['RangeError', { d: 1 }]);
    assert.match(error.cause.stack, /^TypeError: b\n    at /);
  });

  test('a cause that is its own cause ends somewhere', async (t) => {
    let error = await failure(open(t).eval('const e = new Error("round"); e.cause = e; throw e'));
    let depth = 0;
    for (; error instanceof Error && depth < 100; error = error.cause) depth++;
    assert.ok(depth > 1 && depth < 100, `${depth}`);
  });

  test('an AggregateError has its errors in the details', async (t) => {
    const error = await failure(open(t).eval('Promise.any([Promise.reject(new TypeError("a")), Promise.reject(2)])'));
    assert.equal(error.name, 'AggregateError');
    const [first, second] = error.details.errors;
    assert.ok(first instanceof Error);
    assert.deepEqual([first.name, first.message, second], ['TypeError', 'a', 2]);
  });

  test('errors in calls and in synchronous calls are the same', async (t) => {
    const host = await openWith(t, 'exports.f = async () => { throw new RangeError("x", { cause: 1 }) }');
    const [later, now] = [await failure(host.call('p', 'f')), thrown(() => host.callSync('p', 'f'))];
    assert.deepEqual(
      [later.code, later.name, later.message, later.stack, later.cause],
      [now.code, now.name, now.message, now.stack, now.cause],
    );
  });

  test('an error that lies is taken at its word, inside the sandbox', async (t) => {
    const host = open(t);
    const source = `throw Object.defineProperties(new Error('x'), {
      name: { get() { throw 1; } }, stack: { value: 5 }, cause: { get() { throw 2; } }, code: { get() { throw 3; } } })`;
    const error = await failure(host.eval(source));
    assert.equal(error.code, 'ERR_GUEST');
    assert.equal(typeof error.name, 'string');
    assert.equal(typeof error.stack, 'string');
    const slow = await failure(host.eval('throw { get message() { for (;;); } }', { timeoutMs: 50 }));
    assert.ok(['ERR_TIMEOUT', 'ERR_GUEST'].includes(slow.code));
  });

  test('an error that is a value prints as one', async (t) => {
    const value = await open(t).eval('new TypeError("printed")');
    assert.match(value.stack, /^TypeError: printed\n    at /);
  });
});

describe('ERR_CLONE', () => {
  test('an argument that cannot cross is told by its path', async (t) => {
    const host = await openWith(t, 'exports.f = () => 1');
    const cases = [
      [[{ a: { b: () => 1 } }], 'args[0].a.b'],
      [[1, [0, Symbol('s')]], 'args[1][1]'],
      [[new Map([['key', new WeakMap()]])], 'args[0].get("key")'],
      [[Promise.resolve()], 'args[0]'],
      [[{ 'odd key': new Proxy({}, {}) }], 'args[0]["odd key"]'],
      [[new SharedArrayBuffer(1)], 'args[0]'],
    ];
    for (const [args, path] of cases) {
      const error = await failure(host.call('p', 'f', args));
      assert.deepEqual([error.code, error.path], ['ERR_CLONE', path]);
      assert.ok(error.message.includes(path));
      assert.equal(thrown(() => host.callSync('p', 'f', args)).path, path);
    }
    assert.equal(await host.call('p', 'f', [1]), 1);
  });

  test('a result that cannot cross is told by its path', async (t) => {
    const host = open(t);
    const cases = [
      ['({ list: [1, 2, 3, () => 1] })', 'result.list[3]'],
      ['() => 1', 'result'],
      ['Symbol("s")', 'result'],
      ['({ a: { b: new Proxy({}, {}) } })', 'result.a.b'],
      ['[Promise.resolve(1)]', 'result[0]'],
      ['new Map([["k", new WeakSet()]])', 'result.get("k")'],
      ['({ a: new SharedArrayBuffer(8) })', 'result.a'],
      ['Promise.resolve({ deep: [globalThis.eval] })', 'result.deep[0]'],
    ];
    for (const [source, path] of cases) {
      const error = await failure(host.eval(source));
      assert.deepEqual([error.code, error.path], ['ERR_CLONE', path], source);
      assert.ok(error.message.includes(path));
    }
    assert.equal(await host.eval('1'), 1);
  });

  test('values nested deeper than 5,000 levels are refused on both sides', async (t) => {
    const host = await openWith(t, 'exports.f = () => 1');
    let deep = 1;
    for (let i = 0; i < 5001; i++) deep = [deep];
    assert.equal((await failure(host.call('p', 'f', [deep]))).code, 'ERR_CLONE');
    const nest = (levels) => `let deep = 1; for (let i = 0; i < ${levels}; i++) deep = [deep]; deep`;
    assert.equal((await failure(host.eval(`{ ${nest(5001)} }`))).code, 'ERR_CLONE');
    assert.ok(Array.isArray(await host.eval(`{ ${nest(4900)} }`)));
  });
});

describe('ERR_ASYNC', () => {
  test('a host function that returns a pending promise ends a sync call at once, and is named', async (t) => {
    const host = open(t, { bridge: { 'db.find': () => new Promise(() => {}), later: async () => 1 } });
    const error = thrown(() => host.evalSync('bridge.db.find(1)'));
    assert.equal(error.code, 'ERR_ASYNC');
    assert.match(error.message, /'db\.find'/);
    assert.match(
      thrown(() => open(t, { bridge: { later: async () => 1 } }).evalSync('bridge.later()')).message,
      /'later'/,
    );
  });

  test('a promise that nothing can settle ends a sync call at once', async (t) => {
    const started = performance.now();
    const error = thrown(() => open(t).evalSync('new Promise(() => {})'));
    assert.equal(error.code, 'ERR_ASYNC');
    assert.ok(performance.now() - started < 5_000);
  });

  test('the sandbox works on', async (t) => {
    const answer = deferred();
    const host = open(t, { bridge: { ask: () => answer.promise } });
    thrown(() => host.evalSync('bridge.ask().then((value) => { globalThis.late = value; })'));
    answer.resolve(1);
    assert.equal(await host.eval('bridge.ask()'), 1);
    assert.equal(await host.eval('typeof late'), 'undefined');
  });
});

describe('ERR_BUSY', () => {
  test('a sync call while the sandbox works is refused, and the work goes on', async (t) => {
    const host = await openWith(t, 'exports.f = () => 1');
    const work = host.eval('const end = Date.now() + 100; while (Date.now() < end); "done"');
    assert.equal(thrown(() => host.evalSync('1')).code, 'ERR_BUSY');
    assert.equal(thrown(() => host.callSync('p', 'f')).code, 'ERR_BUSY');
    assert.equal(await work, 'done');
  });

  test('a host function that is called by a sync call cannot enter its own sandbox', async (t) => {
    const host = open(t, { bridge: { enter: () => thrown(() => host.evalSync('1')).code } });
    assert.equal(host.evalSync('bridge.enter()'), 'ERR_BUSY');
    assert.equal(host.evalSync('1 + 1'), 2);
  });

  test('a host function may queue calls and enter other sandboxes', async (t) => {
    const other = open(t);
    let queued;
    const host = open(t, { bridge: { enter: () => ((queued = host.eval('2')), other.evalSync('1')) } });
    assert.equal(host.evalSync('bridge.enter()'), 1);
    assert.equal(await queued, 2);
  });
});

describe('ERR_ABORTED', () => {
  test('the cause is the reason of the signal, and a waiting call ends', async (t) => {
    const host = await openWith(t, 'exports.wait = () => new Promise(() => {})');
    for (const reason of ['text', undefined, new RangeError('enough'), { own: 1 }]) {
      const controller = new AbortController();
      const call = failure(host.call('p', 'wait', [], { signal: controller.signal }));
      controller.abort(reason);
      const error = await call;
      assert.equal(error.code, 'ERR_ABORTED');
      assert.equal(error.cause, controller.signal.reason);
    }
    assert.equal(await host.eval('1'), 1);
  });

  test('with a signal that is aborted already nothing runs', async (t) => {
    const host = await openWith(t, 'globalThis.ran = 0; exports.f = () => { ran++; }');
    const signal = AbortSignal.abort('no');
    for (const run of [() => host.eval('ran++', { signal }), () => host.call('p', 'f', [], { signal })]) {
      const error = await failure(run());
      assert.deepEqual([error.code, error.cause], ['ERR_ABORTED', 'no']);
    }
    assert.equal(thrown(() => host.evalSync('ran++', { signal })).code, 'ERR_ABORTED');
    assert.equal(thrown(() => host.callSync('p', 'f', [], { signal })).code, 'ERR_ABORTED');
    assert.equal(await host.eval('ran'), 0);
  });

  test('AbortSignal.timeout ends a call', async (t) => {
    const error = await failure(open(t).eval('new Promise(() => {})', { signal: AbortSignal.timeout(10) }));
    assert.deepEqual([error.code, error.cause.name], ['ERR_ABORTED', 'TimeoutError']);
  });

  test('a signal after the answer does nothing, and keeps no listener', async (t) => {
    const host = open(t);
    const { signal } = new AbortController();
    let listeners = 0;
    const counting = {
      aborted: false,
      addEventListener: (...args) => (listeners++, signal.addEventListener(...args)),
      removeEventListener: (...args) => (listeners--, signal.removeEventListener(...args)),
    };
    assert.equal(await host.eval('1', { signal: counting }), 1);
    assert.equal(listeners, 0);
  });
});

describe('limits that are named', () => {
  test('ERR_TIMEOUT says which limit and how much', async (t) => {
    const host = open(t, { limits: { timeoutMs: 60, cpuMs: 20 } });
    const wall = await failure(host.eval('new Promise(() => {})'));
    assert.deepEqual([wall.code, wall.limit], ['ERR_TIMEOUT', 'timeoutMs: 60']);
    const own = await failure(host.eval('new Promise(() => {})', { timeoutMs: 15 }));
    assert.deepEqual([own.code, own.limit], ['ERR_TIMEOUT', 'timeoutMs: 15']);
    const cpu = await failure(host.eval('for (;;);', { timeoutMs: 5000 }));
    assert.deepEqual([cpu.code, cpu.limit], ['ERR_TIMEOUT', 'cpuMs: 20']);
    assert.equal(thrown(() => open(t).evalSync('for (;;);', { timeoutMs: 15 })).limit, 'timeoutMs: 15');
  });

  test('ERR_MEMORY says which limit and how much', async (t) => {
    const host = open(t, { limits: { memoryBytes: 4 << 20, bufferBytes: 1000 } });
    const heap = await failure(host.eval('{ const keep = []; for (;;) keep.push(new Uint8Array(1 << 16)); }'));
    assert.deepEqual([heap.code, heap.limit], ['ERR_MEMORY', `memoryBytes: ${4 << 20}`]);
    const message = await failure(host.eval(`'${'x'.repeat(8 << 20)}'`));
    assert.deepEqual([message.code, message.limit], ['ERR_MEMORY', `memoryBytes: ${4 << 20}`]);
    const store = await failure(host.native.put(new Uint8Array(1001)));
    assert.deepEqual([store.code, store.limit], ['ERR_MEMORY', 'bufferBytes: 1000']);
    const work = await failure(host.native.run('invert', new Uint8Array(1001)));
    assert.deepEqual([work.code, work.limit], ['ERR_MEMORY', 'bufferBytes: 1000']);
  });

  test('pendingOps ends in a RangeError with ERR_LIMIT, for timers and for host calls', async (t) => {
    const host = open(t, { limits: { pendingOps: 3 }, bridge: { wait: () => new Promise(() => {}) } });
    for (const start of ['setTimeout(() => {}, 1e6)', 'setImmediate(() => {})', 'bridge.wait()']) {
      const error = await failure(host.eval(`for (let i = 0; i < 4; i++) ${start}`));
      assert.deepEqual([error.code, error.name, error.details.code], ['ERR_GUEST', 'RangeError', 'ERR_LIMIT'], start);
      assert.match(error.message, /pendingOps: 3/);
    }
  });

  test('a call that times out takes what it started along, so that the next has room', async (t) => {
    const host = open(t, { limits: { pendingOps: 3 } });
    const source = 'for (let i = 0; i < 3; i++) setTimeout(() => {}, 1e6); new Promise(() => {})';
    assert.equal((await failure(host.eval(source, { timeoutMs: 10 }))).code, 'ERR_TIMEOUT');
    assert.equal(await host.eval('new Promise((resolve) => setTimeout(resolve, 1, "room"))'), 'room');
  });
});

describe('wrong arguments', () => {
  /** Checks code and message, and that the message names the argument. */
  function assertNames(error, name) {
    assert.ok(error instanceof HostboxError, String(error));
    assert.equal(error.code, 'ERR_ARGUMENT', error.message);
    assert.ok(error.message.includes(name), `${name} is not in: ${error.message}`);
  }

  test('a scope that is no name is refused', () => {
    for (const scope of ['', 'a\nb', '\u0000', '\u0085', 'x'.repeat(241), undefined, null, 5, {}]) {
      assertNames(
        thrown(() => new HostRuntime(scope)),
        'scope',
      );
    }
  });

  test('an unknown option is refused, with the nearest known one', () => {
    const cases = [
      [{ limit: {} }, 'limits'],
      [{ limits: { timeoutMS: 5 } }, 'timeoutMs'],
      [{ limits: { memory: 5 } }, 'memory'],
      [{ permission: {} }, 'permissions'],
      [{ permissions: { file: {} } }, 'file'],
    ];
    for (const [options, name] of cases)
      assertNames(
        thrown(() => new HostRuntime('test', options)),
        name,
      );
  });

  test('options of the wrong type are refused', () => {
    const cases = [
      [5, 'options'],
      [null, 'options'],
      [[], 'options'],
      [{ limits: 5 }, 'options.limits'],
      [{ bridge: [] }, 'options.bridge'],
      [{ bridge: { a: 5 } }, 'options.bridge.a'],
      [{ console: 'loud' }, 'options.console'],
      [{ console: {} }, 'options.console'],
    ];
    for (const [options, name] of cases)
      assertNames(
        thrown(() => new HostRuntime('test', options)),
        name,
      );
  });

  test('limits that are negative, absurd, fractions or no numbers are refused', () => {
    const MOST = { timeoutMs: 2 ** 31 - 1, cpuMs: 2 ** 31 - 1, memoryBytes: 2 ** 36, bufferBytes: 2 ** 36 };
    const most = { ...MOST, stackBytes: 4 << 20, pendingOps: 1_000_000 };
    const least = { timeoutMs: 1, cpuMs: 1, memoryBytes: 1 << 20, bufferBytes: 0, stackBytes: 64 << 10, pendingOps: 1 };
    for (const [key, top] of Object.entries(most)) {
      for (const value of [-1, least[key] - 1, top + 1, least[key] + 0.5, NaN, Infinity, '5', null, 5n, {}]) {
        assertNames(
          thrown(() => new HostRuntime('test', { limits: { [key]: value } })),
          `options.limits.${key}`,
        );
      }
      for (const value of [least[key], top, undefined]) new HostRuntime('test', { limits: { [key]: value } }).close();
    }
  });

  test('arguments of eval and call are refused by name, as a rejection', async (t) => {
    const host = await openWith(t, 'globalThis.ran = 0; exports.f = () => { ran++; }');
    const cases = [
      [() => host.eval(5), 'source'],
      [() => host.eval(), 'source'],
      [() => host.eval('ran++', { timeoutMs: 0 }), 'options.timeoutMs'],
      [() => host.eval('ran++', { timeoutMs: 2 ** 31 }), 'options.timeoutMs'],
      [() => host.eval('ran++', { filename: '' }), 'options.filename'],
      [() => host.eval('ran++', { typescript: 1 }), 'options.typescript'],
      [() => host.eval('ran++', { signal: {} }), 'options.signal'],
      [() => host.eval('ran++', { fileName: 'a' }), 'filename'],
      [() => host.call('', 'f'), 'plugin'],
      [() => host.call('p', ''), 'fn'],
      [() => host.call('p', 5), 'fn'],
      [() => host.call('p', 'f', 5), 'args'],
      [() => host.call('p', 'f', { length: 0 }), 'args'],
      [() => host.call('p', 'f', [], { timeout: 5 }), 'timeoutMs'],
      [() => host.call('p', 'f', [], { transfer: new ArrayBuffer(1) }), 'options.transfer'],
      [() => host.call('p', 'f', [], { transfer: [new Uint8Array(1)] }), 'options.transfer[0]'],
    ];
    for (const [run, name] of cases) assertNames(await failure(run()), name);
    assert.equal(await host.eval('ran'), 0);
  });

  test('arguments of evalSync, callSync and plugin are refused by name, as an exception', (t) => {
    const host = open(t);
    assertNames(
      thrown(() => host.evalSync(5)),
      'source',
    );
    assertNames(
      thrown(() => host.evalSync('1', { timeoutMs: -1 })),
      'options.timeoutMs',
    );
    assertNames(
      thrown(() => host.callSync('p', 'f', 'args')),
      'args',
    );
    assertNames(
      thrown(() => host.callSync('', 'f')),
      'plugin',
    );
    assertNames(
      thrown(() => host.plugin('')),
      'name',
    );
  });

  test('arguments of loadPlugin and its kin are refused by name, and nothing is loaded', async (t) => {
    const host = open(t);
    const good = 'exports.a = 1';
    const cases = [
      [() => host.loadPlugin('', good), 'name'],
      [() => host.loadPlugin(5, good), 'name'],
      [() => host.loadPlugin('p', 5), 'source'],
      [() => host.loadPlugin('p', good, { format: 'amd' }), 'options.format'],
      [() => host.loadPlugin('p', good, { filename: 5 }), 'options.filename'],
      [() => host.loadPlugin('p', good, { sourceMap: {} }), 'options.sourceMap'],
      [() => host.loadPlugin('p', good, { replace: 1 }), 'options.replace'],
      [() => host.loadPlugin('p', good, { timeoutMs: 1.5 }), 'options.timeoutMs'],
      [() => host.loadPlugin('p', good, { signal: AbortSignal.abort() }), 'signal'],
      [() => host.unloadPlugin(''), 'name'],
      [() => host.pluginInfo(5), 'name'],
    ];
    for (const [run, name] of cases) assertNames(await failure(run()), name);
    assert.deepEqual(await host.plugins(), []);
  });

  test('arguments of native are refused by name, and nothing is stored', async (t) => {
    const host = open(t);
    const { native } = host;
    const cases = [
      [() => native.put('text'), 'input'],
      [() => native.put([1, 2]), 'input'],
      [() => native.take(0), 'id'],
      [() => native.take('1'), 'id'],
      [() => native.info(1.5), 'id'],
      [() => native.free(-1), 'id'],
      [() => native.exec(5, 1), 'op'],
      [() => native.exec('invert', null), 'inputId'],
      [() => native.exec('xor', 1, {}, 'x'), 'extraInputId'],
      [() => native.exec('invert', 1, []), 'args'],
      [() => native.execChain(1, 'invert'), 'steps'],
      [() => native.execChain(1, [5]), 'steps[0]'],
      [() => native.execChain(1, ['invert', { op: 5 }]), 'steps[1].op'],
      [() => native.execChain(1, [{ op: 'xor', extra: 1 }]), 'steps[0]'],
      [() => native.run('invert', 5), 'input'],
      [() => native.run('xor', new Uint8Array(1), {}, 'x'), 'extraInput'],
      [() => native.chain(['noop'], 'x'), 'input'],
      [() => native.takeInto(1, new ArrayBuffer(1)), 'target'],
      [() => native.takeInto(1, new Uint8Array(1), 2), 'offset'],
    ];
    for (const [run, name] of cases) assertNames(await failure(run()), name);
    for (const length of [-1, 0.5, '5', 2 ** 33])
      assertNames(
        thrown(() => native.alloc(length)),
        'byteLength',
      );
    assert.equal(host.stats().buffers, 0);
  });

  test('a HostboxError has its code, its class and its name', () => {
    const error = thrown(() => new HostRuntime(''));
    assert.equal(error.name, 'HostboxError');
    assert.match(String(error), /^HostboxError: Expected a string of 1 to 240 characters/);
    assert.match(error.stack, /errors\.spec\.mjs/);
  });
});
