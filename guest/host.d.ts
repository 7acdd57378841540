// What hostbox gives to guests beside the Web: types in the namespace Hostbox, and the globals that have them.

declare namespace Hostbox {
  /** Bytes: a view stands for its own range. */
  type Bytes = ArrayBufferView | ArrayBufferLike;

  /** JSON values that all sandboxes of a scope share. Keys: 1 to 240 characters, no control characters. */
  interface Cache {
    /** The value of an entry, or `fallback` where there is none. */
    get<T = any>(key: string): T | null;
    get<T>(key: string, fallback: T): T;
    set(key: string, value: unknown, options?: CacheEntryOptions): void;
    /** Puts an entry where there is none; whether it did. Atomic. */
    setIfAbsent(key: string, value: unknown, options?: CacheEntryOptions): boolean;
    /**
     * Puts an entry where its value is `expected`; whether it did. Atomic. `null` also fits where there is no entry,
     * `undefined` only there.
     */
    compareAndSet(key: string, expected: unknown, value: unknown, options?: CacheEntryOptions): boolean;
    has(key: string): boolean;
    /** Forgets an entry; whether there was one. */
    delete(key: string): boolean;
  }
  interface CacheEntryOptions {
    /** How long the entry lives. Default: as the app says for the scope. */
    ttlMs?: number;
  }

  /**
   * The app's functions under their names; dots nest. Name yours by declaring them:
   * `declare namespace Hostbox { interface Bridge { lookUp(id: number): Promise<User> } }`.
   */
  interface Bridge {
    /** Calls one by its name. */
    call(name: string, ...args: unknown[]): Promise<any>;
    // There without the app's doing; functions of the app with such a name go before.
    gzipCompress(input: Bytes | ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>>;
    gzipDecompress(input: Bytes | ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>>;
    readonly [name: string]: any;
  }

  /** What a plugin tells about itself. */
  interface PluginInfo {
    readonly name: string;
    readonly version: string;
    readonly apiVersion: number;
    readonly description?: string;
    readonly [key: string]: unknown;
  }
  interface Plugin {
    /** Records it, under the name that the app loaded the plugin with; a second time replaces the first. */
    register(info: {
      name?: string;
      version: string;
      apiVersion: number;
      description?: string;
      [key: string]: unknown;
    }): void;
    getInfo(name: string): PluginInfo | undefined;
    list(): string[];
    clear(): void;
  }

  type NativeStep = string | { op: string; args?: Record<string, unknown>; extraInputId?: number };
  interface BufferInfo {
    byteLength: number;
    width?: number;
    height?: number;
    format?: string;
  }
  /** The sandbox's buffer store, outside the heap, and the operations on it. Ids are positive integers. */
  interface Native {
    put(input: Bytes): Promise<number>;
    exec(op: string, inputId: number, args?: Record<string, unknown>, extraInputId?: number): Promise<number>;
    execChain(inputId: number, steps: readonly NativeStep[]): Promise<number>;
    /** The bytes; the id is no more. */
    take(id: number): Promise<Uint8Array<ArrayBuffer>>;
    takeInto(
      id: number,
      target: Uint8Array,
      offset?: number,
    ): Promise<{ buffer: Uint8Array; bytesWritten: number; sourceLength: number; truncated: boolean }>;
    free(id: number): Promise<void>;
    info(id: number): Promise<BufferInfo>;
    run(
      op: string,
      input: Bytes,
      args?: Record<string, unknown>,
      extraInput?: Bytes | number,
    ): Promise<Uint8Array<ArrayBuffer>>;
    chain(steps: readonly NativeStep[], input: Bytes | number): Promise<Uint8Array<ArrayBuffer>>;
    gzipCompress(input: Bytes): Promise<Uint8Array<ArrayBuffer>>;
    gzipDecompress(input: Bytes): Promise<Uint8Array<ArrayBuffer>>;
  }

  interface WasiOptions {
    /** Arguments behind `argv[0]`, which is `module.wasm`. */
    args?: string[];
    /** The buffer that is standard input; lent, not consumed. */
    stdinId?: number;
    /** Whether `runById` leaves the module's buffer in the store. */
    reuseModule?: boolean;
    /** Instructions that it may run, in code that counts them; `ERR_LIMIT` beyond. */
    fuel?: number;
    /** Stack of its own functions, from 64 KiB to 1 MiB, rounded up to a power of two; 1 MiB by default. */
    stackBytes?: number;
  }
  interface WasiResult {
    exitCode: number;
    stdoutId: number;
    stderrId: number;
  }
  /** Commands of WASI preview 1 and 2, with buffers of the store as their streams. */
  interface Wasi {
    run(module: Bytes, options?: WasiOptions): Promise<WasiResult>;
    /** The module's id is no more, unless `reuseModule` keeps it. */
    runById(moduleId: number, options?: WasiOptions): Promise<WasiResult>;
    takeStdout(result: WasiResult): Promise<Uint8Array<ArrayBuffer>>;
    takeStderr(result: WasiResult): Promise<Uint8Array<ArrayBuffer>>;
  }

  interface ComponentInstanceOptions {
    /**
     * What stands behind the component's imports, by the interface's name: with its version, without it, or in short. An object of
     * functions (in camelCase, synchronous or not) and classes, or another instance that exports the interface.
     */
    imports?: Record<string, object | ((...args: any[]) => unknown) | ComponentInstance>;
    /** Arguments of its command line. */
    args?: string[];
    /** Its standard input. */
    stdin?: Bytes;
    /**
     * Where its output goes, line by line: to the sandbox's console, standard output at the level `log` and standard error at `error`, or
     * nowhere. Default `'silent'`.
     */
    console?: 'inherit' | 'silent';
    /** Its clocks: the system's, or a time that does not pass. */
    clock?: 'real' | { fixed: Date };
    /** Its randomness: the system's, or the same numbers for the same seed. */
    random?: 'real' | { seed: number };
    limits?: {
      /** Wall time of one call, and of the start; by default and at most the sandbox's. An instance whose call took longer is gone. */
      timeoutMs?: number;
      /** Linear memories and tables together; by default and at most what the sandbox has left. */
      memoryBytes?: number;
      /** Elements of all tables together. */
      tableElements?: number;
      /** Instructions in all its life; for components that were compiled with `fuel`. */
      fuel?: number;
      /** Stack of its own functions, from 64 KiB to 4 MiB, rounded up to a power of two; 1 MiB by default. Code for another size counts as memory. */
      stackBytes?: number;
    };
  }
  /** A compiled component of WebAssembly. */
  interface Component {
    readonly name: string;
    /** Names of the interfaces and functions that it imports, WASI's among them. */
    readonly imports: string[];
    readonly exports: string[];
    /** Its world as WIT text. */
    wit(): string;
    /** TypeScript declarations of what it exports and imports. */
    types(): string;
    /** Makes an instance, off the guest's thread. Its memory is on the sandbox's account; it reaches the sandbox's directories and environment. */
    instantiate<Instance = ComponentInstance>(options?: ComponentInstanceOptions): Promise<Instance>;
    /**
     * Has it answer one request, in an instance made for it: what exports `wasi:http/incoming-handler` of WASI 0.2 does. Both bodies stream; `limits.timeoutMs` is
     * for all of it, and the request's signal and giving up the response's body end the instance. Trailers of the answer are dropped: a
     * Response has none. Only where the build has `fetch`.
     */
    handle(request: Request, options?: ComponentInstanceOptions): Promise<Response>;
  }
  /**
   * A running component. Calls come one after the other, or, where it has component-model async, are under way at once. After a trap, a timeout or `close()`
   * it is gone.
   */
  interface ComponentInstance {
    /** Its functions, which return promises: by the interface's name with its version, without it, and in short; functions in camelCase. */
    readonly exports: Record<string, any>;
    /**
     * The same functions on the guest's own thread, under the deadline of the call that they are made in. `ERR_BUSY` while another call runs; `ERR_ASYNC`
     * where a function of the guest returns a promise.
     */
    readonly sync: Record<string, any>;
    /** Bytes of its linear memories and tables, and what is left of its fuel. */
    stats(): { memoryBytes: number; fuel?: number };
    /** Gives its memory back. */
    close(): void;
  }
  /** An `err` that a component's function gave as its result. */
  interface ComponentError extends Error {
    readonly payload: unknown;
  }
  interface ComponentCompileOptions {
    /** Its name for people, as in `types()`; by default `component`. */
    name?: string;
    /** Counts instructions, so that instances can be given a budget (`limits.fuel`). Costs up to a third of the speed. */
    fuel?: boolean;
    /**
     * Answers with code that is compiled quickly and runs slower; the other is compiled in the background, and instances that are made from
     * then on have it.
     */
    baseline?: boolean;
    /** Takes components that need component-model async: async functions, streams, futures, WASI 0.3. Their instances have no `sync`. */
    experimental?: boolean;
  }
  /** Components of WebAssembly, compiled and called as apps do it. */
  interface Wasm {
    readonly Component: {
      /** Compiles a component, or its text, off the guest's thread. */
      compile(source: Bytes | { wat: string }, options?: ComponentCompileOptions): Promise<Component>;
      /**
       * Links components by their interfaces into one: what the root imports comes from the others. An array begins with the root; with names
       * (an interface's, with or without version, or in short) a component stands for that import alone.
       */
      compose(plan: { root: Component; with: Record<string, Component> } | Component[]): Promise<Component>;
    };
    readonly ComponentError: new (payload: unknown, where: string) => ComponentError;
  }
}

declare var cache: Hostbox.Cache;
declare var bridge: Hostbox.Bridge;
declare var plugin: Hostbox.Plugin;
declare var native: Hostbox.Native;
/** Only where the app's option `wasi` is on. */
declare var wasi: Hostbox.Wasi;
/** Only where the app's option `wasi` is on. */
declare var wasm: Hostbox.Wasm;
/** A random UUID of version 4. */
declare function uuidv4(): string;
