import { assert, test } from 'guest:test';
import { createPublicKey, generateKeyPairSync } from 'guest:nodekey';
import type { KeyObject } from 'guest:nodekey';
import { constants, createSign, createVerify, privateDecrypt, publicEncrypt, sign, verify } from 'guest:nodesign';

function pair(type: string, options: object): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync(type, options) as { publicKey: KeyObject; privateKey: KeyObject };
}

const rsa = pair('rsa', { modulusLength: 1024 });
const curve = pair('ec', { namedCurve: 'P-256' });
const edwards = pair('ed25519', {});

function called<T>(start: (callback: (error: unknown, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
}

test('what is signed is verified, and nothing else', () => {
  for (const { privateKey, publicKey } of [rsa, curve]) {
    for (const digest of ['sha1', 'RSA-SHA256', 'sha384', 'sha512', 'sha3-256', 'md5']) {
      const signature = createSign(digest).update('mes').update('sage').sign(privateKey, 'base64') as string;
      const check = (message: string) => createVerify(digest).update(message).verify(publicKey, signature, 'base64');
      assert.deepEqual([check('message'), check('another')], [true, false], digest);
      assert.equal(verify(digest, 'message', publicKey, fromBase64(signature)), true);
    }
  }
});

test('a message can be signed at once, or by a callback', async () => {
  for (const { privateKey, publicKey } of [rsa, curve, edwards]) {
    const digest = privateKey === edwards.privateKey ? null : 'sha256';
    const message = new Uint8Array([1, 2, 3]);
    const signature = sign(digest, message, privateKey)!;
    assert.equal(verify(digest, message, publicKey, signature), true);
    assert.equal(verify(digest, new Uint8Array(3), publicKey, signature), false);
    assert.equal(verify(digest, message, privateKey, signature), true);
    const later = await called<Uint8Array>((callback) => sign(digest, message, privateKey, callback));
    assert.equal(await called<boolean>((callback) => verify(digest, message, publicKey, later, callback)), true);
    assert.equal(await called<boolean>((callback) => verify(digest, 'no', publicKey, later, callback)), false);
  }
});

test('without a hash function one is taken', () => {
  const signature = sign(undefined, 'message', rsa.privateKey)!;
  assert.equal(verify('sha256', 'message', rsa.publicKey, signature), true);
});

test('keys are taken as PEM, too', () => {
  const pem = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' });
  const signature = createSign('sha256').update('message').sign(pem) as Uint8Array;
  const spki = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  assert.equal(createVerify('sha256').update('message').verify({ key: spki }, signature), true);
});

test('PSS has a salt of the length that is asked for', () => {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  for (const saltLength of [undefined, 0, 20, constants.RSA_PSS_SALTLEN_DIGEST, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
    const options = saltLength === undefined ? { padding } : { padding, saltLength };
    const signature = sign('sha256', 'message', { key: rsa.privateKey, ...options })!;
    assert.equal(verify('sha256', 'message', { key: rsa.publicKey, padding }, signature), true);
    assert.equal(verify('sha256', 'message', { key: rsa.publicKey, padding, saltLength: 7 }, signature), false);
    assert.equal(verify('sha256', 'message', rsa.publicKey, signature), false);
  }
  assert.throws(() => sign('sha256', 'message', { key: rsa.privateKey, padding, saltLength: 200 }), { name: 'Error' });
});

test('signatures of curves come in two forms', () => {
  const dsaEncoding = 'ieee-p1363';
  const plain = sign('sha512', 'message', { key: curve.privateKey, dsaEncoding })!;
  assert.equal(plain.length, 64);
  assert.equal(verify('sha512', 'message', { key: curve.publicKey, dsaEncoding }, plain), true);
  assert.equal(verify('sha512', 'message', curve.publicKey, plain), false);
  assert.equal(verify('sha512', 'message', { key: curve.publicKey, dsaEncoding }, plain.subarray(1)), false);
  assert.throws(() => sign('sha512', 'message', { key: curve.privateKey, dsaEncoding: 'foo' }), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
});

test('what cannot be signed is refused', () => {
  assert.throws(() => createSign('foo'), { code: 'ERR_CRYPTO_INVALID_DIGEST', message: 'Invalid digest' });
  assert.throws(() => createSign('sha256').sign(undefined), { code: 'ERR_CRYPTO_SIGN_KEY_REQUIRED' });
  assert.throws(() => createSign('sha256').sign('abc'), { code: 'ERR_OSSL_UNSUPPORTED' });
  assert.throws(() => createSign('sha256').sign(rsa.publicKey), {
    name: 'TypeError',
    code: 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE',
    message: 'Invalid key object type public, expected private.',
  });
  assert.throws(() => createSign('sha256').sign(edwards.privateKey), { code: 'ERR_CRYPTO_UNSUPPORTED_OPERATION' });
  assert.throws(() => sign('sha256', 'a', edwards.privateKey), { code: 'ERR_OSSL_INVALID_DIGEST' });
  assert.throws(() => sign('foo', 'a', rsa.privateKey), { message: 'Invalid digest: foo' });
  assert.throws(() => sign('blake2b512', 'a', rsa.privateKey), { name: 'Error' });
  assert.throws(() => sign('sha256', 5 as any, rsa.privateKey), { code: 'ERR_INVALID_ARG_TYPE' });
  const done = createSign('sha256');
  done.sign(rsa.privateKey);
  for (const again of [() => done.update('a'), () => done.sign(rsa.privateKey)]) {
    assert.throws(again, { code: 'ERR_CRYPTO_INVALID_STATE', message: 'Not initialised' });
  }
});

test('RSA encrypts a few bytes, and opens them with the private key', () => {
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
  for (const options of [{}, { oaepHash: 'sha256' }, { oaepLabel: new Uint8Array([1, 2]) }]) {
    const hidden = publicEncrypt({ key: rsa.publicKey, ...options }, 'message');
    assert.equal(text(privateDecrypt({ key: rsa.privateKey, ...options }, hidden)), 'message');
  }
  const open = createPublicKey(rsa.privateKey);
  assert.throws(() => privateDecrypt(rsa.privateKey, publicEncrypt({ key: open, oaepHash: 'sha384' }, 'message')), {
    code: 'ERR_OSSL_RSA_OAEP_DECODING_ERROR',
  });
  assert.equal(publicEncrypt({ key: open, padding: constants.RSA_PKCS1_PADDING }, 'message').length, 128);
  assert.throws(() => privateDecrypt({ key: rsa.privateKey, padding: constants.RSA_PKCS1_PADDING }, 'message'), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  assert.throws(() => publicEncrypt(open, new Uint8Array(200)), { code: 'ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE' });
});

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

declare function atob(text: string): string;
