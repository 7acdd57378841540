// The failures that are expected, by area: `__test__/wpt/<area>.json`.
//
//   { "skip": { "<file or test>": "<reason>" },
//     "failures": { "<test>": { "<reason>": ["<subtest>", …] } } }
//
// A test is a file with its variant (`url/x.any.js?a=1`). In a subtest `*` stands for any text, and `\*` for itself; every subtest that it
// covers has to fail. HARNESS is the test as a whole: an error outside of any subtest, a timeout, a process that died.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../steps.mjs';

export const HARNESS = '(harness)';
export const UNSORTED = 'unsorted';

export const mapsFolder = join(root, '__test__', 'wpt');

export function mapPath(area, folder = mapsFolder) {
  return join(folder, `${area.replaceAll('/', '-')}.json`);
}

export function readMap(area, folder) {
  const path = mapPath(area, folder);
  if (!existsSync(path)) return { skip: {}, failures: {} };
  const { skip = {}, failures = {} } = JSON.parse(readFileSync(path, 'utf8'));
  return { skip, failures };
}

export function writeMap(area, map, folder) {
  const path = mapPath(area, folder);
  mkdirSync(dirname(path), { recursive: true });
  const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
  const failures = {};
  for (const [test, reasons] of Object.entries(sorted(map.failures))) failures[test] = sorted(reasons);
  writeFileSync(path, `${JSON.stringify({ skip: sorted(map.skip), failures }, null, 2)}\n`);
}

/** A subtest's name as a pattern that stands for it alone. */
export function literal(name) {
  return name.replaceAll(/[\\*]/g, String.raw`\$&`);
}

/** Whether a pattern stands for a name. */
export function covers(pattern, name) {
  if (!/[\\*]/.test(pattern)) return pattern === name;
  const source = pattern.replaceAll(/\\[\\*]|\*|[.+?^${}()|[\]\\/]/g, (part) => {
    if (part === '*') return '.*';
    return part.length === 2 ? `\\${part[1]}` : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 'su').test(name);
}

/** Why a test is not run, or undefined. In a name `*` stands for any text. */
export function reasonToSkip(map, test) {
  const pattern = Object.keys(map.skip).find((name) => covers(name, test.id) || covers(name, test.path));
  return pattern && map.skip[pattern];
}

/**
 * Compares what a test did with what is expected of it.
 *
 * @param {Record<string, string[]> | undefined} expected patterns by reason
 * @param {{ name: string, passed: boolean }[]} subtests
 * @returns {{ failures: string[], passes: string[], stale: string[] }} unlisted failures, listed subtests that pass, patterns for nothing
 */
export function compare(expected, subtests) {
  const patterns = Object.values(expected ?? {}).flat();
  const used = new Set();
  const found = { failures: [], passes: [], stale: [] };
  const literals = new Set(patterns.filter((pattern) => !/[\\*]/.test(pattern)));
  const others = patterns.filter((pattern) => !literals.has(pattern));
  for (const { name, passed } of subtests) {
    const pattern = literals.has(name) ? name : others.find((other) => covers(other, name));
    if (pattern !== undefined) used.add(pattern);
    if (passed && pattern !== undefined) found.passes.push(name);
    if (!passed && pattern === undefined) found.failures.push(name);
  }
  found.stale = patterns.filter((pattern) => !used.has(pattern));
  return found;
}

/**
 * A test's expectations made to fit what it did: reasons are kept, new failures get `reason`.
 *
 * @returns {Record<string, string[]> | undefined} undefined where nothing fails
 */
export function fit(expected, subtests, reason = UNSORTED) {
  const failing = subtests.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failing.length === 0) return undefined;
  const passing = subtests.filter(({ passed }) => passed).map(({ name }) => name);
  const kept = {};
  let left = failing;
  for (const [why, patterns] of Object.entries(expected ?? {})) {
    const still = patterns.filter(
      (pattern) => left.some((name) => covers(pattern, name)) && !passing.some((name) => covers(pattern, name)),
    );
    if (still.length > 0) kept[why] = still;
    left = left.filter((name) => !still.some((pattern) => covers(pattern, name)));
  }
  if (left.length > 0) {
    const all = passing.length === 0 && left.length === failing.length;
    (kept[reason] ??= []).push(...(all ? ['*'] : left.map(literal)));
  }
  return kept;
}
