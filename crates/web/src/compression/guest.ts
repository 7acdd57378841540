// CompressionStream and DecompressionStream: transforms over the host's codecs.
//
// Specification: https://compression.spec.whatwg.org/

import { react, rejected, resolved } from 'guest:promises';
import type { ReadableStream } from 'guest:readablestream';
import { createTransform, enqueueTo } from 'guest:transform';
import type { Transform } from 'guest:transform';
import { illegalInvocation, isObject, isUnsharedBufferSource, makeEnumerable, requireArguments } from 'guest:webidl';
import type { WritableStream } from 'guest:writable';
import { newCodec, run } from 'host:compression';
import type { Codec } from 'host:compression';

type Format = 'brotli' | 'deflate' | 'deflate-raw' | 'gzip';

let compressing: (value: unknown) => Transform;
let decompressing: (value: unknown) => Transform;

class CompressionStream {
  #transform: Transform;

  static {
    compressing = (value) => {
      if (isObject(value) && #transform in value) return value.#transform;
      throw illegalInvocation();
    };
  }

  constructor(format: Format) {
    requireArguments(arguments.length, 1, 'CompressionStream');
    this.#transform = coding(toFormat(format, 'CompressionStream'), false);
  }

  get readable(): ReadableStream {
    return compressing(this).readable;
  }
  get writable(): WritableStream {
    return compressing(this).writable;
  }
}

class DecompressionStream {
  #transform: Transform;

  static {
    decompressing = (value) => {
      if (isObject(value) && #transform in value) return value.#transform;
      throw illegalInvocation();
    };
  }

  constructor(format: Format) {
    requireArguments(arguments.length, 1, 'DecompressionStream');
    this.#transform = coding(toFormat(format, 'DecompressionStream'), true);
  }

  get readable(): ReadableStream {
    return decompressing(this).readable;
  }
  get writable(): WritableStream {
    return decompressing(this).writable;
  }
}

makeEnumerable(CompressionStream, ['readable', 'writable']);
makeEnumerable(DecompressionStream, ['readable', 'writable']);

function toFormat(value: unknown, where: string): Format {
  const format = `${value as string}`;
  if (format === 'brotli' || format === 'deflate' || format === 'deflate-raw' || format === 'gzip') return format;
  throw new TypeError(`${where}: '${format}' is none of brotli, deflate, deflate-raw and gzip`);
}

function coding(format: Format, decompress: boolean): Transform {
  const codec = newCodec(format, decompress);
  const transform: Transform = createTransform({
    transform: (chunk) => {
      if (isUnsharedBufferSource(chunk)) return advance(transform, codec, chunk, false);
      return rejected(new TypeError('the chunk is no ArrayBuffer, and no view of one'));
    },
    flush: () => advance(transform, codec, undefined, true),
    cancel: () => resolved(undefined),
  });
  return transform;
}

/** Gives all output that there is up to the end of this input. */
function advance(
  transform: Transform,
  codec: Codec,
  bytes: ArrayBuffer | ArrayBufferView | undefined,
  last: boolean,
): Promise<unknown> {
  return react(run(codec, bytes, last), ({ 0: output, 1: hasMore }) => {
    if (output !== undefined) enqueueTo(transform, output);
    return hasMore ? advance(transform, codec, undefined, last) : undefined;
  });
}

export { CompressionStream, DecompressionStream };
