declare module 'host:headers' {
  /** The name in lower case, or nothing where it is none. */
  export function lowerName(text: string): string | undefined;
  /** The value without the white space around it, or nothing where it is none. */
  export function normalValue(text: string): string | undefined;
  /** Whether every code unit is below 256. */
  export function isByteString(text: string): boolean;
  /** Whether a `no-cors` request may carry this header; the name is in lower case. */
  export function isSafelisted(name: string, value: string): boolean;
}
