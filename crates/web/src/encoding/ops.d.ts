declare module 'host:encoding' {
  /** Views may be of shared memory. */
  type Source = ArrayBuffer | ArrayBufferView;

  /** UTF-8 of a well-formed string (guest code has replaced lone surrogates), in a new buffer of exactly that length. */
  export function encode(text: string): Uint8Array<ArrayBuffer>;

  /** Writes as many whole characters of a well-formed string as fit. Answers code units read and bytes written. */
  export function encodeInto(text: string, target: Uint8Array): [read: number, written: number];

  /** The encoding's canonical name in lower case; undefined for an unknown label and for `replacement`. Trims ASCII whitespace. */
  export function label(name: string): string | undefined;

  /** Decodes the whole of `bytes`. `encoding` is a canonical name. Throws a TypeError where `fatal` and the input is malformed. */
  export function decodeOnce(encoding: string, bytes: Source, fatal: boolean, ignoreBOM: boolean): string;

  /** A decoder that keeps state between chunks: an opaque object, freed by garbage collection. */
  export function newDecoder(encoding: string, fatal: boolean, ignoreBOM: boolean): object;

  /**
   * Decodes the next chunk; without `stream` it is the last one. Throws a TypeError where fatal and the input is malformed; the
   * decoder then starts anew.
   */
  export function decodeChunk(decoder: object, bytes: Source | undefined, stream: boolean): string;
}
