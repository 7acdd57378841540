import { inspect, types } from 'node:util';

export const isProxy = types.isProxy;

export function promiseState(value) {
  if (!types.isPromise(value)) return undefined;
  const text = inspect(value, { depth: 0 });
  return text.includes('<pending>') ? 'pending' : text.includes('<rejected>') ? 'rejected' : 'fulfilled';
}

/** The objects that Node's inspection comes by inside of `value`, in its order. */
function met(value, options) {
  const seen = [];
  const { custom } = inspect;
  Object.defineProperty(Object.prototype, custom, {
    value() {
      if (this !== value) seen.push(this);
      return this === value ? this : '';
    },
    configurable: true,
  });
  const text = inspect(value, { ...options, depth: 5 });
  delete Object.prototype[custom];
  return { seen, text };
}

export function proxyParts(value) {
  if (!types.isProxy(value)) return undefined;
  const { seen, text } = met(value, { showProxy: true });
  return text === '<Revoked Proxy>' ? [null, null] : seen.slice(0, 2);
}

export function promiseResult(value) {
  if (promiseState(value) === 'pending') return undefined;
  const { seen, text } = met(value, {});
  // A primitive is what its text evaluates to.
  return seen.length > 0 ? seen[0] : new Function(`return (${/\{ (?:<rejected> )?(.*) \}$/s.exec(text)[1]})`)();
}
