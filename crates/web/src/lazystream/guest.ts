// Streams of Node that mostly are not used as such, like digests and ciphers: `stream` is loaded when one of them first is.
//
// Until then a proxy stands where the prototype of `stream`'s class will be. It is at the end of the chain, so that what a class has
// itself costs nothing more.

import { descriptor } from 'guest:webidl';
import { load } from 'host:modules';

const { apply, defineProperty, get, getOwnPropertyDescriptor, getPrototypeOf, has, setPrototypeOf } = Reflect;
const { asyncIterator } = Symbol;
const ObjectPrototype = Object.prototype;

type Kind = 'Transform' | 'Writable';

/** The prototypes of lazy streams, by what they will inherit from. */
const prototypes: Partial<Record<Kind, object>> = { __proto__: null } as object;

/** Makes what `Class` makes streams, with the options in `_options`. They begin as such when their state is first read. */
export function becomeStreams(Class: { readonly prototype: object }, kind: Kind): void {
  setPrototypeOf(Class.prototype, (prototypes[kind] ??= prototypeOf(kind)));
}

function prototypeOf(kind: Kind): object {
  const prototype = {};
  const real = (): object => {
    join(prototype, kind);
    return prototype;
  };
  const handler: ProxyHandler<object> = {
    get: (target, key, receiver) => get(isOfStreams(key) ? real() : target, key, receiver),
    has: (target, key) => has(isOfStreams(key) ? real() : target, key),
    getPrototypeOf: () => getPrototypeOf(real()),
  };
  setPrototypeOf(handler, null);
  setPrototypeOf(prototype, new Proxy({}, handler));
  return prototype;
}

/** What says that somebody takes an object for a stream: nothing that any object is asked for. */
function isOfStreams(key: PropertyKey): boolean {
  if (typeof key === 'symbol') return key === asyncIterator;
  return key !== 'then' && key !== 'toJSON' && !has(ObjectPrototype, key);
}

/** From here on there is no proxy. */
function join(prototype: object, kind: Kind): void {
  const base = load<Record<Kind, any>>('guest:nodestream')[kind];
  const begin = (self: any): void => {
    apply(base, self, [self._options]);
    if (kind === 'Transform') self._writableState.decodeStrings = false;
  };
  if (kind === 'Transform') defineState(prototype, '_readableState', begin);
  defineState(prototype, '_writableState', begin);
  setPrototypeOf(prototype, base.prototype);
}

/** `begin` sets it with the others of its stream. A prototype is none. */
function defineState(prototype: object, name: string, begin: (self: object) => void): void {
  const own = (self: object, property: string): unknown => getOwnPropertyDescriptor(self, property)?.value;
  const property = descriptor({
    get() {
      if (own(this, 'constructor') === undefined && this !== prototype) begin(this);
      return own(this, name);
    },
    set(value: unknown) {
      defineProperty(this, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
    },
    enumerable: true,
    configurable: true,
  });
  defineProperty(prototype, name, property);
}
