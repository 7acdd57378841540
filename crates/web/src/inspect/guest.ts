// inspect and format: any value as text for people, in the form of Node's util.inspect.
//
// The value may be hostile. Nothing of it runs: no getter, no proxy trap, no toString, toJSON or custom inspection. Work is
// bounded by depth, by items, and by a budget of characters. What cannot be read is shown as such; nothing is thrown.

import { lay, MAX_ITEMS, MAX_STRING, quote, quoted } from 'guest:inspectlayout';
import type { Shape, Walk } from 'guest:inspectlayout';
import {
  className,
  dataProperty,
  enumerableKeys,
  lookUp,
  MAX_PROTOTYPES,
  nameAtDepth,
  prefix,
  stringOf,
} from 'guest:inspectnames';
import { marks } from 'guest:marks';
import { isObject, uncurry } from 'guest:webidl';
import { isProxy, promiseState } from 'host:inspect';

const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { isArray } = Array;
const { isError } = Error as { isError?: (value: unknown) => boolean };
const { stringify } = JSON;
const { min } = Math;
const { is } = Object;
const { parseFloat: parseFloatIntrinsic, parseInt: parseIntIntrinsic } = globalThis;
const { toStringTag } = Symbol;

const method = <T extends object, K extends keyof T>(owner: T, name: K) =>
  uncurry(owner[name] as (...args: any[]) => any);
const getter = (owner: object, name: PropertyKey) =>
  uncurry(getOwnPropertyDescriptor(owner, name)?.get ?? (() => undefined));

const endsWith = method(String.prototype, 'endsWith');
const includes = method(String.prototype, 'includes');
const padStart = method(String.prototype, 'padStart');
const repeat = method(String.prototype, 'repeat');
const replaceAll = method(String.prototype, 'replaceAll');
const slice = method(String.prototype, 'slice');
const startsWith = method(String.prototype, 'startsWith');
const toHex = method(Number.prototype, 'toString');
const symbolText = method(Symbol.prototype, 'toString');
const functionText = method(Function.prototype, 'toString');
const trimEnd = method(String.prototype, 'trimEnd');

const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype)!;
const typedArrayName = getter(typedArrayPrototype, toStringTag);
const typedArrayLength = getter(typedArrayPrototype, 'length');
const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
const bufferDetached = getter(ArrayBuffer.prototype, 'detached');
const sharedLength = getter(SharedArrayBuffer.prototype, 'byteLength');
const viewLength = getter(DataView.prototype, 'byteLength');
const viewOffset = getter(DataView.prototype, 'byteOffset');
const viewBuffer = getter(DataView.prototype, 'buffer');
const mapSize = getter(Map.prototype, 'size');
const setSize = getter(Set.prototype, 'size');
const mapEntries = method(Map.prototype, 'entries');
const setValues = method(Set.prototype, 'values');
const nextEntry = uncurry(new Map().entries().next as () => IteratorResult<[unknown, unknown]>);
const nextValue = uncurry(new Set().values().next as () => IteratorResult<unknown>);
const weakMapHas = method(WeakMap.prototype, 'has');
const weakSetHas = method(WeakSet.prototype, 'has');
const isoText = method(Date.prototype, 'toISOString');
const time = method(Date.prototype, 'getTime');
const regExpSource = getter(RegExp.prototype, 'source');
const regExpFlags = (
  [
    ['d', 'hasIndices'],
    ['g', 'global'],
    ['i', 'ignoreCase'],
    ['m', 'multiline'],
    ['s', 'dotAll'],
    ['u', 'unicode'],
    ['v', 'unicodeSets'],
    ['y', 'sticky'],
  ] as const
).map(([flag, name]) => ({ flag, has: getter(RegExp.prototype, name) }));
const exceptionName = getter(DOMException.prototype, 'name');
const Uint8ArrayIntrinsic = Uint8Array;

const MAX_TEXT = 64 * 1024;
const MAX_HOLES = 100_000;
const MAX_BYTES_SHOWN = 100;
const MAX_BUFFER_SHOWN = 50;
const MAX_OWN_KEYS_LENGTH = 1_000;
const DEPTH = 2;
const UNREADABLE = '<unreadable>';

export interface InspectOptions {
  /** How many levels of objects to go into; null for all. */
  depth?: number | null;
}

// ── entry points ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The value as text, at most 64 KiB and a note how much was left out. */
export function inspect(value: unknown, options: InspectOptions = {}): string {
  return bounded(inspectWithin(value, options.depth === undefined ? DEPTH : (options.depth ?? Infinity), MAX_TEXT));
}

function inspectWithin(value: unknown, depth: number, budget: number): string {
  const walk: Walk = { depth, seen: [], circular: [], indentation: 0, deepest: 0, budget };
  return formatValue(walk, value, 0);
}

/** The arguments of a console call as text: format specifiers where the first is a string, spaces between what is left. */
export function format(...args: unknown[]): string {
  const first = args[0];
  let text = '';
  let used = 0;
  if (typeof first === 'string') {
    used = 1;
    text = args.length === 1 ? first : first.length > MAX_TEXT ? first : fill(first, args, (count) => (used = count));
  }
  for (let i = used; i < args.length && text.length <= MAX_TEXT; i++) {
    const argument = args[i];
    if (i > 0) text += ' ';
    text += typeof argument === 'string' ? argument : inspectWithin(argument, DEPTH, MAX_TEXT);
  }
  return bounded(text);
}

function bounded(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${slice(text, 0, MAX_TEXT)}… ${text.length - MAX_TEXT} more characters`;
}

function fill(pattern: string, args: readonly unknown[], used: (count: number) => void): string {
  let text = '';
  let from = 0;
  let next = 1;
  for (let i = 0; i < pattern.length - 1; i++) {
    if (pattern[i] !== '%') continue;
    const specifier = pattern[i + 1]!;
    const replacement = specifier === '%' ? '%' : next < args.length ? specified(specifier, args[next]) : undefined;
    if (replacement === undefined) continue;
    if (specifier !== '%') next++;
    text += slice(pattern, from, i) + replacement;
    i++;
    from = i + 1;
  }
  used(next);
  return text + slice(pattern, from);
}

function specified(specifier: string, value: unknown): string | undefined {
  switch (specifier) {
    case 's':
      return typeof value === 'string'
        ? value
        : isObject(value)
          ? inspectWithin(value, 0, MAX_TEXT)
          : primitiveText(value);
    case 'd':
      return numberText(value, (primitive) => +primitive);
    case 'i':
      return numberText(value, (primitive) => parseIntIntrinsic(primitive as string));
    case 'f':
      return typeof value === 'symbol' || isObject(value) ? 'NaN' : primitiveText(parseFloatIntrinsic(value as string));
    case 'j':
      return json(value, []) ?? 'undefined';
    case 'o':
      return inspectWithin(value, 4, MAX_TEXT);
    case 'O':
      return inspectWithin(value, DEPTH, MAX_TEXT);
    case 'c':
      return '';
    default:
      return undefined;
  }
}

function numberText(value: unknown, convert: (primitive: any) => number): string {
  if (typeof value === 'bigint') return primitiveText(value);
  return typeof value === 'symbol' || isObject(value) ? 'NaN' : primitiveText(convert(value));
}

/** JSON as by JSON.stringify, but of data properties alone: no toJSON and no getter is called. */
function json(value: unknown, within: object[]): string | undefined {
  if (typeof value === 'bigint') return `${value}n`;
  if (!isObject(value)) return stringify(value);
  if (typeof value === 'function') return undefined;
  if (isProxy(value)) return '"[Proxy]"';
  for (let i = 0; i < within.length; i++) if (within[i] === value) return '"[Circular]"';
  if (within.length > 100) return '"[Object]"';
  within[within.length] = value;
  const list = isArray(value);
  let text = '';
  const keys = list ? undefined : ownKeys(value);
  const count = list ? (value as unknown[]).length : keys!.length;
  for (let i = 0; i < count && text.length <= MAX_TEXT; i++) {
    const key = keys === undefined ? i : keys[i]!;
    const property = getOwnPropertyDescriptor(value, key);
    if (!list && (typeof key === 'symbol' || !property?.enumerable)) continue;
    const item = json(property?.value, within);
    if (list) text += `${text === '' ? '' : ','}${item ?? 'null'}`;
    else if (item !== undefined) text += `${text === '' ? '' : ','}${stringify(key)}:${item}`;
  }
  within.length--;
  return list ? `[${text}]` : `{${text}}`;
}

// ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function formatValue(walk: Walk, value: unknown, level: number): string {
  if (!isObject(value)) {
    const text = typeof value === 'string' ? quoted(walk, value) : primitiveText(value);
    walk.budget -= text.length;
    return text;
  }
  if (isProxy(value)) return typeof value === 'function' ? '[Function (Proxy)]' : '[Proxy]';
  for (let i = 0; i < walk.seen.length; i++)
    if (walk.seen[i] === value) return `[Circular *${referenceTo(walk, value)}]`;
  const { seen } = walk;
  const depthBefore = seen.length;
  const { indentation } = walk;
  try {
    return formatObject(walk, value, level);
  } catch {
    // A stack overflow under way, or an object that refuses to be looked at.
    return UNREADABLE;
  } finally {
    seen.length = depthBefore;
    walk.indentation = indentation;
  }
}

function referenceTo(walk: Walk, value: object): number {
  const { circular } = walk;
  for (let i = 0; i < circular.length; i++) if (circular[i] === value) return i + 1;
  return ((circular[circular.length] = value), circular.length);
}

function primitiveText(value: unknown): string {
  if (typeof value === 'symbol') return symbolText(value);
  if (typeof value === 'bigint') return `${value}n`;
  return is(value, -0) ? '-0' : `${value as string}`;
}

function formatObject(walk: Walk, value: object, level: number): string {
  const shape = shapeOf(walk, value, level);
  const { keys, close } = shape;
  let { base, open } = shape;
  if (shape.isHollow && keys.length === 0) {
    return spend(walk, open === '' ? base : `${base === '' ? '' : `${base} `}${open}${close}`);
  }
  if (level > walk.depth) return spend(walk, `[${nameAtDepth(value)}]`);
  walk.seen[walk.seen.length] = value;
  walk.deepest = level;
  const items = shape.items();
  for (let i = 0; i < keys.length; i++) {
    if (walk.budget <= 0) {
      items[items.length] = `... ${keys.length - i} more properties`;
      break;
    }
    items[items.length] = formatProperty(walk, value, keys[i]!, level);
  }
  for (let i = 0; i < walk.circular.length; i++) {
    if (walk.circular[i] === value) base = base === '' ? `<ref *${i + 1}>` : `<ref *${i + 1}> ${base}`;
  }
  if (open === '') open = '{';
  walk.budget -= base.length + open.length;
  return lay(walk, items, base, open, close, shape, level);
}

function spend(walk: Walk, text: string): string {
  walk.budget -= text.length;
  return text;
}

function formatProperty(walk: Walk, value: object, key: PropertyKey, level: number): string {
  const property = getOwnPropertyDescriptor(value, key);
  const name = formatKey(key, property?.enumerable ?? true);
  walk.budget -= name.length;
  return `${name}: ${formatDescriptor(walk, property, level)}`;
}

function formatDescriptor(walk: Walk, property: PropertyDescriptor | undefined, level: number): string {
  if (property === undefined) return UNREADABLE;
  if (property.get !== undefined) return property.set === undefined ? '[Getter]' : '[Getter/Setter]';
  if (property.set !== undefined) return '[Setter]';
  return nested(walk, property.value, level);
}

function nested(walk: Walk, value: unknown, level: number): string {
  walk.indentation += 2;
  const text = formatValue(walk, value, level + 1);
  walk.indentation -= 2;
  return text;
}

function formatKey(key: PropertyKey, isEnumerable: boolean): string {
  if (typeof key === 'symbol') return `[${symbolText(key)}]`;
  const name = `${key}`;
  if (name === '__proto__') return "['__proto__']";
  if (!isEnumerable) return `[${name}]`;
  if (isIdentifier(name)) return name;
  return quote(name.length > MAX_STRING ? slice(name, 0, MAX_STRING) : name);
}

function isIdentifier(name: string): boolean {
  if (name.length > 256) return false;
  for (let i = 0; i < name.length; i++) {
    const c = name[i]!;
    const isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c === '_';
    if (!isLetter && !(i > 0 && c >= '0' && c <= '9')) return false;
  }
  return name !== '';
}

// ── kinds of objects ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The answer of an intrinsic that throws for objects without the internal slot. */
function attempt<T>(run: (value: object) => T, value: object): T | undefined {
  try {
    return run(value);
  } catch {
    return undefined;
  }
}

const intrinsicKinds: readonly (readonly [
  prototype: object,
  describe: (walk: Walk, value: object, level: number) => Shape | undefined,
])[] = [
  [
    Function.prototype,
    (_walk, value) => (typeof value === 'function' ? plainBase(value, functionBase(value)) : undefined),
  ],
  [Error.prototype, errorShape],
  [DOMException.prototype, errorShape],
  [Map.prototype, mapShape],
  [Set.prototype, setShape],
  [typedArrayPrototype, typedArrayShape],
  [
    Date.prototype,
    (_walk, value) => based(value, 'Date', attempt(time, value) === undefined ? undefined : dateText(value)),
  ],
  [RegExp.prototype, (_walk, value) => based(value, 'RegExp', attempt(regExpText, value))],
  [Promise.prototype, promiseShape],
  [ArrayBuffer.prototype, bufferShape],
  [SharedArrayBuffer.prototype, bufferShape],
  [DataView.prototype, dataViewShape],
  [
    WeakMap.prototype,
    (_walk, value) =>
      unknownItems(
        value,
        'WeakMap',
        attempt((map) => weakMapHas(map, value), value),
      ),
  ],
  [
    WeakSet.prototype,
    (_walk, value) =>
      unknownItems(
        value,
        'WeakSet',
        attempt((set) => weakSetHas(set, value), value),
      ),
  ],
  ...(['Number', 'String', 'Boolean', 'Symbol', 'BigInt'] as const).map((name) => {
    const { prototype } = globalThis[name];
    const valueOf = uncurry(prototype.valueOf as () => unknown);
    return [prototype, (walk: Walk, value: object) => boxed(walk, value, name, attempt(valueOf, value))] as const;
  }),
];

function shapeOf(walk: Walk, value: object, level: number): Shape {
  if (isArray(value)) return arrayShape(walk, value, level);
  if (typeof value === 'function') return plainBase(value, functionBase(value));
  // Most objects are plain, and a failed brand check costs an exception: the prototype chain tells which ones to try.
  for (
    let at = getPrototypeOf(value), steps = 0;
    at !== null && !isProxy(at) && steps < MAX_PROTOTYPES;
    at = getPrototypeOf(at), steps++
  ) {
    if (at === Object.prototype) break;
    for (let i = 0; i < intrinsicKinds.length; i++) {
      const { 0: prototype, 1: describe } = intrinsicKinds[i]!;
      const shape = prototype === at ? describe(walk, value, level) : undefined;
      if (shape !== undefined) return shape;
    }
  }
  if (isError?.(value)) return errorShape(walk, value)!;
  return braced(prefix(value, 'Object', 'Object'), enumerableKeys(value, false), none, true);
}

const none = (): string[] => [];

function braced(base: string, keys: readonly PropertyKey[], items: () => string[], isHollow = false): Shape {
  return { base, open: '{', close: '}', items, keys, isList: false, isHollow, numeric: false };
}

/** A value that is told by its base alone unless it has properties: functions, errors, dates. */
function plainBase(value: object, base: string, keys: readonly PropertyKey[] = enumerableKeys(value, false)): Shape {
  return { base, open: '', close: '}', items: none, keys, isList: false, isHollow: true, numeric: false };
}

function based(value: object, fallback: string, base: string | undefined): Shape | undefined {
  if (base === undefined) return undefined;
  const name = prefix(value, fallback, fallback);
  return plainBase(value, name === '' ? base : `${name} ${base}`);
}

function dateText(value: object): string {
  return is(time(value), NaN) ? 'Invalid Date' : isoText(value);
}

function regExpText(value: object): string {
  if (value === RegExp.prototype) throw undefined;
  let flags = '';
  for (let i = 0; i < regExpFlags.length; i++) if (regExpFlags[i]!.has(value)) flags += regExpFlags[i]!.flag;
  return `/${regExpSource(value)}/${flags}`;
}

function boxed(walk: Walk, value: object, name: string, primitive: unknown): Shape | undefined {
  if (primitive === undefined) return undefined;
  const text = typeof primitive === 'string' ? quoted(walk, primitive) : primitiveText(primitive);
  const own = className(value);
  const label = own === undefined ? `${name} (null prototype)` : own === name ? name : `${name} (${own})`;
  return plainBase(value, `[${label}: ${text}]`, enumerableKeys(value, name === 'String'));
}

function unknownItems(value: object, name: string, isKind: boolean | undefined): Shape | undefined {
  if (isKind === undefined) return undefined;
  return braced(prefix(value, name), enumerableKeys(value, false), () => ['<items unknown>']);
}

function promiseShape(_walk: Walk, value: object): Shape | undefined {
  const state = promiseState(value);
  if (state === undefined) return undefined;
  return braced(prefix(value, 'Promise'), enumerableKeys(value, false), () => [`<${state}>`]);
}

function listed(
  base: string,
  length: number,
  items: () => string[],
  keys: readonly PropertyKey[],
  numeric: boolean,
): Shape {
  return { base, open: '[', close: ']', items, keys, isList: true, isHollow: length === 0, numeric };
}

function arrayShape(walk: Walk, value: unknown[], level: number): Shape {
  const { length } = value;
  const name = prefix(value, 'Array', 'Array', length);
  const items = (): string[] => {
    const shown: string[] = [];
    let checked = 0;
    for (let i = 0; i < length;) {
      if (shown.length >= MAX_ITEMS || walk.budget <= 0 || checked > MAX_HOLES) return more(shown, length - i, 'item');
      const property = getOwnPropertyDescriptor(value, i);
      if (property !== undefined) {
        shown[shown.length] = formatDescriptor(walk, property, level);
        i++;
        continue;
      }
      const from = i;
      while (i < length && checked <= MAX_HOLES && getOwnPropertyDescriptor(value, i) === undefined) (i++, checked++);
      if (checked > MAX_HOLES) return more(shown, length - from, 'item');
      shown[shown.length] = `<${i - from} empty item${i - from === 1 ? '' : 's'}>`;
    }
    return shown;
  };
  let numeric = true;
  for (let i = 0; i < min(length, MAX_ITEMS) && numeric; i++) {
    const type = typeof getOwnPropertyDescriptor(value, i)?.value;
    numeric = type === 'number' || type === 'bigint';
  }
  return listed(name, length, items, length > MAX_OWN_KEYS_LENGTH ? [] : enumerableKeys(value, true), numeric);
}

function more(shown: string[], rest: number, noun: string): string[] {
  shown[shown.length] = `... ${rest} more ${noun}${rest === 1 ? '' : 's'}`;
  return shown;
}

function typedArrayShape(walk: Walk, value: object): Shape | undefined {
  const name = typedArrayName(value) as string | undefined;
  if (name === undefined) return undefined;
  const length = typedArrayLength(value) as number;
  const keys = length > MAX_OWN_KEYS_LENGTH ? [] : enumerableKeys(value, true);
  if (marks.bufferPrototype !== undefined && getPrototypeOf(value) === marks.bufferPrototype) {
    return plainBase(value, spend(walk, `<Buffer ${hexOf(value as Uint8Array, MAX_BUFFER_SHOWN)}>`), keys);
  }
  const items = (): string[] => {
    const shown: string[] = [];
    for (let i = 0; i < length && i < MAX_ITEMS; i++) shown[i] = spend(walk, primitiveText((value as Uint8Array)[i]));
    return length > MAX_ITEMS ? more(shown, length - MAX_ITEMS, 'item') : shown;
  };
  return listed(prefix(value, name, undefined, length), length, items, keys, true);
}

function mapShape(walk: Walk, value: object, level: number): Shape | undefined {
  const size = attempt(mapSize, value) as number | undefined;
  if (size === undefined) return undefined;
  return braced(
    prefix(value, 'Map', undefined, size),
    enumerableKeys(value, false),
    () => {
      const shown: string[] = [];
      const entries = mapEntries(value);
      for (let step = nextEntry(entries); !step.done; step = nextEntry(entries)) {
        if (shown.length >= MAX_ITEMS || walk.budget <= 0) return more(shown, size - shown.length, 'item');
        shown[shown.length] = `${nested(walk, step.value[0], level)} => ${nested(walk, step.value[1], level)}`;
      }
      return shown;
    },
    size === 0,
  );
}

function setShape(walk: Walk, value: object, level: number): Shape | undefined {
  const size = attempt(setSize, value) as number | undefined;
  if (size === undefined) return undefined;
  return braced(
    prefix(value, 'Set', undefined, size),
    enumerableKeys(value, false),
    () => {
      const shown: string[] = [];
      const values = setValues(value);
      for (let step = nextValue(values); !step.done; step = nextValue(values)) {
        if (shown.length >= MAX_ITEMS || walk.budget <= 0) return more(shown, size - shown.length, 'item');
        shown[shown.length] = nested(walk, step.value, level);
      }
      return shown;
    },
    size === 0,
  );
}

function bufferShape(walk: Walk, value: object): Shape | undefined {
  const length = (attempt(bufferLength, value) ?? attempt(sharedLength, value)) as number | undefined;
  if (length === undefined) return undefined;
  const isShared = attempt(bufferLength, value) === undefined;
  return braced(prefix(value, isShared ? 'SharedArrayBuffer' : 'ArrayBuffer'), enumerableKeys(value, false), () => {
    if (attempt(bufferDetached, value) === true) return ['(detached)', 'byteLength: 0'];
    const view = new Uint8ArrayIntrinsic(value as ArrayBuffer, 0, min(length, MAX_BYTES_SHOWN));
    return [spend(walk, `[Uint8Contents]: <${hexOf(view, MAX_BYTES_SHOWN, length)}>`), `byteLength: ${length}`];
  });
}

function hexOf(bytes: Uint8Array, most: number, length = typedArrayLength(bytes) as number): string {
  let text = '';
  for (let i = 0; i < min(length, most); i++) text += `${i === 0 ? '' : ' '}${padStart(toHex(bytes[i], 16), 2, '0')}`;
  const rest = length - most;
  return rest > 0 ? `${text} ... ${rest} more byte${rest === 1 ? '' : 's'}` : text;
}

function dataViewShape(walk: Walk, value: object, level: number): Shape | undefined {
  const length = attempt(viewLength, value) as number | undefined;
  if (length === undefined) return undefined;
  return braced(prefix(value, 'DataView'), enumerableKeys(value, false), () => [
    `byteLength: ${length}`,
    `byteOffset: ${viewOffset(value)}`,
    `buffer: ${nested(walk, viewBuffer(value), level)}`,
  ]);
}

function functionBase(value: Function): string {
  const source = attempt(functionText as (value: object) => string, value) ?? '';
  const own = className(value);
  const name = stringOf(dataProperty(value, 'name')) ?? '';
  if (startsWith(source, 'class') && endsWith(source, '}')) {
    const parent = getPrototypeOf(value);
    const parentName = parent === null || isProxy(parent) ? '' : (stringOf(dataProperty(parent, 'name')) ?? '');
    const extension = parentName !== '' ? ` extends ${parentName}` : parent === null ? ' extends [null prototype]' : '';
    return `[class ${name === '' ? '(anonymous)' : name}${extension}]`;
  }
  const isFunctionKind = own === 'AsyncFunction' || own === 'GeneratorFunction' || own === 'AsyncGeneratorFunction';
  const kind = isFunctionKind ? own : 'Function';
  const ownPart = own === undefined ? ' (null prototype)' : own === kind ? '' : ` ${own}`;
  return `[${kind}${own === undefined ? ownPart : ''}${name === '' ? ' (anonymous)' : `: ${name}`}]${own === undefined ? '' : ownPart}`;
}

// ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function errorShape(walk: Walk, value: object): Shape | undefined {
  const isException = attempt(exceptionName, value) !== undefined;
  if (
    !isException &&
    !(isError === undefined ? getOwnPropertyDescriptor(value, 'stack') !== undefined : isError(value))
  )
    return undefined;
  const name = stringOf(lookUp(value, 'name')) ?? 'Error';
  const message = stringOf(lookUp(value, 'message')) ?? '';
  const stack = stringOf(lookUp(value, 'stack')) ?? '';
  const keys: PropertyKey[] = [];
  const all = enumerableKeys(value, false);
  for (let i = 0; i < all.length; i++) {
    const key = all[i]!;
    const isTold =
      (key === 'name' || key === 'message' || key === 'stack') &&
      includes(`${name}${message}${stack}`, stringOf(dataProperty(value, key)) ?? '\0');
    if (!isTold && key !== 'cause' && key !== 'errors') keys[keys.length] = key;
  }
  if (getOwnPropertyDescriptor(value, 'cause') !== undefined) keys[keys.length] = 'cause';
  if (isArray(dataProperty(value, 'errors'))) keys[keys.length] = 'errors';
  return plainBase(value, errorText(walk, value, name, message, stack, isException), keys);
}

function errorText(
  walk: Walk,
  value: object,
  name: string,
  message: string,
  stack: string,
  isException: boolean,
): string {
  const own = className(value);
  // The engine's stack is frames alone; others begin with the name and the message.
  const isFramesOnly = startsWith(stack, '    at ');
  let text =
    isFramesOnly || stack === '' ? `${name}${message === '' ? '' : name === '' ? message : `: ${message}`}` : stack;
  if (isException && own === 'DOMException') {
    if (startsWith(text, name)) text = `DOMException [${name}]${slice(text, name.length)}`;
    else if (startsWith(text, 'Error')) text = `DOMException [${name}]${slice(text, 5)}`;
  } else if (own === undefined) text = `[${name}: null prototype]${slice(text, name.length)}`;
  else if (own !== name && endsWith(name, 'Error') && startsWith(text, name)) {
    text = `${includes(own, name) ? own : `${own} [${name}]`}${slice(text, name.length)}`;
  }
  if (isFramesOnly) text += `\n${trimEnd(stack)}`;
  if (text.length > MAX_STRING) text = `${slice(text, 0, MAX_STRING)}... ${text.length - MAX_STRING} more characters`;
  if (!includes(text, '\n    at')) text = `[${text}]`;
  return walk.indentation === 0 ? text : replaceAll(text, '\n', `\n${repeat(' ', walk.indentation)}`);
}
