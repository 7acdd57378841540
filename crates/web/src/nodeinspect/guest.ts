// util.inspect: any value as text, with Node's options, and with what the value itself says by `util.inspect.custom`.
//
// The console has an inspector of its own (`guest:inspect`), which runs nothing of the value. This one does what Node's does: it reads
// `Symbol.toStringTag`, calls custom inspection, and getters where it is asked to.

import { descriptor, isObject, uncurry } from 'guest:webidl';
import { checkObject } from 'guest:nodeerrors';
import { typedArrayTag, types } from 'guest:nodetypes';
import { COLORS, STYLES, colored, plain, widthOf, type Style, type Stylize } from 'guest:inspectstyles';
import {
  escapeControls,
  formatNumber,
  formatPrimitive,
  lay,
  plural,
  quote,
  type Context,
  type InspectOptions,
  type Kind,
} from 'guest:inspecttext';
import { isProxy, promiseResult, promiseState, proxyParts } from 'host:inspect';

const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isArray } = Array;
const { hasOwn, assign, keys: keysOf, getOwnPropertySymbols, getOwnPropertyNames } = Object;
const { max, min } = Math;
const isEnumerable = uncurry(Object.prototype.propertyIsEnumerable);
const functionText = uncurry(Function.prototype.toString as () => string);
const regExpText = uncurry(RegExp.prototype.toString);
const isoText = uncurry(Date.prototype.toISOString);
const timeOf = uncurry(Date.prototype.getTime);
const symbolText = uncurry(Symbol.prototype.toString);
const errorText = uncurry(Error.prototype.toString);
const setValues = uncurry(Set.prototype.values as () => IterableIterator<unknown>);
const mapEntries = uncurry(Map.prototype.entries as () => IterableIterator<[unknown, unknown]>);
const sizeOf = {
  map: uncurry(getOwnPropertyDescriptor(Map.prototype, 'size')!.get! as () => number),
  set: uncurry(getOwnPropertyDescriptor(Set.prototype, 'size')!.get! as () => number),
};
const Uint8ArrayIntrinsic = Uint8Array;

export const custom = Symbol.for('nodejs.util.inspect.custom');

const DEFAULTS: Required<InspectOptions> = {
  showHidden: false,
  depth: 2,
  colors: false,
  customInspect: true,
  showProxy: false,
  maxArrayLength: 100,
  maxStringLength: 10_000,
  breakLength: 80,
  compact: 3,
  sorted: false,
  getters: false,
  numericSeparator: false,
};

// ── entry ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function inspect(value: unknown, given?: InspectOptions | boolean, depth?: number | null, colors?: boolean): string {
  const options: Record<string, unknown> = { ...DEFAULTS };
  let userOptions: InspectOptions | undefined;
  if (arguments.length > 2) {
    if (depth !== undefined) options.depth = depth;
    if (colors !== undefined) options.colors = colors;
  }
  if (typeof given === 'boolean') options.showHidden = given;
  else if (given) {
    for (const key of keysOf(given)) {
      if (hasOwn(DEFAULTS, key) || key === 'stylize') options[key] = (given as Record<string, unknown>)[key];
      else userOptions ??= given;
    }
  }
  const context = {
    stylize: plain,
    ...options,
    userOptions,
    seen: [],
    circular: undefined,
    indentation: 0,
    currentDepth: 0,
  } as unknown as Context;
  if (context.colors) context.stylize = colored;
  context.maxArrayLength ??= Infinity;
  context.maxStringLength ??= Infinity;
  return formatValue(context, value, 0);
}

function userOptionsOf(context: Context): object {
  const options: Record<string, unknown> = { stylize: context.stylize, ...context.userOptions };
  for (const key in DEFAULTS) options[key] = context[key as keyof Context];
  return options;
}

function formatValue(context: Context, given: unknown, level: number, isTyped = false): string {
  let value = given;
  if (!isObject(value)) return formatPrimitive(context.stylize, value, context);
  const parts = proxyParts(value);
  if (parts !== undefined) {
    if (context.showProxy) return formatProxy(context, parts, level);
    if (parts[0] === null) return context.stylize('<Revoked Proxy>', 'special');
    value = parts[0];
    for (let inner = proxyParts(value); inner !== undefined; inner = proxyParts(value)) {
      if (inner[0] === null) return context.stylize('<Revoked Proxy>', 'special');
      value = inner[0];
    }
  }
  if (context.customInspect) {
    const method = (value as Record<symbol, unknown>)[custom];
    const { constructor } = value as { constructor?: { prototype?: unknown } };
    if (typeof method === 'function' && method !== inspect && !(constructor && constructor.prototype === value)) {
      const depth = context.depth === null ? null : context.depth - level;
      const result = apply(method, given, [depth, userOptionsOf(context), inspect]);
      if (result !== given) {
        if (!isObject(result)) return `${result as string}`.replaceAll('\n', `\n${' '.repeat(context.indentation)}`);
        return formatValue(context, result, level);
      }
    }
  }
  if (context.seen.includes(value as object)) {
    context.circular ??= new Map();
    let index = context.circular.get(value as object);
    if (index === undefined) context.circular.set(value as object, (index = context.circular.size + 1));
    return context.stylize(`[Circular *${index}]`, 'special');
  }
  return formatObject(context, value as object, level, isTyped);
}

function formatProxy(context: Context, parts: readonly unknown[], level: number): string {
  if (context.depth !== null && level > context.depth) return context.stylize('Proxy [Array]', 'special');
  if (parts[0] === null) return context.stylize('<Revoked Proxy>', 'special');
  context.indentation += 2;
  const shown = [formatValue(context, parts[0], level + 1), formatValue(context, parts[1], level + 1)];
  context.indentation -= 2;
  return lay(context, shown, '', ['Proxy [', ']'], 'list', level + 1, undefined);
}

// ── objects ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Shape {
  base: string;
  braces: [string, string];
  keys: PropertyKey[];
  items: (context: Context, level: number) => string[];
  kind: Kind;
}

function formatObject(context: Context, value: object, level: number, isTyped: boolean): string {
  const constructor = constructorName(context, value, level);
  let tag = (value as Record<symbol, unknown>)[Symbol.toStringTag] as string;
  if (
    typeof tag !== 'string' ||
    (tag !== '' && (context.showHidden ? hasOwn : isEnumerable)(value, Symbol.toStringTag))
  ) {
    tag = '';
  }
  const shape = shapeOf(context, value, constructor, tag, level, isTyped);
  if (typeof shape === 'string') return shape;
  const { braces, keys, kind } = shape;
  let { base } = shape;
  if (context.depth !== null && level > context.depth) {
    return context.stylize(nameOf(value, constructor, tag), 'special');
  }
  const inner = level + 1;
  context.seen.push(value);
  context.currentDepth = inner;
  const output = shape.items(context, inner);
  for (let i = 0; i < keys.length; i++) output.push(formatProperty(context, value, inner, keys[i]!, kind));
  const index = context.circular?.get(value);
  if (index !== undefined) {
    const reference = context.stylize(`<ref *${index}>`, 'special');
    if (context.compact !== true) base = base === '' ? reference : `${reference} ${base}`;
    else braces[0] = `${reference} ${braces[0]}`;
  }
  context.seen.pop();
  if (context.sorted) {
    const compare = context.sorted === true ? undefined : context.sorted;
    if (kind === 'object') output.sort(compare);
    else if (keys.length > 1) {
      output.push(...output.splice(output.length - keys.length).sort(compare));
    }
  }
  return lay(context, output, base, braces, kind, inner, value);
}

/** What stands for a value where depth ends. */
function nameOf(value: object, constructor: string | null, tag: string): string {
  if (constructor !== null) return `[${prefixOf(constructor, tag, 'Object').slice(0, -1)}]`;
  return prefixOf(constructor, tag, kindName(value)).slice(0, -1);
}

function prefixOf(constructor: string | null, tag: string, fallback: string, size = ''): string {
  if (constructor === null) {
    return tag !== '' && fallback !== tag
      ? `[${fallback}${size}: null prototype] [${tag}] `
      : `[${fallback}${size}: null prototype] `;
  }
  return tag !== '' && constructor !== tag ? `${constructor}${size} [${tag}] ` : `${constructor}${size} `;
}

function isInstance(value: object, constructor: Function): boolean {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
}

function constructorName(context: Context, value: object, level: number): string | null {
  let first: object | null | undefined;
  for (let at: object | null = value; at !== null;) {
    const own = getOwnPropertyDescriptor(at, 'constructor');
    if (typeof own?.value === 'function' && own.value.name !== '' && isInstance(value, own.value)) {
      return `${own.value.name}`;
    }
    at = getPrototypeOf(at);
    if (first === undefined) first = at;
  }
  if (first === null || first === undefined) return null;
  const kind = kindName(value);
  if (context.depth !== null && level > context.depth) return `${kind} <Complex prototype>`;
  const parent = constructorName(context, first, level + 1);
  if (parent === null) {
    const options = { ...(userOptionsOf(context) as InspectOptions), customInspect: false, depth: -1 };
    return `${kind} <${inspect(first, options)}>`;
  }
  return `${kind} <${parent}>`;
}

function kindName(value: object): string {
  if (typeof value === 'function') return 'Function';
  if (isArray(value)) return 'Array';
  for (const name of ['Map', 'Set', 'Promise', 'RegExp', 'Date', 'WeakMap', 'WeakSet'] as const) {
    if (types[`is${name}`]!(value)) return name;
  }
  return typedArrayTag(value) ?? 'Object';
}

function namesOf(value: object, showHidden: boolean): PropertyKey[] {
  if (showHidden) return [...getOwnPropertyNames(value), ...getOwnPropertySymbols(value)];
  const names: PropertyKey[] = keysOf(value);
  for (const symbol of getOwnPropertySymbols(value)) if (isEnumerable(value, symbol)) names.push(symbol);
  return names;
}

function isIndex(key: PropertyKey): boolean {
  return typeof key === 'string' && /^(0|[1-9][0-9]*)$/.test(key) && +key < 4294967295;
}

const nothing = (): string[] => [];

/** How an object is shown, or its whole text where there is nothing to go into. */
function shapeOf(
  context: Context,
  value: any,
  constructor: string | null,
  tag: string,
  level: number,
  isTyped: boolean,
): Shape | string {
  const { stylize } = context;
  const keys = (): PropertyKey[] => namesOf(value, context.showHidden);
  const braced = (prefix: string, items: Shape['items'] = nothing, names = keys()): Shape => ({
    base: '',
    braces: [`${prefix}{`, '}'],
    keys: names,
    items,
    kind: 'object',
  });
  if (isArray(value)) {
    const prefix =
      constructor !== 'Array' || tag !== '' ? prefixOf(constructor, tag, 'Array', `(${value.length})`) : '';
    const names = keys().filter((key) => !isIndex(key));
    if (value.length === 0 && names.length === 0) return `${prefix}[]`;
    const items = (inner: Context, at: number): string[] => arrayItems(inner, value, at);
    return { base: '', braces: [`${prefix}[`, ']'], keys: names, items, kind: 'list' };
  }
  if (types.isSet!(value)) {
    const names = keys();
    const size = sizeOf.set(value);
    const prefix = prefixOf(constructor, tag, 'Set', `(${size})`);
    if (size === 0 && names.length === 0) return `${prefix}{}`;
    return braced(prefix, (inner, at) => setItems(inner, value, size, at), names);
  }
  if (types.isMap!(value)) {
    const names = keys();
    const size = sizeOf.map(value);
    const prefix = prefixOf(constructor, tag, 'Map', `(${size})`);
    if (size === 0 && names.length === 0) return `${prefix}{}`;
    return braced(prefix, (inner, at) => mapItems(inner, value, size, at), names);
  }
  if (types.isTypedArray!(value)) {
    const { length } = value;
    const names = keys().filter((key) => !isIndex(key));
    const prefix = prefixOf(constructor, tag, typedArrayTag(value)!, `(${length})`);
    if (length === 0 && names.length === 0 && !context.showHidden) return `${prefix}[]`;
    const items = (inner: Context, at: number): string[] => typedItems(inner, value, at);
    return { base: '', braces: [`${prefix}[`, ']'], keys: names, items, kind: 'list' };
  }
  if (types.isMapIterator!(value) || types.isSetIterator!(value)) return braced(`[${tag}] `);
  if (types.isArgumentsObject!(value)) {
    const names = keys();
    return names.length === 0 ? '[Arguments] {}' : braced('[Arguments] ', nothing, names);
  }
  return otherShape(context, value, constructor, tag, level, isTyped, keys(), stylize);
}

function otherShape(
  context: Context,
  value: any,
  constructor: string | null,
  tag: string,
  level: number,
  isTyped: boolean,
  keys: PropertyKey[],
  stylize: Stylize,
): Shape | string {
  const shape: Shape = { base: '', braces: ['{', '}'], keys, items: nothing, kind: 'object' };
  const isHollow = keys.length === 0;
  if (typeof value === 'function') {
    shape.base = functionBase(value, constructor, tag);
    return isHollow ? stylize(shape.base, 'special') : shape;
  }
  if (types.isRegExp!(value)) {
    const prefix = prefixOf(constructor, tag, 'RegExp');
    shape.base = `${prefix === 'RegExp ' ? '' : prefix}${regExpText(value)}`;
    const isEnd = isHollow || (context.depth !== null && level > context.depth);
    return isEnd ? stylize(shape.base, 'regexp') : shape;
  }
  if (types.isDate!(value)) {
    const time = timeOf(value);
    const prefix = prefixOf(constructor, tag, 'Date');
    shape.base = `${prefix === 'Date ' ? '' : prefix}${time === time ? isoText(value) : 'Invalid Date'}`;
    return isHollow ? stylize(shape.base, 'date') : shape;
  }
  if (types.isNativeError!(value) || value instanceof Error) {
    shape.base = formatError(context, value, constructor, tag, keys);
    return keys.length === 0 ? shape.base : shape;
  }
  if (types.isAnyArrayBuffer!(value)) {
    const prefix = prefixOf(constructor, tag, types.isArrayBuffer!(value) ? 'ArrayBuffer' : 'SharedArrayBuffer');
    if (isTyped && isHollow) return `${prefix}{ byteLength: ${formatNumber(stylize, value.byteLength, false)} }`;
    keys.unshift('byteLength');
    shape.braces[0] = `${prefix}{`;
    if (!isTyped) shape.items = (inner) => bytesItem(inner, value);
    return shape;
  }
  if (types.isDataView!(value)) {
    keys.unshift('byteLength', 'byteOffset', 'buffer');
    shape.braces[0] = `${prefixOf(constructor, tag, 'DataView')}{`;
    return shape;
  }
  if (types.isPromise!(value)) {
    shape.braces[0] = `${prefixOf(constructor, tag, 'Promise')}{`;
    shape.items = (inner, at) => promiseItem(inner, value, at);
    return shape;
  }
  for (const name of ['WeakSet', 'WeakMap'] as const) {
    if (!types[`is${name}`]!(value)) continue;
    shape.braces[0] = `${prefixOf(constructor, tag, name)}{`;
    shape.items = (inner) => [inner.stylize('<items unknown>', 'special')];
    return shape;
  }
  if (types.isModuleNamespaceObject!(value)) {
    shape.braces[0] = `${prefixOf(constructor, tag, 'Module')}{`;
    return shape;
  }
  if (types.isBoxedPrimitive!(value)) {
    shape.base = boxedBase(context, value, constructor, tag, keys);
    return keys.length === 0 ? shape.base : shape;
  }
  if (constructor === 'Object' && tag === '') return isHollow ? '{}' : shape;
  const prefix = prefixOf(constructor, tag, 'Object');
  if (isHollow) return `${prefix}{}`;
  shape.braces[0] = `${prefix}{`;
  return shape;
}

function functionBase(value: Function, constructor: string | null, tag: string): string {
  const source = functionText(value);
  if (source.startsWith('class') && source.endsWith('}')) return classBase(value, constructor, tag);
  let kind = 'Function';
  if (types.isGeneratorFunction!(value)) kind = `Generator${kind}`;
  if (types.isAsyncFunction!(value)) kind = `Async${kind}`;
  let base = `[${kind}`;
  if (constructor === null) base += ' (null prototype)';
  base += value.name === '' ? ' (anonymous)]' : `: ${`${value.name}`}]`;
  if (constructor !== kind && constructor !== null) base += ` ${constructor}`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  return base;
}

function classBase(value: Function, constructor: string | null, tag: string): string {
  let base = `class ${(hasOwn(value, 'name') && value.name) || '(anonymous)'}`;
  if (constructor !== 'Function' && constructor !== null) base += ` [${constructor}]`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  if (constructor === null) base += ' extends null';
  else {
    const { name } = getPrototypeOf(value) as { name?: string };
    if (name) base += ` extends ${name}`;
  }
  return `[${base}]`;
}

function boxedBase(
  context: Context,
  value: object,
  constructor: string | null,
  tag: string,
  keys: PropertyKey[],
): string {
  let kind = 'Symbol';
  for (const name of ['Number', 'String', 'Boolean', 'BigInt'] as const)
    if (types[`is${name}Object`]!(value)) kind = name;
  const primitive = apply(
    (globalThis as unknown as Record<string, { prototype: { valueOf(): unknown } }>)[kind]!.prototype.valueOf,
    value,
    [],
  );
  if (kind === 'String') keys.splice(0, (primitive as string).length);
  let base = `[${kind}`;
  if (kind !== constructor) base += constructor === null ? ' (null prototype)' : ` (${constructor})`;
  base += `: ${formatPrimitive(plain, primitive, context)}]`;
  if (tag !== '' && tag !== constructor) base += ` [${tag}]`;
  return keys.length !== 0 ? base : context.stylize(base, kind.toLowerCase() as Style);
}

// ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The stack as V8 has it: with the error's own text above the frames. */
function stackOf(error: Error): string {
  const { stack } = error;
  if (!stack) return errorText(error);
  const text = `${stack}`;
  return text.startsWith('    at ') ? `${errorText(error)}\n${text.trimEnd()}` : text;
}

function formatError(
  context: Context,
  error: any,
  constructor: string | null,
  tag: string,
  keys: PropertyKey[],
): string {
  const name = error.name !== null && error.name !== undefined ? `${error.name}` : 'Error';
  let stack = stackOf(error);
  if (!context.showHidden && keys.length !== 0) {
    for (const key of ['name', 'message', 'stack']) {
      const at = keys.indexOf(key);
      if (at !== -1 && (typeof error[key] !== 'string' || stack.includes(error[key]))) keys.splice(at, 1);
    }
  }
  if ('cause' in error && !keys.includes('cause')) keys.push('cause');
  if (isArray(error.errors) && !keys.includes('errors')) keys.push('errors');
  stack = improveStack(stack, constructor, name, tag);
  const at = error.message ? stack.indexOf(error.message) : -1;
  const start = stack.indexOf('\n    at', at === -1 ? 0 : at + error.message.length);
  if (start === -1) stack = `[${stack}]`;
  if (context.indentation !== 0) stack = stack.replaceAll('\n', `\n${' '.repeat(context.indentation)}`);
  return stack;
}

/** The class's name, where the stack begins with another one. */
function improveStack(stack: string, constructor: string | null, name: string, tag: string): string {
  let { length } = name;
  let fallback = 'Error';
  if (constructor === null) {
    const start = /^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|\n\s+at)/.exec(stack) ?? /^([a-z_A-Z0-9-]*Error)$/.exec(stack);
    length = start?.[1]?.length ?? 0;
    fallback = start?.[1] ?? fallback;
  } else if (!name.endsWith('Error') || !stack.startsWith(name) || !/^(?:$|[:\n])/.test(stack.slice(length))) {
    return stack;
  }
  const prefix = prefixOf(constructor, tag, fallback).slice(0, -1);
  const rest = stack.slice(length);
  if (name === prefix) return stack;
  if (!prefix.includes(name)) return `${prefix} [${name}]${rest}`;
  return length === 0 ? `${prefix}: ${stack}` : `${prefix}${rest}`;
}

// ── items ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function more(output: string[], rest: number, noun: string): string[] {
  if (rest > 0) output.push(`... ${rest} more ${noun}${plural(rest)}`);
  return output;
}

function arrayItems(context: Context, value: unknown[], level: number): string[] {
  const { length } = value;
  const most = min(max(0, context.maxArrayLength), length);
  const output: string[] = [];
  let index = 0;
  for (; index < most; index++) {
    if (!hasOwn(value, index)) return sparseItems(context, value, level, most, output, index);
    output.push(formatProperty(context, value, level, index, 'item'));
  }
  return more(output, length - index, 'item');
}

function sparseItems(
  context: Context,
  value: unknown[],
  level: number,
  most: number,
  output: string[],
  from: number,
): string[] {
  const keys = keysOf(value);
  let index = from;
  for (let i = from; i < keys.length && output.length < most; i++) {
    const key = keys[i]!;
    if (!isIndex(key)) break;
    if (`${index}` !== key) {
      const empty = +key - index;
      output.push(context.stylize(`<${empty} empty item${plural(empty)}>`, 'undefined'));
      index = +key;
      if (output.length === most) break;
    }
    output.push(formatProperty(context, value, level, key, 'item'));
    index++;
  }
  const rest = value.length - index;
  if (output.length === most) return more(output, rest, 'item');
  if (rest > 0) output.push(context.stylize(`<${rest} empty item${plural(rest)}>`, 'undefined'));
  return output;
}

function typedItems(context: Context, value: Uint8Array, level: number): string[] {
  const most = min(max(0, context.maxArrayLength), value.length);
  const output: string[] = [];
  for (let i = 0; i < most; i++) output.push(formatPrimitive(context.stylize, value[i], context));
  more(output, value.length - most, 'item');
  if (context.showHidden) {
    context.indentation += 2;
    for (const key of ['BYTES_PER_ELEMENT', 'length', 'byteLength', 'byteOffset', 'buffer'] as const) {
      output.push(`[${key}]: ${formatValue(context, value[key], level, true)}`);
    }
    context.indentation -= 2;
  }
  return output;
}

function setItems(context: Context, value: object, size: number, level: number): string[] {
  const most = min(max(0, context.maxArrayLength), size);
  const output: string[] = [];
  context.indentation += 2;
  for (const item of setValues(value)) {
    if (output.length >= most) break;
    output.push(formatValue(context, item, level));
  }
  context.indentation -= 2;
  return more(output, size - most, 'item');
}

function mapItems(context: Context, value: object, size: number, level: number): string[] {
  const most = min(max(0, context.maxArrayLength), size);
  const output: string[] = [];
  context.indentation += 2;
  for (const { 0: key, 1: item } of mapEntries(value)) {
    if (output.length >= most) break;
    output.push(`${formatValue(context, key, level)} => ${formatValue(context, item, level)}`);
  }
  context.indentation -= 2;
  return more(output, size - most, 'item');
}

function bytesItem(context: Context, value: ArrayBuffer): string[] {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8ArrayIntrinsic(value);
  } catch {
    return [context.stylize('(detached)', 'special')];
  }
  const most = min(max(0, context.maxArrayLength), bytes.length);
  const shown: string[] = [];
  for (let i = 0; i < most; i++) shown.push(bytes[i]!.toString(16).padStart(2, '0'));
  const rest = bytes.length - most;
  const note = rest > 0 ? ` ... ${rest} more byte${plural(rest)}` : '';
  return [`${context.stylize('[Uint8Contents]', 'special')}: <${shown.join(' ')}${note}>`];
}

function promiseItem(context: Context, value: object, level: number): string[] {
  const state = promiseState(value);
  if (state === 'pending') return [context.stylize('<pending>', 'special')];
  context.indentation += 2;
  const text = formatValue(context, promiseResult(value), level);
  context.indentation -= 2;
  return [state === 'rejected' ? `${context.stylize('<rejected>', 'special')} ${text}` : text];
}

// ── properties ────────────────────────────────────────────────────────────────────────────────────────────────────────

function formatProperty(context: Context, value: any, level: number, key: PropertyKey, kind: Kind | 'item'): string {
  let text: string;
  let gap = ' ';
  const property = getOwnPropertyDescriptor(value, key) ?? { value: value[key], configurable: true, enumerable: true };
  const { stylize } = context;
  if (property.value !== undefined) {
    const step = context.compact !== true || kind !== 'object' ? 2 : 3;
    context.indentation += step;
    text = formatValue(context, property.value, level);
    if (step === 3 && context.breakLength < widthOf(text, context.colors)) {
      gap = `\n${' '.repeat(context.indentation)}`;
    }
    context.indentation -= step;
  } else if (property.get !== undefined) text = formatGetter(context, value, property, level);
  else if (property.set !== undefined) text = stylize('[Setter]', 'special');
  else text = stylize('undefined', 'undefined');
  if (kind === 'item') return text;
  return `${formatKey(context, key, property.enumerable !== false)}:${gap}${text}`;
}

function formatGetter(context: Context, value: object, property: PropertyDescriptor, level: number): string {
  const { stylize, getters } = context;
  const label = property.set === undefined ? 'Getter' : 'Getter/Setter';
  const wanted =
    getters === true ||
    (getters === 'get' && property.set === undefined) ||
    (getters === 'set' && property.set !== undefined);
  if (!wanted) return stylize(`[${label}]`, 'special');
  try {
    const result = apply(property.get!, value, []);
    context.indentation += 2;
    let text: string;
    if (isObject(result)) text = `${stylize(`[${label}]`, 'special')} ${formatValue(context, result, level)}`;
    else {
      const primitive = formatPrimitive(stylize, result, context);
      text = `${stylize(`[${label}:`, 'special')} ${primitive}${stylize(']', 'special')}`;
    }
    context.indentation -= 2;
    return text;
  } catch (error) {
    const text = `<Inspection threw (${(error as Error).message})>`;
    return `${stylize(`[${label}:`, 'special')} ${text}${stylize(']', 'special')}`;
  }
}

function formatKey(context: Context, key: PropertyKey, isShown: boolean): string {
  const { stylize } = context;
  if (typeof key === 'symbol') {
    const text = stylize(escapeControls(symbolText(key)), 'symbol');
    return `[${text}]`;
  }
  const name = `${key}`;
  if (name === '__proto__') return "['__proto__']";
  if (!isShown) return `[${escapeControls(name)}]`;
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(name) ? stylize(name, 'name') : stylize(quote(name), 'string');
}

// ── the function's own properties ─────────────────────────────────────────────────────────────────────────────────────

defineProperty(inspect, 'custom', descriptor({ value: custom, writable: true, enumerable: true, configurable: true }));
defineProperty(inspect, 'colors', descriptor({ value: COLORS, writable: true, enumerable: true, configurable: true }));
defineProperty(inspect, 'styles', descriptor({ value: STYLES, writable: true, enumerable: true, configurable: true }));
defineProperty(
  inspect,
  'defaultOptions',
  descriptor({
    get: () => DEFAULTS,
    set(options: unknown) {
      checkObject(options, 'options');
      assign(DEFAULTS, options);
    },
    enumerable: true,
    configurable: true,
  }),
);

export { inspect, isProxy };
