// One CommonJS file: what an app gives to `loadPlugin`.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/index.ts'],
  outfile: 'dist/plugin.cjs',
  bundle: true,
  format: 'cjs',
  platform: 'neutral',
  target: 'es2023',
  // Guests have these built in; everything else is bundled.
  external: ['buffer', 'crypto', 'events', 'fs', 'path', 'process', 'node:*'],
  sourcemap: 'inline',
});
