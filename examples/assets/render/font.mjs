// Printable ASCII, five columns a glyph, one bit a row from the top. Drawn twice as large with Scale2x, which rounds steps.
const COLUMNS = `
  0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000 001c224100 0041221c00 08 2a1c2a08 08083e0808
  0050300000 0808080808 0060600000 2010080402 3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503
  3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906 324979413e 7e1111117e 7f49494936 3e41414122
  7f4141221c 7f49494941 7f09090901 3e41495132 7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e
  7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 7f2018207f 6314081463 0304780403 6151494543 007f414100
  0204081020 0041417f00 0402010204 4040404040 0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 081454543c
  7f08040478 00447d4000 2040443d00 007f102844 00417f4000 7c04180478 7c08040478 3844444438 7c14141408 081414187c 7c08040408 4854545420
  043f444020 3c4040207c 1c2040201c 3c4030403c 4428102844 0c5050503c 4464544c44 0008364100 00007f0000 0041360800 0808 2a1c08`
  .replace(/\s/g, '')
  .match(/.{10}/g)
  .map((glyph) => glyph.match(/../g).map((column) => parseInt(column, 16)));

const FIRST = 32;
/** A cell in pixels: glyphs of 10 × 16 with a gap. */
export const CELL_WIDTH = 12;

/** Rows of 10 × 16 booleans, built once a character. */
const glyphs = new Map();

function glyph(character) {
  const known = glyphs.get(character);
  if (known) return known;
  const columns = COLUMNS[character.charCodeAt(0) - FIRST] ?? COLUMNS[0];
  const on = (x, y) => x >= 0 && x < 5 && y >= 0 && y < 8 && ((columns[x] >> y) & 1) === 1;
  const pixels = Array.from({ length: 16 }, () => Array(10).fill(false));
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 5; x++) {
      const [up, left, right, down, own] = [on(x, y - 1), on(x - 1, y), on(x + 1, y), on(x, y + 1), on(x, y)];
      const edge = up !== down && left !== right;
      pixels[y * 2][x * 2] = edge && left === up ? left : own;
      pixels[y * 2][x * 2 + 1] = edge && up === right ? right : own;
      pixels[y * 2 + 1][x * 2] = edge && left === down ? left : own;
      pixels[y * 2 + 1][x * 2 + 1] = edge && down === right ? right : own;
    }
  glyphs.set(character, pixels);
  return pixels;
}

/** Calls `plot(x, y)` for each pixel of a line of text whose upper left corner is given. */
export function drawText(text, left, top, plot) {
  [...text].forEach((character, at) => {
    glyph(character).forEach((row, y) => row.forEach((on, x) => on && plot(left + at * CELL_WIDTH + x, top + y)));
  });
}
