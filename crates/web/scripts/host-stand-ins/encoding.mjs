const encoder = new TextEncoder();

export const encode = (text) => new Uint8Array(Array.from(encoder.encode(text)));

export function encodeInto(text, target) {
  const { read, written } = encoder.encodeInto(text, target);
  return [read, written];
}

export function label(name) {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined;
  }
}

export const decodeOnce = (encoding, bytes, fatal, ignoreBOM) =>
  new TextDecoder(encoding, { fatal, ignoreBOM }).decode(bytes);
export const newDecoder = (encoding, fatal, ignoreBOM) => new TextDecoder(encoding, { fatal, ignoreBOM });
export const decodeChunk = (decoder, bytes, stream) => decoder.decode(bytes, { stream });
