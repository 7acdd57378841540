declare module 'host:blob' {
  /** Bytes outside the engine's heap that never change: an opaque object, on the sandbox's account until garbage collection frees it. */
  export type BlobBytes = object & { readonly __brand: 'BlobBytes' };

  type Part = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | BlobBytes;

  /**
   * The bytes of all parts: text as UTF-8 (with LF for every line end where `nativeEndings`), buffers as they are now, other blobs
   * without a copy. Throws a RangeError with code ERR_MEMORY where the sandbox's memory does not allow it.
   */
  export function create(parts: readonly Part[], nativeEndings: boolean): BlobBytes;

  /** The bytes between two offsets, without a copy. Both lie within 0 and the size. */
  export function slice(bytes: BlobBytes, start: number, end: number): BlobBytes;

  export function size(bytes: BlobBytes): number;

  /** Decodes UTF-8. Large blobs are decoded on another thread. Rejects as `create` throws. */
  export function text(bytes: BlobBytes): Promise<string>;

  /** A copy. Large blobs are copied on another thread. Rejects as `create` throws. */
  export function arrayBuffer(bytes: BlobBytes): Promise<ArrayBuffer>;

  /** The bytes as a source for a stream, which shares them. */
  export function source(bytes: BlobBytes): import('host:streams').SourceHandle;
}
