// What the app hears of its guests' requests.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deferred, failure, open } from './fixtures/host.mjs';

/** A server on loopback that answers with `answer`; its origin. */
async function serve(t, answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
}

/** A sandbox with grants, and the promise of its first so many events. */
function listening(t, net, count, options = {}) {
  const events = [];
  const heard = deferred();
  const onFetch = (event) => {
    events.push(event);
    if (events.length === count) heard.resolve(events);
  };
  return { host: open(t, { permissions: { net }, onFetch, ...options }), events: heard.promise };
}

describe('onFetch', () => {
  test('it hears of every request, with its bytes', async (t) => {
    const origin = await serve(t, (request, response) => {
      request.resume().on('end', () => response.writeHead(201).end('x'.repeat(1000)));
    });
    const { host, events } = listening(t, [origin], 1);
    const source = `fetch('${origin}/a?b#c', { method: 'POST', body: 'hello' }).then((r) => r.text())`;
    assert.equal((await host.eval(source)).length, 1000);
    const [{ ms, ...event }] = await events;
    assert.deepEqual(event, {
      url: `${origin}/a?b`,
      method: 'POST',
      status: 201,
      sentBytes: 5,
      receivedBytes: 1000,
    });
    assert.equal(typeof ms, 'number');
    assert.equal(host.stats().fetches, 0);
  });

  test('it hears of what was refused, and nobody else does', async (t) => {
    let asked = 0;
    const origin = await serve(t, (_, response) => response.end(String(++asked)));
    const { host, events } = listening(t, ['https://api.example.com'], 1);
    assert.equal((await failure(host.eval(`fetch('${origin}/secret')`))).name, 'TypeError');
    const [event] = await events;
    assert.equal(
      event.refused,
      `fetch to ${origin} refused: not in permissions.net (granted: https://api.example.com)`,
    );
    assert.equal(event.url, `${origin}/secret`);
    assert.equal('status' in event, false);
    assert.equal(asked, 0);
  });

  test('it hears where a redirect led that was refused', async (t) => {
    const denied = await serve(t, (_, response) => response.end('secret'));
    const origin = await serve(t, (_, response) => response.writeHead(302, { location: denied }).end());
    const { host, events } = listening(t, [origin], 1);
    assert.equal((await failure(host.eval(`fetch('${origin}')`))).name, 'TypeError');
    const [{ status, refused, finalUrl }] = await events;
    assert.deepEqual({ status, finalUrl }, { status: 302, finalUrl: `${denied}/` });
    assert.match(refused, /not in permissions\.net/);
  });

  test('it hears why a request failed otherwise', async (t) => {
    const origin = await serve(t, (_, response) => response.end('x'.repeat(1001)));
    const { host, events } = listening(t, [origin], 1, { limits: { fetchBytes: 1000 } });
    assert.equal((await failure(host.eval(`fetch('${origin}').then((r) => r.text())`))).name, 'TypeError');
    assert.match((await events)[0].error, /fetchBytes: 1000 bytes/);
  });

  test('what it throws is the app’s to hear of and ends nothing, and no proxy of the environment is asked', async (t) => {
    const origin = await serve(t, (_, response) => response.end('fine'));
    const child = `
      const { HostRuntime } = require(${JSON.stringify(fileURLToPath(new URL('../index.js', import.meta.url)))});
      const onFetch = () => { throw new Error('of the hook'); };
      process.once('uncaughtException', (error) => console.log(error.message));
      const host = new HostRuntime('hook', { permissions: { net: ['${origin}'] }, onFetch });
      host.eval("fetch('${origin}').then((r) => r.text())").then(console.log).then(() => host.close());
    `;
    // Proxies of the environment are nobody's business: nobody listens there.
    const env = {
      ...process.env,
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
      ALL_PROXY: 'http://127.0.0.1:9',
    };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', child], { env });
    assert.deepEqual(stdout.trim().split('\n').sort(), ['fine', 'of the hook']);
  });
});
