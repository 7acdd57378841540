// Node's crypto in a sandbox against Node's own: the same source on the same random input has the same results.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
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
