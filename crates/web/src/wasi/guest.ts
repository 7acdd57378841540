// wasi: commands of WASI preview 1 and 2, with buffers of the store as their streams.
//
// Here arguments are checked and named; rights, ids and sizes are the host's. A command reaches nothing but its arguments, its streams,
// and what the sandbox was granted.

import { argumentError, isBufferSource, isObject, sequence, uncurry } from 'guest:webidl';
import { take } from 'host:native';
import * as host from 'host:wasi';

const { isSafeInteger, MAX_SAFE_INTEGER } = Number;
const { isArray } = Array;
const includes = uncurry(String.prototype.includes as (text: string) => boolean);
const Uint8ArrayIntrinsic = Uint8Array;

export interface WasiOptions {
  args?: string[];
  /** Lent, not consumed. */
  stdinId?: number;
  reuseModule?: boolean;
  /** Instructions that it may run. */
  fuel?: number;
  /** From 64 KiB to 1 MiB, which it has without. */
  stackBytes?: number;
}

export interface WasiResult {
  exitCode: number;
  stdoutId: number;
  stderrId: number;
}

type Bytes = ArrayBuffer | ArrayBufferView;

const wasi = {
  async run(module: Bytes, options: WasiOptions | undefined = undefined): Promise<WasiResult> {
    if (!isBufferSource(module)) throw argumentError('an ArrayBuffer or a view', 'module', module);
    const { args, stdinId, fuel, stackBytes } = checked(options);
    return result(await host.run(module, args, stdinId, fuel, stackBytes));
  },

  async runById(moduleId: number, options: WasiOptions | undefined = undefined): Promise<WasiResult> {
    const from = id(moduleId, 'moduleId');
    const { args, stdinId, fuel, stackBytes, keep } = checked(options);
    return result(await host.runById(from, args, stdinId, fuel, stackBytes, keep));
  },

  async takeStdout(ended: WasiResult): Promise<Uint8Array> {
    return new Uint8ArrayIntrinsic(await take(resultId(ended, 'stdoutId')));
  },

  async takeStderr(ended: WasiResult): Promise<Uint8Array> {
    return new Uint8ArrayIntrinsic(await take(resultId(ended, 'stderrId')));
  },
};

interface Checked {
  readonly args: readonly string[];
  readonly stdinId: number | undefined;
  readonly fuel: number | undefined;
  readonly stackBytes: number | undefined;
  readonly keep: boolean;
}

const LEAST_STACK = 64 * 1024;
/** A guest may have less than it has without asking, not more. */
const MOST_STACK = 1024 * 1024;

function checked(options: unknown): Checked {
  if (options === undefined) {
    return { args: [], stdinId: undefined, fuel: undefined, stackBytes: undefined, keep: false };
  }
  if (!isObject(options)) throw argumentError('an object', 'options', options);
  const { args, stdinId, reuseModule, fuel, stackBytes } = options as { [K in keyof WasiOptions]: unknown };
  if (reuseModule !== undefined && typeof reuseModule !== 'boolean') {
    throw argumentError('a boolean', 'options.reuseModule', reuseModule);
  }
  return {
    args: args === undefined ? [] : texts(args),
    stdinId: stdinId === undefined ? undefined : id(stdinId, 'options.stdinId'),
    fuel: fuel === undefined ? undefined : integer(fuel, 'options.fuel', 0, MAX_SAFE_INTEGER),
    stackBytes:
      stackBytes === undefined ? undefined : integer(stackBytes, 'options.stackBytes', LEAST_STACK, MOST_STACK),
    keep: reuseModule === true,
  };
}

function texts(args: unknown): readonly string[] {
  if (!isArray(args)) throw argumentError('an array of strings', 'options.args', args);
  let index = 0;
  return sequence(
    args,
    (text) => {
      const name = `options.args[${index++}]`;
      if (typeof text !== 'string' || includes(text, '\0')) throw argumentError('a string without NUL', name, text);
      return text;
    },
    'wasi',
  );
}

function id(value: unknown, name: string): number {
  if (!isSafeInteger(value) || (value as number) <= 0) throw argumentError('an id, a positive integer', name, value);
  return value as number;
}

function integer(value: unknown, name: string, least: number, most: number): number {
  if (isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw argumentError(`an integer from ${least} to ${most}`, name, value);
}

function resultId(ended: unknown, name: 'stdoutId' | 'stderrId'): number {
  if (!isObject(ended)) throw argumentError('a result of run or runById', 'result', ended);
  return id((ended as Record<string, unknown>)[name], `result.${name}`);
}

function result({ 0: exitCode, 1: stdoutId, 2: stderrId }: host.Exit): WasiResult {
  return { exitCode, stdoutId, stderrId };
}

export { wasi };
