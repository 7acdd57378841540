declare module 'host:wasm' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** A compiled component. */
  export interface ComponentHandle {
    readonly __component: never;
  }
  /** An instance of one. Freed by garbage collection, it is closed. */
  export interface InstanceHandle {
    readonly __instance: never;
  }

  /**
   * How far a call has come: its answer, or a function of the guest that is to be called, where its parameters stand and where the answer will. Of an
   * instance that works on several calls, also the numbers by which `follow` goes on with this one and `answer` answers.
   */
  type Step =
    | [isAsking: false, answer: ArrayBuffer]
    | [isAsking: true, message: ArrayBuffer, fn: number, at: number, reply: number, call?: number, ticket?: number];

  // Every promise may reject with an error with code `ERR_WASM_COMPILE`, `ERR_WASM_LINK`, `ERR_WASM_TRAP`, `ERR_PERMISSION`, `ERR_MEMORY`, `ERR_LIMIT`,
  // `ERR_TIMEOUT`, `ERR_ARGUMENT` or `ERR_CLOSED`.

  /** Bounds and what is frozen, by their places: bytes of memory, elements of tables, fuel, bytes of stack, milliseconds since 1970, seed. */
  export type Settings = readonly [
    memoryBytes: number | undefined,
    tableElements: number | undefined,
    fuel: number | undefined,
    stackBytes: number | undefined,
    clockMs: number | undefined,
    seed: number | undefined,
  ];

  /** The bytes are read before it returns. */
  export function compile(
    source: Source,
    fuel: boolean,
    baseline: boolean,
    experimental: boolean,
  ): Promise<ComponentHandle>;
  /** Links others to a root, each for the import of its name or for whatever it exports. */
  export function compose(
    root: ComponentHandle,
    names: readonly (string | undefined)[],
    others: readonly ComponentHandle[],
  ): Promise<ComponentHandle>;
  /** The shape as JSON, the world as WIT, the names of imports and of exports. */
  export function describe(
    component: ComponentHandle,
  ): [shape: string, wit: string, imports: string[], exports: string[]];
  /** An instance that has not run anything yet. Its calls take at most the sandbox's own time. */
  export function instance(timeoutMs: number): InstanceHandle;
  /** Runs what is to run first; its answer is empty. Whether what it writes goes to the sandbox's console, or nowhere. */
  export function start(
    instance: InstanceHandle,
    component: ComponentHandle,
    args: readonly string[],
    stdin: Source | undefined,
    hasConsole: boolean,
    settings: Settings,
  ): Promise<Step>;
  /**
   * Calls a function with the first so many bytes of a message, which are read before it returns. Where the component has component-model async, at once,
   * and reads of streams as well; otherwise after the calls before it.
   */
  export function call(instance: InstanceHandle, fn: number, message: Uint8Array, length: number): Promise<Step>;
  /**
   * The same on this thread, with an error of those above thrown, or one with code `ERR_BUSY`. `answer` is called with what the component asks; the bytes that it
   * gives are read at once, and without any the call ends.
   */
  export function callSync(
    answer: (fn: number, at: number, reply: number, message: ArrayBuffer) => Uint8Array | undefined,
    instance: InstanceHandle,
    fn: number,
    message: Uint8Array,
    length: number,
  ): ArrayBuffer;
  /** Goes on with a call that asked; without an answer it ends. */
  export function resume(instance: InstanceHandle, answer: Uint8Array | undefined, length: number): Promise<Step>;
  /** Waits on for a call beside others; what is asked meanwhile need not be of it. */
  export function follow(instance: InstanceHandle, call: number): Promise<Step>;
  /** Answers what was asked beside calls; without an answer the instance ends. */
  export function answer(
    instance: InstanceHandle,
    ticket: number,
    answer: Uint8Array | undefined,
    length: number,
  ): void;
  /** Bytes of its memories, and what is left of its fuel. */
  export function stats(instance: InstanceHandle): [memoryBytes: number, fuel: number | undefined];
  export function close(instance: InstanceHandle): void;
  /** Whether `guest:wasmhandler` is part of this build. */
  export function answersHttp(): boolean;
}
