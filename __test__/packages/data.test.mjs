// Packages that check, change, name and pack values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { load } from './sandbox.mjs';

test('zod parses values and tells what is wrong with them', async (t) => {
  const { parse, issues, refined, jsonSchema } = await load(t, 'zod');
  const user = { name: 'Ada', mail: 'a@b.example', age: 36, tags: [] };
  assert.deepEqual(await parse({ name: 'Ada', mail: 'a@b.example', age: '36' }), user);
  const found = await issues({ name: 'A', mail: 'x', age: 1.5, tags: ['c'] });
  const codes = ['too_small', 'invalid_format', 'invalid_type', 'invalid_value'];
  assert.deepEqual(
    found.map(({ code }) => code),
    codes,
  );
  assert.equal(found[3].message, 'Invalid option: expected one of "a"|"b"');
  assert.equal(await refined('ab'), '✖ too short');
  assert.deepEqual((await jsonSchema()).required, ['name', 'mail']);
});

test('ajv compiles schemas to functions', async (t) => {
  const { errors } = await load(t, 'ajv');
  assert.deepEqual(await errors({ id: 1 }), []);
  const found = await errors({ id: 0, tags: ['a', 'a'], x: 1 });
  assert.deepEqual(
    found.map(({ instancePath, message }) => `${instancePath} ${message}`),
    [
      ' must NOT have additional properties',
      '/id must be >= 1',
      '/tags must NOT have duplicate items (items ## 1 and 0 are identical)',
    ],
  );
});

test('lodash-es groups, clones, renders and debounces', async (t) => {
  const { shaped, cloned, rendered, debounced } = await load(t, 'lodash-es');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({
    name,
    age: name === 'c' ? 2 : 1,
    team: name === 'a' ? 'y' : 'x',
  }));
  assert.deepEqual(await shaped([b, a, c]), { grouped: { x: [c, b], y: [a] }, chunks: [2, 1], camel: 'fooBarBaz' });
  assert.deepEqual(await cloned({ a: [1] }), {
    same: true,
    copy: { value: { a: [1] }, map: new Map([[1, { a: new Date(0) }]]), bytes: new Uint8Array([1, 2]) },
    merged: { a: { b: 1, c: [2] } },
  });
  assert.equal(await rendered({ list: ['<', 2] }), '[&lt;][2]');
  assert.equal(await debounced(), 3);
});

test('immer makes the next state and tells how', async (t) => {
  const { changed } = await load(t, 'immer');
  const { after, before, frozen, map, patches, same } = await changed();
  assert.deepEqual([before, after, map], [1, [{ done: true }, { done: false }], new Map([['k', 2]])]);
  assert.deepEqual(patches.map(({ op, path }) => `${op} ${path.join('.')}`).sort(), [
    'add list.1',
    'replace list.0.done',
    'replace map.k',
  ]);
  assert.deepEqual([frozen, same], [true, true]);
});

test('rxjs schedules by timers, promises and events', async (t) => {
  const { counted, ordered, event, timedOut } = await load(t, 'rxjs');
  assert.deepEqual(await counted(), [0, 1, 3, 6, 10]);
  assert.deepEqual(await ordered([3, 1, 2]), [6, 2, 4]);
  assert.equal(await event(), 'go');
  assert.equal(await timedOut(), 'TimeoutError');
});

test('superjson keeps dates, sets, maps, big integers and URLs', async (t) => {
  const { there } = await load(t, 'superjson');
  const { text, ...back } = await there();
  assert.deepEqual(back, { at: 0, big: '100000000000000000000', source: 'x', href: 'https://a.example/b' });
  assert.ok(text.includes('"url":["URL"]'), text);
});

test('date-fns formats and reckons', async (t) => {
  const { dates } = await load(t, 'date-fns');
  assert.deepEqual(await dates(), {
    english: 'Wednesday, 28th of February 2024, 1:05 PM',
    german: 'Mittwoch, 28. Februar 2024',
    days: 7,
    ago: 'about 2 months ago',
    parsed: '2021-04-03',
    iso: '2020-02-29T12:00:00.000Z',
    duration: { days: 1, hours: 2, minutes: 3, seconds: 4 },
  });
});

test('dayjs works with its plugins and locales', async (t) => {
  const { dates } = await load(t, 'dayjs');
  assert.deepEqual(await dates(), {
    text: 'Wednesday 28 February 2024 13:05:09',
    french: 'mercredi 28 février 2024',
    leap: '2024-02-29',
    from: '3 days ago',
    parsed: '1999-12-31T00:00:00.000Z',
    duration: '5 hours',
  });
});

test('semver compares versions', async (t) => {
  const { compared } = await load(t, 'semver');
  const sorted = ['1.2.0-beta.2', '1.2.0', '1.10.0'];
  assert.deepEqual(await compared(), { sorted, fits: true, best: '1.9.0', next: '1.2.4-rc.0' });
});

test('uuid names and draws identifiers', async (t) => {
  const { named, random } = await load(t, 'uuid');
  const nil = '00000000-0000-0000-0000-000000000000';
  assert.deepEqual(await named(), { v5: '4d66d2a1-0e34-57e7-b636-527cd58d7d70', nil, invalid: false });
  assert.deepEqual(await random(), { versions: [1, 4, 7], valid: true, distinct: 4 });
});

test('nanoid draws identifiers', async (t) => {
  const { ids } = await load(t, 'nanoid');
  assert.deepEqual(await ids(), { distinct: 500, shape: true, custom: true });
});

test('@noble/hashes hashes and derives', async (t) => {
  const { hashes } = await load(t, 'noble-hashes');
  assert.deepEqual(await hashes('abc'), {
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    sha3: 'b751850b1a57168a',
    blake3: '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
    hkdf: 'fb71ed960a6eb96efbefdc6ff8675415',
    scrypt: 'd99463424ef013bd4824f1ff5a4038e6',
    random: 8,
  });
});

test('jose signs, verifies and encrypts', async (t) => {
  const { hmacToken, verified, signedWith, encrypted, wrapped } = await load(t, 'jose');
  const token = await hmacToken();
  assert.equal(token.split('.')[2], 'EH9m5ySGtcqJTbf8t9mhUA5r-9IaTNQyxEivim7UwcI');
  assert.deepEqual(await verified(token), { role: 'admin', sub: 'me', iat: 1000 });
  assert.equal(await verified(`${token.slice(0, -3)}abc`), 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  assert.equal(await verified(token, { audience: 'them' }), 'ERR_JWT_CLAIM_VALIDATION_FAILED');
  for (const alg of ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS384']) assert.equal(await signedWith(alg), alg);
  assert.equal(await encrypted('ECDH-ES+A128KW', 'A128CBC-HS256'), 42);
  assert.equal(await encrypted('RSA-OAEP-256', 'A256GCM'), 42);
  assert.equal(await wrapped(), 'hello');
});

test('pako packs and unpacks', async (t) => {
  const { there, wrong } = await load(t, 'pako');
  const bytes = new TextEncoder().encode('hello '.repeat(100));
  assert.deepEqual(await there(bytes), { gzip: bytes, raw: bytes, smaller: true });
  assert.match(await wrong(), /incorrect header check/);
});

test('fflate makes archives, and gzip that others read', async (t) => {
  const { archive, gunzipped, gzipped } = await load(t, 'fflate');
  const files = [
    ['a.txt', 'hello'],
    ['dir/', ''],
    ['dir/b.txt', 'worldworld'],
  ];
  assert.deepEqual(await archive(), files);
  assert.equal(await gunzipped(new Uint8Array(gzipSync('hi'))), 'hi');
  assert.equal(gunzipSync(await gzipped('ho')).toString(), 'ho');
});
