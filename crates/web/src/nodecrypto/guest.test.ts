import { assert, test } from 'guest:test';
import { nodeCryptoCompat } from 'guest:nodecrypto';

test('every name gives what it says', () => {
  const names = Object.keys(nodeCryptoCompat);
  for (const name of ['createHash', 'createHmac', 'randomBytes', 'timingSafeEqual', 'webcrypto', 'subtle']) {
    assert.ok(names.includes(name), name);
  }
  for (const name of names) {
    assert.ok(nodeCryptoCompat[name] !== undefined, name);
    if (typeof nodeCryptoCompat[name] === 'function') assert.equal(nodeCryptoCompat[name].name || name, name);
  }
});

test('functions work by themselves', () => {
  const { createHash, randomInt } = nodeCryptoCompat;
  assert.equal(createHash('md5').update('').digest('hex'), 'd41d8cd98f00b204e9800998ecf8427e');
  assert.equal(randomInt(1), 0);
});

test('a name can be replaced, before it was read and after', () => {
  const { getHashes, randomFill } = nodeCryptoCompat;
  nodeCryptoCompat['getHashes'] = 1;
  assert.equal(nodeCryptoCompat['getHashes'], 1);
  nodeCryptoCompat['randomFill'] = 2;
  assert.equal(nodeCryptoCompat['randomFill'], 2);
  Object.assign(nodeCryptoCompat, { getHashes, randomFill });
});

test('the random values of the standard are there', () => {
  const bytes = new Uint8Array(32);
  assert.ok(nodeCryptoCompat['getRandomValues'](bytes) === bytes);
  assert.ok(bytes.some((byte) => byte !== 0));
});
