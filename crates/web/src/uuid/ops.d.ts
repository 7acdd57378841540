declare module 'host:uuid' {
  /** A random UUID of version 4 in lower case, from the system's random source. */
  export function v4(): string;
}
