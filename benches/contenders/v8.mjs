/** The guest as a plain module of Node's: what its work costs where nothing lies between. */
export async function open({ bridge } = {}) {
  const exports = {};
  return {
    load: async (source) => new Function('exports', 'bridge', source)(exports, bridge),
    callSync: (fn, args) => exports[fn](...args),
    call: async (fn, args) => exports[fn](...args),
    close() {},
  };
}
