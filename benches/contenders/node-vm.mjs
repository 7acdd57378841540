import vm from 'node:vm';

/** A context of V8's in this very thread: no limit holds, and the guest shares Node's heap and loop. */
export async function open({ bridge } = {}) {
  const context = vm.createContext({ bridge });
  let exports;
  return {
    evaluate: async (source) => vm.runInContext(source, context),
    async load(source) {
      exports = {};
      vm.runInContext(`(function (exports) { ${source}\n})`, context)(exports);
    },
    callSync: (fn, args) => exports[fn](...args),
    call: async (fn, args) => exports[fn](...args),
    close() {},
  };
}
