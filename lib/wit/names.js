// Made from crates/web/src/witnames/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witnames: names of WIT as JavaScript has them, and types as WIT writes them.
Object.defineProperty(exports, "__esModule", { value: true });
exports.camelCase = camelCase;
exports.pascalCase = pascalCase;
exports.withoutVersion = withoutVersion;
exports.shortName = shortName;
exports.versionOf = versionOf;
exports.typeName = typeName;
exports.aliases = aliases;
const { apply } = Reflect;
const split = String.prototype.split;
const lower = String.prototype.toLowerCase;
const upper = String.prototype.toUpperCase;
const sliceOf = String.prototype.slice;
const indexIn = String.prototype.indexOf;
const lastIndexIn = String.prototype.lastIndexOf;
const slice = (text, start, end) => apply(sliceOf, text, [start, end]);
/** `left-part` → `leftPart`, `get-URL` → `getUrl`. */
function camelCase(name) {
    const pascal = pascalCase(name);
    const words = apply(split, name, ['-', 1]);
    return apply(lower, words[0], []) + slice(pascal, words[0].length);
}
/** `left-part` → `LeftPart`. */
function pascalCase(name) {
    const words = apply(split, name, ['-']);
    let result = '';
    for (let i = 0; i < words.length; i++) {
        const word = words[i];
        result += apply(upper, slice(word, 0, 1), []) + apply(lower, slice(word, 1), []);
    }
    return result;
}
/** `demo:calc/calculator@1.2.0` → `demo:calc/calculator`. */
function withoutVersion(name) {
    const at = apply(lastIndexIn, name, ['@']);
    return at < 0 ? name : slice(name, 0, at);
}
/** `demo:calc/calculator@1.2.0` → `calculator`. */
function shortName(name) {
    const plain = withoutVersion(name);
    return slice(plain, apply(indexIn, plain, ['/']) + 1);
}
/** `demo:calc/calculator@1.2.0` → `1.2.0`; empty where there is none. */
function versionOf(name) {
    return slice(name, withoutVersion(name).length + 1);
}
/** A type as WIT writes it; by its name where it has one. */
function typeName(types, ref) {
    if (ref === null)
        return '_';
    if (typeof ref === 'string')
        return ref;
    const type = types[ref];
    if (type === undefined)
        return '?';
    if (typeof type.name === 'string')
        return type.name;
    switch (type.kind) {
        case 'list':
            return `list<${typeName(types, type.type)}>`;
        case 'option':
            return `option<${typeName(types, type.type)}>`;
        case 'result':
            if (type.err === null)
                return type.ok === null ? 'result' : `result<${typeName(types, type.ok)}>`;
            return `result<${typeName(types, type.ok)}, ${typeName(types, type.err)}>`;
        case 'tuple': {
            let items = '';
            for (let i = 0; i < type.types.length; i++) {
                items += `${i === 0 ? '' : ', '}${typeName(types, type.types[i])}`;
            }
            return `tuple<${items}>`;
        }
        case 'stream':
        case 'future':
            return type.type === null ? type.kind : `${type.kind}<${typeName(types, type.type)}>`;
        default:
            return type.kind;
    }
}
/** Every name of an interface among others: with its version, without it, and in short, as far as they are clear. */
function aliases(name, all) {
    const plain = withoutVersion(name);
    const short = camelCase(shortName(name));
    let plains = 0;
    let shorts = 0;
    for (let i = 0; i < all.length; i++) {
        if (withoutVersion(all[i]) === plain)
            plains++;
        if (camelCase(shortName(all[i])) === short)
            shorts++;
    }
    const names = [name];
    if (plains === 1 && plain !== name)
        names[names.length] = plain;
    if (shorts === 1 && short !== plain)
        names[names.length] = short;
    return names;
}
