// Made from crates/web/src/wittypes/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// wittypes: TypeScript declarations of what a component exports and imports, with the names and types of guest:witinstance.
//
// In: a shape. Out: one module of declarations that imports nothing. Types stand in a namespace an interface; those that hold handles are
// said once for each face: functions that return promises, synchronous ones, and what the app implements.
Object.defineProperty(exports, "__esModule", { value: true });
exports.declarations = declarations;
const guest_witmemory_1 = require("./memory.js");
const guest_witnames_1 = require("./names.js");
const { stringify } = JSON;
const { apply } = Reflect;
const MapIntrinsic = Map;
const SetIntrinsic = Set;
const has = Set.prototype.has;
const mapGet = Map.prototype.get;
const mapSet = Map.prototype.set;
const mapHas = Map.prototype.has;
const add = Set.prototype.add;
const test = RegExp.prototype.test;
const WORLD = 'World';
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const RESERVED = new SetIntrinsic(('arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static super switch ' +
    'this throw true try typeof var void while with yield').split(' '));
/** The declarations of a component. */
function declarations(shape, name) {
    return new Declarations(shape).text(name);
}
/** `demo:calc/calculator@0.1.0` → `DemoCalcCalculator`. */
function namespaceOf(name) {
    if (typeof name !== 'string')
        return WORLD;
    let words = '';
    const plain = (0, guest_witnames_1.withoutVersion)(name);
    for (let i = 0; i < plain.length; i++) {
        const letter = plain[i];
        words += letter === ':' || letter === '/' ? '-' : letter;
    }
    return (0, guest_witnames_1.pascalCase)(words);
}
function key(name) {
    return apply(test, IDENTIFIER, [name]) ? name : stringify(name);
}
function parameter(name) {
    const camel = (0, guest_witnames_1.camelCase)(name);
    return apply(has, RESERVED, [camel]) ? `${camel}_` : camel;
}
function indented(text) {
    return text === '' ? '' : `  ${apply(replaceAll, text, ['\n', '\n  '])}`;
}
const replaceAll = String.prototype.replaceAll;
class Declarations {
    #shape;
    /** Declarations by their namespaces, in the order of their coming. */
    #spaces = new MapIntrinsic();
    #order = [];
    #said = new SetIntrinsic();
    #handles = [];
    /** Namespaces of interfaces whose names differ in their versions alone have these in theirs. */
    #versions = new MapIntrinsic();
    constructor(shape) {
        this.#shape = shape;
        for (let i = 0; i < shape.types.length; i++)
            this.#handles[i] = undefined;
    }
    text(name) {
        const exported = this.#faces(this.#shape.exports, ['Exports', 'Sync']);
        const imported = this.#faces(this.#shape.imports, ['Imports']);
        let text = `// Types of the component ${name}, made by hostbox.\n`;
        for (let i = 0; i < this.#order.length; i++) {
            const space = this.#order[i];
            text += `\nexport namespace ${space} {\n${indented(this.#read(space))}\n}\n`;
        }
        text += `\n/** Functions that return promises. */\nexport interface Exports {${exported[0]}}\n`;
        text += `\n/** The same functions on the calling thread. */\nexport interface Sync {${exported[1]}}\n`;
        text += `\n/** What the app gives to \`instantiate\`. */\nexport interface Imports {${imported[0]}}\n`;
        return `${text}
/** An instance: \`await component.instantiate<Instance>({ imports })\`. */
export interface Instance {
  readonly exports: Exports;
  readonly sync: Sync;
  stats(): { memoryBytes: number; fuel?: number };
  close(): void;
  [Symbol.dispose](): void;
}
`;
    }
    /** The members of `Exports`, `Sync` or `Imports`: an interface under each of its names, and the functions of the world. */
    #faces(interfaces, faces) {
        const names = [];
        for (let i = 0; i < interfaces.length; i++) {
            const { name } = interfaces[i];
            if (name !== null)
                names[names.length] = name;
        }
        const result = [];
        for (let f = 0; f < faces.length; f++) {
            const face = faces[f];
            let text = '';
            for (let i = 0; i < interfaces.length; i++) {
                const it = interfaces[i];
                const members = this.#functions(it, face);
                if (it.name === null) {
                    text += members;
                    continue;
                }
                const space = this.#space(it.name);
                this.#say(space, face, `/** ${it.name} */\nexport interface ${face} {${indentedBlock(members)}}`);
                const known = face === 'Imports' ? importNames(it.name, names) : (0, guest_witnames_1.aliases)(it.name, names);
                for (let n = 0; n < known.length; n++)
                    text += `\nreadonly ${key(known[n])}: ${space}.${face};`;
            }
            result[f] = indentedBlock(text);
        }
        return result;
    }
    /** An interface's namespace. The second version of one gets a name with its version. */
    #space(name) {
        const plain = namespaceOf(name);
        const version = typeof name === 'string' ? (0, guest_witnames_1.versionOf)(name) : null;
        if (!apply(mapHas, this.#versions, [plain]))
            apply(mapSet, this.#versions, [plain, version]);
        return apply(mapGet, this.#versions, [plain]) === version
            ? plain
            : `${plain}_${apply(replaceAll, version, ['.', '_'])}`;
    }
    #say(space, name, text) {
        const full = `${space}.${name}`;
        if (apply(has, this.#said, [full]))
            return;
        apply(add, this.#said, [full]);
        this.#write(space, text);
    }
    #read(space) {
        return apply(mapGet, this.#spaces, [space]);
    }
    #write(space, text) {
        const before = this.#read(space);
        if (before === undefined)
            this.#order[this.#order.length] = space;
        apply(mapSet, this.#spaces, [space, before === undefined ? text : `${before}\n${text}`]);
    }
    // ── functions ──
    /** Functions and classes of an interface, a line each. */
    #functions(it, face) {
        let text = '';
        const resources = this.#shape.resources;
        const side = face === 'Imports' ? 'import' : 'export';
        for (let i = 0; i < resources.length; i++) {
            const resource = resources[i];
            if (resource.side !== side || resource.interface !== it.name)
                continue;
            const name = this.#resource(i, face, it);
            text += `\nreadonly ${(0, guest_witnames_1.pascalCase)(resource.name)}: ${name}Class;`;
        }
        for (let i = 0; i < it.functions.length; i++) {
            const fn = it.functions[i];
            if (fn.kind === 'function')
                text += `\n${this.#signature(fn, (0, guest_witnames_1.camelCase)(fn.name), face, 0)};`;
        }
        return text;
    }
    #signature(fn, name, face, skip) {
        const isIn = face !== 'Imports';
        const result = this.#returned(fn, isIn ? 'out' : 'in', face);
        return `${name}(${this.#parameters(fn.params, skip, isIn, face)}): ${result}`;
    }
    #returned(fn, direction, face) {
        const type = typeof fn.result === 'number' ? this.#shape.types[fn.result] : undefined;
        const ref = type?.kind === 'result' ? type.ok : fn.result;
        // A promise of a promise is one.
        const future = typeof ref === 'number' ? this.#shape.types[ref] : undefined;
        const value = future?.kind === 'future'
            ? this.#element(future.type, face, direction === 'in')
            : ref === null
                ? 'void'
                : this.#type(ref, face, direction === 'in');
        if (face === 'Exports')
            return `Promise<${value}>`;
        return face === 'Sync' ? value : `${value} | Promise<${value}>`;
    }
    #parameters(params, skip, isIn, face) {
        let text = '';
        for (let i = skip; i < params.length; i++) {
            const { name, type } = params[i];
            const mark = isIn && this.#areOptions(params, i) ? '?' : '';
            text += `${text === '' ? '' : ', '}${parameter(name)}${mark}: ${this.#type(type, face, isIn)}`;
        }
        return text;
    }
    #areOptions(params, from) {
        for (let i = from; i < params.length; i++)
            if (!this.#isOption(params[i].type))
                return false;
        return true;
    }
    /** Declares what stands for a resource; its name within the namespace's own declarations. */
    #resource(index, face, it) {
        const resource = this.#shape.resources[index];
        const space = this.#space(resource.interface);
        const name = resourceName(resource, face);
        const full = `${space}.${name}`;
        if (apply(has, this.#said, [full]))
            return full;
        // Said before its members are: they may speak of it.
        apply(add, this.#said, [full]);
        const functions = (it ?? this.#interfaceOf(resource))?.functions ?? [];
        let members = '';
        let statics = '';
        for (let i = 0; i < functions.length; i++) {
            const fn = functions[i];
            if (fn.resource !== index)
                continue;
            if (fn.kind === 'method')
                members += `\n${this.#signature(fn, (0, guest_witnames_1.camelCase)(fn.name), face, 1)};`;
            if (fn.kind === 'static')
                statics += `\n${this.#signature(fn, (0, guest_witnames_1.camelCase)(fn.name), face, 0)};`;
            if (fn.kind === 'constructor') {
                statics += `\nnew (${this.#parameters(fn.params, 0, face !== 'Imports', face)}): ${name};`;
            }
        }
        members += face === 'Imports' ? '\n[Symbol.dispose]?(): void;' : '\n[Symbol.dispose](): void;';
        const body = `export interface ${name} {${indentedBlock(members)}}\nexport interface ${name}Class {${indentedBlock(statics)}}`;
        this.#write(space, body);
        return full;
    }
    #interfaceOf(resource) {
        const interfaces = resource.side === 'export' ? this.#shape.exports : this.#shape.imports;
        for (let i = 0; i < interfaces.length; i++) {
            if (interfaces[i].name === resource.interface)
                return interfaces[i];
        }
        return undefined;
    }
    // ── types ──
    #isOption(ref) {
        return typeof ref === 'number' && this.#shape.types[ref]?.kind === 'option';
    }
    /** Whether a type holds handles, and is another one on every face. */
    #holdsHandles(ref) {
        if (typeof ref !== 'number')
            return false;
        const known = this.#handles[ref];
        if (known !== undefined)
            return known;
        const type = this.#shape.types[ref];
        const parts = partsOf(type);
        let holds = type.kind === 'own' || type.kind === 'borrow';
        for (let i = 0; i < parts.length && !holds; i++)
            holds = this.#holdsHandles(parts[i]);
        return (this.#handles[ref] = holds);
    }
    /** A type as TypeScript writes it; on the way in, more values do. */
    #type(ref, face, isIn) {
        if (typeof ref === 'string')
            return primitive(ref, isIn);
        const type = this.#shape.types[ref];
        if (type.kind === 'own' || type.kind === 'borrow')
            return this.#handle(type.resource, face, isIn);
        if (typeof type.name !== 'string')
            return this.#literal(type, face, isIn);
        const name = (0, guest_witnames_1.pascalCase)(type.name) + (this.#holdsHandles(ref) && face !== 'Exports' ? face : '');
        const space = this.#space(type.interface);
        const full = `${space}.${name}`;
        if (!apply(has, this.#said, [full])) {
            apply(add, this.#said, [full]);
            const text = type.kind === 'record'
                ? `export interface ${name} ${this.#record(type, face)}`
                : `export type ${name} = ${this.#literal(type, face, false)};`;
            this.#write(space, text);
        }
        if (!isIn)
            return full;
        const also = inAlso(type);
        return also === '' ? full : `${full} | ${also}`;
    }
    #handle(resource, face, isIn) {
        const { side } = this.#shape.resources[resource];
        if (side === 'import')
            return this.#resource(resource, 'Imports', undefined);
        const own = this.#resource(resource, face === 'Imports' ? 'Exports' : face, undefined);
        if (!isIn || face === 'Imports')
            return own;
        // Either face's objects do.
        return `${own} | ${this.#resource(resource, face === 'Sync' ? 'Exports' : 'Sync', undefined)}`;
    }
    #literal(type, face, isIn) {
        switch (type.kind) {
            case 'record':
                return this.#record(type, face);
            case 'tuple': {
                let items = '';
                for (let i = 0; i < type.types.length; i++) {
                    items += `${i === 0 ? '' : ', '}${this.#type(type.types[i], face, isIn)}`;
                }
                return `[${items}]`;
            }
            case 'list': {
                const array = typeof type.type === 'string' ? (0, guest_witmemory_1.arrayName)(type.type) : '';
                if (array === '')
                    return `Array<${this.#type(type.type, face, isIn)}>`;
                if (!isIn)
                    return array;
                const bytes = array === 'Uint8Array' ? ' | ArrayBuffer | ArrayBufferView' : '';
                return `${array}${bytes} | Array<${primitive(type.type, true)}>`;
            }
            case 'option': {
                const inner = this.#type(type.type, face, isIn);
                if (this.#isOption(type.type))
                    return `{ tag: 'none' } | { tag: 'some'; val: ${inner} }`;
                return `${inner} | undefined`;
            }
            case 'result':
                return `${this.#case('ok', type.ok, face)} | ${this.#case('err', type.err, face)}`;
            case 'variant': {
                let cases = '';
                for (let i = 0; i < type.cases.length; i++) {
                    const one = type.cases[i];
                    cases += `${i === 0 ? '' : ' | '}${this.#case(one.name, one.type, face)}`;
                }
                return cases;
            }
            case 'enum':
                return union(type.cases);
            case 'flags': {
                let members = '';
                for (let i = 0; i < type.flags.length; i++)
                    members += `${key((0, guest_witnames_1.camelCase)(type.flags[i]))}?: boolean; `;
                return `{ ${members}}`;
            }
            case 'stream': {
                const value = type.type === 'u8' ? 'Uint8Array' : this.#element(type.type, face, isIn);
                if (!isIn)
                    return `ReadableStream<${value}>`;
                return `ReadableStream<${value}> | AsyncIterable<${value}> | Iterable<${value}>`;
            }
            case 'future': {
                const value = this.#element(type.type, face, isIn);
                return isIn && type.type !== null ? `Promise<${value}> | ${value}` : `Promise<${value}>`;
            }
            default:
                return 'never';
        }
    }
    #element(type, face, isIn) {
        return type === null ? 'void' : this.#type(type, face, isIn);
    }
    #case(name, type, face) {
        if (type === null)
            return `{ tag: ${stringify(name)} }`;
        const mark = this.#isOption(type) ? '?' : '';
        return `{ tag: ${stringify(name)}; val${mark}: ${this.#type(type, face, false)} }`;
    }
    #record(type, face) {
        let members = '';
        for (let i = 0; i < type.fields.length; i++) {
            const field = type.fields[i];
            const mark = this.#isOption(field.type) ? '?' : '';
            members += `\n${key((0, guest_witnames_1.camelCase)(field.name))}${mark}: ${this.#type(field.type, face, false)};`;
        }
        return `{${indentedBlock(members)}}`;
    }
}
function indentedBlock(lines) {
    return lines === '' ? '' : `${apply(replaceAll, lines, ['\n', '\n  '])}\n`;
}
/** The one name that `Imports` has for an interface: without its version where that is clear. */
function importNames(name, all) {
    const names = (0, guest_witnames_1.aliases)(name, all);
    return [names.length > 1 && names[1] === (0, guest_witnames_1.withoutVersion)(name) ? names[1] : name];
}
function resourceName(resource, face) {
    const name = (0, guest_witnames_1.pascalCase)(resource.name);
    if (resource.side === 'export')
        return face === 'Sync' ? `${name}Sync` : name;
    return `${name}Imports`;
}
function partsOf(type) {
    const parts = [];
    switch (type.kind) {
        case 'record':
            for (let i = 0; i < type.fields.length; i++)
                parts[i] = type.fields[i].type;
            break;
        case 'variant':
            for (let i = 0; i < type.cases.length; i++)
                parts[i] = type.cases[i].type;
            break;
        case 'tuple':
            return type.types;
        case 'list':
        case 'option':
        case 'stream':
        case 'future':
            parts[0] = type.type;
            break;
        case 'result':
            return [type.ok, type.err];
    }
    return parts;
}
function primitive(name, isIn) {
    switch (name) {
        case 'bool':
            return 'boolean';
        case 'char':
        case 'string':
            return 'string';
        case 'u64':
        case 's64':
            return isIn ? 'bigint | number' : 'bigint';
        default:
            return 'number';
    }
}
function union(names) {
    let text = '';
    for (let i = 0; i < names.length; i++)
        text += `${i === 0 ? '' : ' | '}${stringify(names[i])}`;
    return text;
}
/** What else stands for a value of a named type on the way in: a case without payload by its name. */
function inAlso(type) {
    if (type.kind !== 'variant')
        return '';
    const names = [];
    for (let i = 0; i < type.cases.length; i++) {
        if (type.cases[i].type === null)
            names[names.length] = type.cases[i].name;
    }
    return union(names);
}
