// Web Cryptography.

type KeyFormat = 'jwk' | 'pkcs8' | 'raw' | 'spki';
type KeyType = 'private' | 'public' | 'secret';
type KeyUsage = 'decrypt' | 'deriveBits' | 'deriveKey' | 'encrypt' | 'sign' | 'unwrapKey' | 'verify' | 'wrapKey';
type HashAlgorithmIdentifier = string | { name: string };
type AlgorithmIdentifier = string | { name: string };

interface JsonWebKey {
  alg?: string;
  crv?: string;
  d?: string;
  dp?: string;
  dq?: string;
  e?: string;
  ext?: boolean;
  k?: string;
  key_ops?: string[];
  kty?: string;
  n?: string;
  oth?: { d?: string; r?: string; t?: string }[];
  p?: string;
  q?: string;
  qi?: string;
  use?: string;
  x?: string;
  y?: string;
}

/** The names of algorithms, and what each of them needs beside: AES, HMAC, HKDF, PBKDF2, RSA, the curves of NIST and 25519. */
interface CryptoAlgorithm {
  name: string;
  hash?: HashAlgorithmIdentifier;
  length?: number;
  namedCurve?: string;
  modulusLength?: number;
  publicExponent?: Uint8Array;
  public?: CryptoKey;
  iv?: BufferSource;
  counter?: BufferSource;
  additionalData?: BufferSource;
  tagLength?: number;
  label?: BufferSource;
  saltLength?: number;
  salt?: BufferSource;
  info?: BufferSource;
  iterations?: number;
}

interface CryptoKey {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: { name: string; [parameter: string]: any };
  readonly usages: KeyUsage[];
}
declare var CryptoKey: { readonly prototype: CryptoKey };
interface CryptoKeyPair {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

interface SubtleCrypto {
  encrypt(algorithm: AlgorithmIdentifier | CryptoAlgorithm, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  decrypt(algorithm: AlgorithmIdentifier | CryptoAlgorithm, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  sign(algorithm: AlgorithmIdentifier | CryptoAlgorithm, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  verify(
    algorithm: AlgorithmIdentifier | CryptoAlgorithm,
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean>;
  digest(algorithm: AlgorithmIdentifier, data: BufferSource): Promise<ArrayBuffer>;
  generateKey(
    algorithm: AlgorithmIdentifier | CryptoAlgorithm,
    extractable: boolean,
    usages: Iterable<KeyUsage>,
  ): Promise<CryptoKey | CryptoKeyPair>;
  deriveKey(
    algorithm: CryptoAlgorithm,
    baseKey: CryptoKey,
    derived: AlgorithmIdentifier | CryptoAlgorithm,
    extractable: boolean,
    usages: Iterable<KeyUsage>,
  ): Promise<CryptoKey>;
  deriveBits(algorithm: CryptoAlgorithm, baseKey: CryptoKey, length?: number | null): Promise<ArrayBuffer>;
  importKey(
    format: 'jwk',
    key: JsonWebKey,
    algorithm: AlgorithmIdentifier | CryptoAlgorithm,
    extractable: boolean,
    usages: Iterable<KeyUsage>,
  ): Promise<CryptoKey>;
  importKey(
    format: Exclude<KeyFormat, 'jwk'>,
    key: BufferSource,
    algorithm: AlgorithmIdentifier | CryptoAlgorithm,
    extractable: boolean,
    usages: Iterable<KeyUsage>,
  ): Promise<CryptoKey>;
  exportKey(format: 'jwk', key: CryptoKey): Promise<JsonWebKey>;
  exportKey(format: Exclude<KeyFormat, 'jwk'>, key: CryptoKey): Promise<ArrayBuffer>;
  wrapKey(
    format: KeyFormat,
    key: CryptoKey,
    wrappingKey: CryptoKey,
    algorithm: AlgorithmIdentifier | CryptoAlgorithm,
  ): Promise<ArrayBuffer>;
  unwrapKey(
    format: KeyFormat,
    wrapped: BufferSource,
    unwrappingKey: CryptoKey,
    algorithm: AlgorithmIdentifier | CryptoAlgorithm,
    unwrapped: AlgorithmIdentifier | CryptoAlgorithm,
    extractable: boolean,
    usages: Iterable<KeyUsage>,
  ): Promise<CryptoKey>;
}
declare var SubtleCrypto: { readonly prototype: SubtleCrypto };

type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The standard's `crypto`; Node's names stand beside it, as on `nodeCryptoCompat`. */
interface Crypto {
  readonly subtle: SubtleCrypto;
  getRandomValues<T extends IntegerArray>(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}
declare var Crypto: { readonly prototype: Crypto };
declare var crypto: Crypto & Omit<Hostbox.NodeCrypto, 'getRandomValues' | 'randomUUID' | 'subtle' | 'webcrypto'>;
