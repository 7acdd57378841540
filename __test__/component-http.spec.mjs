// Components that answer HTTP: one Request by hand, and behind a server.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request as ask } from 'node:http';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Component } from '../index.js';
import { fixture } from './components/values.mjs';

const path = fixture('handler');
const component = await Component.compile({ path });
const url = (path) => `http://shop.example${path}`;

test('a component answers a Request with a Response', async () => {
  const response = await component.handle(new Request(url('/hello')));
  assert.equal(response.status, 200);
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(response.headers.get('x-authority'), 'shop.example');
  assert.equal(await response.text(), 'hello wasm');
  const teapot = await component.handle(new Request(url('/teapot')));
  assert.equal(teapot.status, 418);
  assert.equal(await teapot.text(), '');
});

test('bodies stream in both directions', async () => {
  let write;
  const body = new ReadableStream({ start: (controller) => (write = controller) });
  const response = await component.handle(new Request(url('/'), { method: 'POST', body, duplex: 'half' }));
  const reader = response.body.getReader();
  for (const piece of ['one', 'two']) {
    write.enqueue(Buffer.from(piece));
    const { value } = await reader.read();
    assert.equal(Buffer.from(value).toString(), piece);
  }
  write.close();
  assert.equal((await reader.read()).done, true);
  const large = Buffer.alloc(3 << 20, 'abc');
  const echo = await component.handle(new Request(url('/'), { method: 'POST', body: large }));
  assert.ok(Buffer.from(await echo.arrayBuffer()).equals(large));
});

test('what a component fails with is an error with its code', async () => {
  await assert.rejects(component.handle(new Request(url('/trap'))), { code: 'ERR_WASM_TRAP', message: /unreachable/ });
  await assert.rejects(component.handle(new Request(url('/error'))), { code: 'ERR_GUEST', message: /LoopDetected/ });
  await assert.rejects(component.handle(new Request(url('/nothing'))), { code: 'ERR_GUEST' });
  await assert.rejects(component.handle(new Request(url('/loop')), { limits: { timeoutMs: 50 } }), {
    code: 'ERR_TIMEOUT',
    limit: 'timeoutMs: 50',
  });
  const half = await component.handle(new Request(url('/late-trap')));
  await assert.rejects(half.text(), { code: 'ERR_WASM_TRAP' });
  await assert.rejects(component.handle('http://shop.example/'), {
    code: 'ERR_ARGUMENT',
    message: /Expected a Request for request/,
  });
  const calculator = await Component.compile({ path: fixture('calculator') });
  await assert.rejects(calculator.handle(new Request(url('/'))), {
    code: 'ERR_WASM_LINK',
    message: /exports 'demo:calc\/calculator@0\.1\.0', and no wasi:http\/incoming-handler/,
  });
});

test('a signal ends a request, and giving up its answer does', async () => {
  const controller = new AbortController();
  const looping = component.handle(new Request(url('/loop'), { signal: controller.signal }));
  controller.abort(new Error('enough'));
  await assert.rejects(looping, { code: 'ERR_ABORTED' });
  let pulls = 0;
  const body = new ReadableStream({ pull: (stream) => (pulls++, stream.enqueue(Buffer.alloc(65_536))) });
  const response = await component.handle(new Request(url('/'), { method: 'POST', body, duplex: 'half' }));
  await response.body.cancel();
  let before;
  do {
    before = pulls;
    for (let i = 0; i < 100; i++) await turn();
  } while (pulls > before);
});

test('a server answers, says what fails, replaces its component and closes', async () => {
  const lines = [];
  const server = await Component.serve(component, { console: ({ level, text }) => lines.push([level, text]) });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const response = await fetch(`${server.url}/`, { method: 'POST', body: `${i}` });
      return [response.headers.get('x-served'), await response.text()];
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, (_, i) => ['0', `${i}`]),
  );
  const failed = await fetch(`${server.url}/trap`);
  assert.deepEqual([failed.status, await failed.text()], [500, 'the component failed']);
  while (lines.length < 1) await turn();
  assert.equal(lines[0][0], 'error');
  assert.match(lines[0][1], /^a request failed: .*unreachable/);
  const versions = server.versions();
  await server.replace('handler', { path });
  assert.deepEqual(server.versions(), versions);
  assert.match(versions.handler, /^[0-9a-f]{16}$/);
  await assert.rejects(server.replace('other', { path }), { code: 'ERR_ARGUMENT', message: /one of 'handler'/ });
  await assert.rejects(server.replace('handler', { path: fixture('calculator') }), { code: 'ERR_WASM_LINK' });
  assert.equal((await fetch(`${server.url}/hello`)).status, 200);
  const { requests, failed: failures } = server.stats();
  assert.deepEqual([requests, failures], [22, 1]);
  await server.close();
  await assert.rejects(fetch(`${server.url}/hello`));
  assert.equal(server.stats().active, 0);
});

test('an address that is taken or none, and components of one name, are refused', async () => {
  const server = await Component.serve(component);
  const port = Number(new URL(server.url).port);
  await assert.rejects(Component.serve(component, { port }), {
    code: 'ERR_ARGUMENT',
    message: /cannot be listened at/,
  });
  await server.close();
  for (const options of [{ host: 'shop.example' }, { port: 70_000 }, { concurrency: 0 }, { hots: '' }]) {
    await assert.rejects(Component.serve(component, options), { code: 'ERR_ARGUMENT' });
  }
  await assert.rejects(Component.serve([component, component]), {
    code: 'ERR_ARGUMENT',
    message: /names of their own/,
  });
  await assert.rejects(Component.serve([]), { code: 'ERR_ARGUMENT' });
  await assert.rejects(Component.serve(await Component.compile({ path: fixture('calculator') })), {
    code: 'ERR_WASM_LINK',
  });
});

test('a client that goes away ends its request', async () => {
  const server = await Component.serve(component);
  const client = ask(`${server.url}/`, { method: 'POST' });
  client.on('error', () => {});
  client.flushHeaders();
  const [response] = await once(client, 'response');
  assert.equal(response.statusCode, 200);
  assert.equal(server.stats().active, 1);
  client.destroy();
  while (server.stats().active > 0) await turn();
  await server.close();
});

test('a process lives as long as its server, and no longer', () => {
  const script = `import { Component } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)};
    const server = await Component.serve(await Component.compile({ path: ${JSON.stringify(path)} }));
    const { url } = server;
    globalThis.gc?.();
    console.log(await (await fetch(url + '/hello')).text());
    await server.close();`;
  const options = { encoding: 'utf8', timeout: 60_000 };
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
  assert.deepEqual([stdout, status], ['hello wasm\n', 0], stderr);
});

test('parts of a server are replaced one by one, and requests under way end as they began', async () => {
  const [greeted, hello] = await Promise.all(
    ['greeted', 'greets-hello'].map((name) => Component.compile({ path: fixture(name) }, { name })),
  );
  const server = await Component.serve([greeted, hello], { host: 'localhost' });
  const text = async (path) => (await fetch(server.url + path)).text();
  assert.equal(await text('/a'), 'hello /a');
  const before = server.versions();
  assert.deepEqual(Object.keys(before), ['greeted', 'greets-hello']);
  await server.replace('greets-hello', { path: fixture('greets-goodbye') });
  assert.equal(await text('/b'), 'goodbye /b');
  assert.equal(server.versions().greeted, before.greeted);
  assert.notEqual(server.versions()['greets-hello'], before['greets-hello']);
  await server.close();
  await assert.rejects(server.replace('greeted', { path: fixture('greeted') }), { code: 'ERR_CLOSED' });
});

test('functions of the app stand behind imports, one by one for each request', async () => {
  const greeted = await Component.compile({ path: fixture('greeted') });
  const imports = { greeting: { greet: async (path) => `app ${path}` } };
  const response = await greeted.handle(new Request(url('/x')), { imports });
  assert.equal(await response.text(), 'app /x');
  const server = await Component.serve(greeted, { imports });
  const texts = await Promise.all(['/1', '/2', '/3'].map(async (path) => (await fetch(server.url + path)).text()));
  assert.deepEqual(texts, ['app /1', 'app /2', 'app /3']);
  await server.close();
  await assert.rejects(Component.serve(greeted), { code: 'ERR_WASM_LINK', message: /demo:network\/greeting/ });
  const failing = { greeting: { greet: () => assert.fail('no greeting') } };
  await assert.rejects(greeted.handle(new Request(url('/x')), { imports: failing }), {
    code: 'ERR_WASM_TRAP',
    message: /demo:network\/greeting.*no greeting/,
  });
});
