// Packages that speak HTTP: against a server of this process, which is all that the sandbox is granted.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { load } from './sandbox.mjs';

let origin;
const seen = { flaky: 0 };

const answers = {
  '/json': ({ url, headers }) => ({ json: { path: url, one: headers['x-one'] ?? null } }),
  '/echo': ({ method, url, headers }, body) => {
    const type = headers['content-type'];
    return { json: { method, path: url, type, body, intercepted: headers['x-intercepted'] ?? null } };
  },
  '/missing': () => ({ status: 404, json: { error: 'nothing here' } }),
  '/bytes': () => ({ bytes: Buffer.from([0, 255, 128]) }),
  '/slow': () => undefined,
  '/v1/chat/completions': (request, body) => (JSON.parse(body).stream ? { events: ['Hel', 'lo', '!'] } : chat(request)),
  '/v1/files': (_, body) => ({
    json: { id: /filename="lines\.jsonl"[^]*\{"a":1\}/.test(body) ? 'file-1' : body, object: 'file' },
  }),
  '/v1/refuse/models': () => ({ status: 401, json: { error: { message: 'wrong key', type: 'auth' } } }),
};

/** Fails at first: clients are expected to try again. */
function chat({ headers }) {
  seen.flaky += 1;
  if (seen.flaky === 1) return { status: 500, json: {}, headers: { 'retry-after-ms': '1' } };
  const content = `${headers.authorization}`;
  const json = { choices: [{ index: 0, message: { role: 'assistant', content } }], usage: { total_tokens: 3 } };
  return { json, headers: { 'x-request-id': 'req-1' } };
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname } = new URL(request.url, origin);
  const answer = (answers[pathname] ?? answers['/missing'])(request, Buffer.concat(chunks).toString());
  if (!answer) return;
  const { status = 200, json, bytes, events, headers } = answer;
  const type = events ? 'text/event-stream' : bytes ? 'application/octet-stream' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers });
  for (const content of events ?? []) {
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  }
  response.end(events ? 'data: [DONE]\n\n' : (bytes ?? JSON.stringify(json)));
});

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

const granted = () => ({ permissions: { net: [origin] } });

test('axios sends, receives, fails and is aborted', async (t) => {
  const { get, post, upload, failure, aborted, bytes } = await load(t, 'axios', granted());
  const path = '/json?q=a+b&list%5B%5D=1&list%5B%5D=2';
  assert.deepEqual(await get(`${origin}/json`), { status: 200, data: { path, one: '1' }, type: 'application/json' });
  const echo = await post(`${origin}/`, { a: [1] });
  assert.deepEqual(
    [echo.method, echo.type, echo.body, echo.intercepted],
    ['POST', 'application/json', '{"a":[1]}', 'yes'],
  );
  const form = await upload(`${origin}/echo`);
  assert.match(form.type, /^multipart\/form-data; ?boundary=/);
  assert.match(form.body, /name="field"\r\n\r\nvalue\r\n[^]*name="file"; filename="a\.txt"\r\n[^]*\r\n\r\ncontent\r\n/);
  const missing = { isAxios: true, code: 'ERR_BAD_REQUEST', status: 404, data: { error: 'nothing here' } };
  assert.deepEqual(await failure(`${origin}/missing`), missing);
  assert.equal((await failure('http://127.0.0.1:1/')).code, 'ERR_NETWORK');
  assert.deepEqual(await aborted(`${origin}/slow`), { isCanceled: true, code: 'ERR_CANCELED' });
  assert.deepEqual(await bytes(`${origin}/bytes`), new Uint8Array([0, 255, 128]));
});

test('openai asks, tries again, streams, uploads and tells refusals', async (t) => {
  const { complete, stream, upload, refused } = await load(t, 'openai', granted());
  const base = `${origin}/v1`;
  assert.deepEqual(await complete(base), { text: 'Bearer sk-test', tokens: 3, request: 'req-1' });
  assert.equal(seen.flaky, 2);
  assert.deepEqual(await stream(base), ['Hel', 'lo', '!']);
  assert.equal(await upload(base), 'file-1');
  assert.deepEqual(await refused(base), { name: 'AuthenticationError', status: 401, message: '401 wrong key' });
});

test('ky sends JSON, runs its hooks and tells failures', async (t) => {
  const { fetched, failure } = await load(t, 'ky', granted());
  const sent = { method: 'POST', path: '/echo?q=1', body: '{"a":1}', seen: [200] };
  assert.deepEqual(await fetched(`${origin}/`), sent);
  assert.deepEqual(await failure(`${origin}/`), { name: 'HTTPError', status: 404 });
});

test('hono answers requests', async (t) => {
  const { request, form } = await load(t, 'hono');
  const json = { status: 200, text: '{"id":"7","q":"x"}', type: 'application/json', origin: '*', tagged: false };
  assert.deepEqual(await request('/api/users/7?q=x'), json);
  assert.equal((await request('/tagged')).tagged, true);
  const { status, text } = await request('/no');
  assert.deepEqual([status, text], [403, 'not you']);
  assert.equal((await request('/nowhere')).status, 404);
  assert.equal(await form(), 'Ada');
});
