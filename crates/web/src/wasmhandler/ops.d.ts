declare module 'host:wasmhandler' {
  import type { ComponentHandle, Settings } from 'host:wasm';
  import type { SourceHandle } from 'host:streams';

  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** One request and its answer. */
  export type ExchangeHandle = object & { readonly __exchange: never };

  /** What the body of a request is given as: nothing, bytes of a view, the parts of a blob, a source of `host:streams`. */
  export type BodyKind = 'none' | 'bytes' | 'blob' | 'source';

  /** Status, names and values of header fields in turn (each character a byte), body. */
  export type Answer = readonly [status: number, fields: string[], body: SourceHandle];

  export function open(): ExchangeHandle;

  /**
   * Has a component answer, in an instance made for it; once an exchange. `head` is the method, the URL, then names and values of header fields in turn. Rejects
   * as `host:wasm` says.
   */
  export function handle(
    exchange: ExchangeHandle,
    component: ComponentHandle,
    timeoutMs: number,
    head: readonly string[],
    kind: BodyKind,
    body: unknown,
    args: readonly string[],
    stdin: Source | undefined,
    hasConsole: boolean,
    settings: Settings,
  ): Promise<Answer>;

  /**
   * The next function of the guest that the instance calls, with the address of its parameters and that of its answer; undefined when the instance is
   * gone. As soon as nobody waits for that any more, the instance ends.
   */
  export function attend(
    exchange: ExchangeHandle,
  ): Promise<readonly [fn: number, at: number, reply: number, message: ArrayBuffer] | undefined>;

  /** Answers what was asked last with the first so many bytes; without any the instance ends. */
  export function reply(exchange: ExchangeHandle, answer: Uint8Array | undefined, length: number): void;

  /** Ends the instance. */
  export function cancel(exchange: ExchangeHandle): void;
}
