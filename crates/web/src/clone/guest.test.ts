import { assert, test } from 'guest:test';
import { structuredClone } from 'guest:clone';

test('plain data is copied deeply', () => {
  const value = {
    list: [1, , 'x', null, undefined, -0, 10n],
    map: new Map([[{ k: 1 }, 'v']]),
    set: new Set([1]),
    date: new Date(5),
    pattern: /a/gi,
    bytes: new Uint8Array([1, 2]),
    error: new RangeError('bad'),
  };
  const copy = structuredClone(value);
  assert.deepEqual(copy, value);
  assert.ok(copy !== value && copy.list !== value.list && copy.bytes.buffer !== value.bytes.buffer);
});

test('identity and cycles survive', () => {
  const value: any = { a: {} };
  value.b = value.a;
  value.self = value;
  const copy = structuredClone(value);
  assert.ok(copy.self === copy && copy.a === copy.b && copy.a !== value.a);
});

test('what cannot be cloned is a DataCloneError', () => {
  for (const value of [() => {}, Symbol(), new WeakMap(), { deep: [() => {}] }]) {
    assert.throws(() => structuredClone(value), { name: 'DataCloneError', code: 25 });
  }
});

test('a transferred buffer moves and leaves its original detached', () => {
  const buffer = new Uint8Array([1, 2, 3]).buffer;
  const moved = structuredClone(buffer, { transfer: [buffer] });
  assert.deepEqual([moved.byteLength, buffer.byteLength], [3, 0]);
});

test('a detached buffer cannot be transferred', () => {
  const buffer = new ArrayBuffer(2);
  structuredClone(0, { transfer: [buffer] });
  assert.throws(() => structuredClone(0, { transfer: [buffer] }), { name: 'DataCloneError' });
});

test('a transfer list may be any iterable of objects', () => {
  const buffer = new ArrayBuffer(2);
  structuredClone(null, { transfer: new Set([buffer]) });
  assert.equal(buffer.byteLength, 0);
  for (const transfer of [5, {}, [5], null]) assert.throws(() => structuredClone(1, { transfer: transfer as any }));
});

test('the same buffer twice in a transfer list is a DataCloneError', () => {
  const buffer = new ArrayBuffer(2);
  assert.throws(() => structuredClone(1, { transfer: [buffer, buffer] }), { name: 'DataCloneError' });
});

test('options may be missing but not a primitive', () => {
  assert.equal(structuredClone(1, undefined), 1);
  assert.equal(structuredClone(1, null as any), 1);
  assert.throws(() => structuredClone(1, 5 as any), TypeError);
  assert.throws(() => (structuredClone as any)(), TypeError);
});
