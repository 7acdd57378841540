// Made from crates/web/src/witshape/guest.ts by scripts/wit.mjs.
/** A type: the name of a primitive one, or an index into `types`. */
export type Ref = string | number;
export interface Member {
    readonly name: string;
    readonly type: Ref;
}
export interface Case {
    readonly name: string;
    readonly type: Ref | null;
}
/** What every type that is not primitive may have: a name, and the interface that defines it. */
interface Named {
    readonly name?: string | null;
    readonly interface?: string | null;
}
export type Type = (Named & {
    readonly kind: 'record';
    readonly fields: readonly Member[];
}) | (Named & {
    readonly kind: 'variant';
    readonly cases: readonly Case[];
}) | (Named & {
    readonly kind: 'enum';
    readonly cases: readonly string[];
}) | (Named & {
    readonly kind: 'flags';
    readonly flags: readonly string[];
}) | (Named & {
    readonly kind: 'tuple';
    readonly types: readonly Ref[];
}) | (Named & {
    readonly kind: 'option';
    readonly type: Ref;
}) | (Named & {
    readonly kind: 'result';
    readonly ok: Ref | null;
    readonly err: Ref | null;
}) | (Named & {
    readonly kind: 'list';
    readonly type: Ref;
}) | (Named & {
    readonly kind: 'stream' | 'future';
    readonly type: Ref | null;
    readonly list: number | null;
}) | (Named & {
    readonly kind: 'own';
    readonly resource: number;
}) | (Named & {
    readonly kind: 'borrow';
    readonly resource: number;
});
export interface Resource {
    readonly name: string;
    /** The interface that defines it; `null` where the world itself does. */
    readonly interface: string | null;
    /** Who makes its values: the component (`export`) or the app (`import`). */
    readonly side: 'export' | 'import';
    /** The number of the function that gives a handle up, or is told that one was given up. */
    readonly drop: number | null;
}
export interface FunctionShape {
    readonly number: number;
    readonly name: string;
    readonly kind: 'function' | 'constructor' | 'method' | 'static';
    readonly resource: number | null;
    /** A method's first is `self`. */
    readonly params: readonly Member[];
    readonly result: Ref | null;
    /** Whether it is an async function in WIT. */
    readonly async?: boolean;
}
export interface InterfaceShape {
    /** `null`: functions of the world itself. */
    readonly name: string | null;
    readonly functions: readonly FunctionShape[];
    /** Functions that cannot be called from here, and why. */
    readonly omitted?: readonly {
        readonly name: string;
        readonly reason: string;
    }[];
}
export interface Shape {
    readonly types: readonly Type[];
    readonly resources: readonly Resource[];
    readonly exports: readonly InterfaceShape[];
    readonly imports: readonly InterfaceShape[];
    /** Whether the component needs component-model async, and works on several calls at once. */
    readonly concurrent?: boolean;
}
/** Bytes and alignment in memory, and slots among flat values: one a core value, eight bytes each. */
export interface Layout {
    readonly size: number;
    readonly align: number;
    readonly slots: number;
}
/** So many flat parameters cross as such; more stand in memory. */
export declare const MOST_FLAT_PARAMS = 16;
/** So many flat results. */
export declare const MOST_FLAT_RESULTS = 1;
/** So many of what a component with component-model async gives. */
export declare const MOST_FLAT_CONCURRENT = 16;
export declare function alignTo(offset: number, align: number): number;
/** Bytes of a discriminant. */
export declare function tagSize(cases: number): 1 | 2 | 4;
/** Bytes of a flags value. */
export declare function flagsSize(flags: number): 1 | 2 | 4;
/** Layouts of one component's types, each computed when it is first asked for. */
export declare class Layouts {
    #private;
    constructor(types: readonly Type[]);
    /** A type that is not primitive; `undefined` for one that is. */
    type(ref: Ref): Type | undefined;
    of(ref: Ref | null): Layout;
    /** Where each member begins, in bytes; among flat values in slots of eight bytes. */
    offsets(refs: readonly Ref[], isFlat: boolean): number[];
    /** Where the payload of a variant begins. */
    payload(types: readonly (Ref | null)[], isFlat: boolean): number;
    /** Members one after the other. */
    sequence(refs: readonly Ref[]): Layout;
}
/** The types of a record's or a tuple's members. */
export declare function memberTypes(type: Type & {
    kind: 'record' | 'tuple';
}): readonly Ref[];
/** The types of a variant's cases, in their order. */
export declare function caseTypes(type: Type & {
    kind: 'variant' | 'option' | 'result';
}): readonly (Ref | null)[];
export declare function types<T extends Ref | null>(members: readonly {
    readonly type: T;
}[]): T[];
export {};
