// What an author of plugins gets: `hostbox/runtime-api`, and examples/plugin-project, alone in a folder of its own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { HostRuntime } from '../index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

describe('examples/plugin-project', () => {
  let folder;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hostbox-plugin-'));
    await cp(join(root, 'examples/plugin-project'), folder, {
      recursive: true,
      filter: (path) => !/[\\/](?:dist|node_modules)$/.test(path),
    });
    // As `npm install` would: links to what is here already.
    const modules = join(folder, 'node_modules');
    await mkdir(modules);
    await symlink(root, join(modules, 'hostbox'), 'junction');
    for (const name of ['esbuild', 'typescript'])
      await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
  });
  after(() => rm(folder, { recursive: true }));

  // A test runner of its own, and no part of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = (...args) => promisify(execFile)(process.execPath, args, { cwd: folder, env });

  test('its types are right', async () => {
    const { stdout } = await run(tsc, '--noEmit');
    assert.equal(stdout, '');
  });

  test('wrong use of an API is an error of types', async () => {
    const source = join(folder, 'src/wrong.ts');
    await writeFile(
      source,
      "import { runtime } from 'hostbox/runtime-api';\nruntime.cache.set(5, 1);\ndocument.title;\n",
    );
    try {
      await assert.rejects(run(tsc, '--noEmit'), ({ stdout }) => {
        assert.match(stdout, /wrong\.ts\(2,19\): error TS2345/);
        assert.match(stdout, /wrong\.ts\(3,1\): error TS2584/);
        return true;
      });
    } finally {
      await rm(source);
    }
  });

  test('it is built to one CommonJS file, which passes its own tests', async () => {
    await run('build.mjs');
    const { size } = await stat(join(folder, 'dist/plugin.cjs'));
    assert.ok(size < 50_000, `${size} bytes`);
    const { stdout } = await run('--test', '--test-reporter=tap');
    assert.match(stdout, /^# pass 6$/m);
  });
});

describe('hostbox/runtime-api', () => {
  const SOURCE = `
    import { apiNames, getApi, requireApi, requireCryptoLike, runtime } from 'hostbox/runtime-api';
    export const names = () => apiNames;
    export const missing = () => apiNames.filter((name) => getApi(name) === undefined || runtime[name] !== globalThis[name]);
    export const none = () => [getApi('nothing'), getApi('constructor'), getApi('toString')];
    export const required = (name) => requireApi(name) === globalThis[name];
    export const sha = (text) => requireCryptoLike().createHash('sha256').update(text).digest('hex');
    export const shaWithout = () => { delete globalThis.nodeCryptoCompat; delete globalThis.crypto; return requireCryptoLike(); };
    export const keys = () => Object.keys(runtime);
  `;
  let host;

  before(async () => {
    const { outputFiles } = await build({
      stdin: { contents: SOURCE, resolveDir: join(root, '__test__'), loader: 'ts' },
      bundle: true,
      format: 'cjs',
      platform: 'neutral',
      write: false,
    });
    host = new HostRuntime('runtime api', { wasi: true });
    await host.loadPlugin('api', outputFiles[0].text);
  });
  after(() => host.close());

  test('it has every API that guests have', async () => {
    assert.deepEqual(await host.call('api', 'missing'), []);
    const names = await host.call('api', 'names');
    assert.deepEqual(await host.call('api', 'keys'), names);
    assert.deepEqual(names, [...names].sort());
    const text = await readFile(join(root, 'guest/host.d.ts'), 'utf8');
    for (const [, name] of text.matchAll(/^declare (?:var|function) (\w+)/gm)) assert.ok(names.includes(name), name);
  });

  test('getApi gives undefined where there is none, and requireApi throws a TypeError that names it', async () => {
    assert.deepEqual(await host.call('api', 'none'), [undefined, undefined, undefined]);
    assert.equal(await host.call('api', 'required', ['fetch']), true);
    await assert.rejects(host.call('api', 'required', ['wings']), {
      name: 'TypeError',
      message: 'the runtime has no wings',
    });
  });

  test("requireCryptoLike gives Node's crypto, or throws a TypeError", async () => {
    const expected = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    assert.equal(await host.call('api', 'sha', ['hello']), expected);
    await assert.rejects(host.call('api', 'shaWithout'), { name: 'TypeError', code: 'ERR_GUEST' });
  });

  test('reading it touches no API: the module can be loaded anywhere', async () => {
    const require = createRequire(import.meta.url);
    const common = require('hostbox/runtime-api');
    const module = await import('hostbox/runtime-api');
    for (const { getApi, requireApi, runtime } of [common, module]) {
      assert.equal(runtime.URL, URL);
      assert.equal(getApi('native'), undefined);
      assert.throws(() => requireApi('native'), TypeError);
    }
    assert.deepEqual(Object.keys(require('hostbox/guest')), []);
  });
});
