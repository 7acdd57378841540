// A plugin: what it exports can be called by the app.
import { requireApi, requireCryptoLike, runtime } from 'hostbox/runtime-api';
import { summarize, type Summary } from './words.js';

runtime.plugin.register({ name: 'text', version: '1.0.0', apiVersion: 1, description: 'looks at texts' });

const DAY_MS = 86_400_000;

/** What a text is made of; kept for a day, for every sandbox of the app's scope. */
export function summary(text: string): Summary & { isKept: boolean } {
  const key = `summary ${requireCryptoLike().createHash('sha256').update(text).digest('hex')}`;
  const kept = runtime.cache.get<Summary>(key);
  if (kept !== null) return { ...kept, isKept: true };
  const made = summarize(text);
  runtime.cache.set(key, made, { ttlMs: DAY_MS });
  return { ...made, isKept: false };
}

/** A function of the app, which declares it in app.d.ts. */
export async function describeAuthor(id: number): Promise<string> {
  const author = await runtime.bridge.findAuthor(id);
  return author === undefined ? 'nobody knows' : `${author.name}, born in ${author.born}`;
}

/** A small picture of a large one, as PNG. The pixels never enter the heap. */
export async function thumbnail(png: Uint8Array, width: number): Promise<Uint8Array> {
  const native = requireApi('native');
  const decoded = await native.exec('png_decode', await native.put(png));
  const size = await native.info(decoded);
  const height = Math.max(1, Math.round((width * (size.height ?? 1)) / (size.width ?? 1)));
  return native.chain([{ op: 'resize_rgba', args: { toWidth: width, toHeight: height } }, 'png_encode'], decoded);
}

/** Under the app's grants: what is not granted is a TypeError whose cause says why. */
export async function firstLine(url: string): Promise<string> {
  const response = await runtime.fetch(url);
  return (await response.text()).split('\n', 1)[0] ?? '';
}
