// viewextent: the memory of a view, read past whatever stands on its prototypes.

import { uncurry } from 'guest:webidl';

const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isView } = ArrayBuffer;
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype)!;

function getter<T>(prototype: object, name: PropertyKey): (self: unknown) => T {
  return uncurry(getOwnPropertyDescriptor(prototype, name)!.get as () => T) as (self: unknown) => T;
}

const typedName = getter<string | undefined>(typedArrayPrototype, Symbol.toStringTag);
export const typedBuffer = getter<ArrayBufferLike>(typedArrayPrototype, 'buffer');
const typedOffset = getter<number>(typedArrayPrototype, 'byteOffset');
const typedBytes = getter<number>(typedArrayPrototype, 'byteLength');
const viewBuffer = getter<ArrayBufferLike>(DataView.prototype, 'buffer');
const viewOffset = getter<number>(DataView.prototype, 'byteOffset');
const viewBytes = getter<number>(DataView.prototype, 'byteLength');
export const bufferBytes = getter<number>(ArrayBuffer.prototype, 'byteLength');
export const isDetached = getter<boolean>(ArrayBuffer.prototype, 'detached');
export const transfer = uncurry(ArrayBuffer.prototype.transfer) as (buffer: unknown) => ArrayBuffer;

type ViewConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView;

export interface ViewKind {
  readonly construct: ViewConstructor;
  readonly elementBytes: number;
}

/** Typed arrays by their names. */
export const kinds: Record<string, ViewKind> = (() => {
  const table = { __proto__: null } as unknown as Record<string, ViewKind>;
  const add = (name: string, construct: unknown, elementBytes: number): void => {
    table[name] = { construct: construct as ViewConstructor, elementBytes };
  };
  add('Int8Array', Int8Array, 1);
  add('Uint8Array', Uint8Array, 1);
  add('Uint8ClampedArray', Uint8ClampedArray, 1);
  add('Int16Array', Int16Array, 2);
  add('Uint16Array', Uint16Array, 2);
  add('Float16Array', Float16Array, 2);
  add('Int32Array', Int32Array, 4);
  add('Uint32Array', Uint32Array, 4);
  add('Float32Array', Float32Array, 4);
  add('Float64Array', Float64Array, 8);
  add('BigInt64Array', BigInt64Array, 8);
  add('BigUint64Array', BigUint64Array, 8);
  return table;
})();
const dataView: ViewKind = { construct: DataView as unknown as ViewConstructor, elementBytes: 1 };

export interface Extent {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
  readonly length: number;
  readonly kind: ViewKind;
}

/** A view's memory, read past whatever stands on its prototypes. A TypeError for what is no view of an ArrayBuffer. */
export function extentOf(view: unknown, where: string): Extent {
  if (!isView(view)) throw new TypeError(`${where}: the argument is not a view of an ArrayBuffer`);
  const name = typedName(view);
  const isTyped = name !== undefined;
  const buffer = isTyped ? typedBuffer(view) : viewBuffer(view);
  const detached = isArrayBufferDetached(buffer, where);
  const kind = isTyped ? kinds[name]! : dataView;
  if (detached) return { buffer: buffer as ArrayBuffer, offset: 0, length: 0, kind };
  return {
    buffer: buffer as ArrayBuffer,
    offset: isTyped ? typedOffset(view) : viewOffset(view),
    length: isTyped ? typedBytes(view) : viewBytes(view),
    kind,
  };
}

function isArrayBufferDetached(buffer: unknown, where: string): boolean {
  try {
    return isDetached(buffer);
  } catch {
    throw new TypeError(`${where}: a view of a SharedArrayBuffer is not allowed`);
  }
}
