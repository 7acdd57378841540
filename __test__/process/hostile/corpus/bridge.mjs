// Calls from the guest to functions of the app: slow never settles, echo answers, boom throws.
const limited = ['ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT', 'ERR_GUEST'];
const entry = (one) => ({ via: 'bridge', ...one });

export default [
  { name: 'host calls that are never awaited are limited', source: 'for (;;) bridge.slow();', expect: limited },
  { name: 'host calls behind catch clauses are limited', source: 'for (;;) { try { bridge.slow().catch(() => {}); } catch (error) {} }', expect: limited },
  { name: 'a host function that never answers is answered at the deadline', source: 'bridge.slow()', expect: ['ERR_TIMEOUT'] },
  { name: 'a host function that never answers under race is left behind', source: 'Promise.race([bridge.slow(), bridge.echo("first")])', expect: ['ok'] },
  { name: 'a hundred thousand host calls in flight are answered or limited', source: 'const calls = []; for (let i = 0; i < 1e5; i++) { const call = bridge.echo(i); call.catch(() => {}); calls.push(call); } Promise.allSettled(calls).then((all) => all.length)', expect: ['ok', ...limited], loopGapMs: 500 },
  { name: 'host calls one after another are stopped at the deadline', source: '(async () => { for (;;) await bridge.echo("x"); })()', expect: ['ERR_TIMEOUT'] },
  { name: 'host calls that fail without end are stopped at the deadline', source: '(async () => { for (;;) { try { await bridge.boom(); } catch (error) {} } })()', expect: ['ERR_TIMEOUT'] },
  { name: 'a host function that throws becomes an error of the guest', source: 'bridge.boom()', expect: ['ERR_GUEST'] },
  { name: 'a host function that throws is caught by the guest', source: '(async () => { try { await bridge.boom(); } catch (error) { return error.message; } })()', expect: ['ok'] },
  { name: 'arguments that cannot be cloned are refused in the guest', source: 'bridge.echo(() => {}, Symbol("s"))', expect: ['ERR_GUEST', 'ERR_CLONE'] },
  { name: 'arguments with endless getters are stopped', source: 'bridge.echo({ get value() { for (;;); } })', expect: ['ERR_TIMEOUT'] },
  { name: 'arguments that are too deep are refused', source: 'let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep }; bridge.echo(deep).then(() => 1)', expect: ['ok', 'ERR_CLONE', ...limited] },
  { name: 'big arguments without end meet the limit', source: 'const bytes = new Uint8Array(4 << 20); for (;;) bridge.slow(bytes).catch(() => {});', expect: limited },
  { name: 'arguments that each hold new bytes meet the limit', source: '(async () => { const keep = []; for (;;) keep.push(await bridge.echo(new Uint8Array(4 << 20))); })()', expect: limited },
  { name: 'a Function reached through the bridge stays inside the sandbox', source: `const { process } = bridge.echo.constructor.constructor('return globalThis')(); if (process) process.exit(1); throw new Error('no process here');`, expect: ['ok', 'ERR_GUEST'] },
  { name: 'a bridge that is overwritten does no harm', source: 'try { bridge.echo = () => { for (;;); }; Object.setPrototypeOf(bridge, null); delete bridge.boom; } catch (error) {} try { globalThis.bridge = null; } catch (error) {} 1', expect: ['ok'] },
  { name: 'late answers of the host start no work of a call that is over', source: 'for (let i = 0; i < 1000; i++) bridge.echo(i).then(() => { for (;;); }); new Promise(() => {})', expect: ['ERR_TIMEOUT'] },
  { name: 'host calls out of timers that are left over are bounded', source: 'setInterval(() => { for (let i = 0; i < 100; i++) bridge.slow().catch(() => {}); }, 1); 1', expect: ['ok'], cpuMsAfter: 200 },
].map(entry);
