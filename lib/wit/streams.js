// Made from crates/web/src/witstreams/guest.ts by scripts/wit.mjs.
// @ts-nocheck
"use strict";
// witstreams: streams and futures of a component as ReadableStreams and promises, and the app's as the component reads them.
//
// In: numbers of what the component gave, streams, iterables and promises of the app. Out: reads and answers, one batch at a time. Nothing
// is read ahead but what an app's stream has at once.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Streams = exports.GIVE_UP = exports.PULL = void 0;
const guest_witcodec_1 = require("./codec.js");
const guest_witmemory_1 = require("./memory.js");
const guest_witnames_1 = require("./names.js");
const { apply, get } = Reflect;
const PromiseIntrinsic = Promise;
const then = Promise.prototype.then;
const resolve = (value) => new PromiseIntrinsic((settle) => settle(value));
const MapIntrinsic = Map;
const mapGet = Map.prototype.get;
const mapSet = Map.prototype.set;
const mapDelete = Map.prototype.delete;
const subarray = Uint8Array.prototype.subarray;
const { asyncIterator, iterator } = Symbol;
/** Numbers of the native side: see crates/wasm/src/component/concurrent. */
const READ = 0xffff_ff00;
const CANCEL = 0xffff_ff01;
exports.PULL = 0xffff_ff02;
exports.GIVE_UP = 0xffff_ff03;
/** Bytes that are asked for, or given, at once. */
const MOST_BYTES = 256 * 1024;
/** Elements that are asked for, or given, at once. */
const MOST_ELEMENTS = 256;
/** Streams and futures of one instance. */
class Streams {
    #shape;
    #codec;
    #engine;
    #link;
    #feeds = new MapIntrinsic();
    #batches = [];
    /** Numbers in the message that is written. */
    #written = [];
    #last = 0;
    /** What stands as numbers in elements. */
    handles;
    constructor(shape, codec, engine, link) {
        this.#shape = shape;
        this.#codec = codec;
        this.#engine = engine;
        this.#link = link;
    }
    // ── of the component ──
    /** What stands for a number of the component's. */
    receive(type, number) {
        const { kind, type: element, list } = this.#shape.types[type];
        if (kind === 'stream') {
            const isBytes = element === 'u8';
            const most = isBytes ? MOST_BYTES : MOST_ELEMENTS;
            const source = {
                pull: () => this.#read(number, list, most),
                cancel: () => this.#cancel(number),
            };
            return this.#engine.readable(source, isBytes);
        }
        const value = apply(then, this.#read(number, list, 1), [
            (values) => {
                if (values === undefined)
                    throw this.#engine.error('ERR_CLOSED', 'the component gave up a future without a value'); // prettier-ignore
                return values[0];
            },
        ]);
        // Whoever waits for it hears of a failure; nobody has to.
        apply(then, value, [undefined, () => { }]);
        return value;
    }
    #read(number, list, most) {
        return this.#send(READ, number, most, (answer) => {
            if (answer.top === 0)
                return undefined;
            answer.handles = this.handles;
            return list === null ? [undefined] : this.#batch(list).decode(answer, answer.top);
        });
    }
    #cancel(number) {
        const told = this.#send(CANCEL, number, 0, () => undefined);
        // The instance is gone, and the stream with it.
        apply(then, told, [undefined, () => { }]);
    }
    #send(fn, number, most, read) {
        const link = this.#link;
        const message = link.take();
        try {
            message.begin(guest_witcodec_1.BASE, 16);
            message.u32[0] = number;
            message.u32[1] = 0;
            message.u32[2] = most;
            message.u32[3] = 0;
            return link.call(fn, message, 16, read);
        }
        finally {
            link.release(message);
        }
    }
    #batch(list) {
        const known = this.#batches[list];
        if (known !== undefined)
            return known;
        const made = this.#codec.batch(list, (0, guest_witnames_1.typeName)(this.#shape.types, list));
        this.#batches[list] = made;
        return made;
    }
    // ── of the app ──
    /** A number for a stream, an iterable or a promise of the app. */
    send(type, value) {
        const { kind, type: element, list } = this.#shape.types[type];
        const feed = kind === 'future' ? once(value, list) : fed(value, list, element === 'u8');
        if (feed === undefined) {
            const what = `a ReadableStream or an iterable for ${(0, guest_witnames_1.typeName)(this.#shape.types, type)}`;
            throw new guest_witmemory_1.Refusal(what, value, '');
        }
        this.#last = this.#last === 0x7fff_ffff ? 1 : this.#last + 1;
        apply(mapSet, this.#feeds, [this.#last, feed]);
        this.#written[this.#written.length] = this.#last;
        return this.#last;
    }
    /** A message begins. */
    begin() {
        // Only where it has to be: engines take their time to set a length.
        if (this.#written.length > 0)
            this.#written.length = 0;
    }
    /** The message was not written to its end: nobody will read what stands in it. */
    forget() {
        const { length } = this.#written;
        for (let i = 0; i < length; i++)
            this.giveUp(this.#written[i]);
        this.#written.length = 0;
    }
    /** What comes next of a stream of the app; nothing at its end. */
    async pull(number) {
        const feed = apply(mapGet, this.#feeds, [number]);
        if (feed === undefined)
            return undefined;
        let values;
        try {
            values = await feed.next();
        }
        catch (error) {
            apply(mapDelete, this.#feeds, [number]);
            throw error;
        }
        if (values === undefined) {
            apply(mapDelete, this.#feeds, [number]);
            return undefined;
        }
        return { list: feed.list, values };
    }
    /** Writes a batch that will stand at an address; the number of its bytes. */
    reply(message, reply, given) {
        if (given === undefined)
            return 0;
        if (given.list !== null)
            return this.#batch(given.list).encode(message, reply, given.values);
        message.begin(reply, 8);
        message.u32[0] = reply + 8;
        message.u32[1] = 1;
        return 8;
    }
    /** Nobody reads a stream of the app any more. */
    giveUp(number) {
        const feed = apply(mapGet, this.#feeds, [number]);
        apply(mapDelete, this.#feeds, [number]);
        feed?.cancel();
    }
}
exports.Streams = Streams;
/** A promise, or a value that is there already. */
function once(value, list) {
    const settled = resolve(value);
    // A failure that nobody asks for is nobody's.
    apply(then, settled, [undefined, () => { }]);
    return { list, next: async () => [await settled], cancel() { } };
}
function fed(value, list, isBytes) {
    if (typeof value !== 'object' || value === null)
        return undefined;
    const whole = isBytes ? (0, guest_witmemory_1.bytesOf)(value) : undefined;
    const chunks = whole === undefined ? chunksOf(value) : chunksOf([whole]);
    if (chunks === undefined)
        return undefined;
    return isBytes ? new ByteFeed(list, chunks) : new ElementFeed(list, chunks);
}
/** A method, where an object has it. */
function method(object, name) {
    const found = get(object, name);
    return typeof found === 'function' ? found : undefined;
}
function chunksOf(value) {
    const getReader = method(value, 'getReader');
    if (getReader !== undefined) {
        const reader = apply(getReader, value, []);
        return { next: () => reader.read(), cancel: () => quietly(() => reader.cancel()) };
    }
    const open = method(value, asyncIterator) ?? method(value, iterator);
    if (open === undefined)
        return undefined;
    const steps = apply(open, value, []);
    return {
        next: async () => (await steps.next()),
        cancel: () => quietly(() => steps.return?.()),
    };
}
/** Whatever the app's code does when it is told that nobody reads, it is nobody's business. */
function quietly(tell) {
    try {
        apply(then, resolve(tell()), [undefined, () => { }]);
    }
    catch {
        // As above.
    }
}
/** Chunks of bytes, of which long ones are given in parts. */
class ByteFeed {
    list;
    #chunks;
    #rest;
    constructor(list, chunks) {
        this.list = list;
        this.#chunks = chunks;
    }
    async next() {
        while (this.#rest === undefined) {
            const { done, value } = await this.#chunks.next();
            if (done === true)
                return undefined;
            const bytes = (0, guest_witmemory_1.bytesOf)(value);
            if (bytes === undefined)
                throw new TypeError('Expected a chunk of bytes for a stream<u8> of a component');
            if (bytes.length > 0)
                this.#rest = bytes;
        }
        const all = this.#rest;
        this.#rest = all.length > MOST_BYTES ? apply(subarray, all, [MOST_BYTES]) : undefined;
        return this.#rest === undefined ? all : apply(subarray, all, [0, MOST_BYTES]);
    }
    cancel() {
        this.#rest = undefined;
        this.#chunks.cancel();
    }
}
/** Elements, as many as are there at once. */
class ElementFeed {
    list;
    #chunks;
    /** What was asked for and is not there yet. */
    #ahead;
    #isOver = false;
    constructor(list, chunks) {
        this.list = list;
        this.#chunks = chunks;
    }
    async next() {
        if (this.#isOver)
            return undefined;
        const values = [];
        while (values.length < MOST_ELEMENTS) {
            const step = this.#ahead ?? this.#chunks.next();
            this.#ahead = undefined;
            if (values.length > 0 && !(await isThere(step))) {
                this.#ahead = step;
                break;
            }
            const { done, value } = await step;
            if (done === true) {
                this.#isOver = true;
                break;
            }
            values[values.length] = value;
        }
        return values.length === 0 ? undefined : values;
    }
    cancel() {
        this.#chunks.cancel();
    }
}
/** Whether a promise is settled within a few turns of the queue of jobs. */
async function isThere(promise) {
    let is = false;
    const settle = () => {
        is = true;
    };
    apply(then, promise, [settle, settle]);
    for (let i = 0; i < 4 && !is; i++)
        await undefined;
    return is;
}
