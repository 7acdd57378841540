// Measures beside plain V8 and quickjs-emscripten, on the release build: node scripts/bench.mjs [row …] [--dev]
import { join } from 'node:path';
import { buildAddon } from './build.mjs';
import { installModules } from './setup.mjs';
import { main, root, runNode } from './steps.mjs';

await main(async (args) => {
  const dev = args.includes('--dev');
  await buildAddon({ release: !dev });
  installModules(join(root, 'benches'));
  runNode(['benches/run.mjs', ...args.filter((arg) => arg !== '--dev')], {
    env: { HOSTBOX_BUILD: dev ? 'dev' : 'release' },
  });
});
