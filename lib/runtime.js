'use strict';

// `HostRuntime`: arguments in, one crossing, a promise. What things mean is decided below, in Rust.

const check = require('./arguments.js');
const { Native } = require('./bytes.js');
const { tell, write } = require('./console.js');
const { HostboxError } = require('./errors.js');
const port = require('./port.js');
const { Wasi } = require('./wasi.js');
const { aborted, answer, createSandbox, encoded, flush, open, readHostCalls, submit, translated } = port;

/** @typedef {import('../index').CallOptions} CallOptions */
/** @typedef {import('../index').ConsoleEntry} ConsoleEntry */
/** @typedef {import('../index').EvalOptions} EvalOptions */
/** @typedef {import('../index').HostRuntimeOptions} HostRuntimeOptions */
/** @typedef {import('../index').PluginOptions} PluginOptions */
/** @typedef {import('../binding').NativeSandbox} NativeSandbox */

/** Kinds of a synchronous answer (src/sandbox.rs). */
const DONE = 1;
const HOST_CALLS = 3;

/** Numbers of functions that one runtime remembers. */
const TARGETS = 4096;

/** @type {CallOptions} */
const NO_OPTIONS = Object.freeze({});

class HostRuntime {
  /** @type {string} */ #scope;
  /** @type {NativeSandbox} */ #sandbox;
  /** @type {ReturnType<NativeSandbox['syncCaller']> | undefined} */ #callSync;
  /** @type {Native} */ #native;
  /** @type {Wasi} */ #wasi;
  /** @type {Record<string, (...args: any[]) => unknown>} */ #bridge;
  /** @type {NonNullable<HostRuntimeOptions['console']>} */ #console;
  /** @type {import('./port.js').Receiver} */ #receiver;
  /** @type {Map<string, Map<string, number>>} */ #targets = new Map();
  #targetCount = 0;
  /** @type {Promise<void> | undefined} */ #closing;

  /**
   * @param {string} scope
   * @param {HostRuntimeOptions} [options]
   */
  constructor(scope, options) {
    this.#scope = check.scope(scope);
    const { limits, bridge, console: output, net, env, fs, onFetch, cache, wasi } = check.runtimeOptions(options);
    this.#bridge = bridge;
    this.#console = output;
    this.#receiver = {
      onHostCall: (call) => this.#runHostFunction(call),
      onConsole: (entry) => write(this.#console, entry),
      onFetch: onFetch && ((event) => tell(onFetch, event)),
    };
    const names = Object.keys(bridge).sort();
    const codeCache = wasi ? check.codeCache() : undefined;
    const settings = {
      limits,
      bridge: names,
      net,
      env,
      fs,
      cache: { scope: this.#scope, ...cache },
      wasi,
      ...(codeCache !== undefined && { codeCache }),
    };
    this.#sandbox = createSandbox(settings, this.#receiver);
    const isOpen = () => this.#closing === undefined;
    this.#native = new Native(this.#sandbox, this.#receiver, isOpen);
    this.#wasi = new Wasi(this.#sandbox, this.#receiver, this.#native, isOpen);
  }

  get scope() {
    return this.#scope;
  }

  get native() {
    return this.#native;
  }

  get wasi() {
    return this.#wasi;
  }

  /**
   * @param {string} source
   * @param {EvalOptions} [options]
   */
  async eval(source, options) {
    const text = check.string(source, 'source');
    const { filename = 'eval.js', typescript, timeoutMs = 0, signal } = evalOptions(options);
    if (signal?.aborted) throw aborted(signal);
    return this.#wait(this.#flushed.eval(text, filename, typescript ?? isTypeScript(filename), timeoutMs), signal);
  }

  /**
   * @param {string} source
   * @param {EvalOptions} [options]
   */
  evalSync(source, options) {
    const text = check.string(source, 'source');
    const { filename = 'eval.js', typescript, timeoutMs = 0, signal } = evalOptions(options);
    if (signal?.aborted) throw aborted(signal);
    return this.#finish(this.#flushed.evalSync(text, filename, typescript ?? isTypeScript(filename), timeoutMs));
  }

  /**
   * @param {string} name
   * @param {string} source
   * @param {PluginOptions} [options]
   */
  async loadPlugin(name, source, options) {
    const { timeoutMs = 0, replace = false, ...rest } = check.pluginOptions(options);
    const plugin = { name: check.filledString(name, 'name'), source: check.string(source, 'source'), replace, ...rest };
    await this.#wait(this.#flushed.load(plugin, timeoutMs));
  }

  /** @param {string} name */
  async unloadPlugin(name) {
    return this.#wait(this.#flushed.ask('unload', check.filledString(name, 'name')));
  }

  async plugins() {
    return this.#wait(this.#flushed.ask('plugins', ''));
  }

  /** @param {string} name */
  async pluginInfo(name) {
    return this.#wait(this.#flushed.ask('info', check.filledString(name, 'name')));
  }

  /** @param {string} name */
  plugin(name) {
    check.filledString(name, 'name');
    /** @type {Map<string, (...args: unknown[]) => Promise<unknown>>} */
    const functions = new Map();
    return new Proxy(Object.freeze({}), {
      get: (_, key) => {
        // A handle is neither a promise nor something that prints itself: those names are nobody's functions.
        if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return undefined;
        let call = functions.get(key);
        if (call === undefined) {
          call = (...args) => this.call(name, key, args);
          functions.set(key, call);
        }
        return call;
      },
    });
  }

  /**
   * @param {string} plugin
   * @param {string} fn
   * @param {readonly unknown[]} [args]
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  call(plugin, fn, args, options) {
    try {
      if (options === undefined) {
        return submit(this.#sandbox, this.#receiver, this.#target(plugin, fn), check.argumentList(args));
      }
      const { timeoutMs = 0, signal, transfer } = check.callOptions(options);
      if (signal?.aborted) return Promise.reject(aborted(signal));
      const target = this.#target(plugin, fn);
      const ticket = encoded(check.argumentList(args), undefined, transfer, (length, bytes, blocks) =>
        this.#sandbox.call(target, timeoutMs, length, bytes, blocks),
      );
      return this.#wait(ticket, signal);
    } catch (error) {
      return Promise.reject(translated(error));
    }
  }

  /**
   * @param {string} plugin
   * @param {string} fn
   * @param {readonly unknown[]} [args]
   * @param {CallOptions} [options]
   * @returns {any}
   */
  callSync(plugin, fn, args, options) {
    const { timeoutMs = 0, signal, transfer } = options === undefined ? NO_OPTIONS : check.callOptions(options);
    if (signal?.aborted) throw aborted(signal);
    const target = this.#target(plugin, fn);
    const result = encoded(check.argumentList(args), undefined, transfer, (length, bytes, blocks) => {
      if (bytes !== undefined || blocks !== undefined) {
        return this.#sandbox.callSync(target, timeoutMs, length, bytes, blocks);
      }
      this.#callSync ??= this.#sandbox.syncCaller();
      return this.#callSync(target, timeoutMs, length);
    });
    return this.#finish(result);
  }

  stats() {
    const { sandboxes, guestThreads, quarantinedThreads, ...own } = this.#flushed.stats();
    return { ...own, process: { sandboxes, guestThreads, quarantinedThreads } };
  }

  async gc() {
    await this.#wait(this.#flushed.ask('gc', ''));
  }

  close() {
    if (this.#closing === undefined) {
      const closed = [this.#wait(this.#flushed.close())];
      const cacheTicket = this.#sandbox.closeCache();
      if (cacheTicket !== 0) closed.push(this.#wait(cacheTicket));
      this.#closing = Promise.all(closed).then(() => undefined);
      Native.endStreams(this.#native);
    }
    return this.#closing;
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close();
  }

  /** The sandbox, with every call before in its mailbox: for what is not to overtake them. */
  get #flushed() {
    flush();
    return this.#sandbox;
  }

  /**
   * @param {number} ticket
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  #wait(ticket, signal) {
    if (signal === undefined) return answer(this.#receiver, ticket);
    return answer(this.#receiver, ticket, { signal, cancel: () => this.#flushed.cancel(ticket) });
  }

  /**
   * The addon's number of a function.
   *
   * @param {string} plugin
   * @param {string} fn
   */
  #target(plugin, fn) {
    let functions = this.#targets.get(plugin);
    const known = functions?.get(fn);
    if (known !== undefined) return known;
    check.filledString(plugin, 'plugin');
    check.filledString(fn, 'fn');
    if (this.#targetCount >= TARGETS) {
      this.#flushed.forgetTargets();
      this.#targets.clear();
      this.#targetCount = 0;
      functions = undefined;
    }
    if (functions === undefined) {
      functions = new Map();
      this.#targets.set(plugin, functions);
    }
    const target = this.#sandbox.target(plugin, fn);
    this.#targetCount++;
    functions.set(fn, target);
    return target;
  }

  /**
   * The value of a synchronous call. Host functions run here, between two turns of the guest.
   *
   * @param {number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]} result
   */
  #finish(result) {
    let frames = open(result);
    let kind = frames.byte();
    while (kind === HOST_CALLS) {
      const ticket = frames.number();
      for (const call of readHostCalls()) this.#runHostFunction(call);
      frames = open(this.#flushed.resumeSync(ticket));
      kind = frames.byte();
    }
    if (kind === DONE) return frames.payload();
    throw frames.failure();
  }

  /** @param {import('./port.js').HostCall} call */
  #runHostFunction({ call, name, args, error }) {
    if (error !== undefined) return this.#reject(call, error);
    const run = this.#bridge[name];
    if (run === undefined) {
      const known = Object.keys(this.#bridge).join(', ') || 'none';
      const message = `the app has no function '${name}' (it has: ${known})`;
      return this.#sandbox.reject(call, 'TypeError', message, 'ERR_FUNCTION_NOT_FOUND');
    }
    /** @type {unknown} */
    let result;
    try {
      result = run(...args);
      // What is returned settles at once; only a thenable has to wait for the event loop.
      if (isThenable(result)) {
        Promise.resolve(result).then(
          (value) => this.#resolve(call, name, value),
          (error) => this.#reject(call, error),
        );
        return;
      }
    } catch (error) {
      return this.#reject(call, error);
    }
    this.#resolve(call, name, result);
  }

  /**
   * @param {number} call
   * @param {string} name
   * @param {unknown} value
   */
  #resolve(call, name, value) {
    try {
      port.resolveHostCall(this.#sandbox, call, value, `the result of bridge function '${name}'`);
    } catch (error) {
      this.#reject(call, translated(error));
    }
  }

  /**
   * @param {number} call
   * @param {unknown} error
   */
  #reject(call, error) {
    const { name, message, code } = described(error);
    this.#flushed.reject(call, name, message, code);
  }
}

/** @param {EvalOptions | undefined} options */
function evalOptions(options) {
  const checked = check.evalOptions(options);
  const { transfer } = checked;
  // A script has no arguments: buffers would be detached and go nowhere.
  if (transfer !== undefined && transfer.length > 0) check.refuse('no buffers', 'options.transfer of eval', transfer);
  return checked;
}

/** @param {string} filename */
function isTypeScript(filename) {
  return /\.[cm]?tsx?$/.test(filename);
}

/** @param {unknown} value */
function isThenable(value) {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (/** @type {{ then?: unknown }} */ (value).then) === 'function'
  );
}

/**
 * What the guest is told of an error of the app's.
 *
 * @param {unknown} error
 * @returns {{ name: string, message: string, code: string | undefined }}
 */
function described(error) {
  try {
    if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: undefined };
    const code = /** @type {{ code?: unknown }} */ (error).code;
    const name = error instanceof HostboxError && error.code === 'ERR_CLONE' ? 'TypeError' : String(error.name);
    const known = typeof code === 'string' || typeof code === 'number';
    return { name, message: String(error.message), code: known ? String(code) : undefined };
  } catch {
    // Whatever was thrown, the guest's promise has to settle.
    return { name: 'Error', message: 'the host function threw a value that cannot be read', code: undefined };
  }
}

module.exports = { HostRuntime };
