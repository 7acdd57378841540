// fs: files below the granted directories, asynchronous only: callbacks here, promises in `fs.promises`.
//
// A file's number stands for a FileHandle. Streams and watchers are loaded when somebody makes the first one.

import { fileOf, keepOpen, readArguments, writeArguments } from 'guest:filehandle';
import { Dir } from 'guest:fsdir';
import { promises } from 'guest:fspromises';
import { constants } from 'guest:fsconstants';
import { Dirent, Stats } from 'guest:fsstats';
import { FSError, pathOf } from 'guest:fsvalues';
import { later } from 'guest:nodecallback';
import { checkFunction } from 'guest:nodeerrors';
import { react } from 'guest:promises';
import { descriptor, put } from 'guest:webidl';
import { load } from 'host:modules';

const { apply, defineProperty } = Reflect;

type Callback = (error: unknown, ...values: any[]) => void;
type Work = (...args: any[]) => Promise<unknown>;

const promisified = Symbol.for('nodejs.util.promisify.custom');

/** Arguments without the callback, which stands at the end; `most` of them count. */
function withoutCallback(args: IArguments, most: number): { given: unknown[]; callback: Callback } {
  let at = args.length - 1;
  // What follows the callback, or fills up behind it, was not meant.
  while (at > 0 && typeof args[at] !== 'function') at--;
  const callback: unknown = args[at];
  checkFunction(callback, 'cb');
  const given: unknown[] = [];
  for (let i = 0; i < at && i < most; i++) put(given, i, args[i]);
  return { given, callback };
}

const fs = {} as Record<string, unknown>;

function define(name: string, value: unknown): void {
  defineProperty(fs, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

/** The callback's form of an operation that takes up to `most` arguments. */
function callbackForm(name: string, most: number, work: Work, values?: (value: any) => unknown[]): Function {
  const form = {
    [name](): void {
      const { given, callback } = withoutCallback(arguments, most);
      later(apply(work, promises, given), callback, values);
    },
  }[name]!;
  defineProperty(form, 'length', descriptor({ value: most + 1, configurable: true }));
  return form;
}

const none = (): unknown[] => [];

/** Operations on paths, with how many arguments they take, and whether anything comes of them. */
const ON_PATHS: readonly (readonly [keyof typeof promises, number, boolean])[] = [
  ['access', 2, false],
  ['chmod', 2, false],
  ['copyFile', 3, false],
  ['cp', 3, false],
  ['link', 2, false],
  ['lstat', 2, true],
  ['lutimes', 3, false],
  ['mkdir', 2, true],
  ['mkdtemp', 2, true],
  ['opendir', 2, true],
  ['readdir', 2, true],
  ['readlink', 2, true],
  ['realpath', 2, true],
  ['rename', 2, false],
  ['rm', 2, false],
  ['rmdir', 2, false],
  ['stat', 2, true],
  ['symlink', 3, false],
  ['truncate', 2, false],
  ['unlink', 1, false],
  ['utimes', 3, false],
];

for (let i = 0; i < ON_PATHS.length; i++) {
  const { 0: name, 1: most, 2: gives } = ON_PATHS[i]!;
  define(name, callbackForm(name, most, promises[name] as Work, gives ? undefined : none));
}
defineProperty(fs.realpath as object, 'native', descriptor({ value: fs.realpath, writable: true, configurable: true }));

// ── paths or numbers ──────────────────────────────────────────────────────────────────────────────────────────────────

function target(file: unknown, syscall: string): unknown {
  return typeof file === 'number' ? fileOf(file, syscall) : file;
}

define(
  'readFile',
  callbackForm('readFile', 2, async (file, options) => promises.readFile(target(file, 'read'), options)),
);
define(
  'writeFile',
  callbackForm(
    'writeFile',
    3,
    async (file, data, options) => promises.writeFile(target(file, 'write'), data, options),
    none,
  ),
);
define(
  'appendFile',
  callbackForm(
    'appendFile',
    3,
    async (file, data, options) => promises.appendFile(target(file, 'write'), data, options),
    none,
  ),
);

function exists(path: unknown, callback: unknown): void {
  checkFunction(callback, 'cb');
  const answer = callback as (there: boolean) => void;
  const asked = react(
    isThere(path),
    (there) => there,
    () => false,
  );
  later(asked, (_error, there) => answer(there));
}

async function isThere(path: unknown): Promise<boolean> {
  await promises.access(pathOf(path));
  return true;
}

defineProperty(
  exists,
  promisified,
  descriptor({ value: (path: unknown) => react(isThere(path), undefined, () => false), configurable: true }),
);
define('exists', exists);

// ── open files ────────────────────────────────────────────────────────────────────────────────────────────────────────

define(
  'open',
  callbackForm('open', 3, async (path, flags, mode) => keepOpen(await promises.open(path, flags, mode))),
);
define(
  'close',
  callbackForm('close', 1, async (file) => fileOf(file, 'close').close(), none),
);

/** Operations that a FileHandle has, under the names that they have here. */
const ON_FILES: readonly (readonly [string, string, number, boolean])[] = [
  ['fchmod', 'chmod', 2, false],
  ['fdatasync', 'datasync', 1, false],
  ['fstat', 'stat', 2, true],
  ['fsync', 'sync', 1, false],
  ['ftruncate', 'truncate', 2, false],
  ['futimes', 'utimes', 3, false],
];

for (let i = 0; i < ON_FILES.length; i++) {
  const { 0: name, 1: method, 2: most, 3: gives } = ON_FILES[i]!;
  const work = async (file: unknown, ...rest: unknown[]): Promise<unknown> => {
    const handle = fileOf(file, name);
    return apply((handle as unknown as Record<string, Work>)[method]!, handle, rest);
  };
  define(name, callbackForm(name, most, work, gives ? undefined : none));
}

type Transfer = { bytesRead?: number; bytesWritten?: number; buffer?: unknown; buffers?: unknown };

/** `read` and its kin: how many bytes, and the buffer that was given. */
function transfer(name: string, most: number, work: Work): void {
  const values = (done: Transfer): unknown[] => [done.bytesRead ?? done.bytesWritten, done.buffer ?? done.buffers];
  const form = callbackForm(name, most, work, values);
  defineProperty(form, promisified, descriptor({ value: work, configurable: true }));
  define(name, form);
}

transfer('read', 5, async (file, buffer, offset, length, position) => {
  const handle = fileOf(file, 'read');
  const given = readArguments(buffer, offset, length, position);
  return handle.read(given.buffer, given.offset, given.length, given.position);
});
transfer('write', 5, async (file, buffer, offset, length, position) => {
  const handle = fileOf(file, 'write');
  writeArguments(buffer, offset, length, position);
  return handle.write(buffer, offset, length, position);
});
transfer('readv', 3, async (file, buffers, position) => fileOf(file, 'read').readv(buffers, position));
transfer('writev', 3, async (file, buffers, position) => fileOf(file, 'write').writev(buffers, position));

// ── streams and watchers, made late ───────────────────────────────────────────────────────────────────────────────────

const streams = () => load<typeof import('guest:fsstreams')>('guest:fsstreams');

define('createReadStream', function createReadStream(path: unknown, options: unknown): unknown {
  return streams().createReadStream(path, options);
});
define('createWriteStream', function createWriteStream(path: unknown, options: unknown): unknown {
  return streams().createWriteStream(path, options);
});
define('watch', function watch(path: unknown, options: unknown, listener: unknown): unknown {
  return load<typeof import('guest:fswatch')>('guest:fswatch').watch(path, options, listener);
});

/** A class that is loaded when somebody looks at it. */
function late(name: string, get: () => unknown): void {
  const set = (value: unknown): void => define(name, value);
  defineProperty(fs, name, descriptor({ get, set, enumerable: true, configurable: true }));
}

late('ReadStream', () => streams().ReadStream);
late('WriteStream', () => streams().WriteStream);

define('promises', promises);
define('constants', constants);
define('F_OK', constants.F_OK);
define('R_OK', constants.R_OK);
define('W_OK', constants.W_OK);
define('X_OK', constants.X_OK);
define('Dir', Dir);
define('Dirent', Dirent);
define('Stats', Stats);
define('FSError', FSError);

export { fs };
