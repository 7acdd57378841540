// Expressions about `assert` and `events`: what is thrown and said, and in which order things happen.

import { number, odd, text } from './random.mjs';

const VALUES = [
  '1',
  "'1'",
  '0',
  '-0',
  'null',
  'undefined',
  'NaN',
  'true',
  '""',
  "'a'",
  "'b'",
  '[1]',
  '[1, 2]',
  '["1"]',
  '{ a: 1 }',
  '{ a: 1, b: { c: 2 } }',
  '{ a: "1" }',
  'new Map([[1, 2]])',
  'new Set([1])',
  'new Date(0)',
  '/a/',
  '1n',
  'Symbol.iterator',
  '[{ a: 1 }]',
  'Object.create(null)',
  'new (class A {})()',
  '[undefined]',
  '[,]',
  'Buffer.from("a")',
  'new Uint8Array(1)',
];
const SIMPLE = VALUES.slice(0, 11);
const value = (r) => {
  const made = r.of(VALUES);
  return made.startsWith('{') ? `(${made})` : made;
};
/** Node 20 puts the difference behind a message of one's own, which is asked for here alone where there is none. */
const MESSAGES = ['', '', '', ', new RangeError("own")', ', undefined'];
const THROWERS = [
  '() => { throw new TypeError("bad thing") }',
  '() => {}',
  '() => { throw "text" }',
  '() => { throw null }',
  '() => { throw { code: "E", message: "m" } }',
  '5',
  'undefined',
];
const EXPECTED = [
  'TypeError',
  'RangeError',
  '/bad/',
  '/good/',
  '{ message: "bad thing" }',
  '{ name: "TypeError", message: /thing/ }',
  '{ code: "E" }',
  '{}',
  '(error) => true',
  '(error) => false',
  '() => { throw new SyntaxError("in check") }',
  '"bad thing"',
  '"other"',
  'null',
  '[]',
];

const names = ['a', 'b', 'error', 'newListener', 'removeListener', 'Symbol.for("s")'].map((name) =>
  name.includes('.') ? name : `'${name}'`,
);
const listeners = ['one', 'two', 'three', 'thrower'];
const step = (r) => {
  const [name, listener] = [r.of(names), r.of(listeners)];
  return r.one(
    () =>
      `e.${r.of(['on', 'addListener', 'once', 'prependListener', 'prependOnceListener', 'off', 'removeListener'])}(${name}, ${r.chance(0.95) ? listener : odd(r)})`,
    () => `e.emit(${[name, ...r.list(3, () => value(r))].join(', ')})`,
    () => `e.emit(${name})`,
    () => `e.removeAllListeners(${r.chance(0.7) ? name : ''})`,
    () => `e.${r.of(['listenerCount', 'listeners'])}(${name})`,
    () => `e.eventNames()`,
    () => `e.setMaxListeners(${r.chance(0.8) ? number(r) : odd(r)})`,
    () => `e.getMaxListeners()`,
    () => `events.${r.of(['listenerCount', 'getEventListeners'])}(e, ${name})`,
  );
};

const MAKERS = [
  (r) =>
    `assert.${r.of(['equal', 'notEqual', 'notStrictEqual', 'deepEqual', 'notDeepEqual', 'notDeepStrictEqual'])}(${value(r)}, ${value(r)}${r.of(MESSAGES)})`,
  // Differences of more than one line on both sides are laid out in another way than in Node.
  (r) => `assert.${r.of(['strictEqual', 'deepStrictEqual'])}(${value(r)}, ${r.of(SIMPLE)}${r.of(MESSAGES)})`,
  (r) =>
    `assert.strict.${r.of(['equal', 'notEqual', 'deepEqual', 'notDeepEqual'])}(${value(r)}, ${value(r)}, new RangeError('own'))`,
  (r) => `assert.${r.of(['throws', 'doesNotThrow'])}(${r.of(THROWERS)}${r.chance(0.7) ? `, ${r.of(EXPECTED)}` : ''})`,
  (r) =>
    `assert.${r.of(['match', 'doesNotMatch'])}(${r.chance(0.8) ? text(r) : value(r)}, ${r.of(['/a/', '/^$/', '"a"', 'null'])}${r.of(MESSAGES)})`,
  (r) =>
    `assert.ifError(${r.of(['null', 'undefined', '0', '"text"', 'new TypeError("inner")', '{ message: "m" }', ''])})`,
  (r) => `assert.fail(${r.of(['', "'own'", 'new RangeError("own")', 'undefined'])})`,
  (r) =>
    `{ try { assert.strictEqual(${value(r)}, ${value(r)}) } catch (e) { return [e.generatedMessage, e.operator, e.actual, e.expected, e.code] } }`,
  (r) =>
    `{ const log = [], e = new events(); const one = (...a) => log.push(['one', ...a]), two = function (...a) { log.push(['two', this === e, ...a]) }, three = () => { e.removeListener('a', one); log.push('three') }, thrower = () => { throw new Error('thrown') }; ${r.list(14, () => `try { const given = ${step(r)}; if (given !== e) log.push(given) } catch (error) { log.push(error) }`).join('; ')}; return log }`,
  (r) =>
    `{ const log = [], e = new events(); const one = (...a) => log.push(['one', ...a]), two = (...a) => log.push(['two', ...a]), three = () => { e.off('a', two); e.once('a', one) }, thrower = () => {}; ${r.list(8, () => `try { const given = ${step(r)}; if (given !== e) log.push(given) } catch (error) { log.push(error) }`).join('; ')}; return [log, e._eventsCount] }`,
];

export default (r) => {
  const source = r.of(MAKERS)(r);
  return source.startsWith('{') ? `(() => ${source})()` : source;
};
