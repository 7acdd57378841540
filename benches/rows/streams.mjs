import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { check, isTry, tried } from '../clock.mjs';
import { logText } from '../operations/inputs.mjs';

const CHUNK = 2 ** 16;
const BYTES = isTry ? 2 ** 26 : 2 ** 30;
const text = logText();

function* chunks() {
  for (let sent = 0; sent < BYTES; sent += CHUNK) {
    const at = sent % text.length;
    yield text.subarray(at, at + CHUNK);
  }
}

/** What is true of the whole input; of a checksum only where this Node has one. */
function known() {
  const hash = createHash('sha256');
  let crc = zlib.crc32 && 0;
  for (const chunk of chunks()) {
    hash.update(chunk);
    crc = zlib.crc32?.(chunk, crc);
  }
  return { sha256: hash.digest(), crc };
}

/** Sends all of it through; gives the speed, the memory that it took at its peak, and the last bytes that came out. */
async function flow(transform) {
  const before = process.memoryUsage.rss();
  let most = before;
  let tail = Buffer.alloc(0);
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  const sink = new Writable({
    write(chunk, _, done) {
      tail = chunk.length >= 32 ? chunk.subarray(-32) : Buffer.concat([tail, chunk]).subarray(-32);
      done();
    },
  });
  const started = performance.now();
  await pipeline(Readable.from(chunks(), { highWaterMark: 2 }), transform, sink);
  const rate = BYTES / 2 ** 20 / ((performance.now() - started) / 1000);
  clearInterval(watch);
  return { rate, memory: (most - before) / 2 ** 20, tail: Buffer.from(tail) };
}

async function hostbox() {
  const { HostRuntime } = await import('../../index.js');
  const { native } = new HostRuntime('bench');
  return {
    gzip: () => native.transform([{ op: 'gzip_compress', args: { level: 6 } }]),
    sha256: () => native.transform(['sha256']),
  };
}

const ways = {
  hostbox,
  node: () => ({ gzip: () => zlib.createGzip({ level: 6 }), sha256: () => createHash('sha256') }),
};

const memory = { unit: 'MiB', better: 'less' };
const rate = { unit: 'MiB/s', better: 'more' };

export default {
  name: 'streams',
  about:
    'One GiB of log lines in chunks of 64 KiB through a Transform: native.transform beside zlib.createGzip and crypto.createHash. Memory: the peak beyond what the process had before.',
  metrics: {
    gzip: { ...rate, title: 'stream: gzip, level 6' },
    gzipMemory: { ...memory, title: 'stream: gzip, memory' },
    sha256: { ...rate, title: 'stream: sha256' },
    sha256Memory: { ...memory, title: 'stream: sha256, memory' },
  },
  contenders: Object.keys(ways),
  ways,
  rounds: 1,
  async measure(way) {
    const { gzip, sha256 } = await way();
    const expected = known();
    const zipped = await tried(async () => {
      const { tail, ...figures } = await flow(gzip());
      check(tail.readUInt32LE(28), BYTES % 2 ** 32);
      if (expected.crc !== undefined) check(tail.readUInt32LE(24), expected.crc);
      return figures;
    });
    const hashed = await tried(async () => {
      const { tail, ...figures } = await flow(sha256());
      check(Buffer.compare(tail, expected.sha256), 0);
      return figures;
    });
    return {
      gzip: zipped.rate ?? zipped,
      gzipMemory: zipped.memory ?? zipped,
      sha256: hashed.rate ?? hashed,
      sha256Memory: hashed.memory ?? hashed,
    };
  },
};
