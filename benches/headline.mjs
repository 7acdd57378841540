// The rows that README shows as bars.
import { find } from './readme.mjs';
import { barChart } from './svg/bars.mjs';
import { number } from './table.mjs';

const PANELS = [
  { path: 'callSync.rate', title: 'Synchronous call' },
  { path: 'call.rate', title: 'Asynchronous call, 1,000 in flight' },
  { path: 'bridge.many', title: 'Guest asks host, 100 in flight' },
  { path: 'coldStart.p50', title: 'New sandbox and its first answer' },
  { path: 'pixels.ms', title: '4K picture: invert and grayscale' },
  { path: 'bytesCopied.rate', title: '16 MiB there and back, copied' },
];

/** What has no guest and no wall stands in results.md: here it would only stretch the axes. */
const LEFT_OUT = new Set(['node-vm', 'v8', 'structured-clone']);

export function headline(measured) {
  const panels = PANELS.flatMap(({ path, title }) => {
    const metric = find(measured, path);
    const results = metric?.results.filter(({ contender, failure }) => !failure && !LEFT_OUT.has(contender)) ?? [];
    if (results.length === 0) return [];
    const bars = results.map((result) => ({ name: result.title, value: result.median, text: number(result.median) }));
    bars.sort((a, b) => (metric.better === 'less' ? a.value - b.value : b.value - a.value));
    return [{ title, unit: metric.unit, better: metric.better, bars }];
  });
  return barChart({
    title: 'hostbox beside its peers',
    note: 'Medians of one run; logarithmic axes. Bars go by speed, the best on top; spreads stand in benches/results.md.',
    panels,
  });
}
