// cache: JSON values that all sandboxes of a scope share.
//
// A value crosses as its JSON text. Conditions are the host's, on the text as it stands there, so that nothing comes between the look
// and the change; whether two texts are the same value is seen here, in the guest's own time and memory.

import { argumentError, isObject, uncurry } from 'guest:webidl';
import * as host from 'host:cache';

const { parse, stringify } = JSON;
const { hasOwn, is } = Object;
const { isArray } = Array;
const { ownKeys } = Reflect;
const { isFinite } = Number;
const isWellFormed = uncurry(String.prototype.isWellFormed);

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

export interface CacheSetOptions {
  /** How long the entry lives, in ms. Default: as the app says for the scope. */
  ttlMs?: number;
}

const cache = {
  /** The value of an entry, or `fallback` where there is none. */
  get<T = unknown>(key: string, fallback: T | null = null): T | null {
    const text = host.get(name(key));
    return text === undefined ? fallback : (parse(text) as T);
  },

  /** Puts an entry. */
  set(key: string, value: unknown, options: CacheSetOptions | undefined = undefined): void {
    host.set(name(key), json(value, 'value'), ttl(options));
  },

  /** Puts an entry where there is none; whether it did. */
  setIfAbsent(key: string, value: unknown, options: CacheSetOptions | undefined = undefined): boolean {
    return host.setIfAbsent(name(key), json(value, 'value'), ttl(options));
  },

  /**
   * Puts an entry where its value is `expected`; whether it did. Objects are equal where their members are. Where there is none, the value is
   * `null`, as `get` gives it, or `undefined`, which no entry has.
   */
  compareAndSet(
    key: string,
    expected: unknown,
    value: unknown,
    options: CacheSetOptions | undefined = undefined,
  ): boolean {
    const entry = name(key);
    const next = json(value, 'value');
    const ttlMs = ttl(options);
    if (expected === undefined) return host.setIfAbsent(entry, next, ttlMs);
    const text = json(expected, 'expected');
    if (host.replace(entry, text, next, ttlMs)) return true;
    if (text === 'null') return host.setIfAbsent(entry, next, ttlMs);
    const wanted = parse(text) as unknown;
    if (!isObject(wanted)) return false;
    // The same members may stand there in another order.
    for (;;) {
      const found = host.get(entry);
      if (found === undefined || !same(parse(found), wanted)) return false;
      if (host.replace(entry, found, next, ttlMs)) return true;
    }
  },

  /** Whether there is an entry. */
  has(key: string): boolean {
    return host.has(name(key));
  },

  /** Forgets an entry; whether there was one. */
  delete(key: string): boolean {
    return host.delete(name(key));
  },
};

/** Lone surrogates would become one and the same character, and a long text would be copied; the rest is the host's to check. */
function name(key: unknown): string {
  if (typeof key !== 'string' || key.length > 480 || !isWellFormed(key))
    throw argumentError('a string of 1 to 240 characters without control characters', 'key', key);
  return key;
}

function json(value: unknown, argument: string): string {
  const text = stringify(value) as string | undefined;
  if (text === undefined) throw argumentError('a value that JSON can say', argument, value);
  return text;
}

function ttl(options: unknown): number {
  if (options === undefined) return 0;
  if (!isObject(options) || typeof options === 'function') throw argumentError('an object', 'options', options);
  const { ttlMs } = options as CacheSetOptions;
  if (ttlMs === undefined) return 0;
  if (!isFinite(ttlMs) || ttlMs <= 0) throw argumentError('a number of ms above 0', 'options.ttlMs', ttlMs);
  return ttlMs;
}

/** Whether two values that JSON gave are the same. */
function same(one: unknown, two: unknown): boolean {
  if (!isObject(one) || !isObject(two)) return is(one, two);
  if (isArray(one) !== isArray(two)) return false;
  const keys = ownKeys(one) as string[];
  if (keys.length !== ownKeys(two).length) return false;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (!hasOwn(two, key)) return false;
    if (!same((one as Record<string, unknown>)[key], (two as Record<string, unknown>)[key])) return false;
  }
  return true;
}

export { cache };
