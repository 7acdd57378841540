declare module 'host:streams' {
  /** A native source of bytes: opaque, given up when it is collected. */
  export type SourceHandle = object & { readonly __source: never };

  /** A native sink of bytes: opaque, aborted when it is collected before it was closed. */
  export type SinkHandle = object & { readonly __sink: never };

  /** Bytes on their way from a source to a sink. */
  export type PumpHandle = object & { readonly __pump: never };

  /** The next bytes, 1 to `most` of them; undefined at the end. A second read at the same time is refused. */
  export function read(source: SourceHandle, most: number): Promise<Uint8Array<ArrayBuffer> | undefined>;

  /** Nobody wants the rest. */
  export function cancelSource(source: SourceHandle): void;

  /** Copies bytes out of a buffer or view and writes them; settled when the sink wants more. One at a time. */
  export function write(sink: SinkHandle, bytes: ArrayBuffer | ArrayBufferView): Promise<void>;

  export function closeSink(sink: SinkHandle): Promise<void>;

  export function abortSink(sink: SinkHandle, reason: string): void;

  /** A pump between two handles that nobody else uses meanwhile. */
  export function newPump(source: SourceHandle, sink: SinkHandle): PumpHandle;

  /**
   * Moves bytes until the source ends (0), the source fails (1), the sink fails (2) or somebody stops it (3), with the error where there
   * is one. Neither side is closed, cancelled or aborted.
   */
  export function runPump(pump: PumpHandle): Promise<readonly [end: 0 | 1 | 2 | 3, error: unknown]>;

  /** Stops a pump after the write under way. */
  export function stopPump(pump: PumpHandle): void;

  /** A sink and a source that are two ends of one pipe, which holds one chunk. */
  export function newPipe(): [SinkHandle, SourceHandle];
}
