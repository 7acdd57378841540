'use strict';

// `host.native.transform`: a Node Transform over native operations. The work is done off Node's thread, and only as far as somebody reads.

const { Transform } = require('node:stream');
const { translated } = require('./port.js');

/** @typedef {import('../binding').NativeTransform} NativeTransform */

/** Bytes that wait on either side: enough for both to be busy at the same time. */
const WAITING_BYTES = 512 * 1024;
/** While less than this waits for the work, more is asked for at once. */
const LITTLE = WAITING_BYTES / 2;

class NativeStream extends Transform {
  /** @type {NativeTransform} */ #native;
  /** @type {(ticket: number) => Promise<Uint8Array>} */ #answer;
  /** @type {() => void} */ #onEnd;
  /** Goes on when somebody reads. @type {(() => void) | undefined} */ #resume;
  /** Asks for more: what was written is being worked on. @type {((error?: Error | null) => void) | undefined} */ #taken;
  /** Everything was worked on. @type {((error?: Error | null) => void) | undefined} */ #flushed;
  /** Whether anything was written, or the end was said, that the work has not turned to. */
  #isNew = false;
  #newBytes = 0;
  #isWorking = false;

  /**
   * @param {NativeTransform} native
   * @param {(ticket: number) => Promise<Uint8Array>} answer
   * @param {() => void} onEnd called when it is destroyed, as every stream is in the end
   */
  constructor(native, answer, onEnd) {
    super({ readableHighWaterMark: WAITING_BYTES, writableHighWaterMark: WAITING_BYTES });
    this.#native = native;
    this.#answer = answer;
    this.#onEnd = onEnd;
  }

  // Not `_transform`: what is read and what is written do not wait for each other here.
  /**
   * @override
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {(error?: Error | null) => void} callback
   */
  _write(chunk, _encoding, callback) {
    this.#give([{ chunk }], callback);
  }

  /**
   * What was written while the work was on the pieces before goes as one.
   *
   * @override
   * @param {{ chunk: Buffer }[]} pieces
   * @param {(error?: Error | null) => void} callback
   */
  _writev(pieces, callback) {
    this.#give(pieces, callback);
  }

  /**
   * @override
   * @param {(error?: Error | null) => void} callback
   */
  _flush(callback) {
    this.#native.end();
    this.#flushed = callback;
    this.#work();
  }

  /** @override */
  _read() {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.#native.cancel();
    this.#onEnd();
    const taken = this.#taken;
    this.#taken = undefined;
    super._destroy(error, callback);
    // Whoever waits for this write hears that it is over.
    taken?.(error);
  }

  /**
   * @param {{ chunk: Buffer }[]} pieces
   * @param {(error?: Error | null) => void} taken
   */
  #give(pieces, taken) {
    try {
      for (const { chunk } of pieces) {
        this.#native.write(chunk);
        this.#newBytes += chunk.length;
      }
    } catch (error) {
      return taken(/** @type {Error} */ (translated(error)));
    }
    const isLittle = this.#newBytes < LITTLE;
    if (!isLittle) this.#taken = taken;
    this.#work();
    if (isLittle) taken();
  }

  #work() {
    this.#isNew = true;
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#drive().catch((error) => this.destroy(/** @type {Error} */ (translated(error))));
  }

  /** Works as long as there is anything to work on and somebody reads. */
  async #drive() {
    while (this.#isNew || this.#native.hasMore) {
      const takes = !this.#native.hasMore;
      const ticket = this.#native.next();
      if (takes) this.#take();
      const bytes = await this.#answer(ticket);
      if (this.destroyed) return;
      const isFull = bytes.length > 0 && !this.push(bytes);
      const isOver = this.#flushed !== undefined && !this.#isNew && !this.#native.hasMore;
      if (isFull && !isOver) await this.#reading();
    }
    this.#isWorking = false;
    // Where the end was said, the work has turned to it: nothing is new any more.
    this.#flushed?.();
  }

  /** The work has turned to all that was written: there is room for as much again meanwhile. */
  #take() {
    const taken = this.#taken;
    this.#taken = undefined;
    this.#isNew = false;
    this.#newBytes = 0;
    taken?.();
  }

  /** Settles when somebody reads. @returns {Promise<void>} */
  #reading() {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}

module.exports = { NativeStream };
