// fs.watch: what changes in a directory, or of a file, as events or one after the other. The host looks, again and again.

import { abortReason, isAbortSignal, onAbort } from 'guest:abort';
import { abortError, nameIn, optionsOf, pathOf, settle, shown } from 'guest:fsvalues';
import type { Options } from 'guest:fsvalues';
import { checkFunction, invalidArgType } from 'guest:nodeerrors';
import { EventEmitter } from 'guest:nodeevents';
import { upon } from 'guest:promises';
import { descriptor, uncurry } from 'guest:webidl';
import { changes, unwatch, watch as begin } from 'host:fs';
import type { Watcher } from 'host:fs';
import { report } from 'host:report';

const { defineProperty } = Reflect;
const split = uncurry(String.prototype.split as (by: string) => string[]);
const charAt = uncurry(String.prototype.charAt);

interface Change {
  readonly eventType: 'rename' | 'change';
  readonly filename: string | Uint8Array;
}

function isRecursive({ recursive }: Options): boolean {
  if (recursive === undefined || recursive === null) return false;
  if (typeof recursive !== 'boolean') throw invalidArgType('options.recursive', 'of type boolean', recursive);
  return recursive;
}

function signalOf({ signal }: Options) {
  if (signal === undefined) return undefined;
  if (!isAbortSignal(signal)) throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  return signal;
}

function told(joined: string, kinds: string, options: Options): Change[] {
  const names = split(joined, '\0');
  const list: Change[] = [];
  for (let i = 0; i < names.length; i++) {
    const eventType = charAt(kinds, i) === 'r' ? 'rename' : 'change';
    const change: Change = { eventType, filename: nameIn(options, names[i]!) };
    defineProperty(list, i, descriptor({ value: change, writable: true, enumerable: true, configurable: true }));
  }
  return list;
}

// ── one after the other ───────────────────────────────────────────────────────────────────────────────────────────────

export function watchInTime(path: unknown, given: unknown): AsyncIterableIterator<Change> {
  return watching(pathOf(path), optionsOf(given));
}

async function* watching(path: string, options: Options): AsyncGenerator<Change, undefined> {
  const signal = signalOf(options);
  const throwIfAborted = (): void => {
    const aborted = signal && abortReason(signal);
    if (aborted !== undefined) throw abortError(aborted.reason);
  };
  throwIfAborted();
  const watcher = await settle(begin(path, isRecursive(options)));
  const forget = signal && onAbort(signal, () => unwatch(watcher));
  try {
    for (;;) {
      const next = await settle(changes(watcher));
      throwIfAborted();
      if (next === undefined) return undefined;
      const list = told(next[0], next[1], options);
      for (let i = 0; i < list.length; i++) yield list[i]!;
    }
  } finally {
    forget?.();
    unwatch(watcher);
  }
}

// ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────────

class FSWatcher extends EventEmitter {
  #watcher: Watcher | undefined;
  #isClosed = false;

  /** Begins, for `watch` alone. */
  static begin(of: FSWatcher, path: string, options: Options): void {
    upon(
      begin(path, isRecursive(options)),
      (watcher) => {
        of.#watcher = watcher;
        if (of.#isClosed) unwatch(watcher);
        else of.#next(options);
      },
      (error) => of.#fail(error),
    );
  }

  #next(options: Options): void {
    upon(
      changes(this.#watcher!),
      (next) => {
        if (this.#isClosed || next === undefined) return;
        const list = told(next[0], next[1], options);
        for (let i = 0; i < list.length && !this.#isClosed; i++) {
          guarded(() => this.emit('change', list[i]!.eventType, list[i]!.filename));
        }
        if (!this.#isClosed) this.#next(options);
      },
      (error) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    guarded(() => this.emit('error', shown(error)));
    this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#watcher !== undefined) unwatch(this.#watcher);
    upon(new Promise<void>((resolve) => resolve()), () => guarded(() => this.emit('close')));
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** What a listener throws is nobody's promise's. */
function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    report(error);
  }
}

export function watch(path: unknown, given: unknown, listener: unknown): FSWatcher {
  const name = pathOf(path, 'filename');
  const heard = typeof given === 'function' ? given : listener;
  const options = optionsOf(given);
  isRecursive(options);
  const signal = signalOf(options);
  const watcher = new FSWatcher();
  if (heard !== undefined) {
    checkFunction(heard, 'listener');
    watcher.on('change', heard);
  }
  if (signal !== undefined) {
    if (abortReason(signal) !== undefined) {
      watcher.close();
      return watcher;
    }
    const forget = onAbort(signal, () => watcher.close());
    watcher.once('close', forget);
  }
  FSWatcher.begin(watcher, name, options);
  return watcher;
}

export { FSWatcher };
