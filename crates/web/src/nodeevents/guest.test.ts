import { assert, test } from 'guest:test';
import { EventEmitter } from 'guest:nodeevents';

const { once, on } = EventEmitter;
const emitter = (): any => new EventEmitter();

test('listeners are called in order with the arguments and the emitter', () => {
  const subject = emitter();
  const seen: unknown[] = [];
  subject.on('x', function (this: unknown, ...args: unknown[]) {
    seen.push(this === subject, args);
  });
  subject.prependListener('x', () => seen.push('first'));
  assert.equal(subject.emit('x', 1, 2), true);
  assert.equal(subject.emit('y'), false);
  assert.deepEqual(seen, ['first', true, [1, 2]]);
});

test('once listens once, also while it is called', () => {
  const subject = emitter();
  let count = 0;
  subject.once('x', () => {
    count++;
    subject.emit('x');
  });
  subject.emit('x');
  assert.deepEqual([count, subject.listenerCount('x'), subject.eventNames()], [1, 0, []]);
});

test('a listener that is removed while others are called is still called this time', () => {
  const subject = emitter();
  const seen: string[] = [];
  const second = (): void => void seen.push('b');
  subject.on('x', () => subject.off('x', second));
  subject.on('x', second);
  subject.emit('x');
  subject.emit('x');
  assert.deepEqual(seen, ['b']);
});

test('of equal listeners the last one is removed', () => {
  const subject = emitter();
  const seen: number[] = [];
  const a = (): void => void seen.push(1);
  subject
    .on('x', a)
    .on('x', () => seen.push(2))
    .on('x', a);
  subject.removeListener('x', a);
  subject.emit('x');
  assert.deepEqual(seen, [1, 2]);
});

test('an error that nobody hears is thrown', () => {
  const subject = emitter();
  const error = new RangeError('no');
  assert.throws(() => subject.emit('error', error), { message: 'no' });
  assert.throws(() => subject.emit('error', 'text'), { code: 'ERR_UNHANDLED_ERROR' });
  assert.throws(() => subject.emit('error'), { message: 'Unhandled error. (undefined)' });
  const monitored: unknown[] = [];
  subject.on(EventEmitter.errorMonitor, (value: unknown) => monitored.push(value));
  assert.throws(() => subject.emit('error', error));
  assert.deepEqual(monitored, [error]);
});

test('newListener comes before and removeListener after', () => {
  const subject = emitter();
  const seen: unknown[] = [];
  subject.on('newListener', (name: string) => seen.push(['new', name, subject.listenerCount(name)]));
  subject.on('removeListener', (name: string) => seen.push(['gone', name, subject.listenerCount(name)]));
  const listener = (): void => {};
  subject.once('x', listener);
  subject.removeListener('x', listener);
  assert.deepEqual(seen, [
    ['new', 'removeListener', 0],
    ['new', 'x', 0],
    ['gone', 'x', 0],
  ]);
});

test('all listeners go, of one name or of every one', () => {
  const subject = emitter();
  const gone: string[] = [];
  subject
    .on('a', () => {})
    .on('a', () => {})
    .on('b', () => {});
  subject.removeAllListeners('a');
  assert.deepEqual(subject.eventNames(), ['b']);
  subject.on('removeListener', (name: string) => gone.push(name)).on('c', () => {});
  subject.removeAllListeners();
  assert.deepEqual([gone, subject.eventNames()], [['b', 'c'], []]);
});

test('listeners are told with and without their wrappers', () => {
  const subject = emitter();
  const listener = (): void => {};
  subject.once('x', listener);
  assert.equal(subject.listeners('x')[0], listener);
  assert.equal(subject.rawListeners('x')[0].listener, listener);
  assert.equal(subject.listenerCount('x', listener), 1);
  assert.deepEqual(EventEmitter.getEventListeners(subject, 'x'), [listener]);
});

test('classes of functions can inherit from it', () => {
  function Old(this: any): void {
    EventEmitter.call(this);
  }
  Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
  const subject = new (Old as any)();
  let heard = 0;
  subject.on('x', () => heard++);
  subject.emit('x');
  class New extends (EventEmitter as any) {}
  const other = new New() as any;
  other.on('x', () => heard++).emit('x');
  assert.deepEqual(
    [heard, other instanceof EventEmitter, Object.keys(EventEmitter.prototype).includes('on')],
    [2, true, true],
  );
});

test('wrong listeners and limits are refused', () => {
  const subject = emitter();
  assert.throws(() => subject.on('x', 1), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => subject.setMaxListeners(-1), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(subject.setMaxListeners(3).getMaxListeners(), 3);
  assert.equal(EventEmitter.defaultMaxListeners, 10);
});

test('once gives a promise of the next event, which an error or an abort rejects', async () => {
  const subject = emitter();
  const next = once(subject, 'x');
  subject.emit('x', 1, 2);
  assert.deepEqual(await next, [1, 2]);
  const failing = once(subject, 'x');
  subject.emit('error', new RangeError('no'));
  await assert.rejects(failing, RangeError);
  assert.equal(subject.listenerCount('x') + subject.listenerCount('error'), 0);
});

test('on gives events as they come', async () => {
  const subject = emitter();
  const seen: unknown[] = [];
  const events = on(subject, 'x', { close: ['end'] });
  subject.emit('x', 1);
  subject.emit('x', 2);
  Promise.resolve().then(() => subject.emit('end'));
  for await (const [value] of events) seen.push(value);
  assert.deepEqual(seen, [1, 2]);
  assert.equal(subject.listenerCount('x'), 0);
});

test('a rejected listener is an error where that is asked for', async () => {
  const subject = new EventEmitter({ captureRejections: true }) as any;
  const heard = new Promise((resolve) => subject.on('error', resolve));
  subject.on('x', async () => {
    throw new RangeError('late');
  });
  subject.emit('x');
  assert.equal(((await heard) as Error).message, 'late');
});

test('removal of one listener of several names what was asked for', () => {
  const subject = emitter();
  const removed: unknown[] = [];
  const first = (): void => {};
  subject.once('a', first);
  subject.on('a', () => {});
  const { 0: wrapper } = subject.rawListeners('a');
  subject.on('removeListener', (_type: string, listener: unknown) => removed.push(listener));
  subject.off('a', wrapper);
  subject.once('b', first);
  subject.off('b', first);
  assert.deepEqual([removed[0] === wrapper, removed[1] === first], [true, true]);
});
