import { cache } from 'guest:cache';
import { assert, test } from 'guest:test';

const circular: unknown[] = [];
circular[0] = circular;

test('a value is read as it was set, as a copy', () => {
  for (const value of [null, true, 0, -1.5, '', 'ä😀\u0000', [], [1, [2]], {}, { a: { b: [null] } }]) {
    cache.set('value', value);
    assert.deepEqual(cache.get('value', 'fallback'), value);
  }
  const mine = { list: [1] };
  cache.set('mine', mine);
  mine.list.push(2);
  const read = cache.get<typeof mine>('mine')!;
  assert.deepEqual(read, { list: [1] });
  assert.ok(read !== cache.get('mine'));
});

test('get gives null or the fallback where there is no entry, and a stored null before the fallback', () => {
  cache.delete('none');
  assert.equal(cache.get('none'), null);
  assert.equal(cache.get('none', 5), 5);
  cache.set('none', null);
  assert.equal(cache.get('none', 5), null);
});

test('has and delete tell whether there is an entry', () => {
  cache.set('there', 0);
  assert.equal(cache.has('there'), true);
  assert.equal(cache.delete('there'), true);
  assert.equal(cache.has('there'), false);
  assert.equal(cache.delete('there'), false);
});

test('setIfAbsent sets once', () => {
  cache.delete('once');
  assert.equal(cache.setIfAbsent('once', 1), true);
  assert.equal(cache.setIfAbsent('once', 2), false);
  assert.equal(cache.get('once'), 1);
});

test('compareAndSet sets where the value is the expected one', () => {
  cache.set('count', 1);
  assert.equal(cache.compareAndSet('count', 2, 3), false);
  assert.equal(cache.compareAndSet('count', '1', 3), false);
  assert.equal(cache.compareAndSet('count', 1, 2), true);
  assert.equal(cache.get('count'), 2);
});

test('for compareAndSet no entry is null, as get says, and undefined is no entry alone', () => {
  cache.delete('fresh');
  assert.equal(cache.compareAndSet('fresh', 0, 1), false);
  assert.equal(cache.compareAndSet('fresh', cache.get('fresh'), null), true);
  assert.equal(cache.compareAndSet('fresh', undefined, 1), false);
  assert.equal(cache.compareAndSet('fresh', null, 1), true);
  cache.delete('fresh');
  assert.equal(cache.compareAndSet('fresh', undefined, 1), true);
});

test('compareAndSet takes objects with the same members for equal, in any order', () => {
  cache.set('object', { b: [1, { d: 1, c: 2 }], a: null });
  for (const other of [
    { a: null },
    { a: null, b: [1, { c: 2 }] },
    { a: null, b: { 0: 1, 1: { c: 2, d: 1 } } },
    { a: undefined, b: [1, { c: 2, d: 1 }] },
    { b: [{ c: 2, d: 1 }, 1], a: null },
    [],
  ]) {
    assert.equal(cache.compareAndSet('object', other, 1), false);
  }
  assert.equal(cache.compareAndSet('object', { a: null, b: [1, { c: 2, d: 1 }] }, 1), true);
  assert.equal(cache.get('object'), 1);
});

test('an entry ends with its time to live', async () => {
  cache.set('short', 1, { ttlMs: 1 });
  cache.set('long', 1, { ttlMs: 1e300 });
  for (const end = performance.now() + 10_000; cache.has('short') && performance.now() < end;) await undefined;
  assert.equal(cache.get('short'), null);
  assert.equal(cache.get('long'), 1);
});

test('keys have 1 to 240 characters, none of them a control character or half a pair', () => {
  cache.set('x'.repeat(240), 1);
  cache.set('__proto__', 1);
  assert.equal(cache.get('__proto__'), 1);
  for (const key of ['', 'x'.repeat(241), 'a\u0000', '\n', 'a\u007fb', '\u0085', '\ud800', 5, null, {}, undefined]) {
    assert.throws(() => cache.get(key as string), { name: 'TypeError', code: 'ERR_ARGUMENT' });
    assert.throws(() => cache.set(key as string, 1), { name: 'TypeError', code: 'ERR_ARGUMENT' });
    assert.throws(() => cache.setIfAbsent(key as string, 1), { name: 'TypeError', code: 'ERR_ARGUMENT' });
    assert.throws(() => cache.compareAndSet(key as string, 1, 2), { name: 'TypeError', code: 'ERR_ARGUMENT' });
    assert.throws(() => cache.has(key as string), { name: 'TypeError', code: 'ERR_ARGUMENT' });
    assert.throws(() => cache.delete(key as string), { name: 'TypeError', code: 'ERR_ARGUMENT' });
  }
});

test('values that JSON cannot say are refused and leave the entry as it is', () => {
  cache.set('kept', 1);
  for (const value of [undefined, () => 1, Symbol('x')]) {
    assert.throws(() => cache.set('kept', value), { name: 'TypeError', code: 'ERR_ARGUMENT' });
  }
  assert.throws(() => cache.set('kept', 1n), TypeError);
  assert.throws(() => cache.set('kept', circular), TypeError);
  assert.equal(cache.get('kept'), 1);
});

test('times to live are numbers above 0', () => {
  for (const ttlMs of [0, -1, NaN, Infinity, '5', null]) {
    assert.throws(() => cache.set('key', 1, { ttlMs } as object), { name: 'TypeError', code: 'ERR_ARGUMENT' });
  }
  for (const options of [null, 5, () => 1]) {
    assert.throws(() => cache.set('key', 1, options as object), { name: 'TypeError', code: 'ERR_ARGUMENT' });
  }
});

test('no method has anything of the platform to give away', () => {
  assert.deepEqual(Object.keys(cache), ['get', 'set', 'setIfAbsent', 'compareAndSet', 'has', 'delete']);
});
