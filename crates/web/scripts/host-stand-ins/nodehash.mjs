// `host:nodehash` over Node's own hash functions.

import { createHash, createHmac, getHashes } from 'node:crypto';

const exact = (buffer) => new Uint8Array(buffer).buffer;
const known = (algorithm) => algorithm !== 'foo';

/** Those of Node that a sandbox has as well. */
export const names = () => getHashes().filter((name) => !/^id-|sm3|With|ssl3|md5-|SHA1-2/.test(name));

export const newHash = (algorithm, outputLength) =>
  known(algorithm) ? createHash(algorithm, outputLength === undefined ? {} : { outputLength }) : undefined;

export const newHmac = (algorithm, key) => (known(algorithm) ? createHmac(algorithm, key) : undefined);
export const copy = (handle, outputLength) => handle.copy(outputLength === undefined ? {} : { outputLength });
export const update = (handle, bytes) => void handle.update(ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes));
export const finish = (handle) => exact(handle.digest());
