import { assert, test } from 'guest:test';
import { native } from 'guest:native';

const bytes = (...values: number[]) => new Uint8Array(values);

test('put and take give the bytes back once', async () => {
  const id = await native.put(bytes(1, 2, 3));
  assert.ok(Number.isSafeInteger(id) && id > 0);
  assert.deepEqual(await native.take(id), bytes(1, 2, 3));
  await assert.rejects(native.take(id), { name: 'TypeError', code: 'ERR_ID_NOT_FOUND' });
});

test('put reads its input before it returns', async () => {
  const input = bytes(1, 2);
  const promise = native.put(input);
  input[0] = 9;
  assert.deepEqual(await native.take(await promise), bytes(1, 2));
});

test('exec leaves its input valid', async () => {
  const input = await native.put(bytes(0, 255));
  const output = await native.exec('invert', input);
  assert.deepEqual(await native.take(output), bytes(255, 0));
  assert.deepEqual(await native.take(input), bytes(0, 255));
});

test('exec takes a second input by its id', async () => {
  const one = await native.put(bytes(1, 3));
  const two = await native.put(bytes(1, 1));
  assert.deepEqual(await native.take(await native.exec('xor', one, undefined, two)), bytes(0, 2));
  await native.free(one);
  await native.free(two);
});

test('execChain takes names and steps', async () => {
  const one = await native.put(bytes(1, 3));
  const output = await native.execChain(one, ['invert', { op: 'xor', extraInputId: one }, { op: 'noop', args: {} }]);
  assert.deepEqual(await native.take(output), bytes(255, 255));
  await native.free(one);
});

test('takeInto copies what fits and consumes the id', async () => {
  const target = new Uint8Array(4);
  const whole = await native.takeInto(await native.put(bytes(1, 2)), target, 1);
  assert.ok(whole.buffer === target);
  assert.deepEqual([whole.bytesWritten, whole.sourceLength, whole.truncated], [2, 2, false]);
  const id = await native.put(bytes(7, 8, 9));
  const cut = await native.takeInto(id, target, 3);
  assert.deepEqual([cut.bytesWritten, cut.sourceLength, cut.truncated], [1, 3, true]);
  assert.deepEqual(target, bytes(0, 1, 2, 7));
  await assert.rejects(native.free(id), { code: 'ERR_ID_NOT_FOUND' });
});

test('info tells the length', async () => {
  const id = await native.put(new ArrayBuffer(5));
  assert.equal((await native.info(id)).byteLength, 5);
  await native.free(id);
});

test('run and chain work on bytes directly', async () => {
  assert.deepEqual(await native.run('xor', bytes(1, 2), undefined, bytes(3, 3)), bytes(2, 1));
  assert.deepEqual(await native.chain(['invert', 'invert'], bytes(4)), bytes(4));
  const id = await native.put(bytes(0));
  assert.deepEqual(await native.chain(['invert'], id), bytes(255));
  await native.free(id);
});

test('gzipDecompress undoes gzipCompress', async () => {
  const packed = await native.gzipCompress(new Uint8Array(1000));
  assert.ok(packed.length < 100);
  assert.deepEqual(await native.gzipDecompress(packed), new Uint8Array(1000));
});

test('an unknown operation is a TypeError with a code', async () => {
  await assert.rejects(native.run('no such op', bytes(1)), { name: 'TypeError', code: 'ERR_OP' });
});

test('wrong arguments reject and name what was expected', async () => {
  const any = native as any;
  const cases: [() => Promise<unknown>, string][] = [
    [() => any.put('text'), 'Expected an ArrayBuffer or a view for input but received "text" of type string'],
    [() => any.put(null), 'Expected an ArrayBuffer or a view for input but received null of type null'],
    [() => any.take(0), 'Expected an id, a positive integer for id but received 0 of type number'],
    [() => any.take(1.5), 'Expected an id, a positive integer for id but received 1.5 of type number'],
    [() => any.exec(Symbol('x'), 1), 'Expected a string for op but received a symbol of type symbol'],
    [() => any.exec('invert', 1, []), 'Expected an object for args but received an array of type object'],
    [() => any.execChain(1, 'invert'), 'Expected an array of steps for steps but received "invert" of type string'],
    [
      () => any.execChain(1, ['invert', {}]),
      'Expected a string for steps[1].op but received undefined of type undefined',
    ],
    [() => any.takeInto(1, []), 'Expected a Uint8Array for target but received an array of type object'],
    [
      () => any.takeInto(1, bytes(1), 2),
      'Expected a whole number from 0 to 1 for offset but received 2 of type number',
    ],
    [
      () => any.run('xor', bytes(1), {}, () => {}),
      'Expected an ArrayBuffer, a view or an id for extraInput but received a function of type function',
    ],
  ];
  for (const [call, message] of cases)
    await assert.rejects(call(), { name: 'TypeError', code: 'ERR_ARGUMENT', message });
});
