// Guests that patch what everything stands on. The next call's result must be right all the same: no wall hangs on guest code.
const followUp = {
  source: `({ list: [1, [2], { deep: 'x' }], text: 'ok', none: null, flag: true })`,
  equals: { list: [1, [2], { deep: 'x' }], text: 'ok', none: null, flag: true },
};
const anyEnd = ['ok', 'ERR_GUEST', 'ERR_TIMEOUT', 'ERR_MEMORY'];
const poison = (entry) => ({ expect: ['ok'], followUp, ...entry });

export default [
  { name: 'setters on Object.prototype do not see results', source: `for (const key of ['list', 'text', 'value', 'then', 'length', '0', 'id', 'stack', 'code']) Object.defineProperty(Object.prototype, key, { __proto__: null, set() { for (;;); }, get() { return undefined; }, configurable: true }); 1` },
  { name: 'endless getters on Object.prototype do not stop results', source: `for (const key of ['toJSON', 'filename', 'typescript', 'timeoutMs', 'transfer', 'cause', 'path', 'details']) Object.defineProperty(Object.prototype, key, { get() { for (;;); }, configurable: true }); 1` },
  { name: 'a poisoned array iterator does not spoil results', source: 'Array.prototype[Symbol.iterator] = function () { for (;;); }; Array.prototype.push = Array.prototype.map = Array.prototype.forEach = () => { throw 1; }; 1' },
  { name: 'a poisoned array iterator prototype does not spoil results', source: '[][Symbol.iterator]().__proto__.next = () => { for (;;); }; 1' },
  { name: 'a poisoned then does not spoil promises', source: 'Promise.prototype.then = () => { for (;;); }; 1', followUp: { source: '(async () => { await null; return 7; })()', equals: 7 } },
  { name: 'a poisoned promise constructor does not spoil promises', source: `Object.defineProperty(Promise.prototype, 'constructor', { get() { for (;;); } }); globalThis.Promise = null; 1`, expect: anyEnd, followUp: { source: '(async () => 7)()', equals: 7 } },
  { name: 'poisoned call and apply do not spoil results', source: 'Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { for (;;); }; 1' },
  { name: 'poisoned Map and Set do not spoil results', source: 'Map.prototype.set = Map.prototype.get = Map.prototype.has = Set.prototype.add = WeakMap.prototype.get = () => { for (;;); }; 1' },
  { name: 'a poisoned JSON does not spoil results', source: 'JSON.stringify = JSON.parse = () => { for (;;); }; 1' },
  { name: 'a poisoned Reflect and Object do not spoil results', source: 'for (const host of [Reflect, Object]) for (const key of Object.getOwnPropertyNames(host)) if (typeof host[key] === "function" && key !== "getOwnPropertyNames" && key !== "prototype") host[key] = () => { for (;;); }; 1' },
  { name: 'a poisoned Error.prototype does not spoil errors', source: `Object.defineProperty(Error.prototype, 'name', { get() { for (;;); } }); Object.defineProperty(Error.prototype, 'message', { get() { for (;;); } }); Error.prototype.toString = () => { for (;;); }; throw new Error('plain')`, expect: ['ERR_GUEST', 'ERR_TIMEOUT'] },
  { name: 'a poisoned global Error does not spoil errors', source: 'globalThis.Error = globalThis.TypeError = globalThis.InternalError = function () { for (;;); }; null.x', expect: ['ERR_GUEST'] },
  { name: 'endless getters on globalThis do not spoil results', source: `const define = Object.defineProperty; for (const key of ['Object', 'Array', 'Error', 'console', 'bridge', 'native', 'plugin', 'process']) { try { define(globalThis, key, { get() { for (;;); }, configurable: true }); } catch (error) {} } 1` },
  { name: 'a changed prototype of globalThis does not spoil results', source: 'try { globalThis.__proto__ = new Proxy({}, { get() { for (;;); }, has() { for (;;); } }); } catch (error) {} 1', expect: anyEnd },
  { name: 'a changed prototype of Object.prototype is refused', source: 'try { Object.prototype.__proto__ = { polluted: true }; } catch (error) {} 1' },
  { name: 'a frozen world does not spoil results', source: `const seen = new Set(); (function freeze(value) { if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return; seen.add(value); for (const key of Reflect.ownKeys(value)) { try { freeze(value[key]); } catch (error) {} } try { Object.freeze(value); } catch (error) {} })(globalThis); 1`, expect: ['ok', 'ERR_GUEST'] },
  { name: 'deleted globals do not spoil results', source: 'for (const key of Reflect.ownKeys(globalThis)) { try { delete globalThis[key]; } catch (error) {} } 1' },
  { name: 'globals that are overwritten with loops do not spoil results', source: 'for (const key of Reflect.ownKeys(globalThis)) { try { globalThis[key] = () => { for (;;); }; } catch (error) {} } 1' },
  { name: 'emptied prototypes do not spoil results', source: 'const { ownKeys, deleteProperty } = Reflect; const hosts = [Array, Function, String, Number, Promise, Map, Set, Error, RegExp, Date, Uint8Array, ArrayBuffer, Object]; for (let i = 0; i < hosts.length; i++) { const keys = ownKeys(hosts[i].prototype); for (let k = 0; k < keys.length; k++) deleteProperty(hosts[i].prototype, keys[k]); } 1' },
  { name: 'a poisoned species does not spoil bytes', source: `for (const host of [Array, Promise, ArrayBuffer, Uint8Array.__proto__]) Object.defineProperty(host, Symbol.species, { get() { for (;;); }, configurable: true }); Object.defineProperty(Uint8Array.prototype.__proto__, 'length', { get() { for (;;); } }); Object.defineProperty(Uint8Array.prototype.__proto__, 'buffer', { get() { for (;;); } }); 1`, followUp: { source: 'new Uint8Array([1, 2, 3])', equals: new Uint8Array([1, 2, 3]) } },
  { name: 'a poisoned toString of strings and numbers does not spoil results', source: 'String.prototype.toString = String.prototype.valueOf = Number.prototype.toString = String.prototype[Symbol.iterator] = () => { for (;;); }; 1' },
  { name: 'a poisoned regular expression engine does not spoil results', source: 'RegExp.prototype.exec = RegExp.prototype.test = RegExp.prototype[Symbol.replace] = () => { for (;;); }; 1' },
  { name: 'poisoned timers and console do not spoil results', source: 'globalThis.setTimeout = globalThis.clearTimeout = globalThis.queueMicrotask = () => { for (;;); }; for (const key of Object.keys(console)) { try { console[key] = () => { for (;;); }; } catch (error) {} } 1' },
  { name: 'poisoned plugins do not spoil the next call', via: 'call', source: 'exports.run = () => { Object.prototype.hasOwnProperty = () => { for (;;); }; Object.defineProperty(Object.prototype, "run", { get() { for (;;); }, configurable: true }); module.exports = null; return 1; };' },
].map(poison);
