// Functions of the app that guests call.

/* oxlint-disable unicorn/no-thenable -- thenables are among what host functions may answer */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deferred, failure, open, openWith } from './fixtures/host.mjs';

describe('host functions', () => {
  test('may be synchronous or asynchronous, and a thenable counts as the latter', async (t) => {
    const bridge = { now: (x) => x + 1, later: async (x) => x + 2, thenable: (x) => ({ then: (done) => done(x + 3) }) };
    assert.deepEqual(
      await open(t, { bridge }).eval('Promise.all([bridge.now(1), bridge.later(1), bridge.thenable(1)])'),
      [2, 3, 4],
    );
  });

  test('are asynchronous for the guest, whatever they are', async (t) => {
    const host = open(t, { bridge: { now: () => 1 } });
    assert.deepEqual(await host.eval('const p = bridge.now(); [p instanceof Promise, typeof p.then]'), [
      true,
      'function',
    ]);
  });

  test('have names with dots, which nest', async (t) => {
    const bridge = {
      'math.add': (a, b) => a + b,
      'math.trig.sin': Math.sin,
      log: () => 'log',
      'log.deep': () => 'deep',
    };
    const host = open(t, { bridge });
    assert.equal(await host.eval('bridge.math.add(1, 2)'), 3);
    assert.equal(await host.eval('bridge.math.trig.sin(0)'), 0);
    assert.deepEqual(await host.eval('Promise.all([bridge.log(), bridge.log.deep()])'), ['log', 'deep']);
    assert.equal(await host.eval('bridge.call("math.add", 20, 22)'), 42);
  });

  test('get structured clones of the arguments, and give one of the result', async (t) => {
    const seen = [];
    const value = { map: new Map([[1, new Date(2)]]), bytes: new Uint8Array(5000).fill(3), big: 5n, list: [1, , 3] };
    const host = await openWith(t, 'exports.f = (value) => bridge.echo(value, undefined, null)', {
      bridge: { echo: (...args) => (seen.push(args), args[0]) },
    });
    const back = await host.call('p', 'f', [value]);
    assert.deepEqual(seen, [[value, undefined, null]]);
    assert.deepEqual(back, value);
    assert.notEqual(back.bytes.buffer, value.bytes.buffer);
  });

  test('are those of the start: what the app adds later is not offered, and this is none', async (t) => {
    const bridge = {
      own() {
        return this === undefined;
      },
    };
    const host = open(t, { bridge });
    bridge.late = () => 1;
    assert.equal(await host.eval('bridge.own()'), true);
    assert.equal(await host.eval('typeof bridge.late'), 'undefined');
  });

  test('of Object.prototype are not offered', async (t) => {
    const host = open(t, { bridge: { f: () => 1 } });
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
      const error = await failure(host.eval(`bridge.call(${JSON.stringify(name)})`));
      assert.deepEqual([error.name, error.details.code], ['TypeError', 'ERR_FUNCTION_NOT_FOUND'], name);
    }
  });

  test('that are unknown are a TypeError that names what there is', async (t) => {
    const host = open(t, { bridge: { known: () => 1 } });
    const error = await failure(host.eval('bridge.call("unknown")'));
    assert.deepEqual([error.name, error.details.code], ['TypeError', 'ERR_FUNCTION_NOT_FOUND']);
    assert.match(error.message, /unknown.*known/);
    assert.equal((await failure(host.eval('bridge.unknown()'))).name, 'TypeError');
  });

  test('without any, bridge has the built-in ones alone', async (t) => {
    const names = await open(t).eval('Object.keys(bridge).filter((key) => key !== "call")');
    assert.deepEqual(names.sort(), ['compression', 'crypto', 'gzipCompress', 'gzipDecompress', 'math', 'native']);
  });
});

describe('failures of host functions', () => {
  const bridge = {
    sync: () => {
      throw Object.assign(new RangeError('too far'), { code: 'E_FAR', secret: 'path' });
    },
    async: async () => {
      throw Object.assign(new TypeError('wrong'), { code: 'E_WRONG' });
    },
    own: () => {
      throw Object.assign(new Error('lost'), { name: 'NotFoundError' });
    },
    text: () => Promise.reject('just text'),
    nothing: () => Promise.reject(),
    getter: () => ({
      get then() {
        throw new Error('in then');
      },
    }),
  };
  const caught = (name) =>
    `bridge.${name}().catch((error) => [error instanceof Error, error.name, error.message, error.code])`;

  test('become exceptions of the guest with name, message and code, and nothing else', async (t) => {
    const host = open(t, { bridge });
    assert.deepEqual(await host.eval(caught('sync')), [true, 'RangeError', 'too far', 'E_FAR']);
    assert.deepEqual(await host.eval(caught('async')), [true, 'TypeError', 'wrong', 'E_WRONG']);
    assert.deepEqual(await host.eval(caught('own')), [true, 'NotFoundError', 'lost', undefined]);
    assert.equal(
      await host.eval('bridge.sync().catch((error) => typeof error.secret + /spec\\.mjs/.test(error.stack))'),
      'undefinedfalse',
    );
  });

  test('of other kinds become errors too', async (t) => {
    const host = open(t, { bridge });
    assert.deepEqual(await host.eval(caught('text')), [true, 'Error', 'just text', undefined]);
    assert.deepEqual((await host.eval(caught('nothing'))).slice(0, 2), [true, 'Error']);
    assert.deepEqual((await host.eval(caught('getter'))).slice(0, 3), [true, 'Error', 'in then']);
  });

  test('that the guest does not catch are the failure of the call', async (t) => {
    const error = await failure(open(t, { bridge }).eval('bridge.sync()'));
    assert.deepEqual(
      [error.code, error.name, error.message, error.details],
      ['ERR_GUEST', 'RangeError', 'too far', { code: 'E_FAR' }],
    );
  });

  test('whose error cannot even be read are failures all the same, and hurt nobody else', async (t) => {
    const unreadable = new Proxy(new Error('x'), {
      get() {
        throw new Error('no');
      },
    });
    const hostile = {
      proxy: () => {
        throw unreadable;
      },
      bare: async () => {
        throw Object.create(null);
      },
      ok: () => 1,
    };
    const host = open(t, { bridge: hostile, limits: { timeoutMs: 2000 } });
    for (const name of ['proxy', 'bare']) {
      const source = `Promise.all([bridge.${name}().catch(() => 'caught'), bridge.ok()])`;
      assert.deepEqual(await host.eval(source), ['caught', 1], name);
    }
  });
});

describe('values that cannot cross', () => {
  test('as an argument are a DataCloneError with the path, and the app is not called', async (t) => {
    let calls = 0;
    const host = open(t, { bridge: { f: () => calls++ } });
    const error = await failure(host.eval('bridge.f(1, { a: [() => 1] })'));
    assert.deepEqual([error.code, error.name], ['ERR_GUEST', 'DataCloneError']);
    assert.match(error.message, /args\[1\]\.a\[0\]/);
    assert.equal(calls, 0);
  });

  test('as a result are a TypeError with ERR_CLONE that names the function', async (t) => {
    const host = open(t, { bridge: { sync: () => () => 1, async: async () => ({ deep: Symbol('s') }) } });
    for (const name of ['sync', 'async']) {
      const error = await failure(host.eval(`bridge.${name}()`));
      assert.deepEqual([error.code, error.name, error.details.code], ['ERR_GUEST', 'TypeError', 'ERR_CLONE']);
      assert.match(error.message, new RegExp(`'${name}'`));
    }
  });
});

describe('many', () => {
  test('1,000 calls in flight get their own answers, in whatever order', async (t) => {
    const asked = [];
    const all = deferred();
    const ask = (i) =>
      new Promise((resolve) => {
        asked.push(() => resolve(i * 2));
        if (asked.length === 1000) all.resolve();
      });
    const host = open(t, { bridge: { ask } });
    const result = host.eval('Promise.all(Array.from({ length: 1000 }, (_, i) => bridge.ask(i)))');
    await all.promise;
    for (const answer of asked.reverse()) answer();
    assert.deepEqual(
      await result,
      Array.from({ length: 1000 }, (_, i) => i * 2),
    );
  });

  test('a host function may call the guest back', async (t) => {
    const host = await openWith(t, 'exports.down = (n) => (n === 0 ? "bottom" : bridge.up(n - 1))', {
      bridge: { up: (n) => host.call('p', 'down', [n]) },
    });
    assert.equal(await host.call('p', 'down', [20]), 'bottom');
  });

  test('two sandboxes have functions of their own', async (t) => {
    const [one, other] = [1, 2].map((n) => open(t, { bridge: { who: () => n } }));
    assert.deepEqual(await Promise.all([one, other, one].map((host) => host.eval('bridge.who()'))), [1, 2, 1]);
  });
});

describe('late answers', () => {
  test('after close() are ignored', async (t) => {
    const [asked, answer] = [deferred(), deferred()];
    const host = open(t, {
      bridge: {
        ask: () => (asked.resolve(), answer.promise),
        fail: () => answer.promise.then(() => Promise.reject(new Error('late'))),
      },
    });
    const call = failure(host.eval('bridge.fail(); bridge.ask()'));
    await asked.promise;
    await host.close();
    assert.equal((await call).code, 'ERR_CLOSED');
    answer.resolve(new Uint8Array(5000));
    await answer.promise;
    assert.equal(host.stats().state, 'closed');
  });

  test('that cannot cross are ignored too', async (t) => {
    const [asked, answer] = [deferred(), deferred()];
    const host = open(t, { bridge: { ask: () => (asked.resolve(), answer.promise) } });
    const call = failure(host.eval('bridge.ask()', { timeoutMs: 300 }));
    await asked.promise;
    assert.equal((await call).code, 'ERR_TIMEOUT');
    answer.resolve(() => 1);
    await answer.promise;
    assert.equal(await host.eval('1'), 1);
  });
});
