import { assert, test } from 'guest:test';
import { structuredClone } from 'guest:clone';
import { URL, URLSearchParams } from 'guest:url';

const parts = (url: URL) => [
  url.protocol,
  url.username,
  url.password,
  url.host,
  url.hostname,
  url.port,
  url.pathname,
  url.search,
  url.hash,
];

test('a URL is taken apart', () => {
  const url = new URL('HTTPS://us er:p%40ss@EXAMPLE.com:8443/a/../b c?q=ä#ü');
  assert.equal(url.href, 'https://us%20er:p%40ss@example.com:8443/b%20c?q=%C3%A4#%C3%BC');
  assert.deepEqual(parts(url), [
    'https:',
    'us%20er',
    'p%40ss',
    'example.com:8443',
    'example.com',
    '8443',
    '/b%20c',
    '?q=%C3%A4',
    '#%C3%BC',
  ]);
  assert.equal(url.origin, 'https://example.com:8443');
  assert.equal(`${url}`, url.href);
  assert.equal(JSON.stringify({ url }), `{"url":"${url.href}"}`);
});

test('what is missing is empty', () => {
  assert.deepEqual(parts(new URL('http://h')), ['http:', '', '', 'h', 'h', '', '/', '', '']);
  assert.deepEqual(parts(new URL('mailto:a@b')), ['mailto:', '', '', '', '', '', 'a@b', '', '']);
  assert.deepEqual(parts(new URL('http://h/?#')), ['http:', '', '', 'h', 'h', '', '/', '', '']);
  assert.equal(new URL('http://h/?#').href, 'http://h/?#');
});

test('a relative one needs a base', () => {
  assert.equal(new URL('../c', 'https://h/a/b/').href, 'https://h/a/c');
  assert.equal(new URL('//other', new URL('https://h') as any).href, 'https://other/');
  assert.throws(() => new URL('/a'), { name: 'TypeError', code: 'ERR_INVALID_URL' });
  assert.throws(() => new URL('/a', 'mailto:x'), TypeError);
  assert.throws(() => new (URL as any)(), TypeError);
});

test('parse and canParse do not throw', () => {
  assert.equal(URL.canParse('http://h'), true);
  assert.equal(URL.canParse('h'), false);
  assert.equal(URL.canParse('h', 'http://h'), true);
});

test('hosts are made canonical', () => {
  const host = (text: string) => new URL(`http://${text}/`).hostname;
  assert.equal(host('0x7f.1'), '127.0.0.1');
  assert.equal(host('[::FFFF:1.2.3.4]'), '[::ffff:102:304]');
  assert.equal(host('faß.example'), 'xn--fa-hia.example');
  assert.equal(host('%41.com'), 'a.com');
  for (const wrong of ['256.256.256.256', 'a b', '[::1', 'a<b', ''])
    assert.equal(URL.canParse(`http://${wrong}/`), false);
});

test('parts can be replaced, and what is wrong is ignored', () => {
  const url = new URL('http://h:80/p?q#f');
  assert.equal(url.port, '');
  url.protocol = 'https';
  url.host = 'other:444';
  url.username = 'me@';
  url.password = ':';
  url.pathname = 'x y';
  url.search = 'a=1';
  url.hash = '';
  assert.equal(url.href, 'https://me%40:%3A@other:444/x%20y?a=1');
  url.port = '99999';
  url.protocol = 'mailto';
  url.hostname = 'a b';
  assert.equal(url.href, 'https://me%40:%3A@other:444/x%20y?a=1');
  assert.throws(() => {
    url.href = 'nothing';
  }, TypeError);
  url.href = 'about:blank';
  assert.equal(url.origin, 'null');
});

test('a URL and its search parameters follow each other', () => {
  const url = new URL('http://h/?a=1&b=2');
  const params = url.searchParams;
  assert.equal(url.searchParams, params);
  params.append('c', 'ä &');
  assert.equal(url.search, '?a=1&b=2&c=%C3%A4+%26');
  url.search = '?x=%20+';
  assert.deepEqual([...params], [['x', '  ']]);
  url.href = 'http://h/?y';
  assert.equal(params.get('y'), '');
  params.delete('y');
  assert.equal(url.href, 'http://h/');
});

test('search parameters are made of text, pairs and records', () => {
  assert.equal(new URLSearchParams('?a=b&c&=d&a=%F0%9F%98%80').toString(), 'a=b&c=&=d&a=%F0%9F%98%80');
  assert.equal(new URLSearchParams([['a', 'b'], new Set(['c', 'd'])] as any).toString(), 'a=b&c=d');
  assert.equal(new URLSearchParams({ a: '1', b: 2 as any, '\ud800': 'x' }).toString(), 'a=1&b=2&%EF%BF%BD=x');
  assert.equal(new URLSearchParams(new URLSearchParams('a=b')).toString(), 'a=b');
  assert.equal(new URLSearchParams(null as any).toString(), 'null=');
  assert.equal(new URLSearchParams().size, 0);
  assert.throws(() => new URLSearchParams([['a']] as any), TypeError);
  assert.throws(() => new URLSearchParams({ [Symbol()]: 1 } as any), TypeError);
});

test('search parameters are looked up, replaced and sorted', () => {
  const params = new URLSearchParams('b=1&a=2&b=3&\uffff=4&\u{1f600}=5');
  assert.deepEqual(params.getAll('b'), ['1', '3']);
  assert.equal(params.get('none'), null);
  assert.ok(params.has('b', '3') && !params.has('b', '2'));
  params.set('b', '9');
  params.delete('a', '7');
  params.sort();
  assert.deepEqual([...params.keys()], ['a', 'b', '\u{1f600}', '\uffff']);
  assert.equal(params.size, 4);
});

test('iteration sees what changes meanwhile', () => {
  const params = new URLSearchParams('a=1&b=2');
  const seen: string[] = [];
  for (const [name] of params) {
    seen.push(name);
    if (name === 'a') params.append('c', '3');
  }
  assert.deepEqual(seen, ['a', 'b', 'c']);
  params.forEach(
    function (value, name, self) {
      assert.ok(self === params && this[0] === 1 && value !== name);
    },
    [1],
  );
  assert.deepEqual([...params.values()], ['1', '2', '3']);
  assert.equal(Object.prototype.toString.call(params.entries()), '[object URLSearchParams Iterator]');
  assert.throws(() => params.entries().next.call({} as any), TypeError);
});

test('the classes have the look of the standard', () => {
  assert.equal(Object.prototype.toString.call(new URL('a:')), '[object URL]');
  const names = Object.keys(URL.prototype);
  assert.ok(names.includes('href') && names.includes('toJSON') && !names.includes('constructor'));
  assert.equal(URLSearchParams.prototype[Symbol.iterator], URLSearchParams.prototype.entries);
  assert.deepEqual([URL.length, URLSearchParams.length], [1, 0]);
  assert.throws(() => (URLSearchParams as any)(), TypeError);
  assert.throws(() => Reflect.get(URL.prototype, 'href'), TypeError);
});

test('only a blob gets an object URL', () => {
  for (const value of [{}, null, 'x']) assert.throws(() => URL.createObjectURL(value as any), TypeError);
  URL.revokeObjectURL('blob:null/unknown');
});

test('the second argument of delete and has is optional', () => {
  const { delete: remove, has } = URLSearchParams.prototype;
  assert.deepEqual([remove.length, has.length], [1, 1]);
});

test('a URL cannot be cloned', () => {
  for (const value of [new URL('https://h'), new URLSearchParams()]) {
    assert.throws(() => structuredClone(value), { name: 'DataCloneError' });
  }
});
