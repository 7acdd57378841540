import { assert, test } from 'guest:test';
import { process } from 'guest:process';

declare function setTimeout(run: () => void, ms: number): unknown;

test('it says what packages ask for', () => {
  assert.deepEqual([process.platform, process.cwd(), process.argv.length], ['linux', '/', 1]);
  assert.equal(process.version, `v${process.versions.node}`);
  assert.equal(Object.prototype.toString.call(process), '[object process]');
  assert.deepEqual([process.binding, process.kill, process.abort], [undefined, undefined, undefined]);
});

test('the environment is what was granted, and its values are text', () => {
  const { env } = process;
  assert.deepEqual(
    [env.HOME, env.MODE, env.PATH, Object.keys(env).join()],
    ['/home/guest', 'test', undefined, 'HOME,MODE'],
  );
  env.N = 1;
  assert.equal(env.N, '1');
  assert.equal('N' in env, true);
  assert.equal(delete env.N && env.N, undefined);
  assert.throws(() => {
    env.S = Symbol();
  }, TypeError);
});

test('ticks come before promise jobs, and again when there are none left', async () => {
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      Promise.resolve().then(() => {
        seen.push('job 1');
        process.nextTick(() => seen.push('tick 3'));
        Promise.resolve().then(() => seen.push('job 2'));
      });
      process.nextTick(
        (...args: unknown[]) => {
          seen.push(`tick 1 ${args.join()}`);
          process.nextTick(() => seen.push('tick 2'));
        },
        'a',
        'b',
      );
      seen.push('code');
    }, 0);
    setTimeout(resolve, 5);
  });
  assert.deepEqual(seen, ['code', 'tick 1 a,b', 'tick 2', 'job 1', 'job 2', 'tick 3']);
  assert.throws(() => process.nextTick('x'), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('clocks go on', () => {
  const [seconds, nanoseconds] = process.hrtime();
  const before = process.hrtime.bigint();
  assert.ok(Number.isInteger(seconds) && nanoseconds >= 0 && nanoseconds < 1e9);
  const [later, rest] = process.hrtime([seconds, nanoseconds]);
  assert.ok(later >= 0 && rest >= 0);
  assert.ok(typeof before === 'bigint' && process.hrtime.bigint() >= before);
  assert.ok(process.uptime() >= 0);
  assert.throws(() => process.hrtime(1), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('memory is that of the sandbox', () => {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  assert.ok(heapUsed > 0 && heapUsed <= rss && rss <= heapTotal, `${heapUsed} ${rss} ${heapTotal}`);
  assert.equal(heapUsed + external, rss);
  assert.ok(process.cpuUsage().user >= 0);
});

test('a warning is heard by listeners after the turn’s own code', async () => {
  let isLater = false;
  const heard = new Promise<any>((resolve) =>
    process.once('warning', (warning: unknown) => resolve([warning, isLater])),
  );
  process.noWarnings = true;
  process.emitWarning('careful', { type: 'OddWarning', code: 'ODD1', detail: 'more' });
  isLater = true;
  const [warning, wasLater] = await heard;
  delete process.noWarnings;
  assert.deepEqual([warning.name, warning.code, warning.detail, wasLater], ['OddWarning', 'ODD1', 'more', true]);
});

test('it is an emitter', () => {
  let heard: unknown;
  process.once('custom', (value: unknown) => (heard = value));
  process.emit('custom', 5);
  assert.equal(heard, 5);
});

test('a plugin cannot end its process', () => {
  // Node's own would end this very run.
  assert.ok(process.browser, 'expected no real process');
  assert.throws(() => process.exit(0), Error);
});
