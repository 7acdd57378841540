import { AbortController } from 'guest:abort';
import { fs as given } from 'guest:fs';
import { afterwards, assert, test } from 'guest:test';

const fs = given as any;
const { promises } = fs;

async function folder(): Promise<string> {
  const path = await promises.mkdtemp('/tmp/fs-test-');
  afterwards(() => promises.rm(path, { recursive: true, force: true }));
  return path;
}

test('a watcher tells of names that come', async () => {
  const base = await folder();
  const watcher = fs.watch(base);
  const told = new Promise<string>((resolve) => {
    watcher.on('change', (type: string, name: string) => type === 'rename' && resolve(name));
  });
  // Again and again: nobody says when a watcher has begun.
  let isTold = false;
  const writing = (async () => {
    for (let i = 0; !isTold; i++) {
      await promises.writeFile(`${base}/new`, 'x');
      await promises.rm(`${base}/new`);
    }
  })();
  assert.equal(await told, 'new');
  isTold = true;
  await writing;
  const closed = new Promise<void>((resolve) => watcher.on('close', resolve));
  watcher.close();
  await closed;
});

test('changes come one after the other until the signal', async () => {
  const base = await folder();
  await promises.writeFile(`${base}/file`, '');
  const controller = new AbortController();
  const changes = promises.watch(base, { signal: controller.signal });
  let isTold = false;
  const writing = (async () => {
    while (!isTold) await promises.appendFile(`${base}/file`, 'x');
  })();
  const { value } = await changes.next();
  isTold = true;
  await writing;
  assert.deepEqual({ ...value }, { eventType: 'change', filename: 'file' });
  const ended = (async () => {
    for await (const _ of changes);
  })();
  controller.abort();
  await assert.rejects(ended, { name: 'AbortError', code: 'ABORT_ERR' });
});

test('what is not there cannot be watched', async () => {
  const path = `${await folder()}/none`;
  await assert.rejects(promises.watch(path).next(), { code: 'ENOENT' });
  await assert.rejects((async () => promises.watch(path, { recursive: 1 }).next())(), { code: 'ERR_INVALID_ARG_TYPE' });
});
