'use strict';

// Checks of what the app passes to a pool.

const check = require('../arguments.js');

/** @typedef {import('../../index').CallOptions} CallOptions */
/** @typedef {import('../../index').HostRuntimeOptions} HostRuntimeOptions */
/** @typedef {import('../../index').Invocation} Invocation */
/** @typedef {import('../../index').Limits} Limits */
/** @typedef {import('./job.js').Target} Target */
/** @typedef {import('./slot.js').Plugin} Plugin */

/** @typedef {{ list: Iterator<Invocation>, stream: undefined } | { list: undefined, stream: AsyncIterator<Invocation> }} Source */

const POOL = ['size', 'queue', 'concurrency', 'plugins'];
const INVOCATION = ['plugin', 'fn', 'args', 'key', 'timeoutMs'];
const MOST_SANDBOXES = 1_024;
const MOST_CALLS = 1_000_000;

/**
 * @param {unknown} value
 * @param {number} cores
 * @returns {{ size: number, queue: number, concurrency: number, plugins: Map<string, Plugin>, runtime: HostRuntimeOptions,
 *   limits: Required<Limits> }}
 */
function poolOptions(value, cores) {
  const given = check.options(value, 'options', [...check.RUNTIME, ...POOL]);
  const { size = cores, queue = 1_000, concurrency = 1, plugins, ...runtime } = given;
  return {
    size: check.integer(size, 'options.size', 1, MOST_SANDBOXES),
    queue: check.integer(queue, 'options.queue', 0, MOST_CALLS),
    concurrency: check.integer(concurrency, 'options.concurrency', 1, MOST_CALLS),
    plugins: pluginMap(plugins),
    runtime,
    limits: check.limits(given.limits),
  };
}

/**
 * @param {unknown} value
 * @returns {Map<string, Plugin>}
 */
function pluginMap(value) {
  /** @type {Map<string, Plugin>} */
  const result = new Map();
  if (value === undefined) return result;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return check.refuse('an object of plugins', 'options.plugins', value);
  }
  for (const [key, member] of Object.entries(value)) {
    const name = `options.plugins.${key}`;
    check.filledString(key, 'a key of options.plugins');
    if (typeof member === 'string') {
      result.set(key, { source: member, options: {} });
      continue;
    }
    if (typeof member !== 'object' || member === null) check.refuse('a source or { source, options }', name, member);
    const { source, options } = check.options(member, name, ['source', 'options']);
    result.set(key, { source: check.string(source, `${name}.source`), options: check.pluginOptions(options) });
  }
  return result;
}

/**
 * @param {unknown} value
 * @returns {{ key: string | undefined, rest: CallOptions | undefined }}
 */
function callOptions(value) {
  if (value === undefined) return { key: undefined, rest: undefined };
  const given = check.options(value, 'options', [...check.CALL, 'key']);
  return { key: optionalKey(given.key, 'options.key'), rest: check.pickCall(given) };
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function optionalKey(value, name) {
  return value === undefined ? undefined : check.string(value, name);
}

/**
 * @param {unknown} plugin
 * @param {unknown} fn
 * @param {unknown} args
 * @param {string | undefined} key
 * @returns {Target}
 */
function target(plugin, fn, args, key) {
  check.filledString(plugin, 'plugin');
  check.filledString(fn, 'fn');
  return {
    plugin: /** @type {string} */ (plugin),
    fn: /** @type {string} */ (fn),
    args: check.argumentList(args),
    key,
  };
}

/**
 * @param {unknown} value
 * @returns {{ signal: AbortSignal | undefined }}
 */
function invokeOptions(value) {
  const { signal } = check.options(value, 'options', ['signal']);
  return { signal: signal === undefined ? undefined : check.abortSignal(signal, 'options.signal') };
}

/**
 * @param {unknown} value
 * @returns {Source}
 */
function source(value) {
  const like = /** @type {any} */ (value);
  if (typeof value === 'object' && value !== null) {
    if (typeof like[Symbol.asyncIterator] === 'function') {
      return { list: undefined, stream: like[Symbol.asyncIterator]() };
    }
    if (typeof like[Symbol.iterator] === 'function') return { list: like[Symbol.iterator](), stream: undefined };
  }
  return check.refuse('an iterable or an async iterable', 'requests', value);
}

/**
 * One request of `invoke`.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {{ target: Target, options: CallOptions | undefined }}
 */
function invocation(value, name) {
  if (value === undefined) return check.refuse('an object', name, value);
  const { plugin, fn, args, key, timeoutMs } = check.options(value, name, INVOCATION);
  if (args !== undefined && !Array.isArray(args)) return check.refuse('an array', `${name}.args`, args);
  const target = {
    plugin: check.filledString(plugin, `${name}.plugin`),
    fn: check.filledString(fn, `${name}.fn`),
    args: args ?? [],
    key: optionalKey(key, `${name}.key`),
  };
  if (timeoutMs === undefined) return { target, options: undefined };
  return { target, options: { timeoutMs: check.integer(timeoutMs, `${name}.timeoutMs`, 1, check.MOST_MS) } };
}

module.exports = { callOptions, invocation, invokeOptions, poolOptions, source, target };
