// A photograph that nobody took: mountains at dusk over a lake, from value noise alone. Deterministic.

export const WIDTH = 1600;
export const HEIGHT = 1067;
const SHORE = 0.66;
const SUN = { x: 0.655, y: 0.415 };

const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));
const mix = (a, b, share) => a + (b - a) * share;
const mixColour = (a, b, share) => [mix(a[0], b[0], share), mix(a[1], b[1], share), mix(a[2], b[2], share)];
const smooth = (from, to, value) => {
  const t = clamp((value - from) / (to - from));
  return t * t * (3 - 2 * t);
};

function hash(x, y, seed) {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 2246822519);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  h = Math.imul(h ^ (h >>> 15), 2654435761);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

function noise(x, y, seed) {
  const [xi, yi] = [Math.floor(x), Math.floor(y)];
  const [xf, yf] = [x - xi, y - yi];
  const u = xf * xf * xf * (xf * (xf * 6 - 15) + 10);
  const v = yf * yf * yf * (yf * (yf * 6 - 15) + 10);
  return mix(
    mix(hash(xi, yi, seed), hash(xi + 1, yi, seed), u),
    mix(hash(xi, yi + 1, seed), hash(xi + 1, yi + 1, seed), u),
    v,
  );
}

/** Octaves of noise; `ridged` folds each into crests. */
function fractal(x, y, { octaves, seed, gain = 0.5, ridged = false }) {
  let [sum, weight, total] = [0, 1, 0];
  for (let i = 0; i < octaves; i++) {
    const value = noise(x, y, seed + i);
    sum += weight * (ridged ? 1 - Math.abs(2 * value - 1) : value);
    total += weight;
    weight *= gain;
    [x, y] = [x * 1.93 + y * 0.31 + 17.3, y * 1.93 - x * 0.31 + 9.1];
  }
  return sum / total;
}

// x and y run from 0 to 1 over the width and the height; colours are linear light.
function sky(x, y) {
  const height = clamp(y / SHORE);
  let colour = mixColour([0.045, 0.115, 0.3], [0.2, 0.31, 0.5], smooth(0, 0.5, height));
  colour = mixColour(colour, [0.92, 0.47, 0.22], smooth(0.3, 0.8, height) * 0.9);
  const distance = Math.hypot((x - SUN.x) * 1.5, y - SUN.y);
  const glow = Math.exp(-distance * 5.2);
  colour = colour.map((channel, i) => channel + glow * [1.0, 0.56, 0.22][i]);
  const disc = smooth(0.024, 0.016, distance);
  colour = mixColour(colour, [3.2, 2.5, 1.5], disc);

  const drift = fractal(x * 2.2, y * 7 + 3, { octaves: 4, seed: 5 });
  const density = fractal(x * 3.2 + drift * 1.6, y * 13 + drift * 2.2, { octaves: 7, seed: 21, gain: 0.54 });
  const cover = smooth(0.47, 0.75, density + 0.16 * Math.exp(-(((y - 0.2) / 0.16) ** 2)) - 0.1 * smooth(0.36, 0.5, y));
  const thinner = fractal(x * 3.2 + drift * 1.6 + 0.05 * (SUN.x - x), y * 13 + drift * 2.2 + 0.35, {
    octaves: 6,
    seed: 21,
    gain: 0.54,
  });
  const lit = clamp(0.5 + (density - thinner) * 4.2);
  const warm = Math.exp(-distance * 2.4);
  const bright = mixColour([0.6, 0.5, 0.52], [1.75, 0.94, 0.48], warm);
  const shaded = mixColour([0.15, 0.18, 0.29], [0.52, 0.27, 0.24], warm);
  return mixColour(colour, mixColour(shaded, bright, lit), cover * 0.86);
}

/** From far to near. `base` and `rise` are heights of the picture; `haze` is how much air lies before the ridge. */
const RIDGES = [
  { base: 0.6, rise: 0.3, scale: 1.7, seed: 101, haze: 0.62, snow: 0.9, rock: [0.17, 0.18, 0.24], offset: 0.3 },
  { base: 0.63, rise: 0.33, scale: 2.3, seed: 171, haze: 0.38, snow: 0.6, rock: [0.115, 0.125, 0.165], offset: 4.1 },
  { base: 0.66, rise: 0.23, scale: 3.1, seed: 233, haze: 0.28, snow: 0, rock: [0.05, 0.066, 0.066], offset: 9.6 },
  {
    base: 0.672,
    rise: 0.115,
    scale: 4.6,
    seed: 307,
    haze: 0.11,
    snow: 0,
    rock: [0.018, 0.027, 0.022],
    offset: 2.2,
    trees: true,
  },
];

function crest(ridge, x) {
  const along = x * ridge.scale + ridge.offset;
  let height = fractal(along, ridge.seed * 0.37, { octaves: 9, seed: ridge.seed, gain: 0.5, ridged: true });
  height = ridge.rise * (height - 0.34) * 1.75;
  // Conifers: a comb of narrow, pointed crowns on the nearest ridge.
  if (ridge.trees) {
    for (const [count, tall, seed] of [
      [260, 0.03, 1],
      [410, 0.021, 2],
    ]) {
      const cell = x * count;
      const size = hash(Math.floor(cell), seed, 77);
      const lean = Math.abs((cell % 1) - 0.5) * 2;
      height += 0.6 * tall * size * Math.max(0, 1 - lean * 1.25) * (0.6 + 0.4 * noise(x * 2600, 1, 5));
    }
    height += 0.05 * smooth(0.42, 0, x) + 0.035 * smooth(0.78, 1, x);
  }
  return ridge.base - Math.max(0.004, height);
}

function slope(ridge, x, y, top) {
  const depth = y - top;
  const [u, v] = ridge.trees
    ? [x * 26 + ridge.offset * 3, depth * 34]
    : [x * 34 + ridge.offset * 3 + depth * 9, y * 12 + depth * 15];
  const warp = ridge.trees ? 3 : 1.2;
  const bend = fractal(u * 0.4, v * 0.4, { octaves: 3, seed: ridge.seed + 40 });
  const options = { octaves: 6, seed: ridge.seed + 50, gain: 0.58, ridged: true };
  const here = fractal(u + bend * warp, v + bend * 0.6, options);
  const beside = fractal(u + bend * warp + 0.22 * Math.sign(SUN.x - x || 1), v + bend * 0.6 - 0.1, options);
  const light = clamp(0.42 + (here - beside) * 3.4);
  const warm = Math.exp(-Math.abs(x - SUN.x) * 1.7);
  let colour = ridge.rock.map((channel, i) => channel * (0.35 + 1.5 * light * mix(1, [1.7, 1.12, 0.8][i], warm)));
  if (ridge.snow) {
    const line = ridge.snow * smooth(0.2, 0.02, depth + (here - 0.6) * 0.24);
    const patchy = smooth(0.44, 0.62, here + 0.22 * line);
    const white = mixColour([0.26, 0.33, 0.5], [1.05, 0.8, 0.66], light);
    colour = mixColour(colour, white, line * patchy);
  }
  if (ridge.trees) colour = colour.map((channel) => channel * (0.55 + 0.9 * noise(x * 900, y * 520, 9)));
  const air = mixColour([0.24, 0.3, 0.46], [1.05, 0.56, 0.3], warm * warm * 0.8);
  const mist =
    0.34 *
    smooth(0.07, 0, ridge.base - y) *
    (1 - ridge.haze) *
    fractal(x * 5, y * 30, { octaves: 4, seed: 400 + ridge.seed });
  return mixColour(colour, air, clamp(ridge.haze + mist));
}

function shoreAndSky(x, y, crests) {
  for (let i = RIDGES.length - 1; i >= 0; i--) if (y > crests[i]) return slope(RIDGES[i], x, y, crests[i]);
  return sky(x, y);
}

/** What stands above the water, in linear light. */
function renderUpper(rows) {
  const light = new Float32Array(WIDTH * rows * 3);
  for (let column = 0; column < WIDTH; column++) {
    const x = column / WIDTH;
    const crests = RIDGES.map((ridge) => crest(ridge, x));
    for (let row = 0; row < rows; row++) light.set(shoreAndSky(x, row / HEIGHT, crests), (row * WIDTH + column) * 3);
  }
  return light;
}

function water(upper, rows, x, y) {
  const depth = (y - SHORE) / (1 - SHORE);
  const span = 0.006 + depth * 0.055;
  const near = 1 / (0.05 + depth);
  const ripple = fractal(x * 30 * near * 0.55 + 5, near * 26, { octaves: 4, seed: 600 }) - 0.5;
  const fine = fractal(x * 120 * near * 0.35, near * 90, { octaves: 3, seed: 650 }) - 0.5;
  const calm = smooth(0.56, 0.4, fractal(x * 1.6, near * 1.5, { octaves: 3, seed: 690 }));
  const strength = mix(1, 0.3, calm);
  const mirroredY = SHORE - (y - SHORE) * 1.02 + (ripple * 0.9 + fine * 0.55) * span * strength;
  const mirroredX = x + (ripple + fine) * span * 0.24 * strength;
  const row = clamp(Math.round(mirroredY * HEIGHT), 0, rows - 1);
  const at = (row * WIDTH + clamp(Math.round(mirroredX * WIDTH), 0, WIDTH - 1)) * 3;
  const seen = [upper[at], upper[at + 1], upper[at + 2]];
  const deep = [0.012, 0.03, 0.045];
  const reflected = mixColour(deep, seen, mix(0.86, 0.5, smooth(0, 1, depth)));
  const spark = smooth(0.17, 0.34, fine + ripple * 0.5) * Math.exp(-(((x - SUN.x) / (0.03 + depth * 0.1)) ** 2));
  return reflected.map((channel, i) => channel + spark * [1.5, 0.85, 0.42][i] * (1 - depth * 0.5));
}

/** Highlights roll off as on film; then the curve of sRGB. */
function develop(value) {
  const exposed = value * 0.74;
  const rolled = (exposed * (2.51 * exposed + 0.03)) / (exposed * (2.43 * exposed + 0.59) + 0.14);
  const linear = clamp(rolled);
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** RGB bytes, three a pixel. */
export function renderPhoto() {
  const rows = Math.ceil(SHORE * HEIGHT);
  const upper = renderUpper(rows);
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let row = 0; row < HEIGHT; row++)
    for (let column = 0; column < WIDTH; column++) {
      const [x, y] = [column / WIDTH, row / HEIGHT];
      const at = (row * WIDTH + column) * 3;
      const light = row < rows ? upper.subarray(at, at + 3) : water(upper, rows, x, y);
      const edge = ((x - 0.5) * 1.1) ** 2 + ((y - 0.5) * 0.95) ** 2;
      const vignette = 1 - 0.85 * edge;
      const grain = (hash(column, row, 801) + hash(column, row, 802) + hash(column >> 1, row >> 1, 803) - 1.5) * 4.2;
      for (let i = 0; i < 3; i++) rgb[at + i] = clamp(develop(light[i] * vignette) * 255 + grain, 0, 255);
    }
  return rgb;
}
