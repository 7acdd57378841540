// PerformanceObserver and PerformanceObserverEntryList: entries as they come, a batch in a task of its own.
// Specification: https://w3c.github.io/performance-timeline/#the-performanceobserver-interface

import { droppedEntries, linkObservers, ofTimeline, type PerformanceEntry, select, typeOf } from 'guest:performance';
import {
  dictionary,
  domString,
  enumerable,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  sequence,
} from 'guest:webidl';
import { report } from 'host:report';
import { immediate } from 'host:timers';

const { apply } = Reflect;
const { freeze } = Object;
const create = {};

type Entry = InstanceType<typeof PerformanceEntry>;

/** In alphabetical order, as the standard wants. */
const supported = freeze(['mark', 'measure']);

function isSupported(type: string): boolean {
  return type === 'mark' || type === 'measure';
}

// ── PerformanceObserverEntryList ──────────────────────────────────────────────────────────────────────────────────────

let entriesOf: (value: unknown) => readonly Entry[];

class PerformanceObserverEntryList {
  #entries: readonly Entry[];

  static {
    entriesOf = (value) => {
      if (isObject(value) && #entries in value) return value.#entries;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, entries: readonly Entry[] = []) {
    if (token !== create) throw illegalConstructor();
    this.#entries = entries;
  }

  getEntries(): Entry[] {
    return select(entriesOf(this));
  }

  getEntriesByType(type: string): Entry[] {
    const entries = entriesOf(this);
    requireArguments(arguments.length, 1, 'PerformanceObserverEntryList.getEntriesByType');
    return select(entries, undefined, domString(type));
  }

  getEntriesByName(name: string, type: string | undefined = undefined): Entry[] {
    const entries = entriesOf(this);
    requireArguments(arguments.length, 1, 'PerformanceObserverEntryList.getEntriesByName');
    return select(entries, domString(name), type === undefined ? undefined : domString(type));
  }
}

makeEnumerable(PerformanceObserverEntryList, ['getEntries', 'getEntriesByType', 'getEntriesByName']);

// ── PerformanceObserver ───────────────────────────────────────────────────────────────────────────────────────────────

export interface PerformanceObserverInit {
  entryTypes?: Iterable<string>;
  type?: string;
  buffered?: boolean;
}

type Callback = (entries: PerformanceObserverEntryList, observer: PerformanceObserver, options: object) => unknown;

interface ObserverState {
  readonly observer: PerformanceObserver;
  readonly callback: Callback;
  kind: 'multiple' | 'single' | undefined;
  /** What it observes. */
  types: string[];
  buffer: Entry[];
  wantsDropped: boolean;
}

/** Those that observe, in the order of their first `observe`. A list is replaced, never changed. */
let registered: readonly ObserverState[] = [];
let isTaskQueued = false;
let isLinked = false;

let observerState: (value: unknown) => ObserverState;

class PerformanceObserver {
  #state: ObserverState;

  static {
    observerState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(callback: Callback) {
    requireArguments(arguments.length, 1, 'PerformanceObserver');
    if (typeof callback !== 'function') throw new TypeError('PerformanceObserver: the callback is not a function');
    this.#state = { observer: this, callback, kind: undefined, types: [], buffer: [], wantsDropped: false };
  }

  static get supportedEntryTypes(): readonly string[] {
    return supported;
  }

  observe(options: PerformanceObserverInit = {}): void {
    const state = observerState(this);
    const init = dictionary(options, 'PerformanceObserver.observe');
    const buffered = init?.['buffered'];
    const list = init?.['entryTypes'];
    const entryTypes = list === undefined ? undefined : sequence(list, domString, 'PerformanceObserver.observe');
    const given = init?.['type'];
    const type = given === undefined ? undefined : domString(given);
    if (entryTypes === undefined && type === undefined) {
      throw new TypeError('PerformanceObserver.observe: neither entryTypes nor type is given');
    }
    if (entryTypes !== undefined && (type !== undefined || buffered !== undefined)) {
      throw new TypeError('PerformanceObserver.observe: entryTypes excludes every other option');
    }
    const kind = entryTypes === undefined ? 'single' : 'multiple';
    state.kind ??= kind;
    if (state.kind !== kind) {
      throw new DOMException('An observer takes either entryTypes or type', 'InvalidModificationError');
    }
    state.wantsDropped = true;
    if (entryTypes !== undefined) observeAll(state, entryTypes);
    else observeOne(state, type!, !!buffered);
  }

  disconnect(): void {
    const state = observerState(this);
    registered = without(state);
    state.types = [];
    state.buffer = [];
  }

  takeRecords(): Entry[] {
    const state = observerState(this);
    const records = select(state.buffer);
    state.buffer = [];
    return records;
  }
}

makeEnumerable(PerformanceObserver, ['observe', 'disconnect', 'takeRecords']);
enumerable(PerformanceObserver, ['supportedEntryTypes']);

function observeAll(state: ObserverState, entryTypes: readonly string[]): void {
  const types: string[] = [];
  for (let i = 0; i < entryTypes.length; i++) {
    if (isSupported(entryTypes[i]!)) types[types.length] = entryTypes[i]!;
  }
  if (types.length === 0) return;
  register(state);
  state.types = types;
}

function observeOne(state: ObserverState, type: string, buffered: boolean): void {
  if (!isSupported(type)) return;
  register(state);
  if (!observes(state, type)) state.types[state.types.length] = type;
  if (!buffered) return;
  const entries = ofTimeline(type);
  for (let i = 0; i < entries.length; i++) state.buffer[state.buffer.length] = entries[i]!;
  if (entries.length > 0) queueTask();
}

function observes(state: ObserverState, type: string): boolean {
  for (let i = 0; i < state.types.length; i++) if (state.types[i] === type) return true;
  return false;
}

function without(state: ObserverState): ObserverState[] {
  const rest: ObserverState[] = [];
  for (let i = 0; i < registered.length; i++) if (registered[i] !== state) rest[rest.length] = registered[i]!;
  return rest;
}

function register(state: ObserverState): void {
  if (!isLinked) linkObservers(tell);
  isLinked = true;
  for (let i = 0; i < registered.length; i++) if (registered[i] === state) return;
  const list = without(state);
  list[list.length] = state;
  registered = list;
}

function tell(entry: Entry): void {
  const type = typeOf(entry);
  for (let i = 0; i < registered.length; i++) {
    const state = registered[i]!;
    if (!observes(state, type)) continue;
    state.buffer[state.buffer.length] = entry;
    queueTask();
  }
}

function queueTask(): void {
  if (isTaskQueued) return;
  immediate(deliver);
  isTaskQueued = true;
}

function deliver(): void {
  isTaskQueued = false;
  const list = registered;
  for (let i = 0; i < list.length; i++) {
    const state = list[i]!;
    const entries = state.buffer;
    if (entries.length === 0) continue;
    state.buffer = [];
    let droppedEntriesCount = 0;
    for (let j = 0; j < state.types.length; j++) droppedEntriesCount += droppedEntries(state.types[j]!);
    const options = state.wantsDropped ? { droppedEntriesCount } : {};
    state.wantsDropped = false;
    try {
      apply(state.callback, state.observer, [
        new PerformanceObserverEntryList(create, entries),
        state.observer,
        options,
      ]);
    } catch (error) {
      report(error);
    }
  }
}

export { PerformanceObserver, PerformanceObserverEntryList };
