// What components write, and where it goes.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Component, HostRuntime } from '../index.js';
import { COPY } from './components/copy.mjs';

const component = await Component.compile({ wat: COPY });

/** What a function as `console` hears of an instance that copies so many lines of text. */
async function heard(text, lines, face, limits = {}) {
  const entries = [];
  const console = (entry) => entries.push(entry);
  const instance = await component.instantiate({ stdin: Buffer.from(text), console, limits });
  await instance[face].run.run();
  instance.close();
  const { dropped } = instance.stats();
  while (entries.length + dropped < lines + 1) await turn();
  return { entries, dropped };
}

for (const face of ['sync', 'exports']) {
  test(`a function hears of each line of output by its level, through ${face}`, async () => {
    const { entries, dropped } = await heard('first\r\nstraße\n\n', 3, face);
    assert.deepEqual(
      entries.map(({ level, text, args }) => [level, text, args]),
      [
        ['log', 'first', ['first']],
        ['log', 'straße', ['straße']],
        ['log', '', ['']],
        ['error', 'done', ['done']],
      ],
    );
    assert.ok(entries.every(({ time }) => Math.abs(Date.now() - time) < 600_000));
    assert.equal(dropped, 0);
  });
}

test('a line without an end comes when the instance is closed', async () => {
  const texts = [];
  const instance = await component.instantiate({ stdin: Buffer.from('half'), console: ({ text }) => texts.push(text) });
  await instance.exports.run.run();
  assert.deepEqual(texts, ['done']);
  instance.close();
  while (texts.length < 2) await turn();
  assert.deepEqual(texts, ['done', 'half']);
});

test('a flood of lines is bounded, and what was dropped is counted', async () => {
  const lines = 20_000;
  const { entries, dropped } = await heard('x\n'.repeat(lines), lines, 'sync', { memoryBytes: 4 << 20 });
  assert.ok(dropped > 0);
  assert.equal(entries.length + dropped, lines + 1);
});

test('output reaches the process’s own console before the process ends, and by default nothing does', () => {
  const script = `import { Component } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)};
    import { COPY } from ${JSON.stringify(new URL('components/copy.mjs', import.meta.url).href)};
    const component = await Component.compile({ wat: COPY });
    const silent = await component.instantiate({ stdin: Buffer.from('unheard') });
    silent.sync.run.run();
    const loud = await component.instantiate({ stdin: Buffer.from('whole\\nhalf'), console: 'inherit' });
    loud.sync.run.run();
    loud.close();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  assert.deepEqual([stdout, stderr], ['whole\nhalf\n', 'done\n']);
});

test('a console that is none is refused', async () => {
  await assert.rejects(component.instantiate({ console: 'loud' }), {
    code: 'ERR_ARGUMENT',
    message: /options\.console/,
  });
});

test('the console hears which file was denied to a component', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hostbox-denied-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = new URL('../crates/testkit/fixtures/commands/command.wasm', import.meta.url);
  const made = await Component.compile({ path: fileURLToPath(command) });
  const entries = [];
  const options = {
    permissions: { fs: { '/data': folder } },
    args: ['command', 'mkdir', '/data/new'],
    console: ({ level, text }) => entries.push([level, text]),
  };
  const denied =
    'creating the directory "/data/new" refused: permissions.fs grants it without write (granted: /data for reading)';
  const instance = await made.instantiate(options);
  t.after(() => instance.close());
  await instance.exports.run.run().catch(() => {});
  while (entries.length === 0) await turn();
  assert.deepEqual(entries[0], ['warn', denied]);

  entries.length = 0;
  const { permissions, args, console } = options;
  const host = new HostRuntime('denied', { wasi: true, permissions, console });
  t.after(() => host.close());
  await host.eval(`wasm.Component.compile(new Uint8Array([${[...readFileSync(command)]}]))
    .then((made) => made.instantiate({ args: ${JSON.stringify(args)} }))
    .then(({ exports }) => exports.run.run().then(() => {}, () => {}))`);
  while (entries.length === 0) await turn();
  assert.deepEqual(entries, [['warn', denied]]);
});
