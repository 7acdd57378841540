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
}

declare var cache: Hostbox.Cache;
declare var bridge: Hostbox.Bridge;
declare var plugin: Hostbox.Plugin;
declare var native: Hostbox.Native;
/** Only where the app's option `wasi` is on. */
declare var wasi: Hostbox.Wasi;
/** A random UUID of version 4. */
declare function uuidv4(): string;
