// Algorithms of Web Cryptography, normalised: which there are for which operation, and what their dictionaries hold.
//
// In: what a guest gave as an AlgorithmIdentifier. Out: a record that inherits nothing, with a registered name, converted members and
// copies of the buffers; or the exception of the standard.
// Specification: https://w3c.github.io/webcrypto/#algorithm-normalization

import { keyHandle } from 'guest:cryptokey';
import { bare, domString, isArrayBuffer, isObject, uncurry } from 'guest:webidl';
import { copy } from 'host:crypto';
import type { Params } from 'host:crypto';

const { trunc } = Math;
const toUpperCase = uncurry(String.prototype.toUpperCase);
const tagOf = uncurry(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get! as () =>
    string | undefined,
);

const { isView } = ArrayBuffer;
const typedArrayBuffer = uncurry(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer')!.get! as () => unknown,
);
const dataViewBuffer = uncurry(Object.getOwnPropertyDescriptor(DataView.prototype, 'buffer')!.get! as () => unknown);

/** BufferSource: an ArrayBuffer or a view of one; memory that others may write to is refused. */
export function isUnshared(value: unknown): value is ArrayBuffer | ArrayBufferView {
  if (!isView(value)) return isObject(value) && isArrayBuffer(value);
  return isArrayBuffer(tagOf(value) === undefined ? dataViewBuffer(value) : typedArrayBuffer(value));
}

/** A member of a dictionary: its name, how it is converted, and whether it has to be there. */
type Member = readonly [name: string, convert: (value: unknown, name: string) => unknown, isRequired: boolean];
/** In the order in which Web IDL reads them: those that are inherited first, each dictionary's by name. */
type Dictionary = readonly Member[];
/** Registered algorithms of one operation, by their names in upper case. */
type Registry = { readonly [name: string]: readonly [name: string, dictionary: Dictionary] };

// ── conversions ───────────────────────────────────────────────────────────────────────────────────────────────────────

function enforced(value: unknown, name: string, most: number): number {
  const number = +(value as number);
  const whole = trunc(number) + 0;
  if (!(whole >= 0 && whole <= most)) throw new TypeError(`${name}: ${number} is not a whole number from 0 to ${most}`);
  return whole;
}

const octet = (value: unknown, name: string): number => enforced(value, name, 255);
const unsignedShort = (value: unknown, name: string): number => enforced(value, name, 65535);
const unsignedLong = (value: unknown, name: string): number => enforced(value, name, 4294967295);

function bytes(value: unknown, name: string): unknown {
  if (!isUnshared(value)) throw new TypeError(`${name} is neither an ArrayBuffer nor a view of one`);
  return value;
}

function bigInteger(value: unknown, name: string): unknown {
  if (tagOf(value) !== 'Uint8Array' || !isUnshared(value)) throw new TypeError(`${name} is not a Uint8Array`);
  return value;
}

/** HashAlgorithmIdentifier: converted here, normalised when all members are read. */
function hashIdentifier(value: unknown): unknown {
  return isObject(value) ? value : domString(value);
}

const cryptoKey = (value: unknown, name: string): unknown => keyHandle(value, name);
const text = (value: unknown): string => domString(value);

// ── dictionaries ──────────────────────────────────────────────────────────────────────────────────────────────────────

const none: Dictionary = [];
const rsaKey: Dictionary = [
  ['modulusLength', unsignedLong, true],
  ['publicExponent', bigInteger, true],
  ['hash', hashIdentifier, true],
];
const rsaOaep: Dictionary = [['label', bytes, false]];
const rsaPss: Dictionary = [['saltLength', unsignedLong, true]];
const hashed: Dictionary = [['hash', hashIdentifier, true]];
const curve: Dictionary = [['namedCurve', text, true]];
const agreement: Dictionary = [['public', cryptoKey, true]];
const aesKey: Dictionary = [['length', unsignedShort, true]];
const aesCbc: Dictionary = [['iv', bytes, true]];
const aesCtr: Dictionary = [
  ['counter', bytes, true],
  ['length', octet, true],
];
const aesGcm: Dictionary = [
  ['additionalData', bytes, false],
  ['iv', bytes, true],
  ['tagLength', octet, false],
];
const hmacKey: Dictionary = [
  ['hash', hashIdentifier, true],
  ['length', unsignedLong, false],
];
const hkdf: Dictionary = [
  ['hash', hashIdentifier, true],
  ['info', bytes, true],
  ['salt', bytes, true],
];
const pbkdf2: Dictionary = [
  ['hash', hashIdentifier, true],
  ['iterations', unsignedLong, true],
  ['salt', bytes, true],
];

// ── registered algorithms ─────────────────────────────────────────────────────────────────────────────────────────────

function registry(entries: readonly (readonly [name: string, dictionary: Dictionary])[]): Registry {
  const byName = bare<readonly [string, Dictionary]>();
  for (let i = 0; i < entries.length; i++) byName[toUpperCase(entries[i]![0])] = entries[i]!;
  return byName;
}

const ciphers = registry([
  ['AES-CBC', aesCbc],
  ['AES-CTR', aesCtr],
  ['AES-GCM', aesGcm],
  ['RSA-OAEP', rsaOaep],
]);

const signatures = registry([
  ['ECDSA', hashed],
  ['Ed25519', none],
  ['HMAC', none],
  ['RSA-PSS', rsaPss],
  ['RSASSA-PKCS1-v1_5', none],
]);

const registries = {
  __proto__: null,
  digest: registry([
    ['SHA-1', none],
    ['SHA-256', none],
    ['SHA-384', none],
    ['SHA-512', none],
  ]),
  encrypt: ciphers,
  decrypt: ciphers,
  sign: signatures,
  verify: signatures,
  deriveBits: registry([
    ['ECDH', agreement],
    ['HKDF', hkdf],
    ['PBKDF2', pbkdf2],
    ['X25519', agreement],
  ]),
  generateKey: registry([
    ['AES-CBC', aesKey],
    ['AES-CTR', aesKey],
    ['AES-GCM', aesKey],
    ['AES-KW', aesKey],
    ['ECDH', curve],
    ['ECDSA', curve],
    ['Ed25519', none],
    ['HMAC', hmacKey],
    ['RSA-OAEP', rsaKey],
    ['RSA-PSS', rsaKey],
    ['RSASSA-PKCS1-v1_5', rsaKey],
    ['X25519', none],
  ]),
  importKey: registry([
    ['AES-CBC', none],
    ['AES-CTR', none],
    ['AES-GCM', none],
    ['AES-KW', none],
    ['ECDH', curve],
    ['ECDSA', curve],
    ['Ed25519', none],
    ['HKDF', none],
    ['HMAC', hmacKey],
    ['PBKDF2', none],
    ['RSA-OAEP', hashed],
    ['RSA-PSS', hashed],
    ['RSASSA-PKCS1-v1_5', hashed],
    ['X25519', none],
  ]),
  keyLength: registry([
    ['AES-CBC', aesKey],
    ['AES-CTR', aesKey],
    ['AES-GCM', aesKey],
    ['AES-KW', aesKey],
    ['HKDF', none],
    ['HMAC', hmacKey],
    ['PBKDF2', none],
  ]),
  wrapKey: registry([['AES-KW', none]]),
};

export type Operation = Exclude<keyof typeof registries, '__proto__'>;

// ── normalization ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function isRegistered(operation: Operation, name: string): boolean {
  return registries[operation][toUpperCase(name)] !== undefined;
}

/** An AlgorithmIdentifier's name, by which an operation chooses between registries: read as Web IDL reads it. */
function nameOf(algorithm: unknown): string {
  if (!isObject(algorithm)) return domString(algorithm);
  const name = (algorithm as { name?: unknown }).name;
  if (name === undefined) throw new TypeError('the algorithm has no name');
  return domString(name);
}

export function normalize(operation: Operation, algorithm: unknown): Params {
  const name = nameOf(algorithm);
  const registered = registries[operation][toUpperCase(name)];
  if (registered === undefined) {
    throw new DOMException(`${operation}: "${name}" is not known here`, 'NotSupportedError');
  }
  const members = registered[1];
  const params = bare<unknown>() as Params;
  params.name = registered[0];
  // Algorithm's own member is read anew with the dictionary that was chosen by it.
  const given = isObject(algorithm) ? (nameOf(algorithm), algorithm as Record<string, unknown>) : bare<unknown>();
  for (let i = 0; i < members.length; i++) {
    const member = members[i]!;
    const key = member[0];
    const value = given[key];
    if (value !== undefined) params[key] = member[1](value, `${registered[0]}: ${key}`);
    else if (member[2]) throw new TypeError(`${registered[0]}: ${key} is required`);
  }
  for (let i = 0; i < members.length; i++) {
    const key = members[i]![0];
    const convert = members[i]![1];
    if (params[key] === undefined) continue;
    if (convert === bytes || convert === bigInteger) params[key] = copy(params[key] as ArrayBuffer);
    if (convert === hashIdentifier) params[key] = normalize('digest', params[key]).name;
  }
  return params;
}

/** The first operation of the two that knows the algorithm; the failure is the second's. `wrapKey` and `unwrapKey` do so. */
export function normalizeEither(first: Operation, second: Operation, algorithm: unknown): Params {
  try {
    return normalize(first, algorithm);
  } catch {
    return normalize(second, algorithm);
  }
}
