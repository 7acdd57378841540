/** One copy into memory that is mapped already: the least that an API can do which leaves the sender his bytes. */
export async function open() {
  let copied;
  return {
    load: async () => {},
    async copy(bytes) {
      copied ??= new Uint8Array(bytes.length);
      copied.set(bytes);
      copied[0] += 1;
      return copied;
    },
    close() {},
  };
}
