// CryptoKey: a key as guests see it. What it is made of stays with the host, behind an opaque handle.
// Specification: https://w3c.github.io/webcrypto/#cryptokey-interface

import {
  bare,
  descriptor,
  domString,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  sequence,
} from 'guest:webidl';
import { describe } from 'host:crypto';
import type { Handle } from 'host:crypto';

const { defineProperty } = Reflect;
const Uint8ArrayIntrinsic = Uint8Array;
const create = {};

export type KeyUsage = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveKey' | 'deriveBits' | 'wrapKey' | 'unwrapKey';

/** In the order of the standard's enumeration; the host has one bit for each. */
const USAGES: readonly KeyUsage[] = [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'deriveKey',
  'deriveBits',
  'wrapKey',
  'unwrapKey',
];

interface State {
  readonly handle: Handle;
  readonly type: 'secret' | 'public' | 'private';
  readonly extractable: boolean;
  readonly algorithm: object;
  readonly usages: KeyUsage[];
}

let stateOf: (value: unknown) => State | undefined;

class CryptoKey {
  #state: State;

  static {
    stateOf = (value) => (isObject(value) && #state in value ? value.#state : undefined);
  }

  constructor(token: unknown = undefined, handle: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    this.#state = read(handle as Handle);
  }

  get type(): string {
    return checked(this).type;
  }
  get extractable(): boolean {
    return checked(this).extractable;
  }
  get algorithm(): object {
    return checked(this).algorithm;
  }
  get usages(): KeyUsage[] {
    return checked(this).usages;
  }
}

makeEnumerable(CryptoKey, ['type', 'extractable', 'algorithm', 'usages']);

function checked(value: unknown): State {
  const state = stateOf(value);
  if (state === undefined) throw illegalInvocation();
  return state;
}

function read(handle: Handle): State {
  const parts = describe(handle);
  return {
    handle,
    type: parts[0],
    extractable: parts[2],
    algorithm: algorithmOf(parts),
    usages: usageNames(parts[3]),
  };
}

function algorithmOf(parts: ReturnType<typeof describe>): object {
  const name = parts[1];
  const hash = parts[4] === undefined ? undefined : { name: parts[4] };
  switch (name) {
    case 'HMAC':
      return { name, length: parts[5], hash };
    case 'AES-CBC':
    case 'AES-CTR':
    case 'AES-GCM':
    case 'AES-KW':
      return { name, length: parts[5] };
    case 'RSA-OAEP':
    case 'RSA-PSS':
    case 'RSASSA-PKCS1-v1_5':
      return { name, modulusLength: parts[5], publicExponent: new Uint8ArrayIntrinsic(parts[7]!), hash };
    case 'ECDSA':
    case 'ECDH':
      return { name, namedCurve: parts[6] };
    default:
      return { name };
  }
}

function usageNames(bits: number): KeyUsage[] {
  const names: KeyUsage[] = [];
  for (let i = 0; i < USAGES.length; i++) {
    if ((bits & (1 << i)) === 0) continue;
    const value = USAGES[i];
    defineProperty(names, names.length, descriptor({ value, writable: true, enumerable: true, configurable: true }));
  }
  return names;
}

const bitsByName = bare<number>();
for (let i = 0; i < USAGES.length; i++) bitsByName[USAGES[i]!] = 1 << i;

/** `sequence<KeyUsage>` as a set of bits. */
export function usageBits(value: unknown, where: string): number {
  let bits = 0;
  sequence(
    value,
    (item) => {
      const name = domString(item);
      const bit = bitsByName[name];
      if (bit === undefined) throw new TypeError(`${where}: "${name}" is not a usage of keys`);
      bits |= bit;
    },
    where,
  );
  return bits;
}

/** The host's handle of a CryptoKey. */
export function keyHandle(value: unknown, where: string): Handle {
  const state = stateOf(value);
  if (state === undefined) throw new TypeError(`${where} is not a CryptoKey`);
  return state.handle;
}

export function newKey(handle: Handle): CryptoKey {
  return new CryptoKey(create, handle);
}

export { CryptoKey };
