// Extism's SDK: plug-ins are core modules that take bytes and give bytes, in V8's own WebAssembly. Their host functions are JavaScript.
import { readFileSync } from 'node:fs';
import { optional } from './optional.mjs';

const module = readFileSync(new URL('extism/plugin.wasm', import.meta.url));

/** The plug-in of these benchmarks: `add`, `echo` and `grayscale`. */
export async function open() {
  const { createPlugin } = await optional('@extism/extism');
  return createPlugin({ wasm: [{ data: module }] }, { useWasi: true });
}
