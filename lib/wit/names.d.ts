// Made from crates/web/src/witnames/guest.ts by scripts/wit.mjs.
import type { Ref, Type } from './shape.js';
/** `left-part` → `leftPart`, `get-URL` → `getUrl`. */
export declare function camelCase(name: string): string;
/** `left-part` → `LeftPart`. */
export declare function pascalCase(name: string): string;
/** `demo:calc/calculator@1.2.0` → `demo:calc/calculator`. */
export declare function withoutVersion(name: string): string;
/** `demo:calc/calculator@1.2.0` → `calculator`. */
export declare function shortName(name: string): string;
/** `demo:calc/calculator@1.2.0` → `1.2.0`; empty where there is none. */
export declare function versionOf(name: string): string;
/** A type as WIT writes it; by its name where it has one. */
export declare function typeName(types: readonly Type[], ref: Ref | null): string;
/** Every name of an interface among others: with its version, without it, and in short, as far as they are clear. */
export declare function aliases(name: string, all: readonly string[]): string[];
