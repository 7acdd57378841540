// The page of a drawing: size, colours that suit a light and a dark background, text. Numbers are CSS pixels.

/** Series' colours, light and dark: told apart by eyes of all kinds. */
const SERIES = [
  ['#0b62c4', '#58a6ff'],
  ['#c2410c', '#ff9a5c'],
  ['#15803d', '#4ade80'],
  ['#7e22ce', '#c89bff'],
  ['#57606a', '#9aa4af'],
];

const PAPER = {
  '.paper{fill': ['#ffffff', '#0d1117'],
  '.frame{stroke': ['#d0d7de', '#30363d'],
  '.grid{stroke': ['#e6eaef', '#21262d'],
  '.ink{fill': ['#1f2328', '#e6edf3'],
  '.soft{fill': ['#59636e', '#9aa4af'],
  '.own{fill': ['#0b62c4', '#58a6ff'],
  '.peer{fill': ['#b6bfc9', '#4a535e'],
};

function rules(shade) {
  const paper = Object.entries(PAPER).map(([rule, colours]) => `${rule}:${colours[shade]}}`);
  const series = SERIES.map((colours, i) => `.line${i}{stroke:${colours[shade]}}.dot${i}{fill:${colours[shade]}}`);
  return [...paper, ...series].join('');
}

const STYLE = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif;font-size:12px}',
  '.title{font-size:16px;font-weight:600}.head{font-size:13px;font-weight:600}.bold{font-weight:600}',
  '.grid,.frame{stroke-width:1;fill:none}.line{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}',
  rules(0),
  `@media (prefers-color-scheme:dark){${rules(1)}}`,
].join('\n');

export const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);

export function label(x, y, text, { anchor = 'start', kind = 'ink', turn = 0 } = {}) {
  const turned = turn === 0 ? '' : ` transform="rotate(${turn} ${x} ${y})"`;
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}"${turned}>${escape(text)}</text>`;
}

export function line(x1, y1, x2, y2, kind = 'grid') {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;
}

/** Pixels with one digit behind the point: nobody sees more. */
export const px = (value) => Math.round(value * 10) / 10;

export function page({ width, height, title, body }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>
<style>
${STYLE}
</style>
<rect class="paper" width="${width}" height="${height}" rx="8"/>
<rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${body.join('\n')}
</svg>
`;
}
