// URLPattern: the class, patterns written as one string, and matching.
//
// Each component of a URL has a pattern of its own (`guest:patternstring`); what is matched is made canonical first (`guest:urlinit`).
// Specification: https://urlpattern.spec.whatwg.org/

import { compile, match, tokenize } from 'guest:patternstring';
import type { Component, Options, Token } from 'guest:patternstring';
import { registerPlatform } from 'guest:serializable';
import {
  componentsOf,
  encodeAddress,
  encodeHash,
  encodeHostname,
  encodeOpaquePathname,
  encodePassword,
  encodePathname,
  encodePort,
  encodeProtocol,
  encodeSearch,
  encodeUsername,
  isDefaultPort,
  isSpecial,
  processInit,
  SPECIAL_SCHEMES,
  toInit,
} from 'guest:urlinit';
import type { ComponentName, Init } from 'guest:urlinit';
import {
  bare,
  descriptor,
  dictionary,
  illegalInvocation,
  isObject,
  makeEnumerable,
  put,
  uncurry,
  usvString,
} from 'guest:webidl';
import { parse } from 'host:url';

const { defineProperty } = Reflect;
const slice = uncurry(String.prototype.slice);

export interface URLPatternOptions {
  ignoreCase?: boolean;
}

export type URLPatternInput = string | Init;

export interface URLPatternComponentResult {
  input: string;
  groups: Record<string, string | undefined>;
}

export type URLPatternResult = { inputs: URLPatternInput[] } & { [name in ComponentName]: URLPatternComponentResult };

type Pattern = { readonly [name in ComponentName]: Component };

const NAMES: readonly ComponentName[] = [
  'protocol',
  'username',
  'password',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
];

const PLAIN: Options = { delimiter: '', prefix: '', ignoreCase: false };
const HOSTNAME: Options = { delimiter: '.', prefix: '', ignoreCase: false };

// ── patterns written as one string ────────────────────────────────────────────────────────────────────────────────────

type State = ComponentName | 'init' | 'authority' | 'done';

/** The order in which components are written; those that may be left out before a later one are empty then. */
function isBefore(state: State, name: 'hostname' | 'pathname' | 'search'): boolean {
  switch (state) {
    case 'protocol':
    case 'authority':
    case 'username':
    case 'password':
      return true;
    case 'hostname':
    case 'port':
      return name !== 'hostname';
    case 'pathname':
      return name === 'search';
    default:
      return false;
  }
}

class ConstructorStringParser {
  readonly result: Init = bare<string>();
  #input: string;
  #tokens: readonly Token[];
  #state: State = 'init';
  #start = 0;
  #index = 0;
  #step = 1;
  #depth = 0;
  #brackets = 0;
  #isSpecial = false;

  constructor(input: string) {
    this.#input = input;
    this.#tokens = tokenize(input, true);
  }

  run(): void {
    for (; this.#index < this.#tokens.length; this.#index += this.#step) {
      this.#step = 1;
      const { type } = this.#tokens[this.#index]!;
      if (type === 'end') {
        if (this.#state !== 'init' && this.#state !== 'authority') {
          this.#change('done', 0);
          break;
        }
        this.#atEnd();
      } else if (type === 'open') {
        this.#depth++;
      } else if (this.#depth > 0 && type !== 'close') {
        continue;
      } else {
        // As in the standard's steps, the brace that closes a group is looked at like any other token.
        if (this.#depth > 0) this.#depth--;
        this.#advance();
      }
    }
    if (this.result.hostname !== undefined && this.result.port === undefined) this.result.port = '';
  }

  /** The end came before a protocol or an `@`: there is none. */
  #atEnd(): void {
    if (this.#state === 'authority') {
      this.#rewind('hostname');
      return;
    }
    this.#rewind('init');
    if (this.#is('#')) this.#change('hash', 1);
    else if (this.#isSearch()) this.#change('search', 1);
    else this.#change('pathname', 0);
  }

  #advance(): void {
    switch (this.#state) {
      case 'init':
        if (this.#is(':')) this.#rewind('protocol');
        return;
      case 'protocol':
        if (this.#is(':')) this.#endProtocol();
        return;
      case 'authority':
        if (this.#is('@')) this.#rewind('username');
        else if (this.#is('/') || this.#isSearch() || this.#is('#')) this.#rewind('hostname');
        return;
      case 'username':
        if (this.#is(':')) this.#change('password', 1);
        else if (this.#is('@')) this.#change('hostname', 1);
        return;
      case 'password':
        if (this.#is('@')) this.#change('hostname', 1);
        return;
      case 'hostname':
        if (this.#is('[')) this.#brackets++;
        else if (this.#is(']')) this.#brackets--;
        else if (this.#is(':') && this.#brackets === 0) this.#change('port', 1);
        else this.#afterHost();
        return;
      case 'port':
        this.#afterHost();
        return;
      case 'pathname':
        if (this.#isSearch()) this.#change('search', 1);
        else if (this.#is('#')) this.#change('hash', 1);
        return;
      case 'search':
        if (this.#is('#')) this.#change('hash', 1);
    }
  }

  #afterHost(): void {
    if (this.#is('/')) this.#change('pathname', 0);
    else if (this.#isSearch()) this.#change('search', 1);
    else if (this.#is('#')) this.#change('hash', 1);
  }

  #endProtocol(): void {
    this.#isSpecial = matchesSpecialScheme(compile(this.#text(), PLAIN, encodeProtocol));
    if (this.#is('/', 1) && this.#is('/', 2)) this.#change('authority', 3);
    else this.#change(this.#isSpecial ? 'authority' : 'pathname', 1);
  }

  #change(next: State, skip: number): void {
    const { result } = this;
    const state = this.#state;
    if (state !== 'init' && state !== 'authority' && state !== 'done') result[state] = this.#text();
    if (state !== 'init' && next !== 'done') {
      const toSearch = next === 'search' || next === 'hash';
      if (isBefore(state, 'hostname') && (toSearch || next === 'port' || next === 'pathname')) result.hostname ??= '';
      if (isBefore(state, 'pathname') && toSearch) result.pathname ??= this.#isSpecial ? '/' : '';
      if (isBefore(state, 'search') && next === 'hash') result.search ??= '';
    }
    this.#state = next;
    this.#index += skip;
    this.#start = this.#index;
    this.#step = 0;
  }

  #rewind(state: State): void {
    this.#state = state;
    this.#index = this.#start;
    this.#step = 0;
  }

  #token(index: number): Token {
    const { length } = this.#tokens;
    return this.#tokens[index < length ? index : length - 1]!;
  }

  /** Whether a token, so many behind the next one, is this character and no syntax of patterns. */
  #is(value: string, behind = 0): boolean {
    const token = this.#token(this.#index + behind);
    if (token.value !== value) return false;
    return token.type === 'char' || token.type === 'escaped-char' || token.type === 'invalid-char';
  }

  /** A question mark is a modifier only behind something that can be optional. */
  #isSearch(): boolean {
    if (this.#is('?')) return true;
    if (this.#token(this.#index).value !== '?') return false;
    if (this.#index === 0) return true;
    const { type } = this.#token(this.#index - 1);
    return type !== 'name' && type !== 'regexp' && type !== 'close' && type !== 'asterisk';
  }

  #text(): string {
    return slice(this.#input, this.#token(this.#start).index, this.#token(this.#index).index);
  }
}

function matchesSpecialScheme(protocol: Component): boolean {
  for (let i = 0; i < SPECIAL_SCHEMES.length; i++) if (match(protocol, SPECIAL_SCHEMES[i]!) !== undefined) return true;
  return false;
}

// ── making ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function create(input: URLPatternInput, base: string | undefined, ignoreCase: boolean): Pattern {
  let init: Init;
  if (typeof input === 'string') {
    const parser = new ConstructorStringParser(input);
    parser.run();
    init = parser.result;
    if (base === undefined && init.protocol === undefined) {
      throw new TypeError('URLPattern: a pattern without a protocol needs a base URL');
    }
    if (base !== undefined) init.baseURL = base;
  } else {
    if (base !== undefined) throw new TypeError('URLPattern: a base URL beside an object belongs into it, as baseURL');
    init = input;
  }
  const given = processInit(init, true, bare<string>());
  if (isSpecial(given.protocol ?? '*') && isDefaultPort(given.protocol!, given.port ?? '*')) given.port = '';
  const text = (name: ComponentName) => given[name] ?? '*';
  const protocol = compile(text('protocol'), PLAIN, encodeProtocol);
  const hostname = text('hostname');
  const plain: Options = { delimiter: '', prefix: '', ignoreCase };
  const path: Options = { delimiter: '/', prefix: '/', ignoreCase };
  return {
    protocol,
    username: compile(text('username'), PLAIN, encodeUsername),
    password: compile(text('password'), PLAIN, encodePassword),
    hostname: compile(hostname, HOSTNAME, isAddress(hostname) ? encodeAddress : encodeHostname),
    port: compile(text('port'), PLAIN, encodePort),
    pathname: matchesSpecialScheme(protocol)
      ? compile(text('pathname'), path, encodePathname)
      : compile(text('pathname'), plain, encodeOpaquePathname),
    search: compile(text('search'), plain, encodeSearch),
    hash: compile(text('hash'), plain, encodeHash),
  };
}

function isAddress(hostname: string): boolean {
  if (hostname.length < 2) return false;
  return hostname[0] === '[' || ((hostname[0] === '{' || hostname[0] === '\\') && hostname[1] === '[');
}

// ── matching ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The components of what is matched; nothing where it is no URL. */
function components(input: URLPatternInput, base: string | undefined, where: string): Init | undefined {
  if (typeof input === 'string') {
    const url = parse(input, base);
    return url === undefined ? undefined : componentsOf(url);
  }
  if (base !== undefined) throw new TypeError(`${where}: a base URL beside an object belongs into it, as baseURL`);
  const empty = bare<string>();
  for (let i = 0; i < NAMES.length; i++) empty[NAMES[i]!] = '';
  try {
    return processInit(input, false, empty);
  } catch {
    return undefined;
  }
}

function test(pattern: Pattern, url: Init): boolean {
  for (let i = 0; i < NAMES.length; i++) {
    const name = NAMES[i]!;
    if (match(pattern[name], url[name]!) === undefined) return false;
  }
  return true;
}

function execute(pattern: Pattern, url: Init, inputs: URLPatternInput[]): URLPatternResult | null {
  const result = { inputs } as URLPatternResult;
  for (let i = 0; i < NAMES.length; i++) {
    const name = NAMES[i]!;
    const caught = match(pattern[name], url[name]!);
    if (caught === undefined) return null;
    own(result, name, { input: url[name]!, groups: groupsOf(pattern[name], caught) });
  }
  return result;
}

function groupsOf({ names }: Component, caught: readonly (string | undefined)[]): Record<string, string | undefined> {
  const groups = {};
  for (let i = 0; i < names.length; i++) own(groups, names[i]!, caught[i + 1]);
  return groups;
}

function own(target: object, name: string, value: unknown): void {
  defineProperty(target, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

// ── the class ─────────────────────────────────────────────────────────────────────────────────────────────────────────

let patternOf: (value: unknown) => Pattern;
let isPattern: (value: unknown) => boolean;

class URLPattern {
  #pattern: Pattern;

  static {
    isPattern = (value) => isObject(value) && #pattern in value;
    patternOf = (value) => {
      if (isObject(value) && #pattern in value) return value.#pattern;
      throw illegalInvocation();
    };
  }

  constructor(
    input: URLPatternInput | undefined = undefined,
    baseURL: string | URLPatternOptions | undefined = undefined,
    options: URLPatternOptions | undefined = undefined,
  ) {
    // Two overloads: with and without a base URL.
    const hasBase =
      arguments.length > 2 || (baseURL !== undefined && baseURL !== null && !isObject(baseURL as unknown));
    const converted = toInput(input, 'URLPattern');
    const base = hasBase ? usvString(baseURL) : undefined;
    const ignoreCase = !!dictionary(hasBase ? options : baseURL, 'URLPattern')?.ignoreCase;
    this.#pattern = create(converted, base, ignoreCase);
  }

  test(input: URLPatternInput | undefined = undefined, baseURL: string | undefined = undefined): boolean {
    const pattern = patternOf(this);
    const converted = toInput(input, 'URLPattern.test');
    const url = components(converted, baseURL === undefined ? undefined : usvString(baseURL), 'URLPattern.test');
    return url !== undefined && test(pattern, url);
  }

  exec(
    input: URLPatternInput | undefined = undefined,
    baseURL: string | undefined = undefined,
  ): URLPatternResult | null {
    const pattern = patternOf(this);
    const converted = toInput(input, 'URLPattern.exec');
    const base = baseURL === undefined ? undefined : usvString(baseURL);
    const url = components(converted, base, 'URLPattern.exec');
    if (url === undefined) return null;
    const inputs: URLPatternInput[] = [typeof converted === 'string' ? converted : copy(converted)];
    if (base !== undefined) put(inputs, 1, base);
    return execute(pattern, url, inputs);
  }

  get protocol(): string {
    return patternOf(this).protocol.pattern;
  }
  get username(): string {
    return patternOf(this).username.pattern;
  }
  get password(): string {
    return patternOf(this).password.pattern;
  }
  get hostname(): string {
    return patternOf(this).hostname.pattern;
  }
  get port(): string {
    return patternOf(this).port.pattern;
  }
  get pathname(): string {
    return patternOf(this).pathname.pattern;
  }
  get search(): string {
    return patternOf(this).search.pattern;
  }
  get hash(): string {
    return patternOf(this).hash.pattern;
  }

  get hasRegExpGroups(): boolean {
    const pattern = patternOf(this);
    for (let i = 0; i < NAMES.length; i++) if (pattern[NAMES[i]!].hasRegExpGroups) return true;
    return false;
  }
}

// prettier-ignore
makeEnumerable(URLPattern, [
  'protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash', 'hasRegExpGroups', 'test', 'exec',
]);
defineProperty(URLPattern, 'length', descriptor({ value: 0, configurable: true }));

function toInput(value: unknown, where: string): URLPatternInput {
  return value === undefined || value === null || isObject(value) ? toInit(value, where) : usvString(value);
}

/** The dictionary as an ordinary object. */
function copy(init: Init): Init {
  const result = {};
  for (const name in init) own(result, name, init[name as keyof Init]);
  return result;
}

registerPlatform({ name: 'URLPattern', is: (value) => isPattern(value) });

export { URLPattern };
