import { check, rateInFlight } from '../clock.mjs';

const SIZES = [1, 2, 4, 8];
/** What waits beside what runs, so that no sandbox is ever without work. */
const WAITING = 16;

const guest = `
  exports.primes = (below) => {
    const sieve = new Uint8Array(below);
    let count = 0;
    for (let n = 2; n < below; n++) {
      if (sieve[n]) continue;
      count++;
      for (let m = n * n; m < below; m += n) sieve[m] = 1;
    }
    return count;
  };
  exports.same = (value) => value;
`;

const rates = Object.fromEntries(
  SIZES.flatMap((size) => [
    [`work${size}`, { title: `calls that count primes, size ${size}`, unit: 'calls/s', better: 'more' }],
    [`small${size}`, { title: `calls of next to nothing, size ${size}`, unit: 'calls/s', better: 'more' }],
  ]),
);

async function open(way, size) {
  if (way === 'hostbox') {
    const { HostPool } = await import('../../index.js');
    const pool = new HostPool('bench', { size, plugins: { guest } });
    return { call: (fn, argument) => pool.call('guest', fn, [argument]), close: () => pool.close() };
  }
  const { Piscina } = await import('piscina');
  const filename = new URL('../contenders/pool-guest.mjs', import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: size, maxThreads: size, workerData: guest });
  return { call: (name, argument) => pool.run(argument, { name }), close: () => pool.destroy() };
}

export default {
  name: 'pool',
  about:
    'A pool of so many sandboxes that count primes below 10,000, and that give a number back; piscina does the same in workers, in V8 and without limits.',
  metrics: rates,
  contenders: ['hostbox', 'piscina'],
  ways: { hostbox: 'hostbox', piscina: 'piscina' },
  rounds: 3,
  async measure(way) {
    const results = {};
    for (const size of SIZES) {
      const pool = await open(way, size);
      const work = async () => check(await pool.call('primes', 10_000), 1229);
      results[`work${size}`] = await rateInFlight(work, size + WAITING);
      const small = async (number) => check(await pool.call('same', number), number);
      results[`small${size}`] = await rateInFlight(small, 64 * size);
      await pool.close();
    }
    return results;
  },
};
