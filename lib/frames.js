'use strict';

// Frames of events, as src/frames.rs writes them: a kind, numbers, values in the clone format.

const { Decoder } = require('./codec.js');
const { fromWire } = require('./errors.js');

/** @typedef {import('./errors.js').HostboxError} HostboxError */
/** @typedef {import('../index').ErrorCode} ErrorCode */
/** @typedef {import('../index').ConsoleEntry} ConsoleEntry */

const SETTLED = 1;
const FAILED = 2;
const HOST_CALL = 3;
const CONSOLE = 4;
const FETCH = 5;
const COMPONENT_CALL = 6;

const NO_CAUSE = 0;
const ERROR_CAUSE = 1;

/** Reads one delivery: what it is positioned at. */
class Frames {
  /** @type {Uint8Array} */ #scratch;
  /** @type {DataView} */ #scratchView;
  /** @type {Decoder} */ #decoder;
  /** @type {Uint8Array} */ #bytes;
  /** @type {DataView} */ #view;
  /** @type {readonly ArrayBuffer[]} */ #blocks = [];
  #position = 0;
  #length = 0;

  /** @param {Uint8Array} scratch memory that the addon writes deliveries to as long as they fit */
  constructor(scratch) {
    this.#scratch = scratch;
    this.#scratchView = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
    this.#decoder = new Decoder(scratch);
    this.#bytes = scratch;
    this.#view = this.#scratchView;
  }

  /**
   * Turns to a new delivery.
   *
   * @param {number} length
   * @param {readonly ArrayBuffer[] | undefined} blocks
   * @param {ArrayBuffer | undefined} bytes where they did not fit into the scratch memory
   */
  open(length, blocks, bytes) {
    this.#bytes = bytes === undefined ? this.#scratch : new Uint8Array(bytes);
    this.#view = bytes === undefined ? this.#scratchView : new DataView(bytes);
    this.#blocks = blocks ?? [];
    this.#position = 0;
    this.#length = length;
  }

  get done() {
    return this.#position >= this.#length;
  }

  /** Passes over what is left of an event that ends at `end`. @param {number} end */
  skipTo(end) {
    this.#position = end;
  }

  /** The end of the event that begins here. */
  event() {
    const length = this.#view.getUint32(this.#position, true);
    this.#position += 4;
    return this.#position + length;
  }

  byte() {
    return /** @type {number} */ (this.#bytes[this.#position++]);
  }

  number() {
    const value = this.#view.getFloat64(this.#position, true);
    this.#position += 8;
    return value;
  }

  /**
   * A value without memory of its own.
   *
   * @returns {any} a string, or undefined where the frame has none
   */
  text() {
    return this.#read(0);
  }

  /** The index of its first block, then the value. */
  payload() {
    const base = this.#view.getUint32(this.#position, true);
    this.#position += 4;
    return this.#read(base);
  }

  /** @param {number} base */
  #read(base) {
    const value = this.#decoder.read(this.#bytes, this.#position, this.#blocks, base);
    this.#position = this.#decoder.position;
    return value;
  }

  /** @returns {HostboxError} */
  failure() {
    const code = /** @type {ErrorCode} */ (this.text());
    const message = this.text();
    const path = this.text();
    const limit = this.text();
    const kind = this.byte();
    if (kind === NO_CAUSE) return fromWire({ code, message, path, limit });
    if (kind === ERROR_CAUSE) {
      const guest = this.#guestError();
      if (code !== 'ERR_GUEST') return fromWire({ code, message, path, limit, cause: guestAsError(guest) });
      const { name, stack, details, cause } = guest;
      return fromWire({ code, name, message, stack, path, limit, details, cause });
    }
    const cause = fromWire({ code: /** @type {ErrorCode} */ (this.text()), message: this.text(), limit: this.text() });
    return fromWire({ code, message, path, limit, cause });
  }

  #guestError() {
    const isError = this.byte() === 1;
    const name = /** @type {string} */ (this.text());
    const message = /** @type {string} */ (this.text());
    const stack = /** @type {string | undefined} */ (this.text());
    const code = /** @type {string | undefined} */ (this.text());
    const own = /** @type {Record<string, unknown>} */ (this.payload());
    const details = code === undefined ? own : { code, ...own };
    const kind = this.byte();
    /** @type {unknown} */
    let cause;
    if (kind === ERROR_CAUSE) cause = guestAsError(this.#guestError());
    else if (kind !== NO_CAUSE) cause = this.payload();
    return { isError, name, message, stack, details: Object.keys(details).length > 0 ? details : undefined, cause };
  }
}

/**
 * A guest's error that another error was caused by.
 *
 * @param {{ name: string, message: string, stack: string | undefined, details: Record<string, unknown> | undefined, cause: unknown }} guest
 */
function guestAsError({ name, message, stack, details, cause }) {
  return fromWire({ code: 'ERR_GUEST', name, message, stack, details, cause });
}

module.exports = { Frames, SETTLED, FAILED, HOST_CALL, CONSOLE, FETCH, COMPONENT_CALL };
