import { getQuickJS } from 'quickjs-emscripten';

const engine = await getQuickJS();

/** A value as a handle of the guest's: other objects than typed arrays go as JSON, which is the library's own way out too. */
function enter(context, value) {
  if (typeof value === 'number') return context.newNumber(value);
  if (typeof value === 'string') return context.newString(value);
  if (typeof value === 'boolean') return value ? context.true : context.false;
  if (value === null) return context.null;
  if (!ArrayBuffer.isView(value)) return enterJson(context, value);
  const buffer = context.newArrayBuffer(value.buffer);
  const constructor = context.getProp(context.global, value.constructor.name);
  // The library has no call with `new`.
  const construct = context.unwrapResult(context.evalCode('(Type, buffer) => new Type(buffer)'));
  const bytes = context.unwrapResult(context.callFunction(construct, context.undefined, constructor, buffer));
  for (const handle of [buffer, constructor, construct]) handle.dispose();
  return bytes;
}

function enterJson(context, value) {
  const parse = context.unwrapResult(context.evalCode('JSON.parse'));
  const text = context.newString(JSON.stringify(value));
  const parsed = context.unwrapResult(context.callFunction(parse, context.undefined, text));
  for (const handle of [parse, text]) handle.dispose();
  return parsed;
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
  let drained;

  /** Runs the guest's jobs once for all calls of this turn. */
  function drain() {
    drained ??= Promise.resolve().then(() => {
      drained = undefined;
      context.runtime.executePendingJobs();
    });
    return drained;
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

  /** What a typed array of the guest's holds, copied out of the engine's memory. */
  function leave(view) {
    const buffer = context.getProp(view, 'buffer');
    const copied = context.getArrayBuffer(buffer).consume(({ value }) => value.slice());
    for (const handle of [buffer, view]) handle.dispose();
    return copied;
  }

  const callSync = (name, args) => invoke(name, args).consume((handle) => context.dump(handle));

  return {
    evaluate: async (source) =>
      context.unwrapResult(context.evalCode(source)).consume((handle) => context.dump(handle)),
    load: async (source) => context.unwrapResult(context.evalCode(`globalThis.exports = {}; ${source}`)).dispose(),
    callSync,
    echoSync(name, args) {
      if (!(args[0] instanceof Float64Array)) return callSync(name, args);
      return new Float64Array(leave(invoke(name, args)).buffer);
    },
    async call(name, args) {
      const promise = invoke(name, args);
      await drain();
      // The promise tells itself what came of it; asking the guest by resolvePromise costs four times as much.
      const state = context.getPromiseState(promise);
      const settled =
        state.type === 'pending'
          ? context.unwrapResult(await context.resolvePromise(promise))
          : context.unwrapResult(state);
      const value = settled.consume((handle) => context.dump(handle));
      promise.dispose();
      return value;
    },
    copy: async (bytes) => leave(invoke('touch', [bytes])),
    close() {
      for (const fn of functions.values()) fn.dispose();
      context.dispose();
    },
  };
}
