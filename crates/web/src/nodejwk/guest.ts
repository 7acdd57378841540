// JSON Web Keys and CryptoKeys for KeyObject: both by way of DER, through what crypto.subtle has for it.

import { keyHandle } from 'guest:cryptokey';
import { failure, invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { newKey } from 'guest:nodekey';
import type { KeyObject } from 'guest:nodekey';
import { bare, withCode } from 'guest:webidl';
import * as web from 'host:crypto';
import { encode } from 'host:nodebytes';
import * as host from 'host:nodekey';
import type { Handle } from 'host:nodekey';

const { parse, stringify } = JSON;
const TypeErrorIntrinsic = TypeError;

type Jwk = Record<string, unknown>;

/** Bits of the standard's usages. */
const SIGN = 4;
const VERIFY = 8;
const DERIVE_BITS = 32;

const CURVES: { readonly [name: string]: string } = {
  __proto__: null as never,
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** Members of each kind of key, in Node's order. */
const MEMBERS: { readonly [kty: string]: readonly string[] } = {
  __proto__: null as never,
  RSA: ['kty', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['kty', 'x', 'y', 'crv', 'd'],
  OKP: ['crv', 'd', 'x', 'kty'],
};

function params(name: string, members: Jwk = {}): web.Params {
  return { ...bare<unknown>(), name, ...members } as web.Params;
}

/** The algorithm by which crypto.subtle takes a key of this kind, and the usages that it is to have. */
function algorithmOf(
  kty: unknown,
  curve: unknown,
  isPrivate: boolean,
): [params: web.Params, usages: number] | undefined {
  if (kty === 'RSA') return [params('RSASSA-PKCS1-v1_5', { hash: 'SHA-256' }), isPrivate ? SIGN : VERIFY];
  if (kty === 'EC') return [params('ECDSA', { namedCurve: curve }), isPrivate ? SIGN : VERIFY];
  if (curve === 'Ed25519') return [params('Ed25519'), isPrivate ? SIGN : VERIFY];
  if (curve === 'X25519') return [params('X25519'), isPrivate ? DERIVE_BITS : 0];
  return undefined;
}

function picked(jwk: Jwk, kty: string): Jwk {
  const members = MEMBERS[kty]!;
  const key: Jwk = {};
  for (let i = 0; i < members.length; i++) {
    const value = jwk[members[i]!];
    if (value !== undefined) key[members[i]!] = value;
  }
  return key;
}

export function toJwk(handle: Handle): Jwk {
  const [type, family, , , curve] = host.describe(handle);
  if (type === 'secret') return { kty: 'oct', k: encode(host.secretOf(handle)!, 'base64url') };
  const kty = family === 'rsa' ? 'RSA' : family === 'ec' ? 'EC' : 'OKP';
  const name = family === 'ec' ? CURVES[curve!] : family === 'ed25519' ? 'Ed25519' : 'X25519';
  if (family === 'rsa-pss') throw failure('ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE', 'Unsupported JWK Key Type.');
  if (name === undefined) throw failure('ERR_CRYPTO_JWK_UNSUPPORTED_CURVE', `Unsupported JWK EC curve: ${curve}.`);
  const isPrivate = type === 'private';
  const [algorithm, usages] = algorithmOf(kty, name, isPrivate)!;
  const format = isPrivate ? 'pkcs8' : 'spki';
  const key = web.importKey(format, host.write(handle, format, false) as ArrayBuffer, algorithm, true, usages);
  return picked(parse(web.exportKey('jwk', key as web.Handle) as string) as Jwk, kty);
}

export function fromJwk(jwk: Jwk, wanted: 'public' | 'private'): Handle {
  const kty = jwk['kty'];
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') {
    throw invalidArgValue('key.kty', kty, "must be one of: 'RSA', 'EC', 'OKP'");
  }
  const key = picked(jwk, kty);
  if (wanted === 'public') {
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) delete key[member];
  } else if (typeof key['d'] !== 'string') {
    throw invalidArgType('key.d', 'of type string', key['d']);
  }
  const algorithm = algorithmOf(kty, key['crv'], wanted === 'private');
  if (algorithm === undefined) throw invalid();
  const format = wanted === 'private' ? 'pkcs8' : 'spki';
  let encoded;
  try {
    const imported = web.importKey('jwk', stringify({ __proto__: null, ...key }), algorithm[0], true, algorithm[1]);
    encoded = web.exportKey(format, imported as web.Handle) as ArrayBuffer;
  } catch {
    throw invalid();
  }
  const found = wanted === 'private' ? host.readPrivate('pkcs8', encoded, undefined) : host.readPublic('spki', encoded);
  if (typeof found === 'string') throw invalid();
  return found;
}

function invalid(): Error {
  return failure('ERR_CRYPTO_INVALID_JWK', 'Invalid JWK data');
}

export function fromCryptoKey(key: unknown): KeyObject {
  const handle = ofCryptoKey(key);
  if (handle === undefined) throw invalidArgType('key', 'an instance of CryptoKey', key);
  return newKey(handle);
}

/** The key of a CryptoKey, which has to be extractable; undefined for what is none. */
export function ofCryptoKey(key: unknown): Handle | undefined {
  let handle;
  try {
    handle = keyHandle(key, 'key');
  } catch {
    return undefined;
  }
  const [type] = web.describe(handle);
  const format = type === 'secret' ? 'raw' : type === 'private' ? 'pkcs8' : 'spki';
  const encoded = web.exportKey(format, handle) as ArrayBuffer;
  if (type === 'secret') return host.newSecret(encoded);
  const found = type === 'private' ? host.readPrivate('pkcs8', encoded, undefined) : host.readPublic('spki', encoded);
  if (typeof found !== 'string') return found;
  throw withCode(new TypeErrorIntrinsic('the key is not known here'), 'ERR_INVALID_ARG_VALUE');
}
