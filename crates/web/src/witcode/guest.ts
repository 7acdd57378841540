// witcode: code that stores and loads the values of one component's types, one function a type, made when it is first needed.
//
// In: the types of a shape. Out: functions over messages (guest:witmemory). The text consists of our own words, numbers, and names as JSON:
// nothing that a component says becomes code. An error carries the way to the value that is wrong; it is put together on the way out.

import { camelCase, typeName } from 'guest:witnames';
import { caseTypes, flagsSize, memberTypes, tagSize } from 'guest:witshape';
import type { Layouts, Ref, Type } from 'guest:witshape';
import {
  alloc,
  area,
  badTag,
  caseTable,
  charCode,
  countOf,
  countOfNumbers,
  listOf,
  loadChar,
  loadEnd,
  loadHandle,
  loadNumbers,
  loadText,
  storeEnd,
  storeHandle,
  storeList,
  storeNumbers,
  storeS64,
  storeText,
  storeU64,
  within,
  wrong,
} from 'guest:witmemory';
import type { Memory } from 'guest:witmemory';

/** Stores a value at an offset. */
export type Store = (m: Memory, value: unknown, at: number) => void;
/** Loads the value at an offset. */
export type Load = (m: Memory, at: number) => unknown;
/** Makes a function of its parameters' names and its body. */
export type Compile = (parameters: string, body: string) => (...args: unknown[]) => unknown;

const { isArray } = Array;
const { stringify } = JSON;
const { apply } = Reflect;
const MapIntrinsic = Map;
const mapGet = (map: Map<string, unknown>, key: string): unknown => apply(get, map, [key]);
const mapSet = (map: Map<string, unknown>, key: string, value: unknown): unknown => apply(set, map, [key, value]);
const get = Map.prototype.get;
const set = Map.prototype.set;

/** Types with more cases are looked up in a table. */
const MOST_COMPARED = 8;
/** Cases that an error names. */
const MOST_NAMED = 12;

const NAMES =
  'alloc,area,badTag,charCode,countOf,countOfNumbers,isArray,listOf,loadChar,loadEnd,loadHandle,loadNumbers,loadText,storeEnd,storeHandle,' +
  'storeList,storeNumbers,storeS64,storeText,storeU64,within,wrong';

/** A function's text under way, and what it needs besides its parameters. */
class Unit {
  names: string = NAMES;
  readonly values: unknown[] = [
    alloc,
    area,
    badTag,
    charCode,
    countOf,
    countOfNumbers,
    isArray,
    listOf,
    loadChar,
    loadEnd,
    loadHandle,
    loadNumbers,
    loadText,
    storeEnd,
    storeHandle,
    storeList,
    storeNumbers,
    storeS64,
    storeText,
    storeU64,
    within,
    wrong,
  ];
  #count = 0;

  /** A name for something that is there already. */
  add(value: unknown): string {
    const name = `x${this.#count++}`;
    this.names += `,${name}`;
    this.values[this.values.length] = value;
    return name;
  }
}

const plus = (at: string, offset: number): string => (offset === 0 ? at : `${at} + ${offset}`);
const index = (at: string, shift: number): string => (shift === 0 ? at : `(${at}) >>> ${shift}`);

/** How numbers stand in memory: bytes as a power of two, and what a value has to satisfy. */
function numeric(name: string): { readonly shift: number; readonly test: string } | undefined {
  switch (name) {
    case 'u8':
      return { shift: 0, test: '(x & 255) !== x' };
    case 's8':
      return { shift: 0, test: '(x << 24 >> 24) !== x' };
    case 'u16':
      return { shift: 1, test: '(x & 65535) !== x' };
    case 's16':
      return { shift: 1, test: '(x << 16 >> 16) !== x' };
    case 'u32':
      return { shift: 2, test: '(x >>> 0) !== x' };
    case 's32':
      return { shift: 2, test: '(x | 0) !== x' };
    case 'f32':
      return { shift: 2, test: '' };
    case 'f64':
      return { shift: 3, test: '' };
    default:
      return undefined;
  }
}

/** Bytes of a type whose lists are typed arrays; 0 for any other. */
function elementSize(ref: Ref): number {
  if (typeof ref !== 'string') return 0;
  if (ref === 'u64' || ref === 's64') return 8;
  const found = numeric(ref);
  return found === undefined ? 0 : 1 << found.shift;
}

/** The functions of one component. */
export class Code {
  readonly #layouts: Layouts;
  readonly #types: readonly Type[];
  readonly #compile: Compile;
  readonly #made = new MapIntrinsic<string, unknown>();

  constructor(types: readonly Type[], layouts: Layouts, compile: Compile) {
    this.#types = types;
    this.#layouts = layouts;
    this.#compile = compile;
  }

  store(ref: Ref, isFlat: boolean): Store {
    return this.#unit(`s${isFlat ? 'f' : 'm'}${ref}`, 'm, v, at', (unit) =>
      typeof ref === 'string'
        ? this.#storing(unit, ref, isFlat, 'v', 'at', '')
        : this.#storingType(unit, this.#types[ref]!, ref, isFlat),
    ) as Store;
  }

  load(ref: Ref, isFlat: boolean): Load {
    return this.#unit(`l${isFlat ? 'f' : 'm'}${ref}`, 'm, at', (unit) =>
      typeof ref === 'string'
        ? `return ${this.#loading(unit, ref, isFlat, 'at')};`
        : this.#loadingType(unit, this.#types[ref]!, ref, isFlat),
    ) as Load;
  }

  /** Stores a list of values one after the other, each at its place; `paths` say what errors call them. */
  storeAll(refs: readonly Ref[], isFlat: boolean, paths: readonly string[]): (m: Memory, values: unknown) => void {
    const offsets = this.#layouts.offsets(refs, isFlat);
    return this.#function('m, v', (unit) => {
      let body = '';
      for (let i = 0; i < refs.length; i++) {
        body += this.#storing(unit, refs[i]!, isFlat, `v[${i}]`, `${offsets[i]}`, paths[i]!);
      }
      return body;
    }) as (m: Memory, values: unknown) => void;
  }

  /** Loads a list of values that stand one after the other. */
  loadAll(refs: readonly Ref[], isFlat: boolean): (m: Memory, at: number) => unknown[] {
    const offsets = this.#layouts.offsets(refs, isFlat);
    return this.#function('m, at', (unit) => {
      let items = '';
      for (let i = 0; i < refs.length; i++) {
        items += `${i === 0 ? '' : ', '}${this.#loading(unit, refs[i]!, isFlat, plus('at', offsets[i]!))}`;
      }
      return `return [${items}];`;
    }) as (m: Memory, at: number) => unknown[];
  }

  #unit(key: string, parameters: string, write: (unit: Unit) => string): unknown {
    const known = mapGet(this.#made, key);
    if (known !== undefined) return known;
    const made = this.#function(parameters, write);
    mapSet(this.#made, key, made);
    return made;
  }

  #function(parameters: string, write: (unit: Unit) => string): unknown {
    const unit = new Unit();
    const body = write(unit);
    const outer = this.#compile(unit.names, `'use strict'; return (${parameters}) => { let x; ${body} };`);
    return apply(outer, undefined, unit.values);
  }

  // ── storing ──

  /** Statements that store what an expression gives. */
  #storing(unit: Unit, ref: Ref, isFlat: boolean, value: string, at: string, path: string): string {
    const way = stringify(path);
    if (typeof ref !== 'string') {
      const store = unit.add(this.store(ref, isFlat));
      if (path === '') return `${store}(m, ${value}, ${at});\n`;
      return `try { ${store}(m, ${value}, ${at}); } catch (e) { throw within(e, ${way}); }\n`;
    }
    const number = numeric(ref);
    if (number !== undefined) {
      const { shift, test } = number;
      const isWide = isFlat && shift < 2;
      const place = isWide ? `m.s32[${index(at, 2)}]` : `m.${ref}[${index(at, shift)}]`;
      const check = test === '' ? `typeof x !== 'number'` : `typeof x !== 'number' || ${test}`;
      return `x = ${value}; if (${check}) wrong(x, '${ref}', ${way}); ${place} = x;\n`;
    }
    switch (ref) {
      case 'bool': {
        const place = isFlat ? `m.u32[${index(at, 2)}]` : `m.u8[${at}]`;
        return `x = ${value}; if (typeof x !== 'boolean') wrong(x, 'bool', ${way}); ${place} = x ? 1 : 0;\n`;
      }
      case 'char':
        return `m.u32[${index(at, 2)}] = charCode(${value}, ${way});\n`;
      case 'string':
        return `storeText(m, ${value}, ${at}, ${isFlat ? 8 : 4}, ${way});\n`;
      case 'u64':
        return `storeU64(m, ${value}, ${at}, ${way});\n`;
      case 's64':
        return `storeS64(m, ${value}, ${at}, ${way});\n`;
      default:
        throw new TypeError(`there is no type ${ref}`);
    }
  }

  #storingType(unit: Unit, type: Type, ref: number, isFlat: boolean): string {
    switch (type.kind) {
      case 'record':
        return this.#storingRecord(unit, type, ref, isFlat);
      case 'tuple': {
        const offsets = this.#layouts.offsets(type.types, isFlat);
        let body = `if (!isArray(v) || v.length !== ${type.types.length}) wrong(v, ${this.#name(ref)}, '');\n`;
        for (let i = 0; i < offsets.length; i++) {
          body += this.#storing(unit, type.types[i]!, isFlat, `v[${i}]`, plus('at', offsets[i]!), `[${i}]`);
        }
        return body;
      }
      case 'variant':
        return this.#storingVariant(unit, ref, caseNames(type.cases), caseTypes(type), isFlat);
      case 'result':
        return this.#storingVariant(unit, ref, ['ok', 'err'], caseTypes(type), isFlat);
      case 'option':
        return this.#storingOption(unit, type, ref, isFlat);
      case 'enum':
        return `${this.#choosing(unit, type.cases, 'v', ref)}${tagPlace(type.cases.length, isFlat)} = x;\n`;
      case 'flags':
        return this.#storingFlags(type, ref, isFlat);
      case 'list':
        return this.#storingList(unit, type, ref, isFlat);
      case 'stream':
      case 'future':
        return `storeEnd(m, v, at, ${ref});\n`;
      default:
        return `storeHandle(m, v, at, ${type.resource}, ${type.kind === 'own'});\n`;
    }
  }

  #storingRecord(unit: Unit, type: Type & { kind: 'record' }, ref: number, isFlat: boolean): string {
    const offsets = this.#layouts.offsets(memberTypes(type), isFlat);
    let body = `if (typeof v !== 'object' || v === null) wrong(v, ${this.#name(ref)}, '');\n`;
    for (let i = 0; i < offsets.length; i++) {
      const { name, type: inner } = type.fields[i]!;
      const value = `v[${stringify(camelCase(name))}]`;
      body += this.#storing(unit, inner, isFlat, value, plus('at', offsets[i]!), `.${name}`);
    }
    return body;
  }

  #storingVariant(
    unit: Unit,
    ref: number,
    names: readonly string[],
    types: readonly (Ref | null)[],
    isFlat: boolean,
  ): string {
    const payload = plus('at', this.#layouts.payload(types, isFlat));
    let body = `const isName = typeof v === 'string';
if (!isName && (typeof v !== 'object' || v === null)) wrong(v, ${this.#choices(ref, names)}, '');
const tag = isName ? v : v.tag;
${this.#choosing(unit, names, 'tag', ref, `isName ? '' : '.tag'`)}${tagPlace(names.length, isFlat)} = x;\n`;
    let cases = '';
    for (let i = 0; i < types.length; i++) {
      const inner = types[i]!;
      if (inner === null) continue;
      cases += `case ${i}: { ${this.#storing(unit, inner, isFlat, 'isName ? undefined : v.val', payload, '.val')} return; }\n`;
    }
    if (cases !== '') body += `switch (x) { ${cases} }\n`;
    return body;
  }

  #storingOption(unit: Unit, type: Type & { kind: 'option' }, ref: number, isFlat: boolean): string {
    if (this.#isOption(type.type)) return this.#storingVariant(unit, ref, ['none', 'some'], caseTypes(type), isFlat);
    const place = tagPlace(2, isFlat);
    const payload = plus('at', this.#layouts.payload(caseTypes(type), isFlat));
    const some = this.#storing(unit, type.type, isFlat, 'v', payload, '');
    return `if (v === undefined || v === null) { ${place} = 0; return; }\n${place} = 1;\n${some}`;
  }

  #storingFlags(type: Type & { kind: 'flags' }, ref: number, isFlat: boolean): string {
    let body = `if (typeof v !== 'object' || v === null) wrong(v, ${this.#name(ref)}, '');\nlet bits = 0;\n`;
    for (let i = 0; i < type.flags.length; i++) {
      const name = type.flags[i]!;
      body += `x = v[${stringify(camelCase(name))}]; if (x === true) bits |= ${1 << i}; else if (x !== undefined && x !== false) wrong(x, 'bool', ${stringify(`.${name}`)});\n`;
    }
    return `${body}${place(flagsSize(type.flags.length), isFlat)} = bits;\n`;
  }

  #storingList(unit: Unit, type: Type & { kind: 'list' }, ref: number, isFlat: boolean): string {
    const inner = type.type;
    const { size, align } = this.#layouts.of(inner);
    const gap = isFlat ? 8 : 4;
    const fast = elementSize(inner);
    let body = '';
    if (fast > 0) body += `if (storeNumbers(m, v, '${inner}', ${fast}, at, ${gap})) return;\n`;
    return `${body}const n = ${fast > 0 ? 'countOfNumbers' : 'countOf'}(v);
if (n < 0) wrong(v, ${this.#name(ref)}, '');
const start = storeList(m, n, ${size}, ${align}, at, ${gap});
let i = 0;
try { for (; i < n; i++) { ${this.#storing(unit, inner, false, 'v[i]', size === 1 ? 'start + i' : `start + i * ${size}`, '')} } }
catch (e) { throw within(e, '[' + i + ']'); }\n`;
  }

  /** Statements that set `x` to the number of the case with a name. */
  #choosing(unit: Unit, names: readonly string[], value: string, ref: number, path = `''`): string {
    const refuse = `wrong(${value}, ${this.#choices(ref, names)}, ${path})`;
    if (names.length > MOST_COMPARED) {
      return `x = ${unit.add(caseTable(names))}(${value}); if (x < 0) ${refuse};\n`;
    }
    let tests = '';
    for (let i = 0; i < names.length; i++) tests += `${value} === ${stringify(names[i])} ? ${i} : `;
    return `x = ${tests}${refuse};\n`;
  }

  #choices(ref: number, names: readonly string[]): string {
    let list = '';
    for (let i = 0; i < names.length && i < MOST_NAMED; i++) list += `${i === 0 ? '' : ' | '}'${names[i]!}'`;
    if (names.length > MOST_NAMED) list += ' | …';
    return stringify(`${typeName(this.#types, ref)} (${list})`);
  }

  #name(ref: number): string {
    return stringify(typeName(this.#types, ref));
  }

  #isOption(ref: Ref): boolean {
    return typeof ref === 'number' && this.#types[ref]?.kind === 'option';
  }

  // ── loading ──

  /** An expression that loads a value. */
  #loading(unit: Unit, ref: Ref, isFlat: boolean, at: string): string {
    if (typeof ref !== 'string') return `${unit.add(this.load(ref, isFlat))}(m, ${at})`;
    const number = numeric(ref);
    if (number !== undefined) return `m.${ref}[${index(at, number.shift)}]`;
    switch (ref) {
      case 'bool':
        return `m.u8[${at}] !== 0`;
      case 'char':
        return `loadChar(m.u32[${index(at, 2)}])`;
      case 'string':
        return `loadText(m, m.u32[${index(at, 2)}], m.u32[${index(plus(at, isFlat ? 8 : 4), 2)}])`;
      case 'u64':
      case 's64':
        return `m.${ref}[${index(at, 3)}]`;
      default:
        throw new TypeError(`there is no type ${ref}`);
    }
  }

  #loadingType(unit: Unit, type: Type, ref: number, isFlat: boolean): string {
    switch (type.kind) {
      case 'record': {
        const offsets = this.#layouts.offsets(memberTypes(type), isFlat);
        let items = '';
        for (let i = 0; i < offsets.length; i++) {
          const { name, type: inner } = type.fields[i]!;
          items += `${stringify(camelCase(name))}: ${this.#loading(unit, inner, isFlat, plus('at', offsets[i]!))}, `;
        }
        return `return { ${items} };`;
      }
      case 'tuple': {
        const offsets = this.#layouts.offsets(type.types, isFlat);
        let items = '';
        for (let i = 0; i < offsets.length; i++) {
          items += `${this.#loading(unit, type.types[i]!, isFlat, plus('at', offsets[i]!))}, `;
        }
        return `return [${items}];`;
      }
      case 'variant':
        return this.#loadingVariant(unit, ref, caseNames(type.cases), caseTypes(type), isFlat);
      case 'result':
        return this.#loadingVariant(unit, ref, ['ok', 'err'], caseTypes(type), isFlat);
      case 'option': {
        if (this.#isOption(type.type)) {
          return this.#loadingVariant(unit, ref, ['none', 'some'], caseTypes(type), isFlat);
        }
        const payload = plus('at', this.#layouts.payload(caseTypes(type), isFlat));
        const some = this.#loading(unit, type.type, isFlat, payload);
        return `x = ${tagPlace(2, isFlat)}; return x === 0 ? undefined : x === 1 ? ${some} : badTag(x, ${this.#name(ref)});`;
      }
      case 'enum': {
        const names = unit.add(type.cases);
        const count = type.cases.length;
        return `x = ${tagPlace(count, isFlat)}; return x < ${count} ? ${names}[x] : badTag(x, ${this.#name(ref)});`;
      }
      case 'flags': {
        let items = '';
        for (let i = 0; i < type.flags.length; i++) {
          items += `${stringify(camelCase(type.flags[i]!))}: (x & ${1 << i}) !== 0, `;
        }
        return `x = ${place(flagsSize(type.flags.length), isFlat)}; return { ${items} };`;
      }
      case 'list':
        return this.#loadingList(unit, type, isFlat);
      case 'stream':
      case 'future':
        return `return loadEnd(m, at, ${ref});`;
      default:
        return `return loadHandle(m, at, ${type.resource}, ${type.kind === 'own'});`;
    }
  }

  #loadingVariant(
    unit: Unit,
    ref: number,
    names: readonly string[],
    types: readonly (Ref | null)[],
    isFlat: boolean,
  ): string {
    const payload = plus('at', this.#layouts.payload(types, isFlat));
    let cases = '';
    for (let i = 0; i < types.length; i++) {
      const inner = types[i]!;
      const val = inner === null ? '' : `, val: ${this.#loading(unit, inner, isFlat, payload)}`;
      cases += `case ${i}: return { tag: ${stringify(names[i])}${val} };\n`;
    }
    return `x = ${tagPlace(names.length, isFlat)}; switch (x) { ${cases} default: return badTag(x, ${this.#name(ref)}); }`;
  }

  #loadingList(unit: Unit, type: Type & { kind: 'list' }, isFlat: boolean): string {
    const inner = type.type;
    const { size, align } = this.#layouts.of(inner);
    const head = `const a = m.u32[${index('at', 2)}], n = m.u32[${index(plus('at', isFlat ? 8 : 4), 2)}];\n`;
    const fast = elementSize(inner);
    if (fast > 0) return `${head}return loadNumbers(m, a, n, '${inner}', ${fast});`;
    const item = this.#loading(unit, inner, false, size === 1 ? 'start + i' : `start + i * ${size}`);
    return `${head}const start = area(m, a, n, ${size}, ${align}), list = listOf(n);
for (let i = 0; i < n; i++) list[i] = ${item};
return list;`;
  }
}

function caseNames(cases: readonly { readonly name: string }[]): readonly string[] {
  const names: string[] = [];
  for (let i = 0; i < cases.length; i++) names[i] = cases[i]!.name;
  return names;
}

/** The place of an unsigned integer at `at`: of its bytes, or of a slot. */
function place(bytes: 1 | 2 | 4, isFlat: boolean): string {
  if (isFlat || bytes === 4) return 'm.u32[at >>> 2]';
  return bytes === 2 ? 'm.u16[at >>> 1]' : 'm.u8[at]';
}

function tagPlace(cases: number, isFlat: boolean): string {
  return place(tagSize(cases), isFlat);
}
