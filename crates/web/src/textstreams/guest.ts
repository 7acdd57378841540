// TextEncoderStream and TextDecoderStream.
//
// Specification: https://encoding.spec.whatwg.org/#interface-textencoderstream

import { decoderOptions, readable } from 'guest:encoding';
import type { TextDecoderOptions } from 'guest:encoding';
import { rejected, resolved } from 'guest:promises';
import type { ReadableStream } from 'guest:readablestream';
import { createTransform, enqueueTo } from 'guest:transform';
import type { Transform } from 'guest:transform';
import { domString, illegalInvocation, isObject, makeEnumerable, uncurry, usvString } from 'guest:webidl';
import type { WritableStream } from 'guest:writable';
import { decodeChunk, encode, newDecoder } from 'host:encoding';

const codeAt = uncurry(String.prototype.charCodeAt);
const slice = uncurry(String.prototype.slice);

function attempt(run: () => void): Promise<void> {
  try {
    run();
    return resolved(undefined);
  } catch (error) {
    return rejected(error);
  }
}

// ── TextEncoderStream ─────────────────────────────────────────────────────────────────────────────────────────────────

let encoding: (value: unknown) => Transform;

class TextEncoderStream {
  #transform: Transform;

  static {
    encoding = (value) => {
      if (isObject(value) && #transform in value) return value.#transform;
      throw illegalInvocation();
    };
  }

  constructor() {
    this.#transform = encodingTransform();
  }

  get encoding(): string {
    encoding(this);
    return 'utf-8';
  }
  get readable(): ReadableStream {
    return encoding(this).readable;
  }
  get writable(): WritableStream {
    return encoding(this).writable;
  }
}

makeEnumerable(TextEncoderStream, ['encoding', 'readable', 'writable']);

function encodingTransform(): Transform {
  // The first half of a surrogate pair whose second half may come with the next chunk.
  let half = '';
  const transform: Transform = createTransform({
    transform: (chunk) =>
      attempt(() => {
        let text = half + domString(chunk);
        const last = codeAt(text, text.length - 1);
        half = last >= 0xd800 && last <= 0xdbff ? slice(text, -1) : '';
        if (half !== '') text = slice(text, 0, -1);
        if (text !== '') enqueueTo(transform, encode(usvString(text)));
      }),
    flush: () =>
      attempt(() => {
        if (half !== '') enqueueTo(transform, encode('\ufffd'));
      }),
    cancel: () => resolved(undefined),
  });
  return transform;
}

// ── TextDecoderStream ─────────────────────────────────────────────────────────────────────────────────────────────────

interface Decoding {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly transform: Transform;
}

let decoding: (value: unknown) => Decoding;

class TextDecoderStream {
  #decoding: Decoding;

  static {
    decoding = (value) => {
      if (isObject(value) && #decoding in value) return value.#decoding;
      throw illegalInvocation();
    };
  }

  constructor(label = 'utf-8', options: TextDecoderOptions = {}) {
    const { encoding, fatal, ignoreBOM } = decoderOptions(label, options, 'TextDecoderStream');
    const transform = decodingTransform(newDecoder(encoding, fatal, ignoreBOM));
    this.#decoding = { encoding, fatal, ignoreBOM, transform };
  }

  get encoding(): string {
    return decoding(this).encoding;
  }
  get fatal(): boolean {
    return decoding(this).fatal;
  }
  get ignoreBOM(): boolean {
    return decoding(this).ignoreBOM;
  }
  get readable(): ReadableStream {
    return decoding(this).transform.readable;
  }
  get writable(): WritableStream {
    return decoding(this).transform.writable;
  }
}

makeEnumerable(TextDecoderStream, ['encoding', 'fatal', 'ignoreBOM', 'readable', 'writable']);

function decodingTransform(decoder: object): Transform {
  const give = (bytes: ArrayBuffer | ArrayBufferView | undefined, stream: boolean): void => {
    const text = decodeChunk(decoder, bytes, stream);
    if (text !== '') enqueueTo(transform, text);
  };
  const transform: Transform = createTransform({
    transform: (chunk) =>
      attempt(() => {
        give(readable(chunk, 'the chunk'), true);
      }),
    flush: () => attempt(() => give(undefined, false)),
    cancel: () => resolved(undefined),
  });
  return transform;
}

export { TextDecoderStream, TextEncoderStream };
