// Made from crates/web/src/witinstance/guest.ts by scripts/wit.mjs.
import { Codec } from './codec.js';
import type { Exported, Imported } from './codec.js';
import { Memory } from './memory.js';
import { Streams } from './streams.js';
import { HostResources } from './imports.js';
import type { ImportEngine, Provider } from './imports.js';
import type { FunctionShape, Shape } from './shape.js';
/** The way to one instance. Each answer is read before anything else is asked of the link. */
export interface Link {
    /** Calls a function with a message of so many bytes; the answer, whose `top` says how long it is. */
    callSync(number: number, message: Memory, bytes: number): Memory;
    /** The same on another thread; what `read` makes of the answer, as soon as it is there. */
    call<T>(number: number, message: Memory, bytes: number, read: (answer: Memory) => T): Promise<T>;
    /** Memory for a message, until `release`. */
    take(): Memory;
    release(message: Memory): void;
}
/** What is known of a component before any instance: shared by all of them. */
export declare class ComponentCode {
    #private;
    readonly shape: Shape;
    readonly engine: ImportEngine;
    readonly codec: Codec;
    constructor(shape: Shape, engine: ImportEngine);
    exported(fn: FunctionShape, where: string): Exported;
    imported(fn: FunctionShape, where: string): Imported;
}
/** A handle, apart from what knows its instance. */
interface Cell {
    handle: number;
    /** The constructor's call, while it is under way. */
    pending: Promise<void> | undefined;
    /** Calls under way that have borrowed it, where several may be. */
    lent: number;
    /** Whether it is to be given up once nobody has borrowed it. */
    isOver: boolean;
}
/** What an instance shows, and what it answers. */
export declare class Surface implements Provider {
    #private;
    readonly code: ComponentCode;
    readonly host: HostResources;
    readonly streams: Streams;
    /** Refuses imports that are missing or no functions. */
    constructor(code: ComponentCode, link: Link, imports: unknown);
    /** Functions that return promises. */
    get exports(): object;
    /** The same functions on the calling thread. */
    get sync(): object;
    get shape(): Shape;
    /** The names of the exported interfaces. */
    get names(): readonly string[];
    /** The functions of an exported interface, for another instance that imports it; `undefined` where there is none. */
    face(name: string, isSync: boolean): object | undefined;
    /** Reads a call of the component, so many bytes with the parameters at an address, and makes it: what the function returns or throws. */
    answer(number: number, message: Memory, bytes: number, at: number, isSync: boolean): unknown;
    /** The name of a function that the component imports, for errors. */
    importName(number: number): string;
    /** Whether what a function threw is an answer; its payload then. */
    payloadOf(number: number, error: unknown): {
        readonly payload: unknown;
    } | undefined;
    /** Writes an answer that will stand at an address; the number of its bytes. */
    reply(number: number, message: Memory, reply: number, value: unknown, isError: boolean): number;
    /** An object for a handle that the component gave. */
    wrap(resource: number, handle: number, isSync: boolean): object;
    /** Gives a handle up that nobody has any more. Nobody hears of a failure. */
    dropLater(resource: number, handle: number): void;
    /** A call that had borrowed a handle has ended. */
    free(resource: number, cell: Cell): void;
    /** The same for a handle that may not be there yet, or that a call has borrowed. */
    giveUp(resource: number, cell: Cell): void;
}
/** A function's full name, for errors: `demo:calc/calculator@0.1.0.calculate`. */
export declare function functionName(owner: string | null, fn: FunctionShape, resource?: string): string;
export {};
