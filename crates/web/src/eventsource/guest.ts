// EventSource: a response that never ends, read as events, and asked for again when it does.
//
// It goes through the same fetch as everything else, so that grants, limits and the app's log hold. A refusal is final; what the network
// does is tried again. Specification: https://html.spec.whatwg.org/multipage/server-sent-events.html

import { AbortController } from 'guest:abort';
import { defineHandler, Event, EventTarget, fire } from 'guest:events';
import { fetch } from 'guest:fetch';
import { getHeader } from 'guest:headers';
import { resolveUrl } from 'guest:location';
import { MessageEvent } from 'guest:messageevent';
import { extractMimeType } from 'guest:mime';
import { ReadableStreamDefaultReader } from 'guest:readable';
import { ReadableStream } from 'guest:readablestream';
import { type Response, responseState } from 'guest:response';
import { streamOf } from 'guest:body';
import {
  bare,
  defineConstants,
  dictionary,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
  usvString,
} from 'guest:webidl';
import { decodeChunk, encode, newDecoder } from 'host:encoding';
import { setTimeoutFor } from 'host:timers';
import { origin } from 'host:url';

const abort = uncurry(AbortController.prototype.abort as () => void);
const signalOf = uncurry(Object.getOwnPropertyDescriptor(AbortController.prototype, 'signal')!.get as () => object);
const getReader = uncurry(ReadableStream.prototype.getReader as () => object);
const readChunk = uncurry(
  ReadableStreamDefaultReader.prototype.read as () => Promise<{ done: boolean; value: Uint8Array }>,
);
const codeAt = uncurry(String.prototype.charCodeAt);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf as (text: string) => number);
const then = uncurry(Promise.prototype.then as (done: () => void, failed: () => void) => unknown);
const toNumber = Number;
const { fromCharCode } = String;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
const FIRST_DELAY = 3000;
/** What one event may gather: a server must not fill the engine with an event that never ends. */
const MAX_EVENT = 16 << 20;

export interface EventSourceInit {
  withCredentials?: boolean;
}

interface State {
  readonly target: EventSource;
  readonly url: string;
  readonly withCredentials: boolean;
  readyState: number;
  controller: AbortController | undefined;
  delay: number;
  lastEventId: string;
}

let sourceState: (value: unknown) => State;

class EventSource extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSED: 2;
  declare onopen: ((event: Event) => unknown) | null;
  declare onmessage: ((event: MessageEvent) => unknown) | null;
  declare onerror: ((event: Event) => unknown) | null;

  #state: State;

  static {
    sourceState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(url: string, eventSourceInitDict: EventSourceInit = {}) {
    requireArguments(arguments.length, 1, 'EventSource');
    super();
    const text = usvString(url);
    const withCredentials = !!dictionary(eventSourceInitDict, 'EventSource')?.withCredentials;
    const { href } = resolve(text);
    this.#state = {
      target: this,
      url: href,
      withCredentials,
      readyState: CONNECTING,
      controller: undefined,
      delay: FIRST_DELAY,
      lastEventId: '',
    };
    connect(this.#state);
  }

  get url(): string {
    return sourceState(this).url;
  }
  get withCredentials(): boolean {
    return sourceState(this).withCredentials;
  }
  get readyState(): number {
    return sourceState(this).readyState;
  }

  close(): void {
    const state = sourceState(this);
    state.readyState = CLOSED;
    if (state.controller !== undefined) abort(state.controller);
  }
}

makeEnumerable(EventSource, ['url', 'withCredentials', 'readyState', 'close']);
defineConstants(EventSource, { CONNECTING, OPEN, CLOSED });
defineHandler(EventSource.prototype, 'open');
defineHandler(EventSource.prototype, 'message');
defineHandler(EventSource.prototype, 'error');

function resolve(text: string) {
  try {
    return resolveUrl(text, 'EventSource');
  } catch {
    throw new DOMException(`EventSource: the text is not a URL`, 'SyntaxError');
  }
}

// ── the connection ────────────────────────────────────────────────────────────────────────────────────────────────────

function connect(state: State): void {
  const nothing = (): void => {};
  then(listen(state), nothing, nothing);
}

async function listen(state: State): Promise<void> {
  const controller = new AbortController();
  state.controller = controller;
  const init = bare<unknown>();
  const headers = bare<string>();
  headers['Accept'] = 'text/event-stream';
  if (state.lastEventId !== '') headers['Last-Event-ID'] = asBytes(state.lastEventId);
  init.headers = headers;
  init.cache = 'no-store';
  init.signal = signalOf(controller);
  let response: Response;
  try {
    response = await fetch(state.url, init);
  } catch (error) {
    if (isRefusal(error)) fail(state);
    else again(state);
    return;
  }
  const { status, list, body, url } = responseState(response);
  const type = extractMimeType(getHeader(list, 'content-type'));
  if (status !== 200 || type?.essence !== 'text/event-stream' || body === null) {
    abort(controller);
    fail(state);
    return;
  }
  if (state.readyState === CLOSED) return;
  state.readyState = OPEN;
  fire(state.target, new Event('open'));
  const reader = getReader(streamOf(body));
  const parser = new Parser(state, origin(url));
  const decoder = newDecoder('utf-8', false, false);
  try {
    while (state.readyState !== CLOSED) {
      const { done, value } = await readChunk(reader);
      if (done) break;
      parser.feed(decodeChunk(decoder, value, true));
    }
  } catch {
    abort(controller);
  }
  again(state);
}

/** A header carries bytes: the id goes as UTF-8. */
function asBytes(text: string): string {
  const bytes = encode(text);
  let units = '';
  for (let i = 0; i < bytes.length; i++) units += fromCharCode(bytes[i]!);
  return units;
}

function isRefusal(error: unknown): boolean {
  const cause = isObject(error) ? (error as { cause?: unknown }).cause : undefined;
  return isObject(cause) && (cause as { name?: unknown }).name === 'NotAllowedError';
}

function fail(state: State): void {
  if (state.readyState === CLOSED) return;
  state.readyState = CLOSED;
  fire(state.target, new Event('error'));
}

function again(state: State): void {
  if (state.readyState === CLOSED) return;
  state.readyState = CONNECTING;
  fire(state.target, new Event('error'));
  setTimeoutFor(state.delay, () => {
    if (state.readyState === CONNECTING) connect(state);
  });
}

// ── the format ────────────────────────────────────────────────────────────────────────────────────────────────────────

class Parser {
  readonly #state: State;
  readonly #origin: string;
  #line = '';
  #afterReturn = false;
  #data = '';
  #type = '';
  #id: string;

  constructor(state: State, from: string) {
    this.#state = state;
    this.#origin = from;
    this.#id = state.lastEventId;
  }

  feed(text: string): void {
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const code = codeAt(text, i);
      if (code !== 10 && code !== 13) continue;
      if (!(code === 10 && this.#afterReturn && i === start)) {
        this.#endLine(this.#line + slice(text, start, i));
        this.#line = '';
      }
      this.#afterReturn = code === 13;
      start = i + 1;
    }
    if (start < text.length) {
      this.#afterReturn = false;
      this.#line += slice(text, start);
    }
    if (this.#line.length + this.#data.length > MAX_EVENT) throw new RangeError('EventSource: the event is too long');
  }

  #endLine(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = indexOf(line, ':');
    if (colon === 0) return;
    const field = colon < 0 ? line : slice(line, 0, colon);
    let value = colon < 0 ? '' : slice(line, colon + 1);
    if (codeAt(value, 0) === 32) value = slice(value, 1);
    if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data += `${value}\n`;
    else if (field === 'id') {
      if (indexOf(value, '\0') < 0) this.#id = value;
    } else if (field === 'retry' && isDigits(value)) this.#state.delay = toNumber(value);
  }

  #dispatch(): void {
    const state = this.#state;
    state.lastEventId = this.#id;
    const data = this.#data;
    const type = this.#type === '' ? 'message' : this.#type;
    this.#data = '';
    this.#type = '';
    if (data === '' || state.readyState === CLOSED) return;
    const init = bare<unknown>();
    init.data = slice(data, 0, data.length - 1);
    init.origin = this.#origin;
    init.lastEventId = state.lastEventId;
    fire(state.target, new MessageEvent(type, init));
  }
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (codeAt(text, i) < 48 || codeAt(text, i) > 57) return false;
  return text !== '';
}

export { EventSource };
