// ErrorEvent, PromiseRejectionEvent and the handlers of the global object: what nobody caught, told to those who listen.
//
// The host calls `dispatchError`, `dispatchUnhandled`, `dispatchHandled` and `remember` once a listener exists, and reports what
// no listener prevented. Nothing here throws. An error of a listener of errors is not told again: it goes to the console.
// Specification: https://html.spec.whatwg.org/multipage/webappapis.html#runtime-script-errors

import { Event, type EventInit, fire, handlerAccessors } from 'guest:events';
import {
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
  unsignedLong,
  usvString,
} from 'guest:webidl';

const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { captureStackTrace, isError } = Error;
const globalObject = globalThis as unknown as EventTarget;
const exec = uncurry(RegExp.prototype.exec);
const add = uncurry(WeakSet.prototype.add);
const has = uncurry(WeakSet.prototype.has);
const remove = uncurry(WeakSet.prototype.delete);

type EventTarget = Parameters<typeof fire>[0];

// ── ErrorEvent ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ErrorEventInit extends EventInit {
  message?: string;
  filename?: string;
  lineno?: number;
  colno?: number;
  error?: unknown;
}

interface ErrorDetail {
  readonly message: string;
  readonly filename: string;
  readonly lineno: number;
  readonly colno: number;
  readonly error: unknown;
}

let errorDetail: (value: unknown) => ErrorDetail;
let isErrorEvent: (value: unknown) => boolean;

class ErrorEvent extends Event {
  #detail: ErrorDetail;

  static {
    isErrorEvent = (value) => isObject(value) && #detail in value;
    errorDetail = (value) => {
      if (isObject(value) && #detail in value) return value.#detail;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: ErrorEventInit = {}) {
    requireArguments(arguments.length, 1, 'ErrorEvent');
    super(type, eventInitDict);
    const init = dictionary(eventInitDict, 'ErrorEvent');
    const colno = unsignedLong(init?.['colno']);
    const error = init?.['error'];
    const filename = init?.['filename'];
    const lineno = unsignedLong(init?.['lineno']);
    const message = init?.['message'];
    this.#detail = {
      message: message === undefined ? '' : domString(message),
      filename: filename === undefined ? '' : usvString(filename),
      lineno,
      colno,
      error,
    };
  }

  get message(): string {
    return errorDetail(this).message;
  }
  get filename(): string {
    return errorDetail(this).filename;
  }
  get lineno(): number {
    return errorDetail(this).lineno;
  }
  get colno(): number {
    return errorDetail(this).colno;
  }
  get error(): any {
    return errorDetail(this).error;
  }
}

makeEnumerable(ErrorEvent, ['message', 'filename', 'lineno', 'colno', 'error']);

// ── PromiseRejectionEvent ─────────────────────────────────────────────────────────────────────────────────────────────

export interface PromiseRejectionEventInit extends EventInit {
  promise: object;
  reason?: unknown;
}

interface RejectionDetail {
  readonly promise: object;
  readonly reason: unknown;
}

let rejectionDetail: (value: unknown) => RejectionDetail;

class PromiseRejectionEvent extends Event {
  #detail: RejectionDetail;

  static {
    rejectionDetail = (value) => {
      if (isObject(value) && #detail in value) return value.#detail;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: PromiseRejectionEventInit) {
    requireArguments(arguments.length, 2, 'PromiseRejectionEvent');
    super(type, eventInitDict);
    const init = dictionary(eventInitDict, 'PromiseRejectionEvent');
    const promise = init?.['promise'];
    if (!isObject(promise)) throw new TypeError('PromiseRejectionEvent: the promise is missing, or no object');
    this.#detail = { promise, reason: init?.['reason'] };
  }

  get promise(): object {
    return rejectionDetail(this).promise;
  }
  get reason(): any {
    return rejectionDetail(this).reason;
  }
}

makeEnumerable(PromiseRejectionEvent, ['promise', 'reason']);

// ── handlers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const onerror = handlerAccessors('error', undefined, (handler, target, event) => {
  // HTML, the event handler processing algorithm, step 4: an error's handler gets its parts, and `true` takes the error.
  if (!isErrorEvent(event) || target !== globalObject) return { cancel: apply(handler, target, [event]) === false };
  const { message, filename, lineno, colno, error } = errorDetail(event);
  return { cancel: apply(handler, target, [message, filename, lineno, colno, error]) === true };
});
const onunhandledrejection = handlerAccessors('unhandledrejection');
const onrejectionhandled = handlerAccessors('rejectionhandled');

// ── what the host calls ───────────────────────────────────────────────────────────────────────────────────────────────

const outstanding = new WeakSet<object>();
let isReporting = false;

/** Whether a listener took the error. */
export function dispatchError(error: unknown): boolean {
  if (isReporting) return false;
  isReporting = true;
  try {
    const { filename, lineno, colno } = placeOf(error);
    const init = { __proto__: null, cancelable: true, message: messageOf(error), filename, lineno, colno, error };
    return !fire(globalObject, new ErrorEvent('error', init as ErrorEventInit));
  } finally {
    isReporting = false;
  }
}

/** Whether a listener took the rejection. */
export function dispatchUnhandled(promise: object, reason: unknown): boolean {
  const init = { __proto__: null, cancelable: true, promise, reason } as PromiseRejectionEventInit;
  return !fire(globalObject, new PromiseRejectionEvent('unhandledrejection', init));
}

/** The promise was reported as unhandled: a handler that comes later is news. */
export function remember(promise: object): void {
  add(outstanding, promise);
}

export function dispatchHandled(promise: object, reason: unknown): void {
  if (!has(outstanding, promise)) return;
  remove(outstanding, promise);
  const init = { __proto__: null, promise, reason } as PromiseRejectionEventInit;
  fire(globalObject, new PromiseRejectionEvent('rejectionhandled', init));
}

// ── an error's parts ──────────────────────────────────────────────────────────────────────────────────────────────────

const LONGEST_CHAIN = 100;

/** A data property of an object or of what it inherits from; no getter and no trap of a proxy runs for an Error. */
function dataOf(object: object, key: string): unknown {
  let at: object | null = object;
  for (let i = 0; at !== null && i < LONGEST_CHAIN; i++) {
    const own = getOwnPropertyDescriptor(at, key);
    if (own !== undefined) return own.value;
    at = getPrototypeOf(at);
  }
  return undefined;
}

function messageOf(error: unknown): string {
  if (isError(error)) {
    const name = dataOf(error as Error, 'name');
    const message = dataOf(error as Error, 'message');
    const title = typeof name === 'string' ? name : 'Error';
    return `Uncaught ${title}${typeof message === 'string' && message !== '' ? `: ${message}` : ''}`;
  }
  if (typeof error === 'function') return 'Uncaught function';
  if (isObject(error)) return 'Uncaught object';
  return typeof error === 'symbol' ? 'Uncaught symbol' : `Uncaught ${error as string}`;
}

const NOWHERE = { filename: '', lineno: 0, colno: 0 };
const FRAME = /\(?([^()\s]*):(\d+):(\d+)\)?$/;

/** The uppermost frame of guest code: of the error itself, else of the running code. */
function placeOf(error: unknown): typeof NOWHERE {
  const own = isError(error) ? getOwnPropertyDescriptor(error as Error, 'stack')?.value : undefined;
  if (typeof own === 'string') return place(own);
  try {
    const holder: { stack?: unknown } = {};
    captureStackTrace(holder, dispatchError);
    const { stack } = holder;
    return typeof stack === 'string' ? place(stack) : NOWHERE;
  } catch {
    return NOWHERE;
  }
}

function place(stack: string): typeof NOWHERE {
  let line = '';
  for (let i = 0; i <= stack.length && i < 10_000; i++) {
    const letter = stack[i];
    if (letter !== '\n' && letter !== undefined) {
      line += letter;
      continue;
    }
    const found = exec(FRAME, line) as string[] | null;
    line = '';
    if (found === null || isOurs(found[1]!)) continue;
    return { filename: found[1]!, lineno: unsignedLong(found[2]), colno: unsignedLong(found[3]) };
  }
  return NOWHERE;
}

function isOurs(file: string): boolean {
  return file === 'native' || file === '' || (file[5] === ':' && exec(/^guest:/, file) !== null);
}

export { ErrorEvent, onerror, onrejectionhandled, onunhandledrejection, PromiseRejectionEvent };
