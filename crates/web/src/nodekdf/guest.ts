// pbkdf2, scrypt and hkdf of Node.

import { fromText, keyBytes, secret, toBuffer } from 'guest:nodebytes';
import { later } from 'guest:nodecallback';
import { checkFunction, checkInteger, checkString, failure, invalidArgType, outOfRange } from 'guest:nodeerrors';
import { rejected, resolved } from 'guest:promises';
import { isBufferSource, isObject, withCode } from 'guest:webidl';
import { byteLength } from 'host:nodebytes';
import * as host from 'host:nodekdf';
import type { Source } from 'host:nodekdf';

const ErrorIntrinsic = Error;
const RangeErrorIntrinsic = RangeError;
const TypeErrorIntrinsic = TypeError;

const MOST = 2147483647;

type Callback<T> = (error: unknown, value: T) => void;

function invalidDigest(digest: string): TypeError {
  return withCode(new TypeErrorIntrinsic(`Invalid digest: ${digest}`), 'ERR_CRYPTO_INVALID_DIGEST');
}

/** Of a digest that is known, but not one that HMAC works over. */
function notDerived(): Error {
  return new ErrorIntrinsic('Deriving bits failed');
}

// ── pbkdf2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function startPbkdf2(
  password: unknown,
  salt: unknown,
  iterations: unknown,
  keylen: unknown,
  digest: unknown,
  isLater: boolean,
): ArrayBuffer | Promise<ArrayBuffer> {
  checkString(digest, 'digest');
  const secrets = [secret(password, 'password'), secret(salt, 'salt')] as const;
  checkInteger(iterations, 'iterations', 1, MOST);
  checkInteger(keylen, 'keylen', 0, MOST);
  if (host.digestLength(digest) === undefined) throw invalidDigest(digest);
  if (!host.isKeyed(digest)) {
    if (isLater) return rejected(notDerived());
    throw notDerived();
  }
  return host.pbkdf2(secrets[0], secrets[1], iterations, keylen, digest, isLater);
}

function pbkdf2(
  password: string | Source,
  salt: string | Source,
  iterations: number,
  keylen: number,
  digest: string,
  callback: Callback<Uint8Array>,
): void {
  // Without a digest, the callback stands in its place.
  if (typeof digest !== 'function') checkFunction(callback, 'callback');
  const derived = startPbkdf2(password, salt, iterations, keylen, digest, true) as Promise<ArrayBuffer>;
  later(derived, callback, (bytes) => [toBuffer(bytes)]);
}

function pbkdf2Sync(
  password: string | Source,
  salt: string | Source,
  iterations: number,
  keylen: number,
  digest: string,
): Uint8Array {
  return toBuffer(startPbkdf2(password, salt, iterations, keylen, digest, false) as ArrayBuffer);
}

// ── scrypt ────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface ScryptOptions {
  N?: number;
  r?: number;
  p?: number;
  cost?: number;
  blockSize?: number;
  parallelization?: number;
  maxmem?: number;
}

function cost(options: Record<string, unknown>, short: string, long: string, usual: number): number {
  let value = options[short];
  if (value !== undefined) checkInteger(value, short, 0, 4294967295);
  if (options[long] !== undefined) {
    if (value !== undefined) throw failure('ERR_CRYPTO_SCRYPT_INVALID_PARAMETER', 'Invalid scrypt parameter');
    value = options[long];
    checkInteger(value, long, 0, 4294967295);
  }
  // Zero means the usual one, as in Node.
  return (value as number | undefined) || usual;
}

function startScrypt(
  password: unknown,
  salt: unknown,
  keylen: unknown,
  options: unknown,
  isLater: boolean,
): ArrayBuffer | Promise<ArrayBuffer> {
  const secrets = [secret(password, 'password'), secret(salt, 'salt')] as const;
  checkInteger(keylen, 'keylen', 0, MOST);
  const given = (isObject(options) ? options : { __proto__: null }) as Record<string, unknown>;
  const n = cost(given, 'N', 'cost', 16384);
  const r = cost(given, 'r', 'blockSize', 8);
  const p = cost(given, 'p', 'parallelization', 1);
  let maxmem = given['maxmem'];
  if (maxmem !== undefined) checkInteger(maxmem, 'maxmem', 0);
  maxmem ||= 32 * 1024 * 1024;
  const wrong = host.checkCosts(n, r, p, maxmem as number);
  if (wrong !== undefined) {
    const why = wrong === 'memory' ? ': error:030000AC:digital envelope routines::memory limit exceeded' : '';
    throw withCode(new RangeErrorIntrinsic(`Invalid scrypt params${why}`), 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS');
  }
  return host.scrypt(secrets[0], secrets[1], keylen, n, r, p, maxmem as number, isLater);
}

function scrypt(
  password: string | Source,
  salt: string | Source,
  keylen: number,
  options: ScryptOptions | Callback<Uint8Array>,
  callback?: Callback<Uint8Array>,
): void {
  const [given, done] = typeof options === 'function' ? [undefined, options] : [options, callback];
  checkFunction(done, 'callback');
  const derived = startScrypt(password, salt, keylen, given, true) as Promise<ArrayBuffer>;
  later(derived, done, (bytes) => [toBuffer(bytes)]);
}

function scryptSync(
  password: string | Source,
  salt: string | Source,
  keylen: number,
  options: ScryptOptions = {},
): Uint8Array {
  return toBuffer(startScrypt(password, salt, keylen, options, false) as ArrayBuffer);
}

// ── hkdf ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function part(value: unknown, name: string): Source {
  if (typeof value === 'string') return fromText(value, 'utf8');
  if (isBufferSource(value)) return value;
  throw invalidArgType(name, 'of type string or an instance of ArrayBuffer, TypedArray, DataView, or Buffer', value);
}

function runHkdf(digest: unknown, ikm: unknown, salt: unknown, info: unknown, keylen: unknown): ArrayBuffer {
  checkString(digest, 'digest');
  const key = keyBytes(
    ikm,
    'ikm',
    'of type string or an instance of SecretKeyObject, ArrayBuffer, TypedArray, DataView, or Buffer',
  );
  const [salted, informed] = [part(salt, 'salt'), part(info, 'info')];
  checkInteger(keylen, 'length', 0, 4294967296);
  const length = byteLength(informed);
  if (length > 1024) throw outOfRange('info', 'must not contain more than 1024 bytes', length);
  const digestLength = host.digestLength(digest);
  if (digestLength === undefined) throw invalidDigest(digest);
  if (keylen > 255 * digestLength) {
    throw withCode(new RangeErrorIntrinsic('Invalid key length'), 'ERR_CRYPTO_INVALID_KEYLEN');
  }
  if (!host.isKeyed(digest)) throw notDerived();
  return host.hkdf(digest, key, salted, informed, keylen);
}

function hkdf(
  digest: string,
  ikm: unknown,
  salt: string | Source,
  info: string | Source,
  keylen: number,
  callback: Callback<ArrayBuffer>,
): void {
  checkFunction(callback, 'callback');
  later(resolved(runHkdf(digest, ikm, salt, info, keylen)), callback);
}

function hkdfSync(
  digest: string,
  ikm: unknown,
  salt: string | Source,
  info: string | Source,
  keylen: number,
): ArrayBuffer {
  return runHkdf(digest, ikm, salt, info, keylen);
}

export { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync };
