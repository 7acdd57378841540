declare module 'host:nodekey' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** The opaque object that keeps a key; wiped when it is freed. */
  export interface Handle {
    readonly __handle: never;
  }

  /** Why there is no key. */
  type Unread = 'unsupported' | 'passphrase' | 'wrong' | 'too much';

  export function newSecret(bytes: Source): Handle;
  /** The bytes of a secret key; undefined for another one. */
  export function secretOf(key: Handle): ArrayBuffer | undefined;

  // PEM is text, everything else bytes. A certificate in PEM has a public key.
  export function readPrivate(
    format: 'pem' | 'pkcs8' | 'pkcs1' | 'sec1',
    data: Source,
    passphrase: Source | undefined,
  ): Handle | Unread;
  export function readPublic(format: 'pem' | 'spki' | 'pkcs1', data: Source): Handle | Unread;
  export function publicHalf(key: Handle): Handle;

  export function describe(
    key: Handle,
  ): [
    type: 'secret' | 'public' | 'private',
    family: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'x25519' | undefined,
    bits: number,
    exponent: ArrayBuffer | undefined,
    curve: string | undefined,
  ];
  /** Undefined where the key has no such encoding. Text where it is PEM. */
  export function write(
    key: Handle,
    type: 'pkcs1' | 'pkcs8' | 'sec1' | 'spki',
    isPem: boolean,
  ): ArrayBuffer | string | undefined;
  /** Whether both are the same key. */
  export function isEqual(a: Handle, b: Handle): boolean;

  /** How a key signs: `salt` is that of PSS, undefined for PKCS #1. Curves give DER, or both numbers where `isPlain`. */
  // Undefined where the key, the hash function and the padding do not go together. Ed25519 has no digest and takes whole messages.
  export function sign(
    key: Handle,
    digest: string | undefined,
    data: Source,
    isDigested: boolean,
    salt: number | undefined,
    isPlain: boolean,
    isLater: boolean,
  ): ArrayBuffer | undefined | Promise<ArrayBuffer | undefined>;
  export function verify(
    key: Handle,
    digest: string | undefined,
    data: Source,
    isDigested: boolean,
    salt: number | undefined,
    isPlain: boolean,
    signature: Source,
    isLater: boolean,
  ): boolean | undefined | Promise<boolean | undefined>;

  /** RSA: OAEP by a hash function and with a label, or PKCS #1 where there is no function. Undefined where it fails. */
  export function crypt(
    key: Handle,
    isEncrypting: boolean,
    digest: string | undefined,
    label: Source,
    data: Source,
  ): ArrayBuffer | undefined;

  /** A private key; undefined where there is no such curve, or nobody waits any more. `curve` is a curve's name, or a family's. */
  export function generate(curve: string): Handle | undefined;
  export function generateRsa(
    bits: number,
    exponent: number,
    isLater: boolean,
  ): Handle | undefined | Promise<Handle | undefined>;
}
