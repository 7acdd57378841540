// util.format: arguments as one text, with printf's specifiers in the first.

import { isObject } from 'guest:webidl';
import { checkObject } from 'guest:nodeerrors';
import { formatNumber, type InspectOptions } from 'guest:inspecttext';
import { inspect } from 'guest:nodeinspect';
import { isProxy } from 'host:inspect';

const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { hasOwn } = Object;
const { stringify } = JSON;
const { parseFloat: toFloat, parseInt: toInteger } = globalThis;

const plain = (text: string): string => text;
const number = (value: number, options: InspectOptions | undefined): string =>
  formatNumber(plain, value, options?.numericSeparator ?? false);

function format(...args: unknown[]): string {
  return fill(undefined, args);
}

function formatWithOptions(options: InspectOptions, ...args: unknown[]): string {
  checkObject(options, 'inspectOptions');
  return fill(options, args);
}

function fill(options: InspectOptions | undefined, args: readonly unknown[]): string {
  const { 0: first } = args;
  let text = '';
  let used = 0;
  if (typeof first === 'string') {
    if (args.length === 1) return first;
    used = 1;
    let from = 0;
    for (let i = 0; i < first.length - 1; i++) {
      if (first[i] !== '%') continue;
      const specifier = first[i + 1]!;
      const isEscaped = specifier === '%';
      if (!isEscaped && used >= args.length) continue;
      const shown = isEscaped ? '%' : specified(specifier, args[used], options);
      if (shown === undefined) continue;
      if (!isEscaped) used++;
      text += first.slice(from, i) + shown;
      i++;
      from = i + 1;
    }
    text += first.slice(from);
  }
  for (; used < args.length; used++) {
    const value = args[used];
    if (used > 0) text += ' ';
    text +=
      typeof value === 'string'
        ? value
        : inspect(value, { ...options, compact: 3, colors: false, depth: 2, ...options });
  }
  return text;
}

function specified(specifier: string, value: unknown, options: InspectOptions | undefined): string | undefined {
  switch (specifier) {
    case 's':
      if (typeof value === 'number') return number(value, options);
      if (typeof value === 'bigint') return `${value}n`;
      if (!isObject(value) || typeof value === 'function' || !hasBuiltInText(value)) return String(value);
      return inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
    case 'j':
      return json(value);
    case 'd':
      if (typeof value === 'bigint') return `${value}n`;
      return number(typeof value === 'symbol' ? NaN : Number(value), options);
    case 'i':
      if (typeof value === 'bigint') return `${value}n`;
      return number(typeof value === 'symbol' ? NaN : toInteger(value as string), options);
    case 'f':
      return number(typeof value === 'symbol' ? NaN : toFloat(value as string), options);
    case 'O':
      return inspect(value, options);
    case 'o':
      return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
    case 'c':
      return '';
    default:
      return undefined;
  }
}

function json(value: unknown): string {
  try {
    return stringify(value) ?? 'undefined';
  } catch (error) {
    if (/circular/i.test(`${(error as Error).message}`)) return '[Circular]';
    throw error;
  }
}

/** Whether an object's text is none of its author's making. */
function hasBuiltInText(value: object): boolean {
  if (isProxy(value)) return true;
  const { toString } = value as { toString?: unknown };
  if (typeof toString !== 'function') return true;
  if (hasOwn(value, 'toString') || hasOwn(value, Symbol.toPrimitive)) return false;
  let at: object | null = value;
  do at = getPrototypeOf(at!);
  while (at !== null && !hasOwn(at, 'toString') && !hasOwn(at, Symbol.toPrimitive));
  if (at === null) return true;
  const own = getOwnPropertyDescriptor(at, 'constructor');
  return typeof own?.value === 'function' && BUILT_IN[own.value.name] === true;
}

/** Names of the language's own classes: those of the host have texts of their own, a URL for example. */
const BUILT_IN: Record<string, true> = { __proto__: null } as never;
for (const name of [
  ...[
    'AggregateError',
    'Array',
    'ArrayBuffer',
    'BigInt',
    'BigInt64Array',
    'BigUint64Array',
    'Boolean',
    'DataView',
    'Date',
  ],
  ...[
    'Error',
    'EvalError',
    'FinalizationRegistry',
    'Float32Array',
    'Float64Array',
    'Function',
    'Int16Array',
    'Int32Array',
  ],
  ...['Int8Array', 'Iterator', 'Map', 'Number', 'Object', 'Promise', 'RangeError', 'ReferenceError', 'RegExp', 'Set'],
  ...['SharedArrayBuffer', 'String', 'Symbol', 'SyntaxError', 'TypeError', 'URIError', 'Uint16Array', 'Uint32Array'],
  ...['Uint8Array', 'Uint8ClampedArray', 'WeakMap', 'WeakRef', 'WeakSet'],
]) {
  BUILT_IN[name] = true;
}

export { format, formatWithOptions };
