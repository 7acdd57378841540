// The cache of a scope, filled, starved and lied to.
const failed = ['ERR_GUEST'];
const limited = ['ERR_GUEST', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT'];
const bounded = ['ok', ...limited];

export default [
  { name: 'entries without end make room for themselves', source: `for (let i = 0; ; i++) cache.set('key ' + i, i);`, expect: limited },
  { name: 'large entries without end stay within the bound', source: `const text = 'x'.repeat(1 << 20); for (let i = 0; ; i++) cache.set('key ' + i, text);`, expect: limited },
  { name: 'an entry that grows is refused in the end', source: `let text = 'x'; for (;;) { cache.set('key', text); text += text; }`, expect: limited },
  { name: 'an entry that could never fit is refused', source: `cache.set('key', 'x'.repeat(30e6)); cache.set('key', ['x'.repeat(30e6), 'x'.repeat(30e6)])`, expect: bounded },
  { name: 'keys of megabytes are refused', source: `cache.set('k'.repeat(2e7), 1)`, expect: limited },
  { name: 'a counter that never wins is stopped', source: `cache.set('n', 1); while (!cache.compareAndSet('n', { not: 'there' }, 2));`, expect: limited },
  { name: 'a comparison of large objects is bounded', source: `const big = {}; for (let i = 0; i < 1e5; i++) big['k' + i] = i; cache.set('big', big); for (;;) cache.compareAndSet('big', { ...big, k1: -1 }, 1);`, expect: limited },
  { name: 'a value that nests too deep is answered', source: `let deep = 1; for (let i = 0; i < 1e5; i++) deep = [deep]; cache.set('deep', deep); cache.compareAndSet('deep', {}, deep)`, expect: bounded },
  { name: 'a value that changes while it is written is taken as it was', source: `const odd = { get a() { cache.set('odd', odd.b); cache.delete('odd'); return 1; }, b: 2 }; cache.set('odd', odd); cache.get('odd').a`, expect: ['ok'] },
  { name: 'a toJSON without end is stopped', source: `cache.set('key', { toJSON() { for (;;); } })`, expect: limited },
  { name: 'times to live that are none are refused', source: `cache.set('key', 1, { ttlMs: NaN })`, expect: failed },
  { name: 'JSON replaced by a liar changes nothing for the host', source: `JSON.stringify = () => '{"broken'; JSON.parse = () => { throw 1; }; Object.prototype.toJSON = () => 5; cache.set('key', { a: 1 }); cache.get('key')`, expect: bounded },
  { name: 'entries that end at once without end are bounded', source: `for (let i = 0; ; i++) cache.set('key ' + i, 'x'.repeat(1000), { ttlMs: 1e-9 });`, expect: limited },
];
