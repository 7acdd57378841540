// crypto: random values, and the way to SubtleCrypto.
// Specification: https://w3c.github.io/webcrypto/#crypto-interface

import { isUnshared } from 'guest:algorithms';
import { defineParts } from 'guest:nodecrypto';
import { subtle } from 'guest:subtle';
import type { SubtleCrypto } from 'guest:subtle';
import {
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
} from 'guest:webidl';
import { fillRandom } from 'host:crypto';
import { v4 } from 'host:uuid';

const { isView } = ArrayBuffer;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = uncurry(
  Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get! as () => string | undefined,
);
const byteLengthOf = uncurry(Object.getOwnPropertyDescriptor(typedArray, 'byteLength')!.get! as () => number);
const create = {};

/** Bytes that one call may ask for. */
const QUOTA = 65536;

let checkCrypto: (value: unknown) => void;

class Crypto {
  #brand = true;

  static {
    checkCrypto = (value) => {
      if (!(isObject(value) && #brand in value)) throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
  }

  get subtle(): SubtleCrypto {
    checkCrypto(this);
    return subtle;
  }

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    checkCrypto(this);
    requireArguments(arguments.length, 1, 'Crypto.getRandomValues');
    if (!isView(array) || !isUnshared(array)) {
      throw new TypeError('Crypto.getRandomValues: the argument is not a view of an ArrayBuffer');
    }
    if (!isOfIntegers(tagOf(array))) {
      throw new DOMException('Crypto.getRandomValues: the view is not one of integers', 'TypeMismatchError');
    }
    const length = byteLengthOf(array);
    if (length > QUOTA) {
      throw new DOMException(
        `Crypto.getRandomValues: ${length} bytes are more than the ${QUOTA} of one call`,
        'QuotaExceededError',
      );
    }
    fillRandom(array);
    return array;
  }

  randomUUID(): string {
    checkCrypto(this);
    return v4();
  }
}

makeEnumerable(Crypto, ['subtle', 'getRandomValues', 'randomUUID']);

function isOfIntegers(tag: string | undefined): boolean {
  switch (tag) {
    case 'Int8Array':
    case 'Int16Array':
    case 'Int32Array':
    case 'BigInt64Array':
    case 'Uint8Array':
    case 'Uint8ClampedArray':
    case 'Uint16Array':
    case 'Uint32Array':
    case 'BigUint64Array':
      return true;
    default:
      return false;
  }
}

const crypto = new Crypto(create);
// Bundles that were made for Node call crypto.createHash, whoever they think crypto is. What the standard has stays as it is.
defineParts(crypto, false);

export { Crypto, crypto };
