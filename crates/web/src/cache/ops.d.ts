declare module 'host:cache' {
  /** The text of a living entry, or undefined. Throws a TypeError with code `ERR_ARGUMENT` for a key that is none. */
  export function get(key: string): string | undefined;
  /** Puts an entry; `ttlMs` of 0 stands for the scope's own. A RangeError with code `ERR_LIMIT` where it could never fit. */
  export function set(key: string, text: string, ttlMs: number): void;
  /** As `set`, where there is no entry; whether it did. */
  export function setIfAbsent(key: string, text: string, ttlMs: number): boolean;
  /** As `set`, where the entry has exactly the text `expected`; whether it did. */
  export function replace(key: string, expected: string, text: string, ttlMs: number): boolean;
  /** Whether there is a living entry. */
  export function has(key: string): boolean;
  /** Forgets an entry; whether there was one. */
  function remove(key: string): boolean;
  export { remove as delete };
}
