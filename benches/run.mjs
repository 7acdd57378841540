// Measures hostbox beside its peers: node benches/run.mjs [row …]. Without rows, all of them; then results.md, the bars
// and README's tables are written. A try, shortened by HOSTBOX_BENCH_MS, writes nothing, but with --write it does;
// --dry writes nothing either.
//
// Rounds alternate between the contenders, each in a fresh process, so that a machine's changing load hits all of them.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isTry } from './clock.mjs';
import { headline } from './headline.mjs';
import { machine, withoutPaths } from './machine.mjs';
import { fillReadme } from './readme.mjs';
import { markdown, median, text } from './table.mjs';
import { titleOf } from './titles.mjs';

const ROUNDS = Number(process.env.HOSTBOX_BENCH_ROUNDS ?? 5);
const TIMEOUT_MS = 300_000;
// prettier-ignore
const ORDER = [
  'coldStart', 'memory', 'density', 'callSync', 'call', 'bridge', 'values', 'bytesMoved', 'bytesCopied', 'pixels', 'operations', 'streams',
  'web', 'files', 'cache', 'pool', 'bundles', 'components', 'componentHttp', 'wasi', 'binarySize',
];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function loadRows(wanted) {
  const rows = [];
  for (const file of readdirSync(here('rows'))) rows.push({ file, ...(await import(`./rows/${file}`)).default });
  rows.sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new Error(`no such row: ${unknown.join(', ')}; there are ${rows.map(({ name }) => name).join(', ')}`);
  return wanted.length === 0 ? rows : rows.filter(({ name }) => wanted.includes(name));
}

function measureOnce(file, contender) {
  const args = ['--expose-gc', '--no-warnings', here('measure.mjs'), file, contender];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
    timeout: TIMEOUT_MS,
  });
  const thrown = stderr.split('\n').find((line) => /^\S*Error\b/.test(line));
  if (status !== 0) return { failure: withoutPaths(thrown ?? `ended with ${signal ?? status}`) };
  return { values: JSON.parse(stdout.trim().split('\n').at(-1)) };
}

/** What the rounds of one contender say of one metric; `undefined` where it has no such thing. */
function summary(contender, key, { rounds, failure }) {
  const values = rounds.map((values) => values[key]).filter((value) => value !== undefined && value !== null);
  const failed = failure ?? values.find((value) => value.failure !== undefined)?.failure;
  if (failed === undefined && values.length === 0) return undefined;
  const result = { contender, title: titleOf(contender) };
  if (failed !== undefined) return { ...result, failure: withoutPaths(failed) };
  const samples = values.map((value) => value.value ?? value);
  return {
    ...result,
    median: median(samples),
    least: Math.min(...samples),
    most: Math.max(...samples),
    note: values[0].note,
  };
}

async function measureRow(row) {
  const rounds = Math.min(ROUNDS, row.rounds ?? ROUNDS);
  const all = new Map(row.contenders.map((contender) => [contender, { rounds: [], failure: undefined }]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, measured] of all) {
      if (measured.failure !== undefined) continue;
      const { values, failure } = measureOnce(row.file, contender);
      if (failure === undefined) measured.rounds.push(values);
      else measured.failure = failure;
    }
  }
  return Object.entries(row.metrics).map(([key, metric]) => ({
    key,
    ...metric,
    results: [...all].map(([contender, measured]) => summary(contender, key, measured)).filter(Boolean),
  }));
}

const { values: flags, positionals: wanted } = parseArgs({
  options: { write: { type: 'boolean' }, dry: { type: 'boolean' } },
  allowPositionals: true,
});
const loadBefore = loadavg();
const rows = await loadRows(wanted);
const measured = [];
for (const row of rows) {
  const started = performance.now();
  console.log(`\n${row.name}: ${row.about}`);
  const metrics = await measureRow(row);
  console.log(text(metrics));
  console.log(`\n (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  measured.push({ ...row, metrics });
}
const conditions = machine(loadBefore);
console.log(`\n${conditions.join('\n')}`);
const writes = flags.write || (!isTry && !flags.dry);
if (wanted.length === 0 && writes) {
  writeFileSync(here('results.md'), markdown(measured, conditions, ROUNDS));
  writeFileSync(here('plots/headline.svg'), headline(measured));
  fillReadme(here('../README.md'), measured, conditions);
}
// A peer that fails is shown; hostbox must not.
const failed = measured.some(({ metrics }) =>
  metrics.some(({ results }) => results.some((result) => result.contender === 'hostbox' && result.failure)),
);
if (failed) process.exitCode = 1;
