// Values that cross into a real sandbox and back, with structuredClone as the oracle.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { graph, shape } from './fixtures/graphs.mjs';
import { failure, open, openWith, thrown } from './fixtures/host.mjs';

const ECHO = `exports.echo = (value) => value; exports.again = (...list) => list;
  exports.sum = (bytes) => { let sum = 0; for (const byte of new Uint8Array(bytes.buffer ?? bytes)) sum += byte; return sum; };
  exports.check = (source, value) => new Function('value', 'return ' + source)(value);
  const kept = []; exports.keep = (value) => { kept.push(value); return value; };`;

const openEcho = (t, options) => openWith(t, ECHO, options);

/** Asserts that values come back as from structuredClone, by both ways of calling. */
async function same(host, ...values) {
  for (const value of values) {
    const expected = structuredClone(value);
    assert.deepEqual(await host.call('p', 'echo', [value]), expected);
  }
  assert.deepEqual(await host.call('p', 'again', values), structuredClone(values));
}

const pattern = (length, seed = 1) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * seed) & 255);
/** A view on a detached buffer cannot be made, not even on an empty one. */
const detached = (buffer) => buffer.byteLength === 0 && thrown(() => new Uint8Array(buffer)) instanceof TypeError;

describe('there and back', () => {
  test('numbers with all their bits', async (t) => {
    const host = await openEcho(t);
    const edges = [0, -0, 1, -1, 63, 64, -65, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53)];
    for (const n of [...edges, 0.1, -1.5, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE]) {
      assert.ok(Object.is(await host.call('p', 'echo', [n]), n), String(n));
      assert.equal(
        await host.call('p', 'check', [`Object.is(value, ${Object.is(n, -0) ? '-0' : n})`, n]),
        true,
        String(n),
      );
    }
  });

  test('primitives', async (t) => {
    await same(await openEcho(t), undefined, null, true, false, '', 'text');
  });

  test('strings of every width, lone surrogates included', async (t) => {
    const host = await openEcho(t);
    for (const unit of ['a', 'é', 'ÿ', 'Ā', '漢', '😀', '\ud800', 'x\udc00', '\0', '\ufeff']) {
      for (const length of [1, 2, 15, 16, 17, 63, 64, 65, 200, 70_000]) {
        const text = unit.repeat(length);
        assert.ok((await host.call('p', 'echo', [text])) === text, `${JSON.stringify(unit)} × ${length}`);
        assert.equal(await host.call('p', 'check', ['value.length', text]), text.length);
      }
    }
  });

  test('strings of 16 million characters, narrow and wide', async (t) => {
    const host = await openEcho(t, { limits: { memoryBytes: 512 << 20 } });
    for (const unit of ['a', 'é', '漢']) {
      const text = unit.repeat(16 << 20);
      assert.ok((await host.call('p', 'echo', [text])) === text);
    }
    assert.equal((await host.eval('"x".repeat(1 << 24)')).length, 1 << 24);
    assert.equal(
      await host.eval('let rope = "ab"; for (let i = 0; i < 20; i++) rope = rope + rope; rope'),
      'ab'.repeat(1 << 20),
    );
  });

  test('BigInts of any size', async (t) => {
    const host = await openEcho(t);
    const values = [0n, 1n, -1n, 255n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 64n), 3n ** 4000n, -(7n ** 999n)];
    await same(host, ...values);
    for (const n of values) assert.equal(await host.call('p', 'check', [`value === ${n}n`, n]), true);
  });

  test('plain objects with their keys in order', async (t) => {
    const host = await openEcho(t);
    const value = {
      b: 1,
      a: 2,
      7: 3,
      1: 4,
      '01': 5,
      4294967295: 6,
      '-1': 7,
      '': 8,
      'odd key': 9,
      ключ: 10,
      [`k${'x'.repeat(300)}`]: 11,
    };
    await same(host, value, {});
    assert.deepEqual(Object.keys(await host.call('p', 'echo', [value])), Object.keys(value));
    assert.deepEqual(await host.call('p', 'check', ['Object.keys(value)', value]), Object.keys(value));
  });

  test('keys of Object.prototype, as own properties on both sides', async (t) => {
    const host = await openEcho(t);
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3,"then":4}');
    const source =
      'Object.getPrototypeOf(value) === Object.prototype && Object.hasOwn(value, "__proto__") && ({}).polluted === undefined';
    assert.equal(await host.call('p', 'check', [source, value]), true);
    for (const result of [
      await host.call('p', 'echo', [value]),
      await host.eval(`JSON.parse('${JSON.stringify(value)}')`),
    ]) {
      assert.deepEqual(Object.keys(result), Object.keys(value));
      assert.equal(Object.getPrototypeOf(result), Object.prototype);
      assert.equal({}.polluted, undefined);
    }
  });

  test('arrays with holes, with properties, and sparse ones', async (t) => {
    const host = await openEcho(t);
    await same(
      host,
      [],
      [1, , 3],
      Array(5),
      Object.assign([1, 2], { extra: 'x' }),
      Object.assign([], { length: 4_000_000_000, 7: 1 }),
    );
    assert.equal(await host.call('p', 'check', ['!(1 in value) && value.length === 3', [1, , 3]]), true);
    assert.deepEqual(
      await host.eval('{ const a = [1, , 3]; a.tail = true; a }'),
      Object.assign([1, , 3], { tail: true }),
    );
    const sparse = await host.eval('{ const a = []; a[3e9] = 1; a }');
    assert.deepEqual([sparse.length, Object.keys(sparse)], [3e9 + 1, ['3000000000']]);
  });

  test('dates, an invalid one too, and regular expressions', async (t) => {
    const host = await openEcho(t);
    await same(host, new Date(0), new Date(-1), new Date(8.64e15), /a/, /x\/[y]/dgimsuy, new RegExp('漢', 'v'));
    assert.equal(await host.call('p', 'check', ['value instanceof Date && isNaN(value)', new Date(NaN)]), true);
    assert.ok(Number.isNaN((await host.call('p', 'echo', [new Date(NaN)])).getTime()));
    const found = /a/g;
    found.lastIndex = 5;
    assert.equal((await host.call('p', 'echo', [found])).lastIndex, 0);
    assert.equal(await host.call('p', 'check', ['value.test("xAx")', /a/i]), true);
  });

  test('boxed primitives', async (t) => {
    const host = await openEcho(t);
    await same(host, Object('text'), Object(1), Object(-0), Object(true), Object(5n));
    assert.equal(await host.call('p', 'check', ['typeof value + value', Object('x')]), 'objectx');
  });

  test('maps and sets with keys of any kind, in their order', async (t) => {
    const host = await openEcho(t);
    const key = { a: 1 };
    const map = new Map([
      [key, 'k'],
      [NaN, 0],
      [-0, 1],
      ['text', new Map([[1, 2]])],
      [undefined, null],
    ]);
    await same(host, new Map(), new Set(), map, new Set([3, 1, 2, 'x', [1], new Set([{}])]));
    assert.equal(await host.call('p', 'check', ['value.get(NaN) === 0 && [...value.keys()][0].a', map]), 1);
    const [first, back] = await host.call('p', 'again', [key, map]);
    assert.equal([...back.keys()][0], first);
  });

  test('errors with class, message, cause and errors', async (t) => {
    const host = await openEcho(t);
    for (const Type of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const error = new Type('message', { cause: { deep: [1] } });
      const back = await host.call('p', 'echo', [error]);
      assert.ok(back instanceof Type);
      assert.deepEqual(
        [back.name, back.message, back.cause, back.stack],
        [Type.name, 'message', { deep: [1] }, error.stack],
      );
      assert.equal(await host.call('p', 'check', [`value instanceof ${Type.name} && value.cause.deep[0]`, error]), 1);
    }
    const both = await host.call('p', 'echo', [new AggregateError([new TypeError('a'), 2], 'both')]);
    assert.deepEqual([both.name, both.errors[0].name, both.errors[1]], ['AggregateError', 'TypeError', 2]);
  });

  test('a subclass of an error arrives as its base with its own name', async (t) => {
    const host = await openEcho(t);
    class QuotaError extends RangeError {
      name = 'QuotaError';
    }
    const back = await host.call('p', 'echo', [new QuotaError('full')]);
    assert.ok(back instanceof RangeError);
    assert.deepEqual([back.name, back.message], ['QuotaError', 'full']);
    const own = await host.eval(
      '(class MyError extends TypeError { get name() { return "MyError"; } }); ({ e: Object.assign(new TypeError("m"), { name: "MyError" }) })',
    );
    assert.ok(own.e instanceof TypeError);
    assert.deepEqual([own.e.name, own.e.message], ['MyError', 'm']);
  });

  test('cycles and shared references keep their identity', async (t) => {
    const host = await openEcho(t);
    const value = { list: [], map: new Map(), date: new Date(5) };
    value.self = value;
    value.list.push(value.list, value.date, value.map);
    value.map.set(value, value.map);
    const back = await host.call('p', 'echo', [value]);
    assert.equal(back.self, back);
    assert.ok(back.list[0] === back.list && back.list[1] === back.date && back.list[2] === back.map);
    assert.equal(back.map.get(back), back.map);
    assert.equal(
      await host.call('p', 'check', ['value.self === value && value.map.get(value) === value.map', value]),
      true,
    );
    const shared = [1];
    const [a, b] = await host.call('p', 'again', [shared, shared]);
    assert.equal(a, b);
  });

  test('objects of classes cross as plain ones; accessors are read once', async (t) => {
    const host = await openEcho(t);
    let reads = 0;
    class Point {
      x = 1;
      #hidden = 2;
      method() {}
    }
    const value = Object.defineProperty(new Point(), 'y', { enumerable: true, get: () => ++reads });
    assert.deepEqual(await host.call('p', 'echo', [value]), { x: 1, y: 1 });
    assert.equal(reads, 1);
    assert.deepEqual(
      await host.eval(
        'let reads = 0; class P { #p = 1; x = 1; get z() { return 1; } m() {} } Object.defineProperty(new P(), "y", { enumerable: true, get: () => ++reads })',
      ),
      { x: 1, y: 1 },
    );
    assert.equal(await host.eval('reads'), 1);
    assert.deepEqual(await host.eval('({ __proto__: null, a: 1, toJSON() {} }).a'), 1);
  });

  test('a guest that patches what cloning might use changes nothing', async (t) => {
    const host = await openEcho(t);
    await host.eval(`Object.prototype.toJSON = () => 'patched'; Array.prototype[Symbol.iterator] = () => { throw 1; };
      Map.prototype.entries = Map.prototype.forEach = Set.prototype.values = () => { throw 2; };
      Date.prototype.getTime = Date.prototype.valueOf = () => { throw 3; }; 0`);
    const value = [{ a: [1] }, new Map([[1, 2]]), new Set([3]), new Date(4), /x/g, new Uint8Array([5])];
    assert.deepEqual(await host.call('p', 'echo', [value]), value);
  });

  test('300 random graphs come back as from structuredClone', async (t) => {
    const host = await openEcho(t);
    for (let seed = 1; seed <= 300; seed++) {
      const value = graph(seed);
      const expected = shape(structuredClone(value));
      assert.equal(shape(await host.call('p', 'echo', [value])), expected, `seed ${seed}`);
      assert.equal(shape(host.callSync('p', 'echo', [value])), expected, `seed ${seed}, synchronous`);
    }
  });

  test('10,000 objects and long lists', async (t) => {
    const host = await openEcho(t);
    const list = Array.from({ length: 10_000 }, (_, i) => ({ id: i, name: `n${i}`, tags: [i, `${i}`], half: i / 2 }));
    assert.deepEqual(await host.call('p', 'echo', [list]), list);
    assert.equal((await host.call('p', 'again', Array(5_000).fill(1))).length, 5_000);
  });
});

describe('bytes', () => {
  const VIEWS = [
    'Int8',
    'Uint8',
    'Uint8Clamped',
    'Int16',
    'Uint16',
    'Int32',
    'Uint32',
    'Float32',
    'Float64',
    'BigInt64',
    'BigUint64',
  ];

  test('every view, with its offset, inline and in a block', async (t) => {
    const host = await openEcho(t);
    for (const name of VIEWS) {
      const View = globalThis[`${name}Array`];
      for (const size of [64, 4096]) {
        const view = new View(pattern(size).buffer, 16, 3);
        const back = await host.call('p', 'echo', [view]);
        assert.deepEqual(back, structuredClone(view));
        assert.deepEqual([back.byteOffset, back.length, back.buffer.byteLength], [16, 3, size]);
        const source = `value instanceof ${name}Array && value.length === 3 && value.byteOffset === 16`;
        assert.equal(await host.call('p', 'check', [source, view]), true);
      }
    }
    const data = new DataView(pattern(2000).buffer, 4, 9);
    assert.deepEqual(await host.call('p', 'echo', [data]), structuredClone(data));
  });

  test('views of one buffer share it on the other side', async (t) => {
    const host = await openEcho(t);
    const buffer = new ArrayBuffer(4000);
    const [a, b, c] = await host.call('p', 'again', [new Uint8Array(buffer), new Uint16Array(buffer, 2, 4), buffer]);
    assert.ok(a.buffer === b.buffer && b.buffer === c);
    assert.equal(
      await host.call('p', 'check', [
        '(value[0][0] = 7, new Uint8Array(value[1])[0])',
        [new Uint8Array(buffer), buffer],
      ]),
      7,
    );
    assert.equal(new Uint8Array(buffer)[0], 0);
  });

  test(
    'resizable buffers stay resizable, and views keep tracking them',
    { skip: !('resizable' in ArrayBuffer.prototype) },
    async (t) => {
      const host = await openEcho(t);
      for (const size of [8, 4096]) {
        const buffer = new ArrayBuffer(size, { maxByteLength: size * 2 });
        const [back, view] = await host.call('p', 'again', [buffer, new Uint8Array(buffer)]);
        assert.deepEqual([back.resizable, back.byteLength, back.maxByteLength], [true, size, size * 2]);
        back.resize(size + 4);
        assert.equal(view.length, size + 4);
      }
    },
  );

  test('1 MiB and 16 MiB there and back, by copy and by transfer', async (t) => {
    const host = await openEcho(t);
    for (const size of [1 << 20, 16 << 20]) {
      const bytes = pattern(size);
      const copy = await host.call('p', 'echo', [bytes]);
      assert.ok(Buffer.compare(copy, bytes) === 0);
      assert.equal(bytes.byteLength, size);
      const moved = await host.call('p', 'echo', [copy], { transfer: [copy.buffer] });
      assert.equal(copy.byteLength, 0);
      assert.ok(Buffer.compare(moved, bytes) === 0);
      assert.ok(Buffer.compare(host.callSync('p', 'echo', [moved]), bytes) === 0);
    }
  });

  test("a guest's buffers come out whole, also when it keeps them", async (t) => {
    const host = await openEcho(t);
    const bytes = pattern(100_000);
    const first = await host.call('p', 'keep', [bytes]);
    first.fill(0);
    const second = await host.eval('{ const b = new Uint8Array(1 << 20).fill(7); b }');
    assert.ok(second.length === 1 << 20 && second.every((byte) => byte === 7));
    const kept = await host.eval('globalThis.mine = new Uint8Array(5000).fill(3); mine');
    kept.fill(9);
    assert.equal(await host.eval('mine.length + mine[4999]'), 5003);
  });

  test('results stay usable after close() and a collection', async (t) => {
    const host = await openEcho(t);
    const bytes = pattern(3 << 20);
    const results = [
      await host.call('p', 'echo', [bytes]),
      await host.native.take(await host.native.put(bytes)),
      host.callSync('p', 'echo', [bytes]),
    ];
    await host.gc();
    await host.close();
    for (const result of results) {
      assert.ok(Buffer.compare(result, bytes) === 0);
      result.fill(1);
    }
  });

  test('a Buffer crosses as its own range, never with the pool behind it', async (t) => {
    const host = await openEcho(t);
    const secret = Buffer.from('secret in the pool');
    const buffer = Buffer.from('mine');
    assert.ok(buffer.buffer.byteLength > buffer.length && secret.length > 0);
    assert.equal(await host.call('p', 'check', ['value.buffer.byteLength', buffer]), 4);
    const back = await host.call('p', 'echo', [buffer]);
    assert.deepEqual([back.buffer.byteLength, Buffer.from(back).toString()], [4, 'mine']);
    assert.equal(
      await host.call(
        'p',
        'check',
        ['value.buffer.byteLength', { deep: [buffer] }].map((x) => x.deep?.[0] ?? x),
      ),
      4,
    );
  });

  test('what was detached before is refused', async (t) => {
    const host = await openEcho(t);
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    for (const value of [buffer, view])
      assert.equal((await failure(host.call('p', 'echo', [value]))).code, 'ERR_CLONE');
    assert.equal(
      (await failure(host.eval('{ const b = new ArrayBuffer(8); b.transfer(); ({ b }) }'))).path,
      'result.b',
    );
  });
});

describe('transfer', () => {
  test('memory of ours moves: the content arrives, the source is detached', async (t) => {
    const host = await openEcho(t);
    for (const size of [1, 1024, 1025, 1 << 20]) {
      const bytes = host.native.alloc(size);
      assert.ok(bytes.every((byte) => byte === 0));
      bytes.set(pattern(size));
      const sum = pattern(size).reduce((a, b) => a + b, 0);
      assert.equal(await host.call('p', 'sum', [bytes], { transfer: [bytes.buffer] }), sum);
      assert.equal(bytes.byteLength, 0);
    }
  });

  test('ordinary memory is copied and detached', async (t) => {
    const host = await openEcho(t);
    for (const size of [0, 10, 5000]) {
      const bytes = pattern(size);
      const back = await host.call('p', 'echo', [{ deep: [bytes] }], { transfer: [bytes.buffer] });
      assert.deepEqual(back.deep[0], pattern(size));
      assert.ok(detached(bytes.buffer), `${size}`);
    }
    const bytes = pattern(5000);
    assert.deepEqual(host.callSync('p', 'echo', [bytes], { transfer: [bytes.buffer] }), pattern(5000));
    assert.equal(bytes.byteLength, 0);
  });

  test('a buffer that no argument mentions goes too', async (t) => {
    const host = await openEcho(t);
    const [ours, other] = [host.native.alloc(5000).buffer, new ArrayBuffer(5000)];
    assert.equal(await host.call('p', 'echo', [1], { transfer: [ours, other] }), 1);
    assert.deepEqual([ours.byteLength, other.byteLength], [0, 0]);
  });

  test('duplicates, detached buffers and a pool are refused, and nothing is detached', async (t) => {
    const host = await openEcho(t);
    const gone = new ArrayBuffer(4);
    structuredClone(gone, { transfer: [gone] });
    for (const bad of ['same', gone, Buffer.from('pool').buffer]) {
      const [ordinary, ours] = [new ArrayBuffer(5000), host.native.alloc(5000).buffer];
      const transfer = [ordinary, ours, bad === 'same' ? ordinary : bad];
      const error = await failure(host.call('p', 'echo', [ordinary], { transfer }));
      assert.deepEqual([error.code, error.path], ['ERR_CLONE', 'transfer[2]']);
      assert.deepEqual([ordinary.byteLength, ours.byteLength], [5000, 5000]);
      assert.equal(thrown(() => host.callSync('p', 'echo', [ordinary], { transfer })).path, 'transfer[2]');
    }
  });

  test('an argument that cannot cross leaves what was to be transferred', async (t) => {
    const host = await openEcho(t);
    const [ordinary, ours] = [new ArrayBuffer(5000), host.native.alloc(5000).buffer];
    const error = await failure(host.call('p', 'echo', [ordinary, ours, () => 1], { transfer: [ordinary, ours] }));
    assert.deepEqual([error.code, error.path], ['ERR_CLONE', 'args[2]']);
    assert.deepEqual([ordinary.byteLength, ours.byteLength], [5000, 5000]);
  });

  test('what hostbox handed out can be transferred on, to another sandbox too', async (t) => {
    const [one, other] = [await openEcho(t), await openEcho(t)];
    let bytes = await one.call('p', 'echo', [pattern(100_000)]);
    for (const host of [other, one, other]) bytes = await host.call('p', 'echo', [bytes], { transfer: [bytes.buffer] });
    assert.ok(Buffer.compare(bytes, pattern(100_000)) === 0);
  });

  test('the same memory is never in two sandboxes', async (t) => {
    const [one, other] = [await openEcho(t), await openEcho(t)];
    const bytes = one.native.alloc(5000);
    const copies = await Promise.all([one, other].map((host) => host.call('p', 'keep', [bytes])));
    bytes.fill(1);
    copies[0].fill(2);
    assert.ok(copies[1].every((byte) => byte === 0));
    assert.equal(await one.eval('0'), 0);
  });
});

test('what a guest can build and Node cannot is ERR_CLONE, and hurts nobody else', async (t) => {
  const host = open(t);
  const other = host.eval('new Promise((resolve) => setTimeout(resolve, 5, "unhurt"))');
  // QuickJS and V8 do not accept the very same patterns and array kinds in every Node.
  const results = await Promise.allSettled([
    host.eval('new Float16Array(2)'),
    host.eval('/(?<a>x)|(?<a>y)/'),
    host.eval('/(?i:x)/'),
  ]);
  for (const { status, reason } of results) if (status === 'rejected') assert.equal(reason.code, 'ERR_CLONE');
  assert.equal(await other, 'unhurt');
});
