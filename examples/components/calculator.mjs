// Typed calls into a component, in C: node examples/components/calculator.mjs
import { fileURLToPath } from 'node:url';
import { Component } from '../../index.js';

const path = fileURLToPath(new URL('built/calculator.wasm', import.meta.url));
const component = await Component.compile({ path });
console.log(component.wit());

const instance = await component.instantiate();
const { calculate, batch, history } = instance.exports['demo:calc/calculator'];

// A variant without payload may be given as its name.
console.log('1 + 2 =', await calculate('add', 1, 2));
console.log('6 × 7 =', await calculate({ tag: 'multiply' }, 6, 7));
try {
  await calculate('divide', 1, 0);
} catch (error) {
  console.log('1 ÷ 0:', error.payload);
}

// Results inside of a list are values: { tag: 'ok', val } or { tag: 'err', val }.
const outcomes = await batch([
  { operation: 'subtract', left: 10, right: 4 },
  { operation: 'divide', left: 1, right: 0 },
]);
console.log('batch:', outcomes);
for (const { calculation, outcome } of await history()) {
  console.log(`history: ${calculation.left} ${calculation.operation.tag} ${calculation.right} → ${outcome.val}`);
}

// The same functions without a promise, on this thread.
const { calculate: now } = instance.sync['demo:calc/calculator'];
const calls = 100_000;
const started = performance.now();
for (let i = 0; i < calls; i++) now('add', i, 1);
console.log(`${(((performance.now() - started) * 1000) / calls).toFixed(2)} µs a call`);
instance.close();
