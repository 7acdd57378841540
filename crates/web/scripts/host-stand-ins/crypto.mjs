// `host:crypto` over Node's own webcrypto: a handle is a CryptoKey of Node's.

import { randomFillSync, webcrypto } from 'node:crypto';

const { subtle } = webcrypto;
const USAGES = ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'];

const names = (bits) => USAGES.filter((_, index) => bits & (1 << index));
function plain({ publicExponent, ...params }) {
  return publicExponent === undefined ? params : { ...params, publicExponent: new Uint8Array(publicExponent) };
}

const keyData = (format, data) => (format === 'jwk' ? JSON.parse(data) : data);

export const fillRandom = (view) => void randomFillSync(view);

export function copy(source) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return bytes.slice().buffer;
}

export const digest = (params, data) => subtle.digest(params.name, data);

export async function generateKey(params, extractable, usages) {
  const made = await subtle.generateKey(plain(params), extractable, names(usages));
  return made.publicKey === undefined ? made : [made.publicKey, made.privateKey];
}

export const importKey = (format, data, params, extractable, usages) =>
  subtle.importKey(format, keyData(format, data), plain(params), extractable, names(usages));

/** Node 20 has a name of its own for this error. */
function checkExtractable(key) {
  if (!key.extractable) throw new DOMException('the key is not extractable', 'InvalidAccessError');
}

export async function exportKey(format, key) {
  checkExtractable(key);
  const exported = await subtle.exportKey(format, key);
  return format === 'jwk' ? JSON.stringify(exported) : exported;
}

export function describe(key) {
  const { name, hash, length, modulusLength, namedCurve, publicExponent } = key.algorithm;
  const usages = USAGES.reduce((bits, usage, index) => bits | (key.usages.includes(usage) ? 1 << index : 0), 0);
  const bits = length ?? modulusLength;
  return [key.type, name, key.extractable, usages, hash?.name, bits, namedCurve, publicExponent?.slice().buffer];
}

export const sign = (params, key, data) => subtle.sign(plain(params), key, data);
export const verify = (params, key, signature, data) => subtle.verify(plain(params), key, signature, data);
export const encrypt = (params, key, data) => subtle.encrypt(plain(params), key, data);
export const decrypt = (params, key, data) => subtle.decrypt(plain(params), key, data);
export const deriveBits = (params, key, length) => subtle.deriveBits(plain(params), key, length);
export const deriveKey = (params, key, imported, length, extractable, usages) =>
  subtle.deriveKey(plain(params), key, { ...imported, ...length }, extractable, names(usages));
export async function wrapKey(format, key, wrapping, params) {
  checkExtractable(key);
  return subtle.wrapKey(format, key, wrapping, plain(params));
}

export const unwrapKey = (format, wrapped, key, params, imported, extractable, usages) =>
  subtle.unwrapKey(format, wrapped, key, plain(params), plain(imported), extractable, names(usages));
