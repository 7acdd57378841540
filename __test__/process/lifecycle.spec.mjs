// How a process with sandboxes lives and ends. Each case is a program beside this file, in a process of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const KILL_MS = 30_000;

function run(program, flags = [], args = []) {
  return new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const started = performance.now();
    const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
    const killer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearTimeout(killer);
      resolve({ exitCode, signal, stdout, stderr, ms: performance.now() - started });
    });
  });
}

/** The program ended by itself, with this code, and said this. */
function assertEnded(ended, exitCode, said) {
  const seen = `\nstdout: ${ended.stdout}\nstderr: ${ended.stderr}`;
  assert.equal(ended.signal, null, `killed by ${ended.signal}${seen}`);
  assert.equal(ended.exitCode, exitCode, seen);
  assert.match(ended.stdout, said, seen);
}

test('process.exit in the middle of calls ends the process at once and cleanly', async () => {
  const ended = await run('exit-during-calls.mjs');
  assertEnded(ended, 7, /^$/);
  assert.ok(ended.ms < 5000, `${ended.ms} ms`);
});

test('process.exit inside a host function ends the process cleanly', async () => {
  assertEnded(await run('exit-inside-host-function.mjs'), 7, /^$/);
});

test('a worker that is terminated in the middle of calls takes nothing with it', async () => {
  assertEnded(await run('worker-terminate.mjs'), 0, /survived 20 rounds/);
});

test('workers that end by themselves clean up their own sandboxes only', async () => {
  assertEnded(await run('many-environments.mjs'), 0, /all ended/);
});

test('sandboxes that are dropped with calls pending are released', async (t) => {
  const ended = await run('dropped-runtimes.mjs', ['--expose-gc']);
  assertEnded(ended, 0, /sandboxes/);
  t.diagnostic(ended.stdout.trim());
});

test('256 MiB through a stream, and a bomb of as much, take the memory of a few pieces', async (t) => {
  const ended = await run('stream-memory.mjs');
  assertEnded(ended, 0, /^through$/m);
  t.diagnostic(ended.stdout.trim().replaceAll('\n', ', '));
});

test('1 GiB through a command in a chain takes the memory of a few pieces', async (t) => {
  const ended = await run('wasi-memory.mjs');
  assertEnded(ended, 0, /^through$/m);
  t.diagnostic(ended.stdout.trim().replaceAll('\n', ', '));
});

test('memory that is lent to an operation outlives its ArrayBuffer', async () => {
  assertEnded(await run('lent-memory.mjs', ['--expose-gc']), 0, /^the same$/m);
});

test('close() with work in flight settles every promise with ERR_CLOSED', async () => {
  assertEnded(await run('close-with-work.mjs'), 0, /all settled/);
});

test('close() inside a host function ends the call and the sandbox', async () => {
  assertEnded(await run('close-inside-host-function.mjs'), 0, /^closed$/m);
});

test('a host function can queue calls into its own sandbox and is refused sync ones', async () => {
  assertEnded(await run('enter-from-host-function.mjs'), 0, /entered/);
});

test('idle sandboxes do not keep the process alive', async () => {
  const ended = await run('idle-runtime.mjs');
  assertEnded(ended, 0, /^2\n4\n$/);
  assert.ok(ended.ms < 5000, `${ended.ms} ms`);
});

test('a pending call keeps the process alive until its answer', async () => {
  assertEnded(await run('pending-call.mjs'), 0, /^answered\n$/);
});

test('a rejection that a guest leaves unhandled is not fatal for Node', async () => {
  assertEnded(await run('guest-rejection.mjs'), 0, /unharmed/);
});

test('a console callback that throws does not break the sandbox', async () => {
  assertEnded(await run('console-callback-throws.mjs'), 0, /works on/);
});

test('what a guest writes in a synchronous call is heard where nothing follows that call', async () => {
  const lines = (count) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');
  for (const last of ['eval', 'inherit', 'call', 'flood', 'bytes', 'host', 'failure']) {
    const ended = await run('console-after-sync.mjs', [], [last]);
    assertEnded(ended, 0, /^/);
    assert.equal(ended.stdout, lines(last === 'flood' ? 3000 : 1), last);
  }
});

test('process.exit inside a function that a component calls ends the process at once and cleanly', async () => {
  const ended = await run('component-exit.mjs');
  assertEnded(ended, 7, /^$/);
  assert.ok(ended.ms < 5000, `${ended.ms} ms`);
});

test('an instance keeps no process alive, and a call does until it is answered', async () => {
  assertEnded(await run('component-idle.mjs'), 0, /^ERR_TIMEOUT object$/m);
});

test('instances of components and their resources are released when nobody has them', async (t) => {
  const ended = await run('component-forgotten.mjs', ['--expose-gc']);
  assertEnded(ended, 0, /^forgotten/);
  t.diagnostic(ended.stdout.trim());
});

test('a worker that is terminated in the middle of components’ calls takes nothing with it', async () => {
  assertEnded(await run('component-worker.mjs'), 0, /survived 10 rounds/);
});
