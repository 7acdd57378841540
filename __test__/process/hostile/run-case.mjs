// Runs one case of the corpus in this process, measures what it did to its host, and prints one line of JSON.
// usage: run-case.mjs <family> <index>; exit code 0: no promise was broken, 1: see `breaches` in the line.
// A case: name, a true sentence; source, what the guest runs; via, the way in: eval (default), plugin, call (of its export
// `fn`, `run` by default), bridge (eval, with host functions in use), sync; typescript; expect, the codes allowed ('ok' for a value).
// `wasm`: with WebAssembly switched on, and the bytes of a component of crates/testkit/fixtures as `bytes`.
// `files`: with a directory as /data, for writing, of 32 MiB.
// Where a case needs its own measure: followUp { source, equals } and afterwards (codes), asked of the same sandbox next;
// loopGapMs, where Node itself has much to decode; cpuMsAfter, where timers are left over.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const TIMEOUT_MS = 250;
const MIB = 1024 * 1024;
const MEMORY_BYTES = 64 * MIB;
const BUFFER_BYTES = 64 * MIB;
/** How late an answer may be. The goal on a quiet machine is 100; a loaded one gets more, and the lateness is reported. */
const SLACK_MS = Number(process.env.HOSTBOX_SLACK_MS ?? 400);
const LOOP_GAP_MS = Number(process.env.HOSTBOX_LOOP_GAP_MS ?? 150);
/** Allocator, code, V8's copies of results: what the process may grow by beside the sandbox's two limits. */
const RSS_SLACK_BYTES = 200 * MIB;
/** A thread that is short of CPU time has four times as long to come back before it counts as lost. */
const RECOVERY_MS = 5000;
const SETUP_MS = 5000;
const CPU_WINDOW_MS = 300;
const CPU_GRACE_MS = 1000;
const CPU_IDLE_MS = 50;
const ANY_CODE = [
  'ok',
  'ERR_GUEST',
  'ERR_TIMEOUT',
  'ERR_MEMORY',
  'ERR_CLONE',
  'ERR_LIMIT',
  'ERR_CLOSED',
  'ERR_BUSY',
  'ERR_ASYNC',
  'ERR_ARGUMENT',
  'ERR_FUNCTION_NOT_FOUND',
];

const [family, index] = process.argv.slice(2);
const { default: cases } = await import(`./corpus/${family}.mjs`);
const hostileCase = cases[Number(index)];
const { Component, HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../../index.js');

/** The bytes of the case's component. Compiled once in the process: the case is not about that. */
const component = hostileCase.wasm === undefined ? undefined : readFileSync(new URL(`../../../crates/testkit/fixtures/components/${hostileCase.wasm}.wasm`, import.meta.url)); // prettier-ignore
if (component !== undefined) await Component.compile(component);

const withBytes = (bytes) =>
  `var bytes = Uint8Array.from(atob('${bytes.toString('base64')}'), (letter) => letter.charCodeAt(0)); `;

const breaches = [];
const breach = (text) => breaches.push(text);
process.on('uncaughtException', (error) => breach(`uncaught exception: ${error?.stack ?? error}`));
process.on('unhandledRejection', (reason) => breach(`unhandled rejection: ${reason?.stack ?? reason}`));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What became of a promise, at the latest after `ms`. */
async function settle(promise, ms) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, { code: 'NEVER', message: `no answer within ${ms} ms` });
  });
  const outcome = promise.then(
    (value) => ({ code: 'ok', value }),
    (error) => ({ code: error?.code ?? 'NO_CODE', message: String(error?.message ?? error).slice(0, 200) }),
  );
  const first = await Promise.race([outcome, late]);
  clearTimeout(timer);
  return first;
}

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'hostbox-hostile-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

function openRuntime() {
  const bridge = {
    slow: () => new Promise(() => {}),
    echo: (value) => value,
    boom: () => {
      throw new Error('boom');
    },
  };
  const limits = { timeoutMs: TIMEOUT_MS, memoryBytes: MEMORY_BYTES, bufferBytes: BUFFER_BYTES };
  // Files are granted to those who want to do harm to them; the directory goes when the process ends.
  const permissions = hostileCase.files ? { fs: { '/data': { path: folder(), write: true, maxBytes: 32 * MIB } } } : {};
  return new HostRuntime('hostile', { limits, bridge, permissions, wasi: component !== undefined, console: () => {} });
}

/** Watches Node: the longest time in which a timer of 5 ms did not get its turn, and the resident memory. */
function watchLoop() {
  let last = performance.now();
  let largestGapMs = 0;
  let peakRssBytes = 0;
  const tick = () => {
    const now = performance.now();
    largestGapMs = Math.max(largestGapMs, now - last);
    last = now;
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
  };
  const timer = setInterval(tick, 5);
  return {
    stop() {
      clearInterval(timer);
      tick();
      return { largestGapMs, peakRssBytes };
    },
  };
}

async function start(runtime) {
  const { via = 'eval', typescript, fn = 'run' } = hostileCase;
  const source = component === undefined ? hostileCase.source : `${withBytes(component)}${hostileCase.source}`;
  const options = typescript ? { typescript } : {};
  if (via === 'sync') return runtime.evalSync(source, options);
  if (via === 'plugin') return runtime.loadPlugin('hostile', source, options);
  if (via === 'call') return runtime.call('hostile', fn, []);
  return runtime.eval(source, options);
}

/** CPU time of this process in a window without work; gives a busy one until the grace is over. */
async function idleCpuMs(allowedMs) {
  const until = performance.now() + CPU_GRACE_MS;
  for (;;) {
    const before = process.cpuUsage();
    await sleep(CPU_WINDOW_MS);
    const { user, system } = process.cpuUsage(before);
    const usedMs = (user + system) / 1000;
    if (usedMs < allowedMs || performance.now() > until) return usedMs;
  }
}

/** The same sandbox goes on as if nothing had been; a dead one at least does not take its neighbours along. */
async function recover(runtime) {
  const followUp = hostileCase.followUp ?? { source: '1 + 1', equals: 2 };
  const allowed = hostileCase.afterwards ?? ['ok'];
  const check = async (one, wanted, codes) => {
    const started = performance.now();
    const outcome = await settle(one.eval(wanted.source, { timeoutMs: RECOVERY_MS }), RECOVERY_MS + SLACK_MS);
    const ms = performance.now() - started;
    const right = outcome.code !== 'ok' || isDeepStrictEqual(outcome.value, wanted.equals);
    return {
      ms,
      code: right ? outcome.code : 'WRONG_VALUE',
      fine: right && codes.includes(outcome.code),
      message: outcome.message,
    };
  };
  const same = await check(runtime, followUp, allowed);
  if (same.fine) return { ...same, by: 'same' };
  if (runtime.stats().state !== 'dead') return { ...same, by: 'same' };
  const fresh = openRuntime();
  const other = await check(fresh, { source: '1 + 1', equals: 2 }, ['ok']);
  await settle(fresh.close(), RECOVERY_MS);
  return { ...other, by: 'fresh' };
}

const round = (number) => Math.round(number * 10) / 10;

const runtime = openRuntime();
if (hostileCase.via === 'call') {
  const loaded = await settle(
    runtime.loadPlugin('hostile', hostileCase.source, { timeoutMs: SETUP_MS }),
    SETUP_MS + SLACK_MS,
  );
  if (loaded.code !== 'ok') breach(`the plugin did not load: ${loaded.code} ${loaded.message}`);
} else {
  await runtime.eval('0', { timeoutMs: SETUP_MS });
}
await sleep(10);
const baselineBytes = process.memoryUsage.rss();
const highWaterBefore = process.resourceUsage().maxRSS;
const loop = watchLoop();

const started = performance.now();
const outcome = await settle(start(runtime), TIMEOUT_MS + 5000);
const answerMs = performance.now() - started;
const latenessMs = answerMs - TIMEOUT_MS;

const allowedCodes = hostileCase.expect ?? ANY_CODE;
const allows = (code) => (allowedCodes instanceof RegExp ? allowedCodes.test(code) : allowedCodes.includes(code));
if (!allows(outcome.code))
  breach(`answered ${outcome.code} (${outcome.message ?? 'a value'}), allowed: ${allowedCodes}`);
if (outcome.code === 'ERR_GUEST' && outcome.message.endsWith(' is not defined'))
  breach(`the guest lacks a global, so the case proves nothing: ${outcome.message}`);
if (latenessMs > SLACK_MS) breach(`answered ${round(latenessMs)} ms after the deadline, allowed: ${SLACK_MS}`);
delete outcome.value;

const recovery = await recover(runtime);
if (!recovery.fine) breach(`afterwards the ${recovery.by} sandbox answered ${recovery.code} ${recovery.message ?? ''}`);
const { largestGapMs: loopGapMs, peakRssBytes } = loop.stop();
const allowedGapMs = hostileCase.loopGapMs ?? LOOP_GAP_MS;
if (hostileCase.via !== 'sync' && loopGapMs > allowedGapMs)
  breach(`the loop stood still for ${round(loopGapMs)} ms, allowed: ${allowedGapMs}`);

const quarantined = () => runtime.stats().process.quarantinedThreads;
const allowedCpuMs = (hostileCase.cpuMsAfter ?? CPU_IDLE_MS) + quarantined() * CPU_WINDOW_MS;
const cpuMsAfter = await idleCpuMs(allowedCpuMs);
if (cpuMsAfter >= allowedCpuMs)
  breach(`used ${round(cpuMsAfter)} ms of CPU in ${CPU_WINDOW_MS} ms afterwards, allowed: ${allowedCpuMs}`);

// The kernel's high-water mark misses no peak between two ticks; but it begins as the parent's, so it counts only where it rose.
const highWater = process.resourceUsage().maxRSS;
const peakBytes = Math.max(peakRssBytes, highWater > highWaterBefore ? highWater * 1024 : 0);
const rssGrowthBytes = Math.max(0, peakBytes - baselineBytes);
const allowedRssBytes = MEMORY_BYTES + BUFFER_BYTES + RSS_SLACK_BYTES;
if (rssGrowthBytes > allowedRssBytes)
  breach(`the process grew by ${round(rssGrowthBytes / MIB)} MiB, allowed: ${allowedRssBytes / MIB}`);

const { state } = runtime.stats();
const quarantinedThreads = quarantined();
const closing = performance.now();
const closed = await settle(runtime.close(), RECOVERY_MS);
if (closed.code !== 'ok' && state !== 'dead') breach(`close() answered ${closed.code} ${closed.message}`);

const report = {
  family,
  index: Number(index),
  name: hostileCase.name,
  ...outcome,
  answerMs: round(answerMs),
  latenessMs: round(Math.max(0, latenessMs)),
  loopGapMs: round(loopGapMs),
  rssGrowthMiB: round(rssGrowthBytes / MIB),
  afterwards: `${recovery.by}: ${recovery.code}`,
  cpuMsAfter: round(cpuMsAfter),
  state,
  quarantinedThreads,
  closeMs: round(performance.now() - closing),
  breaches,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = breaches.length ? 1 : 0;
