// Extism's SDK: plug-ins are core modules that take bytes and give bytes, in V8's own WebAssembly. Their host functions are JavaScript.
import { readFileSync } from 'node:fs';
import { optional } from './optional.mjs';

const module = readFileSync(new URL('extism/plugin.wasm', import.meta.url));
/** It keeps the memory of every call, and knows 32,768 pieces at most, until it is told to forget them. */
const MOST_CALLS = 1_000;
const MOST_BYTES = 2 ** 26;

/** The plug-in of these benchmarks: `add`, `echo` and `grayscale`. */
export async function open() {
  const { createPlugin } = await optional('@extism/extism');
  const plugin = await createPlugin({ wasm: [{ data: module }] }, { useWasi: true });
  let [calls, bytes] = [0, 0];
  return {
    async call(name, input) {
      if (++calls > MOST_CALLS || bytes > MOST_BYTES) {
        await plugin.reset();
        calls = bytes = 0;
      }
      const output = await plugin.call(name, input);
      bytes += input.byteLength + output.byteLength;
      return output;
    },
    close: () => plugin.close(),
  };
}
