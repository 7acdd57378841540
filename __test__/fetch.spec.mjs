// fetch from guests against servers on loopback, well-behaved and hostile: what only shows where bytes come over a connection.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { HostRuntime } from '../index.js';

/** Runs a body against a server and a sandbox that may ask it. The guest's `base` is the server's origin. */
async function withServer(handler, body, options = {}) {
  const server = typeof handler === 'function' ? http.createServer(handler) : handler;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const { net: granted = [origin], limits, onFetch } = options;
  const host = new HostRuntime('fetch', {
    permissions: { net: granted },
    ...(limits && { limits }),
    ...(onFetch && { onFetch }),
  });
  try {
    const ask = (source) => host.eval(`(async () => { const base = ${JSON.stringify(origin)}; ${source} })()`);
    return await body({ ask, host, origin, server });
  } finally {
    await host.close();
    server.closeAllConnections?.();
    server.close();
  }
}

/** A server of raw bytes. */
const raw = (serve) => net.createServer((socket) => socket.on('error', () => {}).once('data', () => serve(socket)));

/** What went wrong, as a guest sees it. */
const FAILURE = `const failure = async (promise) => {
  try { await promise; return 'nothing'; }
  catch (error) { return [error.name, error.cause?.name, error.cause?.code]; }
};`;

async function echo(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') }));
}

test('a guest fetches text, JSON and bytes', async () => {
  const serve = (request, response) => {
    response.setHeader('x-own', ['a', 'b']);
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(request.url === '/json' ? '{"a":1}' : 'text \u00e4');
  };
  await withServer(serve, async ({ ask, origin }) => {
    const answer = await ask(`const response = await fetch(base + '/text#fragment');
      return [response.status, response.statusText, response.ok, response.type, response.url, response.redirected,
        response.headers.get('x-own'), response.headers.getSetCookie(), await response.text()];`);
    assert.deepEqual(answer, [
      200,
      'OK',
      true,
      'basic',
      `${origin}/text`,
      false,
      'a, b',
      ['a=1', 'b=2'],
      'text \u00e4',
    ]);
    assert.deepEqual(await ask(`return (await fetch(base + '/json')).json()`), { a: 1 });
    assert.equal(await ask(`return (await (await fetch(base)).arrayBuffer()).byteLength`), 7);
    assert.equal(await ask(`return (await (await fetch(base)).bytes()).length`), 7);
    assert.equal(await ask(`return (await (await fetch(base)).blob()).size`), 7);
    const error = await ask(`try { (await fetch(base)).headers.set('a', 'b') } catch (error) { return error.name }`);
    assert.equal(error, 'TypeError');
  });
});

test('every kind of body reaches the server', async () => {
  await withServer(echo, async ({ ask }) => {
    const send = (body, more = '') =>
      ask(`return (await fetch(base, { method: 'POST', body: ${body}, duplex: 'half' ${more} })).json()`);
    const text = await send(`'hi'`);
    assert.deepEqual(
      [text.body, text.headers['content-length'], text.headers['content-type']],
      ['hi', '2', 'text/plain;charset=UTF-8'],
    );
    assert.equal((await send(`new URLSearchParams({ a: '1 2' })`)).body, 'a=1+2');
    assert.equal((await send(`new Uint8Array([104, 105])`)).body, 'hi');
    const blob = await send(`new Blob(['h', 'i'], { type: 'x/y' })`);
    assert.deepEqual([blob.body, blob.headers['content-length'], blob.headers['content-type']], ['hi', '2', 'x/y']);
    const stream = await send(`new ReadableStream({ start(c) {
      c.enqueue(new Uint8Array([104])); c.enqueue(new Uint8Array([105])); c.close() } })`);
    assert.deepEqual([stream.body, stream.headers['transfer-encoding']], ['hi', 'chunked']);
    assert.equal((await send(`(await fetch('data:,hi')).body`)).body, 'hi');
    assert.equal((await send(`(await fetch(base)).body`)).body.includes('"method":"GET"'), true);
    assert.equal((await send(`'x'`, `, headers: { 'content-type': 'own/type' }`)).headers['content-type'], 'own/type');
  });
});

test('a FormData body is built by the host from a plan, and its header never leaves', async () => {
  await withServer(echo, async ({ ask }) => {
    const sent = await ask(`const form = new FormData();
      form.append('text \u00e4"\\r\\nX: y', 'one');
      form.append('file', new File(['two'], 'n.txt', { type: 'text/x-own' }));
      form.append('long', new Blob([new Uint8Array(100000).fill(65)]), 'long.bin');
      return (await fetch(base, { method: 'POST', body: form, headers: { 'content-type': 'text/evil' } })).json()`);
    assert.match(sent.headers['content-type'], /^multipart\/form-data; boundary=/);
    assert.equal(
      Object.keys(sent.headers).some((name) => name.startsWith('x-rquickjs')),
      false,
    );
    assert.match(sent.body, /name="text \u00c3\u00a4%22%0D%0AX: y"\r\n\r\none\r\n/);
    assert.match(sent.body, /name="file"; filename="n.txt"\r\nContent-Type: text\/x-own\r\n\r\ntwo\r\n/i);
    assert.match(sent.body, /filename="long.bin"\r\nContent-Type: application\/octet-stream\r\n\r\nA{100000}\r\n/i);
  });
});

test('a guest that sets the internal headers by hand gets as far as the parser', async () => {
  await withServer(echo, async ({ ask }) => {
    const by = (body) =>
      ask(`${FAILURE} return failure(fetch(base, { method: 'POST', body: ${body}, duplex: 'half',
        headers: { 'x-rquickjs-host-body-formdata-v1': '1' } }))`);
    for (const body of [`'no plan'`, `'{"kind":"other","entries":[]}'`, `new Blob(['x'])`, `null`]) {
      assert.deepEqual(await by(body), ['TypeError', 'Error', 'ERR_ARGUMENT'], body);
    }
    const plan = `'{"kind":"rquickjs-formdata-v1","entries":[{"name":"a","kind":"text","value":"1"}]}'`;
    assert.equal(await by(plan), 'nothing');
    const headers = await ask(`return (await (await fetch(base, { headers: {
      'x-rquickjs-host-offload-binary-v1': 'true', 'x-rquickjs-host-other': '1', 'x-own': '2' } })).json()).headers`);
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('x-')),
      ['x-own'],
    );
  });
});

const picture = (request, response) => {
  const bytes = Buffer.alloc(70_000, 7);
  if (request.url === '/chunked') response.setHeader('transfer-encoding', 'chunked');
  else response.setHeader('content-length', bytes.length);
  response.setHeader('content-type', request.url === '/text' ? 'text/plain' : 'image/x-own');
  response.end(bytes);
};

test('pictures and their like go to the buffer store by themselves, and other bodies when asked', async () => {
  await withServer(picture, async ({ ask, host }) => {
    const told = (path, headers = '{}') =>
      ask(`const r = await fetch(base + '${path}', { headers: ${headers} });
        const told = [r.offloaded, r.offloadedBytes, typeof r.nativeBufferId];
        return [...told, (await r.arrayBuffer()).byteLength, r.nativeBufferId];`);
    assert.deepEqual(await told('/'), [true, 70_000, 'number', 70_000, null]);
    assert.deepEqual(await told('/chunked'), [false, 0, 'object', 70_000, null]);
    assert.deepEqual(await told('/text'), [false, 0, 'object', 70_000, null]);
    const asked = `{ 'x-rquickjs-host-offload-binary-v1': 'true' }`;
    assert.deepEqual(await told('/text', asked), [true, 70_000, 'number', 70_000, null]);
    assert.deepEqual(await told('/chunked', asked), [true, 70_000, 'number', 70_000, null]);
    assert.equal(host.stats().buffers, 0);
  });
});

test('an offloaded body is read in every way, once', async () => {
  await withServer(picture, async ({ ask, host }) => {
    const read = (how) => ask(`const r = await fetch(base); const n = ${how}; return [n, r.bodyUsed];`);
    assert.deepEqual(await read(`(await r.bytes()).length`), [70_000, true]);
    assert.deepEqual(await read(`(await r.blob()).size`), [70_000, true]);
    assert.deepEqual(await read(`(await r.text()).length`), [70_000, true]);
    assert.deepEqual(await read(`(await r.takeOffloadedBody()).length`), [70_000, true]);
    assert.deepEqual(
      await read(`await (async () => { let n = 0; for await (const c of r.body) n += c.length; return n })()`),
      [70_000, true],
    );
    assert.deepEqual(await read(`(await r.clone().bytes()).length + (await r.bytes()).length`), [140_000, true]);
    assert.equal(
      await ask(`const r = await fetch(base); await r.bytes();
      try { await r.takeOffloadedBody() } catch (error) { return error.name }`),
      'TypeError',
    );
    assert.equal(await ask(`await fetch(base); return 1`), 1);
    await host.gc();
    assert.equal(host.stats().buffers, 0);
  });
});

test('an offloaded body feeds native and belongs to who was told its id', async () => {
  await withServer(picture, async ({ ask, host }) => {
    const first = await ask(`const r = await fetch(base);
      const inverted = await native.exec('invert', r.nativeBufferId);
      return (await native.take(inverted))[0];`);
    assert.equal(first, 248);
    await host.gc();
    assert.equal(host.stats().buffers, 1);
    const gone = await ask(`const r = await fetch(base); await native.free(r.nativeBufferId);
      try { await r.arrayBuffer() } catch (error) { return error.code }`);
    assert.equal(gone, 'ERR_ID_NOT_FOUND');
  });
});

test('redirects are followed, given or refused as asked', async () => {
  const serve = (request, response) => {
    if (request.url === '/end') return void echo(request, response);
    if (request.url === '/loop') return void response.writeHead(302, { location: '/loop' }).end();
    response.writeHead(Number(request.url.slice(1)), { location: '/end#there' }).end();
  };
  await withServer(serve, async ({ ask, origin }) => {
    const followed = await ask(`const r = await fetch(base + '/302', { method: 'POST', body: 'x' });
      return [r.redirected, r.url, (await r.json()).method];`);
    assert.deepEqual(followed, [true, `${origin}/end`, 'GET']);
    const kept = await ask(`return (await (await fetch(base + '/307', { method: 'POST', body: 'x' })).json())`);
    assert.deepEqual([kept.method, kept.body], ['POST', 'x']);
    const given = await ask(`const r = await fetch(base + '/301', { redirect: 'manual' });
      return [r.status, r.headers.get('location')];`);
    assert.deepEqual(given, [301, '/end#there']);
    assert.equal((await ask(`${FAILURE} return failure(fetch(base + '/301', { redirect: 'error' }))`))[0], 'TypeError');
    assert.equal((await ask(`${FAILURE} return failure(fetch(base + '/loop'))`))[2], 'ERR_TOO_MANY_REDIRECTS');
  });
});

test('what is not granted is refused, and the refusal says what was asked and what is granted', async () => {
  const serve = (request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  const seen = [];
  await withServer(
    serve,
    async ({ ask, origin }) => {
      const refusal = `const refused = async (url) => { try { await fetch(url) } catch (error) {
        return [error.name, error.cause.name, error.cause instanceof DOMException, error.cause.message] } };`;
      for (const url of [`'http://127.0.0.1:1/'`, `base`, `'http://a.example/'`]) {
        const [name, cause, isDom, message] = await ask(`${refusal} return refused(${url})`);
        assert.deepEqual([name, cause, isDom], ['TypeError', 'NotAllowedError', true]);
        assert.ok(message.includes(origin), message);
      }
      assert.ok(seen.some((event) => event.refused?.includes('127.0.0.1:1')));
    },
    { onFetch: (event) => seen.push(event) },
  );
  const host = new HostRuntime('nothing granted');
  const refused = await host.eval(`fetch('http://127.0.0.1:1/').catch((error) => error.cause.name)`);
  assert.equal(refused, 'NotAllowedError');
  await host.close();
});

test('causes are told apart', async () => {
  const destroy = raw((socket) => socket.destroy());
  await withServer(destroy, async ({ ask }) => {
    assert.deepEqual(await ask(`${FAILURE} return failure(fetch(base))`), ['TypeError', 'Error', 'ECONNRESET']);
  });
  const garbage = raw((socket) => socket.end('no HTTP at all\r\n\r\n'));
  await withServer(garbage, async ({ ask }) => {
    assert.equal((await ask(`${FAILURE} return failure(fetch(base))`))[2], 'ERR_PROTOCOL');
    const tls = `fetch(base.replace('http:', 'https:'))`;
    assert.equal((await ask(`${FAILURE} return failure(${tls})`))[1], 'NotAllowedError');
  });
  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const origin = `http://127.0.0.1:${closed.address().port}`;
  closed.close();
  await withServer(
    echo,
    async ({ ask }) => {
      assert.deepEqual(await ask(`${FAILURE} return failure(fetch('${origin}'))`), [
        'TypeError',
        'Error',
        'ECONNREFUSED',
      ]);
    },
    { net: [origin] },
  );
});

test('TLS that cannot be is a cause of its own', async () => {
  const server = raw((socket) => socket.end('this is no TLS'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${server.address().port}`;
  const host = new HostRuntime('tls', { permissions: { net: [origin] } });
  assert.equal(await host.eval(`fetch('${origin}').catch((error) => error.cause.code)`), 'ERR_TLS');
  await host.close();
  server.close();
});

test('a body that ends early, or never, is an error', async () => {
  const cut = raw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort');
    socket.end();
  });
  await withServer(cut, async ({ ask }) => {
    assert.deepEqual(await ask(`${FAILURE} return failure((await fetch(base)).text())`), [
      'TypeError',
      'Error',
      'ECONNRESET',
    ]);
    const stream = `(async () => { for await (const chunk of (await fetch(base)).body); })()`;
    assert.equal((await ask(`${FAILURE} return failure(${stream})`))[2], 'ECONNRESET');
  });
  const endless = (request, response) => {
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', write);
    write();
  };
  await withServer(
    endless,
    async ({ ask }) => {
      const code = await ask(`${FAILURE} return failure((await fetch(base)).arrayBuffer())`);
      assert.deepEqual(code, ['TypeError', 'Error', 'ERR_BODY_TOO_LARGE']);
    },
    { limits: { fetchBytes: 1 << 20 } },
  );
});

test('a bomb is measured as it unfolds', async () => {
  const bomb = gzipSync(Buffer.alloc(16 << 20));
  const serve = (request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  await withServer(
    serve,
    async ({ ask }) => {
      assert.equal((await ask(`${FAILURE} return failure((await fetch(base)).text())`))[2], 'ERR_BODY_TOO_LARGE');
    },
    { limits: { fetchBytes: 1 << 20 } },
  );
});

test('a signal ends a fetch at every stage', async () => {
  const slow = (request, response) => {
    if (request.url === '/never') return;
    response.write('first');
  };
  await withServer(slow, async ({ ask, server }) => {
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    const name = (source) =>
      ask(`const controller = new AbortController(); const { signal } = controller;
        try { ${source} } catch (error) { return error.name ?? error }`);
    assert.equal(
      await name(`setTimeout(() => controller.abort(), 20); await fetch(base + '/never', { signal })`),
      'AbortError',
    );
    await closed;
    assert.equal(await name(`await fetch(base + '/never', { signal: AbortSignal.timeout(20) })`), 'TimeoutError');
    assert.equal(
      await name(`const r = await fetch(base, { signal }); setTimeout(() => controller.abort('why'), 20);
      await r.text()`),
      'why',
    );
    assert.equal(
      await name(`const r = await fetch(base, { signal }); const reader = r.body.getReader();
      await reader.read(); controller.abort(); await reader.read()`),
      'AbortError',
    );
    assert.equal(
      await name(`const r = await fetch(base, { signal }); controller.abort(); await r.body.getReader().read()`),
      'AbortError',
    );
  });
});

test('cancelling a body closes its connection', async () => {
  const serve = (request, response) => void response.write('first');
  await withServer(serve, async ({ ask, server }) => {
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    await ask(`const reader = (await fetch(base)).body.getReader(); await reader.read(); await reader.cancel();`);
    await closed;
  });
});

test('an abort closes the connection of a body that nobody reads', async () => {
  const serve = (request, response) => void response.write('first');
  for (const read of ['', 'await r.body.getReader().read();']) {
    await withServer(serve, async ({ ask, server }) => {
      const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
      await ask(`const controller = new AbortController(); const { signal } = controller;
        const r = globalThis.kept = await fetch(base, { signal }); ${read} controller.abort();`);
      await closed;
    });
  }
});

test('a request says who asks, unless it says so itself', async () => {
  await withServer(echo, async ({ ask }) => {
    const agent = (init) => ask(`return (await (await fetch(base, ${init})).json()).headers['user-agent']`);
    assert.equal(await agent('{}'), await ask('return navigator.userAgent'));
    assert.equal(await agent("{ headers: { 'User-Agent': 'mine' } }"), 'mine');
  });
});

test('a call that runs out of time takes its fetches along', async () => {
  const serve = () => {};
  await withServer(serve, async ({ host, origin, server }) => {
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    await assert.rejects(host.eval(`fetch('${origin}')`, { timeoutMs: 200 }), { code: 'ERR_TIMEOUT' });
    await closed;
    assert.equal(await host.eval('1 + 1'), 2);
  });
});

test('a stream flows up and down at once with back-pressure', async () => {
  const serve = (request, response) => void request.pipe(response);
  await withServer(serve, async ({ ask }) => {
    const length = await ask(`let left = 40;
      const body = new ReadableStream({ type: 'bytes', pull(c) {
        if (left-- > 0) c.enqueue(new Uint8Array(100000)); else c.close(); } });
      const response = await fetch(base, { method: 'POST', body, duplex: 'half' });
      let n = 0; for await (const chunk of response.body) n += chunk.length; return n;`);
    assert.equal(length, 4_000_000);
  });
});

test('integrity is checked before the guest sees a byte', async () => {
  const serve = (request, response) => response.end('hi');
  await withServer(serve, async ({ ask }) => {
    const good = 'sha256-j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=';
    assert.equal(await ask(`return (await fetch(base, { integrity: '${good}' })).text()`), 'hi');
    const bad = good.replace('j', 'k');
    assert.equal((await ask(`${FAILURE} return failure(fetch(base, { integrity: '${bad}' }))`))[2], 'ERR_INTEGRITY');
  });
});
