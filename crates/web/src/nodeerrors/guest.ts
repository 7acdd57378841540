// Errors as Node's modules throw them: the class of ECMAScript, a `code`, and Node's wording of what was expected and what came.

import { descriptor, isObject, uncurry } from 'guest:webidl';
import { load } from 'host:modules';

const { defineProperty } = Reflect;
const { stringify } = JSON;
const { is } = Object;
const { isInteger } = Number;
const { abs } = Math;
const test = uncurry(RegExp.prototype.test);
/** What stands between quotes as it is. */
const plainText = /^[ -&(-[\]-~]*$/;

export interface CodedError extends Error {
  code: string;
}

/** An error of the class with the code, which its text names, too. */
export function coded<E extends Error>(
  cls: new (message: string, options?: ErrorOptions) => E,
  code: string,
  message: string,
  options?: ErrorOptions,
): E & { code: string } {
  const error = options === undefined ? new cls(message) : new cls(message, options);
  defineProperty(error, 'code', descriptor({ value: code, enumerable: true, writable: true, configurable: true }));
  const toString = function (this: Error): string {
    return `${this.name} [${code}]: ${this.message}`;
  };
  defineProperty(error, 'toString', descriptor({ value: toString, writable: true, configurable: true }));
  return error as E & { code: string };
}

/** `must` is what follows "must be": 'of type string', 'an instance of Buffer or Uint8Array'. */
export function invalidArgType(name: string, must: string, value: unknown): CodedError {
  const what = name.endsWith(' argument')
    ? `The ${name}`
    : `The "${name}" ${name.includes('.') ? 'property' : 'argument'}`;
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `${what} must be ${must}.${received(value)}`);
}

export function invalidArgValue(name: string, value: unknown, reason = 'is invalid'): CodedError {
  let shown = shortly(value);
  if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
  const kind = name.includes('.') ? 'property' : 'argument';
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${shown}`);
}

export function outOfRange(name: string, range: string, value: unknown): CodedError {
  let shown: string;
  if (isInteger(value) && abs(value as number) > 2 ** 32) shown = separated(`${value as number}`);
  else if (typeof value === 'bigint') {
    shown = `${value}`;
    if (value > 2n ** 32n || value < -(2n ** 32n)) shown = separated(shown);
    shown += 'n';
  } else shown = shortly(value);
  return coded(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`,
  );
}

export function failure(code: string, message: string): CodedError {
  return coded(Error, code, message);
}

export function missingArgs(text: string): CodedError {
  return coded(TypeError, 'ERR_MISSING_ARGS', text);
}

/** Digits in groups of three from the right. */
function separated(number: string): string {
  const start = number[0] === '-' ? 1 : 0;
  let groups = '';
  let end = number.length;
  for (; end >= start + 4; end -= 3) groups = `_${number.slice(end - 3, end)}${groups}`;
  return number.slice(0, end) + groups;
}

/** ' Received …', as Node's messages end. */
export function received(value: unknown): string {
  if (value === null || value === undefined) return ` Received ${value as undefined}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (isObject(value)) {
    const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
    if (typeof name === 'string' && name !== '') return ` Received an instance of ${name}`;
    return ` Received ${shortly(value, -1)}`;
  }
  let shown = typeof value === 'string' ? quoted(value) : shortly(value);
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${shown})`;
}

function quoted(text: string): string {
  return text.includes("'") ? stringify(text) : `'${text}'`;
}

function shortly(value: unknown, depth = 2): string {
  if (typeof value === 'string' ? test(plainText, value) : !isObject(value) && typeof value !== 'symbol') {
    if (typeof value === 'string') return `'${value}'`;
    if (typeof value === 'bigint') return `${value}n`;
    return is(value, -0) ? '-0' : `${value as number}`;
  }
  return load<typeof import('guest:nodeinspect')>('guest:nodeinspect').inspect(value, { depth });
}

// ── validators ────────────────────────────────────────────────────────────────────────────────────────────────────────

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
}

export function checkFunction(value: unknown, name: string): asserts value is (...args: any[]) => any {
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
}

export function checkObject(value: unknown, name: string): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgType(name, 'of type object', value);
  }
}

export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value);
}

export function checkNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
}

/** A whole number between the two, which are part of the range. */
export function checkInteger(
  value: unknown,
  name: string,
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  checkNumber(value, name);
  if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
}
