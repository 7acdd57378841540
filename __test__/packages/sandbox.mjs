// Bundles a plugin with its packages, as an app's author would, and loads it into a sandbox.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { HostRuntime } = createRequire(import.meta.url)('../../index.js');

/** One file of ES module source, from `plugins/<name>.mjs` and what it imports; nothing is replaced or patched. */
export async function bundle(name) {
  const { outputFiles, warnings } = await build({
    entryPoints: [fileURLToPath(new URL(`plugins/${name}.mjs`, import.meta.url))],
    bundle: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    format: 'esm',
    logLevel: 'silent',
    platform: 'browser',
    target: 'es2024',
    write: false,
  });
  if (warnings.length > 0) console.warn(`${name}: ${warnings[0].text}`);
  return outputFiles[0].text;
}

/** The plugin's functions, in a sandbox of its own that ends with the test. */
export async function load(test, name, options) {
  const host = new HostRuntime(`packages/${name}`, { console: 'silent', ...options });
  test.after(() => host.close());
  await host.loadPlugin(name, await bundle(name), { filename: `${name}.mjs` });
  return host.plugin(name);
}
