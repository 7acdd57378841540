import { assert, test } from 'guest:test';
import {
  argumentError,
  bare,
  clampLongLong,
  defineConstants,
  dictionary,
  domString,
  enforceUnsignedLongLong,
  isBufferSource,
  long,
  longLong,
  makeEnumerable,
  requireArguments,
  sequence,
  unsignedLong,
  usvString,
} from 'guest:webidl';

test('integers wrap as the standard converts them', () => {
  assert.deepEqual([2 ** 31, -1, NaN, '7', 1.9, Infinity].map(long), [-(2 ** 31), -1, 0, 7, 1, 0]);
  assert.deepEqual([2 ** 32 + 1, -1, NaN].map(unsignedLong), [1, 2 ** 32 - 1, 0]);
  assert.deepEqual(
    [-0.5, 1.9, 2 ** 53 - 1].map((value) => enforceUnsignedLongLong(value, 'x')),
    [0, 1, 2 ** 53 - 1],
  );
  for (const value of [-1, NaN, Infinity, 2 ** 53]) assert.throws(() => enforceUnsignedLongLong(value, 'x'), TypeError);
});

test('long integers wrap at 2**64 or are clamped to the nearest', () => {
  assert.deepEqual([2 ** 53, -1.9, NaN, Infinity, 2 ** 63, '7'].map(longLong), [2 ** 53, -1, 0, 0, -(2 ** 63), 7]);
  assert.deepEqual([0.5, 1.5, -0.5, 2.6, NaN].map(clampLongLong), [0, 2, 0, 3, 0]);
  assert.deepEqual([Infinity, -Infinity].map(clampLongLong), [2 ** 53 - 1, 1 - 2 ** 53]);
});

test('strings are converted, symbols refused, lone surrogates replaced', () => {
  assert.deepEqual([domString(null), domString(1), usvString('a\ud800b')], ['null', '1', 'a\ufffdb']);
  assert.throws(() => domString(Symbol()), TypeError);
});

test('a dictionary is an object or missing', () => {
  assert.equal(dictionary(undefined, 'x'), undefined);
  assert.equal(dictionary(null, 'x'), undefined);
  const members = { a: 1 };
  assert.ok(dictionary(members, 'x') === members);
  for (const value of [5, 'text', true]) assert.throws(() => dictionary(value, 'x'), TypeError);
});

test('a sequence is any iterable object', () => {
  assert.deepEqual(sequence(new Set([1, 2]), String, 'x'), ['1', '2']);
  for (const value of ['text', {}, null, 5]) assert.throws(() => sequence(value, String, 'x'), TypeError);
});

test('buffers and views are buffer sources', () => {
  for (const value of [
    new ArrayBuffer(1),
    new Uint8Array(1),
    new DataView(new ArrayBuffer(1)),
    new SharedArrayBuffer(1),
  ])
    assert.ok(isBufferSource(value));
  for (const value of [[], {}, null, 'text', Object.create(ArrayBuffer.prototype)]) assert.ok(!isBufferSource(value));
});

test('an interface gets enumerable members, a tag and constants', () => {
  class Thing {
    declare static readonly ONE: number;
    run(): void {}
  }
  makeEnumerable(Thing, ['run']);
  defineConstants(Thing, { ONE: 1 });
  assert.deepEqual(Object.keys(Thing.prototype), ['run', 'ONE']);
  assert.equal(Object.prototype.toString.call(new Thing()), '[object Thing]');
  assert.equal(Thing.ONE, 1);
});

test('too few arguments are a TypeError that counts them', () => {
  requireArguments(2, 2, 'x');
  assert.throws(() => requireArguments(1, 2, 'X.y'), {
    name: 'TypeError',
    message: 'X.y: 2 arguments required, but only 1 present',
  });
});

test('an argument error has one shape and a code', () => {
  const { code, message } = argumentError('a string', 'name', 'x'.repeat(50));
  assert.deepEqual(
    [code, message],
    ['ERR_ARGUMENT', `Expected a string for name but received "${'x'.repeat(40)}…" of type string`],
  );
});

test('a bare record inherits nothing', () => {
  assert.equal(bare()['toString'], undefined);
  assert.equal(bare()['__proto__'], undefined);
});
