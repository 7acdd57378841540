'use strict';

// `HostPool.invoke`: requests in, outcomes in the order of their completion. Requests are read no faster than there is room for
// them, and no faster than outcomes are taken.

const check = require('./arguments.js');
const { HostboxError } = require('../errors.js');
const { aborted } = require('../port.js');
const { Job } = require('./job.js');

/** @typedef {import('../../index').Invocation} Invocation */
/** @typedef {import('../../index').Outcome<any>} Outcome */

/**
 * @typedef {object} Desk what a pool offers to those who read requests
 * @property {number} window how many requests may be under way, or have outcomes that nobody took
 * @property {number} timeoutMs
 * @property {() => boolean} hasRoom
 * @property {() => HostboxError | undefined} closed
 * @property {(job: Job) => void} submit
 * @property {(job: Job, error: unknown) => void} giveUp
 * @property {Set<() => void>} waiting for room: the first ones are called when there is some
 * @property {() => void} tell to be called by who was, and has no use for it
 */

class Run {
  /** @type {Outcome[]} */ outcomes = [];
  /** @type {Map<number, Job>} */ #jobs = new Map();
  /** @type {Desk} */ #desk;
  /** @type {import('./arguments.js').Source} */ #source;
  /** @type {AbortSignal | undefined} */ #signal;
  #isReading = true;
  #isStopped = false;
  /** @type {{ error: unknown } | undefined} why requests are left unread */ #failure;
  /** @type {(() => void)[]} */ #waiting = [];
  #stopWaiting = () => {};
  #onAbort = () => this.#abort();

  /**
   * @param {import('./arguments.js').Source} source
   * @param {AbortSignal | undefined} signal
   * @param {Desk} desk
   */
  constructor(source, signal, desk) {
    this.#source = source;
    this.#signal = signal;
    this.#desk = desk;
  }

  /** @returns {AsyncGenerator<Outcome, undefined, undefined>} */
  async *outcomesAsTheyCome() {
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#signal?.aborted) this.#abort();
    this.#read().catch((error) => this.#fail(error));
    try {
      for (;;) {
        const outcome = this.outcomes.shift();
        if (outcome !== undefined) {
          yield outcome;
          this.#wake();
        } else if (this.#isReading || this.#jobs.size > 0) {
          await this.#change();
        } else if (this.#failure !== undefined) {
          throw this.#failure.error;
        } else {
          return undefined;
        }
      }
    } finally {
      this.#stop();
    }
  }

  async #read() {
    for (let index = 0; !this.#isStopped; index++) {
      while (!this.#isStopped && this.#isFull) await this.#change();
      while (!this.#isStopped && !this.#desk.hasRoom() && this.#desk.closed() === undefined) await this.#room();
      if (this.#isStopped) break;
      const closed = this.#desk.closed();
      if (closed !== undefined) return this.#fail(closed);
      // A list is read without a turn of the microtasks for each of its items.
      const { list, stream } = this.#source;
      const { done, value } = list === undefined ? await stream.next() : list.next();
      if (done) {
        this.#isReading = false;
        return this.#wake();
      }
      if (this.#isStopped) this.#settle(index, failed(index, this.#why()));
      else this.#begin(index, value);
    }
  }

  get #isFull() {
    return this.#jobs.size + this.outcomes.length >= this.#desk.window;
  }

  #room() {
    return new Promise((resolve) => {
      const { waiting } = this.#desk;
      const go = () => {
        waiting.delete(go);
        resolve(undefined);
      };
      waiting.add(go);
      this.#stopWaiting = go;
    });
  }

  /**
   * @param {number} index
   * @param {Invocation} request
   */
  #begin(index, request) {
    let job;
    try {
      const { target, options } = check.invocation(request, `requests[${index}]`);
      job = new Job(target, options, this.#desk.timeoutMs);
    } catch (error) {
      return this.#settle(index, failed(index, error));
    }
    job.makeCancellable();
    this.#jobs.set(index, job);
    job.promise.then(
      (value) => this.#settle(index, { index, ok: true, value }),
      (error) => this.#settle(index, failed(index, this.#isStopped ? this.#why(error) : error)),
    );
    this.#desk.submit(job);
  }

  /**
   * @param {number} index
   * @param {Outcome} outcome
   */
  #settle(index, outcome) {
    this.#jobs.delete(index);
    this.outcomes.push(outcome);
    this.#wake();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#failure ??= { error };
    this.#isReading = false;
    this.#isStopped = true;
    this.#wake();
  }

  #abort() {
    this.#isStopped = true;
    if (this.#isReading) this.#failure ??= { error: this.#why() };
    this.#isReading = false;
    this.#cancel();
    this.#endSource();
    this.#leave();
  }

  /** The error of what was ended by the signal; anything else keeps its own. */
  #why(error = /** @type {any} */ (undefined)) {
    if (this.#signal?.aborted && (error === undefined || error.code === 'ERR_ABORTED')) return aborted(this.#signal);
    return error ?? new HostboxError('ERR_ABORTED', 'nobody waits for the outcomes any more');
  }

  #cancel() {
    for (const job of [...this.#jobs.values()]) {
      this.#desk.giveUp(job, this.#why());
      job.cancel();
    }
  }

  /** Nobody takes outcomes any more, or there are none left. */
  #stop() {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const wasReading = this.#isReading;
    this.#isStopped = true;
    this.#isReading = false;
    this.#cancel();
    if (wasReading) this.#endSource();
    this.#leave();
  }

  /** Whoever waits for room behind this one may have it. */
  #leave() {
    this.#stopWaiting();
    this.#wake();
    this.#desk.tell();
  }

  #endSource() {
    try {
      // Not awaited: a source that hangs in `next` would never settle it.
      const { list, stream } = this.#source;
      Promise.resolve((list ?? stream).return?.()).catch(() => {});
    } catch {
      // Its mistake, and nobody's result.
    }
  }

  #change() {
    return new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
  }

  #wake() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

/**
 * @param {number} index
 * @param {any} error
 * @returns {Outcome}
 */
function failed(index, error) {
  return { index, ok: false, error };
}

module.exports = { Run };
