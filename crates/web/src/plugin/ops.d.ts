declare module 'host:plugin' {
  /** The name of the plugin whose module body is running, from its first statement to the end of its evaluation; else undefined. */
  export function current(): string | undefined;
}
