// Made from crates/web/src/witinstance/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witinstance: an instance of a component, as the app or a guest sees it: its functions by their names, its resources as classes.
//
// In: a component's shape, the app's functions behind its imports, a link that carries messages. Out: `exports`, whose functions return
// promises, and `sync`, whose functions run on the calling thread; answers to the component's calls.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Surface = exports.ComponentCode = void 0;
exports.functionName = functionName;
const guest_witcodec_1 = require("./codec.js");
const guest_witmemory_1 = require("./memory.js");
const guest_witnames_1 = require("./names.js");
const guest_witstreams_1 = require("./streams.js");
const guest_witimports_1 = require("./imports.js");
const { apply, construct, defineProperty, get } = Reflect;
const { create, setPrototypeOf } = Object;
const ObjectPrototype = Object.prototype;
const ProxyIntrinsic = Proxy;
const WeakRefIntrinsic = WeakRef;
const FinalizationRegistryIntrinsic = FinalizationRegistry;
const deref = WeakRef.prototype.deref;
const register = FinalizationRegistry.prototype.register;
const unregister = FinalizationRegistry.prototype.unregister;
const then = Promise.prototype.then;
/** What is known of a component before any instance: shared by all of them. */
class ComponentCode {
    shape;
    engine;
    codec;
    #exported = [];
    #imported = [];
    constructor(shape, engine) {
        this.shape = shape;
        this.engine = engine;
        this.codec = new guest_witcodec_1.Codec(shape, engine);
    }
    exported(fn, where) {
        return (this.#exported[fn.number] ??= this.codec.exported(fn, where));
    }
    imported(fn, where) {
        return (this.#imported[fn.number] ??= this.codec.imported(fn, where));
    }
}
exports.ComponentCode = ComponentCode;
function newCell(handle) {
    return { handle, pending: undefined, lent: 0, isOver: false };
}
/** The base of all classes that stand for resources. Made by `construct` alone. */
class ResourceObject {
    #held;
    constructor(held) {
        this.#held = held;
    }
    static held(value) {
        return typeof value === 'object' && value !== null && #held in value ? value.#held : undefined;
    }
}
/** Handles of objects that nobody has any more. The instance is held weakly: with it all of its handles are gone. */
let forgotten;
function watch(object, held) {
    forgotten ??= new FinalizationRegistryIntrinsic((entry) => {
        const surface = apply(deref, entry[0], []);
        surface?.giveUp(entry[1], entry[2]);
    });
    apply(register, forgotten, [object, [new WeakRefIntrinsic(held.surface), held.resource, held.cell], held]);
}
/** Thrown where a value has no handle yet. */
class Pending {
    until;
    constructor(until) {
        this.until = until;
    }
}
/** Handles of one instance, as one face of it sees them. */
class FaceHandles {
    #surface;
    #isSync;
    /** What a message gives away, once it is sent. */
    moved = [];
    /** What a message lends, where other calls may be under way meanwhile. */
    #lent = [];
    constructor(surface, isSync) {
        this.#surface = surface;
        this.#isSync = isSync;
    }
    lower(resource, value, isOwn) {
        const { resources } = this.#surface.code.shape;
        const { name, side } = resources[resource];
        if (side === 'import')
            return this.#surface.host.lower(resource, name, value, isOwn);
        const held = ResourceObject.held(value);
        if (held === undefined || held.surface !== this.#surface || held.resource !== resource) {
            throw new guest_witmemory_1.Refusal(`${name}, as this instance has it`, value, '');
        }
        if (held.gone !== '')
            throw new guest_witmemory_1.Refusal(`${name} that was not ${held.gone}`, value, '');
        if (held.cell.pending !== undefined) {
            if (!this.#isSync)
                throw new Pending(held.cell.pending);
            throw this.#surface.code.engine.error('ERR_BUSY', `the constructor of ${name} is still at work: wait for one of its methods first`); // prettier-ignore
        }
        if (isOwn) {
            if (held.cell.lent > 0)
                throw new guest_witmemory_1.Refusal(`${name} that no call under way has borrowed`, value, '');
            for (let i = 0; i < this.moved.length; i++) {
                if (this.moved[i] === held)
                    throw new guest_witmemory_1.Refusal(`${name} that is not given away twice`, value, '');
            }
            this.moved[this.moved.length] = held;
        }
        else if (this.#surface.code.shape.concurrent === true) {
            this.#lent[this.#lent.length] = held;
        }
        return held.cell.handle;
    }
    lift(resource, handle, isOwn) {
        if (this.#surface.code.shape.resources[resource].side === 'import') {
            return this.#surface.host.lift(resource, handle, isOwn);
        }
        return this.#surface.wrap(resource, handle, this.#isSync);
    }
    send(type, value) {
        return this.#surface.streams.send(type, value);
    }
    receive(type, number) {
        return this.#surface.streams.receive(type, number);
    }
    begin() {
        // Only where it has to be: engines take their time to set a length.
        if (this.moved.length > 0)
            this.moved.length = 0;
        if (this.#lent.length > 0)
            this.#lent = [];
        this.#surface.streams.begin();
    }
    /** The message is on its way: what it gave away is gone. */
    commit() {
        const { moved } = this;
        if (moved.length === 0)
            return;
        for (let i = 0; i < moved.length; i++) {
            moved[i].gone = 'given away';
            if (forgotten !== undefined)
                apply(unregister, forgotten, [moved[i]]);
        }
        moved.length = 0;
    }
    /** Keeps what the message lends until its call has ended, however that ends. */
    during(call) {
        const lent = this.#lent;
        if (lent.length === 0)
            return call;
        this.#lent = [];
        for (let i = 0; i < lent.length; i++)
            lent[i].cell.lent++;
        const free = () => {
            for (let i = 0; i < lent.length; i++)
                this.#surface.free(lent[i].resource, lent[i].cell);
        };
        apply(then, call, [free, free]);
        return call;
    }
}
// ── the instance ──────────────────────────────────────────────────────────────────────────────────────────────────────
/** What an instance shows, and what it answers. */
class Surface {
    code;
    host;
    streams;
    #link;
    #asyncHandles;
    #syncHandles;
    #implementations;
    #exports;
    #sync;
    #classes = [];
    #syncClasses = [];
    /** Refuses imports that are missing or no functions. */
    constructor(code, link, imports) {
        this.code = code;
        this.#link = link;
        this.host = new guest_witimports_1.HostResources(code.shape);
        this.streams = new guest_witstreams_1.Streams(code.shape, code.codec, code.engine, link);
        this.#asyncHandles = new FaceHandles(this, false);
        this.#syncHandles = new FaceHandles(this, true);
        this.streams.handles = this.#asyncHandles;
        this.#implementations = (0, guest_witimports_1.implementations)(code.shape, code.engine, imports, this.host);
    }
    /** Functions that return promises. */
    get exports() {
        return (this.#exports ??= this.#face(false));
    }
    /** The same functions on the calling thread. */
    get sync() {
        return (this.#sync ??= this.#face(true));
    }
    get shape() {
        return this.code.shape;
    }
    /** The names of the exported interfaces. */
    get names() {
        const names = [];
        const { exports } = this.code.shape;
        for (let i = 0; i < exports.length; i++) {
            const { name } = exports[i];
            if (name !== null)
                names[names.length] = name;
        }
        return names;
    }
    /** The functions of an exported interface, for another instance that imports it; `undefined` where there is none. */
    face(name, isSync) {
        const { exports } = this.code.shape;
        for (let i = 0; i < exports.length; i++) {
            if (exports[i].name === name)
                return get(isSync ? this.sync : this.exports, name);
        }
        return undefined;
    }
    // ── calls of the component's functions ──
    #callSync(fn, where, args) {
        if (this.code.shape.concurrent === true) {
            throw this.code.engine.error('ERR_ASYNC', `${where}: a component with component-model async is called by \`exports\`, whose functions return promises`); // prettier-ignore
        }
        const exported = this.code.exported(fn, where);
        const link = this.#link;
        const handles = this.#syncHandles;
        const message = link.take();
        try {
            message.handles = handles;
            handles.begin();
            const bytes = exported.encode(message, args);
            if (handles.moved.length > 0)
                handles.commit();
            const answer = link.callSync(fn.number, message, bytes);
            answer.handles = handles;
            return exported.decode(answer, answer.top);
        }
        finally {
            link.release(message);
        }
    }
    async #call(fn, where, args) {
        const exported = this.code.exported(fn, where);
        for (;;) {
            const started = this.#start(fn.number, exported, args);
            if (!(started instanceof Pending))
                return started;
            await started.until;
        }
    }
    /** Sends a call; what it waits for, where an argument has no handle yet. */
    #start(number, exported, args) {
        const link = this.#link;
        const handles = this.#asyncHandles;
        const message = link.take();
        try {
            message.handles = handles;
            handles.begin();
            const bytes = exported.encode(message, args);
            handles.commit();
            const call = link.call(number, message, bytes, (answer) => {
                answer.handles = handles;
                return exported.decode(answer, answer.top);
            });
            return handles.during(call);
        }
        catch (error) {
            this.streams.forget();
            if (error instanceof Pending)
                return error;
            throw error;
        }
        finally {
            link.release(message);
        }
    }
    // ── calls of the app's functions ──
    /** Reads a call of the component, so many bytes with the parameters at an address, and makes it: what the function returns or throws. */
    answer(number, message, bytes, at, isSync) {
        if (number === guest_witstreams_1.PULL)
            return this.streams.pull(message.u32[(at - guest_witcodec_1.BASE) >>> 2]);
        if (number === guest_witstreams_1.GIVE_UP)
            return this.streams.giveUp(message.u32[(at - guest_witcodec_1.BASE) >>> 2]);
        const implementation = this.#implementations[number];
        message.handles = isSync ? this.#syncHandles : this.#asyncHandles;
        if (implementation === undefined) {
            // Behind the functions come the ends of the app's resources.
            return this.host.end(number, message.u32[(at - guest_witcodec_1.BASE) >>> 2]);
        }
        const { fn, where } = implementation;
        const args = this.code.imported(fn, where).decode(message, bytes, at);
        return implementation.call(args, isSync);
    }
    /** The name of a function that the component imports, for errors. */
    importName(number) {
        if (number === guest_witstreams_1.PULL)
            return 'a stream or a future';
        return this.#implementations[number]?.where ?? 'the end of a resource';
    }
    /** Whether what a function threw is an answer; its payload then. */
    payloadOf(number, error) {
        const implementation = this.#implementations[number];
        if (implementation === undefined)
            return undefined;
        if (!this.code.imported(implementation.fn, implementation.where).canFail)
            return undefined;
        if (typeof error !== 'object' || error === null)
            return { payload: error };
        if ('payload' in error)
            return { payload: error.payload };
        return error instanceof Error ? undefined : { payload: error };
    }
    /** Writes an answer that will stand at an address; the number of its bytes. */
    reply(number, message, reply, value, isError) {
        if (number === guest_witstreams_1.PULL)
            return this.#replyToPull(message, reply, value);
        const implementation = this.#implementations[number];
        if (implementation === undefined)
            return 0;
        message.handles = this.#asyncHandles;
        const { fn, where } = implementation;
        this.streams.begin();
        try {
            return this.code.imported(fn, where).encode(message, reply, value, isError);
        }
        catch (thrown) {
            this.streams.forget();
            throw thrown;
        }
    }
    /** What comes next of a stream of the app, with whatever that gives away. */
    #replyToPull(message, reply, given) {
        const handles = this.#asyncHandles;
        message.handles = handles;
        handles.begin();
        try {
            const bytes = this.streams.reply(message, reply, given);
            handles.commit();
            return bytes;
        }
        catch (thrown) {
            this.streams.forget();
            if (!(thrown instanceof Pending))
                throw thrown;
            throw this.code.engine.error('ERR_BUSY', 'the constructor of what a stream gives is still at work: wait for one of its methods first'); // prettier-ignore
        }
    }
    // ── resources ──
    /** An object for a handle that the component gave. */
    wrap(resource, handle, isSync) {
        const held = { surface: this, resource, isSync, cell: newCell(handle), gone: '' };
        const object = construct(ResourceObject, [held], this.#class(resource, isSync));
        watch(object, held);
        return object;
    }
    /** Gives a handle up that nobody has any more. Nobody hears of a failure. */
    dropLater(resource, handle) {
        const { drop } = this.code.shape.resources[resource];
        if (drop === null)
            return;
        const link = this.#link;
        const message = link.take();
        try {
            link.call(drop, message, dropMessage(message, handle), () => undefined).then(undefined, () => { });
        }
        catch {
            // The instance is gone, and all of its handles with it.
        }
        finally {
            link.release(message);
        }
    }
    /** A call that had borrowed a handle has ended. */
    free(resource, cell) {
        cell.lent--;
        if (cell.lent === 0 && cell.isOver)
            this.dropLater(resource, cell.handle);
    }
    /** The same for a handle that may not be there yet, or that a call has borrowed. */
    giveUp(resource, cell) {
        if (cell.lent > 0) {
            cell.isOver = true;
            return;
        }
        if (cell.pending === undefined)
            return this.dropLater(resource, cell.handle);
        cell.pending.then(() => this.dropLater(resource, cell.handle), () => { });
    }
    #dispose(held) {
        if (held.gone !== '')
            return;
        held.gone = 'disposed';
        if (forgotten !== undefined)
            apply(unregister, forgotten, [held]);
        const { drop } = this.code.shape.resources[held.resource];
        if (!held.isSync || drop === null)
            return this.giveUp(held.resource, held.cell);
        const link = this.#link;
        const message = link.take();
        try {
            link.callSync(drop, message, dropMessage(message, held.cell.handle));
        }
        finally {
            link.release(message);
        }
    }
    #class(resource, isSync) {
        const classes = isSync ? this.#syncClasses : this.#classes;
        return (classes[resource] ??= this.#makeClass(resource, isSync));
    }
    #makeClass(resource, isSync) {
        const { name, interface: owner } = this.code.shape.resources[resource];
        const functions = this.#functionsOf(owner);
        const surface = this;
        let begin = () => {
            throw surface.code.engine.error('ERR_FUNCTION_NOT_FOUND', `${name} has no constructor: functions of the component give it`); // prettier-ignore
        };
        const made = function (...args) {
            if (new.target === undefined)
                throw new TypeError(`Class constructor ${(0, guest_witnames_1.pascalCase)(name)} cannot be invoked without 'new'`); // prettier-ignore
            const held = begin(args);
            const object = construct(ResourceObject, [held], new.target);
            watch(object, held);
            return object;
        };
        const prototype = create(ResourceObject.prototype);
        hidden(made, 'name', (0, guest_witnames_1.pascalCase)(name));
        made.prototype = prototype;
        hidden(prototype, 'constructor', made);
        hidden(prototype, Symbol.toStringTag, (0, guest_witnames_1.pascalCase)(name));
        for (let i = 0; i < functions.length; i++) {
            const fn = functions[i];
            if (fn.resource !== resource)
                continue;
            const where = functionName(owner, fn, name);
            if (fn.kind === 'constructor')
                begin = this.#constructing(resource, fn, where, isSync);
            else if (fn.kind === 'static')
                hidden(made, (0, guest_witnames_1.camelCase)(fn.name), this.#function(fn, where, isSync));
            else if (fn.kind === 'method')
                hidden(prototype, (0, guest_witnames_1.camelCase)(fn.name), this.#method(fn, where, isSync));
        }
        hidden(prototype, guest_witimports_1.dispose, function () {
            const held = ResourceObject.held(this);
            if (held === undefined || held.surface !== surface)
                throw new TypeError('Illegal invocation');
            surface.#dispose(held);
        });
        return made;
    }
    #constructing(resource, fn, where, isSync) {
        return (args) => {
            const cell = newCell(-1);
            const held = { surface: this, resource, isSync, cell, gone: '' };
            if (isSync) {
                cell.handle = take(this.#callSync(fn, where, args));
                return held;
            }
            cell.pending = this.#call(fn, where, args).then((object) => {
                cell.handle = take(object);
                cell.pending = undefined;
            });
            // Whoever uses the object hears of the failure.
            cell.pending.then(undefined, () => { });
            return held;
        };
    }
    // ── faces ──
    #functionsOf(name) {
        const { exports } = this.code.shape;
        for (let i = 0; i < exports.length; i++)
            if (exports[i].name === name)
                return exports[i].functions;
        return [];
    }
    #function(fn, where, isSync) {
        if (isSync)
            return (...args) => this.#callSync(fn, where, args);
        return (...args) => this.#call(fn, where, args);
    }
    #method(fn, where, isSync) {
        const surface = this;
        if (isSync) {
            return function (...args) {
                return surface.#callSync(fn, where, [this, ...args]);
            };
        }
        return function (...args) {
            return surface.#call(fn, where, [this, ...args]);
        };
    }
    #face(isSync) {
        const { exports, resources } = this.code.shape;
        const { names } = this;
        const root = {};
        for (let i = 0; i < exports.length; i++) {
            const it = exports[i];
            const target = it.name === null ? root : {};
            for (let r = 0; r < resources.length; r++) {
                const { side, interface: owner, name } = resources[r];
                if (side === 'export' && owner === it.name)
                    shown(target, (0, guest_witnames_1.pascalCase)(name), this.#class(r, isSync));
            }
            for (let f = 0; f < it.functions.length; f++) {
                const fn = it.functions[f];
                if (fn.kind !== 'function')
                    continue;
                shown(target, (0, guest_witnames_1.camelCase)(fn.name), this.#function(fn, functionName(it.name, fn), isSync));
            }
            if (it.name === null)
                continue;
            this.#guard(target, it);
            const known = (0, guest_witnames_1.aliases)(it.name, names);
            for (let n = 0; n < known.length; n++)
                shown(root, known[n], target);
        }
        this.#guard(root, undefined);
        return root;
    }
    /** What is not there is an error that says what is: names are words of the component's author. Found by prototype, so that what is there stays fast. */
    #guard(target, it) {
        const { engine } = this.code;
        const handler = {
            __proto__: null,
            get(_, name, receiver) {
                if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in ObjectPrototype) {
                    return get(ObjectPrototype, name, receiver);
                }
                throw engine.error('ERR_FUNCTION_NOT_FOUND', missing(target, it, name));
            },
        };
        setPrototypeOf(target, new ProxyIntrinsic(ObjectPrototype, handler));
    }
}
exports.Surface = Surface;
/** Takes the handle from the object that a constructor's call gave. */
function take(object) {
    const made = ResourceObject.held(object);
    made.gone = 'given away';
    apply(unregister, forgotten, [made]);
    return made.cell.handle;
}
function dropMessage(message, handle) {
    message.begin(guest_witcodec_1.BASE, 16);
    message.u32[0] = handle;
    message.u32[1] = 0;
    return 16;
}
function missing(target, it, name) {
    let known = '';
    const keys = Reflect.ownKeys(target);
    for (let i = 0; i < keys.length && i < 20; i++)
        known += `${i === 0 ? '' : ', '}${keys[i]}`;
    if (it === undefined)
        return `the component exports no ${name}; it exports ${known === '' ? 'nothing' : known}`;
    for (let i = 0; i < (it.omitted?.length ?? 0); i++) {
        const { name: omitted, reason } = it.omitted[i];
        if ((0, guest_witnames_1.camelCase)(omitted) === name)
            return `the function ${omitted} of ${it.name} cannot be called: it ${reason}`;
    }
    return `${it.name ?? 'the world'} has no function ${name}; it has ${known === '' ? 'none' : known}`;
}
/** A function's full name, for errors: `demo:calc/calculator@0.1.0.calculate`. */
function functionName(owner, fn, resource = '') {
    const place = owner === null ? '' : `${owner}.`;
    if (fn.kind === 'constructor')
        return `${place}${resource}`;
    return `${place}${resource === '' ? '' : `${resource}.`}${fn.name}`;
}
function hidden(target, name, value) {
    const descriptor = { __proto__: null, value, writable: true, configurable: true };
    defineProperty(target, name, descriptor);
}
function shown(target, name, value) {
    const descriptor = { __proto__: null, value, writable: true, configurable: true, enumerable: true };
    defineProperty(target, name, descriptor);
}
