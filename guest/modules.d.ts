// Node's modules that guests have built in, by `import` and by `require`. Types as Node's, as far as it is here.

declare namespace Hostbox {
  interface BufferModule {
    Buffer: typeof Buffer;
    SlowBuffer: (length: number) => Buffer;
    transcode(source: Uint8Array, from: BufferEncoding, to: BufferEncoding): Buffer;
    isUtf8(input: ArrayBufferView | ArrayBufferLike): boolean;
    isAscii(input: ArrayBufferView | ArrayBufferLike): boolean;
    readonly kMaxLength: number;
    readonly kStringMaxLength: number;
    readonly constants: { readonly MAX_LENGTH: number; readonly MAX_STRING_LENGTH: number };
    INSPECT_MAX_BYTES: number;
    atob: typeof atob;
    btoa: typeof btoa;
    Blob: typeof Blob;
    File: typeof File;
  }

  interface Events {
    new (options?: { captureRejections?: boolean }): EventEmitter;
    readonly prototype: EventEmitter;
    EventEmitter: Events;
    once(
      emitter: EventEmitter | EventTarget,
      name: string | symbol,
      options?: { signal?: AbortSignal },
    ): Promise<any[]>;
    on(
      emitter: EventEmitter | EventTarget,
      name: string | symbol,
      options?: { signal?: AbortSignal; close?: string[]; highWaterMark?: number; lowWaterMark?: number },
    ): AsyncIterableIterator<any[]>;
    getEventListeners(emitter: EventEmitter | EventTarget, name: string | symbol): Function[];
    getMaxListeners(emitter: EventEmitter | EventTarget): number;
    setMaxListeners(count?: number, ...emitters: (EventEmitter | EventTarget)[]): void;
    listenerCount(emitter: EventEmitter, name: string | symbol): number;
    addAbortListener(signal: AbortSignal, listener: (event: Event) => void): Disposable;
    init(): void;
    readonly usingDomains: false;
    readonly captureRejectionSymbol: unique symbol;
    readonly errorMonitor: unique symbol;
    captureRejections: boolean;
    defaultMaxListeners: number;
  }

  interface InspectOptions {
    showHidden?: boolean;
    depth?: number | null;
    colors?: boolean;
    customInspect?: boolean;
    showProxy?: boolean;
    maxArrayLength?: number | null;
    maxStringLength?: number | null;
    breakLength?: number;
    compact?: boolean | number;
    sorted?: boolean | ((one: string, two: string) => number);
    getters?: boolean | 'get' | 'set';
    numericSeparator?: boolean;
  }
  interface UtilTypes {
    isAnyArrayBuffer(value: unknown): value is ArrayBufferLike;
    isArgumentsObject(value: unknown): value is IArguments;
    isArrayBuffer(value: unknown): value is ArrayBuffer;
    isArrayBufferView(value: unknown): value is ArrayBufferView;
    isAsyncFunction(value: unknown): boolean;
    isBigInt64Array(value: unknown): value is BigInt64Array;
    isBigIntObject(value: unknown): value is BigInt;
    isBigUint64Array(value: unknown): value is BigUint64Array;
    isBooleanObject(value: unknown): value is Boolean;
    isBoxedPrimitive(value: unknown): value is Boolean | Number | String | Symbol | BigInt;
    isCryptoKey(value: unknown): value is CryptoKey;
    isDataView(value: unknown): value is DataView;
    isDate(value: unknown): value is Date;
    isExternal(value: unknown): boolean;
    isFloat32Array(value: unknown): value is Float32Array;
    isFloat64Array(value: unknown): value is Float64Array;
    isGeneratorFunction(value: unknown): value is GeneratorFunction;
    isGeneratorObject(value: unknown): value is Generator;
    isInt16Array(value: unknown): value is Int16Array;
    isInt32Array(value: unknown): value is Int32Array;
    isInt8Array(value: unknown): value is Int8Array;
    isKeyObject(value: unknown): boolean;
    isMap(value: unknown): value is Map<unknown, unknown>;
    isMapIterator(value: unknown): boolean;
    isModuleNamespaceObject(value: unknown): boolean;
    isNativeError(value: unknown): value is Error;
    isNumberObject(value: unknown): value is Number;
    isPromise(value: unknown): value is Promise<unknown>;
    isProxy(value: unknown): boolean;
    isRegExp(value: unknown): value is RegExp;
    isSet(value: unknown): value is Set<unknown>;
    isSetIterator(value: unknown): boolean;
    isSharedArrayBuffer(value: unknown): value is SharedArrayBuffer;
    isStringObject(value: unknown): value is String;
    isSymbolObject(value: unknown): value is Symbol;
    isTypedArray(value: unknown): value is Uint8Array;
    isUint16Array(value: unknown): value is Uint16Array;
    isUint32Array(value: unknown): value is Uint32Array;
    isUint8Array(value: unknown): value is Uint8Array;
    isUint8ClampedArray(value: unknown): value is Uint8ClampedArray;
    isWeakMap(value: unknown): value is WeakMap<WeakKey, unknown>;
    isWeakSet(value: unknown): value is WeakSet<WeakKey>;
  }
  interface ParseArgsOption {
    type: 'string' | 'boolean';
    multiple?: boolean;
    short?: string;
    default?: string | boolean | string[] | boolean[];
  }
  interface DebugLogger {
    (format: string, ...args: unknown[]): void;
    readonly enabled: boolean;
  }
  interface Util {
    aborted(signal: AbortSignal, resource: object): Promise<void>;
    callbackify(fn: (...args: any[]) => Promise<unknown>): (...args: any[]) => void;
    debug(section: string, callback?: (logger: DebugLogger) => void): DebugLogger;
    debuglog(section: string, callback?: (logger: DebugLogger) => void): DebugLogger;
    deprecate<F extends Function>(fn: F, message: string, code?: string): F;
    format(format?: unknown, ...args: unknown[]): string;
    formatWithOptions(options: InspectOptions, format?: unknown, ...args: unknown[]): string;
    inherits(constructor: unknown, base: unknown): void;
    inspect: {
      (value: unknown, options?: InspectOptions): string;
      (value: unknown, showHidden?: boolean, depth?: number | null, colors?: boolean): string;
      readonly custom: unique symbol;
      defaultOptions: InspectOptions;
      colors: Record<string, [number, number] | undefined>;
      styles: Record<string, string>;
    };
    isArray(value: unknown): value is unknown[];
    isBoolean(value: unknown): value is boolean;
    isBuffer(value: unknown): value is Buffer;
    isDate(value: unknown): value is Date;
    isDeepStrictEqual(one: unknown, two: unknown): boolean;
    isError(value: unknown): value is Error;
    isFunction(value: unknown): boolean;
    isNull(value: unknown): value is null;
    isNullOrUndefined(value: unknown): value is null | undefined;
    isNumber(value: unknown): value is number;
    isObject(value: unknown): boolean;
    isPrimitive(value: unknown): boolean;
    isRegExp(value: unknown): value is RegExp;
    isString(value: unknown): value is string;
    isSymbol(value: unknown): value is symbol;
    isUndefined(value: unknown): value is undefined;
    log(format?: unknown, ...args: unknown[]): void;
    promisify: {
      (fn: (...args: any[]) => void): (...args: any[]) => Promise<any>;
      readonly custom: unique symbol;
    };
    stripVTControlCharacters(text: string): string;
    styleText(format: string | string[], text: string, options?: { validateStream?: boolean }): string;
    toUSVString(text: string): string;
    types: UtilTypes;
    parseArgs(config?: {
      args?: string[];
      options?: Record<string, ParseArgsOption>;
      strict?: boolean;
      allowPositionals?: boolean;
      tokens?: boolean;
    }): { values: Record<string, any>; positionals: string[]; tokens?: object[] };
    TextDecoder: typeof TextDecoder;
    TextEncoder: typeof TextEncoder;
  }

  interface Os {
    readonly EOL: string;
    readonly devNull: string;
    readonly constants: Readonly<Record<string, any>>;
    arch(): string;
    availableParallelism(): number;
    cpus(): { model: string; speed: number; times: Record<'user' | 'nice' | 'sys' | 'idle' | 'irq', number> }[];
    endianness(): 'BE' | 'LE';
    freemem(): number;
    homedir(): string;
    hostname(): string;
    loadavg(): number[];
    machine(): string;
    networkInterfaces(): Record<string, object[] | undefined>;
    platform(): string;
    release(): string;
    tmpdir(): string;
    totalmem(): number;
    type(): string;
    uptime(): number;
    userInfo(options?: { encoding?: BufferEncoding | 'buffer' }): {
      username: string;
      uid: number;
      gid: number;
      shell: string | null;
      homedir: string;
    };
    version(): string;
  }

  interface UrlObject {
    auth?: string | null;
    hash?: string | null;
    host?: string | null;
    hostname?: string | null;
    href?: string | null;
    path?: string | null;
    pathname?: string | null;
    port?: string | number | null;
    protocol?: string | null;
    query?: string | null | Record<string, unknown>;
    search?: string | null;
    slashes?: boolean | null;
  }
  interface UrlModule {
    Url: new () => UrlObject;
    parse(url: string, parseQuery?: boolean, slashesDenoteHost?: boolean): UrlObject;
    resolve(from: string, to: string): string;
    resolveObject(from: string | UrlObject, to: string | UrlObject): UrlObject;
    format(url: UrlObject | string): string;
    format(url: URL, options?: { auth?: boolean; fragment?: boolean; search?: boolean; unicode?: boolean }): string;
    URL: typeof URL;
    URLSearchParams: typeof URLSearchParams;
    domainToASCII(domain: string): string;
    domainToUnicode(domain: string): string;
    pathToFileURL(path: string): URL;
    fileURLToPath(url: string | URL): string;
    urlToHttpOptions(url: URL): Record<string, any>;
  }

  type ParsedQuery = Record<string, string | string[] | undefined>;
  type QueryInput = Record<string, string | number | boolean | bigint | readonly (string | number | boolean)[] | null>;
  interface QueryString {
    parse(
      text: string,
      separator?: string,
      equals?: string,
      options?: { maxKeys?: number; decodeURIComponent?: (text: string) => string },
    ): ParsedQuery;
    stringify(
      values?: QueryInput,
      separator?: string,
      equals?: string,
      options?: { encodeURIComponent?: (text: string) => string },
    ): string;
    decode: QueryString['parse'];
    encode: QueryString['stringify'];
    escape(text: string): string;
    unescape(text: string): string;
    unescapeBuffer(text: string | Buffer, decodeSpaces?: boolean): Buffer;
  }

  interface StringDecoder {
    readonly encoding: string;
    write(chunk: string | ArrayBufferView): string;
    end(chunk?: string | ArrayBufferView): string;
    text(buffer: Uint8Array, offset: number): string;
  }
  interface StringDecoderModule {
    StringDecoder: new (encoding?: BufferEncoding) => StringDecoder;
  }

  type Thrown = RegExp | (new (...args: any[]) => Error) | ((error: unknown) => boolean) | object | Error;
  interface AssertionError extends Error {
    readonly actual: unknown;
    readonly expected: unknown;
    readonly operator: string;
    readonly generatedMessage: boolean;
    readonly code: 'ERR_ASSERTION';
  }
  interface AssertFunctions {
    (value: unknown, message?: string | Error): asserts value;
    ok(value: unknown, message?: string | Error): asserts value;
    fail(message?: string | Error): never;
    equal(actual: unknown, expected: unknown, message?: string | Error): void;
    notEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    strictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
    notStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    deepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    notDeepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    deepStrictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
    notDeepStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    match(text: string, pattern: RegExp, message?: string | Error): void;
    doesNotMatch(text: string, pattern: RegExp, message?: string | Error): void;
    throws(work: () => unknown, expected?: Thrown | string, message?: string | Error): void;
    doesNotThrow(work: () => unknown, expected?: Thrown | string, message?: string | Error): void;
    rejects(
      work: Promise<unknown> | (() => Promise<unknown>),
      expected?: Thrown | string,
      message?: string | Error,
    ): Promise<void>;
    doesNotReject(
      work: Promise<unknown> | (() => Promise<unknown>),
      expected?: Thrown | string,
      message?: string | Error,
    ): Promise<void>;
    ifError(value: unknown): asserts value is null | undefined;
    AssertionError: new (options: {
      message?: string;
      actual?: unknown;
      expected?: unknown;
      operator?: string;
      stackStartFn?: Function;
    }) => AssertionError;
    strict: AssertFunctions;
  }

  interface StreamOptions<S> {
    highWaterMark?: number;
    objectMode?: boolean;
    emitClose?: boolean;
    autoDestroy?: boolean;
    signal?: AbortSignal;
    construct?: (this: S, done: (error?: Error | null) => void) => void;
    destroy?: (this: S, error: Error | null, done: (error?: Error | null) => void) => void;
  }
  interface ReadableOptions<S = Readable> extends StreamOptions<S> {
    encoding?: BufferEncoding;
    read?: (this: S, size: number) => void;
  }
  interface WritableOptions<S = Writable> extends StreamOptions<S> {
    decodeStrings?: boolean;
    defaultEncoding?: BufferEncoding;
    write?: (this: S, chunk: any, encoding: BufferEncoding, done: (error?: Error | null) => void) => void;
    writev?: (
      this: S,
      chunks: { chunk: any; encoding: BufferEncoding }[],
      done: (error?: Error | null) => void,
    ) => void;
    final?: (this: S, done: (error?: Error | null) => void) => void;
  }
  interface DuplexOptions<S = Duplex> extends Omit<ReadableOptions<S>, never>, Omit<WritableOptions<S>, never> {
    allowHalfOpen?: boolean;
    readableObjectMode?: boolean;
    writableObjectMode?: boolean;
    readableHighWaterMark?: number;
    writableHighWaterMark?: number;
  }
  interface TransformOptions extends DuplexOptions<Transform> {
    transform?: (
      this: Transform,
      chunk: any,
      encoding: BufferEncoding,
      done: (error?: Error | null, data?: any) => void,
    ) => void;
    flush?: (this: Transform, done: (error?: Error | null, data?: any) => void) => void;
  }
  interface Stream extends EventEmitter {
    pipe<W extends Writable>(destination: W, options?: { end?: boolean }): W;
  }
  interface Readable extends Stream, AsyncIterable<any> {
    readonly readable: boolean;
    readonly readableAborted: boolean;
    readonly readableDidRead: boolean;
    readonly readableEncoding: BufferEncoding | null;
    readonly readableEnded: boolean;
    readonly readableFlowing: boolean | null;
    readonly readableHighWaterMark: number;
    readonly readableLength: number;
    readonly readableObjectMode: boolean;
    readonly destroyed: boolean;
    readonly closed: boolean;
    readonly errored: Error | null;
    read(size?: number): any;
    push(chunk: any, encoding?: BufferEncoding): boolean;
    unshift(chunk: any, encoding?: BufferEncoding): void;
    setEncoding(encoding: BufferEncoding): this;
    pause(): this;
    resume(): this;
    isPaused(): boolean;
    unpipe(destination?: Writable): this;
    wrap(stream: Stream): this;
    destroy(error?: Error): this;
    iterator(options?: { destroyOnReturn?: boolean }): AsyncIterableIterator<any>;
    toArray(options?: { signal?: AbortSignal }): Promise<any[]>;
  }
  interface Writable extends Stream {
    readonly writable: boolean;
    readonly writableAborted: boolean;
    readonly writableCorked: number;
    readonly writableEnded: boolean;
    readonly writableFinished: boolean;
    readonly writableHighWaterMark: number;
    readonly writableLength: number;
    readonly writableNeedDrain: boolean;
    readonly writableObjectMode: boolean;
    readonly destroyed: boolean;
    readonly closed: boolean;
    readonly errored: Error | null;
    write(chunk: any, done?: (error?: Error | null) => void): boolean;
    write(chunk: any, encoding: BufferEncoding, done?: (error?: Error | null) => void): boolean;
    end(done?: () => void): this;
    end(chunk: any, done?: () => void): this;
    end(chunk: any, encoding: BufferEncoding, done?: () => void): this;
    cork(): void;
    uncork(): void;
    setDefaultEncoding(encoding: BufferEncoding): this;
    destroy(error?: Error): this;
  }
  interface Duplex extends Readable, Writable {
    readonly closed: boolean;
    readonly destroyed: boolean;
    readonly errored: Error | null;
    allowHalfOpen: boolean;
    destroy(error?: Error): this;
    pipe<W extends Writable>(destination: W, options?: { end?: boolean }): W;
  }
  interface Transform extends Duplex {}
  type StreamSource = Stream | Iterable<any> | AsyncIterable<any> | ((...args: any[]) => any);
  interface StreamPromises {
    finished(stream: Stream, options?: { signal?: AbortSignal; readable?: boolean; writable?: boolean }): Promise<void>;
    pipeline(...streams: (StreamSource | { signal?: AbortSignal; end?: boolean })[]): Promise<any>;
  }
  interface StreamConsumers {
    arrayBuffer(source: AsyncIterable<unknown>): Promise<ArrayBuffer>;
    blob(source: AsyncIterable<unknown>): Promise<Blob>;
    buffer(source: AsyncIterable<unknown>): Promise<Buffer>;
    json(source: AsyncIterable<unknown>): Promise<any>;
    text(source: AsyncIterable<unknown>): Promise<string>;
  }
  interface StreamModule {
    new (options?: ReadableOptions): Readable;
    readonly prototype: Readable;
    readonly default: StreamModule;
    Stream: StreamModule;
    ReadableState: new (...args: any[]) => object;
    from(source: Iterable<any> | AsyncIterable<any>, options?: ReadableOptions): Readable;
    fromWeb(stream: ReadableStream, options?: ReadableOptions): Readable;
    toWeb(stream: Readable): ReadableStream;
    wrap(source: Stream, options?: ReadableOptions): Readable;
    Readable: {
      new (options?: ReadableOptions): Readable;
      readonly prototype: Readable;
      from(source: Iterable<any> | AsyncIterable<any>, options?: ReadableOptions): Readable;
      fromWeb(stream: ReadableStream, options?: ReadableOptions): Readable;
      toWeb(stream: Readable): ReadableStream;
    };
    Writable: {
      new (options?: WritableOptions): Writable;
      readonly prototype: Writable;
      fromWeb(stream: WritableStream, options?: WritableOptions): Writable;
      toWeb(stream: Writable): WritableStream;
    };
    Duplex: {
      new (options?: DuplexOptions): Duplex;
      readonly prototype: Duplex;
      from(source: any): Duplex;
      fromWeb(pair: { readable: ReadableStream; writable: WritableStream }, options?: DuplexOptions): Duplex;
      toWeb(stream: Duplex): { readable: ReadableStream; writable: WritableStream };
    };
    Transform: { new (options?: TransformOptions): Transform; readonly prototype: Transform };
    PassThrough: { new (options?: TransformOptions): Transform; readonly prototype: Transform };
    pipeline(...streams: (StreamSource | ((error: Error | null, value?: any) => void))[]): any;
    finished(stream: Stream, done: (error?: Error | null) => void): () => void;
    finished(stream: Stream, options: object, done: (error?: Error | null) => void): () => void;
    addAbortSignal<S extends Stream>(signal: AbortSignal, stream: S): S;
    compose(...streams: StreamSource[]): Duplex;
    destroy(stream: Stream, error?: Error): void;
    isDestroyed(stream: Stream): boolean;
    isDisturbed(stream: Stream | ReadableStream): boolean;
    isErrored(stream: Stream | ReadableStream): boolean;
    isReadable(stream: Stream | ReadableStream): boolean;
    isWritable(stream: Stream | WritableStream): boolean;
    getDefaultHighWaterMark(objectMode: boolean): number;
    setDefaultHighWaterMark(objectMode: boolean, value: number): void;
    promises: StreamPromises;
  }
  interface StreamWeb {
    readonly ByteLengthQueuingStrategy: typeof ByteLengthQueuingStrategy;
    readonly CompressionStream: typeof CompressionStream;
    readonly CountQueuingStrategy: typeof CountQueuingStrategy;
    readonly DecompressionStream: typeof DecompressionStream;
    readonly ReadableByteStreamController: typeof ReadableByteStreamController;
    readonly ReadableStream: typeof ReadableStream;
    readonly ReadableStreamBYOBReader: typeof ReadableStreamBYOBReader;
    readonly ReadableStreamBYOBRequest: typeof ReadableStreamBYOBRequest;
    readonly ReadableStreamDefaultController: typeof ReadableStreamDefaultController;
    readonly ReadableStreamDefaultReader: typeof ReadableStreamDefaultReader;
    readonly TextDecoderStream: typeof TextDecoderStream;
    readonly TextEncoderStream: typeof TextEncoderStream;
    readonly TransformStream: typeof TransformStream;
    readonly TransformStreamDefaultController: typeof TransformStreamDefaultController;
    readonly WritableStream: typeof WritableStream;
    readonly WritableStreamDefaultController: typeof WritableStreamDefaultController;
    readonly WritableStreamDefaultWriter: typeof WritableStreamDefaultWriter;
  }

  /** What `timers` gives in the place of the global functions' numbers. */
  interface Timer {
    ref(): this;
    unref(): this;
    hasRef(): boolean;
    refresh(): this;
    close(): this;
    [Symbol.toPrimitive](): number;
  }
  interface TimerOptions {
    ref?: boolean;
    signal?: AbortSignal;
  }
  interface TimersPromises {
    setTimeout<T = void>(delay?: number, value?: T, options?: TimerOptions): Promise<T>;
    setImmediate<T = void>(value?: T, options?: TimerOptions): Promise<T>;
    setInterval<T = void>(delay?: number, value?: T, options?: TimerOptions): AsyncIterableIterator<T>;
    readonly scheduler: {
      wait(delay?: number, options?: TimerOptions): Promise<void>;
      yield(): Promise<void>;
    };
  }
  interface Timers {
    setTimeout<A extends unknown[]>(handler: (...args: A) => void, delay?: number, ...args: A): Timer;
    setInterval<A extends unknown[]>(handler: (...args: A) => void, delay?: number, ...args: A): Timer;
    setImmediate<A extends unknown[]>(handler: (...args: A) => void, ...args: A): Timer;
    clearTimeout(timer?: Timer | number): void;
    clearInterval(timer?: Timer | number): void;
    clearImmediate(timer?: Timer | number): void;
    readonly promises: TimersPromises;
  }
  /** What `os`, `fs` and `crypto` have as constants, as Linux has them. */
  type Constants = {
    readonly [
      Name in
        | 'EPERM'
        | 'ENOENT'
        | 'EIO'
        | 'EBADF'
        | 'ENOMEM'
        | 'EACCES'
        | 'EEXIST'
        | 'ENOTDIR'
        | 'EISDIR'
        | 'EINVAL'
        | 'EMFILE'
        | 'ENOSPC'
        | 'EPIPE'
        | 'ENOTEMPTY'
        | 'ETIMEDOUT'
        | 'ECONNREFUSED'
        | 'PRIORITY_NORMAL'
        | 'SIGHUP'
        | 'SIGINT'
        | 'SIGQUIT'
        | 'SIGKILL'
        | 'SIGUSR1'
        | 'SIGUSR2'
        | 'SIGPIPE'
        | 'SIGALRM'
        | 'SIGTERM'
        | 'UV_FS_SYMLINK_DIR'
        | 'UV_FS_SYMLINK_JUNCTION'
        | 'O_RDONLY'
        | 'O_WRONLY'
        | 'O_RDWR'
        | 'UV_DIRENT_UNKNOWN'
        | 'UV_DIRENT_FILE'
        | 'UV_DIRENT_DIR'
        | 'UV_DIRENT_LINK'
        | 'UV_DIRENT_FIFO'
        | 'UV_DIRENT_SOCKET'
        | 'UV_DIRENT_CHAR'
        | 'UV_DIRENT_BLOCK'
        | 'S_IFMT'
        | 'S_IFREG'
        | 'S_IFDIR'
        | 'S_IFCHR'
        | 'S_IFBLK'
        | 'S_IFIFO'
        | 'S_IFLNK'
        | 'S_IFSOCK'
        | 'O_CREAT'
        | 'O_EXCL'
        | 'UV_FS_O_FILEMAP'
        | 'O_NOCTTY'
        | 'O_TRUNC'
        | 'O_APPEND'
        | 'O_DIRECTORY'
        | 'O_NOATIME'
        | 'O_NOFOLLOW'
        | 'O_SYNC'
        | 'O_DSYNC'
        | 'O_DIRECT'
        | 'O_NONBLOCK'
        | 'S_IRWXU'
        | 'S_IRUSR'
        | 'S_IWUSR'
        | 'S_IXUSR'
        | 'S_IRWXG'
        | 'S_IRGRP'
        | 'S_IWGRP'
        | 'S_IXGRP'
        | 'S_IRWXO'
        | 'S_IROTH'
        | 'S_IWOTH'
        | 'S_IXOTH'
        | 'F_OK'
        | 'R_OK'
        | 'W_OK'
        | 'X_OK'
        | 'UV_FS_COPYFILE_EXCL'
        | 'COPYFILE_EXCL'
        | 'UV_FS_COPYFILE_FICLONE'
        | 'COPYFILE_FICLONE'
        | 'UV_FS_COPYFILE_FICLONE_FORCE'
        | 'COPYFILE_FICLONE_FORCE'
        | 'RSA_PKCS1_PADDING'
        | 'RSA_NO_PADDING'
        | 'RSA_PKCS1_OAEP_PADDING'
        | 'RSA_X931_PADDING'
        | 'RSA_PKCS1_PSS_PADDING'
        | 'RSA_PSS_SALTLEN_DIGEST'
        | 'RSA_PSS_SALTLEN_MAX_SIGN'
        | 'RSA_PSS_SALTLEN_AUTO'
        | 'POINT_CONVERSION_COMPRESSED'
        | 'POINT_CONVERSION_UNCOMPRESSED'
        | 'POINT_CONVERSION_HYBRID'
    ]: number;
  };
  interface ModuleModule {
    readonly builtinModules: readonly string[];
    createRequire(from: string | URL): typeof require;
    isBuiltin(name: string): boolean;
  }
  interface Tty {
    /** No stream of a sandbox is a terminal. */
    isatty(fd?: number): false;
  }
  interface PerfHooks {
    readonly Performance: typeof Performance;
    readonly PerformanceEntry: typeof PerformanceEntry;
    readonly PerformanceMark: typeof PerformanceMark;
    readonly PerformanceMeasure: typeof PerformanceMeasure;
    readonly PerformanceObserver: typeof PerformanceObserver;
    readonly PerformanceObserverEntryList: typeof PerformanceObserverEntryList;
    readonly performance: Performance;
  }

  interface Punycode {
    readonly version: string;
    readonly ucs2: { decode(text: string): number[]; encode(points: readonly number[]): string };
    decode(text: string): string;
    encode(text: string): string;
    toASCII(domain: string): string;
    toUnicode(domain: string): string;
  }
}

declare module 'assert' {
  const assert: Hostbox.AssertFunctions;
  export = assert;
}
declare module 'assert/strict' {
  const strict: Hostbox.AssertFunctions;
  export = strict;
}
declare module 'buffer' {
  const buffer: Hostbox.BufferModule;
  export = buffer;
}
declare module 'crypto' {
  const crypto: Hostbox.NodeCrypto;
  export = crypto;
}
declare module 'events' {
  const events: Hostbox.Events;
  export = events;
}
declare module 'fs' {
  export = fs;
}
declare module 'fs/promises' {
  const promises: fs.Promises;
  export = promises;
}
declare module 'os' {
  const os: Hostbox.Os;
  export = os;
}
declare module 'path' {
  const path: Hostbox.Path;
  export = path;
}
declare module 'path/posix' {
  const posix: Hostbox.Path;
  export = posix;
}
declare module 'path/win32' {
  const win32: Hostbox.Path;
  export = win32;
}
declare module 'process' {
  const process: Hostbox.Process;
  export = process;
}
declare module 'punycode' {
  const punycode: Hostbox.Punycode;
  export = punycode;
}
declare module 'querystring' {
  const querystring: Hostbox.QueryString;
  export = querystring;
}
declare module 'string_decoder' {
  const decoder: Hostbox.StringDecoderModule;
  export = decoder;
}
declare module 'url' {
  const url: Hostbox.UrlModule;
  export = url;
}
declare module 'util' {
  const util: Hostbox.Util;
  export = util;
}
declare module 'util/types' {
  const types: Hostbox.UtilTypes;
  export = types;
}
declare module 'node:assert' {
  import it = require('assert');
  export = it;
}
declare module 'node:assert/strict' {
  import it = require('assert/strict');
  export = it;
}
declare module 'node:buffer' {
  import it = require('buffer');
  export = it;
}
declare module 'node:crypto' {
  import it = require('crypto');
  export = it;
}
declare module 'node:events' {
  import it = require('events');
  export = it;
}
declare module 'node:fs' {
  import it = require('fs');
  export = it;
}
declare module 'node:fs/promises' {
  import it = require('fs/promises');
  export = it;
}
declare module 'node:os' {
  import it = require('os');
  export = it;
}
declare module 'node:path' {
  import it = require('path');
  export = it;
}
declare module 'node:path/posix' {
  import it = require('path/posix');
  export = it;
}
declare module 'node:path/win32' {
  import it = require('path/win32');
  export = it;
}
declare module 'node:process' {
  import it = require('process');
  export = it;
}
declare module 'node:punycode' {
  import it = require('punycode');
  export = it;
}
declare module 'node:querystring' {
  import it = require('querystring');
  export = it;
}
declare module 'node:string_decoder' {
  import it = require('string_decoder');
  export = it;
}
declare module 'node:url' {
  import it = require('url');
  export = it;
}
declare module 'node:util' {
  import it = require('util');
  export = it;
}
declare module 'node:util/types' {
  import it = require('util/types');
  export = it;
}
declare module 'console' {
  const it: Console;
  export = it;
}
declare module 'constants' {
  const it: Hostbox.Constants;
  export = it;
}
declare module 'perf_hooks' {
  const it: Hostbox.PerfHooks;
  export = it;
}
declare module 'stream' {
  const it: Hostbox.StreamModule;
  export = it;
}
declare module 'stream/consumers' {
  const it: Hostbox.StreamConsumers;
  export = it;
}
declare module 'stream/promises' {
  const it: Hostbox.StreamPromises;
  export = it;
}
declare module 'stream/web' {
  const it: Hostbox.StreamWeb;
  export = it;
}
declare module 'timers' {
  const it: Hostbox.Timers;
  export = it;
}
declare module 'timers/promises' {
  const it: Hostbox.TimersPromises;
  export = it;
}
declare module 'node:console' {
  import it = require('console');
  export = it;
}
declare module 'node:constants' {
  import it = require('constants');
  export = it;
}
declare module 'node:perf_hooks' {
  import it = require('perf_hooks');
  export = it;
}
declare module 'node:stream' {
  import it = require('stream');
  export = it;
}
declare module 'node:stream/consumers' {
  import it = require('stream/consumers');
  export = it;
}
declare module 'node:stream/promises' {
  import it = require('stream/promises');
  export = it;
}
declare module 'node:stream/web' {
  import it = require('stream/web');
  export = it;
}
declare module 'node:timers' {
  import it = require('timers');
  export = it;
}
declare module 'node:timers/promises' {
  import it = require('timers/promises');
  export = it;
}
declare module 'module' {
  const it: Hostbox.ModuleModule;
  export = it;
}
declare module 'node:module' {
  import it = require('module');
  export = it;
}
declare module 'tty' {
  const it: Hostbox.Tty;
  export = it;
}
declare module 'node:tty' {
  import it = require('tty');
  export = it;
}
