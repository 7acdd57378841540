// A component from files on disk to its first answer, in a process that has just begun: node first-call.mjs <contender> <folder>.
// The first time, whatever the contender keeps is put into the folder. Prints milliseconds; the library is loaded before.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { check } from './clock.mjs';
import { optional } from './contenders/optional.mjs';

const path = fileURLToPath(new URL('../crates/testkit/fixtures/components/calculator.wasm', import.meta.url));

const ways = {
  /** The source is read, too: its digest finds the code. */
  async hostbox(dir) {
    const { Component } = await import('../index.js');
    return async () => {
      const component = await Component.compile({ path }, { cache: { dir } });
      return (await component.instantiate()).sync;
    };
  },
  /** JavaScript and core modules, which V8 compiles again. */
  async jco(folder) {
    const main = join(folder, 'calculator.js');
    if (!existsSync(main)) {
      const { transpile } = await optional('@bytecodealliance/jco');
      const options = { name: 'calculator', instantiation: 'async', noTypescript: true };
      const { files } = await transpile(readFileSync(path), options);
      for (const [file, content] of Object.entries(files)) {
        if (!file.includes('/')) writeFileSync(join(folder, file), content);
      }
    }
    const load = (file) => WebAssembly.compile(readFileSync(join(folder, file)));
    return async () => (await import(pathToFileURL(main).href)).instantiate(load, {});
  },
};

const [contender, folder] = process.argv.slice(2);
const start = await ways[contender](folder);
const started = performance.now();
const { calculator } = await start();
check(calculator.calculate({ tag: 'add' }, 1, 2), 3);
process.stdout.write(`${performance.now() - started}\n`);
process.exit(0);
