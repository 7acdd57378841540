// The other side of piscina.mjs: the guest of `workerData`, and its functions as tasks.
import { move, workerData } from 'piscina';

const exports = {};
new Function('exports', workerData.source)(exports);

export default async function run({ fn, args, moves }) {
  const value = await exports[fn](...args);
  return moves ? move(value) : value;
}
