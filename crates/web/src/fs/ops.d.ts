declare module 'host:fs' {
  import type { SinkHandle, SourceHandle } from 'host:streams';

  type Source = ArrayBuffer | ArrayBufferView;

  /** An open file: opaque, closed when it is collected. */
  export type OpenFile = object & { readonly __file: never };

  /** Ends what it is given to. */
  export type Signal = object & { readonly __signal: never };

  export type Encoding = 'utf8' | 'utf16le' | 'latin1' | 'ascii' | 'hex' | 'base64' | 'base64url';

  /** What is to be written: bytes, text in an encoding, or a buffer of the store by its id, which stays there. */
  export type Content = Source | string | number;

  // Paths are the guest's own; `flags` and modes have Linux's bits. Bytes are read before an operation returns its promise. Every promise
  // may reject with an Error that has `code`, `errno`, `syscall` and perhaps `path` and `dest`, or with a RangeError with code `ERR_MEMORY`.

  export function newSignal(): Signal;
  export function abort(signal: Signal): void;

  /** A file to its end: its bytes, or its text in an encoding. */
  export function readFile(
    path: string | OpenFile,
    flags: number,
    encoding: Encoding | undefined,
    signal: Signal | undefined,
  ): Promise<ArrayBuffer | string>;
  /** The same into the store: its id. */
  export function storeFile(path: string | OpenFile, flags: number, signal: Signal | undefined): Promise<number>;
  export function writeFile(
    path: string | OpenFile,
    flags: number,
    mode: number,
    content: Content,
    encoding: Encoding,
    signal: Signal | undefined,
  ): Promise<void>;

  /** Device, mode, number (high and low 32 bits), names, size, blocks, and four times: seconds and nanoseconds. */
  export type Facts = readonly number[];
  export function stat(path: string, follow: boolean): Promise<Facts>;
  /** Names with a NUL between them, and the digit of each one's kind. */
  export function list(path: string, recursive: boolean): Promise<readonly [names: string, kinds: string]>;
  /** Whether it is a directory. */
  export function look(path: string): Promise<void>;
  export function access(path: string, mode: number): Promise<void>;
  /** The first directory that was made, where it is recursive. */
  export function makeDir(path: string, recursive: boolean, mode: number): Promise<string | undefined>;
  export function makeTempDir(prefix: string): Promise<string>;
  export function unlink(path: string): Promise<void>;
  export function removeDir(path: string): Promise<void>;
  export function remove(path: string, recursive: boolean, force: boolean): Promise<void>;
  export function rename(from: string, to: string): Promise<void>;
  export function copyFile(from: string, to: string, exclusive: boolean): Promise<void>;
  export function symlink(to: string, path: string): Promise<void>;
  export function link(from: string, path: string): Promise<void>;
  export function readLink(path: string): Promise<string>;
  export function realPath(path: string): Promise<string>;
  export function truncate(path: string, length: number): Promise<void>;
  export function chmod(path: string, mode: number): Promise<void>;
  /** Seconds since 1970. */
  export function utimes(path: string, read: number, written: number, follow: boolean): Promise<void>;

  export function open(path: string, flags: number, mode: number): Promise<OpenFile>;
  export function close(file: OpenFile): Promise<void>;
  /** Reads into `target`; how many bytes came. A negative position means where the last read ended. */
  export function read(file: OpenFile, target: ArrayBufferView, position: number): Promise<number>;
  export function write(file: OpenFile, content: Content, encoding: Encoding, position: number): Promise<number>;
  export function statFile(file: OpenFile): Promise<Facts>;
  export function truncateFile(file: OpenFile, length: number): Promise<void>;
  export function sync(file: OpenFile, dataAlone: boolean): Promise<void>;
  export function chmodFile(file: OpenFile, mode: number): Promise<void>;
  export function utimesFile(file: OpenFile, read: number, written: number): Promise<void>;

  /** Watches a directory, perhaps with all below it, or a file: opaque, stopped when it is collected. */
  export type Watcher = object & { readonly __watcher: never };
  export function watch(path: string, recursive: boolean): Promise<Watcher>;
  /** The next changes: names with a NUL between them, and for each an `r` (it came, went or is another file) or a `c`; nothing where it was stopped. */
  export function changes(watcher: Watcher): Promise<readonly [names: string, kinds: string] | undefined>;
  export function unwatch(watcher: Watcher): void;

  /** A file that is opened when somebody first needs it; those who share a place share the file: opaque. */
  export type Place = object & { readonly __place: never };
  export function newPlace(path: string, flags: number, mode: number): Place;
  export function openPlace(place: Place): Promise<OpenFile>;
  export function closePlace(place: Place): Promise<void>;
  /** The bytes of a file from a position, or where the last read ended (-1), to before another one. */
  export function source(file: Place | OpenFile, start: number, end: number): SourceHandle;
  /** Writes a file, from a position on or where the last write ended (-1). */
  export function sink(file: Place | OpenFile, start: number): SinkHandle;
}
