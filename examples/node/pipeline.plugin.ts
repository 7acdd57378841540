// A plugin in TypeScript: makes a grey thumbnail of a JPEG or PNG. It only steers; the pixels stay in the native buffer
// store and never enter the JavaScript heap.

interface BufferInfo {
  byteLength: number;
  width?: number;
  height?: number;
  format?: string;
}

type Step = string | { op: string; args?: Record<string, unknown> };

/** The part of the sandbox's `native` global that this plugin uses. */
declare const native: {
  put(input: Uint8Array): Promise<number>;
  execChain(inputId: number, steps: readonly Step[]): Promise<number>;
  exec(op: string, inputId: number, args?: Record<string, unknown>): Promise<number>;
  take(id: number): Promise<Uint8Array>;
  free(id: number): Promise<void>;
  info(id: number): Promise<BufferInfo>;
};

export type Format = 'jpeg' | 'png';

export interface ThumbnailOptions {
  /** The thumbnail fits into a square of this many pixels; smaller pictures keep their size. Default 320. */
  maxSide?: number;
  filter?: 'nearest' | 'bilinear' | 'catmull_rom' | 'lanczos3';
  /** Of a JPEG, 1 to 100. Default 82. */
  quality?: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Thumbnail extends Size {
  bytes: Uint8Array;
  format: Format;
  source: Size;
}

const MAGIC: Record<Format, readonly number[]> = {
  jpeg: [0xff, 0xd8, 0xff],
  png: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
};

function detectFormat(input: Uint8Array): Format {
  for (const format of Object.keys(MAGIC) as Format[]) {
    if (MAGIC[format].every((byte, at) => input[at] === byte)) return format;
  }
  throw new TypeError('neither a JPEG nor a PNG: the first bytes are unknown');
}

function fit({ width, height }: Size, maxSide: number): Size {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function encodeStep(format: Format, quality: number): Step {
  return format === 'jpeg' ? { op: 'jpeg_encode', args: { quality } } : { op: 'png_encode' };
}

export function getInfo() {
  return { name: 'pipeline', version: '1.0.0', apiVersion: 1, description: 'grey thumbnails of JPEG and PNG pictures' };
}

export async function thumbnail(input: Uint8Array, options: ThumbnailOptions = {}): Promise<Thumbnail> {
  const { maxSide = 320, filter = 'lanczos3', quality = 82 } = options;
  const format = detectFormat(input);
  const held: number[] = [];
  const hold = (id: number): number => {
    held.push(id);
    return id;
  };

  try {
    const file = hold(await native.put(input));
    const pixels = hold(await native.exec(`${format}_decode`, file));
    const { width, height } = await native.info(pixels);
    if (width === undefined || height === undefined) throw new TypeError('the decoder gave no size');
    const source: Size = { width, height };
    const target = fit(source, maxSide);

    const result = await native.execChain(pixels, [
      { op: 'resize_rgba', args: { toWidth: target.width, toHeight: target.height, filter } },
      'grayscale_rgba',
      encodeStep(format, quality),
    ]);
    return { bytes: await native.take(result), format, ...target, source }; // take consumes: nothing to free
  } finally {
    await Promise.all(held.map((id) => native.free(id)));
  }
}
