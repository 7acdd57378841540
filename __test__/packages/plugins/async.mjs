import async from 'async';

export async function worked() {
  const queued = [];
  const queue = async.queue((task, done) => setTimeout(() => done(null, queued.push(task)), 1), 2);
  queue.push(['a', 'b', 'c']);
  await queue.drain();
  const auto = await async.auto({
    one: async () => 1,
    two: ['one', async ({ one }) => one + 1],
  });
  const mapped = await async.mapLimit([1, 2, 3], 2, async (x) => x * x);
  return { queued: queued.sort(), auto, mapped };
}
