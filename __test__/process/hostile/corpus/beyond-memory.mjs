// What a guest does after its memory is full: catches it, goes on, and loops with nothing left to throw with.
const full = ['ERR_MEMORY', 'ERR_TIMEOUT'];
const fullOrThrown = [...full, 'ERR_GUEST', 'ok'];
/** Fills the heap down to the last few bytes with big, then ever smaller pieces. */
const FILL = `const keep = []; let list = null;
  function fill() {
    try { for (;;) keep.push('x'.repeat(1 << 20) + keep.length); } catch (error) {}
    try { for (;;) keep.push({ a: {} }); } catch (error) {}
    try { for (;;) list = { list }; } catch (error) {}
    try { for (;;) list = [list]; } catch {}
  }`;
const local = (body) => `(() => { ${FILL} ${body} })()`;
const localAsync = (body) => `(async () => { ${FILL} ${body} })()`;
const kept = ['ok', 'ERR_MEMORY'];

export default [
  { name: 'out of memory that is caught in a loop is ended', source: local('for (;;) { try { for (;;) keep.push(new Uint8Array(1 << 16)); } catch (error) {} }'), expect: full },
  { name: 'filling up and then looping for good is ended', source: local('fill(); for (;;);'), expect: full },
  { name: 'filling up and then looping behind catch clauses is ended', source: local('fill(); for (;;) { try { for (;;); } catch (error) {} }'), expect: full },
  { name: 'filling up and then recursing is ended', source: local('fill(); function again() { try { again(); } catch (error) { again(); } } for (;;) { try { again(); } catch {} }'), expect: full },
  { name: 'filling up and then calling async functions is ended', source: local('async function one() { return 1; } async function all() { for (;;) { try { for (;;) await one(); } catch (error) {} } } fill(); for (;;) { try { all(); one(); } catch (error) {} }'), expect: full },
  { name: 'filling up inside an async function is ended', source: localAsync('for (let i = 0; i < 300; i++) await null; fill(); for (;;) { try { await null; } catch {} }'), expect: full },
  { name: 'filling up beside running async functions is ended', source: localAsync('let turns = 0; async function run() { for (;;) { await null; turns++; } } run(); for (let i = 0; i < 300; i++) await null; fill(); await null; for (;;) await null;'), expect: full },
  { name: 'filling up inside a finally clause is ended', source: local('function f() { try { fill(); throw 1; } finally { try { fill(); } finally { for (;;) { try { fill(); } finally { continue; } } } } } f();'), expect: full },
  { name: 'a promise job that meets no memory is ended', source: localAsync('fill(); return Promise.all(Array(10).fill(0).map(() => new Promise(() => { for (;;) { try { fill(); } catch {} } })));'), expect: fullOrThrown },
  { name: 'a finalizer that allocates is ended', source: local('const registry = new FinalizationRegistry(() => { for (;;) keep.push(new Uint8Array(1 << 20)); }); for (let i = 0; i < 1e4; i++) registry.register({}, i); fill(); for (;;) { try { registry.register({}, 1); } catch {} }'), expect: full },
  { name: 'a thrown null is told from a lack of memory', source: 'throw null', expect: ['ERR_GUEST'] },
  { name: 'an own error named out of memory is told from a lack of memory', source: `throw new InternalError('out of memory')`, expect: ['ERR_GUEST'] },
  { name: 'a lack of memory that is caught and repaired is no failure', source: `(() => { let caught = 'nothing'; try { const keep = []; for (;;) keep.push(new ArrayBuffer(1 << 20)); } catch (error) { caught = String(error); } return caught; })()`, expect: ['ok', 'ERR_MEMORY'] },
  { name: 'a lack of memory that is caught and thrown as another error is answered', source: `(() => { try { const keep = []; for (;;) keep.push(new ArrayBuffer(1 << 20)); } catch (error) { throw new TypeError('mine', { cause: error }); } })()`, expect: ['ERR_GUEST', 'ERR_MEMORY'] },
  { name: 'filling up and then compiling is ended', source: local(`fill(); for (;;) { try { eval('(function () { return [' + '1,'.repeat(1000) + ']; })()'); } catch (error) {} }`), expect: full },
  { name: 'filling up and then matching is ended', source: local(`fill(); for (;;) { try { /(a|b)*c/.test('ab'.repeat(1e5)); new RegExp('a'.repeat(1000)); } catch (error) {} }`), expect: full },
  { name: 'filling up and then sorting is ended', source: local('fill(); for (;;) { try { Array.from({ length: 1e5 }, (_, i) => -i).sort(); } catch (error) {} }'), expect: full },
  { name: 'filling up and then parsing JSON is ended', source: local(`fill(); for (;;) { try { JSON.parse('[' + '{"a":[1,2,3]},'.repeat(1000) + '1]'); } catch (error) {} }`), expect: full },
  { name: 'filling up and then adding to a Map is ended', source: local('const map = new Map(); fill(); for (;;) { try { map.set({}, {}); } catch (error) {} }'), expect: full },
  { name: 'filling up and then setting timers is ended', source: local('fill(); for (;;) { try { setTimeout(() => {}, 0); console.log("still", "here"); } catch (error) {} }'), expect: [...full, 'ERR_LIMIT'] },
  { name: 'filling up and then awaiting host calls is ended', via: 'bridge', source: localAsync('fill(); for (;;) { try { await bridge.echo("x"); } catch {} }'), expect: [...full, 'ERR_LIMIT'] },
  { name: 'a heap that stays full is reported and not fatal', source: `globalThis.kept = []; try { for (;;) kept.push(new Uint8Array(1 << 20)); } catch (error) {} 'full'`, expect: ['ok', 'ERR_MEMORY'], afterwards: kept },
  { name: 'a heap that stays full of small objects is reported and not fatal', source: `globalThis.kept = null; try { for (;;) kept = { kept }; } catch (error) {} 'full'`, expect: ['ok', 'ERR_MEMORY', 'ERR_TIMEOUT'], afterwards: kept },
  { name: 'a result that does not fit beside the heap is answered', source: `(() => { const list = []; for (let i = 0; i < 40; i++) list.push('x'.repeat(1 << 20) + i); return list; })()`, expect: ['ok', 'ERR_MEMORY', 'ERR_TIMEOUT'], loopGapMs: 500 },
];
