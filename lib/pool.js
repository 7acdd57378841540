'use strict';

// `HostPool`: sandboxes with the same plugins and options, and the calls that wait for one of them.

const { availableParallelism } = require('node:os');
const check = require('./arguments.js');
const checkPool = require('./pool/arguments.js');
const { HostboxError } = require('./errors.js');
const { aborted } = require('./port.js');
const { Job } = require('./pool/job.js');
const { Run } = require('./pool/outcomes.js');
const { Queue } = require('./pool/queue.js');
const { Slot } = require('./pool/slot.js');
const { HostRuntime } = require('./runtime.js');

/** @typedef {import('../index').CallOptions} CallOptions */
/** @typedef {import('../index').Invocation} Invocation */
/** @typedef {import('../index').PluginOptions} PluginOptions */
/** @typedef {import('../index').PoolOptions} PoolOptions */
/** @typedef {import('./pool/slot.js').Plugin} Plugin */

/** Failures after which a sandbox is looked at: it may be dead, or not have come back yet. */
const SUSPICIOUS = new Set(['ERR_TIMEOUT', 'ERR_ABORTED', 'ERR_MEMORY', 'ERR_CLOSED', 'ERR_INTERNAL']);

class HostPool {
  /** @type {Slot[]} */ #slots = [];
  /** @type {Queue} */ #queue;
  /** @type {Map<string, Plugin>} */ #plugins;
  #bound;
  #share;
  #concurrency;
  #timeoutMs;
  #running = 0;
  #replaced = 0;
  /** Where the search for a free sandbox begins. */
  #turn = 0;
  /** @type {Promise<unknown>} one plugin after the other */ #loading = Promise.resolve();
  /** @type {Promise<void> | undefined} */ #closing;
  /** @type {import('./pool/outcomes.js').Desk} */ #desk;
  /** @type {(() => void)[]} those who wait for a sandbox to take calls */ #watchers = [];

  /**
   * @param {string} scope
   * @param {PoolOptions} [options]
   */
  constructor(scope, options) {
    const { size, queue, concurrency, plugins, runtime, limits } = checkPool.poolOptions(
      options,
      availableParallelism(),
    );
    this.#bound = queue;
    this.#concurrency = concurrency;
    this.#timeoutMs = limits.timeoutMs;
    this.#plugins = plugins;
    try {
      for (let i = 0; i < size; i++) this.#slots.push(new Slot(() => new HostRuntime(scope, runtime), plugins));
    } catch (error) {
      for (const slot of this.#slots) slot.close().catch(() => {});
      throw error;
    }
    this.#queue = new Queue(this.#slots);
    // Half of the queue is for those who read lists: single calls find room beside them.
    this.#share = Math.max(1, Math.ceil(queue / 2));
    this.#desk = {
      window: size * concurrency + this.#share,
      timeoutMs: this.#timeoutMs,
      hasRoom: () => this.#queue.length < this.#share,
      closed: () => (this.#closing === undefined ? undefined : closed()),
      submit: (job) => this.#submit(job, true),
      giveUp: (job, error) => this.#giveUp(job, error),
      waiting: new Set(),
      tell: () => this.#tell(),
    };
    for (const slot of this.#slots) if (!slot.isReady) this.#equip(slot);
  }

  /**
   * @param {string} plugin
   * @param {string} fn
   * @param {readonly unknown[]} [args]
   * @param {CallOptions & { key?: string }} [options]
   * @returns {Promise<any>}
   */
  async call(plugin, fn, args, options) {
    const { key, rest } = checkPool.callOptions(options);
    if (rest?.signal?.aborted) throw aborted(rest.signal);
    const job = new Job(checkPool.target(plugin, fn, args, key), rest, this.#timeoutMs);
    this.#submit(job, false);
    return job.promise;
  }

  /**
   * @param {Iterable<Invocation> | AsyncIterable<Invocation>} requests
   * @param {{ signal?: AbortSignal }} [options]
   */
  invoke(requests, options) {
    const { signal } = checkPool.invokeOptions(options);
    return new Run(checkPool.source(requests), signal, this.#desk).outcomesAsTheyCome();
  }

  /**
   * @param {string} name
   * @param {string} source
   * @param {PluginOptions} [options]
   */
  async loadPlugin(name, source, options) {
    const { replace = false, ...rest } = check.pluginOptions(options);
    const plugin = { source: check.string(source, 'source'), options: rest };
    check.filledString(name, 'name');
    const load = this.#loading.then(() => this.#load(name, plugin, replace));
    this.#loading = load.catch(() => {});
    return load;
  }

  stats() {
    return {
      size: this.#slots.length,
      queued: this.#queue.length,
      running: this.#running,
      replaced: this.#replaced,
      sandboxes: this.#slots.map((slot) => slot.host.stats()),
    };
  }

  close() {
    if (this.#closing === undefined) {
      this.#closing = Promise.all(this.#slots.map((slot) => slot.close())).then(() => undefined);
      for (const job of this.#queue.drain()) {
        job.stopWaiting();
        job.reject(closed());
      }
      this.#tell();
    }
    return this.#closing;
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close();
  }

  /**
   * Runs a call where a sandbox is free for it, else lets it wait.
   *
   * @param {Job} job
   * @param {boolean} hasWaited whether its maker has waited for room already
   */
  #submit(job, hasWaited) {
    if (this.#closing !== undefined) return job.reject(closed());
    const free = job.key === undefined ? this.#free() : this.#queue.home(job.key);
    this.#queue.add(job);
    if (free !== undefined) this.#pump(free);
    if (!job.isQueued) return;
    if (!hasWaited && this.#queue.length > this.#bound) {
      this.#queue.remove(job);
      const message = `the queue of the pool is full: ${this.#bound} calls wait`;
      return job.reject(new HostboxError('ERR_LIMIT', message, { limit: `queue: ${this.#bound}` }));
    }
    job.wait((error) => this.#giveUp(job, error));
  }

  /**
   * Ends a call that waits.
   *
   * @param {Job} job
   * @param {unknown} error
   */
  #giveUp(job, error) {
    if (!job.isQueued) return;
    this.#queue.remove(job);
    job.stopWaiting();
    job.reject(error);
    this.#tell();
  }

  /** The sandbox with the fewest calls that takes one more. */
  #free() {
    let best;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = /** @type {Slot} */ (this.#slots[(this.#turn + i) % this.#slots.length]);
      if (!slot.isReady || slot.running >= this.#concurrency) continue;
      if (best === undefined || slot.running < best.running) best = slot;
      if (best.running === 0) break;
    }
    this.#turn = (this.#turn + 1) % this.#slots.length;
    return best;
  }

  /**
   * Gives a sandbox what waits for it, as much as it takes.
   *
   * @param {Slot} slot
   */
  #pump(slot) {
    while (slot.isReady && slot.running < this.#concurrency) {
      const job = this.#queue.next(slot);
      if (job === undefined) return;
      this.#run(slot, job);
    }
  }

  /**
   * @param {Slot} slot
   * @param {Job} job
   */
  #run(slot, job) {
    job.stopWaiting();
    slot.running++;
    this.#running++;
    const { host, failures } = slot;
    const call = failures.has(job.plugin)
      ? Promise.reject(failures.get(job.plugin))
      : host.call(job.plugin, job.fn, job.args, job.callOptions());
    const { epoch } = slot;
    call.then(
      (value) => {
        job.resolve(value);
        this.#ended(slot, epoch, job, undefined);
      },
      (error) => {
        const isAgain = this.#isToRunAgain(slot, epoch, job, error);
        if (isAgain) this.#queue.putBack(job);
        else job.reject(error);
        this.#ended(slot, epoch, job, error);
        if (job.isQueued) job.wait((reason) => this.#giveUp(job, reason));
      },
    );
  }

  /**
   * Whether a call is made once more: its sandbox died, and it may not have been the one that killed it.
   *
   * @param {Slot} slot
   * @param {number} epoch
   * @param {Job} job
   * @param {any} error
   */
  #isToRunAgain(slot, epoch, job, error) {
    if (error?.code !== 'ERR_CLOSED' || job.isRetry || this.#closing !== undefined) return false;
    if (job.options?.transfer !== undefined || job.options?.signal?.aborted || job.isCancelled) return false;
    if (epoch === slot.epoch && !slot.isDead) return false;
    job.isRetry = true;
    return true;
  }

  /**
   * @param {Slot} slot
   * @param {number} epoch
   * @param {Job} job
   * @param {any} error
   */
  #ended(slot, epoch, job, error) {
    this.#running--;
    this.#queue.release(job);
    // A sandbox that was replaced meanwhile took its calls along.
    if (epoch === slot.epoch) {
      slot.running--;
      if (SUSPICIOUS.has(error?.code) && slot.isReady && this.#closing === undefined) this.#look(slot);
    }
    this.#pump(slot);
    this.#tell();
  }

  /**
   * Looks after a sandbox whose call ended in a way that may have broken it.
   *
   * @param {Slot} slot
   */
  async #look(slot) {
    if (slot.isDead) return this.#renew(slot);
    if (!slot.isOccupied) return;
    // Its thread has not come back. What is given to it now might be lost with it.
    slot.isReady = false;
    const { epoch } = slot;
    const answers = await slot.answers();
    if (epoch !== slot.epoch || this.#closing !== undefined) return;
    if (!answers) return this.#renew(slot);
    slot.isReady = true;
    this.#pump(slot);
    this.#tell();
  }

  /** @param {Slot} slot */
  async #renew(slot) {
    if (slot.isRenewing) return;
    this.#replaced++;
    if (!(await slot.renew())) return;
    slot.isReady = true;
    this.#pump(slot);
    this.#tell();
  }

  /** @param {Slot} slot */
  async #equip(slot) {
    const isEquipped = await slot.equip();
    if (this.#closing !== undefined) return;
    if (!isEquipped) return this.#renew(slot);
    slot.isReady = true;
    this.#pump(slot);
    this.#tell();
  }

  /**
   * Loads a plugin into one sandbox, and where that goes well into the others.
   *
   * @param {string} name
   * @param {Plugin} plugin
   * @param {boolean} replace
   */
  async #load(name, plugin, replace) {
    if (this.#plugins.has(name) && !replace) {
      const message = `the pool has a plugin '${name}' already; replace: true puts another in its place`;
      throw new HostboxError('ERR_PLUGIN_EXISTS', message);
    }
    const first = await this.#tryOut(name, plugin);
    this.#plugins.set(name, plugin);
    const others = this.#slots.filter((slot) => slot !== first);
    await Promise.all(
      others.map(async (slot) => {
        // One that is being made takes what the pool has by then.
        if (!slot.isReady) return this.#settled(slot);
        if (!(await slot.equip()) && this.#closing === undefined) await this.#renew(slot);
      }),
    );
    if (this.#closing !== undefined) throw closed();
  }

  /**
   * @param {string} name
   * @param {Plugin} plugin
   */
  async #tryOut(name, plugin) {
    for (;;) {
      const slot = await this.#anyReady();
      try {
        await slot.tryOut(name, plugin);
        return slot;
      } catch (error) {
        const isDead = this.#closing === undefined && slot.isReady && slot.isDead;
        if (isDead) this.#renew(slot);
        // A plugin that kills sandboxes is not tried on all of them.
        throw error;
      }
    }
  }

  /** @returns {Promise<Slot>} */
  async #anyReady() {
    for (;;) {
      if (this.#closing !== undefined) throw closed();
      const slot = this.#slots.find(({ isReady }) => isReady);
      if (slot !== undefined) return slot;
      await this.#change();
    }
  }

  /**
   * Waits until a sandbox that is being made or looked after takes calls, with all that the pool has.
   *
   * @param {Slot} slot
   */
  async #settled(slot) {
    while (!slot.isReady && this.#closing === undefined) await this.#change();
    if (this.#closing === undefined && !(await slot.equip())) await this.#renew(slot);
  }

  /** The next time that something ended, or a sandbox came. */
  #change() {
    return new Promise((resolve) => this.#watchers.push(() => resolve(undefined)));
  }

  /** Something ended, or a sandbox came: there may be room in the queue. */
  #tell() {
    let room = this.#closing === undefined ? this.#share - this.#queue.length : Infinity;
    for (const go of this.#desk.waiting) {
      if (room-- <= 0) break;
      go();
    }
    const watchers = this.#watchers;
    if (watchers.length === 0) return;
    this.#watchers = [];
    for (const look of watchers) look();
  }
}

function closed() {
  return new HostboxError('ERR_CLOSED', 'the pool is closed');
}

module.exports = { HostPool };
