// A pool of plugins behind HTTP, and a client that is itself a guest: node examples/node/http-plugin-pool/main.mjs [rounds]
import { readFile } from 'node:fs/promises';
import { HostRuntime } from 'hostbox';
import { startServer } from './server.mjs';

const rounds = Number(process.argv[2] ?? 20);
const server = await startServer();
const client = new HostRuntime('http-client', { permissions: { net: [server.origin] } });
try {
  const source = await readFile(new URL('./client.guest.js', import.meta.url), 'utf8');
  await client.loadPlugin('client', source);
  const started = performance.now();
  const { answers, failures } = await client.call('client', 'run', [server.origin, rounds]);
  const ms = Math.round(performance.now() - started);
  console.log(
    `${answers} answers in ${ms} ms, ${failures} of them failures, from ${server.pool.stats().size} sandboxes`,
  );
} finally {
  await client.close();
  await server.close();
}
