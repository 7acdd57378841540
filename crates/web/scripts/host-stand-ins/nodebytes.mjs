// `host:nodebytes` over Node's Buffer.

import { timingSafeEqual } from 'node:crypto';

const view = (source) =>
  ArrayBuffer.isView(source) ? Buffer.from(source.buffer, source.byteOffset, source.byteLength) : Buffer.from(source);
const exact = (buffer) => new Uint8Array(buffer).buffer;

export const isEncoding = (name) => Buffer.isEncoding(name);
export const decode = (text, encoding) => exact(Buffer.from(text, isEncoding(encoding) ? encoding : 'utf8'));
export const encode = (bytes, encoding) => view(bytes).toString(isEncoding(encoding) ? encoding : 'utf8');
export const copy = (bytes) => exact(view(bytes));
export const isEqual = (a, b) => view(a).length === view(b).length && timingSafeEqual(view(a), view(b));
