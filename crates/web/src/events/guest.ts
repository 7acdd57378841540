// Event, CustomEvent, EventTarget: the DOM's events without a tree.
//
// A target has no parent here, so the path of an event is its target alone: capturing listeners first, then the others.
// What a listener throws is reported and stops nobody else. Other features use `defineHandler`, `fire` and `watchListeners`.
// The global object is a target too: the same three functions stand on it, and mean it where they have no `this`.
// Specification: https://dom.spec.whatwg.org/#events

import {
  bare,
  defineConstants,
  descriptor,
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
} from 'guest:webidl';
import { listen, report } from 'host:report';

const { apply, defineProperty } = Reflect;
const globalObject: object = globalThis;
const { now } = performance;

// ── Event ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

interface EventState {
  type: string;
  bubbles: boolean;
  cancelable: boolean;
  readonly composed: boolean;
  readonly timeStamp: number;
  trusted: boolean;
  target: EventTarget | null;
  currentTarget: EventTarget | null;
  phase: number;
  dispatching: boolean;
  stopped: boolean;
  stoppedAtOnce: boolean;
  canceled: boolean;
  inPassiveListener: boolean;
}

const NONE = 0;
const AT_TARGET = 2;

let eventState: (value: unknown) => EventState;

class Event {
  declare static readonly NONE: 0;
  declare static readonly CAPTURING_PHASE: 1;
  declare static readonly AT_TARGET: 2;
  declare static readonly BUBBLING_PHASE: 3;
  declare readonly isTrusted: boolean;

  #state: EventState;

  static {
    eventState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: EventInit = {}) {
    requireArguments(arguments.length, 1, 'Event');
    const name = domString(type);
    const init = dictionary(eventInitDict, 'Event');
    this.#state = {
      type: name,
      bubbles: !!init?.bubbles,
      cancelable: !!init?.cancelable,
      composed: !!init?.composed,
      timeStamp: apply(now, performance, []),
      trusted: false,
      target: null,
      currentTarget: null,
      phase: NONE,
      dispatching: false,
      stopped: false,
      stoppedAtOnce: false,
      canceled: false,
      inPassiveListener: false,
    };
    defineProperty(this, 'isTrusted', isTrusted);
  }

  get type(): string {
    return eventState(this).type;
  }
  get target(): EventTarget | null {
    return eventState(this).target;
  }
  get srcElement(): EventTarget | null {
    return eventState(this).target;
  }
  get currentTarget(): EventTarget | null {
    return eventState(this).currentTarget;
  }
  get eventPhase(): number {
    return eventState(this).phase;
  }
  get bubbles(): boolean {
    return eventState(this).bubbles;
  }
  get cancelable(): boolean {
    return eventState(this).cancelable;
  }
  get composed(): boolean {
    return eventState(this).composed;
  }
  get defaultPrevented(): boolean {
    return eventState(this).canceled;
  }
  get timeStamp(): number {
    return eventState(this).timeStamp;
  }

  get cancelBubble(): boolean {
    return eventState(this).stopped;
  }
  set cancelBubble(value: boolean) {
    const state = eventState(this);
    if (value) state.stopped = true;
  }

  get returnValue(): boolean {
    return !eventState(this).canceled;
  }
  set returnValue(value: boolean) {
    const state = eventState(this);
    if (!value) cancel(state);
  }

  composedPath(): EventTarget[] {
    const { currentTarget } = eventState(this);
    return currentTarget === null ? [] : [currentTarget];
  }

  stopPropagation(): void {
    eventState(this).stopped = true;
  }

  stopImmediatePropagation(): void {
    const state = eventState(this);
    state.stopped = true;
    state.stoppedAtOnce = true;
  }

  preventDefault(): void {
    cancel(eventState(this));
  }

  initEvent(type: string, bubbles = false, cancelable = false): void {
    const state = eventState(this);
    requireArguments(arguments.length, 1, 'Event.initEvent');
    const name = domString(type);
    if (!state.dispatching) initialize(state, name, bubbles, cancelable);
  }
}

// The one member that the standard wants on every instance itself: a guest cannot redefine it on the prototype.
const isTrusted = descriptor({
  get: Object.getOwnPropertyDescriptor(
    {
      get isTrusted() {
        return eventState(this).trusted;
      },
    },
    'isTrusted',
  )!.get!,
  enumerable: true,
});

makeEnumerable(Event, [
  'type',
  'target',
  'srcElement',
  'currentTarget',
  'composedPath',
  'eventPhase',
  'stopPropagation',
  'cancelBubble',
  'stopImmediatePropagation',
  'bubbles',
  'cancelable',
  'returnValue',
  'preventDefault',
  'defaultPrevented',
  'composed',
  'timeStamp',
  'initEvent',
]);
defineConstants(Event, { NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 });

function cancel(state: EventState): void {
  if (state.cancelable && !state.inPassiveListener) state.canceled = true;
}

function initialize(state: EventState, type: string, bubbles: unknown, cancelable: unknown): void {
  state.stopped = false;
  state.stoppedAtOnce = false;
  state.canceled = false;
  state.trusted = false;
  state.target = null;
  state.type = type;
  state.bubbles = !!bubbles;
  state.cancelable = !!cancelable;
}

// ── CustomEvent ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CustomEventInit<T> extends EventInit {
  detail?: T;
}

let customEvent: (value: unknown) => CustomEvent<unknown>;

class CustomEvent<T = unknown> extends Event {
  #detail: T | null;

  static {
    customEvent = (value) => {
      if (isObject(value) && #detail in value) return value;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: CustomEventInit<T> = {}) {
    requireArguments(arguments.length, 1, 'CustomEvent');
    super(type, eventInitDict);
    const detail = eventInitDict?.detail;
    this.#detail = detail === undefined ? null : detail;
  }

  get detail(): T | null {
    return (customEvent(this) as CustomEvent<T>).#detail;
  }

  initCustomEvent(type: string, bubbles = false, cancelable = false, detail: T | null = null): void {
    const event = customEvent(this) as CustomEvent<T>;
    requireArguments(arguments.length, 1, 'CustomEvent.initCustomEvent');
    const name = domString(type);
    const state = eventState(event);
    if (state.dispatching) return;
    initialize(state, name, bubbles, cancelable);
    event.#detail = detail;
  }
}

makeEnumerable(CustomEvent, ['detail', 'initCustomEvent']);

// ── EventTarget ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type EventListener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

export interface AddEventListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: object;
}

interface Listener {
  readonly callback: object;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
  /** Takes back what hangs on the listener's signal. */
  release: (() => void) | undefined;
}

interface Handler {
  value: object | null;
  listener: Listener | undefined;
}

type ByType<T> = { [type: string]: T | undefined };

interface TargetState {
  readonly listeners: ByType<Listener[]>;
  readonly handlers: ByType<Handler>;
  watch: ((type: string, count: number) => void) | undefined;
}

let targetState: (value: unknown) => TargetState;
let hasTargetState: (value: unknown) => boolean;

/** The global object's. The host is told when somebody listens for what it reports. */
const globalState: TargetState = {
  listeners: bare(),
  handlers: bare(),
  watch(type) {
    if (type === 'error' || type === 'unhandledrejection' || type === 'rejectionhandled') listen();
  },
};

class EventTarget {
  #state: TargetState = { listeners: bare(), handlers: bare(), watch: undefined };

  static {
    targetState = (value) => {
      if (value === undefined || value === null || value === globalObject) return globalState;
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
    hasTargetState = (value) => value === globalObject || (isObject(value) && #state in value);
  }

  addEventListener(
    type: string,
    callback: EventListener | null,
    options: AddEventListenerOptions | boolean = {},
  ): void {
    const state = targetState(this);
    requireArguments(arguments.length, 2, 'EventTarget.addEventListener');
    const name = domString(type);
    const object = nullableCallback(callback, 'EventTarget.addEventListener');
    const { capture, once, passive, signal } = flattenMore(options);
    if (signal !== undefined && abort!.isAborted(signal)) return;
    if (object === null || find(state, name, object, capture) !== undefined) return;
    const listener: Listener = { callback: object, capture, once, passive, removed: false, release: undefined };
    append(state, name, listener);
    if (signal !== undefined) listener.release = abort!.onAbort(signal, () => remove(state, name, listener));
  }

  removeEventListener(
    type: string,
    callback: EventListener | null,
    options: { capture?: boolean } | boolean = {},
  ): void {
    const state = targetState(this);
    requireArguments(arguments.length, 2, 'EventTarget.removeEventListener');
    const name = domString(type);
    const object = nullableCallback(callback, 'EventTarget.removeEventListener');
    const capture = flatten(options);
    const listener = object === null ? undefined : find(state, name, object, capture);
    if (listener !== undefined) remove(state, name, listener);
  }

  dispatchEvent(event: Event): boolean {
    const state = targetState(this);
    requireArguments(arguments.length, 1, 'EventTarget.dispatchEvent');
    if (!isEvent(event)) throw new TypeError('EventTarget.dispatchEvent: the argument is not an Event');
    const fired = eventState(event);
    if (fired.dispatching) throw new DOMException('The event is already being dispatched', 'InvalidStateError');
    fired.trusted = false;
    return dispatch((this ?? globalObject) as EventTarget, state, event, fired);
  }
}

makeEnumerable(EventTarget, ['addEventListener', 'removeEventListener', 'dispatchEvent']);

const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;

function isEvent(value: unknown): value is Event {
  try {
    eventState(value);
    return true;
  } catch {
    return false;
  }
}

function nullableCallback(callback: unknown, where: string): object | null {
  if (callback === undefined || callback === null) return null;
  if (!isObject(callback)) throw new TypeError(`${where}: the listener is neither a function nor an object`);
  return callback;
}

function flatten(options: unknown): boolean {
  if (options === undefined || options === null) return false;
  return !!(isObject(options) ? (options as AddEventListenerOptions).capture : options);
}

function flattenMore(options: unknown) {
  const capture = flatten(options);
  if (!isObject(options)) return { capture, once: false, passive: false, signal: undefined };
  const { once, passive, signal } = options as AddEventListenerOptions;
  if (signal !== undefined && !abort?.isSignal(signal)) {
    throw new TypeError('EventTarget.addEventListener: the signal is not an AbortSignal');
  }
  return { capture, once: !!once, passive: !!passive, signal };
}

function find(state: TargetState, type: string, callback: object, capture: boolean): Listener | undefined {
  const list = state.listeners[type];
  if (list === undefined) return undefined;
  for (let i = 0; i < list.length; i++) {
    const listener = list[i]!;
    if (listener.callback === callback && listener.capture === capture) return listener;
  }
  return undefined;
}

/** A list only grows; what is removed leaves a new list behind. A dispatch under way goes on over the part that it began with. */
function append(state: TargetState, type: string, listener: Listener): void {
  const list = (state.listeners[type] ??= []);
  list[list.length] = listener;
  state.watch?.(type, list.length);
}

function remove(state: TargetState, type: string, listener: Listener): void {
  if (listener.removed) return;
  listener.removed = true;
  listener.release?.();
  const rest: Listener[] = [];
  const list = state.listeners[type]!;
  for (let i = 0; i < list.length; i++) if (list[i] !== listener) rest[rest.length] = list[i]!;
  if (rest.length > 0) state.listeners[type] = rest;
  else delete state.listeners[type];
  state.watch?.(type, rest.length);
}

function dispatch(target: EventTarget, state: TargetState, event: Event, fired: EventState): boolean {
  fired.dispatching = true;
  fired.target = target;
  fired.currentTarget = target;
  fired.phase = AT_TARGET;
  invoke(target, state, event, fired, true);
  invoke(target, state, event, fired, false);
  fired.phase = NONE;
  fired.currentTarget = null;
  fired.dispatching = false;
  fired.stopped = false;
  fired.stoppedAtOnce = false;
  return !fired.canceled;
}

function invoke(target: EventTarget, state: TargetState, event: Event, fired: EventState, capture: boolean): void {
  const list = state.listeners[fired.type];
  if (fired.stopped || list === undefined) return;
  const { length } = list;
  for (let i = 0; i < length && !fired.stoppedAtOnce; i++) {
    const listener = list[i]!;
    if (listener.removed || listener.capture !== capture) continue;
    if (listener.once) remove(state, fired.type, listener);
    fired.inPassiveListener = listener.passive;
    try {
      callListener(listener.callback, target, event);
    } catch (error) {
      report(error);
    }
    fired.inPassiveListener = false;
  }
}

function callListener(callback: object, target: EventTarget, event: Event): void {
  if (typeof callback === 'function') {
    apply(callback, target, [event]);
    return;
  }
  const { handleEvent } = callback as { handleEvent?: unknown };
  if (typeof handleEvent !== 'function') throw new TypeError("The listener's handleEvent is not a function");
  apply(handleEvent, callback, [event]);
}

// ── for other features ────────────────────────────────────────────────────────────────────────────────────────────────

/** What `guest:abort` lends to listeners with a signal. As long as it was never loaded, no signal exists. */
export interface AbortLink {
  isSignal(value: unknown): boolean;
  isAborted(signal: object): boolean;
  onAbort(signal: object, steps: () => void): () => void;
}

let abort: AbortLink | undefined;

export function linkAbort(link: AbortLink): void {
  abort = link;
}

/** How a handler is called; the answer is what it returned, and `true` for `cancel` says that the event's default is off. */
type CallHandler = (handler: Function, target: unknown, event: Event) => { readonly cancel: boolean };

const callPlainly: CallHandler = (handler, target, event) => ({ cancel: apply(handler, target, [event]) === false });

/** The accessors of the attribute `on<type>`. `added` is called with the target whenever a handler is set. */
export function handlerAccessors(
  type: string,
  added?: (target: EventTarget) => void,
  call: CallHandler = callPlainly,
): { get: () => unknown; set: (value: unknown) => void } {
  const name = `on${type}`;
  const accessors = {
    get [name](): unknown {
      return targetState(this).handlers[type]?.value ?? null;
    },
    set [name](value: unknown) {
      setHandler(targetState(this), type, isObject(value) ? value : null, call);
      added?.((this ?? globalObject) as unknown as EventTarget);
    },
  };
  const { get, set } = Object.getOwnPropertyDescriptor(accessors, name)!;
  return { get: get!, set: set! };
}

/** Defines the attribute `on<type>` on an interface's prototype. */
export function defineHandler(prototype: object, type: string, added?: (target: EventTarget) => void): void {
  const { get, set } = handlerAccessors(type, added);
  defineProperty(prototype, `on${type}`, descriptor({ get, set, enumerable: true, configurable: true }));
}

/** A handler keeps its place among the listeners while it is replaced, and loses it when it is set to null. */
function setHandler(state: TargetState, type: string, value: object | null, call: CallHandler): void {
  const handler = (state.handlers[type] ??= { value: null, listener: undefined });
  handler.value = value;
  if (value === null) {
    if (handler.listener !== undefined) remove(state, type, handler.listener);
    handler.listener = undefined;
  } else if (handler.listener === undefined) {
    const callback = (event: Event): void => callHandler(handler, event, call);
    handler.listener = { callback, capture: false, once: false, passive: false, removed: false, release: undefined };
    append(state, type, handler.listener);
  }
}

function callHandler(handler: Handler, event: Event, call: CallHandler): void {
  if (typeof handler.value !== 'function') return;
  const state = eventState(event);
  if (call(handler.value, state.currentTarget, event).cancel) cancel(state);
}

export function isEventTarget(value: unknown): value is EventTarget {
  return hasTargetState(value);
}

/** Dispatches an event of the platform's own: it is trusted. */
export function fire(target: EventTarget, event: Event): boolean {
  const fired = eventState(event);
  fired.trusted = true;
  return dispatch(target, targetState(target), event, fired);
}

/** Calls back with the number of listeners left whenever a listener of any type comes or goes. */
export function watchListeners(target: EventTarget, watch: (type: string, count: number) => void): void {
  targetState(target).watch = watch;
}

export { addEventListener, CustomEvent, dispatchEvent, Event, EventTarget, removeEventListener };
