// Expressions about how values look: util.inspect and util.format, and what they are: util.types, equality.

import { number, odd, text } from './random.mjs';

const KEYS = [
  'a',
  'b',
  '"a-b"',
  '1',
  '"with space"',
  '"__proto__x"',
  '[Symbol("s")]',
  '[Symbol.iterator]',
  '["é"]',
  'constructor_',
  '""',
];
const LEAVES = [
  ...[
    'undefined',
    'null',
    'true',
    '-0',
    '1n',
    "Symbol('s')",
    "Symbol('')",
    'Symbol()',
    'NaN',
    '123456789.123',
    '1e21',
    "'it\\'s'",
    '"a\\nb"',
  ],
  ...[
    '() => 1',
    'function f() {}',
    'function () {}',
    'async () => {}',
    'function* g() {}',
    'async function* ag() {}',
    'class {}',
    'class A {}',
    'class B extends Map {}',
    'class C extends null {}',
  ],
  ...[
    'new Date(0)',
    'new Date(NaN)',
    '/x/gi',
    "new RegExp('\\n/')",
    'new String("ab")',
    'new Number(-0)',
    'new Boolean(false)',
    'Object(1n)',
    'Object(Symbol("o"))',
  ],
  ...[
    'new Map()',
    'new Set()',
    'new WeakMap()',
    'new WeakSet()',
    'new WeakRef({})',
    'new ArrayBuffer(3)',
    'new DataView(new ArrayBuffer(2))',
    'new Uint8Array(3)',
    'new Float64Array([1.5, -0])',
    'new BigInt64Array(1)',
    'Buffer.from("ab")',
    'new SharedArrayBuffer(2)',
  ],
  ...[
    'Promise.resolve(4)',
    'new Promise(() => {})',
    '(() => { const p = Promise.reject(3); p.catch(() => {}); return p })()',
    'globalThis.undefinedThing',
    'Math',
    'JSON',
    'Reflect',
    'Object.create(null)',
    'Object.create({})',
    '[]',
    '{}',
    '[,]',
    '[, 1, , , 2]',
  ],
  ...[
    'Object.create(Array.prototype)',
    'Object.create(Date.prototype)',
    'new (class Foo {})()',
    'new (class extends Array {})(3)',
    'new (class Bar extends Map {})([[1, 2]])',
    'new (class Baz extends Set {})([1])',
    'new (class Err extends TypeError {})().name',
    'Object.setPrototypeOf([1], null)',
    'Object.setPrototypeOf(new Map([[1, 2]]), null)',
  ],
  ...[
    '{ get a() { return 1 } }',
    '{ set a(v) {} }',
    '{ get a() { return 1 }, set a(v) {} }',
    '{ get a() { throw new Error("no") } }',
    '{ [Symbol.toStringTag]: "Tag" }',
    'new (class T { get [Symbol.toStringTag]() { return "Tagged" } })()',
    '{ [util.inspect.custom]() { return "custom" } }',
    '{ [util.inspect.custom]: (d, o, i) => i({ d }, o) }',
    '{ [util.inspect.custom]() { return { x: 1 } } }',
    '{ toString() { return "own" } }',
    '{ inspect() { return "old" } }',
  ],
  ...[
    'new Proxy({ a: 1 }, {})',
    'new Proxy(function p() {}, {})',
    'new Proxy([1], { get() { throw 1 } })',
    'new Proxy(new Proxy({}, {}), {})',
  ],
  ...[
    '(() => { const o = { x: 1 }; o.self = o; return o })()',
    '(() => { const a = [1]; a.push({ a }); return a })()',
    '(() => { const m = new Map(); m.set(m, m); return m })()',
    '(() => { const a = {}, b = { a }; a.b = b; return [a, b] })()',
  ],
  ...[
    'Object.assign(() => {}, { p: 1 })',
    'Object.assign([1, 2], { p: 1, "-1": 2 })',
    'Object.assign(new Map([[1, 2]]), { p: 1 })',
    'Object.assign(/x/, { p: 1 })',
    'Object.assign(new Date(0), { p: 1 })',
    'Object.assign(new String("s"), { p: 1 })',
    'Object.assign(class K {}, { p: 1 })',
    'Object.defineProperty({}, "h", { value: 1 })',
    'Object.defineProperty([], "h", { value: 1 })',
    'Object.freeze({ a: 1 })',
  ],
  ...[
    'Array.from({ length: 7 }, (_, i) => i)',
    'Array.from({ length: 30 }, (_, i) => i * 37)',
    'Array.from({ length: 27 }, (_, i) => "x".repeat(i % 9))',
    'Array.from({ length: 120 }, (_, i) => i)',
    'Array(200)',
    '"long ".repeat(30)',
    '"x".repeat(200)',
    '["a".repeat(80), "b".repeat(80)]',
    '"line\\n".repeat(4)',
    'new Set(Array.from({ length: 20 }, (_, i) => i))',
    'new Map(Array.from({ length: 9 }, (_, i) => [i, { i }]))',
    'new Uint8Array(120)',
    'Array.from({ length: 10 }, (_, i) => [i])',
    '[1.5, -22, 333.25, 4, 5, 6, 7, 8]',
    '[1n, 22n, 333n, 4n, 5n, 6n, 7n]',
    '["中文", "é", "😀", "a", "b", "c", "d"]',
  ],
  ...[
    'Object.assign(new Error("e"), { stack: "Error: e\\n    at x (y:1:2)" })',
    'Object.assign(new TypeError("e"), { stack: "TypeError: e\\n    at x", code: "E" })',
    'Object.assign(new Error("m"), { stack: "" })',
    'Object.assign(new RangeError(""), { stack: "RangeError\\n    at x", name: "Mine" })',
    'Object.assign(new Error("outer", { cause: Object.assign(new Error("in"), { stack: "Error: in\\n    at i" }) }), { stack: "Error: outer\\n    at o" })',
    'Object.assign(new AggregateError([1, "x"], "all"), { stack: "AggregateError: all\\n    at o" })',
    'Object.assign(new (class Err extends Error {})("z"), { stack: "Error: z\\n    at o" })',
  ],
  ...[
    '(function () { return arguments })(1, 2)',

    'Symbol.iterator',
    'new URL("http://a/b?c#d").href',

    'new AbortController().signal.aborted',
  ],
];

const wrap = (source) =>
  source.startsWith('{') || source.startsWith('class') || source.startsWith('function') || source.startsWith('async')
    ? `(${source})`
    : source;

function value(r, depth = 3) {
  if (depth === 0 || r.chance(0.4))
    return wrap(
      r.one(
        () => r.of(LEAVES),
        () => r.of(LEAVES),
        () => number(r),
        () => text(r),
      ),
    );
  const inner = () => value(r, depth - 1);
  return r.one(
    () => `[${r.list(8, inner).join(', ')}]`,
    () => `({ ${r.list(6, () => `${r.of(KEYS)}: ${inner()}`).join(', ')} })`,
    () => `new Map([${r.list(4, () => `[${inner()}, ${inner()}]`).join(', ')}])`,
    () => `new Set([${r.list(4, inner).join(', ')}])`,
    () => `Object.assign(Object.create(null), { a: ${inner()} })`,
    () => `new (class Named { x = ${inner()}; #hidden = 1 })()`,
    () => `[${inner()}, ...Array(${r.below(9)})]`,
  );
}

const OPTIONS = {
  depth: ['0', '1', '4', 'null', 'Infinity', '-1'],

  colors: ['true'],
  customInspect: ['false'],
  showProxy: ['true', 'false', '1'],
  maxArrayLength: ['0', '1', '3', 'null', 'Infinity', '101'],
  maxStringLength: ['0', '5', 'null'],
  breakLength: ['10', '40', '80', '200', 'Infinity'],
  compact: ['true', 'false', '0', '1', '2', '5'],
  sorted: ['true', '(a, b) => (a < b ? 1 : -1)'],
  getters: ['true', "'get'", "'set'"],
  numericSeparator: ['false'],
};
const options = (r) => {
  const names = Object.keys(OPTIONS).filter(() => r.chance(0.2));
  return `{ ${names.map((name) => `${name}: ${r.of(OPTIONS[name])}`).join(', ')} }`;
};
const FORMATS = ['%s', '%d', '%i', '%f', '%O', '%c', '%%', '%', '%x', 'text', ' ', '%s:%s'];
const TYPES = [
  'isExternal',
  'isDate',
  'isArgumentsObject',
  'isBigIntObject',
  'isBooleanObject',
  'isNumberObject',
  'isStringObject',
  'isSymbolObject',
  'isBoxedPrimitive',
  'isNativeError',
  'isRegExp',
  'isAsyncFunction',
  'isGeneratorFunction',
  'isGeneratorObject',
  'isPromise',
  'isMap',
  'isSet',
  'isMapIterator',
  'isSetIterator',
  'isWeakMap',
  'isWeakSet',
  'isArrayBuffer',
  'isDataView',
  'isSharedArrayBuffer',
  'isProxy',
  'isModuleNamespaceObject',
  'isAnyArrayBuffer',
  'isArrayBufferView',
  'isTypedArray',
  'isUint8Array',
  'isFloat64Array',
  'isBigInt64Array',
];

const MAKERS = [
  (r) => `util.inspect(${value(r)})`,
  (r) => `util.inspect(${value(r)})`,
  (r) => `util.inspect(${value(r)}, ${options(r)})`,
  (r) => `util.inspect(${value(r)}, ${options(r)})`,
  (r) => `util.inspect(${value(r)}, false, ${r.of(['0', 'null', '5'])}, ${r.of(['true', 'false'])})`,
  (r) =>
    `util.format(${JSON.stringify(r.list(4, () => r.of(FORMATS)).join(''))}${r.list(4, () => `, ${value(r, 1)}`).join('')})`,
  (r) => `util.format(${r.list(3, () => value(r, 1)).join(', ')})`,
  (r) => `util.formatWithOptions(${options(r)}, ${JSON.stringify(r.of(FORMATS))}, ${value(r, 2)})`,
  (r) => `util.format('%j %j', ${text(r)}, ${number(r)})`,
  (r) => `util.isDeepStrictEqual(${value(r, 2)}, ${value(r, 2)})`,
  (r) => `{ const make = () => ${value(r, 2)}; return util.isDeepStrictEqual(make(), make()) }`,
  (r) => `${JSON.stringify(TYPES)}.filter((name) => util.types[name](${wrap(r.of(LEAVES))}))`,
  (r) => `util.inspect(${odd(r).replace('new Error', 'String')}, ${options(r)})`,
];

export default (r) => {
  const source = r.of(MAKERS)(r);
  return source.startsWith('{') ? `(() => ${source})()` : source;
};
