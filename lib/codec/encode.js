'use strict';

// Values of this realm → bytes. Plain objects and dense arrays recurse, everything else and whatever is nested deeply
// goes over an explicit stack of frames (frames.js). Paths are only put together when something is refused.

const T = require('./tags.js');
const K = require('./classify.js');
const { Writer } = require('./writer.js');
const { Frame, pathOf } = require('./frames.js');
const { writeLeaf, writeMemory, writeView, writeError, writeBigInt } = require('./leaves.js');
const { HostboxError } = require('../errors.js');
const { types } = require('node:util');

const { isProxy } = types;
const { isArray } = Array;
const { getPrototypeOf, keys: keysOf } = Object;
const { own } = K;
const ObjectPrototype = Object.prototype;
// Called as `hasOwnProperty.call(object, key)` inside for-in, V8 leaves it out; Object.hasOwn costs 15 ns a key there.
const { hasOwnProperty } = ObjectPrototype;
/** @type {(map: object, visit: (value: unknown, key: unknown) => void) => void} */
const eachEntry = Function.prototype.call.bind(/** @type {any} */ (Map.prototype.forEach));
/** @type {(set: object, visit: (value: unknown) => void) => void} */
const eachMember = Function.prototype.call.bind(/** @type {any} */ (Set.prototype.forEach));

/** Objects that are looked up in a list before a Map is worth its while. */
const FEW = 8;
/** Takes the number of a list of arguments. */
const ARGUMENTS = {};
/** Elements from which asking node:util for an array's other properties is cheaper than listing its keys. */
const LONG = 12;

/**
 * @typedef {{ buffer: ArrayBuffer, offset: number, length: number, transfer: boolean }} BlockSource memory that the
 * addon copies or, with `transfer`, moves: a transferred one is always whole
 */
/** @typedef {import('./frames.js').Step} Step */

/**
 * Writes one message at a time:
 *
 *     const message = encoder.begin(transfer);
 *     message.value(args, 'args');
 *     message.finish();
 *     addon.send(message.bytes, message.position, message.blocks);
 *     message.end();
 *
 * A value that cannot cross throws and ends the message.
 */
class Encoder extends Writer {
  /**
   * @param {Uint8Array} scratch memory that messages are written to as long as they fit
   * @param {(buffer: ArrayBuffer) => boolean} [isOurs] whether the addon handed out this memory
   */
  constructor(scratch, isOurs = () => false) {
    super(scratch);
    this.isOurs = isOurs;
    /** @type {BlockSource[]} */
    this.blocks = [];
    this.busy = false;
    /** @type {Set<ArrayBuffer> | null} */
    this.transfer = null;
    this.root = '';
    this.depth = 0;
    /** @type {Step[]} */
    this.trail = new Array(16).fill('');
    /** Whether the trail may hold frames, and with them the app's objects. */
    this.walked = false;
    this.count = 0;
    /** @type {(object | null)[]} */
    this.few = new Array(FEW).fill(null);
    /** @type {Map<object, number>} */
    this.many = new Map();
    /** @type {Encoder | null} */
    this.inner = null;
  }

  /**
   * Starts a message. While another one is under way (an accessor of the app's that calls a sandbox) it goes to an
   * encoder of its own: use what is returned.
   *
   * @param {readonly ArrayBuffer[]} [transfer] buffers to move rather than to copy
   * @param {number} [start] where in the scratch the message begins; what stands before stays
   * @returns {Encoder}
   */
  begin(transfer, start = 0) {
    if (this.busy) {
      this.inner ??= new Encoder(new Uint8Array(4096), this.isOurs);
      return this.inner.begin(transfer);
    }
    if (transfer !== undefined && transfer.length > 0) this.transfer = this.#transferable(transfer);
    this.position = this.start = start;
    this.busy = true;
    return this;
  }

  /**
   * Writes a value.
   *
   * @param {unknown} value
   * @param {string} root what the path of a refused value begins with
   */
  value(value, root) {
    this.root = root;
    try {
      this.any(value, '');
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /**
   * Writes a call's arguments as an array. Spares the look for other properties, which a list of arguments has not.
   *
   * @param {readonly unknown[]} list
   * @param {string} root
   */
  args(list, root) {
    this.root = root;
    try {
      if (isProxy(list)) this.refuse(list, '');
      // A list that holds itself is another array inside: the engine makes none of the list as such.
      this.known(ARGUMENTS);
      this.#elements(list, '');
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Completes the message: as in structured clone, transferred buffers that the values don't mention move too. */
  finish() {
    if (this.transfer === null) return;
    for (const buffer of this.transfer) {
      if (this.blocks.some((block) => block.transfer && block.buffer === buffer)) continue;
      this.blocks.push({ buffer, offset: 0, length: buffer.byteLength, transfer: true });
    }
  }

  /** Lets go of the message and everything it referred to. */
  end() {
    this.rewind();
    const { count } = this;
    if (count > FEW) {
      if (count > 4096) this.many = new Map();
      else this.many.clear();
    }
    for (let i = Math.min(count, FEW) - 1; i >= 0; i--) this.few[i] = null;
    if (this.blocks.length > 0) this.blocks = [];
    if (this.walked) this.#forget();
    this.transfer = null;
    this.count = this.depth = 0;
    this.busy = false;
  }

  // ── what the parts of the encoder use among themselves ──

  /**
   * @param {unknown} value
   * @param {Step} step how the value is reached from what holds it
   */
  any(value, step) {
    switch (typeof value) {
      case 'string':
        return this.string(value);
      case 'number':
        return this.number(value);
      case 'boolean':
        return this.byte(value ? T.TRUE : T.FALSE);
      case 'undefined':
        return this.byte(T.UNDEFINED);
      case 'object':
        return value === null ? this.byte(T.NULL) : this.#object(value, step);
      case 'bigint':
        return writeBigInt(this, value);
      default:
        return this.refuse(value, step);
    }
  }

  /**
   * Numbers an object, or writes the reference to it where it has a number already.
   *
   * @param {object} value
   * @returns {boolean} whether it had
   */
  known(value) {
    const { count } = this;
    if (count < FEW) {
      const { few } = this;
      for (let i = 0; i < count; i++) if (few[i] === value) return this.#reference(i);
      few[count] = value;
    } else {
      const { many } = this;
      if (count === FEW) for (let i = 0; i < FEW; i++) many.set(/** @type {object} */ (this.few[i]), i);
      const number = many.get(value);
      if (number !== undefined) return this.#reference(number);
      many.set(value, count);
    }
    this.count = count + 1;
    return false;
  }

  /**
   * @param {unknown} value
   * @param {Step} step
   * @param {[what: string, advice: string]} [reason]
   * @returns {never}
   */
  refuse(value, step, reason = describe(value)) {
    const path = pathOf(this.root, this.trail, this.depth, step);
    const [what, advice] = reason;
    const message = `${path} cannot be cloned: it is ${what}${advice === '' ? '' : `; ${advice}`}`;
    throw new HostboxError('ERR_CLONE', message, { path });
  }

  // ── objects ──

  /**
   * @param {object} value
   * @param {Step} step
   */
  #object(value, step) {
    if (this.known(value)) return;
    if (isProxy(value)) this.refuse(value, step);
    if (this.depth < T.RECURSED) {
      if (isArray(value)) {
        if (isDense(value)) return this.#elements(value, step);
      } else {
        const prototype = getPrototypeOf(value);
        if (prototype === ObjectPrototype || K.isOrdinary(prototype)) return this.#fields(value, step);
      }
    }
    this.#walk(value, step);
  }

  /**
   * @param {object} value
   * @param {Step} step
   */
  #fields(value, step) {
    const start = this.position;
    const { depth } = this;
    this.trail[depth] = step;
    this.depth = depth + 1;
    this.byte(T.OBJECT);
    const fields = /** @type {Record<string, unknown>} */ (value);
    let empty = true;
    for (const key in fields) {
      if (!hasOwnProperty.call(fields, key)) continue;
      empty = false;
      this.key(key);
      const field = fields[key];
      if (typeof field === 'string') this.string(field);
      else if (typeof field === 'number') this.number(field);
      else this.any(field, key);
    }
    this.depth = depth;
    if (empty && K.brandOf(value) !== K.PLAIN) {
      this.position = start;
      return this.#walk(value, step);
    }
    this.byte(T.END);
  }

  /**
   * @param {readonly unknown[]} list
   * @param {Step} step
   */
  #elements(list, step) {
    const { length } = list;
    const { depth } = this;
    this.trail[depth] = step;
    this.depth = depth + 1;
    this.byte(T.ARRAY);
    this.varint(length);
    for (let i = 0; i < length; i++) {
      const element = list[i];
      if (typeof element === 'number') this.number(element);
      else if (typeof element === 'string') this.string(element);
      else if (element === undefined && !own(list, i)) this.byte(T.HOLE);
      else this.any(element, i);
    }
    this.depth = depth;
  }

  /**
   * Writes an object that has its number, and all below it, without recursion.
   *
   * @param {object} value
   * @param {Step} step
   */
  #walk(value, step) {
    let frame = this.#open(value, step);
    if (frame === null) return;
    this.walked = true;
    /** @type {Frame[]} */
    const frames = [];
    while (frame !== null) {
      if (!frame.next(this)) {
        if (frame.closed) this.byte(T.END);
        this.depth--;
        frame = frames.pop() ?? null;
        continue;
      }
      const child = frame.value;
      if (typeof child !== 'object' || child === null) {
        this.any(child, frame.step);
      } else if (this.depth < T.RECURSED) {
        this.#object(child, frame.step);
      } else if (!this.known(child)) {
        if (isProxy(child)) this.refuse(child, frame.step);
        const below = this.#open(child, frame.step);
        if (below === null) continue;
        frames.push(frame);
        frame = below;
      }
    }
  }

  /**
   * Writes an object's head, or the whole of it where nothing can be nested in it.
   *
   * @param {object} value
   * @param {Step} step
   * @returns {Frame | null} what is to be written inside
   */
  #open(value, step) {
    const kind = K.brandOf(value);
    if (kind === K.REFUSED) this.refuse(value, step, K.refusal(value));
    if (kind === K.BYTES) return writeView(this, /** @type {ArrayBufferView} */ (value), step);
    if (kind === K.MEMORY) return writeMemory(this, /** @type {ArrayBuffer} */ (value), step);
    if (kind === K.TIME || kind === K.PATTERN || kind === K.WRAPPER) return writeLeaf(this, value, kind);
    if (this.depth >= T.MAX_DEPTH) {
      this.refuse(value, step, [`nested more than ${T.MAX_DEPTH} levels deep`, 'flatten it']);
    }
    this.trail[this.depth++] = step;
    if (kind === K.LIST) return this.#openList(/** @type {unknown[]} */ (value));
    /** @type {unknown[]} */
    const list = [];
    if (kind === K.TABLE) {
      this.byte(T.MAP);
      eachEntry(value, (entry, key) => list.push(key, entry));
      return new Frame(Frame.MAP, value, list);
    }
    if (kind === K.BAG) {
      this.byte(T.SET);
      eachMember(value, (member) => list.push(member));
      return new Frame(Frame.SET, value, list);
    }
    if (kind === K.FAILURE) return new Frame(Frame.PAIRS, value, writeError(this, /** @type {Error} */ (value)));
    this.byte(T.OBJECT);
    return new Frame(Frame.PAIRS, value, keysOf(value));
  }

  /**
   * @param {unknown[]} list
   * @returns {Frame}
   */
  #openList(list) {
    const { length } = list;
    if (!isDense(list)) {
      const keys = keysOf(list);
      const last = keys.at(-1);
      if ((last !== undefined && K.indexOf(last) < 0) || length > 64 + 8 * keys.length) {
        this.byte(T.SPARSE);
        this.varint(length);
        return new Frame(Frame.PAIRS, list, keys);
      }
    }
    this.byte(T.ARRAY);
    this.varint(length);
    return new Frame(Frame.ITEMS, list, list);
  }

  // ── the rest ──

  #forget() {
    this.walked = false;
    this.trail.length = 16;
    this.trail.fill('');
  }

  /**
   * @param {number} number
   * @returns {true}
   */
  #reference(number) {
    this.byte(T.REFERENCE);
    this.varint(number);
    return true;
  }

  /**
   * @param {readonly ArrayBuffer[]} list
   * @returns {Set<ArrayBuffer>}
   */
  #transferable(list) {
    const set = new Set(list);
    list.forEach((buffer, i) => {
      /** @param {string} why */
      const refuse = (why) => {
        const path = `transfer[${i}]`;
        throw new HostboxError('ERR_CLONE', `${path} cannot be transferred: it is ${why}`, { path });
      };
      if (types.isSharedArrayBuffer(buffer) || !types.isArrayBuffer(buffer) || isProxy(buffer))
        refuse('no ArrayBuffer');
      if (K.isDetached(buffer)) refuse('detached already');
      if (K.isPool(buffer) && !this.isOurs(buffer))
        refuse('the memory that Node’s small Buffers share; transfer a copy');
      if (list.indexOf(buffer) !== i) refuse('listed twice');
    });
    return set;
  }
}

/**
 * Whether an array is written as its elements in order, without a look at what they are. Short ones may have holes.
 *
 * @param {readonly unknown[]} list
 */
function isDense(list) {
  const { length } = list;
  if (length < LONG) {
    const keys = keysOf(list);
    return keys.length === 0 || K.indexOf(/** @type {string} */ (keys[keys.length - 1])) >= 0;
  }
  for (let i = 0; i < length; i++) if (!(i in list)) return false;
  return !K.mayHaveProperties(list) || keysOf(list).length === length;
}

/**
 * @param {unknown} value
 * @returns {[what: string, advice: string]}
 */
function describe(value) {
  if (typeof value === 'symbol') return ['a symbol', 'pass a string'];
  if (typeof value === 'function') {
    const { name } = value;
    const what = typeof name === 'string' && name !== '' ? `a function (${name.slice(0, 60)})` : 'a function';
    return [what, 'only data crosses, functions are offered to guests by the `bridge` option'];
  }
  return ['a proxy', 'pass a plain copy: { ...value }'];
}

module.exports = { Encoder };
