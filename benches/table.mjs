// Results as text and as Markdown.

export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function number(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  if (value === 0) return '0';
  // Never as a power of ten, which a small number of digits would bring.
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}

/** How hostbox stands beside a peer: above 1 it is the better one. */
export function ratio({ better }, own, peer) {
  if (own === undefined || own.failure !== undefined || peer.failure !== undefined) return '';
  const value = better === 'less' ? peer.median / own.median : own.median / peer.median;
  return Number.isFinite(value) && value > 0 ? `${number(value)}×` : '';
}

/** Which contender the others are compared with: hostbox, whichever of its ways comes first. */
const ownOf = ({ results }) => results.find(({ contender }) => contender.startsWith('hostbox'));

function lines(metric) {
  const own = ownOf(metric);
  return metric.results.map((result) => {
    const { title, failure, median: middle, least, most, note } = result;
    if (failure !== undefined) return { title, value: `failed: ${failure}`, spread: '', ratio: '' };
    return {
      title,
      value: `${number(middle)} ${metric.unit}`,
      spread: least === most ? '' : `${number(least)} – ${number(most)}`,
      note: note ?? '',
      ratio: result === own ? '' : ratio(metric, own, result),
    };
  });
}

export function text(metrics) {
  return metrics
    .map((metric) => {
      const rows = lines(metric).map(
        ({ title, value, spread, note, ratio: times }) =>
          `  ${title.padEnd(28)} ${value.padStart(18)}   ${(spread && `(${spread})`).padEnd(26)} ${times && `hostbox ${times}`} ${note ?? ''}`,
      );
      return [`\n ${metric.title.replaceAll('`', '')}${metric.goal ? `   goal ${metric.goal}` : ''}`, ...rows].join(
        '\n',
      );
    })
    .join('\n');
}

const bold = (title, value) => (title.startsWith('hostbox') ? `**${value}**` : value);

/** A line for each contender. */
function longTable(metrics) {
  const body = metrics.flatMap((metric) =>
    lines(metric).map(({ title, value, spread, ratio: times }, at) => {
      const first = at === 0 ? [metric.title, metric.goal ?? ''] : ['', ''];
      return `| ${[...first, title, bold(title, value), spread, times].join(' | ')} |`;
    }),
  );
  return [
    '| what | goal | contender | median | spread | hostbox |',
    '| --- | --- | --- | ---: | ---: | ---: |',
    ...body,
  ];
}

function cell(metric, result) {
  if (result === undefined) return '–';
  const { title, value, spread, note, ratio: times } = lines(metric)[metric.results.indexOf(result)];
  const short = value.replace(` ${metric.unit}`, '');
  return [bold(title, short), spread && `(${spread})`, note, times].filter(Boolean).join(' ');
}

/** A column for each contender: many metrics of one unit. */
function matrix(metrics) {
  const contenders = new Map(
    metrics.flatMap(({ results }) => results.map(({ contender, title }) => [contender, title])),
  );
  return [
    `| ${metrics[0].unit} | ${[...contenders.values()].join(' | ')} |`,
    `| --- |${' ---: |'.repeat(contenders.size)}`,
    ...metrics.map((metric) => {
      const cells = [...contenders.keys()].map((name) =>
        cell(
          metric,
          metric.results.find(({ contender }) => contender === name),
        ),
      );
      return `| ${metric.title} | ${cells.join(' | ')} |`;
    }),
  ];
}

export function markdown(rows, conditions, rounds) {
  const sections = rows.map(({ name, about, matrix: isMatrix, metrics }) =>
    [`## ${name}`, '', about, '', ...(isMatrix ? matrix(metrics) : longTable(metrics))].join('\n'),
  );
  return `# Bench

Written by \`npm run bench\`; \`npm run bench -- ${rows[0].name}\` measures one row. Medians of at most ${rounds} rounds in alternation, each in a
fresh process; in brackets or as spread the least and the most. A figure with × says how many times better hostbox is than that contender.

${conditions.map((line) => `- ${line}`).join('\n')}

![the headline rows as bars](plots/headline.svg)

${sections.join('\n\n')}
`;
}
