/** V8 alone, without a guest: what a value costs there and back in one thread. */
export async function open() {
  const touch = (bytes) => {
    bytes[0] += 1;
    return bytes;
  };
  const move = (bytes) => structuredClone(bytes, { transfer: [bytes.buffer] });
  return {
    echoSync: (fn, args) => structuredClone(fn === 'third' ? structuredClone(args)[2] : structuredClone(args)[0]),
    load: async () => {},
    alloc: (byteLength) => new Uint8Array(byteLength),
    move: async (bytes) => move(touch(move(bytes))),
    copy: async (bytes) => structuredClone(touch(structuredClone(bytes))),
    close() {},
  };
}
