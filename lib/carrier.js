'use strict';

// The way of messages between a component's instance and its values (lib/wit): memory that the addon knows, calls, answers. Loaded with the first component.

const { Buffer } = require('node:buffer');
const vm = require('node:vm');
const check = require('./arguments.js');
const { tell, write } = require('./console.js');
const binding = require('./load.js');
const { HostboxError, ComponentError } = require('./errors.js');
const { native, answer, receive, translated } = require('./port.js');
const { Memory } = require('./wit/memory.js');

/** @typedef {import('./wit/instance').ComponentCode} ComponentCode */
/** @typedef {import('./wit/instance').Surface} Surface */

/** @typedef {import('../binding').NativeComponent} NativeComponent */
/** @typedef {import('../binding').NativeInstance} NativeInstance */
/** @typedef {import('./port.js').ComponentCall} ComponentCall */
/**
 * The app's code around an instance: behind its imports, and for what it writes.
 *
 * @typedef {{ imports: unknown, output: NonNullable<import('../index').InstanceOptions['console']>,
 *   onFetch: import('../index').InstanceOptions['onFetch'] }} Given
 */

const SCRATCH = 64 * 1024;

/** What reads and writes values: loaded while the first component is compiled, on another thread. */
const codec = () => require('./wit/instance.js');

// ── what Node's engine does in its own way ──

/** Shorter strings are written here rather than by a call into the engine. */
const SHORT = 24;
const utf8Write = /** @type {(this: Uint8Array, text: string, at: number, length?: number) => number} */ (
  /** @type {any} */ (Buffer.prototype).utf8Write
);
const utf8Slice = /** @type {(this: Uint8Array, at: number, end: number) => string} */ (
  /** @type {any} */ (Buffer.prototype).utf8Slice
);

/** @type {import('./wit/memory').Text} */
const text = {
  write(bytes, value, at) {
    let i = 0;
    if (value.length <= SHORT) {
      for (; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        bytes[at + i] = code;
      }
      if (i === value.length) return i;
    }
    return utf8Write.call(bytes, value, at, value.length * 3);
  },
  read: (bytes, at, end) => utf8Slice.call(bytes, at, end),
};

/**
 * A function of its text, whatever the process allows.
 *
 * @param {string} parameters
 * @param {string} body
 * @returns {any}
 */
function compile(parameters, body) {
  try {
    return new Function(parameters, body);
  } catch (error) {
    // --disallow-code-generation-from-strings forbids `Function`, and not what Node itself compiles.
    if (error instanceof EvalError) return vm.compileFunction(body, parameters.split(','));
    throw error;
  }
}

/** @type {import('./wit/imports').ImportEngine} */
const engine = {
  text,
  compile,
  error: (code, message, path) => new HostboxError(code, message, { path }),
  shown: check.shown,
  failed: (payload, where) => new ComponentError(payload, where),
  provider: (value) => surfaces.get(/** @type {object} */ (value)),
  readable: (source, isBytes) => new ReadableStream(underlying(source, isBytes), { highWaterMark: 0 }),
};

/**
 * @param {import('./wit/streams').StreamSource} source
 * @param {boolean} isBytes
 * @returns {import('node:stream/web').UnderlyingSource<unknown>}
 */
function underlying(source, isBytes) {
  return {
    async pull(controller) {
      const batch = await source.pull();
      if (batch === undefined) return controller.close();
      if (isBytes) return controller.enqueue(batch);
      for (let i = 0; i < batch.length; i++) controller.enqueue(batch[i]);
    },
    cancel: () => source.cancel(),
  };
}

/** What stands behind the app's instances. @type {WeakMap<object, Surface>} */
const surfaces = new WeakMap();

// ── messages ──

/** @param {number} bytes */
const scratch = (bytes) => new Uint8Array(bytes);
const input = new Memory(scratch(SCRATCH), text);
const output = new Memory(scratch(SCRATCH), text);
const reply = new Memory(scratch(SCRATCH), text);
/** Answers of calls on other threads, one at a time. */
const incoming = new Memory(scratch(SCRATCH), text);

/** @type {import('../binding').ComponentPort | undefined} */
let port;

function componentPort() {
  port ??= new binding.ComponentPort(native, onSyncCall, input.u8, output.u8, reply.u8);
  return port;
}

/** Memories for messages while another is under way: in a host function, or in an accessor of an argument. @type {Memory[]} */
const spare = [];
let isInputTaken = false;

function takeMemory() {
  if (isInputTaken) return spare.pop() ?? new Memory(scratch(SCRATCH), text);
  isInputTaken = true;
  return input;
}

/** @param {Memory} memory */
function releaseMemory(memory) {
  memory.reset();
  if (memory === input) isInputTaken = false;
  else if (spare.length < 8) spare.push(memory);
}

/** The bytes of a message that does not stand in the input memory. @param {Memory} memory */
function bytesOf(memory) {
  return memory === input && memory.isFirst ? undefined : memory.u8;
}

/**
 * A message that came in memory of its own.
 *
 * @param {Uint8Array | ArrayBuffer} bytes
 */
function received(bytes) {
  const { byteLength } = bytes;
  if (bytes instanceof Uint8Array && byteLength <= SCRATCH) {
    incoming.u8.set(bytes);
    incoming.top = byteLength;
    return incoming;
  }
  const buffer = bytes instanceof Uint8Array ? bytes.buffer : bytes;
  // Views of eight bytes need all of them.
  const memory = new Memory(new Uint8Array(buffer, 0, byteLength), text);
  memory.isOwn = true;
  memory.top = byteLength;
  return memory;
}

/** @type {Map<number, WeakRef<Carrier>>} */
const carriers = new Map();
const forgotten = new FinalizationRegistry((/** @type {number} */ id) => carriers.delete(id));

/**
 * A component calls the app while it is called itself, on this thread.
 *
 * @param {number} instance
 * @param {number} fn
 * @param {number} at
 * @param {number} address of the answer
 * @param {number} length
 * @param {ArrayBuffer} [bytes] where they do not stand in the output memory
 * @returns {number | Uint8Array}
 */
function onSyncCall(instance, fn, at, address, length, bytes) {
  const carrier = carriers.get(instance)?.deref();
  if (carrier === undefined) return -1;
  return carrier.answerSync(fn, at, address, length, bytes === undefined ? output : received(bytes));
}

/** @param {unknown} value @returns {value is PromiseLike<unknown>} */
function isThenable(value) {
  return typeof value === 'object' && value !== null && typeof (/** @type {any} */ (value).then) === 'function';
}

/** Carries the messages of one instance: a `Link` of lib/wit/instance. */
class Carrier {
  /** @type {NativeInstance} */ #native;
  /** @type {ReturnType<NativeInstance['syncCaller']> | undefined} */ #callSync;
  /** @type {Surface | undefined} */ #surface;
  /** @type {import('./port.js').Receiver} */ #receiver;
  /** What the app's code threw while a component called it. @type {{ error: unknown, where: string } | undefined} */ #thrown;
  /** What ended the instance. @type {unknown} */ #end;
  #isClosed = false;

  /**
   * @param {NativeComponent} component
   * @param {number} timeoutMs
   * @param {Omit<Given, 'imports'>} given
   */
  constructor(component, timeoutMs, { output, onFetch }) {
    this.#receiver = {
      onHostCall() {},
      onConsole: (entry) => write(output, entry),
      onFetch: (event) => {
        if (event.refused !== undefined) write(output, refusal(event.refused));
        if (onFetch !== undefined) tell(onFetch, event);
      },
      onComponentCall: (call) => void this.#answer(call),
    };
    const id = receive(this.#receiver);
    carriers.set(id, new WeakRef(this));
    forgotten.register(this, id);
    this.#native = new binding.NativeInstance(component, id, timeoutMs);
  }

  /**
   * @param {Surface} surface
   * @param {NativeComponent} component
   * @param {import('../binding').NativeInstanceOptions} options
   */
  async start(surface, component, options) {
    this.#surface = surface;
    try {
      await answer(this.#receiver, this.#native.start(component, options));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * Answers for imports of instances that are made below.
   *
   * @param {Surface} surface
   */
  stand(surface) {
    this.#surface = surface;
    return this;
  }

  /**
   * A request for an instance of its own.
   *
   * @param {NativeComponent} component
   * @param {import('../binding').NativeInstanceOptions} options
   * @param {import('../binding').NativeRequestHead} head
   */
  exchange(component, options, head) {
    return this.checked(() => new binding.NativeExchange(this.#native, component, options, head));
  }

  /**
   * A server whose requests have instances of their own.
   *
   * @param {NativeComponent} component
   * @param {import('../binding').NativeInstanceOptions} options
   * @param {import('../binding').NativeServerOptions} where
   */
  server(component, options, where) {
    return this.checked(() => new binding.NativeServer(this.#native, component, options, where));
  }

  /**
   * What the addon gives at once.
   *
   * @template T
   * @param {() => T} give
   */
  checked(give) {
    try {
      return give();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * What the addon answers later.
   *
   * @param {() => number} begin
   * @returns {Promise<any>}
   */
  async answer(begin) {
    try {
      return await answer(this.#receiver, begin());
    } catch (error) {
      throw this.#explained(error);
    }
  }

  take() {
    return takeMemory();
  }

  /** @param {Memory} memory */
  release(memory) {
    releaseMemory(memory);
  }

  /**
   * @param {number} fn
   * @param {Memory} message
   * @param {number} bytes
   */
  callSync(fn, message, bytes) {
    this.#callSync ??= this.#native.syncCaller();
    try {
      const result = this.#callSync(fn, bytes, bytesOf(message));
      if (typeof result !== 'number') return received(result);
      output.top = result;
      return output;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * @template T
   * @param {number} fn
   * @param {Memory} message
   * @param {number} bytes
   * @param {(answer: Memory) => T} read
   * @returns {Promise<T>}
   */
  call(fn, message, bytes, read) {
    try {
      const ticket = this.#native.call(fn, bytes, bytesOf(message));
      return answer(this.#receiver, ticket).then(
        (value) => read(received(value)),
        (error) => {
          throw this.#explained(error);
        },
      );
    } catch (error) {
      return Promise.reject(this.#explained(error));
    }
  }

  /**
   * Answers a call on this thread.
   *
   * @param {number} fn
   * @param {number} at
   * @param {number} address
   * @param {number} length
   * @param {Memory} message
   * @returns {number | Uint8Array}
   */
  answerSync(fn, at, address, length, message) {
    const surface = /** @type {Surface} */ (this.#surface);
    try {
      const { value, isError } = settled(surface, fn, () => {
        const result = surface.answer(fn, message, length, at, true);
        if (!isThenable(result)) return result;
        // Whoever made it hears of its failure, if anybody does.
        Promise.resolve(result).catch(() => {});
        const name = surface.importName(fn);
        const hint = 'call the function of `exports`, which waits, rather than that of `sync`';
        throw new HostboxError('ERR_ASYNC', `${name} of the app returned a promise in a synchronous call: ${hint}`);
      });
      const bytes = surface.reply(fn, reply, address, value, isError);
      if (reply.isFirst) return bytes;
      const large = reply.u8.subarray(0, bytes);
      reply.reset();
      return large;
    } catch (error) {
      this.#thrown = { error, where: surface.importName(fn) };
      reply.reset();
      return -1;
    }
  }

  /** Answers a call from another thread. @param {ComponentCall} call */
  async #answer({ call, fn, at, reply: address, args }) {
    const surface = /** @type {Surface} */ (this.#surface);
    try {
      const { value, isError } = await settledLater(surface, fn, () =>
        surface.answer(fn, received(args), args.byteLength, at, false),
      );
      const bytes = surface.reply(fn, reply, address, value, isError);
      this.#native.answer(call, bytes, reply.isFirst ? undefined : reply.u8);
    } catch (error) {
      this.#thrown = { error, where: surface.importName(fn) };
      this.#native.fail(call, 'it threw');
    } finally {
      reply.reset();
    }
  }

  stats() {
    const { memoryBytes, fuel, dropped } = this.#native.stats();
    return { memoryBytes, ...(fuel !== undefined && { fuel }), dropped };
  }

  close() {
    this.#isClosed = true;
    this.#native.close();
  }

  /**
   * An error of the addon, with what it came from.
   *
   * @param {unknown} error
   */
  #explained(error) {
    const known = /** @type {HostboxError} */ (translated(error));
    const thrown = this.#thrown;
    if (known.code === 'ERR_WASM_TRAP' && thrown !== undefined) {
      this.#thrown = undefined;
      if (thrown.error instanceof HostboxError && thrown.error.code === 'ERR_ASYNC') return (this.#end = thrown.error);
      const message = `${thrown.where} of the app failed: ${check.shownError(thrown.error)}`;
      return (this.#end = new HostboxError('ERR_WASM_TRAP', message, { cause: thrown.error }));
    }
    if (known.code === 'ERR_CLOSED') {
      if (this.#isClosed) return new HostboxError('ERR_CLOSED', 'the instance is closed');
      return new HostboxError('ERR_CLOSED', known.message, { cause: this.#end });
    }
    if (known.code !== 'ERR_BUSY' && known.code !== 'ERR_ARGUMENT') this.#end ??= known;
    return known;
  }
}

/**
 * What the app's code answers: its value, or the payload of what it threw.
 *
 * @param {Surface} surface
 * @param {number} fn
 * @param {() => unknown} run
 */
function settled(surface, fn, run) {
  try {
    return { value: run(), isError: false };
  } catch (error) {
    return payload(surface, fn, error);
  }
}

/**
 * @param {Surface} surface
 * @param {number} fn
 * @param {() => unknown} run
 */
async function settledLater(surface, fn, run) {
  try {
    return { value: await run(), isError: false };
  } catch (error) {
    return payload(surface, fn, error);
  }
}

/**
 * @param {Surface} surface
 * @param {number} fn
 * @param {unknown} error
 */
function payload(surface, fn, error) {
  const found = surface.payloadOf(fn, error);
  if (found === undefined) throw error;
  return { value: found.payload, isError: true };
}

/** The line of the console for what was not granted. @param {string} text @returns {import('../index').ConsoleEntry} */
const refusal = (text) => ({ level: 'warn', args: [text], text, time: Date.now() });

/** @param {NativeComponent} compiled */
function codeOf(compiled) {
  return new (codec().ComponentCode)(JSON.parse(compiled.shape), engine);
}

/**
 * Makes an instance, and starts it.
 *
 * @param {NativeComponent} compiled
 * @param {ComponentCode} code
 * @param {Given} given
 * @param {import('../binding').NativeInstanceOptions} options
 */
async function instantiate(compiled, code, { imports, ...given }, options) {
  const carrier = new Carrier(compiled, options.timeoutMs, given);
  const surface = new (codec().Surface)(code, carrier, imports);
  await carrier.start(surface, compiled, options);
  return { carrier, surface };
}

/**
 * Stands for the app's functions behind instances that are made below.
 *
 * @param {NativeComponent} compiled
 * @param {ComponentCode} code
 * @param {Given} given
 * @param {number} timeoutMs
 */
function standIn(compiled, code, { imports, ...given }, timeoutMs) {
  const carrier = new Carrier(compiled, timeoutMs, given);
  return carrier.stand(new (codec().Surface)(code, carrier, imports));
}

/** @param {ComponentCode} code @param {string} name */
const typesOf = (code, name) => require('./wit/types.js').declarations(code.shape, name);

module.exports = { Carrier, codec, codeOf, componentPort, instantiate, standIn, surfaces, typesOf };
