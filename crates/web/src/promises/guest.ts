// Promises as the standards' steps speak of them, whatever a guest did to `Promise.prototype`.
//
// Specification: https://webidl.spec.whatwg.org/#js-promise-manipulation

const { apply } = Reflect;
const promiseThen = Promise.prototype.then as (...args: unknown[]) => Promise<any>;

function then<T>(
  promise: Promise<T>,
  onFulfilled: ((value: T) => unknown) | undefined,
  onRejected: ((reason: unknown) => unknown) | undefined,
): Promise<any> {
  return apply(promiseThen, promise, [onFulfilled, onRejected]);
}

/** A promise with the functions that settle it. */
export interface Deferred<T = void> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  let reject!: Deferred<T>['reject'];
  const promise = new Promise<T>((first, second) => {
    resolve = first;
    reject = second;
  });
  return { promise, resolve, reject };
}

/** "A promise resolved with." */
export function resolved<T>(value: T): Promise<Awaited<T>> {
  return new Promise((resolve) => resolve(value as Awaited<T>));
}

/** "A promise rejected with." */
export function rejected(reason: unknown): Promise<never> {
  return new Promise((_resolve, reject) => reject(reason));
}

/** "React to": the promise of what the steps give. */
export function react<T, R>(
  promise: Promise<T>,
  onFulfilled: ((value: T) => R) | undefined,
  onRejected?: (reason: unknown) => R,
): Promise<Awaited<R>> {
  return then(promise, onFulfilled, onRejected);
}

/** Reacts where nobody waits for the steps, which do not throw. */
export function upon<T>(
  promise: Promise<T>,
  onFulfilled: ((value: T) => void) | undefined,
  onRejected: (reason: unknown) => void = ignore,
): void {
  then(promise, onFulfilled, onRejected);
}

/** Nobody needs to handle a rejection of it. */
export function markHandled(promise: Promise<unknown>): void {
  then(promise, undefined, ignore);
}

function ignore(): void {}

/** What most callbacks give. Nobody but our own steps ever holds it. */
const done = resolved(undefined);

/** "Invoke a callback function" that gives a promise: what it throws rejects it. Not for promises that guests are given. */
export function invoke(
  callback: (...args: any[]) => unknown,
  self: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  try {
    const result = apply(callback, self, args as unknown[]);
    return result === undefined ? done : resolved(result);
  } catch (error) {
    return rejected(error);
  }
}

/** Runs a method that gives a promise: a wrong receiver or argument rejects it. */
export function promising<T>(run: () => T | Promise<T>): Promise<Awaited<T>> {
  try {
    return run() as Promise<Awaited<T>>;
  } catch (error) {
    return rejected(error);
  }
}
