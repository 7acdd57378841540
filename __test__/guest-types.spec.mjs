// The ambient types of `hostbox/guest` against the global object that a guest has: nothing typed that is not there, nothing there
// that is not typed. Names of globals, of their members, and of the members of what classes make.

import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { HostRuntime } from '../index.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const GUEST = path('../guest/index.d.ts');
/** As TypeScript writes it. */
const FOLDER = path('../guest/').replaceAll('\\', '/');

/** What every event has of its own, where no look at a prototype finds it. */
const OF_EVENTS = 'isTrusted';
/** Node's own internals, which bundles look at and no type has. */
const INTERNAL = /^_|^(?:ascii|base64|base64url|hex|latin1|ucs2|utf8)(?:Slice|Write)$/;
/** What the types of `Error` and of functions bring along. */
const INHERITED_TYPES = new Set(['Error', 'Function', 'Object', 'Uint8Array']);
/** The app decides what `bridge` has; `global` and `self` are the global object. */
const OPEN = new Set(['bridge', 'global', 'self']);

const name = (symbol) => {
  const known = /^__@(\w+)@\d+$/.exec(symbol.escapedName);
  return known ? `@@${known[1]}` : ts.unescapeLeadingUnderscores(symbol.escapedName);
};

/** Names of all members of a type, but for those that ECMAScript's own types bring along. */
function members(checker, type) {
  const own = checker
    .getPropertiesOfType(type)
    .filter(
      (symbol) => !symbol.declarations?.every((declaration) => INHERITED_TYPES.has(declaration.parent?.name?.text)),
    );
  return new Set(own.map(name).filter((member) => member !== 'prototype'));
}

/** What the types say: globals of ours, with their members and those of what they construct. */
function typed() {
  const options = { lib: ['lib.esnext.d.ts'], types: [], strict: true, noEmit: true, target: ts.ScriptTarget.ESNext };
  const program = ts.createProgram([GUEST], options);
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  assert.deepEqual(problems, []);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(GUEST);
  const globals = new Map();
  const language = new Set();
  for (const symbol of checker.getSymbolsInScope(source, ts.SymbolFlags.Value)) {
    // Modules stand in quotes.
    if (symbol.name.startsWith('"')) continue;
    const files = (symbol.declarations ?? []).map((declaration) => declaration.getSourceFile());
    if (!files.some(({ fileName }) => fileName.startsWith(FOLDER))) {
      language.add(symbol.name);
      continue;
    }
    const type = checker.getTypeOfSymbolAtLocation(symbol, source);
    const constructed = type.getProperty('prototype');
    globals.set(symbol.name, {
      members: members(checker, type),
      instance: constructed && members(checker, checker.getTypeOfSymbolAtLocation(constructed, source)),
    });
  }
  const modules = new Map();
  for (const symbol of checker.getAmbientModules()) {
    const exported = checker.resolveExternalModuleSymbol?.(symbol) ?? symbol.exports.get('export=');
    modules.set(JSON.parse(symbol.name), members(checker, checker.getTypeOfSymbolAtLocation(exported, source)));
  }
  return { globals, language, modules };
}

/** What is there, in the same words. Functions have no members but those that were put on them. */
const LOOK = `(() => {
  const text = (key) => typeof key !== 'symbol' ? key : key.description?.startsWith('Symbol.') ? '@@' + key.description.slice(7) : '_';
  const hidden = ['constructor', '@@toStringTag', '@@species', '@@hasInstance'];
  const chain = (object, ends) => {
    const names = new Set();
    for (let at = object; at && !ends.includes(at); at = Object.getPrototypeOf(at))
      for (const key of Reflect.ownKeys(at).map(text)) if (!hidden.includes(key)) names.add(key);
    return [...names];
  };
  const { getPrototypeOf, prototype } = Object;
  const ends = [prototype, Function.prototype, Error.prototype, Uint8Array.prototype, getPrototypeOf(Uint8Array), Uint8Array, Error];
  const found = {};
  for (const key of Reflect.ownKeys(globalThis).filter((key) => typeof key === 'string')) {
    const value = globalThis[key];
    const isFunction = typeof value === 'function';
    const skip = isFunction ? ['length', 'name', 'prototype', 'arguments', 'caller'] : [];
    const isObject = isFunction || (typeof value === 'object' && value !== null && value !== globalThis);
    found[key] = {
      // A class inherits the static members of its base, and types leave them to that.
      members: isObject ? chain(value, [...ends, isFunction && getPrototypeOf(value)]).filter((name) => !skip.includes(name)) : [],
      instance: isFunction && Object.hasOwn(value, 'prototype') ? chain(value.prototype, ends) : undefined,
      isError: isFunction && Error.prototype.isPrototypeOf(value.prototype),
    };
  }
  return found;
})()`;

/** Names of Node's modules that `require` finds, and what they have. Properties that every function has are not told. */
const LOOK_AT_MODULES = `(names) => {
  const ends = [Object.prototype, Function.prototype];
  const every = new Set(['length', 'name', 'prototype', 'arguments', 'caller', 'constructor']);
  const found = {};
  for (const name of names) {
    let exported;
    try { exported = require(name); } catch { continue; }
    const [own, all] = [new Set(), new Set()];
    // What a class inherits is its base's: it may be typed.
    const base = typeof exported === 'function' ? Object.getPrototypeOf(exported) : undefined;
    let isOwn = true;
    for (let at = exported; at && !ends.includes(at); at = Object.getPrototypeOf(at)) {
      if (at === base) isOwn = false;
      for (const key of Object.getOwnPropertyNames(at)) {
        if (every.has(key)) continue;
        all.add(key);
        if (isOwn) own.add(key);
      }
    }
    found[name] = { own: [...own], all: [...all] };
  }
  return found;
}`;

let types;
let found;
let modules;

before(async () => {
  types = typed();
  const host = new HostRuntime('guest types', { wasi: true });
  found = new Map(Object.entries(await host.eval(LOOK)));
  const names = builtinModules.flatMap((name) => [name, `node:${name.replace(/^node:/, '')}`]);
  modules = new Map(Object.entries(await host.eval(`(${LOOK_AT_MODULES})(${JSON.stringify(names)})`)));
  await host.close();
});

const missing = (of, from) => [...of].filter((one) => !from.has(one) && !INTERNAL.test(one));

test('every global that is typed is there', () => {
  assert.deepEqual(missing(types.globals.keys(), found), []);
});

test('every global that is there is typed, by us or by ECMAScript', () => {
  const untyped = missing(found.keys(), types.globals).filter((global) => !types.language.has(global));
  assert.deepEqual(untyped, []);
});

test('globals have the members that are typed, and no others', () => {
  const differences = {};
  for (const [global, { members }] of types.globals) {
    if (OPEN.has(global) || !found.has(global)) continue;
    const real = new Set(found.get(global).members);
    const difference = { 'not there': missing(members, real), 'not typed': missing(real, members) };
    if (difference['not there'].length + difference['not typed'].length > 0) differences[global] = difference;
  }
  assert.deepEqual(differences, {});
});

test('what classes make has the members that are typed, and no others', () => {
  const differences = {};
  for (const [global, { instance }] of types.globals) {
    if (instance === undefined) continue;
    const { instance: own, isError } = found.get(global) ?? {};
    const real = new Set(own);
    if (isError) for (const inherited of ['name', 'message']) real.delete(inherited);
    if (instance.has(OF_EVENTS)) real.add(OF_EVENTS);
    const difference = { 'not there': missing(instance, real), 'not typed': missing(real, instance) };
    if (difference['not there'].length + difference['not typed'].length > 0) differences[global] = difference;
  }
  assert.deepEqual(differences, {});
});

test('every module of Node that guests have is typed, and no other', () => {
  assert.deepEqual(missing(modules.keys(), types.modules), [], 'there, not typed');
  assert.deepEqual(missing(types.modules.keys(), modules), [], 'typed, not there');
});

test('modules have the members that are typed, and no others', () => {
  const differences = {};
  for (const [name, typedMembers] of types.modules) {
    const { own = [], all = [] } = modules.get(name) ?? {};
    const difference = { 'not there': missing(typedMembers, new Set(all)), 'not typed': missing(own, typedMembers) };
    if (difference['not there'].length + difference['not typed'].length > 0) differences[name] = difference;
  }
  assert.deepEqual(differences, {});
});
