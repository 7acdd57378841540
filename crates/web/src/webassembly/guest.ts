// WebAssembly: modules that guests compile, instantiate and call. The namespace, its classes and functions, and what becomes of values that cross.
//
// Behind every object here is a number of the sandbox's own store. What is made there lives as long as the sandbox, and so do its objects
// here: each number has one. Memory, time and the depth of calls are bounded natively.
// Specification: https://webassembly.github.io/spec/js-api/ and https://webassembly.github.io/spec/web-api/

import {
  descriptor,
  domString,
  enumerable,
  illegalInvocation,
  isObject,
  isUnsharedBufferSource,
  makeEnumerable,
  put,
  requireArguments,
  tag,
  uncurry,
} from 'guest:webidl';
import { registerPlatform } from 'guest:serializable';
import {
  Global,
  globalNumber,
  globalOf,
  Memory,
  memoryNumber,
  memoryOf,
  Table,
  tableNumber,
  tableOf,
} from 'guest:webassemblyobjects';
import {
  check,
  CompileError,
  dispatch,
  functionOf,
  importFunction,
  LinkError,
  numberOf,
  RuntimeError,
  toWasm,
} from 'guest:webassemblyvalues';
import type { Callable } from 'guest:webassemblyvalues';
import { load } from 'host:modules';
import * as host from 'host:webassembly';

const { defineProperty } = Reflect;
const { create, freeze } = Object;
const TypeErrorIntrinsic = TypeError;
const trim = uncurry(String.prototype.trim);
const lower = uncurry(String.prototype.toLowerCase);

type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

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
tag(Module.prototype, 'WebAssembly.Module');
tag(Instance.prototype, 'WebAssembly.Instance');

registerPlatform({ name: 'WebAssembly.Module', is: (value) => moduleNumber(value) !== undefined });

export { WebAssembly };
