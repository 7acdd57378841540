'use strict';

// The numbers of docs/wire.md, each named once.

const UNDEFINED = 0x00;
const NULL = 0x01;
const FALSE = 0x02;
const TRUE = 0x03;
const INT = 0x04;
const DOUBLE = 0x05;
const LATIN1 = 0x06;
const UTF16 = 0x07;
const UTF8 = 0x08;
const BIGINT = 0x09;
const DATE = 0x0a;
const REGEXP = 0x0b;
const OBJECT = 0x0c;
const ARRAY = 0x0d;
const SPARSE = 0x0e;
const HOLE = 0x0f;
const MAP = 0x10;
const SET = 0x11;
const ERROR = 0x12;
const BUFFER = 0x13;
const RESIZABLE = 0x14;
const BLOCK = 0x15;
const VIEW = 0x16;
const REFERENCE = 0x17;
const BOXED = 0x18;
const END = 0xff;

const VIEW_NAMES = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
];

const ERROR_CLASSES = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  /** @type {ErrorConstructor} */ (/** @type {unknown} */ (AggregateError)),
];

/** Levels of nesting that may cross. */
const MAX_DEPTH = 5000;
/**
 * Levels up to which encoder and decoder recurse; below they keep their own stack. 128 levels take about 50 KB of the
 * engine's stack when nothing is optimised, so that a call deep inside the app's own recursion still works.
 */
const RECURSED = 128;
/** Bytes up to which an ArrayBuffer stands inline. */
const INLINE = 1024;

module.exports = {
  UNDEFINED,
  NULL,
  FALSE,
  TRUE,
  INT,
  DOUBLE,
  LATIN1,
  UTF16,
  UTF8,
  BIGINT,
  DATE,
  REGEXP,
  OBJECT,
  ARRAY,
  SPARSE,
  HOLE,
  MAP,
  SET,
  ERROR,
  BUFFER,
  RESIZABLE,
  BLOCK,
  VIEW,
  REFERENCE,
  BOXED,
  END,
  VIEW_NAMES,
  ERROR_CLASSES,
  MAX_DEPTH,
  RECURSED,
  INLINE,
};
