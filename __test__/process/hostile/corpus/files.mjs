// Files: floods, bombs, deep trees, operations that call back. With a directory of 32 MiB as /data.
const failed = ['ERR_GUEST'];
const limited = ['ERR_GUEST', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT'];
const bounded = ['ok', ...limited];

const cases = [
  { name: 'looks at files without end are bounded', source: `for (;;) fs.promises.stat('/data').catch(() => {});`, expect: limited },
  { name: 'files made without end are bounded', source: `(async () => { for (let i = 0; ; i++) await fs.promises.writeFile('/data/' + i, ''); })()`, expect: limited },
  { name: 'a file that grows without end meets its grant', source: `(async () => { const bytes = new Uint8Array(1 << 20); for (;;) await fs.promises.appendFile('/data/file', bytes); })()`, expect: limited },
  { name: 'a file of a petabyte is refused', source: `fs.promises.writeFile('/data/file', '').then(() => fs.promises.truncate('/data/file', 2 ** 50))`, expect: failed },
  { name: 'a byte far behind the end is refused', source: `fs.promises.open('/data/file', 'w').then((file) => file.write('x', 2 ** 50))`, expect: failed },
  { name: 'a read of more than there is memory costs nothing', source: `fs.promises.writeFile('/data/file', 'x').then(() => fs.promises.open('/data/file')).then((file) => file.read({ buffer: new Uint8Array(1 << 25) })).then(({ bytesRead }) => bytesRead)`, expect: bounded },
  { name: 'open files without end are bounded', source: `(async () => { const held = []; await fs.promises.writeFile('/data/file', ''); for (;;) held.push(await fs.promises.open('/data/file')); })()`, expect: failed },
  { name: 'streams without end are bounded', source: `for (;;) fs.createReadStream('/data/none').on('error', () => {});`, expect: limited },
  { name: 'watchers without end are bounded', source: `(async () => { const held = []; for (;;) { const changes = fs.promises.watch('/data'); held.push(changes); const next = changes.next(); next.catch(() => {}); await Promise.race([next, fs.promises.stat('/data')]); } })()`, expect: limited },
  { name: 'a tree as deep as can be is made and listed', source: `(async () => { let path = '/data'; for (let i = 0; i < 400; i++) { path += '/d'; await fs.promises.mkdir(path); } return (await fs.promises.readdir('/data', { recursive: true })).length; })()`, expect: bounded },
  { name: 'a copy of a tree into itself is refused', source: `(async () => { await fs.promises.mkdir('/data/a'); await fs.promises.cp('/data/a', '/data/a/b/c', { recursive: true }); })()`, expect: failed },
  { name: 'links in a circle are refused', source: `(async () => { await fs.promises.symlink('b', '/data/a'); await fs.promises.symlink('a', '/data/b'); return fs.promises.readFile('/data/a'); })()`, expect: failed },
  { name: 'a path of megabytes is refused', source: `fs.promises.stat('/data/' + 'x/'.repeat(1e7))`, expect: limited },
  { name: 'an iterable that never ends is stopped', source: `fs.promises.writeFile('/data/file', { *[Symbol.iterator]() { for (;;) yield 'x'; } })`, expect: limited },
  { name: 'an iterable that spins is stopped', source: `fs.promises.writeFile('/data/file', { [Symbol.iterator]() { for (;;); } })`, expect: limited },
  { name: 'options that spin are stopped', source: `fs.promises.readFile('/data/file', { get encoding() { for (;;); } })`, expect: limited },
  { name: 'a filter that spins is stopped', source: `fs.promises.mkdir('/data/a').then(() => fs.promises.cp('/data/a', '/data/b', { recursive: true, filter() { for (;;); } }))`, expect: limited },
  { name: 'a buffer that shrinks while it is read into is answered', source: `(async () => { await fs.promises.writeFile('/data/file', 'x'.repeat(100)); const file = await fs.promises.open('/data/file'); const buffer = new ArrayBuffer(100, { maxByteLength: 100 }); const reading = file.read(new Uint8Array(buffer)); buffer.resize(1); return (await reading).bytesRead; })()`, expect: bounded },
  { name: 'a buffer that is detached while it is written is answered', source: `(async () => { const bytes = new Uint8Array(1 << 20); const writing = fs.promises.writeFile('/data/file', bytes); bytes.buffer.transfer(); await writing; return (await fs.promises.stat('/data/file')).size; })()`, expect: bounded },
  { name: 'a file read to its end while it grows is stopped', source: `(async () => { const read = fs.promises.readFile; for (;;) await Promise.all([fs.promises.appendFile('/data/file', new Uint8Array(1 << 16)), read('/data/file').catch(() => {})]); })()`, expect: limited },
  { name: 'a pipe from a file to itself is bounded', source: `fs.promises.writeFile('/data/file', new Uint8Array(1 << 20)).then(() => fs.createReadStream('/data/file').readable.pipeTo(fs.createWriteStream('/data/file', { flags: 'a' }).writable))`, expect: limited },
  { name: 'removing what others make ends', source: `(async () => { const make = async () => { for (;;) { await fs.promises.mkdir('/data/t/a/b', { recursive: true }); } }; make().catch(() => {}); for (;;) await fs.promises.rm('/data/t', { recursive: true, force: true }).catch(() => {}); })()`, expect: limited },
];

export default cases.map((entry) => ({ ...entry, files: true }));
