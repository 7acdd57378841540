// Turns and scopes as the app sees them: what a limit ends, what it leaves alone, and what goes on in the background.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { HostRuntime, consoleOf, deferred, failure, open, openWith, thrown } from './fixtures/host.mjs';

// The background of a sandbox keeps no process alive: while tests wait for it, this does.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

/** Source that keeps the guest thread for so long. */
const spin = (ms) => `{ const end = performance.now() + ${ms}; while (performance.now() < end); }`;
const code = async (promise) => (await failure(promise)).code;

/** A sandbox whose guest says by `bridge.tell(x)` how far it is: `await host.told('x')`. */
function openTelling(t, options) {
  const told = new Map();
  const word = (x) => told.get(x) ?? told.set(x, deferred()).get(x);
  const host = open(t, { ...options, bridge: { tell: (x) => word(x).resolve(x), ...options?.bridge } });
  return Object.assign(host, { told: (x) => word(x).promise });
}

describe('timeoutMs', () => {
  test('a loop, a loop after await and a loop in a timer end at it', async (t) => {
    const host = open(t);
    const sources = [
      'for (;;);',
      '(async () => { await 0; for (;;); })()',
      'setTimeout(() => { for (;;); }); new Promise(() => {})',
    ];
    for (const source of sources) assert.equal(await code(host.eval(source, { timeoutMs: 40 })), 'ERR_TIMEOUT');
    assert.equal(await host.eval('1'), 1);
  });

  test('a flood of microtasks ends at it', async (t) => {
    const host = open(t);
    const source = '(function again() { Promise.resolve().then(again); })(); new Promise(() => {})';
    assert.equal(await code(host.eval(source, { timeoutMs: 40 })), 'ERR_TIMEOUT');
    assert.equal(
      await code(host.eval('queueMicrotask(function f() { queueMicrotask(f); }); 1', { timeoutMs: 40 })),
      'ERR_TIMEOUT',
    );
    assert.equal(await host.eval('1'), 1);
  });

  test('a promise that never settles and a host function that never answers end at it', async (t) => {
    const host = open(t, { bridge: { never: () => new Promise(() => {}) } });
    assert.equal(await code(host.eval('new Promise(() => {})', { timeoutMs: 20 })), 'ERR_TIMEOUT');
    assert.equal(await code(host.eval('bridge.never()', { timeoutMs: 20 })), 'ERR_TIMEOUT');
  });

  test('hostile getters, toJSON and then run under it', async (t) => {
    const host = open(t);
    for (const source of [
      '({ get a() { for (;;); } })',
      '({ get then() { for (;;); } })',
      '({ then() { for (;;); } })',
    ]) {
      assert.equal(await code(host.eval(source, { timeoutMs: 40 })), 'ERR_TIMEOUT', source);
    }
    assert.deepEqual(await host.eval('({ a: 1, b: { get c() { return 2; } } })'), { a: 1, b: { c: 2 } });
  });

  test('the time in the queue counts', async (t) => {
    const host = open(t);
    const first = host.eval(`${spin(200)} 'first'`);
    const started = performance.now();
    assert.equal(await code(host.eval('globalThis.second = 1', { timeoutMs: 30 })), 'ERR_TIMEOUT');
    assert.ok(performance.now() - started < 150, 'it did not wait for the first');
    assert.equal(await first, 'first');
    assert.equal(await host.eval('typeof second'), 'undefined');
  });

  test("the sandbox's limit holds where a call names none, and a call may have more or less", async (t) => {
    const host = open(t, { limits: { timeoutMs: 40 } });
    assert.equal(await code(host.eval('new Promise(() => {})')), 'ERR_TIMEOUT');
    assert.equal(await host.eval('new Promise((resolve) => setTimeout(resolve, 80, 1))', { timeoutMs: 5000 }), 1);
    await host.loadPlugin('slow', 'await new Promise((resolve) => setTimeout(resolve, 80)); export const a = 1', {
      timeoutMs: 5000,
    });
  });

  test('the timers of a call that timed out never run', async (t) => {
    const host = open(t);
    await host.eval('globalThis.ran = []');
    const source =
      'setTimeout(() => ran.push("timeout"), 60); setInterval(() => ran.push("interval"), 60); new Promise(() => {})';
    assert.equal(await code(host.eval(source, { timeoutMs: 20 })), 'ERR_TIMEOUT');
    await host.eval('0');
    assert.equal(host.stats().timers, 0);
    assert.deepEqual(await host.eval('new Promise((resolve) => setTimeout(() => resolve(ran), 100))'), []);
  });

  test('a late answer of a host function is dropped and counted', async (t) => {
    const answer = deferred();
    const host = open(t, { bridge: { ask: () => answer.promise } });
    await host.eval('globalThis.heard = 0');
    assert.equal(await code(host.eval('bridge.ask().then(() => { heard++; })', { timeoutMs: 20 })), 'ERR_TIMEOUT');
    const { dropped } = host.stats();
    answer.resolve(1);
    await answer.promise;
    assert.equal(await host.eval('bridge.ask().then(() => heard)'), 0);
    assert.equal(host.stats().dropped, dropped + 1);
  });

  test('state and other calls survive it', async (t) => {
    const host = openTelling(t);
    await host.eval('globalThis.state = { list: [1, 2, 3] }');
    const other = host.eval(
      'state.list.push(4); bridge.tell("waiting"); new Promise((resolve) => { globalThis.finish = resolve; })',
    );
    await host.told('waiting');
    assert.equal(await code(host.eval('state.list.push(5); for (;;);', { timeoutMs: 40 })), 'ERR_TIMEOUT');
    await host.eval('finish(state.list)');
    assert.deepEqual(await other, [1, 2, 3, 4, 5]);
  });

  test("one call's deadline never interrupts another's turn", async (t) => {
    const host = openTelling(t);
    const waits = failure(host.eval('globalThis.mine = new Promise(() => {}); mine', { timeoutMs: 60 }));
    const works = host.eval(
      `bridge.tell('working'); new Promise((resolve) => setTimeout(() => { ${spin(200)} resolve('whole'); }, 0))`,
    );
    assert.equal((await waits).code, 'ERR_TIMEOUT');
    assert.equal(await works, 'whole');
  });

  test('what one call started another may await, each under its own deadline', async (t) => {
    const host = open(t);
    const long = host.eval('globalThis.shared = new Promise((resolve) => setTimeout(resolve, 60, "shared")); shared');
    assert.equal(await code(host.eval('shared', { timeoutMs: 10 })), 'ERR_TIMEOUT');
    assert.equal(await long, 'shared');
    assert.equal(await host.eval('shared'), 'shared');
  });

  test('what a call does not answer for any more settles nobody, and hangs nobody', async (t) => {
    const host = open(t);
    const first = failure(
      host.eval('globalThis.p = new Promise((resolve) => setTimeout(resolve, 50)); p', { timeoutMs: 10 }),
    );
    const second = failure(host.eval('p', { timeoutMs: 100 }));
    assert.deepEqual([(await first).code, (await second).code], ['ERR_TIMEOUT', 'ERR_TIMEOUT']);
  });

  test('many calls wait at once, and each gets its own answer', async (t) => {
    const host = await openWith(t, 'exports.later = (i) => new Promise((resolve) => setTimeout(resolve, i % 7, i))');
    const calls = Array.from({ length: 500 }, (_, i) => host.call('p', 'later', [i]));
    assert.deepEqual(
      await Promise.all(calls),
      calls.map((_, i) => i),
    );
  });
});

describe('cpuMs', () => {
  test('it ends a turn, and a call of many short turns passes', async (t) => {
    const host = open(t, { limits: { cpuMs: 40 } });
    const error = await failure(host.eval('for (;;);'));
    assert.deepEqual([error.code, error.limit], ['ERR_TIMEOUT', 'cpuMs: 40']);
    const source = `(async () => { for (let i = 0; i < 12; i++) { ${spin(8)} await new Promise((r) => setTimeout(r)); } return 'done'; })()`;
    assert.equal(await host.eval(source), 'done');
  });

  test('it ends a turn of microtasks, and of a sync call', async (t) => {
    const host = open(t, { limits: { cpuMs: 40 } });
    assert.equal((await failure(host.eval('(function f() { Promise.resolve().then(f); })()'))).limit, 'cpuMs: 40');
    assert.equal((await failure(open(t, { limits: { cpuMs: 40 } }).eval('0; for (;;);'))).limit, 'cpuMs: 40');
    assert.equal(thrown(() => open(t, { limits: { cpuMs: 40 } }).evalSync('for (;;);')).limit, 'cpuMs: 40');
  });

  test('waiting costs nothing of it', async (t) => {
    const host = open(t, { limits: { cpuMs: 40 } });
    assert.equal(await host.eval('new Promise((resolve) => setTimeout(resolve, 120, 1))'), 1);
  });
});

describe('a native that does not return', () => {
  test('is answered on time; its sandbox is dead and says why, its thread is counted, others work on', async (t) => {
    const [host, other] = [open(t), open(t)];
    const started = performance.now();
    assert.equal(
      await code(host.eval('const n = 1n << 1000000n; "".concat(n, n, n)', { timeoutMs: 50 })),
      'ERR_TIMEOUT',
    );
    assert.ok(performance.now() - started < 1_000);
    const waiting = await failure(host.eval('1', { timeoutMs: 20_000 }));
    assert.equal(waiting.code, 'ERR_CLOSED');
    assert.ok(waiting.cause instanceof Error && waiting.cause.message !== '');
    assert.equal(host.stats().state, 'dead');
    assert.ok(host.stats().process.quarantinedThreads >= 1);
    assert.deepEqual([await code(host.eval('1')), thrown(() => host.evalSync('1')).code], ['ERR_CLOSED', 'ERR_CLOSED']);
    assert.equal(await other.eval('1'), 1);
    await host.close();
  });
});

describe('AbortSignal', () => {
  test('it ends a loop at once, and the sandbox works on with its state', async (t) => {
    const host = openTelling(t);
    await host.eval('globalThis.state = 1');
    const controller = new AbortController();
    const call = failure(
      host.eval('bridge.tell("looping"); setTimeout(() => { state++; for (;;); }, 0); new Promise(() => {})', {
        signal: controller.signal,
      }),
    );
    await host.told('looping');
    const started = performance.now();
    controller.abort();
    assert.equal((await call).code, 'ERR_ABORTED');
    assert.ok(performance.now() - started < 1_000);
    assert.ok([1, 2].includes(await host.eval('state')));
  });

  test('it ends a running loop, not just the wait for it', async (t) => {
    const host = open(t);
    const { signal } = new AbortController();
    const call = failure(
      host.eval('for (;;);', {
        signal: AbortSignal.any?.([signal, AbortSignal.timeout(30)]) ?? AbortSignal.timeout(30),
      }),
    );
    assert.equal((await call).code, 'ERR_ABORTED');
    assert.equal(await host.eval('1', { timeoutMs: 2000 }), 1);
  });

  test('it ends an idle wait, with its timers and operations', async (t) => {
    const host = openTelling(t);
    const controller = new AbortController();
    const call = failure(
      host.eval('bridge.tell("set"); setTimeout(() => {}, 1e6); new Promise(() => {})', { signal: controller.signal }),
    );
    await host.told('set');
    controller.abort('enough');
    assert.equal((await call).cause, 'enough');
    await host.eval('0');
    assert.deepEqual([host.stats().timers, host.stats().running], [0, 0]);
  });

  test('it ends a call that is still in the queue, which then never runs', async (t) => {
    const host = open(t);
    const first = host.eval(spin(80));
    const controller = new AbortController();
    const second = failure(host.eval('globalThis.ran = 1', { signal: controller.signal }));
    controller.abort();
    assert.equal((await second).code, 'ERR_ABORTED');
    await first;
    assert.equal(await host.eval('typeof ran'), 'undefined');
  });
});

describe('the background', () => {
  test('what a finished call leaves behind goes on', async (t) => {
    const host = openTelling(t, { bridge: { ask: async (x) => x } });
    assert.equal(await host.eval('setTimeout(() => bridge.tell("later"), 20); 1'), 1);
    assert.equal(await host.eval('bridge.ask("answer").then(bridge.tell); 2'), 2);
    assert.equal(await host.eval('let n = 0; setInterval(() => { if (++n === 3) bridge.tell("thrice"); }, 1); 3'), 3);
    assert.deepEqual(await Promise.all([host.told('later'), host.told('answer'), host.told('thrice')]), [
      'later',
      'answer',
      'thrice',
    ]);
  });

  test("it is not under the finished call's deadline", async (t) => {
    const host = openTelling(t);
    await host.eval('setTimeout(() => bridge.tell("after"), 60); 1', { timeoutMs: 20 });
    assert.equal(await host.told('after'), 'after');
  });

  test('one that loops is ended and reported, and others go on', async (t) => {
    const { hook, next } = consoleOf();
    const host = openTelling(t, { console: hook });
    await host.eval('globalThis.loops = 0; setInterval(() => { loops++; for (;;); }, 1); 1');
    const entry = await next(({ text }) => /finished call/.test(text));
    assert.equal(entry.level, 'error');
    await host.eval('setTimeout(() => bridge.tell("alive"), 1); 1');
    assert.equal(await host.told('alive'), 'alive');
    assert.equal(await host.eval('loops'), 1);
  });

  test('its CPU is bounded, and calls do not pay for it', async (t) => {
    const host = openTelling(t);
    await host.eval(`for (let i = 0; i < 4; i++) setInterval(() => { ${spin(10)} }, 1); 1`);
    const [wall, cpu] = [performance.now(), host.stats().cpuMs];
    await host.eval('new Promise((resolve) => setTimeout(resolve, 1500))');
    const [wallUsed, cpuUsed] = [performance.now() - wall, host.stats().cpuMs - cpu];
    assert.ok(cpuUsed < wallUsed * 0.1 + 250, `${cpuUsed} ms in ${wallUsed}`);
  });

  test('its operations count as pending ones', async (t) => {
    const host = open(t, { limits: { pendingOps: 5 } });
    await host.eval('for (let i = 0; i < 5; i++) setTimeout(() => {}, 1e6)');
    const error = await failure(host.eval('setTimeout(() => {}, 1)'));
    assert.equal(error.details.code, 'ERR_LIMIT');
    assert.equal(await host.eval('1'), 1);
  });
});

describe('stackBytes', () => {
  const DEPTH =
    '{ let d = 0; try { (function f() { d++; f(); })(); } catch (error) { [d, error.name, error instanceof RangeError] } }';

  test('endless recursion is a RangeError that can be caught', async (t) => {
    const host = open(t);
    const [depth, name] = await host.eval(DEPTH);
    assert.ok(depth > 100);
    assert.equal(name, 'RangeError');
    const error = await failure(host.eval('(function f() { f(); })()'));
    assert.deepEqual([error.code, error.name], ['ERR_GUEST', 'RangeError']);
    assert.equal(await host.eval('1'), 1);
  });

  test('more stack recurses deeper, in calls and in sync calls', async (t) => {
    const [small, large] = [64 << 10, 4 << 20].map((stackBytes) => open(t, { limits: { stackBytes } }));
    const [less] = await small.eval(DEPTH);
    const [more] = await large.eval(DEPTH);
    assert.ok(more > less * 20, `${less} and ${more}`);
    const [synchronous] = open(t, { limits: { stackBytes: 256 << 10 } }).evalSync(DEPTH);
    assert.ok(synchronous > less && synchronous < more);
  });

  test('recursion in the parser, in JSON and in natives ends the same way', async (t) => {
    const host = open(t);
    for (const source of [
      'JSON.parse("[".repeat(1e6))',
      'eval("(".repeat(1e5))',
      'let a = []; for (let i = 0; i < 1e6; i++) a = [a]; JSON.stringify(a)',
    ]) {
      assert.equal(await code(host.eval(`{ ${source} }`)), 'ERR_GUEST', source);
    }
    assert.equal(await host.eval('1'), 1);
  });
});

describe('memoryBytes', () => {
  const MIB = 1 << 20;

  test('after ERR_MEMORY the sandbox works on with its state', async (t) => {
    const host = open(t, { limits: { memoryBytes: 16 * MIB } });
    await host.eval('globalThis.state = "kept"');
    for (const what of [
      'new Uint8Array(1 << 16)',
      '{ a: {} }',
      '"x".repeat(1000) + keep.length',
      'new Array(1000).fill(0)',
    ]) {
      const source = `{ const keep = []; for (;;) keep.push(${what.startsWith('{') ? `(${what})` : what}); }`;
      assert.equal(await code(host.eval(source)), 'ERR_MEMORY', what);
      assert.equal(await host.eval('state'), 'kept');
    }
  });

  test('a guest may catch that its memory is full', async (t) => {
    const host = open(t, { limits: { memoryBytes: 16 * MIB } });
    const source =
      '{ let keep = []; try { for (;;) keep.push(new Uint8Array(1 << 16)); } catch (error) { keep = null; error.message } }';
    assert.match(await host.eval(source), /memory/);
  });

  test('transferred buffers count, each of them once', async (t) => {
    const host = await openWith(
      t,
      'const kept = []; exports.keep = (b) => kept.push(b); exports.drop = () => { kept.length = 0; }',
      { limits: { memoryBytes: 40 * MIB } },
    );
    const send = () => {
      const { buffer } = host.native.alloc(16 * MIB);
      return host.call('p', 'keep', [buffer], { transfer: [buffer] });
    };
    assert.deepEqual([await send(), await send()], [1, 2]);
    assert.equal(await code(send()), 'ERR_MEMORY');
    await host.call('p', 'drop');
    assert.equal(await send(), 1);
  });

  test('buffers of the guest count, and so do those it takes from the store', async (t) => {
    const host = open(t, { limits: { memoryBytes: 16 * MIB, bufferBytes: 64 * MIB } });
    assert.equal(await code(host.eval('new ArrayBuffer(17 << 20)')), 'ERR_MEMORY');
    const id = await host.native.put(new Uint8Array(17 * MIB));
    const error = await failure(host.eval(`native.take(${id})`));
    assert.ok(['ERR_MEMORY', 'ERR_GUEST'].includes(error.code), error.code);
    assert.equal(await host.eval('1'), 1);
  });

  test('garbage in cycles does not look like a full memory', async (t) => {
    const host = open(t, { limits: { memoryBytes: 16 * MIB } });
    const heap = 'for (let i = 0; i < 200; i++) { const a = { bytes: new Uint8Array(1 << 20) }; a.self = a; } "heap"';
    assert.equal(await host.eval(heap), 'heap');
    const own = `(async () => { for (let i = 0; i < 100; i++) { const a = { bytes: await native.run('noop', new Uint8Array(1 << 20)) }; a.self = a; } return 'ours'; })()`;
    assert.equal(await host.eval(own), 'ours');
  });

  test('a result larger than the memory is refused', async (t) => {
    const host = open(t, { limits: { memoryBytes: 4 * MIB } });
    assert.equal(
      await code(
        host.eval('{ const s = "x".repeat(1 << 20); Array(64).fill(0).map((_, i) => new Uint8Array(1 << 20)) }'),
      ),
      'ERR_MEMORY',
    );
    assert.equal(await host.eval('1'), 1);
  });

  test('a thrown null in a full memory is ERR_MEMORY all the same', async (t) => {
    const host = open(t, { limits: { memoryBytes: 16 * MIB } });
    const source = '{ const keep = []; try { for (;;) keep.push(new Uint8Array(1 << 16)); } catch { throw null; } }';
    assert.equal(await code(host.eval(source)), 'ERR_MEMORY');
  });
});

describe('bufferBytes', () => {
  test('the store is bounded for Node and for the guest, and works on', async (t) => {
    const host = open(t, { limits: { bufferBytes: 10_000 } });
    const id = await host.native.put(new Uint8Array(9_000));
    assert.equal(await code(host.native.put(new Uint8Array(2_000))), 'ERR_MEMORY');
    assert.equal(await code(host.native.exec('invert', id)), 'ERR_MEMORY');
    const error = await failure(host.eval('native.put(new Uint8Array(2000))'));
    assert.deepEqual([error.code, error.name, error.details.code], ['ERR_GUEST', 'RangeError', 'ERR_MEMORY']);
    await host.native.free(id);
    await host.native.take(await host.native.put(new Uint8Array(9_000)));
    assert.deepEqual([host.stats().buffers, host.stats().bufferBytes], [0, 0]);
  });
});

describe('sync calls', () => {
  test('they obey the deadline in code, in microtasks and in timers', (t) => {
    const host = open(t);
    const sources = [
      'for (;;);',
      '(function f() { Promise.resolve().then(f); })()',
      'setTimeout(() => { for (;;); }); new Promise(() => {})',
    ];
    for (const source of sources) {
      assert.equal(thrown(() => host.evalSync(source, { timeoutMs: 40 })).code, 'ERR_TIMEOUT', source);
    }
    assert.equal(host.evalSync('1'), 1);
  });

  test('a timer that is due after the deadline is ERR_TIMEOUT, not ERR_ASYNC', (t) => {
    const source = 'new Promise((resolve) => setTimeout(resolve, 60_000))';
    assert.equal(thrown(() => open(t).evalSync(source, { timeoutMs: 40 })).code, 'ERR_TIMEOUT');
  });

  test('an interval that settles nothing is ended by the deadline, and is gone', async (t) => {
    const host = open(t);
    assert.equal(
      thrown(() => host.evalSync('setInterval(() => {}, 1); new Promise(() => {})', { timeoutMs: 40 })).code,
      'ERR_TIMEOUT',
    );
    assert.equal(host.stats().timers, 0);
  });

  test('they run due timers in their order, and wait for those to come', (t) => {
    const source =
      'const seen = []; setTimeout(() => seen.push(2), 4); setTimeout(() => seen.push(1), 1); setImmediate(() => seen.push(0)); new Promise((r) => setTimeout(() => r(seen), 8))';
    assert.deepEqual(open(t).evalSync(source), [0, 1, 2]);
  });

  test('they wait for native operations of other threads', (t) => {
    assert.deepEqual(open(t).evalSync('native.run("invert", new Uint8Array([1, 2]))'), new Uint8Array([254, 253]));
  });

  test('host functions run inline, in order, with their errors', (t) => {
    const seen = [];
    const host = open(t, {
      bridge: {
        note: (x) => seen.push(x),
        fail: () => {
          throw new RangeError('no');
        },
      },
    });
    assert.deepEqual(host.evalSync('(async () => [await bridge.note("a"), await bridge.note("b")])()'), [1, 2]);
    assert.deepEqual(seen, ['a', 'b']);
    assert.equal(host.evalSync('bridge.fail().catch((error) => error.name)'), 'RangeError');
    assert.equal(thrown(() => host.evalSync('bridge.fail()')).name, 'RangeError');
  });

  test('host functions that were called and not awaited have run too', (t) => {
    const seen = [];
    const host = open(t, { bridge: { note: (x) => seen.push(x) } });
    host.evalSync('(async () => { bridge.note(1); bridge.note(2); await bridge.note(3); })()');
    assert.deepEqual(seen, [1, 2, 3]);
  });

  test('console entries are delivered after the return', async (t) => {
    const { entries, hook, next } = consoleOf();
    const host = open(t, { console: hook });
    host.evalSync('console.log("inside")');
    assert.deepEqual(entries, []);
    assert.equal((await next()).text, 'inside');
  });

  test('calls that wait go on in a sync call', async (t) => {
    const host = openTelling(t);
    const other = host.eval('bridge.tell("waits"); new Promise((resolve) => { globalThis.settle = resolve; })');
    await host.told('waits');
    await host.eval('0');
    assert.equal(host.evalSync('settle("by sync"); 1'), 1);
    assert.equal(await other, 'by sync');
  });

  test('what they leave behind goes on in the background', async (t) => {
    const host = openTelling(t);
    host.evalSync('setTimeout(() => bridge.tell("later"), 5); 1');
    assert.equal(await host.told('later'), 'later');
  });
});

describe('rejections and the console', () => {
  test('an unhandled rejection is counted and reported, and fatal for nobody', async (t) => {
    const { hook, next } = consoleOf();
    const host = open(t, { console: hook });
    assert.equal(await host.eval('Promise.reject(new TypeError("nobody cares")); 1'), 1);
    const entry = await next(({ level }) => level === 'error');
    assert.match(entry.text, /TypeError: nobody cares\n    at /);
    assert.equal(host.stats().unhandledRejections, 1);
    assert.equal(await host.eval('1'), 1);
  });

  test('a rejection that is handled in the same turn is none', async (t) => {
    const host = open(t);
    await host.eval('const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => {})); 1');
    await failure(host.eval('Promise.reject(1)'));
    assert.equal(await host.eval('2'), 2);
    assert.equal(host.stats().unhandledRejections, 0);
  });

  test('what a timer throws is reported, and the timer next to it runs', async (t) => {
    const { hook, next } = consoleOf();
    const host = open(t, { console: hook });
    const source =
      'setTimeout(() => { throw new RangeError("in a timer"); }); new Promise((resolve) => setTimeout(resolve, 1, 1))';
    assert.equal(await host.eval(source), 1);
    assert.match((await next()).text, /RangeError: in a timer/);
  });

  test('each plugin has groups and counters of its own', async (t) => {
    const entries = [];
    const host = open(t, { console: ({ text, plugin }) => entries.push([plugin, text]) });
    const source =
      'exports.open = () => { console.group("g"); console.count(); }; exports.log = () => console.log("line");';
    await host.loadPlugin('one', source);
    await host.loadPlugin('other', source);
    await host.call('one', 'open');
    await host.call('other', 'log');
    await host.call('one', 'log');
    assert.deepEqual(entries, [
      ['one', 'g'],
      ['one', '  default: 1'],
      ['other', 'line'],
      ['one', '  line'],
    ]);
  });

  test('a hook gets level, arguments, text, plugin and time', async (t) => {
    const { hook, next } = consoleOf();
    const host = await openWith(t, 'exports.f = () => { console.warn("a %s", "b", { c: [1n] }); }', { console: hook });
    const before = Date.now();
    await host.call('p', 'f');
    const { time, ...entry } = await next();
    assert.deepEqual(entry, {
      level: 'warn',
      args: ['a %s', 'b', { c: [1n] }],
      text: 'a b { c: [ 1n ] }',
      plugin: 'p',
    });
    assert.ok(time >= before - 1 && time <= Date.now() + 1);
    await host.eval('console.log("no plugin")');
    assert.equal('plugin' in (await next(({ text }) => text === 'no plugin')), false);
  });

  test('every level arrives, and arguments that cannot cross arrive as text', async (t) => {
    const { entries, hook, next } = consoleOf();
    const host = open(t, { console: hook });
    await host.eval(
      'for (const level of ["debug", "log", "info", "warn", "error", "trace"]) console[level](level, () => 1)',
    );
    await next(({ level }) => level === 'trace');
    assert.deepEqual(
      entries.map(({ level }) => level),
      ['debug', 'log', 'info', 'warn', 'error', 'trace'],
    );
    for (const { args } of entries) assert.equal(typeof args[1], 'string');
  });

  test("'silent' is silent, and 'inherit' writes to this process's console", async (t) => {
    const said = [];
    t.mock.method(console, 'warn', (...args) => said.push(args));
    await open(t, { console: 'silent' }).eval('console.warn("unheard")');
    const host = open(t, { console: 'inherit' });
    await host.eval('console.warn("heard %d", 1)');
    await host.eval('0');
    assert.deepEqual(said, [['heard 1']]);
  });
});

test('a sandbox that is closed in a turn takes its timers along', async () => {
  const told = [];
  const host = new HostRuntime('test', { bridge: { tell: (x) => told.push(x) } });
  await host.eval('setInterval(() => bridge.tell(1), 1); 1');
  await host.close();
  const { length } = told;
  const other = new HostRuntime('test');
  await other.eval('new Promise((resolve) => setTimeout(resolve, 20))');
  await other.close();
  assert.equal(told.length, length);
});
