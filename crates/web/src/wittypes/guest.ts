// wittypes: TypeScript declarations of what a component exports and imports, with the names and types of guest:witinstance.
//
// In: a shape. Out: one module of declarations that imports nothing. Types stand in a namespace an interface; those that hold handles are
// said once for each face: functions that return promises, synchronous ones, and what the app implements.

import { arrayName } from 'guest:witmemory';
import { aliases, camelCase, pascalCase, versionOf, withoutVersion } from 'guest:witnames';
import type { FunctionShape, InterfaceShape, Member, Ref, Resource, Shape, Type } from 'guest:witshape';

const { stringify } = JSON;
const { apply } = Reflect;
const MapIntrinsic = Map;
const SetIntrinsic = Set;
const has = Set.prototype.has;
const mapGet = Map.prototype.get;
const mapSet = Map.prototype.set;
const mapHas = Map.prototype.has;
const add = Set.prototype.add;
const test = RegExp.prototype.test;

/** Who calls, and how: it decides what functions return, and which class stands for a resource. */
type Face = 'Exports' | 'Sync' | 'Imports';

const WORLD = 'World';
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const RESERVED = new SetIntrinsic(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static super switch ' +
    'this throw true try typeof var void while with yield'
  ).split(' '),
);

/** The declarations of a component. */
export function declarations(shape: Shape, name: string): string {
  return new Declarations(shape).text(name);
}

/** `demo:calc/calculator@0.1.0` → `DemoCalcCalculator`. */
function namespaceOf(name: string | null | undefined): string {
  if (typeof name !== 'string') return WORLD;
  let words = '';
  const plain = withoutVersion(name);
  for (let i = 0; i < plain.length; i++) {
    const letter = plain[i]!;
    words += letter === ':' || letter === '/' ? '-' : letter;
  }
  return pascalCase(words);
}

function key(name: string): string {
  return apply(test, IDENTIFIER, [name]) ? name : stringify(name);
}

function parameter(name: string): string {
  const camel = camelCase(name);
  return apply(has, RESERVED, [camel]) ? `${camel}_` : camel;
}

function indented(text: string): string {
  return text === '' ? '' : `  ${apply(replaceAll, text, ['\n', '\n  ']) as string}`;
}
const replaceAll = String.prototype.replaceAll as (from: string, to: string) => string;

class Declarations {
  readonly #shape: Shape;
  /** Declarations by their namespaces, in the order of their coming. */
  readonly #spaces = new MapIntrinsic<string, string>();
  readonly #order: string[] = [];
  readonly #said = new SetIntrinsic<string>();
  readonly #handles: (boolean | undefined)[] = [];
  /** Namespaces of interfaces whose names differ in their versions alone have these in theirs. */
  readonly #versions = new MapIntrinsic<string, string | null>();

  constructor(shape: Shape) {
    this.#shape = shape;
    for (let i = 0; i < shape.types.length; i++) this.#handles[i] = undefined;
  }

  text(name: string): string {
    const exported = this.#faces(this.#shape.exports, ['Exports', 'Sync']);
    const imported = this.#faces(this.#shape.imports, ['Imports']);
    let text = `// Types of the component ${name}, made by hostbox.\n`;
    for (let i = 0; i < this.#order.length; i++) {
      const space = this.#order[i]!;
      text += `\nexport namespace ${space} {\n${indented(this.#read(space)!)}\n}\n`;
    }
    text += `\n/** Functions that return promises. */\nexport interface Exports {${exported[0]!}}\n`;
    text += `\n/** The same functions on the calling thread. */\nexport interface Sync {${exported[1]!}}\n`;
    text += `\n/** What the app gives to \`instantiate\`. */\nexport interface Imports {${imported[0]!}}\n`;
    return `${text}
/** An instance: \`await component.instantiate<Instance>({ imports })\`. */
export interface Instance {
  readonly exports: Exports;
  readonly sync: Sync;
  stats(): { memoryBytes: number; fuel?: number };
  close(): void;
  [Symbol.dispose](): void;
}
`;
  }

  /** The members of `Exports`, `Sync` or `Imports`: an interface under each of its names, and the functions of the world. */
  #faces(interfaces: readonly InterfaceShape[], faces: readonly Face[]): string[] {
    const names: string[] = [];
    for (let i = 0; i < interfaces.length; i++) {
      const { name } = interfaces[i]!;
      if (name !== null) names[names.length] = name;
    }
    const result: string[] = [];
    for (let f = 0; f < faces.length; f++) {
      const face = faces[f]!;
      let text = '';
      for (let i = 0; i < interfaces.length; i++) {
        const it = interfaces[i]!;
        const members = this.#functions(it, face);
        if (it.name === null) {
          text += members;
          continue;
        }
        const space = this.#space(it.name);
        this.#say(space, face, `/** ${it.name} */\nexport interface ${face} {${indentedBlock(members)}}`);
        const known = face === 'Imports' ? importNames(it.name, names) : aliases(it.name, names);
        for (let n = 0; n < known.length; n++) text += `\nreadonly ${key(known[n]!)}: ${space}.${face};`;
      }
      result[f] = indentedBlock(text);
    }
    return result;
  }

  /** An interface's namespace. The second version of one gets a name with its version. */
  #space(name: string | null | undefined): string {
    const plain = namespaceOf(name);
    const version = typeof name === 'string' ? versionOf(name) : null;
    if (!apply(mapHas, this.#versions, [plain])) apply(mapSet, this.#versions, [plain, version]);
    return apply(mapGet, this.#versions, [plain]) === version
      ? plain
      : `${plain}_${apply(replaceAll, version!, ['.', '_'])}`;
  }

  #say(space: string, name: string, text: string): void {
    const full = `${space}.${name}`;
    if (apply(has, this.#said, [full])) return;
    apply(add, this.#said, [full]);
    this.#write(space, text);
  }

  #read(space: string): string | undefined {
    return apply(mapGet, this.#spaces, [space]) as string | undefined;
  }

  #write(space: string, text: string): void {
    const before = this.#read(space);
    if (before === undefined) this.#order[this.#order.length] = space;
    apply(mapSet, this.#spaces, [space, before === undefined ? text : `${before}\n${text}`]);
  }

  // ── functions ──

  /** Functions and classes of an interface, a line each. */
  #functions(it: InterfaceShape, face: Face): string {
    let text = '';
    const resources = this.#shape.resources;
    const side = face === 'Imports' ? 'import' : 'export';
    for (let i = 0; i < resources.length; i++) {
      const resource = resources[i]!;
      if (resource.side !== side || resource.interface !== it.name) continue;
      const name = this.#resource(i, face, it);
      text += `\nreadonly ${pascalCase(resource.name)}: ${name}Class;`;
    }
    for (let i = 0; i < it.functions.length; i++) {
      const fn = it.functions[i]!;
      if (fn.kind === 'function') text += `\n${this.#signature(fn, camelCase(fn.name), face, 0)};`;
    }
    return text;
  }

  #signature(fn: FunctionShape, name: string, face: Face, skip: number): string {
    const isIn = face !== 'Imports';
    const result = this.#returned(fn, isIn ? 'out' : 'in', face);
    return `${name}(${this.#parameters(fn.params, skip, isIn, face)}): ${result}`;
  }

  #returned(fn: FunctionShape, direction: 'in' | 'out', face: Face): string {
    const type = typeof fn.result === 'number' ? this.#shape.types[fn.result] : undefined;
    const ref = type?.kind === 'result' ? type.ok : fn.result;
    // A promise of a promise is one.
    const future = typeof ref === 'number' ? this.#shape.types[ref] : undefined;
    const value =
      future?.kind === 'future'
        ? this.#element(future.type, face, direction === 'in')
        : ref === null
          ? 'void'
          : this.#type(ref, face, direction === 'in');
    if (face === 'Exports') return `Promise<${value}>`;
    return face === 'Sync' ? value : `${value} | Promise<${value}>`;
  }

  #parameters(params: readonly Member[], skip: number, isIn: boolean, face: Face): string {
    let text = '';
    for (let i = skip; i < params.length; i++) {
      const { name, type } = params[i]!;
      const mark = isIn && this.#areOptions(params, i) ? '?' : '';
      text += `${text === '' ? '' : ', '}${parameter(name)}${mark}: ${this.#type(type, face, isIn)}`;
    }
    return text;
  }

  #areOptions(params: readonly Member[], from: number): boolean {
    for (let i = from; i < params.length; i++) if (!this.#isOption(params[i]!.type)) return false;
    return true;
  }

  /** Declares what stands for a resource; its name within the namespace's own declarations. */
  #resource(index: number, face: Face, it: InterfaceShape | undefined): string {
    const resource = this.#shape.resources[index]!;
    const space = this.#space(resource.interface);
    const name = resourceName(resource, face);
    const full = `${space}.${name}`;
    if (apply(has, this.#said, [full])) return full;
    // Said before its members are: they may speak of it.
    apply(add, this.#said, [full]);
    const functions = (it ?? this.#interfaceOf(resource))?.functions ?? [];
    let members = '';
    let statics = '';
    for (let i = 0; i < functions.length; i++) {
      const fn = functions[i]!;
      if (fn.resource !== index) continue;
      if (fn.kind === 'method') members += `\n${this.#signature(fn, camelCase(fn.name), face, 1)};`;
      if (fn.kind === 'static') statics += `\n${this.#signature(fn, camelCase(fn.name), face, 0)};`;
      if (fn.kind === 'constructor') {
        statics += `\nnew (${this.#parameters(fn.params, 0, face !== 'Imports', face)}): ${name};`;
      }
    }
    members += face === 'Imports' ? '\n[Symbol.dispose]?(): void;' : '\n[Symbol.dispose](): void;';
    const body = `export interface ${name} {${indentedBlock(members)}}\nexport interface ${name}Class {${indentedBlock(statics)}}`;
    this.#write(space, body);
    return full;
  }

  #interfaceOf(resource: Resource): InterfaceShape | undefined {
    const interfaces = resource.side === 'export' ? this.#shape.exports : this.#shape.imports;
    for (let i = 0; i < interfaces.length; i++) {
      if (interfaces[i]!.name === resource.interface) return interfaces[i];
    }
    return undefined;
  }

  // ── types ──

  #isOption(ref: Ref): boolean {
    return typeof ref === 'number' && this.#shape.types[ref]?.kind === 'option';
  }

  /** Whether a type holds handles, and is another one on every face. */
  #holdsHandles(ref: Ref | null): boolean {
    if (typeof ref !== 'number') return false;
    const known = this.#handles[ref];
    if (known !== undefined) return known;
    const type = this.#shape.types[ref]!;
    const parts = partsOf(type);
    let holds = type.kind === 'own' || type.kind === 'borrow';
    for (let i = 0; i < parts.length && !holds; i++) holds = this.#holdsHandles(parts[i]!);
    return (this.#handles[ref] = holds);
  }

  /** A type as TypeScript writes it; on the way in, more values do. */
  #type(ref: Ref, face: Face, isIn: boolean): string {
    if (typeof ref === 'string') return primitive(ref, isIn);
    const type = this.#shape.types[ref]!;
    if (type.kind === 'own' || type.kind === 'borrow') return this.#handle(type.resource, face, isIn);
    if (typeof type.name !== 'string') return this.#literal(type, face, isIn);
    const name = pascalCase(type.name) + (this.#holdsHandles(ref) && face !== 'Exports' ? face : '');
    const space = this.#space(type.interface);
    const full = `${space}.${name}`;
    if (!apply(has, this.#said, [full])) {
      apply(add, this.#said, [full]);
      const text =
        type.kind === 'record'
          ? `export interface ${name} ${this.#record(type, face)}`
          : `export type ${name} = ${this.#literal(type, face, false)};`;
      this.#write(space, text);
    }
    if (!isIn) return full;
    const also = inAlso(type);
    return also === '' ? full : `${full} | ${also}`;
  }

  #handle(resource: number, face: Face, isIn: boolean): string {
    const { side } = this.#shape.resources[resource]!;
    if (side === 'import') return this.#resource(resource, 'Imports', undefined);
    const own = this.#resource(resource, face === 'Imports' ? 'Exports' : face, undefined);
    if (!isIn || face === 'Imports') return own;
    // Either face's objects do.
    return `${own} | ${this.#resource(resource, face === 'Sync' ? 'Exports' : 'Sync', undefined)}`;
  }

  #literal(type: Type, face: Face, isIn: boolean): string {
    switch (type.kind) {
      case 'record':
        return this.#record(type, face);
      case 'tuple': {
        let items = '';
        for (let i = 0; i < type.types.length; i++) {
          items += `${i === 0 ? '' : ', '}${this.#type(type.types[i]!, face, isIn)}`;
        }
        return `[${items}]`;
      }
      case 'list': {
        const array = typeof type.type === 'string' ? arrayName(type.type) : '';
        if (array === '') return `Array<${this.#type(type.type, face, isIn)}>`;
        if (!isIn) return array;
        const bytes = array === 'Uint8Array' ? ' | ArrayBuffer | ArrayBufferView' : '';
        return `${array}${bytes} | Array<${primitive(type.type as string, true)}>`;
      }
      case 'option': {
        const inner = this.#type(type.type, face, isIn);
        if (this.#isOption(type.type)) return `{ tag: 'none' } | { tag: 'some'; val: ${inner} }`;
        return `${inner} | undefined`;
      }
      case 'result':
        return `${this.#case('ok', type.ok, face)} | ${this.#case('err', type.err, face)}`;
      case 'variant': {
        let cases = '';
        for (let i = 0; i < type.cases.length; i++) {
          const one = type.cases[i]!;
          cases += `${i === 0 ? '' : ' | '}${this.#case(one.name, one.type, face)}`;
        }
        return cases;
      }
      case 'enum':
        return union(type.cases);
      case 'flags': {
        let members = '';
        for (let i = 0; i < type.flags.length; i++) members += `${key(camelCase(type.flags[i]!))}?: boolean; `;
        return `{ ${members}}`;
      }
      case 'stream': {
        const value = type.type === 'u8' ? 'Uint8Array' : this.#element(type.type, face, isIn);
        if (!isIn) return `ReadableStream<${value}>`;
        return `ReadableStream<${value}> | AsyncIterable<${value}> | Iterable<${value}>`;
      }
      case 'future': {
        const value = this.#element(type.type, face, isIn);
        return isIn && type.type !== null ? `Promise<${value}> | ${value}` : `Promise<${value}>`;
      }
      default:
        return 'never';
    }
  }

  #element(type: Ref | null, face: Face, isIn: boolean): string {
    return type === null ? 'void' : this.#type(type, face, isIn);
  }

  #case(name: string, type: Ref | null, face: Face): string {
    if (type === null) return `{ tag: ${stringify(name)} }`;
    const mark = this.#isOption(type) ? '?' : '';
    return `{ tag: ${stringify(name)}; val${mark}: ${this.#type(type, face, false)} }`;
  }

  #record(type: Type & { kind: 'record' }, face: Face): string {
    let members = '';
    for (let i = 0; i < type.fields.length; i++) {
      const field = type.fields[i]!;
      const mark = this.#isOption(field.type) ? '?' : '';
      members += `\n${key(camelCase(field.name))}${mark}: ${this.#type(field.type, face, false)};`;
    }
    return `{${indentedBlock(members)}}`;
  }
}

function indentedBlock(lines: string): string {
  return lines === '' ? '' : `${apply(replaceAll, lines, ['\n', '\n  ']) as string}\n`;
}

/** The one name that `Imports` has for an interface: without its version where that is clear. */
function importNames(name: string, all: readonly string[]): string[] {
  const names = aliases(name, all);
  return [names.length > 1 && names[1] === withoutVersion(name) ? names[1]! : name];
}

function resourceName(resource: Resource, face: Face): string {
  const name = pascalCase(resource.name);
  if (resource.side === 'export') return face === 'Sync' ? `${name}Sync` : name;
  return `${name}Imports`;
}

function partsOf(type: Type): readonly (Ref | null)[] {
  const parts: (Ref | null)[] = [];
  switch (type.kind) {
    case 'record':
      for (let i = 0; i < type.fields.length; i++) parts[i] = type.fields[i]!.type;
      break;
    case 'variant':
      for (let i = 0; i < type.cases.length; i++) parts[i] = type.cases[i]!.type;
      break;
    case 'tuple':
      return type.types;
    case 'list':
    case 'option':
    case 'stream':
    case 'future':
      parts[0] = type.type;
      break;
    case 'result':
      return [type.ok, type.err];
  }
  return parts;
}

function primitive(name: string, isIn: boolean): string {
  switch (name) {
    case 'bool':
      return 'boolean';
    case 'char':
    case 'string':
      return 'string';
    case 'u64':
    case 's64':
      return isIn ? 'bigint | number' : 'bigint';
    default:
      return 'number';
  }
}

function union(names: readonly string[]): string {
  let text = '';
  for (let i = 0; i < names.length; i++) text += `${i === 0 ? '' : ' | '}${stringify(names[i])}`;
  return text;
}

/** What else stands for a value of a named type on the way in: a case without payload by its name. */
function inAlso(type: Type): string {
  if (type.kind !== 'variant') return '';
  const names: string[] = [];
  for (let i = 0; i < type.cases.length; i++) {
    if (type.cases[i]!.type === null) names[names.length] = type.cases[i]!.name;
  }
  return union(names);
}
