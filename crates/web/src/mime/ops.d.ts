declare module 'host:mime' {
  /** The essence (`type/subtype`), then names and values of the parameters in turn. */
  export type Parts = string[];

  /** Parses text; undefined where it is no MIME type. */
  export function parse(text: string): Parts | undefined;

  /** The type that the combined value of a `Content-Type` header tells; undefined where it tells none. */
  export function extract(header: string): Parts | undefined;

  export function serialize(parts: Parts): string;
}
