import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { check, isTry, percentile, rateInFlight, rateSync, sample, tried } from '../clock.mjs';
import { open as openExtism } from '../contenders/extism.mjs';
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

/** Processes of their own that begin with what one before them left in a folder. */
function measureFirstCall(contender) {
  const folder = mkdtempSync(join(tmpdir(), 'hostbox-code-'));
  const once = () => {
    const script = fileURLToPath(new URL('../first-call.mjs', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', script, contender, folder], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (status !== 0)
      throw new Error(stderr.split('\n').find((line) => /^\S*Error\b/.test(line)) ?? `ended with ${status}`);
    return Number(stdout);
  };
  try {
    once();
    return percentile(Array.from({ length: isTry ? 2 : 9 }, once), 0.5);
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

async function measureTyped(compile, contender) {
  const { compiledMs, open } = await compile('calculator');
  const { calculator, close } = await open();
  const batch = Array.from({ length: RECORDS }, (_, i) => ({ operation: { tag: 'multiply' }, left: i, right: 2 }));
  const values = { cold: compiledMs, cached: await tried(() => measureFirstCall(contender)) };
  values.call = await tried(() => rateSync((i) => check(calculator.calculate({ tag: 'add' }, i, 1), i + 1)));
  values.records = await tried(() => median(() => check(calculator.batch(batch)[RECORDS - 1].val, (RECORDS - 1) * 2)));
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
}

/** Extism has neither records nor lists of numbers, and its calls are asynchronous: two numbers go in as bytes. */
async function measureExtism() {
  const started = performance.now();
  const plugin = await openExtism();
  const values = { cold: performance.now() - started };
  const pair = new Float64Array(2);
  const add = async (extism, left, right) => {
    pair[0] = left;
    pair[1] = right;
    const sum = await extism.call('add', new Uint8Array(pair.buffer));
    check(sum.getFloat64(0, true), left + right);
  };
  values.call = await tried(() => rateInFlight((i) => add(plugin, i, 1), 1));
  values.instantiate = await tried(async () => {
    const ms = await median(async () => {
      const extism = await openExtism();
      await add(extism, 1, 2);
      await extism.close();
    });
    return ms * 1000;
  });
  const bytes = new Uint8Array(MEBIBYTE).fill(7);
  values.bytes = await tried(() => median(async () => check((await plugin.call('echo', bytes)).byteLength, MEBIBYTE)));
  await plugin.close();
  return values;
}

export default {
  name: 'components',
  about:
    'A component of 5 KB in C, called on the calling thread. Cold: the first of the process, from bytes to something that can be instantiated. Cache start: from files on disk to the first answer, with the library loaded; hostbox finds machine code there, jco its JavaScript and core modules, which V8 compiles again. jco makes JavaScript and core modules of a component, which run in V8’s heap without limits of their own. A plug-in of Extism is a core module of 2 KB in V8, too, which reads and writes bytes of its host by calls; calls of it are asynchronous, and one is made after the other.',
  metrics: {
    cold: { ...metric, title: 'cold compile' },
    cached: { ...metric, title: 'cache start: compiled before, first answer of a new process' },
    instantiate: { unit: 'µs', better: 'less', title: 'instantiate a component, call once' },
    call: { unit: 'calls/s', better: 'more', title: 'call of a component, synchronous', goal: '≥ 1,000,000' },
    records: { ...metric, title: 'batch of 100,000 records', goal: '≤ 10 ms' },
    numbers: { ...metric, title: '100,000 numbers there and back', goal: '≤ 5 ms' },
    bytes: { ...metric, title: '`list<u8>` of 1 MiB there and back' },
  },
  contenders: ['hostbox', 'jco', 'extism'],
  ways: {
    hostbox: () => measureTyped(compileHostbox, 'hostbox'),
    jco: () => measureTyped(compileJco, 'jco'),
    extism: measureExtism,
  },
  rounds: 3,
  measure: (way) => way(),
};
