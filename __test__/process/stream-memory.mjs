// 256 MiB in and out again, and a bomb that would be as much: memory must not grow with what goes through.
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HostRuntime } from '../../index.js';

const PIECE = 64 << 10;
const COUNT = 4096;
/** What V8 lets external memory come to before it collects is 64 MiB. */
const MOST = 160 << 20;

const host = new HostRuntime('process', { limits: { bufferBytes: 8 << 20 } });
const piece = Buffer.from(Array.from({ length: PIECE }, (_, i) => (i * i) >> 7));
const start = process.memoryUsage.rss();
let most = 0;

/** Takes everything, and looks at the memory at every piece. */
function sink() {
  let length = 0;
  const stream = new Writable({
    write(chunk, _, done) {
      length += chunk.length;
      most = Math.max(most, process.memoryUsage.rss() - start);
      assert.ok(most < MOST, `${most >> 20} MiB more than at the start`);
      done();
    },
  });
  return { stream, length: () => length };
}

const repeated = function* () {
  for (let i = 0; i < COUNT; i++) yield piece;
};
const there = sink();
const steps = [{ op: 'gzip_compress', args: { level: 1 } }, 'gzip_decompress', 'invert'];
await pipeline(Readable.from(repeated()), host.native.transform(steps), there.stream);
assert.equal(there.length(), PIECE * COUNT);

const zeros = function* () {
  for (let i = 0; i < COUNT; i++) yield Buffer.alloc(PIECE);
};
const bomb = await Readable.from(zeros()).pipe(createGzip()).toArray();
const out = sink();
await pipeline(Readable.from(bomb), host.native.transform(['gzip_decompress']), out.stream);
assert.equal(out.length(), PIECE * COUNT);

assert.equal(host.stats().bufferBytes, 0);
await host.close();
console.log(`through\n${most >> 20} MiB`);
