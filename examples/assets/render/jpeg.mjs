// A baseline JPEG encoder: YCbCr with halved chroma, the tables of ITU-T T.81 annex K, no restart markers.

const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
];
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
  99, 99, 99,
];
while (CHROMA.length < 64) CHROMA.push(99);

const hex = (text) => [...Buffer.from(text.replace(/\s/g, ''), 'hex')];
const HUFFMAN = {
  lumaDc: { counts: hex('00010501010101010100000000000000'), values: [...Array(12).keys()] },
  chromaDc: { counts: hex('00030101010101010101010000000000'), values: [...Array(12).keys()] },
  lumaAc: {
    counts: hex('0002010303020403050504040000017d'),
    values: hex(
      `01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa`,
    ),
  },
  chromaAc: {
    counts: hex('00020102040403040705040400010277'),
    values: hex(
      `000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa`,
    ),
  },
};

/** Symbol → [code, bits], by annex C. */
function codes({ counts, values }) {
  const table = [];
  let code = 0;
  let at = 0;
  counts.forEach((count, bits) => {
    for (let i = 0; i < count; i++) table[values[at++]] = [code++, bits + 1];
    code <<= 1;
  });
  return table;
}

const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return Math.cos(((2 * x + 1) * u * Math.PI) / 16) * (u ? 0.5 : Math.SQRT1_2 / 2);
});
const rows = new Float64Array(64);

/** The two-dimensional cosine transform, quantised, in zigzag order. */
function transform(block, quantisers, output) {
  for (let y = 0; y < 8; y++)
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) sum += block[y * 8 + x] * COSINES[u * 8 + x];
      rows[y * 8 + u] = sum;
    }
  for (let i = 0; i < 64; i++) {
    const [v, u] = [ZIGZAG[i] >> 3, ZIGZAG[i] & 7];
    let sum = 0;
    for (let y = 0; y < 8; y++) sum += rows[y * 8 + u] * COSINES[v * 8 + y];
    output[i] = Math.round(sum / quantisers[ZIGZAG[i]]);
  }
}

/** Entropy-coded bytes, with a zero after each 0xff. */
class BitWriter {
  bytes = [];
  #held = 0;
  #count = 0;
  write(value, bits) {
    for (let i = bits - 1; i >= 0; i--) {
      this.#held = (this.#held << 1) | ((value >> i) & 1);
      if (++this.#count === 8) {
        this.bytes.push(this.#held);
        if (this.#held === 0xff) this.bytes.push(0);
        this.#held = this.#count = 0;
      }
    }
  }
  finish() {
    while (this.#count) this.write(1, 1);
    return this.bytes;
  }
}

function writeBlock(out, coefficients, previousDc, dc, ac) {
  const size = (value) => 32 - Math.clz32(Math.abs(value));
  const writeValue = (value, bits) => out.write(value < 0 ? value + (1 << bits) - 1 : value, bits);
  const difference = coefficients[0] - previousDc;
  out.write(...dc[size(difference)]);
  writeValue(difference, size(difference));
  let zeros = 0;
  for (let i = 1; i < 64; i++) {
    if (!coefficients[i]) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) out.write(...ac[0xf0]);
    const bits = size(coefficients[i]);
    out.write(...ac[(zeros << 4) | bits]);
    writeValue(coefficients[i], bits);
    zeros = 0;
  }
  if (zeros) out.write(...ac[0]);
  return coefficients[0];
}

/** Planes of Y, Cb and Cr around zero; chroma at half the size; edges repeated up to full blocks of 16. */
function planes(rgb, width, height) {
  const [wide, high] = [Math.ceil(width / 16) * 16, Math.ceil(height / 16) * 16];
  const [half, luma] = [wide / 2, new Float32Array(wide * high)];
  const [blue, red] = [new Float32Array((wide * high) / 4), new Float32Array((wide * high) / 4)];
  for (let y = 0; y < high; y++)
    for (let x = 0; x < wide; x++) {
      const at = (Math.min(y, height - 1) * width + Math.min(x, width - 1)) * 3;
      const [r, g, b] = [rgb[at], rgb[at + 1], rgb[at + 2]];
      luma[y * wide + x] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
      const chroma = (y >> 1) * half + (x >> 1);
      blue[chroma] += (-0.168736 * r - 0.331264 * g + 0.5 * b) / 4;
      red[chroma] += (0.5 * r - 0.418688 * g - 0.081312 * b) / 4;
    }
  return { wide, high, half, luma, blue, red };
}

/** RGB bytes, three a pixel, to a JPEG file. */
export function encodeJpeg(rgb, width, height, quality) {
  const scale = quality < 50 ? 5000 / quality : 200 - quality * 2;
  const scaled = (table) => table.map((value) => Math.min(255, Math.max(1, Math.floor((value * scale + 50) / 100))));
  const [lumaTable, chromaTable] = [scaled(LUMA), scaled(CHROMA)];
  const [lumaDc, lumaAc, chromaDc, chromaAc] = ['lumaDc', 'lumaAc', 'chromaDc', 'chromaAc'].map((key) =>
    codes(HUFFMAN[key]),
  );
  const { wide, high, half, luma, blue, red } = planes(rgb, width, height);
  const out = new BitWriter();
  const block = new Float32Array(64);
  const coefficients = new Int32Array(64);
  const dcs = [0, 0, 0];
  const write = (plane, stride, x0, y0, component) => {
    for (let i = 0; i < 64; i++) block[i] = plane[(y0 + (i >> 3)) * stride + x0 + (i & 7)];
    transform(block, component ? chromaTable : lumaTable, coefficients);
    dcs[component] = writeBlock(
      out,
      coefficients,
      dcs[component],
      component ? chromaDc : lumaDc,
      component ? chromaAc : lumaAc,
    );
  };
  for (let y = 0; y < high; y += 16)
    for (let x = 0; x < wide; x += 16) {
      for (const [dx, dy] of [
        [0, 0],
        [8, 0],
        [0, 8],
        [8, 8],
      ])
        write(luma, wide, x + dx, y + dy, 0);
      write(blue, half, x / 2, y / 2, 1);
      write(red, half, x / 2, y / 2, 2);
    }

  const segment = (marker, bytes) => [0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 255, ...bytes];
  const quantisers = (id, table) => segment(0xdb, [id, ...ZIGZAG.map((i) => table[i])]);
  const huffman = (id, { counts, values }) => segment(0xc4, [id, ...counts, ...values]);
  const head = [
    0xff,
    0xd8,
    ...segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...quantisers(0, lumaTable),
    ...quantisers(1, chromaTable),
    ...segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]),
    ...huffman(0x00, HUFFMAN.lumaDc),
    ...huffman(0x10, HUFFMAN.lumaAc),
    ...huffman(0x01, HUFFMAN.chromaDc),
    ...huffman(0x11, HUFFMAN.chromaAc),
    ...segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]),
  ];
  return Buffer.concat([Buffer.from(head), Buffer.from(out.finish()), Buffer.from([0xff, 0xd9])]);
}
