declare module 'host:timers' {
  /**
   * Calls `run` as a turn of its own after `delayMs`, and then again each `delayMs` if `repeat` is true.
   *
   * `delayMs` is a 32-bit integer; below 0 counts as 0. Due timers run in the order of their due times, equal ones in the order of
   * creation. The host keeps the nesting level of timers, since it alone knows which timer's turn is running, its microtasks
   * included: a timer started there is one level deeper than that timer, each repetition one deeper than the last run, and
   * beyond level 5 the delay is at least 4 ms.
   *
   * Answers a positive integer that no other timer of this sandbox has had. Throws a RangeError with code `ERR_LIMIT` when
   * pendingOps is reached. `run` does not throw.
   */
  export function start(delayMs: number, repeat: boolean, run: () => void): number;

  /** Ends a timer of `start`, from within its own `run` as well. Unknown ids, those of immediates included, mean nothing. Never throws. */
  export function stop(id: number): void;

  /**
   * Calls `run` as a turn of its own, after what is ready now and before any timer that is started from now on. Ids and errors
   * as for `start`.
   */
  export function immediate(run: () => void): number;

  /** Ends an immediate that has not run. Never throws. */
  export function stopImmediate(id: number): void;

  /**
   * One timer for `AbortSignal.timeout`: as `start` without repetition, but nobody waits for it, so that a call is answered and a
   * sandbox goes idle while it is pending. `delayMs` is a whole number from 0 to 2**53 - 1. Throws as `start` does.
   */
  export function setTimeoutFor(delayMs: number, run: () => void): number;
}
