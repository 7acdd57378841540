// The same on the calling thread: here Node waits, so the engine's own means must hold.
const stopped = ['ERR_TIMEOUT'];
const sync = (entry) => ({ via: 'sync', ...entry });
const ENDLESS = '{ length: 2 ** 53 - 1 }';

export default [
  { name: 'an endless loop in a sync call is stopped', source: 'for (;;);', expect: stopped },
  { name: 'a loop behind catch clauses in a sync call is stopped', source: 'for (;;) { try { for (;;); } catch {} finally { continue; } }', expect: stopped },
  { name: 'a swallowing promise executor in a sync call is stopped', source: 'for (;;) new Promise(() => { for (;;); });', expect: stopped },
  { name: 'disposal in a sync call is stopped', source: 'for (;;) { try { using held = { [Symbol.dispose]() { for (;;); } }; throw 1; } catch (error) {} }', expect: stopped },
  { name: 'a microtask flood in a sync call is stopped', source: '(function again() { Promise.resolve().then(again); })(); 1', expect: ['ok', ...stopped] },
  { name: 'catastrophic backtracking in a sync call is stopped', source: `/^(a+)+$/.test('a'.repeat(40) + 'b')`, expect: stopped },
  { name: 'an endless reverse in a sync call is stopped', source: `Array.prototype.reverse.call(${ENDLESS})`, expect: stopped },
  { name: 'a quadratic search in a sync call is answered', source: `'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b')`, expect: ['ok', ...stopped] },
  { name: 'fills of a typed array in a sync call are stopped', source: 'const bytes = new Uint8Array(16 << 20); for (let i = 0; ; i++) bytes.fill(i);', expect: stopped },
  { name: 'recursion in a sync call overflows and no more', source: '(function again() { again(); })()', expect: ['ERR_GUEST'] },
  { name: 'deep JSON in a sync call overflows and no more', source: `JSON.parse('['.repeat(1e6))`, expect: ['ERR_GUEST'] },
  { name: 'deep source in a sync call overflows and no more', source: '('.repeat(200_000) + '1' + ')'.repeat(200_000), expect: ['ok', 'ERR_GUEST'] },
  { name: 'a full heap in a sync call is reported', source: `(() => { const keep = []; for (;;) keep.push(new Uint8Array(1 << 20)); })()`, expect: ['ERR_MEMORY'] },
  { name: 'a full heap and a loop in a sync call are ended', source: `(() => { const keep = []; try { for (let i = 0; ; i++) keep.push('x'.repeat(1 << 16) + i); } catch (error) {} for (;;); })()`, expect: ['ERR_MEMORY', ...stopped] },
  { name: 'a pending promise in a sync call is answered', source: 'new Promise(() => {})', expect: ['ERR_ASYNC', ...stopped] },
  { name: 'a pending host function in a sync call is named at once', source: 'bridge.slow()', expect: ['ERR_ASYNC'] },
  { name: 'a getter that loops in a sync result is stopped', source: '({ get value() { for (;;); } })', expect: stopped },
  { name: 'an error that loops in a sync call is answered', source: 'throw Object.defineProperty(new Error(), "message", { get() { for (;;); } })', expect: ['ERR_GUEST', ...stopped] },
  { name: 'a deep result of a sync call is answered', source: 'let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep }; deep', expect: ['ok', 'ERR_GUEST', 'ERR_CLONE', 'ERR_LIMIT', ...stopped] },
  { name: 'nested timeouts in a sync call end with it', source: '(function again() { setTimeout(again, 0); })(); new Promise(() => {})', expect: ['ERR_ASYNC', ...stopped], cpuMsAfter: 200 },
].map(sync);
