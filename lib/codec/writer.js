'use strict';

// Numbers, text and bytes into memory that grows. Knows no objects.

const T = require('./tags.js');
const { indexOf } = require('./classify.js');

/** Code units up to which a loop beats a call into Node. */
const SHORT = 48;
const KEEP = 1 << 20;

class Writer {
  /** @param {Uint8Array} scratch */
  constructor(scratch) {
    /** @readonly */
    this.scratch = scratch;
    /** The message's memory: `scratch`, or larger. */
    this.bytes = scratch;
    this.view = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
    this.capacity = scratch.byteLength;
    /** Bytes written. */
    this.position = 0;
    /** Where the message begins. */
    this.start = 0;
    /** @type {Uint8Array | null} */
    this.spare = null;
    /** @type {Buffer | null} */
    this.text = null;
    this.scratchView = this.view;
    /** @type {Buffer | null} */
    this.scratchText = null;
  }

  /** Starts over, in the scratch. */
  rewind() {
    this.position = this.start = 0;
    if (this.bytes !== this.scratch) {
      if (this.capacity <= KEEP) this.spare = this.bytes;
      this.bytes = this.scratch;
      this.view = this.scratchView;
      this.text = this.scratchText;
      this.capacity = this.scratch.byteLength;
    }
  }

  /** @param {number} byte */
  byte(byte) {
    if (this.position >= this.capacity) this.grow(1);
    this.bytes[this.position++] = byte;
  }

  /** @param {number} number below 2^53 */
  varint(number) {
    this.reserve(8);
    while (number > 127) {
      this.bytes[this.position++] = (number & 127) | 128;
      number = Math.floor(number / 128);
    }
    this.bytes[this.position++] = number;
  }

  /** @param {number} value */
  number(value) {
    if (this.position + 9 > this.capacity) this.grow(9);
    const { bytes } = this;
    let { position } = this;
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
      bytes[position++] = T.INT;
      while (zigzag > 127) {
        bytes[position++] = (zigzag & 127) | 128;
        zigzag >>>= 7;
      }
      bytes[position++] = zigzag;
      this.position = position;
    } else {
      bytes[position] = T.DOUBLE;
      this.view.setFloat64(position + 1, value, true);
      this.position = position + 9;
    }
  }

  /** @param {string} text */
  string(text) {
    const { length } = text;
    if (length > SHORT) return this.#longString(text);
    const start = this.position + 2;
    if (start + 2 * length > this.capacity) return this.#stringAfterGrowth(text);
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 255) return this.#wideString(text);
      bytes[start + i] = unit;
    }
    bytes[start - 2] = T.LATIN1;
    bytes[start - 1] = length;
    this.position = start + length;
  }

  /** @param {string} key */
  key(key) {
    const first = key.charCodeAt(0);
    if (first <= 57 && first >= 48) {
      const index = indexOf(key);
      if (index >= 0 && index <= 0x7fffffff) return this.number(index);
    }
    this.string(key);
  }

  /**
   * @param {number} length
   */
  reserve(length) {
    if (this.position + length > this.capacity) this.grow(length);
  }

  /** @param {number} length bytes that must fit after what is written */
  grow(length) {
    let capacity = Math.max(this.capacity, 512);
    while (capacity < this.position + length) capacity *= 2;
    if (capacity === this.capacity) return;
    let next = this.spare;
    this.spare = null;
    if (next === null || next.byteLength < capacity) next = new Uint8Array(Buffer.allocUnsafeSlow(capacity).buffer);
    next.set(this.bytes.subarray(0, this.position));
    this.bytes = next;
    this.view = new DataView(next.buffer);
    this.text = null;
    this.capacity = next.byteLength;
  }

  /** @param {string} text */
  #stringAfterGrowth(text) {
    this.grow(2 + 2 * text.length);
    this.string(text);
  }

  /** @param {string} text */
  #wideString(text) {
    const { length } = text;
    this.reserve(6 + 2 * length);
    this.bytes[this.position++] = T.UTF16;
    this.varint(length);
    let { position } = this;
    if (length <= SHORT) {
      for (let i = 0; i < length; i++, position += 2) this.view.setUint16(position, text.charCodeAt(i), true);
      this.position = position;
    } else {
      this.reserve(2 * length);
      this.position += this.#memory().write(text, this.position, 2 * length, 'utf16le');
    }
  }

  /** @param {string} text */
  #longString(text) {
    if (hasWideUnit(text)) return this.#wideString(text);
    const { length } = text;
    this.reserve(6 + length);
    this.bytes[this.position++] = T.LATIN1;
    this.varint(length);
    this.reserve(length);
    this.position += this.#memory().write(text, this.position, length, 'latin1');
  }

  #memory() {
    if (this.text !== null) return this.text;
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.text = Buffer.from(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength);
    if (this.bytes === this.scratch) this.scratchText = this.text;
    return this.text;
  }
}

const WIDE = /[^\0-\xff]/;
const { test } = RegExp.prototype;

/**
 * Whether a code unit is above 255. Of strings that V8 keeps in one byte a unit it knows that none is, without a look at them.
 *
 * @param {string} text
 */
function hasWideUnit(text) {
  return Reflect.apply(test, WIDE, [text]);
}

module.exports = { Writer };
