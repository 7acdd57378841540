// Expressions about the smaller parts of `util`: arguments of commands, styles, encodings by name.

import { odd, text } from './random.mjs';

const ARGS = [
  '-a',
  '-b',
  '-ab',
  '-abc',
  '-avalue',
  '--foo',
  '--foo=1',
  '--foo=',
  '--bar',
  '--no-bar',
  '--no-foo',
  '--',
  '-',
  'word',
  '',
  '-1',
  '--__proto__',
  '--x y',
  '-a=1',
  '--=',
  '-é',
];
const args = (r) => `[${r.list(6, () => JSON.stringify(r.of(ARGS))).join(', ')}]`;
const option = (r) => {
  const fields = [`type: ${r.chance(0.95) ? r.of(["'string'", "'boolean'"]) : odd(r)}`];
  if (r.chance(0.4)) fields.push(`short: ${r.of(["'a'", "'b'", "'c'", "'é'", "'ab'"])}`);
  if (r.chance(0.3)) fields.push(`multiple: ${r.of(['true', 'false', '1'])}`);
  if (r.chance(0.2)) fields.push(`default: ${r.of(["'x'", 'true', "['x']", '[true]', '5'])}`);
  return `{ ${fields.join(', ')} }`;
};
const options = (r) =>
  `{ ${['foo', 'bar', 'a', "'x y'"]
    .filter(() => r.chance(0.5))
    .map((name) => `${name}: ${option(r)}`)
    .join(', ')} }`;
const flags = (r) =>
  ['strict', 'allowPositionals', 'tokens', 'allowNegative']
    .filter(() => r.chance(0.4))
    .map((name) => `${name}: ${r.of(['true', 'false'])}`)
    .join(', ');
/** One style: of several Node 20 does not ask whether the stream is a terminal. */
const STYLES = ["'red'", "'bold'", "'bgBlue'", "'underline'", "'gray'"];

const MAKERS = [
  (r) => `util.parseArgs({ args: ${args(r)}, options: ${options(r)}, ${flags(r)} })`,
  (r) => `util.parseArgs({ args: ${args(r)}, strict: false, tokens: true, options: ${options(r)} })`,
  (r) => `util.styleText(${r.of(STYLES)}, ${r.chance(0.9) ? text(r) : odd(r)})`,
  (r) =>
    `util.stripVTControlCharacters(${JSON.stringify(r.list(6, () => r.of(['\u001b[31m', '\u001b[0;1m', 'a', '\u001b]8;;u\u0007', '\u009b2K', '\u001b', '[1m', 'é'])).join(''))})`,
  (r) =>
    `[util.isArray, util.isBoolean, util.isNull, util.isNumber, util.isObject, util.isPrimitive, util.isString, util.isError, util.isDate].map((is) => is(${odd(r)}))`,
  (r) =>
    `{ function A() {} function B() {} util.inherits(A, ${r.chance(0.8) ? 'B' : odd(r).replace(/new .*/, '5')}); return [A.super_ === B, new A() instanceof B] }`,
  (r) => `util.${r.of(['promisify', 'callbackify', 'deprecate', 'debuglog'])}(${odd(r)}).name`,
];

export default (r) => {
  const source = r.of(MAKERS)(r);
  return source.startsWith('{') ? `(() => ${source})()` : source;
};
