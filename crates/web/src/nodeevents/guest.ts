// events: Node's EventEmitter, and what its module has beside it.
//
// A constructor that is a function, since old classes call it on themselves (`EventEmitter.call(this)`). `_events`, `_eventsCount` and
// `_maxListeners` are properties as in Node: packages look at them.

import { descriptor, isObject } from 'guest:webidl';
import { coded, invalidArgType, outOfRange, checkFunction } from 'guest:nodeerrors';
import { load } from 'host:modules';

const { apply, defineProperty, ownKeys } = Reflect;
const PromiseIntrinsic = Promise;

type Listener = (...args: any[]) => unknown;
type Wrapped = Listener & { listener?: Listener };
type Listeners = Wrapped | (Wrapped[] & { warned?: boolean });
export type EventName = string | symbol;

export interface EventEmitter {
  _events: Record<EventName, Listeners> | undefined;
  _eventsCount: number;
  _maxListeners: number | undefined;
  [capture]?: boolean;
  addListener(type: EventName, listener: Listener): this;
  on(type: EventName, listener: Listener): this;
  once(type: EventName, listener: Listener): this;
  prependListener(type: EventName, listener: Listener): this;
  prependOnceListener(type: EventName, listener: Listener): this;
  removeListener(type: EventName, listener: Listener): this;
  off(type: EventName, listener: Listener): this;
  removeAllListeners(type?: EventName): this;
  emit(type: EventName, ...args: unknown[]): boolean;
  listeners(type: EventName): Listener[];
  rawListeners(type: EventName): Listener[];
  listenerCount(type: EventName, listener?: Listener): number;
  eventNames(): EventName[];
  setMaxListeners(n: number): this;
  getMaxListeners(): number;
}

interface EventEmitterConstructor {
  new (options?: { captureRejections?: boolean }): EventEmitter;
  (this: unknown, options?: { captureRejections?: boolean }): void;
  prototype: EventEmitter;
  defaultMaxListeners: number;
  init(this: EventEmitter, options?: { captureRejections?: boolean }): void;
  [name: PropertyKey]: any;
}

const capture: unique symbol = Symbol('kCapture') as never;
const captureRejectionSymbol = Symbol.for('nodejs.rejection');
const errorMonitor = Symbol('events.errorMonitor');
const bareEvents = (): Record<EventName, Listeners> => ({ __proto__: null }) as never;

let defaultMaxListeners = 10;

const EventEmitter = function (this: EventEmitter, options?: { captureRejections?: boolean }) {
  apply(EventEmitter.init, this, [options]);
} as EventEmitterConstructor;

EventEmitter.prototype._events = undefined;
EventEmitter.prototype._eventsCount = 0;
EventEmitter.prototype._maxListeners = undefined;
defineProperty(EventEmitter.prototype, capture, descriptor({ value: false, writable: true }));

EventEmitter.init = function (options) {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = bareEvents();
    this._eventsCount = 0;
  }
  this._maxListeners = this._maxListeners || undefined;
  if (options?.captureRejections) {
    if (typeof options.captureRejections !== 'boolean') {
      throw invalidArgType('options.captureRejections', 'of type boolean', options.captureRejections);
    }
    this[capture] = true;
  } else this[capture] = (EventEmitter.prototype as EventEmitter)[capture] as boolean;
};

// ── methods ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkLimit(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!(value >= 0)) throw outOfRange(name, '>= 0', value);
}

function add(emitter: EventEmitter, type: EventName, listener: Listener, first: boolean): EventEmitter {
  checkFunction(listener, 'listener');
  let events = emitter._events;
  if (events === undefined) {
    events = emitter._events = bareEvents();
    emitter._eventsCount = 0;
  } else if (events.newListener !== undefined) {
    emitter.emit('newListener', type, (listener as Wrapped).listener ?? listener);
    // A listener of that may have taken everything away.
    events = emitter._events!;
  }
  const present = events[type];
  if (present === undefined) {
    events[type] = listener;
    emitter._eventsCount++;
    return emitter;
  }
  let list: Wrapped[] & { warned?: boolean };
  if (typeof present === 'function') list = events[type] = first ? [listener, present] : [present, listener];
  else {
    list = present;
    if (first) list.unshift(listener);
    else list.push(listener);
  }
  const most = emitter.getMaxListeners();
  if (most > 0 && list.length > most && !list.warned) {
    list.warned = true;
    warn(emitter, type, list.length, most);
  }
  return emitter;
}

function warn(emitter: EventEmitter, type: EventName, count: number, most: number): void {
  const name = (emitter as object).constructor?.name || 'EventEmitter';
  const warning = new Error(
    `Possible EventEmitter memory leak detected. ${count} ${String(type)} listeners added to ${name}. ` +
      `MaxListeners is ${most}. Use emitter.setMaxListeners() to increase limit`,
  );
  warning.name = 'MaxListenersExceededWarning';
  Object.assign(warning, { emitter, type, count });
  load<typeof import('guest:process')>('guest:process').process.emitWarning(warning);
}

function onceOf(emitter: EventEmitter, type: EventName, listener: Listener): Wrapped {
  checkFunction(listener, 'listener');
  let fired = false;
  const wrapped: Wrapped = function (this: unknown, ...args: unknown[]) {
    if (fired) return undefined;
    fired = true;
    emitter.removeListener(type, wrapped);
    return apply(listener, emitter, args);
  };
  wrapped.listener = listener;
  return wrapped;
}

/** What an `error` that nobody listens to throws. */
function unhandled(args: readonly unknown[]): Error {
  const { 0: error } = args;
  if (Error.isError(error)) return error as Error;
  const shown =
    args.length === 0 || error === undefined
      ? 'undefined'
      : load<typeof import('guest:inspect')>('guest:inspect').inspect(error);
  return Object.assign(coded(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${shown})`), { context: error });
}

function call(emitter: EventEmitter, listener: Listener, type: EventName, args: unknown[]): void {
  const result = apply(listener, emitter, args);
  if (result === undefined || result === null || !emitter[capture]) return;
  const { then } = result as { then?: unknown };
  if (typeof then !== 'function') return;
  const fail = (error: unknown): void => {
    load<typeof import('guest:process')>('guest:process').process.nextTick(rejected, emitter, error, type, args);
  };
  apply(then, result, [undefined, fail]);
}

function rejected(emitter: EventEmitter, error: unknown, type: EventName, args: unknown[]): void {
  const own = (emitter as unknown as Record<symbol, unknown>)[captureRejectionSymbol];
  if (typeof own === 'function') {
    apply(own, emitter, [error, type, ...args]);
    return;
  }
  const before = emitter[capture];
  try {
    emitter[capture] = false;
    emitter.emit('error', error);
  } finally {
    emitter[capture] = before as boolean;
  }
}

const methods: ThisType<EventEmitter> & Record<string, unknown> = {
  setMaxListeners(n: unknown) {
    checkLimit(n, 'setMaxListeners');
    this._maxListeners = n;
    return this;
  },
  getMaxListeners() {
    return this._maxListeners === undefined ? defaultMaxListeners : this._maxListeners;
  },
  emit(type: EventName, ...args: unknown[]) {
    const events = this._events;
    if (type === 'error') {
      if (events?.[errorMonitor] !== undefined) this.emit(errorMonitor, ...args);
      if (events?.error === undefined) throw unhandled(args);
    }
    const present = events?.[type];
    if (present === undefined) return false;
    if (typeof present === 'function') call(this, present, type, args);
    else {
      const list = present.slice();
      for (let i = 0; i < list.length; i++) call(this, list[i]!, type, args);
    }
    return true;
  },
  addListener(type: EventName, listener: Listener) {
    return add(this, type, listener, false);
  },
  prependListener(type: EventName, listener: Listener) {
    return add(this, type, listener, true);
  },
  once(type: EventName, listener: Listener) {
    return this.on(type, onceOf(this, type, listener));
  },
  prependOnceListener(type: EventName, listener: Listener) {
    return this.prependListener(type, onceOf(this, type, listener));
  },
  removeListener(type: EventName, listener: Listener) {
    checkFunction(listener, 'listener');
    const events = this._events;
    const present = events?.[type];
    if (events === undefined || present === undefined) return this;
    let removed: Wrapped | undefined;
    if (typeof present === 'function') {
      if (present !== listener && present.listener !== listener) return this;
      removed = present;
      forget(this, events, type);
    } else {
      let at = present.length - 1;
      while (at >= 0 && present[at] !== listener && present[at]!.listener !== listener) at--;
      if (at < 0) return this;
      present.splice(at, 1);
      if (present.length === 1) events[type] = present[0]!;
      // Of several Node names the one that it was asked for, be it a wrapper.
      removed = undefined;
    }
    if (events.removeListener !== undefined) this.emit('removeListener', type, removed?.listener ?? listener);
    return this;
  },
  removeAllListeners(...types: EventName[]) {
    const events = this._events;
    if (events === undefined) return this;
    const { 0: type } = types;
    if (events.removeListener === undefined) {
      if (types.length === 0) {
        this._events = bareEvents();
        this._eventsCount = 0;
      } else if (events[type!] !== undefined) forget(this, events, type!);
      return this;
    }
    if (types.length === 0) {
      for (const name of ownKeys(events) as EventName[]) if (name !== 'removeListener') this.removeAllListeners(name);
      this.removeAllListeners('removeListener');
      this._events = bareEvents();
      this._eventsCount = 0;
      return this;
    }
    const present = events[type!];
    if (typeof present === 'function') this.removeListener(type!, present);
    else if (present !== undefined)
      for (let i = present.length - 1; i >= 0; i--) this.removeListener(type!, present[i]!);
    return this;
  },
  listeners(type: EventName) {
    return listOf(this, type).map((listener) => listener.listener ?? listener);
  },
  rawListeners(type: EventName) {
    return listOf(this, type);
  },
  listenerCount(type: EventName, listener?: Listener) {
    const list = listOf(this, type);
    if (listener === undefined || listener === null) return list.length;
    return list.filter((other) => other === listener || other.listener === listener).length;
  },
  eventNames() {
    return this._eventsCount > 0 ? ownKeys(this._events!) : [];
  },
};

function forget(emitter: EventEmitter, events: Record<EventName, Listeners>, type: EventName): void {
  emitter._eventsCount--;
  if (emitter._eventsCount === 0) emitter._events = bareEvents();
  else delete events[type];
}

function listOf(emitter: EventEmitter, type: EventName): Wrapped[] {
  const present = emitter._events?.[type];
  if (present === undefined) return [];
  return typeof present === 'function' ? [present] : present.slice();
}

Object.assign(EventEmitter.prototype, methods);
EventEmitter.prototype.on = EventEmitter.prototype.addListener;
EventEmitter.prototype.off = EventEmitter.prototype.removeListener;

// ── what the module has beside the class ──────────────────────────────────────────────────────────────────────────────

interface SignalOption {
  readonly signal?: AbortSignal;
}
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: string, listener: Listener, options?: object): void;
  removeEventListener(type: string, listener: Listener): void;
}
type Target = EventEmitter | { addEventListener: unknown; removeEventListener: unknown };

function abortError(signal: AbortSignal): Error {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return error;
}

function signalOf(options: SignalOption | undefined): AbortSignal | undefined {
  const signal = options?.signal;
  if (signal !== undefined && !(isObject(signal) && 'aborted' in signal)) {
    throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  }
  return signal;
}

function listen(target: any, type: EventName, listener: Listener, once: boolean): void {
  if (typeof target?.on === 'function') {
    if (once) target.once(type, listener);
    else target.on(type, listener);
  } else if (typeof target?.addEventListener === 'function') target.addEventListener(type, listener, { once });
  else throw invalidArgType('emitter', 'an instance of EventEmitter', target);
}

function unlisten(target: any, type: EventName, listener: Listener): void {
  if (typeof target.removeListener === 'function') target.removeListener(type, listener);
  else target.removeEventListener(type, listener);
}

/** A promise of the arguments of the next such event; it rejects with the next `error`. */
async function once(emitter: Target, type: EventName, options?: SignalOption): Promise<unknown[]> {
  const signal = signalOf(options);
  if (signal?.aborted) throw abortError(signal);
  return new PromiseIntrinsic((resolve, reject) => {
    const end = (): void => {
      unlisten(emitter, type, came);
      if (hears) unlisten(emitter, 'error', failed);
      signal?.removeEventListener('abort', aborted);
    };
    const came = (...args: unknown[]): void => (end(), resolve(args));
    const failed = (error: unknown): void => (end(), reject(error));
    const aborted = (): void => (end(), reject(abortError(signal!)));
    const hears = type !== 'error' && typeof (emitter as EventEmitter).once === 'function';
    listen(emitter, type, came, true);
    if (hears) listen(emitter, 'error', failed, true);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

interface OnOptions extends SignalOption {
  readonly close?: readonly string[];
}

/** An asynchronous iterator over the arguments of such events; it ends with `close` events, and throws at an `error`. */
function on(emitter: Target, type: EventName, options?: OnOptions): AsyncIterableIterator<unknown[]> {
  const signal = signalOf(options);
  if (signal?.aborted) throw abortError(signal);
  const events: unknown[][] = [];
  const waiting: { resolve(result: IteratorResult<unknown[]>): void; reject(error: unknown): void }[] = [];
  let failure: { readonly error: unknown } | undefined;
  let finished = false;
  const came = (...args: unknown[]): void => {
    const waiter = waiting.shift();
    if (waiter === undefined) events.push(args);
    else waiter.resolve({ value: args, done: false });
  };
  const failed = (error: unknown): void => {
    const waiter = waiting.shift();
    if (waiter === undefined) failure = { error };
    else waiter.reject(error);
    void finish();
  };
  const aborted = (): void => failed(abortError(signal!));
  const finish = (): Promise<IteratorResult<unknown[]>> => {
    finished = true;
    unlisten(emitter, type, came);
    unlisten(emitter, 'error', failed);
    for (const name of options?.close ?? []) unlisten(emitter, name, finish);
    signal?.removeEventListener('abort', aborted);
    for (const waiter of waiting.splice(0)) waiter.resolve({ value: undefined, done: true });
    return PromiseIntrinsic.resolve({ value: undefined, done: true });
  };
  listen(emitter, type, came, false);
  if (type !== 'error' && typeof (emitter as EventEmitter).on === 'function') listen(emitter, 'error', failed, false);
  for (const name of options?.close ?? []) listen(emitter, name, finish, false);
  signal?.addEventListener('abort', aborted, { once: true });
  const { asyncDispose } = Symbol as unknown as { asyncDispose: symbol };
  const disposal = { [asyncDispose]: async () => void (await finish()) };
  return {
    next() {
      if (events.length > 0) return PromiseIntrinsic.resolve({ value: events.shift()!, done: false });
      if (failure !== undefined) {
        const { error } = failure;
        failure = undefined;
        return PromiseIntrinsic.reject(error);
      }
      if (finished) return PromiseIntrinsic.resolve({ value: undefined, done: true });
      return new PromiseIntrinsic((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return: finish,
    throw(error) {
      if (!Error.isError(error)) throw invalidArgType('EventEmitter.AsyncIterator', 'an instance of Error', error);
      failed(error);
      return PromiseIntrinsic.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    ...disposal,
  } as AsyncIterableIterator<unknown[]>;
}

function getEventListeners(emitter: Target, type: EventName): Listener[] {
  if (typeof (emitter as EventEmitter).listeners === 'function') return (emitter as EventEmitter).listeners(type);
  throw invalidArgType('emitter', 'an instance of EventEmitter', emitter);
}

function getMaxListeners(emitter: Target): number {
  if (typeof (emitter as EventEmitter).getMaxListeners === 'function')
    return (emitter as EventEmitter).getMaxListeners();
  throw invalidArgType('emitter', 'an instance of EventEmitter', emitter);
}

function setMaxListeners(n = defaultMaxListeners, ...emitters: EventEmitter[]): void {
  checkLimit(n, 'setMaxListeners');
  if (emitters.length === 0) defaultMaxListeners = n;
  for (const emitter of emitters) if (typeof emitter.setMaxListeners === 'function') emitter.setMaxListeners(n);
}

function listenerCount(emitter: EventEmitter, type: EventName): number {
  if (typeof emitter.listenerCount === 'function') return emitter.listenerCount(type);
  return apply(EventEmitter.prototype.listenerCount, emitter, [type]);
}

function addAbortListener(signal: AbortSignal, listener: Listener): object {
  signalOf({ signal });
  checkFunction(listener, 'listener');
  let stop = (): void => {};
  if (signal.aborted) load<typeof import('guest:process')>('guest:process').process.nextTick(listener);
  else {
    signal.addEventListener('abort', listener, { once: true });
    stop = () => signal.removeEventListener('abort', listener);
  }
  const { dispose } = Symbol as unknown as { dispose: symbol };
  return { __proto__: null, [dispose]: () => stop() };
}

Object.assign(EventEmitter, {
  addAbortListener,
  once,
  on,
  getEventListeners,
  getMaxListeners,
  EventEmitter,
  usingDomains: false,
  captureRejectionSymbol,
  errorMonitor,
  setMaxListeners,
  listenerCount,
});
defineProperty(
  EventEmitter,
  'captureRejections',
  descriptor({
    get: () => (EventEmitter.prototype as EventEmitter)[capture],
    set(value: unknown) {
      if (typeof value !== 'boolean') throw invalidArgType('EventEmitter.captureRejections', 'of type boolean', value);
      (EventEmitter.prototype as EventEmitter)[capture] = value;
    },
    enumerable: true,
    configurable: true,
  }),
);
defineProperty(
  EventEmitter,
  'defaultMaxListeners',
  descriptor({
    get: () => defaultMaxListeners,
    set(value: unknown) {
      checkLimit(value, 'defaultMaxListeners');
      defaultMaxListeners = value;
    },
    enumerable: true,
  }),
);
defineProperty(EventEmitter, 'name', descriptor({ value: 'EventEmitter', configurable: true }));

export { EventEmitter };
