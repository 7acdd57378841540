'use strict';

// Numbers, text and keys out of a message. Knows no objects.

const T = require('./tags.js');
const { KeyTable, SHORT, shortText, isInherited } = require('./keys.js');
const { HostboxError } = require('../errors.js');

const { isAscii } = /** @type {{ isAscii?: (bytes: Uint8Array) => boolean }} */ (require('node:buffer'));

class Reader {
  /** @param {Uint8Array} scratch */
  constructor(scratch) {
    this.bytes = scratch;
    this.view = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
    this.text = memoryOf(scratch);
    this.scratch = { bytes: scratch, view: this.view, text: this.text };
    this.end = scratch.length;
    /** Where the next value begins. */
    this.position = 0;
    this.keys = new KeyTable();
  }

  /** @param {Uint8Array} bytes */
  use(bytes) {
    const home = this.scratch;
    const isHome = bytes === home.bytes;
    this.bytes = bytes;
    this.view = isHome ? home.view : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = isHome ? home.text : memoryOf(bytes);
    this.end = bytes.length;
  }

  byte() {
    if (this.position >= this.end) malformed('the end');
    return /** @type {number} */ (this.bytes[this.position++]);
  }

  /**
   * @param {number} length
   * @returns {number} where the skipped bytes begin
   */
  skip(length) {
    const start = this.position;
    if (length > this.end - start) malformed('the end');
    this.position = start + length;
    return start;
  }

  varint() {
    const first = this.byte();
    if (first < 128) return first;
    let number = first & 127;
    for (let factor = 128; factor < 2 ** 53; factor *= 128) {
      const byte = this.byte();
      number += (byte & 127) * factor;
      if (byte < 128) return number <= Number.MAX_SAFE_INTEGER ? number : malformed('a number');
    }
    return malformed('a number');
  }

  integer() {
    const zigzag = this.varint();
    if (zigzag > 0xffffffff) malformed('an integer');
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** @param {number} length */
  latin1(length) {
    const start = this.skip(length);
    if (length > SHORT) return this.text.toString('latin1', start, start + length);
    return shortText(this.bytes, start, length);
  }

  /** @param {number} tag */
  wideString(tag) {
    const units = this.varint();
    if (units > this.end) malformed('the end');
    const length = tag === T.UTF16 ? 2 * units : units;
    const start = this.skip(length);
    if (tag === T.UTF16) {
      if (length > 2 * SHORT) return this.text.toString('utf16le', start, start + length);
      let text = '';
      for (let i = start; i < start + length; i += 2) text += String.fromCharCode(this.view.getUint16(i, true));
      return text;
    }
    // Latin-1 is a plain copy, ten times as fast.
    const ascii = isAscii !== undefined && isAscii(this.text.subarray(start, start + length));
    return this.text.toString(ascii ? 'latin1' : 'utf8', start, start + length);
  }

  string() {
    const tag = this.byte();
    if (tag === T.LATIN1) return this.latin1(this.varint());
    if (tag === T.UTF16 || tag === T.UTF8) return this.wideString(tag);
    return tag === T.UNDEFINED ? undefined : malformed('no string');
  }

  bigint() {
    const negative = this.byte() === 1;
    const length = this.varint();
    const start = this.skip(length);
    let magnitude = 0n;
    if (length > 0) {
      const digits = Buffer.from(this.bytes.subarray(start, start + length))
        .reverse()
        .toString('hex');
      magnitude = possible('BigInt', () => BigInt(`0x${digits}`));
    }
    return negative ? -magnitude : magnitude;
  }

  /**
   * A key of an object: text, or a number for an index.
   *
   * @param {number} tag
   * @returns {string | number}
   */
  key(tag) {
    if (tag === T.LATIN1) {
      const length = this.varint();
      if (length > KeyTable.LONGEST) return this.#unkept(this.latin1(length));
      return this.keys.text(this.bytes, this.skip(length), length);
    }
    if (tag === T.INT) {
      const index = this.integer();
      this.keys.isLastInherited = false;
      return index >= 0 ? index : malformed('an index');
    }
    return this.#unkept(tag === T.UTF16 || tag === T.UTF8 ? this.wideString(tag) : malformed('a key'));
  }

  /** @param {string} key */
  #unkept(key) {
    this.keys.isLastInherited = isInherited(key);
    return key;
  }

  /** A number of values that the remaining bytes can hold. */
  count() {
    const length = this.varint();
    return length <= this.end - this.position ? length : malformed('the end');
  }
}

/** @param {Uint8Array} bytes */
function memoryOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength);
}

/**
 * What a guest's engine has and this one may not.
 *
 * @template T
 * @param {string} what
 * @param {() => T} make
 * @returns {T}
 */
function possible(what, make) {
  try {
    return make();
  } catch (cause) {
    throw new HostboxError('ERR_CLONE', `The sandbox sent a ${what}, which cannot be made here`, { cause });
  }
}

/**
 * @param {string} found
 * @returns {never}
 */
function malformed(found) {
  throw new HostboxError('ERR_INTERNAL', `Malformed message: ${found}`);
}

module.exports = { Reader, malformed, possible };
