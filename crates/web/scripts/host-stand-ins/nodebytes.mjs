// `host:nodebytes` over Node's Buffer.

import { timingSafeEqual } from 'node:crypto';

const view = (source) =>
  ArrayBuffer.isView(source) ? Buffer.from(source.buffer, source.byteOffset, source.byteLength) : Buffer.from(source);
const exact = (buffer) => new Uint8Array(buffer).buffer;

export const isEncoding = (name) => Buffer.isEncoding(name);
export const decode = (text, encoding) => exact(Buffer.from(text, isEncoding(encoding) ? encoding : 'utf8'));
export const encode = (bytes, encoding) => view(bytes).toString(isEncoding(encoding) ? encoding : 'utf8');
export const byteLength = (bytes) => bytes.byteLength;

export function encodePart(rest, bytes, encoding, isLast) {
  const all = Buffer.concat([...(rest ? [view(rest)] : []), view(bytes)]);
  const group = { base64: 3, base64url: 3, utf16le: 2, ucs2: 2, 'utf-16le': 2, 'ucs-2': 2 }[encoding] ?? 1;
  let complete = isLast ? all.length : all.length - (all.length % group);
  // A character that is not whole decodes to another one than it does with what follows.
  if (!isLast && /^utf-?8$/.test(encoding)) {
    const open = (count) => all.length >= count && Buffer.from('€').indexOf(all.subarray(-count)) === 0;
    complete -= [2, 1].find(open) ?? 0;
  }
  return [encode(all.subarray(0, complete), encoding), exact(all.subarray(complete))];
}

export const copy = (bytes) => exact(view(bytes));
export const isEqual = (a, b) => view(a).length === view(b).length && timingSafeEqual(view(a), view(b));
