'use strict';

// Objects that hold no others: dates, patterns, boxed primitives, memory and views of it; and the heads of errors.

const T = require('./tags.js');
const K = require('./classify.js');
const { types } = require('node:util');

/** @typedef {import('./encode.js').Encoder} Encoder */
/** @typedef {import('./frames.js').Step} Step */
/** @typedef {ArrayBuffer & { resizable: boolean, maxByteLength: number, resize(size: number): void }} AnyArrayBuffer */

/**
 * Reads a built-in's own field, whatever a subclass put over it.
 *
 * @param {object} prototype
 * @param {PropertyKey} key
 * @returns {(value: object) => any}
 */
function getter(prototype, key) {
  const { get } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, key));
  return Function.prototype.call.bind(/** @type {() => unknown} */ (get));
}

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);
const typedName = getter(TypedArrayPrototype, Symbol.toStringTag);
const typedBuffer = getter(TypedArrayPrototype, 'buffer');
const typedOffset = getter(TypedArrayPrototype, 'byteOffset');
const typedBytes = getter(TypedArrayPrototype, 'byteLength');
const typedLength = getter(TypedArrayPrototype, 'length');
const viewBuffer = getter(DataView.prototype, 'buffer');
const viewOffset = getter(DataView.prototype, 'byteOffset');
const viewBytes = getter(DataView.prototype, 'byteLength');
const sourceOf = getter(RegExp.prototype, 'source');
const flagsOf = getter(RegExp.prototype, 'flags');
/** @type {(date: object) => number} */
const timeOf = Function.prototype.call.bind(/** @type {any} */ (Date.prototype.getTime));

/** ArrayBuffers of the engine end here. */
const LONGEST = 2 ** 31 - 1;
const DATA_VIEW = T.VIEW_NAMES.length - 1;
/** @type {Map<string | undefined, number>} */
const viewKinds = new Map(T.VIEW_NAMES.map((name, kind) => [name, kind]));
const errorKinds = new Map(
  T.ERROR_CLASSES.map((constructor, kind) => [/** @type {object} */ (constructor.prototype), kind]),
);
const errorNames = new Map(T.ERROR_CLASSES.map(({ name }, kind) => [name, kind]));

/**
 * @param {Encoder} encoder
 * @param {object} value
 * @param {number} kind TIME, PATTERN or WRAPPER
 * @returns {null}
 */
function writeLeaf(encoder, value, kind) {
  encoder.reserve(9);
  if (kind === K.TIME) {
    encoder.byte(T.DATE);
    encoder.view.setFloat64(encoder.position, timeOf(value), true);
    encoder.position += 8;
  } else if (kind === K.PATTERN) {
    encoder.byte(T.REGEXP);
    encoder.string(sourceOf(value));
    encoder.string(flagsOf(value));
  } else {
    encoder.byte(T.BOXED);
    encoder.any(unboxed(value), '');
  }
  return null;
}

/** @param {object} value */
function unboxed(value) {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  return BigInt.prototype.valueOf.call(value);
}

/**
 * @param {Encoder} encoder
 * @param {bigint} value
 */
function writeBigInt(encoder, value) {
  const magnitude = value < 0n ? -value : value;
  encoder.reserve(11);
  encoder.byte(T.BIGINT);
  encoder.byte(value < 0n ? 1 : 0);
  if (magnitude <= 0xffffffffffffffffn) {
    const start = encoder.position + 1;
    encoder.view.setBigUint64(start, magnitude, true);
    let length = 8;
    while (length > 0 && encoder.bytes[start + length - 1] === 0) length--;
    encoder.bytes[start - 1] = length;
    encoder.position = start + length;
    return;
  }
  const digits = magnitude.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').reverse();
  encoder.varint(bytes.length);
  writeBytes(encoder, bytes);
}

/**
 * @param {Encoder} encoder
 * @param {Uint8Array} bytes
 */
function writeBytes(encoder, bytes) {
  encoder.reserve(bytes.length);
  encoder.bytes.set(bytes, encoder.position);
  encoder.position += bytes.length;
}

/**
 * @param {Encoder} encoder
 * @param {ArrayBuffer} memory that has its number
 * @param {Step} step
 * @returns {null}
 */
function writeMemory(encoder, memory, step) {
  const buffer = /** @type {AnyArrayBuffer} */ (memory);
  if (types.isSharedArrayBuffer(buffer)) encoder.refuse(buffer, step, K.refusal(buffer));
  if (K.isDetached(buffer)) encoder.refuse(buffer, step, ['a detached ArrayBuffer', 'it was transferred before']);
  const { byteLength } = buffer;
  if (buffer.resizable) {
    if (buffer.maxByteLength > LONGEST) {
      encoder.refuse(buffer, step, ['a resizable ArrayBuffer of more than 2 GiB', 'lower its maxByteLength']);
    }
    encoder.byte(T.RESIZABLE);
    encoder.varint(byteLength);
    encoder.varint(buffer.maxByteLength);
    writeBytes(encoder, new Uint8Array(buffer));
  } else if (encoder.transfer?.has(buffer)) {
    writeBlock(encoder, buffer, 0, byteLength, true);
  } else {
    if (K.poolsAreMarked && K.isPool(buffer) && !encoder.isOurs(buffer)) {
      const advice = 'pass the Buffer itself, or a copy of its bytes';
      encoder.refuse(buffer, step, ['the memory that Node’s small Buffers share', advice]);
    }
    writeRange(encoder, buffer, 0, byteLength);
  }
  return null;
}

/**
 * @param {Encoder} encoder
 * @param {ArrayBuffer} buffer
 * @param {number} offset
 * @param {number} length
 */
function writeRange(encoder, buffer, offset, length) {
  if (length > T.INLINE) return writeBlock(encoder, buffer, offset, length, false);
  encoder.byte(T.BUFFER);
  encoder.varint(length);
  writeBytes(encoder, new Uint8Array(buffer, offset, length));
}

/**
 * @param {Encoder} encoder
 * @param {ArrayBuffer} buffer
 * @param {number} offset
 * @param {number} length
 * @param {boolean} transfer
 */
function writeBlock(encoder, buffer, offset, length, transfer) {
  encoder.byte(T.BLOCK);
  encoder.varint(encoder.blocks.length);
  encoder.blocks.push({ buffer, offset, length, transfer });
}

/**
 * @param {Encoder} encoder
 * @param {ArrayBufferView} view that has its number
 * @param {Step} step
 * @returns {null}
 */
function writeView(encoder, view, step) {
  const kind = viewKinds.get(typedName(view)) ?? DATA_VIEW;
  const typed = kind !== DATA_VIEW;
  const buffer = /** @type {AnyArrayBuffer} */ (typed ? typedBuffer(view) : viewBuffer(view));
  if (types.isSharedArrayBuffer(buffer)) encoder.refuse(buffer, step, ['a view of a SharedArrayBuffer', 'pass a copy']);
  if (K.isDetached(buffer))
    encoder.refuse(view, step, ['a view of a detached ArrayBuffer', 'it was transferred before']);
  if (buffer.resizable && !K.isInBounds(view)) {
    encoder.refuse(view, step, ['a view that is out of the bounds of its buffer', 'the buffer was shrunk']);
  }
  const offset = typed ? typedOffset(view) : viewOffset(view);
  const byteLength = typed ? typedBytes(view) : viewBytes(view);
  const length = typed ? typedLength(view) : byteLength;
  encoder.byte(T.VIEW);
  encoder.byte(kind);
  if (byteLength !== buffer.byteLength && isPrivateRange(encoder, view, buffer)) {
    encoder.byte(0);
    encoder.varint(0);
    encoder.varint(length);
    encoder.known({}); // takes the buffer's number, which nothing else can refer to
    writeRange(encoder, buffer, offset, byteLength);
    return null;
  }
  const tracks =
    buffer.resizable && K.tracksLength(view, buffer, typed && length > 0 ? byteLength / length : stepOf(kind));
  encoder.byte(tracks ? 1 : 0);
  encoder.varint(offset);
  encoder.varint(tracks ? 0 : length);
  if (!encoder.known(buffer)) writeMemory(encoder, buffer, step);
  return null;
}

/** @param {number} kind */
function stepOf(kind) {
  return [1, 1, 1, 2, 2, 4, 4, 2, 4, 8, 8, 8, 1][kind] ?? 1;
}

/**
 * Whether only the view's own bytes may cross: Node's Buffers lie in memory that they share with others.
 *
 * @param {Encoder} encoder
 * @param {ArrayBufferView} view
 * @param {ArrayBuffer} buffer
 */
function isPrivateRange(encoder, view, buffer) {
  if (encoder.transfer?.has(buffer)) return false;
  return Buffer.isBuffer(view) || (K.isPool(buffer) && !encoder.isOurs(buffer));
}

/**
 * Writes an error's head.
 *
 * @param {Encoder} encoder
 * @param {Error} error
 * @returns {string[]} the properties to write after it
 */
function writeError(encoder, error) {
  encoder.byte(T.ERROR);
  encoder.byte(errorKind(error));
  const { name, message, stack } = error;
  for (const text of [name, K.own(error, 'message') || message !== '' ? message : undefined, stack]) {
    if (typeof text === 'string') encoder.string(text);
    else encoder.byte(T.UNDEFINED);
  }
  return ['cause', 'errors'].filter((key) => K.own(error, key));
}

/** @param {object} error */
function errorKind(error) {
  for (let p = Object.getPrototypeOf(error); p !== null; p = Object.getPrototypeOf(p)) {
    const kind = errorKinds.get(p);
    if (kind !== undefined) return kind;
  }
  // Another realm's: its prototypes have the standard's names.
  for (let p = Object.getPrototypeOf(error); p !== null; p = Object.getPrototypeOf(p)) {
    const kind = K.own(p, 'name') ? errorNames.get(p.name) : undefined;
    if (kind !== undefined) return kind;
  }
  return 0;
}

module.exports = { writeLeaf, writeBigInt, writeMemory, writeView, writeError };
