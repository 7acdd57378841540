// performance: the engine's monotonic clock with a time origin that is a date, and the marks and measures of a guest's own.
//
// The engine's own `performance.timeOrigin` is the uptime of the machine. Entries stay until they are cleared; the list is bounded,
// and what comes beyond is counted. Observers have a module of their own, which links itself in.
// Specifications: https://w3c.github.io/hr-time/, https://w3c.github.io/user-timing/, https://w3c.github.io/performance-timeline/

import { structuredClone } from 'guest:clone';
import { EventTarget } from 'guest:events';
import {
  dictionary,
  domString,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
} from 'guest:webidl';

const engine = performance;
const timeOrigin = Date.now() - engine.now();
const create = {};
const { isFinite } = Number;

/** As many marks and measures are kept. */
const MAX_ENTRIES = 100_000;

// ── entries ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Fields {
  readonly name: string;
  readonly entryType: 'mark' | 'measure';
  readonly startTime: number;
  readonly duration: number;
}

let fieldsOf: (value: unknown) => Fields;

class PerformanceEntry {
  #fields: Fields;

  static {
    fieldsOf = (value) => {
      if (isObject(value) && #fields in value) return value.#fields;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined, fields?: Fields) {
    if (token !== create) throw illegalConstructor();
    this.#fields = fields!;
  }

  get name(): string {
    return fieldsOf(this).name;
  }
  get entryType(): string {
    return fieldsOf(this).entryType;
  }
  get startTime(): number {
    return fieldsOf(this).startTime;
  }
  get duration(): number {
    return fieldsOf(this).duration;
  }

  toJSON(): object {
    const { name, entryType, startTime, duration } = fieldsOf(this);
    return { name, entryType, startTime, duration };
  }
}

makeEnumerable(PerformanceEntry, ['name', 'entryType', 'startTime', 'duration', 'toJSON']);

export interface PerformanceMarkOptions {
  detail?: unknown;
  startTime?: number;
}

class PerformanceMark extends PerformanceEntry {
  #detail: unknown;

  constructor(markName: string, markOptions: PerformanceMarkOptions = {}) {
    requireArguments(arguments.length, 1, 'PerformanceMark');
    const name = domString(markName);
    const options = dictionary(markOptions, 'PerformanceMark');
    const detail = options?.['detail'];
    const given = options?.['startTime'];
    const startTime = given === undefined ? engine.now() : finite(given, 'PerformanceMark: startTime');
    if (startTime < 0) throw new TypeError('PerformanceMark: startTime is negative');
    super(create, { name, entryType: 'mark', startTime, duration: 0 });
    this.#detail = cloned(detail);
  }

  get detail(): any {
    if (!(isObject(this) && #detail in this)) throw illegalInvocation();
    return this.#detail;
  }
}

makeEnumerable(PerformanceMark, ['detail']);

class PerformanceMeasure extends PerformanceEntry {
  #detail: unknown;

  constructor(token: unknown = undefined, fields?: Fields, detail: unknown = null) {
    super(token, fields);
    this.#detail = detail;
  }

  get detail(): any {
    if (!(isObject(this) && #detail in this)) throw illegalInvocation();
    return this.#detail;
  }
}

makeEnumerable(PerformanceMeasure, ['detail']);

function finite(value: unknown, what: string): number {
  const number = +(value as number);
  if (!isFinite(number)) throw new TypeError(`${what} is not a finite number`);
  return number;
}

function cloned(detail: unknown): unknown {
  return detail === undefined || detail === null ? null : structuredClone(detail);
}

// ── the timeline ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** In the order of their making. */
let timeline: PerformanceEntry[] = [];
const dropped = { __proto__: null, mark: 0, measure: 0 } as unknown as { [type: string]: number };

let notify: ((entry: PerformanceEntry) => void) | undefined;

/** What `guest:performanceobserver` gives when it is loaded: it is told of each entry from then on. */
export function linkObservers(observe: (entry: PerformanceEntry) => void): void {
  notify = observe;
}

export function droppedEntries(type: string): number {
  return dropped[type] ?? 0;
}

/** Entries of a list by name and type, where given, by start time; those that start together stay in their order. */
export function select(list: readonly PerformanceEntry[], name?: string, type?: string): PerformanceEntry[] {
  const chosen: PerformanceEntry[] = [];
  for (let i = 0; i < list.length; i++) {
    const entry = list[i]!;
    const fields = fieldsOf(entry);
    if ((name === undefined || fields.name === name) && (type === undefined || fields.entryType === type)) {
      chosen[chosen.length] = entry;
    }
  }
  return sorted(chosen);
}

export function ofTimeline(type: string): PerformanceEntry[] {
  return select(timeline, undefined, type);
}

export function typeOf(entry: PerformanceEntry): string {
  return fieldsOf(entry).entryType;
}

/** A merge sort: stable, and of nobody's prototype. */
function sorted(list: PerformanceEntry[]): PerformanceEntry[] {
  let isSorted = true;
  for (let i = 1; i < list.length && isSorted; i++) isSorted = startOf(list[i - 1]!) <= startOf(list[i]!);
  if (isSorted) return list;
  let from = list;
  let to: PerformanceEntry[] = [];
  for (let width = 1; width < list.length; width *= 2) {
    for (let left = 0; left < list.length; left += 2 * width) merge(from, to, left, width);
    const done = to;
    to = from;
    from = done;
  }
  return from;
}

function merge(from: readonly PerformanceEntry[], to: PerformanceEntry[], left: number, width: number): void {
  const middle = left + width < from.length ? left + width : from.length;
  const end = middle + width < from.length ? middle + width : from.length;
  let a = left;
  let b = middle;
  for (let at = left; at < end; at++) {
    const takeLeft = a < middle && (b >= end || startOf(from[a]!) <= startOf(from[b]!));
    to[at] = takeLeft ? from[a++]! : from[b++]!;
  }
}

function startOf(entry: PerformanceEntry): number {
  return fieldsOf(entry).startTime;
}

function record(entry: PerformanceEntry): void {
  notify?.(entry);
  if (timeline.length < MAX_ENTRIES) timeline[timeline.length] = entry;
  else dropped[typeOf(entry)]! += 1;
}

function clear(type: string, name: string | undefined): void {
  const kept: PerformanceEntry[] = [];
  for (let i = 0; i < timeline.length; i++) {
    const fields = fieldsOf(timeline[i]);
    const goes = fields.entryType === type && (name === undefined || fields.name === name);
    if (!goes) kept[kept.length] = timeline[i]!;
  }
  timeline = kept;
}

// ── measures ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PerformanceMeasureOptions {
  detail?: unknown;
  start?: string | number;
  duration?: number;
  end?: string | number;
}

/** When a mark was set, or the time itself. */
function timestamp(mark: string | number): number {
  if (typeof mark === 'number') {
    if (mark < 0) throw new TypeError('Performance.measure: a time is negative');
    return mark;
  }
  for (let i = timeline.length - 1; i >= 0; i--) {
    const { name, entryType, startTime } = fieldsOf(timeline[i]);
    if (entryType === 'mark' && name === mark) return startTime;
  }
  throw new DOMException(`There is no mark "${mark}"`, 'SyntaxError');
}

function markOrTime(value: unknown): string | number {
  return typeof value === 'number' ? finite(value, 'Performance.measure: a time') : domString(value);
}

function measured(measureName: unknown, startOrOptions: unknown, endMark: unknown): PerformanceMeasure {
  const name = domString(measureName);
  let options: { detail: unknown; duration?: number; end?: string | number; start?: string | number } | undefined;
  let start: string | number | undefined;
  if (startOrOptions === undefined || startOrOptions === null || isObject(startOrOptions)) {
    options = measureOptions((startOrOptions ?? undefined) as PerformanceMeasureOptions | undefined);
    start = options?.start;
  } else start = domString(startOrOptions);
  const last = endMark === undefined ? undefined : domString(endMark);
  if (options !== undefined) {
    const { start, end, duration } = options;
    if (last !== undefined) throw new TypeError('Performance.measure: options and an end mark exclude each other');
    if (start === undefined && end === undefined) throw new TypeError('Performance.measure: start or end is missing');
    if (start !== undefined && end !== undefined && duration !== undefined) {
      throw new TypeError('Performance.measure: start, end and duration exclude each other');
    }
  }
  const endTime = endOf(last, options);
  const { end, duration } = options ?? {};
  let startTime = 0;
  if (start !== undefined) startTime = timestamp(start);
  else if (duration !== undefined && end !== undefined) startTime = timestamp(end) - timestamp(duration);
  const detail = cloned(options?.detail);
  return new PerformanceMeasure(
    create,
    { name, entryType: 'measure', startTime, duration: endTime - startTime },
    detail,
  );
}

function endOf(last: string | undefined, options: ReturnType<typeof measureOptions>): number {
  if (last !== undefined) return timestamp(last);
  const { start, end, duration } = options ?? {};
  if (end !== undefined) return timestamp(end);
  if (start !== undefined && duration !== undefined) return timestamp(start) + timestamp(duration);
  return engine.now();
}

/** Undefined where no member is there: then it counts as no options at all. */
function measureOptions(given: PerformanceMeasureOptions | undefined) {
  if (given === undefined) return undefined;
  const { detail, duration, end, start } = given;
  if (detail === undefined && duration === undefined && end === undefined && start === undefined) return undefined;
  return {
    detail,
    duration: duration === undefined ? undefined : finite(duration, 'Performance.measure: duration'),
    end: end === undefined ? undefined : markOrTime(end),
    start: start === undefined ? undefined : markOrTime(start),
  } as { detail: unknown; duration?: number; end?: string | number; start?: string | number };
}

// ── Performance ───────────────────────────────────────────────────────────────────────────────────────────────────────

let checkPerformance: (value: unknown) => void;

class Performance extends EventTarget {
  #brand = true;

  static {
    checkPerformance = (value) => {
      if (!(isObject(value) && #brand in value)) throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    super();
  }

  get timeOrigin(): number {
    checkPerformance(this);
    return timeOrigin;
  }

  now(): number {
    checkPerformance(this);
    return engine.now();
  }

  toJSON(): { timeOrigin: number } {
    checkPerformance(this);
    return { timeOrigin };
  }

  mark(markName: string, markOptions: PerformanceMarkOptions = {}): PerformanceMark {
    checkPerformance(this);
    requireArguments(arguments.length, 1, 'Performance.mark');
    const entry = new PerformanceMark(markName, markOptions);
    record(entry);
    return entry;
  }

  clearMarks(markName: string | undefined = undefined): void {
    checkPerformance(this);
    clear('mark', markName === undefined ? undefined : domString(markName));
  }

  measure(
    measureName: string,
    startOrMeasureOptions: string | PerformanceMeasureOptions = {},
    endMark: string | undefined = undefined,
  ): PerformanceMeasure {
    checkPerformance(this);
    requireArguments(arguments.length, 1, 'Performance.measure');
    const entry = measured(measureName, startOrMeasureOptions, endMark);
    record(entry);
    return entry;
  }

  clearMeasures(measureName: string | undefined = undefined): void {
    checkPerformance(this);
    clear('measure', measureName === undefined ? undefined : domString(measureName));
  }

  getEntries(): PerformanceEntry[] {
    checkPerformance(this);
    return select(timeline);
  }

  getEntriesByType(type: string): PerformanceEntry[] {
    checkPerformance(this);
    requireArguments(arguments.length, 1, 'Performance.getEntriesByType');
    return select(timeline, undefined, domString(type));
  }

  getEntriesByName(name: string, type: string | undefined = undefined): PerformanceEntry[] {
    checkPerformance(this);
    requireArguments(arguments.length, 1, 'Performance.getEntriesByName');
    return select(timeline, domString(name), type === undefined ? undefined : domString(type));
  }
}

makeEnumerable(Performance, [
  'timeOrigin',
  'now',
  'toJSON',
  'mark',
  'clearMarks',
  'measure',
  'clearMeasures',
  'getEntries',
  'getEntriesByType',
  'getEntriesByName',
]);

const instance = new Performance(create);

export { instance as performance, Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure };
