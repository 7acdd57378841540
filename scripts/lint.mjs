// Checks form and rules, all or some of the parts: node scripts/lint.mjs [part …]; with --fix it formats and mends instead.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon, cargoSettings } from './build.mjs';
import { lintFeatures } from './features.mjs';
import { checkLayers } from './layers.mjs';
import { checkPlatforms } from './platforms.mjs';
import { checkToolchain, installModules } from './setup.mjs';
import { findProgram, main, root, run, runParts, runTool } from './steps.mjs';
import { checkRuntimeApi } from './runtime-api.mjs';
import { checkTypes } from './types.mjs';
import { vendor } from './vendor.mjs';
import { checkWit } from './wit.mjs';

const parts = {
  rustfmt() {
    run('cargo', ['fmt', '--all', '--check']);
  },
  prettier() {
    runTool('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']);
  },
  oxlint() {
    runTool('oxlint/bin/oxlint', ['--deny-warnings']);
  },
  layers: checkLayers,
  platforms: checkPlatforms,
  /** Vendored text is committed: what the installed packages give must be what stands there. */
  vendor: () => vendor(true),
  runtimeApi: checkRuntimeApi,
  wit: checkWit,
  types: checkTypes,
  clippy() {
    const { env, flags } = cargoSettings();
    run('cargo', ['clippy', '--workspace', '--all-targets', ...flags, '--', '-D', 'warnings'], { env });
  },
  /** The Rust library with each of its features alone. */
  features: () => lintFeatures(),
  /** Generated files are committed: what a build writes must be what stands there. */
  async bindings() {
    await buildAddon();
    if (!existsSync(join(root, '.git')) || !findProgram('git')) {
      console.log('\nno git here: binding.js and binding.d.ts were not compared with the committed ones');
      return;
    }
    run('git', ['diff', '--exit-code', '--stat', '--', 'binding.js', 'binding.d.ts']);
  },
  /** Licences and duplicates, where the tool is installed; deny.toml says the rules. */
  deny() {
    if (findProgram('cargo-deny')) run('cargo', ['deny', '--all-features', 'check', 'bans', 'licenses', 'sources']);
    else console.log('\ncargo-deny is not installed: deny.toml was not checked');
  },
};

function fix() {
  run('cargo', ['fmt', '--all']);
  runTool('oxlint/bin/oxlint', ['--fix']);
  runTool('prettier/bin/prettier.cjs', ['--write', '--log-level=warn', '.']);
}

await main(async (args) => {
  checkToolchain();
  installModules();
  if (args.includes('--fix')) fix();
  else await runParts(parts, args);
});
