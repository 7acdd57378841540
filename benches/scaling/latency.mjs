import { isTry, percentile } from '../clock.mjs';
import { openGuest, powersOf } from './host.mjs';

const MEASURE_MS = isTry ? 50 : 600;

/** Times of single calls in µs while so many are in flight. */
async function latencies(host, inFlight) {
  const turn = async (ms) => {
    const samples = [];
    const end = performance.now() + ms;
    const lane = async () => {
      let started;
      do {
        started = performance.now();
        await host.call('guest', 'measure', [1, 'small']);
        samples.push((performance.now() - started) * 1000);
      } while (performance.now() < end);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return samples;
  };
  await turn(MEASURE_MS / 2);
  return turn(MEASURE_MS);
}

const round = (value) => Number(value.toPrecision(4));

export default {
  name: 'latency',
  async measure() {
    const host = await openGuest();
    const p50 = [];
    const p99 = [];
    for (const inFlight of powersOf(2, 1, 4096)) {
      const samples = await latencies(host, inFlight);
      p50.push([inFlight, round(percentile(samples, 0.5))]);
      p99.push([inFlight, round(percentile(samples, 0.99))]);
    }
    return { series: { 'half of the calls (p50)': p50, '99 of 100 calls (p99)': p99 } };
  },
  chart: {
    title: 'Until a call is answered, one sandbox',
    xAxis: { label: 'calls in flight', log: 2, format: String },
    yAxis: { label: 'microseconds', log: 10 },
  },
  figures({ series }) {
    const [p50, p99] = Object.values(series);
    const at = (points, inFlight) => points.find(([value]) => value === inFlight)[1].toLocaleString('en-US');
    return `Alone, half of the calls take at most ${at(p50, 1)} µs, and 99 of 100 at most ${at(p99, 1)} µs. With 64 in flight it is ${at(p50, 64)} and ${at(p99, 64)} µs, with 4,096 it is ${at(p50, 4096)} and ${at(p99, 4096)} µs.`;
  },
};
