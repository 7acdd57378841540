declare module 'host:noderandom' {
  // A RangeError with code `ERR_MEMORY` where there is no room.
  export function bytes(size: number): ArrayBuffer;
  /** The same from another thread. */
  export function bytesLater(size: number): Promise<ArrayBuffer>;
}
