// WASI commands from Node's side, and the guests' global `wasi` as far as it only shows from there.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HostRuntime } from '../index.js';

const fixture = (name) => readFile(new URL(`../crates/testkit/fixtures/commands/${name}.wasm`, import.meta.url));
const text = (bytes) => Buffer.from(bytes).toString();

/** A module of preview 1, and a component of preview 2 made of it. */
let modules;
let folder;
before(async () => {
  modules = { 'preview 1': await fixture('command'), 'preview 2': await fixture('command-p2') };
  folder = await mkdtemp(join(tmpdir(), 'hostbox-wasi-'));
  await writeFile(join(folder, 'greeting'), 'hello');
});
after(() => rm(folder, { recursive: true }));

function sandbox(t, options) {
  const host = new HostRuntime('wasi', { wasi: true, ...options });
  t.after(() => host.close());
  return host;
}

test('without the option there is no global, and the app gets ERR_PERMISSION', async (t) => {
  const without = sandbox(t, { wasi: false });
  const seen = "[typeof wasi, 'wasi' in globalThis]";
  assert.deepEqual(await without.eval(seen), ['undefined', false]);
  assert.deepEqual(await sandbox(t).eval(seen), ['object', true]);
  await assert.rejects(without.wasi.run(modules['preview 1']), { code: 'ERR_PERMISSION', message: /wasi: true/ });
});

for (const preview of ['preview 1', 'preview 2']) {
  test(`a command of ${preview} gets arguments, input and environment, and gives output and exit code`, async (t) => {
    const host = sandbox(t, { permissions: { env: { MODE: 'test' } } });
    const run = async (...args) => {
      const result = await host.wasi.run(modules[preview], { args });
      return [result.exitCode, text(await host.wasi.takeStdout(result)), text(await host.wasi.takeStderr(result))];
    };
    assert.deepEqual(await run('args', 'a b', 'ü'), [0, 'module.wasm\nargs\na b\nü\n', '']);
    assert.deepEqual(await run('env'), [0, 'MODE=test\n', '']);
    assert.deepEqual(await run('stderr', 'oh'), [0, '', 'oh']);
    if (preview === 'preview 1') assert.deepEqual(await run('exit', '7'), [7, '', '']);
    else assert.notEqual((await run('exit', '7'))[0], 0);

    const stdinId = await host.native.put(Buffer.from('input'));
    const result = await host.wasi.run(modules[preview], { args: ['cat'], stdinId });
    assert.equal(text(await host.wasi.takeStdout(result)), 'input');
    // Lent, not consumed; and the streams' ids are those of ordinary buffers.
    assert.equal(text(await host.native.take(stdinId)), 'input');
    assert.equal((await host.native.info(result.stderrId)).byteLength, 0);
  });

  test(`a command of ${preview} sees the granted directory, and nothing beside it`, async (t) => {
    const host = sandbox(t, { permissions: { fs: { '/data': folder } } });
    const run = async (...args) => {
      const result = await host.wasi.run(modules[preview], { args });
      return [result.exitCode, text(await host.wasi.takeStdout(result))];
    };
    assert.deepEqual(await run('read', '/data/greeting'), [0, 'hello']);
    for (const args of [
      ['read', '/etc/passwd'],
      ['read', '/data/../etc/passwd'],
      ['write', '/data/greeting', 'x'],
      ['write', '/data/new', 'x'],
      ['mkdir', '/data/new'],
      ['remove', '/data/greeting'],
    ]) {
      assert.deepEqual(await run(...args), [1, ''], args.join(' '));
    }
    assert.equal(await readFile(join(folder, 'greeting'), 'utf8'), 'hello');
  });

  test(`the console hears which file was denied to a command of ${preview}`, async (t) => {
    const entries = [];
    const heard = async (run) => {
      await run();
      while (entries.length === 0) await turn();
      return entries.splice(0);
    };
    const console = ({ level, text }) => entries.push([level, text]);
    const host = sandbox(t, { permissions: { fs: { '/data': folder } }, console });
    const moduleId = await host.native.put(modules[preview]);
    const args = ['mkdir', '/data/new'];
    const line =
      'creating the directory "/data/new" refused: permissions.fs grants it without write (granted: /data for reading)';
    const expected = [['warn', line]];
    const options = { args, reuseModule: true };
    assert.deepEqual(await heard(() => host.wasi.runById(moduleId, options)), expected);
    assert.deepEqual(
      await heard(() => host.eval(`wasi.runById(${moduleId}, ${JSON.stringify(options)}).then(() => {})`)),
      expected,
    );
    const step = { op: 'wasi', args: { moduleId, ...options } };
    assert.deepEqual(await heard(() => host.native.chain([step], new Uint8Array(4)).catch(() => {})), expected);
  });
}

test('a module that lies in the store is consumed unless it is to be used again', async (t) => {
  const host = sandbox(t);
  const id = await host.native.put(modules['preview 1']);
  for (const _ of [1, 2])
    assert.equal((await host.wasi.runById(id, { args: ['args'], reuseModule: true })).exitCode, 0);
  assert.equal((await host.wasi.runById(id, { args: ['args'] })).exitCode, 0);
  await assert.rejects(host.wasi.runById(id), { code: 'ERR_ID_NOT_FOUND' });
});

test('a run ends with its deadline or its signal, and the sandbox works on', async (t) => {
  const host = sandbox(t);
  const id = await host.native.put(modules['preview 1']);
  const endless = { args: ['spin'], reuseModule: true };
  await assert.rejects(host.wasi.runById(id, { ...endless, timeoutMs: 50 }), {
    code: 'ERR_TIMEOUT',
    limit: /^timeoutMs: 50/,
  });
  const controller = new AbortController();
  const aborted = host.wasi.runById(id, { ...endless, signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, (error) => {
    assert.equal(error.code, 'ERR_ABORTED');
    return error.cause.message === 'enough';
  });
  await assert.rejects(host.eval(`wasi.runById(${id}, { args: ['spin'] })`, { timeoutMs: 50 }), {
    code: 'ERR_TIMEOUT',
  });
  assert.equal(await host.eval('1 + 1'), 2);
});

test("a command is a step of a chain: its streams are the step's input and output", async (t) => {
  const host = sandbox(t);
  const moduleId = await host.native.put(modules['preview 1']);
  const pixels = new Uint8Array(4 << 20).map((_, i) => i);
  const step = { op: 'wasi', args: { moduleId, args: ['grayscale'], reuseModule: true } };
  const expected = await host.native.chain(['invert', 'grayscale_rgba', 'sha256'], pixels);
  assert.deepEqual(await host.native.chain(['invert', step, 'sha256'], pixels), expected);
  const inGuest = `native.put(new Uint8Array([255, 0, 0, 7])).then((id) => native.execChain(id, [${JSON.stringify(step)}])).then(native.take)`;
  assert.deepEqual([...(await host.eval(inGuest))], [76, 76, 76, 7]);
  // A command that does not read its input, and the module's id, which is gone after that.
  const last = { op: 'wasi', args: { moduleId, args: ['args', 'a'] } };
  assert.equal(text(await host.native.chain([last], pixels)), 'module.wasm\nargs\na\n');
  await assert.rejects(host.native.chain([last], pixels), { code: 'ERR_OP' });
});

test('a fetched body feeds a command and a chain without going through the guest', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'image/x-own', 'content-length': 7 }).end('picture');
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const host = sandbox(t, { permissions: { net: [origin] } });
  const moduleId = await host.native.put(modules['preview 1']);
  const options = JSON.stringify({ args: ['cat'], reuseModule: true });
  const run = `const result = await wasi.runById(${moduleId}, { ...${options}, stdinId: body.nativeBufferId });
    return wasi.takeStdout(result);`;
  const chain = `return native.take(await native.execChain(body.nativeBufferId,
    [{ op: 'wasi', args: { moduleId: ${moduleId}, ...${options} } }]));`;
  for (const way of [run, chain]) {
    const made = await host.eval(`(async () => { const body = await fetch('${origin}'); ${way} })()`);
    assert.equal(text(made), 'picture');
  }
});

test('a step that fails says why in the terms of chains', async (t) => {
  const host = sandbox(t, { limits: { bufferBytes: 2 << 20 } });
  const moduleId = await host.native.put(modules['preview 1']);
  const chain = (args, input = new Uint8Array(16)) =>
    host.native.chain([{ op: 'wasi', args: { moduleId, reuseModule: true, ...args } }], input);
  await assert.rejects(chain({ args: ['exit', '3'] }), { code: 'ERR_OP', message: /ended with the code 3/ });
  await assert.rejects(chain({ args: ['read', '/none'] }), { code: 'ERR_OP', message: /errno/ });
  await assert.rejects(chain({ args: ['cat'] }, new Uint8Array(1 << 20)), { code: 'ERR_MEMORY' });
  await assert.rejects(chain({ args: 'cat' }), { code: 'ERR_OP', message: /args\.args/ });
  await assert.rejects(chain({ stdin: 1 }), { code: 'ERR_OP', message: /unknown argument "stdin"/ });
  const without = sandbox(t, { wasi: false });
  await assert.rejects(without.native.chain(['wasi'], new Uint8Array(4)), {
    code: 'ERR_OP',
    message: /unknown operation/,
  });
});

test('closing a sandbox ends its runs', async () => {
  const host = new HostRuntime('wasi', { wasi: true });
  const run = host.wasi.run(modules['preview 1'], { args: ['spin'] });
  await Promise.all([host.close(), assert.rejects(run, { code: 'ERR_CLOSED' })]);
  await assert.rejects(host.wasi.run(modules['preview 1']), { code: 'ERR_CLOSED' });
});

test('a trap tells its reason and the stack of the module', async (t) => {
  const host = sandbox(t);
  const trap = { code: 'ERR_WASM_TRAP', message: /unreachable[^]*backtrace[^]*wasm function/ };
  await assert.rejects(host.wasi.run(modules['preview 1'], { args: ['abort'] }), trap);
});

for (const preview of ['preview 1', 'preview 2']) {
  test(`fuel is a budget of instructions for a command of ${preview}`, async (t) => {
    const host = sandbox(t);
    const id = await host.native.put(modules[preview]);
    const run = (args, fuel) => host.wasi.runById(id, { args, fuel, reuseModule: true });
    assert.equal((await run(['args'], 1_000_000)).exitCode, 0);
    const used = { code: 'ERR_LIMIT', limit: 'fuel', message: /^fuel: .* used up$/ };
    await assert.rejects(run(['spin'], 1_000_000), used);
    await assert.rejects(run(['args'], 0), used);
    assert.equal((await run(['args'])).exitCode, 0);
    const step = (args) => ({ op: 'wasi', args: { moduleId: id, reuseModule: true, ...args } });
    const input = new Uint8Array(4);
    const refused = (pattern) => ({ code: 'ERR_OP', message: pattern });
    await assert.rejects(host.native.chain([step({ args: ['spin'], fuel: 1_000_000 })], input), refused(/fuel: /));
    await assert.rejects(host.native.chain([step({ fuel: -1 })], input), refused(/args\.fuel/));
    await assert.rejects(host.native.chain([step({ stackBytes: 2 << 20 })], input), refused(/args\.stackBytes/));
    const small = step({ args: ['cat'], fuel: 1_000_000, stackBytes: 100_000 });
    assert.deepEqual(await host.native.chain([small], input), input);
  });
}

test('stackBytes is the stack of a command', async (t) => {
  const host = sandbox(t);
  // (module (func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))
  //   (func (export "_start") (call $f (i32.const 15000))))
  const deep = Buffer.from(
    '0061736d0100000001080260017f006000000303020001070a01065f737461727400010a19020e00' +
      '20000440200041016b10000b0b08004198f50010000b',
    'hex',
  );
  assert.equal((await host.wasi.run(deep)).exitCode, 0);
  assert.equal((await host.wasi.run(deep, { stackBytes: 2 << 20 })).exitCode, 0);
  await assert.rejects(host.wasi.run(deep, { stackBytes: 64 << 10 }), { code: 'ERR_WASM_TRAP', message: /stack/ });
});

test('linear memory counts against memoryBytes', async (t) => {
  const host = sandbox(t, { limits: { memoryBytes: 16 << 20 } });
  // (module (memory 1) (func (export "_start") (if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1)) (then unreachable))))
  const grows = Buffer.from(
    '0061736d01000000010401600000030201000503010001070a01065f737461727400000a10010e0041800840' + '00417f460440000b0b',
    'hex',
  );
  await assert.rejects(host.wasi.run(grows), { code: 'ERR_WASM_TRAP', message: /memoryBytes/ });
  assert.equal((await sandbox(t).wasi.run(grows)).exitCode, 0);
  assert.equal(host.stats().wasmBytes, 0);
});

test('a command that asks for 2 GiB is refused, and the sandbox works on', async (t) => {
  const host = sandbox(t);
  // (module (memory 32768) (func (export "_start")))
  const large = Buffer.from(
    '0061736d010000000104016000000302010005050100808002070a01065f737461727400000a040102000b',
    'hex',
  );
  const refused = { code: 'ERR_MEMORY', limit: /^memoryBytes/, message: /2147483648 bytes/ };
  await assert.rejects(host.wasi.run(large), refused);
  for (const preview of ['preview 1', 'preview 2']) {
    const run = (bytes) => host.wasi.run(modules[preview], { args: ['allocate', String(bytes)] });
    assert.equal((await run(2 ** 31)).exitCode, 1);
    assert.equal((await run(2 ** 20)).exitCode, 0);
  }
  assert.equal(await host.eval('1 + 1'), 2);
  assert.equal(host.stats().wasmBytes, 0);
});

test('output counts against bufferBytes', async (t) => {
  const host = sandbox(t, { limits: { bufferBytes: 1 << 20 } });
  const stdinId = await host.native.put(new Uint8Array(700_000));
  const module = await host.native.put(modules['preview 1']);
  await assert.rejects(host.wasi.runById(module, { args: ['cat'], stdinId }), { code: 'ERR_MEMORY' });
});

test('what is no command is refused with a sentence', async (t) => {
  const host = sandbox(t);
  const library = Buffer.from('0061736d01000000', 'hex');
  await assert.rejects(host.wasi.run(Buffer.from('no module')), { code: 'ERR_WASM_COMPILE' });
  await assert.rejects(host.wasi.run(modules['preview 1'].subarray(0, 1000)), { code: 'ERR_WASM_COMPILE' });
  await assert.rejects(host.wasi.run(library), { code: 'ERR_WASM_LINK', message: /_start/ });
});

test('wrong arguments are named', async (t) => {
  const host = sandbox(t);
  const refused = (pattern) => ({ code: 'ERR_ARGUMENT', message: pattern });
  assert.throws(() => new HostRuntime('wasi', { wasi: 'yes' }), refused(/options\.wasi/));
  await assert.rejects(host.wasi.run('module'), refused(/module/));
  await assert.rejects(host.wasi.runById(0), refused(/moduleId/));
  await assert.rejects(host.wasi.run(new Uint8Array(8), { args: 'a' }), refused(/options\.args/));
  await assert.rejects(host.wasi.run(new Uint8Array(8), { args: ['a', 'b\0'] }), refused(/options\.args\[1\]/));
  await assert.rejects(host.wasi.run(new Uint8Array(8), { stdin: 1 }), refused(/did you mean stdinId/));
  await assert.rejects(host.wasi.run(new Uint8Array(8), { fuel: 0.5 }), refused(/options\.fuel/));
  for (const stackBytes of [1000, 2 ** 23])
    await assert.rejects(host.wasi.run(new Uint8Array(8), { stackBytes }), refused(/options\.stackBytes/));
  await assert.rejects(host.wasi.takeStdout({}), refused(/result\.stdoutId/));
});

test('guests have WebAssembly with the option, and not without it', async (t) => {
  const seen = "[typeof WebAssembly, 'WebAssembly' in globalThis]";
  assert.deepEqual(await sandbox(t, { wasi: false }).eval(seen), ['undefined', false]);
  assert.deepEqual(await sandbox(t).eval(seen), ['object', true]);
});

test('a module of a guest runs in synchronous calls, beside those of V8', async (t) => {
  // (module (memory (export "memory") 1) (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
  const bytes = Buffer.from('AGFzbQEAAAABBgFgAX8BfwMCAQAFAwEAAQcRAgZtZW1vcnkCAARsb2FkAAAKCQEHACAAKAIACw==', 'base64');
  const host = sandbox(t);
  const source = `const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([${[...bytes]}])));`;
  const trap =
    '(() => { try { exports.load(1 << 20) } catch (error) { return error instanceof WebAssembly.RuntimeError } })()';
  const own = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  host.evalSync(`${source} new Uint8Array(exports.memory.buffer)[4] = 9; globalThis.exports = exports; 0`);
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(host.evalSync(`[exports.load(4), ${trap}]`), [9, true]);
    assert.deepEqual(await host.eval(`[exports.load(4), ${trap}]`), [9, true]);
    assert.throws(() => own.load(1 << 20), WebAssembly.RuntimeError);
  }
  // What crosses is a copy.
  const buffer = await host.eval('exports.memory.buffer');
  assert.deepEqual([buffer.byteLength, new Uint8Array(buffer)[4]], [65_536, 9]);
  assert.equal(await host.eval('exports.memory.buffer.byteLength'), 65_536);
});
