// witinstance: an instance of a component, as the app or a guest sees it: its functions by their names, its resources as classes.
//
// In: a component's shape, the app's functions behind its imports, a link that carries messages. Out: `exports`, whose functions return
// promises, and `sync`, whose functions run on the calling thread; answers to the component's calls.

import { BASE, Codec } from 'guest:witcodec';
import type { Exported, Imported } from 'guest:witcodec';
import { Memory, Refusal } from 'guest:witmemory';
import type { Handles } from 'guest:witmemory';
import { aliases, camelCase, pascalCase } from 'guest:witnames';
import { GIVE_UP, PULL, Streams } from 'guest:witstreams';
import type { Given } from 'guest:witstreams';
import { dispose, HostResources, implementations } from 'guest:witimports';
import type { Implementation, ImportEngine, Provider } from 'guest:witimports';
import type { FunctionShape, InterfaceShape, Shape } from 'guest:witshape';

const { apply, construct, defineProperty, get } = Reflect;
const { create, setPrototypeOf } = Object;
const ObjectPrototype: object = Object.prototype;
const ProxyIntrinsic = Proxy;
const WeakRefIntrinsic = WeakRef;
const FinalizationRegistryIntrinsic = FinalizationRegistry;
const deref = WeakRef.prototype.deref;
const register = FinalizationRegistry.prototype.register;
const unregister = FinalizationRegistry.prototype.unregister;
const then = Promise.prototype.then;

/** The way to one instance. Each answer is read before anything else is asked of the link. */
export interface Link {
  /** Calls a function with a message of so many bytes; the answer, whose `top` says how long it is. */
  callSync(number: number, message: Memory, bytes: number): Memory;
  /** The same on another thread; what `read` makes of the answer, as soon as it is there. */
  call<T>(number: number, message: Memory, bytes: number, read: (answer: Memory) => T): Promise<T>;
  /** Memory for a message, until `release`. */
  take(): Memory;
  release(message: Memory): void;
}

/** What is known of a component before any instance: shared by all of them. */
export class ComponentCode {
  readonly shape: Shape;
  readonly engine: ImportEngine;
  readonly codec: Codec;
  readonly #exported: (Exported | undefined)[] = [];
  readonly #imported: (Imported | undefined)[] = [];

  constructor(shape: Shape, engine: ImportEngine) {
    this.shape = shape;
    this.engine = engine;
    this.codec = new Codec(shape, engine);
  }

  exported(fn: FunctionShape, where: string): Exported {
    return (this.#exported[fn.number] ??= this.codec.exported(fn, where));
  }

  imported(fn: FunctionShape, where: string): Imported {
    return (this.#imported[fn.number] ??= this.codec.imported(fn, where));
  }
}

// ── resources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What stands behind an object of a component's resource. */
interface Held {
  readonly surface: Surface;
  readonly resource: number;
  readonly isSync: boolean;
  readonly cell: Cell;
  /** Why there is no handle any more. */
  gone: string;
}

/** A handle, apart from what knows its instance. */
interface Cell {
  handle: number;
  /** The constructor's call, while it is under way. */
  pending: Promise<void> | undefined;
  /** Calls under way that have borrowed it, where several may be. */
  lent: number;
  /** Whether it is to be given up once nobody has borrowed it. */
  isOver: boolean;
}

function newCell(handle: number): Cell {
  return { handle, pending: undefined, lent: 0, isOver: false };
}

/** The base of all classes that stand for resources. Made by `construct` alone. */
class ResourceObject {
  readonly #held: Held;

  constructor(held: Held) {
    this.#held = held;
  }

  static held(value: unknown): Held | undefined {
    return typeof value === 'object' && value !== null && #held in value ? value.#held : undefined;
  }
}

/** Handles of objects that nobody has any more. The instance is held weakly: with it all of its handles are gone. */
let forgotten: FinalizationRegistry<[surface: WeakRef<Surface>, resource: number, cell: Cell]> | undefined;

function watch(object: object, held: Held): void {
  forgotten ??= new FinalizationRegistryIntrinsic((entry) => {
    const surface = apply(deref, entry[0], []) as Surface | undefined;
    surface?.giveUp(entry[1], entry[2]);
  });
  apply(register, forgotten, [object, [new WeakRefIntrinsic(held.surface), held.resource, held.cell], held]);
}

/** Thrown where a value has no handle yet. */
class Pending {
  readonly until: Promise<void>;

  constructor(until: Promise<void>) {
    this.until = until;
  }
}

/** Handles of one instance, as one face of it sees them. */
class FaceHandles implements Handles {
  readonly #surface: Surface;
  readonly #isSync: boolean;
  /** What a message gives away, once it is sent. */
  readonly moved: Held[] = [];
  /** What a message lends, where other calls may be under way meanwhile. */
  #lent: Held[] = [];

  constructor(surface: Surface, isSync: boolean) {
    this.#surface = surface;
    this.#isSync = isSync;
  }

  lower(resource: number, value: unknown, isOwn: boolean): number {
    const { resources } = this.#surface.code.shape;
    const { name, side } = resources[resource]!;
    if (side === 'import') return this.#surface.host.lower(resource, name, value, isOwn);
    const held = ResourceObject.held(value);
    if (held === undefined || held.surface !== this.#surface || held.resource !== resource) {
      throw new Refusal(`${name}, as this instance has it`, value, '');
    }
    if (held.gone !== '') throw new Refusal(`${name} that was not ${held.gone}`, value, '');
    if (held.cell.pending !== undefined) {
      if (!this.#isSync) throw new Pending(held.cell.pending);
      throw this.#surface.code.engine.error('ERR_BUSY', `the constructor of ${name} is still at work: wait for one of its methods first`); // prettier-ignore
    }
    if (isOwn) {
      if (held.cell.lent > 0) throw new Refusal(`${name} that no call under way has borrowed`, value, '');
      for (let i = 0; i < this.moved.length; i++) {
        if (this.moved[i] === held) throw new Refusal(`${name} that is not given away twice`, value, '');
      }
      this.moved[this.moved.length] = held;
    } else if (this.#surface.code.shape.concurrent === true) {
      this.#lent[this.#lent.length] = held;
    }
    return held.cell.handle;
  }

  lift(resource: number, handle: number, isOwn: boolean): unknown {
    if (this.#surface.code.shape.resources[resource]!.side === 'import') {
      return this.#surface.host.lift(resource, handle, isOwn);
    }
    return this.#surface.wrap(resource, handle, this.#isSync);
  }

  send(type: number, value: unknown): number {
    return this.#surface.streams.send(type, value);
  }

  receive(type: number, number: number): unknown {
    return this.#surface.streams.receive(type, number);
  }

  begin(): void {
    // Only where it has to be: engines take their time to set a length.
    if (this.moved.length > 0) this.moved.length = 0;
    if (this.#lent.length > 0) this.#lent = [];
    this.#surface.streams.begin();
  }

  /** The message is on its way: what it gave away is gone. */
  commit(): void {
    const { moved } = this;
    if (moved.length === 0) return;
    for (let i = 0; i < moved.length; i++) {
      moved[i]!.gone = 'given away';
      if (forgotten !== undefined) apply(unregister, forgotten, [moved[i]]);
    }
    moved.length = 0;
  }

  /** Keeps what the message lends until its call has ended, however that ends. */
  during<T>(call: Promise<T>): Promise<T> {
    const lent = this.#lent;
    if (lent.length === 0) return call;
    this.#lent = [];
    for (let i = 0; i < lent.length; i++) lent[i]!.cell.lent++;
    const free = (): void => {
      for (let i = 0; i < lent.length; i++) this.#surface.free(lent[i]!.resource, lent[i]!.cell);
    };
    apply(then, call, [free, free]);
    return call;
  }
}

// ── the instance ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What an instance shows, and what it answers. */
export class Surface implements Provider {
  readonly code: ComponentCode;
  readonly host: HostResources;
  readonly streams: Streams;
  readonly #link: Link;
  readonly #asyncHandles: FaceHandles;
  readonly #syncHandles: FaceHandles;
  readonly #implementations: readonly Implementation[];
  #exports: object | undefined;
  #sync: object | undefined;
  readonly #classes: (Function | undefined)[] = [];
  readonly #syncClasses: (Function | undefined)[] = [];

  /** Refuses imports that are missing or no functions. */
  constructor(code: ComponentCode, link: Link, imports: unknown) {
    this.code = code;
    this.#link = link;
    this.host = new HostResources(code.shape);
    this.streams = new Streams(code.shape, code.codec, code.engine, link);
    this.#asyncHandles = new FaceHandles(this, false);
    this.#syncHandles = new FaceHandles(this, true);
    this.streams.handles = this.#asyncHandles;
    this.#implementations = implementations(code.shape, code.engine, imports, this.host);
  }

  /** Functions that return promises. */
  get exports(): object {
    return (this.#exports ??= this.#face(false));
  }

  /** The same functions on the calling thread. */
  get sync(): object {
    return (this.#sync ??= this.#face(true));
  }

  get shape(): Shape {
    return this.code.shape;
  }

  /** The names of the exported interfaces. */
  get names(): readonly string[] {
    const names: string[] = [];
    const { exports } = this.code.shape;
    for (let i = 0; i < exports.length; i++) {
      const { name } = exports[i]!;
      if (name !== null) names[names.length] = name;
    }
    return names;
  }

  /** The functions of an exported interface, for another instance that imports it; `undefined` where there is none. */
  face(name: string, isSync: boolean): object | undefined {
    const { exports } = this.code.shape;
    for (let i = 0; i < exports.length; i++) {
      if (exports[i]!.name === name) return get(isSync ? this.sync : this.exports, name) as object;
    }
    return undefined;
  }

  // ── calls of the component's functions ──

  #callSync(fn: FunctionShape, where: string, args: readonly unknown[]): unknown {
    if (this.code.shape.concurrent === true) {
      throw this.code.engine.error('ERR_ASYNC', `${where}: a component with component-model async is called by \`exports\`, whose functions return promises`); // prettier-ignore
    }
    const exported = this.code.exported(fn, where);
    const link = this.#link;
    const handles = this.#syncHandles;
    const message = link.take();
    try {
      message.handles = handles;
      handles.begin();
      const bytes = exported.encode(message, args);
      if (handles.moved.length > 0) handles.commit();
      const answer = link.callSync(fn.number, message, bytes);
      answer.handles = handles;
      return exported.decode(answer, answer.top);
    } finally {
      link.release(message);
    }
  }

  async #call(fn: FunctionShape, where: string, args: readonly unknown[]): Promise<unknown> {
    const exported = this.code.exported(fn, where);
    for (;;) {
      const started = this.#start(fn.number, exported, args);
      if (!(started instanceof Pending)) return started;
      await started.until;
    }
  }

  /** Sends a call; what it waits for, where an argument has no handle yet. */
  #start(number: number, exported: Exported, args: readonly unknown[]): Promise<unknown> | Pending {
    const link = this.#link;
    const handles = this.#asyncHandles;
    const message = link.take();
    try {
      message.handles = handles;
      handles.begin();
      const bytes = exported.encode(message, args);
      handles.commit();
      const call = link.call(number, message, bytes, (answer) => {
        answer.handles = handles;
        return exported.decode(answer, answer.top);
      });
      return handles.during(call);
    } catch (error) {
      this.streams.forget();
      if (error instanceof Pending) return error;
      throw error;
    } finally {
      link.release(message);
    }
  }

  // ── calls of the app's functions ──

  /** Reads a call of the component, so many bytes with the parameters at an address, and makes it: what the function returns or throws. */
  answer(number: number, message: Memory, bytes: number, at: number, isSync: boolean): unknown {
    if (number === PULL) return this.streams.pull(message.u32[(at - BASE) >>> 2]!);
    if (number === GIVE_UP) return this.streams.giveUp(message.u32[(at - BASE) >>> 2]!);
    const implementation = this.#implementations[number];
    message.handles = isSync ? this.#syncHandles : this.#asyncHandles;
    if (implementation === undefined) {
      // Behind the functions come the ends of the app's resources.
      return this.host.end(number, message.u32[(at - BASE) >>> 2]!);
    }
    const { fn, where } = implementation;
    const args = this.code.imported(fn, where).decode(message, bytes, at);
    return implementation.call(args, isSync);
  }

  /** The name of a function that the component imports, for errors. */
  importName(number: number): string {
    if (number === PULL) return 'a stream or a future';
    return this.#implementations[number]?.where ?? 'the end of a resource';
  }

  /** Whether what a function threw is an answer; its payload then. */
  payloadOf(number: number, error: unknown): { readonly payload: unknown } | undefined {
    const implementation = this.#implementations[number];
    if (implementation === undefined) return undefined;
    if (!this.code.imported(implementation.fn, implementation.where).canFail) return undefined;
    if (typeof error !== 'object' || error === null) return { payload: error };
    if ('payload' in error) return { payload: error.payload };
    return error instanceof Error ? undefined : { payload: error };
  }

  /** Writes an answer that will stand at an address; the number of its bytes. */
  reply(number: number, message: Memory, reply: number, value: unknown, isError: boolean): number {
    if (number === PULL) return this.#replyToPull(message, reply, value as Given | undefined);
    const implementation = this.#implementations[number];
    if (implementation === undefined) return 0;
    message.handles = this.#asyncHandles;
    const { fn, where } = implementation;
    this.streams.begin();
    try {
      return this.code.imported(fn, where).encode(message, reply, value, isError);
    } catch (thrown) {
      this.streams.forget();
      throw thrown;
    }
  }

  /** What comes next of a stream of the app, with whatever that gives away. */
  #replyToPull(message: Memory, reply: number, given: Given | undefined): number {
    const handles = this.#asyncHandles;
    message.handles = handles;
    handles.begin();
    try {
      const bytes = this.streams.reply(message, reply, given);
      handles.commit();
      return bytes;
    } catch (thrown) {
      this.streams.forget();
      if (!(thrown instanceof Pending)) throw thrown;
      throw this.code.engine.error('ERR_BUSY', 'the constructor of what a stream gives is still at work: wait for one of its methods first'); // prettier-ignore
    }
  }

  // ── resources ──

  /** An object for a handle that the component gave. */
  wrap(resource: number, handle: number, isSync: boolean): object {
    const held: Held = { surface: this, resource, isSync, cell: newCell(handle), gone: '' };
    const object = construct(ResourceObject, [held], this.#class(resource, isSync)) as object;
    watch(object, held);
    return object;
  }

  /** Gives a handle up that nobody has any more. Nobody hears of a failure. */
  dropLater(resource: number, handle: number): void {
    const { drop } = this.code.shape.resources[resource]!;
    if (drop === null) return;
    const link = this.#link;
    const message = link.take();
    try {
      link.call(drop, message, dropMessage(message, handle), () => undefined).then(undefined, () => {});
    } catch {
      // The instance is gone, and all of its handles with it.
    } finally {
      link.release(message);
    }
  }

  /** A call that had borrowed a handle has ended. */
  free(resource: number, cell: Cell): void {
    cell.lent--;
    if (cell.lent === 0 && cell.isOver) this.dropLater(resource, cell.handle);
  }

  /** The same for a handle that may not be there yet, or that a call has borrowed. */
  giveUp(resource: number, cell: Cell): void {
    if (cell.lent > 0) {
      cell.isOver = true;
      return;
    }
    if (cell.pending === undefined) return this.dropLater(resource, cell.handle);
    cell.pending.then(
      () => this.dropLater(resource, cell.handle),
      () => {},
    );
  }

  #dispose(held: Held): void {
    if (held.gone !== '') return;
    held.gone = 'disposed';
    if (forgotten !== undefined) apply(unregister, forgotten, [held]);
    const { drop } = this.code.shape.resources[held.resource]!;
    if (!held.isSync || drop === null) return this.giveUp(held.resource, held.cell);
    const link = this.#link;
    const message = link.take();
    try {
      link.callSync(drop, message, dropMessage(message, held.cell.handle));
    } finally {
      link.release(message);
    }
  }

  #class(resource: number, isSync: boolean): Function {
    const classes = isSync ? this.#syncClasses : this.#classes;
    return (classes[resource] ??= this.#makeClass(resource, isSync));
  }

  #makeClass(resource: number, isSync: boolean): Function {
    const { name, interface: owner } = this.code.shape.resources[resource]!;
    const functions = this.#functionsOf(owner);
    const surface = this;
    let begin: (args: unknown[]) => Held = () => {
      throw surface.code.engine.error('ERR_FUNCTION_NOT_FOUND', `${name} has no constructor: functions of the component give it`); // prettier-ignore
    };
    const made = function (...args: unknown[]): object {
      if (new.target === undefined) throw new TypeError(`Class constructor ${pascalCase(name)} cannot be invoked without 'new'`); // prettier-ignore
      const held = begin(args);
      const object = construct(ResourceObject, [held], new.target) as object;
      watch(object, held);
      return object;
    };
    const prototype = create(ResourceObject.prototype) as object;
    hidden(made, 'name', pascalCase(name));
    made.prototype = prototype;
    hidden(prototype, 'constructor', made);
    hidden(prototype, Symbol.toStringTag, pascalCase(name));
    for (let i = 0; i < functions.length; i++) {
      const fn = functions[i]!;
      if (fn.resource !== resource) continue;
      const where = functionName(owner, fn, name);
      if (fn.kind === 'constructor') begin = this.#constructing(resource, fn, where, isSync);
      else if (fn.kind === 'static') hidden(made, camelCase(fn.name), this.#function(fn, where, isSync));
      else if (fn.kind === 'method') hidden(prototype, camelCase(fn.name), this.#method(fn, where, isSync));
    }
    hidden(prototype, dispose, function (this: unknown) {
      const held = ResourceObject.held(this);
      if (held === undefined || held.surface !== surface) throw new TypeError('Illegal invocation');
      surface.#dispose(held);
    });
    return made;
  }

  #constructing(resource: number, fn: FunctionShape, where: string, isSync: boolean): (args: unknown[]) => Held {
    return (args) => {
      const cell = newCell(-1);
      const held: Held = { surface: this, resource, isSync, cell, gone: '' };
      if (isSync) {
        cell.handle = take(this.#callSync(fn, where, args));
        return held;
      }
      cell.pending = this.#call(fn, where, args).then((object) => {
        cell.handle = take(object);
        cell.pending = undefined;
      });
      // Whoever uses the object hears of the failure.
      cell.pending.then(undefined, () => {});
      return held;
    };
  }

  // ── faces ──

  #functionsOf(name: string | null): readonly FunctionShape[] {
    const { exports } = this.code.shape;
    for (let i = 0; i < exports.length; i++) if (exports[i]!.name === name) return exports[i]!.functions;
    return [];
  }

  #function(fn: FunctionShape, where: string, isSync: boolean): (...args: unknown[]) => unknown {
    if (isSync) return (...args) => this.#callSync(fn, where, args);
    return (...args) => this.#call(fn, where, args);
  }

  #method(fn: FunctionShape, where: string, isSync: boolean): (...args: unknown[]) => unknown {
    const surface = this;
    if (isSync) {
      return function (this: unknown, ...args) {
        return surface.#callSync(fn, where, [this, ...args]);
      };
    }
    return function (this: unknown, ...args) {
      return surface.#call(fn, where, [this, ...args]);
    };
  }

  #face(isSync: boolean): object {
    const { exports, resources } = this.code.shape;
    const { names } = this;
    const root: object = {};
    for (let i = 0; i < exports.length; i++) {
      const it = exports[i]!;
      const target: object = it.name === null ? root : {};
      for (let r = 0; r < resources.length; r++) {
        const { side, interface: owner, name } = resources[r]!;
        if (side === 'export' && owner === it.name) shown(target, pascalCase(name), this.#class(r, isSync));
      }
      for (let f = 0; f < it.functions.length; f++) {
        const fn = it.functions[f]!;
        if (fn.kind !== 'function') continue;
        shown(target, camelCase(fn.name), this.#function(fn, functionName(it.name, fn), isSync));
      }
      if (it.name === null) continue;
      this.#guard(target, it);
      const known = aliases(it.name, names);
      for (let n = 0; n < known.length; n++) shown(root, known[n]!, target);
    }
    this.#guard(root, undefined);
    return root;
  }

  /** What is not there is an error that says what is: names are words of the component's author. Found by prototype, so that what is there stays fast. */
  #guard(target: object, it: InterfaceShape | undefined): void {
    const { engine } = this.code;
    const handler = {
      __proto__: null,
      get(_: object, name: string | symbol, receiver: unknown): unknown {
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in ObjectPrototype) {
          return get(ObjectPrototype, name, receiver);
        }
        throw engine.error('ERR_FUNCTION_NOT_FOUND', missing(target, it, name));
      },
    };
    setPrototypeOf(target, new ProxyIntrinsic(ObjectPrototype, handler as unknown as ProxyHandler<object>));
  }
}

/** Takes the handle from the object that a constructor's call gave. */
function take(object: unknown): number {
  const made = ResourceObject.held(object)!;
  made.gone = 'given away';
  apply(unregister, forgotten, [made]);
  return made.cell.handle;
}

function dropMessage(message: Memory, handle: number): number {
  message.begin(BASE, 16);
  message.u32[0] = handle;
  message.u32[1] = 0;
  return 16;
}

function missing(target: object, it: InterfaceShape | undefined, name: string): string {
  let known = '';
  const keys = Reflect.ownKeys(target);
  for (let i = 0; i < keys.length && i < 20; i++) known += `${i === 0 ? '' : ', '}${keys[i] as string}`;
  if (it === undefined) return `the component exports no ${name}; it exports ${known === '' ? 'nothing' : known}`;
  for (let i = 0; i < (it.omitted?.length ?? 0); i++) {
    const { name: omitted, reason } = it.omitted![i]!;
    if (camelCase(omitted) === name) return `the function ${omitted} of ${it.name} cannot be called: it ${reason}`;
  }
  return `${it.name ?? 'the world'} has no function ${name}; it has ${known === '' ? 'none' : known}`;
}

/** A function's full name, for errors: `demo:calc/calculator@0.1.0.calculate`. */
export function functionName(owner: string | null, fn: FunctionShape, resource = ''): string {
  const place = owner === null ? '' : `${owner}.`;
  if (fn.kind === 'constructor') return `${place}${resource}`;
  return `${place}${resource === '' ? '' : `${resource}.`}${fn.name}`;
}

function hidden(target: object, name: string | symbol, value: unknown): void {
  const descriptor = { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor;
  defineProperty(target, name, descriptor);
}

function shown(target: object, name: string, value: unknown): void {
  const descriptor = { __proto__: null, value, writable: true, configurable: true, enumerable: true };
  defineProperty(target, name, descriptor as PropertyDescriptor);
}
