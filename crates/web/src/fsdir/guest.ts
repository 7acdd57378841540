// Listings of directories: `readdir`, and Dir, which gives one entry after the other.

import { Dirent } from 'guest:fsstats';
import { encodingOf, nameIn, optionsOf, pathOf, settle, unsigned } from 'guest:fsvalues';
import type { Options } from 'guest:fsvalues';
import { checkFunction, failure, invalidArgType } from 'guest:nodeerrors';
import { later } from 'guest:nodecallback';
import { rejected } from 'guest:promises';
import { descriptor, put, uncurry } from 'guest:webidl';
import { list, look } from 'host:fs';

const { defineProperty } = Reflect;
const split = uncurry(String.prototype.split as (by: string) => string[]);
const codeAt = uncurry(String.prototype.charCodeAt);
const lastIndexOf = uncurry(String.prototype.lastIndexOf);
const slice = uncurry(String.prototype.slice);
const endsWith = uncurry(String.prototype.endsWith);
const asyncIterator: typeof Symbol.asyncIterator = Symbol.asyncIterator;

function isRecursive({ recursive }: Options): boolean {
  if (recursive !== undefined && recursive !== null && typeof recursive !== 'boolean') {
    throw invalidArgType('options.recursive', 'of type boolean', recursive);
  }
  return recursive === true;
}

/** Names, or Dirents. */
export async function readDirectory(path: unknown, given: unknown): Promise<(string | Uint8Array)[] | Dirent[]> {
  const options = optionsOf(given);
  if (options.encoding !== 'buffer') encodingOf(options.encoding);
  const directory = pathOf(path);
  const { 0: joined, 1: kinds } = await settle(list(directory, isRecursive(options)));
  if (options.withFileTypes === true) return direntsOf(directory, joined, kinds, options);
  const names: (string | Uint8Array)[] = kinds === '' ? [] : split(joined, '\0');
  const { encoding } = options;
  if (encoding === undefined || encoding === null || encoding === 'utf8') return names;
  for (let i = 0; i < names.length; i++) put(names, i, nameIn(options, names[i] as string));
  return names;
}

function direntsOf(directory: string, joined: string, kinds: string, options: Options): Dirent[] {
  const names = kinds === '' ? [] : split(joined, '\0');
  const entries: Dirent[] = [];
  for (let i = 0; i < names.length; i++) {
    const way = names[i]!;
    const cut = lastIndexOf(way, '/');
    const slash = endsWith(directory, '/') ? '' : '/';
    const parent = cut < 0 ? directory : `${directory}${slash}${slice(way, 0, cut)}`;
    put(entries, i, new Dirent(nameIn(options, slice(way, cut + 1)), parent, codeAt(kinds, i) - 48));
  }
  return entries;
}

type Callback = (error: unknown, entry?: Dirent | null) => void;

class Dir {
  #path: string;
  #options: Options;
  #entries: Dirent[] | undefined;
  #next = 0;
  #isClosed = false;

  constructor(path: string, options: Options) {
    this.#path = path;
    this.#options = options;
  }

  get path(): string {
    return this.#path;
  }

  read(): Promise<Dirent | null>;
  read(callback: Callback): void;
  read(callback: unknown = undefined): Promise<Dirent | null> | void {
    if (callback === undefined) return this.#read();
    checkFunction(callback, 'callback');
    later(this.#read(), callback);
  }

  close(): Promise<void>;
  close(callback: (error: unknown) => void): void;
  close(callback: unknown = undefined): Promise<void> | void {
    const closing = this.#isClosed ? rejected(closed()) : this.#close();
    if (callback === undefined) return closing;
    checkFunction(callback, 'callback');
    later(closing, callback);
  }

  async *entries(): AsyncGenerator<Dirent, undefined, undefined> {
    try {
      for (;;) {
        const entry = await this.#read();
        if (entry === null) return undefined;
        yield entry;
      }
    } finally {
      if (!this.#isClosed) await this.#close();
    }
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#entries = undefined;
  }

  async #read(): Promise<Dirent | null> {
    if (this.#isClosed) throw closed();
    if (this.#entries === undefined) {
      const { 0: joined, 1: kinds } = await settle(list(this.#path, isRecursive(this.#options)));
      // Read by two at once, the first listing counts.
      this.#entries ??= direntsOf(this.#path, joined, kinds, this.#options);
    }
    return this.#entries[this.#next++] ?? null;
  }
}

const { entries } = Dir.prototype;
defineProperty(Dir.prototype, asyncIterator, descriptor({ value: entries, writable: true, configurable: true }));
const asyncDispose = (Symbol as { asyncDispose?: symbol }).asyncDispose;
if (asyncDispose !== undefined) {
  const dispose = async function (this: Dir): Promise<void> {
    return this.close();
  };
  defineProperty(Dir.prototype, asyncDispose, descriptor({ value: dispose, writable: true, configurable: true }));
}

function closed(): Error {
  return failure('ERR_DIR_CLOSED', 'Directory handle was closed');
}

export async function openDirectory(path: unknown, given: unknown): Promise<Dir> {
  const options = optionsOf(given);
  if (options.encoding !== 'buffer') encodingOf(options.encoding);
  if (options.bufferSize !== undefined) unsigned(options.bufferSize, 'options.bufferSize', 4294967295);
  isRecursive(options);
  const directory = pathOf(path);
  await settle(look(directory));
  return new Dir(directory, options);
}

export { Dir };
