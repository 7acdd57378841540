import { assert, test } from 'guest:test';
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from 'guest:nodekdf';

const hex = (bytes: ArrayBuffer | Uint8Array) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

function called<T>(start: (callback: (error: unknown, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
}

/** What Node derives. */
const PBKDF2: readonly [digest: string, derived: string][] = [
  [
    'md5',
    'f6acd4bda3e4d3d831a5f61da9ca9d5c3877566e979f4928778d81be4f2e9433a31043bbf3945c3551c04a7d834f3956d17470b24aa408c429c63cf53ada863186526e2e12bb',
  ],
  [
    'sha1',
    '6b4e26125c25cf21ae35ead955f479ea2e71f6ff9e400029f04810eece31355533bb2ed348e604da707cc4562f85fe120c5c3f28ae007805d5e5fa11c0aa19fbfd399d434629',
  ],
  [
    'sha224',
    '947cf079cfc7f2016dcd7ec418840443edaabb90c496f98cabeec4bfb1a5a4aaff68cca92cf05a6d725502f8e0a8873b2660b7887a9bfd1478837b93c299d848d914a9c92b89',
  ],
  [
    'sha256',
    'ad35240ac683febfaf3cd49d845473fbbbaa2437f5f82d5a415ae00ac76c6bfccf9a9b8d6d2fe4a1e700c4460b040dbed692c1cb85a747f35588c08930fcfc41ac4808208606',
  ],
  [
    'sha384',
    '1bfb451b6087e5d24eeffb57d7284448da95b581d35a1887d9a6e756af559b1fb4798a4529502f87cdf71f435d66d25e344483fb1f24ab37be82ed35c43762d01520cd6457ab',
  ],
  [
    'sha512',
    'b6b07cb2cebf4ad84468391a543824fccffe0e0769dbe6bddf10a65673c4b648e612d44918f9ce9a19a1294cf5140628084ba994c3b21a4ef4741220b811c633cfc0641fccbc',
  ],
  [
    'sha3-256',
    '6677065466c97fdef1c15ae8d95020ca948334f53eceeafc6115ddf405f6d6a4f75ba13a75082d8d8fcb40b84521ea7a5de36e6be040e41888894f7ee7abed7e918ea792fe8d',
  ],
  [
    'ripemd160',
    '9ca4d509610a8b37dcf0f67242c5dce427aba359131da62169c0a7e6280f8455763db3bbd875de6af910d3622ff0ccd1c6af97d6089ecc4ff44474ac9544dc860c0fa14ccf1d',
  ],
  [
    'blake2b512',
    '0543fd2a48f0d9ecdec59863cf9234bfbb1d35cc76df3ae571a069591f95f29c1c4e14d8c194c951678478d714c55544bc5c9db6a9bc19388404c00b9d77a1ce910511ec915c',
  ],
  [
    'blake2s256',
    '9f84af2eacd0690a30558c9d31363c6828015792b820bd4fa8e4e7c4f179110d57ccc2453584cff958a54662a85014845902b864dfdba9b2b171d7c8cebba2ca38521d4ec08a',
  ],
];

test('pbkdf2 derives what Node does, with every digest', async () => {
  for (const [digest, derived] of PBKDF2) {
    assert.equal(hex(pbkdf2Sync('password', 'salt', 3, 70, digest)), derived, digest);
    const later = await called<Uint8Array>((callback) => pbkdf2('password', 'salt', 3, 70, digest, callback));
    assert.equal(hex(later), derived, digest);
  }
  assert.equal(pbkdf2Sync('', '', 1, 0, 'sha1').length, 0);
});

test('what pbkdf2 cannot begin with is refused', async () => {
  assert.throws(() => pbkdf2Sync('p', 's', 0, 5, 'sha1'), {
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
    message: 'The value of "iterations" is out of range. It must be >= 1 && <= 2147483647. Received 0',
  });
  assert.throws(() => pbkdf2Sync('p', 's', 1.5, 5, 'sha1'), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => pbkdf2Sync('p', 's', 1, -1, 'sha1'), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => pbkdf2Sync(5 as any, 's', 1, 5, 'sha1'), { code: 'ERR_INVALID_ARG_TYPE' });
  const invalid = { name: 'TypeError', code: 'ERR_CRYPTO_INVALID_DIGEST', message: 'Invalid digest: foo' };
  assert.throws(() => pbkdf2Sync('p', 's', 1, 5, 'foo'), invalid);
  assert.throws(() => pbkdf2('p', 's', 1, 5, 'foo', () => {}), invalid);
  assert.throws(() => pbkdf2('p', 's', 1, 5, 'sha1', undefined as any), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => pbkdf2Sync('p', 's', 1, 5, 'shake128'), { message: 'Deriving bits failed' });
});

test('scrypt derives what its specification says', async () => {
  const derived = '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442';
  assert.equal(hex(scryptSync('', '', 32, { N: 16, r: 1, p: 1 })), derived);
  const names = { cost: 16, blockSize: 1, parallelization: 1 };
  assert.equal(hex(await called<Uint8Array>((callback) => scrypt('', '', 32, names, callback))), derived);
  const usual = await called<Uint8Array>((callback) => scrypt('p', 's', 8, callback));
  assert.equal(hex(usual), '4329787752e75d1d');
  assert.equal(hex(scryptSync('p', 's', 8, { N: 0 })), '4329787752e75d1d');
  assert.equal(scryptSync('p', 's', 0).length, 0);
});

test('what scrypt cannot begin with is refused', () => {
  const refused = (options: object) => () => scryptSync('p', 's', 8, options);
  const invalid = { name: 'RangeError', code: 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS' };
  assert.throws(refused({ N: 3 }), { ...invalid, message: 'Invalid scrypt params' });
  assert.throws(refused({ N: 1 }), invalid);
  assert.throws(refused({ N: 2 ** 15 }), invalid);
  const exact = 128 * 8 * (2 ** 14 + 3);
  assert.equal(refused({ N: 2 ** 14, maxmem: exact })().length, 8);
  assert.throws(refused({ N: 2 ** 14, maxmem: exact - 1 }), invalid);
  assert.throws(refused({ N: 16, cost: 16 }), { code: 'ERR_CRYPTO_SCRYPT_INVALID_PARAMETER' });
  assert.throws(refused({ N: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(refused({ N: 'a' }), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => scrypt('p', 's', 5, undefined as any), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('hkdf derives an ArrayBuffer of what Node does', async () => {
  assert.equal(hex(hkdfSync('sha1', 'k', 's', 'i', 10)), 'e9e6d613402479440ad9');
  const derived = await called<ArrayBuffer>((callback) => hkdf('sha3-512', 'key', '', '', 70, callback));
  assert.ok(derived instanceof ArrayBuffer);
  assert.equal(
    hex(derived),
    '54ce8a9af3171d88b5dd0c0e8287e241cd1097075f3cdaacac728a1725a83c82a46e1b1b5532ad2b41d8daa8669090d0dfe469c825da2f29818979c0b4852fd3eec9f99c30da',
  );
  assert.equal(hkdfSync('sha1', '', '', '', 0).byteLength, 0);
});

test('what hkdf cannot begin with is refused', () => {
  assert.throws(() => hkdfSync('foo', 'k', 's', 'i', 10), { code: 'ERR_CRYPTO_INVALID_DIGEST' });
  assert.throws(() => hkdfSync('sha1', 'k', 's', 'i', 255 * 20 + 1), { code: 'ERR_CRYPTO_INVALID_KEYLEN' });
  assert.throws(() => hkdfSync('sha1', 'k', 's', new Uint8Array(1025), 10), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => hkdfSync('sha1', 5, 's', '', 10), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => hkdfSync('sha1', 'k', 5 as any, '', 10), { code: 'ERR_INVALID_ARG_TYPE' });
});
