import { createServer } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { check, rateInFlight } from '../clock.mjs';

const CLIENTS = 8;
const QUESTION = 'GET /hello HTTP/1.1\r\nhost: bench\r\n\r\n';
/** The last chunk of an answer. */
const END = '0\r\n\r\n';

const ways = {
  async hostbox() {
    const { Component } = await import('../../index.js');
    const path = fileURLToPath(new URL('../../crates/testkit/fixtures/components/handler.wasm', import.meta.url));
    const server = await Component.serve(await Component.compile({ path }), { concurrency: CLIENTS });
    return { port: Number(new URL(server.url).port), close: () => server.close() };
  },
  async node() {
    const server = createServer((request, response) => {
      response.setHeader('x-path', request.url);
      response.write('hello wasm');
      response.end();
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    return { port: server.address().port, close: () => server.close() };
  },
};

/** A connection that is kept: asks, and waits for the end of the answer. */
async function client(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
  await new Promise((connected) => socket.once('connect', connected));
  let answered;
  let text = '';
  socket.on('data', (piece) => {
    text += piece;
    if (text.endsWith(END)) answered(text);
  });
  return {
    ask: () => new Promise((resolve) => ((answered = resolve), (text = ''), socket.write(QUESTION))),
    close: () => socket.destroy(),
  };
}

export default {
  name: 'componentHttp',
  about:
    'Answers of ten bytes over kept connections, asked for by 8 clients on Node’s thread in the same process. hostbox makes an instance of a component of 15 KB in C for each request, on threads of its own; Node’s own server, for orientation, runs JavaScript on the clients’ thread.',
  metrics: { requests: { title: 'requests', unit: 'requests/s', better: 'more' } },
  contenders: ['hostbox', 'node:http'],
  ways: { hostbox: ways.hostbox, 'node:http': ways.node },
  rounds: 3,
  async measure(open) {
    const server = await open();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => client(server.port)));
    const requests = await rateInFlight(async () => {
      const own = clients.pop();
      check((await own.ask()).includes('hello wasm'), true);
      clients.push(own);
    }, CLIENTS);
    for (const own of clients) own.close();
    await server.close();
    return { requests };
  },
};
