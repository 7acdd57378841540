// A process that runs tests, one after the other, each in a fresh sandbox. If it dies, the test that it ran did it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import { root } from '../steps.mjs';

const { HostRuntime } = createRequire(import.meta.url)(join(root, 'index.js'));
const shim = readFileSync(new URL('shim.guest.js', import.meta.url), 'utf8');

const largest = 2 ** 31 - 1;

/** A script of the suite: from its folder, or from the server where that fills in its own ports and names. */
async function readScript(path, { folder, origin }) {
  if (!path.includes('.sub.')) return readFileSync(join(folder, served(path)), 'utf8');
  const response = await fetch(origin + path);
  if (!response.ok) throw new Error(`${path}: the server answers ${response.status}`);
  return response.text();
}

/** The suite's server knows some scripts by other names than its folder. */
function served(path) {
  return path === '/resources/WebIDLParser.js' ? '/resources/webidl2/lib/webidl2.js' : path;
}

const statuses = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];
const harnessStatuses = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'];

function outcome({ harness, results }, error) {
  const subtests = results.map(({ name, status, message }) => ({ name, status: statuses[status], message }));
  if (harness) return { status: harnessStatuses[harness.status], message: harness.message ?? error, subtests };
  return { status: error ? 'ERROR' : 'TIMEOUT', message: error, subtests };
}

/** Runs one test to its end, or to its deadline. */
async function runTest({ path, variant, meta, folder, origin, origins, timeoutMs }) {
  const address = `${origin}/${path.replace(/\.js$/, '.html')}${variant}`;
  const patience = { timeoutMs: timeoutMs + 3000 };
  const host = new HostRuntime('wpt', {
    console: 'silent',
    limits: { timeoutMs: largest, cpuMs: largest, memoryBytes: 2 ** 30, pendingOps: 1_000_000 },
    permissions: { net: origins },
    wasi: true,
  });
  let error;
  try {
    const scripts = meta.scripts.map((script) => posix.resolve('/', posix.dirname(path), script));
    await host.eval(shim, { filename: 'shim.guest.js' });
    await host.eval(`wptShim.setUp(${JSON.stringify({ address, title: meta.title })})`);
    await host.eval(await readScript('/resources/testharness.js', { folder }), {
      filename: `${origin}/resources/testharness.js`,
    });
    const pretendsWorker = scripts.some((script) => script.endsWith('/idlharness.js'));
    await host.eval(`globalThis.wptFinished = wptShim.harnessed(${JSON.stringify({ timeoutMs, pretendsWorker })}), 0`);
    // No script's evaluation ends before the test does: its timers and promises stay under the clock of a call, not the background's.
    const sources = [];
    for (const script of [...scripts, `/${path}`]) {
      sources.push([
        `${await readScript(script, { folder, origin })}\n;wptFinished`,
        { ...patience, filename: origin + script },
      ]);
    }
    sources.push(['done(); wptFinished', { ...patience, filename: 'done.js' }]);
    for (const ended of await Promise.allSettled(sources.map(([source, options]) => host.eval(source, options)))) {
      if (ended.status === 'rejected') error ??= `${ended.reason.name}: ${ended.reason.message}`;
    }
  } catch (failure) {
    error = `${failure.name}: ${failure.message}`;
  }
  let found = { results: [] };
  try {
    found = JSON.parse(await host.eval('wptShim.results()', { timeoutMs: 10_000 }));
  } catch (failure) {
    error ??= `${failure.name}: ${failure.message}`;
  }
  await host.close();
  return outcome(found, error);
}

process.on('message', async (test) => {
  process.send(await runTest(test));
});
