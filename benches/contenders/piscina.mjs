import Piscina from 'piscina';

const filename = new URL('./piscina-guest.mjs', import.meta.url).href;

/** A pool of one thread, as one sandbox is one place. It may take as many tasks at once as there are calls in flight. */
export async function open() {
  let pool;
  return {
    async load(source) {
      const workerData = { source };
      pool = new Piscina({ filename, workerData, minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 1000 });
    },
    call: (fn, args) => pool.run({ fn, args }),
    alloc: (byteLength) => new Uint8Array(byteLength),
    move: (bytes) => pool.run({ fn: 'touch', args: [bytes], moves: true }, { transferList: [bytes.buffer] }),
    copy: (bytes) => pool.run({ fn: 'touch', args: [bytes] }),
    close: () => pool.destroy(),
  };
}
