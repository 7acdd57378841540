// native: bytes in the sandbox's buffer store, and the operations on them.
//
// Here arguments are checked and named; rights, ids and sizes are the host's. Each method answers a promise and rejects where it
// could throw. The bytes of an input are read before the method returns, so that a guest may go on writing into them.

import { argumentError, isBufferSource, isObject, sequence, uncurry } from 'guest:webidl';
import * as host from 'host:native';

const { stringify } = JSON;
const { isArray } = Array;
const { isSafeInteger } = Number;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = <T>(name: PropertyKey) => uncurry(Object.getOwnPropertyDescriptor(typedArray, name)!.get! as () => T);
const typedArrayName = getter<string | undefined>(Symbol.toStringTag);
const lengthOf = getter<number>('length');
const Uint8ArrayIntrinsic = Uint8Array;

export type Bytes = Uint8Array | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;
export type NativeStep = string | { op: string; args?: Record<string, unknown>; extraInputId?: number };

const native = {
  async put(input: Bytes): Promise<number> {
    return host.put(bytes(input, 'input'));
  },

  async exec(
    op: string,
    inputId: number,
    args: Record<string, unknown> | undefined = undefined,
    extraInputId: number | undefined = undefined,
  ): Promise<number> {
    return host.exec(
      text(op, 'op'),
      id(inputId, 'inputId'),
      json(args, 'args'),
      optionalId(extraInputId, 'extraInputId'),
    );
  },

  async execChain(inputId: number, steps: readonly NativeStep[]): Promise<number> {
    return host.execChain(id(inputId, 'inputId'), stepsJson(steps));
  },

  async take(bufferId: number): Promise<Uint8Array> {
    return new Uint8ArrayIntrinsic(await host.take(id(bufferId, 'id')));
  },

  async takeInto(
    bufferId: number,
    target: Uint8Array,
    offset = 0,
  ): Promise<{ buffer: Uint8Array; bytesWritten: number; sourceLength: number; truncated: boolean }> {
    const from = id(bufferId, 'id');
    if (typedArrayName(target) !== 'Uint8Array') throw argumentError('a Uint8Array', 'target', target);
    if (!isSafeInteger(offset) || offset < 0 || offset > lengthOf(target)) {
      throw argumentError(`a whole number from 0 to ${lengthOf(target)}`, 'offset', offset);
    }
    const { 0: bytesWritten, 1: sourceLength } = await host.takeInto(from, target, offset);
    return { buffer: target, bytesWritten, sourceLength, truncated: bytesWritten < sourceLength };
  },

  async free(bufferId: number): Promise<void> {
    return host.free(id(bufferId, 'id'));
  },

  async info(bufferId: number): Promise<{ byteLength: number; width?: number; height?: number; format?: string }> {
    return host.info(id(bufferId, 'id'));
  },

  async run(
    op: string,
    input: Bytes,
    args: Record<string, unknown> | undefined = undefined,
    extraInput: Bytes | number | undefined = undefined,
  ): Promise<Uint8Array> {
    const extra = extraInput === undefined ? undefined : bytesOrId(extraInput, 'extraInput');
    return new Uint8ArrayIntrinsic(await host.run(text(op, 'op'), bytes(input, 'input'), json(args, 'args'), extra));
  },

  async chain(steps: readonly NativeStep[], input: Bytes | number): Promise<Uint8Array> {
    return new Uint8ArrayIntrinsic(await host.chain(stepsJson(steps), bytesOrId(input, 'input')));
  },

  async gzipCompress(input: Bytes): Promise<Uint8Array> {
    return new Uint8ArrayIntrinsic(await host.run('gzip_compress', bytes(input, 'input'), undefined, undefined));
  },

  async gzipDecompress(input: Bytes): Promise<Uint8Array> {
    return new Uint8ArrayIntrinsic(await host.run('gzip_decompress', bytes(input, 'input'), undefined, undefined));
  },
};

function bytes(value: unknown, name: string): Bytes {
  if (!isBufferSource(value)) throw argumentError('an ArrayBuffer or a view', name, value);
  return value;
}

function bytesOrId(value: unknown, name: string): Bytes | number {
  if (typeof value === 'number') return id(value, name);
  if (!isBufferSource(value)) throw argumentError('an ArrayBuffer, a view or an id', name, value);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw argumentError('a string', name, value);
  return value;
}

function id(value: unknown, name: string): number {
  if (!isSafeInteger(value) || (value as number) <= 0) throw argumentError('an id, a positive integer', name, value);
  return value as number;
}

function optionalId(value: unknown, name: string): number | undefined {
  return value === undefined ? undefined : id(value, name);
}

function plain(value: unknown, name: string): object | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value) || typeof value === 'function' || isArray(value)) throw argumentError('an object', name, value);
  return value;
}

function json(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : stringify(plain(value, name));
}

function stepsJson(steps: unknown): string {
  if (!isArray(steps)) throw argumentError('an array of steps', 'steps', steps);
  let index = 0;
  return stringify(sequence(steps, (step) => normalStep(step, `steps[${index++}]`), 'native'));
}

function normalStep(step: unknown, name: string): object {
  if (typeof step === 'string') return { op: step };
  if (!isObject(step)) throw argumentError('a string or an object with an op', name, step);
  const { op, args, extraInputId } = step as { op?: unknown; args?: unknown; extraInputId?: unknown };
  return {
    op: text(op, `${name}.op`),
    args: plain(args, `${name}.args`),
    extraInputId: optionalId(extraInputId, `${name}.extraInputId`),
  };
}

export { native };
