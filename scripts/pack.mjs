// Packs the root package and this platform's package: node scripts/pack.mjs [--dev] [--no-build] [--all] [--out folder]
// The tarballs go to dist/ unless told otherwise; --dev takes the build that tests run on, --no-build the addon that is there,
// --all packs every platform's package.
import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAddon } from './build.mjs';
import { main, root, runNpm } from './steps.mjs';

const { platformName } = createRequire(import.meta.url)('../lib/platform.js');

await main(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      all: { type: 'boolean' },
      dev: { type: 'boolean' },
      'no-build': { type: 'boolean' },
      out: { type: 'string', default: 'dist' },
    },
  });
  if (!values['no-build']) await buildAddon({ release: !values.dev });
  const out = resolve(root, values.out);
  mkdirSync(out, { recursive: true });
  const platforms = values.all ? readdirSync(join(root, 'npm')) : [platformName()];
  for (const cwd of [...platforms.map((platform) => join(root, 'npm', platform)), root]) {
    runNpm(['pack', '--loglevel=error', `--pack-destination=${out}`], { cwd });
  }
});
