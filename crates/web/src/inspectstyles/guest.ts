// Colours of terminals for what `util.inspect` shows, and how wide text is on one.

import { descriptor } from 'guest:webidl';
import { invalidArgType } from 'guest:nodeerrors';

const { defineProperty } = Reflect;
const { isArray } = Array;
const { assign, keys: keysOf } = Object;
const { stringify } = JSON;

export type Style = keyof typeof STYLES;
export type Stylize = (text: string, style: Style) => string;

const STYLES = {
  special: 'cyan',
  number: 'yellow',
  bigint: 'yellow',
  boolean: 'yellow',
  undefined: 'grey',
  null: 'bold',
  string: 'green',
  symbol: 'green',
  date: 'magenta',
  regexp: 'red',
  module: 'underline',
  name: '',
} as Record<
  | 'special'
  | 'number'
  | 'bigint'
  | 'boolean'
  | 'undefined'
  | 'null'
  | 'string'
  | 'symbol'
  | 'date'
  | 'regexp'
  | 'module'
  | 'name',
  string
>;

/** Escape sequences of terminals: on and off. */
const COLORS: Record<string, [on: number, off: number]> = {
  reset: [0, 0],
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  underline: [4, 24],
  blink: [5, 25],
  inverse: [7, 27],
  hidden: [8, 28],
  strikethrough: [9, 29],
  doubleunderline: [21, 24],
  framed: [51, 54],
  overlined: [53, 55],
  gray: [90, 39],
  bgGray: [100, 49],
};
{
  const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const upper = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    COLORS[name] = [30 + i, 39];
    COLORS[`bg${upper}`] = [40 + i, 49];
    if (i === 0) continue;
    COLORS[`${name}Bright`] = [90 + i, 39];
    COLORS[`bg${upper}Bright`] = [100 + i, 49];
  }
  const aliases = {
    grey: 'gray',
    blackBright: 'gray',
    bgGrey: 'bgGray',
    bgBlackBright: 'bgGray',
    faint: 'dim',
    crossedout: 'strikethrough',
    strikeThrough: 'strikethrough',
    crossedOut: 'strikethrough',
    conceal: 'hidden',
    swapColors: 'inverse',
    swapcolors: 'inverse',
    doubleUnderline: 'doubleunderline',
  } as Record<string, string>;
  for (const alias in aliases) {
    const target = aliases[alias]!;
    defineProperty(
      COLORS,
      alias,
      descriptor({
        get: () => COLORS[target],
        set: (value) => void (COLORS[target] = value),
        configurable: true,
        enumerable: false,
      }),
    );
  }
}

const plain: Stylize = (text) => text;
const colored: Stylize = (text, style) => {
  const color = COLORS[STYLES[style]];
  return color === undefined ? text : `\u001b[${color[0]}m${text}\u001b[${color[1]}m`;
};

/** The columns of a text on a terminal. */
function widthOf(text: string, hasColors: boolean): number {
  const plain = hasColors ? withoutColors(text) : text;
  return /^[ -~]*$/.test(plain) ? plain.length : columnsOf(plain);
}

/** Ranges of characters that take two columns: East Asian wide ones and pictures. */
const WIDE = [
  ...[0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3, 0x25fd, 0x25fe],
  ...[0x2614, 0x2615, 0x2648, 0x2653, 0x267f, 0x267f, 0x2693, 0x2693, 0x26a1, 0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be],
  ...[0x26c4, 0x26c5, 0x26ce, 0x26ce, 0x26d4, 0x26d4, 0x26ea, 0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa],
  ...[0x26fd, 0x26fd, 0x2705, 0x2705, 0x270a, 0x270b, 0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755],
  ...[0x2757, 0x2757, 0x2795, 0x2797, 0x27b0, 0x27b0, 0x27bf, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55],
  ...[0x2e80, 0x303e, 0x3041, 0x4dbf, 0x4e00, 0xa4cf, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19],
  ...[0xfe30, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18cff, 0x1b000, 0x1b2fb, 0x1f004, 0x1f004],
  ...[0x1f0cf, 0x1f0cf, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f200, 0x1f320, 0x1f32d, 0x1f335, 0x1f337, 0x1f37c],
  ...[0x1f37e, 0x1f393, 0x1f3a0, 0x1f3ca, 0x1f3cf, 0x1f3d3, 0x1f3e0, 0x1f3f0, 0x1f3f4, 0x1f3f4, 0x1f3f8, 0x1f43e],
  ...[0x1f440, 0x1f440, 0x1f442, 0x1f4fc, 0x1f4ff, 0x1f53d, 0x1f54b, 0x1f54e, 0x1f550, 0x1f567, 0x1f57a, 0x1f57a],
  ...[0x1f595, 0x1f596, 0x1f5a4, 0x1f5a4, 0x1f5fb, 0x1f64f, 0x1f680, 0x1f6c5, 0x1f6cc, 0x1f6cc, 0x1f6d0, 0x1f6d2],
  ...[0x1f6d5, 0x1f6d7, 0x1f6dc, 0x1f6df, 0x1f6eb, 0x1f6ec, 0x1f6f4, 0x1f6fc, 0x1f7e0, 0x1f7eb, 0x1f7f0, 0x1f7f0],
  ...[0x1f90c, 0x1f93a, 0x1f93c, 0x1f945, 0x1f947, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd],
];

function isWide(point: number): boolean {
  for (let i = 0; i < WIDE.length && point >= WIDE[i]!; i += 2) if (point <= WIDE[i + 1]!) return true;
  return false;
}

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    // The soft hyphen is shown.
    if (point === 0xad || !/^[\p{Cc}\p{Cf}\p{Me}\p{Mn}]$/u.test(character)) columns += isWide(point) ? 2 : 1;
  }
  return columns;
}

function withoutColors(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[\d\d?m/g, '');
}

interface StyleOptions {
  validateStream?: boolean;
  stream?: { isTTY?: boolean };
}

/** Text in the colours and forms of a terminal, where the stream is one; the sandbox's own never are. */
export function styleText(style: string | readonly string[], text: string, options: StyleOptions = {}): string {
  const { validateStream = true, stream } = options;
  if (typeof text !== 'string') throw invalidArgType('text', 'of type string', text);
  let result = text;
  for (const name of isArray(style) ? [...style].reverse() : [style]) {
    const color = COLORS[name as string];
    if (color === undefined) {
      const known = keysOf(COLORS).map((known) => `'${known}'`);
      const reason = `must be one of: ${known.join(', ')}`;
      const error = new TypeError(`The argument 'format' ${reason}. Received ${stringify(name)?.replaceAll('"', "'")}`);
      throw assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
    }
    if (!validateStream || stream?.isTTY) result = `\u001b[${color[0]}m${result}\u001b[${color[1]}m`;
  }
  return result;
}

export { COLORS, STYLES, colored, plain, widthOf, withoutColors };
