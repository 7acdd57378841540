// Picture formats and geometry: what hostbox is asked, what sharp does for the same, and how both are checked.
import { check } from '../clock.mjs';
import { optional } from '../contenders/optional.mjs';
import { apart, encoded, photo, RAW, SIDE } from './inputs.mjs';

const picture = photo();
const size = { width: SIDE, height: SIDE };
const HALF = SIDE / 2;

async function open(input, options) {
  const { default: sharp } = await optional('sharp');
  // The same work each time, and not what it remembers of the last.
  sharp.cache(false);
  return sharp(input, options);
}

const fromRaw = () => open(picture, { raw: RAW });
const toRgba = async (input) => (await open(input)).ensureAlpha().raw().toBuffer();

function near(output, expected, steps) {
  const distance = apart(output, expected);
  if (!(distance <= steps)) throw new Error(`the picture is off by ${distance} steps on average`);
}

const percent = (output) => `to ${((output.length / picture.length) * 100).toFixed(0)} %`;

const resized = async () => (await fromRaw()).resize(HALF, HALF, { fit: 'fill', kernel: 'lanczos3' }).raw().toBuffer();
const cropped = async () =>
  (await fromRaw()).extract({ left: 100, top: 200, width: HALF, height: HALF }).raw().toBuffer();
const rotated = async () => (await fromRaw()).rotate(90).raw().toBuffer();
const withoutAlpha = async () => (await fromRaw()).removeAlpha().raw().toBuffer();

export const operations = [
  {
    title: 'PNG decode',
    op: 'png_decode',
    input: () => encoded(picture, 'png'),
    sharp: toRgba,
    check: (output) => near(output, picture, 12),
  },
  {
    title: 'PNG encode, adaptive filters',
    op: 'png_encode',
    args: size,
    input: () => picture,
    sharp: async () => (await fromRaw()).png({ adaptiveFiltering: true }).toBuffer(),
    check: async (output) => near(await toRgba(output), picture, 0),
    note: percent,
  },
  {
    title: 'JPEG decode',
    op: 'jpeg_decode',
    input: () => encoded(picture, 'jpeg'),
    sharp: toRgba,
    check: (output) => near(output, picture, 3),
  },
  {
    title: 'JPEG encode, quality 80',
    op: 'jpeg_encode',
    args: { ...size, quality: 80 },
    input: () => picture,
    sharp: async () => (await fromRaw()).jpeg({ quality: 80 }).toBuffer(),
    check: async (output) => near(await toRgba(output), picture, 3),
    note: percent,
  },
  {
    title: 'WebP decode',
    op: 'webp_decode',
    input: () => encoded(picture, 'webp'),
    sharp: toRgba,
    check: (output) => near(output, picture, 4),
  },
  {
    title: 'resize to half, lanczos3',
    op: 'resize_rgba',
    args: { ...size, toWidth: HALF, toHeight: HALF, filter: 'lanczos3' },
    input: () => picture,
    sharp: resized,
    check: async (output) => near(output, await resized(), 1),
  },
  {
    title: 'crop to a quarter',
    op: 'crop_rgba',
    args: { ...size, x: 100, y: 200, cropWidth: HALF, cropHeight: HALF },
    input: () => picture,
    sharp: cropped,
    check: async (output) => near(output, await cropped(), 0),
  },
  {
    title: 'rotate by 90°',
    op: 'rotate_rgba',
    args: { ...size, degrees: 90 },
    input: () => picture,
    sharp: rotated,
    check: async (output) => near(output, await rotated(), 0),
  },
  {
    title: 'RGBA to RGB',
    op: 'rgba_to_rgb',
    input: () => picture,
    sharp: withoutAlpha,
    check: async (output) => near(output, await withoutAlpha(), 0),
  },
  {
    title: 'RGB to RGBA',
    op: 'rgb_to_rgba',
    input: withoutAlpha,
    sharp: async (input) => (await open(input, { raw: { ...RAW, channels: 3 } })).ensureAlpha().raw().toBuffer(),
    check: (output) => check(Buffer.compare(output, picture), 0),
  },
];
