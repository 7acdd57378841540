// Request: what is to be fetched.
//
// All members of the standard are there and are checked. Outside of a browser there is no origin, no cookie jar and no HTTP cache: what
// they would decide is written down in docs/web-apis.md.
// Specification: https://fetch.spec.whatwg.org/#request-class

import { type AbortSignal, anySignal, isAbortSignal } from 'guest:abort';
import { blobOfUrl } from 'guest:bloburl';
import { type Body, cloneBody, extractBody, installBody, isUnusable, moveBody, type BodyMembers } from 'guest:body';
import {
  appendHeader,
  copyHeaderList,
  createHeaders,
  fillHeaders,
  fillHeadersFromList,
  getHeader,
  type HeaderList,
  Headers,
  type HeadersGuard,
  newHeaderList,
} from 'guest:headers';
import { type ResolvedUrl, resolveUrl } from 'guest:location';
import { registerPlatform } from 'guest:serializable';
import {
  bare,
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
  usvString,
} from 'guest:webidl';
import { lowerName } from 'host:headers';

const upper = uncurry(String.prototype.toUpperCase);

export interface RequestState {
  method: string;
  url: ResolvedUrl;
  /** What a blob: URL named when the request was made: it may be revoked before the request is sent. */
  blob: object | undefined;
  list: HeaderList;
  guard: HeadersGuard;
  headers: Headers | undefined;
  body: Body | null;
  mode: string;
  credentials: string;
  cache: string;
  redirect: string;
  referrer: string;
  referrerPolicy: string;
  integrity: string;
  keepalive: boolean;
  /** The signal that this request follows. */
  source: AbortSignal | null;
  /** The request's own, as soon as somebody asked for it. */
  signal: AbortSignal | undefined;
}

const create = {};

let requestState: (value: unknown) => RequestState;
let isRequest: (value: unknown) => boolean;

class Request {
  declare readonly body: BodyMembers['body'];
  declare readonly bodyUsed: BodyMembers['bodyUsed'];
  declare arrayBuffer: BodyMembers['arrayBuffer'];
  declare blob: BodyMembers['blob'];
  declare bytes: BodyMembers['bytes'];
  declare formData: BodyMembers['formData'];
  declare json: BodyMembers['json'];
  declare text: BodyMembers['text'];

  #state: RequestState;

  static {
    requestState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
    isRequest = (value) => isObject(value) && #state in value;
  }

  constructor(input: unknown, init: unknown = {}) {
    if (input === create) {
      this.#state = init as RequestState;
      return;
    }
    requireArguments(arguments.length, 1, 'Request');
    this.#state = construct(input, init);
  }

  get method(): string {
    return requestState(this).method;
  }
  get url(): string {
    return requestState(this).url.href;
  }
  get headers(): Headers {
    const state = requestState(this);
    return (state.headers ??= createHeaders(state.list, state.guard));
  }
  get destination(): string {
    requestState(this);
    return '';
  }
  get referrer(): string {
    return requestState(this).referrer;
  }
  get referrerPolicy(): string {
    return requestState(this).referrerPolicy;
  }
  get mode(): string {
    return requestState(this).mode;
  }
  get credentials(): string {
    return requestState(this).credentials;
  }
  get cache(): string {
    return requestState(this).cache;
  }
  get redirect(): string {
    return requestState(this).redirect;
  }
  get integrity(): string {
    return requestState(this).integrity;
  }
  get keepalive(): boolean {
    return requestState(this).keepalive;
  }
  get isReloadNavigation(): boolean {
    requestState(this);
    return false;
  }
  get isHistoryNavigation(): boolean {
    requestState(this);
    return false;
  }
  get signal(): AbortSignal {
    const state = requestState(this);
    return (state.signal ??= anySignal(state.source === null ? [] : [state.source]));
  }
  get duplex(): 'half' {
    requestState(this);
    return 'half';
  }

  clone(): Request {
    const state = requestState(this);
    if (isUnusable(state.body)) throw new TypeError('Request.clone: the body was read already, or is locked');
    const body = state.body === null ? null : cloneBody(state.body);
    const list = copyHeaderList(state.list);
    return new Request(create, { ...state, list, body, headers: undefined, source: this.signal, signal: undefined });
  }
}

makeEnumerable(Request, [
  'method',
  'url',
  'headers',
  'destination',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'isReloadNavigation',
  'isHistoryNavigation',
  'signal',
  'duplex',
  'clone',
]);
installBody(Request.prototype, 'Request', requestState);

// ── construction ──────────────────────────────────────────────────────────────────────────────────────────────────────

const MODES = ['cors', 'navigate', 'no-cors', 'same-origin'];
const CREDENTIALS = ['include', 'omit', 'same-origin'];
const CACHES = ['default', 'force-cache', 'no-cache', 'no-store', 'only-if-cached', 'reload'];
const REDIRECTS = ['error', 'follow', 'manual'];
const PRIORITIES = ['auto', 'high', 'low'];
const DUPLEXES = ['half'];
const POLICIES = [
  '',
  'no-referrer',
  'no-referrer-when-downgrade',
  'origin',
  'origin-when-cross-origin',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
];

interface Members {
  readonly body: unknown;
  readonly cache: string | undefined;
  readonly credentials: string | undefined;
  readonly duplex: string | undefined;
  readonly headers: unknown;
  readonly integrity: string | undefined;
  readonly keepalive: boolean | undefined;
  readonly method: string | undefined;
  readonly mode: string | undefined;
  readonly redirect: string | undefined;
  readonly referrer: string | undefined;
  readonly referrerPolicy: string | undefined;
  readonly signal: AbortSignal | null | undefined;
  readonly isEmpty: boolean;
}

/** The members in the order in which a dictionary's are read. */
function readMembers(init: unknown): Members {
  const given = dictionary(init, 'Request') ?? bare<unknown>();
  let isEmpty = true;
  const read = (name: string): unknown => {
    const value = given[name];
    if (value !== undefined) isEmpty = false;
    return value;
  };
  const choice = (name: string, values: readonly string[]): string | undefined => {
    const value = read(name);
    if (value === undefined) return undefined;
    const text = domString(value);
    for (let i = 0; i < values.length; i++) if (values[i] === text) return text;
    throw new TypeError(`Request: "${text}" is no ${name}`);
  };
  const text = (name: string, convert: (value: unknown) => string): string | undefined => {
    const value = read(name);
    return value === undefined ? undefined : convert(value);
  };
  const body = read('body');
  const cache = choice('cache', CACHES);
  const credentials = choice('credentials', CREDENTIALS);
  const duplex = choice('duplex', DUPLEXES);
  const headers = read('headers');
  const integrity = text('integrity', domString);
  const alive = read('keepalive');
  const keepalive = alive === undefined ? undefined : !!alive;
  const method = text('method', domString);
  const mode = choice('mode', MODES);
  choice('priority', PRIORITIES);
  const redirect = choice('redirect', REDIRECTS);
  const referrer = text('referrer', usvString);
  const referrerPolicy = choice('referrerPolicy', POLICIES);
  const signal = read('signal');
  if (signal !== undefined && signal !== null && !isAbortSignal(signal)) {
    throw new TypeError('Request: the signal is not an AbortSignal');
  }
  const window = read('window');
  if (window !== undefined && window !== null) throw new TypeError('Request: the window can only be null');
  return {
    body,
    cache,
    credentials,
    duplex,
    headers,
    integrity,
    keepalive,
    method,
    mode,
    redirect,
    referrer,
    referrerPolicy,
    signal: signal as AbortSignal | null | undefined,
    isEmpty,
  };
}

function construct(input: unknown, init: unknown): RequestState {
  const from = isRequest(input) ? requestState(input) : undefined;
  const text = from === undefined ? usvString(input) : '';
  const members = readMembers(init);
  const state = from === undefined ? newState(text) : copyState(from);
  applyMembers(state, members);
  const { signal } = members;
  if (signal !== undefined) state.source = signal;
  fillRequestHeaders(state, members, from);
  setBody(state, members, from);
  return state;
}

function newState(text: string): RequestState {
  const url = resolveUrl(text, 'Request');
  if (url.hasCredentials) throw new TypeError('Request: the URL has a user name or a password');
  return {
    method: 'GET',
    url,
    blob: url.protocol === 'blob:' ? blobOfUrl(url.address) : undefined,
    list: newHeaderList(),
    guard: 'request',
    headers: undefined,
    body: null,
    mode: 'cors',
    credentials: 'same-origin',
    cache: 'default',
    redirect: 'follow',
    referrer: 'about:client',
    referrerPolicy: '',
    integrity: '',
    keepalive: false,
    source: null,
    signal: undefined,
  };
}

function copyState(from: RequestState): RequestState {
  const source = from.signal ?? from.source;
  return {
    ...from,
    list: newHeaderList(),
    guard: 'request',
    headers: undefined,
    body: null,
    source,
    signal: undefined,
  };
}

function applyMembers(state: RequestState, members: Members): void {
  if (!members.isEmpty) {
    if (state.mode === 'navigate') state.mode = 'same-origin';
    state.referrer = 'about:client';
    state.referrerPolicy = '';
  }
  if (members.referrer !== undefined) state.referrer = referrerOf(members.referrer);
  state.referrerPolicy = members.referrerPolicy ?? state.referrerPolicy;
  if (members.mode === 'navigate') throw new TypeError('Request: the mode cannot be "navigate"');
  state.mode = members.mode ?? state.mode;
  state.credentials = members.credentials ?? state.credentials;
  state.cache = members.cache ?? state.cache;
  if (state.cache === 'only-if-cached' && state.mode !== 'same-origin') {
    throw new TypeError('Request: the cache mode "only-if-cached" needs the mode "same-origin"');
  }
  state.redirect = members.redirect ?? state.redirect;
  state.integrity = members.integrity ?? state.integrity;
  state.keepalive = members.keepalive ?? state.keepalive;
  if (members.method !== undefined) state.method = methodOf(members.method);
}

function referrerOf(text: string): string {
  if (text === '') return '';
  return resolveUrl(text, 'Request: the referrer').href;
}

function methodOf(text: string): string {
  if (lowerName(text) === undefined) throw new TypeError(`Request: "${text}" is not a method`);
  const name = upper(text);
  if (name === 'CONNECT' || name === 'TRACE' || name === 'TRACK') {
    throw new TypeError(`Request: the method "${text}" is forbidden`);
  }
  const isNormalized =
    name === 'DELETE' || name === 'GET' || name === 'HEAD' || name === 'OPTIONS' || name === 'POST' || name === 'PUT';
  return isNormalized ? name : text;
}

function fillRequestHeaders(state: RequestState, members: Members, from: RequestState | undefined): void {
  if (state.mode === 'no-cors') {
    if (state.method !== 'GET' && state.method !== 'HEAD' && state.method !== 'POST') {
      throw new TypeError(`Request: the method "${state.method}" needs another mode than "no-cors"`);
    }
    state.guard = 'request-no-cors';
  }
  if (members.headers !== undefined) {
    state.headers = createHeaders(state.list, state.guard);
    fillHeaders(state.headers, members.headers, 'Request');
  } else if (from !== undefined) {
    if (members.isEmpty) state.list = copyHeaderList(from.list);
    else fillHeadersFromList((state.headers = createHeaders(state.list, state.guard)), from.list, 'Request');
  }
}

function setBody(state: RequestState, members: Members, from: RequestState | undefined): void {
  const inputBody = from?.body ?? null;
  const given = members.body !== undefined && members.body !== null;
  if ((given || inputBody !== null) && (state.method === 'GET' || state.method === 'HEAD')) {
    throw new TypeError(`Request: a request with the method ${state.method} has no body`);
  }
  if (given) {
    const { body, type } = extractBody(members.body, state.keepalive, 'Request');
    if (type !== null && getHeader(state.list, 'content-type') === null) appendHeader(state.list, 'Content-Type', type);
    if (body.source === undefined) {
      if (members.duplex === undefined) throw new TypeError('Request: a stream as the body needs duplex: "half"');
      requireCors(state);
    }
    state.body = body;
  } else if (inputBody !== null) {
    if (isUnusable(inputBody)) throw new TypeError('Request: the body was read already, or is locked');
    if (inputBody.source === undefined) requireCors(state);
    state.body = moveBody(inputBody);
  }
}

function requireCors(state: RequestState): void {
  if (state.mode !== 'same-origin' && state.mode !== 'cors') {
    throw new TypeError(`Request: a stream as the body needs another mode than "${state.mode}"`);
  }
}

// ── for other features ────────────────────────────────────────────────────────────────────────────────────────────────

registerPlatform({ name: 'Request', is: (value) => isRequest(value) });

export { isRequest, Request, requestState };
