// The guest that every contender runs: a CommonJS module. `bridge.add` is a function of the host's.
export const guest = `
  exports.measure = (number, text) => number + text.length;
  exports.measureLater = async (number, text) => number + text.length;
  exports.ask = async (count, lanes) => {
    let sum = 0;
    const lane = async () => {
      for (let i = 0; i < count / lanes; i++) {
        const next = await bridge.add(i, 1);
        sum += next;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return sum;
  };
  exports.same = (value) => value;
  exports.third = (number, flag, text, nothing) => text;
  exports.touch = (bytes) => {
    bytes[0] += 1;
    return bytes;
  };
`;

/** What the host offers to the guest. */
export const bridge = { add: async (a, b) => a + b };
