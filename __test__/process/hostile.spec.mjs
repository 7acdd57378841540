// The hostile corpus: each case runs in a process of its own, which must answer on time, stay whole and end by itself.
// HOSTBOX_HOSTILE=loops,sync runs some families only; HOSTBOX_SLACK_MS=100 asks for the goal of a quiet machine.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const KILL_MS = 20_000;
const runner = fileURLToPath(new URL('./hostile/run-case.mjs', import.meta.url));
const corpus = new URL('./hostile/corpus/', import.meta.url);
const families = (await readdir(corpus))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort();

const cases = [];
for (const family of families) {
  const { default: entries } = await import(new URL(`${family}.mjs`, corpus));
  entries.forEach((entry, index) => cases.push({ family, index, ...entry }));
}
const wanted = process.env.HOSTBOX_HOSTILE?.split(',');
const chosen = wanted ? cases.filter(({ family }) => wanted.includes(family)) : cases;

/** Runs one case; resolves with its report, its exit and what it said on stderr. */
function run({ family, index }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [runner, family, String(index)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
    const killer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearTimeout(killer);
      resolve({ exitCode, signal, stderr, stdout });
    });
  });
}

function judge({ exitCode, signal, stderr, stdout }) {
  const seen = `\nstdout: ${stdout}stderr: ${stderr}`;
  assert.equal(signal, null, `the process was killed by ${signal} (after ${KILL_MS} ms by this test)${seen}`);
  assert.match(stdout, /^\{.*\}\n$/, `the process ended with ${exitCode} and without a report${seen}`);
  const report = JSON.parse(stdout);
  assert.deepEqual(report.breaches, [], seen);
  assert.equal(exitCode, 0, seen);
  return report;
}

test('the corpus has at least eighty cases with names of their own', () => {
  assert.ok(cases.length >= 80, `${cases.length} cases`);
  const names = cases.map(({ name }) => name);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  assert.deepEqual(repeated, []);
});

test('hostile guests', { concurrency: Math.max(2, availableParallelism()) }, async (t) => {
  const reports = [];
  await Promise.all(
    chosen.map((one) =>
      t.test(one.name, async () => {
        const ended = await run(one);
        try {
          reports.push(JSON.parse(ended.stdout));
        } catch {} // no report: judge says so
        judge(ended);
      }),
    ),
  );

  const worst = (key) => [...reports].sort((a, b) => b[key] - a[key]).slice(0, 5);
  const total = (key) => reports.reduce((sum, report) => sum + report[key], 0);
  const dead = reports.filter(({ state }) => state === 'dead').length;
  t.diagnostic(`${reports.length} cases, ${dead} dead sandboxes, ${total('quarantinedThreads')} quarantined threads`);
  for (const [key, unit] of [
    ['latenessMs', 'ms late'],
    ['loopGapMs', 'ms without a turn of the loop'],
    ['rssGrowthMiB', 'MiB grown'],
  ]) {
    for (const report of worst(key))
      t.diagnostic(
        `${String(report[key]).padStart(7)} ${unit}: ${report.name} (${report.family} ${report.index}, ${report.code})`,
      );
  }
});
