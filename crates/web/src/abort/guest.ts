// AbortController and AbortSignal, with signals that depend on others.
//
// A source refers to its dependents weakly, so that `AbortSignal.any` over a long-lived signal leaves nothing behind. Only a
// dependent that somebody listens to is held by its sources: it must live to tell. Other features use `onAbort`.
// Specification: https://dom.spec.whatwg.org/#aborting-ongoing-activities

import { defineHandler, Event, EventTarget, fire, linkAbort, watchListeners } from 'guest:events';
import {
  enforceUnsignedLongLong,
  enumerable,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  sequence,
  uncurry,
} from 'guest:webidl';
import { setTimeoutFor } from 'host:timers';

const add = uncurry(Set.prototype.add);
const remove = uncurry(Set.prototype.delete);
const each = uncurry(Set.prototype.forEach);
const sizeOf = uncurry(Object.getOwnPropertyDescriptor(Set.prototype, 'size')!.get as () => number);
const deref = uncurry(WeakRef.prototype.deref);

interface SignalState {
  readonly signal: AbortSignal;
  aborted: boolean;
  reason: unknown;
  dependent: boolean;
  readonly steps: Set<() => void>;
  listeners: number;
  /** The independent signals that abort this one. */
  sources: SignalState[];
  dependents: WeakRef<AbortSignal>[];
  /** Dependents that somebody listens to. */
  readonly held: Set<AbortSignal>;
  sweepAt: number;
}

const create = {};

let signalState: (value: unknown) => SignalState;

class AbortSignal extends EventTarget {
  declare onabort: ((event: Event) => unknown) | null;

  #state: SignalState;

  static {
    signalState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    super();
    const state: SignalState = {
      signal: this,
      aborted: false,
      reason: undefined,
      dependent: false,
      steps: new Set(),
      listeners: 0,
      sources: [],
      dependents: [],
      held: new Set(),
      sweepAt: 16,
    };
    this.#state = state;
    watchListeners(this, (type, count) => {
      if (type !== 'abort') return;
      state.listeners = count;
      hold(state);
    });
  }

  static abort(reason: unknown = undefined): AbortSignal {
    const signal = new AbortSignal(create);
    const state = signalState(signal);
    state.aborted = true;
    state.reason = reason === undefined ? abortError() : reason;
    return signal;
  }

  static timeout(milliseconds: number): AbortSignal {
    requireArguments(arguments.length, 1, 'AbortSignal.timeout');
    const delay = enforceUnsignedLongLong(milliseconds, 'AbortSignal.timeout');
    const signal = new AbortSignal(create);
    setTimeoutFor(delay, () =>
      signalAbort(signalState(signal), new DOMException('The operation timed out', 'TimeoutError')),
    );
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    requireArguments(arguments.length, 1, 'AbortSignal.any');
    const sources = sequence(signals, toSignalState, 'AbortSignal.any');
    return createDependent(sources);
  }

  get aborted(): boolean {
    return signalState(this).aborted;
  }

  get reason(): any {
    return signalState(this).reason;
  }

  throwIfAborted(): void {
    const { aborted, reason } = signalState(this);
    if (aborted) throw reason;
  }
}

enumerable(AbortSignal, ['abort', 'timeout', 'any']);
makeEnumerable(AbortSignal, ['aborted', 'reason', 'throwIfAborted']);
defineHandler(AbortSignal.prototype, 'abort');

function toSignalState(value: unknown): SignalState {
  if (!isAbortSignal(value)) throw new TypeError('AbortSignal.any: an item is not an AbortSignal');
  return signalState(value);
}

function abortError(): DOMException {
  return new DOMException('The operation was aborted', 'AbortError');
}

// ── dependent signals ─────────────────────────────────────────────────────────────────────────────────────────────────

function createDependent(signals: readonly SignalState[]): AbortSignal {
  const result = new AbortSignal(create);
  const state = signalState(result);
  for (let i = 0; i < signals.length; i++) {
    const { aborted, reason } = signals[i]!;
    if (!aborted) continue;
    state.aborted = true;
    state.reason = reason;
    return result;
  }
  state.dependent = true;
  const self = new WeakRef(result);
  for (let i = 0; i < signals.length; i++) {
    const signal = signals[i]!;
    const sources = signal.dependent ? signal.sources : [signal];
    for (let j = 0; j < sources.length; j++) depend(state, sources[j]!, self);
  }
  return result;
}

function depend(state: SignalState, source: SignalState, self: WeakRef<AbortSignal>): void {
  for (let i = 0; i < state.sources.length; i++) if (state.sources[i] === source) return;
  state.sources[state.sources.length] = source;
  if (source.dependents.length >= source.sweepAt) sweep(source);
  source.dependents[source.dependents.length] = self;
}

/** Drops what was collected; the next time comes when the list has doubled, so that the cost of an entry stays constant. */
function sweep(source: SignalState): void {
  const alive: WeakRef<AbortSignal>[] = [];
  for (let i = 0; i < source.dependents.length; i++) {
    const dependent = source.dependents[i]!;
    if (deref(dependent) !== undefined) alive[alive.length] = dependent;
  }
  source.dependents = alive;
  source.sweepAt = alive.length < 8 ? 16 : alive.length * 2;
}

/** A dependent signal lives as long as its sources while somebody waits for it. */
function hold(state: SignalState): void {
  const wanted = !state.aborted && (state.listeners > 0 || sizeOf(state.steps) > 0);
  for (let i = 0; i < state.sources.length; i++) {
    const { held } = state.sources[i]!;
    if (wanted) add(held, state.signal);
    else remove(held, state.signal);
  }
}

// ── aborting ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function signalAbort(state: SignalState, reason: unknown): void {
  if (state.aborted) return;
  state.aborted = true;
  state.reason = reason === undefined ? abortError() : reason;
  const dependents: SignalState[] = [];
  for (let i = 0; i < state.dependents.length; i++) {
    const signal = deref(state.dependents[i]) as AbortSignal | undefined;
    const dependent = signal && signalState(signal);
    if (dependent === undefined || dependent.aborted) continue;
    dependent.aborted = true;
    dependent.reason = state.reason;
    dependents[dependents.length] = dependent;
  }
  state.dependents = [];
  runAbortSteps(state);
  for (let i = 0; i < dependents.length; i++) runAbortSteps(dependents[i]!);
}

function runAbortSteps(state: SignalState): void {
  each(state.steps, (step) => {
    remove(state.steps, step);
    (step as () => void)();
  });
  fire(state.signal, new Event('abort'));
  hold(state);
  state.sources = [];
}

let controllerSignal: (value: unknown) => AbortSignal;

class AbortController {
  #signal = new AbortSignal(create);

  static {
    controllerSignal = (value) => {
      if (isObject(value) && #signal in value) return value.#signal;
      throw illegalInvocation();
    };
  }

  get signal(): AbortSignal {
    return controllerSignal(this);
  }

  abort(reason: unknown = undefined): void {
    signalAbort(signalState(controllerSignal(this)), reason);
  }
}

makeEnumerable(AbortController, ['signal', 'abort']);

// ── for other features ────────────────────────────────────────────────────────────────────────────────────────────────

/** A signal without a controller, for a feature that aborts it itself. */
export function createSignal(): AbortSignal {
  return new AbortSignal(create);
}

/** Aborts a signal. */
export function abortSignal(signal: AbortSignal, reason: unknown): void {
  signalAbort(signalState(signal), reason);
}

/** What a signal was aborted with; undefined while it is not. */
export function abortReason(signal: AbortSignal): { readonly reason: unknown } | undefined {
  const state = signalState(signal);
  return state.aborted ? { reason: state.reason } : undefined;
}

export function isAbortSignal(value: unknown): value is AbortSignal {
  try {
    signalState(value);
    return true;
  } catch {
    return false;
  }
}

/** Runs the steps when the signal aborts, before its listeners; answers a function that takes them back. Nothing happens on an aborted signal. */
export function onAbort(signal: AbortSignal, steps: () => void): () => void {
  const state = signalState(signal);
  if (state.aborted) return () => {};
  // A wrapper of its own, so that the same function may be given twice.
  const step = (): void => steps();
  add(state.steps, step);
  hold(state);
  return () => {
    if (remove(state.steps, step)) hold(state);
  };
}

/** A signal that follows all of these, as by `AbortSignal.any`. */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  const sources: SignalState[] = [];
  for (let i = 0; i < signals.length; i++) sources[i] = signalState(signals[i]);
  return createDependent(sources);
}

linkAbort({
  isSignal: isAbortSignal,
  isAborted: (signal) => signalState(signal).aborted,
  onAbort: (signal, steps) => onAbort(signal as AbortSignal, steps),
});

export { AbortController, AbortSignal };
