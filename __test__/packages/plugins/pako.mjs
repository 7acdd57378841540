import { deflateRaw, gzip, inflate, inflateRaw, ungzip } from 'pako';

export function there(bytes) {
  const raw = inflateRaw(deflateRaw(bytes));
  return { gzip: ungzip(gzip(bytes)), raw, smaller: gzip(bytes).length < bytes.length };
}

export function wrong() {
  try {
    return inflate(new Uint8Array([1, 2, 3, 4]));
  } catch (error) {
    return String(error);
  }
}
