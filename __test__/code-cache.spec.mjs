// Compiled WebAssembly on disk, and code that is there sooner, from Node's side: each in a process of its own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const library = JSON.stringify(new URL('../index.js', import.meta.url).href);
const fixture = (path) => JSON.stringify(new URL(`../crates/testkit/fixtures/${path}.wasm`, import.meta.url).pathname);
const skip = process.platform === 'win32' && 'modes and these places for caches are of other systems';

let folder;
before(async () => (folder = await mkdtemp(join(tmpdir(), 'hostbox-code-'))));
after(() => rm(folder, { recursive: true }));

/** What a module prints in a process of its own. */
async function print(code, env) {
  const head = `import { Component, HostRuntime } from ${library}; import { readFile } from 'node:fs/promises';`;
  const args = ['--input-type=module', '-e', `${head}\n${code}`];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...env }, timeout: 60_000 });
  return JSON.parse(stdout);
}

const calculates = (options) => `
  const component = await Component.compile({ path: ${fixture('components/calculator')} }, ${options});
  const { exports } = await component.instantiate();
  console.log(await exports.calculator.calculate('add', 1, 2));
`;

test('cache: true keeps components where the caches of the user are', { skip }, async () => {
  const env = { XDG_CACHE_HOME: join(folder, 'caches'), HOME: folder };
  assert.equal(await print(calculates('{ cache: true }'), env), 3);
  const code = join(folder, process.platform === 'darwin' ? 'Library/Caches' : 'caches', 'hostbox', 'code');
  const files = await readdir(code);
  assert.equal(files.length, 1);
  assert.equal((await stat(code)).mode & 0o777, 0o700);
  const { mtimeMs } = await stat(join(code, files[0]));
  assert.equal(await print(calculates('{ cache: true }'), env), 3);
  assert.equal((await stat(join(code, files[0]))).mtimeMs, mtimeMs);
  // A user without such a place compiles as without.
  assert.equal(await print(calculates('{ cache: true }'), { XDG_CACHE_HOME: 'relative', HOME: '' }), 3);
});

const runs = (options) => `
  const host = new HostRuntime('code', { wasi: true, ...${options} });
  const result = await host.wasi.run(await readFile(${fixture('commands/command')}), { args: ['exit', '3'] });
  await host.close();
  console.log(result.exitCode);
`;

test('HOSTBOX_CODE_CACHE keeps commands, and components that say nothing else', { skip }, async () => {
  const HOSTBOX_CODE_CACHE = join(folder, 'named');
  const files = () => readdir(HOSTBOX_CODE_CACHE);
  for (const _ of [1, 2]) assert.equal(await print(runs('{}'), { HOSTBOX_CODE_CACHE }), 3);
  assert.equal((await files()).length, 1);
  assert.equal(await print(calculates('{ cache: false }'), { HOSTBOX_CODE_CACHE }), 3);
  assert.equal((await files()).length, 1);
  assert.equal(await print(calculates('{}'), { HOSTBOX_CODE_CACHE }), 3);
  assert.equal((await files()).length, 2);
});

test('a directory that others or guests may write keeps nothing, with a sentence', { skip }, async () => {
  const HOSTBOX_CODE_CACHE = join(folder, 'open');
  const refused = (options) => `
    try { new HostRuntime('code', { wasi: true, ...${options} }) } catch ({ code, message }) { console.log(JSON.stringify([code, message])) }
  `;
  const granted = `{ permissions: { fs: { '/data': { path: ${JSON.stringify(folder)}, write: true } } } }`;
  const [code, message] = await print(refused(granted), { HOSTBOX_CODE_CACHE });
  assert.equal(code, 'ERR_PERMISSION');
  assert.match(message, /permissions\.fs\['\/data'\] with write/);
  await chmod(HOSTBOX_CODE_CACHE, 0o777);
  const [own, why] = await print(refused('{}'), { HOSTBOX_CODE_CACHE });
  assert.deepEqual([own, /others may write it/.test(why)], ['ERR_PERMISSION', true]);
});

test('quick code answers, and a process may end while the other is compiled', async () => {
  assert.equal(await print(calculates('{ baseline: true }')), 3);
  assert.equal(await print(`${calculates('{ baseline: true, fuel: true }')} process.exit();`), 3);
});

test('options of code are checked', async () => {
  const { Component } = await import('../index.js');
  const refused = (message) => ({ code: 'ERR_ARGUMENT', message });
  const compile = (options) => Component.compile({ wat: '(component)' }, options);
  await assert.rejects(compile({ baseline: 1 }), refused(/options\.baseline/));
  await assert.rejects(compile({ cache: 'here' }), refused(/a boolean or \{ dir \} for options\.cache/));
  await assert.rejects(compile({ cache: {} }), refused(/options\.cache\.dir/));
  const component = await compile({});
  for (const stackBytes of [1000, 2 ** 23])
    await assert.rejects(component.instantiate({ limits: { stackBytes } }), refused(/options\.limits\.stackBytes/));
  (await component.instantiate({ limits: { stackBytes: 100_000 } })).close();
});
