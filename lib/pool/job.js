'use strict';

// One call of a pool, from its coming until it is answered.

const { HostboxError } = require('../errors.js');
const { aborted } = require('../port.js');

/** @typedef {import('../../index').CallOptions} CallOptions */
/** @typedef {import('./queue.js').Flow} Flow */

/**
 * @typedef {object} Target
 * @property {string} plugin
 * @property {string} fn
 * @property {readonly unknown[]} args
 * @property {string | undefined} [key]
 */

class Job {
  /** @type {Flow | undefined} */ flow;
  /** Whether a sandbox died under it: a second time it is given up. */
  isRetry = false;
  /** @type {Promise<any>} */ promise;
  /** @type {(value: unknown) => void} */ resolve;
  /** @type {(error: unknown) => void} */ reject;
  /** @type {AbortController | undefined} */ #controller;
  #begun = performance.now();
  #hasWaited = false;
  /** @type {NodeJS.Timeout | undefined} */ #timer;
  /** @type {(() => void) | undefined} */ #onAbort;

  /**
   * @param {Target} target
   * @param {CallOptions | undefined} options
   * @param {number} timeoutMs what holds where the options say nothing
   */
  constructor({ plugin, fn, args, key }, options, timeoutMs) {
    this.plugin = plugin;
    this.fn = fn;
    this.args = args;
    this.key = key;
    this.options = options;
    this.timeoutMs = options?.timeoutMs ?? timeoutMs;
    /** @type {(value: unknown) => void} */
    let settle = () => {};
    /** @type {(error: unknown) => void} */
    let fail = () => {};
    this.promise = new Promise((resolve, reject) => {
      settle = resolve;
      fail = reject;
    });
    this.resolve = settle;
    this.reject = fail;
  }

  /**
   * From now on it waits: its time runs, and its signal is heard.
   *
   * @param {(error: HostboxError) => void} giveUp
   */
  wait(giveUp) {
    this.#hasWaited = true;
    const ms = this.timeoutMs;
    const isOver = () =>
      giveUp(
        new HostboxError('ERR_TIMEOUT', `the call was not answered within its ${ms} ms`, { limit: `timeoutMs: ${ms}` }),
      );
    this.#timer = setTimeout(isOver, this.#left());
    const signal = this.options?.signal;
    if (signal !== undefined) {
      this.#onAbort = () => giveUp(aborted(signal));
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  stopWaiting() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#onAbort !== undefined) this.options?.signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }

  /** Who made it may want to end it while it runs, without a signal of the app's. */
  makeCancellable() {
    this.#controller = new AbortController();
  }

  cancel() {
    this.#controller?.abort();
  }

  get isCancelled() {
    return this.#controller?.signal.aborted === true;
  }

  get isQueued() {
    return this.flow?.jobs.has(this) === true;
  }

  #left() {
    return Math.max(0, this.#begun + this.timeoutMs - performance.now());
  }

  /**
   * The options of the call in the sandbox: what is left of its time.
   *
   * @returns {CallOptions | undefined}
   */
  callOptions() {
    if (!this.#hasWaited && this.#controller === undefined) return this.options;
    /** @type {CallOptions} */
    const options = { ...this.options };
    if (this.#hasWaited) options.timeoutMs = Math.max(1, Math.ceil(this.#left()));
    if (this.#controller !== undefined) options.signal = this.#controller.signal;
    return options;
  }
}

module.exports = { Job };
