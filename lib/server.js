'use strict';

// `Component.serve()`: an HTTP server in front of a component. It runs in Rust; here are its arguments and its parts.

const { isIP } = require('node:net');
const check = require('./arguments.js');
const { HostboxError } = require('./errors.js');

/** @typedef {import('../binding').NativeComponent} NativeComponent */
/** @typedef {import('../binding').NativeInstanceOptions} NativeInstanceOptions */
/** @typedef {import('./component.js')['Component']['prototype']} Component */
/** @typedef {import('../index').ComponentSource} ComponentSource */
/** @typedef {import('./carrier.js')['Carrier']['prototype']} Carrier */

/**
 * What the server asks of `Component`.
 *
 * @typedef {object} Parts
 * @property {(component: Component, source: ComponentSource) => Promise<Component>} compile as that one was compiled
 * @property {(components: Component[]) => Promise<Component>} compose
 * @property {(component: Component) => NativeComponent} native
 */

/** Known to this file alone: who has it may make servers. */
const MAKING = Symbol('making');

/** See index.d.ts. */
class ComponentServer {
  /** @type {Parts} */ #parts;
  /** By name, the root first. @type {Map<string, Component>} */ #components;
  /** @type {import('../binding').NativeServer} */ #native;
  /** @type {Carrier} */ #carrier;
  /** @type {Promise<unknown>} */ #ended;
  /** Replacements come one after the other. @type {Promise<unknown>} */ #replaced = Promise.resolve();
  #isClosed = false;

  /**
   * @param {symbol} making
   * @param {Parts} parts
   * @param {Map<string, Component>} components
   * @param {Carrier} carrier
   * @param {import('../binding').NativeServer} native
   */
  constructor(making, parts, components, carrier, native) {
    if (making !== MAKING) throw new HostboxError('ERR_ARGUMENT', 'a server is made by Component.serve()');
    this.#parts = parts;
    this.#components = components;
    this.#carrier = carrier;
    this.#native = native;
    // It listens until it is closed, whoever has forgotten it.
    this.#ended = carrier.answer(() => native.ended()).then(() => native);
  }

  get url() {
    return this.#native.url;
  }

  /**
   * @param {string} name
   * @param {ComponentSource} source
   */
  async replace(name, source) {
    const replaced = this.#replaced.then(() => this.#replace(name, source));
    this.#replaced = replaced.catch(() => {});
    return replaced;
  }

  /**
   * @param {string} name
   * @param {ComponentSource} source
   */
  async #replace(name, source) {
    const component = this.#components.get(name);
    if (component === undefined) {
      const names = [...this.#components.keys()].map((known) => `'${known}'`);
      return check.refuse(`one of ${names.join(', ')}`, 'name', name);
    }
    const components = new Map(this.#components).set(name, await this.#parts.compile(component, source));
    const whole = await composed(this.#parts, components);
    if (this.#isClosed) throw new HostboxError('ERR_CLOSED', 'the server is closed');
    this.#carrier.checked(() => this.#native.replace(this.#parts.native(whole)));
    this.#components = components;
  }

  versions() {
    return Object.fromEntries(
      [...this.#components].map(([name, component]) => [name, this.#parts.native(component).version]),
    );
  }

  stats() {
    return { ...this.#native.stats() };
  }

  async close() {
    this.#isClosed = true;
    this.#native.close();
    await this.#ended;
  }
}

/**
 * @param {Parts} parts
 * @param {Map<string, Component>} components
 */
function composed(parts, components) {
  const [root, ...others] = /** @type {[Component, ...Component[]]} */ ([...components.values()]);
  return others.length === 0 ? root : parts.compose([root, ...others]);
}

/**
 * @param {Parts} parts
 * @param {Component[]} app
 * @param {Record<'port' | 'host' | 'concurrency', unknown>} options
 * @param {(whole: Component) => { carrier: Carrier, settings: NativeInstanceOptions }} prepare
 */
async function serve(parts, app, options, prepare) {
  const { host, port, concurrency } = serverOptions(options);
  /** @type {Map<string, Component>} */
  const components = new Map();
  for (const component of app) {
    if (components.has(component.name)) {
      check.refuse('components with names of their own (the option `name` of compile)', 'app', component.name);
    }
    components.set(component.name, component);
  }
  const whole = await composed(parts, components);
  const { carrier, settings } = prepare(whole);
  const native = carrier.server(parts.native(whole), settings, { host, port, concurrency });
  await carrier.answer(() => native.listen());
  return new ComponentServer(MAKING, parts, components, carrier, native);
}

/** @param {Record<'port' | 'host' | 'concurrency', unknown>} options */
function serverOptions({ port = 0, host = '127.0.0.1', concurrency = 32 }) {
  const name = check.string(host, 'options.host');
  const address = name === 'localhost' ? '127.0.0.1' : name;
  if (isIP(address) === 0) return check.refuse("an IP address or 'localhost'", 'options.host', host);
  return {
    host: address,
    port: check.integer(port, 'options.port', 0, 65_535),
    concurrency: check.integer(concurrency, 'options.concurrency', 1, 64),
  };
}

module.exports = { serve };
