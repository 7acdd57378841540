import { assert, test } from 'guest:test';
import { Headers } from 'guest:headers';

const entries = (headers: Headers) => [...headers];

test('names are compared without regard to case and values are combined', () => {
  const headers = new Headers();
  headers.append('X-A', '1');
  headers.append('x-a', '2');
  assert.equal(headers.get('X-a'), '1, 2');
  assert.ok(headers.has('x-A'));
  headers.set('x-A', '3');
  assert.equal(headers.get('x-a'), '3');
  headers.delete('X-A');
  assert.equal(headers.get('x-a'), null);
});

test('headers are made of pairs, of records and of headers', () => {
  const pairs = new Headers([
    ['b', '1'],
    ['a', '2'],
  ]);
  assert.deepEqual(entries(pairs), [
    ['a', '2'],
    ['b', '1'],
  ]);
  assert.deepEqual(entries(new Headers({ b: '1', a: '2' })), entries(pairs));
  assert.deepEqual(entries(new Headers(pairs)), entries(pairs));
  assert.deepEqual(entries(new Headers(new Map([['a', 'b']]))), [['a', 'b']]);
});

test('what is neither a sequence of pairs nor a record is refused', () => {
  for (const wrong of [null, 1, 'a', [['a']], [['a', 'b', 'c']], ['ab', 'c'], [1]] as never[]) {
    assert.throws(() => new Headers(wrong), TypeError);
  }
});

test('names and values that HTTP does not know are refused', () => {
  const headers = new Headers();
  for (const name of ['', 'a b', 'a:', '\u00e9', '\u0100', 'a\n']) {
    assert.throws(() => headers.append(name, 'a'), TypeError);
    assert.throws(() => headers.get(name), TypeError);
    assert.throws(() => headers.has(name), TypeError);
    assert.throws(() => headers.delete(name), TypeError);
  }
  for (const value of ['a\nb', 'a\0', '\u0100', '\ud800']) assert.throws(() => headers.set('a', value), TypeError);
});

test('white space around a value is cut off', () => {
  const headers = new Headers({ a: ' \t\r\n b c \n' });
  assert.equal(headers.get('a'), 'b c');
  assert.equal(new Headers({ a: '\u00ff\u0001' }).get('a'), '\u00ff\u0001');
});

test('iteration is sorted and goes on with what was changed meanwhile', () => {
  const headers = new Headers({ d: '1', b: '2' });
  const seen: string[] = [];
  for (const [name] of headers) {
    seen.push(name);
    if (name === 'b') headers.append('c', '3');
  }
  assert.deepEqual(seen, ['b', 'c', 'd']);
});

test('cookies are iterated one by one', () => {
  const headers = new Headers([
    ['set-cookie', 'a=1'],
    ['x', 'y'],
    ['Set-Cookie', 'b=2'],
  ]);
  assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(headers.get('set-cookie'), 'a=1, b=2');
  assert.deepEqual(entries(headers), [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['x', 'y'],
  ]);
});

test('the iterator has the look of the standard', () => {
  const iterator = new Headers({ a: 'b' }).keys();
  assert.equal(Object.prototype.toString.call(iterator), '[object Headers Iterator]');
  const prototype = Object.getPrototypeOf(iterator) as object;
  assert.equal(Object.getPrototypeOf(prototype), Iterator.prototype);
  assert.deepEqual(Object.keys(prototype), ['next']);
  assert.deepEqual(iterator.next(), { value: 'a', done: false });
  assert.deepEqual(iterator.next(), { value: undefined, done: true });
  assert.equal(Headers.prototype[Symbol.iterator], Headers.prototype.entries);
  assert.throws(() => iterator.next.call({} as never), TypeError);
});

test('forEach gives value, name and the headers', () => {
  const headers = new Headers({ b: '1', a: '2' });
  const seen: unknown[] = [];
  headers.forEach(function (this: unknown, value, name, all) {
    seen.push(this, value, name, all === headers);
  }, 7);
  assert.deepEqual(
    seen.map((item) => (typeof item === 'object' ? Number(item) : item)),
    [7, '2', 'a', true, 7, '1', 'b', true],
  );
  assert.throws(() => headers.forEach(1 as never), TypeError);
});

test('a record is read as Web IDL wants it', () => {
  const log: unknown[] = [];
  const record = new Proxy({ a: 'b' } as { [name: string]: string }, {
    get: (target, key) => (log.push(['get', key]), target[key as string]),
    ownKeys: (target) => (log.push(['ownKeys']), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, key) => (
      log.push(['descriptor', key]),
      Reflect.getOwnPropertyDescriptor(target, key)
    ),
  });
  assert.equal(new Headers(record).get('a'), 'b');
  assert.equal(log.length, 4);
  assert.throws(() => new Headers({ [Symbol.toStringTag]: 'a' } as never), TypeError);
});

test('members are enumerable and want their arguments and their receiver', () => {
  assert.ok(Object.keys(Headers.prototype).includes('getSetCookie'));
  assert.equal(Object.prototype.toString.call(new Headers()), '[object Headers]');
  assert.equal(Headers.length, 0);
  assert.throws(() => new Headers().append('a', ...([] as unknown as [string])), TypeError);
  assert.throws(() => Headers.prototype.get.call({} as Headers, 'a'), TypeError);
});
