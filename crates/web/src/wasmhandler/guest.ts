// wasmhandler: a component answers a Request, in an instance made for it.
//
// In: a Request of the guest, whose body is read as the component asks for it. Out: a Response, whose body comes as somebody reads it. The functions of
// the guest behind the component's imports are called between turns, until the instance is gone.

import { AbortSignal, onAbort } from 'guest:abort';
import { blobParts } from 'guest:blob';
import { abortBody, type Body, bodyOf, isUnusable, sourceBytes } from 'guest:body';
import { sourceOfStream } from 'guest:fetch';
import { pushHeader } from 'guest:headers';
import { requestState, type RequestState } from 'guest:request';
import { createResponse, newResponseState, type Response } from 'guest:response';
import { argumentError, uncurry, withCode } from 'guest:webidl';
import { read } from 'host:streams';
import type { SourceHandle } from 'host:streams';
import type { ComponentHandle, Settings } from 'host:wasm';
import * as host from 'host:wasmhandler';

const { getOwnPropertyDescriptor } = Reflect;
const isAborted = uncurry(getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get as () => boolean);
const reasonOf = uncurry(getOwnPropertyDescriptor(AbortSignal.prototype, 'reason')!.get as () => unknown);
const ErrorIntrinsic = Error;
const PromiseIntrinsic = Promise;
const then = uncurry(
  Promise.prototype.then as (done: (value: any) => void, failed: (error: unknown) => void) => unknown,
);

/** What is read at a time where nobody wants the bytes. */
const CHUNK = 65_536;

/** What answers for the guest's functions. */
export interface Answering {
  /** Calls one and hands on its answer; without one it threw. */
  answer<T>(
    fn: number,
    at: number,
    address: number,
    message: ArrayBuffer,
    send: (reply: Uint8Array | undefined, length: number) => T,
  ): Promise<Awaited<T>>;
  /** An error of the instance, with what it came from. */
  explained(error: unknown): unknown;
}

/** What the instance is given. */
export interface Given {
  readonly args: readonly string[];
  readonly stdin: ArrayBuffer | SharedArrayBuffer | ArrayBufferView | undefined;
  readonly timeoutMs: number;
  readonly hasConsole: boolean;
  readonly settings: Settings;
}

/** One request under way. */
interface Exchange {
  readonly handle: host.ExchangeHandle;
  /** Ends the reading of the request's body. */
  stop: ((reason: unknown) => void) | undefined;
  response: Body | null;
}

export function handle(
  answering: Answering,
  component: ComponentHandle,
  request: unknown,
  given: Given,
): Promise<Response> {
  const state = checked(request);
  const signal = state.source;
  if (signal !== null && isAborted(signal)) throw reasonOf(signal);
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
      begin(component, state, exchange, given),
      (answer: host.Answer) => {
        try {
          const response = responseOf(answer, exchange);
          if (exchange.response === null) release?.();
          else exchange.response.release = release;
          resolve(response);
        } catch (error) {
          release?.();
          reject(error);
        }
      },
      (error) => {
        release?.();
        host.cancel(exchange.handle);
        exchange.stop?.(error);
        reject(answering.explained(error));
      },
    );
    ignore(attend(answering, exchange.handle));
  });
}

function checked(request: unknown): RequestState {
  let state: RequestState;
  try {
    state = requestState(request);
  } catch {
    throw argumentError('a Request', 'request', request);
  }
  if (isUnusable(state.body)) {
    throw withCode(new TypeError('the body of the request was read before, or is locked'), 'ERR_ARGUMENT');
  }
  return state;
}

async function begin(
  component: ComponentHandle,
  request: RequestState,
  exchange: Exchange,
  { args, stdin, timeoutMs, hasConsole, settings }: Given,
): Promise<host.Answer> {
  const { method, url, list } = request;
  const head = [method, url.address];
  for (let i = 0; i < list.names.length; i++) {
    head[head.length] = list.names[i]!;
    head[head.length] = list.values[i]!;
  }
  const { 0: kind, 1: body } = await bodyGiven(request.body, exchange);
  const { handle } = exchange;
  return host.handle(handle, component, timeoutMs, head, kind, body, args, stdin, hasConsole, settings);
}

async function bodyGiven(body: Body | null, exchange: Exchange): Promise<[kind: host.BodyKind, given: unknown]> {
  if (body === null) return ['none', undefined];
  if (body.stream !== undefined) {
    const { source, stop } = sourceOfStream(body.stream);
    exchange.stop = stop;
    return ['source', source];
  }
  body.used = true;
  const source = body.source!;
  if (source.kind === 'native') return ['source', source.handle];
  if (source.kind === 'blob') return ['blob', blobParts(source.blob)];
  return ['bytes', await sourceBytes(source)];
}

/** Calls the guest's functions that the instance asks for, until it is gone. */
async function attend(answering: Answering, exchange: host.ExchangeHandle): Promise<void> {
  for (;;) {
    const ask = await host.attend(exchange);
    if (ask === undefined) return;
    await answering.answer(ask[0], ask[1], ask[2], ask[3], (reply, length) => host.reply(exchange, reply, length));
  }
}

function responseOf({ 0: status, 1: fields, 2: handle }: host.Answer, exchange: Exchange): Response {
  if (status < 200 || status > 599) {
    host.cancel(exchange.handle);
    const message = `the component answered with the status ${status}, which no Response has`;
    throw withCode(new ErrorIntrinsic(message), 'ERR_GUEST');
  }
  const state = newResponseState('default', '', status, 'response');
  for (let i = 0; i < fields.length; i += 2) pushHeader(state.list, fields[i]!, fields[i]!, fields[i + 1]!);
  if (status === 204 || status === 205 || status === 304) ignore(discard(handle));
  else exchange.response = state.body = bodyOf({ kind: 'native', handle, stored: undefined });
  return createResponse(state);
}

/** Reads a body that no Response has: the component may have something to do behind it. */
async function discard(body: SourceHandle): Promise<void> {
  while ((await read(body, CHUNK)) !== undefined);
}

function ignore(promise: unknown): void {
  const nothing = (): void => {};
  then(promise, nothing, nothing);
}
