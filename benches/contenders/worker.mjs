import { Worker } from 'node:worker_threads';

const program = new URL('./worker-guest.mjs', import.meta.url);

/** A thread with a V8 of its own, and messages with numbers to match answers. */
export async function open({ bridge = {} } = {}) {
  const worker = new Worker(program);
  const waiting = new Map();
  let last = 0;

  worker.on('message', async ({ id, value, error, ask, args }) => {
    if (ask !== undefined) return worker.postMessage({ id, answer: await bridge[ask](...args) });
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    return error === undefined ? resolve(value) : reject(new Error(error));
  });

  const send = (message, transfer) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ id: last, ...message }, transfer);
    });

  return {
    evaluate: (source) => send({ evaluate: source }),
    load: (source) => send({ load: source }),
    call: (fn, args) => send({ fn, args }),
    alloc: (byteLength) => new Uint8Array(byteLength),
    move: (bytes) => send({ fn: 'touch', args: [bytes], moves: true }, [bytes.buffer]),
    copy: (bytes) => send({ fn: 'touch', args: [bytes] }),
    close: () => worker.terminate(),
  };
}
