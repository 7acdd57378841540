// Deep equality, as `assert.deepStrictEqual`, `assert.deepEqual` and `util.isDeepStrictEqual` have it.

import { uncurry } from 'guest:webidl';
import { typedArrayTag, types } from 'guest:nodetypes';

const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { is, hasOwn, keys: keysOf, getOwnPropertySymbols } = Object;
const isEnumerable = uncurry(Object.prototype.propertyIsEnumerable);
const textOf = uncurry(Object.prototype.toString as () => string);
const timeOf = uncurry(Date.prototype.getTime);
const getter = <T>(prototype: object, name: string) =>
  uncurry(getOwnPropertyDescriptor(prototype, name)!.get! as () => T);
const sizeOfMap = getter<number>(Map.prototype, 'size');
const sizeOfSet = getter<number>(Set.prototype, 'size');
const entriesOf = uncurry(Map.prototype.entries as () => MapIterator<[unknown, unknown]>);
const valuesOf = uncurry(Set.prototype.values as () => SetIterator<unknown>);
const mapGet = uncurry(Map.prototype.get);
const mapHas = uncurry(Map.prototype.has);
const setHas = uncurry(Set.prototype.has);

interface Memory {
  readonly a: Map<object, object>;
  readonly b: Map<object, object>;
}

/** Whether two values have the same shape and content; loosely, where `==` is enough and prototypes do not matter. */
export function isDeepEqual(a: unknown, b: unknown, isStrict: boolean): boolean {
  return compare(a, b, isStrict, { a: new Map(), b: new Map() });
}

function compare(a: any, b: any, isStrict: boolean, memory: Memory): boolean {
  if (a === b) return a !== 0 || is(a, b) || !isStrict;
  if (isStrict) {
    if (typeof a !== 'object') return typeof a === 'number' && a !== a && b !== b && typeof b === 'number';
    if (typeof b !== 'object' || a === null || b === null) return false;
    if (getPrototypeOf(a) !== getPrototypeOf(b)) return false;
  } else {
    if (a === null || typeof a !== 'object') {
      // eslint-disable-next-line eqeqeq
      return (b === null || typeof b !== 'object') && (a == b || (a !== a && b !== b));
    }
    if (b === null || typeof b !== 'object') return false;
  }
  return compareObjects(a, b, isStrict, memory);
}

function compareObjects(a: any, b: any, isStrict: boolean, memory: Memory): boolean {
  if (textOf(a) !== textOf(b)) return false;
  if (isArray(a)) {
    if (!isArray(b) || a.length !== b.length) return false;
    const names = ownKeys(a, isStrict).filter((key) => typeof key === 'symbol' || !isIndex(key));
    const others = ownKeys(b, isStrict).filter((key) => typeof key === 'symbol' || !isIndex(key));
    return sameKeys(names, others, b) && within(a, b, isStrict, memory, names, compareItems);
  }
  if (isArray(b)) return false;
  if (types.isDate!(a)) {
    if (!types.isDate!(b) || timeOf(a) !== timeOf(b)) return false;
  } else if (types.isRegExp!(a)) {
    if (!types.isRegExp!(b) || a.source !== b.source || a.flags !== b.flags || a.lastIndex !== b.lastIndex)
      return false;
  } else if (types.isNativeError!(a) || a instanceof Error) {
    if (!(types.isNativeError!(b) || b instanceof Error)) return false;
    if (a.message !== b.message || a.name !== b.name) return false;
    for (const name of ['cause', 'errors']) {
      const has = hasOwn(a, name);
      if (has !== hasOwn(b, name)) return false;
      if (has && !compare(a[name], b[name], isStrict, memory)) return false;
    }
  } else if (isView(a)) {
    if (!isView(b)) return false;
    return compareViews(a, b, isStrict, memory);
  } else if (types.isSet!(a)) {
    if (!types.isSet!(b) || sizeOfSet(a) !== sizeOfSet(b)) return false;
    return compareKeyed(a, b, isStrict, memory, compareSets);
  } else if (types.isMap!(a)) {
    if (!types.isMap!(b) || sizeOfMap(a) !== sizeOfMap(b)) return false;
    return compareKeyed(a, b, isStrict, memory, compareMaps);
  } else if (types.isAnyArrayBuffer!(a)) {
    if (!types.isAnyArrayBuffer!(b) || a.byteLength !== b.byteLength) return false;
    if (!sameBytes(new Uint8Array(a), new Uint8Array(b))) return false;
  } else if (types.isBoxedPrimitive!(a)) {
    if (!types.isBoxedPrimitive!(b) || !is(a.valueOf(), b.valueOf())) return false;
    if (typeof a.valueOf() === 'symbol' && a.valueOf() !== b.valueOf()) return false;
  } else if (
    types.isBoxedPrimitive!(b) ||
    types.isNativeError!(b) ||
    isView(b) ||
    types.isSet!(b) ||
    types.isMap!(b) ||
    types.isDate!(b) ||
    types.isRegExp!(b) ||
    types.isAnyArrayBuffer!(b)
  ) {
    return false;
  }
  return compareKeyed(a, b, isStrict, memory, () => true);
}

type Inner = (a: any, b: any, isStrict: boolean, memory: Memory) => boolean;

function ownKeys(value: object, isStrict: boolean): PropertyKey[] {
  const names: PropertyKey[] = keysOf(value);
  if (!isStrict) return names;
  for (const symbol of getOwnPropertySymbols(value)) if (isEnumerable(value, symbol)) names.push(symbol);
  return names;
}

function isIndex(key: PropertyKey): boolean {
  return typeof key === 'string' && /^(0|[1-9][0-9]*)$/.test(key) && +key < 4294967295;
}

function sameKeys(names: readonly PropertyKey[], others: readonly PropertyKey[], b: object): boolean {
  return names.length === others.length && names.every((name) => hasOwn(b, name) && isEnumerable(b, name));
}

function compareKeyed(a: any, b: any, isStrict: boolean, memory: Memory, inner: Inner): boolean {
  const names = ownKeys(a, isStrict);
  return sameKeys(names, ownKeys(b, isStrict), b) && within(a, b, isStrict, memory, names, inner);
}

/** Compares content and properties; an object that is met inside itself is equal to what stood in its place. */
function within(
  a: any,
  b: any,
  isStrict: boolean,
  memory: Memory,
  names: readonly PropertyKey[],
  inner: Inner,
): boolean {
  const seenA = memory.a.get(a);
  const seenB = memory.b.get(b);
  if (seenA !== undefined || seenB !== undefined) return seenA === b && seenB === a;
  memory.a.set(a, b);
  memory.b.set(b, a);
  const equal = inner(a, b, isStrict, memory) && names.every((name) => compare(a[name], b[name], isStrict, memory));
  memory.a.delete(a);
  memory.b.delete(b);
  return equal;
}

function compareItems(a: unknown[], b: unknown[], isStrict: boolean, memory: Memory): boolean {
  for (let i = 0; i < a.length; i++) {
    if (hasOwn(a, i) !== hasOwn(b, i)) return false;
    if (hasOwn(a, i) && !compare(a[i], b[i], isStrict, memory)) return false;
    // A hole in both: the rest may be long, and what there is of it is told by its names.
    if (!hasOwn(a, i)) return compareNamed(a, b, isStrict, memory);
  }
  return true;
}

function compareNamed(a: unknown[], b: unknown[], isStrict: boolean, memory: Memory): boolean {
  const names = keysOf(a).filter(isIndex);
  return (
    names.length === keysOf(b).filter(isIndex).length &&
    names.every((name) => hasOwn(b, name) && compare(a[name as never], b[name as never], isStrict, memory))
  );
}

function compareViews(a: ArrayBufferView, b: ArrayBufferView, isStrict: boolean, memory: Memory): boolean {
  const tag = typedArrayTag(a);
  if (tag !== typedArrayTag(b) || a.byteLength !== b.byteLength) return false;
  if (!isStrict && (tag === 'Float32Array' || tag === 'Float64Array')) {
    const [list, others] = [a, b] as unknown as [Float64Array, Float64Array];
    for (let i = 0; i < list.length; i++) if (list[i] !== others[i]) return false;
  } else if (
    !sameBytes(
      new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength),
      new Uint8Array(b.buffer as ArrayBuffer, b.byteOffset, b.byteLength),
    )
  ) {
    return false;
  }
  const isName = (key: PropertyKey): boolean => !isIndex(key);
  const names = ownKeys(a, isStrict).filter(isName);
  return sameKeys(names, ownKeys(b, isStrict).filter(isName), b) && within(a, b, isStrict, memory, names, () => true);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Items are paired off: each of `b` answers for one of `a` alone. */
function compareSets(a: Set<unknown>, b: Set<unknown>, isStrict: boolean, memory: Memory): boolean {
  const rest: unknown[] = [];
  for (const item of valuesOf(a)) if (!setHas(b, item)) rest.push(item);
  if (rest.length === 0) return true;
  if (isStrict && rest.some((item) => typeof item !== 'object' || item === null)) return false;
  const others = [...valuesOf(b)].filter((item) => !setHas(a, item));
  return rest.every((item) => {
    const at = others.findIndex((other) => compare(item, other, isStrict, memory));
    if (at >= 0) others.splice(at, 1);
    return at >= 0;
  });
}

function compareMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, isStrict: boolean, memory: Memory): boolean {
  const rest: [unknown, unknown][] = [];
  for (const { 0: key, 1: value } of entriesOf(a)) {
    if (mapHas(b, key)) {
      if (!compare(value, mapGet(b, key), isStrict, memory)) return false;
    } else if (isStrict && (typeof key !== 'object' || key === null)) return false;
    else rest.push([key, value]);
  }
  const others = [...entriesOf(b)].filter(({ 0: key }) => !mapHas(a, key));
  return rest.every(({ 0: key, 1: value }) => {
    const at = others.findIndex(
      (other) => compare(key, other[0], isStrict, memory) && compare(value, other[1], isStrict, memory),
    );
    if (at >= 0) others.splice(at, 1);
    return at >= 0;
  });
}
