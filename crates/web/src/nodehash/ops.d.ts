declare module 'host:nodehash' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** A running digest. */
  export interface Handle {
    readonly __handle: never;
  }

  /** The names of the hash functions. */
  export function names(): string[];

  // Undefined where there is no such function. `outputLength` is one of SHAKE's, or of the very function: everything else is a
  // RangeError with code `ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH`. Running digests are on the sandbox's account.
  export function newHash(algorithm: string, outputLength: number | undefined): Handle | undefined;
  /** Undefined for SHAKE as well. */
  export function newHmac(algorithm: string, key: Source): Handle | undefined;
  /** A digest that goes on from where this one is. */
  export function copy(handle: Handle, outputLength: number | undefined): Handle;

  export function update(handle: Handle, data: Source): void;
  /** Ends it: another call of anything with this handle is a TypeError. */
  export function finish(handle: Handle): ArrayBuffer;
}
