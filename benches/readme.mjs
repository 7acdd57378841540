// README's tables: the headline rows, between its markers.
import { readFileSync, writeFileSync } from 'node:fs';
import { number } from './table.mjs';

const START = '<!-- bench -->';
const END = '<!-- /bench -->';

/** Columns by the contenders that may stand there; the first that a row has. */
const SANDBOXES = {
  columns: {
    hostbox: ['hostbox'],
    'isolated-vm': ['isolated-vm'],
    'quickjs-emscripten': ['quickjs-emscripten'],
    'quickjs-wasi': ['quickjs-wasi'],
    worker_threads: ['worker'],
    'V8 without a wall': ['node-vm', 'v8'],
  },
  rows: [
    'coldStart.p50',
    'memory.each',
    'density.memory',
    'callSync.rate',
    'call.p50',
    'call.rate',
    'bridge.one',
    'bridge.many',
  ],
};

const BYTES = {
  columns: {
    hostbox: ['hostbox'],
    'Node itself': ['node', 'plain V8, a pixel at a time', 'structured-clone'],
    sharp: ['sharp', 'sharp, its own greyscale'],
    worker_threads: ['worker', 'worker_threads, moved'],
    'isolated-vm': ['isolated-vm'],
    memcpy: ['memcpy'],
  },
  rows: [
    ...['bytesMoved.rate', 'bytesCopied.rate', 'pixels.ms', 'operations.sha256', 'operations.gzip_compress'],
    ...['operations.png_decode', 'operations.resize_rgba', 'streams.gzip'],
  ],
};

const WEBASSEMBLY = {
  what: 'WebAssembly',
  columns: { hostbox: ['hostbox'], jco: ['jco'], Extism: ['extism'], 'node:wasi': ['node:wasi'] },
  rows: [
    ...['components.instantiate', 'components.call', 'components.records', 'components.bytes'],
    ...['wasi.cold', 'wasi.warm', 'wasi.gray'],
  ],
};

export function find(measured, path) {
  const [name, key] = path.split('.');
  return measured.find((row) => row.name === name)?.metrics.find((metric) => metric.key === key);
}

function cell({ results, unit }, contenders) {
  const found = contenders.map((name) => results.find(({ contender }) => contender === name)).find(Boolean);
  if (found === undefined) return '–';
  if (found.failure !== undefined) return 'failed';
  const value = `${number(found.median)} ${unit}`;
  return found.contender === 'hostbox' ? `**${value}**` : value;
}

function table(measured, { what = 'what', columns, rows }) {
  const metrics = rows.map((path) => find(measured, path)).filter(Boolean);
  return [
    `| ${what} | ${Object.keys(columns).join(' | ')} |`,
    `|---|${'---|'.repeat(Object.keys(columns).length)}`,
    ...metrics.map(
      (metric) => `| ${[metric.title, ...Object.values(columns).map((names) => cell(metric, names))].join(' | ')} |`,
    ),
  ].join('\n');
}

export function fillReadme(path, measured, conditions) {
  const readme = readFileSync(path, 'utf8');
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`no markers ${START} … ${END} in README.md`);
  const block = [
    START,
    '![the headline rows as bars](benches/plots/headline.svg)\n',
    table(measured, SANDBOXES),
    '',
    table(measured, BYTES),
    '',
    table(measured, WEBASSEMBLY),
    '',
    `${conditions.join('; ')}.`,
    '',
  ].join('\n');
  writeFileSync(path, readme.slice(0, start) + block + readme.slice(end));
}
