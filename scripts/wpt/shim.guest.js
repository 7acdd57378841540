// Runs in the sandbox before the suite's own scripts: what they expect of a worker's scope beyond the standards under test. `setUp` is
// called with the address of the test; `wptResults` hands out what was found. Built-ins are captured, since tests replace them.
(() => {
  const { stringify } = JSON;
  const { defineProperty } = Object;
  const define = (name, value) => {
    if (!(name in globalThis)) defineProperty(globalThis, name, { value, writable: true, configurable: true });
  };

  define('self', globalThis);
  define('GLOBAL', { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false });

  /** Addresses in tests are relative to the test, which a sandbox, having none of its own, does not know of. */
  function resolveFirst(name, base) {
    const { [name]: target } = globalThis;
    if (typeof target !== 'function') return;
    const resolved = ([first, ...rest]) => {
      const isAddress = typeof first === 'string' || first instanceof URL;
      return isAddress && URL.canParse(first, base) ? [new URL(first, base).href, ...rest] : [first, ...rest];
    };
    const proxy = new Proxy(target, {
      apply: (fn, self, args) => Reflect.apply(fn, self, args.length > 0 ? resolved(args) : args),
      construct: (fn, args, newTarget) => {
        return Reflect.construct(fn, args.length > 0 ? resolved(args) : args, newTarget === proxy ? fn : newTarget);
      },
    });
    if (target.prototype) defineProperty(target.prototype, 'constructor', { value: proxy });
    defineProperty(globalThis, name, { value: proxy });
  }

  let harness;
  const results = [];

  globalThis.wptShim = {
    setUp({ address, title }) {
      const [, origin, protocol, host, hostname, port, pathname, search] =
        /^((https?:)\/\/(([^:/]*):?(\d*)))([^?]*)(.*)$/.exec(address);
      const toString = () => address;
      define('location', {
        href: address,
        origin,
        protocol,
        host,
        hostname,
        port,
        pathname,
        search,
        hash: '',
        toString,
      });
      if (title !== undefined) define('META_TITLE', title);
      for (const name of ['fetch', 'Request', 'EventSource', 'WebSocket']) resolveFirst(name, address);
    },
    /** After testharness.js: its scope has to be told when all is loaded. */
    harnessed({ timeoutMs, pretendsWorker }) {
      const { add_completion_callback, add_result_callback, setTimeout, timeout } = globalThis;
      globalThis.setup({ explicit_done: true });
      add_result_callback(({ name, status, message }) => {
        results[results.length] = { __proto__: null, name, status, message };
      });
      const finished = new Promise((resolve) => {
        add_completion_callback((tests, { status, message }) => {
          // Tests that never ran to their end are told of here alone.
          for (let index = 0; index < tests.length; index += 1) {
            const { name, status: ended, message: why } = tests[index];
            results[index] = { __proto__: null, name, status: ended, message: why };
          }
          harness = { __proto__: null, status, message };
          resolve();
        });
      });
      setTimeout(timeout, timeoutMs);
      if (pretendsWorker) {
        // idlharness.js asks which scope this is, to know what has to be there.
        define('DedicatedWorkerGlobalScope', { [Symbol.hasInstance]: (value) => value === globalThis });
      }
      return finished;
    },
    results: () => stringify({ __proto__: null, harness, results }),
  };
})();
