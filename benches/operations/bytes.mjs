// Hashes, text encodings and compression: what hostbox is asked, what Node does for the same, and how both are checked.
import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { check } from '../clock.mjs';
import { logText } from './inputs.mjs';

const { BROTLI_PARAM_QUALITY } = zlib.constants;
const BLAKE3_OF_ABC = '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85';

const text = logText();
const base64 = text.toString('base64');
const hex = text.toString('hex');

/** Results are bytes, or the same as text. */
function same(output, expected) {
  const bytes = typeof output === 'string' ? Buffer.from(output, 'latin1') : output;
  check(Buffer.compare(bytes, expected), 0);
}

function hash(op) {
  const digest = () => createHash(op).update(text).digest();
  return { title: op, op, input: () => text, node: digest, check: (output) => same(output, digest()) };
}

/** The checksum stands at the end of a gzip file, least byte first. */
function checkCrc(output) {
  const expected = zlib.gzipSync(text, { level: 1 }).subarray(-8).readUInt32LE(0);
  if (typeof output === 'number') return check(output, expected);
  const bytes = Buffer.from(output);
  check([bytes.readUInt32LE(0), bytes.readUInt32BE(0), parseInt(bytes.toString(), 16)].includes(expected), true);
}

/** Both ways of a format. `options` are Node's, `args` hostbox's; a Node without the format leaves that to hostbox. */
function compression(name, level, { op, args, options, compress, decompress }) {
  const unpack = async (bytes, run) => (zlib[decompress] ? zlib[decompress](bytes) : run(`${op}_decompress`, bytes));
  const pack = async (run) => (zlib[compress] ? zlib[compress](text, options) : run(`${op}_compress`, text, args));
  return [
    {
      title: `${name} compress, ${level}`,
      op: `${op}_compress`,
      args,
      input: () => text,
      node: zlib[compress] && ((input) => zlib[compress](input, options)),
      check: async (output, run) => same(await unpack(output, run), text),
      note: (output) => `to ${((output.length / text.length) * 100).toFixed(0)} %`,
    },
    {
      title: `${name} decompress`,
      op: `${op}_decompress`,
      input: pack,
      node: zlib[decompress] && ((input) => zlib[decompress](input)),
      check: (output) => same(output, text),
    },
  ];
}

export const operations = [
  hash('sha256'),
  hash('sha512'),
  {
    title: 'blake3',
    op: 'blake3',
    input: () => text,
    async check(_, run) {
      same(await run('blake3', Buffer.from('abc')), Buffer.from(BLAKE3_OF_ABC, 'hex'));
    },
  },
  {
    title: 'crc32',
    op: 'crc32',
    input: () => text,
    node: zlib.crc32 && ((input) => zlib.crc32(input)),
    check: checkCrc,
  },
  {
    title: 'base64 encode',
    op: 'base64_encode',
    input: () => text,
    node: (input) => input.toString('base64'),
    check: (output) => same(output, Buffer.from(base64)),
  },
  {
    title: 'base64 decode',
    op: 'base64_decode',
    input: () => Buffer.from(base64),
    nodeInput: () => base64,
    node: (input) => Buffer.from(input, 'base64'),
    check: (output) => same(output, text),
  },
  {
    title: 'hex encode',
    op: 'hex_encode',
    input: () => text,
    node: (input) => input.toString('hex'),
    check: (output) => same(output, Buffer.from(hex)),
  },
  {
    title: 'hex decode',
    op: 'hex_decode',
    input: () => Buffer.from(hex),
    nodeInput: () => hex,
    node: (input) => Buffer.from(input, 'hex'),
    check: (output) => same(output, text),
  },
  ...compression('gzip', 'level 6', {
    op: 'gzip',
    args: { level: 6 },
    options: { level: 6 },
    compress: 'gzipSync',
    decompress: 'gunzipSync',
  }),
  ...compression('deflate (zlib)', 'level 6', {
    op: 'deflate',
    args: { level: 6 },
    options: { level: 6 },
    compress: 'deflateSync',
    decompress: 'inflateSync',
  }),
  ...compression('brotli', 'quality 5', {
    op: 'brotli',
    args: { quality: 5 },
    options: { params: { [BROTLI_PARAM_QUALITY]: 5 } },
    compress: 'brotliCompressSync',
    decompress: 'brotliDecompressSync',
  }),
  ...compression('zstd', 'level 3', {
    op: 'zstd',
    args: { level: 3 },
    options: {},
    compress: 'zstdCompressSync',
    decompress: 'zstdDecompressSync',
  }),
];
