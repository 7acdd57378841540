import { arrayBuffer } from './blob.mjs';

const stored = [];

const view = (source) =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);

export const copy = (source) => Uint8Array.from(view(source));
export const encode = (text) => new TextEncoder().encode(text);
export const decode = (source) => new TextDecoder().decode(source);
export const base64 = (source) => Buffer.from(view(source)).toString('base64');
export const storeBlob = (blob) => stored.push(arrayBuffer(blob));
export const boundary = () => `----hostbox${Math.random().toString(36).slice(2)}`;

const escape = (text) => text.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
const unescape = (text) => text.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%22', '"');
const lines = (text) => text.replaceAll(/\r\n?|\n/g, '\r\n');

export async function multipart(plan, mark) {
  let body = '';
  for (const { name, kind, value, dataB64, bufferId, filename, contentType } of JSON.parse(plan).entries) {
    body += `--${mark}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`;
    if (kind === 'text') body += `\r\n\r\n${Buffer.from(lines(value)).toString('latin1')}\r\n`;
    else {
      body += `; filename="${escape(filename)}"\r\nContent-Type: ${contentType || 'application/octet-stream'}`;
      const data = bufferId ? Buffer.from(await stored[bufferId - 1]) : Buffer.from(dataB64, 'base64');
      body += `\r\n\r\n${data.toString('latin1')}\r\n`;
    }
  }
  return copy(Buffer.from(`${body}--${mark}--\r\n`, 'latin1')).buffer;
}

export function parseMultipart(bytes, mark) {
  const body = Buffer.from(bytes).toString('latin1');
  if (!body.startsWith(`--${mark}`) || !body.includes(`--${mark}--`)) return undefined;
  const utf8 = (text) => Buffer.from(text, 'latin1').toString();
  const parts = [];
  for (const part of `\r\n${body}`.split(`\r\n--${mark}`).slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n');
    const name = /; name="([^"]*)"/.exec(part);
    if (end < 0 || name === null) return undefined;
    const filename = /; filename="([^"]*)"/.exec(part);
    const type = /content-type: (.*)/i.exec(part.slice(0, end))?.[1] ?? 'text/plain';
    const content = part.slice(end + 4);
    if (filename === null) parts.push(unescape(utf8(name[1])), utf8(content), undefined, undefined, undefined);
    else {
      const file = copy(Buffer.from(content, 'latin1'));
      parts.push(unescape(utf8(name[1])), undefined, unescape(utf8(filename[1])), type, file);
    }
  }
  return parts;
}

// Bodies from the network are for sandboxes alone.
export const [collect, collectText, takeStored, storedId, cloneStored] = [];
