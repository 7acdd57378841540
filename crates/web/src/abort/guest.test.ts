import { assert, test } from 'guest:test';
import { AbortController, AbortSignal } from 'guest:abort';
import { Event, EventTarget } from 'guest:events';

test('a controller aborts its signal once and with the first reason', () => {
  const controller = new AbortController();
  const { signal } = controller;
  const seen: unknown[] = [];
  signal.addEventListener('abort', (event) => seen.push(event.type, event.isTrusted, event.target === signal));
  assert.deepEqual([signal.aborted, signal.reason], [false, undefined]);
  controller.abort('first');
  controller.abort('second');
  assert.deepEqual([signal.aborted, signal.reason, ...seen], [true, 'first', 'abort', true, true]);
});

test('without a reason the reason is an AbortError', () => {
  const controller = new AbortController();
  controller.abort();
  assert.ok(controller.signal.reason instanceof DOMException);
  assert.equal(controller.signal.reason.name, 'AbortError');
  assert.equal(AbortSignal.abort().reason.name, 'AbortError');
  assert.equal(AbortSignal.abort(null).reason, null);
});

test('throwIfAborted throws the reason itself', () => {
  const controller = new AbortController();
  controller.signal.throwIfAborted();
  const reason = new TypeError('mine');
  controller.abort(reason);
  let caught: unknown;
  try {
    controller.signal.throwIfAborted();
  } catch (error) {
    caught = error;
  }
  assert.ok(caught === reason);
});

test('the classes have the look of the standard', () => {
  assert.throws(() => new (AbortSignal as any)(), TypeError);
  assert.equal(Object.prototype.toString.call(AbortSignal.abort()), '[object AbortSignal]');
  assert.equal(Object.prototype.toString.call(new AbortController()), '[object AbortController]');
  assert.ok(AbortSignal.abort() instanceof EventTarget);
  assert.deepEqual(
    [AbortSignal.length, AbortSignal.abort.length, AbortSignal.timeout.length, AbortSignal.any.length],
    [0, 0, 1, 1],
  );
  for (const name of ['aborted', 'reason', 'throwIfAborted', 'onabort']) {
    assert.ok(Object.getOwnPropertyDescriptor(AbortSignal.prototype, name)!.enumerable, name);
  }
  assert.ok(Object.getOwnPropertyDescriptor(AbortSignal, 'any')!.enumerable);
  assert.throws(
    () => Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get!.call(new EventTarget()),
    TypeError,
  );
  assert.throws(() => AbortController.prototype.abort.call({} as any), TypeError);
});

test('onabort keeps its place when replaced and loses it when set to null', () => {
  const order = (script: (signal: AbortSignal, log: (name: string) => () => void) => void): string[] => {
    const entries: string[] = [];
    const controller = new AbortController();
    script(controller.signal, (name) => () => void entries.push(name));
    controller.abort();
    return entries;
  };
  assert.deepEqual(
    order((signal, log) => {
      signal.onabort = log('old');
      signal.addEventListener('abort', log('listener'));
      signal.onabort = log('handler');
    }),
    ['handler', 'listener'],
  );
  assert.deepEqual(
    order((signal, log) => {
      signal.onabort = log('old');
      signal.addEventListener('abort', log('listener'));
      signal.onabort = null;
      signal.onabort = log('handler');
    }),
    ['listener', 'handler'],
  );
});

test('onabort is null for what is not an object', () => {
  const signal = new AbortController().signal as any;
  assert.equal(signal.onabort, null);
  const handler = () => {};
  signal.onabort = handler;
  assert.ok(signal.onabort === handler);
  signal.onabort = 'code';
  assert.equal(signal.onabort, null);
});

test('an abort event that a guest dispatches does not abort', () => {
  const { signal } = new AbortController();
  let calls = 0;
  signal.onabort = () => calls++;
  signal.dispatchEvent(new Event('abort'));
  assert.deepEqual([calls, signal.aborted], [1, false]);
});

test('a timeout aborts with a TimeoutError', async () => {
  const signal = AbortSignal.timeout(1);
  assert.equal(signal.aborted, false);
  await new Promise((resolve) => (signal.onabort = resolve));
  assert.equal(signal.reason.name, 'TimeoutError');
  assert.ok(signal.reason instanceof DOMException);
});

test('a timeout takes whole numbers of milliseconds from 0 to 2**53 - 1 only', () => {
  for (const value of [-1, NaN, Infinity, 2 ** 53]) assert.throws(() => AbortSignal.timeout(value));
  assert.throws(() => (AbortSignal as any).timeout());
});

test('any follows the first source that aborts', () => {
  const one = new AbortController();
  const two = new AbortController();
  const signal = AbortSignal.any([one.signal, two.signal]);
  let calls = 0;
  signal.onabort = () => calls++;
  two.abort('two');
  one.abort('one');
  assert.deepEqual([signal.aborted, signal.reason, calls], [true, 'two', 1]);
});

test('any of an aborted signal is aborted at once, any of nothing never', () => {
  assert.equal(AbortSignal.any([new AbortController().signal, AbortSignal.abort(7)]).reason, 7);
  assert.equal(AbortSignal.any([]).aborted, false);
});

test('any accepts iterables of signals only', () => {
  assert.throws(() => AbortSignal.any([{}] as any), TypeError);
  assert.throws(() => AbortSignal.any({} as any), TypeError);
  assert.throws(() => (AbortSignal as any).any(), TypeError);
  assert.equal(AbortSignal.any(new Set([AbortSignal.abort(1)])).reason, 1);
});

test('dependents of dependents abort after their source and in the order of their making', () => {
  const controller = new AbortController();
  const log: string[] = [];
  const first = AbortSignal.any([controller.signal]);
  const second = AbortSignal.any([first]);
  const third = AbortSignal.any([second, controller.signal]);
  third.addEventListener('abort', () => log.push('third'));
  second.addEventListener('abort', () => log.push('second'));
  first.addEventListener('abort', () => log.push(`first ${second.aborted}`));
  controller.signal.addEventListener('abort', () => log.push(`source ${third.aborted}`));
  controller.abort();
  assert.deepEqual(log, ['source true', 'first true', 'second', 'third']);
});

test('a dependent with a listener reports even if nobody else refers to it', async () => {
  const controller = new AbortController();
  let calls = 0;
  AbortSignal.any([controller.signal]).addEventListener('abort', () => calls++);
  await new Promise((resolve) => AbortSignal.timeout(1).addEventListener('abort', resolve));
  controller.abort();
  assert.equal(calls, 1);
});

test('ten thousand dependents of one signal come and go', () => {
  const controller = new AbortController();
  for (let i = 0; i < 10_000; i++) AbortSignal.any([controller.signal]);
  const last = AbortSignal.any([controller.signal]);
  controller.abort();
  assert.ok(last.aborted);
});
