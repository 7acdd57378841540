// perf_hooks: the web's marks, measures and observers under Node's name.

import { descriptor } from 'guest:webidl';
import { load } from 'host:modules';

const { defineProperty } = Reflect;

/** What `require('perf_hooks')` gives. */
const perfHooks: Record<string, unknown> = {};
for (const [module, ...names] of [
  ['guest:performance', 'Performance', 'PerformanceEntry', 'PerformanceMark', 'PerformanceMeasure', 'performance'],
  ['guest:performanceobserver', 'PerformanceObserver', 'PerformanceObserverEntryList'],
] as const) {
  for (const name of names) {
    const get = (): unknown => load<Record<string, unknown>>(module)[name];
    defineProperty(perfHooks, name, descriptor({ get, enumerable: true, configurable: true }));
  }
}

export { perfHooks };
