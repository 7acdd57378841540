// Builds the addon for this platform: node scripts/build.mjs [--release]
//
// Runs cargo itself rather than `napi build`, which always passes --target: with it cargo would compile the engine and the
// type stripper twice, once for the build scripts and once for the addon, and a third time for the tests.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkToolchain, installModules } from './setup.mjs';
import { main, root, run } from './steps.mjs';

const CRATE = 'hostbox-node';
const require = createRequire(import.meta.url);
const { napi, version } = require('../package.json');
const { platformName } = require('../lib/platform.js');

export const addonName = `${napi.binaryName}.${platformName()}.node`;

function targetFolder() {
  const metadata = run('cargo', ['metadata', '--format-version=1', '--no-deps'], { capture: true });
  return JSON.parse(metadata).target_directory;
}

/** What every cargo command of these scripts gets, so that none of them undoes another's work. */
export function cargoSettings({ release = false } = {}) {
  // A folder a profile: cargo lets builds of two profiles run at once.
  const folder = join(targetFolder(), 'napi-rs', release ? 'release' : 'dev');
  const typeFolder = join(folder, 'types');
  mkdirSync(typeFolder, { recursive: true });
  // The types are written when the macros run: they have to run again where the file is gone.
  const stamp = join(folder, 'stamp');
  if (!existsSync(join(typeFolder, CRATE)) || !existsSync(stamp)) writeFileSync(stamp, String(Date.now()));
  const env = { NAPI_TYPE_DEF_TMP_FOLDER: typeFolder, NAPI_FORCE_BUILD_HOSTBOX_NODE: readFileSync(stamp, 'utf8') };
  // A shared library cannot have the C library inside, which is the default there.
  if (platformName().endsWith('-musl') && !process.env.RUSTFLAGS) env.RUSTFLAGS = '-C target-feature=-crt-static';
  const flags = process.env.CI ? ['--locked'] : [];
  return { env, flags, typeFolder };
}

/** Compiles the crate, and gives the path of the library. */
function compile(release) {
  const { env, flags, typeFolder } = cargoSettings({ release });
  const args = ['build', '--package', CRATE, '--lib', ...(release ? ['--release'] : []), ...flags];
  console.log(`\n› cargo ${args.join(' ')}`);
  const messages = run('cargo', [...args, '--message-format=json-render-diagnostics'], { capture: true, env });
  const artifacts = messages.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const library = artifacts.find(
    ({ target }) => target?.name === CRATE.replace('-', '_') && target.kind.includes('cdylib'),
  );
  return { library: library.filenames.find((name) => /\.(?:so|dylib|dll)$/.test(name)), typeFolder };
}

/** Puts the library in place by renaming: a process that has the old one loaded keeps it. */
function place(library) {
  const target = join(root, addonName);
  const { mtime, size } = statSync(library);
  const present = statSync(target, { throwIfNoEntry: false });
  // File systems round times.
  if (present?.size === size && Math.abs(present.mtimeMs - mtime.getTime()) < 5) return;
  const fresh = `${target}.${process.pid}.tmp`;
  copyFileSync(library, fresh);
  utimesSync(fresh, mtime, mtime);
  renameSync(fresh, target);
}

/** Writes binding.js and binding.d.ts from the types that the macros left. */
async function writeBindings(typeDefDir) {
  const { generateTypeDef, writeJsBinding } = await import('@napi-rs/cli');
  const { exports, dts } = await generateTypeDef({ typeDefDir, cwd: root, declareBindingTarget: true });
  const declarations = join(root, 'binding.d.ts');
  const present = existsSync(declarations) ? readFileSync(declarations, 'utf8') : undefined;
  if (present !== dts) writeFileSync(declarations, dts);
  const { binaryName, packageName } = napi;
  await writeJsBinding({
    platform: true,
    idents: exports,
    jsBinding: 'binding.js',
    binaryName,
    packageName,
    version,
    outputDir: root,
  });
}

/** Brings the addon up to date; cargo knows what that takes. */
export async function buildAddon({ release = false } = {}) {
  checkToolchain();
  installModules();
  const { library, typeFolder } = compile(release);
  place(library);
  await writeBindings(typeFolder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((args) => buildAddon({ release: args.includes('--release') }));
}
