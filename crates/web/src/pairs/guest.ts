// Pair iterators, as Web IDL gives them to Headers, FormData and URLSearchParams: entries, keys, values, forEach.
//
// In: how to find an object's pairs, as one flat list of names and values. An iterator looks anew at each step, so that changes made meanwhile
// are seen. Specification: https://webidl.spec.whatwg.org/#idl-iterable

import { descriptor, illegalInvocation, isObject, requireArguments, tag } from 'guest:webidl';

const { apply, defineProperty, getPrototypeOf } = Reflect;
const iteratorSymbol: typeof Symbol.iterator = Symbol.iterator;
const iteratorPrototype = getPrototypeOf(getPrototypeOf([][iteratorSymbol]())!)!;

/** What `definePairs` adds. */
export interface Pairs<Value> {
  entries(): IterableIterator<[string, Value]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<Value>;
  forEach<This>(callback: (this: This, value: Value, name: string, self: this) => unknown, thisArg?: This): void;
  [Symbol.iterator](): IterableIterator<[string, Value]>;
}

const KEYS = 1;
const VALUES = 2;

/** Gives `cls` its pair iteration. `pairsOf` throws for what is no instance. */
export function definePairs<Value>(
  cls: { readonly prototype: object; readonly name: string },
  pairsOf: (self: unknown) => readonly (string | Value)[],
): void {
  let check: (value: unknown) => PairIterator;

  class PairIterator {
    #target: unknown;
    #kind: number;
    #index = 0;

    static {
      check = (value) => {
        if (isObject(value) && #target in value) return value as PairIterator;
        throw illegalInvocation();
      };
    }

    constructor(target: unknown, kind: number) {
      this.#target = target;
      this.#kind = kind;
    }

    step(): IteratorResult<unknown> {
      const pairs = pairsOf(this.#target);
      const index = this.#index;
      if (index >= pairs.length) return { value: undefined, done: true };
      this.#index = index + 2;
      const kind = this.#kind;
      const value =
        kind === KEYS ? pairs[index] : kind === VALUES ? pairs[index + 1] : [pairs[index], pairs[index + 1]];
      return { value, done: false };
    }
  }

  const { step } = PairIterator.prototype;
  const members = {
    next(this: unknown): IteratorResult<unknown> {
      return apply(step, check(this), []) as IteratorResult<unknown>;
    },
  };
  const prototype = { __proto__: iteratorPrototype } as unknown as object;
  defineProperty(prototype, 'next', method(members.next, true));
  tag(prototype, `${cls.name} Iterator`);

  function iterate(self: unknown, kind: number): object {
    pairsOf(self);
    const iterator = new PairIterator(self, kind);
    Reflect.setPrototypeOf(iterator, prototype);
    return iterator;
  }

  const operations = {
    entries(this: unknown): object {
      return iterate(this, KEYS | VALUES);
    },
    keys(this: unknown): object {
      return iterate(this, KEYS);
    },
    values(this: unknown): object {
      return iterate(this, VALUES);
    },
    forEach(
      this: unknown,
      callback: (value: unknown, name: unknown, self: unknown) => unknown,
      thisArg?: unknown,
    ): void {
      pairsOf(this);
      requireArguments(arguments.length, 1, `${cls.name}.forEach`);
      if (typeof callback !== 'function') throw new TypeError(`${cls.name}.forEach: the callback is not a function`);
      for (let i = 0; ; i += 2) {
        const pairs = pairsOf(this);
        if (i >= pairs.length) return;
        apply(callback, thisArg, [pairs[i + 1], pairs[i], this]);
      }
    },
  };
  defineProperty(operations.forEach, 'length', descriptor({ value: 1, configurable: true }));
  defineProperty(cls.prototype, 'entries', method(operations.entries, true));
  defineProperty(cls.prototype, 'forEach', method(operations.forEach, true));
  defineProperty(cls.prototype, 'keys', method(operations.keys, true));
  defineProperty(cls.prototype, 'values', method(operations.values, true));
  defineProperty(cls.prototype, iteratorSymbol, method(operations.entries, false));
}

function method(value: unknown, enumerable: boolean): PropertyDescriptor {
  return descriptor({ value, enumerable, writable: true, configurable: true });
}
