// witmemory: messages between values and the canonical ABI, as memory with addresses, and what generated code (guest:witcode) does to them.
//
// In: values of the app or of a guest, bytes of the other side. Out: bytes, values, or a `Refusal` whose path grows on its way out.
// What stands in a message of the other side is not trusted: each address, length and code is checked before it is used.

const { isArray } = Array;
const { isView } = ArrayBuffer;
const { asIntN, asUintN } = BigInt;
const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isSafeInteger } = Number;
const { fromCodePoint } = String;
const toBigInt = BigInt;
const ArrayIntrinsic = Array;
const MapIntrinsic = Map;

/** A prototype's method as a plain function, so that later changes of the prototype don't reach it. */
function uncurry<Args extends any[], Result>(
  method: (...args: Args) => Result,
): (self: unknown, ...args: Args) => Result {
  return (self, ...args) => apply(method, self, args) as Result;
}

const codePointAt = uncurry(String.prototype.codePointAt);
const mapGet = uncurry(Map.prototype.get as (key: unknown) => unknown);
const mapSet = uncurry(Map.prototype.set as (key: unknown, value: unknown) => unknown);
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype)!;
const tagOf = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, Symbol.toStringTag)!.get! as () => string);
const lengthOf = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'length')!.get! as () => number);
const copyInto = uncurry((typedArrayPrototype as Uint8Array).set as (source: ArrayLike<unknown>, at: number) => void);
const byteLengthOf = uncurry(getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')!.get! as () => number);
const viewBuffer = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'buffer')!.get! as () => ArrayBuffer);
const viewOffset = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteOffset')!.get! as () => number);
const viewLength = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteLength')!.get! as () => number);
const arrayBuffer = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'buffer')!.get! as () => ArrayBuffer);
const arrayOffset = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'byteOffset')!.get! as () => number);
const arrayByteLength = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'byteLength')!.get! as () => number);

/** A message is no longer than this. */
const MOST_BYTES = 2 ** 30;
/** Memory up to this length is kept for later messages. */
const MOST_SPARE = 2 ** 23;

/** Elements that a list has room for from the start. */
const MOST_RESERVED = 2 ** 20;

/** A value that is not of the type that is wanted. */
export class Refusal {
  readonly #expected: string;
  readonly #value: unknown;
  #path: string;

  constructor(expected: string, value: unknown, path: string) {
    this.#expected = expected;
    this.#value = value;
    this.#path = path;
  }

  static is(error: unknown): error is Refusal {
    return typeof error === 'object' && error !== null && #path in error;
  }

  static read(error: Refusal): { expected: string; value: unknown; path: string } {
    return { expected: error.#expected, value: error.#value, path: error.#path };
  }

  /** The same, one step further out. */
  static within(error: unknown, step: string): unknown {
    if (Refusal.is(error)) error.#path = step + error.#path;
    return error;
  }
}

/** A message of the other side that does not hold what its type says. */
export class Malformed {
  readonly #reason: string;

  constructor(reason: string) {
    this.#reason = reason;
  }

  static reason(error: unknown): string | undefined {
    return typeof error === 'object' && error !== null && #reason in error ? error.#reason : undefined;
  }
}

/** More than a message holds. */
export class TooLarge {
  static is(error: unknown): boolean {
    return typeof error === 'object' && error !== null && #brand in error;
  }
  readonly #brand = true;
}

/** Handles as values and back, for one instance. */
export interface Handles {
  /** The handle of what stands for a resource; a `Refusal` where it is none of it. */
  lower(resource: number, value: unknown, isOwn: boolean): number;
  lift(resource: number, handle: number, isOwn: boolean): unknown;
  /** The number of a stream or a future of a type; a `Refusal` where a value is none. */
  send(type: number, value: unknown): number;
  receive(type: number, number: number): unknown;
}

/** Strings as the engine converts them best. */
export interface Text {
  /** Writes UTF-8 from `at` on, where there is room for three bytes a code unit, and gives the number of bytes. Lone surrogates become U+FFFD. */
  write(bytes: Uint8Array, text: string, at: number): number;
  read(bytes: Uint8Array, at: number, end: number): string;
}

/** A message. Offsets count from its first byte, addresses from `base` on. */
export class Memory {
  u8!: Uint8Array;
  s8!: Int8Array;
  u16!: Uint16Array;
  s16!: Int16Array;
  u32!: Uint32Array;
  s32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  u64!: BigUint64Array;
  s64!: BigInt64Array;
  /** Bytes that there is room for. */
  room = 0;
  /** The address of the first byte. */
  base = 0;
  /** Bytes that are used. */
  top = 0;
  /** Bytes that may still be read: honest messages say nothing twice. */
  left = 0;
  /** The message is nobody else's: lists may be views of it. */
  isOwn = false;
  handles: Handles | undefined = undefined;
  readonly text: Text;
  readonly #first: Uint8Array;
  /** Larger memory from before, for the next long message. */
  #spare: Uint8Array | undefined;

  /** The bytes begin at a multiple of eight; their number is one too. */
  constructor(bytes: Uint8Array, text: Text) {
    this.text = text;
    this.#first = bytes;
    this.use(bytes);
  }

  /** Takes other memory. */
  use(bytes: Uint8Array): void {
    const buffer = arrayBuffer(bytes);
    const at = arrayOffset(bytes);
    const room = arrayByteLength(bytes);
    this.room = room;
    this.u8 = bytes;
    this.s8 = new Int8Array(buffer, at, room);
    this.u16 = new Uint16Array(buffer, at, room >>> 1);
    this.s16 = new Int16Array(buffer, at, room >>> 1);
    this.u32 = new Uint32Array(buffer, at, room >>> 2);
    this.s32 = new Int32Array(buffer, at, room >>> 2);
    this.f32 = new Float32Array(buffer, at, room >>> 2);
    this.f64 = new Float64Array(buffer, at, room >>> 3);
    this.u64 = new BigUint64Array(buffer, at, room >>> 3);
    this.s64 = new BigInt64Array(buffer, at, room >>> 3);
  }

  /** Whether it is the memory that it was made with. */
  get isFirst(): boolean {
    return this.u8 === this.#first;
  }

  /** Goes back to the memory that it was made with, and keeps a larger one unless it is very large. */
  reset(): void {
    if (this.u8 === this.#first) return;
    this.#spare = this.room <= MOST_SPARE ? this.u8 : undefined;
    this.use(this.#first);
  }

  /** Takes memory for so many bytes, with what was written. */
  grow(bytes: number): void {
    if (bytes > MOST_BYTES) throw new TooLarge();
    let room = this.room;
    while (room < bytes) room *= 2;
    const spare = this.#spare;
    const larger = spare !== undefined && arrayByteLength(spare) >= room ? spare : new Uint8Array(room);
    copyInto(larger, new Uint8Array(arrayBuffer(this.u8), arrayOffset(this.u8), this.top), 0);
    this.use(larger);
  }

  /** Begins to write a message whose first byte stands at an address, with so many bytes in front. */
  begin(base: number, bytes: number): void {
    this.base = base;
    this.top = 0;
    alloc(this, bytes, 8);
  }

  /** Begins to read a message of so many bytes. */
  open(base: number, bytes: number): void {
    if (bytes > this.room) throw new Malformed('it is longer than the memory that it stands in');
    this.base = base;
    this.top = bytes;
    this.left = bytes;
  }
}

function view(array: unknown): Uint8Array | undefined {
  if (!isView(array)) {
    try {
      byteLengthOf(array);
    } catch {
      return undefined;
    }
    return new Uint8Array(array as ArrayBuffer);
  }
  if (tagOf(array) === undefined) return new Uint8Array(viewBuffer(array), viewOffset(array), viewLength(array));
  return new Uint8Array(arrayBuffer(array), arrayOffset(array), arrayByteLength(array));
}

/** The bytes of a buffer or a view; `undefined` for anything else. A view that is one of bytes stays what it is. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  return isView(value) && tagOf(value) === 'Uint8Array' ? (value as Uint8Array) : view(value);
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The offset of so many new bytes. */
export function alloc(m: Memory, bytes: number, align: number): number {
  const at = m.top + (-m.top & (align - 1));
  const end = at + bytes;
  if (end > m.room) m.grow(end);
  m.top = end;
  return at;
}

export function wrong(value: unknown, expected: string, path: string): never {
  throw new Refusal(expected, value, path);
}

export function within(error: unknown, step: string): unknown {
  return Refusal.within(error, step);
}

export function storeText(m: Memory, value: unknown, at: number, gap: number, path: string): void {
  if (typeof value !== 'string') return wrong(value, 'string', path);
  const start = alloc(m, value.length * 3, 1);
  const bytes = value.length === 0 ? 0 : m.text.write(m.u8, value, start);
  m.top = start + bytes;
  m.u32[at >>> 2] = m.base + (bytes === 0 ? 0 : start);
  m.u32[(at + gap) >>> 2] = bytes;
}

/** A 64-bit integer; numbers stand for integers as far as they are exact. */
export function storeU64(m: Memory, value: unknown, at: number, path: string): void {
  let big = value;
  if (typeof value === 'number' && isSafeInteger(value)) big = toBigInt(value);
  if (typeof big !== 'bigint' || asUintN(64, big) !== big) return wrong(value, 'u64', path);
  m.u64[at >>> 3] = big;
}

export function storeS64(m: Memory, value: unknown, at: number, path: string): void {
  let big = value;
  if (typeof value === 'number' && isSafeInteger(value)) big = toBigInt(value);
  if (typeof big !== 'bigint' || asIntN(64, big) !== big) return wrong(value, 's64', path);
  m.s64[at >>> 3] = big;
}

/** The code point of a string that has one. */
export function charCode(value: unknown, path: string): number {
  if (typeof value === 'string' && value.length > 0) {
    const code = codePointAt(value, 0)!;
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (!isSurrogate && value.length === (code > 0xffff ? 2 : 1)) return code;
  }
  return wrong(value, 'char', path);
}

/** Room for a list's elements; its address and length are written at `at`. */
export function storeList(m: Memory, count: number, size: number, align: number, at: number, gap: number): number {
  const start = count === 0 ? 0 : alloc(m, count * size, align);
  m.u32[at >>> 2] = m.base + start;
  m.u32[(at + gap) >>> 2] = count;
  return start;
}

type NumberView = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'f32' | 'f64' | 'u64' | 's64';

/**
 * A list of numbers from a typed array of its type, at once. Other arrays are left to the caller.
 *
 * @returns whether it was one
 */
export function storeNumbers(
  m: Memory,
  value: unknown,
  key: NumberView,
  size: number,
  at: number,
  gap: number,
): boolean {
  if (!isView(value) || tagOf(value) !== arrayName(key)) {
    if (key !== 'u8' || isArray(value)) return false;
    const bytes = isView(value) && tagOf(value) !== undefined ? undefined : view(value);
    if (bytes === undefined) return false;
    value = bytes;
  }
  const count = lengthOf(value);
  const start = storeList(m, count, size, size, at, gap);
  if (count > 0) copyInto(m[key], value as ArrayLike<unknown>, start / size);
  return true;
}

/** The length of an array; -1 for anything else. A proxy may claim whatever it likes. */
export function countOf(value: unknown): number {
  if (!isArray(value)) return -1;
  const count: unknown = value.length;
  return typeof count === 'number' && count >>> 0 === count ? count : -1;
}

/** The same for lists of numbers, where any typed array does. */
export function countOfNumbers(value: unknown): number {
  return isView(value) && tagOf(value) !== undefined ? lengthOf(value) : countOf(value);
}

export function storeHandle(m: Memory, value: unknown, at: number, resource: number, isOwn: boolean): void {
  m.u32[at >>> 2] = m.handles!.lower(resource, value, isOwn);
}

export function storeEnd(m: Memory, value: unknown, at: number, type: number): void {
  m.u32[at >>> 2] = m.handles!.send(type, value);
}

// ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The offset of `count` elements at an address. */
export function area(m: Memory, address: number, count: number, size: number, align: number): number {
  if (count === 0) return 0;
  const at = address - m.base;
  const bytes = count * size;
  if (at < 0 || at + bytes > m.top) {
    throw new Malformed(`${count} elements of ${size} bytes at ${address} reach beyond it`);
  }
  if ((m.left -= bytes) < 0) throw new Malformed('parts of it lie over each other');
  if ((at & (align - 1)) !== 0) throw new Malformed(`an element at ${address} is not aligned to ${align} bytes`);
  return at;
}

/** A list for so many elements: up to a number that engines still keep side by side, with room for all of them from the start. */
export function listOf(count: number): unknown[] {
  return count <= MOST_RESERVED ? new ArrayIntrinsic<unknown>(count) : [];
}

export function loadText(m: Memory, address: number, bytes: number): string {
  if (bytes === 0) return '';
  const at = area(m, address, bytes, 1, 1);
  return m.text.read(m.u8, at, at + bytes);
}

export function loadChar(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Malformed(`${code} is no character`);
  return fromCodePoint(code);
}

export function loadNumbers(m: Memory, address: number, count: number, key: NumberView, size: number): unknown {
  const at = area(m, address, count, size, size);
  const buffer = arrayBuffer(m.u8);
  const from = arrayOffset(m.u8) + at;
  const isMost = m.isOwn && count * size * 2 > byteLengthOf(buffer);
  switch (key) {
    case 'u8': {
      const part = new Uint8Array(buffer, from, count);
      return isMost ? part : new Uint8Array(part);
    }
    case 's8': {
      const part = new Int8Array(buffer, from, count);
      return isMost ? part : new Int8Array(part);
    }
    case 'u16': {
      const part = new Uint16Array(buffer, from, count);
      return isMost ? part : new Uint16Array(part);
    }
    case 's16': {
      const part = new Int16Array(buffer, from, count);
      return isMost ? part : new Int16Array(part);
    }
    case 'u32': {
      const part = new Uint32Array(buffer, from, count);
      return isMost ? part : new Uint32Array(part);
    }
    case 's32': {
      const part = new Int32Array(buffer, from, count);
      return isMost ? part : new Int32Array(part);
    }
    case 'f32': {
      const part = new Float32Array(buffer, from, count);
      return isMost ? part : new Float32Array(part);
    }
    case 'f64': {
      const part = new Float64Array(buffer, from, count);
      return isMost ? part : new Float64Array(part);
    }
    case 'u64': {
      const part = new BigUint64Array(buffer, from, count);
      return isMost ? part : new BigUint64Array(part);
    }
    case 's64': {
      const part = new BigInt64Array(buffer, from, count);
      return isMost ? part : new BigInt64Array(part);
    }
  }
}

export function loadHandle(m: Memory, at: number, resource: number, isOwn: boolean): unknown {
  return m.handles!.lift(resource, m.u32[at >>> 2]!, isOwn);
}

export function loadEnd(m: Memory, at: number, type: number): unknown {
  return m.handles!.receive(type, m.u32[at >>> 2]!);
}

export function badTag(tag: unknown, type: string): never {
  throw new Malformed(`${tag as number} is no case of ${type}`);
}

// ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The typed array of a type's lists. */
export function arrayName(key: string): string {
  switch (key) {
    case 'u8':
      return 'Uint8Array';
    case 's8':
      return 'Int8Array';
    case 'u16':
      return 'Uint16Array';
    case 's16':
      return 'Int16Array';
    case 'u32':
      return 'Uint32Array';
    case 's32':
      return 'Int32Array';
    case 'f32':
      return 'Float32Array';
    case 'f64':
      return 'Float64Array';
    case 'u64':
      return 'BigUint64Array';
    case 's64':
      return 'BigInt64Array';
    default:
      return '';
  }
}

/** Cases by their names, for types that have many. */
export function caseTable(names: readonly string[]): (name: unknown) => number {
  const table = new MapIntrinsic<string, number>();
  for (let i = 0; i < names.length; i++) mapSet(table, names[i], i);
  return (name) => (mapGet(table, name) as number | undefined) ?? -1;
}
