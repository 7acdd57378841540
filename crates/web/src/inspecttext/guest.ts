// The parts of `util.inspect` that know no objects: primitive values as text, and texts as lines and columns.

import { uncurry } from 'guest:webidl';
import { widthOf, withoutColors, type Stylize } from 'guest:inspectstyles';

const { is } = Object;
const { floor, max, min, round, sqrt } = Math;
const symbolText = uncurry(Symbol.prototype.toString);

export interface InspectOptions {
  showHidden?: boolean;
  depth?: number | null;
  colors?: boolean;
  customInspect?: boolean;
  showProxy?: boolean;
  maxArrayLength?: number | null;
  maxStringLength?: number | null;
  breakLength?: number;
  compact?: boolean | number;
  sorted?: boolean | ((a: string, b: string) => number);
  getters?: boolean | 'get' | 'set';
  numericSeparator?: boolean;
}

/** One inspection: its options, and where it is. */
export interface Context extends Required<Omit<InspectOptions, 'maxArrayLength' | 'maxStringLength'>> {
  maxArrayLength: number;
  maxStringLength: number;
  stylize: Stylize;
  userOptions: InspectOptions | undefined;
  seen: object[];
  circular: Map<object, number> | undefined;
  indentation: number;
  currentDepth: number;
}

/** `list` is laid out in columns where it is long. */
export type Kind = 'object' | 'list';

export const plural = (count: number): string => (count === 1 ? '' : 's');

// ── primitives ────────────────────────────────────────────────────────────────────────────────────────────────────────

function formatPrimitive(stylize: Stylize, value: unknown, context: Context): string {
  switch (typeof value) {
    case 'string':
      return formatString(stylize, value, context);
    case 'number':
      return formatNumber(stylize, value, context.numericSeparator);
    case 'bigint':
      return stylize(`${context.numericSeparator ? grouped(`${value}`) : value}n`, 'bigint');
    case 'symbol':
      return stylize(symbolText(value), 'symbol');
    case 'boolean':
      return stylize(`${value}`, 'boolean');
    case 'undefined':
      return stylize('undefined', 'undefined');
    default:
      return stylize('null', 'null');
  }
}

function formatString(stylize: Stylize, given: string, context: Context): string {
  let value = given;
  let note = '';
  if (value.length > context.maxStringLength) {
    const rest = value.length - context.maxStringLength;
    value = value.slice(0, context.maxStringLength);
    note = `... ${rest} more character${plural(rest)}`;
  }
  if (
    context.compact !== true &&
    value.length > 16 &&
    value.length > context.breakLength - context.indentation - 4 &&
    value.includes('\n')
  ) {
    const lines = value.split(/(?<=\n)/);
    const shown = lines.map((line) => stylize(quote(line), 'string'));
    return shown.join(` +\n${' '.repeat(context.indentation + 2)}`) + note;
  }
  return stylize(quote(value), 'string') + note;
}

export function formatNumber(stylize: Stylize, value: number, separate: boolean): string {
  if (is(value, -0)) return stylize('-0', 'number');
  if (!separate) return stylize(`${value}`, 'number');
  const text = `${value}`;
  const [whole = '', fraction] = text.split('.');
  if (text.includes('e') || !Number.isFinite(value)) return stylize(text, 'number');
  if (fraction === undefined) return stylize(grouped(whole), 'number');
  const parts = fraction.match(/.{1,3}/g) ?? [];
  return stylize(`${grouped(whole)}.${parts.join('_')}`, 'number');
}

function grouped(digits: string): string {
  const sign = digits[0] === '-' ? '-' : '';
  let text = '';
  let end = digits.length;
  for (; end - 3 > sign.length; end -= 3) text = `_${digits.slice(end - 3, end)}${text}`;
  return `${digits.slice(0, end)}${text}`;
}

const SHORT_ESCAPES: Record<string, string> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '\\': '\\\\',
};

/** A text in the quotes that it does not have itself, if there are any. */
function quote(text: string): string {
  let mark = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) mark = '"';
    else if (!text.includes('`') && !text.includes('${')) mark = '`';
  }
  const escaped = text.replace(
    // eslint-disable-next-line no-control-regex
    /[\0-\x1f'\\\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (unit) => {
      if (unit === "'") return mark === "'" ? "\\'" : unit;
      return escapeUnit(unit);
    },
  );
  return mark + escaped + mark;
}

function escapeUnit(unit: string): string {
  const short = SHORT_ESCAPES[unit];
  if (short !== undefined) return short;
  const code = unit.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}` : `\\u${code.toString(16)}`;
}

function escapeControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(
    /[\0-\x1f'\\\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (unit) => (unit === "'" ? "\\'" : escapeUnit(unit)),
  );
}

// ── layout ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function lay(
  context: Context,
  given: string[],
  base: string,
  braces: readonly [string, string],
  kind: Kind,
  level: number,
  value: unknown,
): string {
  let output = given;
  const lead = base === '' ? '' : `${base} `;
  const indentation = `\n${' '.repeat(context.indentation)}`;
  if (context.compact !== true) {
    if (typeof context.compact === 'number' && context.compact >= 1) {
      const entries = output.length;
      if (kind === 'list' && entries > 6) output = grouping(context, output, value);
      if (context.currentDepth - level < context.compact && entries === output.length) {
        const start = output.length + context.indentation + braces[0].length + base.length + 10;
        if (fits(context, output, start, base)) {
          const joined = output.join(', ');
          if (!joined.includes('\n')) return `${lead}${braces[0]} ${joined} ${braces[1]}`;
        }
      }
    }
    return `${lead}${braces[0]}${indentation}  ${output.join(`,${indentation}  `)}${indentation}${braces[1]}`;
  }
  if (fits(context, output, 0, base)) {
    return `${braces[0]}${base === '' ? '' : ` ${base}`} ${output.join(', ')} ${braces[1]}`;
  }
  const line =
    base === '' && braces[0].length === 1 ? ' ' : `${base === '' ? '' : ` ${base}`}\n${indentation.slice(1)}  `;
  return `${braces[0]}${line}${output.join(`,${indentation}  `)} ${braces[1]}`;
}

function fits(context: Context, output: readonly string[], start: number, base: string): boolean {
  let total = output.length + start;
  if (total + output.length > context.breakLength) return false;
  for (let i = 0; i < output.length; i++) {
    total += (context.colors ? withoutColors(output[i]!) : output[i]!).length;
    if (total > context.breakLength) return false;
  }
  return base === '' || !base.includes('\n');
}

/** Items of a long list in columns. */
function grouping(context: Context, output: string[], value: unknown): string[] {
  const hasNote = context.maxArrayLength < output.length;
  const count = hasNote ? output.length - 1 : output.length;
  const widths: number[] = [];
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const width = widthOf(output[i]!, context.colors);
    widths[i] = width;
    total += width + 2;
    longest = max(longest, width);
  }
  const widest = longest + 2;
  if (widest * 3 + context.indentation >= context.breakLength || !(total / widest > 5 || longest <= 6)) {
    return output;
  }
  const bias = sqrt(widest - total / output.length);
  const biased = max(widest - 3 - bias, 1);
  const columns = min(
    round(sqrt(2.5 * biased * count) / biased),
    floor((context.breakLength - context.indentation) / widest),
    (context.compact as number) * 4,
    15,
  );
  if (columns <= 1) return output;
  const columnWidths: number[] = [];
  for (let i = 0; i < columns; i++) {
    let width = 0;
    for (let j = i; j < count; j += columns) width = max(width, widths[j]!);
    columnWidths[i] = width + 2;
  }
  let flushRight = value !== undefined;
  if (flushRight) {
    for (let i = 0; i < output.length; i++) {
      const type = typeof (value as unknown[])[i];
      if (type !== 'number' && type !== 'bigint') {
        flushRight = false;
        break;
      }
    }
  } else flushRight = true;
  const rows: string[] = [];
  for (let i = 0; i < count; i += columns) {
    const end = min(i + columns, count);
    let row = '';
    let j = i;
    for (; j < end - 1; j++) {
      const cell = `${output[j]}, `;
      const padding = columnWidths[j - i]! + output[j]!.length - widths[j]!;
      row += flushRight ? cell.padStart(padding) : cell.padEnd(padding);
    }
    row += flushRight ? output[j]!.padStart(columnWidths[j - i]! + output[j]!.length - widths[j]! - 2) : output[j]!;
    rows.push(row);
  }
  if (hasNote) rows.push(output[count]!);
  return rows;
}

export { escapeControls, escapeUnit, formatPrimitive, lay, quote };
