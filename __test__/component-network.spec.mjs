// What components of Node reach over the network, and what their app hears of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Component, HostRuntime } from '../index.js';
import { fixture } from './components/values.mjs';

const bytes = readFileSync(fixture('network'));
let server;
let authority;

before(async () => {
  server = createServer((request, response) => {
    response.setHeader('x-method', request.method);
    request.pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  authority = `127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const question = (more) => ({ method: 'GET', isSecure: false, authority, path: '/', headers: [], ...more });

test('a component asks granted hosts, and the app hears of it', async () => {
  const component = await Component.compile(bytes);
  const events = [];
  const instance = await component.instantiate({
    permissions: { net: [`http://${authority}`] },
    onFetch: (event) => events.push(event),
  });
  const { fetch } = instance.exports.probe;
  const body = Buffer.alloc(100_000, 7);
  const answer = await fetch(question({ method: 'POST', body }));
  assert.equal(answer.status, 200);
  assert.deepEqual(Buffer.from(answer.body), body);
  while (events.length < 1) await turn();
  const { method, status, sentBytes } = events[0];
  assert.deepEqual({ method, status, sentBytes }, { method: 'POST', status: 200, sentBytes: 100_000 });
  instance.close();
});

test('what is not granted is the error of the interface, an event and a line of the console', async () => {
  const component = await Component.compile(bytes);
  const events = [];
  const lines = [];
  const instance = await component.instantiate({
    permissions: { net: ['https://api.example'] },
    onFetch: (event) => events.push(event),
    console: ({ level, text }) => lines.push([level, text]),
  });
  const { fetch, tcp } = instance.exports.probe;
  await assert.rejects(fetch(question()), { name: 'ComponentError', payload: 15 });
  await assert.rejects(tcp(0x7f000001, 9, Buffer.from('x')), { payload: 1 });
  const refusals = [
    `fetch to http://${authority} refused: not in permissions.net (granted: https://api.example)`,
    'a socket of TCP refused: permissions.net has no tcp://host:port (granted: https://api.example)',
  ];
  while (lines.length < 2) await turn();
  assert.deepEqual(
    events.map(({ refused }) => refused),
    refusals,
  );
  assert.deepEqual(
    lines,
    refusals.map((text) => ['warn', text]),
  );
  instance.close();
});

test('a grant that is none, and limits out of range, are refused with their place', async () => {
  const component = await Component.compile(bytes);
  await assert.rejects(component.instantiate({ permissions: { net: ['tcp://db.example'] } }), {
    code: 'ERR_ARGUMENT',
    message: /permissions\.net\[0\] but received 'tcp:\/\/db\.example'/,
  });
  await assert.rejects(component.instantiate({ limits: { concurrentFetches: 0 } }), {
    code: 'ERR_ARGUMENT',
    message: /options\.limits\.concurrentFetches/,
  });
});

test('components and commands of a sandbox have its network', async () => {
  const events = [];
  const host = new HostRuntime('app', {
    wasi: true,
    permissions: { net: [`http://${authority}`] },
    onFetch: (event) => events.push(event),
  });
  await host.loadPlugin(
    'probe',
    `exports.ask = async (bytes, question) => {
       const instance = await (await wasm.Component.compile(bytes)).instantiate();
       return (await instance.exports.probe.fetch(question)).status;
     };`,
  );
  assert.equal(await host.call('probe', 'ask', [bytes, question()]), 200);
  assert.equal((await host.wasi.run(bytes, { args: [authority] })).exitCode, 0);
  assert.equal((await host.wasi.run(bytes, { args: ['127.0.0.1:9'] })).exitCode, 1);
  while (events.length < 3) await turn();
  assert.deepEqual(
    events.map(({ status, refused }) => status ?? refused.slice(0, 36)),
    [200, 200, 'fetch to http://127.0.0.1:9 refused:'],
  );
  await host.close();
});

const WASI_3 = join(import.meta.dirname, '../crates/testkit/fixtures/components/concurrent/sockets.wat');

test('sockets and names of WASI 0.3 are under the same grants', async (t) => {
  const server = createTcpServer((socket) => socket.on('data', (data) => socket.end(data.reverse())));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const { port } = server.address();
  const component = await Component.compile({ path: WASI_3 }, { experimental: true });
  const start = async (net) => {
    const events = [];
    const instance = await component.instantiate({ permissions: { net }, onFetch: (event) => events.push(event) });
    t.after(() => instance.close());
    return { events, ...pick(instance.exports) };
  };
  const pick = ({ ask, lookUp }) => ({ ask, lookUp });
  const granted = await start([`tcp://127.0.0.1:${port}`]);
  const chunks = [];
  for await (const chunk of await granted.ask(port, [Buffer.from('abc')])) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'cba');
  assert.equal(await granted.lookUp('127.0.0.1'), 1);
  // Access denied, in both interfaces.
  await assert.rejects(granted.ask(port === 9 ? 10 : 9, []), { payload: 0 });
  await assert.rejects(granted.lookUp('api.example'), { payload: 0 });
  const none = await start(['https://api.example']);
  await assert.rejects(none.ask(port, []), { payload: 0 });
  while (none.events.length < 1) await turn();
  assert.match(none.events[0].refused, /a socket of TCP refused: permissions\.net has no tcp:\/\/host:port/);
});

test('HTTP of WASI 0.3 is refused with what to do', async () => {
  const text = '(component (import "wasi:http/types@0.3.0" (instance)))';
  await assert.rejects(Component.compile({ wat: text }, { experimental: true }), {
    code: 'ERR_WASM_LINK',
    message: /imports wasi:http\/types@0\.3\.0, and HTTP of WASI 0\.3 is not offered: build it for WASI 0\.2/,
  });
});
