// The built plugin in a sandbox, as an app uses it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { HostRuntime } from 'hostbox';

const source = await readFile(new URL('../dist/plugin.cjs', import.meta.url), 'utf8');
let server;
let host;

before(async () => {
  server = createServer((_, response) => response.end('first\nsecond\n')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  host = new HostRuntime('plugin project', {
    permissions: { net: [`http://127.0.0.1:${server.address().port}`] },
    bridge: { findAuthor: async (id) => (id === 7 ? { name: 'Ada', born: 1815 } : undefined) },
  });
  await host.loadPlugin('text', source, { filename: 'plugin.cjs' });
});

after(async () => {
  await host.close();
  server.close();
});

test('it says what it is', async () => {
  assert.deepEqual(await host.pluginInfo('text'), {
    name: 'text',
    version: '1.0.0',
    apiVersion: 1,
    description: 'looks at texts',
  });
});

test('a summary is made once and kept', async () => {
  const summary = { words: 4, longest: 'elephants', most: { word: 'two', times: 2 } };
  assert.deepEqual(await host.call('text', 'summary', ['Two elephants, two ants']), { ...summary, isKept: false });
  assert.deepEqual(await host.call('text', 'summary', ['Two elephants, two ants']), { ...summary, isKept: true });
});

test('it asks the app', async () => {
  assert.equal(await host.call('text', 'describeAuthor', [7]), 'Ada, born in 1815');
  assert.equal(await host.call('text', 'describeAuthor', [8]), 'nobody knows');
});

test('a picture gets smaller', async () => {
  const large = await host.native.run('png_encode', new Uint8Array(64 * 32 * 4).fill(200), { width: 64, height: 32 });
  const small = await host.call('text', 'thumbnail', [large, 16]);
  const decoded = await host.native.exec('png_decode', await host.native.put(small));
  const { width, height } = await host.native.info(decoded);
  assert.deepEqual([width, height], [16, 8]);
});

test('it fetches where the app lets it, and nowhere else', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  assert.equal(await host.call('text', 'firstLine', [url]), 'first');
  await assert.rejects(host.call('text', 'firstLine', ['http://127.0.0.1:1/']), (error) => {
    assert.equal(error.code, 'ERR_GUEST');
    return true;
  });
});

test('a stack leads to the TypeScript source', async () => {
  await assert.rejects(host.call('text', 'thumbnail', [new Uint8Array([1, 2, 3]), 16]), (error) => {
    assert.match(error.stack, /src\/index\.ts:\d+/);
    return true;
  });
});
