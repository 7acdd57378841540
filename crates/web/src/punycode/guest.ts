// punycode: names of hosts in ASCII and back. Specification: RFC 3492.

const { floor } = Math;
const { fromCharCode, fromCodePoint } = String;

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const MAX_INTEGER = 2147483647;
const SEPARATORS = /[\x2E\u3002\uFF0E\uFF61]/g;

function fail(kind: 'overflow' | 'not-basic' | 'invalid-input'): never {
  const messages = {
    overflow: 'Overflow: input needs wider integers to process',
    'not-basic': 'Illegal input >= 0x80 (not a basic code point)',
    'invalid-input': 'Invalid input',
  };
  throw new RangeError(messages[kind]);
}

function adapt(given: number, points: number, isFirst: boolean): number {
  let delta = isFirst ? floor(given / DAMP) : given >> 1;
  delta += floor(delta / points);
  let k = 0;
  for (; delta > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) delta = floor(delta / (BASE - T_MIN));
  return floor(k + ((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}

const threshold = (k: number, bias: number): number => (k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias);

function digitOf(code: number): number {
  if (code >= 48 && code < 58) return 26 + code - 48;
  if (code >= 65 && code < 91) return code - 65;
  return code >= 97 && code < 123 ? code - 97 : BASE;
}

const letterOf = (digit: number): string => fromCharCode(digit + (digit < 26 ? 97 : 22));

function decode(input: string): string {
  const output: number[] = [];
  const basic = Math.max(input.lastIndexOf('-'), 0);
  for (let i = 0; i < basic; i++) {
    const code = input.charCodeAt(i);
    if (code >= 0x80) fail('not-basic');
    output.push(code);
  }
  let point = 128;
  let bias = 72;
  let place = 0;
  for (let at = basic > 0 ? basic + 1 : 0; at < input.length;) {
    const before = place;
    for (let weight = 1, k = BASE; ; k += BASE) {
      if (at >= input.length) fail('invalid-input');
      const digit = digitOf(input.charCodeAt(at++));
      if (digit >= BASE) fail('invalid-input');
      if (digit > floor((MAX_INTEGER - place) / weight)) fail('overflow');
      place += digit * weight;
      const t = threshold(k, bias);
      if (digit < t) break;
      if (weight > floor(MAX_INTEGER / (BASE - t))) fail('overflow');
      weight *= BASE - t;
    }
    const count = output.length + 1;
    bias = adapt(place - before, count, before === 0);
    if (floor(place / count) > MAX_INTEGER - point) fail('overflow');
    point += floor(place / count);
    place %= count;
    output.splice(place++, 0, point);
  }
  return fromCodePoint(...output);
}

function encode(text: string): string {
  const input = ucs2decode(text);
  let output = '';
  for (const point of input) if (point < 0x80) output += fromCharCode(point);
  const basic = output.length;
  let handled = basic;
  if (basic > 0) output += '-';
  let point = 128;
  let delta = 0;
  let bias = 72;
  while (handled < input.length) {
    let next = MAX_INTEGER;
    for (const other of input) if (other >= point && other < next) next = other;
    if (next - point > floor((MAX_INTEGER - delta) / (handled + 1))) fail('overflow');
    delta += (next - point) * (handled + 1);
    point = next;
    for (const other of input) {
      if (other < point && ++delta > MAX_INTEGER) fail('overflow');
      if (other !== point) continue;
      let rest = delta;
      for (let k = BASE; ; k += BASE) {
        const t = threshold(k, bias);
        if (rest < t) break;
        output += letterOf(t + ((rest - t) % (BASE - t)));
        rest = floor((rest - t) / (BASE - t));
      }
      output += letterOf(rest);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    point++;
  }
  return output;
}

function ucs2decode(text: string): number[] {
  const points: number[] = [];
  for (const character of text) points.push(character.codePointAt(0)!);
  return points;
}

const ucs2encode = (points: readonly number[]): string => fromCodePoint(...points);

/** Each label of a host's name; what stands before an @ is no part of it. */
function eachLabel(domain: string, change: (label: string) => string): string {
  const parts = domain.split('@');
  const start = parts.length > 1 ? `${parts[0]}@` : '';
  const name = parts.length > 1 ? parts[1]! : domain;
  return start + name.replace(SEPARATORS, '.').split('.').map(change).join('.');
}

function toUnicode(domain: string): string {
  return eachLabel(domain, (label) => (label.startsWith('xn--') ? decode(label.slice(4).toLowerCase()) : label));
}

function toASCII(domain: string): string {
  // eslint-disable-next-line no-control-regex
  return eachLabel(domain, (label) => (/[^\0-\x7F]/.test(label) ? `xn--${encode(label)}` : label));
}

/** What `require('punycode')` gives. */
const punycode = {
  version: '2.1.0',
  ucs2: { decode: ucs2decode, encode: ucs2encode },
  decode,
  encode,
  toASCII,
  toUnicode,
};

export { punycode };
