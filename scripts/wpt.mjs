// Runs web-platform-tests against sandboxes and compares with the expected failures in __test__/wpt:
// node scripts/wpt.mjs --wpt <folder> [area …] [--file <part of a path>] [--list] [--update [--reason <text>]] [--markdown] [--jobs <n>]
// [--patience <factor>] [--no-build]
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildAddon } from './build.mjs';
import { main, root, StepError } from './steps.mjs';
import { areas, howToGet } from './wpt/areas.mjs';
import { discover } from './wpt/discover.mjs';
import { compare, covers, fit, HARNESS, readMap, reasonToSkip, writeMap } from './wpt/expectations.mjs';
import { runAll } from './wpt/pool.mjs';
import { printDifferences, printTable, writeMarkdown } from './wpt/report.mjs';
import { howToGetServer, startServer } from './wpt/server.mjs';

const options = {
  wpt: { type: 'string' },
  file: { type: 'string' },
  list: { type: 'boolean', default: false },
  update: { type: 'boolean', default: false },
  reason: { type: 'string' },
  markdown: { type: 'boolean', default: false },
  jobs: { type: 'string' },
  patience: { type: 'string', default: '1' },
  'no-build': { type: 'boolean', default: false },
};

/** The suite's own deadlines; a busy machine gets a multiple of them. */
const deadlineMs = (meta, patience) => (meta.isLong ? 60_000 : 10_000) * patience;

function readArgs(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new StepError(error.message);
  }
  const { values, positionals } = parsed;
  const folder = values.wpt ?? process.env.HOSTBOX_WPT;
  if (!folder) throw new StepError(`The tests are not part of this repository. ${howToGet()}`);
  if (!existsSync(join(folder, 'resources', 'testharness.js'))) {
    throw new StepError(`${folder} is not web-platform-tests: there is no resources/testharness.js. ${howToGet()}`);
  }
  const wanted = positionals.map((area) => area.replace(/\/$/, ''));
  const unknown = wanted.filter((area) => !(area in areas));
  if (unknown.length > 0) {
    throw new StepError(`no such area: ${unknown.join(', ')}; there are ${Object.keys(areas).join(', ')}`);
  }
  return { ...values, folder: resolve(folder), wanted: wanted.length > 0 ? wanted : Object.keys(areas) };
}

/** What a test's outcome means for its subtests, the test as a whole among them where that failed. */
function subtestsOf({ status, message, subtests }) {
  const seen = new Map();
  const all = subtests.map((subtest) => {
    const count = (seen.get(subtest.name) ?? 0) + 1;
    seen.set(subtest.name, count);
    const name = count === 1 ? subtest.name : `${subtest.name} (${count})`;
    return { ...subtest, name, passed: subtest.status === 'PASS' };
  });
  if (status !== 'OK') all.push({ name: HARNESS, status, message, passed: false });
  return all;
}

/** One area: its tests, their outcomes, its map. */
class Area {
  constructor(name, { folder, file }) {
    this.name = name;
    this.map = readMap(name);
    const found = discover(folder, name);
    this.isMissing = found === undefined;
    this.tests = (found?.tests ?? []).filter(({ id }) => file === undefined || id.includes(file));
    this.leftOut = found?.leftOut ?? [];
    this.isWhole = file === undefined;
    this.skipped = this.tests.filter((test) => reasonToSkip(this.map, test));
    this.run = this.tests.filter((test) => !reasonToSkip(this.map, test));
    this.score = { area: name, files: new Set(this.run.map(({ path }) => path)).size, passed: 0, total: 0 };
    this.differing = 0;
  }

  record(test, outcome, { update, reason }) {
    const subtests = subtestsOf(outcome);
    this.score.total += subtests.length;
    this.score.passed += subtests.filter(({ passed }) => passed).length;
    const expected = this.map.failures[test.id];
    if (update) {
      const fitted = fit(expected, subtests, reason);
      if (fitted) this.map.failures[test.id] = fitted;
      else delete this.map.failures[test.id];
      return;
    }
    const found = compare(expected, subtests);
    if (found.failures.length + found.passes.length + found.stale.length > 0) this.differing += 1;
    printDifferences(test.id, found, subtests);
  }

  /** Expectations of tests that are gone from the suite. */
  strays() {
    if (!this.isWhole) return [];
    const known = new Set(this.tests.flatMap(({ id, path }) => [id, path]));
    const names = [...known];
    return [
      ...Object.keys(this.map.failures).filter((id) => !known.has(id)),
      ...Object.keys(this.map.skip).filter((pattern) => !names.some((name) => covers(pattern, name))),
    ];
  }

  finish({ update }) {
    if (update) {
      for (const id of this.strays()) delete this.map.failures[id];
      writeMap(this.name, this.map);
      return;
    }
    for (const id of this.strays()) {
      this.differing += 1;
      console.log(`\n✗ ${id}\n  has expectations, and is not among the tests`);
    }
  }
}

function list(all) {
  for (const area of all) {
    for (const { id } of area.run) console.log(id);
    for (const test of area.skipped) console.log(`${test.id}   skipped: ${reasonToSkip(area.map, test)}`);
    for (const { path, reason } of area.leftOut) console.log(`${path}   left out: ${reason}`);
  }
}

async function run(all, settings) {
  const server = await startServer(settings.folder);
  const note = server.isSuites ? undefined : `skipped: ${howToGetServer}`;
  const runnable = all.filter((area) => {
    if (area.isMissing) area.score.note = 'is not in the folder';
    else if (areas[area.name].server && note) area.score.note = note;
    return area.score.note === undefined;
  });
  const tests = runnable.flatMap((area) =>
    area.run.map((test) => ({
      ...test,
      area,
      timeoutMs: deadlineMs(test.meta, Number(settings.patience)),
    })),
  );
  try {
    const jobs = Number(settings.jobs ?? Math.min(4, availableParallelism()));
    const { folder } = settings;
    const { origin, origins } = server;
    await runAll(
      tests.map(({ area: _, ...test }) => ({ ...test, folder, origin, origins })),
      { jobs, onEnd: (test, outcome) => areaOf(all, test).record(test, outcome, settings) },
    );
  } finally {
    server.close();
  }
  for (const area of runnable) area.finish(settings);
}

function areaOf(all, { path }) {
  return all.find(({ name }) => path.startsWith(`${name}/`));
}

await main(async (args) => {
  const settings = readArgs(args);
  const all = settings.wanted.map((area) => new Area(area, settings));
  if (settings.list) {
    list(all);
    return;
  }
  if (!settings['no-build']) await buildAddon();
  await run(all, settings);
  const scores = all.map(({ score }) => score);
  console.log('');
  printTable(scores);
  if (settings.markdown) writeMarkdown(join(root, 'docs', 'web-apis.md'), scores);
  const missing = all.filter(({ isMissing }) => isMissing).map(({ name }) => name);
  if (missing.length > 0) throw new StepError(`${settings.folder} has no ${missing.join(', ')}. ${howToGet()}`);
  const differing = all.reduce((sum, area) => sum + area.differing, 0);
  if (differing > 0) throw new StepError(`${differing} tests do not do what __test__/wpt expects of them`);
});
