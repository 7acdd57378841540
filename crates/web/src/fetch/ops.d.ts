declare module 'host:fetch' {
  /** A request that may be cancelled before and after it was sent. */
  export function open(): object;
  /** Ends the request, or the reading of its body. */
  export function cancel(exchange: object): void;

  /** What the body is: text, an ArrayBuffer or view, the bytes of a blob (`guest:blob`), a native source of bytes. */
  export type BodyKind = 'none' | 'text' | 'bytes' | 'blob' | 'source';

  export type Head = [
    status: number,
    reason: string,
    url: string,
    redirected: boolean,
    /** Names in lower case and values in turn. */
    headers: string[],
    /** A native source of bytes; nothing where there can be no body. */
    body: object | undefined,
    /** The body in the buffer store, where it lies there, and its length, where the guest is told. */
    stored: object | undefined,
    storedBytes: number | undefined,
  ];

  /**
   * Sends a request; the head of the answer. Rejects with a TypeError whose cause has a code, or is a `NotAllowedError`.
   * Internal headers (`x-rquickjs-host-…`) steer the host and are taken off.
   */
  export function send(
    exchange: object,
    method: string,
    url: string,
    headers: string[],
    redirect: string,
    integrity: string,
    kind: BodyKind,
    body: unknown,
  ): Promise<Head>;

  /** Content type and bytes of a `data:` URL. */
  export function parseDataUrl(url: string): [type: string, bytes: Uint8Array<ArrayBuffer>] | undefined;
  /** Start and end (exclusive) of a single range of so many bytes; nothing where it is malformed or beyond them. */
  export function parseRange(range: string, size: number): [start: number, end: number] | undefined;
  /** Subresource integrity. */
  export function matches(bytes: Uint8Array, integrity: string): boolean;
}
