declare module 'host:crypto' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** The opaque object that keeps a key's material; wiped when it is freed. */
  export interface Handle {
    readonly __handle: never;
  }

  /** A normalised algorithm. It inherits nothing; buffers in it are read before a function returns. */
  export interface Params {
    name: string;
    [member: string]: unknown;
  }

  export type Format = 'raw' | 'pkcs8' | 'spki' | 'jwk';

  /** At once where it is quick, a promise where it is done on another thread. */
  type Soon<T> = T | Promise<T>;

  // Every function may throw, or its promise reject with, the DOMException that the standard names, and a RangeError with code
  // `ERR_MEMORY`. Bytes are read before a function returns. Usages are a number: one bit each, in the order of the standard's enumeration.
  // JSON Web Keys are JSON.

  export function fillRandom(view: ArrayBufferView): void;
  export function copy(bytes: Source): ArrayBuffer;
  export function digest(params: Params, data: Source): Soon<ArrayBuffer>;
  export function generateKey(
    params: Params,
    extractable: boolean,
    usages: number,
  ): Soon<Handle | [publicKey: Handle, privateKey: Handle]>;
  export function importKey(
    format: Format,
    keyData: Source | string,
    params: Params,
    extractable: boolean,
    usages: number,
  ): Soon<Handle>;
  export function exportKey(format: Format, key: Handle): Soon<ArrayBuffer | string>;
  /** What the key's algorithm is made of; members that it does not have are undefined. */
  export function describe(
    key: Handle,
  ): [
    type: 'secret' | 'public' | 'private',
    name: string,
    extractable: boolean,
    usages: number,
    hash: string | undefined,
    length: number | undefined,
    curve: string | undefined,
    exponent: ArrayBuffer | undefined,
  ];
  export function sign(params: Params, key: Handle, data: Source): Soon<ArrayBuffer>;
  export function verify(params: Params, key: Handle, signature: Source, data: Source): Soon<boolean>;
  export function encrypt(params: Params, key: Handle, data: Source): Soon<ArrayBuffer>;
  export function decrypt(params: Params, key: Handle, data: Source): Soon<ArrayBuffer>;
  export function deriveBits(params: Params, key: Handle, length: number | null): Soon<ArrayBuffer>;
  /** `imported` is the derived key's algorithm for `importKey`, `length` the same for its length. */
  export function deriveKey(
    params: Params,
    key: Handle,
    imported: Params,
    length: Params,
    extractable: boolean,
    usages: number,
  ): Soon<Handle>;
  export function wrapKey(format: Format, key: Handle, wrapping: Handle, params: Params): Soon<ArrayBuffer>;
  export function unwrapKey(
    format: Format,
    wrapped: Source,
    unwrapping: Handle,
    params: Params,
    imported: Params,
    extractable: boolean,
    usages: number,
  ): Soon<Handle>;
}
