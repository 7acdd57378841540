// webassemblyvalues: what becomes of values and functions that cross between guests and modules of WebAssembly, and the errors of both.
//
// Specification: https://webassembly.github.io/spec/js-api/

import { descriptor, put, sequence, uncurry } from 'guest:webidl';
import * as host from 'host:webassembly';

const { apply, construct, defineProperty } = Reflect;
const { create, setPrototypeOf } = Object;
const { fround, trunc } = Math;
const { asIntN } = BigInt;
const toText = String;
const ErrorIntrinsic = Error;
const RangeErrorIntrinsic = RangeError;
const TypeErrorIntrinsic = TypeError;
const MapIntrinsic = Map;
const getItem = uncurry(Map.prototype.get as (key: unknown) => any);
const setItem = uncurry(Map.prototype.set as (key: unknown, value: unknown) => any);
const getNumber = uncurry(WeakMap.prototype.get as (key: object) => number | undefined);
const setNumber = uncurry(WeakMap.prototype.set as (key: object, value: number) => unknown);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf as (text: string) => number);

export type Value = host.Value;
export type Callable = (...args: unknown[]) => unknown;

export const MAX_UNSIGNED = 4_294_967_295;

// ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** As the language's own: to be called with and without `new` (NativeError, ECMA-262 20.5.6). */
function nativeError(name: string): ErrorConstructor {
  const Class = function (message: unknown = undefined, options: unknown = undefined): Error {
    return construct(ErrorIntrinsic, [message, options], new.target ?? Class) as Error;
  } as unknown as ErrorConstructor;
  const hidden = (value: unknown): PropertyDescriptor => descriptor({ value, writable: true, configurable: true });
  const prototype = create(ErrorIntrinsic.prototype, {}) as object;
  defineProperty(prototype, 'constructor', hidden(Class));
  defineProperty(prototype, 'name', hidden(name));
  defineProperty(prototype, 'message', hidden(''));
  defineProperty(Class, 'name', descriptor({ value: name, configurable: true }));
  defineProperty(Class, 'length', descriptor({ value: 1, configurable: true }));
  defineProperty(Class, 'prototype', descriptor({ value: prototype, writable: false }));
  setPrototypeOf(Class, ErrorIntrinsic);
  return Class;
}

export const CompileError = nativeError('CompileError');
export const LinkError = nativeError('LinkError');
export const RuntimeError = nativeError('RuntimeError');

/** Natives that fail answer with a text: a letter for the class of the error, and its message. */
function failed(text: string): Error {
  const message = slice(text, 1);
  switch (text[0]) {
    case 'C':
      return new CompileError(message);
    case 'L':
      return new LinkError(message);
    case 'R':
      return new RangeErrorIntrinsic(message);
    case 'E':
      return new TypeErrorIntrinsic(message);
    default:
      return new RuntimeError(message);
  }
}

export function check<T>(answer: T | string): T {
  if (typeof answer === 'string') throw failed(answer);
  return answer;
}

// ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** ToWebAssemblyValue, as far as a native takes it from there. */
export function toWasm(value: unknown, type: string): Value {
  switch (type) {
    case 'i':
      return (value as number) | 0;
    case 'I':
      return asIntN(64, value as bigint);
    case 'f':
      return fround(value as number);
    case 'F':
      return +(value as number);
    case 'r': {
      if (value === null) return null;
      const number = numberOf(value);
      if (number !== undefined) return number;
      throw new TypeErrorIntrinsic('the value is neither null nor an exported WebAssembly function');
    }
    default:
      throw new TypeErrorIntrinsic('a value of this WebAssembly type has no counterpart in JavaScript');
  }
}

export function toScript(value: Value, type: string): unknown {
  return type === 'r' && value !== null ? functionOf(value as number) : value;
}

/** `[EnforceRange] unsigned long` */
export function unsigned(value: unknown, where: string): number {
  const number = +(value as number);
  const whole = trunc(number) + 0;
  if (whole >= 0 && whole <= MAX_UNSIGNED) return whole;
  throw new TypeErrorIntrinsic(`${where}: ${number} is not a whole number from 0 to ${MAX_UNSIGNED}`);
}

// ── functions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Imported {
  readonly callable: Callable;
  readonly params: string;
  readonly results: string;
}

const functions = new MapIntrinsic<number, Callable>();
const numbers = new WeakMap<object, number>();
const imported = new MapIntrinsic<number, Imported>();
let importedCount = 0;

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'function' ? getNumber(numbers, value) : undefined;
}

/** The Exported Function of a number, always the same. `name` is its index where its module tells. */
export function functionOf(number: number, name: number = number): Callable {
  const known = getItem(functions, number) as Callable | undefined;
  if (known !== undefined) return known;
  const type = host.signature(number);
  const end = indexOf(type, ':');
  const params = slice(type, 0, end);
  const results = slice(type, end + 1);
  const isUnspeakable = indexOf(type, 'x') >= 0;
  // An arrow function is no constructor.
  const exported = (...args: unknown[]): unknown => {
    if (isUnspeakable) toWasm(undefined, 'x');
    for (let i = 0; i < params.length; i++) {
      if (i < args.length) args[i] = toWasm(args[i], params[i]!);
      else put(args, i, toWasm(undefined, params[i]!));
    }
    const values = check(host.call(dispatch, number, params, args as Value[]));
    if (results.length === 0) return undefined;
    if (results.length === 1) return toScript(values[0]!, results);
    for (let i = 0; i < results.length; i++) put(values, i, toScript(values[i]!, results[i]!));
    return values;
  };
  defineProperty(exported, 'name', descriptor({ value: toText(name), configurable: true }));
  defineProperty(exported, 'length', descriptor({ value: params.length, configurable: true }));
  setItem(functions, number, exported);
  setNumber(numbers, exported, number);
  return exported;
}

/** Calls an imported function; the types of its results, and the results. */
export function dispatch(number: number, values: readonly Value[]): unknown[] {
  const { callable, params, results } = getItem(imported, number) as Imported;
  const args: unknown[] = [];
  for (let i = 0; i < params.length; i++) put(args, i, toScript(values[i]!, params[i]!));
  const answer = apply(callable, undefined, args) as unknown;
  if (results.length === 0) return [results];
  if (results.length === 1) return [results, toWasm(answer, results)];
  const list = sequence(answer, (item) => item, 'an imported function');
  if (list.length !== results.length) {
    throw new TypeErrorIntrinsic(`an imported function gave ${list.length} results instead of ${results.length}`);
  }
  const converted: unknown[] = [results];
  for (let i = 0; i < results.length; i++) put(converted, i + 1, toWasm(list[i], results[i]!));
  return converted;
}

export function importFunction(module: number, index: number, callable: Callable, type: string): number {
  const known = numberOf(callable);
  if (known !== undefined) return known;
  const end = indexOf(type, ':');
  const number = importedCount++;
  setItem(imported, number, { callable, params: slice(type, 0, end), results: slice(type, end + 1) });
  return check(host.importFunction(module, index, number));
}
