// Queuing strategies, and queues as streams keep them.
//
// Specification: https://streams.spec.whatwg.org/#qs

import { dictionary, illegalInvocation, isObject, makeEnumerable, requireArguments } from 'guest:webidl';

const { apply } = Reflect;
const { max } = Math;

// ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Node<T> {
  readonly item: T;
  next: Node<T> | undefined;
}

/** First in, first out; linked, so that both ends cost the same however long it is. */
export class Queue<T> {
  #first: Node<T> | undefined;
  #last: Node<T> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first?.item;
  }

  push(item: T): void {
    const node: Node<T> = { item, next: undefined };
    if (this.#last === undefined) this.#first = node;
    else this.#last.next = node;
    this.#last = node;
    this.#length++;
  }

  shift(): T | undefined {
    const node = this.#first;
    if (node === undefined) return undefined;
    this.#first = node.next;
    if (node.next === undefined) this.#last = undefined;
    this.#length--;
    return node.item;
  }

  clear(): void {
    this.#first = this.#last = undefined;
    this.#length = 0;
  }
}

/** A queue whose items have sizes. */
export class SizedQueue<T> {
  #items = new Queue<{ readonly value: T; readonly size: number }>();
  #size = 0;

  get length(): number {
    return this.#items.length;
  }

  /** The sum of the sizes. */
  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#items.first?.value;
  }

  push(value: T, size: number): void {
    if (!(size >= 0 && size < Infinity)) throw new RangeError("a chunk's size is no finite number from 0 on");
    this.#items.push({ value, size });
    this.#size += size;
  }

  shift(): T {
    const { value, size } = this.#items.shift()!;
    // Floating-point sums may end a little below zero.
    this.#size = max(0, this.#size - size);
    return value;
  }

  clear(): void {
    this.#items.clear();
    this.#size = 0;
  }
}

// ── strategies ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Strategy {
  readonly highWaterMark: number | undefined;
  readonly size: ((chunk: unknown) => unknown) | undefined;
}

/** Converts a `QueuingStrategy`. */
export function toStrategy(value: unknown, where: string): Strategy {
  const members = dictionary(value, where);
  const highWaterMark = members?.highWaterMark;
  const mark = highWaterMark === undefined ? undefined : +(highWaterMark as number);
  const size = members?.size;
  if (size !== undefined && typeof size !== 'function') throw new TypeError(`${where}: size is not a function`);
  return { highWaterMark: mark, size: size as Strategy['size'] };
}

export function highWaterMarkOf({ highWaterMark }: Strategy, otherwise: number): number {
  if (highWaterMark === undefined) return otherwise;
  if (!(highWaterMark >= 0)) throw new RangeError(`the high water mark ${highWaterMark} is not a number from 0 on`);
  return highWaterMark;
}

export function sizeAlgorithmOf({ size }: Strategy): (chunk: unknown) => number {
  if (size === undefined) return () => 1;
  return (chunk) => +(apply(size, undefined, [chunk]) as number);
}

function initialMark(init: unknown, where: string): number {
  const mark = dictionary(init, where)?.highWaterMark;
  if (mark === undefined) throw new TypeError(`${where}: highWaterMark is required`);
  return +(mark as number);
}

// One function each for all strategies, as the standard wants. Methods, so that they are no constructors.
const { size: byteLengthSize } = {
  size(chunk: { byteLength: number }): number {
    return chunk.byteLength;
  },
};
const { size: countSize } = {
  size(): number {
    return 1;
  },
};

class ByteLengthQueuingStrategy {
  #mark: number;

  constructor(init: { highWaterMark: number }) {
    requireArguments(arguments.length, 1, 'ByteLengthQueuingStrategy');
    this.#mark = initialMark(init, 'ByteLengthQueuingStrategy');
  }

  get highWaterMark(): number {
    if (!(isObject(this) && #mark in this)) throw illegalInvocation();
    return this.#mark;
  }

  get size(): (chunk: { byteLength: number }) => number {
    if (!(isObject(this) && #mark in this)) throw illegalInvocation();
    return byteLengthSize;
  }
}

class CountQueuingStrategy {
  #mark: number;

  constructor(init: { highWaterMark: number }) {
    requireArguments(arguments.length, 1, 'CountQueuingStrategy');
    this.#mark = initialMark(init, 'CountQueuingStrategy');
  }

  get highWaterMark(): number {
    if (!(isObject(this) && #mark in this)) throw illegalInvocation();
    return this.#mark;
  }

  get size(): () => number {
    if (!(isObject(this) && #mark in this)) throw illegalInvocation();
    return countSize;
  }
}

makeEnumerable(ByteLengthQueuingStrategy, ['highWaterMark', 'size']);
makeEnumerable(CountQueuingStrategy, ['highWaterMark', 'size']);

export { ByteLengthQueuingStrategy, CountQueuingStrategy };
