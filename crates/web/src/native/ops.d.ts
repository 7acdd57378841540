declare module 'host:native' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  // Bytes are read before an operation returns its promise. Ids are positive integers. Every promise may reject with a TypeError
  // with code `ERR_ID_NOT_FOUND` or `ERR_OP`, or with a RangeError with code `ERR_MEMORY` or `ERR_LIMIT`.
  // JSON: `argsJson` is an object, `stepsJson` an array of `{ op, args?, extraInputId? }`.

  export function put(bytes: Source): Promise<number>;
  /** The id of the result; the inputs stay valid. */
  export function exec(
    op: string,
    id: number,
    argsJson: string | undefined,
    extraId: number | undefined,
  ): Promise<number>;
  export function execChain(id: number, stepsJson: string): Promise<number>;
  /** Consumes the id. */
  export function take(id: number): Promise<ArrayBuffer>;
  /** Consumes the id and copies what fits into `target` from `offset` on. The copy is made on the guest's thread, when the promise is settled. */
  export function takeInto(
    id: number,
    target: Uint8Array,
    offset: number,
  ): Promise<[bytesWritten: number, sourceLength: number]>;
  export function free(id: number): Promise<void>;
  export function info(id: number): Promise<{ byteLength: number; width?: number; height?: number; format?: string }>;
  /** `put`, `exec` and `take` in one; nothing stays in the store. */
  export function run(
    op: string,
    bytes: Source,
    argsJson: string | undefined,
    extra: Source | number | undefined,
  ): Promise<ArrayBuffer>;
  /** `put`, `execChain` and `take` in one. An input given by its id stays valid. */
  export function chain(stepsJson: string, input: Source | number): Promise<ArrayBuffer>;
}
