import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { check, isTry, percentile, tried } from '../clock.mjs';

const require = createRequire(import.meta.url);
const ROUNDS = isTry ? 1 : 3;
const LIMITS = { memoryBytes: 2 ** 31, timeoutMs: 120_000, cpuMs: 120_000 };

/** Bundles as they come from npm, and a first use. They are loaded as in a browser: without `process` and `require`. */
const BUNDLES = {
  typescript: {
    file: 'typescript/lib/typescript.js',
    use: "(text) => module.exports.transpileModule(text, { compilerOptions: { target: 'es2022' } }).outputText.trim()",
  },
  babel: {
    file: '@babel/standalone/babel.min.js',
    use: "(text) => module.exports.transform(text, { filename: 'a.ts', presets: ['typescript'] }).code",
  },
};

const BROWSER = `var process = undefined, require = undefined;
  if (typeof console === 'undefined') globalThis.console = { log() {}, warn() {}, error() {} };`;

async function sourceOf({ file, use }) {
  const text = await readFile(require.resolve(file), 'utf8');
  return `${BROWSER}\n${text}\n;const { exports: made } = module; const use = ${use}; made.__use = use;`;
}

async function inHostbox(source) {
  const { HostRuntime } = await import('../../index.js');
  const host = new HostRuntime('bench', { limits: LIMITS });
  const started = performance.now();
  await host.loadPlugin('bundle', source, { format: 'cjs' });
  const took = performance.now() - started;
  return { took, use: (text) => host.call('bundle', '__use', [text]), close: () => host.close() };
}

async function inNode(source) {
  const module = { exports: {} };
  const started = performance.now();
  new Function('module', 'exports', source)(module, module.exports);
  return { took: performance.now() - started, use: (text) => module.exports.__use(text), close() {} };
}

async function inEmscripten(source) {
  const { newQuickJSWASMModule } = await import('quickjs-emscripten');
  const context = (await newQuickJSWASMModule()).newContext();
  const started = performance.now();
  context
    .unwrapResult(
      context.evalCode(`const module = { exports: {} }; (function (exports) { ${source}\n})(module.exports)`),
    )
    .dispose();
  const took = performance.now() - started;
  const use = (text) => {
    const result = context.evalCode(`module.exports.__use(${JSON.stringify(text)})`);
    return context.unwrapResult(result).consume((handle) => context.dump(handle));
  };
  return { took, use, close() {} };
}

const metric = { unit: 'ms', better: 'less' };

export default {
  name: 'bundles',
  about:
    'Loading large bundles, from their source text to their exports: TypeScript (9 MB) and Babel (3 MB). V8 compiles functions when they are called first, QuickJS all of them at once.',
  metrics: {
    typescript: { ...metric, title: 'load TypeScript' },
    babel: { ...metric, title: 'load Babel' },
  },
  contenders: ['hostbox', 'node', 'quickjs-emscripten'],
  ways: { hostbox: inHostbox, node: inNode, 'quickjs-emscripten': inEmscripten },
  rounds: 3,
  async measure(load) {
    const results = {};
    for (const [name, bundle] of Object.entries(BUNDLES)) {
      const source = await sourceOf(bundle);
      results[name] = await tried(async () => {
        const times = [];
        for (let i = 0; i < ROUNDS; i++) {
          const loaded = await load(source);
          check((await loaded.use('const x: number = 1;')).includes('const x = 1;'), true);
          times.push(loaded.took);
          await loaded.close();
        }
        return percentile(times, 0.5);
      });
    }
    return results;
  },
};
