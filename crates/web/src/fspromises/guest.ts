// fs.promises: each operation checks its arguments, asks the host and shapes the answer.

import { FileHandle, openHandle, readWhole, truncation, writeWhole } from 'guest:filehandle';
import { openDirectory, readDirectory } from 'guest:fsdir';
import type { Dir } from 'guest:fsdir';
import { constants } from 'guest:fsconstants';
import { statsOf } from 'guest:fsstats';
import { FSError, modeOf, nameIn, optionsOf, pathOf, settle, timeOf, unsigned } from 'guest:fsvalues';
import { invalidArgType } from 'guest:nodeerrors';
import { tag } from 'guest:webidl';
import * as host from 'host:fs';
import { load } from 'host:modules';

function boolean(value: unknown, name: string): boolean {
  if (value !== undefined && value !== null && typeof value !== 'boolean') {
    throw invalidArgType(name, 'of type boolean', value);
  }
  return value === true;
}

async function statAt(path: unknown, given: unknown, follow: boolean): Promise<object | undefined> {
  const { bigint, throwIfNoEntry } = optionsOf(given);
  try {
    return statsOf(await settle(host.stat(pathOf(path), follow)), bigint === true);
  } catch (error) {
    if (throwIfNoEntry === false && (error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

const promises = {
  async access(path: unknown, mode: unknown = constants.F_OK): Promise<void> {
    const bits = unsigned(mode ?? 0, 'mode', 7);
    return settle(host.access(pathOf(path), bits));
  },

  async appendFile(path: unknown, data: unknown, options: unknown = undefined): Promise<void> {
    return writeWhole(path, data, optionsOf(options), 'a');
  },

  async chmod(path: unknown, mode: unknown): Promise<void> {
    const name = pathOf(path);
    return settle(host.chmod(name, modeOf(mode, undefined)));
  },

  constants,

  async copyFile(from: unknown, to: unknown, mode: unknown = 0): Promise<void> {
    const source = pathOf(from, 'src');
    const target = pathOf(to, 'dest');
    const bits = unsigned(mode ?? 0, 'mode', 7);
    return settle(host.copyFile(source, target, (bits & 1) !== 0));
  },

  async cp(from: unknown, to: unknown, options: unknown = undefined): Promise<void> {
    return load<typeof import('guest:fscp')>('guest:fscp').copyTree(from, to, options);
  },

  async link(from: unknown, to: unknown): Promise<void> {
    const source = pathOf(from, 'existingPath');
    return settle(host.link(source, pathOf(to, 'newPath')));
  },

  async lstat(path: unknown, options: unknown = undefined): Promise<object | undefined> {
    return statAt(path, options, false);
  },

  async lutimes(path: unknown, atime: unknown, mtime: unknown): Promise<void> {
    const name = pathOf(path);
    return settle(host.utimes(name, timeOf(atime), timeOf(mtime), false));
  },

  async mkdir(path: unknown, options: unknown = undefined): Promise<string | undefined> {
    const isMode = typeof options === 'number' || typeof options === 'string';
    const { mode, recursive } = isMode ? { mode: options, recursive: false } : optionsOf(options);
    const name = pathOf(path);
    const bits = modeOf(mode, 0o777);
    return settle(host.makeDir(name, boolean(recursive, 'options.recursive'), bits));
  },

  async mkdtemp(prefix: unknown, options: unknown = undefined): Promise<string | Uint8Array> {
    const given = optionsOf(options);
    return nameIn(given, await settle(host.makeTempDir(pathOf(prefix, 'prefix'))));
  },

  async open(path: unknown, flags: unknown = 'r', mode: unknown = undefined): Promise<FileHandle> {
    return openHandle(path, flags, mode);
  },

  async opendir(path: unknown, options: unknown = undefined): Promise<Dir> {
    return openDirectory(path, options);
  },

  async readdir(path: unknown, options: unknown = undefined): Promise<unknown[]> {
    return readDirectory(path, options);
  },

  async readFile(path: unknown, options: unknown = undefined): Promise<string | Uint8Array | number> {
    return readWhole(path, optionsOf(options));
  },

  async readlink(path: unknown, options: unknown = undefined): Promise<string | Uint8Array> {
    const given = optionsOf(options);
    return nameIn(given, await settle(host.readLink(pathOf(path, 'oldPath'))));
  },

  async realpath(path: unknown, options: unknown = undefined): Promise<string | Uint8Array> {
    const given = optionsOf(options);
    return nameIn(given, await settle(host.realPath(pathOf(path))));
  },

  async rename(from: unknown, to: unknown): Promise<void> {
    const source = pathOf(from, 'oldPath');
    return settle(host.rename(source, pathOf(to, 'newPath')));
  },

  async rm(path: unknown, options: unknown = undefined): Promise<void> {
    const { force, recursive } = optionsOf(options);
    const name = pathOf(path);
    const isWhole = boolean(recursive, 'options.recursive');
    const isForced = boolean(force, 'options.force');
    try {
      return await settle(host.remove(name, isWhole, isForced));
    } catch (error) {
      throw isDirectoryError(error, isWhole) ? rmOfDirectory(name) : error;
    }
  },

  async rmdir(path: unknown, options: unknown = undefined): Promise<void> {
    const { recursive } = optionsOf(options);
    const name = pathOf(path);
    if (boolean(recursive, 'options.recursive')) return settle(host.remove(name, true, false));
    return settle(host.removeDir(name));
  },

  async stat(path: unknown, options: unknown = undefined): Promise<object | undefined> {
    return statAt(path, options, true);
  },

  async symlink(target: unknown, path: unknown, _type: unknown = undefined): Promise<void> {
    const to = pathOf(target, 'target');
    return settle(host.symlink(to, pathOf(path)));
  },

  async truncate(path: unknown, length: unknown = 0): Promise<void> {
    const name = pathOf(path);
    return settle(host.truncate(name, truncation(length)));
  },

  async unlink(path: unknown): Promise<void> {
    return settle(host.unlink(pathOf(path)));
  },

  async utimes(path: unknown, atime: unknown, mtime: unknown): Promise<void> {
    const name = pathOf(path);
    return settle(host.utimes(name, timeOf(atime), timeOf(mtime), true));
  },

  watch(path: unknown, options: unknown = undefined): AsyncIterableIterator<unknown> {
    return load<typeof import('guest:fswatch')>('guest:fswatch').watchInTime(path, options);
  },

  async writeFile(path: unknown, data: unknown, options: unknown = undefined): Promise<void> {
    return writeWhole(path, data, optionsOf(options));
  },
};

tag(promises, 'fs.promises');

function isDirectoryError(error: unknown, recursive: boolean): boolean {
  return !recursive && (error as { code?: unknown }).code === 'EISDIR';
}

function rmOfDirectory(path: string): FSError {
  const message = `Path is a directory: rm returned EISDIR (is a directory) ${path}`;
  return new FSError(message, { code: 'ERR_FS_EISDIR', errno: 21, syscall: 'rm', path });
}

export { FileHandle, promises };
