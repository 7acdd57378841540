import { check, isTry } from '../clock.mjs';
import { HostRuntime, openGuest, residentMiB } from './host.mjs';

const CALLS = isTry ? 100_000 : 10_000_000;
const LIVES = isTry ? 1000 : 100_000;
const POINTS = 100;
const IN_FLIGHT = 1000;

const point = (count) => [count, Number(residentMiB().toFixed(1))];

async function overCalls() {
  const host = await openGuest();
  const points = [];
  for (let done = 0; done < CALLS; done += CALLS / POINTS) {
    let left = CALLS / POINTS;
    const lane = async () => {
      while (left-- > 0) check((await host.call('guest', 'measure', [left, 'small'])) > 0, true);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    points.push(point(done + CALLS / POINTS));
  }
  await host.close();
  return points;
}

async function overLives() {
  const points = [];
  for (let life = 1; life <= LIVES; life++) {
    const host = new HostRuntime('bench', { console: 'silent' });
    check(await host.eval('1 + 1'), 2);
    await host.close();
    if (life % (LIVES / POINTS) === 0) points.push(point(life));
  }
  return points;
}

/** Least and most of the last half: what comes before is warming up. */
function range([points]) {
  const values = points.slice(points.length / 2).map(([, value]) => value);
  return [Math.min(...values), Math.max(...values)].map((value) => `${value.toFixed(0)} MiB`).join(' and ');
}

const yAxis = { label: 'resident memory, MiB' };

export const calls = {
  name: 'endurance-calls',
  measure: async () => ({ series: { '1,000 calls in flight, one sandbox': await overCalls() } }),
  chart: { title: `Memory over ten million calls`, xAxis: { label: 'calls answered' }, yAxis },
  figures: ({ series }) => `In the second half memory stays between ${range(Object.values(series))}.`,
};

export const lives = {
  name: 'endurance-lives',
  measure: async () => ({ series: { 'create, eval, close, one after the other': await overLives() } }),
  chart: { title: `Memory over a hundred thousand sandboxes`, xAxis: { label: 'sandboxes made and closed' }, yAxis },
  figures: ({ series }) => `In the second half memory stays between ${range(Object.values(series))}.`,
};
