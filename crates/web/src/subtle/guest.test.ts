import { assert, test } from 'guest:test';
import { SubtleCrypto, subtle } from 'guest:subtle';

const hex = (bytes: ArrayBuffer | Uint8Array): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const any = subtle as any;

// ── digests ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('digests are those of FIPS 180', async () => {
  const expected = {
    'SHA-1': 'a9993e364706816aba3e25717850c26c9cd0d89d',
    'sha-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'SHA-384': 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    'SHA-512':
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  };
  for (const [name, digest] of Object.entries(expected)) {
    assert.equal(hex(await subtle.digest(name, ascii('abc'))), digest, name);
    assert.equal(hex(await subtle.digest({ name }, ascii('xabcx').subarray(1, 4))), digest, name);
  }
});

test('a digest of much data is that of the same data at the time of the call', async () => {
  const data = new Uint8Array(200_000);
  const pending = subtle.digest('SHA-256', data);
  data.fill(1);
  assert.equal(hex(await pending), hex(await subtle.digest('SHA-256', new Uint8Array(200_000))));
});

test('unknown algorithms are a NotSupportedError, and algorithms without a name a TypeError', async () => {
  for (const name of ['SHA-257', 'MD5', '', 'AES-CBC', undefined, null, 5]) {
    await assert.rejects(any.digest(name, ascii('')), { name: 'NotSupportedError' });
  }
  await assert.rejects(any.digest({}, ascii('')), TypeError);
  await assert.rejects(any.digest('SHA-256', 'text'), TypeError);
  await assert.rejects(any.digest('SHA-256'), TypeError);
  await assert.rejects(any.digest('SHA-256', new Uint8Array(new SharedArrayBuffer(4))), TypeError);
});

// ── HMAC ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const hmac = { name: 'HMAC', hash: 'SHA-256' };

test('HMAC is that of RFC 4231', async () => {
  const key = await subtle.importKey('raw', ascii('Jefe'), hmac, false, ['sign', 'verify']);
  const data = ascii('what do ya want for nothing?');
  const signature = await subtle.sign('HMAC', key, data);
  assert.equal(hex(signature), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  assert.equal(await subtle.verify('HMAC', key, signature, data), true);
  assert.equal(await subtle.verify('HMAC', key, signature.slice(1), data), false);
  assert.equal(await subtle.verify('HMAC', key, signature, ascii('other')), false);
});

test('a key tells its algorithm, type and usages in the order of the standard', async () => {
  const key = (await subtle.generateKey({ name: 'hmac', hash: { name: 'sha-384' } }, true, [
    'verify',
    'sign',
    'sign',
  ])) as any;
  assert.deepEqual(key.algorithm, { name: 'HMAC', length: 1024, hash: { name: 'SHA-384' } });
  assert.deepEqual([key.type, key.extractable, key.usages], ['secret', true, ['sign', 'verify']]);
  assert.ok(key.algorithm === key.algorithm && key.usages === key.usages);
  assert.equal(Object.prototype.toString.call(key), '[object CryptoKey]');
});

test('a usage that a key does not have is an InvalidAccessError', async () => {
  const key = await subtle.importKey('raw', ascii('key'), hmac, true, ['sign']);
  await assert.rejects(subtle.verify('HMAC', key, ascii(''), ascii('')), { name: 'InvalidAccessError' });
  await assert.rejects(subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, key, ascii('')), {
    name: 'InvalidAccessError',
  });
});

test('usages that make no sense are refused: unknown ones by a TypeError, others by a SyntaxError', async () => {
  await assert.rejects(any.importKey('raw', ascii('key'), hmac, true, ['encrypt']), { name: 'SyntaxError' });
  await assert.rejects(any.importKey('raw', ascii('key'), hmac, true, []), { name: 'SyntaxError' });
  await assert.rejects(any.importKey('raw', ascii('key'), hmac, true, ['fly']), TypeError);
  await assert.rejects(any.importKey('raw', ascii('key'), hmac, true, 'sign'), TypeError);
  await assert.rejects(any.importKey('hex', ascii('key'), hmac, true, ['sign']), TypeError);
});

test('an HMAC key goes out and comes in as a JSON Web Key', async () => {
  const key = await subtle.importKey('raw', ascii('key'), hmac, true, ['sign']);
  const jwk = (await subtle.exportKey('jwk', key)) as any;
  assert.deepEqual({ ...jwk }, { kty: 'oct', k: 'a2V5', alg: 'HS256', ext: true, key_ops: ['sign'] });
  const again = await subtle.importKey('jwk', jwk, hmac, true, ['sign']);
  assert.equal(hex((await subtle.exportKey('raw', again)) as ArrayBuffer), hex(ascii('key')));
});

test('a JSON Web Key that says something else is a DataError', async () => {
  const jwk = { kty: 'oct', k: 'a2V5', alg: 'HS256', ext: true, key_ops: ['sign'] };
  const changes = [{ kty: 'RSA' }, { alg: 'HS512' }, { ext: false }, { key_ops: ['verify'] }, { use: 'enc' }];
  for (const change of changes) {
    await assert.rejects(subtle.importKey('jwk', { ...jwk, ...change }, hmac, true, ['sign']), { name: 'DataError' });
  }
  await assert.rejects(subtle.importKey('jwk', ascii('key'), hmac, true, ['sign']), TypeError);
  await assert.rejects(subtle.importKey('raw', jwk, hmac, true, ['sign']), TypeError);
});

test('a key that is not extractable stays where it is', async () => {
  const key = await subtle.importKey('raw', ascii('key'), hmac, false, ['sign']);
  const wrapping = (await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['wrapKey'])) as any;
  const refused = { name: 'InvalidAccessError' };
  await assert.rejects(subtle.exportKey('raw', key), refused);
  await assert.rejects(subtle.exportKey('jwk', key), refused);
  await assert.rejects(subtle.wrapKey('raw', key, wrapping, { name: 'AES-GCM', iv: new Uint8Array(12) }), refused);
  await assert.rejects(
    any.exportKey.call(subtle, 'raw', Object.create(key, { extractable: { value: true } })),
    TypeError,
  );
});

// ── AES ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const aesKey = (name: string, bytes: string, ...usages: string[]) =>
  subtle.importKey('raw', unhex(bytes), name, true, usages);

test('AES-CBC is that of NIST, with padding', async () => {
  const key = await aesKey('AES-CBC', '2b7e151628aed2a6abf7158809cf4f3c', 'encrypt', 'decrypt');
  const algorithm = { name: 'AES-CBC', iv: unhex('000102030405060708090a0b0c0d0e0f') };
  const data = unhex('6bc1bee22e409f96e93d7e117393172a');
  const encrypted = await subtle.encrypt(algorithm, key, data);
  assert.equal(hex(encrypted).slice(0, 32), '7649abac8119b246cee98e9b12e9197d');
  assert.equal(encrypted.byteLength, 32);
  assert.equal(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(data));
  for (const bad of [encrypted.slice(1), encrypted.slice(0, 16), new ArrayBuffer(0)]) {
    await assert.rejects(subtle.decrypt(algorithm, key, bad), { name: 'OperationError' });
  }
});

test('AES-CTR counts in as many bits as it was told, and no more', async () => {
  const key = await aesKey('AES-CTR', '2b7e151628aed2a6abf7158809cf4f3c', 'encrypt', 'decrypt');
  const counter = unhex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
  const data = unhex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');
  const encrypt = (length: number, input = data) => subtle.encrypt({ name: 'AES-CTR', counter, length }, key, input);
  const wide = hex(await encrypt(64));
  assert.equal(wide, '874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff');
  // With one bit the counter goes back from 1 to 0, and the bits above stay.
  const back = unhex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfefe');
  const first = hex(await subtle.encrypt({ name: 'AES-CTR', counter: back, length: 8 }, key, new Uint8Array(16)));
  const narrow = hex(await encrypt(1, new Uint8Array(32)));
  assert.equal(narrow.slice(32), first);
  for (const length of [0, 129]) await assert.rejects(encrypt(length), { name: 'OperationError' });
  await assert.rejects(encrypt(1, new Uint8Array(33)), { name: 'OperationError' });
});

test('AES-GCM is that of NIST, and no changed byte passes', async () => {
  const key = await aesKey('AES-GCM', 'feffe9928665731c6d6a8f9467308308', 'encrypt', 'decrypt');
  const algorithm = {
    name: 'AES-GCM',
    iv: unhex('cafebabefacedbaddecaf888'),
    additionalData: unhex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
  };
  const data = unhex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
      '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  );
  const encrypted = await subtle.encrypt(algorithm, key, data);
  assert.equal(hex(encrypted).slice(-32), '5bc94fbc3221a5db94fae95ae7121a47');
  assert.equal(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(data));
  for (const at of [0, 59, 60, 75]) {
    const changed = new Uint8Array(encrypted.slice(0));
    changed[at]! ^= 1;
    await assert.rejects(subtle.decrypt(algorithm, key, changed), { name: 'OperationError' });
  }
  await assert.rejects(subtle.decrypt({ ...algorithm, additionalData: data }, key, encrypted), {
    name: 'OperationError',
  });
  await assert.rejects(subtle.decrypt(algorithm, key, new Uint8Array(15)), { name: 'OperationError' });
});

test('AES-GCM takes vectors of any length and the tags of the standard', async () => {
  const key = await aesKey('AES-GCM', 'feffe9928665731c6d6a8f9467308308', 'encrypt', 'decrypt');
  for (const tagLength of [32, 64, 96, 104, 112, 120, 128]) {
    const algorithm = { name: 'AES-GCM', iv: new Uint8Array(60), tagLength };
    const encrypted = await subtle.encrypt(algorithm, key, ascii('abc'));
    assert.equal(encrypted.byteLength, 3 + tagLength / 8);
    assert.equal(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(ascii('abc')));
  }
  for (const tagLength of [0, 31, 33, 127, 129, 255]) {
    await assert.rejects(subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12), tagLength }, key, ascii('')), {
      name: 'OperationError',
    });
  }
});

test('AES-KW wraps as in RFC 3394, and what it did not wrap does not pass', async () => {
  const wrapping = await aesKey('AES-KW', '000102030405060708090a0b0c0d0e0f', 'wrapKey', 'unwrapKey');
  const key = await aesKey('AES-CTR', '00112233445566778899aabbccddeeff', 'encrypt');
  const wrapped = await subtle.wrapKey('raw', key, wrapping, 'AES-KW');
  assert.equal(hex(wrapped), '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5');
  const again = await subtle.unwrapKey('raw', wrapped, wrapping, 'AES-KW', 'AES-CTR', true, ['encrypt']);
  assert.equal(hex((await subtle.exportKey('raw', again)) as ArrayBuffer), '00112233445566778899aabbccddeeff');
  new Uint8Array(wrapped)[3]! ^= 1;
  await assert.rejects(subtle.unwrapKey('raw', wrapped, wrapping, 'AES-KW', 'AES-CTR', true, ['encrypt']), {
    name: 'OperationError',
  });
});

test('a key wrapped as JSON comes back', async () => {
  const wrapping = await aesKey('AES-GCM', '000102030405060708090a0b0c0d0e0f', 'wrapKey', 'unwrapKey');
  const algorithm = { name: 'AES-GCM', iv: new Uint8Array(12) };
  const key = await subtle.importKey('raw', ascii('secret'), hmac, true, ['sign']);
  const wrapped = await subtle.wrapKey('jwk', key, wrapping, algorithm);
  const again = await subtle.unwrapKey('jwk', wrapped, wrapping, algorithm, hmac, true, ['sign']);
  assert.equal(hex((await subtle.exportKey('raw', again)) as ArrayBuffer), hex(ascii('secret')));
});

test('AES keys have one of three lengths', async () => {
  for (const length of [0, 64, 127, 512]) {
    await assert.rejects(subtle.generateKey({ name: 'AES-CBC', length }, true, ['encrypt']), {
      name: 'OperationError',
    });
  }
  await assert.rejects(subtle.generateKey({ name: 'AES-CBC', length: 65536 }, true, ['encrypt']), TypeError);
  await assert.rejects(subtle.importKey('raw', new Uint8Array(15), 'AES-CBC', true, ['encrypt']), {
    name: 'DataError',
  });
});

// ── derivation ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('HKDF is that of RFC 5869', async () => {
  const key = await subtle.importKey('raw', new Uint8Array(22).fill(11), 'HKDF', false, ['deriveBits']);
  const algorithm = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: unhex('000102030405060708090a0b0c'),
    info: unhex('f0f1f2f3f4f5f6f7f8f9'),
  };
  assert.equal(
    hex(await subtle.deriveBits(algorithm, key, 42 * 8)),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
  for (const length of [null, 7, 255 * 256 + 8]) {
    await assert.rejects(subtle.deriveBits(algorithm, key, length), { name: 'OperationError' });
  }
});

test('PBKDF2 is that of RFC 6070, on the thread of the guest and on others', async () => {
  const key = await subtle.importKey('raw', ascii('password'), 'PBKDF2', false, ['deriveBits', 'deriveKey']);
  const derive = (iterations: number) => ({ name: 'PBKDF2', hash: 'SHA-1', salt: ascii('salt'), iterations });
  assert.equal(hex(await subtle.deriveBits(derive(2), key, 160)), 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957');
  assert.equal(hex(await subtle.deriveBits(derive(4096), key, 160)), '4b007901b765489abead49d926f721d065a429c1');
  await assert.rejects(subtle.deriveBits(derive(0), key, 160), { name: 'OperationError' });
  const derived = await subtle.deriveKey(derive(2), key, { name: 'AES-GCM', length: 256 }, true, ['encrypt']);
  assert.equal((derived as any).algorithm.length, 256);
});

test('keys to derive from cannot be extractable', async () => {
  for (const name of ['HKDF', 'PBKDF2']) {
    await assert.rejects(subtle.importKey('raw', ascii('x'), name, true, ['deriveBits']), { name: 'SyntaxError' });
    await assert.rejects(any.importKey('jwk', {}, name, false, ['deriveBits']), { name: 'NotSupportedError' });
  }
});

// ── curves ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const pairOf = (algorithm: object, ...usages: string[]) => subtle.generateKey(algorithm, true, usages) as Promise<any>;

for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
  test(`ECDSA over ${namedCurve} signs with every hash, and keys survive every format`, async () => {
    const algorithm = { name: 'ECDSA', namedCurve };
    const { publicKey, privateKey } = await pairOf(algorithm, 'sign', 'verify');
    assert.deepEqual([publicKey.type, publicKey.usages, publicKey.algorithm], ['public', ['verify'], algorithm]);
    assert.deepEqual([privateKey.type, privateKey.usages], ['private', ['sign']]);
    for (const format of ['pkcs8', 'jwk']) {
      const signer = await subtle.importKey(format, await subtle.exportKey(format, privateKey), algorithm, true, [
        'sign',
      ]);
      for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) {
        const signature = await subtle.sign({ name: 'ECDSA', hash }, signer, ascii('data'));
        for (const open of ['raw', 'spki', 'jwk']) {
          const exported = await subtle.exportKey(open, publicKey);
          const checker = await subtle.importKey(open, exported, algorithm, true, ['verify']);
          const verify = (data: string) => subtle.verify({ name: 'ECDSA', hash }, checker, signature, ascii(data));
          assert.deepEqual([await verify('data'), await verify('date')], [true, false]);
        }
      }
    }
    for (const length of [0, 1, 64, 200]) {
      const zeros = new Uint8Array(length);
      assert.equal(await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, zeros, ascii('data')), false);
    }
  });

  test(`ECDH over ${namedCurve} gives both sides the same bits`, async () => {
    const [one, other] = await Promise.all([0, 1].map(() => pairOf({ name: 'ECDH', namedCurve }, 'deriveBits')));
    const bits = (mine: any, theirs: any, length: number | null = null) =>
      subtle.deriveBits({ name: 'ECDH', public: theirs.publicKey }, mine.privateKey, length);
    const all = hex(await bits(one, other));
    assert.equal(hex(await bits(other, one)), all);
    assert.equal(hex(await bits(one, other, 128)), all.slice(0, 32));
    await assert.rejects(bits(one, other, 8 * 67), { name: 'OperationError' });
  });
}

test('points that are not on the curve are a DataError', async () => {
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  const bad = [new Uint8Array(65), new Uint8Array(1), new Uint8Array(65).fill(4), new Uint8Array(0)];
  for (const point of bad) {
    await assert.rejects(subtle.importKey('raw', point, algorithm, true, []), { name: 'DataError' });
  }
});

test('Ed25519 is that of RFC 8032', async () => {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  };
  const { d: _, ...open } = jwk;
  const signer = await subtle.importKey('jwk', jwk, 'Ed25519', true, ['sign']);
  const checker = await subtle.importKey('jwk', open, 'Ed25519', true, ['verify']);
  const signature = await subtle.sign('Ed25519', signer, ascii(''));
  assert.equal(
    hex(signature),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  assert.deepEqual(
    [
      await subtle.verify('Ed25519', checker, signature, ascii('')),
      await subtle.verify('Ed25519', checker, signature, ascii('x')),
    ],
    [true, false],
  );
  assert.equal(((await subtle.exportKey('pkcs8', signer)) as ArrayBuffer).byteLength, 48);
  assert.equal(((await subtle.exportKey('spki', checker)) as ArrayBuffer).byteLength, 44);
});

test('X25519 is that of RFC 7748, and points of small order are refused', async () => {
  const mine = await subtle.importKey(
    'pkcs8',
    unhex('302e020100300506032b656e04220420a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'),
    'X25519',
    false,
    ['deriveBits'],
  );
  const point = unhex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
  const peer = await subtle.importKey('raw', point, 'X25519', true, []);
  const bits = await subtle.deriveBits({ name: 'X25519', public: peer }, mine, null);
  assert.equal(hex(bits), 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552');
  const zero = await subtle.importKey('raw', new Uint8Array(32), 'X25519', true, []);
  await assert.rejects(subtle.deriveBits({ name: 'X25519', public: zero } as any, mine, 256), {
    name: 'OperationError',
  });
});

// ── RSA ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const publicExponent = new Uint8Array([1, 0, 1]);

test('RSA signs by both schemes, with salts of any length, and keys survive every format', async () => {
  for (const name of ['RSASSA-PKCS1-v1_5', 'RSA-PSS']) {
    const algorithm = { name, hash: 'SHA-256' };
    const pair = await pairOf({ ...algorithm, modulusLength: 1024, publicExponent }, 'sign', 'verify');
    assert.deepEqual(pair.publicKey.algorithm, {
      name,
      modulusLength: 1024,
      publicExponent,
      hash: { name: 'SHA-256' },
    });
    for (const [closed, open] of [
      ['pkcs8', 'spki'],
      ['jwk', 'jwk'],
    ] as const) {
      const signer = await subtle.importKey(closed, await subtle.exportKey(closed, pair.privateKey), algorithm, true, [
        'sign',
      ]);
      const checker = await subtle.importKey(open, await subtle.exportKey(open, pair.publicKey), algorithm, true, [
        'verify',
      ]);
      for (const saltLength of [0, 20, 32]) {
        const signature = await subtle.sign({ name, saltLength }, signer, ascii('data'));
        const verify = (salt: number, data: string) =>
          subtle.verify({ name, saltLength: salt }, checker, signature, ascii(data));
        assert.deepEqual([await verify(saltLength, 'data'), await verify(saltLength, 'date')], [true, false]);
        if (name === 'RSA-PSS') assert.equal(await verify(saltLength + 1, 'data'), false);
      }
      assert.equal(await subtle.verify({ name, saltLength: 0 }, checker, new Uint8Array(128), ascii('data')), false);
    }
    await assert.rejects(subtle.sign({ name: 'RSA-PSS', saltLength: 4_000_000_000 }, pair.privateKey, ascii('')), {
      name: name === 'RSA-PSS' ? 'OperationError' : 'InvalidAccessError',
    });
  }
});

test('RSA-OAEP decrypts what it encrypted, with the same label alone, and wraps keys', async () => {
  const made = { name: 'RSA-OAEP', hash: 'SHA-256', modulusLength: 1024, publicExponent };
  const { publicKey, privateKey } = await pairOf(made, 'encrypt', 'decrypt', 'wrapKey', 'unwrapKey');
  assert.deepEqual(
    [publicKey.usages, privateKey.usages],
    [
      ['encrypt', 'wrapKey'],
      ['decrypt', 'unwrapKey'],
    ],
  );
  const algorithm = { name: 'RSA-OAEP', label: ascii('label') };
  const encrypted = await subtle.encrypt(algorithm, publicKey, ascii('data'));
  assert.equal(hex(await subtle.decrypt(algorithm, privateKey, encrypted)), hex(ascii('data')));
  const failed = { name: 'OperationError' };
  await assert.rejects(subtle.decrypt('RSA-OAEP', privateKey, encrypted), failed);
  await assert.rejects(subtle.decrypt(algorithm, privateKey, encrypted.slice(1)), failed);
  await assert.rejects(subtle.encrypt(algorithm, publicKey, new Uint8Array(63)), failed);
  const key = await subtle.importKey('raw', ascii('secret'), hmac, true, ['sign']);
  const wrapped = await subtle.wrapKey('raw', key, publicKey, algorithm);
  const again = await subtle.unwrapKey('raw', wrapped, privateKey, algorithm, hmac, true, ['sign']);
  assert.equal(hex((await subtle.exportKey('raw', again)) as ArrayBuffer), hex(ascii('secret')));
});

test('exponents that make no key are an OperationError', async () => {
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-1', modulusLength: 2048 };
  for (const bytes of [[], [0], [1], [2], [1, 0, 0]]) {
    await assert.rejects(pairOf({ ...algorithm, publicExponent: new Uint8Array(bytes) }, 'sign'), {
      name: 'OperationError',
    });
  }
});

test('RSA keys that are damaged are a DataError', async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const pair = await pairOf({ ...algorithm, modulusLength: 1024, publicExponent }, 'sign', 'verify');
  const refused = { name: 'DataError' };
  const jwk = (await subtle.exportKey('jwk', pair.privateKey)) as any;
  for (const change of [{ n: undefined }, { kty: 'oct' }]) {
    await assert.rejects(subtle.importKey('jwk', { ...jwk, ...change }, algorithm, true, ['sign']), refused);
  }
  const der = (await subtle.exportKey('pkcs8', pair.privateKey)) as ArrayBuffer;
  for (const bad of [der.slice(1), new ArrayBuffer(0)]) {
    await assert.rejects(subtle.importKey('pkcs8', bad, algorithm, true, ['sign']), refused);
  }
});

// ── the class ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test('methods reject, whatever is wrong', async () => {
  await assert.rejects(SubtleCrypto.prototype.digest.call({} as any, 'SHA-1', ascii('')), TypeError);
  await assert.rejects(any.encrypt(), TypeError);
  await assert.rejects(any.sign('HMAC', {}, ascii('')), TypeError);
  assert.throws(() => new SubtleCrypto(), TypeError);
  assert.equal(Object.prototype.toString.call(subtle), '[object SubtleCrypto]');
});
