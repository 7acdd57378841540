// Packages that talk to servers, or are one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { load } from './sandbox.mjs';

/** A server of handlers by path, on loopback, and the plugin's functions in a sandbox that may ask it. */
async function serve(t, name, handlers) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const handler = handlers[pathname];
    if (!handler) return response.writeHead(404).end('not there');
    const answer = await handler({ request, response, body, searchParams });
    if (answer !== undefined)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${server.address().port}`;
  return { base, plugin: await load(t, name, { permissions: { net: [base] } }) };
}

function echo({ request, body, searchParams }) {
  const { method, headers } = request;
  return { method, headers, query: Object.fromEntries(searchParams), body: body.toString() };
}

test('axios posts, follows interceptors, tells errors and is cancelled', async (t) => {
  const { base, plugin } = await serve(t, 'axios', {
    '/echo': echo,
    '/bytes': ({ response }) =>
      void response.setHeader('content-type', 'application/x-bytes').end(Buffer.from([0, 255])),
    '/never': () => {},
  });
  const { status, data } = await plugin.posted(base);
  assert.deepEqual([status, data.method, data.query, data.body], [200, 'POST', { q: 'a b' }, '{"list":[1,"ä"]}']);
  assert.deepEqual([data.headers['content-type'], data.headers['x-team']], ['application/json', 'blue']);
  const sent = await plugin.form(base);
  assert.match(sent.headers['content-type'], /^multipart\/form-data; boundary=/);
  assert.match(sent.body, /name="name"\r\n\r\nAda\r\n[^]*Content-Type: text\/plain\r\n\r\nhi\r\n/i);
  assert.deepEqual(await plugin.bytes(base), { bytes: new Uint8Array([0, 255]), type: 'application/x-bytes' });
  assert.equal(await plugin.intercepted(base), 'Bearer t');
  assert.deepEqual(await plugin.failure(base, '/missing'), [true, 'ERR_BAD_REQUEST', 404]);
  assert.deepEqual(await plugin.failure(base, '/never', { timeout: 50 }), [true, 'ETIMEDOUT', undefined]);
  assert.deepEqual(await plugin.failure('http://192.0.2.1', '/'), [true, 'ERR_NETWORK', undefined]);
  assert.equal(await plugin.cancelled(base), true);
});

test('openai completes, streams, uploads, retries and tells refusals', async (t) => {
  let tries = 0;
  const choice = (message) => ({ choices: [{ index: 0, ...message }] });
  const { base, plugin } = await serve(t, 'openai', {
    '/v1/chat/completions': ({ request, response, body }) => {
      assert.equal(request.headers.authorization, 'Bearer sk-test');
      const { messages, stream } = JSON.parse(body);
      const { content } = messages[0];
      if (!stream) return { id: 'c', ...choice({ message: { role: 'assistant', content: `${content} back` } }) };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of [...content])
        response.write(`data: ${JSON.stringify(choice({ delta: { content: part } }))}\n\n`);
      return void response.end('data: [DONE]\n\n');
    },
    '/v1/files': ({ request, body }) => {
      assert.match(request.headers['content-type'], /^multipart\/form-data; boundary=/);
      assert.match(
        body.toString(),
        /filename="batch\.jsonl"\r\nContent-Type: application\/jsonl\r\n\r\n\{"a":1\}\n\r\n/i,
      );
      return { id: 'file-1', bytes: 8 };
    },
    '/v1/models': ({ response }) =>
      void response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"wrong key"}}'),
    '/v1/embeddings': ({ response }) => {
      tries += 1;
      if (tries === 1) return void response.writeHead(429, { 'retry-after-ms': '1' }).end('{}');
      return { data: [{ embedding: Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64') }] };
    },
  });
  const v1 = `${base}/v1`;
  assert.equal(await plugin.completed(v1), 'hello back');
  assert.deepEqual(await plugin.streamed(v1), [...'hello']);
  assert.deepEqual(await plugin.uploaded(v1), { id: 'file-1', bytes: 8 });
  assert.deepEqual(await plugin.refused(v1), [true, 'AuthenticationError', 401, '401 wrong key']);
  assert.deepEqual([...(await plugin.retried(v1))], [0.5, -1]);
});

test('ky posts, retries, runs hooks and tells errors', async (t) => {
  let tries = 0;
  const { base, plugin } = await serve(t, 'ky', {
    '/echo': echo,
    '/flaky': ({ response }) => {
      tries += 1;
      return tries < 3 ? void response.writeHead(503).end() : { response: 'at last' };
    },
  });
  const { method, query, body } = await plugin.posted(base);
  assert.deepEqual([method, query, body], ['POST', { q: '1' }, '{"a":1}']);
  assert.equal(await plugin.retried(base), 'at last');
  assert.deepEqual(await plugin.failure(base), [true, 404]);
  assert.equal(await plugin.hooked(base), 'yes');
});

test('hono answers requests inside a sandbox', async (t) => {
  const { answered, form } = await load(t, 'hono');
  const hello = { status: 200, text: '{"hello":"Ada","q":"1"}', origin: '*' };
  assert.deepEqual(await answered('/api/hello/Ada?q=1'), hello);
  assert.equal((await answered('/private/x')).status, 401);
  assert.equal((await answered('/private/x', { headers: { authorization: 'Bearer secret' } })).text, 'in');
  assert.equal((await answered('/stream')).text, 'abc');
  assert.equal((await answered('/nowhere')).status, 404);
  assert.equal(await form(), 'Ada:hi');
});

test('react-dom/server renders to text and to a stream', async (t) => {
  const { markup, rendered, streamed } = await load(t, 'react-dom');
  assert.equal(await markup(['a', '<b>']), '<p title="&quot;q&quot;">a &amp; &lt;b&gt;</p>');
  assert.match(
    await rendered(['x', 'y']),
    /^<ul id="[^"]+" class="list" style="padding-top:4px"><li>x<\/li><li>y<\/li><\/ul>$/,
  );
  const text = await streamed();
  assert.ok(text.includes('<i>wait</i>') && text.includes('<b>late</b>'), text);
});
