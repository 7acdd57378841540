import { availableParallelism } from 'node:os';
import { rateInFlight } from '../clock.mjs';
import { short } from '../svg/scale.mjs';
import { openGuest, powersOf } from './host.mjs';

const IN_FLIGHT = 1000;
const MEASURE_MS = 500;
const ROUNDS = 2000;

async function rate(sandboxes, fn, args) {
  const call = (count) => sandboxes[count % sandboxes.length].call('guest', fn, args);
  return Math.round(await rateInFlight(call, IN_FLIGHT, MEASURE_MS));
}

export default {
  name: 'calls',
  async measure() {
    const small = [];
    const heavy = [];
    const sandboxes = [];
    for (const count of powersOf(2, 1, 64)) {
      while (sandboxes.length < count) sandboxes.push(await openGuest());
      small.push([count, await rate(sandboxes, 'measure', [1, 'small'])]);
      heavy.push([count, await rate(sandboxes, 'work', [ROUNDS])]);
    }
    return {
      cores: availableParallelism(),
      series: { 'small call': small, 'call with a loop of 2,000 rounds': heavy },
    };
  },
  chart: {
    title: 'Calls per second, 1,000 in flight in all',
    xAxis: { label: 'sandboxes', log: 2, format: String },
    yAxis: { label: 'calls per second', log: 10, format: short },
  },
  figures({ cores, series }) {
    const [small, heavy] = Object.values(series);
    const most = (points) => Math.max(...points.map(([, value]) => value));
    const gain = most(heavy) / heavy[0][1];
    return `One sandbox answers ${short(small[0][1])} small calls per second, 64 together ${short(small.at(-1)[1])}. Of calls with a loop one answers ${short(heavy[0][1])}, and at best they answer ${short(most(heavy))}: ${gain.toFixed(1)} times as many, on ${cores} cores.`;
  },
};
