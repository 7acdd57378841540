// Natives that take whatever exception comes, the interrupt included, and hand control back to the guest.
const expect = ['ERR_TIMEOUT'];

export default [
  { name: 'a promise executor does not swallow the interrupt', source: 'for (;;) new Promise(() => { for (;;); });', expect },
  { name: 'Promise.try does not swallow the interrupt', source: 'for (;;) { Promise.try(() => { for (;;); }); new Promise(() => { for (;;); }).catch(() => {}); }', expect },
  { name: 'a thenable does not swallow the interrupt', source: '(async () => { for (;;) { try { await { then() { for (;;); } }; } catch (error) {} } })()', expect },
  { name: 'a getter called then does not swallow the interrupt', source: 'for (;;) new Promise((resolve) => resolve({ get then() { for (;;); } }));', expect },
  { name: 'a proxy under resolve does not swallow the interrupt', source: 'for (;;) { try { new Promise((resolve) => resolve(new Proxy({}, { get() { for (;;); } }))); } catch (error) {} }', expect },
  { name: 'Promise.all over a hostile iterable does not swallow the interrupt', source: 'for (;;) Promise.all({ [Symbol.iterator]() { for (;;); } });', expect },
  { name: 'Promise.allSettled with a hostile resolve does not swallow the interrupt', source: 'class Hostile extends Promise { static resolve() { for (;;); } } for (;;) Hostile.allSettled([1, 2]);', expect },
  { name: 'Promise.race and Promise.any over hostile iterators do not swallow the interrupt', source: 'for (;;) { const hostile = { [Symbol.iterator]: () => ({ next() { for (;;); }, return() { for (;;); } }) }; Promise.race(hostile); Promise.any(hostile); }', expect },
  { name: 'a species constructor does not swallow the interrupt', source: 'for (;;) { try { Promise.prototype.then.call(Object.assign(Promise.resolve(), { constructor: { [Symbol.species]: function (executor) { executor(() => {}, () => {}); for (;;); } } }), () => {}); } catch {} }', expect },
  { name: 'disposal by using does not swallow the interrupt', source: 'for (;;) { try { using held = { [Symbol.dispose]() { for (;;); } }; throw 1; } catch (error) {} }', expect },
  { name: 'disposal by await using does not swallow the interrupt', source: '(async () => { for (;;) { try { await using held = { [Symbol.asyncDispose]() { for (;;); } }; throw 1; } catch (error) {} } })()', expect },
  { name: 'a DisposableStack does not swallow the interrupt', source: 'for (;;) { try { const stack = new DisposableStack(); stack.defer(() => { for (;;); }); stack.defer(() => { for (;;); }); stack.dispose(); } catch (error) {} }', expect },
  { name: 'the specifier of import() does not swallow the interrupt', source: 'for (;;) import({ toString() { for (;;); } });', expect },
  { name: 'Error.prepareStackTrace does not swallow the interrupt', source: 'Error.prepareStackTrace = () => { for (;;); }; for (;;) { try { null.x; } catch (error) { error.stack; } }', expect },
  { name: 'Array.fromAsync does not swallow the interrupt', source: 'for (;;) Array.fromAsync({ [Symbol.iterator]: () => ({ next() { for (;;); } }) });', expect },
  { name: 'closing an iterator does not swallow the interrupt', source: 'for (;;) { try { for (const value of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { for (;;); } }) }) throw 1; } catch (error) {} }', expect },
  { name: 'a comparison function under sort does not swallow the interrupt', source: 'for (;;) { try { [3, 2, 1].sort(() => { for (;;); }); } catch (error) {} }', expect },
  { name: 'a reviver and toJSON do not swallow the interrupt', source: `for (;;) { try { JSON.parse('[1,2]', () => { for (;;); }); } catch {} try { JSON.stringify({ toJSON() { for (;;); } }); } catch {} }`, expect },
  { name: 'async generators do not swallow the interrupt', source: '(async () => { for (;;) { const generator = (async function* () { try { yield 1; } finally { for (;;); } })(); await generator.next(); try { await generator.return(); } catch (error) {} } })()', expect },
  { name: 'listeners of an EventTarget do not swallow the interrupt', source: `const target = new EventTarget(); target.addEventListener('x', () => { for (;;); }); for (;;) target.dispatchEvent(new Event('x'));`, expect },
  { name: 'all swallowing natives together do not swallow the interrupt', source: `Error.prepareStackTrace = () => { for (;;); };
    function swallow() { using held = { [Symbol.dispose]() { for (;;); } }; new Promise(() => { for (;;); }); }
    async function again() { for (;;) { try { await swallow(); swallow(); } catch (error) {} } }
    for (;;) { try { again(); swallow(); } catch (error) {} finally { continue; } }`, expect },
];
