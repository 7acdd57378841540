import { assert, test } from 'guest:test';
import { createHash, createHmac, getHashes, hash } from 'guest:nodehash';

const TEXT = 'The quick brown fox jumps over the lazy dog';

/** Digests of this text, and HMACs of it with the key 'key'. */
const DIGESTS: readonly [name: string, digest: string, hmac?: string][] = [
  ['md5', '9e107d9d372bb6826bd81d3542a419d6', '80070713463e7749b90c2dc24911e275'],
  ['sha1', '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12', 'de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9'],
  [
    'sha224',
    '730e109bd7a8a32b1cb9d9a09aa2325d2430587ddbc0c38bad911525',
    '88ff8b54675d39b8f72322e65ff945c52d96379988ada25639747e69',
  ],
  [
    'sha256',
    'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592',
    'f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8',
  ],
  [
    'sha384',
    'ca737f1014a48f4c0b6dd43cb177b0afd9e5169367544c494011e3317dbf9a509cb1e5dc1e85a941bbee3d7f2afbc9b1',
    'd7f4727e2c0b39ae0f1e40cc96f60242d5b7801841cea6fc592c5d3e1ae50700582a96cf35e1e554995fe4e03381c237',
  ],
  [
    'sha512',
    '07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb642e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6',
    'b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb82f948a549f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a',
  ],
  [
    'sha512-224',
    '944cd2847fb54558d4775db0485a50003111c8e5daa63fe722c6aa37',
    'a1afb4f708cb63570639195121785ada3dc615989cc3c73f38e306a3',
  ],
  [
    'sha512-256',
    'dd9d67b371519c339ed8dbd25af90e976a1eeefd4ad3d889005e532fc5bef04d',
    '7fb65e03577da9151a1016e9c2e514d4d48842857f13927f348588173dca6d89',
  ],
  [
    'sha3-224',
    'd15dadceaa4d5d7bb3b48f446421d542e08ad8887305e28d58335795',
    'ff6fa8447ce10fb1efdccfe62caf8b640fe46c4fb1007912bf85100f',
  ],
  [
    'sha3-256',
    '69070dda01975c8c120c3aada1b282394e7f032fa9cf32f4cb2259a0897dfc04',
    '8c6e0683409427f8931711b10ca92a506eb1fafa48fadd66d76126f47ac2c333',
  ],
  [
    'sha3-384',
    '7063465e08a93bce31cd89d2e3ca8f602498696e253592ed26f07bf7e703cf328581e1471a7ba7ab119b1a9ebdf8be41',
    'aa739ad9fcdf9be4a04f06680ade7a1bd1e01a0af64accb04366234cf9f6934a0f8589772f857681fcde8acc256091a2',
  ],
  [
    'sha3-512',
    '01dedd5de4ef14642445ba5f5b97c15e47b9ad931326e4b0727cd94cefc44fff23f07bf543139939b49128caf436dc1bdee54fcb24023a08d9403f9b4bf0d450',
    '237a35049c40b3ef5ddd960b3dc893d8284953b9a4756611b1b61bffcf53edd979f93547db714b06ef0a692062c609b70208ab8d4a280ceee40ed8100f293063',
  ],
  ['ripemd160', '37f332f68db77bd9d7edd4969571ad671cf9dd3b', '50278a77d4d7670561ab72e867383aef6ce50b3e'],
  [
    'blake2b512',
    'a8add4bdddfd93e4877d2746e62817b116364a1fa7bc148d95090bc7333b3673f82401cf7aa2e4cb1ecd90296e3f14cb5413f8ed77be73045b13914cdcd6a918',
    '92294f92c0dfb9b00ec9ae8bd94d7e7d8a036b885a499f149dfe2fd2199394aaaf6b8894a1730cccb2cd050f9bcf5062a38b51b0dab33207f8ef35ae2c9df51b',
  ],
  [
    'blake2s256',
    '606beeec743ccbeff6cbcdf5d5302aa855c256c29b88c8ed331ea1a6bf3c8812',
    'f93215bb90d4af4c3061cd932fb169fb8bb8a91d0b4022baea1271e1323cd9a0',
  ],
  ['shake128', 'f4202e3c5852f9182a0430fd8144f0a7'],
  ['shake256', '2f671343d9b2e1604dc9dcf0753e5fe15c7c64a0d283cbbf722d411a0e36f6ca'],
];

const bytes = (value: unknown) => Array.from(value as Uint8Array);

test('every hash function gives the digests of its specification', () => {
  for (const [name, digest] of DIGESTS) assert.equal(createHash(name).update(TEXT).digest('hex'), digest, name);
});

test('HMAC works over every one but SHAKE', () => {
  for (const [name, , hmac] of DIGESTS) {
    if (hmac !== undefined) assert.equal(createHmac(name, 'key').update(TEXT).digest('hex'), hmac, name);
  }
  assert.throws(() => createHmac('shake128', 'key').update('').digest());
});

test('a key longer than a block is hashed first, and an empty one is a key', () => {
  const long = createHmac('sha3-224', new Uint8Array(145)).update(TEXT).digest('hex');
  assert.equal(long, 'b04de4f059dd3cbb12b1060f478b0978a97f0c1efe59f626c200e1d4');
  assert.equal(createHmac('md5', '').update('').digest('hex'), '74e6f7298a9c2d168935f58c001bad88');
});

test('pieces make the same digest as the whole', () => {
  const data = Uint8Array.from({ length: 1000 }, (_, index) => index * 7);
  for (const [name] of DIGESTS) {
    const pieces = createHash(name);
    for (let at = 0, step = 1; at < data.length; at += step, step = (step * 3) % 101) {
      pieces.update(data.subarray(at, at + step));
    }
    assert.equal(pieces.digest('hex'), createHash(name).update(data).digest('hex'), name);
  }
});

test('names are known in any case and by their aliases', () => {
  const digest = createHash('sha256').digest('hex');
  for (const name of ['SHA256', 'SHA-256', 'RSA-SHA256', 'sha2-256']) {
    assert.equal(createHash(name).digest('hex'), digest, name);
  }
  assert.equal(createHash('RMD160').digest('hex'), createHash('ripemd160').digest('hex'));
  for (const name of getHashes()) assert.ok(createHash(name).digest('hex') !== '', name);
  for (const [name] of DIGESTS) assert.ok(getHashes().includes(name), name);
});

test('an unknown name is refused', () => {
  assert.throws(() => createHash('foo'), { name: 'Error', message: 'Digest method not supported' });
  assert.throws(() => createHmac('foo', 'key'), { name: 'TypeError', code: 'ERR_CRYPTO_INVALID_DIGEST' });
  assert.throws(() => createHash(5 as any), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: 'The "algorithm" argument must be of type string. Received type number (5)',
  });
});

test('data is text in an encoding, or a view', () => {
  const digest = createHash('md5')
    .update(new Uint8Array([0xab, 0xcd]))
    .digest('hex');
  assert.equal(createHash('md5').update('abcd', 'hex').digest('hex'), digest);
  assert.equal(createHash('md5').update('q80=', 'base64').digest('hex'), digest);
  assert.equal(createHash('md5').update('q80', 'base64url').digest('hex'), digest);
  assert.equal(createHash('md5').update('«Í', 'latin1').digest('hex'), digest);
  assert.equal(createHash('md5').update('\ucdab', 'utf16le').digest('hex'), digest);
  assert.equal(
    createHash('md5')
      .update(new DataView(new Uint8Array([9, 0xab, 0xcd]).buffer, 1))
      .digest('hex'),
    digest,
  );
  assert.equal(createHash('md5').update('é').digest('hex'), createHash('md5').update('w6k=', 'base64').digest('hex'));
});

test('data of another kind is refused', () => {
  assert.throws(() => createHash('md5').update(5 as any), {
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_TYPE',
    message:
      'The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)',
  });
  assert.throws(() => createHash('md5').update('abc', 'hex'), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: "The argument 'encoding' is invalid for data of length 3. Received 'hex'",
  });
  assert.throws(() => createHmac('md5', undefined), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => createHmac('md5', 5), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a digest is bytes, or text where an encoding is named', () => {
  const digest = () => createHash('sha1').update('abc');
  assert.deepEqual(bytes(digest().digest()).slice(0, 3), [0xa9, 0x99, 0x3e]);
  assert.deepEqual(bytes(digest().digest('buffer')).length, 20);
  assert.equal(digest().digest('base64'), 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0=');
  assert.equal(digest().digest('base64url'), 'qZk-NkcGgWq6PiVxeFDCbJzQ2J0');
  assert.equal((digest().digest('latin1') as string).length, 20);
});

test('a digest is given once, and an HMAC is empty the second time', () => {
  const done = createHash('sha1');
  done.digest();
  const finalized = { name: 'Error', code: 'ERR_CRYPTO_HASH_FINALIZED', message: 'Digest already called' };
  assert.throws(() => done.digest(), finalized);
  assert.throws(() => done.update(''), finalized);
  assert.throws(() => done.copy(), finalized);
  const hmac = createHmac('sha1', 'key');
  hmac.digest();
  assert.equal(hmac.digest('hex'), '');
  assert.throws(() => hmac.update(''), finalized);
});

test('a copy goes on by itself', () => {
  const first = createHash('sha3-256').update('a');
  const second = first.copy().update('b');
  assert.equal(first.digest('hex'), createHash('sha3-256').update('a').digest('hex'));
  assert.equal(second.digest('hex'), createHash('sha3-256').update('ab').digest('hex'));
});

test('SHAKE gives as many bytes as are asked for, the others their own number', () => {
  assert.equal(createHash('shake128', { outputLength: 5 }).digest('hex'), '7f9c2ba4e8');
  assert.equal(createHash('shake128', { outputLength: 0 }).digest('hex'), '');
  assert.equal(bytes(createHash('shake256', { outputLength: 1000 }).digest()).length, 1000);
  assert.equal(createHash('shake128').copy({ outputLength: 3 }).digest('hex'), '7f9c2b');
  assert.equal(bytes(createHash('sha1', { outputLength: 20 }).digest()).length, 20);
  assert.throws(() => createHash('sha1', { outputLength: 5 }), { code: 'ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH' });
  assert.throws(() => createHash('shake128', { outputLength: -1 }), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
});

test('hash is the digest of one message', () => {
  assert.equal(hash('sha1', 'abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d');
  assert.equal(hash('sha1', new Uint8Array([97, 98, 99]), 'base64'), 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0=');
  assert.equal(bytes(hash('md5', '', 'buffer')).length, 16);
  assert.throws(() => hash('md5', 5 as any), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
});
