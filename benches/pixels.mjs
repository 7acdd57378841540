// Invert, then grayscale, as plain JavaScript: what the native operations are compared with and checked against.

export const WIDTH = 3840;
export const HEIGHT = 2160;

const { fround } = Math;
const RED = fround(0.299);
const GREEN = fround(0.587);
const BLUE = fround(0.114);

/** Noise, the same in every process. */
export function fillNoise(bytes) {
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** As one writes it: channel by channel. */
export function bytewise(input, output) {
  for (let i = 0; i < input.length; i += 4) {
    const red = fround(RED * (255 - input[i]));
    const green = fround(GREEN * (255 - input[i + 1]));
    const blue = fround(BLUE * (255 - input[i + 2]));
    const gray = Math.round(fround(fround(red + green) + blue));
    output[i] = gray;
    output[i + 1] = gray;
    output[i + 2] = gray;
    output[i + 3] = 255 - input[i + 3];
  }
}

/** A pixel at a time, little-endian: the fastest of several loops that give the same bytes. */
export function wordwise(input, output) {
  const from = new Uint32Array(input.buffer, input.byteOffset, input.byteLength / 4);
  const to = new Uint32Array(output.buffer, output.byteOffset, output.byteLength / 4);
  for (let i = 0; i < from.length; i++) {
    const pixel = ~from[i];
    const red = fround(RED * (pixel & 255));
    const green = fround(GREEN * ((pixel >>> 8) & 255));
    const blue = fround(BLUE * ((pixel >>> 16) & 255));
    const gray = (fround(fround(red + green) + blue) + 0.5) | 0;
    to[i] = (pixel & 0xff000000) | (gray * 0x010101);
  }
}
