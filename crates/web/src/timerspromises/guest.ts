// timers/promises and timers: promises of a later time, and timers as objects, as Node has them.

import { descriptor, isObject } from 'guest:webidl';
import { checkBoolean, coded, invalidArgType } from 'guest:nodeerrors';
import * as host from 'guest:timers';

const { defineProperty } = Reflect;
const PromiseIntrinsic = Promise;
const toNumber = Number;

interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
interface Options {
  signal?: Signal;
  ref?: boolean;
}

function check(options: Options): void {
  if (!isObject(options)) throw invalidArgType('options', 'of type object', options);
  const { signal, ref } = options;
  if (signal !== undefined && !(isObject(signal) && 'aborted' in signal)) {
    throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  }
  if (ref !== undefined) checkBoolean(ref, 'options.ref');
}

function abortError({ reason }: Signal): Error {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: reason });
  error.name = 'AbortError';
  return error;
}

/** A promise that `start` settles, unless the signal comes first. */
function wait<T>(start: (done: () => void) => () => void, value: T, options: Options): Promise<T> {
  try {
    check(options);
  } catch (error) {
    return PromiseIntrinsic.reject(error);
  }
  const { signal } = options;
  if (signal?.aborted) return PromiseIntrinsic.reject(abortError(signal));
  return new PromiseIntrinsic((resolve, reject) => {
    const stop = start(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    });
    const onAbort = (): void => {
      stop();
      reject(abortError(signal!));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function delayOf(delay: unknown): number {
  const ms = toNumber(delay);
  return ms >= 1 && ms <= 2147483647 ? ms : 1;
}

function setTimeout<T>(delay?: number, value?: T, options: Options = {}): Promise<T> {
  const start = (done: () => void): (() => void) => {
    const id = host.setTimeout(done, delayOf(delay));
    return () => host.clearTimeout(id);
  };
  return wait(start, value as T, options);
}

function setImmediate<T>(value?: T, options: Options = {}): Promise<T> {
  const start = (done: () => void): (() => void) => {
    const id = host.setImmediate(done);
    return () => host.clearImmediate(id);
  };
  return wait(start, value as T, options);
}

async function* setInterval<T>(delay?: number, value?: T, options: Options = {}): AsyncGenerator<T> {
  check(options);
  const { signal } = options;
  if (signal?.aborted) throw abortError(signal);
  let due = 0;
  let wake: (() => void) | undefined;
  const tell = (): void => {
    wake?.();
    wake = undefined;
  };
  const id = host.setInterval(() => {
    due++;
    tell();
  }, delayOf(delay));
  signal?.addEventListener('abort', tell, { once: true });
  try {
    for (;;) {
      if (due === 0 && !signal?.aborted) await new PromiseIntrinsic<void>((resolve) => (wake = resolve));
      for (; due > 0; due--) yield value as T;
      if (signal?.aborted) throw abortError(signal);
    }
  } finally {
    host.clearInterval(id);
    signal?.removeEventListener('abort', tell);
  }
}

const scheduler = {
  wait: (delay: number, options?: Options): Promise<void> => setTimeout(delay, undefined, options),
  yield: (): Promise<void> => setImmediate(),
};

/** What `require('timers/promises')` gives. */
const timersPromises = { setTimeout, setImmediate, setInterval, scheduler };

// ── timers ────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Handler = (...args: any[]) => unknown;

/** A timer as Node gives it. Nothing keeps a sandbox alive, so that `ref` and `unref` change what `hasRef` says alone. */
class Timeout {
  #id: number;
  #restart: () => number;
  #stop: (id: number) => void;
  #isReferenced = true;

  constructor(start: () => number, stop: (id: number) => void) {
    this.#restart = start;
    this.#stop = stop;
    this.#id = start();
  }

  ref(): this {
    this.#isReferenced = true;
    return this;
  }

  unref(): this {
    this.#isReferenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isReferenced;
  }

  refresh(): this {
    this.#stop(this.#id);
    this.#id = this.#restart();
    return this;
  }

  close(): this {
    this.#stop(this.#id);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }
}

class Immediate extends Timeout {}

const idOf = (timer: unknown): number => (isObject(timer) ? toNumber(timer) : (timer as number));

/** What `require('timers')` gives. */
const timers = {
  setTimeout: (handler: Handler, delay?: number, ...args: unknown[]) => {
    checkHandler(handler);
    return new Timeout(() => host.setTimeout(handler, delayOf(delay), ...args), host.clearTimeout);
  },
  setInterval: (handler: Handler, delay?: number, ...args: unknown[]) => {
    checkHandler(handler);
    return new Timeout(() => host.setInterval(handler, delayOf(delay), ...args), host.clearInterval);
  },
  setImmediate: (handler: Handler, ...args: unknown[]) => {
    checkHandler(handler);
    return new Immediate(() => host.setImmediate(handler, ...args), host.clearImmediate);
  },
  clearTimeout: (timer?: unknown) => host.clearTimeout(idOf(timer)),
  clearInterval: (timer?: unknown) => host.clearInterval(idOf(timer)),
  clearImmediate: (timer?: unknown) => host.clearImmediate(idOf(timer)),
  promises: timersPromises,
};

function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function') throw invalidArgType('callback', 'of type function', handler);
}

const customPromisify = Symbol.for('nodejs.util.promisify.custom');
for (const name of ['setTimeout', 'setImmediate'] as const) {
  defineProperty(
    timers[name],
    customPromisify,
    descriptor({ value: timersPromises[name], enumerable: true, configurable: true }),
  );
}

export { timers, timersPromises };
