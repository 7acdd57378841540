import {
  CompactEncrypt,
  compactDecrypt,
  createLocalJWKSet,
  EncryptJWT,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importJWK,
  importPKCS8,
  jwtDecrypt,
  jwtVerify,
  SignJWT,
} from 'jose';

const secret = new Uint8Array(32).fill(7);

export async function hmacToken() {
  return new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('me')
    .setIssuedAt(1000)
    .sign(secret);
}

export async function verified(token, options) {
  try {
    return (await jwtVerify(token, secret, { currentDate: new Date(2_000_000), ...options })).payload;
  } catch (error) {
    return error.code;
  }
}

export async function signedWith(alg) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = await importPKCS8(await exportPKCS8(privateKey), alg);
  const token = await new SignJWT({ alg })
    .setProtectedHeader({ alg, kid: 'k' })
    .setIssuer('us')
    .setExpirationTime('1h')
    .sign(key);
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg }] });
  const { payload } = await jwtVerify(token, keys, { issuer: 'us' });
  return payload.alg;
}

export async function encrypted(alg, enc) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = await importJWK(await exportJWK(publicKey), alg);
  const token = await new EncryptJWT({ secret: 42 }).setProtectedHeader({ alg, enc }).encrypt(key);
  return (await jwtDecrypt(token, privateKey)).payload.secret;
}

export async function wrapped() {
  const text = new TextEncoder().encode('hello');
  const sealed = await new CompactEncrypt(text)
    .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM' })
    .encrypt(secret);
  const { plaintext } = await compactDecrypt(sealed, secret, { keyManagementAlgorithms: ['PBES2-HS256+A128KW'] });
  return new TextDecoder().decode(plaintext);
}
