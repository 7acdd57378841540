// `host:nodekey` over Node's own keys: a handle is a KeyObject of Node's.

import crypto from 'node:crypto';

const { constants, createPrivateKey, createPublicKey, createSecretKey } = crypto;
const exact = (buffer) => new Uint8Array(buffer).buffer;
const view = (source) =>
  ArrayBuffer.isView(source) ? Buffer.from(source.buffer, source.byteOffset, source.byteLength) : Buffer.from(source);

export const newSecret = (bytes) => createSecretKey(view(bytes));
export const secretOf = (key) => (key.type === 'secret' ? exact(key.export()) : undefined);

function read(create, format, data, passphrase) {
  const encoding = format === 'pem' ? { format } : { format: 'der', type: format };
  const closed = passphrase === undefined ? {} : { passphrase: view(passphrase) };
  try {
    return create({ key: view(data), ...encoding, ...closed });
  } catch (error) {
    if (/interrupted|PASSPHRASE/.test(error.code + error.message)) return 'passphrase';
    return /BAD_DECRYPT/.test(error.code) ? 'wrong' : 'unsupported';
  }
}

export const readPrivate = (format, data, passphrase) => read(createPrivateKey, format, data, passphrase);

export function readPublic(format, data) {
  // Node's own takes private keys as well.
  const isPrivate = format === 'pem' && /PRIVATE KEY/.test(view(data).toString());
  return isPrivate ? 'unsupported' : read(createPublicKey, format, data);
}

export const publicHalf = (key) => createPublicKey(key);

export function describe(key) {
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {};
  const bits = modulusLength ?? (key.symmetricKeySize ?? 0) * 8;
  const hex = publicExponent?.toString(16);
  const exponent =
    hex === undefined ? undefined : exact(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
  return [key.type, key.asymmetricKeyType, bits, exponent, namedCurve];
}

export function write(key, type, isPem) {
  try {
    const written = key.export({ type, format: isPem ? 'pem' : 'der' });
    return isPem ? written : exact(written);
  } catch {
    return undefined;
  }
}

export const isEqual = (a, b) => a.equals(b);

/** Signs digests: RSA and curves alike know how by `sign` with the identity in place of a hash function, which Node lacks. */
const messages = new Map();
const remember = (data, isDigested) => (isDigested ? messages.get(Buffer.from(data).toString('hex')) : view(data));
export const noteMessage = (digest, message) => messages.set(Buffer.from(digest).toString('hex'), message);

const options = (key, salt, isPlain) => ({
  key,
  dsaEncoding: isPlain ? 'ieee-p1363' : 'der',
  ...(salt === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt }),
});

const attempt = (run) => {
  try {
    return run();
  } catch {
    return undefined;
  }
};
const soon = (isLater, run) => (isLater ? Promise.resolve().then(run) : run());

export const sign = (key, digest, data, isDigested, salt, isPlain, isLater) =>
  soon(isLater, () =>
    attempt(() => exact(crypto.sign(digest, remember(data, isDigested), options(key, salt, isPlain)))),
  );

export const verify = (key, digest, data, isDigested, salt, isPlain, signature, isLater) =>
  soon(isLater, () =>
    attempt(() => crypto.verify(digest, remember(data, isDigested), options(key, salt, isPlain), view(signature))),
  );

export function crypt(key, isEncrypting, digest, label, data) {
  const padding = digest === undefined ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING;
  const given = { key, padding, oaepHash: digest, oaepLabel: view(label) };
  return attempt(() => exact(crypto[isEncrypting ? 'publicEncrypt' : 'privateDecrypt'](given, view(data))));
}

export function generate(curve) {
  const isOther = curve === 'ed25519' || curve === 'x25519';
  const made = attempt(() => crypto.generateKeyPairSync(isOther ? curve : 'ec', isOther ? {} : { namedCurve: curve }));
  return made?.privateKey;
}

export const generateRsa = (modulusLength, publicExponent, isLater) =>
  soon(isLater, () => crypto.generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey);
