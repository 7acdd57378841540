// Random bytes and numbers, and comparing in constant time, as Node has them.

import { toBuffer } from 'guest:nodebytes';
import { later } from 'guest:nodecallback';
import { checkFunction, invalidArgType, outOfRange } from 'guest:nodeerrors';
import { isBufferSource, isObject, uncurry, withCode } from 'guest:webidl';
import { isEqual } from 'host:nodebytes';
import type { Source } from 'host:nodebytes';
import { bytes, bytesLater } from 'host:noderandom';
import { v4 } from 'host:uuid';

const { isView } = ArrayBuffer;
const { getPrototypeOf, getOwnPropertyDescriptor } = Object;
const { min: least } = Math;
const { isSafeInteger } = Number;
const Bytes = Uint8Array;
const RangeErrorIntrinsic = RangeError;

const typedArray = getPrototypeOf(Uint8Array.prototype) as object;
type Getter<T> = (self: unknown) => T;
const getter = <T>(target: object, name: string | symbol) =>
  uncurry(getOwnPropertyDescriptor(target, name)!.get! as () => T) as Getter<T>;
const setBytes = uncurry(Uint8Array.prototype.set);
const subarray = uncurry(Uint8Array.prototype.subarray);
const tagOf = getter<string | undefined>(typedArray, Symbol.toStringTag);
const typed = {
  buffer: getter<ArrayBuffer>(typedArray, 'buffer'),
  byteOffset: getter<number>(typedArray, 'byteOffset'),
  byteLength: getter<number>(typedArray, 'byteLength'),
  length: getter<number>(typedArray, 'length'),
};
const viewed = {
  buffer: getter<ArrayBuffer>(DataView.prototype, 'buffer'),
  byteOffset: getter<number>(DataView.prototype, 'byteOffset'),
  byteLength: getter<number>(DataView.prototype, 'byteLength'),
};

type Callback<T> = (error: unknown, value: T) => void;

const MOST_BYTES = 2147483647;
/** Numbers of 48 bits are drawn. */
const RANGE = 281474976710656;

// ── bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
}

function randomBytes(size: number): Uint8Array;
function randomBytes(size: number, callback: Callback<Uint8Array>): void;
function randomBytes(size: number, callback?: Callback<Uint8Array>): Uint8Array | undefined {
  checkNumber(size, 'size');
  if (!(size >= 0 && size <= MOST_BYTES)) throw outOfRange('size', `>= 0 && <= ${MOST_BYTES}`, size);
  if (callback === undefined) return toBuffer(bytes(size));
  checkFunction(callback, 'callback');
  later(bytesLater(size), callback, (made) => [toBuffer(made)]);
  return undefined;
}

/** The bytes of a buffer or view that are to be filled: offset and size count its elements. */
function part(buffer: unknown, offset: unknown, size: unknown): Uint8Array {
  if (!isBufferSource(buffer)) throw invalidArgType('buf', 'an instance of ArrayBuffer or ArrayBufferView', buffer);
  const whole = bytesOf(buffer);
  const width =
    isView(buffer) && tagOf(buffer) !== undefined ? typed.byteLength(buffer) / typed.length(buffer) || 1 : 1;
  const length = typed.byteLength(whole);
  const from = position(offset ?? 0, 'offset', width, length);
  if (size === undefined) return subarray(whole, from);
  const count = position(size, 'size', width, MOST_BYTES);
  if (count + from > length) throw outOfRange('size + offset', `<= ${length}`, count + from);
  return subarray(whole, from, from + count);
}

function bytesOf(buffer: Source): Uint8Array {
  if (!isView(buffer)) return new Bytes(buffer);
  const of = tagOf(buffer) === undefined ? viewed : typed;
  return new Bytes(of.buffer(buffer), of.byteOffset(buffer), of.byteLength(buffer));
}

function position(value: unknown, name: string, width: number, most: number): number {
  checkNumber(value, name);
  const at = value * width;
  if (!(at >= 0 && at <= most)) throw outOfRange(name, `>= 0 && <= ${most}`, at);
  return at - (at % 1);
}

function randomFillSync<T extends Source>(buffer: T, offset = 0, size?: number): T {
  const target = part(buffer, offset, size);
  setBytes(target, new Bytes(bytes(typed.byteLength(target))));
  return buffer;
}

function randomFill<T extends Source>(
  buffer: T,
  offset: number | Callback<T>,
  size?: number | Callback<T>,
  callback?: Callback<T>,
): void {
  let [from, count, done]: unknown[] = [offset, size, callback];
  if (typeof offset === 'function') [from, count, done] = [0, undefined, offset];
  else if (typeof size === 'function') [count, done] = [undefined, size];
  const checked = part(buffer, from, count);
  checkFunction(done, 'callback');
  later(bytesLater(typed.byteLength(checked)), done, (made) => {
    // Whoever detached the buffer meanwhile has nothing to fill.
    const room = least(typed.byteLength(checked), made.byteLength);
    setBytes(checked, new Bytes(made, 0, room));
    return [buffer];
  });
}

// ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function randomInt(min: number, max?: number | Callback<number>, callback?: Callback<number>): number | undefined {
  let from = min;
  let to: unknown = max;
  let done: unknown = callback;
  if (max === undefined || typeof max === 'function') {
    done = max;
    to = min;
    from = 0;
  }
  if (done !== undefined) checkFunction(done, 'callback');
  if (!isSafeInteger(from)) throw invalidArgType('min', 'a safe integer', from);
  if (!isSafeInteger(to)) throw invalidArgType('max', 'a safe integer', to);
  const end = to as number;
  if (end <= from) throw outOfRange('max', `greater than the value of "min" (${from})`, end);
  const range = end - from;
  if (!(range < RANGE)) throw outOfRange(from === 0 ? 'max' : 'max - min', `<= ${RANGE - 1}`, range);
  const drawn = from + draw(range);
  if (done === undefined) return drawn;
  later(bytesLater(0), done as Callback<number>, () => [drawn]);
  return undefined;
}

/** A whole number below `range`, each as likely as any other. */
function draw(range: number): number {
  const most = RANGE - (RANGE % range);
  for (;;) {
    const six = new Bytes(bytes(6));
    let number = 0;
    for (let i = 0; i < 6; i++) number = number * 256 + six[i]!;
    if (number < most) return number % range;
  }
}

function randomUUID(options?: { disableEntropyCache?: boolean }): string {
  if (options !== undefined) {
    if (!isObject(options)) throw invalidArgType('options', 'of type object', options);
    const { disableEntropyCache } = options;
    if (disableEntropyCache !== undefined && typeof disableEntropyCache !== 'boolean') {
      throw invalidArgType('options.disableEntropyCache', 'of type boolean', disableEntropyCache);
    }
  }
  return v4();
}

// ── comparing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function timingSafeEqual(...[buf1, buf2]: [Source, Source]): boolean {
  checkSource(buf1, 'buf1');
  checkSource(buf2, 'buf2');
  if (lengthOf(buf1) !== lengthOf(buf2)) {
    const message = 'Input buffers must have the same byte length';
    throw withCode(new RangeErrorIntrinsic(message), 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH');
  }
  return isEqual(buf1, buf2);
}

function checkSource(value: unknown, name: string): void {
  if (isBufferSource(value)) return;
  throw invalidArgType(name, 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', value);
}

function lengthOf(source: Source): number {
  return typed.byteLength(bytesOf(source));
}

export { randomBytes, randomFill, randomFillSync, randomInt, randomUUID, timingSafeEqual };
