import { assert, test } from 'guest:test';
import { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from 'guest:timers';

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('a timer passes its arguments on and calls with the global object as this', async () => {
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    setTimeout(
      function (this: unknown, ...args: unknown[]) {
        seen.push(this === globalThis, ...args);
        resolve();
      },
      0,
      'a',
      2,
    );
  });
  assert.deepEqual(seen, [true, 'a', 2]);
});

test('timers run by due time, equal ones in the order of their creation', async () => {
  const log: number[] = [];
  setTimeout(() => log.push(30), 30);
  setTimeout(() => log.push(10), 10);
  setTimeout(() => log.push(11), 10);
  await after(60);
  assert.deepEqual(log, [10, 11, 30]);
});

test('promises settle between two timers', async () => {
  const log: string[] = [];
  setTimeout(() => {
    log.push('one');
    Promise.resolve().then(() => log.push('microtask'));
  }, 0);
  setTimeout(() => log.push('two'), 0);
  await after(10);
  assert.deepEqual(log, ['one', 'microtask', 'two']);
});

test('ids are positive integers that timeouts and intervals share', () => {
  const one = setTimeout(() => {}, 1000);
  const two = setInterval(() => {}, 1000);
  assert.ok(Number.isInteger(one) && one > 0 && Number.isInteger(two) && two > 0 && one !== two);
  clearInterval(one);
  clearTimeout(two);
});

test('either clear function ends either kind of timer', async () => {
  let calls = 0;
  clearInterval(setTimeout(() => calls++, 0));
  clearTimeout(setInterval(() => calls++, 0));
  await after(10);
  assert.equal(calls, 0);
});

test('clearing what was never given means nothing', () => {
  for (const id of [0, -1, 1e9, NaN, undefined, null, 'x']) {
    clearTimeout(id as any);
    clearInterval(id as any);
    clearImmediate(id as any);
  }
});

test('an interval repeats until it clears itself', async () => {
  let calls = 0;
  await new Promise<void>((resolve) => {
    const id = setInterval(() => {
      calls++;
      if (calls < 3) return;
      clearInterval(id);
      resolve();
    }, 1);
  });
  await after(10);
  assert.equal(calls, 3);
});

test('a handler that throws does not stop its interval', async () => {
  let calls = 0;
  const id = setInterval(() => {
    calls++;
    throw new Error('reported by a test');
  }, 1);
  while (calls < 3) await after(1);
  clearInterval(id);
  assert.ok(calls >= 3);
});

test('delays are converted to a signed 32-bit integer, and what is below zero is zero', async () => {
  const delays = [-5, NaN, Infinity, 2 ** 31, 2 ** 32 + 1, '2', null, undefined, {}, 0.9];
  await Promise.all(delays.map((delay) => new Promise<void>((resolve) => setTimeout(resolve, delay as any))));
});

test('a handler that is no function is a TypeError that says why', () => {
  for (const handler of ['code()', undefined, 5, {}]) {
    assert.throws(() => setTimeout(handler as any, 0), TypeError);
    assert.throws(() => setInterval(handler as any, 0), TypeError);
    assert.throws(() => setImmediate(handler as any), TypeError);
  }
  assert.throws(() => (setTimeout as any)(), TypeError);
});

test('timers nested more than five levels deep wait at least four milliseconds', async () => {
  const start = performance.now();
  await new Promise<void>((resolve) => {
    const nest = (level: number): void => {
      if (level === 15) resolve();
      else setTimeout(() => nest(level + 1), 0);
    };
    nest(0);
  });
  assert.ok(performance.now() - start >= 30, `took ${performance.now() - start} ms`);
});

test('an immediate runs before a timer that was started after it, with its arguments', async () => {
  const log: unknown[] = [];
  await new Promise<void>((resolve) => {
    setImmediate((...args) => log.push(...args), 'a', 1);
    setTimeout(() => {
      log.push('timer');
      resolve();
    }, 5);
  });
  assert.deepEqual(log, ['a', 1, 'timer']);
});

test('a cleared immediate does not run', async () => {
  let calls = 0;
  clearImmediate(setImmediate(() => calls++));
  await after(5);
  assert.equal(calls, 0);
});

test('the functions have the lengths and names of the standard', () => {
  assert.deepEqual(
    [setTimeout, setInterval, clearTimeout, clearInterval, setImmediate, clearImmediate].map(
      (f) => `${f.name} ${f.length}`,
    ),
    ['setTimeout 1', 'setInterval 1', 'clearTimeout 0', 'clearInterval 0', 'setImmediate 1', 'clearImmediate 0'],
  );
});
