import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { check, percentile, sample } from '../clock.mjs';
import { optional } from '../contenders/optional.mjs';
import { bytewise, fillNoise, HEIGHT, WIDTH, wordwise } from '../pixels.mjs';

const BYTES = WIDTH * HEIGHT * 4;
const STEPS = ['invert', 'grayscale_rgba'];

/** hostbox gives a picture in memory of its own, and leaves the input as it was. */
async function hostbox(allocate) {
  const { HostRuntime } = await import('../../index.js');
  const { native } = new HostRuntime('bench', { limits: { bufferBytes: 2 ** 30 } });
  const input = fillNoise(allocate(native));
  return { input, run: () => native.chain(STEPS, input) };
}

/** A loop writes into memory that is there already: what is best for it. */
function loop(work) {
  const input = fillNoise(new Uint8Array(BYTES));
  const output = new Uint8Array(BYTES);
  return {
    input,
    run: async () => {
      work(input, output);
      return output;
    },
  };
}

function inWorker() {
  const worker = new Worker(new URL('../pixels-worker.mjs', import.meta.url));
  let pair = { input: fillNoise(new Uint8Array(BYTES)), output: new Uint8Array(BYTES) };
  return {
    input: pair.input.slice(),
    async run() {
      worker.postMessage(pair, [pair.input.buffer, pair.output.buffer]);
      [pair] = await once(worker, 'message');
      return pair.output;
    },
  };
}

async function withSharp() {
  const { default: sharp } = await optional('sharp');
  const input = fillNoise(new Uint8Array(BYTES));
  const raw = { width: WIDTH, height: HEIGHT, channels: 4 };
  return {
    input,
    loosely: true,
    run: () => sharp(input, { raw }).negate({ alpha: true }).greyscale().raw().toBuffer(),
  };
}

function checkPicture(input, output, loosely) {
  const expected = new Uint8Array(BYTES);
  bytewise(input, expected);
  if (!loosely) return check(Buffer.compare(expected, output), 0);
  // One channel a pixel, weighted in linear light: near to ours and not the same.
  const channels = output.length / (WIDTH * HEIGHT);
  let apart = 0;
  for (let i = 0; i < 1000; i++) apart += Math.abs(output[i * channels] - expected[i * 4]) / 1000;
  if (!(apart < 24)) throw new Error(`the picture is off by ${apart} on average`);
}

const ways = {
  hostbox: () => hostbox((native) => native.alloc(BYTES)),
  'hostbox, any memory': () => hostbox(() => new Uint8Array(BYTES)),
  'plain V8, a pixel at a time': () => loop(wordwise),
  'plain V8, byte by byte': () => loop(bytewise),
  'worker_threads, moved': inWorker,
  'sharp, its own greyscale': withSharp,
  memcpy: () => loop((input, output) => output.set(input)),
};

export default {
  name: 'pixels',
  about:
    'A picture of 3840 × 2160 RGBA (33 MB), inverted and turned gray, from bytes of Node’s to bytes of Node’s. hostbox: native.chain on memory of native.alloc, or on any, into fresh memory. The loops write into memory that is there already; the worker runs the faster one. sharp weighs colours otherwise and gives one channel. memcpy: only a copy.',
  metrics: { ms: { title: '4K picture, invert + grayscale', unit: 'ms', better: 'less', goal: '≥ 10 × plain V8' } },
  contenders: Object.keys(ways),
  ways,
  rounds: 3,
  async measure(way, name) {
    const { input, run, loosely = false } = await way();
    const first = await run();
    if (name !== 'memcpy') checkPicture(input, first, loosely);
    const samples = await sample(run, { least: 7 });
    return { ms: percentile(samples, 0.5) };
  },
};
