import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { check, percentile, rateSync, sample, tried } from '../clock.mjs';
import { optional } from '../contenders/optional.mjs';

const fixture = (name) =>
  readFileSync(fileURLToPath(new URL(`../../crates/testkit/fixtures/components/${name}.wasm`, import.meta.url)));

/** A component, compiled: how long that took the first time, and instances with synchronous functions. */
async function compileHostbox(name) {
  const { Component } = await import('../../index.js');
  const bytes = fixture(name);
  const started = performance.now();
  const component = await Component.compile(bytes);
  const compiledMs = performance.now() - started;
  return {
    compiledMs,
    async open() {
      const instance = await component.instantiate();
      return { ...instance.sync, close: () => instance.close() };
    },
  };
}

/** jco turns a component into core modules and JavaScript, which V8 runs in its own heap. */
async function compileJco(name) {
  const { transpile } = await optional('@bytecodealliance/jco');
  const bytes = fixture(name);
  const folder = mkdtempSync(join(tmpdir(), 'hostbox-jco-'));
  try {
    const started = performance.now();
    const { files } = await transpile(bytes, { name, instantiation: 'async', noTypescript: true });
    for (const [file, content] of Object.entries(files)) {
      if (!file.includes('/')) writeFileSync(join(folder, file), content);
    }
    const { instantiate } = await import(pathToFileURL(join(folder, `${name}.js`)).href);
    const modules = {};
    const load = async (file) => (modules[file] ??= await WebAssembly.compile(files[file]));
    await instantiate(load, {});
    const compiledMs = performance.now() - started;
    return { compiledMs, open: async () => ({ ...(await instantiate(load, {})), close() {} }) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const RECORDS = 100_000;
const MEBIBYTE = 2 ** 20;

async function median(work) {
  return percentile(await sample(work, { least: 10 }), 0.5);
}

const metric = { unit: 'ms', better: 'less' };

export default {
  name: 'components',
  about:
    'A component of 5 KB in C, called on the calling thread. Cold: the first of the process, from bytes to something that can be instantiated. jco makes JavaScript and core modules of a component, which run in V8’s heap without limits of their own.',
  metrics: {
    cold: { ...metric, title: 'cold compile' },
    instantiate: { unit: 'µs', better: 'less', title: 'instantiate, call once' },
    call: { unit: 'calls/s', better: 'more', title: 'single call, synchronous', goal: '≥ 1,000,000' },
    records: { ...metric, title: 'batch of 100,000 records', goal: '≤ 10 ms' },
    numbers: { ...metric, title: '100,000 numbers there and back', goal: '≤ 5 ms' },
    bytes: { ...metric, title: 'list<u8> of 1 MiB there and back' },
  },
  contenders: ['hostbox', 'jco'],
  ways: { hostbox: compileHostbox, jco: compileJco },
  rounds: 3,
  async measure(compile) {
    const { compiledMs, open } = await compile('calculator');
    const { calculator, close } = await open();
    const batch = Array.from({ length: RECORDS }, (_, i) => ({ operation: { tag: 'multiply' }, left: i, right: 2 }));
    const values = { cold: compiledMs };
    values.call = await tried(() => rateSync((i) => check(calculator.calculate({ tag: 'add' }, i, 1), i + 1)));
    values.records = await tried(() =>
      median(() => check(calculator.batch(batch)[RECORDS - 1].val, (RECORDS - 1) * 2)),
    );
    values.instantiate = await tried(async () => {
      const ms = await median(async () => {
        const instance = await open();
        check(instance.calculator.calculate({ tag: 'add' }, 1, 2), 3);
        instance.close();
      });
      return ms * 1000;
    });
    close();
    const { echo, close: closeEcho } = await (await compile('echo')).open();
    const numbers = Float64Array.from({ length: RECORDS }, (_, i) => i / 3);
    const bytes = new Uint8Array(MEBIBYTE).fill(7);
    values.numbers = await tried(() => median(() => check(echo.listF64(numbers).length, RECORDS)));
    values.bytes = await tried(() => median(() => check(echo.listU8(bytes).length, MEBIBYTE)));
    closeEcho();
    return values;
  },
};
