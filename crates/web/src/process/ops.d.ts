declare module 'host:process' {
  /** Calls `run` before the next promise job of this turn; where promise jobs run already, when there are none left. */
  export function nextTick(run: () => void): void;
  /** The granted variables: names and values in turn. */
  export function environment(): string[];
  /** Bytes: the engine's heap, everything on the sandbox's account, its limit. */
  export function memory(): [heap: number, used: number, limit: number];
  /** CPU time of the turns that are over, in microseconds. */
  export function cpuTime(): number;
}
