import { isDeepStrictEqual } from 'node:util';
import { check, rateInFlight, rateSync, tried } from '../clock.mjs';
import { guest } from '../guest.mjs';

const MEASURE_MS = 200;

const objects = (count) =>
  Array.from({ length: count }, (_, id) => ({
    id: 100_000 + id,
    name: `person ${id % 977}`,
    tags: ['a', 'bc', 'def'],
    on: id % 2 === 0,
    city: 'Heidelberg',
    score: id / 8,
  }));

/** The kinds, each with the arguments of a guest function that gives back the value which it was given. */
const KINDS = {
  flat: {
    title: 'flat arguments: number, boolean, text, null',
    make: () => [41, true, 'a short text', null],
    fn: 'third',
  },
  object: { title: 'object, 31 B as JSON', make: () => [{ id: 7, name: 'Ada', on: true }] },
  ascii: { title: 'text, 1 KiB of ASCII', make: () => ['a1234567'.repeat(128)] },
  latin: { title: 'text, 1 KiB of Latin-1', make: () => ['é1234567'.repeat(128)] },
  wide: { title: 'text, 1 KiB, two bytes a character', make: () => ['語234567ß'.repeat(64)] },
  objects: { title: '100 objects, 10 KB as JSON', make: () => [objects(100)] },
  manyObjects: { title: '10,000 objects, 1 MB as JSON', make: () => [objects(10_000)] },
  doubles: {
    title: 'array of 100,000 doubles',
    make: () => [Array.from({ length: 100_000 }, (_, i) => i * 1.1 + 0.5)],
  },
  floats: {
    title: 'Float64Array of 800 KB',
    make: () => [Float64Array.from({ length: 100_000 }, (_, i) => i * 1.1 + 0.5)],
  },
};

async function measureKind(sandbox, { make, fn = 'same' }) {
  const args = make();
  const expected = fn === 'third' ? args[2] : args[0];
  const trip = () => (sandbox.echoSync ? sandbox.echoSync(fn, args) : sandbox.call(fn, args));
  const started = performance.now();
  const returned = await trip();
  const took = performance.now() - started;
  check(isDeepStrictEqual(returned, expected), true);
  const { length } = expected;
  if (!sandbox.echoSync) return rateInFlight(async () => check((await trip()).length, length), 1, MEASURE_MS);
  return rateSync(() => check(trip().length, length), { batch: took > 1 ? 1 : 20, measureMs: MEASURE_MS });
}

export default {
  name: 'values',
  about:
    'A value to a guest function that gives it back, on the calling thread; a worker is awaited. Both QuickJS in WebAssembly take objects as JSON text, the fastest of their ways. structuredClone: V8’s own copy there and back, without a guest.',
  matrix: true,
  metrics: Object.fromEntries(
    Object.entries(KINDS).map(([kind, { title }]) => [kind, { title, unit: 'trips/s', better: 'more' }]),
  ),
  contenders: ['hostbox', 'quickjs-emscripten', 'quickjs-wasi', 'isolated-vm', 'worker', 'structured-clone'],
  rounds: 3,
  async measure({ open }) {
    const sandbox = await open();
    await sandbox.load(guest);
    const values = {};
    for (const [kind, description] of Object.entries(KINDS))
      values[kind] = await tried(() => measureKind(sandbox, description));
    await sandbox.close();
    return values;
  },
};
