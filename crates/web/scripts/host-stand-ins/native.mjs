import { gunzipSync, gzipSync } from 'node:zlib';

const store = new Map();
let nextId = 1;

const fail = (code, message) => Object.assign(new TypeError(message), { code });

function copy(source) {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return Uint8Array.from(view);
}

function get(id) {
  if (!store.has(id)) throw fail('ERR_ID_NOT_FOUND', `no buffer ${id}`);
  return store.get(id);
}

function consume(id) {
  const bytes = get(id);
  store.delete(id);
  return bytes;
}

function keep(bytes) {
  store.set(nextId, bytes);
  return nextId++;
}

const operations = {
  invert: (bytes) => bytes.map((byte) => 255 - byte),
  xor: (bytes, other) => bytes.map((byte, index) => byte ^ other[index]),
  noop: (bytes) => bytes.slice(),
  gzip_compress: (bytes) => copy(gzipSync(bytes)),
  gzip_decompress: (bytes) => copy(gunzipSync(bytes)),
};

function apply(op, bytes, extra) {
  if (!Object.hasOwn(operations, op)) throw fail('ERR_OP', `unknown op ${op}`);
  return operations[op](bytes, extra);
}

const applyAll = (bytes, stepsJson) =>
  JSON.parse(stepsJson).reduce((at, { op, extraInputId }) => apply(op, at, extraInputId && get(extraInputId)), bytes);

const input = (source) => (typeof source === 'number' ? get(source) : copy(source));

export const put = async (bytes) => keep(copy(bytes));
export const exec = async (op, id, _argsJson, extraId) => keep(apply(op, get(id), extraId && get(extraId)));
export const execChain = async (id, stepsJson) => keep(applyAll(get(id), stepsJson));
export const take = async (id) => consume(id).buffer;
export const takeInto = async (id, target, offset) => {
  const bytes = consume(id);
  const part = bytes.subarray(0, target.length - offset);
  target.set(part, offset);
  return [part.length, bytes.length];
};
export const free = async (id) => void consume(id);
export const info = async (id) => ({ byteLength: get(id).length });
export const run = async (op, bytes, _argsJson, extra) =>
  apply(op, copy(bytes), extra === undefined ? undefined : input(extra)).buffer;
export const chain = async (stepsJson, source) => applyAll(input(source), stepsJson).buffer;
