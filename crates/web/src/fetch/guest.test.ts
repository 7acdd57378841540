import { assert, test } from 'guest:test';
import { AbortSignal } from 'guest:abort';
import { Blob } from 'guest:blob';
import { fetch } from 'guest:fetch';
import { Request } from 'guest:request';
import { URL } from 'guest:url';

test('a data: URL is fetched without a network', async () => {
  const response = await fetch('data:text/x-own;base64,aGk=#fragment');
  assert.deepEqual([response.status, response.statusText, response.type], [200, 'OK', 'basic']);
  assert.equal(response.headers.get('content-type'), 'text/x-own');
  assert.equal(response.url, 'data:text/x-own;base64,aGk=');
  assert.equal(await response.text(), 'hi');
  assert.equal(await (await fetch('data:,a%20b')).text(), 'a b');
  await assert.rejects(fetch('data:nothing'), TypeError);
});

test('a blob: URL is fetched as long as it is not revoked', async () => {
  const url = URL.createObjectURL(new Blob(['0123456789'], { type: 'x/y' }));
  const response = await fetch(url);
  assert.deepEqual(
    [response.status, response.headers.get('content-type'), response.headers.get('content-length')],
    [200, 'x/y', '10'],
  );
  assert.equal(await response.text(), '0123456789');
  const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, 'bytes 2-4/10']);
  assert.equal(await part.text(), '234');
  await assert.rejects(fetch(url, { headers: { range: 'bytes=99-' } }), TypeError);
  await assert.rejects(fetch(url, { method: 'POST' }), TypeError);
  const made = new Request(url);
  URL.revokeObjectURL(url);
  await assert.rejects(fetch(url), TypeError);
  assert.equal((await fetch(made)).status, 200, 'a request keeps what its URL named');
});

test('other schemes and wrong arguments are refused by a promise', async () => {
  for (const url of ['about:blank', 'ftp://a.example/', 'file:///etc/passwd', 'x:y', '', 'relative']) {
    await assert.rejects(fetch(url), TypeError);
  }
  await assert.rejects((fetch as () => Promise<unknown>)(), TypeError);
});

test('integrity is checked', async () => {
  const good = 'sha256-j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=';
  assert.equal(await (await fetch('data:,hi', { integrity: good })).text(), 'hi');
  await assert.rejects(fetch('data:,ho', { integrity: good }), TypeError);
});

test('an aborted signal ends a fetch before it begins', async () => {
  const reason = new Error('why');
  await assert.rejects(fetch('data:,a', { signal: AbortSignal.abort(reason) }), { message: 'why' });
  const request = new Request('data:,a', { signal: AbortSignal.abort() });
  await assert.rejects(fetch(request), { name: 'AbortError' });
});

test('a cache that is not there cannot be asked', async () => {
  await assert.rejects(fetch('data:,a', { cache: 'only-if-cached', mode: 'same-origin' }), TypeError);
});

test('fetch has the look of the standard', () => {
  assert.deepEqual([fetch.name, fetch.length, 'prototype' in fetch], ['fetch', 1, false]);
});
