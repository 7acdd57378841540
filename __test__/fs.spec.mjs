// Grants for files as the app writes them, and files that guests see with them. What grants mean is tested in crates/permissions and
// crates/files, what `fs` does in crates/web/src/fs.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { HostRuntime } from '../index.js';
import { failure, open } from './fixtures/host.mjs';

/** A directory with `data` and a secret beside it. */
function world(t) {
  const root = mkdtempSync(join(tmpdir(), 'hostbox-fs-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'data'));
  writeFileSync(join(root, 'data', 'file.txt'), 'hello');
  writeFileSync(join(root, 'secret.txt'), 'secret');
  return root;
}

const withData = (t, root, grant = {}) =>
  open(t, { permissions: { fs: { '/data': { path: join(root, 'data'), write: true, ...grant } } } });

test('a string grants reading, and nothing else', async (t) => {
  const root = world(t);
  const host = open(t, { permissions: { fs: { '/in': join(root, 'data') } } });
  assert.equal(await host.eval(`fs.promises.readFile('/in/file.txt', 'utf8')`), 'hello');
  const error = await failure(host.eval(`fs.promises.writeFile('/in/file.txt', 'x')`));
  assert.equal(error.code, 'ERR_GUEST');
  assert.equal(error.name, 'FSError');
  assert.equal(error.message, "EACCES: permission denied, open '/in/file.txt'");
  assert.deepEqual(error.details, { errno: -13, code: 'EACCES', syscall: 'open', path: '/in/file.txt' });
  assert.equal(readFileSync(join(root, 'data', 'file.txt'), 'utf8'), 'hello');
});

test('what a guest writes is there', async (t) => {
  const root = world(t);
  const host = withData(t, root);
  await host.eval(`fs.promises.writeFile('/data/new.txt', 'from the guest')`);
  assert.equal(readFileSync(join(root, 'data', 'new.txt'), 'utf8'), 'from the guest');
  assert.deepEqual((await host.eval(`fs.promises.readdir('/')`)).sort(), ['data']);
});

test('a directory may be given from the working directory on', async (t) => {
  const root = world(t);
  const host = open(t, { permissions: { fs: { '/in': relative(process.cwd(), join(root, 'data')) } } });
  assert.equal(await host.eval(`fs.promises.readFile('/in/file.txt', 'utf8')`), 'hello');
});

test('without grants there are no files', async (t) => {
  const host = open(t);
  for (const path of ['/', '/etc/passwd', '.', '/proc/self/environ']) {
    const error = await failure(host.eval(`fs.promises.stat('${path}')`));
    assert.match(error.message, /^EACCES: permission denied/);
  }
});

test('no path and no link leads out, and no error tells where the files lie', async (t) => {
  const root = world(t);
  symlinkSync('../secret.txt', join(root, 'data', 'way'));
  const host = withData(t, root);
  for (const path of ['/data/../secret.txt', '/data/way', join(root, 'secret.txt')]) {
    const error = await failure(host.eval(`fs.promises.readFile(${JSON.stringify(path)})`));
    assert.match(error.message, /^EACCES/);
    if (!path.startsWith(root)) assert.ok(!JSON.stringify(error).includes(root));
  }
});

test('maxBytes holds', async (t) => {
  const host = withData(t, world(t), { maxBytes: 10 });
  await host.eval(`fs.promises.writeFile('/data/new.txt', '01234')`);
  const error = await failure(host.eval(`fs.promises.appendFile('/data/new.txt', '5')`));
  assert.equal(error.message, 'ENOSPC: no space left on device, write');
});

test('a path without end is cut in its error, and costs no more than others while it waits', async (t) => {
  const host = withData(t, world(t));
  const long = [`'/data/' + 'x'.repeat(1e6)`, `'/data/' + 'y'.repeat(1e6)`];
  const said = await host.eval(
    `fs.promises.rename(${long}).catch(({ code, path, dest }) => [code, path.length, dest.length])`,
  );
  assert.deepEqual(said, ['ENAMETOOLONG', 4_097, 4_097]);
});

test('there is no name that ends in Sync', async (t) => {
  const host = open(t);
  const source = `[...Object.keys(fs), ...Object.keys(fs.promises), ...Object.getOwnPropertyNames((await_ => await_)(fs.Dir.prototype))]`;
  const names = await host.eval(source);
  assert.ok(names.length > 60, String(names.length));
  assert.deepEqual(
    names.filter((name) => name.endsWith('Sync')),
    [],
  );
});

test('large files go to the store and come from it without entering the engine', async (t) => {
  const root = world(t);
  const bytes = Buffer.alloc(20 << 20, 'x');
  writeFileSync(join(root, 'data', 'large'), bytes);
  const host = withData(t, root);
  const small = open(t, { permissions: { fs: { '/data': join(root, 'data') } }, limits: { memoryBytes: 4 << 20 } });
  const id = await small.eval(`fs.promises.readFile('/data/large', { native: true })`);
  assert.equal((await small.native.info(id)).byteLength, bytes.length);
  assert.ok(bytes.equals(await small.native.take(id)));
  const copy = `fs.promises.readFile('/data/large', { native: true })
    .then((id) => native.exec('gzip_compress', id))
    .then((id) => fs.promises.writeFile('/data/large.gz', id).then(() => native.info(id)))`;
  const { byteLength } = await host.eval(copy);
  assert.equal(readFileSync(join(root, 'data', 'large.gz')).length, byteLength);
  const error = await failure(host.eval(`fs.promises.writeFile('/data/file.txt', 123456)`));
  assert.equal(error.details.code, 'ERR_ID_NOT_FOUND');
  assert.equal(readFileSync(join(root, 'data', 'file.txt'), 'utf8'), 'hello');
});

test('a file that does not fit is an error of the guest', async (t) => {
  const root = world(t);
  writeFileSync(join(root, 'data', 'large'), Buffer.alloc(8 << 20));
  const path = join(root, 'data');
  const host = open(t, {
    permissions: { fs: { '/data': path } },
    limits: { memoryBytes: 4 << 20, bufferBytes: 1 << 20 },
  });
  const error = await failure(host.eval(`fs.promises.readFile('/data/large')`));
  assert.equal(error.name, 'RangeError');
  assert.equal(error.details.code, 'ERR_MEMORY');
  assert.equal(await host.eval(`fs.promises.readFile('/data/file.txt', 'utf8')`), 'hello');
  assert.equal(host.stats().bufferBytes, 0);
});

test('what is piped from file to file does not enter the engine', async (t) => {
  const root = world(t);
  writeFileSync(join(root, 'data', 'large'), Buffer.alloc(20 << 20, 'x'));
  const path = join(root, 'data');
  const limits = { memoryBytes: 4 << 20, bufferBytes: 4 << 20 };
  const host = open(t, { permissions: { fs: { '/data': { path, write: true } } }, limits });
  await host.eval(`fs.createReadStream('/data/large').readable.pipeTo(fs.createWriteStream('/data/copy').writable)`);
  assert.equal(readFileSync(join(path, 'copy')).length, 20 << 20);
});

test('open files that nobody has any more are closed', async (t) => {
  const host = withData(t, world(t));
  const source = `(async () => { for (let i = 0; i < 600; i++) await fs.promises.open('/data/file.txt'); })()`;
  await host.eval(source);
  assert.equal(
    (
      await failure(
        host.eval(`(async () => {
    globalThis.held = [];
    for (let i = 0; i < 300; i++) held.push(await fs.promises.open('/data/file.txt'));
  })()`),
      )
    ).details.code,
    'EMFILE',
  );
  await host.eval(`(async () => { for (const file of held.splice(0)) await file.close(); })()`);
  const number = await host.eval(`fs.promises.open('/data/file.txt').then((file) => file.fd)`);
  assert.ok(number < 500, `numbers are used again: ${number}`);
});

test('a watcher ends with its call', async (t) => {
  const host = withData(t, world(t));
  for (let i = 0; i < 40; i++) {
    const source = `(async () => { for await (const change of fs.promises.watch('/data')); })()`;
    assert.equal((await failure(host.eval(source, { timeoutMs: 20 }))).code, 'ERR_TIMEOUT');
    if (i % 10 === 9) await host.gc();
  }
  assert.equal(host.stats().state, 'idle');
});

test('a deadline ends work on files, and the sandbox works on', async (t) => {
  const root = world(t);
  for (let i = 0; i < 300; i++) mkdirSync(join(root, 'data', `${i}`));
  const host = withData(t, root);
  const source = `(async () => { for (;;) await fs.promises.readdir('/data', { recursive: true }); })()`;
  assert.equal((await failure(host.eval(source, { timeoutMs: 100 }))).code, 'ERR_TIMEOUT');
  assert.equal(await host.eval(`fs.promises.readFile('/data/file.txt', 'utf8')`), 'hello');
});

test('a grant that means nothing is ERR_ARGUMENT and named', (t) => {
  const root = world(t);
  const data = join(root, 'data');
  const cases = [
    [[], 'options.permissions.fs'],
    ['/data', 'options.permissions.fs'],
    [{ '/data': 5 }, "options.permissions.fs['/data']"],
    [{ '/data': '' }, "options.permissions.fs['/data']"],
    [{ '/data': {} }, "options.permissions.fs['/data'].path"],
    [{ '/data': { path: data, write: 1 } }, "options.permissions.fs['/data'].write"],
    [{ '/data': { path: data, maxBytes: -1 } }, "options.permissions.fs['/data'].maxBytes"],
    [{ '/data': { path: data, read: true } }, 'read'],
    [{ data }, 'a key of permissions.fs'],
    [{ '/a/../b': data }, 'a key of permissions.fs'],
    [{ '/a': data, '/a/': data }, 'a key of permissions.fs'],
    [{ '/data': join(root, 'none') }, "permissions.fs['/data']"],
    [{ '/data': join(root, 'secret.txt') }, "permissions.fs['/data']"],
  ];
  for (const [fs, named] of cases) {
    assert.throws(
      () => new HostRuntime('fs', { permissions: /** @type {any} */ ({ fs }) }),
      (/** @type {any} */ error) => {
        assert.equal(error.code, 'ERR_ARGUMENT');
        assert.ok(error.message.includes(String(named)), error.message);
        return true;
      },
    );
  }
});
