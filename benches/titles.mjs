// What the contenders are called. They are named here so that one that does not load can be named all the same.
const titles = {
  hostbox: 'hostbox',
  'quickjs-emscripten': 'quickjs-emscripten',
  'quickjs-wasi': 'quickjs-wasi',
  sebastianwessel: '@sebastianwessel/quickjs',
  'isolated-vm': 'isolated-vm',
  'node-vm': 'node:vm',
  v8: 'plain V8',
  worker: 'worker_threads',
  piscina: 'piscina',
  'structured-clone': 'structuredClone',
  memcpy: 'memcpy',
  node: 'Node',
  sharp: 'sharp',
  extism: 'Extism',
};

/** A contender without a file of its own is called by what its row calls it. */
export const titleOf = (contender) => titles[contender] ?? contender;
