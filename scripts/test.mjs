// Runs the tests, all or some of the parts: node scripts/test.mjs [rust] [features] [guest] [types] [node] [packages]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon, cargoSettings } from './build.mjs';
import { testFeatures } from './features.mjs';
import { installModules } from './setup.mjs';
import { main, root, run, runNode, runParts } from './steps.mjs';
import { checkTypes } from './types.mjs';

function specs() {
  return readdirSync(join(root, '__test__'), { recursive: true })
    .filter((file) => file.endsWith('.spec.mjs') && !file.includes('node_modules'))
    .map((file) => join('__test__', file))
    .sort();
}

const parts = {
  rust() {
    const { env, flags } = cargoSettings();
    run('cargo', ['test', '--workspace', '--no-fail-fast', ...flags], { env });
  },
  /** The Rust library with each of its features alone: what is left out is absent. */
  features: () => testFeatures(),
  guest() {
    runNode(['--no-warnings', 'crates/web/scripts/run-in-node.mjs']);
  },
  types: checkTypes,
  // One file at a time: the hostile corpus measures how late answers are.
  node() {
    runNode(['--test', '--test-concurrency=1', '--test-reporter=spec', ...specs()]);
  },
  /** Packages that plugins bundle: they are installed for this part alone. */
  packages() {
    const folder = join(root, '__test__', 'packages');
    installModules(folder);
    const tests = readdirSync(folder).filter((file) => file.endsWith('.test.mjs'));
    runNode(['--test', '--test-reporter=spec', ...tests], { cwd: folder });
  },
};

await main(async (wanted) => {
  await buildAddon();
  await runParts(parts, wanted);
});
