import { assert, test } from 'guest:test';
import { AbortController } from 'guest:abort';
import { CustomEvent, Event, EventTarget } from 'guest:events';

/** Calls every listener that `add` adds, in the order of their calls. */
function trace(add: (target: EventTarget, log: (entry: unknown) => () => void) => void, type = 'x'): unknown[] {
  const target = new EventTarget();
  const entries: unknown[] = [];
  add(target, (entry) => () => void entries.push(entry));
  target.dispatchEvent(new Event(type));
  return entries;
}

test('a new event has the attributes of its init dictionary', () => {
  const event = new Event('ping', { bubbles: true, cancelable: true, composed: true });
  const { type, bubbles, cancelable, composed, defaultPrevented, isTrusted, target, currentTarget, eventPhase } = event;
  assert.deepEqual(
    { type, bubbles, cancelable, composed, defaultPrevented, isTrusted, target, currentTarget, eventPhase },
    {
      type: 'ping',
      bubbles: true,
      cancelable: true,
      composed: true,
      defaultPrevented: false,
      isTrusted: false,
      target: null,
      currentTarget: null,
      eventPhase: 0,
    },
  );
  assert.ok(event.timeStamp >= 0 && event.timeStamp <= performance.now());
  assert.deepEqual(event.composedPath(), []);
});

test('an event needs a type and takes only a dictionary as its init', () => {
  assert.throws(() => new (Event as any)(), TypeError);
  assert.throws(() => new Event('x', 5 as any), TypeError);
  assert.throws(() => new Event(Symbol() as any), TypeError);
  assert.equal(new Event(undefined as any).type, 'undefined');
  assert.equal(new Event('x', null as any).bubbles, false);
});

test('the phases are constants of the class and of its prototype', () => {
  for (const owner of [Event, Event.prototype] as object[]) {
    const names = ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'];
    assert.deepEqual(
      names.map((name) => (owner as any)[name]),
      [0, 1, 2, 3],
    );
    assert.deepEqual(Object.getOwnPropertyDescriptor(owner, 'AT_TARGET'), {
      value: 2,
      writable: false,
      enumerable: true,
      configurable: false,
    });
  }
});

test('members of the interfaces are enumerable and the classes carry their names', () => {
  const members: string[] = [];
  for (const key in new Event('x')) members.push(key);
  for (const name of ['isTrusted', 'type', 'preventDefault', 'composedPath', 'NONE', 'timeStamp'])
    assert.ok(members.includes(name), name);
  assert.ok(Object.getOwnPropertyDescriptor(EventTarget.prototype, 'addEventListener')!.enumerable);
  assert.equal(Object.prototype.toString.call(new Event('x')), '[object Event]');
  assert.equal(Object.prototype.toString.call(new CustomEvent('x')), '[object CustomEvent]');
  assert.equal(Object.prototype.toString.call(new EventTarget()), '[object EventTarget]');
  assert.deepEqual([Event.length, CustomEvent.length, EventTarget.length], [1, 1, 0]);
  assert.deepEqual(
    [
      EventTarget.prototype.addEventListener.length,
      EventTarget.prototype.removeEventListener.length,
      EventTarget.prototype.dispatchEvent.length,
    ],
    [2, 2, 1],
  );
});

test('isTrusted is an own accessor of each event that cannot be redefined', () => {
  const one = Object.getOwnPropertyDescriptor(new Event('x'), 'isTrusted')!;
  const two = Object.getOwnPropertyDescriptor(new Event('y'), 'isTrusted')!;
  assert.ok(one.get !== undefined && one.get === two.get && one.set === undefined);
  assert.deepEqual([one.enumerable, one.configurable], [true, false]);
});

test('a method called on a foreign object is an illegal invocation', () => {
  assert.throws(() => Event.prototype.preventDefault.call({} as any), TypeError);
  assert.throws(() => EventTarget.prototype.addEventListener.call({} as any, 'x', null), TypeError);
  assert.throws(() => Object.getOwnPropertyDescriptor(Event.prototype, 'type')!.get!.call(5), TypeError);
  assert.throws(() => (Event as any)('x'), TypeError);
});

test('listeners run in the order of their adding, capturing ones first', () => {
  const log = trace((target, add) => {
    target.addEventListener('x', add('a'));
    target.addEventListener('x', add('b'), true);
    target.addEventListener('x', add('c'), { capture: false });
    target.addEventListener('x', add('d'), { capture: true });
    target.addEventListener('other', add('e'));
  });
  assert.deepEqual(log, ['b', 'd', 'a', 'c']);
});

test('the same listener is added once for each value of capture', () => {
  let calls = 0;
  const target = new EventTarget();
  const listener = () => calls++;
  target.addEventListener('x', listener);
  target.addEventListener('x', listener, { once: true });
  target.addEventListener('x', listener, true);
  target.dispatchEvent(new Event('x'));
  target.dispatchEvent(new Event('x'));
  assert.equal(calls, 4);
  target.removeEventListener('x', listener);
  target.dispatchEvent(new Event('x'));
  assert.equal(calls, 5);
});

test('during dispatch an event knows its target, and a listener has it as its this', () => {
  const target = new EventTarget();
  let seen: unknown[] = [];
  target.addEventListener('x', function (this: unknown, event) {
    seen = [this, event.target, event.currentTarget, event.srcElement, event.eventPhase, ...event.composedPath()];
  });
  const event = new Event('x');
  assert.equal(target.dispatchEvent(event), true);
  assert.ok(seen.length === 6 && seen.every((entry, index) => entry === (index === 4 ? 2 : target)));
  assert.ok(event.target === target && event.currentTarget === null && event.eventPhase === 0);
});

test('an object listener is called by its handleEvent of that moment', () => {
  const target = new EventTarget();
  const seen: unknown[] = [];
  const listener: any = {};
  target.addEventListener('x', listener);
  listener.handleEvent = function (event: Event) {
    seen.push(this === listener, event.type);
  };
  target.dispatchEvent(new Event('x'));
  assert.deepEqual(seen, [true, 'x']);
});

test('a listener may be null but not a primitive', () => {
  const target = new EventTarget();
  target.addEventListener('x', null);
  target.addEventListener('x', undefined as any);
  target.removeEventListener('x', null);
  assert.throws(() => target.addEventListener('x', 'code' as any), TypeError);
  assert.throws(() => (target as any).addEventListener('x'), TypeError);
});

test('a listener with once runs once even if it dispatches again', () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener(
    'x',
    () => {
      calls++;
      target.dispatchEvent(new Event('x'));
    },
    { once: true },
  );
  target.dispatchEvent(new Event('x'));
  assert.equal(calls, 1);
});

test('a listener removed during dispatch does not run, one added then waits for the next event', () => {
  const target = new EventTarget();
  const log: string[] = [];
  const second = () => log.push('second');
  target.addEventListener(
    'x',
    () => {
      log.push('first');
      target.removeEventListener('x', second);
      target.addEventListener('x', () => log.push('added'), { once: true });
    },
    { once: true },
  );
  target.addEventListener('x', second);
  target.dispatchEvent(new Event('x'));
  assert.deepEqual(log, ['first']);
  target.dispatchEvent(new Event('x'));
  assert.deepEqual(log, ['first', 'added']);
});

test('stopImmediatePropagation ends the dispatch and stopPropagation the phase', () => {
  assert.deepEqual(
    trace((target, add) => {
      target.addEventListener('x', (event) => event.stopImmediatePropagation());
      target.addEventListener('x', add('never'));
    }),
    [],
  );
  assert.deepEqual(
    trace((target, add) => {
      target.addEventListener('x', (event) => event.stopPropagation(), true);
      target.addEventListener('x', add('same phase'), true);
      target.addEventListener('x', add('never'));
    }),
    ['same phase'],
  );
});

test('propagation flags are cleared after dispatch and cancelBubble can only set them', () => {
  const event = new Event('x');
  event.cancelBubble = true;
  event.cancelBubble = false;
  assert.equal(event.cancelBubble, true);
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener('x', () => calls++);
  target.dispatchEvent(event);
  assert.deepEqual([calls, event.cancelBubble], [0, false]);
  target.dispatchEvent(event);
  assert.equal(calls, 1);
});

test('preventDefault works on cancelable events outside of passive listeners', () => {
  const dispatch = (init: object, options: object): [boolean, boolean, boolean] => {
    const target = new EventTarget();
    target.addEventListener('x', (event) => event.preventDefault(), options);
    const event = new Event('x', init);
    return [target.dispatchEvent(event), event.defaultPrevented, event.returnValue];
  };
  assert.deepEqual(dispatch({ cancelable: true }, {}), [false, true, false]);
  assert.deepEqual(dispatch({}, {}), [true, false, true]);
  assert.deepEqual(dispatch({ cancelable: true }, { passive: true }), [true, false, true]);
  const event = new Event('x', { cancelable: true });
  event.returnValue = true;
  assert.equal(event.defaultPrevented, false);
  event.returnValue = false;
  assert.equal(event.defaultPrevented, true);
});

test('an event under way cannot be dispatched again', () => {
  const target = new EventTarget();
  let error: unknown;
  target.addEventListener('x', (event) => {
    try {
      target.dispatchEvent(event);
    } catch (caught) {
      error = caught;
    }
  });
  target.dispatchEvent(new Event('x'));
  assert.ok(error instanceof DOMException);
  assert.equal((error as DOMException).name, 'InvalidStateError');
  assert.throws(() => target.dispatchEvent({ type: 'x' } as any), TypeError);
});

test('an exception of one listener does not stop the others', () => {
  assert.deepEqual(
    trace((target, add) => {
      target.addEventListener('x', () => {
        throw new Error('reported by a test');
      });
      target.addEventListener('x', { handleEvent: 5 } as any);
      target.addEventListener('x', add('still'));
    }),
    ['still'],
  );
});

test('a listener goes away with its signal', () => {
  const target = new EventTarget();
  const controller = new AbortController();
  const log: string[] = [];
  target.addEventListener('x', () => log.push('x'), { signal: controller.signal });
  target.dispatchEvent(new Event('x'));
  controller.abort();
  target.dispatchEvent(new Event('x'));
  target.addEventListener('x', () => log.push('late'), { signal: controller.signal });
  target.dispatchEvent(new Event('x'));
  assert.deepEqual(log, ['x']);
  assert.throws(() => target.addEventListener('x', null, { signal: {} }), TypeError);
  assert.throws(() => target.addEventListener('x', null, { signal: null as any }), TypeError);
});

test('initEvent sets an event anew, but not while it is dispatched', () => {
  const event = new Event('x');
  event.initEvent('y', true, true);
  assert.deepEqual([event.type, event.bubbles, event.cancelable], ['y', true, true]);
  const target = new EventTarget();
  target.addEventListener('y', () => event.initEvent('z'));
  target.dispatchEvent(event);
  assert.equal(event.type, 'y');
});

test('a custom event carries its detail', () => {
  const detail = { a: 1 };
  assert.ok(new CustomEvent('x', { detail }).detail === detail);
  assert.equal(new CustomEvent('x').detail, null);
  assert.equal(new CustomEvent('x', { detail: undefined }).detail, null);
  assert.equal(new CustomEvent('x', { detail: 0 }).detail, 0);
  const event = new CustomEvent('x');
  event.initCustomEvent('y', true, false, 'late');
  assert.deepEqual([event.type, event.bubbles, event.detail], ['y', true, 'late']);
  assert.throws(
    () => Object.getOwnPropertyDescriptor(CustomEvent.prototype, 'detail')!.get!.call(new Event('x')),
    TypeError,
  );
});

test('classes can extend EventTarget and Event', () => {
  class Bus extends EventTarget {
    count = 0;
    on(type: string): this {
      this.addEventListener(type, () => this.count++);
      return this;
    }
  }
  class Ping extends Event {
    constructor() {
      super('ping');
    }
  }
  const bus = new Bus().on('ping');
  bus.dispatchEvent(new Ping());
  assert.equal(bus.count, 1);
});

test('types with the names of object properties are ordinary types', () => {
  for (const type of ['__proto__', 'constructor', 'toString']) {
    assert.deepEqual(
      trace((target, add) => target.addEventListener(type, add(type)), type),
      [type],
    );
  }
});
