declare module 'host:body' {
  type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** The bytes in memory of their own; a TypeError where the buffer is detached. */
  export function copy(bytes: Bytes): Uint8Array<ArrayBuffer>;
  /** The text in UTF-8; it has no lone surrogates. */
  export function encode(text: string): Uint8Array<ArrayBuffer>;
  /** UTF-8 as text, without a byte order mark. */
  export function decode(bytes: Bytes): string;
  export function base64(bytes: Bytes): string;
  /** Puts the bytes of a blob (`guest:blob`) into the buffer store; their id. A RangeError with code `ERR_MEMORY` where it is full. */
  export function storeBlob(bytes: object): number;

  /** A boundary that nobody can guess. */
  export function boundary(): string;
  /** The `multipart/form-data` body of a plan of the protocol `rquickjs-formdata-v1`. Takes the buffers that the plan names. */
  export function multipart(plan: string, boundary: string): Promise<ArrayBuffer>;
  /**
   * The parts of a body, five items each: name, text, file name, content type, content. Text parts have a text and nothing more, files all the
   * others. Nothing where the body is malformed.
   */
  export function parseMultipart(
    bytes: Uint8Array,
    boundary: string,
  ): (string | Uint8Array<ArrayBuffer> | undefined)[] | undefined;

  // `handle` is a native source of bytes (`guest:streams`).

  /** Reads to the end, outside of this engine; every byte in one piece. */
  export function collect(handle: object): Promise<ArrayBuffer>;
  /** The same as text, from UTF-8 and without a byte order mark. */
  export function collectText(handle: object): Promise<string>;

  // `stored` is a body that lies in the buffer store.

  /** The body itself, out of the store. */
  export function takeStored(stored: object): Promise<ArrayBuffer>;
  /** Its id, which is the guest's from now on; null where it was taken. */
  export function storedId(stored: object): number | null;
  /** Another one with the same bytes. */
  export function cloneStored(stored: object): [handle: object, stored: object];
}
