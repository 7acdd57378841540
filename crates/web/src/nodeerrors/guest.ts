// The errors of Node's argument checks: their classes, codes and sentences.

import { isObject, uncurry, withCode } from 'guest:webidl';

const { isArray } = Array;
const { abs } = Math;
const { isInteger } = Number;
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf as (text: string) => number);
const RangeErrorIntrinsic = RangeError;
const TypeErrorIntrinsic = TypeError;
const ErrorIntrinsic = Error;

type Coded<E extends Error> = E & { code: string };

/** `expected` goes on after "must be": "of type string", "an instance of Buffer". */
export function invalidArgType(name: string, expected: string, value: unknown): Coded<TypeError> {
  const message = `${subject(name)} must be ${expected}.${received(value)}`;
  return withCode(new TypeErrorIntrinsic(message), 'ERR_INVALID_ARG_TYPE');
}

export function invalidArgValue(name: string, value: unknown, reason = 'is invalid'): Coded<TypeError> {
  const kind = indexOf(name, '.') >= 0 ? 'property' : 'argument';
  const message = `The ${kind} '${name}' ${reason}. Received ${briefly(value)}`;
  return withCode(new TypeErrorIntrinsic(message), 'ERR_INVALID_ARG_VALUE');
}

export function outOfRange(name: string, range: string, value: unknown): Coded<RangeError> {
  const shown = isInteger(value) && abs(value as number) > 2 ** 32 ? grouped(value as number) : briefly(value);
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`;
  return withCode(new RangeErrorIntrinsic(message), 'ERR_OUT_OF_RANGE');
}

export function failure(code: string, message: string): Coded<Error> {
  return withCode(new ErrorIntrinsic(message), code);
}

function subject(name: string): string {
  return `The "${name}" ${indexOf(name, '.') >= 0 ? 'property' : 'argument'}`;
}

/** ` Received …` as Node says it. */
function received(value: unknown): string {
  if (value === undefined || value === null) return ` Received ${value as undefined}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    const made = (value as { constructor?: unknown }).constructor;
    const name = typeof made === 'function' ? made.name : undefined;
    return name ? ` Received an instance of ${name}` : ` Received ${isArray(value) ? '[]' : '{}'}`;
  }
  return ` Received type ${typeof value} (${briefly(value)})`;
}

function briefly(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 28 ? `${slice(value, 0, 25)}...` : value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return 'Symbol()';
  if (typeof value === 'function') return `[Function: ${value.name}]`;
  if (isObject(value)) return isArray(value) ? '[Array]' : '[Object]';
  return `${value as number}`;
}

/** 281_474_976_710_656 */
function grouped(value: number): string {
  let digits = `${abs(value)}`;
  let text = '';
  for (; digits.length > 3; digits = slice(digits, 0, digits.length - 3)) text = `_${slice(digits, -3)}${text}`;
  return `${value < 0 ? '-' : ''}${digits}${text}`;
}

// ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
}

export function checkFunction(value: unknown, name: string): asserts value is (...args: any[]) => void {
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
}

export function checkInteger(
  value: unknown,
  name: string,
  least = -9007199254740991,
  most = 9007199254740991,
): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
}
