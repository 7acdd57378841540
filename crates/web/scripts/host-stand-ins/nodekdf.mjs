// `host:nodekdf` over Node's own derivations.

import { createHash, hkdfSync, pbkdf2Sync, scryptSync } from 'node:crypto';

const exact = (buffer) => new Uint8Array(buffer).buffer;
const view = (source) => (ArrayBuffer.isView(source) ? source : new Uint8Array(source));
const soon = (isLater, run) => (isLater ? Promise.resolve().then(run) : run());

export function digestLength(digest) {
  try {
    return createHash(digest).digest().length;
  } catch {
    return undefined;
  }
}

export const isKeyed = (digest) => !/^shake/i.test(digest);

export const pbkdf2 = (password, salt, iterations, length, digest, isLater) =>
  soon(isLater, () => exact(pbkdf2Sync(view(password), view(salt), iterations, length, digest)));

export function checkCosts(N, r, p, maxmem) {
  if (N < 2 || (N & (N - 1)) !== 0 || p * r >= 2 ** 30 || (r < 4 && N >= 2 ** (16 * r))) return 'params';
  return 128 * r * (N + p + 2) > maxmem ? 'memory' : undefined;
}

export const scrypt = (password, salt, length, N, r, p, maxmem, isLater) =>
  soon(isLater, () => exact(scryptSync(view(password), view(salt), length, { N, r, p, maxmem })));

export const hkdf = (digest, key, salt, info, length) => hkdfSync(digest, view(key), view(salt), view(info), length);
