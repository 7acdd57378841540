// Made from crates/web/src/witcode/guest.ts by scripts/wit.mjs.
import type { Layouts, Ref, Type } from './shape.js';
import type { Memory } from './memory.js';
/** Stores a value at an offset. */
export type Store = (m: Memory, value: unknown, at: number) => void;
/** Loads the value at an offset. */
export type Load = (m: Memory, at: number) => unknown;
/** Makes a function of its parameters' names and its body. */
export type Compile = (parameters: string, body: string) => (...args: unknown[]) => unknown;
/** The functions of one component. */
export declare class Code {
    #private;
    constructor(types: readonly Type[], layouts: Layouts, compile: Compile);
    store(ref: Ref, isFlat: boolean): Store;
    load(ref: Ref, isFlat: boolean): Load;
    /** Stores a list of values one after the other, each at its place; `paths` say what errors call them. */
    storeAll(refs: readonly Ref[], isFlat: boolean, paths: readonly string[]): (m: Memory, values: unknown) => void;
    /** Loads a list of values that stand one after the other. */
    loadAll(refs: readonly Ref[], isFlat: boolean): (m: Memory, at: number) => unknown[];
}
