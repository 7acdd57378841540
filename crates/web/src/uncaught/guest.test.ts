import { assert, test } from 'guest:test';
import {
  dispatchError,
  dispatchHandled,
  dispatchUnhandled,
  ErrorEvent,
  onerror,
  onunhandledrejection,
  PromiseRejectionEvent,
  remember,
} from 'guest:uncaught';
import { addEventListener, removeEventListener } from 'guest:events';

/** What the listener of a type hears while the body runs. */
function heard(type: string, body: () => void): any[] {
  const events: any[] = [];
  const listener = (event: unknown): void => void events.push(event);
  addEventListener.call(undefined as never, type, listener);
  body();
  removeEventListener.call(undefined as never, type, listener);
  return events;
}

test('an error event carries what it was given, and nothing by default', () => {
  const event = new ErrorEvent('error', { message: 'm', filename: 'f', lineno: 1, colno: 2, error: 3 });
  assert.deepEqual([event.message, event.filename, event.lineno, event.colno, event.error], ['m', 'f', 1, 2, 3]);
  const empty = new ErrorEvent('error');
  assert.deepEqual([empty.message, empty.filename, empty.lineno, empty.colno], ['', '', 0, 0]);
  assert.equal(empty.error, undefined);
});

test('a rejection event wants a promise', () => {
  const promise = Promise.resolve();
  const event = new PromiseRejectionEvent('unhandledrejection', { promise, reason: 1 });
  assert.ok(event.promise === promise);
  assert.equal(event.reason, 1);
  assert.throws(() => new PromiseRejectionEvent('x', {} as never), TypeError);
  assert.throws(() => new (PromiseRejectionEvent as any)('x'), TypeError);
});

test('an uncaught error is told with its place, and taken by who prevents it', () => {
  const error = new RangeError('too far');
  const [event] = heard('error', () => assert.equal(dispatchError(error), false));
  assert.equal(event.message, 'Uncaught RangeError: too far');
  assert.ok(event.error === error);
  assert.ok(event.cancelable);
  assert.equal(event.target, globalThis);
  addEventListener.call(undefined as never, 'error', (event) => event.preventDefault(), { once: true });
  assert.equal(dispatchError(error), true);
});

test('any thrown value can be told, and no getter of it runs', () => {
  const hostile = {
    get message(): string {
      throw new Error('it ran');
    },
  };
  const values = [undefined, null, 1, 'text', Symbol('s'), hostile, () => 1, new Proxy(hostile, {})];
  const events = heard('error', () => values.forEach((value) => dispatchError(value)));
  assert.equal(events.length, values.length);
  events.forEach((event, index) => assert.ok(Object.is(event.error, values[index]) && event.message !== ''));
});

test("the error handler gets the error's parts, and takes it by true", () => {
  let given: unknown[] = [];
  onerror.set.call(undefined, (...args: unknown[]) => {
    given = args;
    return true;
  });
  assert.equal(dispatchError(new Error('e')), true);
  assert.equal(given.length, 5);
  assert.equal(given[0], 'Uncaught Error: e');
  onerror.set.call(undefined, () => false);
  assert.equal(dispatchError(1), false);
  onerror.set.call(undefined, null);
  assert.equal(onerror.get.call(undefined), null);
});

test('a rejection is told, and taken by a handler that answers false', () => {
  const promise = Promise.resolve();
  onunhandledrejection.set.call(undefined, (event: PromiseRejectionEvent) => event.reason !== 'mine');
  assert.equal(dispatchUnhandled(promise, 'mine'), true);
  assert.equal(dispatchUnhandled(promise, 'other'), false);
  onunhandledrejection.set.call(undefined, null);
});

test('a late handler is told once, of promises that were told before', () => {
  const promise = Promise.resolve();
  remember(promise);
  const events = heard('rejectionhandled', () => {
    dispatchHandled(promise, 1);
    dispatchHandled(promise, 1);
    dispatchHandled(Promise.resolve(), 1);
  });
  assert.equal(events.length, 1);
  assert.equal(events[0].reason, 1);
});
