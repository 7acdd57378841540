// What a run says: what differs from the expectations, and the table of scores.
import { readFileSync, writeFileSync } from 'node:fs';

const start = '<!-- wpt: begin -->';
const end = '<!-- wpt: end -->';

function percent({ passed, total }) {
  return total === 0 ? '–' : `${(Math.floor((passed / total) * 1000) / 10).toFixed(1)} %`;
}

/** @param {{ area: string, files: number, passed: number, total: number }[]} scores */
function rows(scores) {
  const count = (number) => number.toLocaleString('en');
  return scores.map(({ area, files, passed, total }) => {
    return [area, count(files), `${count(passed)} / ${count(total)}`, percent({ passed, total })];
  });
}

const head = ['area', 'files', 'subtests passed', 'share'];

export function printTable(scores) {
  const lines = [head, ...rows(scores.filter(({ note }) => !note))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  for (const line of lines) {
    const cells = line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
    console.log(cells.join('   ').trimEnd());
  }
  for (const { area, note } of scores.filter((score) => score.note)) console.log(`${area}   ${note}`);
}

/** Writes the scores into a document between its two markers; areas that were not run keep their rows. */
export function writeMarkdown(path, scores) {
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no markers ${start} and ${end}`);
  const kept = new Map();
  for (const line of text.slice(from, to).split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    if (cells.length === 6 && cells[1] !== head[0] && !cells[1].startsWith('-')) kept.set(cells[1], cells.slice(1, 5));
  }
  for (const cells of rows(scores.filter(({ note }) => !note))) kept.set(cells[0], cells);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = [line(head), '| --- | --: | --: | --: |', ...[...kept.values()].map(line)].join('\n');
  writeFileSync(path, `${text.slice(0, from)}${start}\n\n${table}\n\n${text.slice(to)}`);
}

/** Tells what a test did beside what was expected of it. */
export function printDifferences(id, { failures, passes, stale }, subtests, { most = 20 } = {}) {
  const count = failures.length + passes.length + stale.length;
  if (count === 0) return;
  console.log(`\n✗ ${id}`);
  const messages = new Map(subtests.map(({ name, message, status }) => [name, `${status} ${message ?? ''}`]));
  const lines = [
    ...failures.map((name) => `  fails: ${name}\n      ${messages.get(name)}`),
    ...passes.map((name) => `  passes, though it is listed as a failure: ${name}`),
    ...stale.map((name) => `  is listed as a failure, and there is no such subtest: ${name}`),
  ];
  for (const line of lines.slice(0, most)) console.log(line);
  if (lines.length > most) console.log(`  … and ${lines.length - most} more`);
}
