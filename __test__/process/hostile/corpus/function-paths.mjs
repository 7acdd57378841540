// Names of functions given by the app that lead somewhere else: host.call(plugin, fn) with dotted paths.
const refused = ['ERR_FUNCTION_NOT_FOUND', 'ERR_ARGUMENT', 'ERR_GUEST'];
const source = 'exports.run = () => 1; exports.a = { b: () => 2, __proto__: { inherited: () => 3 } }; exports.text = "text";';
const paths = [
  'a.__proto__.inherited',
  '__proto__.toString',
  'constructor.constructor',
  'run.constructor',
  'a.b.constructor.prototype.constructor',
  'run.call',
  'run.bind',
  'toString',
  'hasOwnProperty',
  'text.toUpperCase',
  'a..b',
  '.run',
  '',
  '\0run',
  'a[b]',
  'run '.repeat(10_000),
  'a.'.repeat(100_000) + 'b',
];
const shown = (path) => (path.length > 40 ? `${path.slice(0, 12)}… of ${path.length} characters` : JSON.stringify(path));

export default [
  ...paths.map((fn) => ({ name: `the function path ${shown(fn)} is refused`, via: 'call', source, fn, expect: refused })),
  { name: 'an exported getter that loops is stopped', via: 'call', source: 'Object.defineProperty(exports, "run", { get() { for (;;); } });', expect: ['ERR_TIMEOUT', ...refused] },
  { name: 'an exported proxy that claims all functions is answered', via: 'call', source: 'module.exports = new Proxy({}, { get() { for (;;); }, has() { for (;;); }, getOwnPropertyDescriptor() { for (;;); } });', expect: ['ERR_TIMEOUT', ...refused] },
  { name: 'exports that replace themselves during the call are answered', via: 'call', source: 'exports.run = () => { exports.run = null; module.exports = null; return 1; };', expect: ['ok'] },
  { name: 'an exported class called as a function is a guest error', via: 'call', source: 'exports.run = class {};', expect: refused },
  { name: 'an exported value that is no function is refused', via: 'call', source: 'exports.run = 1;', expect: refused },
];
