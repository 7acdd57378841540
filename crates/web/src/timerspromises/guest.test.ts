import { assert, test } from 'guest:test';
import { timers, timersPromises } from 'guest:timerspromises';

const { setTimeout, setImmediate, setInterval, scheduler } = timersPromises as any;
declare const AbortController: new () => { readonly signal: any; abort(reason?: unknown): void };

test('a promise comes with its value after the delay', async () => {
  assert.equal(await setTimeout(1, 'a'), 'a');
  assert.equal(await setImmediate('b'), 'b');
  await scheduler.wait(1);
  await scheduler.yield();
});

test('a signal ends the wait, before it or while it lasts', async () => {
  const controller = new AbortController();
  const waiting = setTimeout(100_000, 1, { signal: controller.signal });
  controller.abort(new RangeError('why'));
  await assert.rejects(waiting, { name: 'AbortError', code: 'ABORT_ERR' });
  await assert.rejects(setTimeout(1, 1, { signal: controller.signal }), { name: 'AbortError' });
  await assert.rejects(setImmediate(1, { signal: controller.signal }), { name: 'AbortError' });
  await assert.rejects(setTimeout(1, 1, { signal: {} }), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('an interval is an asynchronous iterator', async () => {
  const seen: unknown[] = [];
  for await (const value of setInterval(1, 'x')) {
    seen.push(value);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, ['x', 'x', 'x']);
});

test('timers are objects that can be cleared, refreshed and told apart', async () => {
  const ran: string[] = [];
  const kept = timers.setTimeout(() => ran.push('kept'), 1) as any;
  timers.clearTimeout(timers.setTimeout(() => ran.push('cleared'), 1));
  timers.setTimeout((...args: unknown[]) => ran.push(args.join()), 1, 'a', 'b');
  assert.equal(kept.unref().hasRef(), false);
  assert.equal(kept.ref().hasRef(), true);
  assert.equal(kept.refresh(), kept);
  await setTimeout(10);
  assert.deepEqual(ran.sort(), ['a,b', 'kept']);
  assert.throws(() => timers.setTimeout('x' as any), { code: 'ERR_INVALID_ARG_TYPE' });
});
