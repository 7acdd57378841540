'use strict';

// The encoder's own stack: one frame a container that is being written, and the path that a stack of them stands for.

const T = require('./tags.js');
const { indexOf, own } = require('./classify.js');

/** @typedef {import('./encode.js').Encoder} EncoderType */
/** @typedef {string | number | Frame} Step how a value is reached: a key, an index, or the Map or Set being read */

class Frame {
  static PAIRS = 0;
  static ITEMS = 1;
  static MAP = 2;
  static SET = 3;

  /**
   * @param {number} kind
   * @param {object} holder
   * @param {readonly unknown[]} list keys of PAIRS; what ITEMS, MAP (key, value, …) and SET hold
   */
  constructor(kind, holder, list) {
    this.kind = kind;
    this.holder = holder;
    this.list = list;
    this.index = -1;
    this.length = list.length;
    /** Whether an end mark follows. */
    this.closed = kind !== Frame.ITEMS;
    /** @type {unknown} */
    this.value = undefined;
    /** @type {Step} */
    this.step = kind === Frame.PAIRS ? '' : this;
  }

  /**
   * Reads the next value, writes what stands before it.
   *
   * @param {EncoderType} encoder
   * @returns {boolean} whether there is one
   */
  next(encoder) {
    while (++this.index < this.length) {
      if (this.kind === Frame.PAIRS) {
        const key = /** @type {string} */ (this.list[this.index]);
        // An accessor that was read before may have removed it.
        if (!own(this.holder, key)) continue;
        encoder.key(key);
        const index = Array.isArray(this.holder) ? indexOf(key) : -1;
        this.step = index >= 0 ? index : key;
        this.value = /** @type {Record<string, unknown>} */ (this.holder)[key];
        return true;
      }
      this.value = this.list[this.index];
      if (this.kind !== Frame.ITEMS) return true;
      this.step = this.index;
      if (this.value !== undefined || own(this.holder, this.index)) return true;
      encoder.byte(T.HOLE);
    }
    return false;
  }

  /** The path of the current value of a Map or Set. */
  get path() {
    const { index } = this;
    if (this.kind === Frame.SET) return `.values()[${index}]`;
    if (index % 2 === 0) return `.keys()[${index / 2}]`;
    const key = this.list[index - 1];
    if (typeof key === 'string' && key.length <= 60) return `.get(${JSON.stringify(key)})`;
    if (typeof key === 'number' || typeof key === 'boolean') return `.get(${key})`;
    return `.values()[${(index - 1) / 2}]`;
  }
}

/**
 * @param {string} root
 * @param {readonly Step[]} trail steps to the containers that are being written, the outermost first
 * @param {number} depth how many of them
 * @param {Step} last
 */
function pathOf(root, trail, depth, last) {
  if (depth === 0) return root;
  const steps = trail.slice(1, depth).concat(last);
  // Thousands of steps are of no use to anybody.
  if (steps.length <= 64) return root + steps.map(stepText).join('');
  return `${root}${steps.slice(0, 32).map(stepText).join('')} … ${steps.slice(-8).map(stepText).join('')}`;
}

/** @param {Step} step */
function stepText(step) {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step !== 'string') return step.path;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

module.exports = { Frame, pathOf };
