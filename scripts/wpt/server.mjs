// The server that tests load resources from, on loopback: the suite's own (wptserve, in Python) where it is installed, else one of files.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../steps.mjs';

const program = fileURLToPath(new URL('server.py', import.meta.url));

export const howToGetServer =
  'python3 -m pip install wptserve (or --target <folder>, and PYTHONPATH=<folder>) brings the server that they need';

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.txt': 'text/plain',
  '.wasm': 'application/wasm',
};

function python() {
  const name = ['python3', 'python'].find(findProgram);
  if (!name) return undefined;
  const { status } = spawnSync(name, ['-c', 'import wptserve.server'], { stdio: 'ignore' });
  return status === 0 ? name : undefined;
}

async function startSuiteServer(name, folder) {
  const child = spawn(name, ['-B', program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the suite's server ended (exit code ${code})`);
    }),
  ]);
  const { origins } = JSON.parse(line);
  return { isSuites: true, origin: origins[0], origins, close: () => void child.stdin.end() };
}

async function startFileServer(folder) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = join(folder, normalize(decodeURIComponent(pathname)));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
    createReadStream(path).pipe(response);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const origin = `http://localhost:${server.address().port}`;
  return { isSuites: false, origin, origins: [origin], close: () => void server.close() };
}

/** @returns {Promise<{ isSuites: boolean, origin: string, origins: string[], close(): void }>} */
export async function startServer(folder) {
  const name = python();
  return name ? startSuiteServer(name, folder) : startFileServer(folder);
}
