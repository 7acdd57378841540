import Bluebird from 'bluebird';

export async function ordered() {
  const order = [];
  const values = await Bluebird.map([30, 1, 10], (ms) => Bluebird.delay(ms / 10).then(() => (order.push(ms), ms * 2)), {
    concurrency: 2,
  });
  const settled = await Bluebird.any([Bluebird.reject(new Error('no')), Bluebird.resolve('yes')]);
  const promised = Bluebird.promisify((value, done) => setImmediate(done, null, value + 1));
  return { values, count: order.length, settled, promised: await promised(1) };
}
