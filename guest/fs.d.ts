// Files below the directories that the app grants with `permissions.fs`: Node's `fs` without the functions that wait.

declare namespace fs {
  /** A guest's path: text, bytes in UTF-8, or a URL of a file. */
  type PathLike = string | Uint8Array | URL;
  /** `r` `r+` `w` `w+` `wx` `wx+` `a` `a+` `ax` `ax+`, or the bits of `fs.constants`. */
  type Flags = string | number;
  /** Permissions: a number, or octal digits. */
  type Mode = number | string;
  type Encoding =
    | 'utf8'
    | 'utf-8'
    | 'utf16le'
    | 'utf-16le'
    | 'ucs2'
    | 'ucs-2'
    | 'latin1'
    | 'binary'
    | 'ascii'
    | 'hex'
    | 'base64'
    | 'base64url';
  /** Text, bytes, the id of a buffer of `native`, or what an iterable gives. */
  type Content =
    string | ArrayBufferView | number | Iterable<string | ArrayBufferView> | AsyncIterable<string | ArrayBufferView>;
  type Time = number | string | Date;
  type Position = number | bigint | null;

  interface ReadOptions {
    encoding?: Encoding | null;
    flag?: Flags;
    signal?: AbortSignal;
  }
  interface WriteOptions {
    encoding?: Encoding | null;
    mode?: Mode;
    flag?: Flags;
    /** Waits until the disk has it. */
    flush?: boolean;
    signal?: AbortSignal;
  }
  interface StatOptions {
    bigint?: boolean;
  }
  interface ListOptions {
    encoding?: Encoding | 'buffer' | null;
    recursive?: boolean;
    withFileTypes?: boolean;
  }
  interface MakeOptions {
    recursive?: boolean;
    mode?: Mode;
  }
  interface RemoveOptions {
    force?: boolean;
    recursive?: boolean;
  }
  interface CopyOptions {
    dereference?: boolean;
    errorOnExist?: boolean;
    filter?(from: string, to: string): boolean | Promise<boolean>;
    force?: boolean;
    mode?: number;
    preserveTimestamps?: boolean;
    recursive?: boolean;
    verbatimSymlinks?: boolean;
  }
  interface OpenDirectoryOptions {
    encoding?: Encoding | 'buffer' | null;
    bufferSize?: number;
    recursive?: boolean;
  }
  interface NameOptions {
    encoding?: Encoding | 'buffer' | null;
  }

  /** What the system, or a grant, refused. */
  class FSError extends Error {
    /** `ENOENT`, `EACCES`, … */
    readonly code: string;
    readonly errno: number | undefined;
    /** What was asked of the system. */
    readonly syscall: string | undefined;
    /** The guest's own paths. */
    readonly path: string | undefined;
    readonly dest: string | undefined;
  }

  interface StatsOf<N> {
    dev: N;
    ino: N;
    mode: N;
    nlink: N;
    uid: N;
    gid: N;
    rdev: N;
    size: N;
    blksize: N;
    blocks: N;
    atimeMs: N;
    mtimeMs: N;
    ctimeMs: N;
    birthtimeMs: N;
    atime: Date;
    mtime: Date;
    ctime: Date;
    birthtime: Date;
    isFile(): boolean;
    isDirectory(): boolean;
    isSymbolicLink(): boolean;
    isFIFO(): boolean;
    isSocket(): boolean;
    isBlockDevice(): boolean;
    isCharacterDevice(): boolean;
  }
  interface Stats extends StatsOf<number> {}
  const Stats: { readonly prototype: Stats; new (): Stats };
  interface BigIntStats extends StatsOf<bigint> {
    atimeNs: bigint;
    mtimeNs: bigint;
    ctimeNs: bigint;
    birthtimeNs: bigint;
  }

  class Dirent<Name extends string | Uint8Array = string> {
    readonly name: Name;
    readonly parentPath: string;
    readonly path: string;
    isFile(): boolean;
    isDirectory(): boolean;
    isSymbolicLink(): boolean;
    isFIFO(): boolean;
    isSocket(): boolean;
    isBlockDevice(): boolean;
    isCharacterDevice(): boolean;
  }

  class Dir implements AsyncIterable<Dirent> {
    readonly path: string;
    read(): Promise<Dirent | null>;
    read(callback: (error: FSError | null, entry: Dirent | null) => void): void;
    close(): Promise<void>;
    close(callback: (error: FSError | null) => void): void;
    entries(): AsyncIterableIterator<Dirent>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Dirent>;
    [Symbol.asyncDispose](): Promise<void>;
  }

  interface Transfer<B> {
    buffer?: B;
    offset?: number | null;
    length?: number | null;
    position?: Position;
  }

  interface FileHandle {
    /** The number by which functions with callbacks know it; -1 when it is closed. */
    readonly fd: number;
    appendFile(data: Content, options?: WriteOptions | Encoding): Promise<void>;
    chmod(mode: Mode): Promise<void>;
    close(): Promise<void>;
    createReadStream(options?: ReadStreamOptions | Encoding): ReadStream;
    createWriteStream(options?: WriteStreamOptions | Encoding): WriteStream;
    datasync(): Promise<void>;
    read<B extends ArrayBufferView>(
      buffer: B,
      offset?: number | null,
      length?: number | null,
      position?: Position,
    ): Promise<{ bytesRead: number; buffer: B }>;
    read<B extends ArrayBufferView>(buffer: B, options: Transfer<never>): Promise<{ bytesRead: number; buffer: B }>;
    read<B extends ArrayBufferView = Uint8Array>(options?: Transfer<B>): Promise<{ bytesRead: number; buffer: B }>;
    readFile(options?: (ReadOptions & { encoding?: null; native?: false }) | null): Promise<Buffer>;
    readFile(options: (ReadOptions & { encoding: Encoding; native?: false }) | Encoding): Promise<string>;
    readFile(options: ReadOptions & { native: true }): Promise<number>;
    readableWebStream(): ReadableStream<Uint8Array<ArrayBuffer>>;
    readv<B extends readonly ArrayBufferView[]>(
      buffers: B,
      position?: Position,
    ): Promise<{ bytesRead: number; buffers: B }>;
    stat(options?: StatOptions & { bigint?: false }): Promise<Stats>;
    stat(options: StatOptions & { bigint: true }): Promise<BigIntStats>;
    sync(): Promise<void>;
    truncate(length?: number): Promise<void>;
    utimes(atime: Time, mtime: Time): Promise<void>;
    write<B extends ArrayBufferView>(
      buffer: B,
      offset?: number | null | Transfer<never>,
      length?: number | null,
      position?: Position,
    ): Promise<{ bytesWritten: number; buffer: B }>;
    write(text: string, position?: Position, encoding?: Encoding): Promise<{ bytesWritten: number; buffer: string }>;
    writeFile(data: Content, options?: WriteOptions | Encoding): Promise<void>;
    writev<B extends readonly ArrayBufferView[]>(
      buffers: B,
      position?: Position,
    ): Promise<{ bytesWritten: number; buffers: B }>;
    [Symbol.asyncDispose](): Promise<void>;
  }

  interface StreamOptions {
    encoding?: Encoding | null;
    flags?: Flags;
    mode?: Mode;
    /** A file that is open already. */
    fd?: number | FileHandle | null;
    autoClose?: boolean;
    emitClose?: boolean;
    start?: number;
    highWaterMark?: number;
    signal?: AbortSignal;
  }
  interface ReadStreamOptions extends StreamOptions {
    /** The last byte that is read. */
    end?: number;
  }
  interface WriteStreamOptions extends StreamOptions {
    flush?: boolean;
  }

  /** Node's stream over a file. */
  interface ReadStream extends Hostbox.EventEmitter, AsyncIterable<any> {
    readonly path: PathLike | undefined;
    readonly fd: number | null;
    readonly pending: boolean;
    readonly bytesRead: number;
    readonly destroyed: boolean;
    /** A stream of the web over the same file: piped to another native end, its bytes do not enter the engine. False when it is over. */
    readonly readable: ReadableStream<Uint8Array<ArrayBuffer>> | false;
    read(size?: number): any;
    setEncoding(encoding: Encoding): this;
    pause(): this;
    resume(): this;
    pipe<T extends object>(target: T, options?: { end?: boolean }): T;
    unpipe(target?: object): this;
    destroy(error?: Error): this;
    close(callback?: (error?: Error | null) => void): void;
    [Symbol.asyncIterator](): AsyncIterableIterator<any>;
  }
  /** Node's stream into a file. */
  interface WriteStream extends Hostbox.EventEmitter {
    readonly path: PathLike | undefined;
    readonly fd: number | null;
    readonly pending: boolean;
    readonly bytesWritten: number;
    readonly destroyed: boolean;
    /** As `readable` of a ReadStream. */
    readonly writable: WritableStream<ArrayBuffer | ArrayBufferView<ArrayBuffer>> | false;
    write(chunk: string | Uint8Array, callback?: (error?: Error | null) => void): boolean;
    write(chunk: string | Uint8Array, encoding: Encoding, callback?: (error?: Error | null) => void): boolean;
    end(chunk?: string | Uint8Array | (() => void), encoding?: Encoding | (() => void), callback?: () => void): this;
    destroy(error?: Error): this;
    close(callback?: (error?: Error | null) => void): void;
  }

  interface WatchOptions {
    encoding?: Encoding | 'buffer' | null;
    recursive?: boolean;
    signal?: AbortSignal;
  }
  /** Tells of changes: `change` with `'rename'` or `'change'` and a name, `error`, `close`. */
  interface FSWatcher extends Hostbox.EventEmitter {
    close(): void;
    ref(): this;
    unref(): this;
  }
  interface WatchedChange {
    eventType: 'rename' | 'change';
    filename: string;
  }

  interface Promises {
    readonly constants: Constants;
    access(path: PathLike, mode?: number): Promise<void>;
    appendFile(path: PathLike | FileHandle, data: Content, options?: WriteOptions | Encoding): Promise<void>;
    chmod(path: PathLike, mode: Mode): Promise<void>;
    copyFile(from: PathLike, to: PathLike, mode?: number): Promise<void>;
    cp(from: PathLike, to: PathLike, options?: CopyOptions): Promise<void>;
    link(existing: PathLike, path: PathLike): Promise<void>;
    lstat(path: PathLike, options?: StatOptions & { bigint?: false }): Promise<Stats>;
    lstat(path: PathLike, options: StatOptions & { bigint: true }): Promise<BigIntStats>;
    lutimes(path: PathLike, atime: Time, mtime: Time): Promise<void>;
    /** With `recursive`: the first directory that was made, if any was. */
    mkdir(path: PathLike, options?: MakeOptions | Mode): Promise<string | undefined>;
    mkdtemp(prefix: PathLike, options?: NameOptions | Encoding): Promise<string>;
    open(path: PathLike, flags?: Flags, mode?: Mode): Promise<FileHandle>;
    opendir(path: PathLike, options?: OpenDirectoryOptions): Promise<Dir>;
    readdir(
      path: PathLike,
      options?: (ListOptions & { encoding?: Encoding | null; withFileTypes?: false }) | Encoding,
    ): Promise<string[]>;
    readdir(
      path: PathLike,
      options: (ListOptions & { encoding: 'buffer'; withFileTypes?: false }) | 'buffer',
    ): Promise<Buffer[]>;
    readdir(path: PathLike, options: ListOptions & { withFileTypes: true }): Promise<Dirent[]>;
    readFile(
      path: PathLike | FileHandle,
      options?: (ReadOptions & { encoding?: null; native?: false }) | null,
    ): Promise<Buffer>;
    readFile(
      path: PathLike | FileHandle,
      options: (ReadOptions & { encoding: Encoding; native?: false }) | Encoding,
    ): Promise<string>;
    /** The id of the bytes in the buffer store, which they reach without entering the engine. */
    readFile(path: PathLike | FileHandle, options: ReadOptions & { native: true }): Promise<number>;
    readlink(path: PathLike, options?: NameOptions | Encoding): Promise<string>;
    realpath(path: PathLike, options?: NameOptions | Encoding): Promise<string>;
    rename(from: PathLike, to: PathLike): Promise<void>;
    rm(path: PathLike, options?: RemoveOptions): Promise<void>;
    rmdir(path: PathLike, options?: { recursive?: boolean }): Promise<void>;
    stat(path: PathLike, options?: StatOptions & { bigint?: false }): Promise<Stats>;
    stat(path: PathLike, options: StatOptions & { bigint: true }): Promise<BigIntStats>;
    symlink(target: PathLike, path: PathLike, type?: string | null): Promise<void>;
    truncate(path: PathLike, length?: number): Promise<void>;
    unlink(path: PathLike): Promise<void>;
    utimes(path: PathLike, atime: Time, mtime: Time): Promise<void>;
    watch(path: PathLike, options?: WatchOptions): AsyncIterableIterator<WatchedChange>;
    writeFile(path: PathLike | FileHandle, data: Content, options?: WriteOptions | Encoding): Promise<void>;
  }

  const promises: Promises;
  const ReadStream: {
    readonly prototype: ReadStream;
    new (path: PathLike, options?: ReadStreamOptions | Encoding): ReadStream;
  };
  const WriteStream: {
    readonly prototype: WriteStream;
    new (path: PathLike, options?: WriteStreamOptions | Encoding): WriteStream;
  };
  function createReadStream(path: PathLike, options?: ReadStreamOptions | Encoding): ReadStream;
  function createWriteStream(path: PathLike, options?: WriteStreamOptions | Encoding): WriteStream;
  function watch(path: PathLike, listener?: (eventType: 'rename' | 'change', name: string) => void): FSWatcher;
  function watch(
    path: PathLike,
    options: WatchOptions | Encoding | null,
    listener?: (eventType: 'rename' | 'change', name: string) => void,
  ): FSWatcher;
  type Constants = Readonly<Record<string, number>>;
  const constants: Constants;
  const F_OK: number;
  const R_OK: number;
  const W_OK: number;
  const X_OK: number;

  type Done = (error: Error | null) => void;
  type Gives<T> = (error: Error | null, value: T) => void;

  function access(path: PathLike, callback: Done): void;
  function access(path: PathLike, mode: number, callback: Done): void;
  function appendFile(path: PathLike | number, data: Content, callback: Done): void;
  function appendFile(path: PathLike | number, data: Content, options: WriteOptions | Encoding, callback: Done): void;
  function chmod(path: PathLike, mode: Mode, callback: Done): void;
  function close(fd: number, callback: Done): void;
  function copyFile(from: PathLike, to: PathLike, callback: Done): void;
  function copyFile(from: PathLike, to: PathLike, mode: number, callback: Done): void;
  function cp(from: PathLike, to: PathLike, callback: Done): void;
  function cp(from: PathLike, to: PathLike, options: CopyOptions, callback: Done): void;
  function exists(path: PathLike, callback: (there: boolean) => void): void;
  function fchmod(fd: number, mode: Mode, callback: Done): void;
  function fdatasync(fd: number, callback: Done): void;
  function fstat(fd: number, callback: Gives<Stats>): void;
  function fstat(fd: number, options: StatOptions, callback: Gives<Stats | BigIntStats>): void;
  function fsync(fd: number, callback: Done): void;
  function ftruncate(fd: number, callback: Done): void;
  function ftruncate(fd: number, length: number, callback: Done): void;
  function futimes(fd: number, atime: Time, mtime: Time, callback: Done): void;
  function link(existing: PathLike, path: PathLike, callback: Done): void;
  function lstat(path: PathLike, callback: Gives<Stats>): void;
  function lstat(path: PathLike, options: StatOptions, callback: Gives<Stats | BigIntStats>): void;
  function lutimes(path: PathLike, atime: Time, mtime: Time, callback: Done): void;
  function mkdir(path: PathLike, callback: Gives<string | undefined>): void;
  function mkdir(path: PathLike, options: MakeOptions | Mode, callback: Gives<string | undefined>): void;
  function mkdtemp(prefix: PathLike, callback: Gives<string>): void;
  function mkdtemp(prefix: PathLike, options: NameOptions | Encoding, callback: Gives<string>): void;
  function open(path: PathLike, callback: Gives<number>): void;
  function open(path: PathLike, flags: Flags, callback: Gives<number>): void;
  function open(path: PathLike, flags: Flags, mode: Mode, callback: Gives<number>): void;
  function opendir(path: PathLike, callback: Gives<Dir>): void;
  function opendir(path: PathLike, options: OpenDirectoryOptions, callback: Gives<Dir>): void;
  function read<B extends ArrayBufferView>(
    fd: number,
    buffer: B,
    offset: number | null,
    length: number | null,
    position: Position,
    callback: (error: Error | null, bytesRead: number, buffer: B) => void,
  ): void;
  function read<B extends ArrayBufferView>(
    fd: number,
    options: Transfer<B>,
    callback: (error: Error | null, bytesRead: number, buffer: B) => void,
  ): void;
  function readdir(path: PathLike, callback: Gives<string[]>): void;
  function readdir(path: PathLike, options: ListOptions | Encoding, callback: Gives<any[]>): void;
  function readFile(path: PathLike | number, callback: Gives<Buffer>): void;
  function readFile(
    path: PathLike | number,
    options: Encoding | (ReadOptions & { encoding: Encoding }),
    callback: Gives<string>,
  ): void;
  function readFile(path: PathLike | number, options: ReadOptions & { native?: boolean }, callback: Gives<any>): void;
  function readlink(path: PathLike, callback: Gives<string>): void;
  function readlink(path: PathLike, options: NameOptions | Encoding, callback: Gives<string>): void;
  function readv<B extends readonly ArrayBufferView[]>(
    fd: number,
    buffers: B,
    position: Position,
    callback: (error: Error | null, bytesRead: number, buffers: B) => void,
  ): void;
  const realpath: {
    (path: PathLike, callback: Gives<string>): void;
    (path: PathLike, options: NameOptions | Encoding, callback: Gives<string>): void;
    native(path: PathLike, callback: Gives<string>): void;
  };
  function rename(from: PathLike, to: PathLike, callback: Done): void;
  function rm(path: PathLike, callback: Done): void;
  function rm(path: PathLike, options: RemoveOptions, callback: Done): void;
  function rmdir(path: PathLike, callback: Done): void;
  function rmdir(path: PathLike, options: { recursive?: boolean }, callback: Done): void;
  function stat(path: PathLike, callback: Gives<Stats>): void;
  function stat(path: PathLike, options: StatOptions, callback: Gives<Stats | BigIntStats>): void;
  function symlink(target: PathLike, path: PathLike, callback: Done): void;
  function symlink(target: PathLike, path: PathLike, type: string | null, callback: Done): void;
  function truncate(path: PathLike, callback: Done): void;
  function truncate(path: PathLike, length: number, callback: Done): void;
  function unlink(path: PathLike, callback: Done): void;
  function utimes(path: PathLike, atime: Time, mtime: Time, callback: Done): void;
  function write<B extends ArrayBufferView>(
    fd: number,
    buffer: B,
    offset: number | null,
    length: number | null,
    position: Position,
    callback: (error: Error | null, bytesWritten: number, buffer: B) => void,
  ): void;
  function write(
    fd: number,
    text: string | ArrayBufferView,
    callback: (error: Error | null, bytesWritten: number, data: any) => void,
  ): void;
  function writeFile(path: PathLike | number, data: Content, callback: Done): void;
  function writeFile(path: PathLike | number, data: Content, options: WriteOptions | Encoding, callback: Done): void;
  function writev<B extends readonly ArrayBufferView[]>(
    fd: number,
    buffers: B,
    position: Position,
    callback: (error: Error | null, bytesWritten: number, buffers: B) => void,
  ): void;
}
