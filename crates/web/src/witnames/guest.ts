// witnames: names of WIT as JavaScript has them, and types as WIT writes them.

import type { Ref, Type } from 'guest:witshape';

const { apply } = Reflect;
const split = String.prototype.split;
const lower = String.prototype.toLowerCase;
const upper = String.prototype.toUpperCase;
const sliceOf = String.prototype.slice;
const indexIn = String.prototype.indexOf as (text: string) => number;
const lastIndexIn = String.prototype.lastIndexOf as (text: string) => number;

const slice = (text: string, start: number, end?: number): string => apply(sliceOf, text, [start, end]);

/** `left-part` → `leftPart`, `get-URL` → `getUrl`. */
export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  const words = apply(split, name, ['-', 1]) as string[];
  return apply(lower, words[0]!, []) + slice(pascal, words[0]!.length);
}

/** `left-part` → `LeftPart`. */
export function pascalCase(name: string): string {
  const words = apply(split, name, ['-']) as string[];
  let result = '';
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    result += apply(upper, slice(word, 0, 1), []) + apply(lower, slice(word, 1), []);
  }
  return result;
}

/** `demo:calc/calculator@1.2.0` → `demo:calc/calculator`. */
export function withoutVersion(name: string): string {
  const at = apply(lastIndexIn, name, ['@']) as number;
  return at < 0 ? name : slice(name, 0, at);
}

/** `demo:calc/calculator@1.2.0` → `calculator`. */
export function shortName(name: string): string {
  const plain = withoutVersion(name);
  return slice(plain, (apply(indexIn, plain, ['/']) as number) + 1);
}

/** `demo:calc/calculator@1.2.0` → `1.2.0`; empty where there is none. */
export function versionOf(name: string): string {
  return slice(name, withoutVersion(name).length + 1);
}

/** A type as WIT writes it; by its name where it has one. */
export function typeName(types: readonly Type[], ref: Ref | null): string {
  if (ref === null) return '_';
  if (typeof ref === 'string') return ref;
  const type = types[ref];
  if (type === undefined) return '?';
  if (typeof type.name === 'string') return type.name;
  switch (type.kind) {
    case 'list':
      return `list<${typeName(types, type.type)}>`;
    case 'option':
      return `option<${typeName(types, type.type)}>`;
    case 'result':
      if (type.err === null) return type.ok === null ? 'result' : `result<${typeName(types, type.ok)}>`;
      return `result<${typeName(types, type.ok)}, ${typeName(types, type.err)}>`;
    case 'tuple': {
      let items = '';
      for (let i = 0; i < type.types.length; i++) {
        items += `${i === 0 ? '' : ', '}${typeName(types, type.types[i]!)}`;
      }
      return `tuple<${items}>`;
    }
    case 'stream':
    case 'future':
      return type.type === null ? type.kind : `${type.kind}<${typeName(types, type.type)}>`;
    default:
      return type.kind;
  }
}

/** Every name of an interface among others: with its version, without it, and in short, as far as they are clear. */
export function aliases(name: string, all: readonly string[]): string[] {
  const plain = withoutVersion(name);
  const short = camelCase(shortName(name));
  let plains = 0;
  let shorts = 0;
  for (let i = 0; i < all.length; i++) {
    if (withoutVersion(all[i]!) === plain) plains++;
    if (camelCase(shortName(all[i]!)) === short) shorts++;
  }
  const names = [name];
  if (plains === 1 && plain !== name) names[names.length] = plain;
  if (shorts === 1 && short !== plain) names[names.length] = short;
  return names;
}
