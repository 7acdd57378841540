// WebSocket and CloseEvent: messages both ways over one connection, under the grants of fetch.
//
// Specification: https://websockets.spec.whatwg.org/

import { blobParts, createBlob, isBlob } from 'guest:blob';
import { defineHandler, Event, EventTarget, fire } from 'guest:events';
import type { EventInit } from 'guest:events';
import { resolveUrl } from 'guest:location';
import { MessageEvent } from 'guest:messageevent';
import {
  bare,
  defineConstants,
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  isUnsharedBufferSource,
  requireArguments,
  sequence,
  uncurry,
  unsignedLong,
  usvString,
} from 'guest:webidl';
import { size } from 'host:blob';
import { encode } from 'host:body';
import { lowerName } from 'host:headers';
import { origin } from 'host:url';
import * as host from 'host:websocket';

const { getOwnPropertyDescriptor } = Reflect;
const { isView } = ArrayBuffer;
const iterator: typeof Symbol.iterator = Symbol.iterator;
const slice = uncurry(String.prototype.slice);
const then = uncurry(
  Promise.prototype.then as (done: (value: any) => void, failed: (error: unknown) => void) => unknown,
);
const byteLengthOf = uncurry(getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')!.get as () => number);
const typed = Object.getPrototypeOf(Uint8Array.prototype) as object;
const lengthOfTyped = uncurry(getOwnPropertyDescriptor(typed, 'byteLength')!.get as () => number);
const bufferOfTyped = uncurry(getOwnPropertyDescriptor(typed, 'buffer')!.get as () => ArrayBuffer);
const lengthOfView = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteLength')!.get as () => number);

// ── CloseEvent ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CloseEventInit extends EventInit {
  wasClean?: boolean;
  code?: number;
  reason?: string;
}

let closeOf: (value: unknown) => { readonly wasClean: boolean; readonly code: number; readonly reason: string };

class CloseEvent extends Event {
  #close: { readonly wasClean: boolean; readonly code: number; readonly reason: string };

  static {
    closeOf = (value) => {
      if (isObject(value) && #close in value) return value.#close;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: CloseEventInit = {}) {
    requireArguments(arguments.length, 1, 'CloseEvent');
    super(type, eventInitDict);
    const init = dictionary(eventInitDict, 'CloseEvent');
    const code = (init?.code as number) & 0xffff;
    const reason = init?.reason;
    this.#close = { code, reason: reason === undefined ? '' : usvString(reason), wasClean: !!init?.wasClean };
  }

  get wasClean(): boolean {
    return closeOf(this).wasClean;
  }
  get code(): number {
    return closeOf(this).code;
  }
  get reason(): string {
    return closeOf(this).reason;
  }
}

makeEnumerable(CloseEvent, ['wasClean', 'code', 'reason']);

// ── WebSocket ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

interface State {
  readonly target: WebSocket;
  readonly url: string;
  readonly socket: object;
  readyState: number;
  binaryType: 'arraybuffer' | 'blob';
  buffered: number;
  protocol: string;
  extensions: string;
  /** What the other side said when it closed. */
  code: number;
  reason: string;
  failed: boolean;
  /** The other side has said that it closes: what breaks then breaks nothing. */
  heard: boolean;
}

let socketState: (value: unknown) => State;

class WebSocket extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare onopen: ((event: Event) => unknown) | null;
  declare onmessage: ((event: MessageEvent) => unknown) | null;
  declare onerror: ((event: Event) => unknown) | null;
  declare onclose: ((event: CloseEvent) => unknown) | null;

  #state: State;

  static {
    socketState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(url: string, protocols: string | Iterable<string> = []) {
    requireArguments(arguments.length, 1, 'WebSocket');
    super();
    const text = usvString(url);
    const asked = toProtocols(protocols);
    const address = toAddress(text);
    checkProtocols(asked);
    const state: State = {
      target: this,
      url: address,
      socket: host.newSocket(),
      readyState: CONNECTING,
      binaryType: 'blob',
      buffered: 0,
      protocol: '',
      extensions: '',
      code: 1006,
      reason: '',
      failed: false,
      heard: false,
    };
    this.#state = state;
    then(
      host.connect(state.socket, address, asked),
      ({ 0: protocol, 1: extensions }: [string, string]) => opened(state, protocol, extensions),
      () => failed(state),
    );
  }

  get url(): string {
    return socketState(this).url;
  }
  get readyState(): number {
    return socketState(this).readyState;
  }
  get bufferedAmount(): number {
    return socketState(this).buffered;
  }
  get extensions(): string {
    return socketState(this).extensions;
  }
  get protocol(): string {
    return socketState(this).protocol;
  }
  get binaryType(): 'arraybuffer' | 'blob' {
    return socketState(this).binaryType;
  }
  set binaryType(value: 'arraybuffer' | 'blob') {
    const state = socketState(this);
    const text = domString(value);
    if (text === 'blob' || text === 'arraybuffer') state.binaryType = text;
  }

  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    const state = socketState(this);
    const given = code === undefined ? undefined : clampShort(code);
    const text = reason === undefined ? undefined : usvString(reason);
    if (given !== undefined && given !== 1000 && !(given >= 3000 && given <= 4999)) {
      throw new DOMException('The code is neither 1000 nor from 3000 to 4999', 'InvalidAccessError');
    }
    if (text !== undefined && encode(text).length > 123) {
      throw new DOMException('The reason is longer than 123 bytes', 'SyntaxError');
    }
    if (state.readyState === CLOSING || state.readyState === CLOSED) return;
    if (state.readyState === CONNECTING) {
      state.readyState = CLOSING;
      host.drop(state.socket);
      return;
    }
    state.readyState = CLOSING;
    const sent = given ?? (text === undefined ? undefined : 1000);
    then(host.close(state.socket, sent, text ?? ''), nothing, nothing);
  }

  send(data: string | ArrayBuffer | ArrayBufferView | object): void {
    const state = socketState(this);
    requireArguments(arguments.length, 1, 'WebSocket.send');
    if (isBlob(data)) return transmit(state, 'blob', blobParts(data), size(blobParts(data)));
    if (isUnsharedBufferSource(data)) return transmit(state, 'bytes', data, bytesIn(data));
    const text = usvString(data);
    transmit(state, 'text', text, encode(text).length);
  }
}

makeEnumerable(WebSocket, [
  'url',
  'readyState',
  'bufferedAmount',
  'extensions',
  'protocol',
  'close',
  'binaryType',
  'send',
]);
defineConstants(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
defineHandler(WebSocket.prototype, 'open');
defineHandler(WebSocket.prototype, 'error');
defineHandler(WebSocket.prototype, 'close');
defineHandler(WebSocket.prototype, 'message');

const nothing = (): void => {};

/** `[Clamp] unsigned short` */
function clampShort(value: unknown): number {
  const number = +(value as number);
  if (!(number > 0)) return 0;
  if (number >= 65_535) return 65_535;
  // Halves go to the even neighbour.
  const whole = unsignedLong(number);
  const rest = number - whole;
  return rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
}

function bytesIn(data: ArrayBuffer | ArrayBufferView): number {
  if (!isView(data)) return byteLengthOf(data);
  try {
    bufferOfTyped(data);
    return lengthOfTyped(data);
  } catch {
    return lengthOfView(data);
  }
}

function toProtocols(value: unknown): string[] {
  if (isObject(value) && typeof (value as Iterable<unknown>)[iterator] === 'function') {
    return sequence(value, domString, 'WebSocket');
  }
  return [domString(value)];
}

function checkProtocols(protocols: readonly string[]): void {
  const seen = bare<true>();
  for (let i = 0; i < protocols.length; i++) {
    const protocol = protocols[i]!;
    const key = lowerName(protocol);
    if (key === undefined || seen[key]) {
      throw new DOMException(`"${slice(protocol, 0, 60)}" is no subprotocol, or is there twice`, 'SyntaxError');
    }
    seen[key] = true;
  }
}

function toAddress(text: string): string {
  let url;
  try {
    url = resolveUrl(text, 'WebSocket');
  } catch {
    throw new DOMException('The text is not a URL', 'SyntaxError');
  }
  const { href, protocol, address } = url;
  const scheme = protocol === 'http:' ? 'ws:' : protocol === 'https:' ? 'wss:' : protocol;
  if (scheme !== 'ws:' && scheme !== 'wss:') {
    throw new DOMException(`The scheme ${protocol} is neither ws: nor wss:`, 'SyntaxError');
  }
  if (href !== address) throw new DOMException('The URL has a fragment', 'SyntaxError');
  return scheme + slice(href, protocol.length);
}

function transmit(state: State, kind: 'text' | 'bytes' | 'blob', data: unknown, length: number): void {
  if (state.readyState === CONNECTING) throw new DOMException('The WebSocket is not open yet', 'InvalidStateError');
  state.buffered += length;
  if (state.readyState !== OPEN) return;
  const sent = (): void => {
    state.buffered -= length;
  };
  then(host.send(state.socket, kind, data), sent, nothing);
}

function opened(state: State, protocol: string, extensions: string): void {
  if (state.readyState !== CONNECTING) return failed(state);
  state.readyState = OPEN;
  state.protocol = protocol;
  state.extensions = extensions;
  fire(state.target, new Event('open'));
  listen(state);
}

function listen(state: State): void {
  then(
    host.receive(state.socket),
    (message: Awaited<ReturnType<typeof host.receive>>) => {
      if (message === undefined) return ended(state);
      const { 0: data, 1: code, 2: reason } = message;
      if (data === undefined) {
        state.heard = true;
        state.code = code!;
        state.reason = reason!;
        if (state.readyState === OPEN) state.readyState = CLOSING;
      } else if (state.readyState === OPEN) {
        deliver(state, data);
      }
      listen(state);
    },
    () => (state.heard ? ended(state) : failed(state)),
  );
}

function deliver(state: State, data: string | Uint8Array<ArrayBuffer>): void {
  const init = bare<unknown>();
  init.origin = origin(state.url);
  if (typeof data === 'string') init.data = data;
  else init.data = state.binaryType === 'blob' ? createBlob(data, '') : bufferOfTyped(data);
  fire(state.target, new MessageEvent('message', init));
}

/** The connection could not be made, or broke. */
function failed(state: State): void {
  state.failed = true;
  state.code = 1006;
  state.reason = '';
  ended(state);
}

function ended(state: State): void {
  if (state.readyState === CLOSED) return;
  state.readyState = CLOSED;
  host.drop(state.socket);
  if (state.failed) fire(state.target, new Event('error'));
  const init = bare<unknown>();
  init.wasClean = !state.failed;
  init.code = state.code;
  init.reason = state.reason;
  fire(state.target, new CloseEvent('close', init));
}

export { CloseEvent, WebSocket };
