// Timing of a row's work. Times are those of performance.now(), in milliseconds.

/** How long a measurement takes at most; HOSTBOX_BENCH_MS shortens all of them for a try. A warm-up takes half of it. */
const MEASURE_MS = Number(process.env.HOSTBOX_BENCH_MS ?? 600);

/** Whether this run only tries whether all of it works: heavy rows take less then. */
export const isTry = MEASURE_MS < 300;

export function check(actual, expected) {
  if (actual !== expected) throw new Error(`wrong result: ${actual} in place of ${expected}`);
}

export function percentile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** What the work gives, or why it failed: one metric that fails takes none of the others along. */
export async function tried(work) {
  try {
    return await work();
  } catch (error) {
    return { failure: error.message };
  }
}

/** Times of single rounds of async work, after a warm-up. Work that gives a number took that long by its own clock. */
export async function sample(work, { least = 30, measureMs = MEASURE_MS } = {}) {
  const length = Math.min(measureMs, MEASURE_MS);
  const warm = performance.now() + length / 2;
  do await work();
  while (performance.now() < warm);
  const samples = [];
  const end = performance.now() + length;
  while (samples.length < least || performance.now() < end) {
    const started = performance.now();
    const own = await work();
    samples.push(typeof own === 'number' ? own : performance.now() - started);
  }
  return samples;
}

/** Calls of synchronous work per second, after a warm-up. The clock is read once in a batch. */
export function rateSync(work, { batch = 100, measureMs = MEASURE_MS } = {}) {
  const turn = (ms) => {
    let count = 0;
    const started = performance.now();
    let now = started;
    while (now < started + ms) {
      for (let i = 0; i < batch; i++) work(count++);
      now = performance.now();
    }
    return (count / (now - started)) * 1000;
  };
  const length = Math.min(measureMs, MEASURE_MS);
  turn(length / 2);
  return turn(length);
}

/** Calls of async work per second with so many in flight at any time, after a warm-up. */
export async function rateInFlight(work, inFlight, measureMs = MEASURE_MS) {
  const turn = async (ms) => {
    let count = 0;
    const started = performance.now();
    const end = started + ms;
    const lane = async () => {
      do await work(count++);
      while (performance.now() < end);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return (count / (performance.now() - started)) * 1000;
  };
  const length = Math.min(measureMs, MEASURE_MS);
  await turn(length / 2);
  return turn(length);
}

/** Units per second of work that is given a number of units, grown until it takes long enough to be measured. */
export async function rateOfBatches(work) {
  let units = 200;
  for (;;) {
    const started = performance.now();
    await work(units);
    const took = performance.now() - started;
    if (took >= MEASURE_MS / 2) return (units / took) * 1000;
    units *= took < MEASURE_MS / 20 ? 4 : 2;
  }
}
