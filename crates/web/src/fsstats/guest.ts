// Stats, BigIntStats and Dirent.

import { descriptor } from 'guest:webidl';
import type { Facts } from 'host:fs';

const { defineProperty } = Reflect;
const { round } = Math;
const toBigInt = BigInt;
const DateIntrinsic = Date;

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

export { BigIntStats, Dirent, Stats };
