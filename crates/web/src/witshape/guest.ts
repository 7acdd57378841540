// witshape: what is known of a component's types and functions, and how the canonical ABI lays values out.
//
// In: the shape that the native side made of a component, as JSON. Out: sizes, alignments, slots, names. Used by guests and by Node alike:
// scripts/component-codec.mjs compiles it for lib/component.
// Specification: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md

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

export type Type =
  | (Named & { readonly kind: 'record'; readonly fields: readonly Member[] })
  | (Named & { readonly kind: 'variant'; readonly cases: readonly Case[] })
  | (Named & { readonly kind: 'enum'; readonly cases: readonly string[] })
  | (Named & { readonly kind: 'flags'; readonly flags: readonly string[] })
  | (Named & { readonly kind: 'tuple'; readonly types: readonly Ref[] })
  | (Named & { readonly kind: 'option'; readonly type: Ref })
  | (Named & { readonly kind: 'result'; readonly ok: Ref | null; readonly err: Ref | null })
  | (Named & { readonly kind: 'list'; readonly type: Ref })
  | (Named & { readonly kind: 'stream' | 'future'; readonly type: Ref | null; readonly list: number | null })
  | (Named & { readonly kind: 'own'; readonly resource: number })
  | (Named & { readonly kind: 'borrow'; readonly resource: number });

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
  readonly omitted?: readonly { readonly name: string; readonly reason: string }[];
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
export const MOST_FLAT_PARAMS = 16;
/** So many flat results. */
export const MOST_FLAT_RESULTS = 1;
/** So many of what a component with component-model async gives. */
export const MOST_FLAT_CONCURRENT = 16;

const { max } = Math;

function layout(size: number, align: number, slots: number): Layout {
  return { size, align, slots };
}

const WORD = layout(8, 4, 2);
const UNIT = layout(0, 1, 0);

/** The layout of a primitive type; `undefined` where there is none of the name. */
function primitive(name: string): Layout | undefined {
  switch (name) {
    case 'bool':
    case 'u8':
    case 's8':
      return layout(1, 1, 1);
    case 'u16':
    case 's16':
      return layout(2, 2, 1);
    case 'u32':
    case 's32':
    case 'f32':
    case 'char':
      return layout(4, 4, 1);
    case 'u64':
    case 's64':
    case 'f64':
      return layout(8, 8, 1);
    case 'string':
      return WORD;
    default:
      return undefined;
  }
}

export function alignTo(offset: number, align: number): number {
  const over = offset % align;
  return over === 0 ? offset : offset + align - over;
}

/** Bytes of a discriminant. */
export function tagSize(cases: number): 1 | 2 | 4 {
  if (cases <= 0x1_00) return 1;
  return cases <= 0x1_00_00 ? 2 : 4;
}

/** Bytes of a flags value. */
export function flagsSize(flags: number): 1 | 2 | 4 {
  if (flags <= 8) return 1;
  return flags <= 16 ? 2 : 4;
}

/** Layouts of one component's types, each computed when it is first asked for. */
export class Layouts {
  readonly #types: readonly Type[];
  readonly #known: (Layout | undefined)[];

  constructor(types: readonly Type[]) {
    this.#types = types;
    this.#known = [];
    for (let i = 0; i < types.length; i++) this.#known[i] = undefined;
  }

  /** A type that is not primitive; `undefined` for one that is. */
  type(ref: Ref): Type | undefined {
    return typeof ref === 'number' ? this.#types[ref] : undefined;
  }

  of(ref: Ref | null): Layout {
    if (ref === null) return UNIT;
    if (typeof ref === 'string') {
      const found = primitive(ref);
      if (found === undefined) throw new TypeError(`there is no type ${ref}`);
      return found;
    }
    const known = this.#known[ref];
    if (known !== undefined) return known;
    const type = this.#types[ref];
    if (type === undefined) throw new TypeError(`there is no type ${ref}`);
    return (this.#known[ref] = this.#compute(type));
  }

  /** Where each member begins, in bytes; among flat values in slots of eight bytes. */
  offsets(refs: readonly Ref[], isFlat: boolean): number[] {
    const offsets: number[] = [];
    let at = 0;
    for (let i = 0; i < refs.length; i++) {
      const { size, align, slots } = this.of(refs[i]!);
      if (!isFlat) at = alignTo(at, align);
      offsets[i] = at;
      at += isFlat ? slots * 8 : size;
    }
    return offsets;
  }

  /** Where the payload of a variant begins. */
  payload(types: readonly (Ref | null)[], isFlat: boolean): number {
    if (isFlat) return 8;
    let align = 1;
    for (let i = 0; i < types.length; i++) align = max(align, this.of(types[i]!).align);
    return alignTo(tagSize(types.length), align);
  }

  /** Members one after the other. */
  sequence(refs: readonly Ref[]): Layout {
    let size = 0;
    let align = 1;
    let slots = 0;
    for (let i = 0; i < refs.length; i++) {
      const member = this.of(refs[i]!);
      size = alignTo(size, member.align) + member.size;
      align = max(align, member.align);
      slots += member.slots;
    }
    return layout(alignTo(size, align), align, slots);
  }

  #compute(type: Type): Layout {
    switch (type.kind) {
      case 'record':
      case 'variant':
      case 'tuple':
      case 'option':
      case 'result':
        return type.kind === 'record' || type.kind === 'tuple'
          ? this.sequence(memberTypes(type))
          : this.#variant(caseTypes(type));
      case 'enum': {
        const size = tagSize(type.cases.length);
        return layout(size, size, 1);
      }
      case 'flags': {
        const size = flagsSize(type.flags.length);
        return layout(size, size, 1);
      }
      case 'list':
        return WORD;
      case 'own':
      case 'borrow':
      case 'stream':
      case 'future':
        return layout(4, 4, 1);
    }
  }

  #variant(types: readonly (Ref | null)[]): Layout {
    let size = 0;
    let align: number = tagSize(types.length);
    let slots = 0;
    for (let i = 0; i < types.length; i++) {
      const payload = this.of(types[i]!);
      size = max(size, payload.size);
      align = max(align, payload.align);
      slots = max(slots, payload.slots);
    }
    return layout(alignTo(this.payload(types, false) + size, align), align, slots + 1);
  }
}

/** The types of a record's or a tuple's members. */
export function memberTypes(type: Type & { kind: 'record' | 'tuple' }): readonly Ref[] {
  return type.kind === 'tuple' ? type.types : types(type.fields);
}

/** The types of a variant's cases, in their order. */
export function caseTypes(type: Type & { kind: 'variant' | 'option' | 'result' }): readonly (Ref | null)[] {
  if (type.kind === 'option') return [null, type.type];
  if (type.kind === 'result') return [type.ok, type.err];
  return types(type.cases);
}

export function types<T extends Ref | null>(members: readonly { readonly type: T }[]): T[] {
  const list: T[] = [];
  for (let i = 0; i < members.length; i++) list[i] = members[i]!.type;
  return list;
}
