import { assert, test } from 'guest:test';
import { structuredClone } from 'guest:clone';
import { MessageChannel, MessagePort } from 'guest:messaging';

/** The next message of a port. */
function next(port: MessagePort): Promise<any> {
  return new Promise((resolve) => {
    port.onmessage = resolve;
  });
}

test('a message arrives at the other end, cloned and in a turn of its own', async () => {
  const { port1, port2 } = new MessageChannel();
  const data = { list: [1, 2] };
  const came = next(port2);
  let isLater = false;
  port1.postMessage(data);
  isLater = true;
  const event = await came;
  assert.ok(isLater && event.data !== data);
  assert.deepEqual(event.data, data);
  assert.equal(event.type, 'message');
  assert.equal(event.target, port2);
  assert.ok(event.isTrusted);
  port1.close();
});

test('messages wait in their order until the port is started', async () => {
  const { port1, port2 } = new MessageChannel();
  for (let i = 0; i < 3; i++) port1.postMessage(i);
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    port2.addEventListener('message', (event: any) => {
      if (seen.push(event.data) === 3) resolve();
    });
    port2.start();
  });
  assert.deepEqual(seen, [0, 1, 2]);
  port1.close();
});

test('a port moves through another channel with the messages that wait in it', async () => {
  const carrier = new MessageChannel();
  const cargo = new MessageChannel();
  cargo.port1.postMessage('before');
  carrier.port1.postMessage('take it', [cargo.port2]);
  cargo.port1.postMessage('after');
  const { data, ports } = await next(carrier.port2);
  assert.equal(data, 'take it');
  assert.ok(ports.length === 1 && ports[0] instanceof MessagePort && ports[0] !== cargo.port2);
  const got: unknown[] = [];
  await new Promise<void>((resolve) => {
    ports[0].onmessage = (event: any) => {
      if (got.push(event.data) === 2) resolve();
    };
  });
  assert.deepEqual(got, ['before', 'after']);
  assert.throws(() => carrier.port1.postMessage(0, [cargo.port2]), { name: 'DataCloneError' });
  carrier.port1.close();
  cargo.port1.close();
});

test('structuredClone moves ports, and refuses those that are not listed', () => {
  const { port1 } = new MessageChannel();
  assert.throws(() => structuredClone(port1), { name: 'DataCloneError' });
  const moved = structuredClone(port1, { transfer: [port1] });
  assert.ok(moved instanceof MessagePort && moved !== port1);
  assert.throws(() => structuredClone(port1, { transfer: [port1] }), { name: 'DataCloneError' });
  moved.close();
});

test('a port cannot be sent through itself, nor twice, nor anything else be transferred', () => {
  const { port1, port2 } = new MessageChannel();
  const other = new MessageChannel().port1;
  for (const list of [[port1], [other, other], [{}]]) {
    assert.throws(() => port1.postMessage(0, list), { name: 'DataCloneError' });
  }
  assert.throws(() => (port1 as any).postMessage(), TypeError);
  port2.close();
});

test('what cannot be cloned is refused at once, and nothing is transferred', () => {
  const { port1 } = new MessageChannel();
  const other = new MessageChannel().port1;
  assert.throws(() => port1.postMessage(() => 1, [other]), { name: 'DataCloneError' });
  port1.postMessage(0, [other]);
  port1.close();
});

test('closing one end tells the other one', async () => {
  const { port1, port2 } = new MessageChannel();
  const closed = new Promise((resolve) => port2.addEventListener('close', resolve));
  port1.close();
  await closed;
  port2.postMessage('to nobody');
});

test('ports are made by channels alone', () => {
  assert.throws(() => new (MessagePort as any)(), TypeError);
  assert.equal(Object.prototype.toString.call(new MessageChannel()), '[object MessageChannel]');
});
