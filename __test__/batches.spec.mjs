// Calls and answers of one tick cross together: nobody may notice by anything but the clock.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure, openWith, open } from './fixtures/host.mjs';

const SOURCE = `
  const seen = [];
  exports.note = (value) => (seen.push(value), value);
  exports.seen = () => seen.splice(0);
  exports.never = () => new Promise(() => {});
  exports.fail = (text) => { throw new Error(text); };
  exports.ask = (values) => Promise.all(values.map((value) => bridge.echo(value)));
`;

describe('calls of one tick', () => {
  test('are done in their order, whatever they carry', async (t) => {
    const host = await openWith(t, SOURCE);
    const values = Array.from({ length: 300 }, (_, i) => {
      if (i % 7 === 3) return 'é'.repeat(i * 40);
      if (i % 50 === 20) return 'x'.repeat(100_000);
      if (i % 11 === 5) return new Uint8Array(2_000).fill(i);
      return { i };
    });
    const results = await Promise.all(values.map((value) => host.call('p', 'note', [value])));
    assert.deepEqual(results, values);
    assert.deepEqual(await host.call('p', 'seen'), values);
  });

  test('are not overtaken by anything else that is asked', async (t) => {
    const host = await openWith(t, SOURCE);
    const calls = [
      host.call('p', 'note', [1]),
      host.call('p', 'note', [2]),
      host.call('p', 'note', [3], { timeoutMs: 5_000 }),
      host.call('p', 'note', [4]),
      host.call('p', 'note', [5]),
    ];
    assert.equal(host.stats().calls, 6);
    const unloaded = host.unloadPlugin('p');
    assert.deepEqual(await Promise.all(calls), [1, 2, 3, 4, 5]);
    assert.equal(await unloaded, true);
  });

  test('go to the sandbox that each is meant for', async (t) => {
    const hosts = await Promise.all(Array.from({ length: 3 }, () => openWith(t, SOURCE)));
    const order = [0, 0, 1, 0, 2, 2, 1, 1, 0];
    await Promise.all(order.map((index, i) => hosts[index].call('p', 'note', [i])));
    for (const [index, host] of hosts.entries()) {
      const expected = order.flatMap((other, i) => (other === index ? [i] : []));
      assert.deepEqual(await host.call('p', 'seen'), expected);
    }
  });

  test('go to many sandboxes at once, of which some ask back and one is closed meanwhile', async (t) => {
    const bridge = { echo: async (value) => value };
    const hosts = await Promise.all(Array.from({ length: 40 }, () => openWith(t, SOURCE, { bridge })));
    const results = Array.from({ length: 400 }, (_, i) => {
      const host = hosts[i % hosts.length];
      return i % 3 === 0 ? host.call('p', 'ask', [[i, `é${i}`]]) : host.call('p', 'note', [i]);
    });
    const closed = hosts[7].close();
    const settled = await Promise.allSettled(results);
    await closed;
    for (const [i, result] of settled.entries()) {
      if (i % hosts.length === 7) {
        if (result.status === 'rejected') assert.equal(result.reason.code, 'ERR_CLOSED');
      } else {
        assert.deepEqual(result.value, i % 3 === 0 ? [i, `é${i}`] : i);
      }
    }
  });

  test('fail one by one', async (t) => {
    const host = await openWith(t, SOURCE);
    const results = await Promise.allSettled([
      host.call('p', 'note', [1]),
      host.call('p', 'fail', ['a']),
      host.call('p', 'note', [() => {}]),
      host.call('p', 'nobody', []),
      host.call('q', 'note', []),
      host.call('p', 'note', [2]),
    ]);
    const seen = results.map(({ value, reason }) => reason?.code ?? value);
    assert.deepEqual(seen, [1, 'ERR_GUEST', 'ERR_CLONE', 'ERR_FUNCTION_NOT_FOUND', 'ERR_PLUGIN_NOT_FOUND', 2]);
  });

  test('may be made by an accessor of an argument', async (t) => {
    const host = await openWith(t, SOURCE);
    const inner = [];
    const outer = (n) => ({
      get n() {
        inner.push(host.call('p', 'note', [`inner ${n}`]));
        if (n === 2) inner.push(host.call('p', 'note', ['timed'], { timeoutMs: 5_000 }));
        return n;
      },
    });
    const results = await Promise.all([0, 1, 2, 3].map((n) => host.call('p', 'note', [outer(n)])));
    assert.deepEqual(results, [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]);
    assert.deepEqual(await Promise.all(inner), ['inner 0', 'inner 1', 'inner 2', 'timed', 'inner 3']);
  });

  test('are answered where the sandbox is closed in the same tick, and after', async (t) => {
    const host = await openWith(t, SOURCE);
    const calls = [1, 2, 3].map(() => failure(host.call('p', 'never')));
    const closed = host.close();
    calls.push(...[4, 5].map(() => failure(host.call('p', 'never'))));
    await closed;
    const codes = (await Promise.all(calls)).map(({ code }) => code);
    assert.deepEqual(codes, Array(5).fill('ERR_CLOSED'));
  });

  test('leave a sandbox busy for a synchronous call', async (t) => {
    const host = open(t);
    await host.loadPlugin('p', 'exports.spin = () => { for (const end = Date.now() + 50; Date.now() < end; ); };');
    const calls = [host.call('p', 'spin'), host.call('p', 'spin')];
    assert.throws(() => host.callSync('p', 'spin'), { code: 'ERR_BUSY' });
    await Promise.all(calls);
  });
});

describe('calls one after the other', () => {
  test('leave Node its other work', async (t) => {
    const host = await openWith(t, SOURCE);
    let others = 0;
    const timer = setInterval(() => others++, 1);
    // Without the timer there is no end.
    for (let i = 0; others < 10; i++) assert.equal(await host.call('p', 'note', [i]), i);
    clearInterval(timer);
  });

  test('are answered where the app has stopped the timers', async (t) => {
    const host = await openWith(t, SOURCE);
    t.mock.timers.enable({ apis: ['setImmediate', 'setTimeout'] });
    for (let i = 0; i < 200; i++) assert.equal(await host.call('p', 'note', [i]), i);
  });

  test('are answered while other calls come and go', async (t) => {
    const bridge = { echo: async (value) => value };
    const hosts = await Promise.all(Array.from({ length: 4 }, () => openWith(t, SOURCE, { bridge })));
    const talk = async (host, length) => {
      for (let i = 0; i < length; i++) assert.deepEqual(await host.call('p', 'ask', [[i]]), [i]);
    };
    await Promise.all(hosts.map((host, index) => talk(host, 50 * (index + 1))));
  });
});

describe('answers of one tick', () => {
  test('reach the calls that they are for', async (t) => {
    const host = await openWith(t, SOURCE, {
      bridge: { echo: (value) => (value === 13 ? Promise.reject(new Error('13')) : value) },
    });
    const values = Array.from({ length: 200 }, (_, i) => (i % 40 === 39 ? 'y'.repeat(70_000) : i + 100));
    assert.deepEqual(await host.call('p', 'ask', [values]), values);
    assert.equal((await failure(host.call('p', 'ask', [[1, 13, 2]]))).message, '13');
  });
});
