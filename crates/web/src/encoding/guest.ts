// TextEncoder and TextDecoder: the classes; all work on bytes is the host's.
// Specification: https://encoding.spec.whatwg.org/#api

import {
  dictionary,
  domString,
  illegalInvocation,
  isArrayBuffer,
  isBufferSource,
  isObject,
  isUint8Array,
  makeEnumerable,
  requireArguments,
  usvString,
} from 'guest:webidl';
import { decodeChunk, decodeOnce, encode, encodeInto, label as canonicalName, newDecoder } from 'host:encoding';

const { isView } = ArrayBuffer;

let checkEncoder: (value: unknown) => void;

class TextEncoder {
  #brand = true;

  static {
    checkEncoder = (value) => {
      if (!(isObject(value) && #brand in value)) throw illegalInvocation();
    };
  }

  get encoding(): string {
    checkEncoder(this);
    return 'utf-8';
  }

  encode(input = ''): Uint8Array<ArrayBuffer> {
    checkEncoder(this);
    return encode(usvString(input));
  }

  encodeInto(source: string, destination: Uint8Array): { read: number; written: number } {
    checkEncoder(this);
    requireArguments(arguments.length, 2, 'TextEncoder.encodeInto');
    const text = usvString(source);
    if (!isUint8Array(destination)) {
      throw new TypeError('TextEncoder.encodeInto: the destination is not a Uint8Array');
    }
    const { 0: read, 1: written } = encodeInto(text, destination);
    return { read, written };
  }
}

makeEnumerable(TextEncoder, ['encoding', 'encode', 'encodeInto']);

export interface TextDecoderOptions {
  fatal?: boolean;
  ignoreBOM?: boolean;
}

/** Bytes as the host reads them, which knows shared memory by its views alone; a TypeError for what has no bytes. */
export function readable(input: unknown, what: string): ArrayBuffer | ArrayBufferView {
  if (!isBufferSource(input)) throw new TypeError(`${what} is neither a buffer nor a view`);
  return isView(input) || isArrayBuffer(input) ? input : new Uint8Array(input);
}

/** Converts the arguments of a decoder's constructor. */
export function decoderOptions(
  label: unknown,
  options: unknown,
  where: string,
): { readonly encoding: string; readonly fatal: boolean; readonly ignoreBOM: boolean } {
  const name = domString(label);
  const members = dictionary(options, where);
  const fatal = !!members?.fatal;
  const ignoreBOM = !!members?.ignoreBOM;
  const encoding = canonicalName(name);
  if (encoding === undefined) throw new RangeError(`${where}: "${name}" is not the label of an encoding`);
  return { encoding, fatal, ignoreBOM };
}

interface DecoderState {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  /** Only between chunks: most decoders never stream. */
  decoder: object | undefined;
}

let decoderState: (value: unknown) => DecoderState;

class TextDecoder {
  #state: DecoderState;

  static {
    decoderState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(label = 'utf-8', options: TextDecoderOptions = {}) {
    const { encoding, fatal, ignoreBOM } = decoderOptions(label, options, 'TextDecoder');
    this.#state = { encoding, fatal, ignoreBOM, decoder: undefined };
  }

  get encoding(): string {
    return decoderState(this).encoding;
  }
  get fatal(): boolean {
    return decoderState(this).fatal;
  }
  get ignoreBOM(): boolean {
    return decoderState(this).ignoreBOM;
  }

  decode(
    input: ArrayBuffer | SharedArrayBuffer | ArrayBufferView | undefined = undefined,
    options: { stream?: boolean } = {},
  ): string {
    const state = decoderState(this);
    const bytes = input === undefined ? undefined : readable(input, 'TextDecoder.decode: the input');
    const stream = !!dictionary(options, 'TextDecoder.decode')?.stream;
    const { encoding, fatal, ignoreBOM, decoder } = state;
    if (stream) {
      state.decoder = decoder ?? newDecoder(encoding, fatal, ignoreBOM);
      return decodeChunk(state.decoder, bytes, true);
    }
    if (decoder === undefined) return bytes === undefined ? '' : decodeOnce(encoding, bytes, fatal, ignoreBOM);
    state.decoder = undefined;
    return decodeChunk(decoder, bytes, false);
  }
}

makeEnumerable(TextDecoder, ['encoding', 'fatal', 'ignoreBOM', 'decode']);

export { TextDecoder, TextEncoder };
