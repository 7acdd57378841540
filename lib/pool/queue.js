'use strict';

// What waits, by key. Calls of one key go to one sandbox, one after the other; keys take turns, so that a thousand calls of one
// do not hold up the others. Calls without a key are one more in the round, and go to any sandbox.

/** @typedef {import('./job.js').Job} Job */
/** @typedef {import('./slot.js').Slot} Slot */

/** The calls of one key, or those without any. */
class Flow {
  /** @type {Set<Job>} in the order of their coming */ jobs = new Set();
  /** Whether one of them runs: the others wait for it. */
  isBusy = false;

  /**
   * @param {string | undefined} key
   * @param {Slot | undefined} home the sandbox of the key
   */
  constructor(key, home) {
    this.key = key;
    this.home = home;
  }
}

class Queue {
  /** @type {readonly Slot[]} */ #slots;
  /** @type {Map<string, Flow>} those of which something waits or runs */ #flows = new Map();
  #keyless = new Flow(undefined, undefined);
  /** How many calls wait. */
  length = 0;

  /** @param {readonly Slot[]} slots */
  constructor(slots) {
    this.#slots = slots;
  }

  /**
   * The sandbox that a key belongs to: always the same one.
   *
   * @param {string} key
   */
  home(key) {
    let hash = 0x811c9dc5;
    // FNV-1a
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    return /** @type {Slot} */ (this.#slots[(hash >>> 0) % this.#slots.length]);
  }

  /** @param {Job} job */
  add(job) {
    const flow = job.key === undefined ? this.#keyless : this.#flowOf(job.key);
    job.flow = flow;
    flow.jobs.add(job);
    this.length++;
    if (flow.jobs.size === 1 && !flow.isBusy) this.#line(flow);
  }

  /**
   * Takes a call out of the queue.
   *
   * @param {Job} job
   */
  remove(job) {
    const { flow } = job;
    if (flow === undefined || !flow.jobs.delete(job)) return;
    this.length--;
    if (flow.jobs.size > 0) return;
    this.#unline(flow);
    this.#forget(flow);
  }

  /**
   * The next call for a sandbox.
   *
   * @param {Slot} slot
   * @returns {Job | undefined}
   */
  next(slot) {
    for (const flow of slot.line) {
      slot.line.delete(flow);
      for (const job of flow.jobs) {
        flow.jobs.delete(job);
        this.length--;
        if (flow.key !== undefined) flow.isBusy = true;
        else if (flow.jobs.size > 0) slot.line.add(flow);
        else this.#unline(flow);
        return job;
      }
    }
    return undefined;
  }

  /**
   * A call that ran has ended: the next one of its key may run.
   *
   * @param {Job} job
   */
  release({ flow }) {
    if (flow === undefined || flow.key === undefined) return;
    flow.isBusy = false;
    if (flow.jobs.size > 0) this.#line(flow);
    else this.#forget(flow);
  }

  /**
   * Takes back a call that has to run once more: before those of its key that came after it.
   *
   * @param {Job} job
   */
  putBack(job) {
    const flow = /** @type {Flow} */ (job.flow);
    flow.jobs = new Set([job, ...flow.jobs]);
    this.length++;
    // Its key is lined up again when its first run is released.
    if (flow.key === undefined) this.#line(flow);
  }

  /** Every call that waits, which none does afterwards. */
  drain() {
    const jobs = [this.#keyless, ...this.#flows.values()].flatMap((flow) => [...flow.jobs]);
    for (const job of jobs) this.remove(job);
    return jobs;
  }

  /** @param {string} key */
  #flowOf(key) {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = new Flow(key, this.home(key));
      this.#flows.set(key, flow);
    }
    return flow;
  }

  /** @param {Flow} flow */
  #line(flow) {
    if (flow.home !== undefined) flow.home.line.add(flow);
    else for (const slot of this.#slots) slot.line.add(flow);
  }

  /** @param {Flow} flow */
  #unline(flow) {
    if (flow.home !== undefined) flow.home.line.delete(flow);
    else for (const slot of this.#slots) slot.line.delete(flow);
  }

  /** @param {Flow} flow */
  #forget(flow) {
    if (flow.key !== undefined && !flow.isBusy && flow.jobs.size === 0) this.#flows.delete(flow.key);
  }
}

module.exports = { Flow, Queue };
