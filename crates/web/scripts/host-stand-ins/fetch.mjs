import { createHash } from 'node:crypto';

// The network is for sandboxes alone.
export const [open, cancel, send] = [];

export function parseDataUrl(url) {
  const [, type, base64, data] = /^data:([^,;]*)(;base64)?,(.*)$/.exec(url) ?? [];
  if (data === undefined) return undefined;
  const text = decodeURIComponent(data);
  return [type || 'text/plain;charset=US-ASCII', Uint8Array.from(Buffer.from(text, base64 ? 'base64' : 'utf8'))];
}

export function parseRange(text, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(text) ?? [];
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  return start < end ? [start, end] : undefined;
}

export function matches(bytes, integrity) {
  const [algorithm, expected] = integrity.split(/-(.*)/);
  return createHash(algorithm).update(bytes).digest('base64') === expected;
}
