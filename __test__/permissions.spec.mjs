// Grants and limits of the network as the app writes them. What they mean is tested in crates/permissions and crates/net.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostRuntime } from '../index.js';

/** @param {object} options */
function refusal(options) {
  try {
    new HostRuntime('permissions', /** @type {any} */ (options));
  } catch (error) {
    return /** @type {import('../index.js').HostboxError} */ (error);
  }
  return assert.fail('it was accepted');
}

test('grants are origins, alone or with methods and private addresses', async () => {
  const net = [
    '*',
    'https://*.example.com',
    'http://127.0.0.1:8080',
    'tcp://db.example.com:5432',
    { origin: 'https://api.example.com', methods: ['GET', 'post'], private: false },
    { origin: 'http://db.internal', private: true },
  ];
  const host = new HostRuntime('permissions', { permissions: { net }, onFetch: () => {} });
  assert.equal(host.stats().fetches, 0);
  await host.close();
});

test('a grant that means nothing is ERR_ARGUMENT and named', () => {
  const cases = [
    ['x', 'options.permissions.net'],
    [['api.example.com'], 'permissions.net[0]'],
    [['*', 'https://example.com/path'], 'permissions.net[1]'],
    [[5], 'options.permissions.net[0]'],
    [[{}], 'options.permissions.net[0].origin'],
    [[{ origin: '*', method: [] }], 'did you mean methods?'],
    [[{ origin: '*', methods: 'GET' }], 'options.permissions.net[0].methods'],
    [[{ origin: '*', methods: [1] }], 'options.permissions.net[0].methods[0]'],
    [[{ origin: '*', methods: ['G T'] }], 'permissions.net[0].methods[0]'],
    [[{ origin: '*', private: 1 }], 'options.permissions.net[0].private'],
  ];
  for (const [net, named] of cases) {
    const error = refusal({ permissions: { net } });
    assert.equal(error.code, 'ERR_ARGUMENT');
    assert.ok(error.message.includes(String(named)), error.message);
  }
});

test('permissions that this release does not have are refused', () => {
  for (const name of ['run', 'ffi']) {
    const error = refusal({ permissions: { [name]: {} } });
    assert.equal(error.code, 'ERR_ARGUMENT');
    assert.match(error.message, /known are net, fs and env/);
  }
});

test('limits of the network have their ranges, and the log is a function', () => {
  assert.match(refusal({ limits: { fetchBytes: -1 } }).message, /options\.limits\.fetchBytes/);
  assert.match(refusal({ limits: { concurrentFetches: 0 } }).message, /from 1 to 1024 for options\.limits\.concurrent/);
  assert.match(refusal({ onFetch: 'log' }).message, /a function for options\.onFetch/);
});
