// WebAssembly: modules that guests compile, instantiate and call. The namespace, its classes and functions, and what becomes of values that cross.
//
// Behind every object here is a number of the sandbox's own store. What is made there lives as long as the sandbox, and so do its objects
// here: each number has one. Memory, time and the depth of calls are bounded natively.
// Specification: https://webassembly.github.io/spec/js-api/ and https://webassembly.github.io/spec/web-api/

import {
  descriptor,
  dictionary,
  domString,
  enumerable,
  illegalInvocation,
  isObject,
  isUnsharedBufferSource,
  makeEnumerable,
  put,
  requireArguments,
  sequence,
  tag,
  uncurry,
} from 'guest:webidl';
import { registerPlatform } from 'guest:serializable';
import { load } from 'host:modules';
import * as host from 'host:webassembly';

const { apply, construct, defineProperty } = Reflect;
const { create, freeze, setPrototypeOf } = Object;
const { fround, trunc } = Math;
const { asIntN } = BigInt;
const toText = String;
const ErrorIntrinsic = Error;
const RangeErrorIntrinsic = RangeError;
const TypeErrorIntrinsic = TypeError;
const MapIntrinsic = Map;
const getItem = uncurry(Map.prototype.get as (key: unknown) => any);
const setItem = uncurry(Map.prototype.set as (key: unknown, value: unknown) => any);
const getNumber = uncurry(WeakMap.prototype.get as (key: object) => number | undefined);
const setNumber = uncurry(WeakMap.prototype.set as (key: object, value: number) => unknown);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf as (text: string) => number);
const trim = uncurry(String.prototype.trim);
const lower = uncurry(String.prototype.toLowerCase);
const isDetached = uncurry(Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'detached')!.get as () => boolean);

type Value = host.Value;
type Callable = (...args: unknown[]) => unknown;
type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

const MAX_PAGES = 65_536;
const MAX_UNSIGNED = 4_294_967_295;

// ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** As the language's own: to be called with and without `new` (NativeError, ECMA-262 20.5.6). */
function nativeError(name: string): ErrorConstructor {
  const Class = function (message: unknown = undefined, options: unknown = undefined): Error {
    return construct(ErrorIntrinsic, [message, options], new.target ?? Class) as Error;
  } as unknown as ErrorConstructor;
  const hidden = (value: unknown): PropertyDescriptor => descriptor({ value, writable: true, configurable: true });
  const prototype = create(ErrorIntrinsic.prototype, {}) as object;
  defineProperty(prototype, 'constructor', hidden(Class));
  defineProperty(prototype, 'name', hidden(name));
  defineProperty(prototype, 'message', hidden(''));
  defineProperty(Class, 'name', descriptor({ value: name, configurable: true }));
  defineProperty(Class, 'length', descriptor({ value: 1, configurable: true }));
  defineProperty(Class, 'prototype', descriptor({ value: prototype, writable: false }));
  setPrototypeOf(Class, ErrorIntrinsic);
  return Class;
}

const CompileError = nativeError('CompileError');
const LinkError = nativeError('LinkError');
const RuntimeError = nativeError('RuntimeError');

/** Natives that fail answer with a text: a letter for the class of the error, and its message. */
function failed(text: string): Error {
  const message = slice(text, 1);
  switch (text[0]) {
    case 'C':
      return new CompileError(message);
    case 'L':
      return new LinkError(message);
    case 'R':
      return new RangeErrorIntrinsic(message);
    case 'E':
      return new TypeErrorIntrinsic(message);
    default:
      return new RuntimeError(message);
  }
}

function check<T>(answer: T | string): T {
  if (typeof answer === 'string') throw failed(answer);
  return answer;
}

// ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** ToWebAssemblyValue, as far as a native takes it from there. */
function toWasm(value: unknown, type: string): Value {
  switch (type) {
    case 'i':
      return (value as number) | 0;
    case 'I':
      return asIntN(64, value as bigint);
    case 'f':
      return fround(value as number);
    case 'F':
      return +(value as number);
    case 'r': {
      if (value === null) return null;
      const number = numberOf(value);
      if (number !== undefined) return number;
      throw new TypeErrorIntrinsic('the value is neither null nor an exported WebAssembly function');
    }
    default:
      throw new TypeErrorIntrinsic('a value of this WebAssembly type has no counterpart in JavaScript');
  }
}

function toScript(value: Value, type: string): unknown {
  return type === 'r' && value !== null ? functionOf(value as number) : value;
}

/** `[EnforceRange] unsigned long` */
function unsigned(value: unknown, where: string): number {
  const number = +(value as number);
  const whole = trunc(number) + 0;
  if (whole >= 0 && whole <= MAX_UNSIGNED) return whole;
  throw new TypeErrorIntrinsic(`${where}: ${number} is not a whole number from 0 to ${MAX_UNSIGNED}`);
}

// ── functions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Imported {
  readonly callable: Callable;
  readonly params: string;
  readonly results: string;
}

const functions = new MapIntrinsic<number, Callable>();
const numbers = new WeakMap<object, number>();
const imported = new MapIntrinsic<number, Imported>();
let importedCount = 0;

function numberOf(value: unknown): number | undefined {
  return typeof value === 'function' ? getNumber(numbers, value) : undefined;
}

/** The Exported Function of a number, always the same. `name` is its index where its module tells. */
function functionOf(number: number, name: number = number): Callable {
  const known = getItem(functions, number) as Callable | undefined;
  if (known !== undefined) return known;
  const type = host.signature(number);
  const end = indexOf(type, ':');
  const params = slice(type, 0, end);
  const results = slice(type, end + 1);
  const isUnspeakable = indexOf(type, 'x') >= 0;
  // An arrow function is no constructor.
  const exported = (...args: unknown[]): unknown => {
    if (isUnspeakable) toWasm(undefined, 'x');
    for (let i = 0; i < params.length; i++) {
      if (i < args.length) args[i] = toWasm(args[i], params[i]!);
      else put(args, i, toWasm(undefined, params[i]!));
    }
    const values = check(host.call(dispatch, number, params, args as Value[]));
    if (results.length === 0) return undefined;
    if (results.length === 1) return toScript(values[0]!, results);
    for (let i = 0; i < results.length; i++) put(values, i, toScript(values[i]!, results[i]!));
    return values;
  };
  defineProperty(exported, 'name', descriptor({ value: toText(name), configurable: true }));
  defineProperty(exported, 'length', descriptor({ value: params.length, configurable: true }));
  setItem(functions, number, exported);
  setNumber(numbers, exported, number);
  return exported;
}

/** Calls an imported function; the types of its results, and the results. */
function dispatch(number: number, values: readonly Value[]): unknown[] {
  const { callable, params, results } = getItem(imported, number) as Imported;
  const args: unknown[] = [];
  for (let i = 0; i < params.length; i++) put(args, i, toScript(values[i]!, params[i]!));
  const answer = apply(callable, undefined, args) as unknown;
  if (results.length === 0) return [results];
  if (results.length === 1) return [results, toWasm(answer, results)];
  const list = sequence(answer, (item) => item, 'an imported function');
  if (list.length !== results.length) {
    throw new TypeErrorIntrinsic(`an imported function gave ${list.length} results instead of ${results.length}`);
  }
  const converted: unknown[] = [results];
  for (let i = 0; i < results.length; i++) put(converted, i + 1, toWasm(list[i], results[i]!));
  return converted;
}

function importFunction(module: number, index: number, callable: Callable, type: string): number {
  const known = numberOf(callable);
  if (known !== undefined) return known;
  const end = indexOf(type, ':');
  const number = importedCount++;
  setItem(imported, number, { callable, params: slice(type, 0, end), results: slice(type, end + 1) });
  return check(host.importFunction(module, index, number));
}

// ── modules ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface ModuleExportDescriptor {
  name: string;
  kind: host.Kind;
}

interface ModuleImportDescriptor {
  module: string;
  name: string;
  kind: host.Kind;
}

/** In the place of a constructor's argument: the object is made for a number that is there. */
const made = {};

let moduleNumber: (value: unknown) => number | undefined;

class Module {
  #number: number;

  static {
    moduleNumber = (value) => (isObject(value) && #number in value ? value.#number : undefined);
  }

  constructor(bytes: BufferSource, ...number: number[]) {
    this.#number =
      (bytes as unknown) === made ? number[0]! : check(host.compileNow(source(bytes, 'WebAssembly.Module')));
  }

  static exports(module: Module): ModuleExportDescriptor[] {
    const flat = host.exports(ofModule(module, 'WebAssembly.Module.exports'));
    const list: ModuleExportDescriptor[] = [];
    for (let i = 0; i < flat.length; i += 3) {
      put(list, i / 3, { name: flat[i] as string, kind: flat[i + 1] as host.Kind });
    }
    return list;
  }

  static imports(module: Module): ModuleImportDescriptor[] {
    const flat = host.imports(ofModule(module, 'WebAssembly.Module.imports'));
    const list: ModuleImportDescriptor[] = [];
    for (let i = 0; i < flat.length; i += 4) {
      put(list, i / 4, { module: flat[i]!, name: flat[i + 1]!, kind: flat[i + 2] as host.Kind });
    }
    return list;
  }

  static customSections(module: Module, sectionName: string): ArrayBuffer[] {
    const number = ofModule(module, 'WebAssembly.Module.customSections');
    requireArguments(arguments.length, 2, 'WebAssembly.Module.customSections');
    return host.customSections(number, domString(sectionName));
  }
}

function ofModule(value: unknown, where: string): number {
  const number = moduleNumber(value);
  if (number === undefined) throw new TypeErrorIntrinsic(`${where}: the first argument is not a WebAssembly.Module`);
  return number;
}

function newModule(number: number): Module {
  return new Module(made as BufferSource, number);
}

function source(bytes: unknown, where: string): BufferSource {
  if (isUnsharedBufferSource(bytes)) return bytes as BufferSource;
  throw new TypeErrorIntrinsic(`${where}: the first argument is neither an ArrayBuffer nor a view of one`);
}

// ── instances ─────────────────────────────────────────────────────────────────────────────────────────────────────────

class Instance {
  #exports: object;

  constructor(module: Module, importObject: object | undefined = undefined) {
    if ((module as unknown) === made) {
      this.#exports = importObject!;
      return;
    }
    const number = ofModule(module, 'WebAssembly.Instance');
    this.#exports = instantiateNow(number, readImports(number, importObject));
  }

  get exports(): object {
    if (isObject(this) && #exports in this) return this.#exports;
    throw illegalInvocation();
  }
}

function newInstance(module: number, imports: readonly number[]): Instance {
  return new Instance(made as Module, instantiateNow(module, imports));
}

function instantiateNow(module: number, imports: readonly number[]): object {
  const parts = check(host.instantiate(dispatch, module, imports));
  const flat = host.exports(module);
  const exports = create(null) as object;
  for (let i = 0; i < parts.length; i++) {
    const value = objectOf(flat[3 * i + 1] as host.Kind, parts[i]!, flat[3 * i + 2] as number);
    defineProperty(
      exports,
      flat[3 * i] as string,
      descriptor({ value, enumerable: true, writable: true, configurable: true }),
    );
  }
  return freeze(exports);
}

function objectOf(kind: host.Kind, number: number, index: number): object {
  if (kind === 'function') return functionOf(number, index);
  if (kind === 'memory') return memoryOf(number);
  return kind === 'table' ? tableOf(number) : globalOf(number);
}

/** Read the imports. */
function readImports(module: number, importObject: unknown): number[] {
  if (importObject !== undefined && !isObject(importObject)) {
    throw new TypeErrorIntrinsic('WebAssembly.Instance: the imports are not an object');
  }
  const flat = host.imports(module);
  const list: number[] = [];
  for (let i = 0; i < flat.length; i += 4) {
    const space = flat[i]!;
    if (importObject === undefined) throw new TypeErrorIntrinsic('WebAssembly.Instance: the module wants imports');
    const group = (importObject as Record<string, unknown>)[space];
    if (!isObject(group)) throw new TypeErrorIntrinsic(`WebAssembly.Instance: import "${space}" is not an object`);
    const name = flat[i + 1]!;
    const value = (group as Record<string, unknown>)[name];
    put(
      list,
      i / 4,
      importOf(value, module, i / 4, flat[i + 2] as host.Kind, flat[i + 3]!, `import "${space}" "${name}"`),
    );
  }
  return list;
}

function importOf(value: unknown, module: number, index: number, kind: host.Kind, type: string, where: string): number {
  switch (kind) {
    case 'function':
      if (typeof value === 'function') return importFunction(module, index, value as Callable, type);
      break;
    case 'memory':
      if (isObject(value) && memoryNumber(value) !== undefined) return memoryNumber(value)!;
      break;
    case 'table':
      if (isObject(value) && tableNumber(value) !== undefined) return tableNumber(value)!;
      break;
    case 'global':
      return importGlobal(value, type, where);
  }
  throw new LinkError(`${where} is not a ${kind}`);
}

function importGlobal(value: unknown, type: string, where: string): number {
  const number = isObject(value) ? globalNumber(value) : undefined;
  if (number !== undefined) return number;
  if (type[0] !== '=') throw new LinkError(`${where}: a mutable global is not a WebAssembly.Global`);
  const content = type[1]!;
  if (content === 'r') {
    if (value !== null && numberOf(value) === undefined) {
      throw new LinkError(`${where} is neither null nor an exported WebAssembly function`);
    }
  } else if (typeof value !== (content === 'I' ? 'bigint' : 'number') || content === 'x') {
    throw new LinkError(`${where} is not a value of the global's type`);
  }
  return check(host.newGlobal(content, toWasm(value, content), false));
}

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

function memoryOf(number: number): Memory {
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

function tableOf(number: number): Table {
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

function globalOf(number: number): Global {
  let global = getItem(globals, number) as Global | undefined;
  if (global === undefined)
    setItem(globals, number, (global = new Global(made as GlobalDescriptor, undefined, number)));
  return global;
}

// ── the namespace ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Instantiated {
  module: Module;
  instance: Instance;
}

const WebAssembly = {
  validate(bytes: BufferSource): boolean {
    requireArguments(arguments.length, 1, 'WebAssembly.validate');
    return check(host.validate(source(bytes, 'WebAssembly.validate')));
  },

  async compile(bytes: BufferSource): Promise<Module> {
    requireArguments(arguments.length, 1, 'WebAssembly.compile');
    return newModule(check(await host.compile(source(bytes, 'WebAssembly.compile'))));
  },

  async instantiate(
    bytes: BufferSource | Module,
    importObject: object | undefined = undefined,
  ): Promise<Instance | Instantiated> {
    const where = 'WebAssembly.instantiate';
    requireArguments(arguments.length, 1, where);
    if (importObject !== undefined && !isObject(importObject)) {
      throw new TypeErrorIntrinsic(`${where}: the imports are not an object`);
    }
    const number = moduleNumber(bytes);
    if (number !== undefined) {
      const imports = readImports(number, importObject);
      await undefined;
      return newInstance(number, imports);
    }
    return instantiated(check(await host.compile(source(bytes, where))), importObject);
  },

  async compileStreaming(source: unknown): Promise<Module> {
    requireArguments(arguments.length, 1, 'WebAssembly.compileStreaming');
    return newModule(await compileResponse(source, 'WebAssembly.compileStreaming'));
  },

  async instantiateStreaming(source: unknown, importObject: object | undefined = undefined): Promise<Instantiated> {
    requireArguments(arguments.length, 1, 'WebAssembly.instantiateStreaming');
    return instantiated(await compileResponse(source, 'WebAssembly.instantiateStreaming'), importObject);
  },
};

function instantiated(number: number, importObject: object | undefined): Instantiated {
  const module = newModule(number);
  return { module, instance: new Instance(module, importObject) };
}

/** Compile a potential WebAssembly response (WebAssembly Web API, 3). */
async function compileResponse(source: unknown, where: string): Promise<number> {
  const response = await source;
  const { responseState } = load<typeof import('guest:response')>('guest:response');
  const { getHeader } = load<typeof import('guest:headers')>('guest:headers');
  const { isUnusable, readBytes } = load<typeof import('guest:body')>('guest:body');
  let state;
  try {
    state = responseState(response);
  } catch {
    throw new TypeErrorIntrinsic(`${where}: the source is not a Response`);
  }
  const type = getHeader(state.list, 'content-type');
  if (type === null || lower(trim(type)) !== 'application/wasm') {
    throw new TypeErrorIntrinsic(`${where}: the response's type is not application/wasm`);
  }
  if (state.status < 200 || state.status > 299) {
    throw new TypeErrorIntrinsic(`${where}: the response's status is ${state.status}`);
  }
  if (state.body !== null && isUnusable(state.body)) {
    throw new TypeErrorIntrinsic(`${where}: the response's body was read already`);
  }
  const bytes = state.body === null ? new Uint8Array(0) : await readBytes(state.body);
  return check(await host.compile(bytes));
}

function define(name: string, value: unknown): void {
  defineProperty(WebAssembly, name, descriptor({ value, writable: true, configurable: true }));
}

define('Module', Module);
define('Instance', Instance);
define('Memory', Memory);
define('Table', Table);
define('Global', Global);
define('CompileError', CompileError);
define('LinkError', LinkError);
define('RuntimeError', RuntimeError);
tag(WebAssembly, 'WebAssembly');

enumerable(Module, ['exports', 'imports', 'customSections']);
makeEnumerable(Module, []);
makeEnumerable(Instance, ['exports']);
makeEnumerable(Memory, ['buffer', 'grow']);
makeEnumerable(Table, ['length', 'get', 'set', 'grow']);
makeEnumerable(Global, ['value', 'valueOf']);
tag(Module.prototype, 'WebAssembly.Module');
tag(Instance.prototype, 'WebAssembly.Instance');
tag(Memory.prototype, 'WebAssembly.Memory');
tag(Table.prototype, 'WebAssembly.Table');
tag(Global.prototype, 'WebAssembly.Global');

registerPlatform({ name: 'WebAssembly.Module', is: (value) => moduleNumber(value) !== undefined });
registerPlatform({ name: 'WebAssembly.Memory', is: (value) => memoryNumber(value) !== undefined });
registerPlatform({ name: 'WebAssembly.Table', is: (value) => tableNumber(value) !== undefined });
registerPlatform({ name: 'WebAssembly.Global', is: (value) => globalNumber(value) !== undefined });

export { WebAssembly };
