// inspectlayout: text in quotes, and items on lines and in columns, as Node lays them out.

import { uncurry } from 'guest:webidl';

const { floor, max, min, round, sqrt } = Math;

const charCodeAt = uncurry(String.prototype.charCodeAt);
const includes = uncurry(String.prototype.includes as (part: string) => boolean);
const indexOf = uncurry(String.prototype.indexOf as (part: string, from: number) => number);
const join = uncurry(Array.prototype.join as (between: string) => string);
const padEnd = uncurry(String.prototype.padEnd as (length: number) => string);
const padStart = uncurry(String.prototype.padStart as (length: number, fill?: string) => string);
const repeat = uncurry(String.prototype.repeat);
const slice = uncurry(String.prototype.slice);
const toHex = uncurry(Number.prototype.toString as (radix: number) => string);

/** Longer strings are cut. */
export const MAX_STRING = 10_000;
/** Items of one list that are shown. */
export const MAX_ITEMS = 100;
const BREAK_LENGTH = 80;
const COMPACT = 3;

export interface Walk {
  readonly depth: number;
  /** Objects that the walk is inside of. */
  readonly seen: object[];
  /** Objects that were met inside themselves: their place is their reference number less one. */
  readonly circular: object[];
  indentation: number;
  deepest: number;
  /** Characters left. */
  budget: number;
}

/** How a kind of object is shown: `base open items, properties close`. */
export interface Shape {
  readonly base: string;
  readonly open: string;
  readonly close: string;
  readonly items: () => string[];
  readonly keys: readonly PropertyKey[];
  readonly isList: boolean;
  /** Without properties there is nothing to go into, at whatever depth. */
  readonly isHollow: boolean;
  /** Whether all items are numbers, which stand flush right. */
  readonly numeric: boolean;
}

export function quoted(walk: Walk, text: string): string {
  const shown = text.length > MAX_STRING ? slice(text, 0, MAX_STRING) : text;
  const rest = text.length - shown.length;
  const note = rest === 0 ? '' : `... ${rest} more character${rest === 1 ? '' : 's'}`;
  const room = BREAK_LENGTH - walk.indentation - 4;
  if (shown.length <= 16 || shown.length <= room || !includes(shown, '\n')) return quote(shown) + note;
  const lines: string[] = [];
  for (let from = 0; from < shown.length;) {
    const end = indexOf(shown, '\n', from);
    const to = end === -1 ? shown.length : end + 1;
    lines[lines.length] = quote(slice(shown, from, to));
    from = to;
  }
  return join(lines, ` +\n${repeat(' ', walk.indentation + 2)}`) + note;
}

export function quote(text: string): string {
  if (!includes(text, "'")) return escaped(text, "'");
  if (!includes(text, '"')) return escaped(text, '"');
  return escaped(text, includes(text, '`') || includes(text, '${') ? "'" : '`');
}

const SHORT_ESCAPES: { readonly [code: number]: string | undefined } = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  92: '\\\\',
};

function escaped(text: string, mark: string): string {
  let result = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = charCodeAt(text, i) as number;
    let escape: string | undefined;
    if (text[i] === mark) escape = `\\${mark}`;
    else if (code < 32 || code === 92 || (code >= 127 && code <= 159))
      escape = SHORT_ESCAPES[code] ?? `\\x${upperHex(code, 2)}`;
    else if (code >= 0xd800 && code <= 0xdfff) {
      const pair = code < 0xdc00 && i + 1 < text.length ? (charCodeAt(text, i + 1) as number) : 0;
      if (pair >= 0xdc00 && pair <= 0xdfff) i++;
      else escape = `\\u${upperHex(code, 4)}`;
    }
    if (escape === undefined) continue;
    result += slice(text, from, i) + escape;
    from = i + 1;
  }
  return mark + (from === 0 ? text : result + slice(text, from)) + mark;
}

const upperCase = uncurry(String.prototype.toUpperCase);

function upperHex(code: number, digits: number): string {
  return upperCase(padStart(toHex(code, 16), digits, '0'));
}

export function lay(
  walk: Walk,
  items: string[],
  base: string,
  open: string,
  close: string,
  shape: Shape,
  level: number,
): string {
  const lead = base === '' ? '' : `${base} `;
  const entries = shape.isList && items.length > 6 ? grouped(walk, items, shape) : items;
  if (walk.deepest - level < COMPACT && entries === items) {
    let total = items.length + walk.indentation + open.length + base.length + 10 + items.length;
    for (let i = 0; i < items.length && total <= BREAK_LENGTH; i++) total += items[i]!.length;
    const joined = total <= BREAK_LENGTH && !includes(base, '\n') ? join(items, ', ') : '\n';
    if (!includes(joined, '\n')) return `${lead}${open} ${joined} ${close}`;
  }
  const margin = `\n${repeat(' ', walk.indentation)}`;
  return `${lead}${open}${margin}  ${join(entries, `,${margin}  `)}${margin}${close}`;
}

/** Items of a long list in columns. The last one may be the note of how many more there are. */
function grouped(walk: Walk, items: string[], shape: Shape): string[] {
  const hasNote = items.length > MAX_ITEMS;
  const count = hasNote ? items.length - 1 : items.length;
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    total += items[i]!.length + 2;
    longest = max(longest, items[i]!.length);
  }
  const widest = longest + 2;
  if (widest * 3 + walk.indentation >= BREAK_LENGTH || !(total / widest > 5 || longest <= 6)) return items;
  const biased = max(widest - 3 - sqrt(widest - total / items.length), 1);
  const columns = min(
    round(sqrt(2.5 * biased * count) / biased),
    floor((BREAK_LENGTH - walk.indentation) / widest),
    COMPACT * 4,
    15,
  );
  if (columns <= 1) return items;
  const widths: number[] = [];
  for (let i = 0; i < columns; i++) {
    let width = 0;
    for (let j = i; j < count; j += columns) width = max(width, items[j]!.length);
    widths[i] = width + 2;
  }
  const rows: string[] = [];
  for (let i = 0; i < count; i += columns) {
    const end = min(i + columns, count);
    let row = '';
    for (let j = i; j < end; j++) {
      const isLast = j === end - 1;
      if (shape.numeric)
        row += isLast ? padStart(items[j], widths[j - i]! - 2) : padStart(`${items[j]}, `, widths[j - i]!);
      else row += isLast ? items[j] : padEnd(`${items[j]}, `, widths[j - i]!);
    }
    rows[rows.length] = row;
  }
  if (hasNote) rows[rows.length] = items[count]!;
  return rows;
}
