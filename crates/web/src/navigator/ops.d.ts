declare module 'host:navigator' {
  /** The version of hostbox, such as `1.2.3`. */
  export function version(): string;
}
