// `host:nodecipher` over Node's own ciphers.

import { createCipheriv, createDecipheriv, getCipherInfo, getCiphers } from 'node:crypto';

const exact = (buffer) => new Uint8Array(buffer).buffer;
const view = (source) => (ArrayBuffer.isView(source) ? source : new Uint8Array(source));
const known = (cipher) => /^(aes|id-aes)-?(128|192|256)(-(cbc|ctr|ecb|gcm))?$|^chacha20-poly1305$/i.test(cipher);
const isAead = (cipher) => /gcm|poly/i.test(cipher);

export const names = () => getCiphers().filter(known);

export function info(cipher, ivLength) {
  const found = typeof cipher === 'number' || known(cipher) ? getCipherInfo(cipher) : undefined;
  if (found === undefined) return undefined;
  const { name, nid, mode, keyLength, blockSize } = found;
  const allowed = getCipherInfo(nid, ivLength === 0 ? {} : { ivLength }) !== undefined;
  const allowsIv = ivLength === 0 ? mode === 'ecb' : mode === 'gcm' ? ivLength <= 128 : allowed && mode !== 'ecb';
  return [name, nid, mode, keyLength, found.ivLength ?? 0, blockSize, allowsIv, isAead(name)];
}

export const allowsTag = (cipher, length) =>
  /gcm/i.test(cipher) ? length === 4 || length === 8 || (length >= 12 && length <= 16) : length <= 16;

export function open(cipher, key, iv, isEncrypting, tagLength) {
  const options = tagLength === undefined ? {} : { authTagLength: tagLength };
  const create = isEncrypting ? createCipheriv : createDecipheriv;
  const made = create(cipher, view(key), view(iv), options);
  return { made, isEncrypting, tagLength: tagLength ?? (/poly/.test(cipher) ? 16 : undefined), isAead: isAead(cipher) };
}

const attempt = (run) => {
  try {
    run();
    return true;
  } catch {
    return false;
  }
};

export const setPadding = ({ made }, isPadding) => attempt(() => made.setAutoPadding(isPadding));
export const addData = ({ made }, data) => attempt(() => made.setAAD(view(data)));
export const takesTag = (handle) => handle.isAead && !handle.isEncrypting && !handle.isOver && !handle.hasTag;
export function setTag(handle, tag) {
  handle.hasTag = attempt(() => handle.made.setAuthTag(view(tag)));
  return handle.hasTag;
}

export function tag({ made, isEncrypting, isOver, isAead: has }) {
  return has && isEncrypting && isOver ? exact(made.getAuthTag()) : undefined;
}

function why(error) {
  if (error.code === 'ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH') return 'wrong length';
  if (error.code === 'ERR_OSSL_BAD_DECRYPT') return 'bad decrypt';
  return /authenticate/.test(error.message) ? 'unauthentic' : 'finished';
}

export function update({ made }, data) {
  try {
    return exact(made.update(view(data)));
  } catch (error) {
    return why(error);
  }
}

export function finish(handle) {
  try {
    return exact(handle.made.final());
  } catch (error) {
    return why(error);
  } finally {
    handle.isOver = true;
  }
}
