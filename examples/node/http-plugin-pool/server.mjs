// An HTTP server over a pool of sandboxes.
//
//   POST /invoke          { "requests": [{ "plugin", "fn", "args", "key"?, "timeoutMs"? }] }: one line of JSON an outcome, as they come
//   PUT  /plugins/<name>  a source: takes the place of the plugin, under load
//   GET  /stats           counters of the pool
//
// Alone: node examples/node/http-plugin-pool/server.mjs [port]
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { HostPool } from 'hostbox';

const MOST_BYTES = 1 << 20;

async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MOST_BYTES) throw Object.assign(new Error(`more than ${MOST_BYTES} bytes`), { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function line({ index, ok, value, error }) {
  const outcome = ok ? { index, ok, value } : { index, ok, error: { code: error.code, message: error.message } };
  return `${JSON.stringify(outcome)}\n`;
}

async function invoke(pool, request, response) {
  const { requests } = JSON.parse(await body(request));
  // Who hangs up has no use for the rest.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for await (const outcome of pool.invoke(requests, { signal: gone.signal })) {
    if (!response.write(line(outcome))) await once(response, 'drain', { signal: gone.signal });
  }
  response.end();
}

async function route(pool, request, response) {
  const [, path, name] = request.url.split('/');
  if (request.method === 'POST' && path === 'invoke') return invoke(pool, request, response);
  if (request.method === 'PUT' && path === 'plugins' && name) {
    await pool.loadPlugin(decodeURIComponent(name), await body(request), { replace: true });
    return response.writeHead(204).end();
  }
  if (request.method === 'GET' && path === 'stats') return response.end(JSON.stringify(pool.stats()));
  return response.writeHead(404).end();
}

/** Listens on this machine alone; `close` ends the pool with it. */
export async function startServer({ port = 0, size = 4 } = {}) {
  const source = await readFile(new URL('./plugin.cjs', import.meta.url), 'utf8');
  const pool = new HostPool('http-plugin-pool', { size, limits: { timeoutMs: 5_000 }, plugins: { work: source } });
  const server = createServer((request, response) => {
    route(pool, request, response).catch((error) => {
      if (response.headersSent) return response.destroy();
      response.writeHead(error.status ?? 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: error.code, message: error.message }));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    server.closeAllConnections?.();
    await pool.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, pool, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin } = await startServer({ port: Number(process.argv[2] ?? 8080) });
  console.log(`listening on ${origin}`);
}
