declare module 'host:nodebytes' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** Whether there is an encoding of this name: `utf8`, `utf16le`, `latin1`, `ascii`, `hex`, `base64`, `base64url` and their aliases. */
  export function isEncoding(name: string): boolean;

  // An unknown encoding is `utf8` in both. A RangeError with code `ERR_MEMORY` where there is no room.
  export function decode(text: string, encoding: string): ArrayBuffer;
  export function encode(bytes: Source, encoding: string): string;

  /** Text of `rest` and `bytes` together as far as it is complete, or of all where they are the last; and what is left. */
  export function encodePart(
    rest: ArrayBuffer | undefined,
    bytes: ArrayBuffer,
    encoding: string,
    isLast: boolean,
  ): [text: string, rest: ArrayBuffer];

  export function byteLength(bytes: Source): number;

  /** A copy of the bytes. */
  export function copy(bytes: Source): ArrayBuffer;

  /** Whether both have the same bytes, in a time that depends on their length alone. */
  export function isEqual(a: Source, b: Source): boolean;
}
