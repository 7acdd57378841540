// Work that stays inside native code of the engine, which asks for interrupts seldom or never. ENDLESS is the longest
// length that an array-like can claim: a native that walks it needs days.
const ENDLESS = '{ length: 2 ** 53 - 1 }';
const stopped = ['ERR_TIMEOUT'];
/** Some methods may refuse the length, or fill the memory, before the deadline. */
const refusedOrStopped = ['ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_GUEST'];

const arrayMethods = {
  reverse: '',
  copyWithin: '0, 1',
  fill: '0',
  splice: '0, 1',
  unshift: '0',
  join: '',
  sort: '',
  indexOf: '1',
  lastIndexOf: '1',
  includes: '1',
  every: '() => true',
  some: '() => false',
  forEach: '() => {}',
  find: '() => false',
  findLast: '() => false',
  reduce: '(sum) => sum, 0',
  reduceRight: '(sum) => sum, 0',
  filter: '() => false',
  flatMap: '(x) => x',
};
const refusingMethods = { slice: '1', concat: `Object.assign(${ENDLESS}, { [Symbol.isConcatSpreadable]: true })`, map: '(x) => x', flat: '', with: '0, 1', toSorted: '', toReversed: '', toSpliced: '0, 1', toString: '', toLocaleString: '', push: '1', pop: '', shift: '' };

const arrayLikes = [
  ...Object.entries(arrayMethods).map(([method, args]) => ({
    name: `Array.prototype.${method} on an array-like of the longest length is stopped`,
    source: `Array.prototype.${method}.call(${ENDLESS}${args && `, ${args}`})`,
    expect: ['fill', 'unshift', 'splice', 'join', 'sort'].includes(method) ? refusedOrStopped : stopped,
  })),
  ...Object.entries(refusingMethods).map(([method, args]) => ({
    name: `Array.prototype.${method} on an array-like of the longest length is stopped or refused`,
    source: `Array.prototype.${method}.call(${ENDLESS}${args && `, ${args}`})`,
    expect: ['pop', 'toString', 'toLocaleString'].includes(method) ? [...refusedOrStopped, 'ok'] : refusedOrStopped,
  })),
];

const HALF = `'a'.repeat(4e6)`;
const NEEDLE = `'a'.repeat(2e6) + 'b'`;
const strings = [
  { name: 'a quadratic indexOf is answered in time', source: `${HALF}.indexOf(${NEEDLE})` },
  { name: 'a quadratic lastIndexOf is answered in time', source: `${HALF}.lastIndexOf(${NEEDLE})` },
  { name: 'a quadratic includes is answered in time', source: `${HALF}.includes(${NEEDLE})` },
  { name: 'a quadratic split is answered in time', source: `${HALF}.split(${NEEDLE})` },
  { name: 'a quadratic replaceAll is answered in time', source: `${HALF}.replaceAll(${NEEDLE}, '')` },
  { name: 'a quadratic replace is answered in time', source: `${HALF}.replace(${NEEDLE}, '')` },
  { name: 'a quadratic search in wide strings is answered in time', source: String.raw`('\u0100'.repeat(4e6)).indexOf('\u0100'.repeat(2e6) + 'b')` },
  { name: 'quadratic searches in a loop are stopped', source: `const hay = ${HALF}, needle = ${NEEDLE}; for (;;) hay.indexOf(needle);` },
].map((entry) => ({ ...entry, expect: entry.source.includes('for (;;)') ? ['ERR_TIMEOUT'] : ['ok', 'ERR_TIMEOUT'] }));

export default [
  ...arrayLikes,
  ...strings,
  { name: 'Iterator.prototype.drop(Infinity) over an endless native iterator is stopped', source: 'Iterator.prototype.drop.call({ next: Array.prototype.values.call(' + ENDLESS + ').next.bind(Array.prototype.values.call(' + ENDLESS + ')) }, Infinity).next()', expect: stopped },
  { name: 'Array.prototype.values over an array-like under drop is stopped', source: `Array.prototype.values.call(${ENDLESS}).drop(Infinity).next()`, expect: stopped },
  { name: 'Set methods over a native endless iterator are stopped', source: `const endless = Array.prototype.values.call(${ENDLESS}); new Set([1]).union({ size: 1, has: () => false, keys: () => endless })`, expect: stopped },
  { name: 'Set.prototype.isSupersetOf over a native endless iterator is stopped', source: `new Set([undefined]).isSupersetOf({ size: 1, has: () => false, keys: () => Array.prototype.values.call(${ENDLESS}) })`, expect: stopped },
  { name: 'Set.prototype.isDisjointFrom over a native endless iterator is stopped', source: `new Set([1, 2]).isDisjointFrom({ size: 1, has: () => false, keys: () => Array.prototype.values.call(${ENDLESS}) })`, expect: stopped },
  { name: 'the constructor of Set over a native endless iterator is stopped', source: `new Set(Array.prototype.values.call(${ENDLESS}))`, expect: stopped },
  { name: 'Math.sumPrecise over a native endless iterator is stopped', source: `Math.sumPrecise(Array.prototype.keys.call(${ENDLESS}))`, expect: stopped },
  { name: 'Array.from over an array-like of the longest length is stopped or refused', source: `Array.from(${ENDLESS})`, expect: refusedOrStopped },
  { name: 'Object.groupBy over a native endless iterator is stopped', source: `Object.groupBy(Array.prototype.values.call(${ENDLESS}), () => 0)`, expect: refusedOrStopped },
  { name: 'joining the longest array is stopped or refused', source: 'Array(2 ** 32 - 1).join()', expect: refusedOrStopped },
  { name: 'joining the longest array with empty separators is stopped', source: `Array(2 ** 32 - 1).join('')`, expect: refusedOrStopped },
  { name: 'sorting a sparse array is stopped or refused', source: 'const sparse = []; sparse[2 ** 32 - 2] = 1; sparse.sort()', expect: ['ok', ...refusedOrStopped] },
  { name: 'reversing a sparse array is stopped', source: 'const sparse = []; sparse[2 ** 32 - 2] = 1; sparse.reverse(); sparse.length', expect: ['ok', ...refusedOrStopped] },
  { name: 'shifting a sparse array is stopped', source: 'const sparse = [1]; sparse[2 ** 32 - 2] = 1; sparse.shift()', expect: ['ok', ...refusedOrStopped] },
  { name: 'fills of a typed array in a loop are stopped', source: 'const bytes = new Uint8Array(16 << 20); for (let i = 0; ; i++) bytes.fill(i);', expect: stopped },
  { name: 'sorts of a typed array in a loop are stopped', source: 'const numbers = new Float64Array(1 << 20); for (;;) { for (let i = 0; i < 1000; i++) numbers[i * 7] = -i; numbers.sort(); }', expect: stopped },
  { name: 'copyWithin of a typed array in a loop is stopped', source: 'const bytes = new Uint8Array(16 << 20); for (;;) bytes.copyWithin(1, 0);', expect: stopped },
  { name: 'searches of a typed array in a loop are stopped', source: 'const bytes = new Uint8Array(16 << 20); for (;;) bytes.indexOf(1);', expect: stopped },
  { name: 'slices of an ArrayBuffer in a loop are stopped', source: 'const buffer = new ArrayBuffer(16 << 20); for (;;) buffer.slice(0);', expect: stopped },
  { name: 'JSON.stringify in a loop is stopped', source: 'const list = Array.from({ length: 10000 }, (_, i) => i); for (;;) JSON.stringify(list);', expect: stopped },
  { name: 'JSON.parse in a loop is stopped', source: `const text = '[' + '1,'.repeat(50000) + '1]'; for (;;) JSON.parse(text);`, expect: stopped },
  { name: 'encodeURIComponent in a loop is stopped', source: String.raw`const text = '\u00e9'.repeat(500000); for (;;) encodeURIComponent(text);`, expect: stopped },
  { name: 'normalize in a loop is stopped', source: String.raw`const text = '\u0041\u030a'.repeat(1 << 16); for (;;) text.normalize('NFC');`, expect: stopped },
  { name: 'changes of case in a loop are stopped', source: String.raw`const text = '\u0130\u00df'.repeat(1 << 18); for (;;) text.toUpperCase().toLowerCase();`, expect: stopped },
  { name: 'padStart and trim in a loop are stopped', source: `for (;;) ' '.padStart(4e6).trim();`, expect: stopped },
  { name: 'BigInt multiplication in a loop is stopped', source: 'let big = (1n << 200000n) - 1n; for (;;) big * big;', expect: stopped },
  { name: 'the text of a large BigInt is answered in time', source: `((1n << 300000n) + 1n) + ''; 1`, expect: ['ok', 'ERR_TIMEOUT', 'ERR_GUEST'] },
  { name: 'the text of a huge BigInt is answered in time', source: `((1n << 1000000n) + 1n) + ''; 1`, expect: ['ok', 'ERR_TIMEOUT', 'ERR_GUEST'] },
  { name: 'a BigInt from a long text is answered in time', source: `BigInt('9'.repeat(300000)); 1`, expect: ['ok', 'ERR_TIMEOUT', 'ERR_GUEST'] },
  { name: 'a huge BigInt power is answered in time', source: '3n ** 1000000n; 1', expect: ['ok', 'ERR_TIMEOUT', 'ERR_GUEST'] },
  { name: 'compiling a very long script is answered in time', source: `new Function('1;'.repeat(8e6)); 1`, expect: ['ok', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_GUEST'] },
  { name: 'base64 of big arrays in a loop is stopped', source: 'const bytes = new Uint8Array(2 << 20); for (;;) Uint8Array.fromBase64(bytes.toBase64());', expect: stopped },
  { name: 'String.raw over an array-like of the longest length is stopped or refused', source: `String.raw({ raw: ${ENDLESS} })`, expect: refusedOrStopped },
  { name: 'Reflect.apply with arguments of the longest length is stopped or refused', source: `Reflect.apply(Math.max, null, ${ENDLESS})`, expect: refusedOrStopped },
  { name: 'Object.defineProperties over a huge array in a loop is stopped', source: 'const list = Array(20000).fill({ configurable: true }); for (;;) Object.defineProperties({}, list);', expect: stopped },
];
