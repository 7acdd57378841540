// tee: two streams with all chunks of one.
//
// Specification: https://streams.spec.whatwg.org/#abstract-opdef-readablestreamtee

import { acquireByobReader } from 'guest:byobreader';
import {
  byobRequestOf,
  closeBytes,
  enqueueView,
  failBytes,
  readInto,
  respond,
  respondWithView,
  startBytes,
} from 'guest:bytes';
import type { ByteController } from 'guest:bytes';
import { deferred, resolved, upon } from 'guest:promises';
import type { Deferred } from 'guest:promises';
import {
  acquireReader,
  cancelReadable,
  close,
  enqueue,
  fail,
  newReadable,
  read,
  releaseReader,
  startDefault,
} from 'guest:readable';
import type { DefaultController, Readable, Reader, Source } from 'guest:readable';
import { extentOf } from 'guest:viewextent';
import { uncurry } from 'guest:webidl';

const enqueueMicrotask = queueMicrotask;
const sliceBuffer = uncurry(ArrayBuffer.prototype.slice) as (
  buffer: unknown,
  start: number,
  end: number,
) => ArrayBuffer;

/** The branches. `clone`: the second gets copies of the chunks, as the Fetch standard's bodies want. */
export function teeReadable(stream: Readable, clone: boolean): [Readable, Readable] {
  return stream.controller.isBytes ? teeBytes(stream) : teeDefault(stream, clone);
}

/** What both branches cancelled with, once both have. */
class Cancelling {
  readonly done: Deferred<unknown> = deferred<unknown>();
  first: { readonly reason: unknown } | undefined;
  second: { readonly reason: unknown } | undefined;
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  cancel(branch: 'first' | 'second', reason: unknown): Promise<unknown> {
    this[branch] = { reason };
    if (this.first !== undefined && this.second !== undefined) {
      this.done.resolve(cancelReadable(this.#stream, [this.first.reason, this.second.reason]));
    }
    return this.done.promise;
  }
}

function copyOf(chunk: unknown): unknown {
  const { buffer, offset, length, kind } = extentOf(chunk, 'tee');
  const copy = sliceBuffer(buffer, offset, offset + length);
  return new kind.construct(copy, 0, length / kind.elementBytes);
}

function teeDefault(stream: Readable, clone: boolean): [Readable, Readable] {
  const reader = acquireReader(stream, 'default');
  const cancelling = new Cancelling(stream);
  let isReading = false;
  let readAgain = false;
  const pull = (): Promise<unknown> => {
    if (isReading) {
      readAgain = true;
      return resolved(undefined);
    }
    isReading = true;
    read(reader, {
      // A turn later, so that a chunk that is there already does not get ahead of what the reader is told of an error.
      chunk: (chunk) =>
        enqueueMicrotask(() => {
          readAgain = false;
          let other = chunk;
          if (clone && cancelling.second === undefined) {
            try {
              other = copyOf(chunk);
            } catch (error) {
              fail(first, error);
              fail(second, error);
              cancelling.done.resolve(cancelReadable(stream, error));
              return;
            }
          }
          if (cancelling.first === undefined) enqueue(first, chunk);
          if (cancelling.second === undefined) enqueue(second, other);
          isReading = false;
          if (readAgain) void pull();
        }),
      close: () => {
        isReading = false;
        if (cancelling.first === undefined) close(first);
        if (cancelling.second === undefined) close(second);
        if (cancelling.first === undefined || cancelling.second === undefined) cancelling.done.resolve(undefined);
      },
      error: () => {
        isReading = false;
      },
    });
    return resolved(undefined);
  };
  const branch = (which: 'first' | 'second'): { slots: Readable; controller: DefaultController } => {
    const made = newReadable();
    const source: Source = {
      start: () => undefined,
      pull,
      cancel: (reason) => cancelling.cancel(which, reason),
      size: () => 1,
    };
    return { slots: made, controller: startDefault(made, source, 1) };
  };
  const one = branch('first');
  const two = branch('second');
  const first = one.controller;
  const second = two.controller;
  upon(reader.closed, undefined, (reason) => {
    fail(first, reason);
    fail(second, reason);
    if (cancelling.first === undefined || cancelling.second === undefined) cancelling.done.resolve(undefined);
  });
  return [one.slots, two.slots];
}

function teeBytes(stream: Readable): [Readable, Readable] {
  let reader = acquireReader(stream, 'default');
  const cancelling = new Cancelling(stream);
  let isReading = false;
  let againForFirst = false;
  let againForSecond = false;

  const forwardErrors = (of: Reader): void => {
    upon(of.closed, undefined, (reason) => {
      if (of !== reader) return;
      failBytes(first, reason);
      failBytes(second, reason);
      if (cancelling.first === undefined || cancelling.second === undefined) cancelling.done.resolve(undefined);
    });
  };

  const giveUp = (error: unknown): void => {
    failBytes(first, error);
    failBytes(second, error);
    cancelling.done.resolve(cancelReadable(stream, error));
  };

  const goOn = (): void => {
    isReading = false;
    if (againForFirst) pullFirst();
    else if (againForSecond) pullSecond();
  };

  const switchTo = (kind: 'default' | 'byob'): void => {
    if ((reader.requests !== undefined) === (kind === 'default')) return;
    releaseReader(reader);
    reader = kind === 'default' ? acquireReader(stream, 'default') : acquireByobReader(stream);
    forwardErrors(reader);
  };

  const pullChunk = (): void => {
    switchTo('default');
    read(reader, {
      chunk: (chunk) =>
        enqueueMicrotask(() => {
          againForFirst = againForSecond = false;
          let other = chunk;
          if (cancelling.first === undefined && cancelling.second === undefined) {
            try {
              other = copyOf(chunk);
            } catch (error) {
              return giveUp(error);
            }
          }
          if (cancelling.first === undefined) enqueueView(first, chunk as Uint8Array);
          if (cancelling.second === undefined) enqueueView(second, other as Uint8Array);
          goOn();
        }),
      close: () => {
        isReading = false;
        if (cancelling.first === undefined) closeBytes(first);
        if (cancelling.second === undefined) closeBytes(second);
        if (first.pending.length > 0) respond(first, 0);
        if (second.pending.length > 0) respond(second, 0);
        if (cancelling.first === undefined || cancelling.second === undefined) cancelling.done.resolve(undefined);
      },
      error: () => {
        isReading = false;
      },
    });
  };

  const pullView = (view: Uint8Array, forSecond: boolean): void => {
    switchTo('byob');
    const taker = forSecond ? second : first;
    const other = forSecond ? first : second;
    const takerCancelled = () => (forSecond ? cancelling.second : cancelling.first) !== undefined;
    const otherCancelled = () => (forSecond ? cancelling.first : cancelling.second) !== undefined;
    readInto(reader, extentOf(view, 'tee'), 1, {
      chunk: (chunk) =>
        enqueueMicrotask(() => {
          againForFirst = againForSecond = false;
          if (!otherCancelled()) {
            let copy: unknown;
            try {
              copy = copyOf(chunk);
            } catch (error) {
              return giveUp(error);
            }
            if (!takerCancelled()) respondWithView(taker, extentOf(chunk, 'tee'));
            enqueueView(other, copy as Uint8Array);
          } else if (!takerCancelled()) {
            respondWithView(taker, extentOf(chunk, 'tee'));
          }
          goOn();
        }),
      close: (chunk) => {
        isReading = false;
        const takerGone = takerCancelled();
        const otherGone = otherCancelled();
        if (!takerGone) closeBytes(taker);
        if (!otherGone) closeBytes(other);
        if (chunk !== undefined) {
          if (!takerGone) respondWithView(taker, extentOf(chunk, 'tee'));
          if (!otherGone && other.pending.length > 0) respond(other, 0);
        }
        if (!takerGone || !otherGone) cancelling.done.resolve(undefined);
      },
      error: () => {
        isReading = false;
      },
    });
  };

  const pullFor = (controller: ByteController, forSecond: boolean): Promise<unknown> => {
    if (isReading) {
      if (forSecond) againForSecond = true;
      else againForFirst = true;
      return resolved(undefined);
    }
    isReading = true;
    const request = byobRequestOf(controller);
    if (request === null) pullChunk();
    else pullView(request.view!, forSecond);
    return resolved(undefined);
  };
  const pullFirst = (): Promise<unknown> => pullFor(first, false);
  const pullSecond = (): Promise<unknown> => pullFor(second, true);

  const branch = (which: 'first' | 'second', pull: () => Promise<unknown>) => {
    const made = newReadable();
    const source = { start: () => undefined, pull, cancel: (reason: unknown) => cancelling.cancel(which, reason) };
    return { slots: made, controller: startBytes(made, source, 0, undefined) };
  };
  const one = branch('first', pullFirst);
  const two = branch('second', pullSecond);
  const first = one.controller;
  const second = two.controller;
  forwardErrors(reader);
  return [one.slots, two.slots];
}
