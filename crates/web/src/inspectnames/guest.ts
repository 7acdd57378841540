// inspectnames: what an object is called, and its properties, where nothing of it may run: no getter, no proxy trap.

import { uncurry } from 'guest:webidl';
import { isProxy } from 'host:inspect';

const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys, apply } = Reflect;
const { isArray } = Array;
const { isInteger } = Number;
const { toStringTag } = Symbol;
const slice = uncurry(String.prototype.slice);

// Accessors of the engine's own, the only ones that are ever called.
const trusted: unknown[] = [
  getOwnPropertyDescriptor(Error.prototype, 'stack')?.get,
  ...['name', 'message', 'code', 'stack'].map((name) => getOwnPropertyDescriptor(DOMException.prototype, name)?.get),
];

/** Prototypes that are looked at. */
export const MAX_PROTOTYPES = 1_000;

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function dataProperty(value: object, key: PropertyKey): unknown {
  return getOwnPropertyDescriptor(value, key)?.value;
}

/** A property by way of the prototype chain, where it is data or an accessor of the engine's own. */
export function lookUp(value: object, key: PropertyKey): unknown {
  let at: object | null = value;
  for (let steps = 0; at !== null && !isProxy(at) && steps < MAX_PROTOTYPES; at = getPrototypeOf(at), steps++) {
    const property = getOwnPropertyDescriptor(at, key);
    if (property === undefined) continue;
    if (property.get === undefined) return property.value;
    for (let i = 0; i < trusted.length; i++) if (trusted[i] === property.get) return apply(property.get, value, []);
    return undefined;
  }
  return undefined;
}

/** The name of the class that made the value, undefined where its prototypes name none. */
export function className(value: object): string | undefined {
  let at: object | null = value;
  for (let steps = 0; at !== null && !isProxy(at) && steps < MAX_PROTOTYPES; at = getPrototypeOf(at), steps++) {
    const constructor = dataProperty(at, 'constructor');
    if (typeof constructor !== 'function' || isProxy(constructor)) continue;
    const name = dataProperty(constructor, 'name');
    if (typeof name !== 'string' || name === '') continue;
    // A class's own prototype object is no instance of the class.
    if (inherits(value, dataProperty(constructor, 'prototype'))) return slice(name, 0, 256);
  }
  return undefined;
}

function inherits(value: object, prototype: unknown): boolean {
  let at = getPrototypeOf(value);
  for (let steps = 0; at !== null && steps < MAX_PROTOTYPES; at = getPrototypeOf(at), steps++) {
    if (at === prototype) return true;
    if (isProxy(at)) return false;
  }
  return false;
}

function tagOf(value: object, name: string): string {
  const tag = stringOf(lookUp(value, toStringTag)) ?? '';
  return tag === '' || tag === name || getOwnPropertyDescriptor(value, toStringTag)?.enumerable
    ? ''
    : ` [${slice(tag, 0, 256)}]`;
}

/** 'Foo(2) [tag]', '[Map(2): null prototype]', and nothing where the name is `silent`. */
export function prefix(value: object, fallback: string, silent?: string, size?: number): string {
  const name = className(value);
  const length = size === undefined ? '' : `(${size})`;
  if (name === undefined) return `[${fallback}${length}: null prototype]${tagOf(value, fallback)}`;
  const tag = tagOf(value, name);
  return name === silent && tag === '' ? '' : `${name}${length}${tag}`;
}

export function nameAtDepth(value: object): string {
  if (isArray(value)) return className(value) ?? 'Array: null prototype';
  const name = className(value);
  return name === undefined ? 'Object: null prototype' : `${name}${tagOf(value, name)}`;
}

export function enumerableKeys(value: object, withoutIndices: boolean): PropertyKey[] {
  const all = ownKeys(value);
  const keys: PropertyKey[] = [];
  for (let i = 0; i < all.length; i++) {
    const key = all[i]!;
    if (withoutIndices && typeof key === 'string' && isIndex(key)) continue;
    if (getOwnPropertyDescriptor(value, key)?.enumerable) keys[keys.length] = key;
  }
  return keys;
}

function isIndex(key: string): boolean {
  const number = +key;
  return isInteger(number) && number >= 0 && number < 4294967295 && `${number}` === key;
}
