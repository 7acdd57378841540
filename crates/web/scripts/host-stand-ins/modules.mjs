// All that is ever loaded late, loaded before the tests run: some of it imports what loads it.

import { createRequire } from 'node:module';
import process from 'node:process';
import * as timersPromises from 'node:timers/promises';
import util from 'node:util';

const names = [
  'bridgeroutes',
  'fscp',
  'fsstreams',
  'fswatch',
  'inspect',
  'nodeinspect',
  'nodeformat',
  'lazystream',
  'nodecipher',
  'nodehash',
  'nodejwk',
  'nodekdf',
  'nodekey',
  'noderandom',
  'nodesign',
  'nodestream',
  'streams',
];
// These import what this is a part of: Node's own stand for them.
const exports = {
  'guest:blob': { Blob: globalThis.Blob, File: globalThis.File },
  'guest:crypto': { crypto: globalThis.crypto },
  'guest:console': { console: globalThis.console },
  'guest:encoding': { TextDecoder: globalThis.TextDecoder, TextEncoder: globalThis.TextEncoder },
  'guest:parseargs': util,
  'guest:process': { process },
  'guest:timers': globalThis,
  'guest:timerspromises': { timersPromises },
};

export async function loadAll() {
  for (const name of names) exports[`guest:${name}`] ??= await import(`guest:${name}`);
}

// What is only there by name: Node's own global.
export const load = (name) => exports[name] ?? globalThis;
export const require = createRequire(import.meta.url);
