// Declarations of components: what `component.types()` says compiles, fits what apps write, and refuses what does not fit. And the program
// that writes them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { Component } from '../index.js';
import { fixture } from './components/values.mjs';

const program = fileURLToPath(new URL('../bin/hostbox.js', import.meta.url));

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'hostbox-types-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

const OPTIONS = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
};

/** What the compiler says of a use of a component's declarations, a line each. */
async function complaints(t, name, use) {
  const path = folder(t);
  const component = await Component.compile({ path: fixture(name) });
  writeFileSync(join(path, 'component.d.ts'), component.types());
  writeFileSync(
    join(path, 'use.ts'),
    `import type * as C from './component.js';\ndeclare const it: C.Instance;\n${use}`,
  );
  const compiled = ts.createProgram([join(path, 'component.d.ts'), join(path, 'use.ts')], OPTIONS);
  return ts.getPreEmitDiagnostics(compiled).map((found) => {
    const { line } = found.file?.getLineAndCharacterOfPosition(found.start ?? 0) ?? { line: 0 };
    return `${line - 1}: ${ts.flattenDiagnosticMessageText(found.messageText, '\n')}`;
  });
}

test('declarations of every type of WIT compile', async (t) => {
  const use = `
    const numbers: Float64Array = it.sync.echo.listF64([1, 2]);
    const words: string[] = it.sync['test:echo/echo'].listString(['a']);
    const bytes: Promise<Uint8Array> = it.exports['test:echo/echo@1.0.0'].listU8(new ArrayBuffer(2));
    const big: bigint = it.sync.echo.aU64(5);
    const color: 'red' | 'green' | 'deep-blue' = it.sync.echo.aColor('deep-blue');
    const message: C.TestEchoEcho.Message = { id: 1n, leftPart: { x: 1, y: 2 }, headers: [['a', new Uint8Array(1)]], trailer: { tag: 'none' } };
    const mixed: C.TestEchoEcho.Mixed = it.sync.echo.aMixed('nothing');
    if (mixed.tag === 'pair') mixed.val[1].toString(16);
    const nested: { tag: 'none' } | { tag: 'some'; val: number | undefined } = it.sync.echo.optionOption({ tag: 'some', val: undefined });
    const ok: number = it.sync.echo.resultBoth({ tag: 'err', val: 'no' });
    const rights: C.TestEchoEcho.Rights = { runIt: true };
    const all: [string, Uint8Array] = it.sync.echo.two('a', [1]);
    it.sync.echo.listMessage([message]); it.sync.echo.aRights(rights);
    export { numbers, words, bytes, big, color, nested, ok, all };`;
  assert.deepEqual(await complaints(t, 'echo', use), []);
});

test('what does not fit is refused', async (t) => {
  const use = `it.sync.calculator.calculate('modulo', 1, 2);
it.sync.calculator.calculate('add', 1);
const now: number = it.exports.calculator.calculate('add', 1, 2);
it.sync.calculator.calc('add', 1, 2);
it.sync['demo:calc/calculator@0.1.0'].batch([{ operation: { tag: 'add' }, left: 1 }]);
const fine: number = await it.exports['demo:calc/calculator'].calculate({ tag: 'add' }, 1, 2);
export { now, fine };`;
  const found = await complaints(t, 'calculator', use);
  assert.deepEqual(found.map((line) => +line.split(':')[0]), [1, 2, 3, 4, 5], found.join('\n')); // prettier-ignore
});

test('imports are typed as the app writes them', async (t) => {
  const use = `const imports: C.Imports = {
  log: (text) => BigInt(text.length),
  'test:imports/host': {
    add: async (left, right) => left + right, greet: (name) => name, bytes: (data) => data, numbers: (values) => values,
    rows: (count) => [{ id: count, name: 'a' }], find: (name) => ({ id: 1, name }), check: () => {}, nothing() {},
  },
};
const wrong: C.Imports['test:imports/host']['add'] = (left: string) => 1;
export { imports, wrong };`;
  const found = await complaints(t, 'imports', use);
  assert.deepEqual(found.map((line) => +line.split(':')[0]), [8], found.join('\n')); // prettier-ignore
});

test('resources are typed as classes', async (t) => {
  const use = `
    const { Counter } = it.exports.counters;
    const counter = new Counter(5);
    const value: number = await counter.increment(1);
    const merged = await Counter.merge(counter, new it.sync.counters.Counter(1));
    const rest: number = it.sync.counters.consume(merged);
    const maybe: C.TestResourcesCounters.Counter | undefined = await it.exports.counters.openSome();
    maybe?.[Symbol.dispose]();
    class Logger { lines = 0; constructor(public prefix: string) {} static open(name: string) { return new Logger(name); } log(message: string) { return ++this.lines; } }
    const imports: C.Imports = { 'test:resources/logging': { Logger, adopt: () => 1, describe: () => 'a' } };
    export { value, rest, imports };`;
  assert.deepEqual(await complaints(t, 'resources', use), []);
});

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('hostbox types writes declarations beside the component, or where it is told', async (t) => {
  const path = folder(t);
  copyFileSync(fixture('calculator'), join(path, 'calc.wasm'));
  const written = run('types', join(path, 'calc.wasm'));
  assert.equal(written.status, 0, written.stderr);
  const text = readFileSync(join(path, 'calc.d.ts'), 'utf8');
  assert.match(text, /component calc,[^]*export namespace DemoCalcCalculator/);
  assert.equal(run('types', join(path, 'calc.wasm'), '--out', '-').stdout, text);
  assert.match(run('wit', join(path, 'calc.wasm')).stdout, /interface calculator/);
});

test('hostbox says how it is used, and what was wrong', (t) => {
  const path = folder(t);
  assert.match(run('--help').stdout, /Usage: hostbox/);
  assert.match(run('--version').stdout, /^\d+\.\d+\.\d+/);
  for (const [args, status, message] of [
    [['type', 'x.wasm'], 2, /Expected a command, types or wit: there is no type/],
    [['types'], 2, /Expected a component/],
    [['types', 'a.wasm', 'b.wasm'], 2, /Expected one component but received 2/],
    [['types', '--output', 'x'], 2, /Unknown option '--output'/],
    [['types', join(path, 'none.wasm')], 1, /Expected a file that can be read/],
    [['types', program], 1, /hostbox: /],
  ]) {
    const { status: given, stderr } = run(...args);
    assert.equal(given, status, stderr);
    assert.match(stderr, message);
  }
});
