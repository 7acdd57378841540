// Made from crates/web/src/witstreams/guest.ts by scripts/wit.mjs.
import type { Codec, Engine } from './codec.js';
import type { Handles, Memory } from './memory.js';
import type { Shape } from './shape.js';
export declare const PULL = 4294967042;
export declare const GIVE_UP = 4294967043;
/** What a stream is read from. */
export interface StreamSource {
    /** What comes next; `undefined` at the end. */
    pull(): Promise<ArrayLike<unknown> | undefined>;
    cancel(): void;
}
/** What engines have of streams. */
export interface StreamEngine extends Engine {
    /**
     * A ReadableStream that asks for nothing before it is read; its chunks are bytes as they come, or one element each. Missing where components
     * that have streams are not compiled.
     */
    readable?(source: StreamSource, isBytes: boolean): object;
}
/** The way to the instance. */
interface Link {
    call<T>(number: number, message: Memory, bytes: number, read: (answer: Memory) => T): Promise<T>;
    take(): Memory;
    release(message: Memory): void;
}
/** A batch for the component, of lists of a type; `undefined` at the end. */
export interface Given {
    readonly list: number | null;
    readonly values: unknown;
}
/** Streams and futures of one instance. */
export declare class Streams {
    #private;
    /** What stands as numbers in elements. */
    handles: Handles | undefined;
    constructor(shape: Shape, codec: Codec, engine: StreamEngine, link: Link);
    /** What stands for a number of the component's. */
    receive(type: number, number: number): unknown;
    /** A number for a stream, an iterable or a promise of the app. */
    send(type: number, value: unknown): number;
    /** A message begins. */
    begin(): void;
    /** The message was not written to its end: nobody will read what stands in it. */
    forget(): void;
    /** What comes next of a stream of the app; nothing at its end. */
    pull(number: number): Promise<Given | undefined>;
    /** Writes a batch that will stand at an address; the number of its bytes. */
    reply(message: Memory, reply: number, given: Given | undefined): number;
    /** Nobody reads a stream of the app any more. */
    giveUp(number: number): void;
}
export {};
