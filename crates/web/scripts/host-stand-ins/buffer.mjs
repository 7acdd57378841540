import { Buffer, isAscii, isUtf8 } from 'node:buffer';

const names = ['utf8', 'utf16le', 'latin1', 'ascii', 'base64', 'base64url', 'hex'];
const own = (bytes) =>
  ArrayBuffer.isView(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes);

export { isAscii, isUtf8 };
export const byteLength = (text) => Buffer.byteLength(text);
export const write = (encoding, text, target, start, end) =>
  own(target).write(text, start, Math.max(Math.min(end, target.byteLength) - start, 0), names[encoding]);
export const decode = (encoding, bytes, start, end) => own(bytes).toString(names[encoding], start, end);
export const compare = (a, aStart, aEnd, b, bStart, bEnd) =>
  Buffer.compare(own(a).subarray(aStart, aEnd), own(b).subarray(bStart, bEnd));
export const fill = (target, start, end, pattern) => void own(target).fill(Buffer.from(own(pattern)), start, end);
export const swap = (target, width) => void own(target)[`swap${width * 8}`]();
export const search = (haystack, needle, from, isForward, inUnits) =>
  own(haystack)[isForward ? 'indexOf' : 'lastIndexOf'](own(needle), from, inUnits ? 'ucs2' : 'latin1');
