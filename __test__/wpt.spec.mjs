// The conformance runner's own parts, and the expectations that are committed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { areas } from '../scripts/wpt/areas.mjs';
import { discover } from '../scripts/wpt/discover.mjs';
import {
  compare,
  covers,
  fit,
  HARNESS,
  literal,
  mapPath,
  mapsFolder,
  readMap,
  UNSORTED,
  writeMap,
} from '../scripts/wpt/expectations.mjs';
import { parseMeta } from '../scripts/wpt/meta.mjs';
import { writeMarkdown } from '../scripts/wpt/report.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hostbox-wpt-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(path, text) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const failed = (...names) => names.map((name) => ({ name, passed: false }));
const passed = (...names) => names.map((name) => ({ name, passed: true }));

test('the head of a test says what it needs', () => {
  const meta = parseMeta(
    '// META: title=A title\n// META: script=a.js\n// a remark\n\n// META: variant=?a\n// META: variant=?b=1\n' +
      '// META: timeout=long\n// META: global=window,worker\ntest();\n// META: script=late.js\n',
  );
  const variants = ['?a', '?b=1'];
  assert.deepEqual(meta, {
    title: 'A title',
    scripts: ['a.js'],
    variants,
    isLong: true,
    globals: ['window', 'worker'],
  });
});

test('a test without a head has one variant and runs everywhere', () => {
  const meta = parseMeta('test(() => {});');
  assert.deepEqual([meta.variants, meta.isLong, meta.globals], [[''], false, ['window', 'dedicatedworker']]);
});

test('the tests of an area are its files without a page, once a variant', () => {
  write('area/b.any.js', '// META: variant=?1\n// META: variant=?2\n');
  write('area/deep/a.https.any.js', '');
  write('area/page.html', '');
  write('area/window.any.js', '// META: global=window\n');
  write('area/c.h2.any.js', '');
  const { tests, leftOut } = discover(folder, 'area');
  const ids = tests.map(({ id }) => id);
  assert.deepEqual(ids, ['area/b.any.js?1', 'area/b.any.js?2', 'area/deep/a.https.any.js']);
  assert.deepEqual(leftOut, [
    { path: 'area/c.h2.any.js', reason: 'needs an HTTP/2 server' },
    { path: 'area/window.any.js', reason: 'for window only' },
  ]);
  assert.equal(discover(folder, 'nowhere'), undefined);
});

test('a star in a pattern stands for any text, and escaped for itself', () => {
  assert.ok(covers('a * c', 'a b\nb c'));
  assert.ok(!covers('a *', 'b a '));
  assert.ok(covers('(x+)?', '(x+)?'));
  for (const name of ['2 * 3', String.raw`a\b`, String.raw`\*`, 'a.b']) {
    assert.ok(covers(literal(name), name), name);
    assert.ok(!covers(literal(name), `${name}!`), name);
  }
  assert.ok(!covers(literal('a*c'), 'abc'));
});

test('unlisted failures, unexpected passes and lists of nothing are told', () => {
  const expected = { 'a reason': ['x', 'y *'], 'another reason': ['gone'] };
  const subtests = [...failed('x', 'y 1', 'z'), ...passed('y 2', 'fine')];
  assert.deepEqual(compare(expected, subtests), { failures: ['z'], passes: ['y 2'], stale: ['gone'] });
  assert.deepEqual(compare(undefined, passed('fine')), { failures: [], passes: [], stale: [] });
});

test('an update keeps the reasons that still hold, and marks new failures', () => {
  const expected = { 'a reason': ['x', 'gone'], 'too much': ['p*'] };
  const subtests = [...failed('x', 'new *', 'p1'), ...passed('p2')];
  assert.deepEqual(fit(expected, subtests), { 'a reason': ['x'], [UNSORTED]: [String.raw`new \*`, 'p1'] });
  assert.deepEqual(fit(undefined, failed('x', HARNESS), 'why'), { why: ['*'] });
  assert.equal(fit(expected, passed('x')), undefined);
});

test('a map comes back as it was written', () => {
  const maps = join(folder, 'maps');
  const map = { skip: { 'b.any.js': 'hangs' }, failures: { 'a.any.js': { why: ['x'] } } };
  writeMap('dom/abort', map, maps);
  assert.deepEqual(readMap('dom/abort', maps), map);
  assert.deepEqual(readMap('url', maps), { skip: {}, failures: {} });
});

test('the table keeps the rows of areas that were not run', () => {
  const page = join(folder, 'page.md');
  writeFileSync(page, 'before\n<!-- wpt: begin -->\n<!-- wpt: end -->\nafter\n');
  writeMarkdown(page, [{ area: 'url', files: 2, passed: 1999, total: 2000 }]);
  writeMarkdown(page, [
    { area: 'console', files: 1, passed: 1, total: 1 },
    { area: 'url', note: 'skipped' },
  ]);
  const text = readFileSync(page, 'utf8');
  assert.match(
    text,
    /^before\n[^]*\| url \| 2 \| 1,999 \/ 2,000 \| 99\.9 % \|\n\| console \| 1 \| 1 \/ 1 \| 100\.0 % \|[^]*after\n$/,
  );
});

test('every committed expectation is of an area that is run, and has a reason', () => {
  const files = readdirSync(mapsFolder);
  for (const area of Object.keys(areas)) {
    const { skip, failures } = readMap(area);
    for (const [place, reasons] of [
      ['skip', Object.values(skip)],
      ...Object.entries(failures).map(([t, r]) => [t, Object.keys(r)]),
    ]) {
      for (const reason of reasons) {
        assert.ok(reason.length > 10 && reason !== UNSORTED, `${area}: ${place}: «${reason}» is no reason`);
      }
    }
  }
  const known = Object.keys(areas).map((area) => mapPath(area));
  for (const file of files) assert.ok(known.includes(join(mapsFolder, file)), `${file} is of no area`);
});
