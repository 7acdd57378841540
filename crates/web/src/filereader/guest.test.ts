import { assert, test } from 'guest:test';
import { Blob } from 'guest:blob';
import { FileReader, ProgressEvent } from 'guest:filereader';

const types = ['loadstart', 'progress', 'load', 'abort', 'error', 'loadend'];

/** What a reader tells from the start of a read to its end. */
function events(reader: FileReader): Promise<string[]> {
  const seen: string[] = [];
  return new Promise((resolve) => {
    for (const type of types) {
      reader.addEventListener(type, (event) => {
        const { loaded, total } = event as ProgressEvent;
        seen.push(`${type} ${loaded}/${total}`);
        if (type === 'loadend') resolve(seen);
      });
    }
  });
}

async function read(method: string, blob: Blob, ...rest: string[]): Promise<unknown> {
  const reader = new FileReader() as any;
  const done = events(reader);
  reader[method](blob, ...rest);
  await done;
  return reader.result;
}

test('a read tells of its start, its progress and its end', async () => {
  const reader = new FileReader();
  const seen = events(reader);
  reader.readAsText(new Blob(['abc']));
  assert.deepEqual([reader.readyState, reader.result], [FileReader.LOADING, null]);
  assert.deepEqual(await seen, ['loadstart 0/3', 'progress 3/3', 'load 3/3', 'loadend 3/3']);
  assert.deepEqual([reader.readyState, reader.result, reader.error], [FileReader.DONE, 'abc', null]);
});

test('an empty blob makes no progress', async () => {
  const reader = new FileReader();
  const seen = events(reader);
  reader.readAsArrayBuffer(new Blob([]));
  assert.deepEqual(await seen, ['loadstart 0/0', 'load 0/0', 'loadend 0/0']);
});

test('a blob is read as bytes, characters, a data URL or text', async () => {
  const blob = new Blob([new Uint8Array([0x61, 0xff])], { type: 'x/y' });
  assert.deepEqual(
    new Uint8Array((await read('readAsArrayBuffer', blob)) as ArrayBuffer),
    new Uint8Array([0x61, 0xff]),
  );
  assert.equal(await read('readAsBinaryString', blob), 'aÿ');
  assert.equal(await read('readAsDataURL', blob), 'data:x/y;base64,Yf8=');
  assert.equal(await read('readAsDataURL', new Blob([])), 'data:application/octet-stream;base64,');
  assert.equal(await read('readAsText', blob), 'a\ufffd');
});

test('text has the encoding of its mark, of the argument, or of the type', async () => {
  const bytes = (type: string, ...values: number[]) => new Blob([new Uint8Array(values)], { type });
  assert.equal(await read('readAsText', bytes('', 0xe9), 'latin1'), 'é');
  assert.equal(await read('readAsText', bytes('text/plain;charset=windows-1252', 0xe9)), 'é');
  assert.equal(await read('readAsText', bytes('text/plain;charset=windows-1252', 0xe9), 'unknown'), 'é');
  assert.equal(await read('readAsText', bytes('', 0xfe, 0xff, 0, 0x61), 'latin1'), 'a');
  assert.equal(await read('readAsText', bytes('', 0xff, 0xfe, 0x61, 0)), 'a');
});

test('one read at a time', () => {
  const reader = new FileReader();
  reader.readAsText(new Blob(['a']));
  assert.throws(() => reader.readAsText(new Blob(['b'])), { name: 'InvalidStateError' });
  assert.throws(() => reader.readAsText('a' as any), TypeError);
});

test('an aborted read brings nothing, and another one may begin', async () => {
  const reader = new FileReader();
  reader.abort();
  assert.equal(reader.readyState, FileReader.EMPTY);
  const seen = events(reader);
  reader.readAsText(new Blob(['a']));
  reader.abort();
  assert.deepEqual(await seen, ['abort 0/0', 'loadend 0/0']);
  assert.deepEqual([reader.readyState, reader.result], [FileReader.DONE, null]);
  const next = new Promise((resolve) => ((reader as any).onload = resolve));
  reader.readAsText(new Blob(['b']));
  await next;
  assert.equal(reader.result, 'b');
});

test('a progress event has numbers', () => {
  const event = new ProgressEvent('x', { lengthComputable: true, loaded: 1.5, total: 2, cancelable: true });
  assert.deepEqual([event.lengthComputable, event.loaded, event.total, event.cancelable], [true, 1.5, 2, true]);
  assert.throws(() => new ProgressEvent('x', { loaded: NaN }), TypeError);
  assert.deepEqual([FileReader.EMPTY, FileReader.LOADING, FileReader.DONE], [0, 1, 2]);
  assert.equal((new FileReader() as any).onload, null);
});
