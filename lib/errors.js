'use strict';

const { inspect } = require('node:util');

/** @typedef {import('../index').ErrorCode} ErrorCode */

/**
 * @typedef {object} ErrorParts
 * @property {string | undefined} [path] where in the arguments or the result, "args[0].a.b"
 * @property {string | undefined} [limit] which limit, and how much
 * @property {Record<string, unknown> | undefined} [details] own fields of the guest's error
 * @property {unknown} [cause] present, even as `undefined`: there is a cause
 */

/**
 * @typedef {object} WireError an error as the addon sends it
 * @property {ErrorCode} code
 * @property {string} message
 * @property {string | undefined} [name]
 * @property {string | undefined} [stack]
 * @property {unknown} [cause]
 * @property {string | undefined} [path]
 * @property {string | undefined} [limit]
 * @property {Record<string, unknown> | undefined} [details]
 */

/**
 * Every failure that hostbox reports. `code`, `path`, `limit` and `details` are enumerable, so that `console.log` shows
 * them, as it does with the codes of Node's own errors.
 */
class HostboxError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorParts} [parts]
   */
  constructor(code, message, parts = {}) {
    super(message, 'cause' in parts ? { cause: parts.cause } : undefined);
    this.code = code;
    if (parts.path !== undefined) this.path = parts.path;
    if (parts.limit !== undefined) this.limit = parts.limit;
    if (parts.details !== undefined) this.details = parts.details;
  }
}
Object.defineProperty(HostboxError.prototype, 'name', { value: 'HostboxError', writable: true, configurable: true });

/** An `err` that a function of a component gave as its result; `payload` is its value. */
class ComponentError extends HostboxError {
  /**
   * @param {unknown} payload
   * @param {string} where the function's name
   */
  constructor(payload, where) {
    super('ERR_GUEST', `${where} gave an err: ${described(payload)}`);
    this.payload = payload;
  }
}
Object.defineProperty(ComponentError.prototype, 'name', {
  value: 'ComponentError',
  writable: true,
  configurable: true,
});

/** @param {unknown} payload */
function described(payload) {
  if (typeof payload === 'string') return payload;
  return inspect(payload, { depth: 1, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 10 });
}

/**
 * The exception for an error that came over the wire. A guest's error (`ERR_GUEST`) keeps the guest's name, message and
 * stack; any other has a stack of this side.
 *
 * @param {WireError} wire
 * @returns {HostboxError}
 */
function fromWire(wire) {
  const { path, limit, details } = wire;
  /** @type {ErrorParts} */
  const parts = { path, limit, details };
  if ('cause' in wire && wire.cause !== undefined) parts.cause = wire.cause;
  const error = new HostboxError(wire.code, wire.message, parts);
  if (wire.code === 'ERR_GUEST') {
    const name = wire.name ?? 'Error';
    own(error, 'name', name);
    own(error, 'stack', headed(name, wire.message, wire.stack));
  } else if (typeof Error.captureStackTrace === 'function') {
    Error.captureStackTrace(error, fromWire);
  }
  return error;
}

/**
 * QuickJS's stacks are frames alone; Node's begin with name and message, and its printing relies on that.
 *
 * @param {string} name
 * @param {string} message
 * @param {string | undefined} stack
 */
function headed(name, message, stack) {
  const head = message === '' ? name : `${name}: ${message}`;
  if (!stack) return head;
  const frames = stack.trimEnd();
  return frames.startsWith(head) ? frames : `${head}\n${frames}`;
}

/**
 * @param {Error} error
 * @param {string} key
 * @param {unknown} value
 */
function own(error, key, value) {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}

module.exports = { ComponentError, HostboxError, fromWire, headed };
