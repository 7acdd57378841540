'use strict';

// `Component` and `ComponentInstance`: arguments in, promises out. What a component may do is decided below, in Rust.

const { Buffer } = require('node:buffer');
const { readFile } = require('node:fs/promises');
const { basename } = require('node:path');
const check = require('./arguments.js');
const binding = require('./load.js');
const { HostboxError } = require('./errors.js');
const { answer, translated } = require('./port.js');

/** @typedef {import('../index').ComponentSource} ComponentSource */
/** @typedef {import('../index').CompileOptions} CompileOptions */
/** @typedef {import('../index').InstanceOptions} InstanceOptions */
/** @typedef {import('../binding').NativeComponent} NativeComponent */
/** @typedef {Awaited<ReturnType<typeof import('./carrier.js')['instantiate']>>} Running */
/** @typedef {ReturnType<typeof import('./carrier.js')['codeOf']>} ComponentCode */

/** Loaded with the first component: an app without any pays nothing for them. */
const carrier = () => require('./carrier.js');

/** @type {import('./port.js').Receiver} */
const nobody = { onHostCall() {}, onConsole() {}, onFetch: undefined };

/**
 * The answer of work on another thread.
 *
 * @param {() => number} start
 */
async function answered(start) {
  try {
    return await answer(nobody, start());
  } catch (error) {
    throw translated(error);
  }
}

/** Known to this file alone: who has it may make instances. */
const MAKING = Symbol('making');

/** Made by `Component.instantiate` alone; see index.d.ts. */
class ComponentInstance {
  /** @type {Running} */ #running;

  /**
   * @param {symbol} making
   * @param {Running} running
   */
  constructor(making, running) {
    if (making !== MAKING) throw new HostboxError('ERR_ARGUMENT', 'an instance is made by component.instantiate()');
    this.#running = running;
  }

  get exports() {
    return this.#running.surface.exports;
  }

  get sync() {
    return this.#running.surface.sync;
  }

  stats() {
    return this.#running.carrier.stats();
  }

  close() {
    this.#running.carrier.close();
  }

  [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() {
    this.close();
  }
}

/** The public `Component`; see index.d.ts. */
class Component {
  /** @type {NativeComponent} */ #native;
  /** @type {string} */ #name;
  /** @type {ComponentCode | undefined} */ #code;
  /** How it was compiled. @type {CompileOptions} */ #options;

  /**
   * @param {symbol} making
   * @param {NativeComponent} compiled
   * @param {string} name
   * @param {CompileOptions} [options]
   */
  constructor(making, compiled, name, options = {}) {
    if (making !== MAKING) throw new HostboxError('ERR_ARGUMENT', 'a component is made by Component.compile()');
    this.#native = compiled;
    this.#name = name;
    this.#options = options;
  }

  /**
   * @param {ComponentSource} source
   * @param {CompileOptions} [options]
   */
  static async compile(source, options) {
    const { name, ...rest } = check.compileOptions(options);
    const { bytes, path } = await sourceBytes(source);
    const compiled = new binding.NativeComponent(carrier().componentPort());
    const ended = answered(() => compiled.compile(bytes, /** @type {any} */ (rest)));
    carrier().codec();
    await ended;
    return new Component(
      MAKING,
      compiled,
      name ?? (path === undefined ? 'component' : basename(path).replace(/\.\w+$/, '')),
      options,
    );
  }

  /**
   * @param {{ root: Component, with: Record<string, Component> } | Component[]} plan
   */
  static async compose(plan) {
    const { root, others } = Component.#planned(plan);
    const composition = new binding.NativeComposition(root.#native);
    for (const [name, component] of others) composition.add(name, component.#native);
    const composed = new binding.NativeComponent(carrier().componentPort());
    await answered(() => composition.compose(composed));
    return new Component(MAKING, composed, root.#name, root.#options);
  }

  /** @param {unknown} value @param {string} name @returns {Component} */
  static #checked(value, name) {
    return typeof value === 'object' && value !== null && #native in value
      ? /** @type {Component} */ (value)
      : check.refuse('a Component', name, value);
  }

  /** @param {unknown} plan @returns {{ root: Component, others: [name: string | undefined, component: Component][] }} */
  static #planned(plan) {
    const checked = Component.#checked;
    if (Array.isArray(plan)) {
      const [root, ...others] = plan.map((component, i) => checked(component, `plan[${i}]`));
      if (root === undefined) return check.refuse('a list that is not empty', 'plan', plan);
      return { root, others: others.map((component) => [undefined, component]) };
    }
    if (typeof plan !== 'object' || plan === null) return check.refuse('{ root, with } or an array', 'plan', plan);
    const { root, with: others } = check.options(plan, 'plan', ['root', 'with']);
    if (typeof others !== 'object' || others === null)
      return check.refuse('an object of components', 'plan.with', others);
    return {
      root: checked(root, 'plan.root'),
      others: Object.entries(others).map(([name, component]) => [name, checked(component, `plan.with['${name}']`)]),
    };
  }

  get name() {
    return this.#name;
  }

  get imports() {
    return this.#native.imports;
  }

  get exports() {
    return this.#native.exports;
  }

  wit() {
    return this.#native.wit;
  }

  types() {
    return carrier().typesOf(this.#known, this.#name);
  }

  async precompile() {
    /** @type {Uint8Array} */
    const code = await answered(() => this.#native.precompile());
    return Object.defineProperty(code, 'fileName', { value: this.#native.fileName });
  }

  /** @param {InstanceOptions} [options] */
  async instantiate(options) {
    const { given, settings } = settingsOf(options);
    const running = await carrier().instantiate(this.#native, this.#known, given, settings);
    const instance = new ComponentInstance(MAKING, running);
    carrier().surfaces.set(instance, running.surface);
    return instance;
  }

  /**
   * @param {Request} request
   * @param {InstanceOptions} [options]
   */
  async handle(request, options) {
    const { given, settings } = settingsOf(options);
    const stand = carrier().standIn(this.#native, this.#known, given, settings.timeoutMs);
    return require('./handler.js').handle(stand, this.#native, settings, request);
  }

  /**
   * @param {Component | Component[]} app
   * @param {import('../index').ServeOptions} [options]
   */
  static async serve(app, options) {
    const list = Array.isArray(app) ? app : [app];
    if (list.length === 0) check.refuse('a Component, or some', 'app', app);
    list.forEach((component, i) => Component.#checked(component, Array.isArray(app) ? `app[${i}]` : 'app'));
    const { port, host, concurrency, ...rest } = /** @type {import('../index').ServeOptions} */ (
      check.options(options, 'options', [...check.INSTANCE, 'port', 'host', 'concurrency'])
    );
    const { given, settings } = settingsOf(rest);
    const parts = {
      compile: (/** @type {Component} */ like, /** @type {ComponentSource} */ source) =>
        Component.compile(source, { ...like.#options, name: like.#name }),
      compose: (/** @type {Component[]} */ components) => Component.compose(components),
      native: (/** @type {Component} */ component) => component.#native,
    };
    return require('./server.js').serve(parts, list, { port, host, concurrency }, (/** @type {Component} */ whole) => ({
      carrier: carrier().standIn(whole.#native, whole.#known, given, settings.timeoutMs),
      settings,
    }));
  }

  get #known() {
    this.#code ??= carrier().codeOf(this.#native);
    return this.#code;
  }
}

/**
 * What an instance is given, by who asks for it: the app's functions, and the addon's settings.
 *
 * @param {InstanceOptions | undefined} options
 */
function settingsOf(options) {
  const { imports, limits, console: output, onFetch, ...rest } = check.instanceOptions(options);
  const settings = /** @type {import('../binding').NativeInstanceOptions & { timeoutMs: number }} */ ({
    ...limits,
    ...rest,
    console: output !== 'silent',
    logFetches: output !== 'silent' || onFetch !== undefined,
  });
  return { given: { imports, output, onFetch }, settings };
}

/**
 * @param {ComponentSource} source
 * @returns {Promise<{ bytes: Uint8Array, path?: string }>}
 */
async function sourceBytes(source) {
  const given = /** @type {any} */ (source);
  if (ArrayBuffer.isView(given) || Object.prototype.toString.call(given) === '[object ArrayBuffer]') {
    return { bytes: check.bytes(given, 'source') };
  }
  if (typeof given !== 'object' || given === null) {
    return check.refuse('bytes, { path } or { wat }', 'source', given);
  }
  const { path, wat } = check.options(given, 'source', ['path', 'wat']);
  if (wat !== undefined && path === undefined) return { bytes: Buffer.from(check.filledString(wat, 'source.wat')) };
  const file = check.filledString(path, 'source.path');
  if (wat !== undefined) return check.refuse('either { path } or { wat }', 'source', given);
  try {
    return { bytes: await readFile(file), path: file };
  } catch (error) {
    throw new HostboxError('ERR_ARGUMENT', `Expected a file that can be read for source.path but received ${file}`, {
      cause: error,
    });
  }
}

module.exports = { Component, ComponentInstance };
