// The app of this test gives: `echo(...args)` answers its arguments, `math(x)` answers x, `math.add(a, b)` the sum, `call()` and
// `constructor()` answer their own names, `fail(message)` throws a RangeError with code 'E_APP'.
import { assert, test } from 'guest:test';
import { bridge } from 'guest:bridge';

test('each function of the app stands under its name', async () => {
  assert.deepEqual(await bridge['echo'](1, { a: [2] }), [1, { a: [2] }]);
  assert.deepEqual(await bridge['echo'](), []);
});

test('names with dots nest, under a function as well', async () => {
  assert.equal(await bridge['math'].add(2, 3), 5);
  assert.equal(await bridge['math'](7), 7);
  assert.equal(bridge['math'].add.name, 'add');
});

test('call reaches every function by its full name', async () => {
  assert.equal(await bridge.call('math.add', 2, 3), 5);
  assert.deepEqual(await bridge.call('echo', 'x'), ['x']);
});

test('call itself wins over a function of the app with that name', async () => {
  assert.equal(await bridge.call('call'), 'call');
});

test('an unknown name rejects and tells what exists', async () => {
  let caught: any;
  await bridge.call('nothing').catch((error) => (caught = error));
  assert.ok(caught instanceof TypeError);
  assert.equal((caught as any).code, 'ERR_FUNCTION_NOT_FOUND');
  assert.ok(caught.message.includes('"nothing"') && caught.message.includes('math.add'), caught.message);
  await assert.rejects(bridge.call('toString'), { code: 'ERR_FUNCTION_NOT_FOUND' });
});

test('a name that is no string rejects', async () => {
  await assert.rejects(bridge.call(5 as any), {
    name: 'TypeError',
    code: 'ERR_ARGUMENT',
    message: 'Expected a string for name but received 5 of type number',
  });
});

test('what the app throws keeps its name, message and code', async () => {
  await assert.rejects(bridge['fail']('no'), { name: 'RangeError', message: 'no', code: 'E_APP' });
});

test('bridge inherits nothing and cannot be changed', async () => {
  assert.equal(Object.getPrototypeOf(bridge), null);
  assert.ok(Object.isFrozen(bridge) && Object.isFrozen(bridge['math']));
  assert.equal(bridge['toString'], undefined);
  assert.equal(await bridge['constructor'](), 'constructor');
});

test('bytes are packed and unpacked, given as bytes or as numbers', async () => {
  const bytes = new Uint8Array([1, 2, 3, 1, 2, 3]);
  const packed = (await bridge.call('compression.gzip_compress', bytes)) as Uint8Array;
  assert.deepEqual([...packed.subarray(0, 2)], [0x1f, 0x8b]);
  for (const input of [packed, packed.slice().buffer, [...packed]]) {
    assert.deepEqual([...(await bridge['gzipDecompress'](input))], [...bytes]);
  }
  const again = await bridge['gzipCompress']([...bytes]);
  assert.deepEqual([...((await bridge.call('compression.gzip_decompress', again)) as Uint8Array)], [...bytes]);
  await assert.rejects(bridge.call('compression.gzip_compress', [256]), {
    message: 'Expected a whole number from 0 to 255 for input[0] but received 256 of type number',
  });
  await assert.rejects(bridge.call('compression.gzip_compress', 'text'), { code: 'ERR_ARGUMENT' });
});

test('digests and ciphers are at hand', async () => {
  for (const input of ['a', new Uint8Array([97]), [97], new DataView(new Uint8Array([97]).buffer)]) {
    assert.equal(await bridge.call('crypto.md5_hex', input), '0cc175b9c0f1b6a831c399e269772661');
  }
  const route = 'crypto.aes_ecb_pkcs7_decrypt_b64';
  assert.equal(await bridge.call(route, 'gqCkXtRBDwhk7U5GGgfm0Q==', '0123456789abcdef'), 'grün');
  assert.equal(
    await bridge['crypto'].aes_ecb_pkcs7_decrypt_b64('', '').catch((error: Error) => error.name),
    'TypeError',
  );
  await assert.rejects(bridge.call(route, 'AAAA', '0123456789abcdef'), { code: 'ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH' });
});

test('buffers of the store are reached by name', async () => {
  const id = (await bridge.call('native.put', [1, 2])) as number;
  const inverted = (await bridge.call('native.exec', 'invert', id, null, null)) as number;
  assert.deepEqual([...((await bridge.call('native.take', inverted)) as Uint8Array)], [254, 253]);
  assert.deepEqual([...(await bridge['native'].take(id))], [1, 2]);
  await assert.rejects(bridge.call('native.take', id), { code: 'ERR_ID_NOT_FOUND' });
});
