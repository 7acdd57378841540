// HostRuntime from Node's side: scripts, plugins, what is known of them, and the life of a sandbox.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { transformSync } from 'esbuild';
import { HostRuntime, deferred, failure, open, openWith, thrown } from './fixtures/host.mjs';

/** The first frame of a stack. */
const frame = (error) => error.stack.split('\n').find((line) => line.startsWith('    at ')) ?? '';

/** TypeScript whose types move everything that stays: stacks must find back. */
const TYPED = `interface Order { price: number; count: number }
type Orders = readonly Order[];

export function total(orders: Orders): number {
  const first: Order | undefined = orders[0];
  throw new RangeError('no total');
}
`;
const THROW = { line: 6, column: TYPED.split('\n')[5].indexOf('RangeError') + 1 };

describe('eval', () => {
  test('declarations at top level stay for the next script', async (t) => {
    const host = open(t);
    await host.eval('var a = 1; let b = 2; const c = 3; class D {} function e() { return 5; }');
    assert.deepEqual(await host.eval('[a, b, c, typeof D, e()]'), [1, 2, 3, 'function', 5]);
    assert.equal((await failure(host.eval('let b = 3'))).name, 'SyntaxError');
    assert.equal(host.evalSync('b'), 2);
  });

  test('the value is that of the last expression', async (t) => {
    const host = open(t);
    assert.equal(await host.eval('1; if (true) { 2 }'), 2);
    assert.equal(await host.eval('var x = 1;'), undefined);
    assert.equal(await host.eval(''), undefined);
  });

  test('a script is sloppy and its this is the global object', async (t) => {
    const host = open(t);
    assert.equal(await host.eval('this === globalThis && (function () { return this === globalThis; })()'), true);
    assert.equal(await host.eval('undeclared = 1; delete globalThis.undeclared'), true);
  });

  test('promises and thenables are awaited', async (t) => {
    const host = open(t);
    assert.equal(await host.eval('Promise.resolve(Promise.resolve(4))'), 4);
    assert.equal(await host.eval('({ then(done) { setTimeout(done, 1, 5); } })'), 5);
    assert.equal((await failure(host.eval('({ then(_, fail) { fail(new TypeError("no")); } })'))).name, 'TypeError');
    assert.equal((await failure(host.eval('({ get then() { throw new RangeError("read"); } })'))).name, 'RangeError');
    assert.equal(JSON.stringify(await host.eval('({ then: 1 })')), '{"then":1}');
  });

  test('evalSync answers on the spot, with what microtasks and due timers settle', async (t) => {
    const host = open(t);
    assert.equal(host.evalSync('1 + 1'), 2);
    assert.equal(host.evalSync('(async () => { await null; return 3; })()'), 3);
    assert.equal(host.evalSync('new Promise((resolve) => setTimeout(resolve, 5, 7))'), 7);
    assert.equal(host.evalSync('new Promise((resolve) => setImmediate(resolve, 8))'), 8);
  });

  test('a sandbox whose calls have all been answered is idle', async (t) => {
    const host = await openWith(t, 'exports.f = () => 1');
    for (let i = 0; i < 2000; i++) {
      await host.call('p', 'f');
      assert.equal(host.callSync('p', 'f'), 1);
    }
  });

  test('TypeScript is taken by the option or by the extension', async (t) => {
    const host = open(t);
    const source = 'enum Size { S = 3 } ((n: number): number => n + Size.S)(1)';
    assert.equal(await host.eval(source, { typescript: true }), 4);
    for (const filename of ['a.ts', 'a.mts', 'a.cts']) {
      assert.equal(await host.eval(source.replace('Size', filename[2]).replace('Size', filename[2]), { filename }), 4);
    }
    assert.equal((await failure(host.eval(source, { filename: 'a.js' }))).name, 'SyntaxError');
    assert.equal(host.evalSync('(1 as number)', { typescript: true }), 1);
  });

  test('stacks show the file name, line and column', async (t) => {
    const host = open(t);
    const error = await failure(host.eval('\n  throw new TypeError("x")', { filename: 'rules/main.js' }));
    assert.match(frame(error), /\(rules\/main\.js:2:13\)$/);
    assert.match(frame(await failure(host.eval('throw new Error("x")'))), /\(eval\.js:1:11\)$/);
    assert.match(
      frame(thrown(() => host.evalSync(' throw new Error()', { filename: 'sync.js' }))),
      /\(sync\.js:1:12\)$/,
    );
  });

  test('stacks of a TypeScript script are those of its source', async (t) => {
    const host = open(t);
    const source = 'interface A { x: number }\ntype B = A;\n  throw new TypeError("x");';
    const error = await failure(host.eval(source, { filename: 'main.ts' }));
    assert.match(frame(error), /\(main\.ts:3:\d+\)$/);
  });

  test('a syntax error tells file, line and column, in JavaScript and in TypeScript', async (t) => {
    const host = open(t);
    const error = await failure(host.eval('\nlet x = ;', { filename: 'bad.js' }));
    assert.equal(error.code, 'ERR_GUEST');
    assert.equal(error.name, 'SyntaxError');
    assert.match(error.stack.split('\n')[1], /bad\.js:2:9/);
    const typed = await failure(host.eval('\nlet x: number = ;', { filename: 'bad.ts' }));
    assert.equal(typed.name, 'SyntaxError');
    assert.match(typed.stack.split('\n')[1], /bad\.ts:2:17/);
  });
});

describe('call', () => {
  test('call and callSync give arguments and result', async (t) => {
    const host = await openWith(t, 'exports.add = (a, b) => a + b; exports.count = (...list) => list.length');
    assert.equal(await host.call('p', 'add', [1, 2]), 3);
    assert.equal(host.callSync('p', 'add', ['a', 'b']), 'ab');
    assert.equal(await host.call('p', 'count'), 0);
    assert.equal(host.callSync('p', 'count', [undefined, null]), 2);
  });

  test('an asynchronous function is awaited', async (t) => {
    const host = await openWith(t, 'exports.later = (ms) => new Promise((resolve) => setTimeout(resolve, ms, ms))');
    assert.deepEqual(await Promise.all([host.call('p', 'later', [2]), host.call('p', 'later', [1])]), [2, 1]);
    assert.equal(host.callSync('p', 'later', [1]), 1);
  });

  test('a path leads to a function of an object, called as its method', async (t) => {
    const host = await openWith(t, 'exports.a = { b: { k: 2, times(n) { return n * this.k; } } }');
    assert.equal(await host.call('p', 'a.b.times', [21]), 42);
    for (const path of ['a.b', 'a.b.k', 'a.x.times', 'times', 'a..b', '.a', 'a.b.times.', 'a.b.times.call']) {
      assert.equal((await failure(host.call('p', path))).code, 'ERR_FUNCTION_NOT_FOUND', path);
    }
  });

  test('a path never leads over __proto__, prototype or constructor, nor to what is inherited', async (t) => {
    const source = 'class A { static make() {} run() {} } exports.A = A; exports.a = new A(); exports.f = () => 1';
    const host = await openWith(t, source);
    const forbidden = ['__proto__.toString', 'f.constructor', 'constructor', 'A.prototype.run', 'constructor.keys'];
    for (const path of [
      ...forbidden,
      'f.call',
      'f.bind',
      'toString',
      'hasOwnProperty',
      'a.valueOf',
      'f.__proto__.call',
    ]) {
      assert.equal((await failure(host.call('p', path))).code, 'ERR_FUNCTION_NOT_FOUND', path);
    }
    assert.equal(await host.call('p', 'a.run'), undefined);
  });

  test('what the plugin exports under an inherited name is found', async (t) => {
    const host = await openWith(t, 'exports.toString = () => "mine"; exports.call = () => "called"');
    assert.equal(await host.call('p', 'toString'), 'mine');
    assert.equal(await host.call('p', 'call'), 'called');
  });

  test('an unknown plugin and an unknown function are named', async (t) => {
    const host = await openWith(t, 'exports.a = () => 1; exports.n = 1');
    const plugin = await failure(host.call('nobody', 'a'));
    assert.equal(plugin.code, 'ERR_PLUGIN_NOT_FOUND');
    assert.match(plugin.message, /'nobody'.*loaded: p/);
    const fn = await failure(host.call('p', 'nothing'));
    assert.equal(fn.code, 'ERR_FUNCTION_NOT_FOUND');
    assert.match(fn.message, /'p'.*'nothing'/);
    assert.equal(thrown(() => host.callSync('p', 'n')).code, 'ERR_FUNCTION_NOT_FOUND');
    assert.equal(thrown(() => host.callSync('nobody', 'a')).code, 'ERR_PLUGIN_NOT_FOUND');
  });

  test('5,000 different functions can be called', async (t) => {
    const host = await openWith(t, 'for (let i = 0; i < 5000; i++) exports["f" + i] = () => i');
    for (let i = 0; i < 5000; i++) assert.equal(host.callSync('p', `f${i}`), i);
    assert.equal(await host.call('p', 'f0'), 0);
  });
});

describe('a plugin handle', () => {
  test('its members call the functions of that name', async (t) => {
    const host = await openWith(t, 'exports.add = (a, b) => a + b; exports.math = { twice: (n) => n * 2 }');
    const p = host.plugin('p');
    assert.equal(await p.add(1, 2), 3);
    assert.equal(await p['math.twice'](2), 4);
    assert.equal(p.add, p.add);
    assert.equal((await failure(p.missing())).code, 'ERR_FUNCTION_NOT_FOUND');
  });

  test('it is no thenable, and symbols and toJSON are undefined', async (t) => {
    const host = await openWith(t, 'exports.then = () => 1; exports.toJSON = () => 2');
    const p = host.plugin('p');
    assert.equal(await p, p);
    assert.deepEqual([p.then, p.toJSON, p[Symbol.iterator], p[Symbol.toPrimitive]], Array(4).fill(undefined));
    assert.equal(JSON.stringify(p), '{}');
  });

  test('nothing is looked up before a call', async (t) => {
    const host = open(t);
    const later = host.plugin('later');
    assert.equal((await failure(later.f())).code, 'ERR_PLUGIN_NOT_FOUND');
    await host.loadPlugin('later', 'exports.f = () => 1');
    assert.equal(await later.f(), 1);
  });
});

describe('loadPlugin', () => {
  const CJS = 'exports.kind = () => typeof module';
  const ESM = 'export const kind = () => typeof module';

  test('the format is taken by the option, the extension, or the source', async (t) => {
    const host = open(t);
    const cases = [
      [CJS, {}, 'object'],
      [CJS, { format: 'cjs' }, 'object'],
      [CJS, { filename: 'a.cjs' }, 'object'],
      [CJS, { filename: 'a.cts' }, 'object'],
      [ESM, {}, 'undefined'],
      [ESM, { format: 'esm' }, 'undefined'],
      [ESM, { filename: 'a.mjs' }, 'undefined'],
      [ESM, { filename: 'a.mts' }, 'undefined'],
      [ESM, { filename: 'a.ts' }, 'undefined'],
    ];
    for (const [source, options, kind] of cases) {
      await host.loadPlugin('p', source, { ...options, replace: true });
      assert.equal(await host.call('p', 'kind'), kind, JSON.stringify(options));
    }
  });

  test('a format that does not fit the source is a syntax error', async (t) => {
    const host = open(t);
    const error = await failure(host.loadPlugin('p', ESM, { format: 'cjs' }));
    assert.deepEqual([error.code, error.name], ['ERR_GUEST', 'SyntaxError']);
    const other = await failure(host.loadPlugin('p', CJS, { filename: 'a.mjs' }));
    assert.deepEqual([other.code, other.name], ['ERR_GUEST', 'ReferenceError']);
  });

  test('words in strings and comments do not make a module', async (t) => {
    const host = await openWith(t, '// import x from "x"\nexports.text = () => "export const a = 1"');
    assert.equal(await host.call('p', 'text'), 'export const a = 1');
  });

  test('a CommonJS plugin has its module, exports, file and directory name', async (t) => {
    const source =
      'module.exports = { names: () => [__filename, __dirname, exports !== module.exports, this === undefined] }';
    const host = await openWith(t, source, {}, { filename: 'plugins/tool.js' });
    assert.deepEqual((await host.call('p', 'names')).slice(0, 3), ['plugins/tool.js', 'plugins', true]);
  });

  test('a module may await at top level, and is loaded when that is done', async (t) => {
    const source =
      'const base = await new Promise((resolve) => setTimeout(resolve, 1, 5)); export const get = () => base';
    const host = await openWith(t, source);
    assert.equal(await host.call('p', 'get'), 5);
  });

  test('functions of a default export are found behind the named ones', async (t) => {
    const source = 'export default { a: () => "default", b: () => "default" }; export const b = () => "named"';
    const host = await openWith(t, source);
    assert.deepEqual([await host.call('p', 'a'), await host.call('p', 'b')], ['default', 'named']);
    await host.loadPlugin('f', 'export default () => "itself"');
    assert.equal(await host.call('f', 'default'), 'itself');
  });

  test('TypeScript plugins are stripped in both formats', async (t) => {
    const host = open(t);
    await host.loadPlugin('cts', 'exports.f = (n: number): string => `${n}`', { filename: 'a.cts' });
    await host.loadPlugin('mts', 'export const f = <T,>(n: T): T => n satisfies T', { filename: 'a.mts' });
    await host.loadPlugin('opt', 'export namespace N { export const g = (): 1 => 1 }', { typescript: true });
    assert.deepEqual([await host.call('cts', 'f', [1]), await host.call('mts', 'f', [2])], ['1', 2]);
    assert.equal(await host.call('opt', 'N.g'), 1);
  });

  test('a name that is taken is refused, and replace takes it', async (t) => {
    const host = await openWith(t, 'exports.v = () => 1');
    const error = await failure(host.loadPlugin('p', 'exports.v = () => 2'));
    assert.equal(error.code, 'ERR_PLUGIN_EXISTS');
    assert.match(error.message, /'p'/);
    assert.equal(await host.call('p', 'v'), 1);
    await host.loadPlugin('p', 'exports.v = () => 3', { replace: true });
    assert.equal(await host.call('p', 'v'), 3);
  });

  test('a name that is loading is taken too', async (t) => {
    const loading = deferred();
    const host = open(t, { bridge: { loading: () => loading.resolve() } });
    const slow = host.loadPlugin(
      'p',
      'await new Promise((resolve) => { globalThis.go = resolve; bridge.loading(); }); export const v = () => 1',
    );
    await loading.promise;
    for (const replace of [false, true]) {
      const second = host.loadPlugin('p', 'export const v = () => 2', { replace });
      assert.equal((await failure(second)).code, 'ERR_PLUGIN_EXISTS');
    }
    await host.eval('go()');
    await slow;
    assert.equal(await host.call('p', 'v'), 1);
  });

  test('of two that load one name at once, one wins and one is told', async (t) => {
    const host = open(t);
    const sources = ['export const v = () => 0', 'exports.v = () => 1'];
    const ends = await Promise.allSettled(sources.map((source) => host.loadPlugin('p', source)));
    const winner = ends.findIndex(({ status }) => status === 'fulfilled');
    assert.equal(await host.call('p', 'v'), winner);
    assert.equal(ends[1 - winner].reason.code, 'ERR_PLUGIN_EXISTS');
  });

  test('where a replacement fails the old plugin stays', async (t) => {
    const host = await openWith(t, 'exports.v = () => 1');
    for (const source of [
      'throw new Error("no")',
      'exports.v = ;',
      '1',
      'export {}',
      'await 0; throw 1; export const v = 1',
    ]) {
      await failure(host.loadPlugin('p', source, { replace: true }));
      assert.equal(await host.call('p', 'v'), 1, source);
    }
    await host.loadPlugin('p', 'exports.v = () => 2', { replace: true });
    assert.equal(await host.call('p', 'v'), 2);
  });

  test('a name whose loading failed is free', async (t) => {
    const host = open(t);
    for (const source of [
      'throw 1',
      'exports.v = ;',
      '1',
      'export {}',
      'throw 1; export {}',
      'import "x"; export {}',
    ]) {
      await failure(host.loadPlugin('p', source));
      assert.deepEqual(await host.plugins(), [], source);
      await host.loadPlugin('p', 'exports.v = () => 1');
      assert.equal(await host.unloadPlugin('p'), true);
    }
  });

  test('a name whose loading timed out is free', async (t) => {
    const host = open(t);
    for (const source of ['for (;;);', 'await new Promise(() => {}); export const v = 1']) {
      assert.equal((await failure(host.loadPlugin('p', source, { timeoutMs: 30 }))).code, 'ERR_TIMEOUT');
      await host.loadPlugin('p', 'exports.v = () => 1');
      assert.equal(await host.unloadPlugin('p'), true);
    }
  });

  test('a plugin that exports nothing is refused by name', async (t) => {
    const host = open(t);
    const empty = [
      '',
      'const a = 1',
      'module.exports = null',
      'module.exports = 5',
      'export {}',
      '"use strict"; export {}',
    ];
    for (const [i, source] of empty.entries()) {
      const error = await failure(host.loadPlugin(`empty${i}`, source));
      assert.equal(error.code, 'ERR_ARGUMENT', source);
      assert.match(error.message, new RegExp(`'empty${i}'`));
    }
    assert.deepEqual(await host.plugins(), []);
  });

  test('a syntax error tells file, line and column, whatever the format', async (t) => {
    const host = open(t);
    const cases = [
      ['exports.a = 1;\nexports.b = {;', 'tool.js', /tool\.js:2:14/],
      ['exports.a = 1;\nexports.b = {;', 'tool.cjs', /tool\.cjs:2:14/],
      ['export const a = 1;\nexport const b = {;', 'tool.mjs', /tool\.mjs:2:19/],
      ['export const a = 1;\nexport const b = {;', 'tool.js', /tool\.js:2:19/],
      ['export const a: number = 1;\nexport const b: = {;', 'tool.ts', /tool\.ts:2:17/],
    ];
    for (const [source, filename, place] of cases) {
      const error = await failure(host.loadPlugin('p', source, { filename }));
      assert.deepEqual([error.code, error.name], ['ERR_GUEST', 'SyntaxError'], filename);
      assert.match(error.stack.split('\n')[1], place);
    }
  });

  test('packages cannot be imported or required', async (t) => {
    const host = open(t);
    for (const source of [
      'require("react")',
      'import "react"; export default 1',
      'export * from "react"',
      'export default await import("react")',
    ]) {
      const error = await failure(host.loadPlugin('p', source));
      assert.equal(error.code, 'ERR_GUEST', source);
      assert.match(error.message, /'react'.*bundle/, source);
    }
  });

  test('plugins do not see the names of another, but share the global object', async (t) => {
    const host = await openWith(
      t,
      'var secret = 1; const other = 2; function fn() {} globalThis.shared = 3; exports.a = 1',
    );
    await host.loadPlugin('m', 'const secret = 4; export const seen = () => [secret, typeof other, typeof fn, shared]');
    assert.deepEqual(await host.call('m', 'seen'), [4, 'undefined', 'undefined', 3]);
    assert.deepEqual(await host.eval('[typeof secret, typeof other, typeof fn, typeof exports, shared]'), [
      ...['undefined', 'undefined', 'undefined', 'undefined', 3],
    ]);
  });

  test('plugins are listed in the order of their loading, and unloaded by name', async (t) => {
    const host = open(t);
    for (const name of ['b', 'a', 'ключ', 'c']) await host.loadPlugin(name, 'exports.x = () => 1');
    await host.loadPlugin('b', 'exports.x = () => 2', { replace: true });
    assert.deepEqual(await host.plugins(), ['b', 'a', 'ключ', 'c']);
    assert.deepEqual([await host.unloadPlugin('a'), await host.unloadPlugin('a')], [true, false]);
    assert.deepEqual(await host.plugins(), ['b', 'ключ', 'c']);
    assert.equal((await failure(host.call('a', 'x'))).code, 'ERR_PLUGIN_NOT_FOUND');
    await host.loadPlugin('a', 'exports.x = () => 3');
    assert.equal(await host.call('a', 'x'), 3);
  });
});

describe('stacks', () => {
  test('a plugin without a file name shows its name, with lines and columns of its own', async (t) => {
    const host = await openWith(t, 'exports.f = () => {\n  throw new Error("x");\n};');
    const error = await failure(host.call('p', 'f'));
    assert.match(frame(error), /at .*\(p\.js:2:13\)$/);
    await host.loadPlugin('one', 'exports.f = () => { throw new Error("x") }');
    assert.match(frame(await failure(host.call('one', 'f'))), /\(one\.js:1:31\)$/);
  });

  test('those of a TypeScript plugin are those of its source', async (t) => {
    const host = await openWith(t, TYPED, {}, { filename: 'orders.ts' });
    const error = await failure(host.call('p', 'total', [[]]));
    assert.match(frame(error), new RegExp(`at total \\(orders\\.ts:${THROW.line}:\\d+\\)$`));
  });

  for (const sourcemap of ['inline', 'external']) {
    test(`a bundle's are mapped back through a source map that is ${sourcemap}`, async (t) => {
      const options = { loader: 'ts', format: 'cjs', minify: true, sourcemap, sourcefile: 'src/orders.ts' };
      const { code, map } = transformSync(TYPED, options);
      const given = sourcemap === 'external' ? { sourceMap: map } : {};
      const host = await openWith(t, code, {}, { filename: 'bundle.js', ...given });
      const error = await failure(host.call('p', 'total', [[]]));
      assert.match(frame(error), new RegExp(`src/orders\\.ts:${THROW.line}:\\d+\\)$`));
      assert.doesNotMatch(error.stack, /bundle\.js/);
    });
  }

  test('a cause has its stack mapped too', async (t) => {
    const source = TYPED.replace("RangeError('no total')", "Error('outer', { cause: new RangeError('inner') })");
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      minify: true,
      sourcemap: 'external',
      sourcefile: 'o.ts',
    });
    const host = await openWith(t, code, {}, { sourceMap: map, filename: 'bundle.mjs' });
    const error = await failure(host.call('p', 'total', [[]]));
    assert.match(error.cause.stack, /o\.ts:6:/);
  });

  test('a source map that is none is refused, and a broken inline one is ignored', async (t) => {
    const host = open(t);
    for (const sourceMap of ['', '{}', 'null', '{"version":3', '{"version":2,"sources":[],"mappings":""}']) {
      const error = await failure(host.loadPlugin('p', 'exports.a = 1', { sourceMap }));
      assert.equal(error.code, 'ERR_ARGUMENT', sourceMap);
      assert.match(error.message, /sourceMap/);
    }
    const broken = '\n//# sourceMappingURL=data:application/json;base64,e30=';
    await host.loadPlugin('p', `exports.f = () => { throw new Error("x") }${broken}`);
    assert.match(frame(await failure(host.call('p', 'f'))), /\(p\.js:1:31\)$/);
  });
});

describe('pluginInfo', () => {
  const INFO = { name: 'tool', version: '1.2.0', apiVersion: 1, extra: { list: [1] } };

  test('it is what the plugin registered', async (t) => {
    const host = await openWith(t, `plugin.register(${JSON.stringify(INFO)}); exports.getInfo = () => 1`);
    assert.deepEqual(await host.pluginInfo('p'), INFO);
  });

  test('it is what getInfo() answers where nothing was registered', async (t) => {
    const host = await openWith(t, `exports.getInfo = async () => (${JSON.stringify(INFO)})`);
    assert.deepEqual(await host.pluginInfo('p'), INFO);
  });

  test('a plugin that says nothing, or nonsense, is told so', async (t) => {
    const host = await openWith(t, 'exports.f = () => 1');
    assert.equal((await failure(host.pluginInfo('p'))).code, 'ERR_FUNCTION_NOT_FOUND');
    assert.equal((await failure(host.pluginInfo('nobody'))).code, 'ERR_PLUGIN_NOT_FOUND');
    await host.loadPlugin('n', 'exports.getInfo = () => 5');
    assert.equal((await failure(host.pluginInfo('n'))).code, 'ERR_ARGUMENT');
    await host.loadPlugin('e', 'exports.getInfo = () => { throw new RangeError("x"); }');
    assert.equal((await failure(host.pluginInfo('e'))).name, 'RangeError');
  });
});

describe('stats', () => {
  test('they have the keys and types of the typings', (t) => {
    const stats = open(t).stats();
    const numbers = [
      'calls',
      'pending',
      'running',
      'done',
      'dropped',
      'heapBytes',
      'wasmBytes',
      'bufferBytes',
      'buffers',
    ];
    const more = ['timers', 'fetches', 'cpuMs', 'unhandledRejections'];
    for (const key of [...numbers, ...more]) assert.equal(typeof stats[key], 'number', key);
    assert.deepEqual(stats.errors, {});
    assert.equal(stats.state, 'idle');
    assert.deepEqual(Object.keys(stats.process), ['sandboxes', 'guestThreads', 'quarantinedThreads']);
    assert.deepEqual(Object.keys(stats).sort(), [...numbers, ...more, 'errors', 'process', 'state'].sort());
  });

  test('they count calls, failures by code, and what ended well', async (t) => {
    const host = open(t);
    await host.eval('1');
    host.evalSync('2');
    await failure(host.eval('throw 1'));
    await failure(host.eval('() => 1'));
    await failure(host.eval('for (;;);', { timeoutMs: 20 }));
    await host.eval('3');
    const { calls, errors, done, pending, running } = host.stats();
    assert.deepEqual({ calls, pending, running }, { calls: 6, pending: 0, running: 0 });
    assert.deepEqual(errors, { ERR_GUEST: 1, ERR_CLONE: 1, ERR_TIMEOUT: 1 });
    assert.equal(done, 3);
  });

  test('they show work under way without waiting for it', async (t) => {
    const told = deferred();
    const host = open(t, { bridge: { told: () => told.resolve() } });
    const call = host.eval(
      'setTimeout(() => {}, 1e6); bridge.told(); new Promise((resolve) => { globalThis.end = resolve; })',
    );
    await told.promise;
    const { running, timers } = host.stats();
    assert.deepEqual({ running, timers }, { running: 1, timers: 1 });
    await host.eval('end()');
    await call;
    assert.equal(host.stats().running, 0);
  });

  test('they show the heap and the store, and both are zero after close()', async (t) => {
    const host = open(t);
    await host.eval('globalThis.kept = new Uint8Array(8 << 20)');
    await host.native.put(new Uint8Array(5000));
    const { heapBytes, bufferBytes, buffers } = host.stats();
    assert.ok(heapBytes > 8 * 2 ** 20, `${heapBytes}`);
    assert.deepEqual({ bufferBytes, buffers }, { bufferBytes: 5000, buffers: 1 });
    await host.close();
    const closed = host.stats();
    assert.deepEqual([closed.state, closed.heapBytes, closed.bufferBytes, closed.buffers], ['closed', 0, 0, 0]);
  });

  test('a sandbox counts for the process until it is closed', async (t) => {
    const [one, other] = [open(t), open(t)];
    const before = one.stats().process.sandboxes;
    await other.eval('1');
    await other.close();
    assert.equal(one.stats().process.sandboxes, before - 1);
  });

  test('gc() collects garbage in cycles', async (t) => {
    const host = open(t);
    await host.eval('(() => { const a = { bytes: new Uint8Array(1 << 20) }; a.self = a; })()');
    const before = host.stats().heapBytes;
    assert.equal(await host.gc(), undefined);
    assert.ok(host.stats().heapBytes <= before - 2 ** 20, `${before} to ${host.stats().heapBytes}`);
  });
});

describe('close', () => {
  test('calls that wait settle with ERR_CLOSED, and close() settles after them', async (t) => {
    const host = open(t, { bridge: { never: () => new Promise(() => {}) } });
    const sources = ['new Promise(() => {})', 'bridge.never()', 'for (;;);', '1'];
    const codes = [];
    const calls = sources.map((source) => failure(host.eval(source)).then(({ code }) => codes.push(code)));
    calls.push(
      failure(host.native.run('gzip_compress', new Uint8Array(64 << 20))).then(({ code }) => codes.push(code)),
    );
    await host.close();
    await Promise.all(calls);
    assert.deepEqual(codes, Array(5).fill('ERR_CLOSED'));
  });

  test('closing twice gives the same end', async () => {
    const host = new HostRuntime('test');
    assert.deepEqual(await Promise.all([host.close(), host.close()]), [undefined, undefined]);
    assert.equal(await host.close(), undefined);
  });

  test('after close() everything is ERR_CLOSED, and nothing throws on the spot where a promise is due', async () => {
    const host = new HostRuntime('test');
    const id = await host.native.put(new Uint8Array(1));
    await host.close();
    const asked = [
      host.eval('1'),
      host.call('p', 'f'),
      host.loadPlugin('p', 'exports.a = 1'),
      host.unloadPlugin('p'),
      host.plugins(),
      host.pluginInfo('p'),
      host.plugin('p').f(),
      host.gc(),
      host.native.put(new Uint8Array(1)),
      host.native.take(id),
      host.native.info(id),
      host.native.run('noop', new Uint8Array(1)),
    ];
    for (const { code } of await Promise.all(asked.map(failure))) assert.equal(code, 'ERR_CLOSED');
    assert.equal(thrown(() => host.evalSync('1')).code, 'ERR_CLOSED');
    assert.equal(thrown(() => host.callSync('p', 'f')).code, 'ERR_CLOSED');
    assert.equal(host.stats().state, 'closed');
  });

  test('a sandbox that was never used closes', async () => {
    await new HostRuntime('test').close();
  });

  test('it is an async disposable', async () => {
    const host = new HostRuntime('test');
    const dispose = host[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')];
    assert.equal(await dispose.call(host), undefined);
    assert.equal(host.stats().state, 'closed');
  });
});

test('the scope is the name that was given', async () => {
  for (const scope of ['a', 'x'.repeat(240), 'ключ 漢字 😀', 'a/b:c']) {
    const host = new HostRuntime(scope);
    assert.equal(host.scope, scope);
    await host.close();
  }
});
