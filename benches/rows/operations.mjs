import { percentile, sample, tried } from '../clock.mjs';
import { operations as ofBytes } from '../operations/bytes.mjs';
import { BYTES } from '../operations/inputs.mjs';
import { operations as ofPictures } from '../operations/pictures.mjs';

const MIB = 2 ** 20;
const MEASURE_MS = 200;
const SLOW_MS = 300;
const operations = [...ofBytes, ...ofPictures];

const { HostRuntime } = await import('../../index.js');
const { native } = new HostRuntime('bench', { limits: { bufferBytes: 2 ** 30 } });
const run = (op, input, args) => native.run(op, input, args);

const ways = {
  hostbox:
    ({ op, args }) =>
    (input) =>
      run(op, input, args),
  node: ({ node }) => node,
  sharp: ({ sharp }) => sharp,
};

async function measureOperation(operation, way, name) {
  const work = way(operation);
  if (!work) return undefined;
  const input = await ((name === 'node' && operation.nodeInput) || operation.input)(run);
  const once = async () => {
    const started = performance.now();
    const output = await work(input);
    return { output, took: performance.now() - started };
  };
  const first = await once();
  await operation.check(first.output, run);
  const time = async () => (await once()).took;
  // What takes long needs no warm-up, and has its samples from the rounds.
  const samples = first.took > SLOW_MS ? [await time()] : await sample(time, { least: 2, measureMs: MEASURE_MS });
  return { value: BYTES / MIB / (percentile(samples, 0.5) / 1000), note: operation.note?.(first.output) };
}

export default {
  name: 'operations',
  about:
    'Native operations on 16 MiB: lines of a log, or a picture of 2048 × 2048 RGBA; MiB of the raw side per second. hostbox: native.run on a buffer of Node’s, one at a time and off its thread. Node: its zlib, crypto and Buffer, synchronous, which is the fastest of theirs. sharp has a thread for each core.',
  matrix: true,
  metrics: Object.fromEntries(operations.map(({ op, title }) => [op, { title, unit: 'MiB/s', better: 'more' }])),
  contenders: Object.keys(ways),
  ways,
  rounds: 3,
  async measure(way, name) {
    const values = {};
    for (const operation of operations)
      values[operation.op] = await tried(() => measureOperation(operation, way, name));
    return values;
  },
};
