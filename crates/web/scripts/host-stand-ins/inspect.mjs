import { inspect, types } from 'node:util';

export const isProxy = types.isProxy;

export function promiseState(value) {
  if (!types.isPromise(value)) return undefined;
  const text = inspect(value, { depth: 0 });
  return text.includes('<pending>') ? 'pending' : text.includes('<rejected>') ? 'rejected' : 'fulfilled';
}
