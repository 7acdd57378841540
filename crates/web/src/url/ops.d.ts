declare module 'host:url' {
  /**
   * A URL and where its parts lie in it, as indexes: after the scheme; the user name; the password; the host; the port (each start and end);
   * the path's start and end; the query's end. The query begins with its `?` at the path's end, the fragment with its `#` at the query's.
   */
  export type Parsed = [
    href: string,
    schemeEnd: number,
    usernameStart: number,
    usernameEnd: number,
    passwordStart: number,
    passwordEnd: number,
    hostStart: number,
    hostEnd: number,
    portStart: number,
    portEnd: number,
    pathStart: number,
    pathEnd: number,
    queryEnd: number,
  ];

  export type Part =
    'hash' | 'host' | 'hostname' | 'password' | 'pathname' | 'port' | 'protocol' | 'search' | 'username';

  /** Parses a well-formed string; undefined where it, or the base, is no URL. */
  export function parse(text: string, base: string | undefined): Parsed | undefined;

  /** Whether `parse` would answer a URL. */
  export function canParse(text: string, base: string | undefined): boolean;

  /** The URL with one part replaced, or as it was where the standard ignores the value. */
  export function replace(href: string, part: Part, value: string): Parsed | undefined;

  /** The serialization of the URL's origin. */
  export function origin(href: string): string;

  /** Names and values in turn, of `application/x-www-form-urlencoded` text without a question mark. */
  export function decodeForm(text: string): string[];

  /** The other way round. */
  export function encodeForm(pairs: readonly string[]): string;
}
