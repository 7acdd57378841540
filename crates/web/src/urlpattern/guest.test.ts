import { assert, test } from 'guest:test';
import { URLPattern } from 'guest:urlpattern';

const make = (...args: any[]) => new (URLPattern as any)(...args) as URLPattern;
const text = (...args: any[]) => {
  const { protocol, username, password, hostname, port, pathname, search, hash } = make(...args);
  return [protocol, username, password, hostname, port, pathname, search, hash].join(' ');
};

test('one string holds the patterns of all components', () => {
  assert.equal(text('https://example.com:8080/a?b#c'), 'https * * example.com 8080 /a b c');
  assert.equal(text('https://example.com/a'), 'https * * example.com  /a * *');
  assert.equal(text('http{s}?://*.example.com/books/:id'), 'http{s}? * * *.example.com  /books/:id * *');
  assert.equal(text('https://u\\:p@h'), 'https u p h  * * *');
  assert.equal(text('https://h?q'), 'https * * h  / q *');
  assert.equal(text('https://[\\:\\:1]:80/'), 'https * * [\\:\\:1] 80 / * *');
  assert.equal(text('data\\:foo*'), 'data * *   foo* * *');
});

test('a string without a protocol needs a base URL', () => {
  assert.equal(text('../b?c', 'https://h/a/x'), 'https * * h  /b c *');
  assert.equal(text('#f', 'https://h/a?q'), 'https * * h  /a q f');
  assert.throws(() => make('/a'), TypeError);
  assert.throws(() => make('/a', 'x'), TypeError);
  assert.throws(() => make({}, 'https://h'), TypeError);
});

test('an object gives the patterns one by one', () => {
  assert.equal(text(), '* * * * * * * *');
  assert.equal(text({ pathname: '/:a', search: '?q' }), '* * * * * /:a q *');
  assert.equal(text({ protocol: 'https:', port: '443' }), 'https * * *  * * *');
  for (const init of [{ port: 'x' }, { protocol: 'a b' }, { pathname: '(' }])
    assert.throws(() => make(init), TypeError);
});

test('test says whether a URL matches', () => {
  const pattern = make('https://*.example.com/books/:id(\\d+)');
  assert.ok(pattern.test('https://www.example.com/books/7?x#y'));
  assert.ok(pattern.test('/books/7', 'https://www.example.com'));
  assert.ok(pattern.test({ protocol: 'https', hostname: 'a.example.com', pathname: '/books/1' }));
  assert.ok(!pattern.test('https://www.example.com/books/x'));
  assert.ok(!pattern.test('https://www.example.com:81/books/7'));
  assert.ok(!pattern.test('no URL') && !pattern.test() && !pattern.test('x', 'y'));
  assert.throws(() => pattern.test({}, 'https://h'), TypeError);
});

test('exec says what the groups caught', () => {
  const pattern = make({ pathname: '/:a/*', hostname: ':__proto__.x' });
  const found = pattern.exec('https://h.x/1/2/3')!;
  assert.deepEqual(found.pathname, { input: '/1/2/3', groups: { a: '1', 0: '2/3' } });
  assert.equal(Object.getOwnPropertyDescriptor(found.hostname.groups, '__proto__')!.value, 'h');
  assert.deepEqual(found.inputs, ['https://h.x/1/2/3']);
  assert.deepEqual(found.search, { input: '', groups: { 0: '' } });
  const init = { pathname: '/b/', baseURL: 'https://h.x' };
  assert.deepEqual(pattern.exec(init)!.inputs, [init]);
  assert.equal(pattern.exec('https://h.x/1'), null);
});

test('options may stand in the second or third place', () => {
  assert.ok(make({ pathname: '/A' }, { ignoreCase: true }).test({ pathname: '/a' }));
  assert.ok(make('/A', 'https://h', { ignoreCase: true }).test('https://h/a'));
  assert.ok(!make('/A', 'https://h').test('https://h/a'));
  assert.throws(() => make('https://h/a', 'https://h', 5), TypeError);
});

test('it is known whether a pattern has regular expressions', () => {
  assert.deepEqual([make({ hash: '(a)' }).hasRegExpGroups, make('https://h/:a/*').hasRegExpGroups], [true, false]);
});

test('members want a pattern', () => {
  assert.throws(() => URLPattern.prototype.test.call({} as any, ''), TypeError);
  assert.throws(() => Object.getOwnPropertyDescriptor(URLPattern.prototype, 'hash')!.get!.call({}), TypeError);
  assert.equal(Object.prototype.toString.call(make()), '[object URLPattern]');
  assert.equal(URLPattern.length, 0);
});
