// fs.cp: copies of trees, name by name, in the order and with the refusals of Node.

import { BigIntStats, statsOf } from 'guest:fsstats';
import { FSError, optionsOf, pathOf, settle, unsigned } from 'guest:fsvalues';
import { invalidArgType } from 'guest:nodeerrors';
import { put, uncurry } from 'guest:webidl';
import * as host from 'host:fs';

const { apply } = Reflect;
const split = uncurry(String.prototype.split as (by: string) => string[]);
const lastIndexOf = uncurry(String.prototype.lastIndexOf);
const slice = uncurry(String.prototype.slice);
const startsWith = uncurry(String.prototype.startsWith);

interface Copy {
  readonly dereference: boolean;
  readonly errorOnExist: boolean;
  readonly force: boolean;
  readonly preserveTimestamps: boolean;
  readonly recursive: boolean;
  readonly verbatimSymlinks: boolean;
  readonly mode: number;
  readonly filter: ((from: string, to: string) => unknown) | undefined;
}

function copyOptions(given: unknown): Copy {
  const options = optionsOf(given);
  const flag = (name: string, preset: boolean): boolean => {
    const value = options[name];
    if (value === undefined) return preset;
    if (typeof value !== 'boolean') throw invalidArgType(`options.${name}`, 'of type boolean', value);
    return value;
  };
  const { filter, mode } = options;
  if (filter !== undefined && typeof filter !== 'function') {
    throw invalidArgType('options.filter', 'of type function', filter);
  }
  return {
    dereference: flag('dereference', false),
    errorOnExist: flag('errorOnExist', false),
    force: flag('force', true),
    preserveTimestamps: flag('preserveTimestamps', false),
    recursive: flag('recursive', false),
    verbatimSymlinks: flag('verbatimSymlinks', false),
    mode: unsigned(mode ?? 0, 'options.mode', 7),
    filter: filter as Copy['filter'],
  };
}

type Stats = BigIntStats;

async function statOf(path: string, follow: boolean): Promise<Stats> {
  return statsOf(await settle(host.stat(path, follow)), true) as Stats;
}

/** Nothing where there is nothing. */
async function statIfThere(path: string, follow: boolean): Promise<Stats | undefined> {
  try {
    return await statOf(path, follow);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

const SYSTEM: Readonly<Record<string, readonly [name: string, number: number, text: string]>> = {
  ERR_FS_CP_DIR_TO_NON_DIR: ['EISDIR', 21, 'Cannot overwrite non-directory with directory'],
  ERR_FS_CP_EEXIST: ['EEXIST', 17, 'Target already exists'],
  ERR_FS_CP_EINVAL: ['EINVAL', 22, 'Invalid src or dest'],
  ERR_FS_CP_FIFO_PIPE: ['EINVAL', 22, 'Cannot copy a FIFO pipe'],
  ERR_FS_CP_NON_DIR_TO_DIR: ['ENOTDIR', 20, 'Cannot overwrite directory with non-directory'],
  ERR_FS_CP_SOCKET: ['EINVAL', 22, 'Cannot copy a socket file'],
  ERR_FS_CP_UNKNOWN: ['EINVAL', 22, 'Cannot copy an unknown file type'],
  ERR_FS_EISDIR: ['EISDIR', 21, 'Recursive option not enabled, cannot copy a directory'],
};

function refusal(code: string, why: string, path: string): FSError {
  const { 0: name, 1: errno, 2: text } = SYSTEM[code]!;
  return new FSError(`${text}: cp returned ${name} (${why}) ${path}`, { code, errno, syscall: 'cp', path });
}

export async function copyTree(from: unknown, to: unknown, given: unknown): Promise<void> {
  const options = copyOptions(given);
  const source = pathOf(from, 'src');
  const target = pathOf(to, 'dest');
  if (!(await isWanted(source, target, options))) return;
  const { stats, there } = await look(source, target, options);
  if (stats.isDirectory() && startsWith(`${plain(target)}/`, `${plain(source)}/`)) {
    throw refusal('ERR_FS_CP_EINVAL', `cannot copy ${source} to a subdirectory of self ${target}`, target);
  }
  const cut = lastIndexOf(plain(target), '/');
  if (there === undefined && cut > 0) await settle(host.makeDir(slice(plain(target), 0, cut), true, 0o777));
  await copyOne(source, target, stats, there, options);
}

/** Without `.`, `..` and doubled slashes, from the root on. */
function plain(path: string): string {
  const parts = split(path, '/');
  const names: string[] = [];
  let length = 0;
  for (let i = 0; i < parts.length; i++) {
    const name = parts[i]!;
    if (name === '' || name === '.') continue;
    if (name === '..') length = length > 0 ? length - 1 : 0;
    else put(names, length++, name);
  }
  let result = '';
  for (let i = 0; i < length; i++) result += `/${names[i]!}`;
  return result;
}

async function isWanted(source: string, target: string, { filter }: Copy): Promise<boolean> {
  return filter === undefined || !!(await apply(filter, undefined, [source, target]));
}

async function look(
  source: string,
  target: string,
  { dereference }: Copy,
): Promise<{ stats: Stats; there: Stats | undefined }> {
  const stats = await statOf(source, dereference);
  const there = await statIfThere(target, dereference);
  if (there !== undefined) {
    if (there.ino === stats.ino && there.dev === stats.dev) {
      throw refusal('ERR_FS_CP_EINVAL', 'src and dest cannot be the same', target);
    }
    if (stats.isDirectory() && !there.isDirectory()) {
      const why = `cannot overwrite non-directory ${target} with directory ${source}`;
      throw refusal('ERR_FS_CP_DIR_TO_NON_DIR', why, target);
    }
    if (!stats.isDirectory() && there.isDirectory()) {
      const why = `cannot overwrite directory ${target} with non-directory ${source}`;
      throw refusal('ERR_FS_CP_NON_DIR_TO_DIR', why, target);
    }
  }
  return { stats, there };
}

async function copyOne(
  source: string,
  target: string,
  stats: Stats,
  there: Stats | undefined,
  options: Copy,
): Promise<void> {
  if (stats.isDirectory()) {
    if (!options.recursive) throw refusal('ERR_FS_EISDIR', `cannot copy directory ${source}`, target);
    return copyDirectory(source, target, stats, there, options);
  }
  if (stats.isFile()) return copyFile(source, target, stats, there, options);
  if (stats.isSymbolicLink()) return copyLink(source, target, there, options);
  if (stats.isSocket()) throw refusal('ERR_FS_CP_SOCKET', `cannot copy a socket file: ${target}`, target);
  if (stats.isFIFO()) throw refusal('ERR_FS_CP_FIFO_PIPE', `cannot copy a FIFO pipe: ${target}`, target);
  throw refusal('ERR_FS_CP_UNKNOWN', `cannot copy an unknown file type: ${target}`, target);
}

async function copyDirectory(
  source: string,
  target: string,
  { mode }: Stats,
  there: Stats | undefined,
  options: Copy,
): Promise<void> {
  if (there === undefined) await settle(host.makeDir(target, false, 0o777));
  const { 0: joined, 1: kinds } = await settle(host.list(source, false));
  const names = kinds === '' ? [] : split(joined, '\0');
  for (let i = 0; i < names.length; i++) {
    const from = `${source}/${names[i]!}`;
    const to = `${target}/${names[i]!}`;
    if (!(await isWanted(from, to, options))) continue;
    const found = await look(from, to, options);
    await copyOne(from, to, found.stats, found.there, options);
  }
  if (there === undefined) await settle(host.chmod(target, Number(mode) & 0o777));
}

async function copyFile(
  source: string,
  target: string,
  { atimeMs, mtimeMs }: Stats,
  there: Stats | undefined,
  options: Copy,
): Promise<void> {
  if (there !== undefined) {
    if (!options.force) {
      if (options.errorOnExist) throw refusal('ERR_FS_CP_EEXIST', `${target} already exists`, target);
      return;
    }
    await settle(host.unlink(target));
  }
  await settle(host.copyFile(source, target, (options.mode & 1) !== 0));
  if (options.preserveTimestamps) {
    await settle(host.utimes(target, Number(atimeMs) / 1000, Number(mtimeMs) / 1000, true));
  }
}

async function copyLink(source: string, target: string, there: Stats | undefined, options: Copy): Promise<void> {
  let to = await settle(host.readLink(source));
  if (!options.verbatimSymlinks && !startsWith(to, '/')) to = plain(`${source}/../${to}`);
  if (there !== undefined) {
    if (!options.force) {
      if (options.errorOnExist) throw refusal('ERR_FS_CP_EEXIST', `${target} already exists`, target);
      return;
    }
    await settle(host.unlink(target));
  }
  await settle(host.symlink(to, target));
}
