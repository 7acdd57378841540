// The standard's algorithms for what the engine's natives would do in one stretch that nothing can interrupt.
//
// Native gates stand in front of these builtins. Real arrays of sane length go to the native; array-likes, huge and sparse
// arrays, and iterables that may never end come here, where each step of a loop polls the deadline. Slow, and exact: the order
// of every observable step is the standard's. In: `this` and the arguments of the builtin. Out: its result.
//
// Strict mode gives Get, Set, HasProperty and DeletePropertyOrThrow by syntax (`o[k]`, `o[k] = v`, `k in o`, `delete o[k]`), so
// that few intrinsics are needed; they are captured here, before any guest code runs. Lists of our own have no prototype, or a
// setter on Array.prototype would see them. Specification: ECMA-262, 2025; Math.sumPrecise: 2026.

const { apply, defineProperty } = Reflect;
const ObjectIntrinsic = Object;
const ArrayIntrinsic = Array;
const SetIntrinsic = Set;
const BigIntIntrinsic = BigInt;
const TypeErrorIntrinsic = TypeError;
const RangeErrorIntrinsic = RangeError;
const NumberIntrinsic = Number;
const { getPrototypeOf, is, setPrototypeOf } = Object;
const { isArray } = Array;
const { clz32, max, min, trunc } = Math;
const {
  isConcatSpreadable,
  iterator,
  match,
  replace: replaceSymbol,
  species,
  split: splitSymbol,
}: SymbolConstructor = Symbol;
const { indexOf: searchForwards, lastIndexOf: searchBackwards, substring } = String.prototype;
const { toString: objectToString } = Object.prototype;
const { add: setAdd, delete: setDelete, has: setHas, values: setValues } = Set.prototype;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')!.get!;
const setIterator = new Set().values();
const { next: setNext } = setIterator;
const { take } = getPrototypeOf(getPrototypeOf(setIterator)) as IteratorObject<unknown>;

const MAX_LENGTH = 2 ** 53 - 1;

type Obj = Record<PropertyKey, unknown>;
type Fn = (...args: unknown[]) => unknown;

// ── abstract operations ───────────────────────────────────────────────────────────────────────────────────────────────

function toObject(value: unknown): Obj {
  if (value === undefined || value === null) throw new TypeErrorIntrinsic(`Cannot convert ${value} to object`);
  return ObjectIntrinsic(value) as Obj;
}

function isObject(value: unknown): value is Obj {
  return typeof value === 'object' ? value !== null : typeof value === 'function';
}

function toIntegerOrInfinity(value: unknown): number {
  const number = +(value as number);
  return number !== number ? 0 : trunc(number) + 0;
}

function lengthOf(o: Obj): number {
  return max(0, min(toIntegerOrInfinity(o['length']), MAX_LENGTH));
}

/** A position that counts from the end where it is negative, kept within 0 and the length. */
function toIndex(value: unknown, length: number): number {
  const relative = toIntegerOrInfinity(value);
  return relative < 0 ? max(length + relative, 0) : min(relative, length);
}

/** As `toIndex`, where undefined is the end. */
function toEnd(value: unknown, length: number): number {
  return value === undefined ? length : toIndex(value, length);
}

function callable(value: unknown): Fn {
  if (typeof value !== 'function') throw new TypeErrorIntrinsic('not a function');
  return value as Fn;
}

function list(): unknown[] {
  return setPrototypeOf([], null) as unknown[];
}

function createDataPropertyOrThrow(o: object, key: PropertyKey, value: unknown): void {
  const descriptor = {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor;
  if (!defineProperty(o, key, descriptor)) throw new TypeErrorIntrinsic(`Cannot define property ${key as string}`);
}

function arrayCreate(length: number): unknown[] {
  if (length > 2 ** 32 - 1) throw new RangeErrorIntrinsic('Invalid array length');
  return new ArrayIntrinsic(length);
}

/** There is one realm here, so the step about constructors of other realms falls away. */
function arraySpeciesCreate(original: Obj, length: number): Obj {
  if (!isArray(original)) return arrayCreate(length) as unknown as Obj;
  let constructor: unknown = (original as Obj)['constructor'];
  if (isObject(constructor)) {
    constructor = constructor[species];
    if (constructor === null) constructor = undefined;
  }
  if (constructor === undefined) return arrayCreate(length) as unknown as Obj;
  return new (constructor as new (length: number) => Obj)(length);
}

function tooLong(length: number): void {
  if (length > MAX_LENGTH) throw new TypeErrorIntrinsic('The length would exceed 2**53 - 1');
}

function sameValueZero(a: unknown, b: unknown): boolean {
  return a === b || (a !== a && b !== b);
}

function copyOrDelete(o: Obj, from: number, to: number): void {
  if (from in o) o[to] = o[from];
  else delete o[to];
}

// ── Array.prototype: changing in place ────────────────────────────────────────────────────────────────────────────────

function reverse(this: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const middle = trunc(length / 2);
  for (let lower = 0; lower < middle; lower++) {
    const upper = length - lower - 1;
    const lowerExists = lower in o;
    const lowerValue = lowerExists ? o[lower] : undefined;
    const upperExists = upper in o;
    const upperValue = upperExists ? o[upper] : undefined;
    if (upperExists) o[lower] = upperValue;
    else if (lowerExists) delete o[lower];
    if (lowerExists) o[upper] = lowerValue;
    else if (upperExists) delete o[upper];
  }
  return o;
}

function copyWithin(this: unknown, target: unknown, start: unknown, end: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  let to = toIndex(target, length);
  let from = toIndex(start, length);
  const final = toEnd(end, length);
  let count = min(final - from, length - to);
  let direction = 1;
  if (from < to && to < from + count) {
    direction = -1;
    from += count - 1;
    to += count - 1;
  }
  for (; count > 0; count--) {
    copyOrDelete(o, from, to);
    from += direction;
    to += direction;
  }
  return o;
}

function fill(this: unknown, value: unknown, start: unknown = undefined, end: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const from = toIndex(start, length);
  const to = toEnd(end, length);
  for (let k = from; k < to; k++) o[k] = value;
  return o;
}

function push(this: unknown, ...items: unknown[]): unknown {
  const o = toObject(this);
  let length = lengthOf(o);
  tooLong(length + items.length);
  for (let i = 0; i < items.length; i++) o[length++] = items[i];
  o['length'] = length;
  return length;
}

function pop(this: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  if (length === 0) {
    o['length'] = 0;
    return undefined;
  }
  const last = length - 1;
  const value = o[last];
  delete o[last];
  o['length'] = last;
  return value;
}

function shift(this: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  if (length === 0) {
    o['length'] = 0;
    return undefined;
  }
  const first = o[0];
  for (let k = 1; k < length; k++) copyOrDelete(o, k, k - 1);
  delete o[length - 1];
  o['length'] = length - 1;
  return first;
}

function unshift(this: unknown, ...items: unknown[]): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const count = items.length;
  if (count > 0) {
    tooLong(length + count);
    for (let k = length; k > 0; k--) copyOrDelete(o, k - 1, k + count - 1);
    for (let i = 0; i < count; i++) o[i] = items[i];
  }
  o['length'] = length + count;
  return length + count;
}

function splice(this: unknown, start: unknown, deleteCount: unknown, ...items: unknown[]): unknown {
  const given = arguments.length;
  const o = toObject(this);
  const length = lengthOf(o);
  const from = toIndex(start, length);
  const count = items.length;
  const removed =
    given === 0 ? 0 : given === 1 ? length - from : max(0, min(toIntegerOrInfinity(deleteCount), length - from));
  tooLong(length + count - removed);
  const result = arraySpeciesCreate(o, removed);
  for (let k = 0; k < removed; k++) if (from + k in o) createDataPropertyOrThrow(result, k, o[from + k]);
  result['length'] = removed;
  if (count < removed) {
    for (let k = from; k < length - removed; k++) copyOrDelete(o, k + removed, k + count);
    for (let k = length; k > length - removed + count; k--) delete o[k - 1];
  } else if (count > removed) {
    for (let k = length - removed; k > from; k--) copyOrDelete(o, k + removed - 1, k + count - 1);
  }
  for (let i = 0; i < count; i++) o[from + i] = items[i];
  o['length'] = length - removed + count;
  return result;
}

function sort(this: unknown, comparefn: unknown): unknown {
  const compare = comparator(comparefn);
  const o = toObject(this);
  const length = lengthOf(o);
  const items = list();
  for (let k = 0; k < length; k++) if (k in o) items[items.length] = o[k];
  const sorted = mergeSort(items, compare);
  const count = sorted.length;
  for (let j = 0; j < count; j++) o[j] = sorted[j];
  for (let j = count; j < length; j++) delete o[j];
  return o;
}

function comparator(comparefn: unknown): Fn | undefined {
  if (comparefn !== undefined && typeof comparefn !== 'function') {
    throw new TypeErrorIntrinsic('The comparison function must be either a function or undefined');
  }
  return comparefn as Fn | undefined;
}

/** SortCompare: undefined goes last and is never handed to the comparison function. */
function compareItems(a: unknown, b: unknown, compare: Fn | undefined): number {
  if (a === undefined) return b === undefined ? 0 : 1;
  if (b === undefined) return -1;
  if (compare !== undefined) return +(apply(compare, undefined, [a, b]) as number);
  const left = `${a as string}`;
  const right = `${b as string}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Stable, bottom up; answers the list or a scratch list of the same length. */
function mergeSort(items: unknown[], compare: Fn | undefined): unknown[] {
  let source = items;
  let target = list();
  const { length } = items;
  for (let width = 1; width < length; width *= 2) {
    for (let low = 0; low < length; low += 2 * width) {
      const middle = min(low + width, length);
      const high = min(low + 2 * width, length);
      let left = low;
      let right = middle;
      for (let k = low; k < high; k++) {
        // What is not above zero, NaN included, keeps the order.
        const takesRight = left >= middle || (right < high && compareItems(source[left], source[right], compare) > 0);
        target[k] = takesRight ? source[right++] : source[left++];
      }
    }
    const swapped = source;
    source = target;
    target = swapped;
  }
  return source;
}

// ── Array.prototype: making anew ──────────────────────────────────────────────────────────────────────────────────────

function concat(this: unknown, ...items: unknown[]): unknown {
  const o = toObject(this);
  const result = arraySpeciesCreate(o, 0);
  let n = 0;
  for (let i = -1; i < items.length; i++) {
    const item = i === -1 ? o : items[i];
    if (isSpreadable(item)) {
      const length = lengthOf(item);
      tooLong(n + length);
      for (let k = 0; k < length; k++, n++) if (k in item) createDataPropertyOrThrow(result, n, item[k]);
    } else {
      tooLong(n + 1);
      createDataPropertyOrThrow(result, n++, item);
    }
  }
  result['length'] = n;
  return result;
}

function isSpreadable(value: unknown): value is Obj {
  if (!isObject(value)) return false;
  const spreadable = value[isConcatSpreadable];
  return spreadable === undefined ? isArray(value) : !!spreadable;
}

function slice(this: unknown, start: unknown, end: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const from = toIndex(start, length);
  const to = toEnd(end, length);
  const result = arraySpeciesCreate(o, max(to - from, 0));
  let n = 0;
  for (let k = from; k < to; k++, n++) if (k in o) createDataPropertyOrThrow(result, n, o[k]);
  result['length'] = n;
  return result;
}

function flat(this: unknown, depth: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const levels = depth === undefined ? 1 : max(0, toIntegerOrInfinity(depth));
  const result = arraySpeciesCreate(o, 0);
  flatten(result, o, length, 0, levels, undefined, undefined);
  return result;
}

function flatMap(this: unknown, mapper: unknown, thisArg: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const map = callable(mapper);
  const result = arraySpeciesCreate(o, 0);
  flatten(result, o, length, 0, 1, map, thisArg);
  return result;
}

function flatten(
  target: Obj,
  source: Obj,
  length: number,
  start: number,
  depth: number,
  map: Fn | undefined,
  thisArg: unknown,
): number {
  let n = start;
  for (let k = 0; k < length; k++) {
    if (!(k in source)) continue;
    let element = source[k];
    if (map !== undefined) element = apply(map, thisArg, [element, k, source]);
    if (depth > 0 && isArray(element)) {
      const inner = element as unknown as Obj;
      n = flatten(target, inner, lengthOf(inner), n, depth - 1, undefined, undefined);
    } else {
      tooLong(n + 1);
      createDataPropertyOrThrow(target, n++, element);
    }
  }
  return n;
}

function toReversed(this: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const result = arrayCreate(length);
  for (let k = 0; k < length; k++) createDataPropertyOrThrow(result, k, o[length - k - 1]);
  return result;
}

function toSorted(this: unknown, comparefn: unknown): unknown {
  const compare = comparator(comparefn);
  const o = toObject(this);
  const length = lengthOf(o);
  const result = arrayCreate(length);
  const items = list();
  for (let k = 0; k < length; k++) items[k] = o[k];
  const sorted = mergeSort(items, compare);
  for (let k = 0; k < length; k++) createDataPropertyOrThrow(result, k, sorted[k]);
  return result;
}

function toSpliced(this: unknown, start: unknown, skipCount: unknown, ...items: unknown[]): unknown {
  const given = arguments.length;
  const o = toObject(this);
  const length = lengthOf(o);
  const from = toIndex(start, length);
  const skipped =
    given === 0 ? 0 : given === 1 ? length - from : max(0, min(toIntegerOrInfinity(skipCount), length - from));
  const count = length + items.length - skipped;
  tooLong(count);
  const result = arrayCreate(count);
  let n = 0;
  for (let k = 0; k < from; k++) createDataPropertyOrThrow(result, n++, o[k]);
  for (let i = 0; i < items.length; i++) createDataPropertyOrThrow(result, n++, items[i]);
  for (let k = from + skipped; n < count; k++) createDataPropertyOrThrow(result, n++, o[k]);
  return result;
}

function with_(this: unknown, index: unknown, value: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const relative = toIntegerOrInfinity(index);
  const actual = relative < 0 ? length + relative : relative;
  if (actual >= length || actual < 0) throw new RangeErrorIntrinsic('Invalid index');
  const result = arrayCreate(length);
  for (let k = 0; k < length; k++) createDataPropertyOrThrow(result, k, k === actual ? value : o[k]);
  return result;
}

// ── Array.prototype: text ─────────────────────────────────────────────────────────────────────────────────────────────

function join(this: unknown, separator: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const mark = separator === undefined ? ',' : `${separator as string}`;
  let text = '';
  for (let k = 0; k < length; k++) {
    if (k > 0) text += mark;
    const element = o[k];
    if (element !== undefined && element !== null) text += `${element as string}`;
  }
  return text;
}

function toString(this: unknown): unknown {
  const o = toObject(this);
  const method = o['join'];
  return apply(typeof method === 'function' ? method : objectToString, o, []);
}

function toLocaleString(this: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  let text = '';
  for (let k = 0; k < length; k++) {
    if (k > 0) text += ',';
    const element = o[k];
    if (element === undefined || element === null) continue;
    const method = callable((element as Obj)['toLocaleString']);
    text += `${apply(method, element, []) as string}`;
  }
  return text;
}

// ── Array.prototype: searching ────────────────────────────────────────────────────────────────────────────────────────

function at(this: unknown, index: unknown): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const relative = toIntegerOrInfinity(index);
  const k = relative >= 0 ? relative : length + relative;
  return k < 0 || k >= length ? undefined : o[k];
}

function indexOf(this: unknown, searchElement: unknown, fromIndex: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  if (length === 0) return -1;
  for (let k = toIndex(fromIndex, length); k < length; k++) if (k in o && o[k] === searchElement) return k;
  return -1;
}

function lastIndexOf(this: unknown, searchElement: unknown, fromIndex: unknown = undefined): unknown {
  const isGiven = arguments.length > 1;
  const o = toObject(this);
  const length = lengthOf(o);
  if (length === 0) return -1;
  const n = isGiven ? toIntegerOrInfinity(fromIndex) : length - 1;
  for (let k = n >= 0 ? min(n, length - 1) : length + n; k >= 0; k--) if (k in o && o[k] === searchElement) return k;
  return -1;
}

function includes(this: unknown, searchElement: unknown, fromIndex: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  if (length === 0) return false;
  for (let k = toIndex(fromIndex, length); k < length; k++) if (sameValueZero(o[k], searchElement)) return true;
  return false;
}

/** The first (or last) index whose element the predicate takes, with that element; -1 and undefined without one. */
function findVia(
  self: unknown,
  predicate: unknown,
  thisArg: unknown,
  isForward: boolean,
): { index: number; value: unknown } {
  const o = toObject(self);
  const length = lengthOf(o);
  const test = callable(predicate);
  for (let i = 0; i < length; i++) {
    const index = isForward ? i : length - 1 - i;
    const value = o[index];
    if (apply(test, thisArg, [value, index, o])) return { index, value };
  }
  return { index: -1, value: undefined };
}

function find(this: unknown, predicate: unknown, thisArg: unknown = undefined): unknown {
  return findVia(this, predicate, thisArg, true).value;
}

function findIndex(this: unknown, predicate: unknown, thisArg: unknown = undefined): unknown {
  return findVia(this, predicate, thisArg, true).index;
}

function findLast(this: unknown, predicate: unknown, thisArg: unknown = undefined): unknown {
  return findVia(this, predicate, thisArg, false).value;
}

function findLastIndex(this: unknown, predicate: unknown, thisArg: unknown = undefined): unknown {
  return findVia(this, predicate, thisArg, false).index;
}

// ── Array.prototype: with a function ──────────────────────────────────────────────────────────────────────────────────

function every(this: unknown, callback: unknown, thisArg: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const test = callable(callback);
  for (let k = 0; k < length; k++) if (k in o && !apply(test, thisArg, [o[k], k, o])) return false;
  return true;
}

function some(this: unknown, callback: unknown, thisArg: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const test = callable(callback);
  for (let k = 0; k < length; k++) if (k in o && apply(test, thisArg, [o[k], k, o])) return true;
  return false;
}

function forEach(this: unknown, callback: unknown, thisArg: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const run = callable(callback);
  for (let k = 0; k < length; k++) if (k in o) apply(run, thisArg, [o[k], k, o]);
  return undefined;
}

function map(this: unknown, callback: unknown, thisArg: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const run = callable(callback);
  const result = arraySpeciesCreate(o, length);
  for (let k = 0; k < length; k++) if (k in o) createDataPropertyOrThrow(result, k, apply(run, thisArg, [o[k], k, o]));
  return result;
}

function filter(this: unknown, callback: unknown, thisArg: unknown = undefined): unknown {
  const o = toObject(this);
  const length = lengthOf(o);
  const test = callable(callback);
  const result = arraySpeciesCreate(o, 0);
  let n = 0;
  for (let k = 0; k < length; k++) {
    if (!(k in o)) continue;
    const value = o[k];
    if (apply(test, thisArg, [value, k, o])) createDataPropertyOrThrow(result, n++, value);
  }
  return result;
}

function reduceVia(
  self: unknown,
  callback: unknown,
  hasInitial: boolean,
  initial: unknown,
  isForward: boolean,
): unknown {
  const o = toObject(self);
  const length = lengthOf(o);
  const run = callable(callback);
  let accumulator = initial;
  let isSeeded = hasInitial;
  for (let i = 0; i < length; i++) {
    const k = isForward ? i : length - 1 - i;
    if (!(k in o)) continue;
    accumulator = isSeeded ? apply(run, undefined, [accumulator, o[k], k, o]) : o[k];
    isSeeded = true;
  }
  if (!isSeeded) throw new TypeErrorIntrinsic('Reduce of empty array with no initial value');
  return accumulator;
}

function reduce(this: unknown, callback: unknown, initialValue: unknown = undefined): unknown {
  return reduceVia(this, callback, arguments.length > 1, initialValue, true);
}

function reduceRight(this: unknown, callback: unknown, initialValue: unknown = undefined): unknown {
  return reduceVia(this, callback, arguments.length > 1, initialValue, false);
}

// ── iterators ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** IteratorClose for a normal completion; for a throw completion errors of `return` are dropped by the caller. */
function closeIterator(iterated: Obj): void {
  const method = iterated['return'];
  if (method === undefined || method === null) return;
  if (!isObject(apply(callable(method), iterated, [])))
    throw new TypeErrorIntrinsic('The result of return is not an object');
}

function closeAndThrow(iterated: Obj, error: unknown): never {
  try {
    closeIterator(iterated);
  } catch {
    // The first error counts.
  }
  throw error;
}

function iteratorResult(value: unknown): Obj {
  if (!isObject(value)) throw new TypeErrorIntrinsic('The iterator result is not an object');
  return value;
}

/**
 * Iterator.prototype.drop. The result has to be one of the engine's own helpers, or its `next` would refuse it: an endless `take`
 * over an iterator of ours that skips when it is first asked, and otherwise passes on what it is given.
 */
function iteratorDrop(this: unknown, limit: unknown): unknown {
  if (!isObject(this)) throw new TypeErrorIntrinsic('Iterator.prototype.drop called on a value that is not an object');
  const iterated = this;
  let remaining = 0;
  try {
    const number = +(limit as number);
    if (number !== number) throw new RangeErrorIntrinsic('The limit is not a number');
    remaining = toIntegerOrInfinity(number);
    if (remaining < 0) throw new RangeErrorIntrinsic('The limit is negative');
  } catch (error) {
    closeAndThrow(iterated, error);
  }
  const next = iterated['next'] as Fn;
  const skipping = {
    __proto__: null,
    next(): unknown {
      for (; remaining > 0; remaining--) {
        const result = iteratorResult(apply(next, iterated, []));
        if (result['done']) return { __proto__: null, done: true, value: undefined };
      }
      return apply(next, iterated, []);
    },
    get return(): (() => unknown) | undefined {
      const method = iterated['return'];
      return method === undefined || method === null ? undefined : () => apply(callable(method), iterated, []);
    },
  };
  return apply(take, skipping, [Infinity]);
}

// ── Set.prototype ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface SetRecord {
  readonly object: Obj;
  readonly size: number;
  readonly has: Fn;
  readonly keys: Fn;
}

function sizeOf(set: unknown): number {
  return apply(setSize, set, []) as number;
}

function getSetRecord(object: unknown): SetRecord {
  if (!isObject(object)) throw new TypeErrorIntrinsic('The argument is not an object');
  const number = +(object['size'] as number);
  if (number !== number) throw new TypeErrorIntrinsic('The size of the argument is not a number');
  const size = toIntegerOrInfinity(number);
  if (size < 0) throw new RangeErrorIntrinsic('The size of the argument is negative');
  const has = callable(object['has']);
  const keys = callable(object['keys']);
  return { object, size, has, keys };
}

/** Calls `visit` with each key of the other set until it says true; then the iterator is closed. */
function eachKey({ object, keys }: SetRecord, visit: (key: unknown) => boolean): boolean {
  const iterated = apply(keys, object, []);
  if (!isObject(iterated)) throw new TypeErrorIntrinsic('The iterator is not an object');
  const next = iterated['next'] as Fn;
  for (;;) {
    const result = iteratorResult(apply(next, iterated, []));
    if (result['done']) return false;
    if (!visit(result['value'])) continue;
    closeIterator(iterated);
    return true;
  }
}

/** Calls `visit` with each element of a set, those added meanwhile included, until it says true. */
function eachElement(set: unknown, visit: (element: unknown) => boolean): boolean {
  const values = apply(setValues, set, []);
  for (;;) {
    const { done, value } = apply(setNext, values, []) as IteratorResult<unknown>;
    if (done) return false;
    if (visit(value)) return true;
  }
}

function copyOf(set: unknown): Set<unknown> {
  const copy = new SetIntrinsic();
  eachElement(set, (element) => (apply(setAdd, copy, [element]), false));
  return copy;
}

function otherHas(record: SetRecord, element: unknown): boolean {
  return !!apply(record.has, record.object, [element]);
}

function setUnion(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const { object, keys } = getSetRecord(other);
  // The iterator is taken before the copy is made.
  const iterated = apply(keys, object, []);
  if (!isObject(iterated)) throw new TypeErrorIntrinsic('The iterator is not an object');
  const next = iterated['next'] as Fn;
  const result = copyOf(this);
  for (;;) {
    const step = iteratorResult(apply(next, iterated, []));
    if (step['done']) return result;
    apply(setAdd, result, [step['value']]);
  }
}

function setIntersection(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const record = getSetRecord(other);
  const size = sizeOf(this);
  const result = new SetIntrinsic();
  const keep = (element: unknown): void => void apply(setAdd, result, [element]);
  if (size <= record.size) {
    eachElement(this, (element) => {
      if (otherHas(record, element)) keep(element);
      return false;
    });
  } else {
    eachKey(record, (key) => {
      if (apply(setHas, this, [key])) keep(key);
      return false;
    });
  }
  return result;
}

function setDifference(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const record = getSetRecord(other);
  const size = sizeOf(this);
  const result = copyOf(this);
  const remove = (element: unknown): boolean => (apply(setDelete, result, [element]), false);
  if (size <= record.size) eachElement(result, (element) => otherHas(record, element) && remove(element));
  else eachKey(record, remove);
  return result;
}

function setSymmetricDifference(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const { object, keys } = getSetRecord(other);
  const iterated = apply(keys, object, []);
  if (!isObject(iterated)) throw new TypeErrorIntrinsic('The iterator is not an object');
  const next = iterated['next'] as Fn;
  const result = copyOf(this);
  for (;;) {
    const step = iteratorResult(apply(next, iterated, []));
    if (step['done']) return result;
    const value = step['value'];
    // By the set as it is now: the other's iterator may have changed it.
    apply(apply(setHas, this, [value]) ? setDelete : setAdd, result, [value]);
  }
}

function setIsSubsetOf(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const record = getSetRecord(other);
  const size = sizeOf(this);
  if (size > record.size) return false;
  return !eachElement(this, (element) => !otherHas(record, element));
}

function setIsSupersetOf(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const record = getSetRecord(other);
  const size = sizeOf(this);
  if (size < record.size) return false;
  return !eachKey(record, (key) => !apply(setHas, this, [key]));
}

function setIsDisjointFrom(this: unknown, other: unknown): unknown {
  sizeOf(this);
  const record = getSetRecord(other);
  const size = sizeOf(this);
  if (size <= record.size) return !eachElement(this, (element) => otherHas(record, element));
  return !eachKey(record, (key) => apply(setHas, this, [key]) as boolean);
}

// ── Math.sumPrecise ───────────────────────────────────────────────────────────────────────────────────────────────────

const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);

function sumPrecise(items: unknown): unknown {
  if (items === undefined || items === null) throw new TypeErrorIntrinsic(`${items} is not iterable`);
  const iterated = apply(callable((items as Obj)[iterator]), items, []);
  if (!isObject(iterated)) throw new TypeErrorIntrinsic('The iterator is not an object');
  const next = iterated['next'] as Fn;
  let sum = 0n;
  // -0 until something else comes; then NaN or an infinity where one of those came.
  let special: number | undefined = -0;
  let count = 0;
  for (;;) {
    const result = iteratorResult(apply(next, iterated, []));
    if (result['done']) break;
    const value = result['value'];
    if (count++ >= MAX_LENGTH) closeAndThrow(iterated, new RangeErrorIntrinsic('Too many numbers'));
    if (typeof value !== 'number') closeAndThrow(iterated, new TypeErrorIntrinsic('An item is not a number'));
    if (special !== undefined && special !== 0) special = addSpecial(special, value);
    else if (value - value !== 0) special = value;
    else if (!is(value, -0)) {
      special = undefined;
      sum += exact(value);
    }
  }
  return special ?? toNumber(sum);
}

function addSpecial(special: number, value: number): number {
  return value - value !== 0 ? special + value : special;
}

/** A finite number as a whole multiple of 2**-1074, the least positive number. */
function exact(value: number): bigint {
  float[0] = value;
  const pattern = bits[0]!;
  const exponent = (pattern >> 52n) & 0x7ffn;
  const fraction = pattern & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return value < 0 ? -magnitude : magnitude;
}

/** The number nearest to so many times 2**-1074, ties to even. */
function toNumber(sum: bigint): number {
  const magnitude = sum < 0n ? -sum : sum;
  const shift = bitLength(magnitude) - 64;
  if (shift <= 0) return scaled(sum < 0n, magnitude, 0);
  // 64 bits decide the rounding, if the last of them tells whether anything was cut off.
  const top = magnitude >> BigIntIntrinsic(shift);
  const isInexact = top << BigIntIntrinsic(shift) !== magnitude;
  return scaled(sum < 0n, isInexact ? top | 1n : top, shift);
}

function scaled(isNegative: boolean, magnitude: bigint, shift: number): number {
  const number = +NumberIntrinsic(magnitude) * 2 ** (shift - 1074);
  return isNegative ? -number : number;
}

function bitLength(value: bigint): number {
  let length = 0;
  let rest = value;
  for (; rest >= 0x100000000n; rest >>= 32n) length += 32;
  return length + 32 - clz32(NumberIntrinsic(rest));
}

// ── String ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function thisText(value: unknown, name: string): string {
  if (value === undefined || value === null)
    throw new TypeErrorIntrinsic(`String.prototype.${name} called on ${value}`);
  return toText(value);
}

/** ToString: a template would turn a symbol into an error as well, but by way of ToPrimitive of its own. */
function toText(value: unknown): string {
  return `${value as string}`;
}

/** Calls the method of a search value that has its own way of searching. The answer is boxed, for it may be undefined. */
function ownWay(search: unknown, symbol: symbol, text: unknown, second: unknown): { value: unknown } | undefined {
  if (!isObject(search)) return undefined;
  const method = search[symbol as unknown as string];
  if (method === undefined || method === null) return undefined;
  return { value: apply(method as Fn, search, [text, second]) };
}

function stringIndexOf(this: unknown, search: unknown, position: unknown): number {
  const text = thisText(this, 'indexOf');
  return apply(searchForwards, text, [toText(search), position]) as number;
}

function stringLastIndexOf(this: unknown, search: unknown, position: unknown): number {
  const text = thisText(this, 'lastIndexOf');
  return apply(searchBackwards, text, [toText(search), position]) as number;
}

function stringIncludes(this: unknown, search: unknown, position: unknown): boolean {
  const text = thisText(this, 'includes');
  if (isObject(search)) {
    const isMatcher = search[match as unknown as string];
    if (isMatcher === undefined ? isRegExp(search) : isMatcher) {
      throw new TypeErrorIntrinsic('A regular expression is no text to look for');
    }
  }
  return (apply(searchForwards, text, [toText(search), position]) as number) >= 0;
}

function isRegExp(value: Obj): boolean {
  return apply(objectToString, value, []) === '[object RegExp]';
}

/** GetSubstitution without captures: `$` patterns of a replacement text. */
function substitution(replacement: string, text: string, matched: string, position: number): string {
  let result = '';
  for (let i = 0; i < replacement.length; i++) {
    const next = replacement[i] === '$' ? replacement[i + 1] : undefined;
    if (next === '$') result += '$';
    else if (next === '&') result += matched;
    else if (next === '`') result += apply(substring, text, [0, position]);
    else if (next === "'") result += apply(substring, text, [position + matched.length]);
    else {
      result += replacement[i];
      continue;
    }
    i++;
  }
  return result;
}

function replaced(text: string, search: string, value: unknown, position: number): string {
  if (typeof value === 'function') return toText(apply(value as Fn, undefined, [search, position, text]));
  return substitution(value as string, text, search, position);
}

function stringReplace(this: unknown, search: unknown, value: unknown): unknown {
  if (this === undefined || this === null) thisText(this, 'replace');
  const own = ownWay(search, replaceSymbol, this, value);
  if (own !== undefined) return own.value;
  const text = thisText(this, 'replace');
  const searched = toText(search);
  const replacement = typeof value === 'function' ? value : toText(value);
  const position = apply(searchForwards, text, [searched, 0]) as number;
  if (position < 0) return text;
  const before = apply(substring, text, [0, position]) as string;
  const after = apply(substring, text, [position + searched.length]) as string;
  return before + replaced(text, searched, replacement, position) + after;
}

function stringReplaceAll(this: unknown, search: unknown, value: unknown): unknown {
  if (this === undefined || this === null) thisText(this, 'replaceAll');
  if (
    isObject(search) &&
    isRegExp(search) &&
    !((apply(searchForwards, toText(search['flags']), ['g', 0]) as number) >= 0)
  ) {
    throw new TypeErrorIntrinsic('replaceAll needs a regular expression with the flag g');
  }
  const own = ownWay(search, replaceSymbol, this, value);
  if (own !== undefined) return own.value;
  const text = thisText(this, 'replaceAll');
  const searched = toText(search);
  const replacement = typeof value === 'function' ? value : toText(value);
  const step = max(1, searched.length);
  let result = '';
  let end = 0;
  let position = apply(searchForwards, text, [searched, 0]) as number;
  while (position >= 0) {
    result += apply(substring, text, [end, position]) as string;
    result += replaced(text, searched, replacement, position);
    end = position + searched.length;
    // An empty text is found at the end again and again.
    if (position + step > text.length) break;
    position = apply(searchForwards, text, [searched, position + step]) as number;
  }
  return result + (apply(substring, text, [end]) as string);
}

function stringSplit(this: unknown, separator: unknown, limit: unknown): unknown {
  if (this === undefined || this === null) thisText(this, 'split');
  const own = ownWay(separator, splitSymbol, this, limit);
  if (own !== undefined) return own.value;
  const text = thisText(this, 'split');
  const most = limit === undefined ? 2 ** 32 - 1 : (limit as number) >>> 0;
  const separated = toText(separator);
  const parts: string[] = [];
  if (most === 0) return parts;
  if (separator === undefined || text === '') {
    if (separator === undefined || separated !== '') defineIndex(parts, 0, text);
    return parts;
  }
  let count = 0;
  let start = 0;
  let position = apply(searchForwards, text, [separated, separated === '' ? 1 : 0]) as number;
  while (position >= 0 && position < text.length) {
    defineIndex(parts, count++, apply(substring, text, [start, position]));
    if (count === most) return parts;
    start = position + separated.length;
    position = apply(searchForwards, text, [separated, separated === '' ? start + 1 : start]) as number;
  }
  defineIndex(parts, count, apply(substring, text, [start]));
  return parts;
}

function defineIndex(list: unknown[], index: number, value: unknown): void {
  defineProperty(list, index, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor);
}

function stringRaw(this: unknown, template: unknown, ...substitutions: unknown[]): string {
  const literals = toObject(toObject(template)['raw']);
  const length = lengthOf(literals);
  let result = '';
  for (let index = 0; index < length; index++) {
    result += toText(literals[index as unknown as string]);
    if (index + 1 < length && index < substitutions.length) result += toText(substitutions[index]);
  }
  return result;
}

export const fallbacks = {
  reverse,
  copyWithin,
  fill,
  push,
  pop,
  shift,
  unshift,
  splice,
  sort,
  concat,
  slice,
  flat,
  flatMap,
  toReversed,
  toSorted,
  toSpliced,
  with: with_,
  join,
  toString,
  toLocaleString,
  at,
  indexOf,
  lastIndexOf,
  includes,
  find,
  findIndex,
  findLast,
  findLastIndex,
  every,
  some,
  forEach,
  map,
  filter,
  reduce,
  reduceRight,
  iteratorDrop,
  setUnion,
  setIntersection,
  setDifference,
  setSymmetricDifference,
  setIsSubsetOf,
  setIsSupersetOf,
  setIsDisjointFrom,
  sumPrecise,
  stringIndexOf,
  stringLastIndexOf,
  stringIncludes,
  stringReplace,
  stringReplaceAll,
  stringSplit,
  stringRaw,
};
