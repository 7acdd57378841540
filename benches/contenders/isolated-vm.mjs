import { optional } from './optional.mjs';

const { default: ivm } = await optional('isolated-vm');

const COPIES = { arguments: { copy: true }, result: { copy: true } };

/** An isolate of V8's with a heap of its own. Numbers and text cross as they are, all else by its ExternalCopy. */
export async function open({ bridge } = {}) {
  const isolate = new ivm.Isolate({ memoryLimit: 512 });
  const context = await isolate.createContext();
  const functions = new Map();

  function find(name) {
    let fn = functions.get(name);
    if (fn === undefined) {
      fn = context.evalSync(`exports.${name}`, { reference: true });
      functions.set(name, fn);
    }
    return fn;
  }

  return {
    evaluate: (source) => context.eval(source),
    async load(source) {
      await context.global.set('ivm', ivm);
      await context.eval('globalThis.exports = {}; globalThis.bridge = {}; undefined');
      for (const [name, host] of Object.entries(bridge ?? {})) {
        const install = `bridge.${name} = (...args) => $0.apply(undefined, args, { result: { promise: true } })`;
        await context.evalClosure(install, [new ivm.Reference(host)]);
      }
      await context.eval(`${source}; undefined`);
      await context.eval(
        `exports.touchMoved = (bytes) => new ivm.ExternalCopy(exports.touch(bytes), { transferOut: true }); undefined`,
      );
    },
    callSync: (name, args) => find(name).applySync(undefined, args),
    echoSync: (name, args) => find(name).applySync(undefined, args, COPIES),
    call: (name, args) => find(name).apply(undefined, args, { result: { promise: true } }),
    alloc: (byteLength) => new Uint8Array(byteLength),
    async move(bytes) {
      const sent = new ivm.ExternalCopy(bytes, { transferOut: true }).copyInto({ release: true, transferIn: true });
      const returned = await find('touchMoved').apply(undefined, [sent]);
      return returned.copy({ release: true, transferIn: true });
    },
    copy: (bytes) => find('touch').apply(undefined, [bytes], COPIES),
    close() {
      context.release();
      isolate.dispose();
    },
  };
}
