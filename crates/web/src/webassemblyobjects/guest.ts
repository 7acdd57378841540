// webassemblyobjects: memories, tables and globals, as guests make them and as modules of WebAssembly export them.
//
// Behind every object is a number of the sandbox's own store; each number has one object.
// Specification: https://webassembly.github.io/spec/js-api/

import {
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  tag,
  uncurry,
} from 'guest:webidl';
import { registerPlatform } from 'guest:serializable';
import { check, MAX_UNSIGNED, toScript, toWasm, unsigned } from 'guest:webassemblyvalues';
import type { Callable, Value } from 'guest:webassemblyvalues';
import * as host from 'host:webassembly';

const RangeErrorIntrinsic = RangeError;
const TypeErrorIntrinsic = TypeError;
const MapIntrinsic = Map;
const getItem = uncurry(Map.prototype.get as (key: unknown) => any);
const setItem = uncurry(Map.prototype.set as (key: unknown, value: unknown) => any);
const isDetached = uncurry(Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'detached')!.get as () => boolean);

const MAX_PAGES = 65_536;

/** In the place of a constructor's argument: the object is made for a number that is there. */
const made = {};

// ── memories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface MemoryDescriptor {
  initial: number;
  maximum?: number;
  shared?: boolean;
}

let memoryNumber: (value: object) => number | undefined;

class Memory {
  #number: number;
  #buffer: ArrayBuffer | undefined;

  static {
    memoryNumber = (value) => (#number in value ? value.#number : undefined);
  }

  constructor(limits: MemoryDescriptor, ...number: number[]) {
    if ((limits as unknown) === made) {
      this.#number = number[0]!;
      return;
    }
    const { initial, maximum } = limitsOf(limits, 'WebAssembly.Memory', MAX_PAGES);
    if (limits.shared) throw new TypeErrorIntrinsic('WebAssembly.Memory: shared memories are not there');
    this.#number = check(host.newMemory(initial, maximum));
    setItem(memories, this.#number, this);
  }

  get buffer(): ArrayBuffer {
    if (!isObject(this) || !(#number in this)) throw illegalInvocation();
    if (this.#buffer === undefined || isDetached(this.#buffer)) this.#buffer = check(host.memoryBuffer(this.#number));
    return this.#buffer;
  }

  grow(delta: number): number {
    if (!isObject(this) || !(#number in this)) throw illegalInvocation();
    requireArguments(arguments.length, 1, 'WebAssembly.Memory.grow');
    return check(host.growMemory(this.#number, unsigned(delta, 'WebAssembly.Memory.grow')));
  }
}

const memories = new MapIntrinsic<number, Memory>();

export function memoryOf(number: number): Memory {
  let memory = getItem(memories, number) as Memory | undefined;
  if (memory === undefined) setItem(memories, number, (memory = new Memory(made as MemoryDescriptor, number)));
  return memory;
}

interface Limits {
  readonly initial: number;
  readonly maximum: number | undefined;
}

function limitsOf(value: unknown, where: string, most: number): Limits {
  const members = dictionary(value, where);
  const first = members?.initial;
  if (first === undefined) throw new TypeErrorIntrinsic(`${where}: initial is missing`);
  const initial = unsigned(first, where);
  const last = members!.maximum;
  const maximum = last === undefined ? undefined : unsigned(last, where);
  if (initial > most || (maximum !== undefined && (maximum > most || maximum < initial))) {
    throw new RangeErrorIntrinsic(`${where}: initial and maximum are not in order, or above ${most}`);
  }
  return { initial, maximum };
}

// ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface TableDescriptor {
  element: 'anyfunc';
  initial: number;
  maximum?: number;
}

let tableNumber: (value: object) => number | undefined;

class Table {
  #number: number;

  static {
    tableNumber = (value) => (#number in value ? value.#number : undefined);
  }

  constructor(limits: TableDescriptor, ...init: unknown[]) {
    if ((limits as unknown) === made) {
      this.#number = init[0] as number;
      return;
    }
    const where = 'WebAssembly.Table';
    const element = dictionary(limits, where)?.element;
    if (element === undefined) throw new TypeErrorIntrinsic(`${where}: element is missing`);
    const kind = domString(element);
    if (kind !== 'anyfunc') throw new TypeErrorIntrinsic(`${where}: "${kind}" is no type of elements that is there`);
    const { initial, maximum } = limitsOf(limits, where, MAX_UNSIGNED);
    this.#number = check(host.newTable(initial, maximum, elementOf(init, 0)));
    setItem(tables, this.#number, this);
  }

  get length(): number {
    return check(host.tableLength(ofTable(this)));
  }

  get(index: number): Callable | null {
    const table = ofTable(this);
    requireArguments(arguments.length, 1, 'WebAssembly.Table.get');
    return toScript(check(host.tableGet(table, unsigned(index, 'WebAssembly.Table.get'))), 'r') as Callable | null;
  }

  set(index: number, ...value: unknown[]): void {
    const table = ofTable(this);
    requireArguments(arguments.length, 1, 'WebAssembly.Table.set');
    const at = unsigned(index, 'WebAssembly.Table.set');
    check(host.tableSet(table, at, value.length === 0 ? null : (toWasm(value[0], 'r') as number | null)));
  }

  grow(delta: number, ...value: unknown[]): number {
    const table = ofTable(this);
    requireArguments(arguments.length, 1, 'WebAssembly.Table.grow');
    const more = unsigned(delta, 'WebAssembly.Table.grow');
    return check(host.growTable(table, more, elementOf(value, 0)));
  }
}

/** An argument that may be missing, or undefined. */
function elementOf(args: readonly unknown[], index: number): number | null {
  if (args.length <= index || args[index] === undefined) return null;
  return toWasm(args[index], 'r') as number | null;
}

function ofTable(value: unknown): number {
  const number = isObject(value) ? tableNumber(value) : undefined;
  if (number === undefined) throw illegalInvocation();
  return number;
}

const tables = new MapIntrinsic<number, Table>();

export function tableOf(number: number): Table {
  let table = getItem(tables, number) as Table | undefined;
  if (table === undefined) setItem(tables, number, (table = new Table(made as TableDescriptor, number)));
  return table;
}

// ── globals ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface GlobalDescriptor {
  mutable?: boolean;
  value: 'i32' | 'i64' | 'f32' | 'f64' | 'anyfunc';
}

const TYPES = { __proto__: null, i32: 'i', i64: 'I', f32: 'f', f64: 'F', anyfunc: 'r' } as unknown as {
  readonly [name: string]: string | undefined;
};

let globalNumber: (value: object) => number | undefined;

class Global {
  #number: number;

  static {
    globalNumber = (value) => (#number in value ? value.#number : undefined);
  }

  constructor(type: GlobalDescriptor, v: unknown = undefined, ...number: number[]) {
    if ((type as unknown) === made) {
      this.#number = number[0]!;
      return;
    }
    const where = 'WebAssembly.Global';
    const members = dictionary(type, where);
    const isMutable = !!members?.mutable;
    const named = members?.value;
    if (named === undefined) throw new TypeErrorIntrinsic(`${where}: value is missing`);
    const name = domString(named);
    const content = TYPES[name];
    if (content === undefined) throw new TypeErrorIntrinsic(`${where}: "${name}" is no type of values that is there`);
    const value = v === undefined ? initialValue(content) : toWasm(v, content);
    this.#number = check(host.newGlobal(content, value, isMutable));
    setItem(globals, this.#number, this);
  }

  get value(): unknown {
    return globalValue(this);
  }

  set value(value: unknown) {
    const number = ofGlobal(this);
    requireArguments(arguments.length, 1, 'WebAssembly.Global.value');
    const type = host.globalType(number);
    if (type[0] === '=') throw new TypeErrorIntrinsic('WebAssembly.Global: the global is immutable');
    check(host.globalSet(number, type, toWasm(value, type)));
  }

  valueOf(): unknown {
    return globalValue(this);
  }
}

function initialValue(type: string): Value {
  if (type === 'I') return 0n;
  return type === 'r' ? null : 0;
}

function ofGlobal(value: unknown): number {
  const number = isObject(value) ? globalNumber(value) : undefined;
  if (number === undefined) throw illegalInvocation();
  return number;
}

function globalValue(global: Global): unknown {
  const number = ofGlobal(global);
  const type = host.globalType(number);
  return toScript(check(host.globalGet(number)), type[type.length - 1]!);
}

const globals = new MapIntrinsic<number, Global>();

export function globalOf(number: number): Global {
  let global = getItem(globals, number) as Global | undefined;
  if (global === undefined)
    setItem(globals, number, (global = new Global(made as GlobalDescriptor, undefined, number)));
  return global;
}

makeEnumerable(Memory, ['buffer', 'grow']);
makeEnumerable(Table, ['length', 'get', 'set', 'grow']);
makeEnumerable(Global, ['value', 'valueOf']);
tag(Memory.prototype, 'WebAssembly.Memory');
tag(Table.prototype, 'WebAssembly.Table');
tag(Global.prototype, 'WebAssembly.Global');

registerPlatform({ name: 'WebAssembly.Memory', is: (value) => memoryNumber(value) !== undefined });
registerPlatform({ name: 'WebAssembly.Table', is: (value) => tableNumber(value) !== undefined });
registerPlatform({ name: 'WebAssembly.Global', is: (value) => globalNumber(value) !== undefined });

export { Global, globalNumber, Memory, memoryNumber, Table, tableNumber };
