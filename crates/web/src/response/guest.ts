// Response: what fetch answers with and what guests make themselves.
//
// Headers become an object when they are asked for. Outside of a browser nothing is filtered: every header may be read, cookies and
// what a redirect says included. `offloaded` and its kin concern bodies that went straight to the buffer store.
// Specification: https://fetch.spec.whatwg.org/#response-class

import {
  type Body,
  bodyOf,
  cloneBody,
  extractBody,
  type Extracted,
  installBody,
  isUnusable,
  readBytes,
  type BodyMembers,
} from 'guest:body';
import {
  appendHeader,
  copyHeaderList,
  createHeaders,
  fillHeaders,
  getHeader,
  type HeaderList,
  Headers,
  type HeadersGuard,
  newHeaderList,
} from 'guest:headers';
import { resolveUrl } from 'guest:location';
import { registerPlatform } from 'guest:serializable';
import {
  dictionary,
  domString,
  enumerable,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
  usvString,
} from 'guest:webidl';
import { storedId } from 'host:body';
import { isByteString } from 'host:headers';

const { stringify } = JSON;
const codeAt = uncurry(String.prototype.charCodeAt);

export interface ResponseInit {
  headers?: unknown;
  status?: number;
  statusText?: string;
}

export type ResponseType = 'basic' | 'default' | 'error';

/** A body in the buffer store. */
export interface Offloaded {
  readonly stored: object;
  readonly bytes: number;
}

export interface ResponseState {
  readonly type: ResponseType;
  /** Without a fragment; empty for a response that a guest made. */
  readonly url: string;
  readonly redirected: boolean;
  status: number;
  statusText: string;
  readonly list: HeaderList;
  readonly guard: HeadersGuard;
  headers: Headers | undefined;
  body: Body | null;
  readonly offloaded: Offloaded | undefined;
}

const create = {};

let responseState: (value: unknown) => ResponseState;
let isResponse: (value: object) => boolean;

class Response {
  declare readonly body: BodyMembers['body'];
  declare readonly bodyUsed: BodyMembers['bodyUsed'];
  declare arrayBuffer: BodyMembers['arrayBuffer'];
  declare blob: BodyMembers['blob'];
  declare bytes: BodyMembers['bytes'];
  declare formData: BodyMembers['formData'];
  declare json: BodyMembers['json'];
  declare text: BodyMembers['text'];

  #state: ResponseState;

  static {
    responseState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
    isResponse = (value) => #state in value;
  }

  constructor(body: unknown = null, init: ResponseInit | undefined = {}) {
    if (body === create) {
      this.#state = init as unknown as ResponseState;
      return;
    }
    const extracted = body === null || body === undefined ? undefined : extractBody(body, false, 'Response');
    this.#state = newResponseState('default', '', 200, 'response');
    initialize(this.#state, init, extracted, 'Response');
  }

  static error(): Response {
    return createResponse(newResponseState('error', '', 0, 'immutable'));
  }

  static redirect(url: string, status = 302): Response {
    requireArguments(arguments.length, 1, 'Response.redirect');
    const text = usvString(url);
    const code = unsignedShort(status);
    const parsed = resolveUrl(text, 'Response.redirect');
    if (!isRedirectStatus(code)) throw new RangeError(`Response.redirect: ${code} is not the status of a redirect`);
    const state = newResponseState('default', '', code, 'immutable');
    appendHeader(state.list, 'Location', parsed.href);
    return createResponse(state);
  }

  static json(data: unknown, init: ResponseInit | undefined = {}): Response {
    requireArguments(arguments.length, 1, 'Response.json');
    const text = stringify(data);
    if (text === undefined) throw new TypeError('Response.json: the data has no JSON');
    const state = newResponseState('default', '', 200, 'response');
    initialize(state, init, { body: bodyOf({ kind: 'text', text }), type: 'application/json' }, 'Response.json');
    return createResponse(state);
  }

  get type(): ResponseType {
    return responseState(this).type;
  }
  get url(): string {
    return responseState(this).url;
  }
  get redirected(): boolean {
    return responseState(this).redirected;
  }
  get status(): number {
    return responseState(this).status;
  }
  get ok(): boolean {
    const { status } = responseState(this);
    return status >= 200 && status <= 299;
  }
  get statusText(): string {
    return responseState(this).statusText;
  }
  get headers(): Headers {
    const state = responseState(this);
    return (state.headers ??= createHeaders(state.list, state.guard));
  }

  clone(): Response {
    const state = responseState(this);
    if (isUnusable(state.body)) throw new TypeError('Response.clone: the body was read already, or is locked');
    const list = copyHeaderList(state.list);
    const body = state.body === null ? null : cloneBody(state.body);
    return createResponse({ ...state, list, body, headers: undefined, offloaded: undefined });
  }

  /** Whether the body went to the buffer store without entering this engine's heap. */
  get offloaded(): boolean {
    return responseState(this).offloaded !== undefined;
  }
  /** The body's id in the buffer store. Whoever read it owns the buffer; an unread one goes with the response. */
  get nativeBufferId(): number | null {
    const { offloaded } = responseState(this);
    return offloaded === undefined ? null : storedId(offloaded.stored);
  }
  get offloadedBytes(): number {
    return responseState(this).offloaded?.bytes ?? 0;
  }
  /** The whole body, taken out of the store; empty where it was not offloaded. */
  async takeOffloadedBody(): Promise<Uint8Array> {
    const state = responseState(this);
    if (isUnusable(state.body))
      throw new TypeError('Response.takeOffloadedBody: the body was read already, or is locked');
    if (state.offloaded === undefined || state.body === null) return new Uint8Array();
    return readBytes(state.body);
  }
}

enumerable(Response, ['error', 'redirect', 'json']);
makeEnumerable(Response, ['type', 'url', 'redirected', 'status', 'ok', 'statusText', 'headers', 'clone']);
installBody(Response.prototype, 'Response', responseState);

export function newResponseState(type: ResponseType, url: string, status: number, guard: HeadersGuard): ResponseState {
  return {
    type,
    url,
    redirected: false,
    status,
    statusText: '',
    list: newHeaderList(),
    guard,
    headers: undefined,
    body: null,
    offloaded: undefined,
  };
}

function unsignedShort(value: unknown): number {
  return (value as number) & 0xffff;
}

function isRedirectStatus(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function isNullBodyStatus(status: number): boolean {
  return status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
}

/** `reason-phrase` of RFC 9112 */
function isReasonPhrase(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = codeAt(text, i);
    if (code !== 9 && (code < 32 || code === 127)) return false;
  }
  return isByteString(text);
}

function initialize(state: ResponseState, init: unknown, extracted: Extracted | undefined, where: string): void {
  const members = dictionary(init, where);
  const headers = members?.headers;
  const given = members?.status;
  const status = given === undefined ? 200 : unsignedShort(given);
  const text = members?.statusText;
  const statusText = text === undefined ? '' : domString(text);
  if (status < 200 || status > 599) throw new RangeError(`${where}: ${status} is not a status from 200 to 599`);
  if (!isReasonPhrase(statusText)) throw new TypeError(`${where}: the statusText has a character that it may not have`);
  state.status = status;
  state.statusText = statusText;
  if (headers !== undefined) {
    state.headers = createHeaders(state.list, state.guard);
    fillHeaders(state.headers, headers, where);
  }
  if (extracted === undefined) return;
  if (isNullBodyStatus(status)) throw new TypeError(`${where}: a response with status ${status} has no body`);
  state.body = extracted.body;
  if (extracted.type !== null && getHeader(state.list, 'content-type') === null) {
    appendHeader(state.list, 'Content-Type', extracted.type);
  }
}

// ── for other features ────────────────────────────────────────────────────────────────────────────────────────────────

export function createResponse(state: ResponseState): Response {
  return new Response(create, state as ResponseInit);
}

registerPlatform({ name: 'Response', is: (value) => isResponse(value) });

export { Response, responseState };
