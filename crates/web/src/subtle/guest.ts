// SubtleCrypto: the class and its arguments. Keys, their checks and all work on bytes are the host's.
//
// Methods are asynchronous functions: whatever goes wrong rejects, as Web IDL has it for operations that return promises.
// Specification: https://w3c.github.io/webcrypto/#subtlecrypto-interface

import { isUnshared, normalize, normalizeEither } from 'guest:algorithms';
import { keyHandle, newKey, usageBits } from 'guest:cryptokey';
import type { CryptoKey } from 'guest:cryptokey';
import {
  bare,
  domString,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  sequence,
  unsignedLong,
} from 'guest:webidl';
import * as host from 'host:crypto';
import type { Format, Handle } from 'host:crypto';

const { isArray } = Array;
const { parse, stringify } = JSON;
const { setPrototypeOf } = Reflect;
const create = {};

type Source = ArrayBuffer | ArrayBufferView;
export interface CryptoKeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

let checkSubtle: (value: unknown) => void;

class SubtleCrypto {
  #brand = true;

  static {
    checkSubtle = (value) => {
      if (!(isObject(value) && #brand in value)) throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
  }

  async encrypt(algorithm: unknown, key: CryptoKey, data: Source): Promise<ArrayBuffer> {
    begin(this, arguments.length, 3, 'encrypt');
    const handle = keyOf(key, 'encrypt');
    const bytes = source(data, 'encrypt');
    return host.encrypt(normalize('encrypt', identifier(algorithm)), handle, bytes);
  }

  async decrypt(algorithm: unknown, key: CryptoKey, data: Source): Promise<ArrayBuffer> {
    begin(this, arguments.length, 3, 'decrypt');
    const handle = keyOf(key, 'decrypt');
    const bytes = source(data, 'decrypt');
    return host.decrypt(normalize('decrypt', identifier(algorithm)), handle, bytes);
  }

  async sign(algorithm: unknown, key: CryptoKey, data: Source): Promise<ArrayBuffer> {
    begin(this, arguments.length, 3, 'sign');
    const handle = keyOf(key, 'sign');
    const bytes = source(data, 'sign');
    return host.sign(normalize('sign', identifier(algorithm)), handle, bytes);
  }

  async verify(algorithm: unknown, key: CryptoKey, signature: Source, data: Source): Promise<boolean> {
    begin(this, arguments.length, 4, 'verify');
    const handle = keyOf(key, 'verify');
    const signed = source(signature, 'verify');
    const bytes = source(data, 'verify');
    return host.verify(normalize('verify', identifier(algorithm)), handle, signed, bytes);
  }

  async digest(algorithm: unknown, data: Source): Promise<ArrayBuffer> {
    begin(this, arguments.length, 2, 'digest');
    const bytes = source(data, 'digest');
    return host.digest(normalize('digest', identifier(algorithm)), bytes);
  }

  async generateKey(
    algorithm: unknown,
    extractable: boolean,
    keyUsages: Iterable<string>,
  ): Promise<CryptoKey | CryptoKeyPair> {
    begin(this, arguments.length, 3, 'generateKey');
    const usages = usageBits(keyUsages, 'SubtleCrypto.generateKey');
    const made = await host.generateKey(normalize('generateKey', identifier(algorithm)), !!extractable, usages);
    if (!isArray(made)) return newKey(made);
    return { publicKey: newKey(made[0]), privateKey: newKey(made[1]) };
  }

  async deriveKey(
    algorithm: unknown,
    baseKey: CryptoKey,
    derivedKeyType: unknown,
    extractable: boolean,
    keyUsages: Iterable<string>,
  ): Promise<CryptoKey> {
    begin(this, arguments.length, 5, 'deriveKey');
    const handle = keyOf(baseKey, 'deriveKey');
    const usages = usageBits(keyUsages, 'SubtleCrypto.deriveKey');
    const params = normalize('deriveBits', identifier(algorithm));
    const imported = normalize('importKey', identifier(derivedKeyType));
    const length = normalize('keyLength', identifier(derivedKeyType));
    // The one failure of the length's steps that is no DOMException.
    if (length.name === 'HMAC' && length.length === 0) {
      throw new TypeError('SubtleCrypto.deriveKey: the length of an HMAC key must not be 0');
    }
    return newKey(await host.deriveKey(params, handle, imported, length, !!extractable, usages));
  }

  async deriveBits(algorithm: unknown, baseKey: CryptoKey, length: number | null = null): Promise<ArrayBuffer> {
    begin(this, arguments.length, 2, 'deriveBits');
    const handle = keyOf(baseKey, 'deriveBits');
    const bits = length === null || length === undefined ? null : unsignedLong(length);
    return host.deriveBits(normalize('deriveBits', identifier(algorithm)), handle, bits);
  }

  async importKey(
    format: string,
    keyData: unknown,
    algorithm: unknown,
    extractable: boolean,
    keyUsages: Iterable<string>,
  ): Promise<CryptoKey> {
    begin(this, arguments.length, 5, 'importKey');
    const wanted = formatOf(format, 'importKey');
    const given = isUnshared(keyData) ? keyData : jsonWebKey(keyData);
    const usages = usageBits(keyUsages, 'SubtleCrypto.importKey');
    const params = normalize('importKey', identifier(algorithm));
    if ((wanted === 'jwk') !== (typeof given === 'string')) {
      throw new TypeError(`SubtleCrypto.importKey: keyData is not a key in format ${wanted}`);
    }
    return newKey(await host.importKey(wanted, given, params, !!extractable, usages));
  }

  async exportKey(format: string, key: CryptoKey): Promise<unknown> {
    begin(this, arguments.length, 2, 'exportKey');
    const wanted = formatOf(format, 'exportKey');
    const exported = await host.exportKey(wanted, keyOf(key, 'exportKey'));
    return typeof exported === 'string' ? parse(exported) : exported;
  }

  async wrapKey(format: string, key: CryptoKey, wrappingKey: CryptoKey, wrapAlgorithm: unknown): Promise<ArrayBuffer> {
    begin(this, arguments.length, 4, 'wrapKey');
    const wanted = formatOf(format, 'wrapKey');
    const handle = keyOf(key, 'wrapKey');
    const wrapping = keyOf(wrappingKey, 'wrapKey');
    return host.wrapKey(wanted, handle, wrapping, normalizeEither('wrapKey', 'encrypt', identifier(wrapAlgorithm)));
  }

  async unwrapKey(
    format: string,
    wrappedKey: Source,
    unwrappingKey: CryptoKey,
    unwrapAlgorithm: unknown,
    unwrappedKeyAlgorithm: unknown,
    extractable: boolean,
    keyUsages: Iterable<string>,
  ): Promise<CryptoKey> {
    begin(this, arguments.length, 7, 'unwrapKey');
    const wanted = formatOf(format, 'unwrapKey');
    const wrapped = source(wrappedKey, 'unwrapKey');
    const handle = keyOf(unwrappingKey, 'unwrapKey');
    const usages = usageBits(keyUsages, 'SubtleCrypto.unwrapKey');
    const params = normalizeEither('wrapKey', 'decrypt', identifier(unwrapAlgorithm));
    const imported = normalize('importKey', identifier(unwrappedKeyAlgorithm));
    return newKey(await host.unwrapKey(wanted, wrapped, handle, params, imported, !!extractable, usages));
  }
}

makeEnumerable(SubtleCrypto, [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'digest',
  'generateKey',
  'deriveKey',
  'deriveBits',
  'importKey',
  'exportKey',
  'wrapKey',
  'unwrapKey',
]);

// ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function begin(self: unknown, given: number, required: number, method: string): void {
  checkSubtle(self);
  requireArguments(given, required, `SubtleCrypto.${method}`);
}

/** AlgorithmIdentifier: an object, or the text of anything else. */
function identifier(value: unknown): unknown {
  return isObject(value) ? value : domString(value);
}

function keyOf(value: unknown, method: string): Handle {
  return keyHandle(value, `SubtleCrypto.${method}: the key`);
}

function source(value: unknown, method: string): Source {
  if (isUnshared(value)) return value;
  throw new TypeError(`SubtleCrypto.${method}: the data is neither an ArrayBuffer nor a view of one`);
}

function formatOf(value: unknown, method: string): Format {
  const format = domString(value);
  if (format === 'raw' || format === 'pkcs8' || format === 'spki' || format === 'jwk') return format;
  throw new TypeError(`SubtleCrypto.${method}: "${format}" is not a format of keys`);
}

/** Members of JsonWebKey that are texts, in the order in which Web IDL reads all of them. */
const MEMBERS = [
  'alg',
  'crv',
  'd',
  'dp',
  'dq',
  'e',
  'ext',
  'k',
  'key_ops',
  'kty',
  'n',
  'oth',
  'p',
  'q',
  'qi',
  'use',
  'x',
  'y',
] as const;

/** A JsonWebKey as JSON. */
function jsonWebKey(value: unknown): string {
  const key = bare<unknown>();
  if (value !== undefined && value !== null) {
    if (!isObject(value)) throw new TypeError('SubtleCrypto.importKey: keyData is neither a buffer nor an object');
    for (let i = 0; i < MEMBERS.length; i++) {
      const name = MEMBERS[i]!;
      const member = (value as Record<string, unknown>)[name];
      if (member === undefined) continue;
      key[name] = convertMember(name, member);
    }
  }
  return stringify(key);
}

function convertMember(name: string, member: unknown): unknown {
  if (name === 'ext') return !!member;
  if (name === 'key_ops') return list(sequence(member, domString, 'SubtleCrypto.importKey: key_ops'));
  // Keys of several primes are refused by the host, whatever the others are.
  if (name === 'oth') return sequence(member, () => true, 'SubtleCrypto.importKey: oth').length > 0;
  return domString(member);
}

/** An array whose text asks nobody: `toJSON` of `Array.prototype` or `Object.prototype` is a guest's. */
function list(items: unknown[]): unknown[] {
  setPrototypeOf(items, null);
  return items;
}

const subtle = new SubtleCrypto(create);

export { SubtleCrypto, subtle };
