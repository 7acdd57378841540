// Runs the tests of guest modules on plain Node, without a sandbox:
//
//   node crates/web/scripts/run-in-node.mjs [feature …]
//
// `guest:*` imports go to the features' folders, `host:*` imports to the stand-ins beside this file. Where Node has the feature
// itself, the same tests run against Node's own as well: they tell what the platform does, not what we made of it. A difference
// that is known stands in host-stand-ins/oracle.mjs; any other one fails the run, and so does one that is gone.
//
// Types are stripped by Node where it can (22.13 and later), else by esbuild.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import module, { createRequire, register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import './host-stand-ins/ecmascript.mjs';
import { loadAll } from './host-stand-ins/modules.mjs';
import { differences, globals } from './host-stand-ins/oracle.mjs';

const sources = new URL('../src/', import.meta.url);
const gates = new URL('../../engine/src/gates/', import.meta.url);
const standIns = new URL('./host-stand-ins/', import.meta.url);

function folder(feature) {
  if (feature === 'gates') return gates;
  return new URL(`${feature === 'test' ? 'testing' : feature}/`, sources);
}

// ── loader ────────────────────────────────────────────────────────────────────────────────────────────────────────────

let strip;

function stripTypes(source, name) {
  strip ??= makeStripper();
  return strip(source, name);
}

function makeStripper() {
  if (module.stripTypeScriptTypes) return (source) => module.stripTypeScriptTypes(source);
  const { transformSync } = createRequire(import.meta.url)('esbuild');
  const options = { loader: 'ts', target: 'esnext', tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } };
  return (source, sourcefile) => transformSync(source, { ...options, sourcefile }).code;
}

export function resolve(specifier, context, next) {
  const [, scheme, name] = /^(guest|host|vendor):(.+)$/.exec(specifier) ?? [];
  if (scheme === undefined) return next(specifier, context);
  const isOracle = context.parentURL?.endsWith('?oracle');
  const suffix = isOracle ? '?oracle' : '';
  if (scheme === 'host') return { url: new URL(`${name}.mjs`, standIns).href + suffix, shortCircuit: true };
  if (scheme === 'vendor') return { url: new URL('vendor.mjs', folder(name)).href, shortCircuit: true };
  if (isOracle && name in globals) return { url: `oracle:${name}`, shortCircuit: true };
  return { url: new URL('guest.ts', folder(name)).href + suffix, shortCircuit: true };
}

export function load(url, context, next) {
  if (url.startsWith('oracle:')) {
    return { format: 'module', source: globals[url.slice('oracle:'.length)], shortCircuit: true };
  }
  const [file] = url.split('?');
  if (!file.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(file);
  return { format: 'module', source: stripTypes(readFileSync(path, 'utf8'), path), shortCircuit: true };
}

// ── runner ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function runFeature(feature, suffix) {
  if (suffix === '') await loadAll();
  await import(new URL(`guest.test.ts${suffix}`, folder(feature)).href);
  const { run } = await import(new URL(`guest.ts${suffix}`, folder('test')).href);
  return run();
}

/** What is wrong with the outcomes, as lines of text. */
function problems(feature, outcomes, known) {
  return outcomes.flatMap(({ name, error }) => {
    if (error === undefined)
      return known[name] ? [`${feature}: ${name}\n  passes, though a difference is listed: ${known[name]}`] : [];
    return known[name] ? [] : [`${feature}: ${name}\n  ${error.trimEnd().replaceAll('\n', '\n  ')}`];
  });
}

async function main() {
  const all = [
    ...readdirSync(sources).filter((name) => existsSync(new URL(`${name}/guest.test.ts`, sources))),
    'gates',
  ];
  const features = process.argv.length > 2 ? process.argv.slice(2) : all;
  let failures = 0;
  let tests = 0;
  const tell = (outcomes, found) => {
    tests += outcomes.length;
    failures += found.length;
    for (const problem of found) console.log(`\n✗ ${problem}`);
  };
  for (const feature of features) {
    const outcomes = await runFeature(feature, '');
    tell(outcomes, problems(feature, outcomes, {}));
    if (!(feature in globals)) continue;
    const oracle = await runFeature(feature, '?oracle');
    tell(oracle, problems(`${feature}, Node's own`, oracle, differences[feature] ?? {}));
  }
  console.log(`\n${tests} tests, ${failures} failed`);
  process.exit(failures === 0 ? 0 : 1);
}

if (isMainThread && process.argv[1] === fileURLToPath(import.meta.url)) {
  // What a listener or a timer of Node's own throws.
  process.on('uncaughtException', (error) => {
    if (!/reported by a test|Function\.prototype\.apply was called on 5/.test(error?.message)) throw error;
  });
  // Timers of AbortSignal.timeout don't keep a process alive: without this one it would end in the middle.
  setInterval(() => {}, 1000);
  register(import.meta.url);
  await main();
}
