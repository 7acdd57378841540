// A drawing of an editor at work: window, file tree, code in colours, terminal, status bar.
import { CELL_WIDTH, drawText } from './font.mjs';

export const WIDTH = 1280;
export const HEIGHT = 800;

const hex = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
const THEME = {
  editor: '#1e2230',
  side: '#191c28',
  title: '#151823',
  line: '#262b3c',
  terminal: '#161925',
  status: '#3d6ee0',
  text: '#d5dbec',
  dim: '#69728c',
  keyword: '#c792ea',
  string: '#a5d97b',
  number: '#f5a97f',
  comment: '#69728c',
  type: '#ffcb6b',
  call: '#82aaff',
  punctuation: '#89a0c8',
  green: '#7fd88f',
  yellow: '#f4c65d',
  red: '#ef6b73',
  cyan: '#6fd3e0',
  selection: '#2a3148',
};
for (const [name, value] of Object.entries(THEME)) THEME[name] = hex(value);

const CODE = `import type { Options } from './options.ts';

// Decode, scale down, drop the colours, encode again:
// the pixels never enter the JavaScript heap.
export async function thumbnail(input: Uint8Array, options: Options) {
  const { maxWidth = 320, filter = 'lanczos3' } = options;
  const source = await native.put(input);
  const pixels = await native.exec(decoderOf(input), source);
  const { width, height } = await native.info(pixels);
  const scale = Math.min(1, maxWidth / width);

  const result = await native.execChain(pixels, [
    { op: 'resize_rgba', args: { toWidth: width * scale, filter } },
    'grayscale_rgba',
    { op: 'jpeg_encode', args: { quality: 82 } },
  ]);
  return native.take(result);
}`.split('\n');

const TREE = [
  ['v pictures', 'dim'],
  ['  v src', 'dim'],
  ['    pipeline.ts', 'text'],
  ['    options.ts', 'dim'],
  ['    report.ts', 'dim'],
  ['  > test', 'dim'],
  ['  > assets', 'dim'],
  ['  package.json', 'dim'],
  ['  README.md', 'dim'],
];

const TERMINAL = [
  [
    ['$ ', 'green'],
    ['npm start', 'text'],
  ],
  [
    ['photo.jpg       ', 'cyan'],
    ['1600 x 1067', 'text'],
    ['  ->  ', 'dim'],
    ['320 x 213', 'text'],
    ['   jpg', 'yellow'],
  ],
  [
    ['screenshot.png  ', 'cyan'],
    ['1280 x 800 ', 'text'],
    ['  ->  ', 'dim'],
    ['320 x 200', 'text'],
    ['   png', 'yellow'],
  ],
  [
    ['while(true){}   ', 'cyan'],
    ['stopped by its deadline', 'red'],
    ['  the loop kept ticking', 'dim'],
  ],
  [
    ['all done ', 'green'],
    ['2 pictures, 3 plugins, 1 sandbox', 'dim'],
  ],
  [['$ ', 'green']],
];

const TOKENS =
  /(?<comment>\/\/.*)|(?<string>'[^']*')|(?<keyword>\b(?:import|type|from|export|async|function|const|await|return)\b)|(?<number>\b\d+\b)|(?<type>\b[A-Z]\w+)|(?<call>\b\w+(?=\())|(?<text>\w+)|(?<punctuation>[^\w\s])|\s+/g;

/** RGB bytes, three a pixel. */
export function renderScreenshot() {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  const plot = (x, y, colour, share = 1) => {
    if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
    for (let i = 0; i < 3; i++)
      rgb[(y * WIDTH + x) * 3 + i] += Math.round((colour[i] - rgb[(y * WIDTH + x) * 3 + i]) * share);
  };
  const box = (left, top, width, height, colour, share = 1) => {
    for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) plot(x, y, colour, share);
  };
  const disc = (cx, cy, radius, colour) => {
    for (let y = -radius - 1; y <= radius + 1; y++)
      for (let x = -radius - 1; x <= radius + 1; x++)
        plot(cx + x, cy + y, colour, Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x, y))));
  };
  const text = (words, left, top, colour) => drawText(words, left, top, (x, y) => plot(x, y, colour));
  const runs = (pieces, left, top) => {
    for (const [words, colour] of pieces) {
      text(words, left, top, THEME[colour]);
      left += words.length * CELL_WIDTH;
    }
    return left;
  };

  // The desk: bands of a slow gradient, so that it stays small when compressed.
  for (let y = 0; y < HEIGHT; y++) {
    const share = Math.floor((y / HEIGHT) * 64) / 64;
    box(0, y, WIDTH, 1, [36 + 50 * share, 44 + 34 * share, 84 + 62 * share].map(Math.round));
  }
  const [left, top, width, height] = [28, 24, WIDTH - 56, HEIGHT - 56];
  for (let spread = 14; spread > 0; spread -= 2)
    box(left - spread, top - spread + 8, width + 2 * spread, height + 2 * spread, [0, 0, 0], 0.05);

  const [side, bar, status] = [228, 40, 28];
  const terminalTop = top + height - status - 164;
  box(left, top, width, height, THEME.editor);
  box(left, top, width, bar, THEME.title);
  box(left, top + bar, side, height - bar - status, THEME.side);
  box(left + side, terminalTop, width - side, 164, THEME.terminal);
  box(left + side, terminalTop, width - side, 1, THEME.line);
  box(left, top + height - status, width, status, THEME.status);
  [THEME.red, THEME.yellow, THEME.green].forEach((colour, i) => disc(left + 22 + i * 22, top + 20, 6, colour));
  box(left + side, top, 208, bar, THEME.editor);
  box(left + side, top, 208, 2, THEME.status);
  text('pipeline.ts  x', left + side + 18, top + 13, THEME.text);
  text('options.ts', left + side + 232, top + 13, THEME.dim);

  text('EXPLORER', left + 18, top + bar + 16, THEME.dim);
  box(left, top + bar + 46 + 2 * 24 - 4, side, 24, THEME.selection);
  TREE.forEach(([name, colour], i) => text(name, left + 18, top + bar + 46 + i * 24, THEME[colour]));

  const lineTop = top + bar + 14;
  box(left + side + 58, lineTop + 11 * 26 - 5, width - side - 58, 26, THEME.selection);
  CODE.forEach((line, i) => {
    const y = lineTop + i * 26;
    text(String(i + 1).padStart(2), left + side + 18, y, i === 11 ? THEME.text : THEME.dim);
    for (const match of line.matchAll(TOKENS)) {
      const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
      if (kind) text(match[0], left + side + 66 + match.index * CELL_WIDTH, y, THEME[kind]);
    }
  });

  text('TERMINAL', left + side + 18, terminalTop + 10, THEME.text);
  box(left + side + 18, terminalTop + 29, 94, 2, THEME.status);
  text('PROBLEMS   OUTPUT', left + side + 146, terminalTop + 10, THEME.dim);
  TERMINAL.forEach((pieces, i) => {
    const end = runs(pieces, left + side + 18, terminalTop + 38 + i * 21);
    if (i === TERMINAL.length - 1) box(end, terminalTop + 37 + i * 21, 10, 16, THEME.text);
  });
  text('main*   0 errors, 0 warnings', left + 18, top + height - status + 7, [255, 255, 255]);
  text(
    'Ln 12, Col 50   UTF-8   TypeScript',
    left + width - 35 * CELL_WIDTH,
    top + height - status + 7,
    [255, 255, 255],
  );
  return rgb;
}
