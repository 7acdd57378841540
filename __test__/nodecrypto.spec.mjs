// Node's crypto in a sandbox against Node's own: the same source on the same random input has the same results.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { open } from './fixtures/host.mjs';

const random = (most) => crypto.randomBytes(crypto.randomInt(most));

/** Runs `body`, a function of `crypto` and its input, here and in a guest; what it gives has to be the same. */
async function same(t, body, input) {
  const host = open(t);
  const source = `exports.run = async (input) => (${body})(crypto, input)`;
  await host.loadPlugin('p', source, { filename: 'p.cjs' });
  assert.deepEqual(await host.call('p', 'run', [input]), await body(crypto, input));
}

describe('digests', () => {
  const messages = Array.from({ length: 40 }, () => new Uint8Array(random(400)));
  messages.push(new Uint8Array(crypto.randomBytes(3_000_000)));

  test('are the same for every hash function of a sandbox', async (t) => {
    const host = open(t);
    const names = await host.eval('crypto.getHashes()');
    assert.ok(names.length > 25 && names.every((name) => crypto.getHashes().includes(name)), names.join());
    await same(
      t,
      (crypto, { names, messages }) =>
        names.flatMap((name) => messages.map((message) => crypto.createHash(name).update(message).digest('hex'))),
      { names, messages },
    );
  });

  test('are the same with keys of any length', async (t) => {
    const names = ['md5', 'sha1', 'sha224', 'sha384', 'sha512-224', 'sha3-224', 'sha3-512', 'ripemd160', 'blake2b512'];
    const keys = Array.from({ length: 12 }, () => new Uint8Array(random(300)));
    await same(
      t,
      (crypto, { names, keys, messages }) =>
        names.flatMap((name) =>
          keys.map((key, index) => crypto.createHmac(name, key).update(messages[index]).digest('base64')),
        ),
      { names, keys, messages },
    );
  });

  test('are the same of text in every encoding', async (t) => {
    const encodings = ['utf8', 'latin1', 'ascii', 'binary', 'hex', 'base64', 'base64url', 'utf16le', 'ucs-2', 'none'];
    const texts = Array.from({ length: 30 }, () => random(60).toString('latin1').concat('€ä=-_'));
    texts.push(...Array.from({ length: 10 }, () => random(60).toString('hex')));
    texts.push(...Array.from({ length: 10 }, () => random(60).toString('base64')));
    await same(
      t,
      (crypto, { encodings, texts }) =>
        encodings
          .flatMap((encoding) =>
            texts.map((text) => {
              const even = encoding === 'hex' ? text.slice(0, text.length & ~1) : text;
              const digest = crypto.createHash('md5').update(even, encoding);
              return digest.digest(/16|ucs/.test(encoding) ? 'hex' : encoding);
            }),
          )
          .map((digest) => (typeof digest === 'string' ? digest : Array.from(digest))),
      { encodings, texts },
    );
  });
});

describe('streams', () => {
  test('are not loaded for a digest, a cipher or a signature alone', async (t) => {
    const host = open(t);
    const grown = async (source) => {
      await host.gc();
      const before = host.stats().heapBytes;
      await host.eval(source);
      await host.gc();
      return host.stats().heapBytes - before;
    };
    await host.eval(
      "crypto.createHash('md5'); crypto.createSign('md5'); crypto.createCipheriv; void require('events')",
    );
    const alone = await grown(
      "globalThis.hash = crypto.createHash('md5').update('abc'); void hash.copy().digest('hex')",
    );
    const asStream = await grown("void hash.end('def')");
    assert.ok(alone < 32 << 10 && asStream > 128 << 10, `${alone} and ${asStream} bytes`);
  });

  test('have the digest and the cipher text of a file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'hostbox-nodecrypto-'));
    t.after(() => rm(folder, { recursive: true }));
    const bytes = crypto.randomBytes(300_000);
    await writeFile(join(folder, 'in'), bytes);
    const host = open(t, { permissions: { fs: { '/data': { path: folder, write: true } } } });
    const source = `(async () => {
      const { pipeline } = require('stream/promises');
      const hash = fs.createReadStream('/data/in').pipe(crypto.createHash('sha256'));
      const digest = (await require('stream/consumers').buffer(hash)).toString('hex');
      const cipher = crypto.createCipheriv('aes-256-ctr', 'k'.repeat(32), 'i'.repeat(16));
      await pipeline(fs.createReadStream('/data/in'), cipher, fs.createWriteStream('/data/out'));
      return digest;
    })()`;
    assert.equal(await host.eval(source), crypto.createHash('sha256').update(bytes).digest('hex'));
    const cipher = crypto.createCipheriv('aes-256-ctr', 'k'.repeat(32), 'i'.repeat(16));
    assert.ok(cipher.update(bytes).equals(await readFile(join(folder, 'out'))));
  });
});

describe('ciphers', () => {
  const lengths = { 128: 16, 192: 24, 256: 32 };
  const jobs = crypto
    .getCiphers()
    .filter((name) => /^aes-\d+-(cbc|ctr|ecb|gcm)$|^chacha20-poly1305$/.test(name))
    .flatMap((name) =>
      Array.from({ length: 12 }, (_, index) => ({
        name,
        key: new Uint8Array(crypto.randomBytes(lengths[name.slice(4, 7)] ?? 32)),
        iv: new Uint8Array(
          crypto.randomBytes(
            /ecb/.test(name) ? 0 : /gcm/.test(name) && index > 3 ? 1 + index * 5 : /gcm|poly/.test(name) ? 12 : 16,
          ),
        ),
        aad: new Uint8Array(random(40)),
        pieces: Array.from({ length: index }, () => new Uint8Array(random(70))),
      })),
    );

  test('encrypt and decrypt the same, piece by piece', async (t) => {
    await same(
      t,
      (crypto, jobs) =>
        jobs.map(({ name, key, iv, aad, pieces }) => {
          const isAuthenticated = /gcm|poly/.test(name);
          const cipher = crypto.createCipheriv(name, key, iv);
          if (isAuthenticated) cipher.setAAD(aad);
          const encrypted = pieces.map((piece) => cipher.update(piece, undefined, 'base64'));
          encrypted.push(cipher.final('base64'));
          const decipher = crypto.createDecipheriv(name, key, iv);
          if (isAuthenticated) decipher.setAAD(aad).setAuthTag(cipher.getAuthTag());
          const decrypted = encrypted.map((piece) => decipher.update(piece, 'base64', 'latin1'));
          return [name, encrypted, decrypted, decipher.final('latin1'), isAuthenticated && [...cipher.getAuthTag()]];
        }),
      jobs,
    );
  });

  test('take many bytes at once', async (t) => {
    const input = { key: new Uint8Array(crypto.randomBytes(32)), data: new Uint8Array(crypto.randomBytes(2_500_000)) };
    await same(
      t,
      (crypto, { key, data }) =>
        ['aes-256-cbc', 'aes-256-ctr', 'aes-256-gcm', 'chacha20-poly1305'].map((name) => {
          const cipher = crypto.createCipheriv(name, key, key.subarray(0, /gcm|poly/.test(name) ? 12 : 16));
          return crypto.createHash('sha256').update(cipher.update(data)).update(cipher.final()).digest('hex');
        }),
      input,
    );
  });
});

describe('derivations', () => {
  test('are the same for random passwords, salts, costs and lengths', async (t) => {
    const digests = ['md5', 'sha1', 'sha224', 'sha256', 'sha512', 'sha3-384', 'ripemd160', 'blake2s256'];
    const jobs = Array.from({ length: 40 }, (_, index) => ({
      digest: digests[index % digests.length],
      password: new Uint8Array(random(200)),
      salt: new Uint8Array(random(200)),
      count: 1 + crypto.randomInt(40),
      length: crypto.randomInt(300),
      N: 2 ** (1 + crypto.randomInt(6)),
      r: 1 + crypto.randomInt(9),
      p: 1 + crypto.randomInt(4),
    }));
    await same(
      t,
      (crypto, jobs) =>
        Promise.all(
          jobs.map(async ({ digest, password, salt, count, length, N, r, p }) => {
            const later = (start) =>
              new Promise((resolve, reject) => start((error, bytes) => (error ? reject(error) : resolve([...bytes]))));
            return [
              await later((done) => crypto.pbkdf2(password, salt, count, length, digest, done)),
              await later((done) => crypto.scrypt(password, salt, length, { N, r, p }, done)),
              [...crypto.scryptSync(password, salt, length, { N, r, p })],
              [...new Uint8Array(crypto.hkdfSync(digest, password, salt, salt, length))],
            ];
          }),
        ),
      jobs,
    );
  });

  test('end with the call that began them, at once and later', async (t) => {
    const host = open(t);
    for (const source of [
      "crypto.pbkdf2Sync('p', 's', 2 ** 25, 20, 'sha1')",
      "new Promise((done) => crypto.pbkdf2('p', 's', 2 ** 25, 20, 'sha1', done))",
      "crypto.scryptSync('p', 's', 20, { N: 2 ** 10, p: 2 ** 12 })",
      "new Promise((done) => crypto.scrypt('p', 's', 20, { N: 2 ** 10, p: 2 ** 12 }, done))",
    ]) {
      await assert.rejects(host.eval(source, { timeoutMs: 100 }), { code: 'ERR_TIMEOUT' }, source);
    }
    assert.equal(await host.eval('1 + 1'), 2);
  });

  test('take no more memory than the sandbox has, and no more work than one may', async (t) => {
    const host = open(t, { limits: { bufferBytes: 16 << 20 } });
    const code = (source) => host.eval(`try { ${source}; 'done' } catch (error) { error.code }`);
    assert.equal(await code("crypto.scryptSync('p', 's', 20, { N: 2 ** 14, maxmem: 2 ** 40 })"), 'ERR_MEMORY');
    assert.equal(await code("crypto.scryptSync('p', 's', 20, { N: 2 ** 30, maxmem: 2 ** 50 })"), 'ERR_LIMIT');
    assert.equal(await code("crypto.pbkdf2Sync('p', 's', 2 ** 31 - 1, 20, 'md5')"), 'ERR_LIMIT');
    assert.equal(host.stats().bufferBytes, 0);
  });
});

describe('keys and signatures', () => {
  const kinds = [
    ['rsa', { modulusLength: 2048 }],
    ['ec', { namedCurve: 'P-256' }],
    ['ec', { namedCurve: 'P-384' }],
    ['ec', { namedCurve: 'P-521' }],
    ['ec', { namedCurve: 'secp256k1' }],
    ['ed25519', {}],
  ];

  test('that one side makes, the other one reads and verifies', async (t) => {
    const host = open(t);
    await host.loadPlugin(
      'p',
      `exports.sign = (type, options, digest, message) => {
        const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
        return {
          signature: crypto.sign(digest, message, privateKey),
          pem: publicKey.export({ type: 'spki', format: 'pem' }),
          key: privateKey.export({ type: 'pkcs8', format: 'der' }),
        };
      };
      exports.verify = (digest, message, pem, signature, key) => [
        crypto.verify(digest, message, pem, signature),
        crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' }).asymmetricKeyType,
      ]`,
    );
    const guest = host.plugin('p');
    const message = new Uint8Array(random(100));
    for (const [type, options] of kinds) {
      const digest = type === 'ed25519' ? null : 'sha384';
      const made = await guest.sign(type, options, digest, message);
      assert.ok(crypto.verify(digest, message, made.pem, made.signature), type);
      const key = crypto.createPrivateKey({ key: Buffer.from(made.key), format: 'der', type: 'pkcs8' });
      assert.equal(crypto.createPublicKey(key).export({ type: 'spki', format: 'pem' }), made.pem);
      const own = crypto.generateKeyPairSync(type, options);
      const pem = own.publicKey.export({ type: 'spki', format: 'pem' });
      const der = own.privateKey.export({ type: 'pkcs8', format: 'der' });
      const signature = crypto.sign(digest, message, own.privateKey);
      assert.deepEqual(await guest.verify(digest, message, pem, signature, der), [true, type]);
    }
  });

  test('are the same as JSON Web Keys', async (t) => {
    for (const [type, options] of kinds.filter(([, { namedCurve }]) => namedCurve !== 'secp256k1')) {
      const { privateKey } = crypto.generateKeyPairSync(type, options);
      await same(
        t,
        (crypto, { pem, jwk }) => {
          const key = crypto.createPrivateKey(pem);
          const open = crypto.createPublicKey({ key: jwk, format: 'jwk' });
          return [
            key.export({ format: 'jwk' }),
            open.export({ format: 'jwk' }),
            crypto.createPrivateKey({ key: jwk, format: 'jwk' }).equals(key),
            open.equals(crypto.createPublicKey(key)),
          ];
        },
        { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }), jwk: privateKey.export({ format: 'jwk' }) },
      );
    }
  });

  test('of crypto.subtle become KeyObjects where they may be taken out', async (t) => {
    const host = open(t);
    const source = `(async () => {
      const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
      const signature = crypto.sign('sha256', 'message', { key: crypto.KeyObject.from(privateKey), dsaEncoding: 'ieee-p1363' });
      const message = new TextEncoder().encode('message');
      const kept = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
      let refused;
      try { crypto.KeyObject.from(kept) } catch (error) { refused = error.name }
      const open = await crypto.subtle.importKey('raw', message, { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
      const alike = crypto.createHmac('md5', open).digest('hex') === crypto.createHmac('md5', message).digest('hex');
      const direct = crypto.verify('sha256', message, publicKey, crypto.sign('sha256', message, { key: privateKey }));
      return [await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, signature, message), refused, alike, direct];
    })()`;
    assert.deepEqual(await host.eval(source), [true, 'InvalidAccessError', true, true]);
  });

  test('of Node are secrets for digests and ciphers', async (t) => {
    await same(
      t,
      (crypto, secret) => {
        const key = crypto.createSecretKey(secret);
        return [
          crypto.createHmac('sha256', key).update('message').digest('hex'),
          crypto.createCipheriv('aes-256-ecb', key, null).update(new Uint8Array(32), undefined, 'hex'),
          [...new Uint8Array(crypto.hkdfSync('sha256', key, 'salt', 'info', 20))],
        ];
      },
      new Uint8Array(crypto.randomBytes(32)),
    );
  });

  test('are not waited for when the call is over', async (t) => {
    const host = open(t);
    for (const source of [
      "crypto.generateKeyPairSync('rsa', { modulusLength: 8192 })",
      "new Promise((done) => crypto.generateKeyPair('rsa', { modulusLength: 8192 }, done))",
    ]) {
      await assert.rejects(host.eval(source, { timeoutMs: 50 }), { code: 'ERR_TIMEOUT' }, source);
    }
    assert.equal(await host.eval('1 + 1'), 2);
  });

  test('that are closed with too many rounds are refused', async (t) => {
    const { privateKey } = crypto.generateKeyPairSync('ed25519');
    const der = privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'open' });
    const at = der.indexOf(Buffer.from([0x02, 0x02, 0x08, 0x00]));
    // 2048 rounds become two billion: two more bytes in the number and in everything around it.
    const longer = Buffer.concat([der.subarray(0, at), Buffer.from([2, 4, 0x7f, 255, 255, 255]), der.subarray(at + 4)]);
    for (let i = 0; i < at; i++)
      if (longer[i] === 0x30 && i + 2 + longer[i + 1] >= at && longer[i + 1] < 126) longer[i + 1] += 2;
    longer[2] += longer[1] === 0x81 ? 2 : 0;
    const host = open(t);
    await host.loadPlugin(
      'p',
      `exports.read = (key) => {
        try { return crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase: 'open' }).asymmetricKeyType }
        catch (error) { return error.code }
      }`,
    );
    assert.equal(await host.call('p', 'read', [der]), 'ed25519');
    assert.equal(await host.call('p', 'read', [longer]), 'ERR_LIMIT');
  });
});

test('a deadline ends a digest in the middle', async (t) => {
  const host = open(t, { limits: { memoryBytes: 1 << 30 } });
  const source = "const h = crypto.createHash('ripemd160'), b = new Uint8Array(4e8); h.update(b); h.digest('hex')";
  await assert.rejects(host.eval(source, { timeoutMs: 200 }), { code: 'ERR_TIMEOUT' });
  assert.equal(await host.eval('1 + 1'), 2);
});

test('running digests are on the account of the sandbox', async (t) => {
  const host = open(t, { limits: { memoryBytes: 16 << 20 } });
  const source = "const kept = []; for (;;) kept.push(crypto.createHmac('sha512', 'key'))";
  await assert.rejects(
    host.eval(source),
    (error) => /ERR_MEMORY|ERR_GUEST/.test(error.code) && /memory/i.test(error.message),
  );
  assert.ok(host.stats().heapBytes <= 16 << 20);
});
