import { getQuickJS } from 'quickjs-emscripten';

export const title = 'quickjs-emscripten';

const engine = await getQuickJS();

/** A number, text, or bytes as a handle of the guest's. */
function enter(context, value) {
  if (typeof value === 'number') return context.newNumber(value);
  if (typeof value === 'string') return context.newString(value);
  const buffer = context.newArrayBuffer(value.buffer);
  const constructor = context.getProp(context.global, 'Uint8Array');
  // The library has no call with `new`.
  const construct = context.unwrapResult(context.evalCode('(Type, buffer) => new Type(buffer)'));
  const bytes = context.unwrapResult(context.callFunction(construct, context.undefined, constructor, buffer));
  for (const handle of [buffer, constructor, construct]) handle.dispose();
  return bytes;
}

/** Host functions that give a promise, as the library's documentation shows them. */
function installBridge(context, bridge) {
  const object = context.newObject();
  for (const [name, host] of Object.entries(bridge)) {
    const fn = context.newFunction(name, (...handles) => {
      const deferred = context.newPromise();
      host(...handles.map((handle) => context.dump(handle))).then((value) => {
        const result = enter(context, value);
        deferred.resolve(result);
        result.dispose();
      });
      deferred.settled.then(() => context.runtime.executePendingJobs());
      return deferred.handle;
    });
    context.setProp(object, name, fn);
    fn.dispose();
  }
  context.setProp(context.global, 'bridge', object);
  object.dispose();
}

export async function open({ bridge } = {}) {
  const context = engine.newContext();
  if (bridge) installBridge(context, bridge);
  const functions = new Map();
  let drains = false;

  /** Runs the guest's jobs once for all calls of this turn. */
  function drainSoon() {
    if (drains) return;
    drains = true;
    queueMicrotask(() => {
      drains = false;
      context.runtime.executePendingJobs();
    });
  }

  function find(name) {
    let fn = functions.get(name);
    if (fn === undefined) {
      fn = context.unwrapResult(context.evalCode(`exports.${name}`));
      functions.set(name, fn);
    }
    return fn;
  }

  function invoke(name, args) {
    const handles = args.map((value) => enter(context, value));
    const result = context.unwrapResult(context.callFunction(find(name), context.undefined, ...handles));
    for (const handle of handles) handle.dispose();
    return result;
  }

  return {
    evaluate: async (source) =>
      context.unwrapResult(context.evalCode(source)).consume((handle) => context.dump(handle)),
    load: async (source) => context.unwrapResult(context.evalCode(`globalThis.exports = {}; ${source}`)).dispose(),
    callSync: (name, args) => invoke(name, args).consume((handle) => context.dump(handle)),
    async call(name, args) {
      const promise = invoke(name, args);
      const settled = context.resolvePromise(promise);
      drainSoon();
      const value = context.unwrapResult(await settled).consume((handle) => context.dump(handle));
      promise.dispose();
      return value;
    },
    alloc: undefined,
    move: undefined,
    async copy(bytes) {
      const touched = invoke('touch', [bytes]);
      const buffer = context.getProp(touched, 'buffer');
      const copied = context.getArrayBuffer(buffer).consume(({ value }) => value.slice());
      buffer.dispose();
      touched.dispose();
      return copied;
    },
    close() {
      for (const fn of functions.values()) fn.dispose();
      context.dispose();
    },
  };
}
