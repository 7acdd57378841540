// Stats, BigIntStats, Dirent, and the constants of fs.

import { bare, descriptor } from 'guest:webidl';
import type { Facts } from 'host:fs';

const { defineProperty } = Reflect;
const { freeze } = Object;
const { round } = Math;
const toBigInt = BigInt;
const DateIntrinsic = Date;

// ── constants ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Those of Linux, whatever the host is: guests see one system. */
const constants = bare<number>();
const table: readonly (readonly [string, number])[] = [
  ['UV_FS_SYMLINK_DIR', 1],
  ['UV_FS_SYMLINK_JUNCTION', 2],
  ['O_RDONLY', 0],
  ['O_WRONLY', 1],
  ['O_RDWR', 2],
  ['UV_DIRENT_UNKNOWN', 0],
  ['UV_DIRENT_FILE', 1],
  ['UV_DIRENT_DIR', 2],
  ['UV_DIRENT_LINK', 3],
  ['UV_DIRENT_FIFO', 4],
  ['UV_DIRENT_SOCKET', 5],
  ['UV_DIRENT_CHAR', 6],
  ['UV_DIRENT_BLOCK', 7],
  ['S_IFMT', 0o170000],
  ['S_IFREG', 0o100000],
  ['S_IFDIR', 0o040000],
  ['S_IFCHR', 0o020000],
  ['S_IFBLK', 0o060000],
  ['S_IFIFO', 0o010000],
  ['S_IFLNK', 0o120000],
  ['S_IFSOCK', 0o140000],
  ['O_CREAT', 0o100],
  ['O_EXCL', 0o200],
  ['UV_FS_O_FILEMAP', 0],
  ['O_NOCTTY', 0o400],
  ['O_TRUNC', 0o1000],
  ['O_APPEND', 0o2000],
  ['O_DIRECTORY', 0o200000],
  ['O_NOATIME', 0o1000000],
  ['O_NOFOLLOW', 0o400000],
  ['O_SYNC', 0o4010000],
  ['O_DSYNC', 0o10000],
  ['O_DIRECT', 0o40000],
  ['O_NONBLOCK', 0o4000],
  ['S_IRWXU', 0o700],
  ['S_IRUSR', 0o400],
  ['S_IWUSR', 0o200],
  ['S_IXUSR', 0o100],
  ['S_IRWXG', 0o70],
  ['S_IRGRP', 0o40],
  ['S_IWGRP', 0o20],
  ['S_IXGRP', 0o10],
  ['S_IRWXO', 0o7],
  ['S_IROTH', 0o4],
  ['S_IWOTH', 0o2],
  ['S_IXOTH', 0o1],
  ['F_OK', 0],
  ['R_OK', 4],
  ['W_OK', 2],
  ['X_OK', 1],
  ['UV_FS_COPYFILE_EXCL', 1],
  ['COPYFILE_EXCL', 1],
  ['UV_FS_COPYFILE_FICLONE', 2],
  ['COPYFILE_FICLONE', 2],
  ['UV_FS_COPYFILE_FICLONE_FORCE', 4],
  ['COPYFILE_FICLONE_FORCE', 4],
];
for (let i = 0; i < table.length; i++) {
  const { 0: name, 1: value } = table[i]!;
  defineProperty(constants, name, descriptor({ value, enumerable: true }));
}
freeze(constants);

// ── Stats ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const KIND = 0o170000;

class StatsBase<N extends number | bigint> {
  declare dev: N;
  declare mode: N;
  declare nlink: N;
  declare uid: N;
  declare gid: N;
  declare rdev: N;
  declare blksize: N;
  declare ino: N;
  declare size: N;
  declare blocks: N;
  declare atimeMs: N;
  declare mtimeMs: N;
  declare ctimeMs: N;
  declare birthtimeMs: N;
  declare atime: Date;
  declare mtime: Date;
  declare ctime: Date;
  declare birthtime: Date;

  isDirectory(): boolean {
    return is(this, 0o040000);
  }

  isFile(): boolean {
    return is(this, 0o100000);
  }

  isBlockDevice(): boolean {
    return is(this, 0o060000);
  }

  isCharacterDevice(): boolean {
    return is(this, 0o020000);
  }

  isSymbolicLink(): boolean {
    return is(this, 0o120000);
  }

  isFIFO(): boolean {
    return is(this, 0o010000);
  }

  isSocket(): boolean {
    return is(this, 0o140000);
  }
}

function is({ mode }: { mode: number | bigint }, kind: number): boolean {
  return (Number(mode) & KIND) === kind;
}

class Stats extends StatsBase<number> {}

class BigIntStats extends StatsBase<bigint> {
  declare atimeNs: bigint;
  declare mtimeNs: bigint;
  declare ctimeNs: bigint;
  declare birthtimeNs: bigint;
}

const TIMES = ['atime', 'mtime', 'ctime', 'birthtime'] as const;

/** Who owns a file, and on which device it lies, is the host's business: the number of its grant stands for the device. */
const FIELDS = ['dev', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'blksize', 'ino', 'size', 'blocks'] as const;

function field(target: object, name: string, value: unknown): void {
  defineProperty(target, name, descriptor({ value, writable: true, enumerable: true, configurable: true }));
}

export function statsOf(facts: Facts, bigint: boolean): Stats | BigIntStats {
  const { 0: device, 1: mode, 2: high, 3: low, 4: nlink, 5: size, 6: blocks } = facts;
  const ino = high! * 2 ** 32 + low!;
  const values = [device, mode, nlink, 0, 0, 0, 4096, ino, size, blocks];
  const stats = bigint ? new BigIntStats() : new Stats();
  for (let i = 0; i < FIELDS.length; i++) {
    const exact = i === 7 ? toBigInt(high!) * 2n ** 32n + toBigInt(low!) : undefined;
    field(stats, FIELDS[i]!, bigint ? (exact ?? toBigInt(values[i]!)) : values[i]);
  }
  for (let i = 0; i < 4; i++) {
    const seconds = facts[7 + 2 * i]!;
    const nanos = facts[8 + 2 * i]!;
    const ns = toBigInt(seconds) * 1_000_000_000n + toBigInt(nanos);
    field(stats, `${TIMES[i]!}Ms`, bigint ? ns / 1_000_000n : seconds * 1000 + nanos / 1_000_000);
    if (bigint) field(stats, `${TIMES[i]!}Ns`, ns);
  }
  for (let i = 0; i < 4; i++) {
    const ms = facts[7 + 2 * i]! * 1000 + facts[8 + 2 * i]! / 1_000_000;
    field(stats, TIMES[i]!, new DateIntrinsic(round(ms)));
  }
  return stats;
}

// ── Dirent ────────────────────────────────────────────────────────────────────────────────────────────────────────────

class Dirent {
  declare readonly name: string | Uint8Array;
  declare readonly parentPath: string;
  declare readonly path: string;
  #kind: number;

  constructor(name: string | Uint8Array, parentPath: string, kind: number) {
    field(this, 'name', name);
    field(this, 'parentPath', parentPath);
    field(this, 'path', parentPath);
    this.#kind = kind;
  }

  isDirectory(): boolean {
    return this.#kind === 2;
  }

  isFile(): boolean {
    return this.#kind === 1;
  }

  isBlockDevice(): boolean {
    return this.#kind === 7;
  }

  isCharacterDevice(): boolean {
    return this.#kind === 6;
  }

  isSymbolicLink(): boolean {
    return this.#kind === 3;
  }

  isFIFO(): boolean {
    return this.#kind === 4;
  }

  isSocket(): boolean {
    return this.#kind === 5;
  }
}

export { BigIntStats, constants, Dirent, Stats };
