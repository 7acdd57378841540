import { assert, test } from 'guest:test';
import { randomBytes, randomFill, randomFillSync, randomInt, randomUUID, timingSafeEqual } from 'guest:noderandom';

function called<T>(start: (callback: (error: unknown, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
}

const isFilled = (bytes: Uint8Array) => bytes.some((byte) => byte !== 0);

test('random bytes are as many as were asked for, at once or by a callback', async () => {
  for (const made of [randomBytes(64), await called<Uint8Array>((callback) => randomBytes(64, callback))]) {
    assert.ok(made instanceof Uint8Array && made.length === 64 && isFilled(made));
  }
  assert.equal(randomBytes(0).length, 0);
  assert.equal(randomBytes(100_000).length, 100_000);
});

test('a callback is never called before the function returns', async () => {
  let hasReturned = false;
  const wasLater = called<Uint8Array>((callback) => randomBytes(8, callback)).then(() => hasReturned);
  hasReturned = true;
  assert.ok(await wasLater);
});

test('a size that is none is refused', () => {
  for (const size of [-1, NaN, 2 ** 31]) {
    assert.throws(() => randomBytes(size), {
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: `The value of "size" is out of range. It must be >= 0 && <= 2147483647. Received ${size}`,
    });
  }
  assert.throws(() => randomBytes('a' as any), {
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_TYPE',
    message: 'The "size" argument must be of type number. Received type string (\'a\')',
  });
  assert.throws(() => randomBytes(5, 5 as any), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('filling touches the part that was named, in elements', async () => {
  const words = new Uint16Array(64);
  assert.ok(randomFillSync(words, 16, 32) === words);
  assert.ok(words.subarray(0, 16).every((word) => word === 0) && words.subarray(48).every((word) => word === 0));
  assert.ok(words.subarray(16, 48).some((word) => word !== 0));
  const bytes = new Uint8Array(64);
  const filled = await called<Uint8Array>((callback) => randomFill(bytes, 32, callback));
  assert.ok(filled === bytes && isFilled(bytes.subarray(32)) && !isFilled(bytes.subarray(0, 32)));
  assert.ok(isFilled(new Uint8Array(randomFillSync(new ArrayBuffer(64)))));
  assert.ok(isFilled(await called<Uint8Array>((callback) => randomFill(new Uint8Array(64), callback))));
});

test('a part that is not there is refused', () => {
  assert.throws(() => randomFillSync(new Uint8Array(5), 6), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => randomFillSync(new Uint16Array(4), 1, 4), {
    name: 'RangeError',
    message: 'The value of "size + offset" is out of range. It must be <= 8. Received 10',
  });
  assert.throws(() => randomFillSync('a' as any), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => randomFill(new Uint8Array(4), 0 as any), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('random numbers lie in their range, and reach all of it', async () => {
  const seen = new Set<number>();
  for (let i = 0; i < 400; i++) seen.add(randomInt(-2, 3)!);
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2],
  );
  assert.equal(randomInt(1), 0);
  assert.ok(randomInt(2 ** 48 - 1)! < 2 ** 48);
  assert.equal(await called<number>((callback) => randomInt(7, 8, callback)), 7);
  assert.equal(await called<number>((callback) => randomInt(1, callback)), 0);
});

test('a range that is none is refused', () => {
  assert.throws(() => randomInt(5, 5), {
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
    message: 'The value of "max" is out of range. It must be greater than the value of "min" (5). Received 5',
  });
  assert.throws(() => randomInt(2 ** 48), {
    message: 'The value of "max" is out of range. It must be <= 281474976710655. Received 281_474_976_710_656',
  });
  assert.throws(() => randomInt(1.5), {
    name: 'TypeError',
    message: 'The "max" argument must be a safe integer. Received type number (1.5)',
  });
});

test('UUIDs are of version 4', () => {
  assert.ok(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(randomUUID()));
  assert.ok(randomUUID({ disableEntropyCache: true }) !== randomUUID());
  assert.throws(() => randomUUID(5 as any), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('bytes are compared whatever shows them', () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  assert.equal(timingSafeEqual(bytes, new Uint16Array([0x0201, 0x0403])), true);
  assert.equal(timingSafeEqual(bytes, new DataView(new ArrayBuffer(4))), false);
  assert.equal(timingSafeEqual(new ArrayBuffer(0), new Uint8Array()), true);
  assert.throws(() => timingSafeEqual(bytes, new Uint8Array(3)), {
    name: 'RangeError',
    code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
  });
  assert.throws(() => timingSafeEqual('a' as any, bytes), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
});
