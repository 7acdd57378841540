'use strict';

// `host.wasi`: WASI commands with buffers of the sandbox as their streams, from Node's side.

const check = require('./arguments.js');
const { bytes, closed, id } = require('./bytes.js');
const { aborted, answer, translated } = require('./port.js');

/** @typedef {import('../index').Bytes} Bytes */
/** @typedef {import('../index').WasiOptions} WasiOptions */
/** @typedef {import('../index').WasiResult} WasiResult */
/** @typedef {import('../binding').NativeSandbox} NativeSandbox */

const OPTIONS = ['args', 'stdinId', 'reuseModule', 'timeoutMs', 'signal', 'fuel', 'stackBytes'];

/** The public `WasiApi`; see index.d.ts. */
class Wasi {
  /** @type {NativeSandbox} */ #sandbox;
  /** @type {import('./port.js').Receiver} */ #owner;
  /** @type {import('./bytes.js').Native} */ #native;
  /** @type {() => boolean} */ #isOpen;

  /**
   * @param {NativeSandbox} sandbox
   * @param {import('./port.js').Receiver} owner
   * @param {import('./bytes.js').Native} native
   * @param {() => boolean} isOpen
   */
  constructor(sandbox, owner, native, isOpen) {
    this.#sandbox = sandbox;
    this.#owner = owner;
    this.#native = native;
    this.#isOpen = isOpen;
  }

  /**
   * @param {Bytes} module
   * @param {WasiOptions} [options]
   */
  async run(module, options) {
    const source = bytes(module, 'module');
    return this.#run(options, (settings) => this.#sandbox.runWasi(source, settings));
  }

  /**
   * @param {number} moduleId
   * @param {WasiOptions} [options]
   */
  async runById(moduleId, options) {
    const module = id(moduleId, 'moduleId');
    return this.#run(options, (settings) => this.#sandbox.runWasiById(module, settings));
  }

  /** @param {WasiResult} result */
  async takeStdout(result) {
    return this.#native.take(id(result?.stdoutId, 'result.stdoutId'));
  }

  /** @param {WasiResult} result */
  async takeStderr(result) {
    return this.#native.take(id(result?.stderrId, 'result.stderrId'));
  }

  /**
   * @param {WasiOptions | undefined} options
   * @param {(settings: import('../binding').NativeWasiOptions) => number} begin
   * @returns {Promise<WasiResult>}
   */
  async #run(options, begin) {
    const { signal, ...settings } = wasiOptions(options);
    if (signal?.aborted) throw aborted(signal);
    if (!this.#isOpen()) throw closed();
    /** @type {number} */
    let ticket;
    try {
      ticket = begin(settings);
    } catch (error) {
      throw translated(error);
    }
    const abort = signal && { signal, cancel: () => this.#sandbox.stopWasi(ticket) };
    const [exitCode, stdoutId, stderrId] = await answer(this.#owner, ticket, abort);
    return { exitCode, stdoutId, stderrId };
  }
}

/** @param {WasiOptions | undefined} value */
function wasiOptions(value) {
  const given = check.options(value, 'options', OPTIONS);
  const { args, stdinId, reuseModule, fuel, stackBytes } = given;
  const { timeoutMs = 0, signal } = check.pickCall(given);
  return {
    args: args === undefined ? [] : texts(args),
    ...(stdinId === undefined ? {} : { stdinId: id(stdinId, 'options.stdinId') }),
    reuseModule: reuseModule === undefined ? false : check.boolean(reuseModule, 'options.reuseModule'),
    timeoutMs,
    signal,
    ...check.runLimits(fuel, stackBytes, 'options'),
  };
}

/**
 * @param {unknown} value
 * @returns {string[]}
 */
function texts(value) {
  if (!Array.isArray(value)) return check.refuse('an array of strings', 'options.args', value);
  return value.map((text, i) => {
    const name = `options.args[${i}]`;
    const checked = check.string(text, name);
    return checked.includes('\0') ? check.refuse('a string without NUL', name, checked) : checked;
  });
}

module.exports = { Wasi };
