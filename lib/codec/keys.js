'use strict';

const char = String.fromCharCode;
/** Bytes up to which `shortText` beats a call into Node. */
const SHORT = 12;

/**
 * A few Latin-1 bytes as text. Appending one by one takes twice as long.
 *
 * @param {Uint8Array} bytes
 * @param {number} i where they begin
 * @param {number} length
 * @returns {string}
 */
function shortText(bytes, i, length) {
  /** @type {any} */
  const b = bytes; // indices are within bounds: the caller has checked
  switch (length) {
    case 0:
      return '';
    case 1:
      return char(b[i]);
    case 2:
      return char(b[i], b[i + 1]);
    case 3:
      return char(b[i], b[i + 1], b[i + 2]);
    case 4:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3]);
    case 5:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4]);
    case 6:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5]);
    case 7:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6]);
    case 8:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7]);
    default:
      return shortText(bytes, i, 8) + shortText(bytes, i + 8, length - 8);
  }
}

/**
 * Short keys as strings that exist already: records of one shape bring the same few again and again. A key that was
 * seen before costs neither a string nor a look-up in the engine's own table.
 */
class KeyTable {
  /** Bytes of the longest key that is kept. */
  static LONGEST = 16;

  constructor() {
    /** @type {string[]} */
    this.texts = new Array(1024).fill('');
    this.inherited = new Uint8Array(1024);
    /** Whether the key given last must be defined, as `isInherited` says. */
    this.isLastInherited = false;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} start
   * @param {number} length
   * @returns {string}
   */
  text(bytes, start, length) {
    let hash = length;
    for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + /** @type {number} */ (bytes[i])) | 0;
    const slot = (hash ^ (hash >>> 10)) & 1023;
    let text = /** @type {string} */ (this.texts[slot]);
    if (!equals(text, bytes, start, length)) {
      text = shortText(bytes, start, length);
      this.texts[slot] = text;
      this.inherited[slot] = isInherited(text) ? 1 : 0;
    }
    this.isLastInherited = this.inherited[slot] === 1;
    return text;
  }
}

/**
 * @param {string} text
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} length
 */
function equals(text, bytes, start, length) {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/**
 * Whether assigning this key could reach `Object.prototype`: its setter for `__proto__`, or what an app has put there
 * or frozen.
 *
 * @param {string} key
 */
function isInherited(key) {
  return key in Object.prototype;
}

module.exports = { KeyTable, shortText, isInherited, SHORT };
