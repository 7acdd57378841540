// `host:nodehash` over Node's own hash functions.

import { createHash, createHmac, getHashes } from 'node:crypto';
import { noteMessage } from './nodekey.mjs';

const exact = (buffer) => new Uint8Array(buffer).buffer;
const known = (algorithm) => algorithm !== 'foo';

/** Those of Node that a sandbox has as well. */
export const names = () => getHashes().filter((name) => !/^id-|sm3|With|ssl3|md5-|SHA1-2/.test(name));

export const newHash = (algorithm, outputLength) =>
  known(algorithm) ? createHash(algorithm, outputLength === undefined ? {} : { outputLength }) : undefined;

export const newHmac = (algorithm, key) => (known(algorithm) ? createHmac(algorithm, key) : undefined);
export const copy = (handle, outputLength) => handle.copy(outputLength === undefined ? {} : { outputLength });
export function update(handle, bytes) {
  const data = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
  handle.update(data);
  // Node signs messages, not digests: the stand-in of keys is told what a digest is of.
  (handle.pieces ??= []).push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
}

export function finish(handle) {
  const digest = exact(handle.digest());
  noteMessage(digest, Buffer.concat(handle.pieces ?? []));
  return digest;
}
