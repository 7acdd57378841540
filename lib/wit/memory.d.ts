// Made from crates/web/src/witmemory/guest.ts by scripts/wit.mjs.
/** A value that is not of the type that is wanted. */
export declare class Refusal {
    #private;
    constructor(expected: string, value: unknown, path: string);
    static is(error: unknown): error is Refusal;
    static read(error: Refusal): {
        expected: string;
        value: unknown;
        path: string;
    };
    /** The same, one step further out. */
    static within(error: unknown, step: string): unknown;
}
/** A message of the other side that does not hold what its type says. */
export declare class Malformed {
    #private;
    constructor(reason: string);
    static reason(error: unknown): string | undefined;
}
/** More than a message holds. */
export declare class TooLarge {
    #private;
    static is(error: unknown): boolean;
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
export declare class Memory {
    #private;
    u8: Uint8Array;
    s8: Int8Array;
    u16: Uint16Array;
    s16: Int16Array;
    u32: Uint32Array;
    s32: Int32Array;
    f32: Float32Array;
    f64: Float64Array;
    u64: BigUint64Array;
    s64: BigInt64Array;
    /** Bytes that there is room for. */
    room: number;
    /** The address of the first byte. */
    base: number;
    /** Bytes that are used. */
    top: number;
    /** Bytes that may still be read: honest messages say nothing twice. */
    left: number;
    /** The message is nobody else's: lists may be views of it. */
    isOwn: boolean;
    handles: Handles | undefined;
    readonly text: Text;
    /** The bytes begin at a multiple of eight; their number is one too. */
    constructor(bytes: Uint8Array, text: Text);
    /** Takes other memory. */
    use(bytes: Uint8Array): void;
    /** Whether it is the memory that it was made with. */
    get isFirst(): boolean;
    /** Goes back to the memory that it was made with, and keeps a larger one unless it is very large. */
    reset(): void;
    /** Takes memory for so many bytes, with what was written. */
    grow(bytes: number): void;
    /** Begins to write a message whose first byte stands at an address, with so many bytes in front. */
    begin(base: number, bytes: number): void;
    /** Begins to read a message of so many bytes. */
    open(base: number, bytes: number): void;
}
/** The bytes of a buffer or a view; `undefined` for anything else. A view that is one of bytes stays what it is. */
export declare function bytesOf(value: unknown): Uint8Array | undefined;
/** The offset of so many new bytes. */
export declare function alloc(m: Memory, bytes: number, align: number): number;
export declare function wrong(value: unknown, expected: string, path: string): never;
export declare function within(error: unknown, step: string): unknown;
export declare function storeText(m: Memory, value: unknown, at: number, gap: number, path: string): void;
/** A 64-bit integer; numbers stand for integers as far as they are exact. */
export declare function storeU64(m: Memory, value: unknown, at: number, path: string): void;
export declare function storeS64(m: Memory, value: unknown, at: number, path: string): void;
/** The code point of a string that has one. */
export declare function charCode(value: unknown, path: string): number;
/** Room for a list's elements; its address and length are written at `at`. */
export declare function storeList(m: Memory, count: number, size: number, align: number, at: number, gap: number): number;
type NumberView = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'f32' | 'f64' | 'u64' | 's64';
/**
 * A list of numbers from a typed array of its type, at once. Other arrays are left to the caller.
 *
 * @returns whether it was one
 */
export declare function storeNumbers(m: Memory, value: unknown, key: NumberView, size: number, at: number, gap: number): boolean;
/** The length of an array; -1 for anything else. A proxy may claim whatever it likes. */
export declare function countOf(value: unknown): number;
/** The same for lists of numbers, where any typed array does. */
export declare function countOfNumbers(value: unknown): number;
export declare function storeHandle(m: Memory, value: unknown, at: number, resource: number, isOwn: boolean): void;
export declare function storeEnd(m: Memory, value: unknown, at: number, type: number): void;
/** The offset of `count` elements at an address. */
export declare function area(m: Memory, address: number, count: number, size: number, align: number): number;
/** A list for so many elements: up to a number that engines still keep side by side, with room for all of them from the start. */
export declare function listOf(count: number): unknown[];
export declare function loadText(m: Memory, address: number, bytes: number): string;
export declare function loadChar(code: number): string;
export declare function loadNumbers(m: Memory, address: number, count: number, key: NumberView, size: number): unknown;
export declare function loadHandle(m: Memory, at: number, resource: number, isOwn: boolean): unknown;
export declare function loadEnd(m: Memory, at: number, type: number): unknown;
export declare function badTag(tag: unknown, type: string): never;
/** The typed array of a type's lists. */
export declare function arrayName(key: string): string;
/** Cases by their names, for types that have many. */
export declare function caseTable(names: readonly string[]): (name: unknown) => number;
export {};
