import { assert, test } from 'guest:test';
import { querystring } from 'guest:querystring';

const plain = (value: object): object => ({ ...value });

test('names and values are read with repetitions, escapes and plus signs', () => {
  const cases: [string, object][] = [
    ['a=1&b=2&a=3', { a: ['1', '3'], b: '2' }],
    ['a&=b&&c=', { a: '', '': 'b', c: '' }],
    ['x=a+b%20c&y=%C3%A9', { x: 'a b c', y: 'é' }],
    ['a=%zz&b=%e9', { a: '%zz', b: '\ufffd' }],
    ['__proto__=1', { ['__proto__']: '1' }],
    ['', {}],
  ];
  for (const [text, expected] of cases) assert.deepEqual(plain(querystring.parse(text)), expected, text);
  assert.equal(Object.getPrototypeOf(querystring.parse('a')), null);
});

test('separators, the number of names and the decoder can be chosen', () => {
  assert.deepEqual(plain(querystring.parse('a:1;b:2', ';', ':')), { a: '1', b: '2' });
  assert.equal(Object.keys(querystring.parse('a&b&c', '&', '=', { maxKeys: 2 })).length, 2);
  const decodeURIComponent = (text: string): string => text.toUpperCase();
  assert.deepEqual(plain(querystring.parse('a=b', undefined, undefined, { decodeURIComponent })), { A: 'B' });
});

test('what is written can be read', () => {
  const value = { a: ['x y', 'é&'], b: 1, c: true, d: null, e: [], f: 5n, g: NaN };
  assert.equal(querystring.stringify(value), 'a=x%20y&a=%C3%A9%26&b=1&c=true&d=&f=5&g=');
  assert.equal(querystring.stringify({ a: 1, b: 2 }, ';', ':'), 'a:1;b:2');
  assert.equal(querystring.stringify('x'), '');
  assert.throws(() => querystring.escape('\ud800'), { code: 'ERR_INVALID_URI' });
  assert.equal(querystring.unescape('%41%'), 'A%');
});
