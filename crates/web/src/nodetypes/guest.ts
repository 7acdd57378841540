// util.types: what kind of object a value is, by its internal slots. A guest's own classes and tags deceive none of these.

import { isArrayBuffer, isObject, uncurry } from 'guest:webidl';
import { isProxy, promiseState } from 'host:inspect';

const { getPrototypeOf, isExtensible, getOwnPropertyDescriptor } = Reflect;
const { isView } = ArrayBuffer;
const { isError } = Error as unknown as { isError(value: unknown): boolean };
const objectText = uncurry(Object.prototype.toString as () => string);
const functionText = uncurry(Function.prototype.toString as () => string);
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype)!;
const typedArrayTag = uncurry(
  getOwnPropertyDescriptor(typedArrayPrototype, Symbol.toStringTag)!.get! as () => string | undefined,
);
const iteratorOf = (iterable: Iterable<unknown>): object => getPrototypeOf(iterable[Symbol.iterator]())!;
const mapIteratorPrototype = iteratorOf(new Map());
const setIteratorPrototype = iteratorOf(new Set());

type Check = (value: unknown) => boolean;

/** Whether an intrinsic accepts the value: it throws for what has not its slot. */
function brand(owner: object, name: PropertyKey, ...args: unknown[]): Check {
  const property = getOwnPropertyDescriptor(owner, name)!;
  const run = uncurry((property.get ?? property.value) as (...args: unknown[]) => unknown);
  return (value) => {
    if (!isObject(value) || isProxy(value)) return false;
    try {
      run(value, ...args);
      return true;
    } catch {
      return false;
    }
  };
}

const isMap = brand(Map.prototype, 'size');
const isSet = brand(Set.prototype, 'size');
const isWeakMap = brand(WeakMap.prototype, 'has', {});
const isWeakSet = brand(WeakSet.prototype, 'has', {});
const isDate = brand(Date.prototype, 'getTime');
const isDataView = brand(DataView.prototype, 'buffer');
const isSharedArrayBuffer = brand(SharedArrayBuffer.prototype, 'byteLength');
const isNumberObject = brand(Number.prototype, 'valueOf');
const isStringObject = brand(String.prototype, 'valueOf');
const isBooleanObject = brand(Boolean.prototype, 'valueOf');
const isBigIntObject = brand(BigInt.prototype, 'valueOf');
const isSymbolObject = brand(Symbol.prototype, 'valueOf');

const regExpFlags = uncurry(getOwnPropertyDescriptor(RegExp.prototype, 'global')!.get! as () => boolean | undefined);

function isRegExp(value: unknown): value is RegExp {
  if (!isObject(value) || isProxy(value)) return false;
  try {
    // The prototype itself answers undefined.
    return regExpFlags(value) !== undefined;
  } catch {
    return false;
  }
}

function isTypedArray(value: unknown): boolean {
  return isView(value) && typedArrayTag(value) !== undefined;
}

const tagged =
  (tag: string): Check =>
  (value) =>
    isObject(value) && !isProxy(value) && objectText(value) === tag;

function isModuleNamespaceObject(value: unknown): boolean {
  if (!isObject(value) || isProxy(value) || getPrototypeOf(value) !== null || isExtensible(value)) return false;
  const property = getOwnPropertyDescriptor(value, Symbol.toStringTag);
  return property?.value === 'Module' && !property.writable && !property.configurable;
}

/** The source of an own function, in which comments may stand before the name alone. */
function startsWith(value: unknown, word: RegExp): boolean {
  return typeof value === 'function' && !isProxy(value) && word.test(functionText(value));
}

const isAsyncFunction: Check = (value) => {
  if (typeof value !== 'function' || isProxy(value)) return false;
  const tag = objectText(value);
  return tag === '[object AsyncFunction]' || tag === '[object AsyncGeneratorFunction]' || startsWith(value, /^async\b/);
};
const isGeneratorFunction: Check = (value) => {
  if (typeof value !== 'function' || isProxy(value)) return false;
  const tag = objectText(value);
  return tag === '[object GeneratorFunction]' || tag === '[object AsyncGeneratorFunction]';
};

const types: Record<string, Check> = {
  isExternal: () => false,
  isDate,
  isArgumentsObject: (value) =>
    tagged('[object Arguments]')(value) &&
    getOwnPropertyDescriptor(value as object, Symbol.toStringTag) === undefined &&
    getOwnPropertyDescriptor(value as object, 'length') !== undefined,
  isBigIntObject,
  isBooleanObject,
  isNumberObject,
  isStringObject,
  isSymbolObject,
  isBoxedPrimitive: (value) =>
    isNumberObject(value) ||
    isStringObject(value) ||
    isBooleanObject(value) ||
    isBigIntObject(value) ||
    isSymbolObject(value),
  isNativeError: (value) => isError(value),
  isRegExp,
  isAsyncFunction,
  isGeneratorFunction,
  isGeneratorObject: (value) => tagged('[object Generator]')(value) || tagged('[object AsyncGenerator]')(value),
  isPromise: (value) => promiseState(value) !== undefined,
  isMap,
  isSet,
  isMapIterator: (value) => isObject(value) && !isProxy(value) && getPrototypeOf(value) === mapIteratorPrototype,
  isSetIterator: (value) => isObject(value) && !isProxy(value) && getPrototypeOf(value) === setIteratorPrototype,
  isWeakMap,
  isWeakSet,
  isArrayBuffer,
  isDataView,
  isSharedArrayBuffer,
  isProxy,
  isModuleNamespaceObject,
  isAnyArrayBuffer: (value) => isArrayBuffer(value) || isSharedArrayBuffer(value),
  isCryptoKey: tagged('[object CryptoKey]'),
  isKeyObject: () => false,
  isArrayBufferView: isView,
  isTypedArray,
};
for (const name of [
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]) {
  types[`is${name}`] = (value) => isView(value) && typedArrayTag(value) === name;
}

export { types, typedArrayTag };
