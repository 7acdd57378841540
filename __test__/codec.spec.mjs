// lib/codec.js without the addon: what is encoded is decoded here, with structuredClone as the oracle.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import vm from 'node:vm';
import { graph, shape } from './fixtures/graphs.mjs';

const require = createRequire(import.meta.url);
const { Encoder, Decoder } = require('../lib/codec.js');
const { HostboxError } = require('../lib/errors.js');

const scratch = new Uint8Array(64 * 1024);
const encoder = new Encoder(scratch);
const decoder = new Decoder(scratch);

/** The message as bytes and blocks of its own, as the addon takes it. */
function encode(value, { transfer, root = 'args', as = encoder } = {}) {
  const message = as.begin(transfer);
  message.value(value, root);
  message.finish();
  const bytes = message.bytes.slice(0, message.position);
  const blocks = message.blocks.map(({ buffer, offset, length }) => buffer.slice(offset, offset + length));
  const sources = message.blocks;
  message.end();
  return { bytes, blocks, sources };
}

function roundTrip(value, options) {
  const { bytes, blocks } = encode(value, options);
  const result = decoder.read(bytes, 0, blocks, 0);
  return result;
}

function same(value) {
  assert.deepEqual(roundTrip(value), structuredClone(value));
}

/** Asserts a refusal, and gives its message. */
function refused(value, path, pattern = /./) {
  let message = '';
  assert.throws(
    () => encode(value),
    (error) => {
      assert.ok(error instanceof HostboxError);
      assert.equal(error.code, 'ERR_CLONE');
      assert.equal(error.path, path);
      assert.match(error.message, pattern);
      message = error.message;
      return true;
    },
  );
  assert.equal(encoder.busy, false);
  return message;
}

function nested(levels, inner = 1) {
  let value = inner;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('primitives', () => {
  test('numbers come back with their bits', () => {
    const edges = [0, -0, 1, -1, 63, 64, -64, -65, 127, 128, 255, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 53];
    for (const n of [...edges, 0.1, -1.5, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE]) {
      assert.ok(Object.is(roundTrip(n), n), String(n));
    }
  });

  test('undefined, null and booleans come back', () => {
    for (const value of [undefined, null, true, false]) assert.equal(roundTrip(value), value);
  });

  test('strings of every width and length come back', () => {
    for (const unit of ['a', 'é', 'ÿ', 'Ā', '漢', '😀', '\ud800', 'x\udc00', '\0']) {
      for (const length of [
        0, 1, 2, 7, 8, 9, 12, 13, 16, 17, 47, 48, 49, 63, 64, 127, 128, 129, 200, 16383, 16384, 70000,
      ]) {
        const text = unit.repeat(length);
        assert.ok(roundTrip(text) === text, `${JSON.stringify(unit)} × ${length}`);
      }
    }
    assert.equal(roundTrip(`${'a'.repeat(60)}\ud800`), `${'a'.repeat(60)}\ud800`);
  });

  test('text is written as an engine keeps it: one byte a code unit where that is enough, else two', () => {
    for (const times of [1, 100]) {
      for (const text of ['é', 'a', '\0', '\xff']) assert.equal(encode(text.repeat(times)).bytes[0], 0x06);
      for (const text of ['漢', '\u0100', 'é漢', '\ud800', '😀'])
        assert.equal(encode(text.repeat(times)).bytes[0], 0x07);
    }
  });

  test('BigInts of any size come back', () => {
    for (const n of [
      0n,
      1n,
      -1n,
      255n,
      256n,
      2n ** 63n,
      2n ** 64n - 1n,
      2n ** 64n,
      -(2n ** 64n),
      3n ** 4000n,
      -(7n ** 999n),
    ]) {
      assert.equal(roundTrip(n), n);
    }
  });
});

describe('objects', () => {
  test('plain objects keep their keys and order', () => {
    same({ a: 1, b: 'x', c: { d: [1, { e: null }] }, '': 0, 'odd key': 1, ключ: 2, ['k'.repeat(100)]: 3 });
    assert.deepEqual(Object.keys(roundTrip({ b: 1, a: 2, 7: 3, 1: 4, '01': 5, 4294967295: 6, '-1': 7 })), [
      ...['1', '7', 'b', 'a', '01', '4294967295', '-1'],
    ]);
    same({});
  });

  test('keys of Object.prototype become own properties', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4}');
    const result = roundTrip(value);
    assert.deepEqual(Object.keys(result), ['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
    assert.equal({}.polluted, undefined);
    const deep = roundTrip(nested(300, value));
    let inner = deep;
    while (Object.hasOwn(inner, 0) || Object.hasOwn(inner, 'a')) inner = inner[0] ?? inner.a;
    assert.equal(Object.getPrototypeOf(inner), Object.prototype);
    assert.ok(Object.hasOwn(inner, '__proto__'));
  });

  test('objects of classes and without prototype cross as their own enumerable string keys', () => {
    class Base {
      x = 1;
      #hidden = 2;
      get y() {
        return this.#hidden;
      }
    }
    class Derived extends Base {
      z = 3;
      [Symbol('s')] = 4;
    }
    assert.deepEqual(roundTrip(new Derived()), { x: 1, z: 3 });
    assert.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
    assert.deepEqual(roundTrip(Object.assign(Object.create({ inherited: 1 }), { a: 1 })), { a: 1 });
    const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false });
    assert.deepEqual(roundTrip(hidden), { a: 1 });
    assert.deepEqual(roundTrip(vm.runInNewContext('({ a: [1], b: new Date(5), c: new Map([[1, 2]]), d: {} })')), {
      ...{ a: [1], b: new Date(5), c: new Map([[1, 2]]), d: {} },
    });
  });

  test('an accessor is read once, and what it throws reaches the caller as it is', () => {
    let reads = 0;
    const value = {
      get a() {
        return ++reads;
      },
    };
    assert.deepEqual(roundTrip([value]), [{ a: 1 }]);
    assert.equal(reads, 1);
    const mine = new Error('mine');
    const throwing = {
      get a() {
        throw mine;
      },
    };
    assert.throws(
      () => encode([1, throwing]),
      (error) => error === mine,
    );
    assert.equal(encoder.busy, false);
    same([1]);
  });

  test('a property that an accessor removes is left out', () => {
    const value = {
      get a() {
        delete this.b;
        return 1;
      },
      b: 2,
    };
    assert.deepEqual(roundTrip(value), { a: 1 });
  });

  test('an accessor may encode a message of its own', () => {
    const value = {
      before: 'x',
      get inner() {
        return roundTrip({ deep: [1, 2, 3] });
      },
      after: 'y',
    };
    assert.deepEqual(roundTrip(value), { before: 'x', inner: { deep: [1, 2, 3] }, after: 'y' });
  });

  test('identity and cycles hold', () => {
    const shared = { s: 1 };
    const cycle = { shared, list: [shared, shared], map: new Map([[shared, shared]]), set: new Set([shared]) };
    cycle.self = cycle;
    cycle.list.push(cycle.list);
    cycle.many = Array.from({ length: 50 }, (_, i) => ({ i, shared }));
    const result = roundTrip(cycle);
    assert.deepEqual(result, structuredClone(cycle));
    assert.equal(result.self, result);
    assert.equal(result.list[0], result.shared);
    assert.equal(result.list[2], result.list);
    assert.equal(result.map.get(result.shared), result.shared);
    assert.ok(result.set.has(result.shared));
    assert.ok(result.many.every(({ shared: s }) => s === result.shared));
  });

  test('a value nested 5,000 levels deep crosses, and a deeper one is refused', () => {
    for (const levels of [127, 128, 129, 1000, 5000]) {
      let a = roundTrip(nested(levels));
      let depth = 0;
      while (typeof a === 'object') {
        a = a[0] ?? a.a;
        depth++;
      }
      assert.equal(depth, levels);
    }
    assert.throws(() => encode(nested(5001)), { code: 'ERR_CLONE', message: /nested more than 5000 levels/ });
    const endless = {
      get next() {
        return Object.create(Object.getPrototypeOf(this), Object.getOwnPropertyDescriptors(this));
      },
    };
    assert.throws(() => encode(endless), { code: 'ERR_CLONE' });
    let maps = new Map();
    for (let i = 0; i < 4998; i++) maps = new Map([[new Set([i]), i % 3 === 0 ? [maps] : maps]]).set('e', i);
    assert.throws(() => encode(maps), { code: 'ERR_CLONE' });
    assert.doesNotThrow(() => roundTrip(nested(4998, new Error('deep', { cause: new Map([[1, 2]]) }))));
  });
});

describe('arrays', () => {
  test('dense arrays of all kinds come back', () => {
    same([]);
    same([1, 2.5, 'x', null, undefined, [], {}]);
    same(Array.from({ length: 100_000 }, (_, i) => i + 0.5));
    same(Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? i : String(i))));
    same([1.5, 2.5, 'then text', { a: 1 }]);
  });

  test('holes stay holes', () => {
    for (const list of [[,], [1, , 3], [, , undefined, ,], Object.assign(new Array(100), { 7: 1, 50: undefined })]) {
      const result = roundTrip(list);
      assert.deepEqual(result, list);
      assert.equal(result.length, list.length);
      for (let i = 0; i < list.length; i++) assert.equal(i in result, i in list, String(i));
    }
  });

  test('sparse arrays take bytes for what they hold', () => {
    const sparse = [];
    sparse[4_000_000_000] = 'far';
    sparse[5] = 1;
    const { bytes } = encode(sparse);
    assert.ok(bytes.length < 40);
    const result = roundTrip(sparse);
    assert.equal(result.length, 4_000_000_001);
    assert.deepEqual(Object.entries(result), [
      ['5', 1],
      ['4000000000', 'far'],
    ]);
  });

  test('a long sparse array takes no memory for its holes when it is decoded', () => {
    const { bytes } = encode(Object.assign([], { length: 20_000_000, 3: 1 }));
    const before = process.memoryUsage().heapUsed;
    const lists = Array.from({ length: 20 }, () => decoder.read(bytes, 0, [], 0));
    assert.ok(process.memoryUsage().heapUsed - before < 50e6);
    assert.ok(lists.every((list) => list.length === 20_000_000 && list[3] === 1));
  });

  test('other properties of arrays come along', () => {
    same(Object.assign([1, 2], { extra: 'x', '01': 2 }));
    same(Object.assign([], { extra: 'x' }));
    same(Object.assign(Array.from({ length: 500 }, String), { extra: { y: 1 } }));
    same('abc'.match(/b(?<n>c)/));
    class List extends Array {}
    assert.deepEqual(roundTrip(List.from({ length: 30 }, (_, i) => i)), [...Array(30).keys()]);
  });
});

describe('built-in objects', () => {
  test('dates, patterns and boxed primitives come back', () => {
    assert.ok(Number.isNaN(roundTrip(new Date(NaN)).getTime()));
    same([new Date(0), new Date(8.64e15), /a\/b[漢]/giu, new RegExp('')]);
    same([Object(1), Object('text'), Object(true), Object(false), Object(5n), Object(-0)]);
    class Day extends Date {
      getTime() {
        return 0;
      }
    }
    assert.deepEqual(roundTrip(new Day(7)), new Date(7));
  });

  test('Maps and Sets keep order and keys of any kind', () => {
    same(
      new Map([
        ['a', 1],
        [{ k: 1 }, [2]],
        [NaN, new Map()],
        [undefined, new Set([1, 'x', {}])],
      ]),
    );
    same(new Set([new Set([new Set()])]));
    const self = new Map();
    self.set(self, self).set('set', new Set([self]));
    const result = roundTrip(self);
    assert.equal(result.get(result), result);
    assert.ok(result.get('set').has(result));
  });

  test('errors keep class, name, message, stack, cause and errors', () => {
    for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const error = new Class('boom', { cause: { code: 1 } });
      const result = roundTrip(error);
      assert.equal(Object.getPrototypeOf(result), Class.prototype);
      assert.deepEqual(result, structuredClone(error));
      assert.equal(result.stack, error.stack);
      assert.deepEqual(Object.keys(result), []);
      assert.deepEqual(result.cause, { code: 1 });
    }
    const all = roundTrip(new AggregateError([new TypeError('a'), 2], 'all'));
    assert.ok(all instanceof AggregateError);
    assert.ok(all.errors[0] instanceof TypeError);
    assert.equal(all.errors[1], 2);
  });

  test('a subclass of an error arrives as its standard base with its own name', () => {
    class Mine extends RangeError {
      name = 'Mine';
    }
    const result = roundTrip(new Mine('boom'));
    assert.ok(result instanceof RangeError);
    assert.equal(result.name, 'Mine');
    assert.equal(String(result), 'Mine: boom');
    const abort = roundTrip(new DOMException('stop', 'AbortError'));
    assert.ok(abort instanceof Error);
    assert.equal(String(abort), 'AbortError: stop');
    const foreign = roundTrip(vm.runInNewContext('new TypeError("far")'));
    assert.ok(foreign instanceof TypeError);
  });

  test('an error may be its own cause', () => {
    const error = new Error('loop');
    error.cause = [error];
    const result = roundTrip(error);
    assert.equal(result.cause[0], result);
    assert.equal(roundTrip(new Error()).message, '');
    assert.equal(Object.hasOwn(roundTrip(new Error()), 'message'), false);
  });

  test('an object that lost its prototype is what it is', () => {
    assert.deepEqual(roundTrip(Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype)), new Map([[1, 2]]));
    assert.deepEqual(roundTrip(Object.setPrototypeOf(new Date(3), null)), new Date(3));
    assert.deepEqual(roundTrip(Object.create(Date.prototype)), {});
  });
});

describe('memory', () => {
  const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
  views.push(Float32Array, Float64Array, BigInt64Array, BigUint64Array);

  test('views of every kind come back, inline and as blocks', () => {
    for (const length of [0, 1, 7, 128, 1000]) {
      for (const View of views) {
        const view = new View(length);
        new Uint8Array(view.buffer).forEach((_, i, bytes) => (bytes[i] = i * 7));
        const result = roundTrip(view);
        assert.deepEqual(new Uint8Array(result.buffer), new Uint8Array(view.buffer));
        assert.equal(result.constructor, View);
      }
    }
    const data = roundTrip(new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2));
    assert.deepEqual([data.byteOffset, data.byteLength, data.buffer.byteLength, data.getUint8(0)], [1, 2, 4, 2]);
  });

  test('buffers of up to 1,024 bytes stand inline, longer ones are blocks', () => {
    assert.equal(encode(new ArrayBuffer(1024)).sources.length, 0);
    const buffer = new ArrayBuffer(1025);
    assert.deepEqual(encode([buffer, new Uint8Array(buffer, 5)]).sources, [
      { buffer, offset: 0, length: 1025, transfer: false },
    ]);
    same([buffer, new Uint8Array(buffer, 5)]);
  });

  test('views of one buffer share it on the other side', () => {
    const buffer = new ArrayBuffer(64);
    const [a, b, c] = roundTrip([new Uint8Array(buffer, 8, 8), buffer, new Float64Array(buffer, 16, 2)]);
    assert.equal(a.buffer, b);
    assert.equal(c.buffer, b);
    assert.deepEqual([a.byteOffset, a.length, c.byteOffset, c.length, b.byteLength], [8, 8, 16, 2, 64]);
  });

  test('a Buffer crosses as a Uint8Array of its own range, and no byte of the pool with it', () => {
    const secret = Buffer.from('a secret in the pool');
    const mine = Buffer.from('mine');
    assert.equal(mine.buffer, secret.buffer);
    const { bytes, sources } = encode({ mine, again: mine, view: new Uint8Array(mine.buffer, mine.byteOffset, 4) });
    assert.equal(sources.length, 0);
    assert.equal(Buffer.from(bytes).includes('secret'), false);
    const result = roundTrip({ mine, again: mine, view: new Uint8Array(mine.buffer, mine.byteOffset, 4) });
    assert.deepEqual(result.mine, new Uint8Array([109, 105, 110, 101]));
    assert.equal(result.mine, result.again);
    assert.equal(result.mine.buffer.byteLength, 4);
    assert.deepEqual(result.view, result.mine);
    const large = Buffer.alloc(5000, 1).subarray(1000, 3000);
    const [block] = encode(large).sources;
    assert.deepEqual([block.offset, block.length, block.transfer], [1000, 2000, false]);
    refused([mine.buffer], 'args[0]', /small Buffers share/);
  });

  test('many Buffers keep the numbers of objects right', () => {
    const list = Array.from({ length: 20 }, (_, i) => Buffer.from([i, i]));
    const shared = { s: 1 };
    const result = roundTrip([...list, shared, ...list, shared]);
    assert.equal(result[20], result[41]);
    list.forEach((_, i) => assert.equal(result[i], result[i + 21]));
    assert.deepEqual(result[19], new Uint8Array([19, 19]));
  });

  test(
    'resizable buffers and views that track them come back',
    { skip: !('resizable' in ArrayBuffer.prototype) },
    () => {
      const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
      new Uint8Array(buffer).forEach((_, i, bytes) => (bytes[i] = i));
      const value = [
        new Uint8Array(buffer),
        new Uint8Array(buffer, 0, 16),
        new Uint16Array(buffer, 2),
        new DataView(buffer, 4),
      ];
      const result = roundTrip([...value, buffer]);
      const copy = result[4];
      assert.deepEqual([copy.resizable, copy.maxByteLength, copy.byteLength], [true, 64, 16]);
      assert.deepEqual([...result[0]], [...Array(16).keys()]);
      copy.resize(32);
      assert.deepEqual(
        result.slice(0, 4).map((view) => view.byteLength),
        [32, 16, 30, 28],
      );
      assert.equal(buffer.byteLength, 16);
      refused([new ArrayBuffer(8, { maxByteLength: 2 ** 31 })], 'args[0]', /more than 2 GiB/);
      const full = new ArrayBuffer(8, { maxByteLength: 8 });
      new Uint8Array(full).fill(9);
      const [tracking, fixed, data] = roundTrip([
        new Uint8Array(full),
        new Uint32Array(full, 4, 1),
        new DataView(full),
      ]);
      assert.deepEqual([...new Uint8Array(full)], Array(8).fill(9));
      assert.deepEqual([...tracking], Array(8).fill(9));
      tracking.buffer.resize(4);
      assert.deepEqual([tracking.length, fixed.length, data.byteLength], [4, 0, 4]);
    },
  );

  test('buffers of the transfer list are blocks to be moved, mentioned or not', () => {
    const [small, mentioned, alone] = [new ArrayBuffer(4), new ArrayBuffer(2000), new ArrayBuffer(8)];
    const value = [new Uint8Array(small), mentioned, mentioned];
    const { sources } = encode(value, { transfer: [alone, mentioned, small] });
    assert.deepEqual(
      sources.map(({ buffer, transfer }) => [buffer, transfer]),
      [
        [small, true],
        [mentioned, true],
        [alone, true],
      ],
    );
  });

  test('a transfer list with something else in it is refused', () => {
    const buffer = new ArrayBuffer(4);
    const gone = new ArrayBuffer(4);
    structuredClone(gone, { transfer: [gone] });
    const pool = Buffer.from('x').buffer;
    for (const transfer of [
      [buffer, buffer],
      [buffer, gone],
      [buffer, pool],
      [buffer, new SharedArrayBuffer(4)],
    ]) {
      assert.throws(() => encode(1, { transfer }), { code: 'ERR_CLONE', path: 'transfer[1]' });
      assert.equal(encoder.busy, false);
    }
  });

  test('detached buffers and views that are out of bounds are refused', () => {
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    refused([buffer], 'args[0]', /detached/);
    refused([{ view }], 'args[0].view', /detached/);
    if (!('resizable' in ArrayBuffer.prototype)) return;
    const shrunk = new ArrayBuffer(8, { maxByteLength: 8 });
    const [outside, data] = [new Uint8Array(shrunk, 4, 4), new DataView(shrunk, 4, 4)];
    shrunk.resize(2);
    refused([outside], 'args[0]', /out of the bounds/);
    refused([data], 'args[0]', /out of the bounds/);
  });
});

describe('refusals', () => {
  test('the path leads to the culprit', () => {
    const f = function named() {};
    refused([{ a: { b: f } }], 'args[0].a.b', /args\[0\]\.a\.b cannot be cloned: it is a function \(named\).*bridge/);
    refused([0, [0, 0, 0, f]], 'args[1][3]');
    refused([{ 'odd key': f }], 'args[0]["odd key"]');
    refused([{ 7: f }], 'args[0]["7"]');
    refused([{ $ok: { ключ: f } }], 'args[0].$ok.ключ');
    refused([new Map([['k', { x: f }]])], 'args[0].get("k").x');
    refused([new Map([[5, f]])], 'args[0].get(5)');
    refused([new Map([[{}, f]])], 'args[0].values()[0]');
    refused(
      [
        new Map([
          [1, 1],
          [{ f }, 1],
        ]),
      ],
      'args[0].keys()[1].f',
    );
    refused([new Set([1, [f]])], 'args[0].values()[1][0]');
    refused([new Error('x', { cause: { f } })], 'args[0].cause.f');
    refused([new AggregateError([f])], 'args[0].errors[0]');
    refused([Object.assign([1], { extra: f })], 'args[0].extra');
    refused([Object.assign([], { length: 1e6, 70: [f] })], 'args[0][70][0]');
    refused(f, 'args');
  });

  test('the path is short where the value is deep', () => {
    const message = refused(nested(300, Symbol('s')), encodePath(300));
    assert.ok(message.length < 600);
  });

  function encodePath(levels) {
    const steps = Array.from({ length: levels }, (_, i) => (i % 2 === 0 ? '.a' : '[0]'));
    return `args${steps.slice(0, 32).join('')} … ${steps.slice(-8).join('')}`;
  }

  test('what structured clone refuses is refused by its name', async () => {
    const cases = [
      [Symbol('s'), /symbol/],
      [() => 1, /function/],
      [class {}, /function/],
      [new Proxy({}, {}), /proxy/],
      [new Proxy([], {}), /proxy/],
      [Promise.resolve(), /a promise; await it first/],
      [new SharedArrayBuffer(4), /SharedArrayBuffer/],
      [new Uint8Array(new SharedArrayBuffer(4)), /SharedArrayBuffer/],
      [new WeakMap(), /WeakMap/],
      [new WeakSet(), /WeakSet/],
      [new WeakRef({}), /WeakRef/],
      [Object(Symbol('s')), /boxed symbol/],
      [(function* () {})(), /generator/],
      [(async function* () {})(), /generator/],
      [new Map().entries(), /iterator/],
      [[].values(), /iterator/],
      [new URL('http://a'), /a URL; pass its href/],
      [new Blob([]), /Blob/],
      [new Headers(), /Headers/],
      [new AbortController().signal, /signal/],
      [new Intl.NumberFormat(), /NumberFormat/],
      [await import('node:path'), /module namespace/],
    ];
    for (const [value, pattern] of cases) refused([value], 'args[0]', pattern);
    for (const [value, pattern] of cases)
      refused(nested(200, new Map([[1, { value }]])), undefinedPath(value), pattern);
  });

  function undefinedPath() {
    const steps = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? '.a' : '[0]')).concat('.get(1)', '.value');
    return `args${steps.slice(0, 32).join('')} … ${steps.slice(-8).join('')}`;
  }

  test('a proxy runs no trap', () => {
    const trap = () => assert.fail('a trap ran');
    const handler = { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap, getOwnPropertyDescriptor: trap };
    for (const target of [{ a: 1 }, [1], new Map()]) refused([new Proxy(target, handler)], 'args[0]', /proxy/);
  });

  test('the encoder works on after a refusal', () => {
    for (let i = 0; i < 3; i++) {
      refused([{ a: new Map([[{}, [() => 1]]]) }], 'args[0].a.values()[0][0]');
      same([{ a: 1 }, { b: 2 }]);
    }
  });
});

describe('messages', () => {
  test('a message that outgrows the scratch moves on, and the next is back in it', () => {
    const small = new Encoder(new Uint8Array(64));
    for (const value of [
      'a'.repeat(65),
      '漢'.repeat(40),
      '漢'.repeat(5000),
      '\ud800'.repeat(5000),
      Array.from({ length: 3000 }, (_, i) => i * 1.5),
      { a: new Uint8Array(1000), b: 12345678901234567890n, c: new Date(5), d: 'x'.repeat(3_000_000) },
    ]) {
      assert.deepEqual(roundTrip(value, { as: small }), structuredClone(value));
      assert.equal(small.bytes, small.scratch);
    }
    for (let n = 0; n < 200; n++) {
      const value = ['x'.repeat(n % 50), n, n + 0.5, 'é漢'.repeat(n % 20), new Date(n), { [`k${n}`]: 2n ** BigInt(n) }];
      assert.deepEqual(roundTrip(value, { as: small }), value);
    }
  });

  test('memory of more than 1 MiB is not kept', () => {
    encode('x'.repeat(5_000_000));
    assert.equal(encoder.spare, null);
    encode('x'.repeat(300_000));
    assert.ok(encoder.spare.byteLength <= 2 ** 20);
  });

  test('nothing of a message is held on to', () => {
    encode([{}, new Map([[{}, { a: [{}] }]]), new ArrayBuffer(5000), ...Array.from({ length: 20 }, () => ({}))]);
    assert.deepEqual([encoder.many.size, encoder.blocks.length, encoder.transfer, encoder.position], [0, 0, null, 0]);
    assert.ok(encoder.few.every((entry) => entry === null));
    assert.ok(encoder.trail.every((entry) => typeof entry !== 'object'));
  });

  test('arguments are an array', () => {
    const message = encoder.begin();
    message.args([1, { a: 2 }, , 'x'], 'args');
    message.finish();
    assert.deepEqual(decoder.read(message.bytes, 0, [], 0), [1, { a: 2 }, , 'x']);
    message.end();
    assert.throws(() => encoder.begin().args([1, () => 2], 'args'), { code: 'ERR_CLONE', path: 'args[1]' });
    const list = [1];
    list.push(list);
    const second = encoder.begin();
    second.args(list, 'args');
    const result = decoder.read(second.bytes, 0, [], 0);
    second.end();
    assert.equal(result[1][1], result[1]);
  });

  test('values that stand one after the other are read one after the other, with blocks of their own', () => {
    const first = encode([new Uint8Array(2000).fill(1)]);
    const second = encode(new Uint8Array(3000).fill(2));
    const bytes = new Uint8Array([9, 9, ...first.bytes, ...second.bytes]);
    const blocks = [...first.blocks, ...second.blocks];
    assert.deepEqual(decoder.read(bytes, 2, blocks, 0), [new Uint8Array(2000).fill(1)]);
    assert.equal(decoder.position, 2 + first.bytes.length);
    assert.deepEqual(decoder.read(bytes, decoder.position, blocks, 1), new Uint8Array(3000).fill(2));
    assert.equal(decoder.position, bytes.length);
  });
});

describe('random graphs', () => {
  test('4,000 graphs come back as from structuredClone, identities included', () => {
    const small = new Encoder(new Uint8Array(128));
    for (let seed = 1; seed <= 4000; seed++) {
      const value = graph(seed);
      const expected = shape(structuredClone(value));
      assert.equal(shape(roundTrip(value, { as: seed % 2 === 0 ? small : encoder })), expected, `seed ${seed}`);
    }
  });

  test('whatever is cut off is refused, and never taken for a value', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { bytes, blocks } = encode(graph(seed));
      for (let end = 0; end < bytes.length; end += 1 + (bytes.length >> 7)) {
        assert.throws(
          () => decoder.read(bytes.subarray(0, end), 0, blocks, 0),
          { code: 'ERR_INTERNAL' },
          `${seed} ${end}`,
        );
      }
    }
  });

  test('bytes that are changed at random end in a value or an error, in no time', () => {
    let state = 7;
    for (let seed = 1; seed <= 1500; seed++) {
      const { bytes, blocks } = encode(graph(seed));
      for (let i = 0; i < 4; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        bytes[state % bytes.length] = state >>> 24;
        try {
          decoder.read(bytes, 0, blocks, 0);
        } catch (error) {
          assert.ok(error instanceof HostboxError, error.stack);
        }
      }
    }
  });
});

describe('malformed input', () => {
  const cases = {
    'an unknown tag': [0x7f],
    'a bare end': [0xff],
    'a bare hole': [0x0f],
    'a reference to nothing': [0x17, 0],
    'a reference to itself while it is made': [0x16, 1, 0, 0, 0, 0x17, 0],
    'a block that is not there': [0x15, 3],
    'an array longer than its bytes': [0x0d, 0xff, 0xff, 0xff, 0xff, 0x0f],
    'a string longer than its bytes': [0x06, 20, 65],
    'a number without an end': [0x04, ...Array(12).fill(0x80)],
    'a key that is no text': [0x0c, 0x01, 0x01, 0xff],
    'a length among the keys of an array': [0x0e, 1, 0x06, 6, ...Buffer.from('length'), 0x04, 0, 0xff],
    'an index beyond an array': [0x0e, 1, 0x04, 20, 0x01, 0xff],
    'an unknown kind of view': [0x16, 99, 0, 0, 0, 0x13, 0],
    'an unknown kind of error': [0x12, 99, 0, 0, 0, 0xff],
    'a view of text': [0x16, 1, 0, 0, 0, 0x06, 0],
    'a view out of bounds': [0x16, 1, 0, 0, 9, 0x13, 1, 0],
    'a boxed object': [0x18, 0x0c, 0xff],
    'a Map with half an entry': [0x10, 0x01, 0xff],
    '6,000 arrays in each other': [...Array(6000).fill([0x0d, 1]).flat(), 0x01],
    '6,000 Sets in each other': [...Array(6000).fill(0x11), ...Array(6000).fill(0xff)],
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(`${name} is refused as a bug of ours`, () => {
      assert.throws(() => decoder.read(new Uint8Array(bytes), 0, [], 0), { code: 'ERR_INTERNAL' });
    });
  }

  test('what a guest has and this runtime has not is refused as such', () => {
    const pattern = [0x0b, 0x06, 1, 0x28, 0x06, 0]; // an unfinished group
    assert.throws(() => decoder.read(new Uint8Array(pattern), 0, [], 0), {
      code: 'ERR_CLONE',
      message: /regular expression/,
    });
  });
});
