import variant from '@jitl/quickjs-ng-wasmfile-release-sync';
import { loadQuickJs } from '@sebastianwessel/quickjs';

const { runSandboxed } = await loadQuickJs(variant);

/** The program under `source`, with its functions as this library hands out functions: callable from the host. */
const program = (source) => `const exports = {}; const bridge = env.bridge; ${source}; export default exports`;

/**
 * QuickJS as WebAssembly with Node-like modules. A sandbox lives as long as the function that it was opened for: it is
 * held open until `close`.
 */
export async function open({ bridge = {} } = {}) {
  let close;
  let ended;
  const opened = new Promise((resolve, reject) => {
    const held = new Promise((release) => {
      close = release;
    });
    const options = { allowFetch: true, allowFs: true, env: { bridge } };
    ended = runSandboxed(async (sandbox) => {
      resolve(sandbox);
      await held;
    }, options).catch(reject);
  });
  const { ctx, evalCode } = await opened;
  let functions;

  async function run(source) {
    const { ok, data, error } = await evalCode(source);
    if (!ok) throw new Error(error.message);
    return data;
  }

  let drains = false;
  function drainSoon() {
    if (drains) return;
    drains = true;
    queueMicrotask(() => {
      drains = false;
      ctx.runtime.executePendingJobs();
    });
  }

  return {
    evaluate: (source) => run(`export default ${source}`),
    async load(source) {
      functions = await run(program(source));
    },
    callSync: (name, args) => functions[name](...args),
    call(name, args) {
      const settled = functions[name](...args);
      drainSoon();
      return settled;
    },
    async close() {
      close();
      await ended;
    },
  };
}
