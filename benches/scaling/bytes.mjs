import { totalmem } from 'node:os';
import { check, isTry, percentile, sample } from '../clock.mjs';
import { bytes as size } from '../svg/scale.mjs';
import { HostRuntime, powersOf } from './host.mjs';

const GIB = 2 ** 30;
/** A size takes four times itself and more. */
const MOST = isTry ? 2 ** 24 : totalmem() >= 12 * GIB ? GIB : 2 ** 27;
const STEPS = ['invert', 'grayscale_rgba'];
const MEASURE_MS = 300;

async function speed(length, work) {
  // What large results leave behind is collected outside the measured time.
  const timed = async () => {
    if (length >= 2 ** 24) globalThis.gc();
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  const samples = await sample(timed, { least: 3, measureMs: MEASURE_MS });
  return Number((length / GIB / (percentile(samples, 0.5) / 1000)).toPrecision(3));
}

export default {
  name: 'bytes',
  async measure() {
    const { native } = new HostRuntime('bench', { limits: { bufferBytes: 16 * GIB } });
    const own = [];
    const copied = [];
    const memcpy = [];
    for (const length of powersOf(4, 2 ** 10, MOST)) {
      const lent = native.alloc(length).fill(200);
      check((await native.chain(STEPS, lent))[length - 2], 55);
      own.push([length, await speed(length, () => native.chain(STEPS, lent))]);
      const bytes = new Uint8Array(length).fill(200);
      copied.push([length, await speed(length, async () => native.take(await native.put(bytes)))]);
      const target = new Uint8Array(length);
      memcpy.push([length, await speed(length, () => target.set(bytes))]);
    }
    return {
      series: { 'chain: invert + grayscale': own, 'put, then take': copied, 'memcpy into mapped memory': memcpy },
    };
  },
  chart: {
    title: 'Throughput over the size of a buffer',
    xAxis: { label: 'size of the buffer', log: 2, format: size },
    yAxis: { label: 'GiB per second', log: 10, format: String },
  },
  figures({ series }) {
    const [own, copied, memcpy] = Object.values(series);
    const best = own.reduce((most, point) => (point[1] > most[1] ? point : most));
    const [length, last] = own.at(-1);
    return `The chain is fastest at ${size(best[0])} with ${best[1]} GiB/s; at ${size(length)} it does ${last} GiB/s, put and take ${copied.at(-1)[1]} and memcpy ${memcpy.at(-1)[1]}.`;
  },
};
