// `host:fs` over Node's own, without grants: paths are this machine's.
import { constants, promises as fs, watch as watchFile } from 'node:fs';
import { closeSink, newPipe, read as readPipe, write as writePipe } from 'host:streams';

const stored = new Map();

export const newSignal = () => new AbortController();
export const abort = (signal) => signal.abort();

const isOpen = (file) => typeof file === 'object';
const until = (signal) => (signal === undefined ? {} : { signal: signal.signal });
const exact = (buffer) => new Uint8Array(buffer).buffer;
const content = (data, encoding) =>
  typeof data === 'number' ? stored.get(data) : typeof data === 'string' ? Buffer.from(data, encoding) : data;

export async function readFile(path, flag, encoding, signal) {
  const read = await fs.readFile(path, { ...(isOpen(path) ? {} : { flag }), ...until(signal) });
  return encoding === undefined ? exact(read) : read.toString(encoding);
}

export async function storeFile(path, flag, signal) {
  stored.set(stored.size + 1, Buffer.from(await readFile(path, flag, undefined, signal)));
  return stored.size;
}

export const writeFile = (path, flag, mode, data, encoding, signal) =>
  fs.writeFile(path, content(data, encoding), { ...(isOpen(path) ? {} : { flag, mode }), ...until(signal) });

function facts(stats) {
  const half = 2n ** 32n;
  const numbers = [1n, stats.mode, stats.ino / half, stats.ino % half, stats.nlink, stats.size, stats.blocks];
  for (const time of ['atime', 'mtime', 'ctime', 'birthtime']) {
    const nanos = stats[`${time}Ns`];
    const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    numbers.push((nanos - rest) / 1_000_000_000n, rest);
  }
  return numbers.map(Number);
}

export const stat = async (path, follow) => facts(await fs[follow ? 'stat' : 'lstat'](path, { bigint: true }));

const KINDS = ['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket', 'isCharacterDevice', 'isBlockDevice'];

export async function list(path, recursive) {
  const entries = await fs.readdir(path, { withFileTypes: true, recursive });
  const base = path.replace(/\/+$/, '');
  const names = entries.map(({ name, parentPath, path }) => `${parentPath ?? path}/${name}`.slice(base.length + 1));
  const kinds = entries.map((entry) => KINDS.findIndex((is) => entry[is]()) + 1);
  return [names.join('\0'), kinds.join('')];
}

export const look = async (path) => (await fs.opendir(path)).close();
export const access = fs.access;
export const makeDir = (path, recursive, mode) => fs.mkdir(path, { recursive, mode });
export const makeTempDir = fs.mkdtemp;
export const unlink = fs.unlink;
export const removeDir = fs.rmdir;
export async function remove(path, recursive, force) {
  if (!recursive && (await fs.lstat(path).catch(() => undefined))?.isDirectory()) {
    throw Object.assign(new Error('a directory'), { code: 'EISDIR', errno: -21, syscall: 'rm', path });
  }
  await fs.rm(path, { recursive, force });
}
export const rename = fs.rename;
export const copyFile = (from, to, exclusive) => fs.copyFile(from, to, exclusive ? constants.COPYFILE_EXCL : 0);
export const symlink = fs.symlink;
export const link = fs.link;
export const readLink = fs.readlink;
export const realPath = fs.realpath;
export const truncate = fs.truncate;
export const chmod = fs.chmod;
export const utimes = (path, read, written, follow) => fs[follow ? 'utimes' : 'lutimes'](path, read, written);

export const open = fs.open;
export const close = (file) => file.close();
export async function read(file, target, position) {
  const { bytesRead } = await file.read(target, 0, target.byteLength, position < 0 ? null : position);
  return bytesRead;
}
export async function write(file, data, encoding, position) {
  const bytes = content(data, encoding);
  const { bytesWritten } = await file.write(bytes, 0, bytes.byteLength, position < 0 ? null : position);
  return bytesWritten;
}
export const statFile = async (file) => facts(await file.stat({ bigint: true }));
export const truncateFile = (file, length) => file.truncate(length);
export const sync = (file, dataAlone) => file[dataAlone ? 'datasync' : 'sync']();
export const chmodFile = (file, mode) => file.chmod(mode);
export const utimesFile = (file, read, written) => file.utimes(read, written);

// ── streams: as the stand-in of `host:streams` has them, pipes with somebody at the other end ──

class Place {
  constructor(path, flags, mode) {
    Object.assign(this, { path, flags, mode });
  }

  open() {
    this.file ??= fs.open(this.path, this.flags, this.mode);
    return this.file;
  }
}

export const newPlace = (path, flags, mode) => new Place(path, flags, mode);
export const openPlace = (place) => place.open();
export const closePlace = async () => {};
const opened = (file) => (file instanceof Place ? file.open() : Promise.resolve(file));

export function source(of, start, end) {
  const [sink, handle] = newPipe();
  const feed = async () => {
    const file = await opened(of);
    for (let at = start; ;) {
      const length = Math.min(65_536, at < 0 ? 65_536 : end - at);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at < 0 ? null : at);
      if (bytesRead === 0) break;
      await writePipe(sink, buffer.subarray(0, bytesRead));
      if (at >= 0) at += bytesRead;
    }
    await closeSink(sink);
  };
  feed().catch(() => {});
  return handle;
}

export function sink(of, start) {
  const [handle, source] = newPipe();
  const drain = async () => {
    const file = await opened(of);
    for (let at = start; ;) {
      const bytes = await readPipe(source, 65_536);
      if (bytes === undefined) break;
      await file.write(bytes, 0, bytes.length, at < 0 ? null : at);
      if (at >= 0) at += bytes.length;
    }
  };
  const drained = drain();
  drained.catch(() => {});
  return { ...handle, drained };
}

// ── watching ──

export async function watch(path, recursive) {
  await fs.stat(path);
  const seen = [];
  let wake = () => {};
  const watcher = watchFile(path, { recursive }, (type, name) => {
    seen.push([type[0], name]);
    wake();
  });
  return {
    next: async () => {
      if (seen.length === 0) await new Promise((resolve) => (wake = resolve));
      const list = seen.splice(0);
      return list.length === 0
        ? undefined
        : [list.map(([, name]) => name).join('\0'), list.map(([type]) => type).join('')];
    },
    stop: () => {
      watcher.close();
      wake();
    },
  };
}
export const changes = (watcher) => watcher.next();
export const unwatch = (watcher) => watcher.stop();
