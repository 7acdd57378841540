// Source that misbehaves while it is read, compiled or evaluated for the first time.
const failed = ['ERR_GUEST'];
const stopped = ['ERR_TIMEOUT'];
const anyEnd = ['ok', 'ERR_GUEST', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT'];
const plugin = (entry) => ({ via: 'plugin', ...entry });

export default [
  { name: 'a plugin with a syntax error is refused', source: 'exports.run = ((((', expect: failed },
  { name: 'a module with a syntax error is refused', source: 'export const = 1;', expect: failed },
  { name: 'a plugin of NUL and surrogates is refused', source: 'exports\0.run = "\ud800" \udfff', expect: failed },
  { name: 'a plugin that throws while it loads is refused', source: 'throw new Error("no")', expect: failed },
  { name: 'an endless plugin body is stopped', source: 'for (;;);', expect: stopped },
  { name: 'an endless module body is stopped', source: 'export const one = 1; for (;;);', expect: stopped },
  { name: 'a default export whose getter loops is answered', source: 'export default { get run() { for (;;); }, get then() { for (;;); } };', expect: ['ok', ...stopped, ...failed] },
  { name: 'a module that exports then is answered', source: 'export function then() { for (;;); }', expect: ['ok', ...stopped, ...failed] },
  { name: 'a top-level await that never settles is answered at the deadline', source: 'export const never = await new Promise(() => {});', expect: stopped },
  { name: 'a top-level await in a loop is stopped', source: 'export const one = 1; for (;;) await null;', expect: stopped },
  { name: 'a module that imports itself is answered', source: 'import * as self from "hostile"; export { self };', expect: ['ok', ...failed] },
  { name: 'imports of what does not exist are refused', source: 'import fs from "node:child_process"; import other from "../../../etc/passwd"; export { fs, other };', expect: failed },
  { name: 'dynamic imports without end are stopped', source: 'export const one = 1; for (let i = 0; ; i++) { try { await import("missing" + i); } catch (error) {} }', expect: [...stopped, 'ERR_MEMORY'] },
  { name: 'requires without end are stopped', source: 'for (let i = 0; ; i++) { try { require("missing" + i); } catch (error) {} }', expect: [...stopped, 'ERR_MEMORY'] },
  { name: 'a plugin of ten thousand exports is answered', source: Array.from({ length: 10_000 }, (_, i) => `export const e${i} = ${i};`).join('\n'), expect: anyEnd },
  { name: 'a plugin of eight megabytes is answered', source: `exports.text = '${'x'.repeat(8 << 20)}';`, expect: anyEnd },
  { name: 'exports that are a hostile proxy are answered', source: 'module.exports = new Proxy(function () {}, { get() { for (;;); }, ownKeys() { for (;;); }, apply() { for (;;); } });', expect: ['ok', ...stopped, ...failed] },
  { name: 'typed source of deep object types is answered', source: `export const x: ${'{ a: '.repeat(50_000)}1${' }'.repeat(50_000)} = 1;`, typescript: true, expect: anyEnd },
  { name: 'typed source of nested generics is refused', source: `type A = ${'Array<'.repeat(100_000)}`, typescript: true, expect: [...failed, 'ERR_LIMIT', 'ERR_TIMEOUT', 'ERR_MEMORY'] },
  { name: 'typed source of nested conditional types is answered', source: `type A<T> = ${'T extends string ? '.repeat(20_000)}1${' : 0'.repeat(20_000)}; export const x = 1;`, typescript: true, expect: anyEnd },
  { name: 'a source map comment that is hostile is ignored', source: `exports.run = () => 1;\n//# sourceMappingURL=data:application/json;base64,${'A'.repeat(1_000_000)}\n//# sourceURL=${'../'.repeat(1000)}\n`, expect: ['ok'] },
  { name: 'a plugin that registers without end is limited', source: 'for (let i = 0; ; i++) plugin.register({ name: "p" + i, version: "1", apiVersion: 1 });', expect: [...stopped, 'ERR_MEMORY', 'ERR_GUEST', 'ERR_LIMIT'] },
  { name: 'timers that a plugin starts while it loads do not spoil the sandbox', source: 'setInterval(() => { for (;;); }, 1); exports.run = () => 1;', expect: ['ok'], cpuMsAfter: 200 },
].map(plugin);
