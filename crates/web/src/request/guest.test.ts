import { assert, test } from 'guest:test';
import { AbortController } from 'guest:abort';
import { ReadableStream } from 'guest:readablestream';
import { Request } from 'guest:request';

const URL_TEXT = 'https://a.example/path?q#fragment';

test('a request has the defaults of the standard', () => {
  const request = new Request(URL_TEXT);
  assert.deepEqual(
    [request.method, request.url, request.mode, request.credentials, request.cache, request.redirect],
    ['GET', URL_TEXT, 'cors', 'same-origin', 'default', 'follow'],
  );
  assert.deepEqual(
    [request.referrer, request.referrerPolicy, request.integrity, request.keepalive, request.destination],
    ['about:client', '', '', false, ''],
  );
  assert.equal(request.body, null);
  assert.equal(request.duplex, 'half');
  assert.ok(!request.signal.aborted);
  assert.equal(request.signal, request.signal);
});

test('all members of the options are kept', () => {
  const init = {
    method: 'post',
    mode: 'same-origin',
    credentials: 'omit',
    cache: 'only-if-cached',
    redirect: 'manual',
    referrer: '',
    referrerPolicy: 'origin',
    integrity: 'sha256-x',
    keepalive: true,
    priority: 'high',
    headers: { a: 'b' },
    body: 'text',
  };
  const request = new Request(URL_TEXT, init);
  assert.deepEqual(
    [request.method, request.mode, request.credentials, request.cache, request.redirect, request.referrer],
    ['POST', 'same-origin', 'omit', 'only-if-cached', 'manual', ''],
  );
  assert.deepEqual([request.referrerPolicy, request.integrity, request.keepalive], ['origin', 'sha256-x', true]);
  assert.deepEqual([request.headers.get('a'), request.headers.get('content-type')], ['b', 'text/plain;charset=UTF-8']);
});

test('what the standard forbids is refused', () => {
  const wrong: [unknown, unknown][] = [
    ['', {}],
    ['relative', {}],
    ['https://user:secret@a.example/', {}],
    [URL_TEXT, { method: 'TRACE' }],
    [URL_TEXT, { method: 'a b' }],
    [URL_TEXT, { mode: 'navigate' }],
    [URL_TEXT, { mode: 'unknown' }],
    [URL_TEXT, { mode: 'no-cors', method: 'PUT' }],
    [URL_TEXT, { cache: 'only-if-cached' }],
    [URL_TEXT, { body: 'text' }],
    [URL_TEXT, { method: 'HEAD', body: 'text' }],
    [URL_TEXT, { signal: {} }],
    [URL_TEXT, { window: {} }],
    [URL_TEXT, 1],
    [URL_TEXT, { method: 'POST', body: new ReadableStream() }],
    [URL_TEXT, { method: 'POST', body: new ReadableStream(), duplex: 'half', keepalive: true }],
  ];
  for (const [input, init] of wrong) assert.throws(() => new Request(input, init), TypeError);
  assert.throws(() => new (Request as unknown as new () => Request)(), TypeError);
});

test('only what concerns the connection is forbidden in headers', () => {
  const headers = {
    host: 'x',
    'content-length': '1',
    connection: 'close',
    te: 'x',
    cookie: 'a=1',
    origin: 'b',
    'user-agent': 'c',
  };
  assert.deepEqual([...new Request(URL_TEXT, { headers }).headers.keys()], ['cookie', 'origin', 'user-agent']);
});

test('a request that asks nobody carries plain headers alone', () => {
  const headers = { accept: 'a/b', 'content-type': 'application/json', 'x-own': '1', range: 'bytes=0-1' };
  const request = new Request(URL_TEXT, { mode: 'no-cors', headers });
  assert.deepEqual([...request.headers.keys()], ['accept']);
});

test('a request made of another takes its body over', async () => {
  const first = new Request(URL_TEXT, { method: 'POST', body: 'text', headers: { a: '1' } });
  const second = new Request(first, { headers: { b: '2' } });
  assert.ok(first.bodyUsed && !second.bodyUsed);
  assert.deepEqual([second.method, second.headers.get('a'), second.headers.get('b')], ['POST', null, '2']);
  assert.equal(await second.text(), 'text');
  assert.throws(() => new Request(first), TypeError);
});

test('a clone is a request of its own', async () => {
  const first = new Request(URL_TEXT, { method: 'PUT', body: 'text' });
  const second = first.clone();
  first.headers.set('a', '1');
  assert.equal(second.headers.get('a'), null);
  assert.deepEqual([await first.text(), await second.text()], ['text', 'text']);
  assert.throws(() => first.clone(), TypeError);
});

test("a request's signal follows the one that it was given", () => {
  const controller = new AbortController();
  const request = new Request(URL_TEXT, { signal: controller.signal });
  const copy = new Request(request);
  const clone = request.clone();
  controller.abort('reason');
  assert.ok(request.signal !== controller.signal);
  assert.deepEqual(
    [request.signal.reason, copy.signal.reason, clone.signal.reason, new Request(copy).signal.reason],
    ['reason', 'reason', 'reason', 'reason'],
  );
  assert.ok(!new Request(request, { signal: null }).signal.aborted);
});

test('members are enumerable and want their receiver', () => {
  assert.ok(Object.keys(Request.prototype).includes('formData'));
  assert.equal(Object.prototype.toString.call(new Request(URL_TEXT)), '[object Request]');
  assert.equal(Request.length, 1);
  assert.throws(() => Request.prototype.clone.call({} as Request), TypeError);
});
