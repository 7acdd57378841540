// What the operations work on, the same in every process: 16 MiB of text, and a picture of as many bytes.
import { optional } from '../contenders/optional.mjs';

export const BYTES = 2 ** 24;
export const SIDE = 2048;
export const RAW = { width: SIDE, height: SIDE, channels: 4 };

/** Numbers from 0 to 2³²−1 that no compressor foresees. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Lines of a server's log: they shrink to a fifth or so. */
export function logText(byteLength = BYTES) {
  const next = randomNumbers(7);
  const verbs = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
  const places = ['users', 'orders', 'pictures', 'search', 'login', 'health', 'reports'];
  const text = Buffer.alloc(byteLength);
  for (let at = 0; at < byteLength;) {
    const n = next();
    const time = new Date(1.7e12 + at * 13).toISOString();
    const line = `${time} ${verbs[n % 6]} /api/${places[(n >>> 4) % 7]}/${n % 100_003} 200 ${(n >>> 8) % 5000} "${next().toString(36)}"\n`;
    at += text.latin1Write(line, at);
  }
  return text;
}

/** Colours that run into each other, with a little grain, as in a photograph; opaque. */
export function photo() {
  const next = randomNumbers(3);
  const bytes = Buffer.alloc(BYTES);
  const waves = [0.004, 0.007, 0.011].map((step) =>
    Float32Array.from({ length: SIDE * 2 }, (_, i) => Math.sin(i * step)),
  );
  for (let y = 0, at = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, at += 4) {
      const grain = (next() & 7) - 4;
      bytes[at] = 128 + 60 * waves[0][x] + 60 * waves[1][y] + grain;
      bytes[at + 1] = 128 + 60 * waves[1][x + y] + 60 * waves[2][y] + grain;
      bytes[at + 2] = 128 + 60 * waves[2][x] + 60 * waves[0][x + y] + grain;
      bytes[at + 3] = 255;
    }
  }
  return bytes;
}

/** The picture as a file of some format, written by sharp for all contenders. */
export async function encoded(picture, format) {
  const { default: sharp } = await optional('sharp');
  return sharp(picture, { raw: RAW })[format]({ quality: 80 }).toBuffer();
}

/** How far two pictures of RGBA are apart on average, in steps of a channel. */
export function apart(left, right) {
  if (left.length !== right.length) throw new Error(`wrong length: ${left.length} in place of ${right.length}`);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < left.length; i += 61, count++) sum += Math.abs(left[i] - right[i]);
  return sum / count;
}
