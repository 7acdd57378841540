import { assert, test } from 'guest:test';
import { EventSource } from 'guest:eventsource';

test('an address that is none is refused at once', () => {
  for (const url of ['', 'relative', 'http://']) assert.throws(() => new EventSource(url), { name: 'SyntaxError' });
  assert.throws(() => new (EventSource as unknown as new () => EventSource)(), TypeError);
});

test('an event source that was closed says nothing more', async () => {
  const source = new EventSource('data:text/event-stream,data: x', { withCredentials: true });
  let events = 0;
  source.onopen = source.onmessage = source.onerror = () => events++;
  assert.deepEqual([source.readyState, source.withCredentials], [0, true]);
  source.close();
  assert.equal(source.readyState, 2);
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  assert.equal(events, 0);
});

test('events are read from the stream as the standard has it', async () => {
  const text = '\ufeff: comment\rdata: one\r\ndata:two\nid: 7\n\nevent: own\ndata\n\nretry: 10\ndata: lost';
  const source = new EventSource(`data:text/event-stream,${encodeURIComponent(text)}`);
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    const note = (event: { type: string; data?: string; lastEventId?: string }) =>
      seen.push([event.type, event.data, event.lastEventId]);
    source.onopen = note;
    source.onmessage = note;
    source.addEventListener('own', note as never);
    source.onerror = () => {
      seen.push(source.readyState);
      source.close();
      resolve();
    };
  });
  assert.deepEqual(seen, [['open', undefined, undefined], ['message', 'one\ntwo', '7'], ['own', '', '7'], 0]);
});

test('what is no stream of events is an error for good', async () => {
  const source = new EventSource('data:text/plain,data: x');
  await new Promise<void>((resolve) => (source.onerror = () => resolve()));
  assert.equal(source.readyState, 2);
});

test('constants stand on the class and on its prototype', () => {
  assert.deepEqual([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED], [0, 1, 2]);
  assert.equal((EventSource.prototype as unknown as { OPEN: number }).OPEN, 1);
});
