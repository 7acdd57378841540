// querystring: names and values in the query of a URL, as Node has read and written them since before URLSearchParams.

import { coded } from 'guest:nodeerrors';
import { Buffer } from 'guest:buffer';

const { isArray } = Array;
const { isFinite } = Number;
const encodeComponent = encodeURIComponent;
const decodeComponent = decodeURIComponent;

type Query = Record<string, string | string[]>;

/** Bytes of a text with percent escapes; of what is no escape the low byte of each unit. */
function unescapeBuffer(text: string, decodeSpaces = false): Uint8Array {
  const bytes: number[] = [];
  const digit = (unit: string | undefined): number => (unit === undefined ? NaN : parseInt(unit, 16));
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    const high = byte === 37 ? digit(text[i + 1]) : NaN;
    const low = byte === 37 ? digit(text[i + 2]) : NaN;
    if (high === high && low === low) {
      bytes.push(high * 16 + low);
      i += 2;
    } else bytes.push(decodeSpaces && byte === 43 ? 32 : byte);
  }
  return Buffer.from(bytes);
}

function unescape(text: string, decodeSpaces?: boolean): string {
  try {
    return decodeComponent(text);
  } catch {
    return querystring.unescapeBuffer(text, decodeSpaces).toString();
  }
}

function escape(given: unknown): string {
  let text: string;
  if (typeof given === 'string') text = given;
  else text = typeof given === 'object' ? String(given) : `${given as string}`;
  try {
    return encodeComponent(text);
  } catch {
    return escapeUnits(text);
  }
}

/** As Node does it where surrogates stand alone: what follows a first one is taken for its second, and a last one is refused. */
function escapeUnits(text: string): string {
  let escaped = '';
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) {
      escaped += encodeComponent(text[i]!);
      continue;
    }
    if (++i >= text.length) throw coded(URIError, 'ERR_INVALID_URI', 'URI malformed');
    const point = 0x10000 + (((unit & 0x3ff) << 10) | (text.charCodeAt(i) & 0x3ff));
    escaped += encodeComponent(String.fromCodePoint(point));
  }
  return escaped;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return isFinite(value) ? `${value}` : '';
  return typeof value === 'bigint' || typeof value === 'boolean' ? `${value}` : '';
}

function stringify(
  object: unknown,
  separator?: string,
  equals?: string,
  options?: { encodeURIComponent?: (text: string) => string },
): string {
  if (object === null || typeof object !== 'object') return '';
  const between = separator || '&';
  const is = equals || '=';
  const encode = typeof options?.encodeURIComponent === 'function' ? options.encodeURIComponent : querystring.escape;
  const pairs: string[] = [];
  for (const name of Object.keys(object)) {
    const value = (object as Record<string, unknown>)[name];
    const start = `${encode(name)}${is}`;
    if (isArray(value)) for (let i = 0; i < value.length; i++) pairs.push(start + encode(valueText(value[i])));
    else pairs.push(start + encode(valueText(value)));
  }
  return pairs.join(between);
}

function parse(
  text: unknown,
  separator?: string,
  equals?: string,
  options?: { maxKeys?: number; decodeURIComponent?: (text: string) => string },
): Query {
  const result = { __proto__: null } as unknown as Query;
  if (typeof text !== 'string' || text === '') return result;
  const between = separator ? `${separator}` : '&';
  const is = equals ? `${equals}` : '=';
  const most = typeof options?.maxKeys === 'number' ? options.maxKeys : 1000;
  const own = options?.decodeURIComponent;
  const custom = typeof own === 'function' ? own : querystring.unescape === unescape ? undefined : querystring.unescape;
  const decode = (part: string): string => {
    const plain = part.replaceAll('+', custom === undefined ? ' ' : '%20');
    if (custom === undefined) return /%[0-9a-f]{2}/i.test(part) ? unescape(plain) : plain;
    try {
      return custom(plain);
    } catch {
      return unescape(plain, true);
    }
  };
  let count = 0;
  for (const pair of text.split(between)) {
    if (most > 0 && count++ >= most) break;
    if (pair === '') continue;
    const at = pair.indexOf(is);
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : decode(pair.slice(at + is.length));
    const present = result[name];
    if (present === undefined) result[name] = value;
    else if (isArray(present)) present.push(value);
    else result[name] = [present, value];
  }
  return result;
}

/** What `require('querystring')` gives. */
const querystring = {
  unescapeBuffer,
  unescape,
  escape,
  stringify,
  encode: stringify,
  parse,
  decode: parse,
};

export { querystring };
