'use strict';

// What an object is, by its brand and never by its looks, and why some cannot cross.

const { inspect, types } = require('node:util');
const { isMarkedAsUntransferable } = /** @type {{ isMarkedAsUntransferable?: (value: object) => boolean }} */ (
  require('node:worker_threads')
);

const ObjectPrototype = Object.prototype;
const { getPrototypeOf } = Object;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const own = Object.hasOwn;

/** Kinds of object, in the encoder's terms. */
const PLAIN = 0;
const LIST = 1;
const BYTES = 2;
const MEMORY = 3;
const TIME = 4;
const PATTERN = 5;
const TABLE = 6;
const BAG = 7;
const FAILURE = 8;
const WRAPPER = 9;
const REFUSED = 10;

/** Prototypes whose instances have an inside that their fields don't show. */
const builtins = new Set(
  [
    ...[Array, ArrayBuffer, SharedArrayBuffer, DataView, Date, RegExp, Map, Set, Error, Promise, WeakMap, WeakSet],
    ...[WeakRef, FinalizationRegistry, Boolean, Number, String, Symbol, BigInt, Function],
  ].map(({ prototype }) => /** @type {object} */ (prototype)),
);
const iteratorPrototype = getPrototypeOf(getPrototypeOf([].values()));
builtins.add(iteratorPrototype);
builtins.add(getPrototypeOf(getPrototypeOf(async function* () {}.prototype)));
builtins.add(getPrototypeOf(Uint8Array.prototype));

/**
 * Whether objects of this prototype are plain as far as the prototype tells: a chain of the app's own classes that ends
 * in this realm's `Object.prototype`. An object that has lost its prototype is caught where it shows no fields.
 *
 * @param {object | null} prototype
 */
function isOrdinary(prototype) {
  for (let p = prototype; p !== null; p = getPrototypeOf(p)) {
    if (p === ObjectPrototype) return true;
    if (builtins.has(p)) return false;
  }
  return false;
}

/**
 * The brand of an object that is no proxy. The checks are calls out of JavaScript, 25 ns each: for what is not plain.
 *
 * @param {object} value
 * @returns {number}
 */
function brandOf(value) {
  if (isArray(value)) return LIST;
  if (isView(value)) return BYTES;
  if (types.isDate(value)) return TIME;
  if (types.isMap(value)) return TABLE;
  if (types.isSet(value)) return BAG;
  if (types.isNativeError(value) || isDOMException(value)) return FAILURE;
  if (types.isRegExp(value)) return PATTERN;
  if (types.isAnyArrayBuffer(value)) return types.isSharedArrayBuffer(value) ? REFUSED : MEMORY;
  if (types.isBoxedPrimitive(value)) return types.isSymbolObject(value) ? REFUSED : WRAPPER;
  return refusal(value) === undefined ? PLAIN : REFUSED;
}

/** @param {object} value */
function isDOMException(value) {
  return typeof DOMException === 'function' && value instanceof DOMException;
}

/** Classes whose instances would cross as empty objects, and what to pass in their place. */
const holders = new Map(
  Object.entries({
    WeakRef: 'pass what deref() gives',
    FinalizationRegistry: '',
    URL: 'pass its href',
    URLSearchParams: 'pass its text, String(value)',
    Headers: 'pass [...headers]',
    Request: 'pass url, method, [...headers] and await request.arrayBuffer()',
    Response: 'pass status, [...headers] and await response.arrayBuffer()',
    FormData: 'pass [...formData]',
    Blob: 'pass await blob.arrayBuffer()',
    File: 'pass await file.arrayBuffer() and its name',
    ReadableStream: 'read it first and pass the bytes',
    WritableStream: '',
    TransformStream: '',
    AbortSignal: 'pass it as the `signal` option',
    AbortController: 'pass its signal as the `signal` option',
    EventTarget: '',
    MessagePort: '',
    MessageChannel: '',
    BroadcastChannel: '',
    WebSocket: '',
    CryptoKey: 'export it first and pass the bytes',
    NumberFormat: '',
    DateTimeFormat: '',
    Collator: '',
    Module: 'pass its bytes',
    Instance: '',
    Memory: 'pass a copy of its buffer',
    Table: '',
  }),
);

/**
 * Why an object cannot cross: what it is and what to do; `undefined` where it can.
 *
 * @param {object} value
 * @returns {[what: string, advice: string] | undefined}
 */
function refusal(value) {
  if (types.isPromise(value)) return ['a promise', 'await it first'];
  if (types.isSharedArrayBuffer(value)) return ['a SharedArrayBuffer', 'pass a copy: new Uint8Array(shared).slice()'];
  if (types.isSymbolObject(value)) return ['a boxed symbol', 'pass a string'];
  if (types.isWeakMap(value)) return ['a WeakMap', 'pass a Map'];
  if (types.isWeakSet(value)) return ['a WeakSet', 'pass a Set'];
  if (types.isGeneratorObject(value)) return ['a generator', 'collect it first: [...value]'];
  if (types.isMapIterator(value) || types.isSetIterator(value)) return ['an iterator', 'collect it first: [...value]'];
  if (types.isModuleNamespaceObject(value)) return ['a module namespace', 'pass a plain copy: { ...value }'];
  if (types.isExternal?.(value)) return ['a native pointer', 'pass the data behind it'];
  for (let p = getPrototypeOf(value); p !== null && p !== ObjectPrototype; p = getPrototypeOf(p)) {
    if (p === iteratorPrototype) return ['an iterator', 'collect it first: [...value]'];
    const { constructor } = p;
    if (typeof constructor !== 'function' || !holders.has(constructor.name)) continue;
    if (!isGlobal(constructor)) continue;
    const advice = /** @type {string} */ (holders.get(constructor.name));
    return [`${/^[AEIOU](?!RL)/.test(constructor.name) ? 'an' : 'a'} ${constructor.name}`, advice];
  }
  return undefined;
}

/** @param {Function} constructor */
function isGlobal({ name, prototype }) {
  for (const home of [globalThis, Intl, globalThis.WebAssembly]) {
    const found = home && /** @type {Record<string, unknown>} */ (home)[name];
    if (typeof found === 'function' && found.prototype === prototype) return true;
  }
  return false;
}

/** Prints no element and every property, in 1.2 µs whatever the length. */
const BRIEF = Object.freeze({
  maxArrayLength: 0,
  maxStringLength: 0,
  depth: 0,
  breakLength: Infinity,
  compact: true,
  colors: false,
  customInspect: false,
  getters: false,
  showHidden: false,
  showProxy: false,
  sorted: false,
});
const NO_PROPERTIES = /^\[ \.\.\. \d+ more items? \]$/;
const inspectTells =
  NO_PROPERTIES.test(inspect([1, 2], BRIEF)) && !NO_PROPERTIES.test(inspect(Object.assign([1, 2], { x: 1 }), BRIEF));

/**
 * Whether a list of elements without holes has other enumerable properties. JavaScript can only ask for all keys, which
 * takes 110 ns an element (11 ms for 100,000); node:util looks at the others alone.
 *
 * @param {readonly unknown[]} list
 */
function mayHaveProperties(list) {
  return !inspectTells || list.length < 8 || !NO_PROPERTIES.test(inspect(list, BRIEF));
}

/**
 * The number that a canonical array index stands for, else −1.
 *
 * @param {string} key
 */
function indexOf(key) {
  const first = key.charCodeAt(0);
  if (!(first >= 48 && first <= 57) || key.length > 10) return -1;
  const index = Number(key);
  return index < 0xffffffff && String(index) === key ? index : -1;
}

const poolSize = Buffer.poolSize;
/** Elsewhere a pool can only be guessed by its size. */
const poolsAreMarked = Boolean(isMarkedAsUntransferable) || !(process.versions.deno || process.versions.bun);
/** @type {WeakMap<ArrayBuffer, boolean>} */
const pools = new WeakMap();

/**
 * Whether this is the memory that Node's small Buffers share: what else lies in it is somebody else's, so it never
 * crosses as a whole. Node marks it as untransferable; where that cannot be asked, the size decides.
 *
 * @param {ArrayBuffer} buffer
 */
function isPool(buffer) {
  const { byteLength } = buffer;
  if (byteLength !== poolSize && byteLength !== Buffer.poolSize) return false;
  let known = pools.get(buffer);
  if (known === undefined) pools.set(buffer, (known = isUntransferable(buffer)));
  return known;
}

/** @param {ArrayBuffer} buffer */
function isUntransferable(buffer) {
  if (isMarkedAsUntransferable) return isMarkedAsUntransferable(buffer);
  if (!poolsAreMarked) return true;
  // Node 20 ignores what is untransferable and objects to anything else that is listed twice; nothing is transferred.
  try {
    structuredClone(0, { transfer: [buffer, buffer] });
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a view follows the length of its resizable buffer. No property tells: the buffer is resized by an element
 * and back, and what that cut off is put back.
 *
 * @param {ArrayBufferView} view
 * @param {ArrayBuffer & { resizable: boolean; maxByteLength: number; resize(length: number): void }} buffer
 * @param {number} step bytes an element
 */
function tracksLength(view, buffer, step) {
  const { byteOffset, byteLength } = view;
  const { byteLength: total, maxByteLength } = buffer;
  const rest = total - byteOffset - byteLength;
  if (rest < 0 || rest >= step) return false;
  if (total + step <= maxByteLength) {
    buffer.resize(total + step);
    const tracks = view.byteLength !== byteLength;
    buffer.resize(total);
    return tracks;
  }
  if (byteLength < step) return false;
  const tail = buffer.slice(total - step - rest);
  buffer.resize(total - step - rest);
  // A view of fixed length is out of bounds now; a DataView then throws.
  let tracks;
  try {
    tracks = view.byteLength === byteLength - step && view.byteOffset === byteOffset && isInBounds(view);
  } catch {
    tracks = false;
  }
  buffer.resize(total);
  new Uint8Array(buffer).set(new Uint8Array(tail), total - step - rest);
  return tracks;
}

const at = getPrototypeOf(Uint8Array).prototype.at;

/**
 * Whether a view still lies within its buffer, which may have shrunk.
 *
 * @param {ArrayBufferView} view
 */
function isInBounds(view) {
  try {
    if (view instanceof DataView) return view.byteLength >= 0;
    at.call(view, 0);
    return true;
  } catch {
    return false;
  }
}

/** @param {ArrayBuffer} buffer */
function isDetached(buffer) {
  if (buffer.byteLength !== 0) return false;
  try {
    return new Uint8Array(buffer).length !== 0;
  } catch {
    return true;
  }
}

module.exports = {
  PLAIN,
  LIST,
  BYTES,
  MEMORY,
  TIME,
  PATTERN,
  TABLE,
  BAG,
  FAILURE,
  WRAPPER,
  REFUSED,
  isOrdinary,
  brandOf,
  refusal,
  mayHaveProperties,
  indexOf,
  isPool,
  poolsAreMarked,
  tracksLength,
  isInBounds,
  isDetached,
  own,
};
