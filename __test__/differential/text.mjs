// Expressions about text in Node's modules: queries, addresses of old, host names, chunks of characters.

import { number, odd, text } from './random.mjs';

const URLS = [
  'http:',
  'https:',
  'HTTP:',
  'ftp:',
  'file:',
  'javascript:',
  'mailto:',
  'x-y:',
  '//',
  '///',
  '/',
  '\\',
  '@',
  ':',
  '?',
  '#',
  'user',
  'p%40ss',
  'host',
  'EXAMPLE.com',
  'münchen.de',
  '[::1]',
  '127.0.0.1',
  ':80',
  ':',
  ':65536',
  'path',
  '..',
  '.',
  ';',
  ' ',
  '\t',
  '"',
  "'",
  '<',
  '{',
  '|',
  '^',
  '`',
  '%',
  '%20',
  '?a=b',
  '?x[]=1&y',
  '#h',
  'é',
  '😀',
  '\\\\',
];
const piece = (r) => r.list(7, () => r.of(URLS)).join('');
const address = (r) => (r.chance(0.5) ? JSON.stringify(`http://${piece(r)}`) : JSON.stringify(piece(r)));
/** No escapes that are none, and no halves of surrogates: beside real escapes Node takes their low bytes. */
const QUERY = [
  'a',
  'b',
  '=',
  '&',
  '&',
  '=',
  '+',
  '%20',

  '%C3%A9',
  '%e9',
  ';',
  ':',
  'é',
  '😀',
  '1',
  '[]',
  '__proto__',
  'toString',
];
const query = (r) => JSON.stringify(r.list(12, () => r.of(QUERY)).join(''));
const value = (r) =>
  r.one(
    () => text(r),
    () => number(r),
    () => `[${r.list(3, () => text(r)).join()}]`,
    () => odd(r),
  );
const object = (r) => `{ ${r.list(4, () => `[${text(r, 2)}]: ${value(r)}`).join(', ')} }`;
/** No label with a mistake in its Punycode: the parser of URLs refuses those, as later versions of the standard do. */
const label = (r) =>
  r.chance(0.2)
    ? r.of(['xn--mnchen-3ya', 'xn--ls8h'])
    : r.list(3, () => r.of(['a', 'B', 'ü', 'ß', '😀', '1', 'é', '中', '-a'])).join('');
const host = (r) => r.list(3, () => label(r) + r.of(['.', '.', '。'])).join('') + label(r);
const ENCODINGS = ['utf8', 'utf16le', 'base64', 'base64url', 'hex', 'latin1', 'ascii', 'ucs2', 'UTF-8', 'nope'];
/** No half of a surrogate: in UTF-16 Node gives it away one piece earlier. */
const PARTIAL = [
  '0xe2',
  '0x82',
  '0xac',
  '0xf0',
  '0x9f',
  '0x98',
  '0x80',
  '0xc3',
  '0xa9',
  '0x61',
  '0x3d',
  '0x00',
  '0xff',
  '0xed',
  '0xa0',
];
const chunks = (r) => r.list(5, () => `Buffer.from([${r.list(5, () => r.of(PARTIAL)).join()}])`);

const MAKERS = [
  (r) => `querystring.parse(${query(r)})`,
  (r) =>
    `querystring.parse(${query(r)}, ${r.of(["';'", "'&'", "''", 'null', "'&&'"])}, ${r.of(["':'", "'='", 'null', "'%'"])}, { maxKeys: ${r.below(9)} })`,
  (r) => `querystring.stringify(${r.chance(0.9) ? object(r) : odd(r)})`,
  (r) => `querystring.stringify(${object(r)}, ${r.of(["';'", "''", 'null'])}, ${r.of(["':'", "''", 'null'])})`,
  (r) => `querystring.escape(${r.chance(0.5) ? query(r) : value(r).replace('new Date(0)', '5')})`,
  (r) => `querystring.unescape(${query(r)})`,
  (r) => `String(querystring.unescapeBuffer(${query(r)}))`,
  (r) => `url.parse(${r.chance(0.95) ? address(r) : odd(r)}${r.of(['', ', true', ', false, true'])})`,
  (r) => `url.parse(${address(r)}).href`,
  (r) => `url.format(${r.chance(0.5) ? address(r) : `url.parse(${address(r)})`})`,
  (r) =>
    `url.format({ ${['protocol', 'slashes', 'auth', 'host', 'hostname', 'port', 'pathname', 'search', 'query', 'hash']
      .filter(() => r.chance(0.4))
      .map((name) => `${name}: ${name === 'query' ? object(r) : JSON.stringify(piece(r))}`)
      .join(', ')} })`,
  (r) => `url.resolve(${address(r)}, ${JSON.stringify(piece(r))})`,
  (r) => `url.resolve(${JSON.stringify(piece(r))}, ${JSON.stringify(piece(r))})`,
  (r) => `url.${r.of(['domainToASCII', 'domainToUnicode'])}(${JSON.stringify(host(r))})`,
  // The parser of URLs folds empty segments of `file:` (docs/decisions/url.md), and says more of what is no URL.
  (r) => `url.fileURLToPath(${JSON.stringify(`file:///xx${piece(r).replaceAll(/[/\\\t]/g, '')}`)})`,
  (r) => `url.pathToFileURL(${JSON.stringify(`/${piece(r)}`)}).href`,
  (r) => `url.urlToHttpOptions(new URL(${JSON.stringify(`http://a/${piece(r)}`)}))`,
  (r) => `punycode.${r.of(['toASCII', 'toUnicode', 'encode', 'decode'])}(${JSON.stringify(host(r))})`,
  (r) => `punycode.ucs2.decode(${text(r)})`,
  (r) =>
    `{ const d = new StringDecoder(${JSON.stringify(r.of(ENCODINGS))}); return [${[...chunks(r).map((chunk) => `d.write(${chunk})`), `d.end(${r.chance(0.3) ? (chunks(r)[0] ?? '') : ''})`, 'd.encoding'].join(', ')}] }`,
  (r) =>
    `new StringDecoder(${r.of(["'utf8'", 'undefined', odd(r).replace('new Error', 'String')])}).write(${value(r)})`,
  (r) => `util.${r.of(['stripVTControlCharacters', 'toUSVString'])}(${text(r)})`,
];

export default (r) => {
  const source = r.of(MAKERS)(r);
  return source.startsWith('{') ? `(() => ${source})()` : source;
};
