declare module 'host:bridge' {
  /** The names of the app's functions, as the app gave them ('math.add'). */
  export function names(): string[];

  /**
   * Calls one of the app's functions. The arguments cross by structured clone before this returns. Rejects with what the function
   * threw (an Error with its name, message and code), with a DOMException `DataCloneError`, or with a RangeError with code `ERR_LIMIT`.
   */
  export function call(name: string, args: unknown[]): Promise<unknown>;
}
