// FileReader and ProgressEvent: Blobs read with events.
//
// The bytes come at once, so each of the events of a read comes once: loadstart, progress where there is something, load, loadend.
// Specification: https://w3c.github.io/FileAPI/#APIASynch, https://xhr.spec.whatwg.org/#interface-progressevent

import { Blob, blobParts, isBlob } from 'guest:blob';
import { defineHandler, Event, EventTarget, fire } from 'guest:events';
import type { EventInit } from 'guest:events';
import { parameterOf, parseMimeType } from 'guest:mime';
import {
  defineConstants,
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  uncurry,
} from 'guest:webidl';
import { arrayBuffer, size } from 'host:blob';
import { decodeOnce, label } from 'host:encoding';
import { base64, binary } from 'host:filereader';
import { immediate } from 'host:timers';

const then = uncurry(Promise.prototype.then) as <T>(
  promise: Promise<T>,
  onFulfilled: (value: T) => void,
  onRejected: (reason: unknown) => void,
) => void;
const blobType = uncurry(Object.getOwnPropertyDescriptor(Blob.prototype, 'type')!.get as () => string);
const Uint8ArrayIntrinsic = Uint8Array;

// ── ProgressEvent ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ProgressEventInit extends EventInit {
  lengthComputable?: boolean;
  loaded?: number;
  total?: number;
}

interface Progress {
  readonly lengthComputable: boolean;
  readonly loaded: number;
  readonly total: number;
}

let progressOf: (value: unknown) => Progress;

class ProgressEvent extends Event {
  #progress: Progress;

  static {
    progressOf = (value) => {
      if (isObject(value) && #progress in value) return value.#progress;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: ProgressEventInit = {}) {
    requireArguments(arguments.length, 1, 'ProgressEvent');
    super(type, eventInitDict);
    const init = dictionary(eventInitDict, 'ProgressEvent');
    const lengthComputable = !!init?.lengthComputable;
    const loaded = finite(init?.loaded, 'loaded');
    this.#progress = { lengthComputable, loaded, total: finite(init?.total, 'total') };
  }

  get lengthComputable(): boolean {
    return progressOf(this).lengthComputable;
  }
  get loaded(): number {
    return progressOf(this).loaded;
  }
  get total(): number {
    return progressOf(this).total;
  }
}

makeEnumerable(ProgressEvent, ['lengthComputable', 'loaded', 'total']);

/** `double`: a number that is neither infinite nor none. */
function finite(value: unknown, name: string): number {
  const number = value === undefined ? 0 : +(value as number);
  if (!(number - number === 0)) throw new TypeError(`ProgressEvent: ${name} is not a finite number`);
  return number;
}

// ── FileReader ────────────────────────────────────────────────────────────────────────────────────────────────────────

const EMPTY = 0;
const LOADING = 1;
const DONE = 2;

type Result = string | ArrayBuffer;

interface State {
  ready: number;
  result: Result | null;
  error: unknown;
  /** The number of the read under way: what an earlier one brings is nobody's. */
  read: number;
}

let stateOf: (value: unknown) => State;

class FileReader extends EventTarget {
  declare static readonly EMPTY: 0;
  declare static readonly LOADING: 1;
  declare static readonly DONE: 2;

  #state: State = { ready: EMPTY, result: null, error: null, read: 0 };

  static {
    stateOf = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  get readyState(): number {
    return stateOf(this).ready;
  }
  get result(): Result | null {
    return stateOf(this).result;
  }
  get error(): unknown {
    return stateOf(this).error;
  }

  readAsArrayBuffer(blob: Blob): void {
    const state = stateOf(this);
    requireArguments(arguments.length, 1, 'FileReader.readAsArrayBuffer');
    start(this, state, blob, 'readAsArrayBuffer', (bytes) => bytes);
  }

  readAsBinaryString(blob: Blob): void {
    const state = stateOf(this);
    requireArguments(arguments.length, 1, 'FileReader.readAsBinaryString');
    start(this, state, blob, 'readAsBinaryString', binary);
  }

  readAsDataURL(blob: Blob): void {
    const state = stateOf(this);
    requireArguments(arguments.length, 1, 'FileReader.readAsDataURL');
    start(this, state, blob, 'readAsDataURL', (bytes, type) => {
      return `data:${type === '' ? 'application/octet-stream' : type};base64,${base64(bytes)}`;
    });
  }

  readAsText(blob: Blob, encoding: string | undefined = undefined): void {
    const state = stateOf(this);
    requireArguments(arguments.length, 1, 'FileReader.readAsText');
    if (!isBlob(blob)) throw notBlob('readAsText');
    const given = encoding === undefined ? undefined : domString(encoding);
    start(this, state, blob, 'readAsText', (bytes, type) => decode(bytes, given, type));
  }

  abort(): void {
    const state = stateOf(this);
    const { ready } = state;
    state.result = null;
    if (ready !== LOADING) return;
    state.read++;
    state.ready = DONE;
    tell(this, 'abort', 0, 0);
    if ((state.ready as number) !== LOADING) tell(this, 'loadend', 0, 0);
  }
}

// prettier-ignore
makeEnumerable(FileReader, [
  'readyState', 'result', 'error', 'readAsArrayBuffer', 'readAsBinaryString', 'readAsDataURL', 'readAsText', 'abort',
]);
defineConstants(FileReader, { EMPTY, LOADING, DONE });
defineHandler(FileReader.prototype, 'loadstart');
defineHandler(FileReader.prototype, 'progress');
defineHandler(FileReader.prototype, 'load');
defineHandler(FileReader.prototype, 'abort');
defineHandler(FileReader.prototype, 'error');
defineHandler(FileReader.prototype, 'loadend');

function notBlob(method: string): TypeError {
  return new TypeError(`FileReader.${method}: the argument is not a Blob`);
}

function tell(reader: FileReader, type: string, loaded: number, total: number): void {
  const init = { __proto__: null, lengthComputable: total > 0, loaded, total } as unknown as ProgressEventInit;
  fire(reader, new ProgressEvent(type, init));
}

function start(
  reader: FileReader,
  state: State,
  blob: Blob,
  method: string,
  pack: (bytes: ArrayBuffer, type: string) => Result,
): void {
  if (!isBlob(blob)) throw notBlob(method);
  if (state.ready === LOADING) throw new DOMException('The reader is reading already', 'InvalidStateError');
  state.ready = LOADING;
  state.result = null;
  state.error = null;
  const read = ++state.read;
  const parts = blobParts(blob);
  const total = size(parts);
  const type = blobType(blob);
  // Each step is a task of its own, unless another read or an abort came between.
  const task = (run: () => void): void => {
    immediate(() => {
      if (state.read === read) run();
    });
  };
  const fail = (reason: unknown): void => {
    state.ready = DONE;
    state.error = reason;
    tell(reader, 'error', 0, 0);
    task(() => tell(reader, 'loadend', 0, 0));
  };
  const finish = (bytes: ArrayBuffer): void => {
    state.ready = DONE;
    try {
      state.result = pack(bytes, type);
    } catch (reason) {
      fail(reason);
      return;
    }
    tell(reader, 'load', total, total);
    // In a browser the listeners' microtasks run before this event.
    task(() => tell(reader, 'loadend', total, total));
  };
  then(
    arrayBuffer(parts),
    (bytes) =>
      task(() => {
        tell(reader, 'loadstart', 0, total);
        if (total > 0) task(() => tell(reader, 'progress', total, total));
        task(() => finish(bytes));
      }),
    (reason) => task(() => fail(reason)),
  );
}

/** By the byte order mark, the encoding asked for, the type's charset, or as UTF-8. */
function decode(bytes: ArrayBuffer, given: string | undefined, type: string): string {
  const { 0: first, 1: second, 2: third } = new Uint8ArrayIntrinsic(bytes);
  let name = given === undefined ? undefined : label(given);
  if (name === undefined) {
    const mime = parseMimeType(type);
    const charset = mime === undefined ? undefined : parameterOf(mime, 'charset');
    name = charset === undefined ? undefined : label(charset);
  }
  if (first === 0xfe && second === 0xff) name = 'utf-16be';
  else if (first === 0xff && second === 0xfe) name = 'utf-16le';
  else if (first === 0xef && second === 0xbb && third === 0xbf) name = 'utf-8';
  return decodeOnce(name ?? 'utf-8', bytes, false, false);
}

export { FileReader, ProgressEvent };
