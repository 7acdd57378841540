// byobreader: readers of byte streams that bring their own buffers.
//
// Specification: https://streams.spec.whatwg.org/#byob-reader-class

import { readInto } from 'guest:bytes';
import { promising } from 'guest:promises';
import { acquireReader, argument, cancelReadable, lockedTo, releaseReader } from 'guest:readable';
import type { Readable, Reader, ReadableStreamReadResult } from 'guest:readable';
import { bufferBytes, extentOf } from 'guest:viewextent';
import {
  dictionary,
  enforceUnsignedLongLong,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
} from 'guest:webidl';

let readerOf: (value: unknown) => Reader;

class ReadableStreamBYOBReader {
  #reader: Reader;

  static {
    readerOf = (value) => {
      if (isObject(value) && #reader in value) return value.#reader;
      throw illegalInvocation();
    };
  }

  constructor(stream: unknown) {
    this.#reader = acquireByobReader(argument(stream, 'ReadableStreamBYOBReader'));
  }

  get closed(): Promise<void> {
    return promising(() => readerOf(this).closed);
  }

  cancel(reason: unknown = undefined): Promise<void> {
    return promising(() => cancelReadable(lockedTo(readerOf(this), 'cancel'), reason));
  }

  read(view: ArrayBufferView, options: { min?: number } = {}): Promise<ReadableStreamReadResult> {
    const given = arguments.length;
    return promising(() => {
      const reader = readerOf(this);
      requireArguments(given, 1, 'ReadableStreamBYOBReader.read');
      const extent = extentOf(view, 'ReadableStreamBYOBReader.read');
      const wanted = dictionary(options, 'ReadableStreamBYOBReader.read')?.min;
      const minimum = wanted === undefined ? 1 : enforceUnsignedLongLong(wanted, 'ReadableStreamBYOBReader.read: min');
      if (extent.length === 0) throw new TypeError('ReadableStreamBYOBReader.read: the view is empty');
      if (bufferBytes(extent.buffer) === 0) throw new TypeError('ReadableStreamBYOBReader.read: the buffer is empty');
      if (minimum === 0) throw new TypeError('ReadableStreamBYOBReader.read: min is 0');
      if (minimum > extent.length / extent.kind.elementBytes) {
        throw new RangeError('ReadableStreamBYOBReader.read: min is more than the view has room for');
      }
      lockedTo(reader, 'read');
      return new Promise<ReadableStreamReadResult>((resolve, reject) => {
        readInto(reader, extent, minimum, {
          chunk: (value) => resolve({ value, done: false }),
          close: (value) => resolve({ value, done: true }),
          error: reject,
        });
      });
    });
  }

  releaseLock(): void {
    releaseReader(readerOf(this));
  }
}

makeEnumerable(ReadableStreamBYOBReader, ['closed', 'cancel', 'read', 'releaseLock']);

export function acquireByobReader(stream: Readable): Reader {
  if (stream.reader !== undefined) throw new TypeError('the stream is locked to a reader already');
  if (!stream.controller.isBytes) throw new TypeError('the stream is no byte stream');
  return acquireReader(stream, 'byob');
}

export { ReadableStreamBYOBReader };
