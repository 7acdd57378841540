declare module 'host:buffer' {
  /** utf8, utf16le, latin1, ascii, base64, base64url, hex. */
  type EncodingNumber = 0 | 1 | 2 | 3 | 4 | 5 | 6;
  /** Anything with bytes; what is detached has none. */
  type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** Bytes of a well-formed string in UTF-8. */
  export function byteLength(text: string): number;
  /**
   * Writes text to `start` and before `end`, as many whole characters as fit; the bytes written. UTF-8 wants a well-formed string.
   * base64 skips what is none, hex ends there.
   */
  export function write(encoding: EncodingNumber, text: string, target: Bytes, start: number, end: number): number;
  /** The text of the bytes from `start` to `end`, which are cut to what there is. */
  export function decode(encoding: EncodingNumber, bytes: Bytes, start: number, end: number): string;
  /** The order of two ranges of bytes. */
  export function compare(a: Bytes, aStart: number, aEnd: number, b: Bytes, bStart: number, bEnd: number): -1 | 0 | 1;
  /**
   * Where `needle` stands: the first place from `from` on, or the last one up to it; -1 where it does not. `inUnits` finds even places
   * alone.
   */
  export function search(haystack: Bytes, needle: Bytes, from: number, isForward: boolean, inUnits: boolean): number;
  /** Repeats the pattern from `start` to `end`; an empty one changes nothing. */
  export function fill(target: Bytes, start: number, end: number, pattern: Bytes): void;
  /** Turns round each group of 2, 4 or 8 bytes. */
  export function swap(target: Bytes, width: 2 | 4 | 8): void;
  export function isUtf8(bytes: Bytes): boolean;
  export function isAscii(bytes: Bytes): boolean;
}
