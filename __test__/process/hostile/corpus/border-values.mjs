// Values that fight back when they cross the border: results, thrown values, console arguments.
const anyEnd = ['ok', 'ERR_GUEST', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_CLONE', 'ERR_LIMIT'];
const refused = ['ERR_CLONE', 'ERR_GUEST'];
const thrown = ['ERR_GUEST'];
const stopped = ['ERR_TIMEOUT', 'ERR_GUEST'];

const results = [
  { name: 'a proxy as a result is refused', source: '(new Proxy({}, {}))', expect: refused },
  { name: 'a proxy with endless traps as a result is answered', source: 'new Proxy({}, { ownKeys() { for (;;); }, get() { for (;;); }, getPrototypeOf() { for (;;); }, has() { for (;;); } })', expect: [...refused, 'ERR_TIMEOUT'] },
  { name: 'a proxy that claims endless keys is refused', source: '[new Proxy({}, { ownKeys: () => ({ length: 2 ** 53 - 1 }) })]', expect: [...refused, 'ERR_TIMEOUT'] },
  { name: 'a revoked proxy as a result is refused', source: 'const { proxy, revoke } = Proxy.revocable([], {}); revoke(); [proxy]', expect: refused },
  { name: 'a getter that throws in a result is the guest\'s own error', source: '({ get value() { throw new Error("from the getter"); } })', expect: thrown },
  { name: 'a getter that loops in a result is stopped', source: '({ get value() { for (;;); } })', expect: ['ERR_TIMEOUT'] },
  { name: 'a getter that gives ever deeper results is answered', source: 'function deeper() { return { get next() { return deeper(); } }; } deeper()', expect: anyEnd },
  { name: 'a getter that allocates in a result meets the limit', source: '({ get value() { const keep = []; for (;;) keep.push(new Uint8Array(1 << 20)); } })', expect: ['ERR_MEMORY', 'ERR_GUEST', 'ERR_TIMEOUT'] },
  { name: 'a getter that changes the object under the walk is answered', source: 'const shifty = { get a() { for (let i = 0; i < 1e4; i++) shifty["k" + i] = i; delete shifty.z; return 1; }, z: 1 }; shifty', expect: ['ok'] },
  { name: 'a getter that shrinks its array under the walk is answered', source: 'const list = Array(1e5).fill(1); Object.defineProperty(list, 0, { get() { list.length = 1; return 0; }, enumerable: true }); list', expect: anyEnd },
  { name: 'a getter that detaches a later buffer is answered', source: 'const buffer = new ArrayBuffer(1 << 16); [{ get first() { buffer.transfer(); return 1; } }, new Uint8Array(buffer), buffer]', expect: ['ok', ...refused] },
  { name: 'a hostile toJSON in a result is not called', source: '({ value: 1, toJSON: undefined, nested: { get constructor() { return 1; } } })', expect: ['ok'] },
  { name: 'a function in a result is refused', source: '({ toJSON() { for (;;); }, valueOf() { for (;;); } })', expect: refused },
  { name: 'a hostile then in a result is stopped', source: '({ then(resolve) { for (;;); } })', expect: ['ERR_TIMEOUT', 'ERR_CLONE'] },
  { name: 'a getter called then that throws is the guest\'s own error', source: '(async () => ({ get then() { throw new RangeError("mine"); } }))()', expect: thrown },
  { name: 'a thenable that resolves to thenables for good is stopped', source: 'function again() { return { then(resolve) { resolve(again()); } }; } (async () => again())()', expect: ['ERR_TIMEOUT'] },
  { name: 'a hostile Symbol.toPrimitive in a result is refused or left alone', source: '({ [Symbol.toPrimitive]() { for (;;); } })', expect: ['ok', ...refused] },
  { name: 'a symbol as a result is refused', source: 'Symbol("s")', expect: refused },
  { name: 'a result with a million keys is answered', source: 'const wide = {}; for (let i = 0; i < 1e6; i++) wide["k" + i] = i; wide', expect: anyEnd, loopGapMs: 2000 },
  { name: 'a result with a million Map entries is answered', source: 'const map = new Map(); for (let i = 0; i < 1e6; i++) map.set(i, i); map', expect: anyEnd, loopGapMs: 2000 },
  { name: 'a result that contains itself is answered', source: 'const knot = { list: [] }; knot.knot = knot; knot.list.push(knot, knot.list); knot', expect: ['ok'] },
  { name: 'a result that fans out from a shared node is answered', source: 'let node = [1]; for (let i = 0; i < 200; i++) node = [node, node]; node', expect: ['ok', 'ERR_CLONE', 'ERR_LIMIT'] },
  { name: 'a sparse array of the longest length as a result is answered', source: 'const sparse = []; sparse[2 ** 32 - 2] = 1; sparse', expect: anyEnd },
  { name: 'an empty array of the longest length as a result is answered', source: 'new Array(2 ** 32 - 1)', expect: anyEnd },
  { name: 'an array-like of the longest length as a result is answered', source: '({ length: 2 ** 53 - 1, 0: 1 })', expect: ['ok'] },
  { name: 'a detached buffer as a result is refused', source: 'const buffer = new ArrayBuffer(8); buffer.transfer(); buffer', expect: ['ok', ...refused] },
  { name: 'a view of a detached buffer as a result is refused', source: 'const view = new Uint8Array(8); view.buffer.transfer(); view', expect: ['ok', ...refused] },
  { name: 'a view out of the bounds of its shrunk buffer is answered', source: 'const buffer = new ArrayBuffer(64, { maxByteLength: 128 }); const view = new Uint8Array(buffer, 32, 32); buffer.resize(16); [view, new DataView(new ArrayBuffer(8), 8)]', expect: ['ok', ...refused] },
  { name: 'ten thousand views of one buffer are answered', source: 'const buffer = new ArrayBuffer(1 << 20); Array.from({ length: 1e4 }, (_, i) => new Uint8Array(buffer, i))', expect: anyEnd },
  { name: 'a million-deep object as a result is answered', source: 'let deep = {}; for (let i = 0; i < 1e6; i++) deep = { deep }; deep', expect: anyEnd },
  { name: 'a deep array as a result is answered', source: 'let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; deep', expect: anyEnd },
  { name: 'a deep Map as a result is answered', source: 'let deep = new Map(); for (let i = 0; i < 1e5; i++) deep = new Map([[deep, 1]]); deep', expect: anyEnd },
  { name: 'lone surrogates, NUL and the longest BigInt that is sensible are answered', source: String.raw`({ '\ud800': '\udfff\0', big: (1n << 100000n) - 1n, zero: -0, nan: NaN, date: new Date(NaN), ['__proto__']: 1 })`, expect: ['ok'] },
  { name: 'an own key called __proto__ does not change the prototype on this side', source: `JSON.parse('{"__proto__":{"polluted":true}}')`, expect: ['ok'] },
  { name: 'instances of classes with hostile accessors are answered', source: 'class Hostile { #secret = 1; get [Symbol.toStringTag]() { for (;;); } static [Symbol.hasInstance]() { for (;;); } } new Hostile()', expect: ['ok', ...refused] },
  { name: 'generators, promises and weak things in a result are refused', source: '[(function* () {})(), new WeakMap(), new WeakRef({})]', expect: refused },
  { name: 'globalThis as a result is answered', source: 'globalThis', expect: anyEnd },
  { name: 'an error as a result with hostile fields is answered', source: 'const hostile = new Error("fine"); Object.defineProperty(hostile, "stack", { get() { for (;;); } }); Object.defineProperty(hostile, "name", { get() { throw 1; } }); [hostile]', expect: anyEnd },
];

const errors = [
  ['null', 'null'],
  ['undefined', 'undefined'],
  ['a symbol', 'Symbol("thrown")'],
  ['a number', 'NaN'],
  ['a BigInt', '10n ** 1000n'],
  ['a function', '() => { for (;;); }'],
  ['a proxy of an error', 'new Proxy(new Error("behind"), { get() { for (;;); }, getPrototypeOf() { for (;;); } })'],
  ['a revoked proxy', '(() => { const { proxy, revoke } = Proxy.revocable(new Error(), {}); revoke(); return proxy; })()'],
  ['an object without a prototype', 'Object.create(null)'],
  ['globalThis', 'globalThis'],
].map(([what, value]) => ({ name: `${what} that is thrown becomes a guest error`, source: `throw (${value})`, expect: stopped }));

const fields = ['stack', 'message', 'name', 'cause', 'code', 'constructor', 'toString', 'errors'].flatMap((field) => [
  { name: `an error whose ${field} loops is answered`, source: `throw Object.defineProperty(new Error('outer'), '${field}', { get() { for (;;); }, enumerable: true })`, expect: stopped },
  { name: `an error whose ${field} throws is answered`, source: `throw Object.defineProperty(new Error('outer'), '${field}', { get() { throw new Error('inner'); }, enumerable: true })`, expect: thrown },
]);

export default [
  ...results,
  ...errors,
  ...fields,
  { name: 'an error whose fields are not text is answered', source: 'throw Object.defineProperties(new Error(), { name: { value: Symbol("n") }, message: { value: 10n }, stack: { value: { toString() { for (;;); } } }, cause: { value: () => {} } })', expect: stopped },
  { name: 'an error that is its own cause is answered', source: 'const knot = new Error("knot"); knot.cause = knot; throw knot', expect: thrown },
  { name: 'an error with a chain of a hundred thousand causes is answered', source: 'let error = new Error("first"); for (let i = 0; i < 1e5; i++) error = new Error("next", { cause: error }); throw error', expect: [...stopped, 'ERR_MEMORY'] },
  { name: 'an error with a cause that never ends is answered', source: 'function endless() { return Object.defineProperty(new Error("endless"), "cause", { get: endless }); } throw endless()', expect: stopped },
  { name: 'an AggregateError of a million errors is answered', source: 'throw new AggregateError(Array(1e6).fill(new Error("one")), "many")', expect: [...stopped, 'ERR_MEMORY'] },
  { name: 'an error with a message of sixteen megabytes is answered', source: `throw new Error('x'.repeat(16 << 20))`, expect: [...stopped, 'ERR_MEMORY'] },
  { name: 'an error with a million own fields is answered', source: 'const wide = new Error("wide"); for (let i = 0; i < 1e6; i++) wide["k" + i] = i; throw wide', expect: [...stopped, 'ERR_MEMORY', 'ERR_LIMIT'], loopGapMs: 2000 },
  { name: 'a rejection with a hostile error is answered', source: 'Promise.reject(Object.defineProperty(new Error(), "message", { get() { for (;;); } }))', expect: stopped },
  { name: 'Error.prepareStackTrace that returns hostile things is answered', source: 'Error.prepareStackTrace = () => ({ toString() { for (;;); }, get x() { for (;;); } }); null.x', expect: stopped },
  { name: 'an error that claims a code of ours stays a guest error', source: 'throw Object.assign(new Error("internal error"), { code: "ERR_INTERNAL", name: "HostboxError" })', expect: thrown },
  { name: 'a plugin result that loops on its way out is stopped', via: 'call', source: 'exports.run = async () => ({ get value() { for (;;); } });', expect: ['ERR_TIMEOUT'] },
];
