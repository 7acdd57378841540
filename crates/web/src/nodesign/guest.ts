// Sign, Verify and RSA encryption of Node.

import { becomeStreams } from 'guest:lazystream';
import { data, output, secret, toBuffer } from 'guest:nodebytes';
import { later } from 'guest:nodecallback';
import { checkFunction, checkString, failure, invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { privateKey, publicKey } from 'guest:nodekey';
import { react, resolved } from 'guest:promises';
import { isBufferSource, isObject, withCode } from 'guest:webidl';
import * as digests from 'host:nodehash';
import * as host from 'host:nodekey';
import type { Handle, Source } from 'host:nodekey';

const { isInteger } = Number;
const ErrorIntrinsic = Error;
const TypeErrorIntrinsic = TypeError;
const empty = new ArrayBuffer(0);

const PKCS1 = 1;
const OAEP = 4;
const PSS = 6;
/** As many bytes of salt as there is room for; what is found when it is verified. */
const ANY_SALT = -2;

/** Of OpenSSL's, those that say something here. */
const constants = {
  RSA_PKCS1_PADDING: PKCS1,
  RSA_NO_PADDING: 3,
  RSA_PKCS1_OAEP_PADDING: OAEP,
  RSA_X931_PADDING: 5,
  RSA_PKCS1_PSS_PADDING: PSS,
  RSA_PSS_SALTLEN_DIGEST: -1,
  RSA_PSS_SALTLEN_MAX_SIGN: -2,
  RSA_PSS_SALTLEN_AUTO: -2,
  POINT_CONVERSION_COMPRESSED: 2,
  POINT_CONVERSION_UNCOMPRESSED: 4,
  POINT_CONVERSION_HYBRID: 6,
};

interface Manner {
  /** Bytes of PSS's salt. */
  salt: number | undefined;
  isPlain: boolean;
}

function whole(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (isInteger(value)) return (value as number) | 0;
  throw invalidArgValue(name, value);
}

/** How a key signs, by the options that stand beside it. */
function mannerOf(key: unknown, handle: Handle): Manner {
  const options = (isObject(key) && !isBufferSource(key) ? key : { __proto__: null }) as Record<string, unknown>;
  const dsaEncoding = options['dsaEncoding'] ?? 'der';
  if (dsaEncoding !== 'der' && dsaEncoding !== 'ieee-p1363') throw invalidArgValue('options.dsaEncoding', dsaEncoding);
  const [, family] = host.describe(handle);
  const padding = whole(options['padding'], 'options.padding') ?? (family === 'rsa-pss' ? PSS : PKCS1);
  const salt = whole(options['saltLength'], 'options.saltLength') ?? ANY_SALT;
  const isRsa = family === 'rsa' || family === 'rsa-pss';
  if (isRsa && padding !== PKCS1 && padding !== PSS) {
    const message = 'error:1C8000A5:Provider routines::illegal or unsupported padding mode';
    throw failure('ERR_OSSL_ILLEGAL_OR_UNSUPPORTED_PADDING_MODE', message);
  }
  return { salt: isRsa && padding === PSS ? salt : undefined, isPlain: dsaEncoding === 'ieee-p1363' };
}

function operationFailed(): Error {
  return failure('ERR_CRYPTO_OPERATION_FAILED', 'Operation failed');
}

function isMontgomery(handle: Handle): boolean {
  const [, family] = host.describe(handle);
  return family === 'ed25519' || family === 'x25519';
}

/** A digest that waits for its key. */
class Pending {
  readonly algorithm: string;
  #digest: digests.Handle | undefined;

  constructor(algorithm: unknown) {
    checkString(algorithm, 'algorithm');
    this.algorithm = algorithm;
    this.#digest = digests.newHash(algorithm, undefined);
    if (this.#digest !== undefined) return;
    throw withCode(new TypeErrorIntrinsic('Invalid digest'), 'ERR_CRYPTO_INVALID_DIGEST');
  }

  update(value: unknown, encoding: unknown): void {
    if (this.#digest === undefined) throw failure('ERR_CRYPTO_INVALID_STATE', 'Not initialised');
    digests.update(this.#digest, data(value, encoding));
  }

  finish(handle: Handle): ArrayBuffer {
    const digest = this.#digest;
    if (digest === undefined) throw failure('ERR_CRYPTO_INVALID_STATE', 'Not initialised');
    this.#digest = undefined;
    if (isMontgomery(handle)) throw failure('ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation');
    return digests.finish(digest);
  }
}

class Sign {
  readonly #pending: Pending;

  constructor(algorithm: string, options?: object) {
    if (options !== undefined) (this as { _options?: object })._options = options;
    this.#pending = new Pending(algorithm);
  }

  update(value: string | ArrayBufferView, inputEncoding?: string): this {
    this.#pending.update(value, inputEncoding);
    return this;
  }

  _write(chunk: string | ArrayBufferView, encoding: string, done: () => void): void {
    this.#pending.update(chunk, encoding);
    done();
  }

  sign(key: unknown, outputEncoding?: string): string | Uint8Array {
    if (!key) throw failure('ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
    const handle = privateKey(key);
    const { salt, isPlain } = mannerOf(key, handle);
    const digest = this.#pending.finish(handle);
    const signature = host.sign(handle, this.#pending.algorithm, digest, true, salt, isPlain, false);
    if (signature === undefined) throw operationFailed();
    return output(signature as ArrayBuffer, outputEncoding);
  }
}

class Verify {
  readonly #pending: Pending;

  constructor(algorithm: string, options?: object) {
    if (options !== undefined) (this as { _options?: object })._options = options;
    this.#pending = new Pending(algorithm);
  }

  update(value: string | ArrayBufferView, inputEncoding?: string): this {
    this.#pending.update(value, inputEncoding);
    return this;
  }

  _write(chunk: string | ArrayBufferView, encoding: string, done: () => void): void {
    this.#pending.update(chunk, encoding);
    done();
  }

  verify(key: unknown, signature: string | Source, signatureEncoding?: string): boolean {
    const handle = publicKey(key);
    const { salt, isPlain } = mannerOf(key, handle);
    const signed = typeof signature === 'string' ? data(signature, signatureEncoding) : secret(signature, 'signature');
    const digest = this.#pending.finish(handle);
    return host.verify(handle, this.#pending.algorithm, digest, true, salt, isPlain, signed, false) === true;
  }
}

becomeStreams(Sign, 'Writable');
becomeStreams(Verify, 'Writable');

function createSign(algorithm: string, options?: object): Sign {
  return new Sign(algorithm, options);
}

function createVerify(algorithm: string, options?: object): Verify {
  return new Verify(algorithm, options);
}

// ── one message ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The hash function for a key; undefined where the key has its own. */
function digestFor(algorithm: unknown, handle: Handle): string | undefined {
  if (algorithm !== null && algorithm !== undefined) checkString(algorithm, 'algorithm');
  if (isMontgomery(handle)) {
    if (algorithm === null || algorithm === undefined) return undefined;
    throw failure('ERR_OSSL_INVALID_DIGEST', 'error:1C80007A:Provider routines::invalid digest');
  }
  const name = (algorithm as string | null | undefined) ?? 'sha256';
  if (digests.newHash(name, undefined) !== undefined) return name;
  throw withCode(new TypeErrorIntrinsic(`Invalid digest: ${name}`), 'ERR_CRYPTO_INVALID_DIGEST');
}

type Callback<T> = (error: unknown, value: T) => void;

function signed(signature: ArrayBuffer | undefined): Uint8Array {
  if (signature === undefined) throw operationFailed();
  return toBuffer(signature);
}

function checkAlgorithm(algorithm: unknown): void {
  if (algorithm !== null && algorithm !== undefined) checkString(algorithm, 'algorithm');
}

function sign(
  algorithm: string | null | undefined,
  message: string | Source,
  key: unknown,
  callback?: Callback<Uint8Array>,
): Uint8Array | undefined {
  checkAlgorithm(algorithm);
  if (callback !== undefined) checkFunction(callback, 'callback');
  const bytes = secret(message, 'data');
  if (!key) throw failure('ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
  const handle = privateKey(key);
  const { salt, isPlain } = mannerOf(key, handle);
  const isLater = callback !== undefined;
  const made = host.sign(handle, digestFor(algorithm, handle), bytes, false, salt, isPlain, isLater);
  if (!isLater) return signed(made as ArrayBuffer | undefined);
  later(react(resolved(made), signed), callback);
  return undefined;
}

function verify(
  algorithm: string | null | undefined,
  message: string | Source,
  key: unknown,
  signature: Source,
  callback?: Callback<boolean>,
): boolean | undefined {
  checkAlgorithm(algorithm);
  if (callback !== undefined) checkFunction(callback, 'callback');
  const bytes = secret(message, 'data');
  if (!isBufferSource(signature)) {
    throw invalidArgType('signature', 'an instance of Buffer, TypedArray, or DataView', signature);
  }
  const handle = publicKey(key);
  const { salt, isPlain } = mannerOf(key, handle);
  const digest = digestFor(algorithm, handle);
  const isLater = callback !== undefined;
  const made = host.verify(handle, digest, bytes, false, salt, isPlain, signature, isLater);
  if (!isLater) return made === true;
  later(react(resolved(made), isTrue), callback);
  return undefined;
}

function isTrue(outcome: unknown): boolean {
  return outcome === true;
}

// ── RSA encryption ────────────────────────────────────────────────────────────────────────────────────────────────────

function crypt(key: unknown, handle: Handle, buffer: unknown, isEncrypting: boolean): Uint8Array {
  const options = (isObject(key) && !isBufferSource(key) ? key : { __proto__: null }) as Record<string, unknown>;
  const padding = whole(options['padding'], 'options.padding') ?? OAEP;
  const { oaepHash = 'sha1', oaepLabel } = options;
  checkString(oaepHash, 'key.oaepHash');
  const label = oaepLabel === undefined ? empty : secret(oaepLabel, 'key.oaepLabel');
  const bytes = secret(buffer, 'buffer');
  if (padding === PKCS1 && !isEncrypting) {
    const message = 'RSA_PKCS1_PADDING is no longer supported for private decryption';
    throw withCode(new TypeErrorIntrinsic(message), 'ERR_INVALID_ARG_VALUE');
  }
  if (padding !== PKCS1 && padding !== OAEP) {
    throw failure('ERR_OSSL_RSA_UNKNOWN_PADDING_TYPE', 'error:02000076:rsa routines::unknown padding type');
  }
  if (padding === OAEP && digests.newHash(oaepHash, undefined) === undefined) {
    throw withCode(new ErrorIntrinsic('Invalid digest used'), 'ERR_OSSL_EVP_INVALID_DIGEST');
  }
  const made = host.crypt(handle, isEncrypting, padding === OAEP ? oaepHash : undefined, label, bytes);
  if (made !== undefined) return toBuffer(made);
  if (isEncrypting) {
    const message = 'error:0200006E:rsa routines::data too large for key size';
    throw failure('ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE', message);
  }
  throw failure('ERR_OSSL_RSA_OAEP_DECODING_ERROR', 'error:02000079:rsa routines::oaep decoding error');
}

function publicEncrypt(key: unknown, buffer: string | Source): Uint8Array {
  return crypt(key, publicKey(key), buffer, true);
}

function privateDecrypt(key: unknown, buffer: string | Source): Uint8Array {
  return crypt(key, privateKey(key), buffer, false);
}

export { Sign, Verify, constants, createSign, createVerify, privateDecrypt, publicEncrypt, sign, verify };
