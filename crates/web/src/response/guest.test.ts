import { assert, test } from 'guest:test';
import { structuredClone } from 'guest:clone';
import { Headers } from 'guest:headers';
import { Request } from 'guest:request';
import { Response } from 'guest:response';

test('a response has the defaults of the standard', async () => {
  const response = new Response();
  assert.deepEqual(
    [response.type, response.url, response.redirected, response.status, response.ok, response.statusText],
    ['default', '', false, 200, true, ''],
  );
  assert.equal(response.body, null);
  assert.equal(await response.text(), '');
  assert.ok(!response.bodyUsed);
});

test('status and text are checked', () => {
  assert.equal(new Response('', { status: 599, statusText: 'a\tb' }).statusText, 'a\tb');
  for (const status of [0, 100, 199, 600, 1000]) assert.throws(() => new Response('', { status }), RangeError);
  assert.throws(() => new Response('', { statusText: 'a\n' }), TypeError);
  assert.throws(() => new Response('', { statusText: '\u0100' }), TypeError);
  for (const status of [204, 205, 304]) {
    assert.throws(() => new Response('', { status }), TypeError);
    assert.equal(new Response(null, { status }).status, status);
  }
});

test('an error response cannot be changed', () => {
  const response = Response.error();
  assert.deepEqual([response.type, response.status, response.ok], ['error', 0, false]);
  assert.throws(() => response.headers.set('a', 'b'), TypeError);
});

test('a redirect has a location', () => {
  const response = Response.redirect('https://a.example/b c', 307);
  assert.deepEqual([response.status, response.headers.get('location')], [307, 'https://a.example/b%20c']);
  assert.equal(Response.redirect('https://a.example').status, 302);
  assert.throws(() => Response.redirect('https://a.example', 200), RangeError);
  assert.throws(() => Response.redirect('relative'), TypeError);
});

test('json writes a body and its type', async () => {
  const response = Response.json({ a: [1] }, { status: 201, headers: { b: 'c' } });
  assert.deepEqual([response.status, response.headers.get('content-type')], [201, 'application/json']);
  assert.equal(await response.text(), '{"a":[1]}');
  assert.equal(Response.json(1, { headers: { 'content-type': 'x/y' } }).headers.get('content-type'), 'x/y');
  assert.throws(() => Response.json(undefined), TypeError);
});

test('both clones have the body', async () => {
  const response = new Response('text', { headers: { a: '1' } });
  const clone = response.clone();
  assert.deepEqual([await response.text(), await clone.text(), clone.headers.get('a')], ['text', 'text', '1']);
  assert.throws(() => response.clone(), TypeError);
});

test('a response that was not offloaded says so', async () => {
  const response = new Response('text');
  assert.deepEqual([response.offloaded, response.nativeBufferId, response.offloadedBytes], [false, null, 0]);
  assert.equal((await response.takeOffloadedBody()).length, 0);
  assert.ok(!Object.keys(Response.prototype).includes('offloaded'));
});

test('members are enumerable and want their receiver', () => {
  assert.ok(Object.keys(Response.prototype).includes('arrayBuffer'));
  assert.deepEqual(Object.keys(Response), ['error', 'redirect', 'json']);
  assert.equal(Object.prototype.toString.call(new Response()), '[object Response]');
  assert.equal(Response.length, 0);
  assert.throws(() => Response.prototype.clone.call({} as Response), TypeError);
});

test('requests, responses and headers cannot be cloned', () => {
  for (const value of [new Response(), new Request('https://h'), new Headers()]) {
    assert.throws(() => structuredClone(value), { name: 'DataCloneError' });
  }
});
