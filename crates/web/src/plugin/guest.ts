// plugin: what plugins tell about themselves.
//
// A plugin that registers while its module body runs is recorded under the name that the app loaded it with, whatever name it
// gives; elsewhere under the name it gives. The host reads the records by `getRegistered`. They are claims, not rights.

import { argumentError, bare, isObject } from 'guest:webidl';
import { current } from 'host:plugin';

const { freeze } = Object;
const { isFinite } = Number;
const { isArray } = Array;
const { ownKeys } = Reflect;

export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: number;
  readonly description?: string;
  readonly [key: string]: unknown;
}

let records = bare<PluginInfo>();

/** The record of a plugin, or undefined. */
export function getRegistered(name: string): PluginInfo | undefined {
  return records[name];
}

/** Forgets the record of a plugin: another version took its place, or none did. */
export function forgetRegistered(name: string): void {
  delete records[name];
}

function check(info: unknown, key: string | undefined): PluginInfo {
  if (!isObject(info) || typeof info === 'function' || isArray(info)) throw argumentError('an object', 'info', info);
  // The copy is checked, not the original: a getter answers once.
  const copy: Record<string, unknown> = { __proto__: null, ...info };
  const name = (copy['name'] ??= key);
  if (typeof name !== 'string' || name === '') throw argumentError('a string that is not empty', 'info.name', name);
  const { version, apiVersion, description } = copy;
  if (typeof version !== 'string') throw argumentError('a string', 'info.version', version);
  if (!isFinite(apiVersion)) throw argumentError('a finite number', 'info.apiVersion', apiVersion);
  if (description !== undefined && typeof description !== 'string')
    throw argumentError('a string', 'info.description', description);
  return freeze({ ...copy }) as PluginInfo;
}

const plugin = {
  /** Records what a plugin tells about itself; a second time replaces the first. Throws a TypeError with code `ERR_ARGUMENT`. */
  register(info: {
    name?: string;
    version: string;
    apiVersion: number;
    description?: string;
    [key: string]: unknown;
  }): void {
    const key = current();
    const checked = check(info, key);
    records[key ?? checked.name] = checked;
  },

  /** What a plugin told about itself, or undefined. */
  getInfo(name: string): PluginInfo | undefined {
    if (typeof name !== 'string') throw argumentError('a string', 'name', name);
    return getRegistered(name);
  },

  /** The names of all records, in the order of their making. */
  list(): string[] {
    return ownKeys(records) as string[];
  },

  /** Forgets all records. The plugins stay loaded. */
  clear(): void {
    records = bare();
  },
};

export { plugin };
