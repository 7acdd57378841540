// The regular expression compiler and its backtracking machine.
const stopped = ['ERR_TIMEOUT'];
const anyEnd = ['ok', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_GUEST'];

export default [
  { name: 'nested quantifiers that backtrack are stopped', source: `/^(a+)+$/.test('a'.repeat(40) + 'b')`, expect: stopped },
  { name: 'alternatives that backtrack are stopped', source: `/^(a|aa|a|aa)*$/.exec('a'.repeat(100) + 'b')`, expect: stopped },
  { name: 'lookbehind that backtracks is stopped', source: `/(?<=^b(?:a+)+)c/.exec('a'.repeat(40) + 'c')`, expect: ['ok', ...stopped] },
  { name: 'backreferences that backtrack are stopped', source: String.raw`/^(a*)*\1*(a*)*\2*b$/.test('a'.repeat(60))`, expect: stopped },
  { name: 'backtracking that is caught and tried again is stopped', source: `for (;;) { try { /^(a+)+$/.test('a'.repeat(40) + 'b'); } catch (error) {} }`, expect: stopped },
  { name: 'a quadratic global match is stopped', source: `'a'.repeat(4e6).match(/a*b/g)`, expect: anyEnd },
  { name: 'a quadratic global replace is stopped', source: `for (;;) 'x'.repeat(200000).replace(/x*y/g, '')`, expect: stopped },
  { name: 'a huge character class under v is answered in time', source: `for (let i = 0; ; i++) new RegExp('[' + String.fromCodePoint(...Array.from({ length: 5000 }, (_, k) => 0x4e00 + k * 3 + (i & 1))) + ']', 'v')`, expect: stopped },
  { name: 'huge classes of properties are answered in time', source: String.raw`for (;;) new RegExp('[' + '\\p{L}\\P{N}\\p{Script=Greek}'.repeat(500) + ']', 'ui')`, expect: anyEnd },
  { name: 'the largest quantifiers are answered in time', source: `new RegExp('(?:' + 'a{2147483647}'.repeat(50) + '){2147483647}').test('a'.repeat(1e6))`, expect: anyEnd },
  { name: 'quantifiers that multiply are answered in time', source: `new RegExp('((((((a{1,100}){1,100}){1,100}){1,100}){1,100}){1,100}){1,100}').test('a'.repeat(1e5) + 'b')`, expect: anyEnd },
  { name: 'a giant pattern is answered in time', source: `new RegExp('(a|b)?'.repeat(1e6)); 1`, expect: anyEnd },
  { name: 'giant patterns in a loop are stopped', source: `for (let i = 0; ; i++) { try { new RegExp('x'.repeat(1e5) + i); } catch (error) {} }`, expect: [...stopped, 'ERR_MEMORY'] },
  { name: 'more groups than the engine allows are answered in time', source: `new RegExp('()'.repeat(1e5)); 1`, expect: anyEnd },
  { name: 'a backtracking stack as deep as its subject is answered in time', source: `/(?:a|b)*c/.test('ab'.repeat(8e6))`, expect: anyEnd },
  { name: 'a hostile exec under a symbol method is stopped', source: `const hostile = /a/g; hostile.exec = () => ({ index: 0, 0: '', length: 1 }); 'a'.replace(hostile, 'b')`, expect: [...stopped, 'ERR_MEMORY'] },
];
