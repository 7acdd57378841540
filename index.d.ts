/**
 * hostbox runs other people's code and heavy byte work inside a Node app, outside V8: a {@link HostRuntime} is a
 * sandbox with a QuickJS engine of its own and limits that hold.
 *
 * Lengths and limits are in bytes, times in milliseconds. Every failure is a {@link HostboxError} with a stable `code`.
 */

// ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What went wrong; stable across releases. */
export type ErrorCode =
  /** A wrong argument or option of the app's own; the message names it: expected, received. */
  | 'ERR_ARGUMENT'
  /** Thrown by guest code, syntax errors included: name, message and stack are the guest's, own fields in `details`. */
  | 'ERR_GUEST'
  /** A value that cannot cross; `path` says where: `args[0].a.b`. */
  | 'ERR_CLONE'
  /** Wall or CPU time is up; `limit` says which and how much. */
  | 'ERR_TIMEOUT'
  /** `memoryBytes` or `bufferBytes` is reached, or the limit of a decoder. */
  | 'ERR_MEMORY'
  /** Any other limit, such as `pendingOps`; `limit` names it. */
  | 'ERR_LIMIT'
  /** The signal was aborted. */
  | 'ERR_ABORTED'
  /** The sandbox is closed, or dead: then `cause` is why. */
  | 'ERR_CLOSED'
  /** A synchronous call while the sandbox works, no thread left for guests, or a cache file that another process has. */
  | 'ERR_BUSY'
  /** A synchronous call whose result is still a pending promise. */
  | 'ERR_ASYNC'
  /** Something that the app asked for on a guest's behalf is not granted. */
  | 'ERR_PERMISSION'
  | 'ERR_PLUGIN_NOT_FOUND'
  | 'ERR_PLUGIN_EXISTS'
  | 'ERR_FUNCTION_NOT_FOUND'
  /** A buffer's id that was taken, freed, belongs to another sandbox or was never given. */
  | 'ERR_ID_NOT_FOUND'
  /** An unknown native operation, wrong arguments for one, or input that it refuses. */
  | 'ERR_OP'
  /** Not WebAssembly, or WebAssembly that does not validate. */
  | 'ERR_WASM_COMPILE'
  /** An import that nobody offers, or no entry point. */
  | 'ERR_WASM_LINK'
  /** A module trapped; the message has its reason and its stack. */
  | 'ERR_WASM_TRAP'
  /** A bug of hostbox; never the guest's doing. */
  | 'ERR_INTERNAL';

/**
 * Every failure that hostbox reports.
 *
 * @example
 * try {
 *   await host.call('tools', 'run', [input]);
 * } catch (error) {
 *   if (error instanceof HostboxError && error.code === 'ERR_TIMEOUT') retryLater();
 *   else throw error;
 * }
 */
export class HostboxError extends Error {
  protected constructor();
  readonly code: ErrorCode;
  /** What lies behind it: the guest error's own cause, or the reason of a sandbox's death. */
  readonly cause?: unknown;
  /** Where a value was refused, `args[0].a.b` (`ERR_CLONE`). */
  readonly path?: string;
  /** Which limit, and how much (`ERR_TIMEOUT`, `ERR_MEMORY`, `ERR_LIMIT`). */
  readonly limit?: string;
  /** Own fields of the guest's error beside name, message, stack and cause (`ERR_GUEST`). */
  readonly details?: Record<string, unknown>;
}

// ── options ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a sandbox may use up. Integers; anything out of range is `ERR_ARGUMENT`. */
export interface Limits {
  /** Wall time until a call is answered, queueing included: 1 to 2,147,483,647 ms. Default 30,000. */
  timeoutMs?: number;
  /** CPU time of one turn, an uninterrupted stretch of guest code: 1 to 2,147,483,647 ms. Default 5,000. */
  cpuMs?: number;
  /** JavaScript heap, ArrayBuffers and messages under way: 1 MiB to 64 GiB. Default 128 MiB. */
  memoryBytes?: number;
  /** The buffer store of `native`: 0 to 64 GiB. Default 256 MiB. */
  bufferBytes?: number;
  /** The guest's stack: 64 KiB to 4 MiB. Default 512 KiB. */
  stackBytes?: number;
  /** Timers and host calls at once: 1 to 1,000,000. Default 10,000. */
  pendingOps?: number;
  /** Bytes of one response, after decompression, and of one WebSocket message: 0 to 64 GiB. Default 64 MiB. */
  fetchBytes?: number;
  /** Requests that work at once; those beyond wait their turn: 1 to 1,024. Default 64. */
  concurrentFetches?: number;
}

/** One place that guests may connect to. */
export interface NetGrant {
  /**
   * Scheme, host and, where it is not the scheme's own, port: `https://api.example.com`, `http://127.0.0.1:8080`;
   * `https://*.example.com` for its subdomains, `*` for any public address. `https` covers `wss`, and `http` covers `ws`.
   * For sockets of WebAssembly `tcp://db.example.com:5432` and `udp://192.0.2.1:53`, which `*` does not cover.
   */
  origin: string;
  /** HTTP methods that are allowed; default all. A grant with methods is not for WebSockets. */
  methods?: string[];
  /**
   * Whether the host may lead to private, loopback, link-local and other addresses that are not public. Hosts that are
   * IP addresses, and `localhost`, may always be what they are. Default false.
   */
  private?: boolean;
}

/** A directory that guests may see. */
export interface FsGrant {
  /** A directory of the host; one that is not absolute is taken from the process's working directory. */
  path: string;
  /** Whether guests may write, and not only read. Default false. */
  write?: boolean;
  /** How many bytes the files below it may have together, where guests write. Default: no bound. */
  maxBytes?: number;
}

/** What guests may reach. Default: nothing. */
export interface Permissions {
  /**
   * Which directories guests may see with `fs`: a guest path, and the host's directory that it leads to. A string grants reading.
   *
   * @example
   * { '/src': './plugins/src', '/out': { path: '/srv/app/out', write: true, maxBytes: 2 ** 30 } }
   */
  fs?: Record<string, string | FsGrant>;
  /** Where guests may connect to with `fetch`, `WebSocket` and `EventSource`, components and WASI commands with `wasi:http` and `wasi:sockets`. */
  net?: (string | NetGrant)[];
  /** What guests see as `process.env`, which has nothing else. */
  env?: Record<string, string>;
}

/** What became of one request of a guest, or of one socket of WebAssembly, whose bytes are not counted. */
export interface FetchEvent {
  /** As the guest asked for it, without user name, password and fragment; of sockets `tcp://127.0.0.1:5432`, `dns:db.example`. */
  url: string;
  /** Of sockets `CONNECT`, `SEND`, `LISTEN`, `OPEN` or `LOOKUP`. */
  method: string;
  /** The status of the last response, where there was one. */
  status?: number;
  /** Where redirects led, the one that was refused included. */
  finalUrl?: string;
  /** Why it was not granted: what was asked and what is granted. */
  refused?: string;
  /** Why it failed otherwise. */
  error?: string;
  /** Bytes of the request's body. */
  sentBytes: number;
  /** Bytes of the response's body as they came over the connection. */
  receivedBytes: number;
  /** From the request until its body had ended or was given up. */
  ms: number;
  /** Events before this one that were left out because 10,000 waited for the app. */
  missed?: number;
}

/** One call of a guest's `console`. */
export type ConsoleEntry = {
  level: 'debug' | 'log' | 'info' | 'warn' | 'error' | 'trace';
  /** The arguments, as far as they can cross. */
  args: unknown[];
  /** The arguments as one text, as a console prints them. */
  text: string;
  /** The plugin that wrote it. */
  plugin?: string;
  /** Milliseconds since 1970. */
  time: number;
};

/** The cache that guests see as `cache`. What is left out is what the scope has already, or the default. */
export interface CacheOptions {
  /**
   * Where entries are kept: in memory for as long as a sandbox of the scope is open, or in a file that survives restarts.
   * Several scopes may share a file; a second process that opens it gets `ERR_BUSY`. Default `'memory'`.
   */
  store?: 'memory' | { file: string };
  /**
   * What the scope may hold, keys and 200 to 450 bytes for each entry included: 1 KiB to 64 GiB. Beyond it, what was used
   * longest ago makes room, in a file what was written longest ago. Default 64 MiB.
   */
  maxBytes?: number;
  /** How long entries live that say nothing themselves: 1 ms to ten years. Default: until room is needed. */
  ttlMs?: number;
}

export interface HostRuntimeOptions {
  /**
   * What guests may reach. Default: nothing.
   *
   * @example
   * new HostRuntime('app', { permissions: { net: ['https://api.example.com'] } });
   */
  permissions?: Permissions;
  limits?: Limits;
  /**
   * Whether WebAssembly may run: WASI commands by {@link HostRuntime.wasi} and the guests' global `wasi`, components by the guests'
   * global `wasm`. They find the directories, the environment and the network of `permissions`. Modules that guests instantiate
   * themselves, by `WebAssembly`, find none of it. Default false: guests have none of these, and `host.wasi` answers `ERR_PERMISSION`.
   */
  wasi?: boolean;
  /**
   * Functions that guests call as `bridge.name(…)`, synchronous or asynchronous; arguments and result cross as by
   * structured clone. Default: none.
   *
   * @example
   * new HostRuntime('app', { bridge: { lookUp: async (id) => database.get(id) } });
   */
  bridge?: Record<string, (...args: any[]) => unknown>;
  /**
   * The cache, shared by every open sandbox of the scope: the first one's choice holds, a different one is `ERR_ARGUMENT`.
   *
   * @example
   * new HostRuntime('shop', { cache: { store: { file: 'shop.cache' }, ttlMs: 3_600_000 } });
   */
  cache?: CacheOptions;
  /**
   * Where a guest's `console` goes: this process's own, nowhere, or a function; and, at the level `warn`, files that WASI commands and components of guests
   * asked for and were not granted. Default `'inherit'`.
   */
  console?: 'inherit' | 'silent' | ((entry: ConsoleEntry) => void);
  /** Hears of every request of the guests, once each: those that were refused, and those that failed, too. */
  onFetch?: (event: FetchEvent) => void;
}

export interface CallOptions {
  /** Wall time until the call is answered. Default: the sandbox's `limits.timeoutMs`. */
  timeoutMs?: number;
  /** Ends the call with `ERR_ABORTED`. */
  signal?: AbortSignal;
  /** Buffers that move rather than being copied; they are detached here. */
  transfer?: ArrayBuffer[];
}

export interface EvalOptions extends CallOptions {
  /** The name that stacks show. */
  filename?: string;
  /** Strip types first. Default: by the extension of `filename`. */
  typescript?: boolean;
}

export interface PluginOptions {
  /** The name that stacks show; its extension (.mjs .cjs .ts .mts .cts) says what the source is. */
  filename?: string;
  /** Default: by `filename`, else ESM where an import or export stands at top level, else CommonJS. */
  format?: 'cjs' | 'esm';
  /** Strip types first. Default: by the extension of `filename`. */
  typescript?: boolean;
  /** A source map as JSON text; stacks are mapped back through it. */
  sourceMap?: string;
  /** Replace a plugin of the same name rather than failing with `ERR_PLUGIN_EXISTS`. Default false. */
  replace?: boolean;
  /** Wall time for loading. Default: the sandbox's `limits.timeoutMs`. */
  timeoutMs?: number;
}

// ── the sandbox ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a plugin said about itself with `plugin.register(info)`. */
export interface PluginInfo {
  name: string;
  version: string;
  apiVersion: number;
  description?: string;
  [key: string]: unknown;
}

/** Counters of one sandbox, and of the process it lives in. */
export interface RuntimeStats {
  /** Calls and evaluations answered so far. */
  calls: number;
  /** Failures so far, by code. */
  errors: Record<string, number>;
  /** Calls that wait. */
  pending: number;
  /** Calls under way. */
  running: number;
  /** Calls that ended well. */
  done: number;
  /** Results that came after their deadline. */
  dropped: number;
  heapBytes: number;
  /** Bytes of linear memories and tables of WebAssembly, which count against `memoryBytes` too. */
  wasmBytes: number;
  /** Bytes in the buffer store. */
  bufferBytes: number;
  /** Buffers in the buffer store. */
  buffers: number;
  /** Timers that run. */
  timers: number;
  /** Requests that have not ended, bodies that are not read to their end and open WebSockets among them. */
  fetches: number;
  /** CPU time used so far. */
  cpuMs: number;
  unhandledRejections: number;
  state: 'idle' | 'running' | 'closed' | 'dead';
  process: { sandboxes: number; guestThreads: number; quarantinedThreads: number };
}

/**
 * A plugin's functions, each returning a promise. Other members of `T` are left out. A handle is never a thenable, and
 * `toJSON` and symbols are `undefined` on it.
 */
export type PluginHandle<T> = {
  [K in keyof T as T[K] extends (...a: any[]) => any ? K : never]: T[K] extends (...a: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/**
 * A sandbox: one global object, one account of memory, time and operations, and the plugins loaded into it. Idle it is
 * memory and nothing more; it is closed when it is no longer needed, or when it is collected.
 *
 * @example
 * const host = new HostRuntime('app', { limits: { memoryBytes: 64 * 2 ** 20 } });
 * await host.loadPlugin('tools', 'exports.add = (a, b) => a + b');
 * await host.call('tools', 'add', [1, 2]); // 3
 * await host.close();
 */
export class HostRuntime {
  /**
   * @param scope names the sandbox's scope: 1 to 240 characters, no control characters
   * @throws `ERR_ARGUMENT`, unknown options included; `ERR_BUSY` where another process has the cache file
   */
  constructor(scope: string, options?: HostRuntimeOptions);

  readonly scope: string;

  /**
   * Runs a classic script. Top-level declarations stay for the next one; a promise is awaited; the value of the last
   * expression comes back as by structured clone.
   *
   * @throws `ERR_GUEST`, `ERR_CLONE`, `ERR_TIMEOUT`, `ERR_MEMORY`, `ERR_ABORTED`, `ERR_CLOSED`
   * @example
   * await host.eval<number>('1 + 1'); // 2
   */
  eval<T = unknown>(source: string, options?: EvalOptions): Promise<T>;

  /**
   * As {@link eval}, on the calling thread.
   *
   * @throws also `ERR_BUSY` while the sandbox works, and `ERR_ASYNC` where the result needs Node's event loop
   */
  evalSync<T = unknown>(source: string, options?: EvalOptions): T;

  /**
   * Loads a plugin: a CommonJS or ES module with a scope of its own, whose exported functions can be called.
   *
   * @throws `ERR_PLUGIN_EXISTS`, `ERR_GUEST` (syntax errors included), `ERR_TIMEOUT`
   * @example
   * await host.loadPlugin('tools', await readFile('tools.mjs', 'utf8'), { filename: 'tools.mjs' });
   */
  loadPlugin(name: string, source: string, options?: PluginOptions): Promise<void>;

  /** Unloads a plugin; whether there was one. */
  unloadPlugin(name: string): Promise<boolean>;

  /** The names of the plugins, in the order in which they were loaded. */
  plugins(): Promise<string[]>;

  /**
   * What a plugin said about itself.
   *
   * @throws `ERR_PLUGIN_NOT_FOUND`
   */
  pluginInfo(name: string): Promise<PluginInfo>;

  /**
   * A plugin's functions as methods. Nothing is looked up before one is called.
   *
   * @example
   * const tools = host.plugin<{ add(a: number, b: number): number }>('tools');
   * await tools.add(1, 2); // 3
   */
  plugin<T extends object = Record<string, (...args: any[]) => unknown>>(name: string): PluginHandle<T>;

  /**
   * Calls a plugin's function. Arguments and result cross as by structured clone.
   *
   * @param args default: none
   * @throws `ERR_PLUGIN_NOT_FOUND`, `ERR_FUNCTION_NOT_FOUND`, `ERR_GUEST`, `ERR_CLONE`, `ERR_TIMEOUT`, `ERR_MEMORY`,
   * `ERR_ABORTED`, `ERR_CLOSED`
   * @example
   * await host.call<number>('tools', 'add', [1, 2], { timeoutMs: 100 }); // 3
   */
  call<T = unknown>(plugin: string, fn: string, args?: readonly unknown[], options?: CallOptions): Promise<T>;

  /**
   * As {@link call}, on the calling thread.
   *
   * @throws also `ERR_BUSY` while the sandbox works, and `ERR_ASYNC` where the result needs Node's event loop
   */
  callSync<T = unknown>(plugin: string, fn: string, args?: readonly unknown[], options?: CallOptions): T;

  /** Buffers outside V8, and the operations on them. */
  readonly native: NativeApi;

  /** WASI commands, where the option `wasi` switched them on. */
  readonly wasi: WasiApi;

  /** Counters, read without waiting for the sandbox. */
  stats(): RuntimeStats;

  /** Collects the sandbox's garbage now. */
  gc(): Promise<void>;

  /** Ends the sandbox: what waits fails with `ERR_CLOSED`, its memory is released. Closing twice is fine. */
  close(): Promise<void>;

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// ── pool ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PoolOptions extends HostRuntimeOptions {
  /** Sandboxes: 1 to 1,024. Default: the number of cores. */
  size?: number;
  /**
   * Calls that may wait beside those that run, 0 to 1,000,000: one more is `ERR_LIMIT`. `invoke` reads its requests as
   * there is room in one half of it. Default 1,000.
   */
  queue?: number;
  /**
   * Calls that one sandbox works on at once, which is of use where they wait for something: 1 to 1,000,000. A sandbox that
   * breaks takes all of its calls along. Default 1.
   */
  concurrency?: number;
  /** What every sandbox has loaded: sources by name. */
  plugins?: Record<string, string | { source: string; options?: PluginOptions }>;
}

/** One request of {@link HostPool.invoke}. */
export interface Invocation {
  plugin: string;
  fn: string;
  /** Default: none. */
  args?: readonly unknown[];
  /** Calls of one key go to one sandbox, one after the other, in their order. Default: any sandbox that is free. */
  key?: string;
  /** Wall time until it is answered, waiting included. Default: `limits.timeoutMs`. */
  timeoutMs?: number;
}

/** What became of the request at `index`. */
export type Outcome<T = unknown> =
  { index: number; ok: true; value: T } | { index: number; ok: false; error: HostboxError };

/**
 * Sandboxes with the same plugins and options, and a queue before them. A sandbox that breaks is replaced.
 *
 * @example
 * const pool = new HostPool('app', { size: 4, plugins: { tools: 'exports.add = (a, b) => a + b' } });
 * await pool.call('tools', 'add', [1, 2]); // 3
 * const requests = [1, 2, 3].map((n) => ({ plugin: 'tools', fn: 'add', args: [n, n] }));
 * for await (const outcome of pool.invoke<number>(requests)) {
 *   console.log(outcome.index, outcome.ok ? outcome.value : outcome.error.code);
 * }
 * await pool.close();
 */
export class HostPool {
  /**
   * Makes the sandboxes and begins to load the plugins; calls wait until they are there. Where one cannot be loaded, calls
   * of it fail with the reason.
   *
   * @param scope names the scope of all of its sandboxes: 1 to 240 characters, no control characters
   * @throws as {@link HostRuntime}
   */
  constructor(scope: string, options?: PoolOptions);

  /**
   * Calls a plugin's function in a sandbox that is free. The arguments are read when it gets there: leave them unchanged
   * until then. Time in the queue counts towards `timeoutMs`.
   *
   * A call whose sandbox died under it is made once more on another one, unless it moved buffers.
   *
   * @throws as {@link HostRuntime.call}, and `ERR_LIMIT` where the queue is full
   */
  call<T = unknown>(
    plugin: string,
    fn: string,
    args?: readonly unknown[],
    options?: CallOptions & {
      /** Calls of one key go to one sandbox, one after the other, in their order. Default: any sandbox that is free. */
      key?: string;
    },
  ): Promise<T>;

  /**
   * Makes many calls and gives their outcomes in the order of completion; a failure is an outcome like any other. Requests
   * are read as there is room for them and as outcomes are taken. Ending the loop early cancels what is under way; so does
   * the signal, and then the iteration fails with `ERR_ABORTED` where requests were left unread.
   */
  invoke<T = unknown>(
    requests: Iterable<Invocation> | AsyncIterable<Invocation>,
    options?: { signal?: AbortSignal },
  ): AsyncIterableIterator<Outcome<T>>;

  /**
   * Loads a plugin into every sandbox: into one first, and into the others if that went well. With `replace`, calls under
   * way finish on the old one, and calls that are made after the promise is fulfilled take the new one; where the new one
   * cannot be loaded the old one stays.
   *
   * @throws as {@link HostRuntime.loadPlugin}
   */
  loadPlugin(name: string, source: string, options?: PluginOptions): Promise<void>;

  /** Counters: calls that wait and that run, sandboxes that were replaced, and those of each sandbox. */
  stats(): { size: number; queued: number; running: number; replaced: number; sandboxes: RuntimeStats[] };

  /** Closes every sandbox: what waits and what runs fails with `ERR_CLOSED`. Closing twice is fine. */
  close(): Promise<void>;

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes to read: a view stands for its own range. */
export type Bytes = Uint8Array | ArrayBufferView | ArrayBuffer;

/** One step of a chain: an operation's name, or the operation with arguments and a second input. */
export type NativeStep = string | { op: string; args?: Record<string, unknown>; extraInputId?: number };

/** What is known of a buffer; images that were decoded have a size. */
export interface BufferInfo {
  byteLength: number;
  width?: number;
  height?: number;
  format?: string;
}

/**
 * The sandbox's buffer store. An id is a positive integer, unique in the process and never used again; with another
 * sandbox's it is `ERR_ID_NOT_FOUND`.
 *
 * @example
 * const id = await host.native.put(pixels);
 * const grey = await host.native.execChain(id, ['invert', 'grayscale_rgba']);
 * const bytes = await host.native.take(grey);
 */
export interface NativeApi {
  /**
   * Memory of hostbox's own, zeroed: transferred to a guest it moves, and operations are lent it (docs/native.md says when that
   * spares a copy). What is written to it while an operation runs may or may not be in the result.
   *
   * @throws `ERR_MEMORY`
   */
  alloc(byteLength: number): Uint8Array;
  /**
   * Stores bytes, and gives their id.
   *
   * @throws `ERR_MEMORY` over `bufferBytes`
   */
  put(input: Bytes): Promise<number>;
  /**
   * Runs an operation; the result gets an id of its own, the input's stays valid.
   *
   * @throws `ERR_OP`, `ERR_ID_NOT_FOUND`, `ERR_MEMORY`
   */
  exec(op: string, inputId: number, args?: Record<string, unknown>, extraInputId?: number): Promise<number>;
  /**
   * Runs operations one after the other without storing what lies between.
   *
   * @throws `ERR_OP`, `ERR_ID_NOT_FOUND`, `ERR_MEMORY`
   */
  execChain(inputId: number, steps: readonly NativeStep[]): Promise<number>;
  /**
   * Hands out a buffer, and ends its id.
   *
   * @throws `ERR_ID_NOT_FOUND`
   */
  take(id: number): Promise<Uint8Array>;
  /**
   * Copies a buffer into memory of the app's, as far as it fits, and ends its id, truncated or not.
   *
   * @param offset where in `target`, in bytes; default 0
   * @throws `ERR_ID_NOT_FOUND`, `ERR_ARGUMENT`
   */
  takeInto(
    id: number,
    target: Uint8Array,
    offset?: number,
  ): Promise<{ buffer: Uint8Array; bytesWritten: number; sourceLength: number; truncated: boolean }>;
  /**
   * Drops a buffer.
   *
   * @throws `ERR_ID_NOT_FOUND`
   */
  free(id: number): Promise<void>;
  /**
   * @throws `ERR_ID_NOT_FOUND`
   */
  info(id: number): Promise<BufferInfo>;
  /**
   * Runs one operation from bytes to bytes.
   *
   * @throws `ERR_OP`, `ERR_MEMORY`
   * @example
   * await host.native.run('xor', data, {}, key);
   */
  run(op: string, input: Bytes, args?: Record<string, unknown>, extraInput?: Bytes | number): Promise<Uint8Array>;
  /**
   * Runs operations one after the other from bytes, or a buffer's id, to bytes.
   *
   * @throws `ERR_OP`, `ERR_ID_NOT_FOUND`, `ERR_MEMORY`
   */
  chain(steps: readonly NativeStep[], input: Bytes | number): Promise<Uint8Array>;
  /** Compresses into the gzip format. */
  gzipCompress(input: Bytes): Promise<Uint8Array>;
  /**
   * @throws `ERR_OP` where it is no gzip, `ERR_MEMORY` where it grows beyond the limit
   */
  gzipDecompress(input: Bytes): Promise<Uint8Array>;
  /**
   * A Node stream through operations, for bytes that are too many to hold: off Node's thread, with back-pressure on both sides, in
   * constant memory. Every step has to be streamable (docs/native.md says which are); one that is not is refused at once with `ERR_OP`.
   *
   * @example
   * await pipeline(createReadStream('in'), host.native.transform(['gzip_compress']), createWriteStream('in.gz'));
   */
  transform(steps: readonly NativeStep[]): import('node:stream').Transform;
}

// ── WASI commands ───────────────────────────────────────────────────────────────────────────────────────────────────

export interface WasiOptions {
  /** Arguments behind `argv[0]`, which is `module.wasm`. Default: none. */
  args?: string[];
  /** The buffer that is standard input; it is lent, not consumed. Default: an empty input. */
  stdinId?: number;
  /** Whether {@link WasiApi.runById} leaves the module's buffer in the store. Default false: the id is consumed. */
  reuseModule?: boolean;
  /** Wall time until the run is ended. Default: the sandbox's `timeoutMs`. */
  timeoutMs?: number;
  /** Ends the run. */
  signal?: AbortSignal;
  /** Instructions that it may run, in code that counts them and is up to a third slower. Default: as many as it has time for. */
  fuel?: number;
  /** Stack of its own functions, from 64 KiB to 4 MiB, rounded up to a power of two. Default: 1 MiB. */
  stackBytes?: number;
}

/** How a command ended. The ids are ordinary ones: `take`, `takeInto`, `exec`, `free`. */
export interface WasiResult {
  /** As given to `proc_exit`; 0 where the module returned. */
  exitCode: number;
  stdoutId: number;
  stderrId: number;
}

/**
 * Runs commands of WASI preview 1 and 2, off Node's thread and off the guest's. Their streams are buffers of the store; their
 * memory counts against `memoryBytes`. A module that was compiled once is not compiled again while it is in use.
 *
 * @example
 * const host = new HostRuntime('app', { wasi: true });
 * const stdinId = await host.native.put(pixels);
 * const result = await host.wasi.run(await readFile('gray.wasm'), { args: ['1920', '1080'], stdinId });
 * const grey = await host.wasi.takeStdout(result);
 */
export interface WasiApi {
  /**
   * Runs the command in `module` to its end.
   *
   * @throws `ERR_PERMISSION`, `ERR_WASM_COMPILE`, `ERR_WASM_LINK`, `ERR_WASM_TRAP`, `ERR_TIMEOUT`, `ERR_ABORTED`, `ERR_MEMORY`,
   * `ERR_LIMIT` where its `fuel` is used up, `ERR_ID_NOT_FOUND`, `ERR_ARGUMENT`
   */
  run(module: Bytes, options?: WasiOptions): Promise<WasiResult>;
  /**
   * As {@link run}, with a module that lies in the store.
   *
   * @throws as {@link run}
   */
  runById(moduleId: number, options?: WasiOptions): Promise<WasiResult>;
  /**
   * @throws `ERR_ID_NOT_FOUND` where it was taken before
   */
  takeStdout(result: WasiResult): Promise<Uint8Array>;
  /**
   * @throws `ERR_ID_NOT_FOUND` where it was taken before
   */
  takeStderr(result: WasiResult): Promise<Uint8Array>;
}

// ── components ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A component: its bytes, a file that has them, or its text. */
export type ComponentSource = Bytes | { path: string } | { wat: string };

/** How a component is compiled. */
export interface CompileOptions {
  /** Its name for people, as in `types()`; by default the name of the file without its extension, or `component`. */
  name?: string;
  /**
   * Takes components that need component-model async: async functions, streams, futures, WASI 0.3. Their instances work on several calls at once, and
   * have no `sync`. Without it they are refused.
   */
  experimental?: boolean;
  /** Counts instructions, so that instances can be given a budget (`limits.fuel`). Costs up to a third of the speed. */
  fuel?: boolean;
  /** Makes every NaN the same one, so that results are alike on all machines. */
  canonicalizeNans?: boolean;
  /** What the compiler takes its time for; by default `'speed'`. */
  optLevel?: 'none' | 'speed' | 'speedAndSize';
  /** Keeps what a debugger or a profiler needs of the component's own debug information. */
  debugInfo?: boolean;
  /**
   * Answers with code that is compiled quickly and runs slower; the other is compiled in the background, and instances that are made from then on
   * have it. What the quick compiler does not know (some instructions, `canonicalizeNans`, `debugInfo`, some platforms) is compiled as without.
   */
  baseline?: boolean;
  /**
   * A directory for compiled code, which belongs to this user alone: what was compiled once, by whatever process, is read from there. `true` is
   * `hostbox/code` where this user's caches are, if there is such a place that nobody else can write. What is not said here is said by the
   * environment variable `HOSTBOX_CODE_CACHE`: a directory, or `1` for that of the user.
   */
  cache?: boolean | { dir: string };
}

/** Bounds of an instance. */
export interface InstanceLimits {
  /** Wall time of one call, and of the start; 30,000 by default. An instance whose call took longer is gone. */
  timeoutMs?: number;
  /** Linear memories and tables together; 128 MiB by default. */
  memoryBytes?: number;
  /** Elements of all tables together. */
  tableElements?: number;
  /** Instructions in all its life; for components that were compiled with `fuel`. */
  fuel?: number;
  /** The body of one response over `wasi:http`; 64 MiB by default. */
  fetchBytes?: number;
  /** Requests over `wasi:http` at once; 64 by default, those beyond wait their turn. */
  concurrentFetches?: number;
  /** Stack of its own functions, from 64 KiB to 4 MiB, rounded up to a power of two; 1 MiB by default. */
  stackBytes?: number;
}

/** What an instance is given. */
export interface InstanceOptions {
  /**
   * What stands behind the component's imports, by the interface's name: with its version, without it, or in short. An object of functions
   * (in camelCase, synchronous or not) and classes, or another instance that exports the interface in a version that does. Functions of
   * the world itself stand here by their own names.
   */
  imports?: Record<string, object | ((...args: any[]) => unknown) | ComponentInstance>;
  /**
   * What it may reach: its environment, directories that it finds open, hosts for `wasi:http` and, as `tcp://host:port` and `udp://host:port`,
   * for `wasi:sockets`. By default nothing.
   */
  permissions?: Permissions;
  limits?: InstanceLimits;
  /** Arguments of its command line. */
  args?: string[];
  /** Its standard input. */
  stdin?: Bytes;
  /** Its clocks: the system's, or a time that does not pass. */
  clock?: 'real' | { fixed: Date };
  /** Its randomness: the system's, or the same numbers for the same seed. */
  random?: 'real' | { seed: number };
  /**
   * Where its output goes, line by line: standard output at the level `log`, standard error at `error`; and, at `warn`, what it asked
   * of the network or of files and was not granted. To this process's own console, nowhere, or to
   * a function. A line of more than 16 KiB comes in parts. Default `'silent'`.
   */
  console?: 'inherit' | 'silent' | ((entry: ConsoleEntry) => void);
  /** Hears of its requests and sockets, as that of {@link HostRuntimeOptions}. */
  onFetch?: (event: FetchEvent) => void;
}

/**
 * A component of WebAssembly, compiled. It can be instantiated any number of times.
 *
 * Values cross as jco maps them: records are objects with camelCase keys, variants `{ tag, val }` (a case without payload may be given by its
 * name), enums their names, flags objects of booleans, `option<T>` is `T | undefined`, 64-bit integers are BigInts, `list<u8>` is a Uint8Array and
 * any list of numbers the typed array of its type, a result's `err` is thrown as a {@link ComponentError}, resources are classes.
 *
 * @example
 * const calc = await Component.compile({ path: 'calculator.wasm' });
 * using instance = await calc.instantiate();
 * await instance.exports['demo:calc/calculator'].calculate('add', 1, 2); // 3
 * instance.sync.calculator.calculate({ tag: 'add' }, 1, 2); // 3
 */
export class Component {
  private constructor();
  /**
   * Compiles a component, off Node's thread. Core modules that carry component types or import WASI preview 1 are made components first.
   *
   * @throws `ERR_WASM_COMPILE` that says what the bytes are, `ERR_WASM_LINK` where an import cannot cross
   */
  static compile(source: ComponentSource, options?: CompileOptions): Promise<Component>;
  /**
   * Links components by their interfaces into one: what the root imports comes from the others, each of which is instantiated once per instance
   * of the whole. An array begins with the root; with names (an interface's, with or without version, or in short) a component stands for that import alone. An export satisfies an
   * import of the same version, or of a lower one on the same track of semver, where nothing that is asked for is missing or has another type.
   *
   * @throws `ERR_WASM_LINK` that names the import and what differs
   */
  static compose(plan: { root: Component; with: Record<string, Component> } | Component[]): Promise<Component>;
  /**
   * Serves HTTP/1.1 by a component that exports `wasi:http/incoming-handler` of WASI 0.2, or by several that are composed, the first being the root.
   * Each request has an instance of its own and `limits.timeoutMs`; both bodies stream. A request that fails is answered with 500, or 504 at
   * its deadline, and is a line of `console` at the level `error`.
   *
   * @example
   * const server = await Component.serve(await Component.compile({ path: 'shop.wasm' }), { port: 8080, console: 'inherit' });
   * await server.replace('shop', { path: 'shop-2.wasm' });
   * @throws `ERR_WASM_LINK` where it does not answer HTTP, `ERR_ARGUMENT` where it cannot listen there
   */
  static serve(app: Component | Component[], options?: ServeOptions): Promise<ComponentServer>;
  readonly name: string;
  /** Names of the interfaces and functions that it imports, WASI's among them. */
  readonly imports: string[];
  /** Names of the interfaces and functions that it exports. */
  readonly exports: string[];
  /** Its world and the packages that it uses, as WIT text. */
  wit(): string;
  /** TypeScript declarations of what it exports and imports; `npx hostbox types x.wasm` writes them. */
  types(): string;
  /** Its code for this machine and this version of hostbox; as a file of its `fileName` in the `cache.dir` of `compile` it spares compilation. */
  precompile(): Promise<Uint8Array & { readonly fileName: string }>;
  /**
   * Makes an instance and runs its start functions, off Node's thread.
   *
   * @throws `ERR_WASM_LINK` that names the interface and the function which is missing, `ERR_WASM_TRAP`, `ERR_MEMORY`, `ERR_TIMEOUT`
   */
  instantiate<Instance extends ComponentInstance | object = ComponentInstance>(
    options?: InstanceOptions,
  ): Promise<Instance>;
  /**
   * Has it answer one request, in an instance made for it. Both bodies stream; `limits.timeoutMs` is for all of it, and the request's signal and
   * giving up the response's body end the instance. Trailers of the answer are dropped: a Response has none.
   *
   * @example
   * const response = await component.handle(new Request('http://shop.example/cart'));
   * @throws `ERR_WASM_LINK` where it exports no `wasi:http/incoming-handler` of WASI 0.2, `ERR_GUEST` where it answers with an error,
   * `ERR_WASM_TRAP`, `ERR_TIMEOUT`, `ERR_ABORTED`
   */
  handle(request: Request, options?: InstanceOptions): Promise<Response>;
}

/** How {@link Component.serve} serves, and what each instance is given. */
export interface ServeOptions extends InstanceOptions {
  /** By default one that is free. */
  port?: number;
  /** An IP address, or `'localhost'`. By default `'127.0.0.1'`: this machine alone. */
  host?: string;
  /** Requests at once, 1 to 64; others wait for their turn. By default 32. */
  concurrency?: number;
}

/** An HTTP server in front of a component. It listens, and keeps the process alive, until it is closed. */
export interface ComponentServer {
  /** Where it listens: `http://127.0.0.1:49152`. */
  readonly url: string;
  /**
   * Compiles another component in the place of the one with this name, as that one was compiled. Requests that come from then on are its
   * own; those under way end as they began. Where it cannot be had, the old one stays.
   *
   * @throws what `compile` and `compose` throw; `ERR_WASM_LINK` where it does not answer HTTP
   */
  replace(name: string, source: ComponentSource): Promise<void>;
  /** What each component is now, by name: another text for other bytes. */
  versions(): Record<string, string>;
  /** Requests that came, those whose answer has not ended, those that failed, and open connections. */
  stats(): { requests: number; active: number; failed: number; connections: number };
  /** Listens no more, and waits for the requests under way. */
  close(): Promise<void>;
}

/**
 * A running component. One call at a time: calls of `exports` wait for those before them. After a trap, a timeout or `close()` it is gone, and
 * later calls are `ERR_CLOSED` with the reason as `cause`. One that the app forgets is closed.
 */
export class ComponentInstance {
  private constructor();
  /**
   * Its functions, which return promises: by the interface's name with its version, without it, and in short, as far as those are clear;
   * functions in camelCase. A name that is not there is `ERR_FUNCTION_NOT_FOUND`. They run off Node's thread.
   */
  readonly exports: Record<string, any>;
  /**
   * The same functions on the calling thread. `ERR_BUSY` while another call runs; `ERR_ASYNC` where a function of the app returns a promise.
   */
  readonly sync: Record<string, any>;
  /**
   * Bytes of its linear memories and tables, what is left of its fuel, and lines of its output that were dropped: those that wait for the app take a
   * quarter of `memoryBytes` at most.
   */
  stats(): { memoryBytes: number; fuel?: number; dropped: number };
  /** Gives its memory back; a call that runs is ended. */
  close(): void;
  [Symbol.dispose](): void;
}

/** An `err` that a component's function gave as its result. Its code is `ERR_GUEST`. */
export class ComponentError extends HostboxError {
  private constructor();
  /** The value of the `err`. Errors of the app's own functions may have one as well: it is what the component gets. */
  readonly payload: unknown;
}
