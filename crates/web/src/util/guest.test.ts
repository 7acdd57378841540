import { assert, test } from 'guest:test';
import { util } from 'guest:util';

const { inspect, format, types } = util;

test('inspect shows values of every kind', () => {
  // Built-in code carries no source, which tells classes from functions.
  const Point = new Function('return class Point { x = 1; get y() { return 2; } }')();
  const circle: any = { name: 'c' };
  circle.self = circle;
  const cases: [unknown, string][] = [
    ["it's", `"it's"`],
    [-0, '-0'],
    [{ a: 1, 'b-c': [1, 'x'], f() {} }, "{ a: 1, 'b-c': [ 1, 'x' ], f: [Function: f] }"],
    [[1, , 3], '[ 1, <1 empty item>, 3 ]'],
    [new Point(), 'Point { x: 1 }'],
    [Point, '[class Point]'],
    [circle, "<ref *1> { name: 'c', self: [Circular *1] }"],
    [new Map([['a', { b: 1 }]]), "Map(1) { 'a' => { b: 1 } }"],
    [new Set([1]), 'Set(1) { 1 }'],
    [{ a: { b: { c: { d: 1 } } } }, '{ a: { b: { c: [Object] } } }'],
    [Promise.resolve(4), 'Promise { 4 }'],
    [new Uint8Array(2), 'Uint8Array(2) [ 0, 0 ]'],
    [Object.create(null), '[Object: null prototype] {}'],
    [Object(Symbol('s')), '[Symbol: Symbol(s)]'],
    [
      {
        get a() {
          return 1;
        },
        set a(_) {},
      },
      '{ a: [Getter/Setter] }',
    ],
    [new Proxy({ a: 1 }, {}), '{ a: 1 }'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
  ];
  for (const [value, expected] of cases) assert.equal(inspect(value), expected);
});

test('inspect has options', () => {
  assert.equal(inspect({ b: 1, a: 2 }, { sorted: true }), '{ a: 2, b: 1 }');
  assert.equal(inspect({ a: { b: 1 } }, { depth: 0 }), '{ a: [Object] }');
  assert.equal(inspect([1, 2, 3], { maxArrayLength: 1 }), '[ 1, ... 2 more items ]');
  assert.equal(inspect('abcdef', { maxStringLength: 2 }), "'ab'... 4 more characters");
  assert.equal(inspect({ a: 1 }, { compact: false }), '{\n  a: 1\n}');
  assert.equal(inspect(1, { colors: true }), '\u001b[33m1\u001b[39m');
  assert.equal(inspect(1234567.891, { numericSeparator: true }), '1_234_567.891');
  assert.equal(inspect(new Proxy({ a: 1 }, {}), { showProxy: true }), 'Proxy [ { a: 1 }, {} ]');
  assert.equal(
    inspect(
      {
        get a() {
          return 1;
        },
      },
      { getters: true },
    ),
    '{ a: [Getter: 1] }',
  );
});

test('a value can say how it is shown', () => {
  const value = {
    [inspect.custom]: (depth: number, options: any, own: unknown) => `<${depth} ${options.depth} ${own === inspect}>`,
  };
  assert.equal(inspect({ value }), '{ value: <1 2 true> }');
  assert.equal(inspect(value, { customInspect: false }).startsWith('{'), true);
});

test('format fills in what its specifiers ask for', () => {
  const cases: [unknown[], string][] = [
    [['%s %d %i %f', 'a', '1.5', 2.9, '3.5x'], 'a 1.5 2 3.5'],
    [['%j %%', { a: 1 }], '{"a":1} %'],
    [['%s', Symbol('x')], 'Symbol(x)'],
    [['%s', { toString: () => 'own' }], 'own'],
    [['a', 'b', { c: 1 }], 'a b { c: 1 }'],
    [['%s'], '%s'],
    [['%c%s', 'css', 1], '1'],
    [[1, 'x'], '1 x'],
    [['%d', 5n], '5n'],
  ];
  for (const [args, expected] of cases) assert.equal(format(...args), expected);
});

test('callbacks become promises and promises callbacks', async () => {
  const later = (value: unknown, done: (error: unknown, value?: unknown) => void): void => {
    void Promise.resolve().then(() => (value instanceof Error ? done(value) : done(null, value)));
  };
  assert.equal(await util.promisify(later)(5), 5);
  await assert.rejects(util.promisify(later)(new RangeError('x')), RangeError);
  const own = Object.assign(() => {}, { [util.promisify.custom]: async () => 7 });
  assert.equal(await util.promisify(own)(), 7);
  assert.throws(() => util.promisify(1), { code: 'ERR_INVALID_ARG_TYPE' });
  const called = await new Promise((resolve) =>
    util.callbackify(async (value: number) => value + 1)(1, (...args: unknown[]) => resolve(args)),
  );
  assert.deepEqual(called, [null, 2]);
});

test('classes of functions inherit', () => {
  function Parent(): void {}
  Parent.prototype.hello = () => 'hi';
  function Child(): void {}
  util.inherits(Child, Parent);
  assert.equal(new (Child as any)().hello(), 'hi');
  assert.equal((Child as any).super_, Parent);
  const same = util.deprecate(
    function (this: unknown, a: number) {
      return [this, a];
    },
    'old',
    'DEP9',
  );
  assert.equal(typeof same, 'function');
});

test('kinds are told by their slots, not by their looks', () => {
  assert.ok(types.isMap(new Map()) && !types.isMap(Object.create(Map.prototype)));
  assert.ok(types.isDate(new Date()) && types.isRegExp(/x/) && types.isPromise(Promise.resolve()));
  assert.ok(types.isProxy(new Proxy({}, {})) && !types.isProxy({}));
  assert.ok(types.isUint8Array(new Uint8Array()) && !types.isUint8Array(new Int8Array()));
  assert.ok(types.isTypedArray(new Int8Array()) && !types.isTypedArray(new DataView(new ArrayBuffer(1))));
  assert.ok(types.isAsyncFunction(async () => {}) && types.isGeneratorFunction(function* () {}));
  assert.ok(types.isNativeError(new RangeError()) && types.isBoxedPrimitive(Object(1n)));
  assert.ok(types.isAnyArrayBuffer(new SharedArrayBuffer(1)) && types.isSetIterator(new Set().values()));
  assert.ok(
    types.isArgumentsObject(
      (function () {
        return arguments;
      })(),
    ) && !types.isArgumentsObject([]),
  );
});

test('deep strict equality is told', () => {
  assert.equal(util.isDeepStrictEqual({ a: [1, new Set([{ b: 1 }])] }, { a: [1, new Set([{ b: 1 }])] }), true);
  assert.equal(util.isDeepStrictEqual([1], ['1']), false);
});

test('arguments of a command line are taken apart', () => {
  const options = {
    verbose: { type: 'boolean', short: 'v' },
    name: { type: 'string', short: 'n', default: 'none' },
    tag: { type: 'string', multiple: true },
  };
  const args = ['-v', '--name=x', '--tag', 'a', '--tag', 'b', 'file', '--', '-z'];
  const { values, positionals } = util.parseArgs({ args, options, allowPositionals: true });
  assert.deepEqual({ ...values }, { verbose: true, name: 'x', tag: ['a', 'b'] });
  assert.deepEqual(positionals, ['file', '-z']);
  assert.equal(util.parseArgs({ args: [], options }).values.name, 'none');
  assert.throws(() => util.parseArgs({ args: ['--nope'], options }), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
  assert.throws(() => util.parseArgs({ args: ['x'], options }), { code: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' });
  assert.throws(() => util.parseArgs({ args: ['--name'], options }), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
});

test('text is styled for terminals, and stripped of that', () => {
  const text = util.styleText('red', 'x', { validateStream: false });
  assert.equal(text, '\u001b[31mx\u001b[39m');
  assert.equal(util.stripVTControlCharacters(`a${text}b`), 'axb');
  assert.equal(util.toUSVString('\ud800'), '\ufffd');
});

test('lines end after eighty characters unless another length is asked for', () => {
  const value = { x: Array(7).fill('undefined!') };
  assert.equal(util.inspect.defaultOptions.breakLength, 80);
  assert.equal(util.inspect(value).split('\n').length > 1, true);
  assert.equal(util.inspect(value, { breakLength: 200, compact: 9 }).includes('\n  x'), false);
});

test('characters of two columns count as two where items stand in columns', () => {
  const text = util.inspect(['中文', 'é', '😀', 'a', 'b', 'c', 'd']);
  assert.equal(text, "[\n  '中文', 'é',\n  '😀',   'a',\n  'b',    'c',\n  'd'\n]");
});

test('what has no prototype says what it is, at the end of depth, too', () => {
  const list = Object.setPrototypeOf([1], null);
  const map = Object.setPrototypeOf(new Map([[1, 2]]), null);
  assert.equal(
    util.inspect({ list, map }, { depth: 0 }),
    '{ list: [Array: null prototype], map: [Map: null prototype] }',
  );
  assert.equal(util.isDeepStrictEqual(map, Object.setPrototypeOf(new Map([[1, 2]]), null)), true);
  const set = Object.setPrototypeOf(new Set([1]), null);
  assert.equal(util.isDeepStrictEqual(set, Object.setPrototypeOf(new Set([1]), null)), true);
});

test('an error is shown with its stack by %s, and with the name of its class', () => {
  const error = Object.assign(new TypeError('m'), { stack: 'TypeError: m\n    at f' });
  assert.equal(util.format('%s', error), 'TypeError: m\n    at f');
  class Err extends Error {}
  const own = Object.assign(new Err('z'), { stack: 'Error: z\n    at f' });
  assert.equal(util.inspect(own), 'Err [Error]: z\n    at f');
});

test('dates that are none are not alike, and what cannot be looked into is', () => {
  assert.equal(util.isDeepStrictEqual(new Date(NaN), new Date(NaN)), false);
  assert.equal(util.isDeepStrictEqual(new WeakMap(), new WeakMap()), true);
  assert.equal(util.isDeepStrictEqual(Promise.resolve(1), Promise.resolve(2)), true);
});

test('what has a text of its own is shown by it, classes of the host included', () => {
  assert.equal(util.format('%s', new (globalThis as any).URL('http://a/b')), 'http://a/b');
  assert.equal(util.format('%s', Object.assign(Object.create({ toString: () => 'own' }), { a: 1 })), 'own');
  assert.equal(util.format('%s', new Map([[1, 2]])), 'Map(1) { 1 => 2 }');
});

test('long lists with few items are compared by what there is', () => {
  const list = (item: number, at = 4294967294): unknown[] => Object.assign([], { [at]: item, 3: 'x' });
  assert.equal(util.isDeepStrictEqual(list(1), list(1)), true);
  assert.equal(util.isDeepStrictEqual(list(1), list(2)), false);
  assert.equal(util.isDeepStrictEqual(list(1), Object.assign(list(1), { 5: 1 })), false);
});

test('arguments that are odd are read as they are, and negated ones switch off', () => {
  const parse = (args: string[], config: object = {}): any => util.parseArgs({ args, strict: false, ...config });
  assert.equal(parse(['--=']).values['='], true);
  assert.deepEqual({ ...parse(['--no-bar'], { allowNegative: true }).values }, { bar: false });
  const wrong = { options: { a: { type: 'list' } } };
  assert.throws(() => parse([], wrong), { code: 'ERR_INVALID_ARG_TYPE' });
});
