// nodeCryptoCompat: Node's `crypto`, as `require('crypto')` and bundles that were made for Node want it.
//
// Each name loads the module that has it when it is first read. The global `crypto` has the same names beside those of the standard.

import { descriptor } from 'guest:webidl';
import { load } from 'host:modules';

const { defineProperty } = Reflect;

/** Modules and what they have, in Node's own names. */
const PARTS: readonly (readonly [module: string, ...names: string[]])[] = [
  ['guest:nodecipher', 'Cipheriv', 'Decipheriv', 'createCipheriv', 'createDecipheriv', 'getCipherInfo', 'getCiphers'],
  ['guest:nodehash', 'Hash', 'Hmac', 'createHash', 'createHmac', 'getHashes', 'hash'],
  ['guest:nodekdf', 'hkdf', 'hkdfSync', 'pbkdf2', 'pbkdf2Sync', 'scrypt', 'scryptSync'],
  [
    'guest:nodekey',
    'KeyObject',
    'createPrivateKey',
    'createPublicKey',
    'createSecretKey',
    'generateKey',
    'generateKeyPair',
    'generateKeyPairSync',
    'generateKeySync',
    'getCurves',
  ],
  ['guest:noderandom', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'timingSafeEqual'],
  [
    'guest:nodesign',
    'Sign',
    'Verify',
    'constants',
    'createSign',
    'createVerify',
    'privateDecrypt',
    'publicEncrypt',
    'sign',
    'verify',
  ],
];

/** Defines all of it that `target` does not have yet. */
export function defineParts(target: object, enumerable: boolean): void {
  for (let i = 0; i < PARTS.length; i++) {
    const [module, ...names] = PARTS[i]!;
    for (let j = 0; j < names.length; j++) {
      if (!(names[j]! in target)) define(target, names[j]!, enumerable, () => part(module, names[j]!));
    }
  }
}

function part(module: string, name: string): unknown {
  return load<Record<string, unknown>>(module)[name];
}

/** A property whose value is made when it is first read; from then on, and when it is assigned to, a plain one. */
function define(target: object, name: string, enumerable: boolean, make: () => unknown): void {
  const settle = (self: unknown, value: unknown): void => {
    const plain = descriptor({ value, writable: true, enumerable, configurable: true });
    defineProperty(self === undefined || self === null ? target : (self as object), name, plain);
  };
  const property = descriptor({
    get() {
      const value = make();
      settle(target, value);
      return value;
    },
    set(value: unknown) {
      settle(this, value);
    },
    enumerable,
    configurable: true,
  });
  defineProperty(target, name, property);
}

/** The standard's `crypto`, under Node's names for it. */
function defineWebCrypto(target: object): void {
  const web = (): Crypto => load<{ crypto: Crypto }>('guest:crypto').crypto;
  define(target, 'webcrypto', true, web);
  define(target, 'subtle', true, () => web().subtle);
  define(target, 'getRandomValues', true, () => (array: unknown) => web().getRandomValues(array));
}

interface Crypto {
  readonly subtle: object;
  getRandomValues(array: unknown): unknown;
}

const nodeCryptoCompat: { [name: string]: any } = compat();

function compat(): { [name: string]: unknown } {
  const target = {};
  defineParts(target, true);
  defineWebCrypto(target);
  return target;
}

export { nodeCryptoCompat };
