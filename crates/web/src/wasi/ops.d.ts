declare module 'host:wasi' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  // Ids are positive integers. Every promise may reject with a TypeError with code `ERR_ID_NOT_FOUND`, `ERR_WASM_COMPILE` or
  // `ERR_WASM_LINK`, an Error with code `ERR_WASM_TRAP`, or a RangeError with code `ERR_MEMORY` or `ERR_LIMIT`.

  type Exit = [exitCode: number, stdoutId: number, stderrId: number];

  /**
   * Runs bytes, which are read before it returns. Standard input stays valid. `fuel` bounds the instructions; a stack of its own is from 64 KiB to 1 MiB,
   * or the call rejects with `ERR_ARGUMENT`.
   */
  export function run(
    module: Source,
    args: readonly string[],
    stdinId: number | undefined,
    fuel: number | undefined,
    stackBytes: number | undefined,
  ): Promise<Exit>;
  /** Runs a stored module, which is consumed unless it is to be kept. */
  export function runById(
    moduleId: number,
    args: readonly string[],
    stdinId: number | undefined,
    fuel: number | undefined,
    stackBytes: number | undefined,
    keep: boolean,
  ): Promise<Exit>;
}
