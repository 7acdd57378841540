// Measures beside the peers, on the release build: node scripts/bench.mjs [row …] [--dev]; with `scaling` how hostbox grows:
// node scripts/bench.mjs scaling [measurement …].
import { join } from 'node:path';
import { buildAddon } from './build.mjs';
import { installModules } from './setup.mjs';
import { main, root, runNode } from './steps.mjs';

await main(async (args) => {
  const dev = args.includes('--dev');
  await buildAddon({ release: !dev });
  // Some peers are there for some platforms alone, which `npm ci` would ask to be locked for all.
  installModules(join(root, 'benches'), ['install', '--no-save']);
  const rest = args.filter((arg) => arg !== '--dev');
  const program = rest[0] === 'scaling' ? ['benches/scaling.mjs', ...rest.slice(1)] : ['benches/run.mjs', ...rest];
  runNode(program, { env: { HOSTBOX_BUILD: dev ? 'dev' : 'release' } });
});
