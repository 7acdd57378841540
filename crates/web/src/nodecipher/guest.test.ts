import { assert, test } from 'guest:test';
import { createCipheriv, createDecipheriv, getCipherInfo, getCiphers } from 'guest:nodecipher';

const TEXT = 'The quick brown fox jumps over the lazy dog, € 1';
const key = (length: number) => Uint8Array.from({ length }, (_, index) => index * 5 + 1);
const IV = Uint8Array.from({ length: 16 }, (_, index) => 200 - index * 7);
const ivOf = (name: string) => (name.includes('ecb') ? null : /gcm|poly/.test(name) ? IV.subarray(4) : IV);
const keyOf = (name: string) => key(/128/.test(name) ? 16 : /192/.test(name) ? 24 : 32);

/** What Node makes of the text with these keys. */
const RESULTS: readonly [name: string, encrypted: string, tag?: string][] = [
  [
    'aes-128-cbc',
    '200356ae745a0008d816382ea1b1480711010f98d5cb3c894d06043cf13d90d3c602b65d7af2ffbc6dff337684f741d8630237b5bb0f0418fde983b2dc5a2825',
  ],
  [
    'aes-128-ctr',
    '8070e3c94e7b73b8d63ab856303b7bbc8efd2f17d55dad860f3e6e484204b4447812f7665a9814648f56db7e00a171567963',
  ],
  [
    'aes-128-ecb',
    '80f8b7dd4573248e38167e4d9cbc935c8710254aebd1f320316dcff5b7a44e21082301fc460c60ec8d71dfc59deb273329cb7b39b47c45685586204c713dd597',
  ],
  [
    'aes-128-gcm',
    '068ac0ef9784c7705275e016e10eb8d7e1ffc27f5d7b6dacfbe29f2a76d88924d2a9261e90cc5010c1092cbdf4ecb103d65a',
    '4376603810428c3c7ef0af9459aaf4f9',
  ],
  [
    'aes-192-cbc',
    '8d3be83e80076187ea766a6cf8e884e04ced7bfd1f8e3c30ea890a9e438dc1111e8f0fb269942a952d2816749a570b5122da48dee2a46d67b7cf84692e42c1d5',
  ],
  [
    'aes-192-ctr',
    '3dc29a0b10b4c0c5a589c27f11d479b805a77adfbb52f13c303f24aa7c97cfe5de6d16f288e37ac26d32350507bc01c6f8b8',
  ],
  [
    'aes-192-ecb',
    'e37437264772ef5da3824b291feea9dc15e9de7a664e5aa9f8e07e9f8c7786cfdb64ee68691fefd5e1b804650dbc9dd9dd593439bcaae06ca166bcac9bee7b4a',
  ],
  [
    'aes-192-gcm',
    '8ffe6fcac0694388961b519dbf1d6d3843705bcf1f1e40777a477877a7d92c975fe0e8295abce207560d8151e9388682ad70',
    '3e26ce5b3b44a120723e8bc22729df04',
  ],
  [
    'aes-256-cbc',
    '8473c2aff98b1369872c1eaf6df8766852bf841bff0291e28080d6e69f9faedb90e59599c8a3d89f91db709c20defefba8636781fa559253878c8eef4f1b9fc0',
  ],
  [
    'aes-256-ctr',
    'b3c10e4ccd3b4b80344206bcf7872cad0349f5a3d75bc0aa95dfeb71d21b2f21faca5ee2235173fcb1e429f62f030173facd',
  ],
  [
    'aes-256-ecb',
    'd2ad8223ec9f467a07885261b0dae1510d99c39ec61f3e6c9a79c38988709bc84b0d742eafe994aa59d124d14a3a82cfdcbeb34bf41f2dff3fb3a4b2c8f5ada2',
  ],
  [
    'aes-256-gcm',
    '1ab346eed7e9a658090f865b3822449ecbe9cd4159d62375eed6cf3bcedf51dcdd5783ddf5cfe31619de1b701339773ccee8',
    'f6081afeb48f8ac0098d902982296216',
  ],
  [
    'chacha20-poly1305',
    '4fd01ec0415c22806fe079822428764ebf07d49656a2eed394106d05820c595ef119101e5399415975d472ebd3588371fb23',
    '625c50b29bcffbe9efce031649d19a68',
  ],
];

const isAuthenticated = (name: string) => /gcm|poly/.test(name);
const hex = (bytes: unknown) => Array.from(bytes as Uint8Array, (byte) => byte.toString(16).padStart(2, '0')).join('');

function encrypting(name: string): any {
  return createCipheriv(name, keyOf(name), ivOf(name));
}

function decrypting(name: string): any {
  return createDecipheriv(name, keyOf(name), ivOf(name));
}

test('every cipher gives what Node makes of it, and takes it back', () => {
  for (const [name, encrypted, tag] of RESULTS) {
    const cipher = encrypting(name);
    if (isAuthenticated(name)) cipher.setAAD(new Uint8Array([1, 2, 3]));
    assert.equal(cipher.update(TEXT, 'utf8', 'hex') + cipher.final('hex'), encrypted, name);
    const decipher = decrypting(name);
    if (tag !== undefined) {
      assert.equal(hex(cipher.getAuthTag()), tag, name);
      decipher.setAAD('010203', { encoding: 'hex' }).setAuthTag(tag, 'hex');
    }
    assert.equal(decipher.update(encrypted, 'hex', 'utf8') + decipher.final('utf8'), TEXT, name);
  }
});

test('what no cipher can begin with is refused', () => {
  const refused = (name: string, length: number, iv: unknown, options?: object) => () =>
    createCipheriv(name, key(length), iv, options);
  assert.throws(refused('foo', 32, IV), { code: 'ERR_CRYPTO_UNKNOWN_CIPHER', message: 'Unknown cipher' });
  assert.throws(refused('aes-256-cbc', 31, IV), { name: 'RangeError', code: 'ERR_CRYPTO_INVALID_KEYLEN' });
  assert.throws(refused('aes-256-cbc', 32, key(15)), { name: 'TypeError', code: 'ERR_CRYPTO_INVALID_IV' });
  assert.throws(refused('aes-256-ecb', 32, IV), { code: 'ERR_CRYPTO_INVALID_IV' });
  assert.throws(refused('aes-256-gcm', 32, ''), { code: 'ERR_CRYPTO_INVALID_IV' });
  assert.throws(refused('aes-256-cbc', 32, null), { code: 'ERR_CRYPTO_INVALID_IV' });
  assert.throws(refused('aes-256-cbc', 32, undefined), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(refused('aes-256-gcm', 32, IV, { authTagLength: 5 }), {
    name: 'TypeError',
    code: 'ERR_CRYPTO_INVALID_AUTH_TAG',
    message: 'Invalid authentication tag length: 5',
  });
  assert.throws(refused('aes-256-gcm', 32, IV, { authTagLength: 'a' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => createCipheriv('aes-256-cbc', 5, IV), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('without padding whole blocks are wanted', () => {
  const whole = encrypting('aes-128-cbc').setAutoPadding(false);
  assert.equal((whole.update(key(32)).length as number) + whole.final().length, 32);
  const wrong = { code: 'ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH', name: 'Error' };
  for (const cipher of [encrypting('aes-128-cbc'), decrypting('aes-128-cbc')]) {
    cipher.setAutoPadding(false).update('abc');
    assert.throws(() => cipher.final(), wrong);
  }
  assert.throws(() => decrypting('aes-128-ecb').final(), wrong);
  const decipher = decrypting('aes-128-cbc');
  decipher.update(key(32));
  assert.throws(() => decipher.final(), { code: 'ERR_OSSL_BAD_DECRYPT' });
});

test('a padded last block is held back, and given where padding is off', () => {
  const encrypted = encrypting('aes-192-ecb');
  const bytes = [...encrypted.update(key(16)), ...encrypted.final()];
  const held = decrypting('aes-192-ecb');
  assert.deepEqual([held.update(new Uint8Array(bytes)).length, held.final().length], [16, 0]);
  const open = decrypting('aes-192-ecb').setAutoPadding(false);
  assert.deepEqual([open.update(new Uint8Array(bytes)).length, open.final().length], [32, 0]);
});

test('a tag is checked at the end', () => {
  for (const name of ['aes-256-gcm', 'chacha20-poly1305']) {
    const decipher = decrypting(name).setAuthTag(new Uint8Array(16));
    decipher.update('abc');
    assert.throws(() => decipher.final(), {
      name: 'Error',
      message: 'Unsupported state or unable to authenticate data',
    });
  }
  assert.throws(() => decrypting('aes-256-gcm').final(), {
    message: 'Unsupported state or unable to authenticate data',
  });
});

test('tags have the length that was asked for', () => {
  for (const length of [4, 8, 12, 15]) {
    const cipher = createCipheriv('aes-128-gcm', key(16), IV, { authTagLength: length });
    cipher.final();
    const tag = cipher.getAuthTag();
    assert.equal(tag.length, length);
    const decipher = createDecipheriv('aes-128-gcm', key(16), IV, { authTagLength: length });
    assert.throws(() => decipher.setAuthTag(new Uint8Array(16)), { code: 'ERR_CRYPTO_INVALID_AUTH_TAG' });
    decipher.setAuthTag(tag).final();
  }
});

test('what comes at the wrong time is refused', () => {
  const state = (operation: string) => ({
    name: 'Error',
    code: 'ERR_CRYPTO_INVALID_STATE',
    message: `Invalid state for operation ${operation}`,
  });
  assert.throws(() => encrypting('aes-256-gcm').getAuthTag(), state('getAuthTag'));
  assert.throws(() => encrypting('aes-256-cbc').setAAD(IV), state('setAAD'));
  assert.throws(() => decrypting('aes-256-cbc').setAuthTag(IV), state('setAuthTag'));
  const twice = decrypting('aes-256-gcm').setAuthTag(IV);
  assert.throws(() => twice.setAuthTag(IV), state('setAuthTag'));
  const late = encrypting('aes-256-gcm');
  late.update('a');
  assert.throws(() => late.setAAD(IV), state('setAAD'));
  late.final();
  assert.throws(() => late.update('a'), { name: 'Error', message: 'Trying to add data in unsupported state' });
  assert.throws(() => late.final(), { code: 'ERR_CRYPTO_INVALID_STATE' });
  const done = encrypting('aes-256-cbc');
  done.final();
  assert.throws(() => done.setAutoPadding(false), state('setAutoPadding'));
});

test('text comes as far as it is complete', () => {
  const bytes = createCipheriv('aes-256-ctr', key(32), IV).update('a€b€') as Uint8Array;
  for (const [encoding, texts] of [
    ['utf8', ['a', '', '', '€', 'b', '', '', '€']],
    ['base64', ['', '', 'YeKC', '', '', 'rGLi', '', '']],
  ] as const) {
    const decipher = decrypting('aes-256-ctr');
    assert.deepEqual(
      Array.from(bytes, (byte) => decipher.update(new Uint8Array([byte]), undefined, encoding)),
      texts,
    );
    assert.equal(decipher.final(encoding), encoding === 'utf8' ? '' : 'gqw=');
  }
});

test('the encoding of the output stays the same', () => {
  const cipher = encrypting('aes-256-ctr');
  cipher.update('abc', 'utf8', 'hex');
  assert.equal((cipher.update('abc') as Uint8Array).length, 3);
  assert.throws(() => cipher.final('base64'), { code: 'ERR_INTERNAL_ASSERTION' });
  assert.throws(() => encrypting('aes-256-ctr').update('a', 'utf8', 'foo'), { code: 'ERR_UNKNOWN_ENCODING' });
  assert.throws(() => encrypting('aes-256-ctr').update(5), { code: 'ERR_INVALID_ARG_TYPE' });
});

// The last one: Node's own leaves an error behind, which the next failure would tell.
test('names are known in any case, and each has its facts', () => {
  for (const [name] of RESULTS) assert.ok(getCiphers().includes(name), name);
  for (const name of getCiphers()) assert.ok(getCipherInfo(name.toUpperCase()) !== undefined, name);
  assert.deepEqual(
    { ...getCipherInfo('aes128') },
    { mode: 'cbc', name: 'aes-128-cbc', nid: 419, blockSize: 16, ivLength: 16, keyLength: 16 },
  );
  assert.deepEqual(
    { ...getCipherInfo('chacha20-poly1305') },
    { mode: 'stream', name: 'chacha20-poly1305', nid: 1018, ivLength: 12, keyLength: 32 },
  );
  assert.equal(getCipherInfo(901)!.mode, 'gcm');
  assert.equal(getCipherInfo('aes-256-gcm', { ivLength: 20 })!.ivLength, 20);
  assert.equal(getCipherInfo('aes-128-ctr', { keyLength: 15 }), undefined);
  assert.equal(getCipherInfo('aes-128-ctr', { ivLength: 15 }), undefined);
  assert.equal(getCipherInfo('foo'), undefined);
});
