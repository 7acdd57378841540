// Measures hostbox beside its peers: node benches/run.mjs [row …]. Without rows, all of them; then results.md is written.
//
// Rounds alternate between the contenders, each in a fresh process, so that a machine's changing load hits all of them.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { markdown, median, text } from './table.mjs';

const ROUNDS = Number(process.env.HOSTBOX_BENCH_ROUNDS ?? 5);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function loadRows(wanted) {
  const order = ['coldStart', 'memory', 'callSync', 'call', 'bridge', 'bytesMoved', 'bytesCopied'];
  const rows = [];
  for (const file of readdirSync(here('rows'))) rows.push({ file, ...(await import(`./rows/${file}`)).default });
  rows.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new Error(`no such row: ${unknown.join(', ')}; there are ${rows.map(({ name }) => name).join(', ')}`);
  return wanted.length === 0 ? rows : rows.filter(({ name }) => wanted.includes(name));
}

function measureOnce(file, contender) {
  const args = ['--expose-gc', '--no-warnings', here('measure.mjs'), file, contender];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
  const thrown = stderr.split('\n').find((line) => /^\S*Error\b/.test(line));
  if (status !== 0) return { failure: thrown ?? `ended with ${signal ?? status}` };
  return { values: JSON.parse(stdout.trim().split('\n').at(-1)) };
}

async function measureRow(row) {
  const rounds = Math.min(ROUNDS, row.rounds ?? ROUNDS);
  const results = new Map();
  for (const contender of row.contenders) {
    const { title } = await import(`./contenders/${contender}.mjs`);
    results.set(contender, { title, rounds: [], failure: undefined });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [contender, result] of results) {
      if (result.failure !== undefined) continue;
      const { values, failure } = measureOnce(row.file, contender);
      if (failure === undefined) result.rounds.push(values);
      else result.failure = failure;
    }
  }
  return Object.entries(row.metrics).map(([key, metric]) => ({
    ...metric,
    results: [...results].map(([contender, { title, rounds: measured, failure }]) => {
      const samples = measured.map((values) => values[key]);
      return {
        contender,
        title,
        failure,
        median: median(samples),
        least: Math.min(...samples),
        most: Math.max(...samples),
      };
    }),
  }));
}

function machine(loadBefore) {
  const load = (values) => values.map((value) => value.toFixed(1)).join(' ');
  return [
    `${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}; hostbox: ${process.env.HOSTBOX_BUILD ?? 'unknown'} build`,
    `load average before ${load(loadBefore)}, after ${load(loadavg())}`,
    `medians of ${ROUNDS} rounds in alternation, each in a fresh process; in brackets the least and the most`,
  ];
}

const wanted = process.argv.slice(2);
const loadBefore = loadavg();
const rows = await loadRows(wanted);
const measured = [];
for (const row of rows) {
  console.log(`\n${row.name}: ${row.about}`);
  const metrics = await measureRow(row);
  console.log(text(metrics));
  measured.push({ ...row, metrics });
}
const conditions = machine(loadBefore);
console.log(`\n${conditions.join('\n')}`);
if (wanted.length === 0) writeFileSync(here('results.md'), markdown(measured, conditions));
const failed = measured.some(({ metrics }) =>
  metrics.some(({ results }) => results.some(({ failure }) => failure !== undefined)),
);
if (failed) process.exitCode = 1;
