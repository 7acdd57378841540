// URL and URLSearchParams: the classes. Parsing, and all percent-encoding, is the host's.
//
// A URL keeps its serialization and where the parts lie in it. Its search parameters are made when they are first asked for, and each of
// the two tells the other of changes. Specification: https://url.spec.whatwg.org/#api

import { registerBlob, revokeBlob } from 'guest:bloburl';
import { definePairs } from 'guest:pairs';
import type { Pairs } from 'guest:pairs';
import { registerPlatform } from 'guest:serializable';
import {
  descriptor,
  enumerable,
  illegalInvocation,
  isObject,
  makeEnumerable,
  record,
  requireArguments,
  sequence,
  uncurry,
  usvString,
} from 'guest:webidl';
import { canParse, decodeForm, encodeForm, origin, parse, replace } from 'host:url';
import type { Parsed, Part } from 'host:url';

const { defineProperty } = Reflect;
const iterator: typeof Symbol.iterator = Symbol.iterator;
const slice = uncurry(String.prototype.slice);
const sort = uncurry(Array.prototype.sort);
const splice = uncurry(Array.prototype.splice) as (self: unknown, start: number, count: number) => unknown[];

/** `text` as a URL; undefined where it is none. For other features. */
export function parseUrl(text: string, base?: string): Parsed | undefined {
  return parse(text, base);
}

// ── URLSearchParams ───────────────────────────────────────────────────────────────────────────────────────────────────

interface Params {
  /** Names and values in turn. */
  list: string[];
  url: URL | null;
}

const create = {};

let paramsOf: (value: unknown) => Params;
let isParams: (value: unknown) => boolean;

class URLSearchParams {
  declare entries: Pairs<string>['entries'];
  declare keys: Pairs<string>['keys'];
  declare values: Pairs<string>['values'];
  declare forEach: Pairs<string>['forEach'];
  declare [Symbol.iterator]: Pairs<string>[typeof Symbol.iterator];

  #params: Params;

  static {
    isParams = (value) => isObject(value) && #params in value;
    paramsOf = (value) => {
      if (isObject(value) && #params in value) return value.#params;
      throw illegalInvocation();
    };
  }

  constructor(init: unknown = '', url: unknown = undefined, list: unknown = undefined) {
    if (url === create) this.#params = { list: list as string[], url: init as URL };
    else this.#params = { list: initial(init), url: null };
  }

  get size(): number {
    return paramsOf(this).list.length / 2;
  }

  append(name: string, value: string): void {
    const params = paramsOf(this);
    requireArguments(arguments.length, 2, 'URLSearchParams.append');
    add(params.list, usvString(name), usvString(value));
    update(params);
  }

  delete(name: string, value: string | undefined = undefined): void {
    const params = paramsOf(this);
    requireArguments(arguments.length, 1, 'URLSearchParams.delete');
    const wanted = usvString(name);
    const exactly = value === undefined ? undefined : usvString(value);
    const { list } = params;
    for (let i = list.length - 2; i >= 0; i -= 2) {
      if (list[i] === wanted && (exactly === undefined || list[i + 1] === exactly)) splice(list, i, 2);
    }
    update(params);
  }

  get(name: string): string | null {
    const { list } = paramsOf(this);
    requireArguments(arguments.length, 1, 'URLSearchParams.get');
    const at = indexOf(list, usvString(name));
    return at < 0 ? null : list[at + 1]!;
  }

  getAll(name: string): string[] {
    const { list } = paramsOf(this);
    requireArguments(arguments.length, 1, 'URLSearchParams.getAll');
    const wanted = usvString(name);
    const found: string[] = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === wanted) put(found, list[i + 1]!);
    return found;
  }

  has(name: string, value: string | undefined = undefined): boolean {
    const { list } = paramsOf(this);
    requireArguments(arguments.length, 1, 'URLSearchParams.has');
    const wanted = usvString(name);
    const exactly = value === undefined ? undefined : usvString(value);
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === wanted && (exactly === undefined || list[i + 1] === exactly)) return true;
    }
    return false;
  }

  set(name: string, value: string): void {
    const params = paramsOf(this);
    requireArguments(arguments.length, 2, 'URLSearchParams.set');
    const wanted = usvString(name);
    const text = usvString(value);
    const { list } = params;
    const first = indexOf(list, wanted);
    if (first < 0) {
      add(list, wanted, text);
    } else {
      list[first + 1] = text;
      for (let i = list.length - 2; i > first; i -= 2) if (list[i] === wanted) splice(list, i, 2);
    }
    update(params);
  }

  sort(): void {
    const params = paramsOf(this);
    const { list } = params;
    const pairs: [string, string][] = [];
    for (let i = 0; i < list.length; i += 2) put(pairs, [list[i]!, list[i + 1]!]);
    // By code units, and stable.
    sort(pairs, (a: [string, string], b: [string, string]) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    const sorted: string[] = [];
    for (let i = 0; i < pairs.length; i++) add(sorted, pairs[i]![0], pairs[i]![1]);
    params.list = sorted;
    update(params);
  }

  toString(): string {
    return encodeForm(paramsOf(this).list);
  }
}

makeEnumerable(URLSearchParams, ['size', 'append', 'delete', 'get', 'getAll', 'has', 'set', 'sort', 'toString']);
defineProperty(URLSearchParams, 'length', descriptor({ value: 0, configurable: true }));
definePairs(URLSearchParams, (self) => paramsOf(self).list);

/** Puts a value behind the others, whatever stands on `Array.prototype`. */
function put<T>(list: T[], value: T): void {
  defineProperty(list, list.length, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

function add(list: string[], name: string, value: string): void {
  put(list, name);
  put(list, value);
}

function indexOf(list: readonly string[], name: string): number {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return i;
  return -1;
}

function initial(init: unknown): string[] {
  if (!isObject(init)) {
    const text = usvString(init);
    return decodeForm(text[0] === '?' ? slice(text, 1) : text);
  }
  const method = (init as Iterable<unknown>)[iterator];
  if (method === undefined || method === null) return record(init, usvString, usvString);
  const list: string[] = [];
  const pairs = sequence(init, (pair) => sequence(pair, usvString, 'URLSearchParams'), 'URLSearchParams');
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    if (pair.length !== 2) throw new TypeError('URLSearchParams: a pair has other than two items');
    add(list, pair[0]!, pair[1]!);
  }
  return list;
}

function update({ url, list }: Params): void {
  if (url !== null) replaceQuery(url, encodeForm(list));
}

// ── URL ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface State {
  parsed: Parsed;
  params: URLSearchParams | null;
}

let stateOf: (value: unknown) => State;
let isURL: (value: unknown) => boolean;

class URL {
  #state: State;

  static {
    isURL = (value) => isObject(value) && #state in value;
    stateOf = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(url: string, base: string | undefined = undefined, parsed: unknown = undefined) {
    if (base === (create as unknown)) {
      this.#state = { parsed: parsed as Parsed, params: null };
      return;
    }
    requireArguments(arguments.length, 1, 'URL');
    const text = usvString(url);
    const on = base === undefined ? undefined : usvString(base);
    const found = parse(text, on);
    if (found === undefined) throw invalid(text, on);
    this.#state = { parsed: found, params: null };
  }

  static parse(url: string, base: string | undefined = undefined): URL | null {
    requireArguments(arguments.length, 1, 'URL.parse');
    const found = parse(usvString(url), base === undefined ? undefined : usvString(base));
    return found === undefined ? null : new (URL as unknown as new (...args: unknown[]) => URL)('', create, found);
  }

  static canParse(url: string, base: string | undefined = undefined): boolean {
    requireArguments(arguments.length, 1, 'URL.canParse');
    return canParse(usvString(url), base === undefined ? undefined : usvString(base));
  }

  static createObjectURL(object: object): string {
    requireArguments(arguments.length, 1, 'URL.createObjectURL');
    const url = registerBlob(object);
    if (url === undefined) throw new TypeError('URL.createObjectURL: the argument is not a Blob');
    return url;
  }

  static revokeObjectURL(url: string): void {
    requireArguments(arguments.length, 1, 'URL.revokeObjectURL');
    revokeBlob(usvString(url));
  }

  get href(): string {
    return stateOf(this).parsed[0];
  }
  set href(value: string) {
    const state = stateOf(this);
    const text = usvString(value);
    const found = parse(text, undefined);
    if (found === undefined) throw invalid(text, undefined);
    state.parsed = found;
    refresh(state);
  }

  get origin(): string {
    return origin(stateOf(this).parsed[0]);
  }

  get protocol(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], 0, parsed[1] + 1);
  }
  set protocol(value: string) {
    assign(stateOf(this), 'protocol', value);
  }

  get username(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], parsed[2], parsed[3]);
  }
  set username(value: string) {
    assign(stateOf(this), 'username', value);
  }

  get password(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], parsed[4], parsed[5]);
  }
  set password(value: string) {
    assign(stateOf(this), 'password', value);
  }

  get host(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], parsed[6], parsed[9]);
  }
  set host(value: string) {
    assign(stateOf(this), 'host', value);
  }

  get hostname(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], parsed[6], parsed[7]);
  }
  set hostname(value: string) {
    assign(stateOf(this), 'hostname', value);
  }

  get port(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], parsed[8], parsed[9]);
  }
  set port(value: string) {
    assign(stateOf(this), 'port', value);
  }

  get pathname(): string {
    const { parsed } = stateOf(this);
    return slice(parsed[0], parsed[10], parsed[11]);
  }
  set pathname(value: string) {
    assign(stateOf(this), 'pathname', value);
  }

  get search(): string {
    return searchOf(stateOf(this).parsed);
  }
  set search(value: string) {
    const state = stateOf(this);
    assign(state, 'search', value);
    refresh(state);
  }

  get searchParams(): URLSearchParams {
    const state = stateOf(this);
    state.params ??= new (URLSearchParams as unknown as new (...args: unknown[]) => URLSearchParams)(
      this,
      create,
      decodeForm(slice(searchOf(state.parsed), 1)),
    );
    return state.params;
  }

  get hash(): string {
    const { parsed } = stateOf(this);
    const hash = slice(parsed[0], parsed[12]);
    return hash.length > 1 ? hash : '';
  }
  set hash(value: string) {
    assign(stateOf(this), 'hash', value);
  }

  toString(): string {
    return stateOf(this).parsed[0];
  }

  toJSON(): string {
    return stateOf(this).parsed[0];
  }
}

// prettier-ignore
makeEnumerable(URL, [
  'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash',
  'toString', 'toJSON',
]);
enumerable(URL, ['parse', 'canParse', 'createObjectURL', 'revokeObjectURL']);
defineProperty(URL, 'length', descriptor({ value: 1, configurable: true }));

function invalid(text: string, base: string | undefined): TypeError & { code: string; input: string } {
  const error = new TypeError(
    base === undefined ? `Invalid URL: ${text}` : `Invalid URL: ${text} on ${base}`,
  ) as TypeError & {
    code: string;
    input: string;
  };
  const own = (value: string) => descriptor({ value, enumerable: true, writable: true, configurable: true });
  defineProperty(error, 'code', own('ERR_INVALID_URL'));
  defineProperty(error, 'input', own(text));
  return error;
}

function searchOf(parsed: Parsed): string {
  return parsed[12] - parsed[11] > 1 ? slice(parsed[0], parsed[11], parsed[12]) : '';
}

function assign(state: State, part: Part, value: unknown): void {
  const text = usvString(value);
  state.parsed = replace(state.parsed[0], part, text) ?? state.parsed;
}

/** The search parameters follow the URL. */
function refresh({ params, parsed }: State): void {
  if (params !== null) paramsOf(params).list = decodeForm(slice(searchOf(parsed), 1));
}

/** The URL follows its search parameters. */
function replaceQuery(url: URL, query: string): void {
  assign(stateOf(url), 'search', query);
}

registerPlatform({ name: 'URL', is: (value) => isURL(value) });
registerPlatform({ name: 'URLSearchParams', is: (value) => isParams(value) });

export { URL, URLSearchParams };
