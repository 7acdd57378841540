// performance: the engine's monotonic clock, with a time origin that is a date.
//
// The engine's own `performance.timeOrigin` is the uptime of the machine. Specification: https://w3c.github.io/hr-time/

import { EventTarget } from 'guest:events';
import { illegalConstructor, illegalInvocation, isObject, makeEnumerable } from 'guest:webidl';

const engine = performance;
const timeOrigin = Date.now() - engine.now();
const create = {};

let checkPerformance: (value: unknown) => void;

class Performance extends EventTarget {
  #brand = true;

  static {
    checkPerformance = (value) => {
      if (!(isObject(value) && #brand in value)) throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    super();
  }

  get timeOrigin(): number {
    checkPerformance(this);
    return timeOrigin;
  }

  now(): number {
    checkPerformance(this);
    return engine.now();
  }

  toJSON(): { timeOrigin: number } {
    checkPerformance(this);
    return { timeOrigin };
  }
}

makeEnumerable(Performance, ['timeOrigin', 'now', 'toJSON']);

const instance = new Performance(create);

export { Performance, instance as performance };
