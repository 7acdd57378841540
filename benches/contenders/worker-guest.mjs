// The other side of worker.mjs.
import vm from 'node:vm';
import { parentPort } from 'node:worker_threads';

const asked = new Map();
let last = 0;
let exports = {};

globalThis.bridge = new Proxy(
  {},
  {
    get:
      (_, ask) =>
      (...args) =>
        new Promise((resolve) => {
          last += 1;
          asked.set(last, resolve);
          parentPort.postMessage({ id: last, ask, args });
        }),
  },
);

async function answer({ evaluate, load, fn, args }) {
  if (evaluate !== undefined) return vm.runInThisContext(evaluate);
  if (load === undefined) return exports[fn](...args);
  exports = {};
  return vm.runInThisContext(`(function (exports) { ${load}\n})`)(exports);
}

parentPort.on('message', async (message) => {
  const { id, moves } = message;
  if ('answer' in message) {
    asked.get(id)(message.answer);
    asked.delete(id);
    return;
  }
  try {
    const value = await answer(message);
    parentPort.postMessage({ id, value }, moves ? [value.buffer] : []);
  } catch (error) {
    parentPort.postMessage({ id, error: error.message });
  }
});
