// From values to places on an axis, and where its ticks stand.

/** Decades and, where there are few of them, their halves; or powers of two. */
function logTicks(from, to, base) {
  const steps = [];
  const first = Math.round(Math.log(from) / Math.log(base));
  const last = Math.round(Math.log(to) / Math.log(base));
  const stride = Math.ceil((last - first) / 12);
  for (let power = first; power <= last; power += Math.max(1, stride)) steps.push(base ** power);
  return steps;
}

function linearTicks(to) {
  const raw = to / 5;
  const decade = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * decade).find((size) => size >= raw);
  const count = Math.ceil(to / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/**
 * @param {number[]} values what has to find room
 * @param {{ log?: 2 | 10 }} options the base of a logarithmic axis; a linear one begins at 0
 */
export function scale(values, { log } = {}) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (log === undefined) {
    const ticks = linearTicks(most);
    const end = ticks.at(-1);
    return { ticks, place: (value) => value / end };
  }
  const power = (value) => Math.log(value) / Math.log(log);
  const from = log ** Math.floor(power(least) + 1e-9);
  const to = Math.max(log ** Math.ceil(power(most) - 1e-9), from * log);
  const place = (value) => (power(value) - power(from)) / (power(to) - power(from));
  return { ticks: logTicks(from, to, log), place };
}

const trimmed = (value) => String(Number(value.toPrecision(3)));

/** 1,200,000 as 1.2 M. */
export function short(value) {
  for (const [size, sign] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ])
    if (value >= size) return trimmed(value / size) + sign;
  return trimmed(value);
}

/** Bytes in powers of two. */
export function bytes(value) {
  for (const [size, sign] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ])
    if (value >= size) return `${trimmed(value / size)} ${sign}`;
  return `${trimmed(value)} B`;
}
