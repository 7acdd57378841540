// FormData: a list of names with text or files. How it becomes a body, and the other way round, is the business of `guest:body`.
//
// Other features use `isFormData` and `entriesOf`. Specification: https://xhr.spec.whatwg.org/#interface-formdata

import { isBlob, isFile, namedFile } from 'guest:blob';
import type { Blob, File } from 'guest:blob';
import { definePairs } from 'guest:pairs';
import type { Pairs } from 'guest:pairs';
import { registerPlatform } from 'guest:serializable';
import {
  descriptor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
  usvString,
} from 'guest:webidl';

const { defineProperty } = Reflect;
const splice = uncurry(Array.prototype.splice) as (self: unknown, start: number, count: number) => unknown[];

export type FormDataEntryValue = string | File;

/** Names and values in turn. */
type Entries = FormDataEntryValue[];

let entriesIn: (value: unknown) => Entries;

/** Whether a value is a FormData. */
let isFormData: (value: unknown) => value is FormData;

class FormData {
  declare entries: Pairs<FormDataEntryValue>['entries'];
  declare keys: Pairs<FormDataEntryValue>['keys'];
  declare values: Pairs<FormDataEntryValue>['values'];
  declare forEach: Pairs<FormDataEntryValue>['forEach'];
  declare [Symbol.iterator]: Pairs<FormDataEntryValue>[typeof Symbol.iterator];

  #entries: Entries = [];

  static {
    isFormData = (value): value is FormData => isObject(value) && #entries in value;
    entriesIn = (value) => {
      if (isObject(value) && #entries in value) return value.#entries;
      throw illegalInvocation();
    };
  }

  constructor(form: undefined = undefined) {
    if (form !== undefined) throw new TypeError('FormData: the argument is no form: there are none outside of pages');
  }

  append(name: string, value: string | Blob, filename: string | undefined = undefined): void {
    const entries = entriesIn(this);
    requireArguments(arguments.length, 2, 'FormData.append');
    const text = usvString(name);
    const entry = toValue(value, arguments.length > 2, filename, 'FormData.append');
    put(entries, text);
    put(entries, entry);
  }

  delete(name: string): void {
    const entries = entriesIn(this);
    requireArguments(arguments.length, 1, 'FormData.delete');
    const wanted = usvString(name);
    for (let i = entries.length - 2; i >= 0; i -= 2) if (entries[i] === wanted) splice(entries, i, 2);
  }

  get(name: string): FormDataEntryValue | null {
    const entries = entriesIn(this);
    requireArguments(arguments.length, 1, 'FormData.get');
    const at = indexOf(entries, usvString(name));
    return at < 0 ? null : entries[at + 1]!;
  }

  getAll(name: string): FormDataEntryValue[] {
    const entries = entriesIn(this);
    requireArguments(arguments.length, 1, 'FormData.getAll');
    const wanted = usvString(name);
    const found: FormDataEntryValue[] = [];
    for (let i = 0; i < entries.length; i += 2) if (entries[i] === wanted) put(found, entries[i + 1]!);
    return found;
  }

  has(name: string): boolean {
    const entries = entriesIn(this);
    requireArguments(arguments.length, 1, 'FormData.has');
    return indexOf(entries, usvString(name)) >= 0;
  }

  set(name: string, value: string | Blob, filename: string | undefined = undefined): void {
    const entries = entriesIn(this);
    requireArguments(arguments.length, 2, 'FormData.set');
    const wanted = usvString(name);
    const entry = toValue(value, arguments.length > 2, filename, 'FormData.set');
    const first = indexOf(entries, wanted);
    if (first < 0) {
      put(entries, wanted);
      put(entries, entry);
    } else {
      entries[first + 1] = entry;
      for (let i = entries.length - 2; i > first; i -= 2) if (entries[i] === wanted) splice(entries, i, 2);
    }
  }
}

makeEnumerable(FormData, ['append', 'delete', 'get', 'getAll', 'has', 'set']);
defineProperty(FormData.prototype.append, 'length', descriptor({ value: 2, configurable: true }));
defineProperty(FormData.prototype.set, 'length', descriptor({ value: 2, configurable: true }));
definePairs(FormData, entriesIn);

function put<T>(list: T[], value: T): void {
  defineProperty(list, list.length, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

function indexOf(entries: Entries, name: string): number {
  for (let i = 0; i < entries.length; i += 2) if (entries[i] === name) return i;
  return -1;
}

/** `create an entry`: a Blob becomes a File, and a File that is given another name a new one. */
function toValue(value: unknown, isNamed: boolean, filename: unknown, where: string): FormDataEntryValue {
  if (isBlob(value)) {
    if (filename !== undefined) return namedFile(value, usvString(filename));
    return isFile(value) ? value : namedFile(value, 'blob');
  }
  if (isNamed) throw new TypeError(`${where}: only a Blob can have a file name`);
  return usvString(value);
}

/** What a FormData holds now, in its order. */
export function entriesOf(form: FormData): readonly (readonly [name: string, value: FormDataEntryValue])[] {
  const entries = entriesIn(form);
  const pairs: [string, FormDataEntryValue][] = [];
  for (let i = 0; i < entries.length; i += 2) put(pairs, [entries[i] as string, entries[i + 1]!]);
  return pairs;
}

registerPlatform({ name: 'FormData', is: isFormData });

export { FormData, isFormData };
