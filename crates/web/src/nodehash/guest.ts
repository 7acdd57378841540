// Hash and Hmac of Node: digests of what comes piece by piece, by `update` and `digest` or as streams.

import { becomeStreams } from 'guest:lazystream';
import { data, keyBytes, output, toBuffer } from 'guest:nodebytes';
import { checkInteger, checkString, failure } from 'guest:nodeerrors';
import { dictionary, uncurry, withCode } from 'guest:webidl';
import * as host from 'host:nodehash';
import type { Handle } from 'host:nodehash';

const ErrorIntrinsic = Error;
const TypeErrorIntrinsic = TypeError;
const copyOf = uncurry(ArrayBuffer.prototype.slice);

type Done = (error?: unknown) => void;
/** What a class inherits once it is used as a stream. */
interface Pushing {
  push(chunk: unknown): boolean;
}
/** Node's name for the options of a stream that has not begun. */
interface Optional {
  _options?: unknown;
}

function finalized(): Error {
  return failure('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
}

function outputLength(options: unknown): number | undefined {
  const length = dictionary(options, 'createHash')?.['outputLength'];
  if (length === undefined || length === null) return undefined;
  checkInteger(length, 'options.outputLength', 0, 4294967295);
  return length;
}

class Hash {
  #handle: Handle | undefined;

  constructor(algorithm: string | Handle, options?: object) {
    if (options !== undefined) (this as Optional)._options = options;
    if (typeof algorithm === 'object' && algorithm === copied) {
      this.#handle = copied;
      copied = undefined;
      return;
    }
    checkString(algorithm, 'algorithm');
    const handle = host.newHash(algorithm, outputLength(options));
    if (handle === undefined) throw new ErrorIntrinsic('Digest method not supported');
    this.#handle = handle;
  }

  update(value: string | ArrayBufferView, inputEncoding?: string): this {
    const handle = this.#handle;
    if (handle === undefined) throw finalized();
    host.update(handle, data(value, inputEncoding));
    return this;
  }

  digest(outputEncoding?: string): string | Uint8Array {
    const handle = this.#handle;
    if (handle === undefined) return output(streamed(this), outputEncoding);
    this.#handle = undefined;
    return output(host.finish(handle), outputEncoding);
  }

  _transform(chunk: string | ArrayBufferView, encoding: string, done: Done): void {
    if (this.#handle !== undefined) host.update(this.#handle, data(chunk, encoding));
    done();
  }

  /** Nobody is left to be given the digest where somebody has asked for it; who asks afterwards has the same. */
  _flush(done: Done): void {
    const handle = this.#handle;
    if (handle !== undefined) {
      this.#handle = undefined;
      const digest = host.finish(handle);
      setDigest(digests, this, digest);
      (this as unknown as Pushing).push(toBuffer(copyOf(digest, 0)));
    }
    done();
  }

  copy(options?: object): Hash {
    const handle = this.#handle;
    if (handle === undefined) throw finalized();
    copied = host.copy(handle, outputLength(options));
    return new Hash(copied, options);
  }
}

/** Digests that streams have pushed. */
const digests = new WeakMap<Hash, ArrayBuffer>();
const deleteDigest = uncurry(digests.delete);
const getDigest = uncurry(digests.get);
const setDigest = uncurry(digests.set);

/** The digest of a stream that has ended, once. */
function streamed(hash: Hash): ArrayBuffer {
  const digest = getDigest(digests, hash);
  if (digest === undefined) throw finalized();
  deleteDigest(digests, hash);
  return digest;
}

/** What the constructor is to take instead of an algorithm: nobody else can name it. */
let copied: Handle | undefined;

const empty = new ArrayBuffer(0);

class Hmac {
  #handle: Handle | undefined;

  constructor(algorithm: string, key: unknown, options?: object) {
    if (options !== undefined) (this as Optional)._options = options;
    checkString(algorithm, 'hmac');
    const bytes = keyBytes(key, 'key');
    const handle = host.newHmac(algorithm, bytes);
    if (handle === undefined) {
      throw withCode(new TypeErrorIntrinsic(`Invalid digest: ${algorithm}`), 'ERR_CRYPTO_INVALID_DIGEST');
    }
    this.#handle = handle;
  }

  update(value: string | ArrayBufferView, inputEncoding?: string): this {
    const handle = this.#handle;
    if (handle === undefined) throw finalized();
    host.update(handle, data(value, inputEncoding));
    return this;
  }

  /** A second time there is nothing left, as in Node. */
  digest(outputEncoding?: string): string | Uint8Array {
    const handle = this.#handle;
    this.#handle = undefined;
    return output(handle === undefined ? empty : host.finish(handle), outputEncoding);
  }

  _transform(chunk: string | ArrayBufferView, encoding: string, done: Done): void {
    if (this.#handle !== undefined) host.update(this.#handle, data(chunk, encoding));
    done();
  }

  _flush(done: Done): void {
    (this as unknown as Pushing).push(this.digest());
    done();
  }
}

becomeStreams(Hash, 'Transform');
becomeStreams(Hmac, 'Transform');

function createHash(algorithm: string, options?: object): Hash {
  return new Hash(algorithm, options);
}

function createHmac(algorithm: string, key: unknown, options?: object): Hmac {
  return new Hmac(algorithm, key, options);
}

/** The digest of one message; a string of hexadecimal digits where nothing else is asked for. */
function hash(algorithm: string, input: string | ArrayBufferView, outputEncoding = 'hex'): string | Uint8Array {
  checkString(algorithm, 'algorithm');
  if (typeof input !== 'string') data(input, undefined);
  checkString(outputEncoding, 'outputEncoding');
  return createHash(algorithm).update(input).digest(outputEncoding);
}

/** The names of the hash functions that `createHash` knows. */
function getHashes(): string[] {
  return host.names();
}

export { Hash, Hmac, createHash, createHmac, getHashes, hash };
