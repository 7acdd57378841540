// wasm: components of WebAssembly, compiled and called as apps do it (guest:witinstance).
//
// In: bytes, options, functions of the guest behind what a component imports. Out: classes of which guests hold objects. Rights, limits and
// messages are checked natively; a component reaches what its sandbox was granted, and no more.

import { argumentError, isBufferSource, isObject, sequence, uncurry, withCode } from 'guest:webidl';
import { close, enqueue } from 'guest:readable';
import { createReadable } from 'guest:readablestream';
import { Memory } from 'guest:witmemory';
import { ComponentCode, Surface } from 'guest:witinstance';
import type { Link } from 'guest:witinstance';
import { dispose } from 'guest:witimports';
import type { ImportEngine } from 'guest:witimports';
import type { Shape } from 'guest:witshape';
import type { Response } from 'guest:response';
import type { StreamSource } from 'guest:witstreams';
import { declarations } from 'guest:wittypes';
import { decodeOnce, encode, encodeInto } from 'host:encoding';
import { load } from 'host:modules';
import * as host from 'host:wasm';

const { defineProperty, deleteProperty } = Reflect;
const { isArray } = Array;
const { isSafeInteger } = Number;
const { parse, stringify } = JSON;
const toWellFormed = uncurry(String.prototype.toWellFormed);
const slice = uncurry(String.prototype.slice);
const FunctionIntrinsic = Function;
const ErrorIntrinsic = Error;
const TypeErrorIntrinsic = TypeError;

/** Bytes that a message has room for at first. */
const SCRATCH = 4096;
const MOST_MS = 2_147_483_647;
const MOST_INTEGER = Number.MAX_SAFE_INTEGER;
const LEAST_STACK = 64 * 1024;
const MOST_STACK = 4 * 1024 * 1024;
const MOST_TABLE = 10_000_000;
/** The last day that a Date knows (ECMAScript, 21.4.1.1). */
const MOST_DATE_MS = 8.64e15;
const timeOf = uncurry(Date.prototype.getTime);

/** An `err` that a function of a component gave as its result. */
class ComponentError extends ErrorIntrinsic {
  readonly payload: unknown;

  constructor(payload: unknown, where: string) {
    super(`${where} gave an err: ${shown(payload)}`);
    this.payload = payload;
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return stringify(value.length > 60 ? `${slice(value, 0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (isObject(value)) return isArray(value) ? 'an array' : 'an object';
  return `${value as number}`;
}

const engine: ImportEngine = {
  text: {
    write: (bytes, text, at) =>
      encodeInto(toWellFormed(text), new Uint8Array(bytes.buffer, bytes.byteOffset + at, text.length * 3))[1],
    read: (bytes, at, end) =>
      decodeOnce('utf-8', new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at), false, true),
  },
  compile: (parameters, body) => FunctionIntrinsic(parameters, body) as (...args: unknown[]) => unknown,
  error(code, message, path) {
    const error = withCode(new TypeErrorIntrinsic(message), code);
    if (path !== undefined) {
      const descriptor = { __proto__: null, value: path, writable: true, configurable: true, enumerable: true };
      defineProperty(error, 'path', descriptor as PropertyDescriptor);
    }
    return error;
  },
  shown,
  failed: (payload, where) => new ComponentError(payload, where),
  provider: (value) => ComponentInstance.surface(value),
  readable,
};

/** A ReadableStream over a stream of a component. */
function readable(source: StreamSource, isBytes: boolean): object {
  const made = createReadable(
    {
      async pull() {
        const batch = await source.pull();
        if (batch === undefined) return close(made.controller);
        if (isBytes) return enqueue(made.controller, batch);
        for (let i = 0; i < batch.length; i++) enqueue(made.controller, batch[i]);
      },
      async cancel() {
        source.cancel();
      },
    },
    0,
  );
  return made.stream;
}

/** Carries the messages of one instance. */
class Carrier implements Link {
  readonly #handle: host.InstanceHandle;
  #surface: Surface | undefined;
  readonly #free: Memory[] = [];
  /** What a function of the guest threw while the component called it. */
  #thrown: { readonly error: unknown; readonly where: string } | undefined;
  /** Whether calls are under way beside each other. */
  readonly #isConcurrent: boolean;

  constructor(timeoutMs: number, isConcurrent: boolean) {
    this.#handle = host.instance(timeoutMs);
    this.#isConcurrent = isConcurrent;
  }

  async start(
    surface: Surface,
    component: host.ComponentHandle,
    { args, stdin, hasConsole, settings }: InstanceOptions,
  ): Promise<void> {
    this.#surface = surface;
    await this.#finished(host.start(this.#handle, component, args, stdin, hasConsole, settings));
  }

  /** Answers for the guest's functions alone: the instance is made natively. */
  stand(surface: Surface): void {
    this.#surface = surface;
  }

  take(): Memory {
    const { length } = this.#free;
    if (length === 0) return new Memory(new Uint8Array(SCRATCH), engine.text);
    const memory = this.#free[length - 1]!;
    this.#free.length = length - 1;
    return memory;
  }

  release(memory: Memory): void {
    memory.reset();
    if (this.#free.length < 2) this.#free[this.#free.length] = memory;
  }

  callSync(number: number, message: Memory, bytes: number): Memory {
    try {
      return received(host.callSync(this.#answerSync, this.#handle, number, message.u8, bytes));
    } catch (error) {
      throw this.explained(error);
    }
  }

  call<T>(number: number, message: Memory, bytes: number, read: (answer: Memory) => T): Promise<T> {
    // The message is copied before this returns.
    return this.#read(host.call(this.#handle, number, message.u8, bytes), read);
  }

  async #read<T>(step: Promise<host.Step>, read: (answer: Memory) => T): Promise<T> {
    return read(received(await this.#finished(step)));
  }

  /** Answers what the component asks until it is done. */
  async #finished(begun: Promise<host.Step>): Promise<ArrayBuffer> {
    try {
      let step = await begun;
      while (step[0]) {
        const { 5: call } = step;
        if (call === undefined) {
          step = await this.#answered(step);
        } else {
          void this.#answeredBeside(step);
          step = await host.follow(this.#handle, call);
        }
      }
      return step[1];
    } catch (error) {
      throw this.explained(error);
    }
  }

  #answered({ 1: message, 2: fn, 3: at, 4: address }: host.Step & { 0: true }): Promise<host.Step> {
    return this.answer(fn, at, address, message, (reply, length) => host.resume(this.#handle, reply, length));
  }

  /** Calls a function of the guest and hands on its answer; without one it threw. */
  async answer<T>(
    fn: number,
    at: number,
    address: number,
    message: ArrayBuffer,
    send: (reply: Uint8Array | undefined, length: number) => T,
  ): Promise<Awaited<T>> {
    const surface = this.#surface!;
    const reply = this.take();
    try {
      let bytes = -1;
      try {
        bytes = await this.#replied(fn, at, address, message, reply);
      } catch (error) {
        this.#thrown = { error, where: surface.importName(fn) };
      }
      return await (bytes < 0 ? send(undefined, 0) : send(reply.u8, bytes));
    } finally {
      this.release(reply);
    }
  }

  /** Answers what was asked beside calls, which go on meanwhile. */
  async #answeredBeside(step: host.Step & { 0: true }): Promise<void> {
    const { 1: buffer, 2: fn, 3: at, 4: address, 6: ticket } = step;
    const reply = this.take();
    try {
      const bytes = await this.#replied(fn, at, address, buffer, reply);
      host.answer(this.#handle, ticket!, reply.u8, bytes);
    } catch (error) {
      this.#thrown = { error, where: this.#surface!.importName(fn) };
      host.answer(this.#handle, ticket!, undefined, 0);
    } finally {
      this.release(reply);
    }
  }

  /** Calls a function of the guest and writes its answer; the number of bytes. */
  async #replied(fn: number, at: number, address: number, buffer: ArrayBuffer, reply: Memory): Promise<number> {
    const surface = this.#surface!;
    let value: unknown;
    let isError = false;
    try {
      value = await surface.answer(fn, received(buffer), buffer.byteLength, at, false);
    } catch (error) {
      const found = surface.payloadOf(fn, error);
      if (found === undefined) throw error;
      value = found.payload;
      isError = true;
    }
    return surface.reply(fn, reply, address, value, isError);
  }

  /** Answers what the component asks in a synchronous call; nothing where that failed. */
  readonly #answerSync = (fn: number, at: number, address: number, buffer: ArrayBuffer): Uint8Array | undefined => {
    const reply = this.take();
    try {
      const bytes = this.#replyNow(fn, at, address, buffer, reply);
      return new Uint8Array(reply.u8.buffer, reply.u8.byteOffset, bytes);
    } catch (error) {
      this.#thrown = { error, where: this.#surface!.importName(fn) };
      return undefined;
    } finally {
      // The bytes are read before anything else is written there.
      this.release(reply);
    }
  };

  #replyNow(fn: number, at: number, address: number, buffer: ArrayBuffer, reply: Memory): number {
    const surface = this.#surface!;
    let value: unknown;
    let isError = false;
    try {
      value = surface.answer(fn, received(buffer), buffer.byteLength, at, true);
    } catch (error) {
      const found = surface.payloadOf(fn, error);
      if (found === undefined) throw error;
      value = found.payload;
      isError = true;
    }
    if (!isError && isObject(value) && typeof (value as { then?: unknown }).then === 'function') {
      // Whoever made it hears of its failure, if anybody does.
      void ignored(value);
      const name = surface.importName(fn);
      throw engine.error('ERR_ASYNC', `${name} of the guest returned a promise in a synchronous call: call the function of \`exports\`, which waits, rather than that of \`sync\``); // prettier-ignore
    }
    return surface.reply(fn, reply, address, value, isError);
  }

  /** An error of the instance, with what it came from. */
  explained(error: unknown): unknown {
    const thrown = this.#thrown;
    // What ends one of several calls ends all of them.
    if (!this.#isConcurrent) this.#thrown = undefined;
    if (thrown === undefined || (error as { code?: unknown }).code !== 'ERR_WASM_TRAP') return error;
    if (isObject(thrown.error) && (thrown.error as { code?: unknown }).code === 'ERR_ASYNC') return thrown.error;
    const message = `${thrown.where} of the guest failed: ${described(thrown.error)}`;
    return withCode(new ErrorIntrinsic(message, { cause: thrown.error }), 'ERR_WASM_TRAP');
  }

  stats(): { memoryBytes: number; fuel?: number } {
    const { 0: memoryBytes, 1: fuel } = host.stats(this.#handle);
    return fuel === undefined ? { memoryBytes } : { memoryBytes, fuel };
  }

  close(): void {
    host.close(this.#handle);
  }
}

async function ignored(promise: unknown): Promise<void> {
  try {
    await promise;
  } catch {
    // It is nobody's.
  }
}

function described(error: unknown): string {
  if (!(error instanceof ErrorIntrinsic)) return shown(error);
  return `${error.name}: ${error.message}`;
}

function received(buffer: ArrayBuffer): Memory {
  const memory = new Memory(new Uint8Array(buffer), engine.text);
  memory.isOwn = true;
  memory.top = buffer.byteLength;
  return memory;
}

// ── options ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface InstanceOptions {
  readonly imports: unknown;
  readonly args: readonly string[];
  readonly stdin: ArrayBuffer | SharedArrayBuffer | ArrayBufferView | undefined;
  readonly timeoutMs: number;
  readonly hasConsole: boolean;
  readonly settings: host.Settings;
}

const INSTANCE = ['imports', 'args', 'stdin', 'limits', 'clock', 'random', 'console'];
const LIMITS = ['timeoutMs', 'memoryBytes', 'tableElements', 'fuel', 'stackBytes'];

function members(value: unknown, name: string, known: readonly string[]): Record<string, unknown> {
  if (value === undefined) return { __proto__: null } as unknown as Record<string, unknown>;
  if (!isObject(value) || isArray(value)) throw argumentError('an object', name, value);
  const keys = Reflect.ownKeys(value);
  for (let i = 0; i < keys.length; i++) {
    let isKnown = false;
    for (let k = 0; k < known.length; k++) isKnown ||= known[k] === keys[i];
    if (!isKnown) throw argumentError('no such option', `${name}.${String(keys[i])}`, (value as never)[keys[i]!]);
  }
  return value as Record<string, unknown>;
}

function instanceOptions(options: unknown): InstanceOptions {
  const { imports, args, stdin, limits, clock, random, console: output } = members(options, 'options', INSTANCE);
  const bounds = members(limits, 'options.limits', LIMITS);
  const limit = (name: string, least: number, most: number): number | undefined =>
    bounds[name] === undefined ? undefined : integer(bounds[name], `options.limits.${name}`, least, most);
  if (args !== undefined && !isArray(args)) throw argumentError('an array of strings', 'options.args', args);
  if (stdin !== undefined && !isBufferSource(stdin)) throw argumentError('bytes', 'options.stdin', stdin);
  if (output !== undefined && output !== 'inherit' && output !== 'silent') {
    throw argumentError(`'inherit' or 'silent'`, 'options.console', output);
  }
  return {
    imports,
    args: args === undefined ? [] : sequence(args, text, 'wasm'),
    stdin,
    timeoutMs: limit('timeoutMs', 1, MOST_MS) ?? MOST_MS,
    hasConsole: output === 'inherit',
    settings: [
      limit('memoryBytes', 0, MOST_INTEGER),
      limit('tableElements', 0, MOST_TABLE),
      limit('fuel', 0, MOST_INTEGER),
      limit('stackBytes', LEAST_STACK, MOST_STACK),
      clock === undefined || clock === 'real' ? undefined : fixedClock(clock),
      random === undefined || random === 'real' ? undefined : seed(random),
    ],
  };
}

/** Milliseconds since 1970. */
function fixedClock(value: unknown): number {
  if (!isObject(value)) throw argumentError(`'real' or { fixed: Date }`, 'options.clock', value);
  const { fixed } = members(value, 'options.clock', ['fixed']);
  let ms = -1;
  try {
    ms = timeOf(fixed as Date);
  } catch {
    // No Date: refused with those that are out of range.
  }
  if (ms >= 0 && ms <= MOST_DATE_MS) return ms;
  throw argumentError('a Date from 1970 on', 'options.clock.fixed', fixed);
}

function seed(value: unknown): number {
  if (!isObject(value)) throw argumentError(`'real' or { seed: number }`, 'options.random', value);
  return integer(members(value, 'options.random', ['seed']).seed, 'options.random.seed', 0, MOST_INTEGER);
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw argumentError('a string', 'an item of options.args', value);
  return value;
}

function integer(value: unknown, name: string, least: number, most: number): number {
  if (isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw argumentError(`an integer from ${least} to ${most}`, name, value);
}

// ── the public face ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Known to this module alone: who has it may make objects of its classes. */
const making = {};

class ComponentInstance {
  readonly #surface: Surface;
  readonly #carrier: Carrier;

  constructor(by: object, surface: Surface, carrier: Carrier) {
    if (by !== making) throw new TypeErrorIntrinsic('Illegal constructor');
    this.#surface = surface;
    this.#carrier = carrier;
  }

  static surface(value: unknown): Surface | undefined {
    return isObject(value) && #surface in value ? value.#surface : undefined;
  }

  get exports(): object {
    return this.#surface.exports;
  }

  get sync(): object {
    return this.#surface.sync;
  }

  stats(): { memoryBytes: number; fuel?: number } {
    return this.#carrier.stats();
  }

  close(): void {
    this.#carrier.close();
  }
}

/** What is composed: names of imports, or none, and what stands for each. */
interface Plan {
  readonly root: Component;
  readonly names: readonly (string | undefined)[];
  readonly others: readonly host.ComponentHandle[];
}

class Component {
  readonly #handle: host.ComponentHandle;
  readonly #name: string;
  readonly #wit: string;
  readonly #imports: readonly string[];
  readonly #exports: readonly string[];
  readonly #code: ComponentCode;

  constructor(by: object, handle: host.ComponentHandle, name: string) {
    if (by !== making) throw new TypeErrorIntrinsic('Illegal constructor');
    const { 0: shape, 1: wit, 2: imports, 3: exports } = host.describe(handle);
    this.#handle = handle;
    this.#name = name;
    this.#wit = wit;
    this.#imports = imports;
    this.#exports = exports;
    this.#code = new ComponentCode(parse(shape) as Shape, engine);
  }

  static async compile(
    source: ArrayBuffer | ArrayBufferView | { readonly wat: string },
    options: { name?: string; fuel?: boolean; baseline?: boolean; experimental?: boolean } | undefined = undefined,
  ): Promise<Component> {
    const bytes = isBufferSource(source) ? source : textSource(source);
    const given = members(options, 'options', ['name', 'fuel', 'baseline', 'experimental']);
    const { name, fuel, baseline, experimental } = given;
    if (name !== undefined && typeof name !== 'string') throw argumentError('a string', 'options.name', name);
    const flags = [flag(fuel, 'fuel'), flag(baseline, 'baseline'), flag(experimental, 'experimental')] as const;
    const handle = await host.compile(bytes, flags[0], flags[1], flags[2]);
    return new Component(making, handle, name ?? 'component');
  }

  static async compose(plan: unknown): Promise<Component> {
    const { root, names, others } = Component.#planned(plan);
    return new Component(making, await host.compose(root.#handle, names, others), root.#name);
  }

  static #planned(plan: unknown): Plan {
    const names: (string | undefined)[] = [];
    const others: host.ComponentHandle[] = [];
    if (isArray(plan)) {
      const root = Component.#checked(plan[0], 'plan[0]');
      for (let i = 1; i < plan.length; i++) {
        names[i - 1] = undefined;
        others[i - 1] = Component.#checked(plan[i], `plan[${i}]`).#handle;
      }
      return { root, names, others };
    }
    if (!isObject(plan)) throw argumentError('{ root, with } or an array', 'plan', plan);
    const { root, with: given } = members(plan, 'plan', ['root', 'with']);
    if (!isObject(given)) throw argumentError('an object of components', 'plan.with', given);
    const keys = Reflect.ownKeys(given);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      names[i] = String(key);
      others[i] = Component.#checked((given as never)[key], `plan.with['${String(key)}']`).#handle;
    }
    return { root: Component.#checked(root, 'plan.root'), names, others };
  }

  static #checked(value: unknown, name: string): Component {
    if (isObject(value) && #handle in value) return value;
    throw argumentError('a Component', name, value);
  }

  get name(): string {
    return this.#name;
  }

  get imports(): string[] {
    return copied(this.#imports);
  }

  get exports(): string[] {
    return copied(this.#exports);
  }

  wit(): string {
    return this.#wit;
  }

  types(): string {
    return declarations(this.#code.shape, this.#name);
  }

  async instantiate(options: unknown = undefined): Promise<ComponentInstance> {
    const given = instanceOptions(options);
    const carrier = new Carrier(given.timeoutMs, this.#code.shape.concurrent === true);
    const surface = new Surface(this.#code, carrier, given.imports);
    await carrier.start(surface, this.#handle, given);
    return new ComponentInstance(making, surface, carrier);
  }

  async handle(request: unknown, options: unknown = undefined): Promise<Response> {
    const given = instanceOptions(options);
    const carrier = new Carrier(given.timeoutMs, this.#code.shape.concurrent === true);
    carrier.stand(new Surface(this.#code, carrier, given.imports));
    const { handle } = load<typeof import('guest:wasmhandler')>('guest:wasmhandler');
    return handle(carrier, this.#handle, request, given);
  }
}

/** The bytes of a component's text. */
function textSource(source: unknown): Uint8Array {
  if (!isObject(source)) throw argumentError('an ArrayBuffer, a view or { wat }', 'source', source);
  const { wat } = members(source, 'source', ['wat']);
  if (typeof wat !== 'string' || wat === '') throw argumentError('a string that is not empty', 'source.wat', wat);
  return encode(toWellFormed(wat));
}

function flag(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw argumentError('a boolean', `options.${name}`, value);
}

function copied(list: readonly string[]): string[] {
  const copy: string[] = [];
  for (let i = 0; i < list.length; i++) copy[i] = list[i]!;
  return copy;
}

function wasmNamespace(): object {
  const close = { __proto__: null, value: ComponentInstance.prototype.close, writable: true, configurable: true };
  defineProperty(ComponentInstance.prototype, dispose, close as PropertyDescriptor);
  if (!host.answersHttp()) deleteProperty(Component.prototype, 'handle');
  const name = { __proto__: null, value: 'ComponentError', writable: true, configurable: true };
  defineProperty(ComponentError.prototype, 'name', name as PropertyDescriptor);
  return { Component, ComponentError };
}

const wasm = wasmNamespace();

export { wasm };
