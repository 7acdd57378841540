'use strict';

// The one way between this module and the addon: memory that both know, tickets of calls without an answer yet, and events.

const { setImmediate } = require('node:timers');
const binding = require('./load.js');
const { Encoder } = require('./codec.js');
const { Frames, SETTLED, FAILED, HOST_CALL, CONSOLE, FETCH, COMPONENT_CALL } = require('./frames.js');
const { HostboxError } = require('./errors.js');

/** @typedef {import('../binding').NativeSandbox} NativeSandbox */
/** @typedef {import('../index').ConsoleEntry} ConsoleEntry */
/** @typedef {import('../index').FetchEvent} FetchEvent */

/**
 * What the port needs of a runtime. It is held weakly unless calls are under way: a runtime that the app forgets is closed.
 *
 * @typedef {object} Receiver
 * @property {(call: HostCall) => void} onHostCall
 * @property {(entry: ConsoleEntry) => void} onConsole
 * @property {((event: FetchEvent) => void) | undefined} onFetch
 * @property {(call: ComponentCall) => void} [onComponentCall]
 */
/**
 * A call of the guest to the app; `error` where its arguments cannot be built here.
 *
 * @typedef {{ call: number, name: string, args: unknown[], error: unknown }} HostCall
 */
/**
 * A component's call to the app: which function, where its parameters stand, and where the answer will.
 *
 * @typedef {{ call: number, fn: number, at: number, reply: number, args: Uint8Array }} ComponentCall
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
const post = native.poster();
const take = native.taker();
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
 */
function deliver(length, blocks, bytes) {
  frames.open(length, blocks, bytes);
  readEvents();
}

/** Reads what the last batch left, and what came after it. */
function pump() {
  const result = take();
  if (result === 0) return;
  open(result);
  readEvents();
}

function readEvents() {
  const more = frames.byte() !== 0;
  if (more) setImmediate(pump);
  // What an event starts (host functions, console hooks) may use the codec: everything is read before anything is started.
  /** @type {(() => void)[]} */
  const started = [];
  while (!frames.done) readEvent(started);
  for (const start of started) start();
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
  } else if (kind === FETCH) {
    const event = readFetch();
    started.push(() => receivers.get(id)?.deref()?.onFetch?.(event));
  } else if (kind === COMPONENT_CALL) {
    const call = readComponentCall();
    started.push(() => receivers.get(id)?.deref()?.onComponentCall?.(call));
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

/** @returns {ComponentCall} */
function readComponentCall() {
  const call = frames.number();
  const fn = frames.number();
  const at = frames.number();
  const reply = frames.number();
  return { call, fn, at, reply, args: /** @type {Uint8Array} */ (frames.payload()) };
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

/** @returns {FetchEvent} */
function readFetch() {
  const status = frames.number();
  const sentBytes = frames.number();
  const receivedBytes = frames.number();
  const ms = frames.number();
  const missed = frames.number();
  const url = /** @type {string} */ (frames.text());
  const method = /** @type {string} */ (frames.text());
  const finalUrl = /** @type {string | undefined} */ (frames.text());
  const refused = /** @type {string | undefined} */ (frames.text());
  const error = /** @type {string | undefined} */ (frames.text());
  return {
    url,
    method,
    ...(status > 0 && { status }),
    ...(finalUrl !== undefined && { finalUrl }),
    ...(refused !== undefined && { refused }),
    ...(error !== undefined && { error }),
    sentBytes,
    receivedBytes,
    ms,
    ...(missed > 0 && { missed }),
  };
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

// ── batches ──
//
// The first call or answer of a tick crosses at once, so that its guest may begin. What follows in the same tick is gathered
// in the input memory, for whichever sandboxes, and crosses together: when the tick's microtasks are at their end, when
// there is enough of it, or when anything else is asked of a sandbox.

/** Bytes before each message of a batch (src/input.rs). */
const HEAD = 24;
const CALL = 1;
const ANSWER = 2;
/** Bytes, and messages, that a batch ends with: guests work on it while the next one is written. */
const ENOUGH_BYTES = SCRATCH / 2;
const ENOUGH = 32;
/** Messages where they are for several sandboxes: each of these gets but a few of them. */
const ENOUGH_FOR_SEVERAL = 256;

const inputView = new DataView(input.buffer, input.byteOffset, input.byteLength);
const now = Promise.resolve();
/** Whether something crossed in this tick already. */
let isLater = false;
/** Sandboxes by their numbers, which stand before the messages for them. @type {WeakMap<NativeSandbox, number>} */
const numbers = new WeakMap();
/** The sandbox of the batch's messages, so far. */
let batchFor = 0;
let batchLength = 0;
let batchCount = 0;
let batchEnough = ENOUGH;
/** Calls of the batch, in their order. @type {Waiting[]} */
let batchCalls = [];

/** Has everything cross that waits. */
function flush() {
  if (batchCount === 0) return;
  const calls = batchCalls;
  const length = batchLength;
  batchLength = batchCount = 0;
  batchEnough = ENOUGH;
  if (calls.length > 0) batchCalls = [];
  let ticket = post(length, calls.length);
  for (const call of calls) waiting.set(ticket++, call);
}

function endTick() {
  isLater = false;
  flush();
}

/**
 * Writes a message behind the others of its tick.
 *
 * @param {NativeSandbox} sandbox
 * @param {number} kind
 * @param {number} id the number of a function, or of a host call
 * @param {unknown} value
 * @param {string | undefined} root as in `encoded`
 * @param {(length: number, bytes: Uint8Array | undefined, blocks: object | undefined) => void} alone sends what does
 *   not fit into a batch
 * @returns {boolean} whether it is in the batch
 */
function append(sandbox, kind, id, value, root, alone) {
  const at = batchLength;
  const message = encoder.begin(undefined, at + HEAD);
  if (root === undefined) message.args(/** @type {unknown[]} */ (value), 'args');
  else message.value(value, root);
  try {
    const { position, bytes, blocks } = message;
    // An accessor of the app's may have had the batch sent meanwhile.
    if (bytes !== input || blocks.length > 0 || batchLength !== at) {
      flush();
      alone(position - message.start, bytes.subarray(message.start), blocks.length > 0 ? blocks : undefined);
      return false;
    }
    inputView.setUint32(at, position - at - HEAD, true);
    inputView.setUint32(at + 4, kind, true);
    inputView.setFloat64(at + 8, id, true);
    const number = /** @type {number} */ (numbers.get(sandbox));
    inputView.setFloat64(at + 16, number, true);
    if (batchCount === 0) batchFor = number;
    else if (batchFor !== number) batchEnough = ENOUGH_FOR_SEVERAL;
    batchLength = position;
    batchCount++;
    return true;
  } finally {
    message.end();
  }
}

/** Has a message cross that was appended, if it is time. */
function sendAppended() {
  if (!isLater) {
    isLater = true;
    now.then(endTick);
    flush();
  } else if (batchCount >= batchEnough || batchLength > ENOUGH_BYTES) {
    flush();
  }
}

/**
 * Calls a function; the promise of its answer.
 *
 * @param {NativeSandbox} sandbox
 * @param {Receiver} owner
 * @param {number} target
 * @param {readonly unknown[]} args
 * @returns {Promise<any>}
 */
function submit(sandbox, owner, target, args) {
  let ticket = 0;
  const isAppended = append(sandbox, CALL, target, args, undefined, (length, bytes, blocks) => {
    ticket = sandbox.call(target, 0, length, bytes, blocks);
  });
  if (!isAppended) return answer(owner, ticket);
  return new Promise((resolve, reject) => {
    batchCalls.push({ resolve, reject, owner, signal: undefined, onAbort: undefined });
    sendAppended();
  });
}

/**
 * Answers a host call with a value.
 *
 * @param {NativeSandbox} sandbox
 * @param {number} call
 * @param {unknown} value
 * @param {string} root as in `encoded`
 */
function resolveHostCall(sandbox, call, value, root) {
  const isAppended = append(sandbox, ANSWER, call, value, root, (length, bytes, blocks) =>
    sandbox.resolve(call, length, bytes, blocks),
  );
  if (isAppended) sendAppended();
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
  flush();
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
 * @param {Omit<import('../binding').NativeSettings, 'logFetches'>} settings
 * @param {Receiver} receiver
 * @returns {NativeSandbox}
 */
function createSandbox(settings, receiver) {
  /** @type {NativeSandbox} */
  let sandbox;
  try {
    sandbox = new binding.NativeSandbox(native, { ...settings, logFetches: receiver.onFetch !== undefined });
  } catch (error) {
    throw translated(error);
  }
  const { id } = sandbox;
  numbers.set(sandbox, id);
  receivers.set(id, new WeakRef(receiver));
  forgotten.register(receiver, id);
  return sandbox;
}

/** Instances of components are numbered beyond all sandboxes. */
let lastInstance = 2 ** 52;

/**
 * Has the calls of a component go to a receiver; the number that its instance is to have.
 *
 * @param {Receiver} receiver
 */
function receive(receiver) {
  const id = ++lastInstance;
  receivers.set(id, new WeakRef(receiver));
  forgotten.register(receiver, id);
  return id;
}

/** @param {number} byteLength */
function alloc(byteLength) {
  try {
    return new Uint8Array(native.alloc(byteLength));
  } catch (error) {
    throw translated(error);
  }
}

module.exports = {
  aborted,
  alloc,
  answer,
  createSandbox,
  encoded,
  flush,
  native,
  open,
  readHostCalls,
  receive,
  resolveHostCall,
  submit,
  translated,
};
