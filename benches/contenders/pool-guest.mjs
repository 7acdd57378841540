// The guest of the row `pool` in a worker of piscina's: its source comes as data, as it does for hostbox.
import { workerData } from 'piscina';

const exports = {};
new Function('exports', workerData)(exports);
export const { primes, same } = exports;
