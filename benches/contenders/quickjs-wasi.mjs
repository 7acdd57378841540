import { readFile } from 'node:fs/promises';
import { QuickJS } from 'quickjs-wasi';

const wasm = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('quickjs-wasi/quickjs.wasm'))));

const viaJson = 'exports.viaJson = (name, json) => JSON.stringify(exports[name](JSON.parse(json)))';

/** Host functions that give a promise, as the library's documentation shows them. */
function installBridge(vm, bridge) {
  const object = vm.newObject();
  for (const [name, host] of Object.entries(bridge)) {
    const fn = vm.newFunction(name, (...handles) => {
      const deferred = vm.newPromise();
      host(...handles.map((handle) => vm.dump(handle))).then((value) => {
        vm.hostToHandle(value).consume((handle) => deferred.resolve(handle));
        vm.executePendingJobs();
      });
      return deferred.handle;
    });
    vm.setProp(object, name, fn);
    fn.dispose();
  }
  vm.setProp(vm.global, 'bridge', object);
  object.dispose();
}

/** QuickJS as WebAssembly with a memory of its own for each sandbox, compiled once. */
export async function open({ bridge } = {}) {
  const vm = await QuickJS.create({ wasm });
  if (bridge) installBridge(vm, bridge);
  const functions = new Map();
  let drains = false;

  /** Runs the guest's jobs once for all calls of this turn. */
  function drainSoon() {
    if (drains) return;
    drains = true;
    queueMicrotask(() => {
      drains = false;
      vm.executePendingJobs();
    });
  }

  function find(name) {
    let fn = functions.get(name);
    if (fn === undefined) {
      fn = vm.evalCode(`exports.${name}`);
      functions.set(name, fn);
    }
    return fn;
  }

  function enter(value) {
    if (value instanceof Uint8Array) return vm.newUint8Array(value);
    if (!(value instanceof Float64Array)) return vm.hostToHandle(value);
    const handles = [vm.global.getProp('Float64Array'), vm.newArrayBuffer(value.buffer)];
    const view = vm.construct(...handles);
    for (const handle of handles) handle.dispose();
    return view;
  }

  function invoke(name, args) {
    const handles = args.map(enter);
    const result = vm.callFunction(find(name), vm.undefined, ...handles);
    for (const handle of handles) handle.dispose();
    return result;
  }

  const callSync = (name, args) => invoke(name, args).consume((handle) => vm.dump(handle));

  return {
    evaluate: async (source) => vm.evalCode(source).consume((handle) => vm.dump(handle)),
    load: async (source) => vm.evalCode(`globalThis.exports = {}; ${source}; ${viaJson}`).dispose(),
    callSync,
    /** Objects go as JSON text: walking them handle by handle is three times slower. Arrays of numbers are walked, which is faster. */
    echoSync(name, args) {
      const [value] = args;
      if (value instanceof Float64Array) {
        const bytes = invoke(name, args).consume((handle) => handle.toUint8Array());
        return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
      }
      if (typeof value !== 'object' || typeof value[0] === 'number') return callSync(name, args);
      return JSON.parse(callSync('viaJson', [name, JSON.stringify(value)]));
    },
    async call(name, args) {
      const promise = invoke(name, args);
      const settled = vm.resolvePromise(promise);
      drainSoon();
      const { value, error } = await settled;
      promise.dispose();
      if (error) throw new Error(error.consume((handle) => handle.toString()));
      return value.consume((handle) => vm.dump(handle));
    },
    copy: async (bytes) => invoke('touch', [bytes]).consume((handle) => handle.toUint8Array()),
    close() {
      for (const fn of functions.values()) fn.dispose();
      vm.dispose();
    },
  };
}
