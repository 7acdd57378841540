// How hostbox grows: node benches/scaling.mjs [measurement …]. Draws plots/*.svg, keeps the points in plots/data.json and fills
// the figures of docs/scaling.md. A try, shortened by HOSTBOX_BENCH_MS, writes nothing, but with --write it does;
// --dry writes nothing either; with --draw plots and figures are made anew from the points that are there.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isTry } from './clock.mjs';
import { machine, withoutPaths } from './machine.mjs';
import { measurements } from './scaling/measurements.mjs';
import { lineChart } from './svg/lines.mjs';

const TIMEOUT_MS = 300_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DATA = here('plots/data.json');
const DOCUMENT = here('../docs/scaling.md');

function measure(name) {
  const args = ['--expose-gc', '--no-warnings', here('scaling/measure.mjs'), name];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
    timeout: TIMEOUT_MS,
  });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  const thrown = stderr.split('\n').find((line) => /^\S*Error\b/.test(line));
  return { failure: withoutPaths(thrown ?? `ended with ${signal ?? status}`) };
}

/** A point a line would make the file thousands of lines long, and so does the formatter: it keeps them in rows. */
async function saveData(data) {
  const { format } = await import('prettier');
  writeFileSync(DATA, await format(JSON.stringify(data), { parser: 'json', printWidth: 120 }));
}

function draw({ name, chart }, { series }) {
  const lines = Object.entries(series).map(([title, points]) => ({ name: title, points }));
  writeFileSync(here(`plots/${name}.svg`), lineChart({ ...chart, series: lines }));
}

function fill(document, name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no markers ${start} … ${end} in docs/scaling.md`);
  return `${document.slice(0, from)}${start}\n${text}\n${document.slice(to)}`;
}

function writeAll(data) {
  let document = readFileSync(DOCUMENT, 'utf8');
  for (const measurement of measurements) {
    const measured = data.measurements[measurement.name];
    if (measured === undefined) continue;
    if (measured.failure === undefined) draw(measurement, measured);
    const text = measured.failure ? `Not measured: ${measured.failure}` : measurement.figures(measured);
    document = fill(document, measurement.name, text);
  }
  document = fill(document, 'machine', data.machine.map((line) => `- ${line}`).join('\n'));
  writeFileSync(DOCUMENT, document);
}

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const unknown = wanted.filter((name) => !measurements.some((measurement) => measurement.name === name));
if (unknown.length > 0)
  throw new Error(
    `no measurement: ${unknown.join(', ')}; there are ${measurements.map(({ name }) => name).join(', ')}`,
  );

const data = existsSync(DATA) ? JSON.parse(readFileSync(DATA, 'utf8')) : { machine: [], measurements: {} };
if (!args.includes('--draw')) {
  const loadBefore = loadavg();
  for (const { name, figures } of measurements) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const started = performance.now();
    const measured = measure(name);
    data.measurements[name] = measured;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${name} (${seconds} s): ${measured.failure ? `failed: ${measured.failure}` : figures(measured)}`);
    if (measured.failure) process.exitCode = 1;
  }
  data.machine = machine(loadBefore);
  console.log(data.machine.join('\n'));
}
if (args.includes('--write') || (!isTry && !args.includes('--dry'))) {
  await saveData(data);
  writeAll(data);
}
