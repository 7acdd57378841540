// KeyObject of Node, and how its functions take keys: objects, PEM, DER and JSON Web Keys.

import { fromText, toBuffer } from 'guest:nodebytes';
import { later } from 'guest:nodecallback';
import { checkFunction, checkInteger, checkString, failure, invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { react, resolved } from 'guest:promises';
import { isBufferSource, isObject, tag, uncurry, withCode } from 'guest:webidl';

import * as host from 'host:nodekey';
import type { Handle, Source, Unread } from 'host:nodekey';
import { load } from 'host:modules';
import { bytes as randomBytes } from 'host:noderandom';

const toBigInt = BigInt;
const Bytes = Uint8Array;
const ErrorIntrinsic = Error;
const TypeErrorIntrinsic = TypeError;
const { includes } = Array.prototype;
const has = uncurry(includes) as (list: readonly unknown[], item: unknown) => boolean;

type Type = 'secret' | 'public' | 'private';
type Jwk = Record<string, unknown>;

interface ExportOptions {
  type?: string;
  format?: string;
  cipher?: string;
  passphrase?: unknown;
}

const create = {};
let handleOf: (key: unknown) => Handle | undefined;

class KeyObject {
  readonly #handle: Handle;

  static {
    handleOf = (key) => (isObject(key) && #handle in key ? key.#handle : undefined);
  }

  constructor(token: unknown, handle?: Handle) {
    if (token !== create) throw invalidArgType('handle', 'of type object', handle);
    this.#handle = handle!;
  }

  /** The key of a CryptoKey, which has to be extractable. */
  static from(key: unknown): KeyObject {
    return load<typeof import('guest:nodejwk')>('guest:nodejwk').fromCryptoKey(key);
  }

  get type(): Type {
    return host.describe(this.#handle)[0];
  }

  get asymmetricKeyType(): string | undefined {
    return host.describe(this.#handle)[1];
  }

  get asymmetricKeyDetails(): Record<string, unknown> | undefined {
    const [type, family, bits, exponent, curve] = host.describe(this.#handle);
    if (type === 'secret') return undefined;
    if (exponent !== undefined) return { modulusLength: bits, publicExponent: number(exponent) };
    return family === 'ec' ? { namedCurve: curve } : {};
  }

  get symmetricKeySize(): number | undefined {
    const [type, , bits] = host.describe(this.#handle);
    return type === 'secret' ? bits / 8 : undefined;
  }

  equals(otherKeyObject: KeyObject): boolean {
    const other = handleOf(otherKeyObject);
    if (other === undefined) throw invalidArgType('otherKeyObject', 'an instance of KeyObject', otherKeyObject);
    return host.isEqual(this.#handle, other);
  }

  export(options?: ExportOptions): string | Uint8Array | Jwk {
    return write(this.#handle, options);
  }
}

tag(KeyObject.prototype, 'KeyObject');

function number(bytes: ArrayBuffer): bigint {
  const view = new Bytes(bytes);
  let sum = toBigInt(0);
  for (let i = 0; i < view.length; i++) sum = sum * toBigInt(256) + toBigInt(view[i]!);
  return sum;
}

export function newKey(handle: Handle): KeyObject {
  return new KeyObject(create, handle);
}

/** The handle of a KeyObject or of a CryptoKey. */
function keyed(value: unknown): Handle | undefined {
  if (!isObject(value) || isBufferSource(value)) return undefined;
  const own = handleOf(value);
  // What stands beside a key has it as a member.
  if (own !== undefined || 'key' in value) return own;
  return load<typeof import('guest:nodejwk')>('guest:nodejwk').ofCryptoKey(value);
}

/** The bytes of a secret KeyObject or CryptoKey; undefined for what is none. */
export function secretOf(key: unknown): ArrayBuffer | undefined {
  const handle = keyed(key);
  if (handle === undefined) return undefined;
  const bytes = host.secretOf(handle);
  if (bytes === undefined) throw wrongType(host.describe(handle)[0], 'secret');
  return bytes;
}

function wrongType(type: string, expected: string): TypeError {
  const message = `Invalid key object type ${type}, expected ${expected}.`;
  return withCode(new TypeErrorIntrinsic(message), 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE');
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function write(handle: Handle, options: unknown): string | Uint8Array | Jwk {
  const [type] = host.describe(handle);
  if (type === 'secret') {
    const format = isObject(options) ? (options as ExportOptions).format : undefined;
    if (format !== undefined && format !== 'buffer' && format !== 'jwk')
      throw invalidArgValue('options.format', format);
    if (format === 'jwk') return load<typeof import('guest:nodejwk')>('guest:nodejwk').toJwk(handle);
    return toBuffer(host.secretOf(handle)!);
  }
  if (!isObject(options)) throw invalidArgType('options', 'of type object', options);
  const { format, type: encoding, cipher } = options as ExportOptions;
  if (format === 'jwk') return load<typeof import('guest:nodejwk')>('guest:nodejwk').toJwk(handle);
  if (format !== 'pem' && format !== 'der') throw invalidArgValue('options.format', format);
  const encodings = type === 'private' ? (['pkcs1', 'pkcs8', 'sec1'] as const) : (['pkcs1', 'spki'] as const);
  if (!has(encodings, encoding)) throw invalidArgValue('options.type', encoding);
  if (cipher !== undefined && cipher !== null) {
    throw failure('ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Keys are not exported encrypted here');
  }
  const written = host.write(handle, encoding as 'pkcs8', format === 'pem');
  if (written === undefined) {
    const kind = encoding === 'sec1' ? 'EC' : 'RSA';
    const message = `The selected key encoding ${encoding} can only be used for ${kind} keys.`;
    throw failure('ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', message);
  }
  return typeof written === 'string' ? written : toBuffer(written);
}

// ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface KeyInput {
  key?: unknown;
  format?: string;
  type?: string;
  passphrase?: unknown;
  encoding?: string;
}

const KINDS = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView';
const KINDS_AND_KEYS =
  'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey';

function unread(why: Unread): Error {
  switch (why) {
    case 'passphrase':
      return withCode(new TypeErrorIntrinsic('Passphrase required for encrypted key'), 'ERR_MISSING_PASSPHRASE');
    case 'wrong':
      return failure('ERR_OSSL_BAD_DECRYPT', 'error:1C800064:Provider routines::bad decrypt');
    case 'too much':
      return failure('ERR_LIMIT', 'the key asks for more rounds than reading one may take');
    default:
      return failure('ERR_OSSL_UNSUPPORTED', 'error:1E08010C:DECODER routines::unsupported');
  }
}

function text(value: unknown, encoding: unknown, name: string, expected: string): Source {
  if (typeof value === 'string') return fromText(value, encoding);
  if (isBufferSource(value)) return value;
  throw invalidArgType(name, expected, value);
}

/** The handle of a key that a function is given. `allowsObjects` where a KeyObject will do. */
function read(input: unknown, wanted: 'public' | 'private', allowsObjects: boolean): Handle {
  const expected = allowsObjects ? KINDS_AND_KEYS : KINDS;
  const own = keyed(input);
  if (own !== undefined) return ofObject(own, wanted, allowsObjects, input);
  if (typeof input === 'string' || isBufferSource(input)) {
    return parse(text(input, 'utf8', 'key', expected), 'pem', undefined, undefined, wanted);
  }
  if (!isObject(input)) throw invalidArgType('key', expected, input);
  const { key, format = 'pem', type, passphrase, encoding } = input as KeyInput;
  const inner = format === 'jwk' ? undefined : keyed(key);
  if (inner !== undefined) return ofObject(inner, wanted, allowsObjects, key);
  if (format === 'jwk') {
    if (!isObject(key)) throw invalidArgType('key.key', 'of type object', key);
    return load<typeof import('guest:nodejwk')>('guest:nodejwk').fromJwk(key as Jwk, wanted);
  }
  const data = text(key, encoding, 'key.key', expected);
  if (format !== 'pem' && format !== 'der') throw invalidArgValue('options.format', format);
  const closed = passphrase === undefined || passphrase === null ? undefined : secretText(passphrase, encoding);
  return parse(data, format, type, closed, wanted);
}

function secretText(value: unknown, encoding: unknown): Source {
  return text(value, encoding, 'options.passphrase', KINDS);
}

function ofObject(handle: Handle, wanted: 'public' | 'private', allowsObjects: boolean, given: unknown): Handle {
  const [type] = host.describe(handle);
  if (wanted === 'private') {
    if (!allowsObjects) throw invalidArgType('key', KINDS, given);
    if (type !== 'private') throw wrongType(type, 'private');
    return handle;
  }
  if (type === 'private') return host.publicHalf(handle);
  if (type === 'secret') throw wrongType(type, 'private or public');
  if (!allowsObjects) throw wrongType(type, 'private');
  return handle;
}

function parse(
  data: Source,
  format: 'pem' | 'der',
  type: unknown,
  passphrase: Source | undefined,
  wanted: 'public' | 'private',
): Handle {
  if (format === 'der') {
    const types = wanted === 'private' ? ['pkcs1', 'pkcs8', 'sec1'] : ['pkcs1', 'spki', 'pkcs8', 'sec1'];
    if (!has(types, type)) throw invalidArgValue('options.type', type);
  }
  let why: Unread = 'unsupported';
  if (wanted === 'public') {
    const isPublic = format === 'pem' || type === 'pkcs1' || type === 'spki';
    if (isPublic) {
      const found = host.readPublic(format === 'pem' ? 'pem' : (type as 'spki'), data);
      if (typeof found !== 'string') return found;
      why = found;
    }
    if (type === 'spki') throw unread(why);
  }
  const found = host.readPrivate(format === 'pem' ? 'pem' : (type as 'pkcs8'), data, passphrase);
  if (typeof found === 'string') throw unread(found);
  return wanted === 'public' ? host.publicHalf(found) : found;
}

/** For signing and decrypting: anything that is a private key. */
export function privateKey(input: unknown): Handle {
  return read(input, 'private', true);
}

/** For verifying and encrypting: anything that has a public half. */
export function publicKey(input: unknown): Handle {
  return read(input, 'public', true);
}

function createPrivateKey(key: unknown): KeyObject {
  return newKey(read(key, 'private', false));
}

function createPublicKey(key: unknown): KeyObject {
  return newKey(read(key, 'public', false));
}

function createSecretKey(key: unknown, encoding?: string): KeyObject {
  const expected = 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView';
  return newKey(host.newSecret(text(key, encoding, 'key', expected)));
}

// ── new keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface PairOptions {
  modulusLength?: number;
  publicExponent?: number;
  namedCurve?: string;
  publicKeyEncoding?: ExportOptions;
  privateKeyEncoding?: ExportOptions;
}

type Written = KeyObject | string | Uint8Array | Jwk;
interface Pair {
  publicKey: Written;
  privateKey: Written;
}

/** Bits of RSA keys: beyond them nobody wants to wait. */
const LEAST_BITS = 512;
const MOST_BITS = 8192;

function startPair(type: unknown, options: unknown, isLater: boolean): Handle | Promise<Handle> {
  checkString(type, 'type');
  const given = (isObject(options) ? options : { __proto__: null }) as PairOptions;
  switch (type) {
    case 'ed25519':
    case 'x25519':
      return host.generate(type)!;
    case 'ec': {
      const { namedCurve } = given;
      checkString(namedCurve, 'options.namedCurve');
      const made = namedCurve === 'ed25519' || namedCurve === 'x25519' ? undefined : host.generate(namedCurve);
      if (made !== undefined) return made;
      throw withCode(new TypeErrorIntrinsic('Invalid EC curve name'), 'ERR_CRYPTO_INVALID_CURVE');
    }
    case 'rsa': {
      const { modulusLength, publicExponent = 65537 } = given;
      checkInteger(modulusLength, 'options.modulusLength', 0, 4294967295);
      checkInteger(publicExponent, 'options.publicExponent', 0, 4294967295);
      if (modulusLength < LEAST_BITS) throw new ErrorIntrinsic('error:1C8000AB:Provider routines::key size too small');
      if (modulusLength > MOST_BITS) throw failure('ERR_LIMIT', `RSA keys have at most ${MOST_BITS} bits here`);
      const made = host.generateRsa(modulusLength, publicExponent, isLater);
      return isLater ? react(made as Promise<Handle | undefined>, wasMade) : wasMade(made as Handle | undefined);
    }
    default:
      throw invalidArgValue('type', type, 'must be a supported key type');
  }
}

function wasMade(handle: Handle | undefined): Handle {
  if (handle === undefined) throw failure('ERR_CRYPTO_OPERATION_FAILED', 'Operation failed');
  return handle;
}

function written(handle: Handle, encoding: unknown): Written {
  return encoding === undefined ? newKey(handle) : write(handle, encoding);
}

function pair(handle: Handle, options: unknown): Pair {
  const { publicKeyEncoding, privateKeyEncoding } = (isObject(options) ? options : {}) as PairOptions;
  const publicKey = written(host.publicHalf(handle), publicKeyEncoding);
  return { publicKey, privateKey: written(handle, privateKeyEncoding) };
}

type PairCallback = (error: unknown, publicKey: Written, privateKey: Written) => void;

function generateKeyPair(type: string, options: PairOptions | PairCallback, callback?: PairCallback): void {
  const [given, done] = typeof options === 'function' ? [undefined, options] : [options, callback];
  checkFunction(done, 'callback');
  const made = react(resolved(startPair(type, given, true)), (handle) => pair(handle, given));
  later(made, done, ({ publicKey, privateKey }) => [publicKey, privateKey]);
}

function generateKeyPairSync(type: string, options?: PairOptions): Pair {
  return pair(startPair(type, options, false) as Handle, options);
}

function makeKey(type: unknown, options: unknown): KeyObject {
  checkString(type, 'type');
  const length = isObject(options) ? (options as { length?: unknown }).length : undefined;
  if (type === 'aes') {
    if (length !== 128 && length !== 192 && length !== 256) {
      throw invalidArgValue('options.length', length, 'must be one of: 128, 192, 256');
    }
  } else if (type === 'hmac') {
    checkInteger(length, 'options.length', 8, 2147483647);
  } else {
    throw invalidArgValue('type', type, 'must be a supported key type');
  }
  return newKey(host.newSecret(randomBytes((length - (length % 8)) / 8)));
}

function generateKeySync(type: 'hmac' | 'aes', options: { length: number }): KeyObject {
  return makeKey(type, options);
}

function generateKey(
  type: 'hmac' | 'aes',
  options: { length: number },
  callback: (error: unknown, key: KeyObject) => void,
): void {
  checkFunction(callback, 'callback');
  later(resolved(makeKey(type, options)), callback);
}

/** The names of the curves that `generateKeyPair` knows. */
function getCurves(): string[] {
  return ['prime256v1', 'secp224r1', 'secp256k1', 'secp384r1', 'secp521r1'];
}

export {
  KeyObject,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  getCurves,
};
