// Made from crates/web/src/witcodec/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witcodec: calls of a component's functions, and its calls of the app's, as messages.
//
// In: a shape, arguments, results, messages. Out: the same on the other side, or the host's errors. A call's arguments stand in slots of eight
// bytes, as flat values of the canonical ABI, behind which their strings and lists lie; where there are more than sixteen flat values, they
// stand as one tuple in memory. An answer begins with sixteen bytes that say at which address the byte behind them stands.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Codec = exports.HEAD = exports.BASE = void 0;
const guest_witcode_1 = require("./code.js");
const guest_witmemory_1 = require("./memory.js");
const guest_witshape_1 = require("./shape.js");
/** The address of a call's first byte. */
exports.BASE = 1024;
/** Bytes before an answer. */
exports.HEAD = 16;
/** Calls and answers of one component. */
class Codec {
    layouts;
    #code;
    #engine;
    /** Flat values of a result that the component gives, at most. */
    #mostFlat;
    constructor(shape, engine) {
        this.#mostFlat = shape.concurrent === true ? guest_witshape_1.MOST_FLAT_CONCURRENT : guest_witshape_1.MOST_FLAT_RESULTS;
        this.layouts = new guest_witshape_1.Layouts(shape.types);
        this.#code = new guest_witcode_1.Code(shape.types, this.layouts, engine.compile);
        this.#engine = engine;
    }
    /** A function of the component; `where` is its name in errors. */
    exported(fn, where, mostFlat = this.#mostFlat) {
        const params = (0, guest_witshape_1.types)(fn.params);
        const layout = this.layouts.sequence(params);
        const isFlat = layout.slots <= guest_witshape_1.MOST_FLAT_PARAMS;
        const bytes = (0, guest_witshape_1.alignTo)(isFlat ? layout.slots * 8 : layout.size, 16);
        const store = this.#code.storeAll(params, isFlat, paths(fn));
        const result = this.#result(fn, mostFlat);
        const load = this.#loading(where, result);
        const guard = this.#engine;
        return {
            encode(m, args) {
                try {
                    m.begin(exports.BASE, bytes);
                    store(m, args);
                    return m.top;
                }
                catch (error) {
                    throw explained(error, guard, where);
                }
            },
            decode(m, length) {
                try {
                    if (length < exports.HEAD + result.bytes)
                        throw new guest_witmemory_1.Malformed('it is too short');
                    m.open(0, length);
                    m.base = m.u32[0] - exports.HEAD;
                    return load(m, exports.HEAD);
                }
                catch (error) {
                    throw explained(error, guard, where);
                }
            },
        };
    }
    /** Elements of a stream, or the value of a future, as lists of a type; `name` is that type in errors. */
    batch(list, name) {
        const fn = { number: -1, name, kind: 'function', resource: null, params: [], result: list };
        const { encode } = this.imported(fn, name);
        const { decode } = this.exported(fn, name, guest_witshape_1.MOST_FLAT_RESULTS);
        return { encode: (m, reply, values) => encode(m, reply, values, false), decode };
    }
    /** A function that the component calls. */
    imported(fn, where) {
        const params = (0, guest_witshape_1.types)(fn.params);
        const layout = this.layouts.sequence(params);
        const isFlat = layout.slots <= guest_witshape_1.MOST_FLAT_PARAMS;
        const size = isFlat ? layout.slots * 8 : layout.size;
        const align = isFlat ? 8 : layout.align;
        const load = this.#code.loadAll(params, isFlat);
        const result = this.#result(fn);
        const store = this.#storing(fn);
        const guard = this.#engine;
        return {
            canFail: result.isResult,
            decode(m, length, at) {
                try {
                    m.open(exports.BASE, length);
                    const start = at - exports.BASE;
                    if (start < 0 || start % align !== 0 || start + size > length)
                        throw new guest_witmemory_1.Malformed('its arguments lie beyond it');
                    return load(m, start);
                }
                catch (error) {
                    throw explained(error, guard, where);
                }
            },
            encode(m, reply, value, isError) {
                try {
                    m.begin(reply, (0, guest_witshape_1.alignTo)(result.bytes, 8));
                    store(m, value, isError);
                    return m.top;
                }
                catch (error) {
                    throw explained(error, guard, where);
                }
            },
        };
    }
    #result({ result }, mostFlat = guest_witshape_1.MOST_FLAT_RESULTS) {
        const type = result === null ? undefined : this.layouts.type(result);
        const layout = this.layouts.of(result);
        const isFlat = layout.slots <= mostFlat;
        const bytes = isFlat ? layout.slots * 8 : layout.size;
        if (type?.kind !== 'result')
            return { isFlat, bytes, ok: result, err: null, isResult: false, payload: 0 };
        const payload = this.layouts.payload((0, guest_witshape_1.caseTypes)(type), isFlat);
        return { isFlat, bytes, ok: type.ok, err: type.err, isResult: true, payload };
    }
    /** Loads a result. */
    #loading(where, result) {
        const { isFlat, ok, err, isResult, payload } = result;
        const loadOk = ok === null ? () => undefined : this.#code.load(ok, isFlat);
        if (!isResult)
            return loadOk;
        const loadErr = err === null ? () => undefined : this.#code.load(err, isFlat);
        const engine = this.#engine;
        return (m, at) => {
            const tag = m.u8[at];
            if (tag === 0)
                return loadOk(m, at + payload);
            if (tag === 1)
                throw engine.failed(loadErr(m, at + payload), where);
            throw new guest_witmemory_1.Malformed(`${tag} is no case of result`);
        };
    }
    #storing(fn) {
        const { isFlat, ok, err, isResult, payload } = this.#result(fn);
        const storeOk = ok === null ? () => { } : this.#code.store(ok, isFlat);
        if (!isResult)
            return (m, value) => storeOk(m, value, 0);
        const storeErr = err === null ? () => { } : this.#code.store(err, isFlat);
        return (m, value, isError) => {
            if (isFlat)
                m.u32[0] = isError ? 1 : 0;
            else
                m.u8[0] = isError ? 1 : 0;
            if (isError)
                storeErr(m, value, payload);
            else
                storeOk(m, value, payload);
        };
    }
}
exports.Codec = Codec;
/** What errors call the parameters: a method's first one is `this`. */
function paths(fn) {
    const list = [];
    const isMethod = fn.kind === 'method';
    for (let i = 0; i < fn.params.length; i++) {
        if (isMethod)
            list[i] = i === 0 ? 'this' : `args[${i - 1}]`;
        else
            list[i] = `args[${i}]`;
    }
    return list;
}
function explained(error, engine, where) {
    if (guest_witmemory_1.Refusal.is(error)) {
        const { expected, value, path } = guest_witmemory_1.Refusal.read(error);
        const place = path === '' || path[0] === '.' || path[0] === '[' ? `result${path}` : path;
        const message = `${place}: Expected ${expected} but received ${engine.shown(value)} (${where})`;
        return engine.error('ERR_ARGUMENT', message, place);
    }
    if (guest_witmemory_1.TooLarge.is(error))
        return engine.error('ERR_MEMORY', `${where}: the values are more than a message of 1 GiB holds`);
    const reason = guest_witmemory_1.Malformed.reason(error);
    if (reason === undefined)
        return error;
    return engine.error('ERR_INTERNAL', `${where}: a message is malformed: ${reason}`);
}
