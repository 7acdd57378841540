import { assert, test } from 'guest:test';
import { MessageEvent } from 'guest:messageevent';

test('a message event carries what it was given, and nothing by default', () => {
  const event = new MessageEvent('message', { data: 1, origin: 'o', lastEventId: 'i' });
  assert.deepEqual([event.data, event.origin, event.lastEventId, event.source], [1, 'o', 'i', null]);
  const empty = new MessageEvent('message');
  assert.deepEqual([empty.data, empty.origin, empty.lastEventId, empty.source], [null, '', '', null]);
  assert.deepEqual(empty.ports, []);
});

test('ports is one frozen array', () => {
  const event = new MessageEvent('message');
  assert.ok(event.ports === event.ports && Object.isFrozen(event.ports));
});

test('what is not a port is neither a source nor one of the ports', () => {
  assert.throws(() => new MessageEvent('message', { source: {} }), TypeError);
  assert.throws(() => new MessageEvent('message', { ports: [{}] }), TypeError);
});

test('initMessageEvent sets all of it anew', () => {
  const event = new MessageEvent('message');
  event.initMessageEvent('other', true, true, 'data', 'origin', 'id');
  assert.deepEqual([event.type, event.bubbles, event.data, event.origin], ['other', true, 'data', 'origin']);
  assert.throws(() => (event as any).initMessageEvent(), TypeError);
});
