const functions = {
  echo: (...args) => args,
  math: (x) => x,
  'math.add': (a, b) => a + b,
  call: () => 'call',
  constructor: () => 'constructor',
  fail: (message) => {
    throw Object.assign(new RangeError(message), { code: 'E_APP' });
  },
};

export const names = () => Object.keys(functions);
export const call = async (name, args) => functions[name](...structuredClone(args));
