// Made from crates/web/src/witimports/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witimports: the app's functions behind what a component imports, and the app's objects that stand for its resources.
//
// In: `imports` as it was given to `instantiate`. Out: one implementation a function, or an error that names the interface and the function.
Object.defineProperty(exports, "__esModule", { value: true });
exports.HostResources = exports.dispose = void 0;
exports.implementations = implementations;
exports.satisfies = satisfies;
const guest_witmemory_1 = require("./memory.js");
const guest_witnames_1 = require("./names.js");
const { apply, construct, get } = Reflect;
/** Older engines have no symbol of that name. */
exports.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
const MapIntrinsic = Map;
const mapGet = Map.prototype.get;
const mapSet = Map.prototype.set;
const mapDelete = Map.prototype.delete;
const indexOf = String.prototype.indexOf;
const slice = String.prototype.slice;
// ── resources of the app ──────────────────────────────────────────────────────────────────────────────────────────────
/** Objects of the app that a component holds, by the numbers that stand for them there. */
class HostResources {
    #shape;
    #objects = new MapIntrinsic();
    #last = 0;
    constructor(shape) {
        this.#shape = shape;
    }
    /** A number for an object that is handed over. */
    lower(_resource, name, value, isOwn) {
        if (typeof value !== 'object' || value === null)
            throw new guest_witmemory_1.Refusal(`an object that stands for ${name}`, value, '');
        if (!isOwn)
            throw new guest_witmemory_1.Refusal(`no ${name}: the app lends none`, value, '');
        // Numbers of 31 bits, and none that is in use.
        do
            this.#last = this.#last === 0x7fff_ffff ? 1 : this.#last + 1;
        while (apply(mapGet, this.#objects, [this.#last]) !== undefined);
        apply(mapSet, this.#objects, [this.#last, value]);
        return this.#last;
    }
    /** The object of a number; handed over, it is the app's again. */
    lift(_resource, number, isOwn) {
        const value = apply(mapGet, this.#objects, [number]);
        if (value === undefined)
            throw new guest_witmemory_1.Malformed(`${number} stands for no resource`);
        if (isOwn)
            apply(mapDelete, this.#objects, [number]);
        return value;
    }
    /** The component gave an object up. */
    end(_fn, number) {
        const value = apply(mapGet, this.#objects, [number]);
        apply(mapDelete, this.#objects, [number]);
        const end = value === undefined ? undefined : get(value, exports.dispose);
        if (typeof end === 'function')
            apply(end, value, []);
    }
    /** The name of a resource of the app. */
    nameOf(resource) {
        return resource === null ? '' : (this.#shape.resources[resource]?.name ?? '');
    }
}
exports.HostResources = HostResources;
// ── functions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What stands behind each function that a component imports, by its number. */
function implementations(shape, engine, imports, resources) {
    const all = imports === undefined ? {} : imports;
    if (typeof all !== 'object' || all === null) {
        throw engine.error('ERR_ARGUMENT', `Expected an object for options.imports but received ${engine.shown(all)}`);
    }
    const list = [];
    const names = [];
    for (let i = 0; i < shape.imports.length; i++) {
        const { name } = shape.imports[i];
        if (name !== null)
            names[names.length] = name;
    }
    for (let i = 0; i < shape.imports.length; i++) {
        const it = shape.imports[i];
        if (it.functions.length === 0)
            continue;
        const given = new Given(engine, shape, it, all, names);
        for (let f = 0; f < it.functions.length; f++) {
            const fn = it.functions[f];
            list[fn.number] = implementation(given, it, fn, resources);
        }
    }
    return list;
}
/** What the app gave for one interface. */
class Given {
    #engine;
    #it;
    #provider;
    #provided = '';
    #object;
    #path;
    constructor(engine, shape, it, all, names) {
        this.#engine = engine;
        this.#it = it;
        if (it.name === null) {
            this.#path = 'options.imports';
            this.#object = all;
            return;
        }
        const key = keyOf(all, (0, guest_witnames_1.aliases)(it.name, names));
        this.#path = `options.imports['${key ?? (0, guest_witnames_1.withoutVersion)(it.name)}']`;
        const value = key === undefined ? undefined : get(all, key);
        this.#provider = engine.provider(value);
        if (this.#provider !== undefined) {
            this.#provided = provided(engine, this.#provider, it.name, this.#path);
            const why = new Comparison(shape, this.#provider.shape).difference(it, this.#provided);
            if (why !== undefined) {
                throw engine.error('ERR_WASM_LINK', `the component imports ${it.name}, and ${this.#provided} of the instance in ${this.#path} differs: ${why}`); // prettier-ignore
            }
        }
        else if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
            this.#object = value;
        }
        else if (value !== undefined) {
            throw engine.error('ERR_ARGUMENT', `Expected an object of functions for ${this.#path} but received ${engine.shown(value)}`); // prettier-ignore
        }
    }
    /** A function or a class; with what it is called on. */
    find(name, wanted, where) {
        if (this.#provider !== undefined) {
            const both = [this.#found(this.#provider.face(this.#provided, false), name, wanted, where), this.#found(this.#provider.face(this.#provided, true), name, wanted, where)]; // prettier-ignore
            return (isSync) => both[isSync ? 1 : 0];
        }
        const found = this.#found(this.#object, name, wanted, where);
        return () => found;
    }
    #found(self, name, wanted, where) {
        const value = self === undefined || !(name in self) ? undefined : get(self, name);
        const path = `${this.#path}.${name}`;
        if (value === undefined) {
            const place = this.#it.name === null ? '' : ` of ${this.#it.name}`;
            throw this.#engine.error('ERR_WASM_LINK', `the component imports ${wanted} ${where}${place}, and ${path} is not there`); // prettier-ignore
        }
        if (typeof value === 'function')
            return [self, value];
        throw this.#engine.error('ERR_ARGUMENT', `Expected a function for ${path} (${where}) but received ${this.#engine.shown(value)}`); // prettier-ignore
    }
}
function keyOf(object, names) {
    for (let i = 0; i < names.length; i++)
        if (names[i] in object)
            return names[i];
    // An app may have written the version of another release that does as well.
    const keys = Reflect.ownKeys(object);
    for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (typeof key === 'string' && satisfies(key, names[0]))
            return key;
    }
    return undefined;
}
function provided(engine, provider, name, path) {
    const { names } = provider;
    for (let i = 0; i < names.length; i++)
        if (names[i] === name)
            return name;
    for (let i = 0; i < names.length; i++)
        if (satisfies(names[i], name))
            return names[i];
    let known = '';
    for (let i = 0; i < names.length; i++)
        known += `${i === 0 ? '' : ', '}${names[i]}`;
    const message = `the component imports ${name}, and the instance in ${path} exports ${known === '' ? 'nothing' : known}`;
    throw engine.error('ERR_WASM_LINK', message);
}
/** Whether an export of one version does for an import of another: the same major, nothing older; below 1.0.0 the same minor. */
function satisfies(offered, wanted) {
    if ((0, guest_witnames_1.withoutVersion)(offered) !== (0, guest_witnames_1.withoutVersion)(wanted))
        return false;
    const has = parts((0, guest_witnames_1.versionOf)(offered));
    const needs = parts((0, guest_witnames_1.versionOf)(wanted));
    if (has === undefined || needs === undefined)
        return offered === wanted;
    if (has[0] !== needs[0])
        return false;
    if (has[0] > 0)
        return has[1] > needs[1] || (has[1] === needs[1] && has[2] >= needs[2]);
    if (has[1] !== needs[1])
        return false;
    return has[1] > 0 ? has[2] >= needs[2] : has[2] === needs[2];
}
/** Major, minor, patch; a version before a release stands for itself alone. */
function parts(version) {
    const result = [0, 0, 0];
    let rest = version;
    for (let i = 0; i < 3; i++) {
        const dot = apply(indexOf, rest, ['.']);
        if (dot < 0 !== (i === 2))
            return undefined;
        const word = i === 2 ? rest : apply(slice, rest, [0, dot]);
        const number = +word;
        if (word === '' || !(number >= 0) || number % 1 !== 0)
            return undefined;
        result[i] = number;
        rest = apply(slice, rest, [dot + 1]);
    }
    return result;
}
/** What one component imports against what another exports. */
class Comparison {
    #wanted;
    #offered;
    /** Pairs of types that are the same: types share types, and nothing is looked at twice. */
    #same = new MapIntrinsic();
    constructor(wanted, offered) {
        this.#wanted = wanted;
        this.#offered = offered;
    }
    /** The first thing that an exported interface has not, or has otherwise; `undefined` where it will do. */
    difference(it, exported) {
        const { exports } = this.#offered;
        for (let i = 0; i < exports.length; i++) {
            if (exports[i].name !== exported)
                continue;
            for (let f = 0; f < it.functions.length; f++) {
                const why = this.#differs(it.functions[f], exports[i].functions);
                if (why !== undefined)
                    return why;
            }
        }
        return undefined;
    }
    #differs(fn, functions) {
        const owner = resourceName(this.#wanted, fn.resource);
        const name = owner === '' ? fn.name : fn.kind === 'constructor' ? owner : `${owner}.${fn.name}`;
        for (let i = 0; i < functions.length; i++) {
            const other = functions[i];
            if (other.kind !== fn.kind || other.name !== fn.name)
                continue;
            if (resourceName(this.#offered, other.resource) !== owner)
                continue;
            const wants = fn.params.length;
            const has = other.params.length;
            if (wants !== has)
                return `${name} has ${has} parameters in place of ${wants}`;
            for (let p = 0; p < wants; p++) {
                const param = fn.params[p];
                const its = other.params[p];
                if (!this.#isSame(param.type, its.type))
                    return `${name} takes ${this.#words(param.type, its.type)} for ${param.name}`;
            }
            return this.#isSame(fn.result, other.result)
                ? undefined
                : `${name} gives ${this.#words(fn.result, other.result)}`;
        }
        return `it has no ${name}`;
    }
    #words(wanted, offered) {
        const is = (0, guest_witnames_1.typeName)(this.#offered.types, offered);
        const asked = (0, guest_witnames_1.typeName)(this.#wanted.types, wanted);
        return is === asked ? `another ${is}` : `${is} in place of ${asked}`;
    }
    #isSame(wanted, offered) {
        if (typeof wanted !== 'number' || typeof offered !== 'number')
            return wanted === offered;
        const pair = wanted * this.#offered.types.length + offered;
        const known = apply(mapGet, this.#same, [pair]);
        if (known !== undefined)
            return known;
        const left = this.#wanted.types[wanted];
        const right = this.#offered.types[offered];
        const isSame = left !== undefined && right !== undefined && left.kind === right.kind && this.#isSameType(left, right);
        apply(mapSet, this.#same, [pair, isSame]);
        return isSame;
    }
    /** Two types of one kind. */
    #isSameType(left, right) {
        switch (left.kind) {
            case 'record':
                return this.#areSame(left.fields, right.fields);
            case 'variant':
                return this.#areSame(left.cases, right.cases);
            case 'enum':
                return areEqual(left.cases, right.cases);
            case 'flags':
                return areEqual(left.flags, right.flags);
            case 'tuple': {
                const { types } = right;
                if (types.length !== left.types.length)
                    return false;
                for (let i = 0; i < types.length; i++)
                    if (!this.#isSame(left.types[i], types[i]))
                        return false;
                return true;
            }
            case 'option':
            case 'list':
            case 'stream':
            case 'future':
                return this.#isSame(left.type, right.type);
            case 'result':
                return this.#isSame(left.ok, right.ok) && this.#isSame(left.err, right.err);
            default:
                return (resourceName(this.#wanted, left.resource) === resourceName(this.#offered, right.resource));
        }
    }
    #areSame(left, right) {
        if (left.length !== right.length)
            return false;
        for (let i = 0; i < left.length; i++) {
            if (left[i].name !== right[i].name || !this.#isSame(left[i].type, right[i].type))
                return false;
        }
        return true;
    }
}
function areEqual(left, right) {
    if (left.length !== right.length)
        return false;
    for (let i = 0; i < left.length; i++)
        if (left[i] !== right[i])
            return false;
    return true;
}
function resourceName(shape, resource) {
    return resource === null ? '' : (shape.resources[resource]?.name ?? '');
}
function implementation(given, it, fn, resources) {
    const resource = resources.nameOf(fn.resource);
    const place = it.name === null ? '' : `${it.name}.`;
    const name = (0, guest_witnames_1.camelCase)(fn.name);
    const className = (0, guest_witnames_1.pascalCase)(resource);
    const where = `${place}${resource === '' || fn.kind === 'constructor' ? resource : `${resource}.`}${fn.kind === 'constructor' ? '' : fn.name}`;
    switch (fn.kind) {
        case 'constructor': {
            const find = given.find(className, 'the class', className);
            return { fn, where, call: (args, isSync) => construct(find(isSync)[1], args) };
        }
        case 'static': {
            const find = given.find(className, 'the class', className);
            return {
                fn,
                where,
                call(args, isSync) {
                    const cls = find(isSync)[1];
                    return apply(get(cls, name), cls, args);
                },
            };
        }
        case 'method':
            return {
                fn,
                where,
                call(args) {
                    const self = args[0];
                    const rest = [];
                    for (let i = 1; i < args.length; i++)
                        rest[i - 1] = args[i];
                    return apply(get(self, name), self, rest);
                },
            };
        default: {
            const find = given.find(name, 'the function', fn.name);
            return {
                fn,
                where,
                call(args, isSync) {
                    const found = find(isSync);
                    return apply(found[1], found[0], args);
                },
            };
        }
    }
}
