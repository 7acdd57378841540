declare module 'host:inspect' {
  /** Whether the value is a Proxy; runs no trap. */
  export function isProxy(value: unknown): boolean;
  /** What a settled promise was settled with; undefined for anything else. */
  export function promiseResult(value: unknown): unknown;
  /** The target and the handler of a Proxy, both null where it is revoked; undefined for anything else. Runs no trap. */
  export function proxyParts(value: unknown): [target: object, handler: object] | [null, null] | undefined;
  /** The state of a promise, without touching it; undefined for anything else. */
  export function promiseState(value: unknown): 'pending' | 'fulfilled' | 'rejected' | undefined;
}
