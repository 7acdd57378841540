// Builds the Rust library with each of its features alone and with none, lints it, and tests that what is left out is absent:
// node scripts/features.mjs [lint] [test] [feature …]; without `lint` and `test`, both.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cargoSettings } from './build.mjs';
import { main, root, run, StepError } from './steps.mjs';

/** Names of the library's features, as its manifest has them. */
function features() {
  const manifest = readFileSync(join(root, 'crates', 'hostbox', 'Cargo.toml'), 'utf8');
  const section = manifest.match(/^\[features\]\n([^[]*(?:\[(?!\w+\]\n)[^[]*)*)/m)?.[1] ?? '';
  const names = [...section.matchAll(/^([\w-]+) = \[/gm)].map(([, name]) => name);
  if (!names.includes('default')) throw new StepError('crates/hostbox/Cargo.toml: its features were not found');
  return names.filter((name) => name !== 'default');
}

/**
 * The whole workspace is named though the library alone is built: so its dependencies have the features that they have in every other build, and
 * are not compiled again. Those crates are left out that turn the library's defaults on.
 */
function selection(feature) {
  const others = ['--workspace', '--exclude', 'hostbox-node', '--exclude', 'hostbox-renamed'];
  return [...others, '--no-default-features', ...(feature === undefined ? [] : ['--features', `hostbox/${feature}`])];
}

function wanted(names) {
  const known = features();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new StepError(`no such feature: ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return names.length > 0 ? names : [undefined, ...known];
}

/** Each build of the library compiles without a warning. */
export function lintFeatures(names = []) {
  const { env, flags } = cargoSettings();
  for (const feature of wanted(names)) {
    const target = ['--lib', '--test', 'features'];
    run('cargo', ['clippy', ...selection(feature), ...target, ...flags, '--', '-D', 'warnings'], { env });
  }
}

/** Each build has what its feature brings, and nothing of the others. */
export function testFeatures(names = []) {
  const { env, flags } = cargoSettings();
  for (const feature of wanted(names))
    run('cargo', ['test', ...selection(feature), '--test', 'features', ...flags], { env });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((args) => {
    const names = args.filter((arg) => arg !== 'lint' && arg !== 'test');
    const both = args.length === names.length;
    if (both || args.includes('lint')) lintFeatures(names);
    if (both || args.includes('test')) testFeatures(names);
  });
}
