'use strict';

// `host.native.transform`: a Node Transform over native operations. The work is done off Node's thread, and only as far as somebody reads.

const { Transform } = require('node:stream');
const { translated } = require('./port.js');

/** @typedef {import('../binding').NativeTransform} NativeTransform */

/** Bytes that wait on either side: enough for both to be busy at the same time. */
const WAITING_BYTES = 512 * 1024;

class NativeStream extends Transform {
  /** @type {NativeTransform} */ #native;
  /** @type {(ticket: number) => Promise<Uint8Array>} */ #answer;
  /** Goes on when somebody reads. @type {(() => void) | undefined} */ #resume;

  /**
   * @param {NativeTransform} native
   * @param {(ticket: number) => Promise<Uint8Array>} answer
   */
  constructor(native, answer) {
    super({ readableHighWaterMark: WAITING_BYTES, writableHighWaterMark: WAITING_BYTES });
    this.#native = native;
    this.#answer = answer;
  }

  /**
   * @override
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {(error?: Error | null) => void} callback
   */
  _transform(chunk, _encoding, callback) {
    this.#run([chunk], callback);
  }

  /**
   * What was written while the last pieces were worked on goes as one.
   *
   * @override
   * @param {{ chunk: Buffer }[]} pieces
   * @param {(error?: Error | null) => void} callback
   */
  _writev(pieces, callback) {
    this.#run(
      pieces.map(({ chunk }) => chunk),
      callback,
    );
  }

  /**
   * @override
   * @param {(error?: Error | null) => void} callback
   */
  _flush(callback) {
    this.#run(undefined, callback);
  }

  /**
   * @override
   * @param {number} size
   */
  _read(size) {
    const resume = this.#resume;
    if (resume === undefined) return super._read(size);
    this.#resume = undefined;
    resume();
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.#native.cancel();
    super._destroy(error, callback);
  }

  /**
   * @param {Buffer[] | undefined} pieces nothing: the input is over
   * @param {(error?: Error | null) => void} callback
   */
  #run(pieces, callback) {
    this.#drive(pieces).then(
      () => callback(),
      (error) => callback(this.destroyed ? null : /** @type {Error} */ (translated(error))),
    );
  }

  /** @param {Buffer[] | undefined} pieces */
  async #drive(pieces) {
    if (pieces === undefined) this.#native.end();
    else for (const piece of pieces) this.#native.write(piece);
    do {
      const bytes = await this.#answer(this.#native.next());
      if (this.destroyed) return;
      if (bytes.length > 0 && !this.push(bytes) && (this.#native.hasMore || pieces !== undefined))
        await this.#reading();
    } while (!this.destroyed && this.#native.hasMore);
  }

  /** Settles when somebody reads. @returns {Promise<void>} */
  #reading() {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}

module.exports = { NativeStream };
