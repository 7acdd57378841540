// Expressions about Buffers.

import { number, odd, text } from './random.mjs';

const ENCODINGS = [
  'utf8',
  'utf-8',
  'UTF8',
  'hex',
  'HEX',
  'base64',
  'base64url',
  'latin1',
  'binary',
  'ascii',
  'ucs2',
  'utf16le',
  'UTF-16LE',
];
const INTEGERS = [
  'Int8',
  'UInt8',
  'Int16LE',
  'Int16BE',
  'UInt16LE',
  'UInt16BE',
  'Int32LE',
  'Int32BE',
  'UInt32LE',
  'UInt32BE',
];
const OTHERS = ['BigInt64LE', 'BigInt64BE', 'BigUInt64LE', 'BigUInt64BE', 'FloatLE', 'FloatBE', 'DoubleLE', 'DoubleBE'];
const SIZED = ['IntLE', 'IntBE', 'UIntLE', 'UIntBE'];
const VALUES = [
  '0',
  '1',
  '-1',
  '127',
  '128',
  '-128',
  '-129',
  '255',
  '256',
  '32767',
  '-32769',
  '65535',
  '65536',
  '2 ** 31',
  '-(2 ** 31) - 1',
  '2 ** 32',
  '2 ** 40',
  '2 ** 47',
  '-(2 ** 47)',
  '2 ** 48',
  '0.1',
  '1e40',
  'NaN',
  '-0',
  '-Infinity',
  '3.7',
  "'12'",
  'undefined',
  '5n',
  '-5n',
  '2n ** 63n',
  '2n ** 64n',
  '-(2n ** 63n) - 1n',
  '0xffffffffn',
];

const encoding = (r) =>
  r.chance(0.9)
    ? JSON.stringify(r.of(ENCODINGS))
    : r.one(
        () => "'none'",
        () => 'undefined',
        () => odd(r),
      );
const bytes = (r) => `[${r.list(12, () => r.below(256)).join()}]`;
const buf = (r) =>
  r.one(
    () => `Buffer.from(${bytes(r)})`,
    () => `Buffer.from(${text(r)})`,
    () => `Buffer.from(${text(r)}, ${JSON.stringify(r.of(ENCODINGS))})`,
    () => `Buffer.from('${'abcabcabdéabc'.slice(r.below(6))}')`,
    () => `Buffer.from(${bytes(r)}).subarray(${r.below(4)}, ${r.below(12)})`,
    () => `Buffer.alloc(${r.below(20)})`,
  );
const at = (r) => (r.chance(0.85) ? number(r) : odd(r));
/** Where a large one would be allocated. */
const small = (r) =>
  r.one(
    () => String(r.below(12)),
    () => r.of(['-0', '-1', '1.5', 'NaN', '1e300']),
    () => odd(r),
  );
const any = (r) =>
  r.one(
    () => text(r),
    () => number(r),
    () => odd(r),
    () => buf(r),
    () => `new Uint8Array(${bytes(r)})`,
  );
const args = (...list) => list.join(', ');
/** The first few of these arguments. */
const some = (r, ...list) => list.slice(0, r.below(list.length + 1)).join(', ');

const MAKERS = [
  (r) => `Buffer.from(${text(r)}, ${encoding(r)})`,
  (r) => `Buffer.from(${args(any(r), at(r))})`,
  (r) => `Buffer.from(${any(r)})`,
  (r) => `Buffer.from(${args(`new Uint8Array(${bytes(r)}).buffer`, at(r), at(r))})`,
  (r) => `Buffer.from(new Uint16Array([${r.list(4, () => r.below(70000)).join()}]))`,
  (r) => `${buf(r)}.toString(${some(r, encoding(r), at(r), at(r))})`,
  (r) => `Buffer.from(${text(r, 9)}, ${encoding(r)}).toString(${encoding(r)})`,
  (r) => `Buffer.byteLength(${args(any(r), encoding(r))})`,
  (r) => `{ const b = Buffer.alloc(9, 46); return [b.write(${some(r, text(r), at(r), at(r), encoding(r))}), b] }`,
  (r) => `{ const b = Buffer.alloc(9, 46); return [b.write(${text(r)}, ${encoding(r)}), b] }`,
  (r) => `${buf(r)}.fill(${some(r, any(r), at(r), at(r), encoding(r))})`,
  (r) => `${buf(r)}.fill(${args(text(r), encoding(r))})`,
  (r) => `Buffer.alloc(${args(r.chance(0.8) ? r.below(30) : odd(r), any(r), encoding(r))})`,
  (r) => `${buf(r)}.${r.of(['indexOf', 'lastIndexOf', 'includes'])}(${some(r, any(r), at(r), encoding(r))})`,
  (r) =>
    `${buf(r)}.${r.of(['indexOf', 'lastIndexOf'])}(${args(r.of(["'a'", "'ab'", "'abc'", "''", '97', '98.5', "'é'"]), at(r), encoding(r))})`,
  (r) => `${buf(r)}.compare(${some(r, any(r), at(r), at(r), at(r), at(r))})`,
  (r) => `Buffer.compare(${args(any(r), any(r))})`,
  (r) => `${buf(r)}.equals(${any(r)})`,
  (r) => `Buffer.concat([${r.list(3, () => buf(r)).join()}]${r.chance(0.5) ? `, ${small(r)}` : ''})`,
  (r) => `Buffer.concat(${any(r)})`,
  (r) => `{ const t = Buffer.alloc(8, 46); return [${buf(r)}.copy(${args('t', some(r, at(r), at(r), at(r)))}), t] }`,
  (r) => `${buf(r)}.${r.of(['subarray', 'slice'])}(${some(r, at(r), at(r))})`,
  (r) => `${buf(r)}.${r.of(['swap16', 'swap32', 'swap64', 'toJSON', 'toLocaleString', 'reverse', 'keys', 'values'])}()`,
  (r) => `${buf(r)}.read${r.of([...INTEGERS, ...OTHERS])}(${some(r, at(r))})`,
  (r) => `${buf(r)}.read${r.of(SIZED)}(${some(r, at(r), number(r))})`,
  (r) =>
    `{ const b = Buffer.alloc(10, 46); return [b.write${r.of([...INTEGERS, ...OTHERS])}(${some(r, r.of(VALUES), at(r))}), b] }`,
  (r) =>
    `{ const b = Buffer.alloc(10, 46); return [b.write${r.of(SIZED)}(${some(r, r.of(VALUES), at(r), number(r))}), b] }`,
  (r) => `Buffer.${r.of(['isEncoding', 'isBuffer', 'of'])}(${r.chance(0.5) ? encoding(r) : any(r)})`,
  (r) => `buffer.${r.of(['isUtf8', 'isAscii', 'atob', 'btoa'])}(${any(r)})`,
  (r) => `buffer.transcode(${args(r.chance(0.9) ? buf(r) : any(r), encoding(r), encoding(r))})`,
  (r) => `util.inspect(${buf(r)})`,
  (r) => `Buffer.${r.of(['allocUnsafe', 'allocUnsafeSlow', 'alloc'])}(${odd(r)})`,
  (r) => `Buffer.copyBytesFrom(${some(r, any(r), at(r), at(r))})`,
  (r) =>
    `${buf(r)}.${r.of(['utf8', 'latin1', 'hex', 'base64', 'ascii', 'ucs2'])}Slice(${some(r, r.below(12), r.below(12))})`,
];

/** One that needs statements is a function's body. */
const expression = (source) => (source.startsWith('{') ? `(() => ${source})()` : source);

/**
 * Not asked: sizes between the limits of both; base64 with characters beyond Latin-1, of which Node 20 takes the low byte; dates, whose text
 * is the engine's; and bigints for numbers of `toString`.
 */
const isKnown = (source) =>
  /2 \*\* 3[12]|new Date|toString\(.*\b1n/.test(source) || (/base64/i.test(source) && /[^\0-\xff]|\\ud/.test(source));

export default function make(r) {
  const source = expression(r.of(MAKERS)(r));
  return isKnown(source) ? make(r) : source;
}
