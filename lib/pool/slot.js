'use strict';

// One place of a pool: a sandbox, and the next one where that broke.

/** @typedef {import('../../index').PluginOptions} PluginOptions */
/** @typedef {{ readonly source: string, readonly options: PluginOptions }} Plugin */
/** @typedef {import('../runtime.js').HostRuntime} HostRuntime */
/** @typedef {import('./queue.js').Flow} Flow */

/** How long it waits before it tries again to make a sandbox, doubled each time up to the second. */
const RETRY_MS = [50, 2_000];

class Slot {
  /** @type {Set<Flow>} those that wait for this sandbox, in the order of their turns */ line = new Set();
  /** Calls under way. */
  running = 0;
  /** Whether it takes calls. */
  isReady = false;
  isRenewing = false;
  /** The number of its sandbox. */
  epoch = 0;
  /** @type {Map<string, unknown>} plugins that could not be loaded, and why */ failures = new Map();
  /** @type {HostRuntime} */ host;
  /** @type {() => HostRuntime} */ #make;
  /** @type {ReadonlyMap<string, Plugin>} */ #plugins;
  /** @type {Map<string, Plugin>} */ #loaded = new Map();
  /** Ends the wait for another try. */
  #stopWaiting = () => {};
  #isClosed = false;

  /**
   * @param {() => HostRuntime} make
   * @param {ReadonlyMap<string, Plugin>} plugins those of the pool, as they are at any time
   */
  constructor(make, plugins) {
    this.#make = make;
    this.#plugins = plugins;
    this.host = make();
    this.isReady = plugins.size === 0;
  }

  get isDead() {
    const { state } = this.host.stats();
    return state === 'dead' || state === 'closed';
  }

  /** Whether it works although nothing that we gave it is under way. */
  get isOccupied() {
    return this.host.stats().state === 'running';
  }

  /**
   * Loads what the pool has and this sandbox has not. A plugin that fails is remembered with its error, unless an older version
   * of it stays loaded: then the answer is false.
   *
   * @returns {Promise<boolean>}
   */
  async equip() {
    const { epoch, host } = this;
    for (;;) {
      const entry = [...this.#plugins].find(([name, plugin]) => this.#loaded.get(name) !== plugin);
      if (entry === undefined || epoch !== this.epoch) return true;
      const [name, plugin] = entry;
      const hadOne = this.#loaded.has(name) && !this.failures.has(name);
      try {
        await host.loadPlugin(name, plugin.source, { ...plugin.options, replace: true });
        this.failures.delete(name);
      } catch (error) {
        if (hadOne || this.isDead) return epoch !== this.epoch;
        this.failures.set(name, error);
      }
      this.#loaded.set(name, plugin);
    }
  }

  /**
   * Loads one plugin ahead of the pool's list.
   *
   * @param {string} name
   * @param {Plugin} plugin
   */
  async tryOut(name, plugin) {
    await this.host.loadPlugin(name, plugin.source, { ...plugin.options, replace: true });
    this.failures.delete(name);
    this.#loaded.set(name, plugin);
  }

  /** Puts a fresh sandbox in the place of this one; whether there is one, with its plugins. */
  async renew() {
    this.isReady = false;
    this.isRenewing = true;
    this.running = 0;
    this.epoch++;
    this.host.close().catch(() => {});
    try {
      return await this.#tryToRenew();
    } finally {
      this.isRenewing = false;
    }
  }

  async #tryToRenew() {
    for (let ms = /** @type {number} */ (RETRY_MS[0]); !this.#isClosed; ms = Math.min(2 * ms, RETRY_MS[1] ?? ms)) {
      try {
        this.host = this.#make();
        this.#loaded.clear();
        this.failures.clear();
        // It may have died while its plugins were loaded.
        if (await this.equip()) return !this.#isClosed;
        this.host.close().catch(() => {});
      } catch {
        // No thread left for guests (`ERR_BUSY`): one may come back.
      }
      await this.#pause(ms);
    }
    return false;
  }

  /** Waits until the sandbox answers again; whether it does. */
  async answers() {
    try {
      await this.host.plugins();
      return true;
    } catch {
      return false;
    }
  }

  async close() {
    this.#isClosed = true;
    this.isReady = false;
    this.#stopWaiting();
    await this.host.close();
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, undefined).unref();
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}

module.exports = { Slot };
