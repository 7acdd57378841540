// What the guest-side classes share: the look that Web IDL gives to interfaces, and its conversions.
//
// In: classes and arguments of Web APIs. Out: the same with the attributes of the standard, or a TypeError.
// Nothing here is a wall: a guest may call any method with anything, and rights are kept natively.
// Specification: https://webidl.spec.whatwg.org/

const { apply, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { isView } = ArrayBuffer;
const { isArray } = Array;
const { stringify } = JSON;
const { asIntN } = BigInt;
const { floor, trunc } = Math;
const { isFinite } = Number;
const toBigInt = BigInt;
const toNumber = Number;
const iterator: typeof Symbol.iterator = Symbol.iterator;
const TypeErrorIntrinsic = TypeError;

/** A prototype's method as a plain function, so that later changes of the prototype don't reach it. */
export function uncurry<Args extends any[], Result>(
  method: (...args: Args) => Result,
): (self: unknown, ...args: Args) => Result {
  return (self, ...args) => apply(method, self, args) as Result;
}

const toWellFormed = uncurry(String.prototype.toWellFormed);
const slice = uncurry(String.prototype.slice);
const byteLengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')!.get!;
const sharedByteLengthOf = Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength')!.get!;

/** A record that inherits nothing: no key can meet a property of `Object.prototype`. */
export function bare<T>(): { [key: string]: T } {
  return { __proto__: null } as unknown as { [key: string]: T };
}

/** A property descriptor that inherits nothing, whatever stands on `Object.prototype`. */
export function descriptor(fields: PropertyDescriptor): PropertyDescriptor {
  return { __proto__: null, ...fields } as PropertyDescriptor;
}

// ── the look ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Makes these members of an interface's prototype enumerable, as Web IDL demands, and names the class for `Object.prototype.toString`. */
export function makeEnumerable(
  cls: { readonly prototype: object; readonly name: string },
  names: readonly string[],
): void {
  enumerable(cls.prototype, names);
  tag(cls.prototype, cls.name);
}

/** Makes these properties enumerable: static members of an interface, members of a namespace. */
export function enumerable(target: object, names: readonly string[]): void {
  for (let i = 0; i < names.length; i++) defineProperty(target, names[i]!, descriptor({ enumerable: true }));
}

export function tag(target: object, name: string): void {
  defineProperty(target, Symbol.toStringTag, descriptor({ value: name, configurable: true }));
}

/** Constants stand on the interface object and on its prototype. */
export function defineConstants(
  cls: { readonly prototype: object },
  constants: Readonly<Record<string, number>>,
): void {
  for (const name in constants) {
    const constant = descriptor({ value: constants[name], enumerable: true });
    defineProperty(cls, name, constant);
    defineProperty(cls.prototype, name, constant);
  }
}

// ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function illegalInvocation(): TypeError {
  return new TypeErrorIntrinsic('Illegal invocation');
}

export function illegalConstructor(): TypeError {
  return new TypeErrorIntrinsic('Illegal constructor');
}

/** For the host's own APIs: a TypeError with code `ERR_ARGUMENT` in the one sentence shape. */
export function argumentError(what: string, name: string, value: unknown): TypeError & { code: string } {
  const type = value === null ? 'null' : typeof value;
  const error = new TypeErrorIntrinsic(`Expected ${what} for ${name} but received ${briefly(value)} of type ${type}`);
  return withCode(error, 'ERR_ARGUMENT');
}

export function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  defineProperty(error, 'code', descriptor({ value: code, enumerable: true, writable: true, configurable: true }));
  return error as E & { code: string };
}

function briefly(value: unknown): string {
  if (typeof value === 'string') return stringify(value.length > 40 ? `${slice(value, 0, 40)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (isObject(value)) return isArray(value) ? 'an array' : 'an object';
  return `${value as number}`;
}

export function requireArguments(given: number, required: number, where: string): void {
  if (given >= required) return;
  const noun = required === 1 ? 'argument' : 'arguments';
  throw new TypeErrorIntrinsic(`${where}: ${required} ${noun} required, but only ${given} present`);
}

// ── conversions ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function isObject(value: unknown): value is object {
  return typeof value === 'object' ? value !== null : typeof value === 'function';
}

/** ToString: a symbol is refused, unlike by `String(value)`. */
export function domString(value: unknown): string {
  return `${value as string}`;
}

/** Lone surrogates become U+FFFD. */
export function usvString(value: unknown): string {
  return toWellFormed(`${value as string}`);
}

export function long(value: unknown): number {
  return (value as number) | 0;
}

export function unsignedLong(value: unknown): number {
  return (value as number) >>> 0;
}

/** `long long`: wraps at 2**64. */
export function longLong(value: unknown): number {
  const number = +(value as number);
  if (!isFinite(number)) return 0;
  const whole = trunc(number) + 0;
  return whole >= -9007199254740991 && whole <= 9007199254740991 ? whole : toNumber(asIntN(64, toBigInt(whole)));
}

/** `[Clamp] long long`, as far as a number is exact: the nearest whole number, the even one of two. */
export function clampLongLong(value: unknown): number {
  const number = +(value as number);
  if (number !== number) return 0;
  if (number <= -9007199254740991) return -9007199254740991;
  if (number >= 9007199254740991) return 9007199254740991;
  const below = floor(number);
  const over = number - below;
  return (over < 0.5 || (over === 0.5 && below % 2 === 0) ? below : below + 1) + 0;
}

/** `[EnforceRange] unsigned long long`: a whole number of 0 to 2**53 - 1, or a TypeError. */
export function enforceUnsignedLongLong(value: unknown, where: string): number {
  const number = +(value as number);
  const whole = trunc(number) + 0;
  if (!(whole >= 0 && whole <= 9007199254740991)) {
    throw new TypeErrorIntrinsic(`${where}: ${number} is not a whole number from 0 to 9007199254740991`);
  }
  return whole;
}

/** The object whose members are to be read as a dictionary's, or undefined for `undefined` and `null`. */
export function dictionary(value: unknown, where: string): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new TypeErrorIntrinsic(`${where}: the options are not an object`);
  return value as Readonly<Record<string, unknown>>;
}

/** `sequence<T>`: any iterable object; `convert` is applied to each item as it comes. */
export function sequence<T>(value: unknown, convert: (item: unknown) => T, where: string): T[] {
  const method = isObject(value) ? (value as Iterable<unknown>)[iterator] : undefined;
  if (typeof method !== 'function') throw new TypeErrorIntrinsic(`${where}: the value is not an iterable object`);
  const iterated = apply(method, value, []) as Iterator<unknown>;
  if (!isObject(iterated)) throw new TypeErrorIntrinsic(`${where}: the iterator is not an object`);
  const next = iterated.next;
  const items: T[] = [];
  // A thrown conversion leaves the iterator open, as the standard's steps do.
  for (;;) {
    const step = apply(next, iterated, []) as IteratorResult<unknown>;
    if (!isObject(step)) throw new TypeErrorIntrinsic(`${where}: the iterator's result is not an object`);
    if (step.done) return items;
    put(items, items.length, convert(step.value));
  }
}

/** `record<K, V>` of an object: its own enumerable properties, names and values in turn; a later name replaces its equal. */
export function record<V>(
  value: object,
  toName: (key: unknown) => string,
  toValue: (item: unknown) => V,
): (string | V)[] {
  const keys = ownKeys(value);
  const list: (string | V)[] = [];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const own = getOwnPropertyDescriptor(value, key);
    if (own === undefined || !own.enumerable) continue;
    const name = toName(key);
    const item = toValue((value as Record<PropertyKey, unknown>)[key]);
    let at = 0;
    while (at < list.length && list[at] !== name) at += 2;
    put(list, at, name);
    put(list, at + 1, item);
  }
  return list;
}

/** Sets an item, whatever stands on `Array.prototype`. */
export function put(list: unknown[], index: number, value: unknown): void {
  defineProperty(list, index, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    apply(byteLengthOf, value, []);
    return true;
  } catch {
    return false;
  }
}

function isSharedArrayBuffer(value: unknown): value is SharedArrayBuffer {
  try {
    apply(sharedByteLengthOf, value, []);
    return true;
  } catch {
    return false;
  }
}

/** `AllowSharedBufferSource`: a buffer or a view of one. */
export function isBufferSource(value: unknown): value is ArrayBuffer | SharedArrayBuffer | ArrayBufferView {
  return isObject(value) && (isView(value) || isArrayBuffer(value) || isSharedArrayBuffer(value));
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const nameOfTyped = uncurry(getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get as () => string | undefined);
const bufferOfTyped = uncurry(getOwnPropertyDescriptor(typedArray, 'buffer')!.get as () => ArrayBufferLike);
const bufferOfView = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'buffer')!.get as () => ArrayBufferLike);

/** Past whatever stands on its prototypes. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return isView(value) && nameOfTyped(value) === 'Uint8Array';
}

/** `BufferSource`: as `isBufferSource`, and the memory is not shared. */
export function isUnsharedBufferSource(value: unknown): value is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  if (!isView(value)) return isArrayBuffer(value);
  return isArrayBuffer(nameOfTyped(value) === undefined ? bufferOfView(value) : bufferOfTyped(value));
}
