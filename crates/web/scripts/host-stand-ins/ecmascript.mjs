// What Node 20 lacks of the ECMAScript that the engine has.

import { types } from 'node:util';

Error.isError ??= types.isNativeError;
globalThis.Iterator ??= { prototype: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) };
globalThis.Float16Array ??= class Float16Array {};

const { defineProperty } = Object;

if (!('detached' in ArrayBuffer.prototype)) {
  const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get;
  defineProperty(ArrayBuffer.prototype, 'detached', {
    configurable: true,
    get() {
      if (Reflect.apply(byteLength, this, []) > 0) return false;
      try {
        new Uint8Array(this);
        return false;
      } catch {
        return true;
      }
    },
  });
  defineProperty(ArrayBuffer.prototype, 'transfer', {
    configurable: true,
    writable: true,
    value() {
      return structuredClone(this, { transfer: [this] });
    },
  });
}
