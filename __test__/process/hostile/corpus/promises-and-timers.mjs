// Work that comes back: microtasks, timers, immediates, and what is left of them after the answer.
const stopped = ['ERR_TIMEOUT'];
const limited = ['ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT', 'ERR_GUEST'];
/** Left-overs belong to the background, which gets a bounded share of the processor and not none. */
const background = { cpuMsAfter: 200 };

export default [
  { name: 'a promise that never settles is answered at the deadline', source: 'new Promise(() => {})', expect: stopped },
  { name: 'a thenable that never calls back is answered at the deadline', source: '({ then() {} })', expect: ['ERR_TIMEOUT', 'ERR_CLONE'] },
  { name: 'a microtask that queues itself is stopped', source: '(function again() { Promise.resolve().then(again); })(); new Promise(() => {})', expect: stopped },
  { name: 'queueMicrotask that queues itself twice is stopped', source: '(function again() { queueMicrotask(again); queueMicrotask(again); })(); new Promise(() => {})', expect: limited },
  { name: 'a storm of jobs that each loop is stopped', source: 'for (let i = 0; i < 50; i++) Promise.resolve().then(() => { for (;;); }); new Promise(() => {})', expect: stopped },
  { name: 'jobs that queue jobs after the deadline are stopped', source: '(function again() { Promise.resolve().then(again); Promise.resolve().then(again); new Promise(() => { for (;;); }).catch(again); })(); new Promise(() => {})', expect: limited },
  { name: 'listeners of an aborted signal that abort more are stopped', source: '(function again() { const controller = new AbortController(); controller.signal.addEventListener("abort", again); queueMicrotask(() => controller.abort()); })(); new Promise(() => {})', expect: limited },
  { name: 'a million timers are refused or answered', source: 'for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6); new Promise(() => {})', expect: limited },
  { name: 'a million timers that are due are refused or answered', source: 'for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 0); new Promise(() => {})', expect: limited },
  { name: 'timers behind catch clauses are limited', source: 'for (;;) { try { setTimeout(() => {}, 1e9); } catch (error) {} }', expect: limited },
  { name: 'nested timeouts of zero are stopped at the deadline', source: '(function again() { setTimeout(again, 0); setTimeout(again, 0); })(); new Promise(() => {})', expect: limited },
  { name: 'immediates that flood are stopped at the deadline', source: '(function again() { setImmediate(again); setImmediate(again); })(); new Promise(() => {})', expect: limited },
  { name: 'a timer that loops is stopped', source: 'setTimeout(() => { for (;;); }, 1); new Promise(() => {})', expect: stopped },
  { name: 'an interval that loops is stopped', source: 'setInterval(() => { for (;;); }, 1); new Promise(() => {})', expect: stopped },
  { name: 'timers with hostile delays are answered', source: `for (const delay of [NaN, -1, Infinity, 2 ** 53, -Infinity, '1e400', {}, null, -0, 1e-300]) setTimeout(() => {}, delay); 1`, expect: ['ok'] },
  { name: 'timers with hostile arguments are answered', source: `setTimeout({ toString() { for (;;); } }, { valueOf() { for (;;); } })`, expect: ['ok', 'ERR_GUEST', 'ERR_TIMEOUT'] },
  { name: 'clearing what was never set is answered', source: 'for (const id of [NaN, -1, 2 ** 53, {}, null, "x", 1e9]) { clearTimeout(id); clearInterval(id); } for (let i = 0; i < 1e5; i++) clearTimeout(i); 1', expect: ['ok', 'ERR_TIMEOUT'] },
  { name: 'an interval that is left over does not spoil the next call', source: 'setInterval(() => {}, 1); 1', expect: ['ok'], ...background },
  { name: 'an interval of loops that is left over does not spoil the next call', source: 'setInterval(() => { for (;;); }, 1); 1', expect: ['ok'], ...background },
  { name: 'a microtask loop that a left-over timer starts does not spoil the next call', source: 'setTimeout(() => { (async () => { for (;;) await null; })(); }, 1); 1', expect: ['ok'], ...background },
  { name: 'an immediate flood that is left over does not spoil the next call', source: '(function again() { setImmediate(again); })(); 1', expect: ['ok'], ...background },
  { name: 'timers that are left over and allocate do not spoil the next call', source: 'const keep = []; setInterval(() => { try { for (;;) keep.push(new Uint8Array(1 << 20)); } catch { keep.length = 0; } }, 1); 1', expect: ['ok'], afterwards: ['ok', 'ERR_MEMORY'], ...background },
  { name: 'a flood of unhandled rejections is answered', source: 'for (let i = 0; i < 1e5; i++) Promise.reject(new Error("unhandled " + i)); 1', expect: ['ok', ...limited] },
  { name: 'an endless flood of unhandled rejections is stopped', source: 'for (;;) Promise.reject({ get message() { for (;;); } });', expect: limited },
  { name: 'rejections that are handled late are answered', source: 'const late = []; for (let i = 0; i < 1e4; i++) late.push(Promise.reject(i)); new Promise((resolve) => setTimeout(() => { for (const one of late) one.catch(() => {}); resolve(1); }, 5))', expect: ['ok', ...limited] },
  { name: 'a promise that resolves itself is answered', source: 'let resolve; const knot = new Promise((r) => { resolve = r; }); resolve(knot); knot', expect: ['ERR_GUEST'] },
  { name: 'Promise.all over a million promises is answered', source: 'Promise.all(Array.from({ length: 1e6 }, () => new Promise(() => {})))', expect: limited },
  { name: 'abort timeouts that flood are limited', source: 'for (;;) { try { AbortSignal.timeout(1e6); } catch {} }', expect: limited },
  { name: 'signals that time out and follow each other without end are stopped', source: '(function again() { let signal = AbortSignal.timeout(0); for (let i = 0; i < 10; i++) signal = AbortSignal.any([signal]); signal.onabort = () => { again(); again(); }; })(); new Promise(() => {})', expect: limited },
  { name: 'a plugin function that never settles is answered at the deadline', via: 'call', source: 'exports.run = () => new Promise(() => {});', expect: stopped },
];
