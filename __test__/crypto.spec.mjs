// crypto.subtle against Node's own: what one makes the other reads, in every format; and heavy work under a deadline.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { describe, test } from 'node:test';
import { failure, open, openWith } from './fixtures/host.mjs';

const { subtle } = webcrypto;
const data = new TextEncoder().encode('what is signed here');

/** `crypto.subtle` of a guest: keys stay there under a number, everything else crosses. */
const source = `
  const keys = [];
  const keep = (key) => keys.push(key) - 1;
  const fill = (algorithm) => algorithm?.public === undefined ? algorithm : { ...algorithm, public: keys[algorithm.public] };
  exports.importKey = async (...args) => keep(await crypto.subtle.importKey(...args));
  exports.exportKey = (format, key) => crypto.subtle.exportKey(format, keys[key]);
  exports.generateKey = async (...args) => {
    const made = await crypto.subtle.generateKey(...args);
    return made.publicKey === undefined ? keep(made) : { publicKey: keep(made.publicKey), privateKey: keep(made.privateKey) };
  };
  for (const name of ['sign', 'verify', 'encrypt', 'decrypt', 'deriveBits'])
    exports[name] = (algorithm, key, ...args) => crypto.subtle[name](fill(algorithm), keys[key], ...args);
  exports.wrapKey = (format, key, wrapping, algorithm) => crypto.subtle.wrapKey(format, keys[key], keys[wrapping], algorithm);
`;

async function guestSubtle(t) {
  return (await openWith(t, source)).plugin('p');
}

/** Has one side make keys and the other one read them, both ways. */
async function bothWays(t, check) {
  const guest = await guestSubtle(t);
  await check(guest, subtle);
  await check(subtle, guest);
}

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const curves = ['P-256', 'P-384', 'P-521'];
const hashes = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

const signing = [
  ...hashes.map((hash) => ({ key: { name: 'RSASSA-PKCS1-v1_5', hash, ...rsa }, use: { name: 'RSASSA-PKCS1-v1_5' } })),
  ...hashes.map((hash, index) => ({
    key: { name: 'RSA-PSS', hash, ...rsa },
    use: { name: 'RSA-PSS', saltLength: [0, 32, 48, 20][index] },
  })),
  ...curves.flatMap((namedCurve) =>
    hashes.map((hash) => ({ key: { name: 'ECDSA', namedCurve }, use: { name: 'ECDSA', hash } })),
  ),
  { key: { name: 'Ed25519' }, use: { name: 'Ed25519' } },
];

describe('what one side signs the other one verifies', { concurrency: false }, () => {
  for (const { key, use } of signing) {
    test(`${key.name} ${key.namedCurve ?? ''} ${use.hash ?? key.hash ?? ''}`, async (t) => {
      await bothWays(t, async (maker, reader) => {
        const pair = await maker.generateKey(key, true, ['sign', 'verify']);
        const signature = await maker.sign(use, pair.privateKey, data);
        for (const format of key.name.startsWith('RSA') ? ['spki', 'jwk'] : ['raw', 'spki', 'jwk']) {
          const exported = await maker.exportKey(format, pair.publicKey);
          const checker = await reader.importKey(format, exported, key, true, ['verify']);
          assert.equal(await reader.verify(use, checker, signature, data), true, format);
          assert.equal(await reader.verify(use, checker, signature, data.subarray(1)), false, format);
        }
        for (const format of ['pkcs8', 'jwk']) {
          const exported = await maker.exportKey(format, pair.privateKey);
          const signer = await reader.importKey(format, exported, key, true, ['sign']);
          const other = await reader.sign(use, signer, data);
          assert.equal(await maker.verify(use, pair.publicKey, other, data), true, format);
        }
      });
    });
  }
});

const encrypting = [
  ...hashes.map((hash) => ({
    key: { name: 'RSA-OAEP', hash, ...rsa },
    use: { name: 'RSA-OAEP', label: new Uint8Array([1, 2, 3]) },
  })),
  ...[128, 192, 256].flatMap((length) => [
    { key: { name: 'AES-CBC', length }, use: { name: 'AES-CBC', iv: new Uint8Array(16).fill(7) } },
    { key: { name: 'AES-CTR', length }, use: { name: 'AES-CTR', counter: new Uint8Array(16).fill(255), length: 64 } },
    {
      key: { name: 'AES-GCM', length },
      use: { name: 'AES-GCM', iv: new Uint8Array(16).fill(9), additionalData: data, tagLength: 96 },
    },
  ]),
];

describe('what one side encrypts the other one decrypts', { concurrency: false }, () => {
  for (const { key, use } of encrypting) {
    test(`${key.name} ${key.length ?? ''} ${key.hash ?? ''}`, async (t) => {
      await bothWays(t, async (maker, reader) => {
        const made = await maker.generateKey(key, true, ['encrypt', 'decrypt']);
        const isPair = made.privateKey !== undefined;
        for (const format of isPair ? ['pkcs8', 'jwk'] : ['raw', 'jwk']) {
          const exported = await maker.exportKey(format, isPair ? made.privateKey : made);
          const reading = await reader.importKey(format, exported, key, true, ['decrypt']);
          const encrypted = await maker.encrypt(use, isPair ? made.publicKey : made, data);
          assert.deepEqual(new Uint8Array(await reader.decrypt(use, reading, encrypted)), data, format);
        }
      });
    });
  }

  test('much data takes the way over another thread', async (t) => {
    const guest = await guestSubtle(t);
    const much = webcrypto.getRandomValues(new Uint8Array(60_000));
    const longer = new Uint8Array(300_000).map((_, index) => much[index % much.length]);
    const bytes = webcrypto.getRandomValues(new Uint8Array(32));
    for (const use of encrypting.filter(({ key }) => key.length === 256).map((entry) => entry.use)) {
      const mine = await guest.importKey('raw', bytes, use.name, true, ['encrypt']);
      const theirs = await subtle.importKey('raw', bytes, use.name, true, ['encrypt']);
      const [one, other] = await Promise.all([guest.encrypt(use, mine, longer), subtle.encrypt(use, theirs, longer)]);
      assert.ok(Buffer.from(one).equals(Buffer.from(other)), use.name);
    }
  });
});

describe('both sides derive the same', () => {
  for (const key of [...curves.map((namedCurve) => ({ name: 'ECDH', namedCurve })), { name: 'X25519' }]) {
    test(`${key.name} ${key.namedCurve ?? ''}`, async (t) => {
      await bothWays(t, async (maker, reader) => {
        const [mine, theirs] = [
          await maker.generateKey(key, true, ['deriveBits']),
          await reader.generateKey(key, true, ['deriveBits']),
        ];
        const cross = async (from, to, open) => to.importKey('spki', await from.exportKey('spki', open), key, true, []);
        const toReader = await cross(maker, reader, mine.publicKey);
        const toMaker = await cross(reader, maker, theirs.publicKey);
        const one = await maker.deriveBits({ name: key.name, public: toMaker }, mine.privateKey, 256);
        const other = await reader.deriveBits({ name: key.name, public: toReader }, theirs.privateKey, 256);
        assert.deepEqual(Buffer.from(one), Buffer.from(other));
      });
    });
  }

  for (const hash of hashes) {
    for (const name of ['HKDF', 'PBKDF2']) {
      test(`${name} ${hash}`, async (t) => {
        const guest = await guestSubtle(t);
        const use = { name, hash, salt: data, info: data, iterations: 3000 };
        const derive = async (side) =>
          Buffer.from(
            await side.deriveBits(use, await side.importKey('raw', data, name, false, ['deriveBits']), 8 * 200),
          );
        assert.deepEqual(await derive(guest), await derive(subtle));
      });
    }
  }
});

describe('heavy work is under the deadline', () => {
  const heavy = {
    'many rounds of PBKDF2': `crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']).then((key) =>
      crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(8), iterations: 2 ** 25 }, key, 512))`,
    'the longest RSA key': `crypto.subtle.generateKey({ name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 8192,
      publicExponent: new Uint8Array([1, 0, 1]) }, false, ['sign', 'verify'])`,
  };
  for (const [what, code] of Object.entries(heavy)) {
    test(`${what}: the caller is answered on time, and the sandbox works on`, async (t) => {
      const host = open(t, {});
      const started = performance.now();
      const { code: ended } = await failure(host.eval(code, { timeoutMs: 100 }));
      assert.equal(ended, 'ERR_TIMEOUT');
      assert.ok(performance.now() - started < 2000);
      assert.equal(await host.eval('6 * 7'), 42);
    });
  }

  test('more rounds than one derivation may take are refused at once', async (t) => {
    const host = open(t, {});
    const code = `crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']).then((key) =>
      crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: new Uint8Array(8), iterations: 2 ** 32 - 1 }, key, 2 ** 31))`;
    const { message } = await failure(host.eval(code));
    assert.match(message, /at most/);
  });
});

describe('keys that do not hold together are refused', () => {
  test('RSA: numbers that do not belong together', async (t) => {
    const guest = await guestSubtle(t);
    const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' };
    const { privateKey } = await subtle.generateKey({ ...algorithm, ...rsa }, true, ['sign']);
    const jwk = await subtle.exportKey('jwk', privateKey);
    for (const change of [
      { p: jwk.q },
      { dp: 'AQ' },
      { qi: 'AQ' },
      { d: 'AQ' },
      { e: 'AA' },
      { e: 'Ag' },
      { oth: [{}] },
    ]) {
      const refused = await failure(guest.importKey('jwk', { ...jwk, ...change }, algorithm, true, ['sign']));
      assert.match(String(refused.name) + refused.message, /DataError/, JSON.stringify(Object.keys(change)));
    }
    const der = new Uint8Array(await subtle.exportKey('pkcs8', privateKey));
    for (let at = 0; at < der.length; at += 37) {
      const changed = der.slice();
      changed[at] ^= 0x55;
      const outcome = guest.importKey('pkcs8', changed, algorithm, true, ['sign']).catch((error) => error);
      assert.match(String((await outcome).name), /DataError/, `byte ${at}`);
    }
  });

  test('curves: points beside the curve, numbers out of range, halves of different keys', async (t) => {
    const guest = await guestSubtle(t);
    for (const namedCurve of curves) {
      const algorithm = { name: 'ECDSA', namedCurve };
      const [one, other] = await Promise.all(
        [0, 1].map(async () => {
          const { privateKey } = await subtle.generateKey(algorithm, true, ['sign']);
          return subtle.exportKey('jwk', privateKey);
        }),
      );
      const zeros = one.d.replace(/[^]/g, 'A');
      for (const change of [
        { x: other.x },
        { d: other.d },
        { d: zeros },
        { x: zeros, y: zeros },
        { d: `${one.d}AA` },
      ]) {
        const refused = await failure(guest.importKey('jwk', { ...one, ...change }, algorithm, true, ['sign']));
        assert.match(
          String(refused.name) + refused.message,
          /DataError/,
          namedCurve + JSON.stringify(Object.keys(change)),
        );
      }
    }
  });
});
