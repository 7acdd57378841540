import { assert, test } from 'guest:test';
import { url } from 'guest:nodeurl';

const parts = (text: string, ...rest: boolean[]): object => {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(url.parse(text, ...rest))) {
    if (value !== null && typeof value !== 'function') found[name] = value;
  }
  return found;
};

test('the legacy parser takes a URL apart', () => {
  assert.deepEqual(parts('http://user:pa%20ss@Host.com:8080/p/a?x=1#h'), {
    protocol: 'http:',
    slashes: true,
    auth: 'user:pa ss',
    host: 'host.com:8080',
    port: '8080',
    hostname: 'host.com',
    hash: '#h',
    search: '?x=1',
    query: 'x=1',
    pathname: '/p/a',
    path: '/p/a?x=1',
    href: 'http://user:pa%20ss@host.com:8080/p/a?x=1#h',
  });
  assert.deepEqual(parts('mailto:a@b.c'), {
    protocol: 'mailto:',
    auth: 'a',
    host: 'b.c',
    hostname: 'b.c',
    href: 'mailto:a@b.c',
  });
  assert.deepEqual(parts('/a b?q'), {
    search: '?q',
    query: 'q',
    pathname: '/a%20b',
    path: '/a%20b?q',
    href: '/a%20b?q',
  });
  assert.equal((url.parse('/a?b=1&b=2', true).query as any).b.length, 2);
  assert.equal(url.parse('//h/p', false, true).host, 'h');
  assert.equal(url.parse('http://mañana.com/ü').hostname, 'xn--maana-pta.com');
  assert.equal(url.parse('http://[::1]:80/').hostname, '::1');
  assert.throws(() => url.parse('http://a[b/'), { code: 'ERR_INVALID_URL' });
  assert.throws(() => url.parse(1), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('the legacy resolution follows relative paths', () => {
  const cases: [string, string, string][] = [
    ['/one/two/three', 'four', '/one/two/four'],
    ['http://a.com/b/c', '../d?x', 'http://a.com/d?x'],
    ['http://a.com/b/c', '//e.com/f', 'http://e.com/f'],
    ['http://a.com/b', 'https://x.y/z', 'https://x.y/z'],
    ['http://a.com/b?c', '#d', 'http://a.com/b?c#d'],
    ['http://u:p@a.com/', '/b', 'http://u:p@a.com/b'],
    ['mailto:a@b.c', 'd@e.f', 'mailto:d@e.f'],
    ['.', './a', 'a'],
    ['a/b', '../../../c', '../../c'],
  ];
  for (const [from, to, expected] of cases) assert.equal(url.resolve(from, to), expected, `${from} ${to}`);
  assert.equal((url.resolveObject('/a/b', 'c') as any).pathname, '/a/c');
});

test('parts make a URL', () => {
  assert.equal(
    url.format({
      protocol: 'https',
      hostname: 'a.b',
      port: 1,
      pathname: 'x?y',
      query: { z: [1, 2] },
      hash: 'h',
    } as any),
    'https://a.b:1/x%3Fy?z=1&z=2#h',
  );
  const standard = new (url.URL as any)('http://u:p@測試.com/x?y#z');
  assert.equal(url.format(standard), 'http://u:p@xn--g6w251d.com/x?y#z');
  assert.equal(
    url.format(standard, { fragment: false, search: false, auth: false, unicode: true }),
    'http://測試.com/x',
  );
});

test('files are URLs, and URLs files', () => {
  assert.equal(url.pathToFileURL('/a b/ü%#?.txt').href, 'file:///a%20b/%C3%BC%25%23%3F.txt');
  assert.equal(url.pathToFileURL('/a/').href, 'file:///a/');
  assert.equal(url.fileURLToPath('file:///a%20b/%C3%BC'), '/a b/ü');
  assert.throws(() => url.fileURLToPath('http://a'), { code: 'ERR_INVALID_URL_SCHEME' });
  assert.throws(() => url.fileURLToPath('file://host/a'), { code: 'ERR_INVALID_FILE_URL_HOST' });
  assert.throws(() => url.fileURLToPath('file:///a%2Fb'), { code: 'ERR_INVALID_FILE_URL_PATH' });
});

test('names of hosts have two forms, and requests options', () => {
  assert.equal(url.domainToASCII('español.com'), 'xn--espaol-zwa.com');
  assert.equal(url.domainToUnicode('xn--espaol-zwa.com'), 'español.com');
  assert.equal(url.domainToASCII('xn--iñvalid.com'), '');
  const options = url.urlToHttpOptions(new (url.URL as any)('https://a:b@[::1]:3000/p?q#h')) as any;
  assert.deepEqual(
    [options.hostname, options.port, options.path, options.auth, options.hash],
    ['::1', 3000, '/p?q', 'a:b', '#h'],
  );
});

test('a path with brackets, bars and carets becomes a URL without', () => {
  assert.equal((url as any).pathToFileURL('/a|b^[c]').href, 'file:///a%7Cb%5E%5Bc%5D');
});
