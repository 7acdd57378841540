declare module 'host:console' {
  /**
   * Hands one entry to the host, which adds the time. `args` are cloned natively; what cannot be cloned is replaced by its text
   * there. Never throws.
   */
  export function write(level: Level, text: string, args: unknown[], plugin: string | undefined): void;
  type Level = 'debug' | 'log' | 'info' | 'warn' | 'error' | 'trace';
}
