declare module 'host:plugin' {
  /** The name of the plugin whose code runs: its body, a call of it, or a timer or operation that either started; else undefined. */
  export function current(): string | undefined;
}
