// A PNG encoder for opaque pictures: RGB, eight bits, one filter a row chosen by the usual sum of differences.
import { deflateSync } from 'node:zlib';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

const FILTERS = [() => 0, (left) => left, (left, up) => up];

/** RGB bytes, three a pixel, to a PNG file. */
export function encodePng(rgb, width, height) {
  const stride = width * 3;
  const raw = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    let least = Infinity;
    FILTERS.forEach((filter, id) => {
      const row = Buffer.alloc(stride + 1);
      row[0] = id;
      let sum = 0;
      for (let i = 0; i < stride; i++) {
        const left = i < 3 ? 0 : rgb[y * stride + i - 3];
        const up = y ? rgb[(y - 1) * stride + i] : 0;
        const value = (rgb[y * stride + i] - filter(left, up)) & 255;
        row[i + 1] = value;
        sum += Math.min(value, 256 - value);
      }
      if (sum >= least) return;
      least = sum;
      row.copy(raw, y * (stride + 1));
    });
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
