import * as zlib from 'node:zlib';

/** One member alone; the header is the short one that compressors write. */
function gunzip(input, options) {
  const { engine } = zlib.inflateRawSync(input.subarray(10), options);
  if (10 + engine.bytesWritten + 8 < input.length) throw new Error('the input goes on behind the end');
  return zlib.gunzipSync(input, options);
}

const makers = {
  brotli: [zlib.brotliCompressSync, zlib.brotliDecompressSync],
  deflate: [zlib.deflateSync, zlib.inflateSync],
  'deflate-raw': [zlib.deflateRawSync, zlib.inflateRawSync],
  gzip: [zlib.gzipSync, gunzip],
};

/** All at once, when the last piece is there. */
export const newCodec = (format, decompress) => ({ work: makers[format][decompress ? 1 : 0], pieces: [] });

export async function run(codec, bytes, last) {
  if (bytes !== undefined) {
    const view = ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
    codec.pieces.push(Uint8Array.from(view));
  }
  if (!last) return [undefined, false];
  try {
    const input = Buffer.concat(codec.pieces);
    const { buffer, engine } = codec.work(input, { info: true });
    if (engine.bytesWritten < input.length) throw new Error('the input goes on behind the end');
    return [buffer.length === 0 ? undefined : Uint8Array.from(buffer), false];
  } catch (error) {
    throw new TypeError(error.message);
  }
}
