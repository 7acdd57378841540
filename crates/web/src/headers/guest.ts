// Headers: a list of names and values under a guard, iterated sorted and combined.
//
// A guard says who may change the list. Forbidden in requests is only what a client outside of a browser must own: host, content-length
// and what concerns the connection. Cookies are open to read and write, here is no browser's jar to protect.
// Other features make lists with `createHeaders` and read them with `headerList`.
// Specification: https://fetch.spec.whatwg.org/#headers-class

import { registerPlatform } from 'guest:serializable';
import {
  descriptor,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  tag,
  uncurry,
} from 'guest:webidl';
import { isByteString, isSafelisted, lowerName, normalValue } from 'host:headers';

const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys, setPrototypeOf } = Reflect;
const iterator: typeof Symbol.iterator = Symbol.iterator;
const sort = uncurry(Array.prototype.sort);
const lower = uncurry(String.prototype.toLowerCase);

export type HeadersGuard = 'none' | 'request' | 'request-no-cors' | 'response' | 'immutable';

/** Three lists of one length, in the order of their adding: names as they were given, in lower case, and values. */
export interface HeaderList {
  readonly names: string[];
  readonly keys: string[];
  readonly values: string[];
  /** Sorted and combined, as long as nothing changes. */
  sorted: SortedList | undefined;
}

interface HeadersState {
  readonly list: HeaderList;
  guard: HeadersGuard;
}

export type HeadersInit = Headers | Iterable<Iterable<string>> | { readonly [name: string]: string };

const FORBIDDEN: { readonly [name: string]: true | undefined } = {
  // @ts-expect-error: a literal's prototype
  __proto__: null,
  connection: true,
  'content-length': true,
  host: true,
  'keep-alive': true,
  'proxy-authorization': true,
  'proxy-connection': true,
  te: true,
  trailer: true,
  'transfer-encoding': true,
  upgrade: true,
};

const create = {};

let headersState: (value: unknown) => HeadersState;
let isHeadersObject: (value: object) => boolean;

class Headers {
  declare [Symbol.iterator]: () => IterableIterator<[string, string]>;

  #state: HeadersState;

  static {
    headersState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
    isHeadersObject = (value) => #state in value;
  }

  constructor(init: HeadersInit | undefined = undefined, given: HeadersState | undefined = undefined) {
    if ((init as unknown) === create) {
      this.#state = given!;
      return;
    }
    this.#state = { list: newHeaderList(), guard: 'none' };
    if (init !== undefined) fillFrom(this.#state, init, 'Headers');
  }

  append(name: string, value: string): void {
    const state = headersState(this);
    requireArguments(arguments.length, 2, 'Headers.append');
    const { 0: given, 1: content } = convertPair(name, value, 'Headers.append');
    appendTo(state, given, content, 'Headers.append');
  }

  delete(name: string): void {
    const state = headersState(this);
    requireArguments(arguments.length, 1, 'Headers.delete');
    const key = validName(byteString(name, 'Headers.delete'), 'Headers.delete');
    if (!mayChange(state, key, 'Headers.delete')) return;
    if (state.guard === 'request-no-cors' && !isSafelistedName(key) && key !== 'range') return;
    remove(state.list, key);
  }

  get(name: string): string | null {
    const state = headersState(this);
    requireArguments(arguments.length, 1, 'Headers.get');
    return getHeader(state.list, validName(byteString(name, 'Headers.get'), 'Headers.get'));
  }

  getSetCookie(): string[] {
    const { list } = headersState(this);
    const cookies: string[] = [];
    for (let i = 0; i < list.keys.length; i++) {
      if (list.keys[i] === 'set-cookie') define(cookies, list.values[i]!);
    }
    return cookies;
  }

  has(name: string): boolean {
    const state = headersState(this);
    requireArguments(arguments.length, 1, 'Headers.has');
    return indexOf(state.list, validName(byteString(name, 'Headers.has'), 'Headers.has'), 0) >= 0;
  }

  set(name: string, value: string): void {
    const state = headersState(this);
    requireArguments(arguments.length, 2, 'Headers.set');
    const { 0: given, 1: content } = convertPair(name, value, 'Headers.set');
    const { 0: key, 1: normal } = validPair(given, content, 'Headers.set');
    if (!mayChange(state, key, 'Headers.set')) return;
    if (state.guard === 'request-no-cors' && !isSafelisted(key, normal)) return;
    setHeader(state.list, given, normal);
    if (state.guard === 'request-no-cors') remove(state.list, 'range');
  }

  entries(): HeadersIterator {
    return new HeadersIterator(headersState(this), 'entries');
  }

  keys(): HeadersIterator {
    return new HeadersIterator(headersState(this), 'keys');
  }

  values(): HeadersIterator {
    return new HeadersIterator(headersState(this), 'values');
  }

  forEach(callback: (value: string, name: string, headers: Headers) => unknown, thisArg: unknown = undefined): void {
    const state = headersState(this);
    requireArguments(arguments.length, 1, 'Headers.forEach');
    if (typeof callback !== 'function') throw new TypeError('Headers.forEach: the callback is not a function');
    for (let i = 0, pairs = sorted(state.list); i < pairs.keys.length; i++, pairs = sorted(state.list)) {
      apply(callback, thisArg, [pairs.values[i]!, pairs.keys[i]!, this]);
    }
  }
}

makeEnumerable(Headers, [
  'append',
  'delete',
  'get',
  'getSetCookie',
  'has',
  'set',
  'entries',
  'keys',
  'values',
  'forEach',
]);
defineProperty(
  Headers.prototype,
  iterator,
  descriptor({ value: Headers.prototype.entries, writable: true, configurable: true }),
);

// ── iteration ─────────────────────────────────────────────────────────────────────────────────────────────────────────

class HeadersIterator {
  declare [Symbol.iterator]: () => HeadersIterator;

  readonly #headers: HeadersState;
  readonly #kind: 'entries' | 'keys' | 'values';
  #index = 0;

  constructor(headers: HeadersState, kind: 'entries' | 'keys' | 'values') {
    this.#headers = headers;
    this.#kind = kind;
  }

  next(): IteratorResult<unknown, undefined> {
    if (!isObject(this) || !(#index in this)) throw illegalInvocation();
    // The list may have changed: the standard wants each step to look anew.
    const { keys, values } = sorted(this.#headers.list);
    const index = this.#index;
    if (index >= keys.length) return { value: undefined, done: true };
    this.#index = index + 1;
    const name = keys[index]!;
    const value = values[index]!;
    if (this.#kind === 'entries') return { value: [name, value], done: false };
    return { value: this.#kind === 'keys' ? name : value, done: false };
  }
}

setPrototypeOf(HeadersIterator.prototype, Iterator.prototype);
deleteProperty(HeadersIterator.prototype, 'constructor');
defineProperty(HeadersIterator.prototype, 'next', descriptor({ enumerable: true }));
tag(HeadersIterator.prototype, 'Headers Iterator');

interface SortedList {
  readonly keys: string[];
  readonly values: string[];
}

/** `sort and combine`; what was sorted is kept until the list changes. */
function sorted(list: HeaderList): SortedList {
  if (list.sorted !== undefined) return list.sorted;
  const names: string[] = [];
  const seen = { __proto__: null } as unknown as { [name: string]: true | undefined };
  for (let i = 0; i < list.keys.length; i++) {
    const key = list.keys[i]!;
    if (seen[key]) continue;
    seen[key] = true;
    define(names, key);
  }
  sort(names);
  const made: SortedList = { keys: [], values: [] };
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (name !== 'set-cookie') {
      define(made.keys, name);
      define(made.values, getHeader(list, name)!);
      continue;
    }
    for (let j = 0; j < list.keys.length; j++) {
      if (list.keys[j] !== name) continue;
      define(made.keys, name);
      define(made.values, list.values[j]!);
    }
  }
  list.sorted = made;
  return made;
}

// ── filling ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function fillFrom(state: HeadersState, init: unknown, where: string): void {
  if (!isObject(init)) throw new TypeError(`${where}: the headers are neither a sequence nor a record`);
  const method = (init as Iterable<unknown>)[iterator];
  // What the platform's own iteration would give, without its price; a class of the guest's own may iterate as it likes.
  if (isHeadersObject(init) && method === entriesOfHeaders) {
    const pairs = sorted(headersState(init).list);
    for (let i = 0; i < pairs.keys.length; i++) appendTo(state, pairs.keys[i]!, pairs.values[i]!, where);
    return;
  }
  if (method !== undefined && method !== null) fillFromSequence(state, init, method, where);
  else fillFromRecord(state, init, where);
}

const entriesOfHeaders = Headers.prototype.entries;

function fillFromSequence(state: HeadersState, init: object, method: unknown, where: string): void {
  const pairs = iterate(init, method, where, (pair) => {
    if (!isObject(pair)) throw new TypeError(`${where}: an item is not a pair of a name and a value`);
    return iterate(pair, (pair as Iterable<unknown>)[iterator], where, (item) => byteString(item, where));
  });
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    if (pair.length !== 2) throw new TypeError(`${where}: an item is not a pair of a name and a value`);
    appendTo(state, pair[0]!, pair[1]!, where);
  }
}

function iterate<T>(value: object, method: unknown, where: string, convert: (item: unknown) => T): T[] {
  if (typeof method !== 'function') throw new TypeError(`${where}: an item is not an iterable object`);
  const iterated = apply(method, value, []) as Iterator<unknown>;
  if (!isObject(iterated)) throw new TypeError(`${where}: the iterator is not an object`);
  const next = iterated.next;
  const items: T[] = [];
  for (;;) {
    const step = apply(next, iterated, []) as IteratorResult<unknown>;
    if (!isObject(step)) throw new TypeError(`${where}: the iterator's result is not an object`);
    if (step.done) return items;
    define(items, convert(step.value));
  }
}

function fillFromRecord(state: HeadersState, init: object, where: string): void {
  const names: string[] = [];
  const values: string[] = [];
  const keys = ownKeys(init);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const property = getOwnPropertyDescriptor(init, key);
    if (property === undefined || !property.enumerable) continue;
    const name = byteString(key, where);
    const value = byteString((init as Record<PropertyKey, unknown>)[key], where);
    define(names, name);
    define(values, value);
  }
  for (let i = 0; i < names.length; i++) appendTo(state, names[i]!, values[i]!, where);
}

// ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function byteString(value: unknown, where: string): string {
  const text = domString(value);
  if (!isByteString(text)) throw new TypeError(`${where}: a name or value has a character beyond U+00FF`);
  return text;
}

function convertPair(name: unknown, value: unknown, where: string): [string, string] {
  return [byteString(name, where), byteString(value, where)];
}

function validName(name: string, where: string): string {
  const key = lowerName(name);
  if (key === undefined) throw new TypeError(`${where}: ${quote(name)} is not the name of a header`);
  return key;
}

function validPair(name: string, value: string, where: string): [string, string] {
  const normal = normalValue(value);
  const key = validName(name, where);
  if (normal === undefined) throw new TypeError(`${where}: the value of ${quote(name)} has a zero byte or a line end`);
  return [key, normal];
}

const slice = uncurry(String.prototype.slice);

function quote(text: string): string {
  return text.length > 60 ? `"${slice(text, 0, 60)}…"` : `"${text}"`;
}

/** Whether the guard lets the guest change this header; silently not for what the client owns. */
function mayChange(state: HeadersState, key: string, where: string): boolean {
  if (state.guard === 'immutable') throw new TypeError(`${where}: these headers cannot be changed`);
  return !(state.guard === 'request' && FORBIDDEN[key]);
}

function isSafelistedName(key: string): boolean {
  return key === 'accept' || key === 'accept-language' || key === 'content-language' || key === 'content-type';
}

function appendTo(state: HeadersState, name: string, value: string, where: string): void {
  const { 0: key, 1: normal } = validPair(name, value, where);
  if (!mayChange(state, key, where)) return;
  if (state.guard === 'request-no-cors') {
    const before = getHeader(state.list, key);
    if (!isSafelisted(key, before === null ? normal : `${before}, ${normal}`)) return;
  }
  appendHeader(state.list, name, normal);
  if (state.guard === 'request-no-cors') remove(state.list, 'range');
}

// ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function define<T>(list: T[], value: T): void {
  defineProperty(list, list.length, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

function indexOf(list: HeaderList, key: string, from: number): number {
  for (let i = from; i < list.keys.length; i++) if (list.keys[i] === key) return i;
  return -1;
}

function remove(list: HeaderList, key: string, from = 0): void {
  let kept = from;
  for (let i = from; i < list.keys.length; i++) {
    if (list.keys[i] === key) continue;
    list.names[kept] = list.names[i]!;
    list.keys[kept] = list.keys[i]!;
    list.values[kept++] = list.values[i]!;
  }
  list.names.length = kept;
  list.keys.length = kept;
  list.values.length = kept;
  list.sorted = undefined;
}

// ── for other features ────────────────────────────────────────────────────────────────────────────────────────────────

export function newHeaderList(): HeaderList {
  return { names: [], keys: [], values: [], sorted: undefined };
}

export function copyHeaderList(list: HeaderList): HeaderList {
  const copy = newHeaderList();
  for (let i = 0; i < list.keys.length; i++) pushHeader(copy, list.names[i]!, list.keys[i]!, list.values[i]!);
  return copy;
}

/** Appends what is valid, spelled as it came. */
export function pushHeader(list: HeaderList, name: string, key: string, value: string): void {
  define(list.names, name);
  define(list.keys, key);
  define(list.values, value);
}

/** The combined value of a name in lower case. */
export function getHeader(list: HeaderList, key: string): string | null {
  let combined: string | null = null;
  for (let i = 0; i < list.keys.length; i++) {
    if (list.keys[i] === key) combined = combined === null ? list.values[i]! : `${combined}, ${list.values[i]!}`;
  }
  return combined;
}

/** Appends what is valid already. The first spelling of a name is kept for those that follow. */
export function appendHeader(list: HeaderList, name: string, value: string): void {
  const key = lower(name);
  const first = indexOf(list, key, 0);
  pushHeader(list, first < 0 ? name : list.names[first]!, key, value);
  list.sorted = undefined;
}

/** Sets what is valid already. */
export function setHeader(list: HeaderList, name: string, value: string): void {
  const key = lower(name);
  const first = indexOf(list, key, 0);
  if (first < 0) {
    pushHeader(list, name, key, value);
    list.sorted = undefined;
    return;
  }
  list.values[first] = value;
  remove(list, key, first + 1);
}

/** A Headers object over this list itself. */
export function createHeaders(list: HeaderList, guard: HeadersGuard): Headers {
  return new Headers(create as HeadersInit, { list, guard });
}

export function setGuard(headers: Headers, guard: HeadersGuard): void {
  headersState(headers).guard = guard;
}

/** Fills headers of ours from a guest's `HeadersInit`, under their guard. */
export function fillHeaders(headers: Headers, init: unknown, where: string): void {
  fillFrom(headersState(headers), init, where);
}

/** Fills headers of ours from a list, under their guard. */
export function fillHeadersFromList(headers: Headers, list: HeaderList, where: string): void {
  const state = headersState(headers);
  for (let i = 0; i < list.keys.length; i++) appendTo(state, list.names[i]!, list.values[i]!, where);
}

export function headerList(headers: Headers): HeaderList {
  return headersState(headers).list;
}

registerPlatform({ name: 'Headers', is: (value) => isHeadersObject(value) });

export { Headers };
