// Output without end: the console, reported errors, rejections, events.
const stopped = ['ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT'];
const anyEnd = ['ok', 'ERR_GUEST', ...stopped];

export default [
  { name: 'a million console lines are bounded', source: 'for (let i = 0; i < 1e6; i++) console.log("line", i); 1', expect: ['ok', ...stopped] },
  { name: 'console lines without end are stopped', source: 'for (;;) console.error("again");', expect: stopped },
  { name: 'console lines of a megabyte each are bounded', source: `const text = 'x'.repeat(1 << 20); for (;;) console.log(text);`, expect: stopped },
  { name: 'a console line of many arguments is bounded', source: 'const args = Array(60000).fill({ a: 1 }); for (;;) console.log(...args);', expect: anyEnd },
  { name: 'console lines of fresh objects are bounded', source: 'for (let i = 0; ; i++) console.log({ i, list: Array(100).fill(i) });', expect: stopped },
  { name: 'a hostile proxy on the console is answered', source: 'console.log(new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); }, getOwnPropertyDescriptor() { for (;;); } })); 1', expect: anyEnd },
  { name: 'a getter that throws on the console is answered', source: 'console.log({ get value() { throw new Error("from the getter"); } }, Object.defineProperty(new Error(), "stack", { get() { throw 1; } })); 1', expect: ['ok'] },
  { name: 'a deep object on the console is answered', source: 'let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep }; console.log(deep); 1', expect: anyEnd },
  { name: 'a huge object on the console is answered', source: 'const wide = {}; for (let i = 0; i < 3e5; i++) wide["k" + i] = i; console.log(wide); 1', expect: anyEnd, loopGapMs: 1000 },
  { name: 'what cannot be cloned is still printed', source: 'console.log(() => {}, Symbol("s"), new WeakMap(), 1n, new Proxy([], {}), globalThis); console.table([1]); console.dir({}); console.assert(false); 1', expect: anyEnd },
  { name: 'console formats that are hostile are answered', source: `console.log('%s%d%i%f%j%o%O%c%%%'.repeat(1e5), { toString() { for (;;); } }, Symbol('s')); 1`, expect: anyEnd },
  { name: 'groups, counters and timers of the console are bounded', source: 'for (let i = 0; ; i++) { console.group("g" + i); console.count("c" + i); console.time("t" + i); }', expect: [...stopped, 'ERR_GUEST'] },
  { name: 'reported errors without end are stopped', source: 'for (;;) reportError(new Error("again"));', expect: stopped },
  { name: 'listeners that throw and report what they throw end', source: `const target = new EventTarget(); const again = () => { reportError(new Error('again')); target.addEventListener('x', again.bind()); throw new Error('thrown'); }; target.addEventListener('x', again); for (;;) target.dispatchEvent(new Event('x'));`, expect: anyEnd },
  { name: 'rejections that each reject twice again are bounded', source: `(function again() { Promise.reject(1); Promise.reject(2); setTimeout(again); setTimeout(again); })(); new Promise(() => {})`, expect: anyEnd },
  { name: 'events without end are stopped', source: `const target = new EventTarget(); target.addEventListener('x', () => target.dispatchEvent(new Event('x'))); target.dispatchEvent(new Event('x')); 1`, expect: anyEnd },
];
