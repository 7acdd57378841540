// Every native function with arguments that no guest module would pass: it answers or throws, and the sandbox lives on. A panic ends it.
//
// Those of `bridge` are left out: what they are passed is for the app.

import { assert, test } from 'guest:test';
import { load } from 'host:modules';

// prettier-ignore
const NATIVES = [
  'blob', 'body', 'buffer', 'cache', 'clone', 'compression', 'console', 'crypto', 'encoding', 'fetch', 'filereader', 'fs', 'headers',
  'inspect', 'mime', 'modules', 'native', 'navigator', 'nodebytes', 'nodecipher', 'nodehash', 'nodekdf', 'nodekey', 'noderandom',
  'plugin', 'process', 'report', 'streams', 'timers', 'url', 'uuid', 'wasi', 'wasm', 'webassembly', 'websocket',
];

/** Always the same ones: a failure can be seen again. */
function numbers(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % end;
  };
}

function detached(): Uint8Array {
  const view = new Uint8Array(8);
  (view.buffer as unknown as { transfer(): ArrayBuffer }).transfer();
  return view;
}

function shrunk(): Uint8Array {
  const buffer = new (ArrayBuffer as any)(16, { maxByteLength: 32 });
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return view;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const thrower = (what: string) => (): never => {
  throw new Error(what);
};

// prettier-ignore
const hostile = (): unknown[] => [
  undefined, null, true, false, 0, -1, 1, 2, 3, 16, 255, 1.5, NaN, Infinity, -Infinity, -0, 1e6, 2 ** 31, 2 ** 32, -(2 ** 31), 2 ** 53,
  -(2 ** 53), 1e300, 0n, 1n, -(2n ** 70n), Symbol('s'), '', 'x', 'utf8', 'hex', 'sha256', 'md5', 'aes-128-gcm', 'gzip', '\0', '\ud800',
  '🙂'.repeat(50), '/../../x', 'http://127.0.0.1:1/', 'é'.repeat(5000), '[]', '{}', 'null', '{"a":1}', '%', 'a:b', '1e999', '__proto__',
  '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', [], [1], ['a', 'b'], [[]], {}, { __proto__: null }, () => 1, revoked(),
  new Proxy([], {}), new Date(NaN), /x/, new Uint8Array(), new Uint8Array(1), new Uint8Array(100), detached(), shrunk(),
  new ArrayBuffer(8), new Map(), new SharedArrayBuffer(8), new DataView(new ArrayBuffer(4), 2), new Float64Array(2), Promise.resolve(1),
  { valueOf: thrower('valueOf'), toString: thrower('toString'), get length() { return thrower('length')(); } },
  new Proxy({}, { get: thrower('get') }),
];

/** These work as long as they are asked to, within bounds: a million rounds are too many for a test. */
const COSTLY = ['crypto', 'nodekdf', 'nodekey'];
const isModest = (value: unknown): boolean => typeof value !== 'number' || !(value > 16 && value < 2 ** 31);

for (const name of NATIVES) {
  test(`nothing that is passed to host:${name} ends the sandbox`, () => {
    const functions = load<Record<string, (...args: unknown[]) => unknown>>(`host:${name}`);
    // On plain Node there is nothing of ours behind it.
    if ((functions as unknown) === globalThis) return;
    const below = numbers(name.length);
    // What comes out goes in again: handles of the right kind, and of the wrong one.
    const made: unknown[] = [];
    for (const each of Object.keys(functions)) {
      for (let round = 0; round < 150; round++) {
        const values = COSTLY.includes(name) ? hostile().filter(isModest) : hostile();
        const pool = made.length > 0 && below(3) === 0 ? made : values;
        const args = Array.from({ length: below(8) }, () => (below(2) === 0 ? pool : values)[below(pool.length)]);
        try {
          const result = functions[each]!(...args) as { then?: (a: unknown, b: unknown) => void } | undefined;
          if (result === null || typeof result !== 'object') continue;
          result.then?.(
            () => {},
            () => {},
          );
          if (made.length < 40) made.push(result);
        } catch (error) {
          assert.ok(String((error as Error)?.message) !== 'internal error', `${each}: ${String(error)}`);
        }
      }
    }
  });
}
