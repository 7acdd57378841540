'use strict';

// `host.native`: the buffer store and the native operations, from Node's side.

const check = require('./arguments.js');
const { bytes } = check;
const { alloc, answer, translated } = require('./port.js');
const { HostboxError } = require('./errors.js');
const { NativeStream } = require('./transform.js');

/** @typedef {import('../index').Bytes} Bytes */
/** @typedef {import('../index').NativeStep} NativeStep */
/** @typedef {import('../binding').NativeSandbox} NativeSandbox */

const MOST_BYTES = 2 ** 32;

/**
 * @param {unknown} value
 * @param {string} name
 */
function id(value, name) {
  return check.integer(value, name, 1, Number.MAX_SAFE_INTEGER);
}

/**
 * Arguments of an operation as JSON.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {string | undefined}
 */
function json(value, name) {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return check.refuse('an object', name, value);
  return JSON.stringify(value);
}

/** Steps that are names alone, as JSON. @type {Map<string, string>} */
const named = new Map();
const MOST_NAMED = 64;
const LONGEST_NAMED = 64;

/** @param {string} op */
function namedStep(op) {
  let text = named.get(op);
  if (text === undefined) {
    text = JSON.stringify({ op });
    if (named.size < MOST_NAMED && op.length <= LONGEST_NAMED) named.set(op, text);
  }
  return text;
}

/**
 * Steps as the addon reads them. It keeps compiled chains by this text.
 *
 * @param {unknown} value
 * @returns {string}
 */
function steps(value) {
  if (!Array.isArray(value)) return check.refuse('an array', 'steps', value);
  if (value.every((step) => typeof step === 'string')) return `[${value.map(namedStep).join()}]`;
  return JSON.stringify(
    value.map((step, i) => {
      if (typeof step === 'string') return { op: step };
      const { op, args, extraInputId } = check.options(step, `steps[${i}]`, ['op', 'args', 'extraInputId']);
      json(args, `steps[${i}].args`);
      if (extraInputId !== undefined) id(extraInputId, `steps[${i}].extraInputId`);
      return { op: check.string(op, `steps[${i}].op`), args, extraInputId };
    }),
  );
}

function closed() {
  return new HostboxError('ERR_CLOSED', 'the sandbox is closed');
}

/** The public `NativeApi`; see index.d.ts. */
class Native {
  /** @type {NativeSandbox} */ #sandbox;
  /** @type {import('./port.js').Receiver} */ #owner;
  /** @type {() => boolean} */ #isOpen;
  /** Streams that are not over, as far as anybody knows them still. @type {Set<WeakRef<NativeStream>>} */
  #streams = new Set();
  /** @type {FinalizationRegistry<WeakRef<NativeStream>>} */
  #forgotten = new FinalizationRegistry((stream) => this.#streams.delete(stream));

  /**
   * @param {NativeSandbox} sandbox
   * @param {import('./port.js').Receiver} owner
   * @param {() => boolean} isOpen
   */
  constructor(sandbox, owner, isOpen) {
    this.#sandbox = sandbox;
    this.#owner = owner;
    this.#isOpen = isOpen;
  }

  /** @param {number} byteLength */
  alloc(byteLength) {
    return alloc(check.integer(byteLength, 'byteLength', 0, MOST_BYTES));
  }

  /** @param {Bytes} input */
  async put(input) {
    const source = bytes(input, 'input');
    return this.#do(() => this.#sandbox.put(source));
  }

  /**
   * @param {string} op
   * @param {number} inputId
   * @param {Record<string, unknown>} [args]
   * @param {number} [extraInputId]
   */
  async exec(op, inputId, args, extraInputId) {
    const name = check.string(op, 'op');
    const input = id(inputId, 'inputId');
    const extra = extraInputId === undefined ? undefined : id(extraInputId, 'extraInputId');
    const text = json(args, 'args');
    return this.#wait(() => this.#sandbox.exec(name, input, text, extra));
  }

  /**
   * @param {number} inputId
   * @param {readonly NativeStep[]} list
   */
  async execChain(inputId, list) {
    const input = id(inputId, 'inputId');
    const text = steps(list);
    return this.#wait(() => this.#sandbox.execChain(input, text));
  }

  /** @param {number} bufferId */
  async take(bufferId) {
    const taken = id(bufferId, 'id');
    return this.#do(() => new Uint8Array(this.#sandbox.take(taken)));
  }

  /**
   * @param {number} bufferId
   * @param {Uint8Array} target
   * @param {number} [offset]
   */
  async takeInto(bufferId, target, offset = 0) {
    const taken = id(bufferId, 'id');
    if (!(target instanceof Uint8Array)) check.refuse('a Uint8Array', 'target', target);
    const start = check.integer(offset, 'offset', 0, target.byteLength);
    const [bytesWritten = 0, sourceLength = 0] = this.#do(() => this.#sandbox.takeInto(taken, target, start));
    return { buffer: target, bytesWritten, sourceLength, truncated: bytesWritten < sourceLength };
  }

  /** @param {number} bufferId */
  async free(bufferId) {
    const freed = id(bufferId, 'id');
    this.#do(() => this.#sandbox.free(freed));
  }

  /** @param {number} bufferId */
  async info(bufferId) {
    const asked = id(bufferId, 'id');
    return this.#do(() => this.#sandbox.info(asked));
  }

  /**
   * @param {string} op
   * @param {Bytes} input
   * @param {Record<string, unknown>} [args]
   * @param {Bytes | number} [extraInput]
   */
  async run(op, input, args, extraInput) {
    const name = check.string(op, 'op');
    const source = bytes(input, 'input');
    const text = json(args, 'args');
    const extraId = typeof extraInput === 'number' ? id(extraInput, 'extraInput') : undefined;
    const extra = extraInput === undefined || extraId !== undefined ? undefined : bytes(extraInput, 'extraInput');
    return this.#wait(() => this.#sandbox.run(name, source, text, extraId, extra));
  }

  /**
   * @param {readonly NativeStep[]} list
   * @param {Bytes | number} input
   */
  async chain(list, input) {
    const text = steps(list);
    const inputId = typeof input === 'number' ? id(input, 'input') : undefined;
    const source = inputId === undefined ? bytes(input, 'input') : undefined;
    return this.#wait(() => this.#sandbox.chain(text, inputId, source));
  }

  /** @param {readonly NativeStep[]} list */
  transform(list) {
    const text = steps(list);
    /** @type {NativeStream} */
    const stream = new NativeStream(
      this.#do(() => this.#sandbox.transform(text)),
      (ticket) => answer(this.#owner, ticket),
      () => this.#streams.delete(known),
    );
    const known = new WeakRef(stream);
    this.#streams.add(known);
    this.#forgotten.register(stream, known);
    return stream;
  }

  /**
   * Ends what streams through a sandbox that was closed. Not a method, which the app would have too.
   *
   * @param {Native} native
   */
  static endStreams(native) {
    for (const known of native.#streams) {
      const stream = known.deref();
      // Nobody listens to a stream that was never used, or that is all but over: no reason to end the process.
      stream?.destroy(stream.listenerCount('error') > 0 ? closed() : undefined);
    }
  }

  /** @param {Bytes} input */
  gzipCompress(input) {
    return this.run('gzip_compress', input);
  }

  /** @param {Bytes} input */
  gzipDecompress(input) {
    return this.run('gzip_decompress', input);
  }

  /**
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  #do(work) {
    if (!this.#isOpen()) throw closed();
    try {
      return work();
    } catch (error) {
      throw translated(error);
    }
  }

  /** @param {() => number} start */
  #wait(start) {
    return answer(this.#owner, this.#do(start));
  }
}

module.exports = { Native, bytes, closed, id };
