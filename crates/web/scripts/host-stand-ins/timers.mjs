// Node's timers under positive integers, with the standard's nesting level.
const timers = new Map();
const immediates = new Map();
let nextId = 1;
let nesting = 0;

export function start(delayMs, repeat, run) {
  const id = nextId++;
  const arm = (level) => {
    const delay = level > 5 ? Math.max(delayMs, 4) : Math.max(delayMs, 0);
    timers.set(
      id,
      setTimeout(() => {
        nesting = level;
        if (!repeat) timers.delete(id);
        run();
        nesting = 0;
        if (timers.has(id)) arm(level + 1);
      }, delay),
    );
  };
  arm(nesting + 1);
  return id;
}

export function stop(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

export function immediate(run) {
  const id = nextId++;
  immediates.set(
    id,
    setImmediate(() => {
      immediates.delete(id);
      run();
    }),
  );
  return id;
}

export function stopImmediate(id) {
  clearImmediate(immediates.get(id));
  immediates.delete(id);
}

export function setTimeoutFor(delayMs, run) {
  return start(Math.min(delayMs, 2 ** 31 - 1), false, run);
}
