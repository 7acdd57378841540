// Generated values of the types of `test:echo`, by the functions that take them; and where the component's fixtures are.

import { fileURLToPath } from 'node:url';

const FIXTURES = new URL('../../crates/testkit/fixtures/components/', import.meta.url);

/** The path of a component for tests. */
export const fixture = (name) => fileURLToPath(new URL(`${name}.wasm`, FIXTURES));

/** Numbers below a bound, the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const STRINGS = ['', 'a', 'plain text', 'straße', '日本語', '🦀 and \0', 'x'.repeat(5_000)];
const CHARS = ['a', 'ß', '語', '🦀', '\0', '\u{10ffff}'];
const COLORS = ['red', 'green', 'deep-blue'];
const flags = (r, names) => Object.fromEntries(names.map((name) => [name, r(2) === 1]));
const numbered = (count) => Array.from({ length: count }, (_, i) => `f${i}`);
const times = (r, most, make) => Array.from({ length: r(most) }, make);

const bool = (r) => r(2) === 1;
const u8 = (r) => r(256);
const s8 = (r) => r(256) - 128;
const u16 = (r) => r(65_536);
const s16 = (r) => r(65_536) - 32_768;
const u32 = (r) => r(2 ** 32);
const s32 = (r) => r(2 ** 32) - 2 ** 31;
const u64 = (r) => (BigInt(r(2 ** 32)) << 32n) | BigInt(r(2 ** 32));
const s64 = (r) => BigInt.asIntN(64, u64(r));
const f32 = (r) => Math.fround([0, -0, 1.5, Infinity, NaN, r(2 ** 32) / 7][r(6)]);
const f64 = (r) => [0, -0, 1.5, -Infinity, NaN, r(2 ** 32) / 7][r(6)];
const char = (r) => CHARS[r(CHARS.length)];
const string = (r) => STRINGS[r(STRINGS.length)];
const bytes = (r) => Uint8Array.from(times(r, 40, () => u8(r)));
const point = (r) => ({ x: s32(r), y: s32(r) });
const color = (r) => COLORS[r(3)];
const rights = (r) => flags(r, ['read', 'write', 'runIt']);
const maybe = (make) => (r) => (r(3) === 0 ? undefined : make(r));
const option = (make) => (r) => (r(3) === 0 ? { tag: 'none' } : { tag: 'some', val: make(r) });
const outcome = (ok, err) => (r) => {
  const [tag, make] = r(2) === 0 ? ['ok', ok] : ['err', err];
  return make === undefined ? { tag } : { tag, val: make(r) };
};
const message = (r) => ({
  id: u64(r),
  leftPart: point(r),
  body: maybe(bytes)(r),
  headers: times(r, 4, () => [string(r), bytes(r)]),
  trailer: option(maybe(string))(r),
});
const mixed = (r) =>
  [
    () => ({ tag: 'nothing' }),
    () => ({ tag: 'byte', val: u8(r) }),
    () => ({ tag: 'small-float', val: f32(r) }),
    () => ({ tag: 'big-float', val: f64(r) }),
    () => ({ tag: 'text', val: string(r) }),
    () => ({ tag: 'wide', val: u64(r) }),
    () => ({ tag: 'bytes', val: bytes(r) }),
    () => ({ tag: 'pair', val: [f32(r), u64(r)] }),
    () => ({ tag: 'place', val: point(r) }),
  ][r(9)]();
const list = (make, type) => (r) => {
  const items = times(r, 20, () => make(r));
  return type === undefined ? items : type.from(items);
};
const eight = [u8, u8, u8, u8, u8, u8, u8, u8];
const four = [string, string, string, string];

/** Generators of the arguments of each function of `test:echo` that gives back its one argument. */
export const ECHOES = {
  aBool: bool, aU8: u8, aS8: s8, aU16: u16, aS16: s16, aU32: u32, aS32: s32, aU64: u64, aS64: s64, aF32: f32, aF64: f64,
  aChar: char, aString: string,
  listBool: list(bool), listU8: list(u8, Uint8Array), listS8: list(s8, Int8Array), listU16: list(u16, Uint16Array),
  listS16: list(s16, Int16Array), listU32: list(u32, Uint32Array), listS32: list(s32, Int32Array),
  listU64: list(u64, BigUint64Array), listS64: list(s64, BigInt64Array), listF32: list(f32, Float32Array),
  listF64: list(f64, Float64Array), listChar: list(char), listString: list(string), listBytes: list(bytes),
  listPoint: list(point), listMessage: list(message), listMixed: list(mixed), listOption: list(maybe(u32)),
  listColor: list(color), listRights: list(rights), listResult: list(outcome(u8, string)),
  aTuple: (r) => [u8(r), string(r), f64(r)], oneTuple: (r) => [u64(r)], oneField: (r) => ({ only: u8(r) }),
  aPoint: point, aMessage: message, aMixed: mixed, aBare: (r) => ({ tag: ['first', 'second', 'third'][r(3)] }),
  aNarrow: (r) => (r(2) === 0 ? { tag: 'count', val: u32(r) } : { tag: 'ratio', val: f32(r) }),
  aColor: color, aRights: rights, aNine: (r) => flags(r, numbered(9)), aThirtyTwo: (r) => flags(r, numbered(32)),
  optionU32: maybe(u32), optionString: maybe(string), optionBytes: maybe(bytes), optionOption: option(maybe(u32)),
  optionPoint: maybe(point),
  resultInside: (r) => [outcome(u32, string)(r), outcome()(r)],
}; // prettier-ignore

/** Generators of the arguments of functions that give back all of their arguments, as a tuple. */
export const TUPLES = {
  two: [string, bytes],
  sixteen: [...eight, ...four],
  seventeen: [u8, u64, u8, f32, u8, f64, u8, u8, ...four, bool],
};

/** Generators of the arguments of functions whose result is their one argument: an `err` is thrown. */
export const RESULTS = {
  resultBoth: outcome(u32, string),
  resultOk: outcome(string),
  resultErr: outcome(undefined, color),
  resultNone: outcome(),
};
