// witstreams: streams and futures of a component as ReadableStreams and promises, and the app's as the component reads them.
//
// In: numbers of what the component gave, streams, iterables and promises of the app. Out: reads and answers, one batch at a time. Nothing
// is read ahead but what an app's stream has at once.

import { BASE } from 'guest:witcodec';
import type { Batch, Codec, Engine } from 'guest:witcodec';
import { bytesOf, Refusal } from 'guest:witmemory';
import type { Handles, Memory } from 'guest:witmemory';
import { typeName } from 'guest:witnames';
import type { Shape, Type } from 'guest:witshape';

const { apply, get } = Reflect;
const PromiseIntrinsic = Promise;
const then = Promise.prototype.then;
const resolve = (value: unknown): Promise<unknown> => new PromiseIntrinsic((settle) => settle(value));
const MapIntrinsic = Map;
const mapGet = Map.prototype.get;
const mapSet = Map.prototype.set;
const mapDelete = Map.prototype.delete;
const subarray = Uint8Array.prototype.subarray;
const { asyncIterator, iterator } = Symbol;

/** Numbers of the native side: see crates/wasm/src/component/concurrent. */
const READ = 0xffff_ff00;
const CANCEL = 0xffff_ff01;
export const PULL = 0xffff_ff02;
export const GIVE_UP = 0xffff_ff03;

/** Bytes that are asked for, or given, at once. */
const MOST_BYTES = 256 * 1024;
/** Elements that are asked for, or given, at once. */
const MOST_ELEMENTS = 256;

/** What a stream is read from. */
export interface StreamSource {
  /** What comes next; `undefined` at the end. */
  pull(): Promise<ArrayLike<unknown> | undefined>;
  cancel(): void;
}

/** What engines have of streams. */
export interface StreamEngine extends Engine {
  /**
   * A ReadableStream that asks for nothing before it is read; its chunks are bytes as they come, or one element each. Missing where components
   * that have streams are not compiled.
   */
  readable?(source: StreamSource, isBytes: boolean): object;
}

/** The way to the instance. */
interface Link {
  call<T>(number: number, message: Memory, bytes: number, read: (answer: Memory) => T): Promise<T>;
  take(): Memory;
  release(message: Memory): void;
}

/** What the app gave, as the component reads it. */
interface Feed {
  readonly list: number | null;
  next(): Promise<unknown>;
  cancel(): void;
}

/** A batch for the component, of lists of a type; `undefined` at the end. */
export interface Given {
  readonly list: number | null;
  readonly values: unknown;
}

type End = Type & { kind: 'stream' | 'future' };

/** Streams and futures of one instance. */
export class Streams {
  readonly #shape: Shape;
  readonly #codec: Codec;
  readonly #engine: StreamEngine;
  readonly #link: Link;
  readonly #feeds = new MapIntrinsic<number, Feed>();
  readonly #batches: (Batch | undefined)[] = [];
  /** Numbers in the message that is written. */
  readonly #written: number[] = [];
  #last = 0;
  /** What stands as numbers in elements. */
  handles: Handles | undefined;

  constructor(shape: Shape, codec: Codec, engine: StreamEngine, link: Link) {
    this.#shape = shape;
    this.#codec = codec;
    this.#engine = engine;
    this.#link = link;
  }

  // ── of the component ──

  /** What stands for a number of the component's. */
  receive(type: number, number: number): unknown {
    const { kind, type: element, list } = this.#shape.types[type] as End;
    if (kind === 'stream') {
      const isBytes = element === 'u8';
      const most = isBytes ? MOST_BYTES : MOST_ELEMENTS;
      const source = {
        pull: () => this.#read(number, list, most),
        cancel: () => this.#cancel(number),
      };
      return this.#engine.readable!(source, isBytes);
    }
    const value = apply(then, this.#read(number, list, 1), [
      (values: ArrayLike<unknown> | undefined) => {
        if (values === undefined) throw this.#engine.error('ERR_CLOSED', 'the component gave up a future without a value'); // prettier-ignore
        return values[0];
      },
    ]) as Promise<unknown>;
    // Whoever waits for it hears of a failure; nobody has to.
    apply(then, value, [undefined, () => {}]);
    return value;
  }

  #read(number: number, list: number | null, most: number): Promise<ArrayLike<unknown> | undefined> {
    return this.#send(READ, number, most, (answer) => {
      if (answer.top === 0) return undefined;
      answer.handles = this.handles;
      return list === null ? [undefined] : (this.#batch(list).decode(answer, answer.top) as ArrayLike<unknown>);
    });
  }

  #cancel(number: number): void {
    const told = this.#send(CANCEL, number, 0, () => undefined);
    // The instance is gone, and the stream with it.
    apply(then, told, [undefined, () => {}]);
  }

  #send<T>(fn: number, number: number, most: number, read: (answer: Memory) => T): Promise<T> {
    const link = this.#link;
    const message = link.take();
    try {
      message.begin(BASE, 16);
      message.u32[0] = number;
      message.u32[1] = 0;
      message.u32[2] = most;
      message.u32[3] = 0;
      return link.call(fn, message, 16, read);
    } finally {
      link.release(message);
    }
  }

  #batch(list: number): Batch {
    const known = this.#batches[list];
    if (known !== undefined) return known;
    const made = this.#codec.batch(list, typeName(this.#shape.types, list));
    this.#batches[list] = made;
    return made;
  }

  // ── of the app ──

  /** A number for a stream, an iterable or a promise of the app. */
  send(type: number, value: unknown): number {
    const { kind, type: element, list } = this.#shape.types[type] as End;
    const feed = kind === 'future' ? once(value, list) : fed(value, list, element === 'u8');
    if (feed === undefined) {
      const what = `a ReadableStream or an iterable for ${typeName(this.#shape.types, type)}`;
      throw new Refusal(what, value, '');
    }
    this.#last = this.#last === 0x7fff_ffff ? 1 : this.#last + 1;
    apply(mapSet, this.#feeds, [this.#last, feed]);
    this.#written[this.#written.length] = this.#last;
    return this.#last;
  }

  /** A message begins. */
  begin(): void {
    // Only where it has to be: engines take their time to set a length.
    if (this.#written.length > 0) this.#written.length = 0;
  }

  /** The message was not written to its end: nobody will read what stands in it. */
  forget(): void {
    const { length } = this.#written;
    for (let i = 0; i < length; i++) this.giveUp(this.#written[i]!);
    this.#written.length = 0;
  }

  /** What comes next of a stream of the app; nothing at its end. */
  async pull(number: number): Promise<Given | undefined> {
    const feed = apply(mapGet, this.#feeds, [number]) as Feed | undefined;
    if (feed === undefined) return undefined;
    let values: unknown;
    try {
      values = await feed.next();
    } catch (error) {
      apply(mapDelete, this.#feeds, [number]);
      throw error;
    }
    if (values === undefined) {
      apply(mapDelete, this.#feeds, [number]);
      return undefined;
    }
    return { list: feed.list, values };
  }

  /** Writes a batch that will stand at an address; the number of its bytes. */
  reply(message: Memory, reply: number, given: Given | undefined): number {
    if (given === undefined) return 0;
    if (given.list !== null) return this.#batch(given.list).encode(message, reply, given.values);
    message.begin(reply, 8);
    message.u32[0] = reply + 8;
    message.u32[1] = 1;
    return 8;
  }

  /** Nobody reads a stream of the app any more. */
  giveUp(number: number): void {
    const feed = apply(mapGet, this.#feeds, [number]) as Feed | undefined;
    apply(mapDelete, this.#feeds, [number]);
    feed?.cancel();
  }
}

/** A promise, or a value that is there already. */
function once(value: unknown, list: number | null): Feed {
  const settled = resolve(value);
  // A failure that nobody asks for is nobody's.
  apply(then, settled, [undefined, () => {}]);
  return { list, next: async () => [await settled], cancel() {} };
}

/** What gives one chunk after the other. */
interface Chunks {
  next(): Promise<{ readonly done?: boolean; readonly value?: unknown }>;
  cancel(): void;
}

function fed(value: unknown, list: number | null, isBytes: boolean): Feed | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const whole = isBytes ? bytesOf(value) : undefined;
  const chunks = whole === undefined ? chunksOf(value) : chunksOf([whole]);
  if (chunks === undefined) return undefined;
  return isBytes ? new ByteFeed(list, chunks) : new ElementFeed(list, chunks);
}

/** A method, where an object has it. */
function method(object: object, name: string | symbol): Function | undefined {
  const found = get(object, name) as unknown;
  return typeof found === 'function' ? found : undefined;
}

function chunksOf(value: object): Chunks | undefined {
  const getReader = method(value, 'getReader');
  if (getReader !== undefined) {
    const reader = apply(getReader, value, []) as { read(): Promise<{ done: boolean }>; cancel(): Promise<void> };
    return { next: () => reader.read(), cancel: () => quietly(() => reader.cancel()) };
  }
  const open = method(value, asyncIterator) ?? method(value, iterator);
  if (open === undefined) return undefined;
  const steps = apply(open, value, []) as Iterator<unknown> | AsyncIterator<unknown>;
  return {
    next: async () => (await steps.next()) as IteratorResult<unknown>,
    cancel: () => quietly(() => steps.return?.()),
  };
}

/** Whatever the app's code does when it is told that nobody reads, it is nobody's business. */
function quietly(tell: () => unknown): void {
  try {
    apply(then, resolve(tell()), [undefined, () => {}]);
  } catch {
    // As above.
  }
}

/** Chunks of bytes, of which long ones are given in parts. */
class ByteFeed implements Feed {
  readonly list: number | null;
  readonly #chunks: Chunks;
  #rest: Uint8Array | undefined;

  constructor(list: number | null, chunks: Chunks) {
    this.list = list;
    this.#chunks = chunks;
  }

  async next(): Promise<unknown> {
    while (this.#rest === undefined) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      const bytes = bytesOf(value);
      if (bytes === undefined) throw new TypeError('Expected a chunk of bytes for a stream<u8> of a component');
      if (bytes.length > 0) this.#rest = bytes;
    }
    const all = this.#rest;
    this.#rest = all.length > MOST_BYTES ? (apply(subarray, all, [MOST_BYTES]) as Uint8Array) : undefined;
    return this.#rest === undefined ? all : apply(subarray, all, [0, MOST_BYTES]);
  }

  cancel(): void {
    this.#rest = undefined;
    this.#chunks.cancel();
  }
}

/** Elements, as many as are there at once. */
class ElementFeed implements Feed {
  readonly list: number | null;
  readonly #chunks: Chunks;
  /** What was asked for and is not there yet. */
  #ahead: Promise<{ readonly done?: boolean; readonly value?: unknown }> | undefined;
  #isOver = false;

  constructor(list: number | null, chunks: Chunks) {
    this.list = list;
    this.#chunks = chunks;
  }

  async next(): Promise<unknown> {
    if (this.#isOver) return undefined;
    const values: unknown[] = [];
    while (values.length < MOST_ELEMENTS) {
      const step = this.#ahead ?? this.#chunks.next();
      this.#ahead = undefined;
      if (values.length > 0 && !(await isThere(step))) {
        this.#ahead = step;
        break;
      }
      const { done, value } = await step;
      if (done === true) {
        this.#isOver = true;
        break;
      }
      values[values.length] = value;
    }
    return values.length === 0 ? undefined : values;
  }

  cancel(): void {
    this.#chunks.cancel();
  }
}

/** Whether a promise is settled within a few turns of the queue of jobs. */
async function isThere(promise: Promise<unknown>): Promise<boolean> {
  let is = false;
  const settle = (): void => {
    is = true;
  };
  apply(then, promise, [settle, settle]);
  for (let i = 0; i < 4 && !is; i++) await undefined;
  return is;
}
