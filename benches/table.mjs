// Results as text and as Markdown.

export function median(samples) {
  if (samples.length === 0) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function number(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(value >= 100 ? 3 : 2);
}

/** How hostbox stands beside a peer: above 1 it is the better one. */
function ratio({ better }, own, peer) {
  if (own === undefined || own.failure !== undefined) return '';
  const value = better === 'less' ? peer.median / own.median : own.median / peer.median;
  return `${number(value)}×`;
}

function lines(metric) {
  const own = metric.results.find(({ contender }) => contender === 'hostbox');
  return metric.results.map((result) => {
    const { contender, title, failure, median: middle, least, most } = result;
    if (failure !== undefined) return { title, value: `failed: ${failure}`, spread: '', ratio: '' };
    return {
      title,
      value: `${number(middle)} ${metric.unit}`,
      spread: `${number(least)} – ${number(most)}`,
      ratio: contender === 'hostbox' ? '' : ratio(metric, own, result),
    };
  });
}

export function text(metrics) {
  return metrics
    .map((metric) => {
      const rows = lines(metric).map(
        ({ title, value, spread, ratio: times }) =>
          `  ${title.padEnd(20)} ${value.padStart(18)}   ${`(${spread})`.padEnd(26)} ${times && `hostbox ${times}`}`,
      );
      return [`\n ${metric.title.replaceAll('`', '')}${metric.goal ? `   goal ${metric.goal}` : ''}`, ...rows].join(
        '\n',
      );
    })
    .join('\n');
}

export function markdown(rows, conditions) {
  const body = rows.flatMap(({ metrics }) =>
    metrics.flatMap((metric) =>
      lines(metric).map(({ title, value, spread, ratio: times }, at) => {
        const first = at === 0 ? [metric.title, metric.goal ?? ''] : ['', ''];
        const bold = title === 'hostbox' ? '**' : '';
        return `| ${[...first, title, `${bold}${value}${bold}`, spread, times].join(' | ')} |`;
      }),
    ),
  );
  return `# Bench

Written by \`npm run bench\`. The last column says how many times better hostbox is than that peer.

${conditions.map((line) => `- ${line}`).join('\n')}

| what | goal | contender | median | spread | hostbox |
| --- | --- | --- | ---: | ---: | ---: |
${body.join('\n')}

What the rows mean:

${rows.map(({ name, about }) => `- \`${name}\`: ${about}`).join('\n')}
`;
}
