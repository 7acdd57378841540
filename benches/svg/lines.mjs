// Lines over two axes.
import { label, line, page, px } from './page.mjs';
import { scale, short } from './scale.mjs';

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 84, right: WIDTH - 28, top: 84, bottom: HEIGHT - 62 };

function axes(x, y, { xAxis, yAxis }) {
  const { left, right, top, bottom } = PLOT;
  const parts = [];
  for (const tick of y.ticks) {
    const at = px(bottom - y.place(tick) * (bottom - top));
    parts.push(
      line(left, at, right, at),
      label(left - 8, at + 4, (yAxis.format ?? short)(tick), { anchor: 'end', kind: 'soft' }),
    );
  }
  for (const tick of x.ticks) {
    const at = px(left + x.place(tick) * (right - left));
    parts.push(
      line(at, top, at, bottom),
      label(at, bottom + 18, (xAxis.format ?? short)(tick), { anchor: 'middle', kind: 'soft' }),
    );
  }
  const middle = (top + bottom) / 2;
  parts.push(label((left + right) / 2, HEIGHT - 18, xAxis.label, { anchor: 'middle' }));
  parts.push(label(22, middle, yAxis.label, { anchor: 'middle', turn: -90 }));
  return parts;
}

function legend(series) {
  let at = PLOT.left;
  return series.flatMap(({ name }, i) => {
    const from = at;
    at += 34 + name.length * 6.6 + 18;
    return [
      `<line x1="${px(from)}" y1="58" x2="${px(from + 24)}" y2="58" class="line line${i}"/>`,
      `<circle cx="${px(from + 12)}" cy="58" r="3" class="dot${i}"/>`,
      label(px(from + 31), 62, name),
    ];
  });
}

/**
 * @param {object} chart
 * @param {string} chart.title
 * @param {{ label: string, log?: 2 | 10, format?: (value: number) => string }} chart.xAxis
 * @param {{ label: string, log?: 2 | 10, format?: (value: number) => string }} chart.yAxis
 * @param {{ name: string, points: [number, number][] }[]} chart.series up to five
 */
export function lineChart({ title, xAxis, yAxis, series }) {
  const points = series.flatMap((one) => one.points);
  const x = scale(
    points.map(([value]) => value),
    xAxis,
  );
  const y = scale(
    points.map(([, value]) => value),
    yAxis,
  );
  const { left, right, top, bottom } = PLOT;
  const drawn = series.flatMap((one, i) => {
    const places = one.points.map(([a, b]) => [
      px(left + x.place(a) * (right - left)),
      px(bottom - y.place(b) * (bottom - top)),
    ]);
    const path = `<polyline class="line line${i}" points="${places.map((place) => place.join(',')).join(' ')}"/>`;
    // Dots say where it was measured; many of them would only thicken the line.
    const dots =
      places.length > 24 ? [] : places.map(([a, b]) => `<circle cx="${a}" cy="${b}" r="3.2" class="dot${i}"/>`);
    return [path, ...dots];
  });
  const body = [
    label(24, 32, title, { kind: 'ink title' }),
    ...legend(series),
    ...axes(x, y, { xAxis, yAxis }),
    ...drawn,
  ];
  return page({ width: WIDTH, height: HEIGHT, title, body });
}
