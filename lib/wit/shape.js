// Made from crates/web/src/witshape/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witshape: what is known of a component's types and functions, and how the canonical ABI lays values out.
//
// In: the shape that the native side made of a component, as JSON. Out: sizes, alignments, slots, names. Used by guests and by Node alike:
// scripts/component-codec.mjs compiles it for lib/component.
// Specification: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
Object.defineProperty(exports, "__esModule", { value: true });
exports.Layouts = exports.MOST_FLAT_CONCURRENT = exports.MOST_FLAT_RESULTS = exports.MOST_FLAT_PARAMS = void 0;
exports.alignTo = alignTo;
exports.tagSize = tagSize;
exports.flagsSize = flagsSize;
exports.memberTypes = memberTypes;
exports.caseTypes = caseTypes;
exports.types = types;
/** So many flat parameters cross as such; more stand in memory. */
exports.MOST_FLAT_PARAMS = 16;
/** So many flat results. */
exports.MOST_FLAT_RESULTS = 1;
/** So many of what a component with component-model async gives. */
exports.MOST_FLAT_CONCURRENT = 16;
const { max } = Math;
function layout(size, align, slots) {
    return { size, align, slots };
}
const WORD = layout(8, 4, 2);
const UNIT = layout(0, 1, 0);
/** The layout of a primitive type; `undefined` where there is none of the name. */
function primitive(name) {
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
function alignTo(offset, align) {
    const over = offset % align;
    return over === 0 ? offset : offset + align - over;
}
/** Bytes of a discriminant. */
function tagSize(cases) {
    if (cases <= 0x1_00)
        return 1;
    return cases <= 0x1_00_00 ? 2 : 4;
}
/** Bytes of a flags value. */
function flagsSize(flags) {
    if (flags <= 8)
        return 1;
    return flags <= 16 ? 2 : 4;
}
/** Layouts of one component's types, each computed when it is first asked for. */
class Layouts {
    #types;
    #known;
    constructor(types) {
        this.#types = types;
        this.#known = [];
        for (let i = 0; i < types.length; i++)
            this.#known[i] = undefined;
    }
    /** A type that is not primitive; `undefined` for one that is. */
    type(ref) {
        return typeof ref === 'number' ? this.#types[ref] : undefined;
    }
    of(ref) {
        if (ref === null)
            return UNIT;
        if (typeof ref === 'string') {
            const found = primitive(ref);
            if (found === undefined)
                throw new TypeError(`there is no type ${ref}`);
            return found;
        }
        const known = this.#known[ref];
        if (known !== undefined)
            return known;
        const type = this.#types[ref];
        if (type === undefined)
            throw new TypeError(`there is no type ${ref}`);
        return (this.#known[ref] = this.#compute(type));
    }
    /** Where each member begins, in bytes; among flat values in slots of eight bytes. */
    offsets(refs, isFlat) {
        const offsets = [];
        let at = 0;
        for (let i = 0; i < refs.length; i++) {
            const { size, align, slots } = this.of(refs[i]);
            if (!isFlat)
                at = alignTo(at, align);
            offsets[i] = at;
            at += isFlat ? slots * 8 : size;
        }
        return offsets;
    }
    /** Where the payload of a variant begins. */
    payload(types, isFlat) {
        if (isFlat)
            return 8;
        let align = 1;
        for (let i = 0; i < types.length; i++)
            align = max(align, this.of(types[i]).align);
        return alignTo(tagSize(types.length), align);
    }
    /** Members one after the other. */
    sequence(refs) {
        let size = 0;
        let align = 1;
        let slots = 0;
        for (let i = 0; i < refs.length; i++) {
            const member = this.of(refs[i]);
            size = alignTo(size, member.align) + member.size;
            align = max(align, member.align);
            slots += member.slots;
        }
        return layout(alignTo(size, align), align, slots);
    }
    #compute(type) {
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
    #variant(types) {
        let size = 0;
        let align = tagSize(types.length);
        let slots = 0;
        for (let i = 0; i < types.length; i++) {
            const payload = this.of(types[i]);
            size = max(size, payload.size);
            align = max(align, payload.align);
            slots = max(slots, payload.slots);
        }
        return layout(alignTo(this.payload(types, false) + size, align), align, slots + 1);
    }
}
exports.Layouts = Layouts;
/** The types of a record's or a tuple's members. */
function memberTypes(type) {
    return type.kind === 'tuple' ? type.types : types(type.fields);
}
/** The types of a variant's cases, in their order. */
function caseTypes(type) {
    if (type.kind === 'option')
        return [null, type.type];
    if (type.kind === 'result')
        return [type.ok, type.err];
    return types(type.cases);
}
function types(members) {
    const list = [];
    for (let i = 0; i < members.length; i++)
        list[i] = members[i].type;
    return list;
}
