import { assert, test } from 'guest:test';
import { Blob, File } from 'guest:blob';
import { FormData } from 'guest:formdata';

test('names have several values, in their order', () => {
  const form = new FormData();
  form.append('a', '1');
  form.append('b', '2');
  form.append('a', 3 as any);
  assert.deepEqual([form.get('a'), form.getAll('a'), form.get('x'), form.getAll('x')], ['1', ['1', '3'], null, []]);
  form.set('a', '4');
  form.set('c\ud800', null as any);
  assert.deepEqual([...form] as any, [
    ['a', '4'],
    ['b', '2'],
    ['c\ufffd', 'null'],
  ]);
  form.delete('a');
  assert.deepEqual(
    [form.has('a'), form.has('b'), [...form.keys()], [...form.values()]],
    [false, true, ['b', 'c\ufffd'], ['2', 'null']],
  );
});

test('a blob becomes a file, and a file keeps its name unless it is given another', async () => {
  const form = new FormData();
  const file = new File(['x'], 'f.txt', { type: 'a/b', lastModified: 7 });
  form.append('blob', new Blob(['y'], { type: 'c/d' }));
  form.append('named', new Blob(['z']), 'n');
  form.append('file', file);
  form.append('renamed', file, 'r');
  form.append('unnamed', file, undefined);
  const files = [...form.values()] as File[];
  assert.ok(files.every((value) => value instanceof File));
  assert.deepEqual(
    files.map(({ name, type }) => [name, type]),
    [
      ['blob', 'c/d'],
      ['n', ''],
      ['f.txt', 'a/b'],
      ['r', 'a/b'],
      ['f.txt', 'a/b'],
    ],
  );
  assert.ok(form.get('file') === file && form.get('renamed') !== file);
  assert.equal(await (form.get('renamed') as File).text(), 'x');
});

test('only a blob has a file name', () => {
  const form = new FormData();
  assert.throws(() => form.append('a', 'b', 'c'), TypeError);
  assert.throws(() => form.set('a', {} as any, 'c'), TypeError);
  assert.equal(form.has('a'), false);
});

test('there are no forms to read from', () => {
  new FormData(undefined);
  for (const form of [null, {}, 'x']) assert.throws(() => new FormData(form as any), TypeError);
});

test('too few arguments and foreign receivers are refused', () => {
  const form = new FormData() as any;
  for (const call of [
    () => form.append('a'),
    () => form.set('a'),
    () => form.get(),
    () => form.has(),
    () => form.delete(),
  ]) {
    assert.throws(call, TypeError);
  }
  assert.throws(() => FormData.prototype.get.call({} as any, 'a'), TypeError);
});

test('forEach sees what is added meanwhile', () => {
  const form = new FormData();
  form.append('a', '1');
  const seen: unknown[] = [];
  form.forEach((value, name, self) => {
    if (seen.length === 0) form.append('b', '2');
    seen.push(name, value, self === form);
  });
  assert.deepEqual(seen, ['a', '1', true, 'b', '2', true]);
});

test('the class looks as the standard says', () => {
  assert.equal(Object.prototype.toString.call(new FormData()), '[object FormData]');
  assert.deepEqual([FormData.length, FormData.prototype.append.length, FormData.prototype.set.length], [0, 2, 2]);
  assert.ok(FormData.prototype[Symbol.iterator] === FormData.prototype.entries);
});
