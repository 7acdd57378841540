declare module 'host:nodekdf' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** `length` is that of a digest; the name is known. */
  export function digestLength(digest: string): number | undefined;
  /** Whether HMAC works over the digest. */
  export function isKeyed(digest: string): boolean;

  // At once, or a promise where `isLater`. Inputs are read before a function returns. Digests have been checked, lengths are whole numbers.
  // A RangeError with code `ERR_MEMORY` where there is no room, with code `ERR_LIMIT` for more work than one derivation may take.
  export function pbkdf2(
    password: Source,
    salt: Source,
    iterations: number,
    length: number,
    digest: string,
    isLater: boolean,
  ): ArrayBuffer | Promise<ArrayBuffer>;
  /** What is wrong with the costs. */
  export function checkCosts(n: number, r: number, p: number, memory: number): 'params' | 'memory' | undefined;
  export function scrypt(
    password: Source,
    salt: Source,
    length: number,
    n: number,
    r: number,
    p: number,
    memory: number,
    isLater: boolean,
  ): ArrayBuffer | Promise<ArrayBuffer>;
  /** At most 255 digests. */
  export function hkdf(digest: string, key: Source, salt: Source, info: Source, length: number): ArrayBuffer;
}
