// Cipheriv and Decipheriv of Node: encryption of what comes piece by piece, by `update` and `final` or as streams.
//
// Text that is asked for comes as far as its characters are complete.

import { becomeStreams } from 'guest:lazystream';
import { data, fromText, keyBytes, secret, toBuffer } from 'guest:nodebytes';
import { checkInteger, checkString, failure, invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { dictionary, isBufferSource, isObject, uncurry, withCode } from 'guest:webidl';
import { byteLength, encodePart, isEncoding } from 'host:nodebytes';
import * as host from 'host:nodecipher';
import type { Failed, Handle, Source } from 'host:nodecipher';

const { isInteger } = Number;
const ErrorIntrinsic = Error;
const RangeErrorIntrinsic = RangeError;
const TypeErrorIntrinsic = TypeError;
const toLowerCase = uncurry(String.prototype.toLowerCase);

/** What a cipher inherits once it is used as a stream. */
interface Stream {
  _options?: unknown;
  push(chunk: unknown): boolean;
}

type Output = string | Uint8Array;

const empty = new ArrayBuffer(0);

function invalidState(operation?: string): Error {
  const message = operation === undefined ? 'Invalid state' : `Invalid state for operation ${operation}`;
  return failure('ERR_CRYPTO_INVALID_STATE', message);
}

function open(cipher: unknown, key: unknown, iv: unknown, options: unknown, isEncrypting: boolean): Handle {
  checkString(cipher, 'cipher');
  const tagLength = tagLengthOf(options);
  const keyed = keyBytes(key, 'key');
  const vector = iv === null ? empty : secret(iv, 'iv');
  const ivLength = byteLength(vector);
  const info = host.info(cipher, ivLength);
  if (info === undefined) throw failure('ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
  if (byteLength(keyed) !== info[3]) {
    throw withCode(new RangeErrorIntrinsic('Invalid key length'), 'ERR_CRYPTO_INVALID_KEYLEN');
  }
  if (!info[6]) throw withCode(new TypeErrorIntrinsic('Invalid initialization vector'), 'ERR_CRYPTO_INVALID_IV');
  if (tagLength !== undefined && info[7] && !host.allowsTag(cipher, tagLength)) throw invalidTag(tagLength);
  const handle = host.open(cipher, keyed, vector, isEncrypting, tagLength);
  if (handle === undefined) throw invalidState();
  return handle;
}

function invalidTag(length: number): TypeError {
  const message = `Invalid authentication tag length: ${length}`;
  return withCode(new TypeErrorIntrinsic(message), 'ERR_CRYPTO_INVALID_AUTH_TAG');
}

function tagLengthOf(options: unknown): number | undefined {
  const length = dictionary(options, 'createCipheriv')?.['authTagLength'];
  if (length === undefined || length === null) return undefined;
  if (isInteger(length) && (length as number) >= 0) return length as number;
  throw invalidArgValue('options.authTagLength', length);
}

function failed(why: Failed): Error {
  if (why === 'wrong length') {
    return provider('ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH', '1C80006B', 'wrong final block length');
  }
  if (why === 'bad decrypt') return provider('ERR_OSSL_BAD_DECRYPT', '1C800064', 'bad decrypt');
  if (why === 'unauthentic') return new ErrorIntrinsic('Unsupported state or unable to authenticate data');
  return invalidState();
}

/** What OpenSSL says. */
function provider(code: string, number: string, reason: string): Error {
  const error = new ErrorIntrinsic(`error:${number}:Provider routines::${reason}`) as Error & Record<string, unknown>;
  error['library'] = 'Provider routines';
  error['reason'] = reason;
  return withCode(error, code);
}

/** Text as far as its characters are complete, from one piece to the next. */
class Text {
  readonly encoding: string;
  #rest: ArrayBuffer | undefined;

  constructor(encoding: string) {
    this.encoding = encoding;
  }

  next(bytes: ArrayBuffer, isLast: boolean): string {
    const [text, rest] = encodePart(this.#rest, bytes, this.encoding, isLast);
    this.#rest = byteLength(rest) === 0 ? undefined : rest;
    return text;
  }
}

let checkHandle: (value: unknown) => Handle;

class Cipherish {
  readonly #handle: Handle;
  #text: Text | undefined;

  static {
    checkHandle = (value) => {
      if (isObject(value) && #handle in value) return value.#handle;
      throw new TypeErrorIntrinsic('Illegal invocation');
    };
  }

  constructor(handle: Handle, options: object | undefined) {
    this.#handle = handle;
    if (options !== undefined) (this as unknown as Stream)._options = options;
  }

  /** Text in an encoding that is known, else bytes. */
  #output(bytes: ArrayBuffer, encoding: unknown, isLast: boolean): Output {
    if (typeof encoding !== 'string' || encoding === '' || encoding === 'buffer') return toBuffer(bytes);
    if (!isEncoding(encoding)) {
      throw withCode(new TypeErrorIntrinsic(`Unknown encoding: ${encoding}`), 'ERR_UNKNOWN_ENCODING');
    }
    this.#text ??= new Text(toLowerCase(encoding));
    if (this.#text.encoding !== toLowerCase(encoding)) {
      throw failure('ERR_INTERNAL_ASSERTION', 'Cannot change encoding');
    }
    return this.#text.next(bytes, isLast);
  }

  update(value: string | ArrayBufferView, inputEncoding?: string, outputEncoding?: string): Output {
    const updated = host.update(this.#handle, data(value, inputEncoding));
    if (typeof updated !== 'string') return this.#output(updated, outputEncoding, false);
    if (updated === 'finished') throw new ErrorIntrinsic('Trying to add data in unsupported state');
    throw failed(updated);
  }

  final(outputEncoding?: string): Output {
    const finished = host.finish(this.#handle);
    if (typeof finished === 'string') throw failed(finished);
    return this.#output(finished, outputEncoding, true);
  }

  _transform(chunk: string | ArrayBufferView, encoding: string, done: (error?: unknown) => void): void {
    (this as unknown as Stream).push(this.update(chunk, encoding));
    done();
  }

  _flush(done: (error?: unknown) => void): void {
    try {
      (this as unknown as Stream).push(this.final());
    } catch (error) {
      done(error);
      return;
    }
    done();
  }

  setAutoPadding(autoPadding = true): this {
    if (!host.setPadding(this.#handle, !!autoPadding)) throw invalidState('setAutoPadding');
    return this;
  }

  setAAD(buffer: string | Source, options?: { encoding?: string; plaintextLength?: number }): this {
    const given = dictionary(options, 'setAAD');
    if (!host.addData(this.#handle, textOrSource(buffer, given?.['encoding'], 'aadbuf'))) throw invalidState('setAAD');
    return this;
  }
}

becomeStreams(Cipherish, 'Transform');

function textOrSource(value: unknown, encoding: unknown, name: string): Source {
  if (typeof value === 'string') return fromText(value, encoding);
  if (isBufferSource(value)) return value;
  throw invalidArgType(name, 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView', value);
}

class Cipheriv extends Cipherish {
  constructor(cipher: string, key: unknown, iv: unknown, options?: object) {
    super(open(cipher, key, iv, options, true), options);
  }

  getAuthTag(): Uint8Array {
    const tag = host.tag(checkHandle(this));
    if (tag === undefined) throw invalidState('getAuthTag');
    return toBuffer(tag);
  }
}

class Decipheriv extends Cipherish {
  constructor(cipher: string, key: unknown, iv: unknown, options?: object) {
    super(open(cipher, key, iv, options, false), options);
  }

  setAuthTag(buffer: string | Source, encoding?: string): this {
    const tag = textOrSource(buffer, encoding, 'buffer');
    const handle = checkHandle(this);
    if (!host.takesTag(handle)) throw invalidState('setAuthTag');
    if (!host.setTag(handle, tag)) throw invalidTag(byteLength(tag));
    return this;
  }
}

function createCipheriv(...[cipher, key, iv, options]: ConstructorParameters<typeof Cipheriv>): Cipheriv {
  return new Cipheriv(cipher, key, iv, options);
}

function createDecipheriv(...[cipher, key, iv, options]: ConstructorParameters<typeof Cipheriv>): Decipheriv {
  return new Decipheriv(cipher, key, iv, options);
}

/** The names of the ciphers. */
function getCiphers(): string[] {
  return host.names();
}

interface CipherInfo {
  mode: string;
  name: string;
  nid: number;
  blockSize?: number;
  ivLength?: number;
  keyLength: number;
}

/** What a cipher is, or undefined where there is none of this name, or not with these lengths. */
function getCipherInfo(
  nameOrNid: string | number,
  options?: { keyLength?: number; ivLength?: number },
): CipherInfo | undefined {
  if (typeof nameOrNid !== 'string' && typeof nameOrNid !== 'number') {
    throw invalidArgType('nameOrNid', 'of type string or number', nameOrNid);
  }
  const asked = dictionary(options, 'getCipherInfo');
  const wantedKey = asked?.['keyLength'];
  const wantedIv = asked?.['ivLength'];
  if (wantedKey !== undefined) checkInteger(wantedKey, 'options.keyLength');
  if (wantedIv !== undefined) checkInteger(wantedIv, 'options.ivLength');
  const info = host.info(nameOrNid, wantedIv ?? 0);
  if (info === undefined) return undefined;
  const [name, nid, mode, keyLength, ivLength, blockSize, allowsIv] = info;
  if ((wantedKey !== undefined && wantedKey !== keyLength) || (wantedIv !== undefined && !allowsIv)) return undefined;
  const found: Partial<CipherInfo> = { mode, name, nid };
  if (blockSize !== undefined) found.blockSize = blockSize;
  if (ivLength !== 0) found.ivLength = wantedIv ?? ivLength;
  found.keyLength = keyLength;
  return found as CipherInfo;
}

export { Cipheriv, Decipheriv, createCipheriv, createDecipheriv, getCipherInfo, getCiphers };
