// Made from crates/web/src/witmemory/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witmemory: messages between values and the canonical ABI, as memory with addresses, and what generated code (guest:witcode) does to them.
//
// In: values of the app or of a guest, bytes of the other side. Out: bytes, values, or a `Refusal` whose path grows on its way out.
// What stands in a message of the other side is not trusted: each address, length and code is checked before it is used.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Memory = exports.TooLarge = exports.Malformed = exports.Refusal = void 0;
exports.bytesOf = bytesOf;
exports.alloc = alloc;
exports.wrong = wrong;
exports.within = within;
exports.storeText = storeText;
exports.storeU64 = storeU64;
exports.storeS64 = storeS64;
exports.charCode = charCode;
exports.storeList = storeList;
exports.storeNumbers = storeNumbers;
exports.countOf = countOf;
exports.countOfNumbers = countOfNumbers;
exports.storeHandle = storeHandle;
exports.storeEnd = storeEnd;
exports.area = area;
exports.listOf = listOf;
exports.loadText = loadText;
exports.loadChar = loadChar;
exports.loadNumbers = loadNumbers;
exports.loadHandle = loadHandle;
exports.loadEnd = loadEnd;
exports.badTag = badTag;
exports.arrayName = arrayName;
exports.caseTable = caseTable;
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
function uncurry(method) {
    return (self, ...args) => apply(method, self, args);
}
const codePointAt = uncurry(String.prototype.codePointAt);
const mapGet = uncurry(Map.prototype.get);
const mapSet = uncurry(Map.prototype.set);
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
const tagOf = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, Symbol.toStringTag).get);
const lengthOf = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'length').get);
const copyInto = uncurry(typedArrayPrototype.set);
const byteLengthOf = uncurry(getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get);
const viewBuffer = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'buffer').get);
const viewOffset = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteOffset').get);
const viewLength = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteLength').get);
const arrayBuffer = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'buffer').get);
const arrayOffset = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'byteOffset').get);
const arrayByteLength = uncurry(getOwnPropertyDescriptor(typedArrayPrototype, 'byteLength').get);
/** A message is no longer than this. */
const MOST_BYTES = 2 ** 30;
/** Memory up to this length is kept for later messages. */
const MOST_SPARE = 2 ** 23;
/** Elements that a list has room for from the start. */
const MOST_RESERVED = 2 ** 20;
/** A value that is not of the type that is wanted. */
class Refusal {
    #expected;
    #value;
    #path;
    constructor(expected, value, path) {
        this.#expected = expected;
        this.#value = value;
        this.#path = path;
    }
    static is(error) {
        return typeof error === 'object' && error !== null && #path in error;
    }
    static read(error) {
        return { expected: error.#expected, value: error.#value, path: error.#path };
    }
    /** The same, one step further out. */
    static within(error, step) {
        if (Refusal.is(error))
            error.#path = step + error.#path;
        return error;
    }
}
exports.Refusal = Refusal;
/** A message of the other side that does not hold what its type says. */
class Malformed {
    #reason;
    constructor(reason) {
        this.#reason = reason;
    }
    static reason(error) {
        return typeof error === 'object' && error !== null && #reason in error ? error.#reason : undefined;
    }
}
exports.Malformed = Malformed;
/** More than a message holds. */
class TooLarge {
    static is(error) {
        return typeof error === 'object' && error !== null && #brand in error;
    }
    #brand = true;
}
exports.TooLarge = TooLarge;
/** A message. Offsets count from its first byte, addresses from `base` on. */
class Memory {
    u8;
    s8;
    u16;
    s16;
    u32;
    s32;
    f32;
    f64;
    u64;
    s64;
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
    handles = undefined;
    text;
    #first;
    /** Larger memory from before, for the next long message. */
    #spare;
    /** The bytes begin at a multiple of eight; their number is one too. */
    constructor(bytes, text) {
        this.text = text;
        this.#first = bytes;
        this.use(bytes);
    }
    /** Takes other memory. */
    use(bytes) {
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
    get isFirst() {
        return this.u8 === this.#first;
    }
    /** Goes back to the memory that it was made with, and keeps a larger one unless it is very large. */
    reset() {
        if (this.u8 === this.#first)
            return;
        this.#spare = this.room <= MOST_SPARE ? this.u8 : undefined;
        this.use(this.#first);
    }
    /** Takes memory for so many bytes, with what was written. */
    grow(bytes) {
        if (bytes > MOST_BYTES)
            throw new TooLarge();
        let room = this.room;
        while (room < bytes)
            room *= 2;
        const spare = this.#spare;
        const larger = spare !== undefined && arrayByteLength(spare) >= room ? spare : new Uint8Array(room);
        copyInto(larger, new Uint8Array(arrayBuffer(this.u8), arrayOffset(this.u8), this.top), 0);
        this.use(larger);
    }
    /** Begins to write a message whose first byte stands at an address, with so many bytes in front. */
    begin(base, bytes) {
        this.base = base;
        this.top = 0;
        alloc(this, bytes, 8);
    }
    /** Begins to read a message of so many bytes. */
    open(base, bytes) {
        if (bytes > this.room)
            throw new Malformed('it is longer than the memory that it stands in');
        this.base = base;
        this.top = bytes;
        this.left = bytes;
    }
}
exports.Memory = Memory;
function view(array) {
    if (!isView(array)) {
        try {
            byteLengthOf(array);
        }
        catch {
            return undefined;
        }
        return new Uint8Array(array);
    }
    if (tagOf(array) === undefined)
        return new Uint8Array(viewBuffer(array), viewOffset(array), viewLength(array));
    return new Uint8Array(arrayBuffer(array), arrayOffset(array), arrayByteLength(array));
}
/** The bytes of a buffer or a view; `undefined` for anything else. A view that is one of bytes stays what it is. */
function bytesOf(value) {
    return isView(value) && tagOf(value) === 'Uint8Array' ? value : view(value);
}
// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The offset of so many new bytes. */
function alloc(m, bytes, align) {
    const at = m.top + (-m.top & (align - 1));
    const end = at + bytes;
    if (end > m.room)
        m.grow(end);
    m.top = end;
    return at;
}
function wrong(value, expected, path) {
    throw new Refusal(expected, value, path);
}
function within(error, step) {
    return Refusal.within(error, step);
}
function storeText(m, value, at, gap, path) {
    if (typeof value !== 'string')
        return wrong(value, 'string', path);
    const start = alloc(m, value.length * 3, 1);
    const bytes = value.length === 0 ? 0 : m.text.write(m.u8, value, start);
    m.top = start + bytes;
    m.u32[at >>> 2] = m.base + (bytes === 0 ? 0 : start);
    m.u32[(at + gap) >>> 2] = bytes;
}
/** A 64-bit integer; numbers stand for integers as far as they are exact. */
function storeU64(m, value, at, path) {
    let big = value;
    if (typeof value === 'number' && isSafeInteger(value))
        big = toBigInt(value);
    if (typeof big !== 'bigint' || asUintN(64, big) !== big)
        return wrong(value, 'u64', path);
    m.u64[at >>> 3] = big;
}
function storeS64(m, value, at, path) {
    let big = value;
    if (typeof value === 'number' && isSafeInteger(value))
        big = toBigInt(value);
    if (typeof big !== 'bigint' || asIntN(64, big) !== big)
        return wrong(value, 's64', path);
    m.s64[at >>> 3] = big;
}
/** The code point of a string that has one. */
function charCode(value, path) {
    if (typeof value === 'string' && value.length > 0) {
        const code = codePointAt(value, 0);
        const isSurrogate = code >= 0xd800 && code <= 0xdfff;
        if (!isSurrogate && value.length === (code > 0xffff ? 2 : 1))
            return code;
    }
    return wrong(value, 'char', path);
}
/** Room for a list's elements; its address and length are written at `at`. */
function storeList(m, count, size, align, at, gap) {
    const start = count === 0 ? 0 : alloc(m, count * size, align);
    m.u32[at >>> 2] = m.base + start;
    m.u32[(at + gap) >>> 2] = count;
    return start;
}
/**
 * A list of numbers from a typed array of its type, at once. Other arrays are left to the caller.
 *
 * @returns whether it was one
 */
function storeNumbers(m, value, key, size, at, gap) {
    if (!isView(value) || tagOf(value) !== arrayName(key)) {
        if (key !== 'u8' || isArray(value))
            return false;
        const bytes = isView(value) && tagOf(value) !== undefined ? undefined : view(value);
        if (bytes === undefined)
            return false;
        value = bytes;
    }
    const count = lengthOf(value);
    const start = storeList(m, count, size, size, at, gap);
    if (count > 0)
        copyInto(m[key], value, start / size);
    return true;
}
/** The length of an array; -1 for anything else. A proxy may claim whatever it likes. */
function countOf(value) {
    if (!isArray(value))
        return -1;
    const count = value.length;
    return typeof count === 'number' && count >>> 0 === count ? count : -1;
}
/** The same for lists of numbers, where any typed array does. */
function countOfNumbers(value) {
    return isView(value) && tagOf(value) !== undefined ? lengthOf(value) : countOf(value);
}
function storeHandle(m, value, at, resource, isOwn) {
    m.u32[at >>> 2] = m.handles.lower(resource, value, isOwn);
}
function storeEnd(m, value, at, type) {
    m.u32[at >>> 2] = m.handles.send(type, value);
}
// ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The offset of `count` elements at an address. */
function area(m, address, count, size, align) {
    if (count === 0)
        return 0;
    const at = address - m.base;
    const bytes = count * size;
    if (at < 0 || at + bytes > m.top) {
        throw new Malformed(`${count} elements of ${size} bytes at ${address} reach beyond it`);
    }
    if ((m.left -= bytes) < 0)
        throw new Malformed('parts of it lie over each other');
    if ((at & (align - 1)) !== 0)
        throw new Malformed(`an element at ${address} is not aligned to ${align} bytes`);
    return at;
}
/** A list for so many elements: up to a number that engines still keep side by side, with room for all of them from the start. */
function listOf(count) {
    return count <= MOST_RESERVED ? new ArrayIntrinsic(count) : [];
}
function loadText(m, address, bytes) {
    if (bytes === 0)
        return '';
    const at = area(m, address, bytes, 1, 1);
    return m.text.read(m.u8, at, at + bytes);
}
function loadChar(code) {
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        throw new Malformed(`${code} is no character`);
    return fromCodePoint(code);
}
function loadNumbers(m, address, count, key, size) {
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
function loadHandle(m, at, resource, isOwn) {
    return m.handles.lift(resource, m.u32[at >>> 2], isOwn);
}
function loadEnd(m, at, type) {
    return m.handles.receive(type, m.u32[at >>> 2]);
}
function badTag(tag, type) {
    throw new Malformed(`${tag} is no case of ${type}`);
}
// ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The typed array of a type's lists. */
function arrayName(key) {
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
function caseTable(names) {
    const table = new MapIntrinsic();
    for (let i = 0; i < names.length; i++)
        mapSet(table, names[i], i);
    return (name) => mapGet(table, name) ?? -1;
}
