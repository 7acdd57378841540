// fetch: a Request goes out, a Response comes back as soon as its head is there.
//
// Schemes, aborting and what the request's modes mean outside of a browser are decided here; rights, redirects, decoding and limits are
// the host's. A body that is sent from a stream is read here chunk by chunk, unless its bytes come from the host anyway.
// Specification: https://fetch.spec.whatwg.org/#fetch-method

import { AbortSignal, onAbort } from 'guest:abort';
import { Blob, blobParts } from 'guest:blob';
import { abortBody, type Body, bodyOf, formPlan, lock, sourceBytes } from 'guest:body';
import { getHeader, type HeaderList, newHeaderList, pushHeader } from 'guest:headers';
import { Request, requestState, type RequestState } from 'guest:request';
import { createResponse, newResponseState, type Response, type ResponseState } from 'guest:response';
import { ReadableStreamDefaultReader } from 'guest:readable';
import { ReadableStream } from 'guest:readablestream';
import { isLocked, nativeSourceOf } from 'guest:streams';
import { isUint8Array, requireArguments, uncurry } from 'guest:webidl';
import * as host from 'host:fetch';
import { abortSink, closeSink, newPipe, type SinkHandle, type SourceHandle, write } from 'host:streams';

const { getOwnPropertyDescriptor } = Reflect;
const isAborted = uncurry(getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get as () => boolean);
const reasonOf = uncurry(getOwnPropertyDescriptor(AbortSignal.prototype, 'reason')!.get as () => unknown);
const blobSize = uncurry(getOwnPropertyDescriptor(Blob.prototype, 'size')!.get as () => number);
const blobType = uncurry(getOwnPropertyDescriptor(Blob.prototype, 'type')!.get as () => string);
const sliceBlob = uncurry(Blob.prototype.slice as (start: number, end: number, type: string) => Blob);
const PromiseIntrinsic = Promise;
const then = uncurry(
  Promise.prototype.then as (done: (value: any) => void, failed: (error: unknown) => void) => unknown,
);
const getReader = uncurry(ReadableStream.prototype.getReader as () => object);
const readChunk = uncurry(
  ReadableStreamDefaultReader.prototype.read as () => Promise<{ done: boolean; value: unknown }>,
);
const cancelReader = uncurry(ReadableStreamDefaultReader.prototype.cancel as (reason: unknown) => Promise<void>);
const cancelStream = uncurry(ReadableStream.prototype.cancel as (reason: unknown) => Promise<void>);

async function fetch(input: unknown, init: unknown = undefined): Promise<Response> {
  requireArguments(arguments.length, 1, 'fetch');
  const request = requestState(new Request(input, init));
  const { source: signal, url } = request;
  if (signal !== null && isAborted(signal)) {
    giveUp(request.body, reasonOf(signal));
    throw reasonOf(signal);
  }
  if (request.cache === 'only-if-cached') throw new TypeError('fetch: there is no cache here, only the network');
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return fromNetwork(request, signal);
    case 'data:':
      return fromData(request);
    case 'blob:':
      return fromBlob(request);
    default:
      throw new TypeError(`fetch: the scheme ${url.protocol} is not known`);
  }
}

/** A body that will not be sent. */
function giveUp(body: Body | null, reason: unknown): void {
  if (body?.stream !== undefined && !isLocked(body.stream)) ignore(cancelStream(body.stream, reason));
}

function ignore(promise: unknown): void {
  const nothing = (): void => {};
  then(promise, nothing, nothing);
}

// ── http and https ────────────────────────────────────────────────────────────────────────────────────────────────────

/** One request under way. */
interface Exchange {
  readonly handle: object;
  /** Ends the reading of the request's body. */
  stop: ((reason: unknown) => void) | undefined;
  response: Body | null;
}

function fromNetwork(request: RequestState, signal: AbortSignal | null): Promise<Response> {
  const exchange: Exchange = { handle: host.open(), stop: undefined, response: null };
  return new PromiseIntrinsic<Response>((resolve, reject) => {
    let release: (() => void) | undefined;
    if (signal !== null) {
      release = onAbort(signal, () => {
        host.cancel(exchange.handle);
        exchange.stop?.(reasonOf(signal));
        if (exchange.response === null) reject(reasonOf(signal));
        else abortBody(exchange.response, reasonOf(signal));
      });
    }
    then(
      send(request, exchange),
      (head: host.Head) => {
        const response = responseOf(head);
        exchange.response = response.body;
        if (response.body === null) release?.();
        else response.body.release = release;
        resolve(createResponse(response));
      },
      (error) => {
        release?.();
        reject(error);
      },
    );
  });
}

async function send(request: RequestState, exchange: Exchange): Promise<host.Head> {
  const { body } = request;
  const headers = wireHeaders(request);
  const go = (kind: host.BodyKind, given: unknown): Promise<host.Head> =>
    host.send(
      exchange.handle,
      request.method,
      request.url.address,
      headers,
      request.redirect,
      request.integrity,
      kind,
      given,
    );
  if (body === null) return go('none', undefined);
  if (body.stream !== undefined) return sendStream(body.stream, exchange, go);
  const source = body.source!;
  body.used = true;
  switch (source.kind) {
    case 'text':
      return go('text', source.text);
    case 'form':
      addHeader(headers, FORM_HEADER, '1');
      return go('text', await formPlan(source.entries));
    case 'native':
      return go('source', source.handle);
    case 'blob':
      return go('blob', blobParts(source.blob));
    case 'bytes':
      return go('bytes', source.bytes);
  }
}

/** Marks a body as a plan of the protocol `rquickjs-formdata-v1`. The host takes it off, whoever set it. */
const FORM_HEADER = 'x-rquickjs-host-body-formdata-v1';

/** Names and values in turn. */
function wireHeaders({ list, cache }: RequestState): string[] {
  const headers: string[] = [];
  for (let i = 0; i < list.keys.length; i++) addHeader(headers, list.names[i]!, list.values[i]!);
  const lacks = (key: string): boolean => getHeader(list, key) === null;
  if (lacks('accept')) addHeader(headers, 'Accept', '*/*');
  if (lacks('accept-language')) addHeader(headers, 'Accept-Language', '*');
  if (lacks('cache-control')) {
    if (cache === 'no-cache') addHeader(headers, 'Cache-Control', 'max-age=0');
    else if (cache === 'no-store' || cache === 'reload') addHeader(headers, 'Cache-Control', 'no-cache');
  }
  if ((cache === 'no-store' || cache === 'reload') && lacks('pragma')) addHeader(headers, 'Pragma', 'no-cache');
  return headers;
}

function addHeader(headers: string[], name: string, value: string): void {
  headers[headers.length] = name;
  headers[headers.length] = value;
}

type Go = (kind: host.BodyKind, given: unknown) => Promise<host.Head>;

async function sendStream(stream: ReadableStream, exchange: Exchange, go: Go): Promise<host.Head> {
  const { source, stop } = sourceOfStream(stream);
  exchange.stop = stop;
  return go('source', source);
}

/** A native source of a stream's bytes, which nobody else reads from now on; and what ends the reading, where that is done here. */
export function sourceOfStream(stream: ReadableStream): {
  source: SourceHandle;
  stop: ((reason: unknown) => void) | undefined;
} {
  const native = nativeSourceOf(stream);
  if (native !== undefined) {
    lock(stream);
    return { source: native, stop: undefined };
  }
  const { 0: sink, 1: source } = newPipe();
  const reader = getReader(stream);
  const stop = (reason: unknown): void => {
    abortSink(sink, 'the request was aborted');
    ignore(cancelReader(reader, reason));
  };
  ignore(pump(reader, sink));
  return { source, stop };
}

/** Hands over chunk after chunk, as fast as the connection takes them. */
async function pump(reader: object, sink: SinkHandle): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await readChunk(reader);
      if (done) {
        await closeSink(sink);
        return;
      }
      if (!isUint8Array(value)) throw new TypeError('fetch: a chunk of the body is not a Uint8Array');
      if (value.length > 0) await write(sink, value);
    }
  } catch (error) {
    abortSink(sink, 'the stream of the body failed');
    ignore(cancelReader(reader, error));
  }
}

function responseOf(head: host.Head): ResponseState {
  const { 0: status, 1: reason, 2: url, 3: redirected, 4: headers, 5: handle, 6: stored, 7: bytes } = head;
  const list = listOf(headers);
  const body = handle === undefined ? null : bodyOf({ kind: 'native', handle, stored });
  const offloaded = stored === undefined || bytes === undefined ? undefined : { stored, bytes };
  return {
    ...newResponseState('basic', url, status, 'immutable'),
    redirected,
    statusText: reason,
    list,
    body,
    offloaded,
  };
}

function listOf(headers: readonly string[]): HeaderList {
  const list = newHeaderList();
  for (let i = 0; i < headers.length; i += 2) pushHeader(list, headers[i]!, headers[i]!, headers[i + 1]!);
  return list;
}

// ── data and blob ─────────────────────────────────────────────────────────────────────────────────────────────────────

function fromData({ url, method, integrity }: RequestState): Response {
  const parsed = host.parseDataUrl(url.address);
  if (parsed === undefined) throw new TypeError('fetch: the data: URL is malformed');
  const { 0: type, 1: bytes } = parsed;
  checkIntegrity(bytes, integrity);
  const state = newResponseState('basic', url.address, 200, 'immutable');
  pushHeader(state.list, 'Content-Type', 'content-type', type);
  state.statusText = 'OK';
  state.body = method === 'HEAD' ? null : bodyOf({ kind: 'bytes', bytes });
  return createResponse(state);
}

function checkIntegrity(bytes: Uint8Array, integrity: string): void {
  if (integrity !== '' && !host.matches(bytes, integrity)) {
    throw new TypeError('fetch: the body does not match the integrity of the request');
  }
}

async function fromBlob({ url, blob: named, method, integrity, list }: RequestState): Promise<Response> {
  const blob = named as Blob | undefined;
  if (blob === undefined || method !== 'GET') throw new TypeError('fetch: the blob: URL leads nowhere');
  const size = blobSize(blob);
  const state = newResponseState('basic', url.address, 200, 'immutable');
  let part = blob;
  const range = getHeader(list, 'range');
  let length = size;
  state.statusText = 'OK';
  if (range !== null) {
    const asked = host.parseRange(range, size);
    if (asked === undefined) throw new TypeError(`fetch: "${range}" is no range of the blob`);
    const { 0: start, 1: end } = asked;
    part = sliceBlob(blob, start, end, blobType(blob));
    length = end - start;
    state.status = 206;
    state.statusText = 'Partial Content';
    pushHeader(state.list, 'Content-Range', 'content-range', `bytes ${start}-${end - 1}/${size}`);
  }
  pushHeader(state.list, 'Content-Length', 'content-length', `${length}`);
  pushHeader(state.list, 'Content-Type', 'content-type', blobType(blob));
  state.body = bodyOf({ kind: 'blob', blob: part });
  if (integrity !== '') {
    const bytes = await sourceBytes({ kind: 'blob', blob: part });
    checkIntegrity(bytes, integrity);
    state.body = bodyOf({ kind: 'bytes', bytes });
  }
  return createResponse(state);
}

export { fetch };
