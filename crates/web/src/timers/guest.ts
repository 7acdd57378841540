// setTimeout, setInterval, setImmediate: arguments and exceptions; ids, order, nesting and clamping are the host's.
// Specification: https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html

import { long, requireArguments } from 'guest:webidl';
import { report } from 'host:report';
import { immediate, start, stop, stopImmediate } from 'host:timers';

const { apply } = Reflect;

function setTimeout(handler: (...args: any[]) => unknown, timeout = 0, ...args: unknown[]): number {
  requireArguments(arguments.length, 1, 'setTimeout');
  return start(long(timeout), false, task(handler, args, 'setTimeout'));
}

function setInterval(handler: (...args: any[]) => unknown, timeout = 0, ...args: unknown[]): number {
  requireArguments(arguments.length, 1, 'setInterval');
  return start(long(timeout), true, task(handler, args, 'setInterval'));
}

function clearTimeout(id = 0): void {
  stop(long(id));
}

function clearInterval(id = 0): void {
  stop(long(id));
}

function setImmediate(handler: (...args: any[]) => unknown, ...args: unknown[]): number {
  requireArguments(arguments.length, 1, 'setImmediate');
  return immediate(task(handler, args, 'setImmediate'));
}

function clearImmediate(id = 0): void {
  stopImmediate(long(id));
}

/** What the host runs: it reports what the handler throws, so that an interval goes on. */
function task(handler: unknown, args: unknown[], where: string): () => void {
  if (typeof handler === 'string') {
    throw new TypeError(
      `${where}: a string as the handler is refused, since running it would be eval; give a function`,
    );
  }
  if (typeof handler !== 'function') throw new TypeError(`${where}: the handler is not a function`);
  return () => {
    try {
      apply(handler, globalThis, args);
    } catch (error) {
      report(error);
    }
  };
}

export { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };
