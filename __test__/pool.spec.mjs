// `HostPool`: who gets which call, what waits, what breaks and what is replaced.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostPool } from '../index.js';

const TOOLS = `
  const me = Math.random();
  let calls = 0;
  exports.me = () => me;
  exports.echo = (value) => value;
  exports.count = () => ++calls;
  exports.later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
  exports.fail = (message) => { throw new RangeError(message); };
  exports.spin = () => { for (;;); };
  exports.gate = (name) => bridge.gate(name);
  // A native that does not return: its sandbox is dead some seconds later, its thread is lost for a while.
  exports.die = () => { const n = 1n << 1000000n; return ''.concat(n, n, n).length; };
`;

/** Runs `body` with a pool, and with gates: `gate(name)` of a guest waits until the test opens it. */
async function withPool(options, body) {
  const gates = new Map();
  const arrived = [];
  const watchers = [];
  const bridge = {
    gate(name) {
      arrived.push(name);
      for (const look of watchers) look();
      return new Promise((resolve) => gates.set(name, () => resolve(name)));
    },
  };
  const pool = new HostPool('pool', { plugins: { tools: TOOLS }, bridge, ...options });
  const open = (name) => gates.get(name)();
  /** Resolves when so many calls stand at gates, or stood there. */
  const arrivals = (count) =>
    new Promise((resolve) => {
      const look = () => arrived.length >= count && resolve(arrived);
      watchers.push(look);
      look();
    });
  try {
    return await body({ pool, open, arrived, arrivals });
  } finally {
    await pool.close();
  }
}

const requests = (fn, list) => list.map((args) => ({ plugin: 'tools', fn, args }));

async function collect(iterable) {
  const outcomes = [];
  for await (const outcome of iterable) outcomes.push(outcome);
  return outcomes;
}

test('calls go to sandboxes that are free, and each has its own state', () =>
  withPool({ size: 3 }, async ({ pool, open, arrivals }) => {
    const calls = ['a', 'b', 'c'].map((name) => pool.call('tools', 'gate', [name]));
    await arrivals(3);
    assert.equal(pool.stats().running, 3);
    for (const name of ['c', 'a', 'b']) open(name);
    assert.deepEqual(await Promise.all(calls), ['a', 'b', 'c']);
    const sandboxes = new Set(await Promise.all(Array.from({ length: 30 }, () => pool.call('tools', 'me'))));
    assert.equal(sandboxes.size, 3);
    const { size, queued, running, replaced, sandboxes: stats } = pool.stats();
    assert.deepEqual([size, queued, running, replaced, stats.length], [3, 0, 0, 0, 3]);
  }));

test('values, errors and options are those of HostRuntime.call', () =>
  withPool({ size: 1 }, async ({ pool }) => {
    assert.deepEqual(
      await pool.call('tools', 'echo', [new Map([[1, new Uint8Array([1, 2])]])]),
      new Map([[1, new Uint8Array([1, 2])]]),
    );
    await assert.rejects(pool.call('tools', 'fail', ['no']), { code: 'ERR_GUEST', name: 'RangeError', message: 'no' });
    await assert.rejects(pool.call('none', 'x'), { code: 'ERR_PLUGIN_NOT_FOUND' });
    await assert.rejects(pool.call('tools', 'none'), { code: 'ERR_FUNCTION_NOT_FOUND' });
    await assert.rejects(pool.call('tools', 'echo', [() => 1]), { code: 'ERR_CLONE', path: 'args[0]' });
    await assert.rejects(pool.call('tools', 'later', [60_000], { timeoutMs: 20 }), { code: 'ERR_TIMEOUT' });
    const buffer = new ArrayBuffer(2000);
    await pool.call('tools', 'echo', [buffer], { transfer: [buffer] });
    assert.equal(buffer.byteLength, 0);
  }));

test('what is wrong is refused with what was expected', async () => {
  for (const [options, message] of [
    [{ size: 0 }, /^Expected an integer from 1 to 1024 for options\.size/],
    [{ queue: -1 }, /^Expected an integer from 0 to 1000000 for options\.queue/],
    [{ plugins: [] }, /^Expected an object of plugins for options\.plugins/],
    [{ plugins: { a: 5 } }, /^Expected a source or \{ source, options \} for options\.plugins\.a/],
    [{ plugins: { a: { source: '', options: { format: 'x' } } } }, /^Expected one of 'cjs', 'esm' for options\.format/],
    [{ sizes: 1 }, /^Expected no option 'sizes' for options; did you mean size\?/],
    [{ limits: { timeoutMs: 0 } }, /options\.limits\.timeoutMs/],
  ]) {
    assert.throws(() => new HostPool('pool', options), { code: 'ERR_ARGUMENT', message });
  }
  assert.throws(() => new HostPool(''), { code: 'ERR_ARGUMENT' });
  await withPool({ size: 1 }, async ({ pool }) => {
    await assert.rejects(pool.call('tools', ''), { code: 'ERR_ARGUMENT' });
    await assert.rejects(pool.call('tools', 'echo', 5), { code: 'ERR_ARGUMENT' });
    await assert.rejects(pool.call('tools', 'echo', [], { key: 5 }), { code: 'ERR_ARGUMENT' });
    assert.throws(() => pool.invoke(5), { code: 'ERR_ARGUMENT' });
    assert.throws(() => pool.invoke([], { signal: 5 }), { code: 'ERR_ARGUMENT' });
  });
});

test('a call beyond the queue is refused, and one that waits runs when there is a sandbox', () =>
  withPool({ size: 1, queue: 2 }, async ({ pool, open, arrivals, arrived }) => {
    const first = pool.call('tools', 'gate', ['first']);
    await arrivals(1);
    const waiting = [1, 2].map((n) => pool.call('tools', 'echo', [n]));
    assert.equal(pool.stats().queued, 2);
    await assert.rejects(pool.call('tools', 'echo', [3]), { code: 'ERR_LIMIT', limit: 'queue: 2' });
    assert.deepEqual(arrived, ['first']);
    open('first');
    assert.deepEqual(await Promise.all([first, ...waiting]), ['first', 1, 2]);
  }));

test('time in the queue counts, and a signal ends the wait', () =>
  withPool({ size: 1 }, async ({ pool, open, arrivals }) => {
    const first = pool.call('tools', 'gate', ['first']);
    await arrivals(1);
    const abort = new AbortController();
    const aborted = pool.call('tools', 'count', [], { signal: abort.signal });
    const late = pool.call('tools', 'count', [], { timeoutMs: 20 });
    await assert.rejects(late, { code: 'ERR_TIMEOUT', limit: 'timeoutMs: 20' });
    abort.abort(new Error('enough'));
    await assert.rejects(aborted, { code: 'ERR_ABORTED' });
    assert.equal(pool.stats().queued, 0);
    open('first');
    await first;
    assert.equal(await pool.call('tools', 'count'), 1);
    await assert.rejects(pool.call('tools', 'count', [], { signal: AbortSignal.abort() }), { code: 'ERR_ABORTED' });
  }));

test('calls of one key go to one sandbox, one after the other', () =>
  withPool({ size: 4, concurrency: 4 }, async ({ pool, open, arrivals, arrived }) => {
    const calls = ['a1', 'a2', 'a3'].map((name) => pool.call('tools', 'gate', [name], { key: 'a' }));
    await arrivals(1);
    assert.deepEqual(arrived, ['a1']);
    open('a1');
    await arrivals(2);
    open('a2');
    await arrivals(3);
    open('a3');
    assert.deepEqual(await Promise.all(calls), ['a1', 'a2', 'a3']);
    const homes = await Promise.all(Array.from({ length: 20 }, () => pool.call('tools', 'me', [], { key: 'a' })));
    assert.equal(new Set(homes).size, 1);
    const keys = Array.from({ length: 200 }, (_, i) => pool.call('tools', 'me', [], { key: `key ${i}` }));
    assert.equal(new Set(await Promise.all(keys)).size, 4);
  }));

test('keys take turns: many calls of one do not hold up the others', () =>
  withPool({ size: 1 }, async ({ pool }) => {
    const order = [];
    const call = (key) => pool.call('tools', 'echo', [key], key && { key }).then(() => order.push(key ?? 'none'));
    const first = Array.from({ length: 50 }, () => call('busy'));
    const rest = [...Array.from({ length: 50 }, () => call()), call('rare'), call('other')];
    await Promise.all([...first, ...rest]);
    assert.ok(order.indexOf('rare') < 6, order.join(' '));
    assert.ok(order.indexOf('other') < 6, order.join(' '));
    assert.ok(order.indexOf('none') < 4, order.join(' '));
  }));

test('invoke gives outcomes in the order of completion, failures among them', () =>
  withPool({ size: 3 }, async ({ pool, open, arrivals }) => {
    const list = [
      ...requests('gate', [['a'], ['b']]),
      { plugin: 'tools', fn: 'fail', args: ['no'] },
      { plugin: 'none', fn: 'x' },
      { plugin: 'tools' },
      undefined,
    ];
    const seen = [];
    for await (const outcome of pool.invoke(list)) {
      seen.push(outcome.ok ? [outcome.index, outcome.value] : [outcome.index, outcome.error.code]);
      if (seen.length === 4) {
        await arrivals(2);
        open('b');
      }
      if (seen.length === 5) open('a');
    }
    const failures = seen.slice(0, 4).sort(([one], [two]) => one - two);
    assert.deepEqual(failures, [
      [2, 'ERR_GUEST'],
      [3, 'ERR_PLUGIN_NOT_FOUND'],
      [4, 'ERR_ARGUMENT'],
      [5, 'ERR_ARGUMENT'],
    ]);
    assert.deepEqual(seen.slice(4), [
      [1, 'b'],
      [0, 'a'],
    ]);
  }));

test('a thousand requests of an async iterable all have their outcome', () =>
  withPool({ size: 4, queue: 8 }, async ({ pool }) => {
    async function* many() {
      for (let i = 0; i < 1_000; i++)
        yield { plugin: 'tools', fn: 'echo', args: [i], key: i % 3 ? `key ${i % 7}` : undefined };
    }
    const outcomes = await collect(pool.invoke(many()));
    assert.equal(outcomes.length, 1_000);
    for (const { index, ok, value } of outcomes) assert.ok(ok && value === index);
  }));

test('requests are read no faster than outcomes are taken, and single calls find room beside them', () =>
  withPool({ size: 2, queue: 10 }, async ({ pool }) => {
    let read = 0;
    function* endless() {
      for (;;) yield { plugin: 'tools', fn: 'echo', args: [read++] };
    }
    const outcomes = pool.invoke(endless());
    await outcomes.next();
    assert.equal(await pool.call('tools', 'echo', ['single']), 'single');
    while (pool.stats().running > 0) await pool.call('tools', 'echo', [0]);
    assert.ok(read <= 2 + 5 + 2, `${read} were read`);
    const before = read;
    for (let i = 0; i < 50; i++) await outcomes.next();
    assert.ok(read >= before + 40 && read <= before + 60, `${read} after ${before}`);
    assert.deepEqual(await outcomes.return(), { value: undefined, done: true });
  }));

test('ending the loop early cancels what is under way, and the source hears of it', () =>
  withPool({ size: 1 }, async ({ pool, arrivals }) => {
    let ended = false;
    function* source() {
      try {
        yield { plugin: 'tools', fn: 'echo', args: [1] };
        for (;;) yield { plugin: 'tools', fn: 'gate', args: ['never opened'] };
      } finally {
        ended = true;
      }
    }
    for await (const outcome of pool.invoke(source())) {
      assert.equal(outcome.value, 1);
      await arrivals(1);
      break;
    }
    assert.ok(ended);
    assert.equal(pool.stats().queued, 0);
    assert.equal(await pool.call('tools', 'echo', ['free again']), 'free again');
  }));

test('the signal of invoke ends every request, and the iteration fails where some were left unread', () =>
  withPool({ size: 1 }, async ({ pool, arrivals }) => {
    const abort = new AbortController();
    const three = pool.invoke(requests('gate', [['a'], ['b'], ['c']]), { signal: abort.signal });
    const outcomes = collect(three);
    await arrivals(1);
    abort.abort();
    assert.deepEqual((await outcomes).map(({ index, error }) => [index, error.code]).sort(), [
      [0, 'ERR_ABORTED'],
      [1, 'ERR_ABORTED'],
      [2, 'ERR_ABORTED'],
    ]);
    function* endless() {
      for (;;) yield { plugin: 'tools', fn: 'gate', args: ['x'] };
    }
    const again = new AbortController();
    const failing = collect(pool.invoke(endless(), { signal: again.signal }));
    await arrivals(2);
    again.abort();
    await assert.rejects(failing, { code: 'ERR_ABORTED' });
    await assert.rejects(collect(pool.invoke(endless(), { signal: AbortSignal.abort() })), { code: 'ERR_ABORTED' });
  }));

test('what a source throws comes after the outcomes of what it gave', () =>
  withPool({ size: 2 }, async ({ pool }) => {
    function* source() {
      yield* requests('echo', [[1], [2]]);
      throw new Error('no more');
    }
    const outcomes = [];
    const reading = (async () => {
      for await (const { value } of pool.invoke(source())) outcomes.push(value);
    })();
    await assert.rejects(reading, { message: 'no more' });
    assert.deepEqual(outcomes.sort(), [1, 2]);
  }));

test('a sandbox that breaks is replaced, and no other work is lost', () =>
  withPool({ size: 2 }, async ({ pool }) => {
    const deadly = pool.call('tools', 'die', [], { timeoutMs: 100 });
    const others = collect(
      pool.invoke(
        requests(
          'echo',
          Array.from({ length: 200 }, (_, i) => [i]),
        ),
      ),
    );
    await assert.rejects(deadly, { code: 'ERR_TIMEOUT' });
    const more = Array.from({ length: 20 }, (_, i) => pool.call('tools', 'echo', [i], { key: `key ${i}` }));
    assert.deepEqual(
      await Promise.all(more),
      Array.from({ length: 20 }, (_, i) => i),
    );
    assert.ok((await others).every(({ index, value }) => index === value));
    assert.equal(pool.stats().replaced, 1);
    assert.ok(pool.stats().sandboxes.every(({ state }) => state !== 'dead'));
    assert.equal(new Set(await Promise.all(Array.from({ length: 30 }, () => pool.call('tools', 'me')))).size, 2);
  }));

test('calls that a dying sandbox takes along are made once more on its replacement', () =>
  withPool({ size: 1, concurrency: 3 }, async ({ pool, open, arrivals, arrived }) => {
    const innocent = pool.call('tools', 'gate', ['twice']);
    await arrivals(1);
    const moved = pool.call('tools', 'gate', ['moved'], { transfer: [new ArrayBuffer(1)] });
    const lost = assert.rejects(moved, { code: 'ERR_CLOSED' });
    await arrivals(2);
    await assert.rejects(pool.call('tools', 'die', [], { timeoutMs: 50 }), { code: 'ERR_TIMEOUT' });
    await lost;
    await arrivals(3);
    assert.deepEqual(arrived, ['twice', 'moved', 'twice']);
    open('twice');
    assert.equal(await innocent, 'twice');
  }));

test('a call that is made once more keeps its place before later calls of its key', () =>
  withPool({ size: 1, concurrency: 3 }, async ({ pool, open, arrivals, arrived }) => {
    const calls = ['first', 'second'].map((name) => pool.call('tools', 'gate', [name], { key: 'a' }));
    await arrivals(1);
    await assert.rejects(pool.call('tools', 'die', [], { timeoutMs: 50 }), { code: 'ERR_TIMEOUT' });
    await arrivals(2);
    open('first');
    await arrivals(3);
    assert.deepEqual(arrived, ['first', 'first', 'second']);
    open('second');
    assert.deepEqual(await Promise.all(calls), ['first', 'second']);
  }));

test('a call that times out leaves its sandbox in place with its state', () =>
  withPool({ size: 1 }, async ({ pool }) => {
    assert.equal(await pool.call('tools', 'count'), 1);
    await assert.rejects(pool.call('tools', 'spin', [], { timeoutMs: 30 }), { code: 'ERR_TIMEOUT' });
    assert.equal(await pool.call('tools', 'count'), 2);
    assert.equal(pool.stats().replaced, 0);
  }));

test('a plugin is replaced under load: running calls finish on the old one, new ones take the new one', () =>
  withPool(
    { size: 3, plugins: { work: 'exports.run = async (name) => [1, name && await bridge.gate(name)]' } },
    async (kit) => {
      const { pool, open, arrivals } = kit;
      const running = ['a', 'b', 'c'].map((name) => pool.call('work', 'run', [name]));
      await arrivals(3);
      await assert.rejects(pool.loadPlugin('work', 'exports.run = () => 2'), { code: 'ERR_PLUGIN_EXISTS' });
      await pool.loadPlugin('work', 'exports.run = () => [2]', { replace: true });
      for (const name of ['a', 'b', 'c']) open(name);
      assert.deepEqual(await Promise.all(running), [
        [1, 'a'],
        [1, 'b'],
        [1, 'c'],
      ]);
      for (const outcome of await collect(
        pool.invoke(Array.from({ length: 30 }, () => ({ plugin: 'work', fn: 'run' }))),
      )) {
        assert.deepEqual(outcome.value, [2]);
      }
      await pool.loadPlugin('more', 'export const x = () => 3', { filename: 'more.mjs' });
      assert.deepEqual(await Promise.all(Array.from({ length: 9 }, () => pool.call('more', 'x'))), Array(9).fill(3));
    },
  ));

test('a plugin that cannot be loaded leaves the old one in every sandbox', () =>
  withPool({ size: 3 }, async ({ pool }) => {
    await assert.rejects(pool.loadPlugin('tools', 'syntax error', { replace: true }), { code: 'ERR_GUEST' });
    await assert.rejects(pool.loadPlugin('tools', "throw new Error('at load')", { replace: true }), {
      message: 'at load',
    });
    const outcomes = await collect(
      pool.invoke(
        requests(
          'echo',
          Array.from({ length: 12 }, (_, i) => [i]),
        ),
      ),
    );
    assert.ok(outcomes.every(({ ok }) => ok));
    assert.equal(pool.stats().replaced, 0);
  }));

test('a replacement has the plugins that were loaded since, too', () =>
  withPool({ size: 1 }, async ({ pool }) => {
    await pool.loadPlugin('late', 'exports.x = () => 1');
    await assert.rejects(pool.call('tools', 'die', [], { timeoutMs: 100 }), { code: 'ERR_TIMEOUT' });
    assert.equal(await pool.call('late', 'x'), 1);
    assert.equal(pool.stats().replaced, 1);
  }));

test('where a plugin of the options cannot be loaded, its calls fail with the reason and the others work', () =>
  withPool(
    { size: 2, plugins: { broken: "throw new TypeError('at load')", fine: 'exports.x = () => 1' } },
    async ({ pool }) => {
      await assert.rejects(pool.call('broken', 'x'), { code: 'ERR_GUEST', message: 'at load' });
      assert.equal(await pool.call('fine', 'x'), 1);
    },
  ));

test('a sandbox works on as many calls at once as concurrency says', () =>
  withPool({ size: 1, concurrency: 3 }, async ({ pool, open, arrivals, arrived }) => {
    const calls = ['a', 'b', 'c', 'd'].map((name) => pool.call('tools', 'gate', [name]));
    await arrivals(3);
    assert.deepEqual([pool.stats().running, pool.stats().queued, arrived.length], [3, 1, 3]);
    open('b');
    await arrivals(4);
    for (const name of ['a', 'c', 'd']) open(name);
    assert.deepEqual(await Promise.all(calls), ['a', 'b', 'c', 'd']);
  }));

test('sandboxes of a pool share the cache of their scope', () =>
  withPool(
    {
      size: 4,
      plugins: {
        p: "exports.up = () => { for (;;) { const n = cache.get('n'); if (cache.compareAndSet('n', n, (n ?? 0) + 1)) return; } }; exports.n = () => cache.get('n')",
      },
    },
    async ({ pool }) => {
      await collect(pool.invoke(Array.from({ length: 400 }, () => ({ plugin: 'p', fn: 'up' }))));
      assert.equal(await pool.call('p', 'n'), 400);
    },
  ));

test('closing fails what runs and what waits, and ends every invoke', () =>
  withPool({ size: 1 }, async ({ pool, arrivals }) => {
    const calls = ['a', 'b'].map((name) => pool.call('tools', 'gate', [name]));
    const outcomes = collect(pool.invoke(requests('echo', [[1], [2]])));
    await arrivals(1);
    const refused = calls.map((call) => assert.rejects(call, { code: 'ERR_CLOSED' }));
    const closing = pool.close();
    await Promise.all(refused);
    assert.deepEqual(
      (await outcomes).map(({ error }) => error.code),
      ['ERR_CLOSED', 'ERR_CLOSED'],
    );
    await closing;
    assert.equal(pool.close(), pool.close());
    await assert.rejects(pool.call('tools', 'echo'), { code: 'ERR_CLOSED' });
    await assert.rejects(pool.loadPlugin('x', ''), { code: 'ERR_CLOSED' });
    await assert.rejects(collect(pool.invoke(requests('echo', [[1]]))), { code: 'ERR_CLOSED' });
  }));
