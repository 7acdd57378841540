// Hash and Hmac of Node: digests of what comes piece by piece.
//
// They are no streams: `update` and `digest` are what they have.

import { data, keyBytes, output } from 'guest:nodebytes';
import { checkInteger, checkString, failure } from 'guest:nodeerrors';
import { dictionary, withCode } from 'guest:webidl';
import * as host from 'host:nodehash';
import type { Handle } from 'host:nodehash';

const ErrorIntrinsic = Error;
const TypeErrorIntrinsic = TypeError;

interface HashOptions {
  outputLength?: number;
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

  constructor(algorithm: string | Handle, options?: HashOptions) {
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
    if (handle === undefined) throw finalized();
    this.#handle = undefined;
    return output(host.finish(handle), outputEncoding);
  }

  copy(options?: HashOptions): Hash {
    const handle = this.#handle;
    if (handle === undefined) throw finalized();
    copied = host.copy(handle, outputLength(options));
    return new Hash(copied);
  }
}

/** What the constructor is to take instead of an algorithm: nobody else can name it. */
let copied: Handle | undefined;

const empty = new ArrayBuffer(0);

class Hmac {
  #handle: Handle | undefined;

  constructor(algorithm: string, key: unknown) {
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
}

function createHash(algorithm: string, options?: HashOptions): Hash {
  return new Hash(algorithm, options);
}

// oxlint-disable-next-line no-unused-vars -- the length of Node's own
function createHmac(algorithm: string, key: unknown, _options?: object): Hmac {
  return new Hmac(algorithm, key);
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
