// Guest code that only wants to run on: each shape of loop the language has.
const expect = ['ERR_TIMEOUT'];

export default [
  { name: 'an empty endless loop is stopped', source: 'for (;;);', expect },
  { name: 'an endless loop in a strict function is stopped', source: `(function () { 'use strict'; while (true); })()`, expect },
  { name: 'a loop whose catch clause starts over is stopped', source: 'for (;;) { try { for (;;); } catch (error) {} }', expect },
  { name: 'a loop whose finally clause continues is stopped', source: 'for (;;) { try { for (;;); } finally { continue; } }', expect },
  { name: 'a finally clause that returns into the next round is stopped', source: 'function again() { try { for (;;); } finally { return again; } } for (let next = again; ; ) next = next();', expect },
  { name: 'finally clauses that call themselves are stopped', source: 'function f() { try { for (;;); } finally { f(); } } for (;;) { try { f(); } finally { continue; } }', expect },
  { name: 'a labelled continue out of nested loops is stopped', source: 'outer: for (;;) { for (;;) { for (;;) continue outer; } }', expect },
  { name: 'an endless generator under for-of is stopped', source: 'function* endless() { for (let i = 0; ; i++) yield i; } for (const value of endless());', expect },
  { name: 'a generator that yields from its finally clause is stopped', source: 'function* stubborn() { for (;;) { try { yield 1; } finally { yield 2; } } } for (;;) { for (const value of stubborn()) break; }', expect },
  { name: 'an endless generator under spread is stopped', source: 'Math.max(...(function* () { for (;;) ; })())', expect },
  { name: 'an endless iterator under destructuring is stopped', source: 'const [a, ...rest] = { [Symbol.iterator]: () => ({ next: () => { for (;;); } }) };', expect },
  { name: 'an async loop that awaits nothing is stopped', source: '(async () => { for (;;) await null; })()', expect },
  { name: 'an async loop that catches everything is stopped', source: '(async () => { for (;;) { try { for (;;) await 0; } catch (error) {} finally { continue; } } })()', expect },
  { name: 'for-await over an endless async generator is stopped', source: '(async () => { async function* endless() { for (;;) yield 0; } for await (const value of endless()); })()', expect },
  { name: 'for-await over a hostile sync iterator is stopped', source: 'for (;;) { (async () => { for await (const value of { [Symbol.iterator]: () => ({ next() { for (;;); } }) }); })(); }', expect },
  { name: 'a hundred async loops side by side are stopped', source: 'async function one() {} async function all() { for (;;) await one(); } for (let i = 0; i < 100; i++) all(); new Promise(() => {})', expect },
  { name: 'a loop inside a getter is stopped', source: '({ get value() { for (;;); } }).value', expect },
  { name: 'a loop inside a with statement and a proxy is stopped', source: 'with (new Proxy({}, { has: () => true, get: (target, key) => key === Symbol.unscopables ? undefined : 1 })) { while (anything); }', expect },
  { name: 'a loop inside nested evals is stopped', source: `eval("eval('for (;;);')")`, expect },
  { name: 'a loop inside a Function from text is stopped', source: `for (;;) { try { new Function('for (;;);')(); } catch {} }`, expect },
  { name: 'a loop in a plugin function is stopped', via: 'call', source: 'exports.run = () => { for (;;); };', expect },
  { name: 'a loop in an async plugin function is stopped', via: 'call', source: 'exports.run = async () => { await null; for (;;); };', expect },
];
