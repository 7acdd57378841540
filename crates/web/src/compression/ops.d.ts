declare module 'host:compression' {
  /** A codec under way: opaque, freed by garbage collection. */
  export type Codec = object & { readonly __codec: never };

  /** `format` is one of the Compression standard's. Throws a RangeError where the store has no room for it. */
  export function newCodec(format: string, decompress: boolean): Codec;

  /**
   * Takes a copy of `bytes`, goes on as far as one piece of output, and says whether it would give more without further input. `last`:
   * no bytes follow these. One call at a time. A TypeError for input that is not valid; the codec is of no use afterwards.
   */
  export function run(
    codec: Codec,
    bytes: ArrayBuffer | ArrayBufferView | undefined,
    last: boolean,
  ): Promise<readonly [output: Uint8Array<ArrayBuffer> | undefined, hasMore: boolean]>;
}
