// One CommonJS file: what an app gives to `loadPlugin`.
import { build } from 'esbuild';

const MODULES = [
  ...['assert', 'buffer', 'console', 'constants', 'crypto', 'events', 'fs', 'module', 'os', 'path', 'perf_hooks'],
  ...['process', 'punycode', 'querystring', 'stream', 'string_decoder', 'timers', 'tty', 'url', 'util'],
];

await build({
  entryPoints: ['src/index.ts'],
  outfile: 'dist/plugin.cjs',
  bundle: true,
  format: 'cjs',
  platform: 'neutral',
  target: 'es2023',
  // Guests have these built in; everything else is bundled.
  external: [...MODULES, 'node:*'],
  sourcemap: 'inline',
});
