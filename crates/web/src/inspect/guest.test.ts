import { assert, test } from 'guest:test';
import { format, inspect } from 'guest:inspect';

function shows(value: unknown, text: string): void {
  assert.equal(inspect(value), text);
}

test('primitives are shown as in source text', () => {
  shows(1, '1');
  shows(-0, '-0');
  shows(10n, '10n');
  shows('it', "'it'");
  shows("it's", '"it\'s"');
  shows('it\'s "x"', '`it\'s "x"`');
  shows('a\n\u0001\ud800', "'a\\n\\x01\\uD800'");
  shows(Symbol('s'), 'Symbol(s)');
  shows(undefined, 'undefined');
  shows(null, 'null');
});

test('objects and arrays are shown with their contents', () => {
  shows({}, '{}');
  shows([], '[]');
  shows({ a: 1, 'b-c': [1, 'x'], [Symbol('s')]: null }, "{ a: 1, 'b-c': [ 1, 'x' ], [Symbol(s)]: null }");
  shows([1, , , 4], '[ 1, <2 empty items>, 4 ]');
  shows(Object.assign([1], { extra: true }), '[ 1, extra: true ]');
  shows(Object.create(null), '[Object: null prototype] {}');
});

test('classes name their instances and subclasses their kind', () => {
  class Point {
    x = 1;
  }
  class List extends Array<number> {}
  class Table extends Map<unknown, unknown> {}
  shows(new Point(), 'Point { x: 1 }');
  shows(Point.prototype, '{}');
  shows(List.of(1, 2), 'List(2) [ 1, 2 ]');
  shows(new Table([[1, 2]]), 'Table(1) [Map] { 1 => 2 }');
  shows({ [Symbol.toStringTag]: 'Own' }, "{ [Symbol(Symbol.toStringTag)]: 'Own' }");
});

test('depth ends at two levels unless it is given', () => {
  const deep = { a: { b: { c: { d: 1 } } } };
  shows(deep, '{ a: { b: { c: [Object] } } }');
  assert.equal(inspect(deep, { depth: 0 }), '{ a: [Object] }');
  assert.ok(inspect(deep, { depth: null }).includes('d: 1'));
  shows([[[[1], []]]], '[ [ [ [Array], [] ] ] ]');
});

test('cycles are references', () => {
  const value: any = { name: 'x' };
  value.self = value;
  shows(value, "<ref *1> { name: 'x', self: [Circular *1] }");
  const list: any[] = [];
  list.push({ list });
  shows(list, '<ref *1> [ { list: [Circular *1] } ]');
});

test('collections are shown with size and entries', () => {
  shows(
    new Map<unknown, unknown>([
      ['a', 1],
      [{}, []],
    ]),
    "Map(2) { 'a' => 1, {} => [] }",
  );
  shows(new Set([1, 'x']), "Set(2) { 1, 'x' }");
  shows(new WeakMap(), 'WeakMap { <items unknown> }');
  shows(new WeakSet(), 'WeakSet { <items unknown> }');
});

test('bytes are shown as numbers or in hexadecimal', () => {
  shows(new Uint8Array([1, 2]), 'Uint8Array(2) [ 1, 2 ]');
  shows(new BigInt64Array([1n]), 'BigInt64Array(1) [ 1n ]');
  shows(new Uint8Array([1, 255]).buffer, 'ArrayBuffer { [Uint8Contents]: <01 ff>, byteLength: 2 }');
  assert.ok(inspect(new ArrayBuffer(110)).includes('00 ... 10 more bytes>'));
});

test('functions, dates, patterns, boxes and promises have their forms', () => {
  shows(function named() {}, '[Function: named]');
  shows(() => {}, '[Function (anonymous)]');
  shows(async function later() {}, '[AsyncFunction: later]');
  shows(function* each() {}, '[GeneratorFunction: each]');
  shows(
    Object.assign(function f() {}, { x: 1 }),
    '[Function: f] { x: 1 }',
  );
  shows(new Date(0), '1970-01-01T00:00:00.000Z');
  shows(new Date(NaN), 'Invalid Date');
  shows(/a\/b/gi, '/a\\/b/gi');
  shows(Object(5), '[Number: 5]');
  shows(Object('x'), "[String: 'x']");
  shows(Object(Symbol('y')), '[Symbol: Symbol(y)]');
  shows(new Promise(() => {}), 'Promise { <pending> }');
});

test('a class is shown as a class where its source is known', () => {
  class A {}
  class B extends A {}
  assert.ok(['[class B extends A]', '[Function: B]'].includes(inspect(B)), inspect(B));
});

test('an error is shown with name, message, stack, cause and its own properties', () => {
  const text = inspect(new RangeError('too far', { cause: new TypeError('deep') }));
  assert.ok(text.startsWith('RangeError: too far\n    at '), text);
  assert.ok(text.includes('[cause]: TypeError: deep'), text);
  assert.ok(inspect(Object.assign(new Error('x'), { code: 'E_X' })).endsWith("{\n  code: 'E_X'\n}"));
  class MyError extends Error {}
  assert.ok(inspect(new MyError('mine')).startsWith('MyError: mine\n'), inspect(new MyError('mine')));
  const bare = new Error('bare');
  Object.defineProperty(bare, 'stack', { value: undefined });
  shows(bare, '[Error: bare]');
  assert.ok(inspect(new AggregateError([1], 'many')).includes('[errors]: [ 1 ]'));
  assert.ok(
    inspect(new DOMException('no', 'AbortError')).includes('DOMException [AbortError]: no'),
    inspect(new DOMException('no', 'AbortError')),
  );
});

test('nothing of the value runs', () => {
  const ran: string[] = [];
  const run = (name: string) => (): any => (ran.push(name), name);
  const hostile = {
    get getter() {
      return run('getter')();
    },
    set setter(_: unknown) {},
    get both() {
      return 1;
    },
    set both(_: unknown) {},
    toString: run('toString'),
    toJSON: run('toJSON'),
    valueOf: run('valueOf'),
    inspect: run('inspect'),
    [Symbol.for('nodejs.util.inspect.custom')]: run('custom'),
    [Symbol.toPrimitive]: run('toPrimitive'),
  };
  const text = inspect(hostile);
  assert.ok(
    text.includes('getter: [Getter]') && text.includes('setter: [Setter]') && text.includes('both: [Getter/Setter]'),
    text,
  );
  const traps = new Proxy({}, { get: (_, name) => run(`trap ${String(name)}`) });
  for (const value of [
    new Proxy({}, traps),
    new Proxy(() => {}, traps),
    { inner: new Proxy([], traps) },
    Object.create(new Proxy({}, traps)),
  ])
    inspect(value);
  format('%s %d %i %f %j %o %O', hostile, hostile, hostile, hostile, hostile, hostile, hostile);
  format('%j', new Proxy({}, traps));
  assert.deepEqual(ran, []);
  shows(new Proxy({}, {}), '[Proxy]');
});

test('hostile prototypes, names and tags do not throw', () => {
  const named = function () {};
  Object.defineProperty(named, 'name', {
    get() {
      throw new Error();
    },
  });
  const tagged = Object.create({
    get [Symbol.toStringTag]() {
      throw new Error();
    },
  });
  const error = new Error('x');
  for (const name of ['stack', 'message', 'name'])
    Object.defineProperty(error, name, {
      get() {
        throw new Error();
      },
    });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const wrongMap = Object.create(Map.prototype);
  const values = [
    named,
    tagged,
    error,
    revoked.proxy,
    wrongMap,
    Date.prototype,
    RegExp.prototype,
    Promise.prototype,
    Uint8Array.prototype,
    globalThis,
  ];
  for (const value of values) assert.equal(typeof inspect(value), 'string');
});

test('long things are cut and say by how much', () => {
  assert.ok(inspect(Array(150).fill(0)).endsWith('... 50 more items\n]'));
  assert.ok(inspect('x'.repeat(10_005)).endsWith("'... 5 more characters"));
  assert.ok(inspect(new Set(Array(101).keys())).includes('... 1 more item'));
  assert.equal(format('x'.repeat(65_536 + 7)), `${'x'.repeat(65_536)}… 7 more characters`);
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`, 'value'.repeat(20)]));
  assert.ok(inspect(wide).length < 70_000);
  const sparse: unknown[] = [];
  sparse[4_000_000_000] = 1;
  assert.ok(inspect(sparse).includes('more items'));
});

test('deep nesting without a limit ends without an exception', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  assert.equal(typeof inspect(deep, { depth: null }), 'string');
});

test('long lists stand in columns, numbers flush right', () => {
  shows(
    Array.from({ length: 10 }, (_, i) => i * 50),
    '[\n    0,  50, 100, 150,\n  200, 250, 300, 350,\n  400, 450\n]',
  );
  shows(['a', 'bb', 'ccc', 'd', 'e', 'f', 'g'], "[\n  'a', 'bb', 'ccc',\n  'd', 'e',  'f',\n  'g'\n]");
});

test('long objects break into lines', () => {
  const text = inspect({ first: 'a'.repeat(40), second: 'b'.repeat(40) });
  assert.equal(text, `{\n  first: '${'a'.repeat(40)}',\n  second: '${'b'.repeat(40)}'\n}`);
});

test('format specifiers convert their arguments', () => {
  assert.equal(format('%s is %d years and %i, %f', 'Ann', 42, '7.9', '1.5x'), 'Ann is 42 years and 7, 1.5');
  assert.equal(format('%s %s %s', -0, 5n, Symbol('a')), '-0 5n Symbol(a)');
  assert.equal(format('%d %d %i', 5n, '0x10', Symbol()), '5n 16 NaN');
  assert.equal(format('%j %j', { a: [1, undefined, 'x'] }, undefined), '{"a":[1,null,"x"]} undefined');
  assert.equal(format('%O %c%%', { a: 1 }, 'color: red'), '{ a: 1 } %');
  assert.equal(format('%s', { a: { b: 1 } }), '{ a: [Object] }');
});

test('what has no argument or no meaning stays, and what is left over follows', () => {
  assert.equal(format('%s %s', 'one'), 'one %s');
  assert.equal(format('%x 100%', 'a'), '%x 100% a');
  assert.equal(format('%%'), '%%');
  assert.equal(format('a', 'b', { c: 1 }, 'd'), 'a b { c: 1 } d');
  assert.equal(format(1, 'a', [2]), '1 a [ 2 ]');
  assert.equal(format(), '');
});

test('JSON of cycles and of values without JSON does not throw', () => {
  const value: any = { f() {}, n: 1n };
  value.self = value;
  assert.equal(format('%j', value), '{"n":1n,"self":"[Circular]"}');
});
