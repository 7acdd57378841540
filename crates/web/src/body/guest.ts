// Bodies: what Request and Response share.
//
// A body remembers what it was made of and becomes a stream only when somebody asks for one: text that is read as text never becomes
// bytes, and a body from the network is collected by the host and handed over in one piece.
// Other features use `extractBody`, `cloneBody`, `moveBody` and `installBody`.
// Specification: https://fetch.spec.whatwg.org/#bodies

import { Blob, blobParts, createBlob, createFile, File, isBlob } from 'guest:blob';
import { entriesOf, FormData } from 'guest:formdata';
import { getHeader, type HeaderList } from 'guest:headers';
import { extractMimeType, type MimeType, parameterOf, serializeMimeType } from 'guest:mime';
import { closeBytes, enqueueView, failBytes, respond } from 'guest:bytes';
import type { ByteController } from 'guest:bytes';
import { resolved } from 'guest:promises';
import { acquireReader, readableOf } from 'guest:readable';
import { createByteStream, isReadableStream, ReadableStream, teeForClone } from 'guest:readablestream';
import { fromNativeSource, isDisturbed, isLocked, nativeSourceOf, readAllBytes } from 'guest:streams';
import { TransformStream } from 'guest:transform';
import { URLSearchParams } from 'guest:url';
import { bare, descriptor, isBufferSource, isObject, usvString, uncurry } from 'guest:webidl';
import * as host from 'host:body';
import type { SourceHandle } from 'host:streams';

const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { parse, stringify } = JSON;
const slice = uncurry(String.prototype.slice);
const codeAt = uncurry(String.prototype.charCodeAt);
const blobBytes = uncurry(Blob.prototype.arrayBuffer);
const blobSize = uncurry(getOwnPropertyDescriptor(Blob.prototype, 'size')!.get as () => number);
const blobType = uncurry(getOwnPropertyDescriptor(Blob.prototype, 'type')!.get as () => string);
const fileName = uncurry(getOwnPropertyDescriptor(File.prototype, 'name')!.get as () => string);
const pipeThrough = uncurry(ReadableStream.prototype.pipeThrough as (transform: object) => ReadableStream);
const paramsText = uncurry(URLSearchParams.prototype.toString);
const eachParam = uncurry(URLSearchParams.prototype.forEach);
const appendEntry = uncurry(FormData.prototype.append as (name: string, value: unknown, filename?: string) => void);

/** What a body was made of, and what its stream would give. */
export type Source =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'blob'; readonly blob: Blob }
  | { readonly kind: 'form'; readonly entries: readonly FormEntry[]; readonly boundary: string }
  | { readonly kind: 'native'; readonly handle: object; readonly stored: object | undefined };

export type FormEntry = readonly [name: string, value: string | File];

export interface Body {
  /** Nothing where the body was given as a stream. */
  readonly source: Source | undefined;
  /** As soon as somebody asked for it. */
  stream: ReadableStream | undefined;
  /** Read without a stream. */
  used: boolean;
  /** The first stream of a body from the network: clones read from others. */
  root: ReadableStream | undefined;
  /** Why the fetch that it comes from was aborted. */
  failure: { readonly reason: unknown } | undefined;
  /** Takes back what hangs on the fetch's signal. */
  release: (() => void) | undefined;
}

export interface Extracted {
  readonly body: Body;
  readonly type: string | null;
}

// ── making ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function bodyOf(source: Source): Body {
  return newBody(source, undefined);
}

function newBody(source: Source | undefined, stream: ReadableStream | undefined): Body {
  return { source, stream, used: false, root: undefined, failure: undefined, release: undefined };
}

/** `extract a body with type` from a guest's `BodyInit`. */
export function extractBody(value: unknown, keepalive: boolean, where: string): Extracted {
  if (isObject(value)) {
    if (isReadableStream(value)) return { body: bodyOfStream(value, keepalive, where), type: null };
    if (isBlob(value)) {
      const type = blobType(value);
      return { body: bodyOf({ kind: 'blob', blob: value }), type: type === '' ? null : type };
    }
    if (isBufferSource(value)) return { body: bodyOf({ kind: 'bytes', bytes: host.copy(value) }), type: null };
    const entries = formEntries(value);
    if (entries !== undefined) {
      const boundary = host.boundary();
      const body = bodyOf({ kind: 'form', entries, boundary });
      return { body, type: `multipart/form-data; boundary=${boundary}` };
    }
    const text = searchParamsText(value);
    if (text !== undefined) {
      return { body: bodyOf({ kind: 'text', text }), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
    }
  }
  return { body: bodyOf({ kind: 'text', text: usvString(value) }), type: 'text/plain;charset=UTF-8' };
}

function bodyOfStream(stream: ReadableStream, keepalive: boolean, where: string): Body {
  if (keepalive) throw new TypeError(`${where}: a request with keepalive cannot have a stream as its body`);
  if (isDisturbed(stream) || isLocked(stream)) throw new TypeError(`${where}: the stream was read from, or is locked`);
  return newBody(undefined, stream);
}

function formEntries(value: object): readonly FormEntry[] | undefined {
  try {
    return entriesOf(value as FormData);
  } catch {
    return undefined;
  }
}

function searchParamsText(value: object): string | undefined {
  try {
    return paramsText(value);
  } catch {
    return undefined;
  }
}

// ── state ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function isUsed(body: Body | null): boolean {
  return body !== null && (body.used || (body.stream !== undefined && isDisturbed(body.stream)));
}

export function isUnusable(body: Body | null): boolean {
  return isUsed(body) || (body !== null && body.stream !== undefined && isLocked(body.stream));
}

/** The body's stream, which is made now if it was not asked for before. */
export function streamOf(body: Body): ReadableStream {
  if (body.stream !== undefined) return body.stream;
  body.stream = body.used ? spentStream() : sourceStream(body.source!);
  if (body.source?.kind === 'native' && !body.used) {
    body.root = body.stream;
    if (body.failure !== undefined) failStream(body.stream, body.failure.reason);
  }
  return body.stream;
}

function failStream(stream: ReadableStream, reason: unknown): void {
  failBytes(readableOf(stream).controller as ByteController, reason);
}

/** Fails a body that comes from the network, as its fetch was aborted. */
export function abortBody(body: Body, reason: unknown): void {
  body.failure = { reason };
  if (body.root !== undefined) failStream(body.root, reason);
}

/** Reads a stream's bytes in its place: from now on it is somebody's who keeps it. */
export function lock(stream: ReadableStream): void {
  const readable = readableOf(stream);
  acquireReader(readable, 'default');
  readable.disturbed = true;
}

/** What a stream looks like that was read to its end by somebody who keeps it. */
function spentStream(): ReadableStream {
  const stream = streamOfBytes(() => undefined);
  lock(stream);
  return stream;
}

function sourceStream(source: Source): ReadableStream {
  if (source.kind === 'native') return fromNativeSource(source.handle as SourceHandle);
  // Enqueued memory changes hands: what the body was made of stays.
  if (source.kind === 'text') return streamOfBytes(() => host.encode(source.text));
  if (source.kind === 'bytes') return streamOfBytes(() => host.copy(source.bytes));
  return streamOfBytes(() => sourceBytes(source));
}

type Chunk = Uint8Array<ArrayBuffer> | undefined;

/** A byte stream of one chunk, which is asked for when somebody reads. */
function streamOfBytes(make: () => Chunk | Promise<Chunk>): ReadableStream {
  const stream = createByteStream({
    start: () => undefined,
    pull: async () => {
      const chunk = await make();
      if (chunk !== undefined && chunk.length > 0) enqueueView(controller, chunk);
      closeBytes(controller);
      if (controller.pending.length > 0) respond(controller, 0);
    },
    cancel: () => resolved(undefined),
  });
  const controller = readableOf(stream).controller as ByteController;
  return stream;
}

/** A second body with the same bytes; both may be read. */
export function cloneBody(body: Body): Body {
  if (body.stream === undefined) {
    const source = body.source!;
    if (source.kind !== 'native') return bodyOf(source);
    if (source.stored !== undefined) {
      const { 0: handle, 1: stored } = host.cloneStored(source.stored);
      return bodyOf({ kind: 'native', handle, stored });
    }
  }
  const { 0: first, 1: second } = teeForClone(streamOf(body));
  body.stream = first;
  return newBody(reusable(body), second);
}

/** The body of a request that another one is made of, which is spent by that. */
export function moveBody(body: Body): Body {
  if (body.stream === undefined) {
    body.used = true;
    const moved = bodyOf(body.source!);
    moved.failure = body.failure;
    return moved;
  }
  const stream = pipeThrough(body.stream, new TransformStream());
  return newBody(reusable(body), stream);
}

function reusable(body: Body): Source | undefined {
  return body.source?.kind === 'native' ? undefined : body.source;
}

/** Whether the same body can be sent again, to where a redirect points. */
export function canResend(body: Body): boolean {
  return body.source !== undefined && body.source.kind !== 'native';
}

// ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The bytes that a source stands for. */
export async function sourceBytes(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  switch (source.kind) {
    case 'text':
      return host.encode(source.text);
    case 'bytes':
      return host.copy(source.bytes);
    case 'blob':
      return new Uint8Array((await blobBytes(source.blob)) as ArrayBuffer);
    case 'form':
      return new Uint8Array(await host.multipart(await formPlan(source.entries), source.boundary));
    case 'native':
      return new Uint8Array(
        await (source.stored === undefined ? host.collect(source.handle) : host.takeStored(source.stored)),
      );
  }
}

/** `fully read body` as bytes that nobody else holds. */
export async function readBytes(body: Body): Promise<Uint8Array<ArrayBuffer>> {
  if (body.stream !== undefined) {
    const handle = nativeSourceOf(body.stream);
    if (handle === undefined) return readAllBytes(body.stream);
    lock(body.stream);
    return guarded(body, sourceBytes({ kind: 'native', handle, stored: undefined }));
  }
  body.used = true;
  return guarded(body, sourceBytes(body.source!));
}

/** What a body gives, or why its fetch was aborted meanwhile. */
async function guarded<T>(body: Body, bytes: Promise<T>): Promise<T> {
  try {
    const read = await bytes;
    body.release?.();
    return read;
  } catch (error) {
    throw body.failure === undefined ? error : body.failure.reason;
  }
}

async function readText(body: Body): Promise<string> {
  if (body.stream === undefined) {
    const source = body.source!;
    if (source.kind === 'text') {
      body.used = true;
      // As by encoding and decoding, which drops a byte order mark.
      return codeAt(source.text, 0) === 0xfeff ? slice(source.text, 1) : source.text;
    }
    if (source.kind === 'native' && source.stored === undefined) {
      body.used = true;
      return guarded(body, host.collectText(source.handle));
    }
  }
  return host.decode(await readBytes(body));
}

/** The plan of a FormData body, protocol `rquickjs-formdata-v1`, as JSON. Long binary parts travel as ids of the buffer store. */
export async function formPlan(entries: readonly FormEntry[]): Promise<string> {
  let text = '';
  for (let i = 0; i < entries.length; i++) {
    const { 0: name, 1: value } = entries[i]!;
    const entry = bare<unknown>();
    entry.name = name;
    if (typeof value === 'string') {
      entry.kind = 'text';
      entry.value = value;
    } else {
      entry.kind = 'binary';
      entry.filename = fileName(value);
      entry.contentType = blobType(value);
      if (blobSize(value) > LONG_PART) entry.bufferId = host.storeBlob(blobParts(value));
      else entry.dataB64 = host.base64((await blobBytes(value)) as ArrayBuffer);
    }
    text += `${i === 0 ? '' : ','}${stringify(entry)}`;
  }
  return `{"kind":"rquickjs-formdata-v1","entries":[${text}]}`;
}

/** Longer parts would cost more as base64 than a place in the store. */
const LONG_PART = 16_384;

// ── the mixin ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the mixin gives to a class. */
export interface BodyMembers {
  readonly body: ReadableStream | null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  formData(): Promise<FormData>;
  json(): Promise<any>;
  text(): Promise<string>;
}

export interface BodyOwner {
  readonly body: Body | null;
  readonly list: HeaderList;
}

/** Gives a class the members of the mixin `Body`. `ownerOf` throws for what is no instance. */
export function installBody(prototype: object, where: string, ownerOf: (value: unknown) => BodyOwner): void {
  const readable = (value: unknown): BodyOwner => {
    const owner = ownerOf(value);
    if (owner.body?.failure !== undefined) throw owner.body.failure.reason;
    if (isUnusable(owner.body)) throw new TypeError(`${where}: the body was read already, or is locked`);
    return owner;
  };
  const members = {
    get body(): ReadableStream | null {
      const { body } = ownerOf(this);
      return body === null ? null : streamOf(body);
    },
    get bodyUsed(): boolean {
      return isUsed(ownerOf(this).body);
    },
    async arrayBuffer(): Promise<ArrayBuffer> {
      const { body } = readable(this);
      return body === null ? new ArrayBuffer(0) : (await readBytes(body)).buffer;
    },
    async blob(): Promise<Blob> {
      const { body, list } = readable(this);
      const type = extractMimeType(getHeader(list, 'content-type'));
      const bytes = body === null ? new Uint8Array() : await readBytes(body);
      return createBlob(bytes, type === undefined ? '' : serializeMimeType(type));
    },
    async bytes(): Promise<Uint8Array> {
      const { body } = readable(this);
      return body === null ? new Uint8Array() : readBytes(body);
    },
    async formData(): Promise<FormData> {
      const { body, list } = readable(this);
      const type = extractMimeType(getHeader(list, 'content-type'));
      return toFormData(body === null ? new Uint8Array() : await readBytes(body), type, where);
    },
    async json(): Promise<unknown> {
      const { body } = readable(this);
      return parse(body === null ? '' : await readText(body));
    },
    async text(): Promise<string> {
      const { body } = readable(this);
      return body === null ? '' : readText(body);
    },
  };
  const names = ownKeys(members);
  for (let i = 0; i < names.length; i++) {
    defineProperty(prototype, names[i]!, descriptor(getOwnPropertyDescriptor(members, names[i]!)!));
  }
}

function toFormData(bytes: Uint8Array, type: MimeType | undefined, where: string): FormData {
  const form = new FormData();
  if (type?.essence === 'multipart/form-data') {
    const boundary = parameterOf(type, 'boundary');
    const parts = boundary === undefined ? undefined : host.parseMultipart(bytes, boundary);
    if (parts === undefined) throw new TypeError(`${where}: the body is no valid multipart/form-data`);
    for (let i = 0; i < parts.length; i += 5) {
      const { [i]: name, [i + 1]: text, [i + 2]: filename, [i + 3]: contentType, [i + 4]: content } = parts;
      if (filename === undefined) appendEntry(form, name as string, text);
      else
        appendEntry(form, name as string, createFile(content as Uint8Array, filename as string, contentType as string));
    }
    return form;
  }
  if (type?.essence !== 'application/x-www-form-urlencoded') {
    throw new TypeError(
      `${where}: the content type is neither multipart/form-data nor application/x-www-form-urlencoded`,
    );
  }
  // A byte order mark belongs to the first name here.
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? '\ufeff' : '';
  eachParam(new URLSearchParams(`${mark}${host.decode(bytes)}`), (value: string, name: string) =>
    appendEntry(form, name, value),
  );
  return form;
}
