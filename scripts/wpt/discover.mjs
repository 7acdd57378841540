// Finds the test files of an area: those that run without a page.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isForUs, parseMeta } from './meta.mjs';

/** Why a file is not run at all, or undefined; what a sandbox merely fails at is run and listed. */
function reasonToLeaveOut(path, meta) {
  if (/\.h2\./.test(path)) return 'needs an HTTP/2 server';
  if (!isForUs(meta)) return `for ${meta.globals.join(', ')} only`;
  return undefined;
}

/**
 * @param {string} folder the suite's
 * @param {string} area
 * @returns {{ tests: { id: string, path: string, variant: string, meta: object }[], leftOut: { path: string, reason: string }[] } | undefined}
 * undefined where the folder does not have the area
 */
export function discover(folder, area) {
  const place = join(folder, area);
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const tests = [];
  const leftOut = [];
  const files = readdirSync(place, { recursive: true })
    .filter((file) => file.endsWith('.any.js'))
    .map((file) => relative(folder, join(place, file)).split(sep).join('/'))
    .sort();
  for (const path of files) {
    const meta = parseMeta(readFileSync(join(folder, path), 'utf8'));
    const reason = reasonToLeaveOut(path, meta);
    if (reason) leftOut.push({ path, reason });
    else for (const variant of meta.variants) tests.push({ id: path + variant, path, variant, meta });
  }
  return { tests, leftOut };
}
