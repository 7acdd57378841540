'use strict';

// The one way between this module and the addon: memory that both know, tickets of calls without an answer yet, and events.

const binding = require('./load.js');
const { Encoder } = require('./codec.js');
const { Frames, SETTLED, FAILED, HOST_CALL, CONSOLE } = require('./frames.js');
const { HostboxError } = require('./errors.js');

/** @typedef {import('../binding').NativeSandbox} NativeSandbox */
/** @typedef {import('../index').ConsoleEntry} ConsoleEntry */

/**
 * What the port needs of a runtime. It is held weakly unless calls are under way: a runtime that the app forgets is closed.
 *
 * @typedef {object} Receiver
 * @property {(call: HostCall) => void} onHostCall
 * @property {(entry: ConsoleEntry) => void} onConsole
 */
/**
 * A call of the guest to the app; `error` where its arguments cannot be built here.
 *
 * @typedef {{ call: number, name: string, args: unknown[], error: unknown }} HostCall
 */
/**
 * A call without an answer yet.
 *
 * @typedef {object} Waiting
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {Receiver} owner keeps the runtime alive
 * @property {AbortSignal | undefined} signal
 * @property {(() => void) | undefined} onAbort
 */

const SCRATCH = 64 * 1024;

const input = new Uint8Array(SCRATCH);
const output = new Uint8Array(SCRATCH);
const native = new binding.Port(deliver, input, output);
const encoder = new Encoder(input, (buffer) => native.isOurs(buffer));
const frames = new Frames(output);

/** @type {Map<number, Waiting>} */
const waiting = new Map();
/** @type {Map<number, WeakRef<Receiver>>} */
const receivers = new Map();
const forgotten = new FinalizationRegistry((/** @type {number} */ id) => receivers.delete(id));

/**
 * Called by the addon with a batch of events.
 *
 * @param {number} length
 * @param {ArrayBuffer[] | undefined} blocks
 * @param {ArrayBuffer | undefined} bytes
 * @param {boolean} more whether events are left for a later round of Node's loop
 */
function deliver(length, blocks, bytes, more) {
  if (more) setImmediate(pump);
  frames.open(length, blocks, bytes);
  // What an event starts (host functions, console hooks) may use the codec: everything is read before anything is started.
  /** @type {(() => void)[]} */
  const started = [];
  while (!frames.done) readEvent(started);
  for (const start of started) start();
}

function pump() {
  native.pump(deliver);
}

/** @param {(() => void)[]} started */
function readEvent(started) {
  const end = frames.event();
  const kind = frames.byte();
  const id = frames.number();
  if (kind === SETTLED || kind === FAILED) {
    // A guest may know values that this runtime does not: then the call fails, and nothing else does.
    try {
      if (kind === SETTLED) settle(id, frames.payload(), undefined);
      else settle(id, undefined, frames.failure());
    } catch (error) {
      settle(id, undefined, /** @type {HostboxError} */ (error));
    }
  } else if (kind === HOST_CALL) {
    const call = readHostCall();
    started.push(() => receivers.get(id)?.deref()?.onHostCall(call));
  } else if (kind === CONSOLE) {
    const entry = readConsole();
    started.push(() => receivers.get(id)?.deref()?.onConsole(entry));
  } else {
    throw new HostboxError('ERR_INTERNAL', `internal error: an event of kind ${kind}`);
  }
  frames.skipTo(end);
}

/** @returns {HostCall} */
function readHostCall() {
  const call = frames.number();
  const name = /** @type {string} */ (frames.text());
  try {
    return { call, name, args: /** @type {unknown[]} */ (frames.payload()), error: undefined };
  } catch (error) {
    return { call, name, args: [], error };
  }
}

/** @returns {ConsoleEntry} */
function readConsole() {
  const time = frames.number();
  const level = /** @type {ConsoleEntry['level']} */ (frames.text());
  const text = /** @type {string} */ (frames.text());
  const plugin = /** @type {string | undefined} */ (frames.text());
  /** @type {unknown} */
  let args;
  try {
    args = frames.payload();
  } catch {
    // What cannot be built here is shown by its text.
  }
  return { level, args: Array.isArray(args) ? args : [text], text, ...(plugin && { plugin }), time };
}

/**
 * Host calls of a synchronous answer.
 *
 * @returns {HostCall[]}
 */
function readHostCalls() {
  /** @type {HostCall[]} */
  const calls = [];
  while (!frames.done) {
    const end = frames.event();
    frames.byte();
    frames.number();
    calls.push(readHostCall());
    frames.skipTo(end);
  }
  return calls;
}

/**
 * @param {number} ticket
 * @param {unknown} value
 * @param {HostboxError | undefined} error
 */
function settle(ticket, value, error) {
  const call = waiting.get(ticket);
  if (call === undefined) return;
  waiting.delete(ticket);
  const { signal, onAbort } = call;
  if (signal !== undefined && onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  if (error === undefined) return call.resolve(value);
  if (error.code === 'ERR_ABORTED' && signal !== undefined) return call.reject(aborted(signal));
  call.reject(error);
}

/** @param {AbortSignal} signal */
function aborted(signal) {
  return new HostboxError('ERR_ABORTED', 'the call was aborted by its signal', { cause: signal.reason });
}

/**
 * The promise of a ticket's answer.
 *
 * @param {Receiver} owner
 * @param {number} ticket
 * @param {{ signal: AbortSignal, cancel: () => void }} [abort]
 * @returns {Promise<any>}
 */
function answer(owner, ticket, abort) {
  return new Promise((resolve, reject) => {
    /** @type {Waiting} */
    const call = { resolve, reject, owner, signal: undefined, onAbort: undefined };
    waiting.set(ticket, call);
    if (abort !== undefined) {
      call.signal = abort.signal;
      call.onAbort = abort.cancel;
      abort.signal.addEventListener('abort', abort.cancel, { once: true });
    }
  });
}

/**
 * Runs `send` with a value's bytes, and with the buffers that go with them.
 *
 * @template T
 * @param {unknown} value
 * @param {string | undefined} root `undefined`: the value is a list of arguments
 * @param {readonly ArrayBuffer[] | undefined} transfer
 * @param {(length: number, bytes: Uint8Array | undefined, blocks: object | undefined) => T} send
 * @returns {T}
 */
function encoded(value, root, transfer, send) {
  const message = encoder.begin(transfer);
  if (root === undefined) message.args(/** @type {unknown[]} */ (value), 'args');
  else message.value(value, root);
  try {
    message.finish();
    const bytes = message.bytes === input ? undefined : message.bytes;
    return send(message.position, bytes, message.blocks.length > 0 ? message.blocks : undefined);
  } finally {
    message.end();
  }
}

/**
 * Opens the frames of a synchronous answer.
 *
 * @param {number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]} result
 * @returns {Frames}
 */
function open(result) {
  if (typeof result === 'number') frames.open(result, undefined, undefined);
  else frames.open(result[0], result[1], result[2]);
  return frames;
}

/**
 * The addon's errors carry their code in the message.
 *
 * @param {unknown} error
 * @returns {unknown}
 */
function translated(error) {
  const match = error instanceof Error ? /^(ERR_[A-Z_]+)(?: \[([^\]]+)\])?: ([^]*)$/.exec(error.message) : null;
  if (match === null) return error;
  const [, code, limit, message = ''] = match;
  return new HostboxError(/** @type {import('../index').ErrorCode} */ (code), message, { limit });
}

/**
 * @param {import('../binding').NativeLimits} limits
 * @param {string[]} bridge
 * @param {Receiver} receiver
 * @returns {NativeSandbox}
 */
function createSandbox(limits, bridge, receiver) {
  /** @type {NativeSandbox} */
  let sandbox;
  try {
    sandbox = new binding.NativeSandbox(native, limits, bridge);
  } catch (error) {
    throw translated(error);
  }
  receivers.set(sandbox.id, new WeakRef(receiver));
  forgotten.register(receiver, sandbox.id);
  return sandbox;
}

/** @param {number} byteLength */
function alloc(byteLength) {
  try {
    return new Uint8Array(native.alloc(byteLength));
  } catch (error) {
    throw translated(error);
  }
}

module.exports = { aborted, alloc, answer, createSandbox, encoded, open, readHostCalls, translated };
