import { assert, test } from 'guest:test';
import {
  KeyObject,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
} from 'guest:nodekey';

// Made for these tests.
const RSA_PKCS8 = `-----BEGIN PRIVATE KEY-----
MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBAM8eSYk29PKw3PkZ
3+v68OVX72IRIb2LTH2u9VZ80dTahwtklPWmFnfXzMeJVOueJ3cv5+zt3+blCGLD
1HnJFh+Bc2ABlUuqVfewMT2sMjDR6MQzHuY/yIWQzgDLVtPwAmp3mELUIn1riuUR
lK0K2qk5rmnCUa39VA8XXdbJnZp9AgMBAAECgYEAzJFjnE1Vnicl+jueOVu/dyZl
X/z/0FC3miOmWmgqcAvu+ke8AOysoG3a6vIvmBC7djMw5YkFbu6kW7iEMk10tJ2M
LT/HIrSTwrMdqhvKfYA0C8LEoGzSyyiMVWsQM1sDuTy9U6ncgAYIgVA5kA14d1rP
ZPO3UZ2T+Mrg4taCLVkCQQD3IODZuWNgoxWET/xGdS3h2RbtdxW6qszC6qOAg+Rd
k3en+UN+ARToL3CvR8C3ZAvyOGfdhLnxk2oBH2EytIaXAkEA1o22zRnGl+ah0mct
0qdTXpopUWRhApWICP/7bU3gOOPy7YaWE4mUm6dsN9xt3kkrX48hOlgChnFXB6LJ
wH7+CwJBAKoPcwwA+nUm5QivLjCiNJfFl3SETWyuWsgLRcaLfJw0fdQWwS41ulhp
RQcpvmG1NE9UJ42V54tpYToyiOWmuzMCQG0VD+OnPzjroUp/+uQm/lQSvP8MseXG
cKtiukoQVfeWrWPmEVdNk6ivrm2YPKPPP6YN9y7aoC4KYd0X/stHxZECQQCgCyeG
EA9PYuecFYThJcsnLZGG9rihuJIa9y10G5lhCV7gM/gzJ8sB0ji5G44vUcALNLnw
c9enmEBhOeJQnbj/
-----END PRIVATE KEY-----
`;

const RSA_PKCS1 = `-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDPHkmJNvTysNz5Gd/r+vDlV+9iESG9i0x9rvVWfNHU2ocLZJT1
phZ318zHiVTrnid3L+fs7d/m5Qhiw9R5yRYfgXNgAZVLqlX3sDE9rDIw0ejEMx7m
P8iFkM4Ay1bT8AJqd5hC1CJ9a4rlEZStCtqpOa5pwlGt/VQPF13WyZ2afQIDAQAB
AoGBAMyRY5xNVZ4nJfo7njlbv3cmZV/8/9BQt5ojplpoKnAL7vpHvADsrKBt2ury
L5gQu3YzMOWJBW7upFu4hDJNdLSdjC0/xyK0k8KzHaobyn2ANAvCxKBs0ssojFVr
EDNbA7k8vVOp3IAGCIFQOZANeHdaz2Tzt1Gdk/jK4OLWgi1ZAkEA9yDg2bljYKMV
hE/8RnUt4dkW7XcVuqrMwuqjgIPkXZN3p/lDfgEU6C9wr0fAt2QL8jhn3YS58ZNq
AR9hMrSGlwJBANaNts0ZxpfmodJnLdKnU16aKVFkYQKViAj/+21N4Djj8u2GlhOJ
lJunbDfcbd5JK1+PITpYAoZxVweiycB+/gsCQQCqD3MMAPp1JuUIry4wojSXxZd0
hE1srlrIC0XGi3ycNH3UFsEuNbpYaUUHKb5htTRPVCeNleeLaWE6MojlprszAkBt
FQ/jpz8466FKf/rkJv5UErz/DLHlxnCrYrpKEFX3lq1j5hFXTZOor65tmDyjzz+m
Dfcu2qAuCmHdF/7LR8WRAkEAoAsnhhAPT2LnnBWE4SXLJy2Rhva4obiSGvctdBuZ
YQle4DP4MyfLAdI4uRuOL1HACzS58HPXp5hAYTniUJ24/w==
-----END RSA PRIVATE KEY-----
`;

const RSA_CLOSED = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIIC3TBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIdOkeH8v9b+wCAggA
MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBBarFwcOgvmOvRFEr3cA2ADBIIC
gACQpgelFv7oe467Jv3x0teLcoLkMREG3Bc2tJGgd0MvADc239016ca8XPS9CEei
M7P1gLCiAVfSvuxphIwueWovR5e9CTh7/JvABmTGcfbrb4jcQvGqsqBD64B6CP6W
OzmHsWo3QpXUVy3LLMseIEjEHkaDX5fs0k8QzWo+1J22FlbY8Px431ue2KpaYeG0
iEjGC2BBHM+UfMXw7bq7g3uy+gdHavJmHW1+L7OcrGDJvJuzCeVw2MTItwhNYObL
jhEWfyZEDN+3ZH4nz7qBr8A0h18wIJm7XGtzKVoJLlIYUChqGjXwBhkT10Kwohai
XeDbG+TSBmrfOVLUMldGmNybQGiM8muLyPFEGYaqNDoqX0DKurmWq2+JR7eTB074
ilYa0ZtvDjlNKau2wx5fK2zQ4FBl62JWqtEv/pnCcH6mal2EE8tTz1Dlk3eeKYRL
lgC6jCpE2OzOatdDz0VGxub1x6jX2O6HUuQLb6YXk85+C0GWqY+/nGADyI+ZjT4L
VyoJugOax1yWwz/SmKsoS7evTcbSnjOHpFzQ0zKJ9jT4/MU9x0ABDftoh4ZUu+5y
zdwind7oGFPagH4yIDtkEWE3qKNil4s31mLKOXW6qZprXg1ibS8PP/GpjhBX4kuo
aY6XZPl5Hfw1TlMDMGIjtwBhVc+eu+5SbJdbrrs9jl5+5KWrZIHsctkkifT5H4kj
mMiMLLHtJPWy0wBi8LBf6akU6VILossTtq/wNUPLyW7sfP5KdyYRoyX0mHLhc0J2
urp/+bj+Q0VH6dpVtxXTLMkF9Ef+cJYe5fkhC4Fstqq54Qf10ed+YL9+5mFMj/G7
i8P6DUa7x+SWG/xG+6HyCa0=
-----END ENCRYPTED PRIVATE KEY-----
`;

const RSA_PUBLIC = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDPHkmJNvTysNz5Gd/r+vDlV+9i
ESG9i0x9rvVWfNHU2ocLZJT1phZ318zHiVTrnid3L+fs7d/m5Qhiw9R5yRYfgXNg
AZVLqlX3sDE9rDIw0ejEMx7mP8iFkM4Ay1bT8AJqd5hC1CJ9a4rlEZStCtqpOa5p
wlGt/VQPF13WyZ2afQIDAQAB
-----END PUBLIC KEY-----
`;

const keyOf = (made: unknown) => made as KeyObject;

function called<T extends unknown[]>(start: (callback: (error: unknown, ...values: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, ...values) => (error ? reject(error) : resolve(values))));
}

test('every PEM of a key is read, whatever stands around it', () => {
  const key = createPrivateKey(RSA_PKCS8);
  assert.equal(key.type, 'private');
  assert.equal(key.asymmetricKeyType, 'rsa');
  assert.deepEqual({ ...key.asymmetricKeyDetails }, { modulusLength: 1024, publicExponent: 65537n });
  assert.ok(createPrivateKey(RSA_PKCS1).equals(key));
  assert.ok(createPrivateKey({ key: new TextBytes(RSA_PKCS8).bytes }).equals(key));
  const open = createPublicKey(`a comment\n${RSA_PUBLIC.replaceAll('\n', '\r\n')}`);
  assert.equal(open.type, 'public');
  assert.ok(createPublicKey(RSA_PKCS1).equals(open) && createPublicKey(key).equals(open));
});

test('a closed key opens with its passphrase', () => {
  const key = createPrivateKey({ key: RSA_CLOSED, passphrase: 'open' });
  assert.ok(key.equals(createPrivateKey(RSA_PKCS8)));
  assert.throws(() => createPrivateKey({ key: RSA_CLOSED, passphrase: 'wrong' }), { code: 'ERR_OSSL_BAD_DECRYPT' });
  assert.throws(() => createPrivateKey({ key: RSA_CLOSED }));
});

test('what is written is read back', () => {
  for (const [type, options] of [
    ['ec', { namedCurve: 'P-256' }],
    ['ec', { namedCurve: 'secp384r1' }],
    ['ec', { namedCurve: 'secp256k1' }],
    ['ed25519', {}],
    ['x25519', {}],
    ['rsa', { modulusLength: 1024 }],
  ] as const) {
    const pair = generateKeyPairSync(type, options);
    const [open, secret] = [keyOf(pair.publicKey), keyOf(pair.privateKey)];
    assert.deepEqual([open.type, secret.type, open.asymmetricKeyType], ['public', 'private', type]);
    for (const format of ['pem', 'der']) {
      const encoded = secret.export({ type: 'pkcs8', format });
      assert.ok(createPrivateKey({ key: encoded, format, type: 'pkcs8' }).equals(secret), type);
      const shown = open.export({ type: 'spki', format });
      assert.ok(createPublicKey({ key: shown, format, type: 'spki' }).equals(open), type);
      const own = type === 'ec' ? 'sec1' : 'pkcs1';
      if (type === 'ec' || type === 'rsa') {
        assert.ok(createPrivateKey({ key: secret.export({ type: own, format }), format, type: own }).equals(secret));
      }
      if (type === 'rsa') {
        assert.ok(createPublicKey({ key: open.export({ type: own, format }), format, type: own }).equals(open));
      }
    }
  }
});

test('PEM looks as Node writes it', () => {
  assert.equal(createPrivateKey(RSA_PKCS1).export({ type: 'pkcs8', format: 'pem' }), RSA_PKCS8);
  assert.equal(createPrivateKey(RSA_PKCS8).export({ type: 'pkcs1', format: 'pem' }), RSA_PKCS1);
  assert.equal(createPublicKey(RSA_PKCS8).export({ type: 'spki', format: 'pem' }), RSA_PUBLIC);
});

test('a pair comes encoded where that is asked for, at once or by a callback', async () => {
  const options = {
    namedCurve: 'P-521',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'der' },
  };
  const { publicKey, privateKey } = generateKeyPairSync('ec', options);
  assert.ok((publicKey as string).startsWith('-----BEGIN PUBLIC KEY-----\n') && privateKey instanceof Uint8Array);
  const pair = await called<[unknown, unknown]>((callback) =>
    generateKeyPair('rsa', { modulusLength: 1024 }, callback),
  );
  assert.deepEqual([keyOf(pair[0]).type, keyOf(pair[1]).type], ['public', 'private']);
  assert.deepEqual({ ...keyOf(pair[0]).asymmetricKeyDetails }, { modulusLength: 1024, publicExponent: 65537n });
  const other = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 });
  assert.equal(keyOf(other.publicKey).asymmetricKeyDetails!['publicExponent'], 3n);
});

test('keys that cannot be made are refused', () => {
  assert.throws(() => generateKeyPairSync('foo'), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => generateKeyPairSync('rsa', {}), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => generateKeyPairSync('rsa', { modulusLength: 100 }));
  assert.throws(() => generateKeyPairSync('ec', { namedCurve: 'foo' }), {
    name: 'TypeError',
    code: 'ERR_CRYPTO_INVALID_CURVE',
  });
  assert.throws(() => generateKeySync('aes', { length: 100 }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => generateKeySync('hmac', { length: 3 }), { code: 'ERR_OUT_OF_RANGE' });
});

test('secret keys keep bytes', async () => {
  const key = createSecretKey('abc', 'utf8');
  assert.equal(key.type, 'secret');
  assert.equal(key.symmetricKeySize, 3);
  assert.equal(key.asymmetricKeyType, undefined);
  assert.deepEqual(Array.from(key.export() as Uint8Array), [97, 98, 99]);
  assert.deepEqual({ ...(key.export({ format: 'jwk' }) as object) }, { kty: 'oct', k: 'YWJj' });
  assert.ok(key.equals(createSecretKey(new Uint8Array([97, 98, 99]))) && !key.equals(createSecretKey('abd', 'utf8')));
  assert.equal(generateKeySync('aes', { length: 192 }).symmetricKeySize, 24);
  const [made] = await called<[KeyObject]>((callback) => generateKey('hmac', { length: 64 }, callback));
  assert.equal(made.symmetricKeySize, 8);
  assert.throws(() => createSecretKey(5), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('what is no key is refused', () => {
  const unsupported = { name: 'Error', code: 'ERR_OSSL_UNSUPPORTED' };
  assert.throws(() => createPrivateKey('foo'), unsupported);
  assert.throws(() => createPublicKey('foo'), unsupported);
  assert.throws(() => createPrivateKey(RSA_PUBLIC), unsupported);
  for (const key of [5, undefined, { key: 5 }]) {
    assert.throws(() => createPrivateKey(key), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  const der = new Uint8Array(5);
  assert.throws(() => createPrivateKey({ key: RSA_PKCS1, format: 'foo' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => createPrivateKey({ key: der, format: 'der' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => createPrivateKey({ key: der, format: 'der', type: 'spki' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }), { name: 'Error' });
  assert.throws(() => createPublicKey(createPublicKey(RSA_PUBLIC)), { code: 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE' });
});

test('a key is exported in its own forms alone', () => {
  const rsa = createPublicKey(RSA_PUBLIC);
  assert.throws(() => rsa.export(), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => rsa.export({ format: 'pem' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => rsa.export({ format: 'foo', type: 'spki' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => rsa.export({ format: 'pem', type: 'pkcs8' }), { code: 'ERR_INVALID_ARG_VALUE' });
  const curve = keyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
  assert.throws(() => curve.export({ format: 'pem', type: 'pkcs1' }), {
    code: 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS',
    message: 'The selected key encoding pkcs1 can only be used for RSA keys.',
  });
});

test('the class has its name and cannot be made by hand', () => {
  assert.equal(Object.prototype.toString.call(createSecretKey('a', 'utf8')), '[object KeyObject]');
  assert.throws(() => new KeyObject('secret', {} as any), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.ok(createPublicKey(RSA_PUBLIC) instanceof KeyObject);
});

/** The bytes of ASCII text. */
class TextBytes {
  readonly bytes: Uint8Array;

  constructor(text: string) {
    this.bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  }
}
