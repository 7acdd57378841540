import { assert, test } from 'guest:test';
import { CloseEvent, WebSocket } from 'guest:websocket';

test('addresses and subprotocols are checked at once', () => {
  const wrong: [string, unknown][] = [
    ['', []],
    ['relative', []],
    ['ftp://a.example/', []],
    ['ws://a.example/#fragment', []],
    ['ws://a.example/', 'a b'],
    ['ws://a.example/', ['a', 'a']],
    ['ws://a.example/', ['']],
  ];
  for (const [url, protocols] of wrong) {
    assert.throws(() => new WebSocket(url, protocols as string[]), { name: 'SyntaxError' });
  }
  assert.throws(() => new (WebSocket as unknown as new () => WebSocket)(), TypeError);
});

test('http and https mean ws and wss', () => {
  assert.equal(new WebSocket('http://a.example/x').url, 'ws://a.example/x');
  assert.equal(new WebSocket('https://a.example/').url, 'wss://a.example/');
});

test('what is not granted is an error and an unclean close', async () => {
  const socket = new WebSocket('ws://a.example/');
  assert.deepEqual([socket.readyState, socket.protocol, socket.extensions, socket.bufferedAmount], [0, '', '', 0]);
  assert.throws(() => socket.send('early'), { name: 'InvalidStateError' });
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    socket.onerror = (event) => seen.push(event.type);
    socket.onclose = (event) => {
      seen.push(event.wasClean, event.code, event.reason, socket.readyState);
      resolve();
    };
  });
  assert.deepEqual(seen, ['error', false, 1006, '', 3]);
});

test('close wants a code and a reason that may be sent', () => {
  const socket = new WebSocket('ws://a.example/');
  for (const code of [0, 999, 1001, 2999, 5000]) {
    assert.throws(() => socket.close(code), { name: 'InvalidAccessError' });
  }
  assert.throws(() => socket.close(1000, 'ä'.repeat(62)), { name: 'SyntaxError' });
  socket.close(3000, 'done');
  assert.equal(socket.readyState, 2);
});

test('binaryType takes two values', () => {
  const socket = new WebSocket('ws://a.example/');
  assert.equal(socket.binaryType, 'blob');
  socket.binaryType = 'arraybuffer';
  socket.binaryType = 'other' as 'blob';
  assert.equal(socket.binaryType, 'arraybuffer');
});

test('a close event carries its details', () => {
  const event = new CloseEvent('close', { wasClean: true, code: 65_537, reason: 'why' });
  assert.deepEqual([event.wasClean, event.code, event.reason], [true, 1, 'why']);
  assert.deepEqual([new CloseEvent('x').wasClean, new CloseEvent('x').code], [false, 0]);
});
