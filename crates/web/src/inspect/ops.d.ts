declare module 'host:inspect' {
  /** Whether the value is a Proxy; runs no trap. */
  export function isProxy(value: unknown): boolean;
  /** The state of a promise, without touching it; undefined for anything else. */
  export function promiseState(value: unknown): 'pending' | 'fulfilled' | 'rejected' | undefined;
}
