import { closeSink, newPipe, write } from 'host:streams';

class Bytes {
  constructor(buffer) {
    this.buffer = buffer;
  }
}

function toBuffer(part, nativeEndings) {
  if (part instanceof Bytes) return part.buffer;
  if (typeof part === 'string') return Buffer.from(nativeEndings ? part.replace(/\r\n?/g, '\n') : part);
  return ArrayBuffer.isView(part) ? Buffer.from(part.buffer, part.byteOffset, part.byteLength) : Buffer.from(part);
}

export const create = (parts, nativeEndings) =>
  new Bytes(Buffer.concat(parts.map((part) => toBuffer(part, nativeEndings))));
export const slice = ({ buffer }, start, end) => new Bytes(buffer.subarray(start, end));
export const size = ({ buffer }) => buffer.length;
export const text = async ({ buffer }) => new TextDecoder().decode(buffer);
export const arrayBuffer = async ({ buffer }) => new Uint8Array(buffer).buffer;

/** As the stand-in of `host:streams` has it: a pipe that somebody writes to. */
export function source({ buffer }) {
  const [sink, handle] = newPipe();
  const feed = async () => {
    for (let at = 0; at < buffer.length; at += 65_536) await write(sink, buffer.subarray(at, at + 65_536));
    await closeSink(sink);
  };
  feed().catch(() => {});
  return handle;
}
