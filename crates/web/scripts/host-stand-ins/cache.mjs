// One scope in memory, without a bound.

const entries = new Map();

function living(key) {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (key === '' || [...key].length > 240 || /[\u0000-\u001f\u007f-\u009f]/.test(key)) {
    throw Object.assign(new TypeError('Expected a key'), { code: 'ERR_ARGUMENT' });
  }
  const entry = entries.get(key);
  if (entry !== undefined && performance.now() >= entry.end) entries.delete(key);
  return entries.get(key);
}

function put(key, text, ttlMs) {
  entries.set(key, { text, end: ttlMs === 0 ? Infinity : performance.now() + ttlMs });
  return true;
}

export const get = (key) => living(key)?.text;
export const set = (key, text, ttlMs) => {
  living(key);
  put(key, text, ttlMs);
};
export const setIfAbsent = (key, text, ttlMs) => living(key) === undefined && put(key, text, ttlMs);
export const replace = (key, expected, text, ttlMs) => living(key)?.text === expected && put(key, text, ttlMs);
export const has = (key) => living(key) !== undefined;
const remove = (key) => living(key) !== undefined && entries.delete(key);
export { remove as delete };
