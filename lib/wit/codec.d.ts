// Made from crates/web/src/witcodec/guest.ts by scripts/wit.mjs.
import type { Compile } from './code.js';
import { Memory } from './memory.js';
import type { Text } from './memory.js';
import { Layouts } from './shape.js';
import type { FunctionShape, Shape } from './shape.js';
/** The address of a call's first byte. */
export declare const BASE = 1024;
/** Bytes before an answer. */
export declare const HEAD = 16;
export type ErrorCode = 'ERR_ARGUMENT' | 'ERR_ASYNC' | 'ERR_BUSY' | 'ERR_CLOSED' | 'ERR_FUNCTION_NOT_FOUND' | 'ERR_INTERNAL' | 'ERR_MEMORY' | 'ERR_WASM_LINK';
/** What engines do differently. */
export interface Engine {
    readonly text: Text;
    readonly compile: Compile;
    /** An error with one of the stable codes; `path` says where in the arguments or the result. */
    error(code: ErrorCode, message: string, path?: string): Error;
    /** A value in a few words. */
    shown(value: unknown): string;
    /** What a function throws whose result is an `err`. */
    failed(payload: unknown, where: string): Error;
}
/** A function of the component, as its callers see it. */
export interface Exported {
    /** Writes a call; the number of its bytes. */
    encode(m: Memory, args: readonly unknown[]): number;
    /** Reads the answer, so many bytes; throws what the function's `err` stands for. */
    decode(m: Memory, bytes: number): unknown;
}
/** A function that the component calls. */
export interface Imported {
    /** Reads a call of so many bytes, whose slots, or whose tuple, stand at an address. */
    decode(m: Memory, bytes: number, at: number): unknown[];
    /** Whether a thrown error can be an answer. */
    readonly canFail: boolean;
    /** Writes the answer that will stand at an address; the number of its bytes. */
    encode(m: Memory, reply: number, value: unknown, isError: boolean): number;
}
/** Lists of one type as messages of their own. */
export interface Batch {
    /** Writes a list that will stand at an address; the number of its bytes. */
    encode(m: Memory, reply: number, values: unknown): number;
    /** Reads an answer of so many bytes. */
    decode(m: Memory, bytes: number): unknown;
}
/** Calls and answers of one component. */
export declare class Codec {
    #private;
    readonly layouts: Layouts;
    constructor(shape: Shape, engine: Engine);
    /** A function of the component; `where` is its name in errors. */
    exported(fn: FunctionShape, where: string, mostFlat?: number): Exported;
    /** Elements of a stream, or the value of a future, as lists of a type; `name` is that type in errors. */
    batch(list: number, name: string): Batch;
    /** A function that the component calls. */
    imported(fn: FunctionShape, where: string): Imported;
}
