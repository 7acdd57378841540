// Numbers in a Buffer: the methods that read and write integers and floats of every width, in both orders of bytes.

import { descriptor } from 'guest:webidl';
import { coded, invalidArgType, outOfRange } from 'guest:nodeerrors';

const { defineProperty } = Reflect;
const { floor } = Math;

type Method = (this: Uint8Array, ...args: any[]) => unknown;

// The bytes of one float, in the order of the machine, which is little-endian wherever this runs.
const scratch = new Uint8Array(8);
const double = new Float64Array(scratch.buffer);
const view = new DataView(scratch.buffer);

function outside(value: unknown, length: number): Error {
  if (typeof value !== 'number') return invalidArgType('offset', 'of type number', value);
  if (floor(value) !== value) return outOfRange('offset', 'an integer', value);
  if (length < 0) {
    return coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
  }
  return outOfRange('offset', `>= 0 and <= ${length}`, value);
}

function checkOffset(bytes: Uint8Array, offset: number, width: number): void {
  if (typeof offset !== 'number') throw invalidArgType('offset', 'of type number', offset);
  if (bytes[offset] === undefined || bytes[offset + width - 1] === undefined) {
    throw outside(offset, bytes.length - width);
  }
}

function checkWidth(width: unknown): asserts width is number {
  if (width === undefined || typeof width !== 'number') throw invalidArgType('byteLength', 'of type number', width);
  if (floor(width) !== width) throw outOfRange('byteLength', 'an integer', width);
  if (width < 1 || width > 6) throw outOfRange('byteLength', '>= 1 and <= 6', width);
}

function readUnsigned(bytes: Uint8Array, offset: number, width: number, isLittle: boolean): number {
  let value = 0;
  if (isLittle) for (let i = offset + width - 1; i >= offset; i--) value = value * 256 + bytes[i]!;
  else for (let i = offset; i < offset + width; i++) value = value * 256 + bytes[i]!;
  return value;
}

function readInteger(bytes: Uint8Array, offset: number, width: number, isLittle: boolean, isSigned: boolean): number {
  checkOffset(bytes, offset, width);
  const value = readUnsigned(bytes, offset, width, isLittle);
  return isSigned && value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value;
}

function rangeText(width: number, isSigned: boolean, suffix: string): string {
  const bits = width * 8;
  if (width > 4) {
    return isSigned
      ? `>= -(2${suffix} ** ${bits - 1}${suffix}) and < 2${suffix} ** ${bits - 1}${suffix}`
      : `>= 0${suffix} and < 2${suffix} ** ${bits}${suffix}`;
  }
  return isSigned ? `>= ${-(2 ** (bits - 1))} and <= ${2 ** (bits - 1) - 1}` : `>= 0 and <= ${2 ** bits - 1}`;
}

function writeInteger(
  bytes: Uint8Array,
  given: unknown,
  offset: number,
  width: number,
  isLittle: boolean,
  isSigned: boolean,
): number {
  const value = +(given as number);
  if (width === 1 && typeof offset !== 'number') throw invalidArgType('offset', 'of type number', offset);
  const most = 2 ** (8 * width - (isSigned ? 1 : 0)) - 1;
  const least = isSigned ? -most - 1 : 0;
  if (value > most || value < least) throw outOfRange('value', rangeText(width, isSigned, ''), value);
  checkOffset(bytes, offset, width);
  // Everything below 2 ** 53 is exact: no bits are lost where a sign is taken off by addition.
  let rest = floor(value !== value ? 0 : value < 0 ? Math.ceil(value) + 2 ** (8 * width) : value);
  for (let i = 0; i < width; i++) {
    bytes[isLittle ? offset + i : offset + width - 1 - i] = rest % 256;
    rest = floor(rest / 256);
  }
  return offset + width;
}

function readBig(bytes: Uint8Array, offset: number, isLittle: boolean, isSigned: boolean): bigint {
  checkOffset(bytes, offset, 8);
  for (let i = 0; i < 8; i++) scratch[i] = bytes[offset + i]!;
  return isSigned ? view.getBigInt64(0, isLittle) : view.getBigUint64(0, isLittle);
}

function writeBig(bytes: Uint8Array, value: bigint, offset: number, isLittle: boolean, isSigned: boolean): number {
  const most = isSigned ? 0x7fffffffffffffffn : 0xffffffffffffffffn;
  const least = isSigned ? -most - 1n : 0n;
  // A number is compared with numbers: the engine's comparisons of both kinds are wrong beyond 32 bits.
  const isOutside =
    typeof value === 'bigint' ? value > most || value < least : value > Number(most) || value < Number(least);
  if (isOutside) throw outOfRange('value', rangeText(8, isSigned, 'n'), value);
  checkOffset(bytes, offset, 8);
  if (typeof value !== 'bigint') throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
  view.setBigInt64(0, value, isLittle);
  for (let i = 0; i < 8; i++) bytes[offset + i] = scratch[i]!;
  return offset + 8;
}

function readFloat(bytes: Uint8Array, offset: number, width: 4 | 8, isLittle: boolean): number {
  checkOffset(bytes, offset, width);
  for (let i = 0; i < width; i++) scratch[isLittle ? i : width - 1 - i] = bytes[offset + i]!;
  return width === 8 ? double[0]! : view.getFloat32(0, true);
}

function writeFloat(bytes: Uint8Array, given: unknown, offset: number, width: 4 | 8, isLittle: boolean): number {
  const value = +(given as number);
  checkOffset(bytes, offset, width);
  if (width === 8) double[0] = value;
  else view.setFloat32(0, value, true);
  for (let i = 0; i < width; i++) bytes[offset + i] = scratch[isLittle ? i : width - 1 - i]!;
  return offset + width;
}

function method(target: object, names: readonly string[], run: Method): void {
  defineProperty(run, 'name', descriptor({ value: names[0], configurable: true }));
  for (let i = 0; i < names.length; i++) {
    defineProperty(target, names[i]!, descriptor({ value: run, writable: true, enumerable: true, configurable: true }));
  }
}

function integerMethods(target: object, isSigned: boolean, order: string, isLittle: boolean): void {
  const names = (verb: string, rest: string): string[] =>
    isSigned ? [`${verb}Int${rest}`] : [`${verb}UInt${rest}`, `${verb}Uint${rest}`];
  for (const bits of [8, 16, 32]) {
    const suffix = bits === 8 ? '8' : `${bits}${order}`;
    const width = bits / 8;
    method(target, names('read', suffix), function (offset = 0) {
      return readInteger(this, offset, width, isLittle, isSigned);
    });
    method(target, names('write', suffix), function (value, offset = 0) {
      return writeInteger(this, value, offset, width, isLittle, isSigned);
    });
  }
  method(target, names('read', order), function (offset, width) {
    if (offset === undefined) throw invalidArgType('offset', 'of type number', offset);
    checkWidth(width);
    return readInteger(this, offset, width, isLittle, isSigned);
  });
  method(target, names('write', order), function (value, offset, width) {
    checkWidth(width);
    return writeInteger(this, value, offset, width, isLittle, isSigned);
  });
  const bigNames = (verb: string): string[] =>
    isSigned ? [`${verb}BigInt64${order}`] : [`${verb}BigUInt64${order}`, `${verb}BigUint64${order}`];
  method(target, bigNames('read'), function (offset = 0) {
    return readBig(this, offset, isLittle, isSigned);
  });
  method(target, bigNames('write'), function (value, offset = 0) {
    return writeBig(this, value, offset, isLittle, isSigned);
  });
}

/** Adds the methods to a prototype of Uint8Arrays. */
export function defineNumbers(target: object): void {
  for (const isLittle of [true, false]) {
    const order = isLittle ? 'LE' : 'BE';
    integerMethods(target, true, order, isLittle);
    integerMethods(target, false, order, isLittle);
    for (const width of [4, 8] as const) {
      const kind = width === 4 ? 'Float' : 'Double';
      method(target, [`read${kind}${order}`], function (offset = 0) {
        return readFloat(this, offset, width, isLittle);
      });
      method(target, [`write${kind}${order}`], function (value, offset = 0) {
        return writeFloat(this, value, offset, width, isLittle);
      });
    }
  }
}
