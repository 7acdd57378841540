import { assert, test } from 'guest:test';
import { BASE, Codec, HEAD } from 'guest:witcodec';
import type { Engine } from 'guest:witcodec';
import { Memory } from 'guest:witmemory';
import type { FunctionShape, Ref, Shape, Type } from 'guest:witshape';

const { TextDecoder, TextEncoder } = globalThis as unknown as {
  TextEncoder: new () => { encodeInto(text: string, bytes: Uint8Array): { written: number } };
  TextDecoder: new () => { decode(bytes: Uint8Array): string };
};

const engine: Engine = {
  text: {
    write: (bytes, text, at) => new TextEncoder().encodeInto(text, bytes.subarray(at)).written,
    read: (bytes, at, end) => new TextDecoder().decode(bytes.subarray(at, end)),
  },
  compile: (parameters, body) => new Function(parameters, body) as (...args: unknown[]) => unknown,
  error: (code, message, path) => Object.assign(new Error(message), { code, path }),
  shown(value) {
    if (typeof value === 'string') return JSON.stringify(value);
    return typeof value === 'object' && value !== null ? 'an object' : String(value);
  },
  failed: (payload, where) => Object.assign(new Error(`${where} failed`), { payload }),
};

const handles = {
  lower: (_: number, value: unknown) => (value as { handle: number }).handle,
  lift: (resource: number, handle: number, isOwn: boolean) => ({ resource, handle, isOwn }),
  send: (_: number, value: unknown) => (value as { number: number }).number,
  receive: (type: number, number: number) => ({ type, number }),
};

function memory(bytes = 64): Memory {
  const m = new Memory(new Uint8Array(bytes), engine.text);
  m.handles = handles;
  return m;
}

function fn(params: readonly Ref[], result: Ref | null = null): FunctionShape {
  const named = params.map((type, i) => ({ name: `p${i}`, type }));
  return { number: 0, name: 'f', kind: 'function', resource: null, params: named, result };
}

function codec(types: readonly Type[]): Codec {
  const shape: Shape = { types, resources: [], exports: [], imports: [] };
  return new Codec(shape, engine);
}

/** There and back as arguments, from a caller to a host function. */
function asArguments(types: readonly Type[], params: readonly Ref[], args: readonly unknown[]): unknown[] {
  const c = codec(types);
  const m = memory();
  const bytes = c.exported(fn(params), 'test').encode(m, args);
  return c.imported(fn(params), 'test').decode(m, bytes, BASE);
}

/** There and back as a result, from a host function to a caller. */
function asResult(types: readonly Type[], ref: Ref, value: unknown): unknown {
  const c = codec(types);
  const m = memory();
  const reply = 70_000;
  const bytes = c.imported(fn([], ref), 'test').encode(m, reply, value, false);
  return c.exported(fn([], ref), 'test').decode(answer(m.u8.subarray(0, bytes), reply), HEAD + bytes);
}

function answer(content: Uint8Array, address: number): Memory {
  const m = memory((HEAD + content.length + 7) & ~7);
  m.u8.set(content, HEAD);
  m.u32[0] = address;
  return m;
}

function both(types: readonly Type[], ref: Ref, value: unknown, ...given: unknown[]): void {
  const back = given.length > 0 ? given[0] : value;
  assert.deepEqual(asArguments(types, [ref], [value])[0], back, `${JSON.stringify(types)} as an argument`);
  // An `ok` comes back as it is, and an `err` is thrown: those are tested apart.
  if (typeof ref === 'number' && types[ref]!.kind === 'result') return;
  assert.deepEqual(asResult(types, ref, value), back, `${JSON.stringify(types)} as a result`);
}

// ── generated values ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A small generator of numbers below a bound (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;
const PRIMITIVES = ['bool', 'u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64', 'f32', 'f64', 'char', 'string'];
const NUMBERS = new Map<string, (values: number[] | bigint[]) => unknown>([
  ['u8', (v) => Uint8Array.from(v as number[])],
  ['s8', (v) => Int8Array.from(v as number[])],
  ['u16', (v) => Uint16Array.from(v as number[])],
  ['s16', (v) => Int16Array.from(v as number[])],
  ['u32', (v) => Uint32Array.from(v as number[])],
  ['s32', (v) => Int32Array.from(v as number[])],
  ['f32', (v) => Float32Array.from(v as number[])],
  ['f64', (v) => Float64Array.from(v as number[])],
  ['u64', (v) => BigUint64Array.from(v as bigint[])],
  ['s64', (v) => BigInt64Array.from(v as bigint[])],
]);

function aType(r: Random, types: Type[], depth: number): Ref {
  if (depth === 0 || r(3) === 0) return PRIMITIVES[r(PRIMITIVES.length)]!;
  const inner = () => aType(r, types, depth - 1);
  const several = (most: number) => Array.from({ length: 1 + r(most) }, inner);
  const maybe = () => (r(3) === 0 ? null : inner());
  const name = (_: unknown, i: number) => `the-case-${String.fromCharCode(97 + (i % 26))}${i}`;
  const makers: (() => Type)[] = [
    () => ({ kind: 'record', fields: several(5).map((type, i) => ({ name: `a-field${i}`, type })) }),
    () => ({ kind: 'tuple', types: several(4) }),
    () => ({ kind: 'list', type: inner() }),
    () => ({ kind: 'option', type: inner() }),
    () => ({ kind: 'result', ok: maybe(), err: maybe() }),
    () => ({
      kind: 'variant',
      cases: Array.from({ length: 1 + r(12) }, (_, i) => ({ name: name(_, i), type: maybe() })),
    }),
    () => ({ kind: 'enum', cases: Array.from({ length: [2, 7, 300][r(3)]! }, name) }),
    () => ({ kind: 'flags', flags: Array.from({ length: 1 + r(32) }, name) }),
  ];
  types.push(makers[r(makers.length)]!());
  return types.length - 1;
}

const STRINGS = ['', 'a', 'plain text that is longer than most', 'straße', '日本語', '🦀 and more', 'x'.repeat(300)];

function primitive(r: Random, name: string): unknown {
  switch (name) {
    case 'bool':
      return r(2) === 1;
    case 'u8':
      return r(256);
    case 's8':
      return r(256) - 128;
    case 'u16':
      return r(65536);
    case 's16':
      return r(65536) - 32768;
    case 'u32':
      return r(4294967296);
    case 's32':
      return r(4294967296) - 2147483648;
    case 'u64':
      return (BigInt(r(4294967296)) << 32n) | BigInt(r(4294967296));
    case 's64':
      return BigInt.asIntN(64, (BigInt(r(4294967296)) << 32n) | BigInt(r(4294967296)));
    case 'f32':
      return Math.fround([0, -0, 1.5, Infinity, NaN, r(4294967296) / 7][r(6)]!);
    case 'f64':
      return [0, -0, 1.5, -Infinity, NaN, r(4294967296) / 7][r(6)]!;
    case 'char':
      return ['a', 'ß', '語', '🦀', '\0', '\u{10ffff}'][r(6)]!;
    default:
      return STRINGS[r(STRINGS.length)]!;
  }
}

const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function aValue(r: Random, types: readonly Type[], ref: Ref): unknown {
  if (typeof ref === 'string') return primitive(r, ref);
  const type = types[ref]!;
  const of = (inner: Ref) => aValue(r, types, inner);
  const oneCase = (tag: string, inner: Ref | null) => (inner === null ? { tag } : { tag, val: of(inner) });
  switch (type.kind) {
    case 'record':
      return Object.fromEntries(type.fields.map((field) => [camel(field.name), of(field.type)]));
    case 'tuple':
      return type.types.map(of);
    case 'list': {
      const items = Array.from({ length: r(4) * r(4) }, () => of(type.type));
      return NUMBERS.get(type.type as string)?.(items as number[]) ?? items;
    }
    case 'option': {
      const isNested = typeof type.type === 'number' && types[type.type]!.kind === 'option';
      if (isNested) return r(3) === 0 ? { tag: 'none' } : { tag: 'some', val: of(type.type) };
      return r(3) === 0 ? undefined : of(type.type);
    }
    case 'result':
      return r(2) === 0 ? oneCase('ok', type.ok) : oneCase('err', type.err);
    case 'variant': {
      const one = type.cases[r(type.cases.length)]!;
      return oneCase(one.name, one.type);
    }
    case 'enum':
      return type.cases[r(type.cases.length)]!;
    case 'flags':
      return Object.fromEntries(type.flags.map((name) => [camel(name), r(2) === 1]));
    case 'stream':
    case 'future':
      throw new TypeError('no generated type is one');
    default:
      return { resource: type.resource, handle: r(100), isOwn: type.kind === 'own' };
  }
}

test('generated values of generated types come back as they were', () => {
  for (let seed = 0; seed < 400; seed++) {
    const r = random(seed);
    const types: Type[] = [];
    const params = Array.from({ length: 1 + r(5) }, () => aType(r, types, 3));
    for (let round = 0; round < 3; round++) {
      const args = params.map((ref) => aValue(r, types, ref));
      assert.deepEqual(asArguments(types, params, args), args, `arguments of seed ${seed}: ${JSON.stringify(types)}`);
      both(types, params[0]!, args[0]);
    }
  }
});

test('every primitive type comes back from memory, from slots and from lists', () => {
  const r = random(7);
  for (const name of PRIMITIVES) {
    for (let i = 0; i < 20; i++) {
      const value = primitive(r, name);
      both([], name, value);
      both([{ kind: 'record', fields: [{ name: 'a', type: 'u8' }, { name: 'b', type: name }] }], 0, { a: 1, b: value }); // prettier-ignore
      both([{ kind: 'tuple', types: [name, 'u8'] }], 0, [value, 1]);
    }
  }
});

test('seventeen flat parameters cross in memory', () => {
  const args = Array.from({ length: 17 }, (_, i) => i * 1000);
  assert.deepEqual(
    asArguments(
      [],
      Array.from({ length: 17 }, () => 'u32'),
      args,
    ),
    args,
  );
  const mixed = [1, 'two', 3n, 4.5, true, 'six', 'seven', 'eight', 'nine', 'ten'];
  const types = ['u8', 'string', 'u64', 'f32', 'bool', 'string', 'string', 'string', 'string', 'string'];
  assert.deepEqual(asArguments([], types, mixed), mixed);
});

test('lists of numbers are typed arrays on the way out, and arrays or typed arrays on the way in', () => {
  const list: Type[] = [{ kind: 'list', type: 'u32' }];
  both(list, 0, [1, 2, 3], Uint32Array.of(1, 2, 3));
  both(list, 0, Float64Array.of(1, 2, 3), Uint32Array.of(1, 2, 3));
  both([{ kind: 'list', type: 's64' }], 0, [1, -2n], BigInt64Array.of(1n, -2n));
  both(list, 0, [], new Uint32Array(0));
});

test('list<u8> takes any bytes', () => {
  const list: Type[] = [{ kind: 'list', type: 'u8' }];
  const bytes = Uint8Array.of(9, 1, 2, 3, 4, 9);
  const wanted = Uint8Array.of(1, 2, 3, 4);
  both(list, 0, bytes.subarray(1, 5), wanted);
  both(list, 0, bytes.buffer.slice(1, 5), wanted);
  both(list, 0, new DataView(bytes.buffer, 1, 4), wanted);
  both(list, 0, new Uint8ClampedArray([1, 2, 3, 4]), wanted);
  both(list, 0, [1, 2, 3, 4], wanted);
});

test('what a list gives is a copy, and a view where the message is nobody else’s', () => {
  const c = codec([{ kind: 'list', type: 'u8' }]);
  const m = memory();
  const content = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, ...Array.from({ length: 92 }, () => 7));
  const bytes = c.imported(fn([], 0), 'test').encode(m, 5000, content, false);
  const shared = answer(m.u8.subarray(0, bytes), 5000);
  const copy = c.exported(fn([], 0), 'test').decode(shared, HEAD + bytes) as Uint8Array;
  assert.ok(copy.buffer !== shared.u8.buffer);
  shared.isOwn = true;
  const part = c.exported(fn([], 0), 'test').decode(shared, HEAD + bytes) as Uint8Array;
  assert.ok(part.buffer === shared.u8.buffer);
  assert.deepEqual(Array.from(part), Array.from(content));
});

test('a variant’s case without payload may be given by its name', () => {
  const variant: Type[] = [{ kind: 'variant', name: 'operation', cases: [{ name: 'add', type: null }, { name: 'of', type: 'u8' }] }]; // prettier-ignore
  both(variant, 0, 'add', { tag: 'add' });
  both(variant, 0, { tag: 'of', val: 3 });
  refused(variant, 0, 'of', 'args[0].val: Expected u8 but received undefined');
  refused(variant, 0, 'sub', `args[0]: Expected operation ('add' | 'of') but received "sub"`);
  refused(variant, 0, { tag: 'x' }, `args[0].tag: Expected operation ('add' | 'of') but received "x"`);
  refused(variant, 0, 5, `args[0]: Expected operation ('add' | 'of') but received 5`);
});

test('numbers stand for 64-bit integers as far as they are exact', () => {
  both([], 'u64', 7, 7n);
  both([], 's64', -7, -7n);
  refused([], 'u64', -1, 'args[0]: Expected u64 but received -1');
  refused([], 'u64', 2n ** 64n, 'args[0]: Expected u64 but received 18446744073709551616');
  refused([], 's64', 2 ** 60, 'args[0]: Expected s64');
});

test('null stands for none, and flags that are left out are false', () => {
  both([{ kind: 'option', type: 'u8' }], 0, null, undefined);
  both([{ kind: 'flags', flags: ['a', 'b-c'] }], 0, { bC: true }, { a: false, bC: true });
});

test('handles are given to the instance', () => {
  both([{ kind: 'own', resource: 4 }], 0, { resource: 4, handle: 77, isOwn: true });
  both([{ kind: 'list', type: 1 }, { kind: 'borrow', resource: 2 }], 0, [{ resource: 2, handle: 5, isOwn: false }]); // prettier-ignore
});

// ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function refused(types: readonly Type[], ref: Ref, value: unknown, message: string): void {
  let text = 'nothing';
  try {
    asArguments(types, [ref], [value]);
  } catch (error) {
    const { code, message: said } = error as { code: string; message: string };
    assert.equal(code, 'ERR_ARGUMENT');
    text = said;
  }
  assert.ok(text.startsWith(message), `expected "${message}", got "${text}"`);
}

test('wrong values are refused with their type', () => {
  const cases: [name: string, value: unknown][] = [
    ['bool', 1], ['u8', 256], ['u8', -1], ['u8', 1.5], ['s8', 128], ['u16', 65536], ['s16', -32769], ['u32', 4294967296],
    ['u32', -1], ['s32', 2147483648], ['s32', NaN], ['u32', 5n], ['u32', '5'], ['f64', 1n], ['f32', null], ['char', 'ab'],
    ['char', ''], ['char', '\ud800'], ['char', 65], ['string', 5], ['u64', 1.5], ['s64', '1'],
  ]; // prettier-ignore
  for (const [name, value] of cases) refused([], name, value, `args[0]: Expected ${name} but received`);
});

test('a refusal names the way to the value', () => {
  const types: Type[] = [
    { kind: 'record', name: 'pair', fields: [{ name: 'left-part', type: 'u32' }, { name: 'right', type: 4 }] },
    { kind: 'list', type: 0 },
    { kind: 'record', name: 'box', fields: [{ name: 'all-items', type: 1 }] },
    { kind: 'tuple', types: ['u8', 2] },
    { kind: 'option', type: 5 },
    { kind: 'result', ok: 'string', err: null },
  ]; // prettier-ignore
  const pair = { leftPart: 1, right: undefined };
  refused(types, 2, { allItems: [pair, pair, pair, { leftPart: 'x' }] }, 'args[0].all-items[3].left-part: Expected u32 but received "x"'); // prettier-ignore
  refused(types, 3, [1, { allItems: [{ ...pair, right: { tag: 'ok', val: 3 } }] }], 'args[0][1].all-items[0].right.val: Expected string but received 3'); // prettier-ignore
  refused(types, 3, [1], 'args[0]: Expected tuple<u8, box>');
  refused(types, 2, undefined, 'args[0]: Expected box but received undefined');
  refused(types, 1, 'pairs', 'args[0]: Expected list<pair> but received "pairs"');
  refused([{ kind: 'list', type: 'u8' }], 0, [1, 2, 300], 'args[0][2]: Expected u8 but received 300');
  refused([{ kind: 'flags', name: 'rights', flags: ['may-read'] }], 0, { mayRead: 1 }, 'args[0].may-read: Expected bool but received 1'); // prettier-ignore
});

test('a wrong result is refused with the way to it', () => {
  const types: Type[] = [{ kind: 'record', name: 'pair', fields: [{ name: 'left', type: 'u32' }] }];
  const host = codec(types).imported(fn([], 0), 'demo:x/y.f');
  assert.throws(() => host.encode(memory(), BASE, { left: 'x' }, false), {
    code: 'ERR_ARGUMENT',
    message: 'result.left: Expected u32 but received "x" (demo:x/y.f)',
  });
});

test('what a getter throws comes through', () => {
  const value = {
    get a(): never {
      throw new RangeError('mine');
    },
  };
  const types: Type[] = [{ kind: 'record', fields: [{ name: 'a', type: 'u8' }] }];
  assert.throws(() => asArguments(types, [0], [value]), RangeError);
});

test('a list that lies about its length is refused', () => {
  const lying = (length: unknown) => new Proxy([], { get: (_, key) => (key === 'length' ? length : 1) });
  for (const length of [-1, 1.5, 2 ** 32, '3', NaN]) {
    refused([{ kind: 'list', type: 'string' }], 0, lying(length), 'args[0]: Expected list<string>');
    refused([{ kind: 'list', type: 'u8' }], 0, lying(length), 'args[0]: Expected list<u8>');
  }
});

test('more than a message holds is refused before memory is taken for it', () => {
  const types: Type[] = [
    { kind: 'list', type: 1 },
    { kind: 'tuple', types: ['f64', 'f64'] },
  ];
  const huge: unknown[] = [];
  huge.length = 2 ** 31;
  assert.throws(() => asArguments(types, [0], [huge]), { code: 'ERR_MEMORY' });
});

// ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('an err is thrown with its payload, and an ok is the value', () => {
  const types: Type[] = [{ kind: 'result', ok: 'string', err: 1 }, { kind: 'record', fields: [{ name: 'code', type: 'u16' }] }]; // prettier-ignore
  const c = codec(types);
  for (const [value, isError] of [
    ['fine', false],
    [{ code: 7 }, true],
  ] as const) {
    const m = memory();
    const bytes = c.imported(fn([], 0), 'test').encode(m, 4096, value, isError);
    const read = () => c.exported(fn([], 0), 'test').decode(answer(m.u8.subarray(0, bytes), 4096), HEAD + bytes);
    if (!isError) assert.equal(read(), 'fine');
    else {
      let payload: unknown;
      try {
        read();
      } catch (error) {
        payload = (error as { payload: unknown }).payload;
      }
      assert.deepEqual(payload, { code: 7 });
    }
  }
});

test('a result without payloads is one slot', () => {
  const c = codec([{ kind: 'result', ok: null, err: null }]);
  const m = memory();
  assert.equal(c.imported(fn([], 0), 'test').encode(m, 4096, undefined, true), 8);
  assert.throws(() => c.exported(fn([], 0), 'test').decode(answer(m.u8.subarray(0, 8), 4096), HEAD + 8), {
    message: 'test failed',
  });
});

test('a function without a result gives undefined', () => {
  assert.equal(
    codec([])
      .exported(fn([]), 'test')
      .decode(answer(new Uint8Array(0), 0), HEAD),
    undefined,
  );
});

// ── hostile messages ──────────────────────────────────────────────────────────────────────────────────────────────────

function hostile(types: readonly Type[], ref: Ref, words: readonly number[], reason: string): void {
  const content = new Uint8Array(Uint32Array.from(words).buffer);
  const read = () =>
    codec(types)
      .exported(fn([], ref), 'test')
      .decode(answer(content, 4096), HEAD + content.length);
  let text = 'nothing';
  try {
    read();
  } catch (error) {
    assert.equal((error as { code: string }).code, 'ERR_INTERNAL');
    text = (error as Error).message;
  }
  assert.ok(text.includes(reason), `expected "${reason}", got "${text}"`);
}

test('addresses and lengths out of bounds are refused', () => {
  for (const [address, length] of [[0, 1], [4079, 1], [4104, 1], [4096, 9], [4096, 0xffffffff], [0xffffffff, 1], [0xffffffff, 0xffffffff]]) {
    hostile([], 'string', [address!, length!], 'reach beyond it');
    for (const type of [...NUMBERS.keys(), 'string']) {
      hostile([{ kind: 'list', type }], 0, [address! & ~7, length!], 'it');
    }
  } // prettier-ignore
});

test('unaligned addresses are refused', () => {
  for (const type of ['u16', 's32', 'u64', 'f64', 'string']) {
    hostile([{ kind: 'list', type }], 0, [4097, 1, 0, 0, 0, 0], 'is not aligned');
  }
});

test('parts that lie over each other are refused', () => {
  const many = Array.from({ length: 16 }, () => [4096, 128]).flat();
  hostile([{ kind: 'list', type: 'string' }], 0, [4104, 16, ...many], 'lie over each other');
});

test('cases that there are not are refused', () => {
  hostile([{ kind: 'enum', name: 'colour', cases: ['red', 'green'] }], 0, [2, 0], '2 is no case of colour');
  hostile([{ kind: 'option', type: 'u32' }], 0, [2, 0], '2 is no case of option<u32>');
  hostile([{ kind: 'variant', name: 'v', cases: [{ name: 'a', type: 'u32' }] }], 0, [9, 0], '9 is no case of v');
  hostile([{ kind: 'result', ok: 'u32', err: null }], 0, [3, 0], '3 is no case of result');
  hostile([], 'char', [0xd800, 0], '55296 is no character');
  hostile([], 'char', [0x110000, 0], 'is no character');
});

test('a message that is too short is refused', () => {
  hostile([], 'u64', [], 'it is too short');
  hostile([{ kind: 'list', type: 'u8' }], 0, [4096], 'it is too short');
});

test('a call’s slots beyond its message are refused', () => {
  const host = codec([]).imported(fn(['u32']), 'test');
  for (const at of [BASE - 8, BASE + 4, BASE + 16, 0, 0xffffffff]) {
    assert.throws(() => host.decode(memory(64), 16, at), { code: 'ERR_INTERNAL' });
  }
  const wide = codec([]).imported(fn(Array.from({ length: 17 }, () => 'u32')), 'test');
  for (const at of [0, BASE - 4, BASE + 2, BASE + 64, 0xffffffff]) {
    assert.throws(() => wide.decode(memory(128), 64, at), { code: 'ERR_INTERNAL' });
  }
  assert.throws(() => host.decode(memory(64), 128, BASE), { code: 'ERR_INTERNAL' });
});

test('arbitrary bytes give values or errors of ours, and nothing else', () => {
  for (let seed = 0; seed < 300; seed++) {
    const r = random(seed);
    const types: Type[] = [];
    const ref = aType(r, types, 3);
    const exported = codec(types).exported(fn([], ref), 'test');
    for (let round = 0; round < 10; round++) {
      const bytes = 8 * (1 + r(40));
      const m = memory(HEAD + bytes);
      for (let i = 0; i < m.u32.length; i++) m.u32[i] = r(3) === 0 ? r(4294967296) : r(2) === 0 ? 4096 + r(bytes) : r(4);
      m.u32[0] = 4096;
      try {
        exported.decode(m, HEAD + bytes);
      } catch (error) {
        const { code, payload } = error as { code?: string; payload?: unknown };
        assert.ok(code === 'ERR_INTERNAL' || 'payload' in (error as object), `${code} ${String(payload)} ${String(error)}`);
      }
    }
  }
}); // prettier-ignore

test('streams and futures are numbers, at the top and within', () => {
  const types: Type[] = [
    { kind: 'list', type: 'u8' },
    { kind: 'stream', type: 'u8', list: 0 },
    { kind: 'future', type: null, list: null },
    { kind: 'tuple', types: [1, 'string', 2] },
  ];
  const codec = new Codec({ types, resources: [], exports: [], imports: [], concurrent: true }, engine);
  const message = memory();
  const bytes = codec.exported(fn([3]), 'f').encode(message, [[{ number: 7 }, 'text', { number: 9 }]]);
  assert.deepEqual(
    Array.from({ length: 4 }, (_, slot) => message.u32[2 * slot]),
    [7, BASE + 32, 4, 9],
  );
  // The component answers in slots, too.
  const back = codec.exported(fn([], 3), 'f').decode(answer(message.u8.subarray(0, bytes), BASE), HEAD + bytes);
  assert.deepEqual(back, [{ type: 1, number: 7 }, 'text', { type: 2, number: 9 }]);
});

test('batches of elements cross as lists by themselves', () => {
  const codec = new Codec({ types: [{ kind: 'list', type: 'string' }], resources: [], exports: [], imports: [], concurrent: true }, engine); // prettier-ignore
  const batch = codec.batch(0, 'list<string>');
  const message = memory();
  const bytes = batch.encode(message, BASE, ['a', 'bcd']);
  assert.deepEqual(batch.decode(answer(message.u8.subarray(0, bytes), BASE), HEAD + bytes), ['a', 'bcd']);
  assert.throws(() => batch.encode(memory(), BASE, ['a', 5]), {
    message: 'result[1]: Expected string but received 5 (list<string>)',
  });
});
