// Bars in panels, one panel a metric, each with a logarithmic axis of its own.
import { label, line, page, px } from './page.mjs';
import { scale, short } from './scale.mjs';

const WIDTH = 960;
const COLUMNS = 2;
const PANEL = WIDTH / COLUMNS;
const NAMES = 196;
const BAR = 15;
const STEP = 21;
const HEAD = 46;
const FOOT = 42;

const panelHeight = ({ bars }) => HEAD + bars.length * STEP + FOOT;

function panel({ title, better, unit, bars }, left, top) {
  const axis = scale(bars.map(({ value }) => value).concat(Math.min(...bars.map(({ value }) => value)) / 1.6), {
    log: 10,
  });
  const from = left + NAMES;
  const length = PANEL - NAMES - 92;
  const bottom = top + HEAD + bars.length * STEP;
  const arrow = better === 'less' ? 'less is better' : 'more is better';
  const parts = [
    label(left + 24, top + 18, title, { kind: 'ink head' }),
    label(left + 24, top + 34, `${unit}, ${arrow}`, { kind: 'soft' }),
  ];
  for (const tick of axis.ticks) {
    const at = px(from + axis.place(tick) * length);
    parts.push(
      line(at, top + HEAD - 4, at, bottom),
      label(at, bottom + 14, short(tick), { anchor: 'middle', kind: 'soft' }),
    );
  }
  bars.forEach(({ name, value, text }, i) => {
    const y = top + HEAD + i * STEP;
    const own = name.startsWith('hostbox');
    const width = px(Math.max(axis.place(value) * length, 1));
    parts.push(
      label(from - 8, y + 12, name, { anchor: 'end', kind: own ? 'ink bold' : 'ink' }),
      `<rect class="${own ? 'own' : 'peer'}" x="${from}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
      label(px(from + width + 6), y + 12, text, { kind: own ? 'ink bold' : 'ink' }),
    );
  });
  return parts;
}

/**
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.note
 * @param {{ title: string, unit: string, better: 'less' | 'more', bars: { name: string, value: number, text: string }[] }[]} chart.panels
 */
export function barChart({ title, note, panels }) {
  const body = [label(24, 32, title, { kind: 'ink title' }), label(24, 52, note, { kind: 'soft' })];
  let top = 72;
  for (let i = 0; i < panels.length; i += COLUMNS) {
    const row = panels.slice(i, i + COLUMNS);
    row.forEach((one, column) => body.push(...panel(one, column * PANEL, top)));
    top += Math.max(...row.map(panelHeight));
  }
  return page({ width: WIDTH, height: top + 6, title, body });
}
