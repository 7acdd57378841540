import { assert as check, test } from 'guest:test';
import { assert, strict } from 'guest:assert';

/** What a failing check throws. */
function failure(run: () => unknown): any {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('checks that hold say nothing', () => {
  assert(1);
  assert.ok('x');
  assert.equal(1, '1');
  assert.strictEqual(NaN, NaN);
  assert.deepEqual({ a: 1 }, { a: '1' });
  assert.deepStrictEqual(new Map([[{ a: 1 }, new Set([1])]]), new Map([[{ a: 1 }, new Set([1])]]));
  assert.notStrictEqual(1, 2);
  assert.notDeepStrictEqual([1], [2]);
  assert.match('abc', /b/);
  assert.doesNotMatch('abc', /x/);
  assert.ifError(null);
  assert.doesNotThrow(() => {});
});

test('a check that fails throws an AssertionError with what was found and what was wanted', () => {
  const error = failure(() => assert.strictEqual(1, 2));
  check.deepEqual(
    [error.name, error.code, error.actual, error.expected, error.operator, error.generatedMessage],
    ['AssertionError', 'ERR_ASSERTION', 1, 2, 'strictEqual', true],
  );
  check.equal(error.message, 'Expected values to be strictly equal:\n\n1 !== 2\n');
  check.ok(error instanceof assert.AssertionError && error instanceof Error);
  check.equal(failure(() => assert.equal(1, 2)).message, '1 == 2');
  check.equal(failure(() => assert.notEqual(1, 1)).message, '1 != 1');
  check.equal(failure(() => assert.equal(1, 2, 'own')).message, 'own');
  check.equal(failure(() => assert.fail()).message, 'Failed');
  check.equal(failure(() => assert.ok(false, new RangeError('mine'))).name, 'RangeError');
  check.equal(failure(() => assert.strictEqual(1)).code, 'ERR_MISSING_ARGS');
});

test('longer values are compared line by line', () => {
  const { message } = failure(() => assert.deepStrictEqual({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }));
  check.ok(message.startsWith('Expected values to be strictly deep-equal:\n'), message);
  check.ok(/\+ {5}2/.test(message) && /- {5}3/.test(message), message);
  check.ok(
    failure(() => assert.notDeepStrictEqual({ a: 1 }, { a: 1 })).message.includes('not to be strictly deep-equal'),
  );
});

test('the strict module has strict checks under the loose names', () => {
  check.equal(assert.strict, strict);
  check.equal(failure(() => strict.equal(1, '1')).operator, 'strictEqual');
  check.equal(failure(() => strict.deepEqual([1], ['1'])).operator, 'deepStrictEqual');
});

test('an expected exception is checked by class, pattern, object and function', () => {
  const raise = (): never => {
    throw Object.assign(new TypeError('bad thing'), { code: 'X' });
  };
  assert.throws(raise);
  assert.throws(raise, TypeError);
  assert.throws(raise, /bad/);
  assert.throws(raise, { name: 'TypeError', message: /thing/, code: 'X' });
  assert.throws(raise, (error: any) => error.code === 'X');
  check.equal(failure(() => assert.throws(() => {})).message, 'Missing expected exception.');
  check.equal(
    failure(() => assert.throws(() => {}, TypeError, 'why')).message,
    'Missing expected exception (TypeError): why',
  );
  check.equal(failure(() => assert.throws(raise, /other/)).code, 'ERR_ASSERTION');
  check.equal(failure(() => assert.throws(raise, { code: 'Y' })).code, 'ERR_ASSERTION');
  check.equal(failure(() => assert.throws('x')).code, 'ERR_INVALID_ARG_TYPE');
  check.ok(failure(() => assert.doesNotThrow(raise)).message.startsWith('Got unwanted exception.'));
});

test('an expected rejection is checked in the same ways', async () => {
  await assert.rejects(Promise.reject(new RangeError('no')), RangeError);
  await assert.rejects(async () => {
    throw new RangeError('no');
  }, /no/);
  await assert.doesNotReject(Promise.resolve(1));
  await check.rejects(assert.rejects(Promise.resolve(1)), { message: 'Missing expected rejection.' } as any);
  await check.rejects(assert.rejects((() => 1) as any), { code: 'ERR_INVALID_RETURN_VALUE' });
});

test('deep equality tells kinds, prototypes and slots apart', () => {
  const pairs: [unknown, unknown][] = [
    [0, -0],
    [
      [1, , 3],
      [1, undefined, 3],
    ],
    [{}, []],
    [new Date(0), new Date(1)],
    [/a/g, /a/i],
    [new Error('a'), new Error('b')],
    [new Set([1]), new Set([2])],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [Object(1), Object(2)],
    [{ a: undefined }, {}],
    [Object.create(null), {}],
    [new Uint8Array([1]), new Int8Array([1])],
    [{ [Symbol.iterator]: 1 }, {}],
  ];
  for (const [a, b] of pairs) assert.notDeepStrictEqual(a, b);
  const circle = (): object => {
    const value: any = { list: [] };
    value.list.push(value);
    return value;
  };
  assert.deepStrictEqual(circle(), circle());
});

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

test('an error that is not wanted is told by a class, a pattern or a function', () => {
  const thrower = (): never => {
    throw new TypeError('bad');
  };
  const unwanted = 'Got unwanted exception.\nActual message: "bad"';
  for (const meant of [TypeError, /bad/, () => true, undefined, null]) {
    check.equal(
      message(() => assert.doesNotThrow(thrower, meant)),
      unwanted,
    );
  }
  for (const other of [RangeError, /good/, () => false]) {
    check.equal(
      message(() => assert.doesNotThrow(thrower, other)),
      'bad',
    );
  }
  check.throws(() => assert.doesNotThrow(thrower, {}), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a check of an error is asked once', () => {
  let asked = 0;
  const thrower = (): never => {
    throw new Error('bad');
  };
  check.throws(() => assert.throws(thrower, () => ++asked > 5), { code: 'ERR_ASSERTION' });
  check.equal(asked, 1);
});

test('what is missing is named, and what is no error is shown', () => {
  const text = (): never => {
    throw 'text';
  };
  check.equal(
    message(() => assert.throws(() => {}, { name: 'Mine' })),
    'Missing expected exception (Mine).',
  );
  const shown = 'The error is expected to be an instance of "TypeError". Received "\'text\'"';
  check.equal(
    message(() => assert.throws(text, TypeError)),
    shown,
  );
});

test('values that are loosely alike are both shown', () => {
  const both =
    'Expected values not to be loosely deep-equal:\n\n[\n  1\n]\n\nshould not loosely deep-equal\n\n[\n  "1"\n]';
  check.equal(
    message(() => assert.notDeepEqual([1], ['1'])),
    both.replaceAll('"', "'"),
  );
});
