// Made from crates/web/src/witimports/guest.ts by scripts/wit.mjs.
import type { FunctionShape, Shape } from './shape.js';
import type { StreamEngine } from './streams.js';
/** Older engines have no symbol of that name. */
export declare const dispose: symbol;
/** One function of the app. */
export interface Implementation {
    readonly fn: FunctionShape;
    /** Its name in errors. */
    readonly where: string;
    /** Calls it: what it returns, a promise or not, or throws. */
    call(args: unknown[], isSync: boolean): unknown;
}
/** An instance whose exports stand for imports. */
export interface Provider {
    /** The functions of an exported interface. */
    face(name: string, isSync: boolean): object | undefined;
    /** The names of all that it exports. */
    readonly names: readonly string[];
    readonly shape: Shape;
}
/** How an engine tells an instance of a component from other objects. */
export interface ImportEngine extends StreamEngine {
    provider(value: unknown): Provider | undefined;
}
/** Objects of the app that a component holds, by the numbers that stand for them there. */
export declare class HostResources {
    #private;
    constructor(shape: Shape);
    /** A number for an object that is handed over. */
    lower(_resource: number, name: string, value: unknown, isOwn: boolean): number;
    /** The object of a number; handed over, it is the app's again. */
    lift(_resource: number, number: number, isOwn: boolean): unknown;
    /** The component gave an object up. */
    end(_fn: number, number: number): void;
    /** The name of a resource of the app. */
    nameOf(resource: number | null): string;
}
/** What stands behind each function that a component imports, by its number. */
export declare function implementations(shape: Shape, engine: ImportEngine, imports: unknown, resources: HostResources): Implementation[];
/** Whether an export of one version does for an import of another: the same major, nothing older; below 1.0.0 the same minor. */
export declare function satisfies(offered: string, wanted: string): boolean;
