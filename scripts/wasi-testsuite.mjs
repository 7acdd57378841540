// Runs the public tests of WASI against `host.wasi`, and compares with the expected failures in __test__/wasi-testsuite.json:
// node scripts/wasi-testsuite.mjs --suite <folder> [--file <part of a name>] [--list] [--jobs <n>] [--no-build]
import { availableParallelism, tmpdir } from 'node:os';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAddon } from './build.mjs';
import { main, root, StepError } from './steps.mjs';

const repository = 'https://github.com/WebAssembly/wasi-testsuite';
const branch = 'prod/testsuite-base';
const expectations = join(root, '__test__', 'wasi-testsuite.json');

const options = {
  suite: { type: 'string' },
  file: { type: 'string', default: '' },
  list: { type: 'boolean', default: false },
  jobs: { type: 'string' },
  'no-build': { type: 'boolean', default: false },
};

function howToGet() {
  return [
    'Get the suite with its built modules, and name its folder:',
    `  git clone --depth 1 --branch ${branch} ${repository} ../wasi-testsuite`,
    '  npm run wasi-testsuite -- --suite ../wasi-testsuite',
  ].join('\n');
}

function readArgs(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new StepError(error.message);
  }
  const suite = values.suite ?? process.env.HOSTBOX_WASI_TESTSUITE;
  if (!suite) throw new StepError(`The tests are not part of this repository. ${howToGet()}`);
  if (!existsSync(suite)) throw new StepError(`${suite} does not exist. ${howToGet()}`);
  return { ...values, suite: resolve(suite) };
}

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Every module beside a manifest: what it is given and what it has to give stands in a file of its name. */
function discover(suite) {
  const files = readdirSync(suite, { recursive: true }).filter((file) => basename(file) === 'manifest.json');
  const cases = files.flatMap((manifest) => {
    const folder = join(suite, dirname(manifest));
    const modules = readdirSync(folder).filter((file) => file.endsWith('.wasm'));
    return modules.map((file) => {
      const module = join(folder, file);
      const settings = module.replace(/\.wasm$/, '.json');
      const id = relative(suite, module)
        .split(sep)
        .join('/')
        .replace(/\.wasm$/, '');
      return {
        id,
        folder,
        module,
        version: json(join(suite, manifest)).version,
        settings: existsSync(settings) ? json(settings) : {},
      };
    });
  });
  return cases.sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Why a case is not run; most are. */
function reasonToLeaveOut({ version, settings }) {
  if (version !== undefined && version !== 'wasm32-wasip1') return `is for ${version}`;
  return settings.operations ? 'needs a peer while it runs' : undefined;
}

/** What differs from what the case has to do, or nothing. */
async function runCase({ HostRuntime }, { folder, module, settings }) {
  const { args = [], env = {}, root: directory, exit_code: exitCode = 0 } = settings;
  const scratch = mkdtempSync(join(tmpdir(), 'hostbox-wasi-'));
  const fs = {};
  if (directory) {
    cpSync(join(folder, directory), scratch, { recursive: true });
    fs['/'] = { path: scratch, write: true };
  }
  const host = new HostRuntime('wasi-testsuite', { wasi: true, permissions: { env, fs }, console: 'silent' });
  try {
    const result = await host.wasi.run(readFileSync(module), { args, timeoutMs: 60_000 });
    const stdout = Buffer.from(await host.wasi.takeStdout(result)).toString();
    const stderr = Buffer.from(await host.wasi.takeStderr(result)).toString();
    if (result.exitCode !== exitCode) return `exit code ${result.exitCode}, not ${exitCode}\n${stderr}`;
    if (settings.stdout !== undefined && stdout !== settings.stdout) return `wrote ${JSON.stringify(stdout)}`;
    if (settings.stderr !== undefined && stderr !== settings.stderr) return `wrote ${JSON.stringify(stderr)} to stderr`;
    return undefined;
  } catch (error) {
    return `${error.code}: ${error.message}`;
  } finally {
    await host.close();
    rmSync(scratch, { recursive: true });
  }
}

/** Runs some at once, each in a sandbox of its own. */
async function runAll(cases, jobs, onEnd) {
  const hostbox = createRequire(import.meta.url)('../index.js');
  const waiting = [...cases];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) onEnd(next, await runCase(hostbox, next));
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

function indented(text) {
  return text.trimEnd().replaceAll(/^/gm, '  ');
}

await main(async (args) => {
  const { suite, file, list, jobs = Math.min(4, availableParallelism()), 'no-build': noBuild } = readArgs(args);
  const found = discover(suite).filter(({ id }) => id.includes(file));
  const cases = found.filter((test) => !reasonToLeaveOut(test));
  if (cases.length === 0) throw new StepError(`${suite} has no built tests of preview 1. ${howToGet()}`);
  if (list) {
    for (const test of found)
      console.log(`${test.id}${reasonToLeaveOut(test) ? `   left out: ${reasonToLeaveOut(test)}` : ''}`);
    return;
  }
  if (!noBuild) await buildAddon();
  const { failures } = json(expectations);
  const reasonOf = (id) => Object.entries(failures).find(([end]) => id.endsWith(`/${end}`))?.[1];
  let passed = 0;
  let differing = 0;
  await runAll(cases, Number(jobs), ({ id }, failure) => {
    if (!failure) passed += 1;
    if ((failure === undefined) === (reasonOf(id) === undefined)) return;
    differing += 1;
    console.log(`\n✗ ${id}\n${failure ? indented(failure) : '  passes, and is expected to fail'}`);
  });
  const strays = file ? [] : Object.keys(failures).filter((end) => !cases.some(({ id }) => id.endsWith(`/${end}`)));
  for (const end of strays) console.log(`\n✗ ${end}\n  is expected to fail, and is not among the tests`);
  console.log(`\n${passed} of ${cases.length} pass; ${found.length - cases.length} left out`);
  if (differing + strays.length > 0) {
    throw new StepError(
      `${differing + strays.length} tests do not do what __test__/wasi-testsuite.json expects of them`,
    );
  }
});
