// WebSocket and EventSource from guests against servers on loopback.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { HostRuntime } from '../index.js';

async function withServer(server, body) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const host = new HostRuntime('sockets', {
    permissions: { net: [`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`] },
  });
  try {
    await body(host, `127.0.0.1:${port}`);
  } finally {
    await host.close();
    server.closeAllConnections();
    server.close();
  }
}

/** A frame of the server's: the lengths of these tests take two bytes at most. */
function frame(opcode, payload) {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length]), payload]);
}

/** Frames of a client, unmasked. */
function* frames(bytes) {
  for (let at = 0; at + 6 <= bytes.length;) {
    const opcode = bytes[at] & 15;
    let length = bytes[at + 1] & 127;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    }
    const mask = bytes.subarray(at, at + 4);
    const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length)).map((byte, index) => byte ^ mask[index % 4]);
    yield { opcode, payload };
    at += 4 + length;
  }
}

function echoServer() {
  const server = http.createServer();
  server.on('upgrade', (request, socket) => {
    const key = request.headers['sec-websocket-key'];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const protocol = request.headers['sec-websocket-protocol']?.split(',')[0].trim();
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`,
    );
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const { opcode, payload } of frames(bytes)) {
        if (opcode === 1 && payload.toString() === 'bye') {
          socket.write(frame(8, Buffer.concat([Buffer.from([0x0f, 0xa0]), Buffer.from('server')])));
        } else if (opcode === 1 && payload.toString() === 'cut') {
          socket.destroy();
        } else {
          socket.write(frame(opcode, payload));
          if (opcode === 8) socket.end();
        }
      }
    });
  });
  return server;
}

const CLIENT = `const open = (url, protocols) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  const waiting = [];
  const came = [];
  socket.onmessage = ({ data }) => waiting.length ? waiting.shift()(data) : came.push(data);
  socket.next = () => new Promise((done) => came.length ? done(came.shift()) : waiting.push(done));
  socket.closed = new Promise((done) => socket.onclose = (e) => done([e.wasClean, e.code, e.reason]));
  socket.onopen = () => resolve(socket);
  socket.onerror = () => reject(new Error('failed'));
});`;

test('messages of every kind go both ways in order', async () => {
  await withServer(echoServer(), async (host, address) => {
    const answer = await host.eval(`(async () => { ${CLIENT}
      const socket = await open('ws://${address}/x', ['one', 'two']);
      socket.send('text \u00e4'); socket.send(new Uint8Array([1, 2]).subarray(1)); socket.send(new Blob(['blob']));
      const got = [socket.protocol, await socket.next(), [...new Uint8Array(await socket.next())], (await socket.next()).byteLength];
      socket.binaryType = 'blob'; socket.send(new ArrayBuffer(300));
      got.push((await socket.next()).size, socket.bufferedAmount);
      socket.close(3001, 'done');
      return [...got, ...await socket.closed, socket.readyState];
    })()`);
    assert.deepEqual(answer, ['one', 'text \u00e4', [2], 4, 300, 0, true, 3001, 'done', 3]);
  });
});

test('a server that closes is heard, and one that breaks off is an error', async () => {
  await withServer(echoServer(), async (host, address) => {
    const closes = (word) =>
      host.eval(
        `(async () => { ${CLIENT} const socket = await open('ws://${address}'); socket.send('${word}'); return socket.closed })()`,
      );
    assert.deepEqual(await closes('bye'), [true, 4000, 'server']);
    assert.deepEqual(await closes('cut'), [false, 1006, '']);
    const refused = await host.eval(
      `(async () => { ${CLIENT} return open('ws://127.0.0.1:1/').catch((e) => e.message) })()`,
    );
    assert.equal(refused, 'failed');
  });
});

test('events arrive as they are written, and a lost stream is asked for again from where it broke', async () => {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request.headers['last-event-id']);
    assert.equal(request.headers.accept, 'text/event-stream');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`retry: 5\nid: ${asked.length}\ndata: number ${asked.length}\n\n`);
  });
  await withServer(server, async (host, address) => {
    const seen = await host.eval(`new Promise((resolve) => {
      const source = new EventSource('http://${address}/events');
      const seen = [];
      source.onmessage = ({ data, origin, lastEventId }) => {
        seen.push([data, origin === 'http://${address}', lastEventId]);
        if (seen.length === 2) { source.close(); resolve(seen); }
      };
    })`);
    assert.deepEqual(seen, [
      ['number 1', true, '1'],
      ['number 2', true, '2'],
    ]);
    assert.deepEqual(asked, [undefined, '1']);
  });
});

test('an event source that is not granted fails for good', async () => {
  const host = new HostRuntime('nothing granted');
  const state = await host.eval(`new Promise((resolve) => {
    const source = new EventSource('http://127.0.0.1:1/');
    source.onerror = () => resolve(source.readyState);
  })`);
  assert.equal(state, 2);
  await host.close();
});
