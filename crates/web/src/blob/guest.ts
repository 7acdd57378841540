// Blob and File: the classes. The bytes, their copies and their text are the host's.
//
// Blobs share bytes where they can: a slice, and a blob in a blob, cost no copy. Other features use `isBlob`, `blobParts`, `createBlob`,
// `createFile` and `namedFile`. Specification: https://w3c.github.io/FileAPI/

import { knowBlobs } from 'guest:bloburl';
import type { ReadableStream } from 'guest:readablestream';
import { registerPlatform } from 'guest:serializable';
import {
  clampLongLong,
  descriptor,
  dictionary,
  domString,
  illegalInvocation,
  isBufferSource,
  isObject,
  longLong,
  makeEnumerable,
  requireArguments,
  sequence,
  uncurry,
  usvString,
} from 'guest:webidl';
import * as host from 'host:blob';
import type { BlobBytes } from 'host:blob';
import { load } from 'host:modules';

const { defineProperty } = Reflect;
const { now } = Date;
const { max, min } = Math;
const codeAt = uncurry(String.prototype.charCodeAt);
const toLowerCase = uncurry(String.prototype.toLowerCase);
const Uint8ArrayIntrinsic = Uint8Array;

export type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;

export interface BlobPropertyBag {
  endings?: 'transparent' | 'native';
  type?: string;
}

export interface FilePropertyBag extends BlobPropertyBag {
  lastModified?: number;
}

interface State {
  readonly bytes: BlobBytes;
  readonly size: number;
  readonly type: string;
}

/** For constructors: what follows is a state that is there already. */
const create = {};

let stateOf: (value: unknown) => State;

/** Whether a value is a Blob, or a File. */
let isBlob: (value: unknown) => value is Blob;

class Blob {
  #state: State;

  static {
    isBlob = (value): value is Blob => isObject(value) && #state in value;
    stateOf = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(blobParts: Iterable<BlobPart> | undefined = undefined, options: BlobPropertyBag = {}) {
    this.#state = (options as unknown) === create ? (blobParts as unknown as State) : made(blobParts, options, 'Blob');
  }

  get size(): number {
    return stateOf(this).size;
  }

  get type(): string {
    return stateOf(this).type;
  }

  slice(start: number = 0, end: number | undefined = undefined, contentType: string | undefined = undefined): Blob {
    const { bytes, size } = stateOf(this);
    const from = within(clampLongLong(start), size);
    const to = end === undefined ? size : within(clampLongLong(end), size);
    const type = contentType === undefined ? '' : normalType(domString(contentType));
    const length = max(to - from, 0);
    return wrap({ bytes: host.slice(bytes, from, from + length), size: length, type });
  }

  stream(): ReadableStream {
    const { bytes } = stateOf(this);
    const { fromNativeSource } = load<typeof import('guest:streams')>('guest:streams');
    return fromNativeSource(host.source(bytes));
  }

  async text(): Promise<string> {
    return host.text(stateOf(this).bytes);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return host.arrayBuffer(stateOf(this).bytes);
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8ArrayIntrinsic(await host.arrayBuffer(stateOf(this).bytes));
  }
}

makeEnumerable(Blob, ['size', 'type', 'slice', 'stream', 'text', 'arrayBuffer', 'bytes']);
defineProperty(Blob, 'length', descriptor({ value: 0, configurable: true }));

interface FileState {
  readonly name: string;
  readonly lastModified: number;
}

let fileOf: (value: unknown) => FileState;

/** Whether a value is a File. */
let isFile: (value: unknown) => value is File;

class File extends Blob {
  #file: FileState;

  static {
    isFile = (value): value is File => isObject(value) && #file in value;
    fileOf = (value) => {
      if (isObject(value) && #file in value) return value.#file;
      throw illegalInvocation();
    };
  }

  constructor(
    fileBits: Iterable<BlobPart>,
    fileName: string,
    options: FilePropertyBag = {},
    file: unknown = undefined,
  ) {
    if ((options as unknown) === create) {
      super(fileBits, create);
      this.#file = file as FileState;
      return;
    }
    requireArguments(arguments.length, 2, 'File');
    const parts = partsOf(fileBits, 'File');
    const name = usvString(fileName);
    const bag = bagOf(options, 'File');
    // The one member of File's own dictionary: members that are inherited come first.
    const given = dictionary(options, 'File')?.lastModified;
    const lastModified = given === undefined ? now() : longLong(given);
    super(stateFrom(parts, bag) as unknown as Iterable<BlobPart>, create);
    this.#file = { name, lastModified };
  }

  get name(): string {
    return fileOf(this).name;
  }

  get lastModified(): number {
    return fileOf(this).lastModified;
  }

  /** Always empty: no file of a guest comes out of a folder that somebody chose. */
  get webkitRelativePath(): string {
    fileOf(this);
    return '';
  }
}

makeEnumerable(File, ['name', 'lastModified', 'webkitRelativePath']);
defineProperty(File, 'length', descriptor({ value: 2, configurable: true }));

// ── making ────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Part = Parameters<typeof host.create>[0][number];

interface Bag {
  readonly nativeEndings: boolean;
  readonly type: string;
}

function made(parts: unknown, options: unknown, where: string): State {
  const converted = parts === undefined ? [] : partsOf(parts, where);
  return stateFrom(converted, bagOf(options, where));
}

/** `sequence<BlobPart>`: text is converted as it comes, buffers are read when everything is converted. */
function partsOf(parts: unknown, where: string): Part[] {
  return sequence(
    parts,
    (part): Part => (isBlob(part) ? stateOf(part).bytes : isBufferSource(part) ? part : usvString(part)),
    where,
  );
}

function bagOf(options: unknown, where: string): Bag {
  const members = dictionary(options, where);
  const givenEndings = members?.endings;
  const endings = givenEndings === undefined ? 'transparent' : domString(givenEndings);
  if (endings !== 'transparent' && endings !== 'native') {
    throw new TypeError(`${where}: "${endings}" is not a value of endings`);
  }
  const type = members?.type;
  return { nativeEndings: endings === 'native', type: type === undefined ? '' : normalType(domString(type)) };
}

function stateFrom(parts: readonly Part[], { nativeEndings, type }: Bag): State {
  const bytes = host.create(parts, nativeEndings);
  return { bytes, size: host.size(bytes), type };
}

/** A type in lower case; none where it has characters beyond printable ASCII. */
function normalType(type: string): string {
  for (let i = 0; i < type.length; i++) {
    const code = codeAt(type, i);
    if (code < 0x20 || code > 0x7e) return '';
  }
  return toLowerCase(type);
}

/** An offset, counted from the end where it is negative. */
function within(offset: number, size: number): number {
  return offset < 0 ? max(size + offset, 0) : min(offset, size);
}

function wrap(state: State): Blob {
  return new Blob(state as unknown as Iterable<BlobPart>, create);
}

// ── for other features ────────────────────────────────────────────────────────────────────────────────────────────────

/** The bytes of a Blob, which natives take. */
export function blobParts(blob: Blob): BlobBytes {
  return stateOf(blob).bytes;
}

/** A Blob over bytes, which are copied unless they are a blob's already. Its type is taken as it is. */
export function createBlob(bytes: Part, type: string): Blob {
  return wrap(stateFrom([bytes], { nativeEndings: false, type }));
}

/** A File over bytes, which are copied unless they are a blob's already. */
export function createFile(bytes: Part, name: string, type: string): File {
  return wrapFile(stateFrom([bytes], { nativeEndings: false, type: normalType(type) }), name, now());
}

/** A File with the bytes of a Blob. */
export function namedFile(blob: Blob, name: string): File {
  return wrapFile(stateOf(blob), name, isFile(blob) ? fileOf(blob).lastModified : now());
}

function wrapFile(state: State, name: string, lastModified: number): File {
  return new (File as unknown as new (...args: unknown[]) => File)(state, '', create, { name, lastModified });
}

registerPlatform({ name: 'Blob', is: isBlob, clone: (blob) => wrap(stateOf(blob)) });
registerPlatform({
  name: 'File',
  is: isFile,
  clone: (file) => wrapFile(stateOf(file), fileOf(file).name, fileOf(file).lastModified),
});
knowBlobs(isBlob);

export { Blob, File, isBlob, isFile };
