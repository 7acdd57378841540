declare module 'host:report' {
  /** Reports an exception that nobody caught, as the sandbox reports those of scripts. Takes any value; never throws. */
  export function report(error: unknown): void;

  /** From now on the host asks `guest:uncaught` before it reports anything. Never throws. */
  export function listen(): void;
}
