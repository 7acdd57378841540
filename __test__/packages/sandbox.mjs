// Bundles a plugin with its packages, as an app's author would, and loads it into a sandbox.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const { HostRuntime } = createRequire(import.meta.url)('../../index.js');

/**
 * One file of source, from `plugins/<name>.mjs` and what it imports; nothing is replaced or patched. For `browser` an ES module, for
 * `node` a CommonJS bundle that requires Node's modules.
 */
export async function bundle(name, platform = 'browser') {
  const { outputFiles, warnings } = await build({
    entryPoints: [fileURLToPath(new URL(`plugins/${name}.mjs`, import.meta.url))],
    bundle: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    format: platform === 'node' ? 'cjs' : 'esm',
    logLevel: 'silent',
    platform,
    target: 'es2024',
    write: false,
  });
  if (warnings.length > 0) console.warn(`${name}: ${warnings[0].text}`);
  return outputFiles[0].text;
}

/** The plugin's functions, in a sandbox of its own that ends with the test. */
export async function load(test, name, { platform, ...options } = {}) {
  const source = await bundle(name, platform);
  return (await open(test, name, source, platform, options)).plugin(name);
}

async function open(test, name, source, platform, options) {
  const host = new HostRuntime(`packages/${name}`, { console: 'silent', ...options });
  test.after(() => host.close());
  await host.loadPlugin(name, source, { filename: `${name}.${platform === 'node' ? 'cjs' : 'mjs'}` });
  return host;
}

const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** What calls of a plugin give, each `[function, ...arguments]`: the same in a sandbox and in this very Node. */
export async function compared(test, name, platform, ...calls) {
  const source = await bundle(name, platform);
  const host = await open(test, name, source, platform, {});
  const folder = await mkdtemp(join(tmpdir(), 'hostbox-packages-'));
  test.after(() => rm(folder, { recursive: true }));
  const file = join(folder, platform === 'node' ? 'plugin.cjs' : 'plugin.mjs');
  await writeFile(file, source);
  const module = await import(pathToFileURL(file));
  const real = platform === 'node' ? module.default : module;
  const results = [];
  for (const [fn, ...args] of calls) {
    const result = plain(await host.call(name, fn, args));
    assert.deepEqual(result, plain(await real[fn](...args)), fn);
    results.push(result);
  }
  return results;
}
