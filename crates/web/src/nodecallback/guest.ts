// Callbacks of Node's shape over promises: `(error)` or `(null, value)`, and what they throw is nobody's promise's.

import { upon } from 'guest:promises';
import { report } from 'host:report';

const { apply } = Reflect;

type Callback = (error: unknown, ...values: any[]) => void;

/** Calls back when the promise is settled. */
export function later<T>(promise: Promise<T>, callback: Callback, convert?: (value: T) => unknown[]): void {
  upon(
    promise,
    (value) => run(callback, convert === undefined ? [null, value] : [null, ...convert(value)]),
    (error) => run(callback, [error]),
  );
}

function run(callback: Callback, args: unknown[]): void {
  try {
    apply(callback, undefined, args);
  } catch (error) {
    report(error);
  }
}
