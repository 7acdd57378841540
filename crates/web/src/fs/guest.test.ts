import { AbortController } from 'guest:abort';
import { TextEncoder } from 'guest:encoding';
import { fs as given } from 'guest:fs';
import { afterwards, assert, test } from 'guest:test';
import { URL } from 'guest:url';

const fs = given as any;
const { promises } = fs;
const { constants } = fs;

/** A directory of this test's own. */
async function folder(): Promise<string> {
  const path = await promises.mkdtemp('/tmp/fs-test-');
  afterwards(() => promises.rm(path, { recursive: true, force: true }));
  return path;
}

const bytes = (value: Uint8Array): number[] => Array.from(value);

/** The callback's form of an operation as a promise of what it gave. */
const called = (name: string, ...args: unknown[]): Promise<any[]> =>
  new Promise((resolve, reject) => {
    fs[name](...args, (error: unknown, ...values: unknown[]) => {
      if (error) reject(error);
      else resolve(values.filter((value) => value !== undefined && value !== null));
    });
  });

const rejection = async (promise: Promise<unknown>): Promise<any> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.ok(false, 'expected a rejection');
};

// ── whole files ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a path without end is refused, and none of it is kept in the error', async () => {
  const path = `/tmp/${'x'.repeat(1_000_000)}`;
  const errors = await Promise.all([
    rejection(promises.stat(path)),
    rejection(promises.readFile(path)),
    rejection(promises.mkdir(path, { recursive: true })),
    rejection(promises.rename(path, '/tmp/other')),
  ]);
  for (const { code, syscall } of errors) assert.deepEqual([code, typeof syscall], ['ENAMETOOLONG', 'string']);
});

test('positions are those that a file may have', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, '0123456789');
  const handle = await promises.open(file);
  const read = async (position: unknown) => (await handle.read(new Uint8Array(4), 0, 4, position)).bytesRead;
  assert.deepEqual([await read(8), await read(2 ** 52), await read(10)], [2, 0, 0]);
  for (const position of [-2, 2 ** 53, 0.5, NaN, Infinity, 2n ** 63n, -(2n ** 63n) - 1n]) {
    await assert.rejects(read(position), { code: 'ERR_OUT_OF_RANGE' });
  }
  await handle.close();
});

test('what was written is read', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, 'grüße');
  assert.equal(await promises.readFile(file, 'utf8'), 'grüße');
  assert.equal(await promises.readFile(file, { encoding: 'latin1' }), 'grÃ¼Ã\x9fe');
  assert.deepEqual(bytes(await promises.readFile(file)), [103, 114, 195, 188, 195, 159, 101]);
  await promises.writeFile(file, new Uint8Array([1, 2, 3]).subarray(1));
  assert.deepEqual(bytes(await promises.readFile(file)), [2, 3]);
});

test('text is written and read in every encoding', async () => {
  const file = `${await folder()}/file`;
  for (const [encoding, text, raw] of [
    ['utf8', 'ä', [195, 164]],
    ['utf-8', 'ä', [195, 164]],
    ['UTF8', 'ä', [195, 164]],
    ['utf16le', 'ä€', [228, 0, 172, 32]],
    ['ucs2', 'a', [97, 0]],
    ['latin1', 'ä', [228]],
    ['binary', 'ä', [228]],
    ['ascii', 'a', [97]],
    ['hex', '00ff', [0, 255]],
    ['base64', '+/8=', [251, 255]],
    ['base64url', '-_8', [251, 255]],
  ] as const) {
    await promises.writeFile(file, text, encoding);
    assert.deepEqual(bytes(await promises.readFile(file)), raw as unknown as number[], encoding);
    assert.equal(await promises.readFile(file, encoding), text, encoding);
  }
});

test('a file is appended to', async () => {
  const file = `${await folder()}/file`;
  await promises.appendFile(file, 'one');
  await promises.appendFile(file, new Uint8Array([33]));
  await promises.writeFile(file, 'two', { flag: 'a' });
  assert.equal(await promises.readFile(file, 'utf8'), 'one!two');
});

test('what an iterable gives is written in its order', async () => {
  const file = `${await folder()}/file`;
  async function* parts(): AsyncGenerator<unknown> {
    yield 'one';
    yield new Uint8Array([33]);
  }
  await promises.writeFile(file, parts());
  await promises.appendFile(file, ['two', 'three']);
  assert.equal(await promises.readFile(file, 'utf8'), 'one!twothree');
});

test('large files come back as they went', async () => {
  const file = `${await folder()}/file`;
  const data = new Uint8Array(3_000_001).map((_, i) => (i * 31) >> 3);
  await promises.writeFile(file, data);
  const back = await promises.readFile(file);
  assert.equal(back.length, data.length);
  assert.ok(data.every((byte, i) => back[i] === byte));
});

test('a hundred operations at once all succeed', async () => {
  const base = await folder();
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  await Promise.all(numbers.map((i) => promises.writeFile(`${base}/${i}`, `number ${i}`)));
  const texts = await Promise.all(numbers.map((i) => promises.readFile(`${base}/${i}`, 'utf8')));
  assert.ok(texts.every((text, i) => text === `number ${i}`));
  assert.equal((await promises.readdir(base)).length, 100);
  await Promise.all(numbers.map((i) => promises.rm(`${base}/${i}`)));
  assert.deepEqual(await promises.readdir(base), []);
});

test('flags say whether a file is made, kept or emptied', async () => {
  const base = await folder();
  const file = `${base}/file`;
  await assert.rejects(promises.readFile(file), { code: 'ENOENT' });
  await assert.rejects(promises.writeFile(file, 'x', { flag: 'r+' }), { code: 'ENOENT' });
  await promises.writeFile(file, 'first', { flag: 'wx' });
  await assert.rejects(promises.writeFile(file, 'x', { flag: 'wx' }), { code: 'EEXIST' });
  await assert.rejects(promises.writeFile(file, 'x', { flag: 'ax' }), { code: 'EEXIST' });
  await promises.writeFile(file, 'FI', { flag: 'r+' });
  assert.equal(await promises.readFile(file, 'utf8'), 'FIrst');
  assert.equal(await promises.readFile(`${base}/new`, { encoding: 'utf8', flag: 'a+' }), '');
  await promises.writeFile(file, 'x', { flag: constants.O_WRONLY | constants.O_TRUNC });
  assert.equal(await promises.readFile(file, 'utf8'), 'x');
  await assert.rejects(promises.readFile(file, { flag: 'q' }), { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' });
});

test('a signal ends reading and writing', async () => {
  const file = `${await folder()}/file`;
  const controller = new AbortController();
  controller.abort('enough');
  const { signal } = controller;
  const error = await rejection(promises.writeFile(file, 'x', { signal }));
  assert.equal(error.name, 'AbortError');
  assert.equal(error.code, 'ABORT_ERR');
  assert.equal(error.cause, 'enough');
  await assert.rejects(promises.readFile(file, { signal }), { code: 'ABORT_ERR' });
  await assert.rejects(promises.readFile(file, { signal: {} }), { code: 'ERR_INVALID_ARG_TYPE' });
  await promises.writeFile(file, 'x', { signal: new AbortController().signal });
});

// ── errors and arguments ────────────────────────────────────────────────────────────────────────────────────────────────

test('an error of the system has its code, its number, the call and the path', async () => {
  const path = `${await folder()}/none`;
  const error = await rejection(promises.readFile(path));
  assert.equal(error.code, 'ENOENT');
  assert.equal(error.errno, -2);
  assert.equal(error.syscall, 'open');
  assert.equal(error.path, path);
  assert.equal(error.message, `ENOENT: no such file or directory, open '${path}'`);
  assert.ok(error instanceof Error);
  assert.deepEqual(Object.keys(error), ['errno', 'code', 'syscall', 'path']);
});

test('an error with two paths tells both', async () => {
  const base = await folder();
  const error = await rejection(promises.rename(`${base}/one`, `${base}/two`));
  assert.equal(error.message, `ENOENT: no such file or directory, rename '${base}/one' -> '${base}/two'`);
  assert.equal(error.dest, `${base}/two`);
});

test('each operation names the call of the system that failed', async () => {
  const base = await folder();
  const none = `${base}/none`;
  for (const [name, args, syscall, code = 'ENOENT'] of [
    ['access', [none], 'access'],
    ['chmod', [none, 0o600], 'chmod'],
    ['copyFile', [none, `${base}/x`], 'copyfile'],
    ['link', [none, `${base}/x`], 'link'],
    ['lstat', [none], 'lstat'],
    ['mkdir', [`${none}/x`], 'mkdir'],
    ['mkdtemp', [`${none}/x`], 'mkdtemp'],
    ['open', [none], 'open'],
    ['opendir', [none], 'opendir'],
    ['readdir', [none], 'scandir'],
    ['readlink', [none], 'readlink'],
    ['realpath', [none], 'realpath'],
    ['rmdir', [none], 'rmdir'],
    ['stat', [none], 'stat'],
    ['symlink', ['x', `${none}/x`], 'symlink'],
    ['unlink', [none], 'unlink'],
    ['utimes', [none, 1, 1], 'utime'],
    ['readFile', [base], 'read', 'EISDIR'],
    ['writeFile', [base, 'x'], 'open', 'EISDIR'],
    ['mkdir', [base], 'mkdir', 'EEXIST'],
    ['rmdir', ['/tmp'], 'rmdir', undefined],
  ] as const) {
    const error = await rejection(promises[name](...args));
    assert.equal(error.syscall, syscall, name);
    if (code !== undefined && name !== 'rmdir') assert.equal(error.code, code, name);
  }
});

test('a path is a string, bytes or a URL of a file', async () => {
  const file = `${await folder()}/ä b`;
  await promises.writeFile(file, 'x');
  assert.equal(await promises.readFile(new TextEncoder().encode(file), 'utf8'), 'x');
  assert.equal(await promises.readFile(new URL(`file://${encodeURI(file)}`), 'utf8'), 'x');
  await assert.rejects(promises.readFile(new URL('http://x/y')), { code: 'ERR_INVALID_URL_SCHEME' });
  await assert.rejects(promises.readFile(new URL('file:///a%2fb')), { code: 'ERR_INVALID_FILE_URL_PATH' });
  for (const path of [undefined, null, 1.5, {}, [], true, Symbol('x')]) {
    await assert.rejects(promises.stat(path), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' });
  }
  await assert.rejects(promises.stat('/tmp/a\0b'), { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' });
});

test('arguments are checked before anything is done', async () => {
  const file = `${await folder()}/file`;
  const wrong = (promise: Promise<unknown>, code: string): Promise<void> => assert.rejects(promise, { code });
  await wrong(promises.writeFile(file, {}), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.writeFile(file, null), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.writeFile(file, 'x', 'no-encoding'), 'ERR_INVALID_ARG_VALUE');
  await wrong(promises.writeFile(file, 'x', 5), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.writeFile(file, 'x', { mode: 'rw' }), 'ERR_INVALID_ARG_VALUE');
  await wrong(promises.writeFile(file, 'x', { mode: -1 }), 'ERR_OUT_OF_RANGE');
  await wrong(promises.access(file, 8), 'ERR_OUT_OF_RANGE');
  await wrong(promises.access(file, 'r'), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.chmod(file), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.copyFile(file, file, 8), 'ERR_OUT_OF_RANGE');
  await wrong(promises.utimes(file, {}, 1), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.rm(file, { recursive: 1 }), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.mkdir(file, { recursive: 1 }), 'ERR_INVALID_ARG_TYPE');
  await wrong(promises.stat(file), 'ENOENT');
});

// ── directories ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test('directories are made, listed and removed', async () => {
  const base = await folder();
  assert.equal(await promises.mkdir(`${base}/one`), undefined);
  assert.equal(await promises.mkdir(`${base}/two/three/four`, { recursive: true }), `${base}/two`);
  assert.equal(await promises.mkdir(`${base}/two/three`, { recursive: true }), undefined);
  await promises.writeFile(`${base}/two/file`, '');
  assert.deepEqual((await promises.readdir(base)).sort(), ['one', 'two']);
  assert.deepEqual((await promises.readdir(base, { recursive: true })).sort(), [
    'one',
    'two',
    'two/file',
    'two/three',
    'two/three/four',
  ]);
  await assert.rejects(promises.rmdir(`${base}/two`), { code: 'ENOTEMPTY' });
  await promises.rmdir(`${base}/one`);
  await assert.rejects(promises.rm(`${base}/two`), { code: 'ERR_FS_EISDIR' });
  await promises.rm(`${base}/two`, { recursive: true });
  assert.deepEqual(await promises.readdir(base), []);
});

test('what is not there is removed by force alone', async () => {
  const base = await folder();
  await assert.rejects(promises.rm(`${base}/none`), { code: 'ENOENT' });
  assert.equal(await promises.rm(`${base}/none`, { force: true }), undefined);
});

test('entries tell their kinds', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/file`, '');
  await promises.mkdir(`${base}/dir/inner`, { recursive: true });
  await promises.symlink('file', `${base}/link`);
  const entries = await promises.readdir(base, { withFileTypes: true });
  const kinds = entries.map((e: any) => [e.name, e.isFile(), e.isDirectory(), e.isSymbolicLink(), e.parentPath]);
  assert.deepEqual(kinds.sort(), [
    ['dir', false, true, false, base],
    ['file', true, false, false, base],
    ['link', false, false, true, base],
  ]);
  const all = await promises.readdir(base, { withFileTypes: true, recursive: true });
  const inner = all.find((e: any) => e.name === 'inner');
  assert.equal(inner.parentPath, `${base}/dir`);
  assert.ok(!inner.isFIFO() && !inner.isSocket() && !inner.isBlockDevice() && !inner.isCharacterDevice());
});

test('names come in the encoding that is asked for', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/ä`, '');
  assert.deepEqual(await promises.readdir(base, 'hex'), ['c3a4']);
  const [raw] = await promises.readdir(base, { encoding: 'buffer' });
  assert.deepEqual(bytes(raw), [195, 164]);
});

test('a directory is read entry by entry', async () => {
  const base = await folder();
  for (const name of ['a', 'b', 'c']) await promises.writeFile(`${base}/${name}`, '');
  const names: string[] = [];
  for await (const entry of await promises.opendir(base)) names.push(entry.name);
  assert.deepEqual(names.sort(), ['a', 'b', 'c']);
  const dir = await promises.opendir(base);
  assert.equal(dir.path, base);
  const seen = [];
  for (let entry = await dir.read(); entry !== null; entry = await dir.read()) seen.push(entry.name);
  assert.equal(seen.length, 3);
  assert.equal(await dir.read(), null);
  await dir.close();
  await assert.rejects(promises.opendir(`${base}/a`), { code: 'ENOTDIR' });
});

test('a temporary directory has a name of its own', async () => {
  const base = await folder();
  const [one, two] = [await promises.mkdtemp(`${base}/x`), await promises.mkdtemp(`${base}/x`)];
  assert.ok(one !== two && one.startsWith(`${base}/x`) && one.length === base.length + 8);
  assert.ok((await promises.stat(one)).isDirectory());
});

// ── facts ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('stats tell what a file is', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/file`, 'twelve bytes');
  const stats = await promises.stat(`${base}/file`);
  assert.equal(stats.size, 12);
  assert.equal(stats.nlink, 1);
  assert.equal(stats.mode & constants.S_IFMT, constants.S_IFREG);
  assert.ok(stats instanceof fs.Stats && stats.isFile() && !stats.isDirectory());
  assert.ok(stats.mtime instanceof Date && Math.abs(stats.mtimeMs - stats.mtime.getTime()) < 1);
  assert.ok(stats.birthtimeMs < Date.now() + 1 && stats.birthtimeMs > Date.now() - 60_000);
  const big = await promises.stat(`${base}/file`, { bigint: true });
  assert.equal(big.size, 12n);
  assert.equal(big.mtimeNs / 1_000_000n, big.mtimeMs);
  assert.ok(big.isFile());
  assert.equal(Number(big.ino), stats.ino);
});

test('times are set', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, '');
  await promises.utimes(file, 1, new Date(2_500));
  const stats = await promises.stat(file);
  assert.equal(stats.atimeMs, 1_000);
  assert.equal(stats.mtimeMs, 2_500);
  await promises.utimes(file, '3', -1.5);
  assert.equal((await promises.stat(file)).atimeMs, 3_000);
});

test('permissions are set', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/file`, '', { mode: 0o600 });
  assert.equal((await promises.stat(`${base}/file`)).mode & 0o777, 0o600);
  await promises.chmod(`${base}/file`, '640');
  assert.equal((await promises.stat(`${base}/file`)).mode & 0o777, 0o640);
  await promises.mkdir(`${base}/dir`, 0o700);
  assert.equal((await promises.stat(`${base}/dir`)).mode & 0o777, 0o700);
});

test('access tells what may be done', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/file`, '');
  assert.equal(await promises.access(`${base}/file`, constants.R_OK | constants.W_OK), undefined);
  await assert.rejects(promises.access(`${base}/none`), { code: 'ENOENT' });
});

// ── moving, copying, linking ────────────────────────────────────────────────────────────────────────────────────────────

test('files are renamed and copied', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/one`, 'one');
  await promises.rename(`${base}/one`, `${base}/two`);
  await promises.copyFile(`${base}/two`, `${base}/three`);
  assert.equal(await promises.readFile(`${base}/three`, 'utf8'), 'one');
  await assert.rejects(promises.copyFile(`${base}/two`, `${base}/three`, constants.COPYFILE_EXCL), { code: 'EEXIST' });
  assert.deepEqual((await promises.readdir(base)).sort(), ['three', 'two']);
});

test('links are made, read and followed', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/file`, 'x');
  await promises.symlink('file', `${base}/soft`);
  await promises.link(`${base}/file`, `${base}/hard`);
  assert.equal(await promises.readlink(`${base}/soft`), 'file');
  assert.equal(await promises.realpath(`${base}/soft`), await promises.realpath(`${base}/file`));
  assert.ok((await promises.lstat(`${base}/soft`)).isSymbolicLink());
  assert.ok((await promises.stat(`${base}/soft`)).isFile());
  assert.equal((await promises.stat(`${base}/file`)).nlink, 2);
  await promises.unlink(`${base}/soft`);
  assert.equal(await promises.readFile(`${base}/hard`, 'utf8'), 'x');
});

test('a file is cut and filled', async () => {
  const file = `${await folder()}/file`;
  await promises.writeFile(file, 'twelve bytes');
  await promises.truncate(file, 6);
  assert.equal(await promises.readFile(file, 'utf8'), 'twelve');
  await promises.truncate(file, 8);
  assert.equal(await promises.readFile(file, 'utf8'), 'twelve\0\0');
  await promises.truncate(file);
  assert.equal((await promises.stat(file)).size, 0);
});

test('trees are copied', async () => {
  const base = await folder();
  await promises.mkdir(`${base}/from/dir`, { recursive: true });
  await promises.writeFile(`${base}/from/one`, '1');
  await promises.writeFile(`${base}/from/dir/two`, '2');
  await promises.symlink('one', `${base}/from/link`);
  await assert.rejects(promises.cp(`${base}/from`, `${base}/to`), { code: 'ERR_FS_EISDIR' });
  await promises.cp(`${base}/from`, `${base}/to`, { recursive: true, verbatimSymlinks: true });
  assert.deepEqual((await promises.readdir(`${base}/to`, { recursive: true })).sort(), [
    'dir',
    'dir/two',
    'link',
    'one',
  ]);
  assert.equal(await promises.readlink(`${base}/to/link`), 'one');
  await promises.writeFile(`${base}/from/one`, 'new');
  await promises.rm(`${base}/to/link`);
  await promises.cp(`${base}/from`, `${base}/to`, {
    recursive: true,
    filter: async (from: string) => !from.endsWith('/dir') && !from.endsWith('/link'),
  });
  assert.equal(await promises.readFile(`${base}/to/one`, 'utf8'), 'new');
  await promises.cp(`${base}/to/one`, `${base}/deep/down/one`);
  assert.equal(await promises.readFile(`${base}/deep/down/one`, 'utf8'), 'new');
  const refused = (code: string, from: string, to: string, options: object = {}): Promise<void> =>
    assert.rejects(promises.cp(`${base}/${from}`, `${base}/${to}`, { recursive: true, ...options }), { code });
  await refused('ERR_FS_CP_EINVAL', 'from', 'from/dir/inside');
  await refused('ERR_FS_CP_EINVAL', 'from', 'from');
  await refused('ERR_FS_CP_DIR_TO_NON_DIR', 'from', 'to/one');
  await refused('ERR_FS_CP_NON_DIR_TO_DIR', 'from/one', 'to/dir');
  await refused('ERR_FS_CP_EEXIST', 'from/one', 'to/one', { force: false, errorOnExist: true });
});

// ── open files ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test('an open file is read from where the last read ended, or from a position', async () => {
  const path = `${await folder()}/file`;
  await promises.writeFile(path, '0123456789');
  const file = await promises.open(path);
  const buffer = new Uint8Array(4);
  const first = await file.read(buffer, 0, 4, null);
  assert.equal(first.bytesRead, 4);
  assert.ok(first.buffer === buffer);
  assert.deepEqual(bytes(buffer), [48, 49, 50, 51]);
  await file.read({ buffer, offset: 1, length: 2, position: 8 });
  assert.deepEqual(bytes(buffer), [48, 56, 57, 51]);
  await file.read(buffer, { position: 0, length: 1 });
  assert.deepEqual(bytes(buffer), [48, 56, 57, 51]);
  const rest = await file.read();
  assert.equal(rest.bytesRead, 6);
  assert.equal(rest.buffer.length, 16384);
  assert.equal((await file.read(buffer, 0, 4)).bytesRead, 0);
  await assert.rejects(file.read(buffer, 5, 1), { code: 'ERR_OUT_OF_RANGE' });
  await assert.rejects(file.read(buffer, 0, 5), { code: 'ERR_OUT_OF_RANGE' });
  await assert.rejects(file.write('x'), { code: 'EBADF' });
  await file.close();
});

test('an open file is written where the last write ended, or at a position', async () => {
  const path = `${await folder()}/file`;
  const file = await promises.open(path, 'w+');
  assert.equal((await file.write('hello')).bytesWritten, 5);
  assert.equal((await file.write(new Uint8Array([33, 63, 46]), 1, 2)).bytesWritten, 2);
  await file.write('J', 0);
  await file.write('ff', null, 'hex');
  await file.write(new Uint8Array([64]), 0, 1, 5);
  assert.deepEqual(bytes(await promises.readFile(path)), [74, 101, 108, 108, 111, 64, 46, 255]);
  const { bytesWritten } = await file.writev([new Uint8Array([1]), new Uint8Array([2, 3])], 0);
  assert.equal(bytesWritten, 3);
  const [one, two] = [new Uint8Array(2), new Uint8Array(2)];
  assert.equal((await file.readv([one, two], 0)).bytesRead, 4);
  assert.deepEqual([...one, ...two], [1, 2, 3, 108]);
  await file.truncate(2);
  assert.equal((await file.stat()).size, 2);
  await file.sync();
  await file.datasync();
  await file.chmod(0o600);
  await file.utimes(5, 6);
  assert.equal((await file.stat()).mtimeMs, 6_000);
  await file.close();
});

test('an open file is read and written as a whole', async () => {
  const path = `${await folder()}/file`;
  const file = await promises.open(path, 'a+');
  await file.writeFile('one');
  await file.appendFile('two');
  assert.equal(await promises.readFile(path, 'utf8'), 'onetwo');
  const again = await promises.open(path);
  assert.equal(await again.readFile('utf8'), 'onetwo');
  assert.equal(await promises.readFile(again, 'utf8'), '');
  await again.close();
  await file.close();
});

test('a closed file is closed', async () => {
  const path = `${await folder()}/file`;
  const file = await promises.open(path, 'w');
  assert.ok(file.fd > 2);
  assert.equal(await file.close(), undefined);
  assert.equal(file.fd, -1);
  await assert.rejects(file.stat(), { code: 'EBADF' });
  await assert.rejects(file.write('x'), { code: 'EBADF' });
  const disposed = await promises.open(path);
  await disposed[(Symbol as any).asyncDispose]();
  assert.equal(disposed.fd, -1);
});

// ── callbacks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('every operation has a form with a callback', async () => {
  const base = await folder();
  const file = `${base}/file`;
  assert.deepEqual(await called('writeFile', file, 'text'), []);
  assert.deepEqual(await called('appendFile', file, '!', { encoding: 'utf8' }), []);
  assert.deepEqual(await called('readFile', file, 'utf8'), ['text!']);
  assert.deepEqual(await called('mkdir', `${base}/dir`), []);
  assert.deepEqual(await called('mkdir', `${base}/deep/er`, { recursive: true }), [`${base}/deep`]);
  assert.deepEqual((await called('readdir', base))[0].sort(), ['deep', 'dir', 'file']);
  assert.equal((await called('stat', file))[0].size, 5);
  assert.equal((await called('lstat', file, { bigint: true }))[0].size, 5n);
  assert.deepEqual(await called('copyFile', file, `${base}/copy`), []);
  assert.deepEqual(await called('rename', `${base}/copy`, `${base}/moved`), []);
  assert.deepEqual(await called('access', `${base}/moved`), []);
  assert.deepEqual(await called('symlink', 'file', `${base}/soft`), []);
  assert.deepEqual(await called('readlink', `${base}/soft`), ['file']);
  assert.deepEqual(await called('link', file, `${base}/hard`), []);
  assert.deepEqual(await called('truncate', `${base}/hard`, 2), []);
  assert.deepEqual(await called('chmod', file, 0o600), []);
  assert.deepEqual(await called('utimes', file, 1, 2), []);
  assert.deepEqual(await called('lutimes', file, 1, 2), []);
  assert.deepEqual(await called('unlink', `${base}/hard`), []);
  assert.deepEqual(await called('cp', `${base}/dir`, `${base}/dir2`, { recursive: true }), []);
  assert.deepEqual(await called('rmdir', `${base}/dir2`), []);
  assert.deepEqual(await called('rm', `${base}/deep`, { recursive: true }), []);
  assert.equal((await called('mkdtemp', `${base}/tmp`))[0].length, base.length + 10);
  assert.equal((await called('realpath', `${base}/dir/../file`))[0].slice(-5), '/file');
  const [dir] = await called('opendir', `${base}/dir`);
  await dir.close();
  assert.equal(await new Promise((resolve) => fs.exists(file, resolve)), true);
  assert.equal(await new Promise((resolve) => fs.exists(`${base}/none`, resolve)), false);
});

test('files have numbers', async () => {
  const path = `${await folder()}/file`;
  const [fd] = await called('open', path, 'w+');
  assert.equal(typeof fd, 'number');
  const written = await called('write', fd, 'hello');
  assert.deepEqual(written, [5, 'hello']);
  const buffer = new Uint8Array(3);
  assert.equal((await called('write', fd, new Uint8Array([33, 33]), 0, 2, 5))[0], 2);
  const [bytesRead, same] = await called('read', fd, buffer, 0, 3, 4);
  assert.equal(bytesRead, 3);
  assert.ok(same === buffer);
  assert.deepEqual(bytes(buffer), [111, 33, 33]);
  assert.equal((await called('read', fd, { buffer, position: 0 }))[0], 3);
  assert.equal((await called('writev', fd, [new Uint8Array(2)], 0))[0], 2);
  assert.equal((await called('readv', fd, [new Uint8Array(2)], 0))[0], 2);
  await called('ftruncate', fd, 4);
  await called('fsync', fd);
  await called('fdatasync', fd);
  await called('fchmod', fd, 0o600);
  await called('futimes', fd, 1, 2);
  assert.equal((await called('fstat', fd))[0].size, 4);
  await called('close', fd);
  await assert.rejects(called('fstat', fd), { code: 'EBADF' });
});

test('a callback is a function, and is called later', async () => {
  assert.throws(() => fs.readFile('/tmp/x'), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' });
  assert.throws(() => fs.stat('/tmp/x', {}), { code: 'ERR_INVALID_ARG_TYPE' });
  let isLater = false;
  const answered = called('stat', '/tmp').then(() => assert.ok(isLater));
  isLater = true;
  await answered;
});

// ── the look ────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('constants are those of Linux', () => {
  assert.equal(constants.O_CREAT, 64);
  assert.equal(constants.S_IFMT, 61440);
  assert.equal(constants.COPYFILE_FICLONE_FORCE, 4);
  assert.ok(promises.constants === constants);
  assert.equal(fs.R_OK, 4);
});
