import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, percentile, sample, tried } from '../clock.mjs';
import { open as openExtism } from '../contenders/extism.mjs';

const MIB = 2 ** 20;
const module = readFileSync(new URL('../../crates/testkit/fixtures/commands/command.wasm', import.meta.url));

let copies = 0;

/** The same module with other bytes, so that nothing finds it compiled: a section that only has a name. */
function renamed() {
  const name = Buffer.from(`copy ${copies++} ${process.pid}`);
  return Buffer.concat([module, Buffer.from([0, name.length + 1, name.length]), name]);
}

/** Streams are buffers of the store: the input was put there before, the output stays there. */
async function hostbox() {
  const { HostRuntime } = await import('../../index.js');
  const host = new HostRuntime('bench', { wasi: true, limits: { bufferBytes: 256 * MIB } });
  const moduleId = await host.native.put(module);
  const free = ({ stdoutId, stderrId }) => Promise.all([host.native.free(stdoutId), host.native.free(stderrId)]);
  return {
    async cold() {
      const result = await host.wasi.run(renamed(), { args: ['exit', '3'] });
      await free(result);
      return result.exitCode;
    },
    async run(args, input) {
      const stdinId = input && (await host.native.put(input));
      const result = await host.wasi.runById(moduleId, { args, stdinId, reuseModule: true });
      const output = await host.wasi.takeStdout(result);
      await host.native.free(result.stderrId);
      if (stdinId) await host.native.free(stdinId);
      return { code: result.exitCode, output };
    },
    close: () => host.close(),
  };
}

/** Streams are files, and it runs on Node's own thread. */
async function node() {
  const { WASI } = await import('node:wasi');
  const folder = mkdtempSync(join(tmpdir(), 'hostbox-bench-'));
  const [inPath, outPath] = [join(folder, 'in'), join(folder, 'out')];
  const start = async (compiled, args, input) => {
    writeFileSync(inPath, input ?? '');
    const [stdin, stdout] = [openSync(inPath, 'r'), openSync(outPath, 'w')];
    const wasi = new WASI({ version: 'preview1', args: ['command', ...args], stdin, stdout, returnOnExit: true });
    const code = wasi.start(await WebAssembly.instantiate(compiled, wasi.getImportObject()));
    closeSync(stdin);
    closeSync(stdout);
    return code;
  };
  const compiled = await WebAssembly.compile(module);
  return {
    cold: async () => start(await WebAssembly.compile(renamed()), ['exit', '3']),
    run: async (args, input) => ({ code: await start(compiled, args, input), output: readFileSync(outPath) }),
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** Plug-ins are no commands: bytes go in with a call, and come out with its answer. It runs on Node's own thread, too. */
async function extism() {
  const plugin = await openExtism();
  return {
    run: async ([name], input) => ({ code: 0, output: (await plugin.call(name, input)).bytes() }),
    close: () => plugin.close(),
  };
}

const ms = async (work, options) => percentile(await sample(work, options), 0.5);

export default {
  name: 'wasi',
  about:
    'A command of WASI preview 1 of 13 KB in C. Cold: its bytes are new and have to be compiled. node:wasi has files for streams, and blocks the thread that it runs on; hostbox runs it on another, with buffers. A plug-in of Extism is no command: it has the picture alone.',
  metrics: {
    cold: { title: 'compile and run a command', unit: 'ms', better: 'less' },
    warm: { title: 'run a command again', unit: 'µs', better: 'less' },
    gray: { title: '8 MiB of pixels through a command, in grey', unit: 'ms', better: 'less' },
  },
  contenders: ['hostbox', 'node:wasi', 'extism'],
  ways: { hostbox, 'node:wasi': node, extism },
  rounds: 3,
  async measure(open) {
    const { cold, run, close } = await open();
    const pixels = new Uint8Array(8 * MIB).map((_, i) => i * 7);
    const gray = async () => {
      const { code, output } = await run(['grayscale'], pixels);
      check(code, 0);
      check(output.length, pixels.length);
    };
    const results = { gray: await tried(() => ms(gray, { least: 10 })) };
    if (cold) {
      results.cold = await tried(() => ms(async () => check(await cold(), 3), { least: 10 }));
      results.warm = await tried(async () => 1000 * (await ms(async () => check((await run(['exit', '3'])).code, 3))));
    }
    await close();
    return results;
  },
};
