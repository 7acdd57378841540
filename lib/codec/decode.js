'use strict';

// Bytes → values of this realm. The bytes come from our own encoder, so whatever is malformed is a bug of ours; what a
// guest chooses (keys, lengths, patterns) must neither run code here nor take memory out of proportion to its bytes.

const T = require('./tags.js');
const { Reader, malformed, possible } = require('./reader.js');
const { HostboxError, headed } = require('../errors.js');

const { MAX_DEPTH, RECURSED } = T;
const viewClasses = T.VIEW_NAMES.map((name) => /** @type {any} */ (globalThis)[name]);

/** @typedef {{ tag: number, target: any, left: number, key: unknown, keyed: boolean }} Level */

class Decoder extends Reader {
  /** @param {Uint8Array} scratch memory that most messages come in */
  constructor(scratch) {
    super(scratch);
    this.depth = 0;
    /** @type {readonly ArrayBuffer[]} */
    this.blocks = [];
    this.blockBase = 0;
    /** @type {any[]} */
    this.objects = [];
  }

  /**
   * Reads one value.
   *
   * @param {Uint8Array} bytes
   * @param {number} offset where it begins
   * @param {readonly ArrayBuffer[]} blocks
   * @param {number} blockBase what the value's block 0 is in `blocks`
   * @returns {unknown}
   */
  read(bytes, offset, blocks, blockBase) {
    if (bytes !== this.bytes) this.use(bytes);
    this.position = offset;
    this.blocks = blocks;
    this.blockBase = blockBase;
    this.depth = 0;
    try {
      return this.#value();
    } finally {
      if (this.objects.length > 0) this.objects = [];
      if (blocks.length > 0) this.blocks = [];
      if (this.bytes !== this.scratch.bytes) this.use(this.scratch.bytes);
    }
  }

  /** @returns {any} */
  #value() {
    return this.#tagged(this.byte());
  }

  /**
   * @param {number} tag
   * @returns {any}
   */
  #tagged(tag) {
    switch (tag) {
      case T.INT:
        return this.integer();
      case T.LATIN1:
        return this.latin1(this.varint());
      case T.OBJECT:
        return this.depth < RECURSED ? this.#fields() : this.#walk(tag);
      case T.ARRAY:
        return this.depth < RECURSED ? this.#elements() : this.#walk(tag);
      case T.DOUBLE:
        return this.view.getFloat64(this.skip(8), true);
      case T.TRUE:
        return true;
      case T.FALSE:
        return false;
      case T.NULL:
        return null;
      case T.UNDEFINED:
        return undefined;
      case T.REFERENCE:
        return this.objects[this.varint()] ?? malformed('a reference to no object');
      default:
        return this.#rare(tag);
    }
  }

  /**
   * @param {number} tag
   * @returns {any}
   */
  #rare(tag) {
    switch (tag) {
      case T.UTF16:
      case T.UTF8:
        return this.wideString(tag);
      case T.BIGINT:
        return this.bigint();
      case T.DATE:
        return this.#keep(new Date(this.view.getFloat64(this.skip(8), true)));
      case T.REGEXP:
        return this.#regexp();
      case T.BUFFER:
      case T.RESIZABLE:
      case T.BLOCK:
        return this.#keep(this.#memory(tag));
      case T.VIEW:
        return this.#typed();
      case T.BOXED:
        return this.#boxed();
      case T.SPARSE:
      case T.MAP:
      case T.SET:
      case T.ERROR:
        return this.#walk(tag);
      default:
        return malformed(`tag ${tag}`);
    }
  }

  // ── containers ──

  #fields() {
    const target = this.#keep(/** @type {Record<string | number, unknown>} */ ({}));
    this.depth++;
    for (;;) {
      const tag = this.byte();
      if (tag === T.END) break;
      const key = this.key(tag);
      if (this.keys.isLastInherited) define(target, key, this.#value());
      else target[key] = this.#value();
    }
    this.depth--;
    return target;
  }

  #elements() {
    const length = this.count();
    const target = this.#keep(this.#numbers(length));
    this.depth++;
    for (let i = target.length; i < length; i++) {
      const tag = this.byte();
      if (tag === T.HOLE) target.length++;
      else target.push(this.#tagged(tag));
    }
    this.depth--;
    return target;
  }

  /**
   * The numbers that a list begins with. With a literal of their own, V8 learns to keep them unboxed.
   *
   * @param {number} length
   * @returns {unknown[]}
   */
  #numbers(length) {
    const { bytes, view, end } = this;
    if (length === 0 || bytes[this.position] !== T.DOUBLE) return [];
    let { position } = this;
    const most = Math.min(length, Math.floor((end - position) / 9));
    // Growing takes longer than reading; short lists stay free of V8's mark for lists that may have holes.
    const numbers = most < 64 ? [] : new Array(most);
    let count = 0;
    for (; count < most && bytes[position] === T.DOUBLE; position += 9) {
      numbers[count++] = view.getFloat64(position + 1, true);
    }
    numbers.length = count;
    this.position = position;
    return numbers;
  }

  /**
   * Reads a container whose tag has been read, and all below it, without recursion.
   *
   * @param {number} outermost
   */
  #walk(outermost) {
    /** @type {Level[]} */
    const levels = [];
    let level = this.#open(outermost);
    const result = level.target;
    for (;;) {
      const tag = this.#next(level);
      if (tag === T.END) {
        this.depth--;
        const above = levels.pop();
        if (above === undefined) return result;
        level = above;
      } else if (this.depth >= RECURSED && isContainer(tag)) {
        const below = this.#open(tag);
        attach(level, below.target);
        levels.push(level);
        level = below;
      } else {
        attach(level, this.#tagged(tag));
      }
    }
  }

  /**
   * @param {Level} level
   * @returns {number} the tag of the next value; END where there is none
   */
  #next(level) {
    if (level.tag === T.ARRAY) {
      while (level.left-- > 0) {
        const tag = this.byte();
        if (tag !== T.HOLE) return tag;
        level.target.length++;
      }
      return T.END;
    }
    const tag = this.byte();
    if (tag === T.END) {
      if (level.keyed) malformed('a key without a value');
      if (level.tag === T.SPARSE && level.target.length !== level.left) malformed('the length of an array');
      return tag;
    }
    if (level.tag === T.MAP || level.tag === T.SET) return tag;
    level.key = this.key(tag);
    if (level.tag === T.SPARSE && level.key === 'length') malformed('a key');
    return this.byte();
  }

  /**
   * @param {number} tag
   * @returns {Level}
   */
  #open(tag) {
    // A list of arguments is a level more.
    if (++this.depth > MAX_DEPTH + 1) malformed('too deep');
    /** @type {any} */
    let target;
    let left = 0;
    if (tag === T.OBJECT) target = {};
    else if (tag === T.MAP) target = new Map();
    else if (tag === T.SET) target = new Set();
    else if (tag === T.ERROR) return { tag, target: this.#error(), left, key: undefined, keyed: false };
    else {
      target = [];
      left = tag === T.ARRAY ? this.count() : this.varint();
      if (left > 0xffffffff) malformed('the length of an array');
      if (tag === T.SPARSE) {
        // Only from this length on V8 takes no memory for what is not there; shortened, it keeps to that.
        if (left > 1024) target.length = 0xffffffff;
        target.length = left;
      }
    }
    return { tag, target: this.#keep(target), left, key: undefined, keyed: false };
  }

  /**
   * @template {object} T
   * @param {T} object
   * @returns {T}
   */
  #keep(object) {
    this.objects.push(object);
    return object;
  }

  // ── other objects ──

  /** An error's head. */
  #error() {
    const Class = T.ERROR_CLASSES[this.byte()] ?? malformed('a kind of error');
    const name = this.string();
    const message = this.string();
    const stack = this.string();
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const error = Class.prototype === AggregateError.prototype ? new AggregateError([]) : new Class();
    Error.stackTraceLimit = stackTraceLimit;
    if (Object.hasOwn(error, 'errors')) delete (/** @type {any} */ (error).errors);
    if (message !== undefined) hide(error, 'message', message);
    if (name !== undefined && name !== error.name) hide(error, 'name', name);
    hide(error, 'stack', stack === undefined ? stack : headed(error.name, error.message, stack));
    return this.#keep(error);
  }

  #regexp() {
    const source = this.string() ?? malformed('no string');
    const flags = this.string() ?? malformed('no string');
    return this.#keep(possible(`regular expression /${source.slice(0, 60)}/${flags}`, () => new RegExp(source, flags)));
  }

  #boxed() {
    const value = this.#value();
    if (value === null || value === undefined || typeof value === 'object') malformed('a boxed primitive');
    return this.#keep(Object(value));
  }

  /**
   * @param {number} tag
   * @returns {ArrayBuffer}
   */
  #memory(tag) {
    const number = this.varint();
    if (tag === T.BLOCK) return this.blocks[this.blockBase + number] ?? malformed('a block that is not there');
    const maximum = tag === T.RESIZABLE ? this.varint() : 0;
    const start = this.skip(number);
    const options = tag === T.RESIZABLE ? { maxByteLength: maximum } : undefined;
    if (maximum < number && tag === T.RESIZABLE) malformed('the length of a buffer');
    // @ts-ignore: resizable buffers are younger than the library this is checked against
    const buffer = possible(`buffer of up to ${maximum} bytes`, () => new ArrayBuffer(number, options));
    new Uint8Array(buffer).set(this.bytes.subarray(start, start + number));
    return buffer;
  }

  #typed() {
    const kind = this.byte();
    const tracks = this.byte() === 1;
    const offset = this.varint();
    const length = this.varint();
    const number = this.objects.push(undefined) - 1;
    const tag = this.byte();
    if (tag !== T.REFERENCE && tag !== T.BUFFER && tag !== T.RESIZABLE && tag !== T.BLOCK)
      malformed('a view of no buffer');
    const buffer = this.#tagged(tag);
    const name = T.VIEW_NAMES[kind] ?? malformed('a kind of view');
    const Class = viewClasses[kind];
    if (Class === undefined) {
      throw new HostboxError('ERR_CLONE', `The sandbox sent a ${name}, which this runtime does not have`);
    }
    try {
      return (this.objects[number] = tracks ? new Class(buffer, offset) : new Class(buffer, offset, length));
    } catch {
      return malformed('a view out of bounds');
    }
  }
}

/** @param {number} tag */
function isContainer(tag) {
  return tag === T.OBJECT || (tag >= T.ARRAY && tag <= T.ERROR && tag !== T.HOLE);
}

/**
 * @param {Level} level
 * @param {any} value
 */
function attach(level, value) {
  const { tag, target } = level;
  if (tag === T.ARRAY) target.push(value);
  else if (tag === T.SET) target.add(value);
  else if (tag === T.MAP) {
    if (level.keyed) target.set(level.key, value);
    else level.key = value;
    level.keyed = !level.keyed;
  } else {
    const key = /** @type {string | number} */ (level.key);
    if (tag === T.ERROR) hide(target, key, value);
    else define(target, key, value);
  }
}

/**
 * @param {object} target
 * @param {string | number} key
 * @param {unknown} value
 */
function define(target, key, value) {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * @param {object} target
 * @param {string | number} key
 * @param {unknown} value
 */
function hide(target, key, value) {
  Object.defineProperty(target, key, { value, writable: true, enumerable: false, configurable: true });
}

module.exports = { Decoder };
