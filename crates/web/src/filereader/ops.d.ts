declare module 'host:filereader' {
  export function base64(bytes: ArrayBuffer): string;

  /** A character for each byte. */
  export function binary(bytes: ArrayBuffer): string;
}
