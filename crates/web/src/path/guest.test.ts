import { assert, test } from 'guest:test';
import { path, posix, win32 } from 'guest:path';

const each = <T>(run: (...args: any[]) => T, cases: readonly (readonly [T, ...unknown[]])[]): void => {
  for (const [expected, ...args] of cases) assert.deepEqual(run(...args), expected, JSON.stringify(args));
};

test('the module is that of POSIX, and has both', () => {
  assert.equal(path, posix);
  assert.equal(path.win32, win32);
  assert.equal(win32.posix, posix);
  assert.deepEqual([posix.sep, posix.delimiter, win32.sep, win32.delimiter], ['/', ':', '\\', ';']);
});

test('paths are joined and made normal', () => {
  each(posix.join, [
    ['.'],
    ['.', ''],
    ['/a/c', '/a', 'b', '../c'],
    ['a/b/', 'a//b/'],
    ['../c', 'a/../../c'],
    ['/c', '/../c'],
    ['./', './'],
  ]);
  each(win32.join, [
    ['\\\\server\\share\\a', '//server/share', 'a'],
    ['\\a', '//a'],
    ['C:\\a', 'C:', 'a'],
    ['C:\\a', 'C:/', 'b', '../a'],
  ]);
  each(win32.normalize, [
    ['C:\\c', 'C:/a/../../c'],
    ['C:..', 'C:a/../..'],
    ['\\\\s\\h\\', '//s/h'],
    ['.\\c:\\x', 'a/../c:/x'],
  ]);
});

test('resolution begins at the root of the file system where no part is absolute', () => {
  each(posix.resolve, [
    ['/a/c', '/x', '/a/b', '../c'],
    ['/', '/..'],
  ]);
  each(win32.resolve, [
    ['C:\\a\\c', 'C:\\a', 'b', '..\\c'],
    ['D:\\x', 'C:\\a', 'D:\\x'],
    ['C:\\x', 'D:\\a', 'C:\\', 'x'],
  ]);
});

test('a way leads from one path to another', () => {
  each(posix.relative, [
    ['../c', '/a/b', '/a/c'],
    ['', '/a', '/a/'],
    ['a', '/', '/a'],
    ['..', '/a', '/'],
  ]);
  each(win32.relative, [
    ['..\\c', 'C:\\a\\B', 'c:\\A\\c'],
    ['D:\\a', 'C:\\a', 'D:\\a'],
  ]);
});

test('a path has a directory, a name and an extension', () => {
  each(posix.dirname, [
    ['/a', '/a/b/'],
    ['.', 'a'],
    ['/', '/a'],
    ['//', '//a'],
    ['a/', 'a//b'],
  ]);
  each(posix.basename, [
    ['b', '/a/b/'],
    ['b', '/a/b.html', '.html'],
    ['.html', '.html', '.htm'],
    ['', '/'],
  ]);
  each(posix.extname, [
    ['.js', 'a/b.js'],
    ['.', 'a.'],
    ['', '.a'],
    ['.b', '.a.b'],
    ['', '..'],
    ['', 'a.b/c'],
  ]);
  each(win32.dirname, [
    ['C:\\', 'C:\\a'],
    ['\\\\s\\h\\', '\\\\s\\h\\a'],
    ['C:', 'C:a'],
  ]);
  each(win32.basename, [
    ['a', 'C:a'],
    ['b', 'C:\\a/b\\'],
  ]);
});

test('what parse takes apart format puts together', () => {
  assert.deepEqual(posix.parse('/a/b.tar.gz'), {
    root: '/',
    dir: '/a',
    base: 'b.tar.gz',
    ext: '.gz',
    name: 'b.tar',
  });
  assert.deepEqual(win32.parse('C:\\a\\b'), { root: 'C:\\', dir: 'C:\\a', base: 'b', ext: '', name: 'b' });
  for (const text of ['/', '/a', 'a', './a.b', '/a/.b', 'a/b/c.d']) assert.equal(posix.format(posix.parse(text)), text);
  assert.equal(posix.format({ root: '/', name: 'a', ext: 'b' }), '/a.b');
  assert.equal(posix.format({ dir: 'x', base: 'y', name: 'z' }), 'x/y');
});

test('absolute paths are told from others', () => {
  each(posix.isAbsolute, [
    [true, '/a'],
    [false, 'a'],
    [false, ''],
  ]);
  each(win32.isAbsolute, [
    [true, 'C:/'],
    [true, '\\a'],
    [false, 'C:'],
    [false, 'C:a'],
  ]);
  each(win32.toNamespacedPath, [
    ['\\\\?\\C:\\a', 'C:/a'],
    ['\\\\?\\UNC\\s\\h\\a', '\\\\s\\h\\a'],
  ]);
});

test('what is no string is refused', () => {
  for (const run of [posix.join, posix.dirname, win32.normalize, posix.parse] as ((value: any) => unknown)[]) {
    assert.throws(() => run(1), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  const message = 'The "path" argument must be of type string. Received undefined';
  assert.throws(() => posix.dirname(undefined as any), { message });
});

test('a list is no path object', () => {
  assert.throws(() => posix.format([] as never), { code: 'ERR_INVALID_ARG_TYPE' });
});
