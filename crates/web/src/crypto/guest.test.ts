import { assert, test } from 'guest:test';
import { Crypto, crypto } from 'guest:crypto';

test('every view of integers is filled and given back', () => {
  const views = [
    new Int8Array(32),
    new Uint8Array(32),
    new Uint8ClampedArray(32),
    new Int16Array(16),
    new Uint16Array(16),
    new Int32Array(16),
    new Uint32Array(16),
    new BigInt64Array(8),
    new BigUint64Array(8),
  ];
  for (const view of views) {
    assert.ok(crypto.getRandomValues(view) === view);
    assert.ok(new Uint8Array(view.buffer).some((byte) => byte !== 0));
  }
});

test('only what the view shows is filled', () => {
  const whole = new Uint8Array(64);
  crypto.getRandomValues(whole.subarray(16, 48));
  assert.ok(whole.subarray(0, 16).every((byte) => byte === 0) && whole.subarray(48).every((byte) => byte === 0));
});

test('65,536 bytes are given, and one more is refused', () => {
  crypto.getRandomValues(new Uint8Array(65536));
  assert.throws(() => crypto.getRandomValues(new Uint8Array(65537)), { name: 'QuotaExceededError' });
  assert.equal(crypto.getRandomValues(new Uint8Array(0)).length, 0);
});

test('views of anything but integers are refused', () => {
  for (const view of [new Float32Array(1), new Float64Array(70000), new DataView(new ArrayBuffer(1))]) {
    assert.throws(() => crypto.getRandomValues(view), { name: 'TypeMismatchError', code: 17 });
  }
});

test('random UUIDs are of version 4', () => {
  assert.ok(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
  assert.ok(crypto.randomUUID() !== crypto.randomUUID());
});

test('what is no view of an ArrayBuffer is a TypeError', () => {
  for (const value of [new ArrayBuffer(4), new Uint8Array(new SharedArrayBuffer(4)), [1], null, undefined, {}, 5]) {
    assert.throws(() => crypto.getRandomValues(value as any), TypeError);
  }
});

test('the class has the look of the standard', () => {
  assert.throws(() => new Crypto(), TypeError);
  assert.equal(Object.prototype.toString.call(crypto), '[object Crypto]');
  assert.throws(() => Crypto.prototype.randomUUID.call({} as any), TypeError);
  assert.ok(Object.getOwnPropertyDescriptor(Crypto.prototype, 'subtle')!.enumerable);
  assert.ok(crypto.subtle === crypto.subtle);
});

test("Node's functions stand beside those of the standard, out of sight", () => {
  const { createHash } = crypto as unknown as { createHash: (name: string) => any };
  if (createHash === undefined) return; // Node's own: only its module has them.
  assert.equal(createHash('md5').update('a').digest('hex'), '0cc175b9c0f1b6a831c399e269772661');
  assert.deepEqual(Object.keys(crypto), []);
  assert.equal(Object.getOwnPropertyDescriptor(crypto, 'createHash')!.enumerable, false);
  assert.equal(Object.hasOwn(crypto, 'randomUUID'), false);
});
