// What bundles that were made for Node find: the globals, and the modules that `require` and `import` know. Types as Node's, as far as
// it is here.

type BufferEncoding =
  | 'ascii'
  | 'base64'
  | 'base64url'
  | 'binary'
  | 'hex'
  | 'latin1'
  | 'ucs-2'
  | 'ucs2'
  | 'utf-16le'
  | 'utf-8'
  | 'utf16le'
  | 'utf8';

interface Buffer extends Uint8Array<ArrayBuffer> {
  readonly parent: ArrayBuffer;
  readonly offset: number;
  toString(encoding?: BufferEncoding, start?: number, end?: number): string;
  toLocaleString(encoding?: any, start?: any, end?: number): string;
  toJSON(): { type: 'Buffer'; data: number[] };
  equals(other: Uint8Array): boolean;
  compare(
    target: Uint8Array,
    targetStart?: number,
    targetEnd?: number,
    sourceStart?: number,
    sourceEnd?: number,
  ): -1 | 0 | 1;
  indexOf(value: string | number | Uint8Array, byteOffset?: number, encoding?: BufferEncoding): number;
  lastIndexOf(value: string | number | Uint8Array, byteOffset?: number, encoding?: BufferEncoding): number;
  includes(value: string | number | Uint8Array, byteOffset?: number, encoding?: BufferEncoding): boolean;
  copy(target: Uint8Array, targetStart?: number, sourceStart?: number, sourceEnd?: number): number;
  fill(value: string | number | Uint8Array, offset?: number, end?: number, encoding?: BufferEncoding): this;
  fill(value: string | Uint8Array, encoding: BufferEncoding): this;
  write(text: string, encoding?: BufferEncoding): number;
  write(text: string, offset: number, length?: number, encoding?: BufferEncoding): number;
  write(text: string, offset: number, encoding?: BufferEncoding): number;
  subarray(start?: number, end?: number): Buffer;
  slice(start?: number, end?: number): Buffer;
  inspect(): string;
  swap16(): this;
  swap32(): this;
  swap64(): this;
  readInt8(offset?: number): number;
  writeInt8(value: number, offset?: number): number;
  readUInt8(offset?: number): number;
  writeUInt8(value: number, offset?: number): number;
  readUint8(offset?: number): number;
  writeUint8(value: number, offset?: number): number;
  readInt16LE(offset?: number): number;
  writeInt16LE(value: number, offset?: number): number;
  readInt32LE(offset?: number): number;
  writeInt32LE(value: number, offset?: number): number;
  readUInt16LE(offset?: number): number;
  writeUInt16LE(value: number, offset?: number): number;
  readUint16LE(offset?: number): number;
  writeUint16LE(value: number, offset?: number): number;
  readUInt32LE(offset?: number): number;
  writeUInt32LE(value: number, offset?: number): number;
  readUint32LE(offset?: number): number;
  writeUint32LE(value: number, offset?: number): number;
  readFloatLE(offset?: number): number;
  writeFloatLE(value: number, offset?: number): number;
  readDoubleLE(offset?: number): number;
  writeDoubleLE(value: number, offset?: number): number;
  readBigInt64LE(offset?: number): bigint;
  writeBigInt64LE(value: bigint, offset?: number): number;
  readBigUInt64LE(offset?: number): bigint;
  writeBigUInt64LE(value: bigint, offset?: number): number;
  readBigUint64LE(offset?: number): bigint;
  writeBigUint64LE(value: bigint, offset?: number): number;
  readIntLE(offset: number, byteLength: number): number;
  writeIntLE(value: number, offset: number, byteLength: number): number;
  readUIntLE(offset: number, byteLength: number): number;
  writeUIntLE(value: number, offset: number, byteLength: number): number;
  readUintLE(offset: number, byteLength: number): number;
  writeUintLE(value: number, offset: number, byteLength: number): number;
  readInt16BE(offset?: number): number;
  writeInt16BE(value: number, offset?: number): number;
  readInt32BE(offset?: number): number;
  writeInt32BE(value: number, offset?: number): number;
  readUInt16BE(offset?: number): number;
  writeUInt16BE(value: number, offset?: number): number;
  readUint16BE(offset?: number): number;
  writeUint16BE(value: number, offset?: number): number;
  readUInt32BE(offset?: number): number;
  writeUInt32BE(value: number, offset?: number): number;
  readUint32BE(offset?: number): number;
  writeUint32BE(value: number, offset?: number): number;
  readFloatBE(offset?: number): number;
  writeFloatBE(value: number, offset?: number): number;
  readDoubleBE(offset?: number): number;
  writeDoubleBE(value: number, offset?: number): number;
  readBigInt64BE(offset?: number): bigint;
  writeBigInt64BE(value: bigint, offset?: number): number;
  readBigUInt64BE(offset?: number): bigint;
  writeBigUInt64BE(value: bigint, offset?: number): number;
  readBigUint64BE(offset?: number): bigint;
  writeBigUint64BE(value: bigint, offset?: number): number;
  readIntBE(offset: number, byteLength: number): number;
  writeIntBE(value: number, offset: number, byteLength: number): number;
  readUIntBE(offset: number, byteLength: number): number;
  writeUIntBE(value: number, offset: number, byteLength: number): number;
  readUintBE(offset: number, byteLength: number): number;
  writeUintBE(value: number, offset: number, byteLength: number): number;
}
declare var Buffer: {
  readonly prototype: Buffer;
  poolSize: number;
  from(text: string, encoding?: BufferEncoding): Buffer;
  from(buffer: ArrayBufferLike, byteOffset?: number, length?: number): Buffer;
  from(bytes: Uint8Array | readonly number[] | ArrayLike<number>): Buffer;
  from(object: { valueOf(): string | object } | { [Symbol.toPrimitive](hint: 'string'): string }): Buffer;
  of(...bytes: number[]): Buffer;
  alloc(size: number, fill?: string | number | Uint8Array, encoding?: BufferEncoding): Buffer;
  allocUnsafe(size: number): Buffer;
  allocUnsafeSlow(size: number): Buffer;
  copyBytesFrom(view: ArrayBufferView, offset?: number, length?: number): Buffer;
  concat(list: readonly Uint8Array[], totalLength?: number): Buffer;
  isBuffer(value: unknown): value is Buffer;
  isEncoding(encoding: string): encoding is BufferEncoding;
  byteLength(value: string | ArrayBufferView | ArrayBufferLike, encoding?: BufferEncoding): number;
  compare(one: Uint8Array, two: Uint8Array): -1 | 0 | 1;
};

declare namespace Hostbox {
  interface ParsedPath {
    root: string;
    dir: string;
    base: string;
    ext: string;
    name: string;
  }
  interface Path {
    resolve(...paths: string[]): string;
    normalize(path: string): string;
    isAbsolute(path: string): boolean;
    join(...paths: string[]): string;
    relative(from: string, to: string): string;
    toNamespacedPath(path: string): string;
    dirname(path: string): string;
    basename(path: string, suffix?: string): string;
    extname(path: string): string;
    format(path: Partial<ParsedPath>): string;
    parse(path: string): ParsedPath;
    readonly sep: '/' | '\\';
    readonly delimiter: ':' | ';';
    readonly win32: Path;
    readonly posix: Path;
  }

  type Listener = (...args: any[]) => void;
  interface EventEmitter {
    addListener(name: string | symbol, listener: Listener): this;
    on(name: string | symbol, listener: Listener): this;
    once(name: string | symbol, listener: Listener): this;
    prependListener(name: string | symbol, listener: Listener): this;
    prependOnceListener(name: string | symbol, listener: Listener): this;
    removeListener(name: string | symbol, listener: Listener): this;
    off(name: string | symbol, listener: Listener): this;
    removeAllListeners(name?: string | symbol): this;
    setMaxListeners(count: number): this;
    getMaxListeners(): number;
    listeners(name: string | symbol): Function[];
    rawListeners(name: string | symbol): Function[];
    listenerCount(name: string | symbol, listener?: Listener): number;
    eventNames(): (string | symbol)[];
    emit(name: string | symbol, ...args: any[]): boolean;
  }

  interface ProcessOutput extends EventEmitter {
    readonly fd: 1 | 2;
    readonly isTTY: false;
    readonly writable: true;
    /** One entry of the console. */
    write(chunk: string | Uint8Array, encoding?: BufferEncoding, done?: () => void): boolean;
    write(chunk: string | Uint8Array, done?: () => void): boolean;
    end(chunk?: string | Uint8Array): this;
  }
  interface Process extends EventEmitter {
    /** There are no files and no processes behind it. */
    readonly browser: true;
    title: string;
    readonly version: string;
    readonly versions: Readonly<Record<string, string>>;
    readonly arch: string;
    readonly platform: string;
    readonly release: Readonly<Record<string, string>>;
    argv: string[];
    readonly argv0: string;
    readonly execArgv: string[];
    readonly execPath: string;
    readonly pid: number;
    readonly ppid: number;
    exitCode: number | string | null | undefined;
    readonly features: Readonly<Record<string, unknown>>;
    readonly config: Readonly<Record<string, unknown>>;
    /** What the app grants, and nothing of its own environment. */
    env: Record<string, string | undefined>;
    readonly stdout: ProcessOutput;
    readonly stderr: ProcessOutput;
    cwd(): string;
    umask(mask?: number | string): number;
    uptime(): number;
    hrtime: { (previous?: [number, number]): [seconds: number, nanoseconds: number]; bigint(): bigint };
    /** Runs before promise jobs. */
    nextTick<A extends unknown[]>(callback: (...args: A) => void, ...args: A): void;
    emitWarning(warning: string | Error, type?: string, code?: string): void;
    emitWarning(warning: string | Error, options?: { type?: string; code?: string; detail?: string }): void;
    memoryUsage: {
      (): { rss: number; heapTotal: number; heapUsed: number; external: number; arrayBuffers: number };
      rss(): number;
    };
    cpuUsage(previous?: { user: number; system: number }): { user: number; system: number };
    exit(code?: number | string | null): never;
  }

  type BinaryToText = 'base64' | 'base64url' | 'binary' | 'hex' | 'latin1';
  type BinaryLike = string | ArrayBufferView;
  type NodeKey = BinaryLike | ArrayBufferLike | CryptoKey | KeyObject;
  type NodeCallback<T> = (error: Error | null, value: T) => void;
  interface HashOptions extends TransformOptions {
    /** Bytes of the digest, for functions that can be asked for any number. */
    outputLength?: number;
  }
  interface Hash extends Transform {
    update(data: BinaryLike, inputEncoding?: BufferEncoding): this;
    digest(): Buffer;
    digest(encoding: BinaryToText): string;
    copy(options?: HashOptions): Hash;
  }
  interface Hmac extends Transform {
    update(data: BinaryLike, inputEncoding?: BufferEncoding): this;
    digest(): Buffer;
    digest(encoding: BinaryToText): string;
  }
  interface CipherOptions extends TransformOptions {
    authTagLength?: number;
  }
  interface Ciphering extends Transform {
    update(data: BinaryLike, inputEncoding?: BufferEncoding): Buffer;
    update(data: BinaryLike, inputEncoding: BufferEncoding | undefined, outputEncoding: BufferEncoding): string;
    final(): Buffer;
    final(outputEncoding: BufferEncoding): string;
    setAutoPadding(isOn?: boolean): this;
    setAAD(data: BinaryLike, options?: { plaintextLength?: number; encoding?: BufferEncoding }): this;
  }
  interface Cipher extends Ciphering {
    getAuthTag(): Buffer;
  }
  interface Decipher extends Ciphering {
    setAuthTag(tag: BinaryLike, encoding?: BufferEncoding): this;
  }
  interface CipherInfo {
    name: string;
    nid: number;
    blockSize?: number;
    ivLength?: number;
    keyLength: number;
    mode: string;
  }
  interface ScryptOptions {
    cost?: number;
    blockSize?: number;
    parallelization?: number;
    N?: number;
    r?: number;
    p?: number;
    maxmem?: number;
  }
  type KeyObjectType = 'private' | 'public' | 'secret';
  interface KeyExportOptions {
    type?: 'pkcs1' | 'pkcs8' | 'sec1' | 'spki';
    format?: 'der' | 'jwk' | 'pem';
    cipher?: string;
    passphrase?: BinaryLike;
  }
  interface KeyObject {
    readonly type: KeyObjectType;
    readonly asymmetricKeyType: string | undefined;
    readonly asymmetricKeyDetails: Record<string, unknown> | undefined;
    readonly symmetricKeySize: number | undefined;
    equals(other: KeyObject): boolean;
    export(options: KeyExportOptions & { format: 'jwk' }): JsonWebKey;
    export(options: KeyExportOptions & { format: 'pem' }): string;
    export(options?: KeyExportOptions): any;
  }
  /** A key as PEM text, as bytes, as an object, or with what it takes to read or to use it. */
  type AsymmetricKey =
    | BinaryLike
    | KeyObject
    | CryptoKey
    | {
        key: BinaryLike | KeyObject | CryptoKey | JsonWebKey;
        format?: 'der' | 'jwk' | 'pem';
        type?: 'pkcs1' | 'pkcs8' | 'sec1' | 'spki';
        passphrase?: BinaryLike;
        encoding?: BufferEncoding;
        padding?: number;
        saltLength?: number;
        dsaEncoding?: 'der' | 'ieee-p1363';
        oaepHash?: string;
        oaepLabel?: BinaryLike;
      };
  interface KeyPairOptions {
    modulusLength?: number;
    publicExponent?: number;
    namedCurve?: string;
    paramEncoding?: 'named';
    publicKeyEncoding?: KeyExportOptions;
    privateKeyEncoding?: KeyExportOptions;
    [option: string]: unknown;
  }
  interface Signer extends Writable {
    update(data: BinaryLike, inputEncoding?: BufferEncoding): this;
    sign(key: AsymmetricKey): Buffer;
    sign(key: AsymmetricKey, encoding: BinaryToText): string;
  }
  interface Verifier extends Writable {
    update(data: BinaryLike, inputEncoding?: BufferEncoding): this;
    verify(key: AsymmetricKey, signature: BinaryLike, encoding?: BinaryToText): boolean;
  }
  /** Node's `crypto`, as far as it is here. */
  interface NodeCrypto {
    Hash: new (algorithm: string, options?: HashOptions) => Hash;
    Hmac: new (algorithm: string, key: NodeKey, options?: TransformOptions) => Hmac;
    Cipheriv: new (algorithm: string, key: NodeKey, iv: BinaryLike | null, options?: CipherOptions) => Cipher;
    Decipheriv: new (algorithm: string, key: NodeKey, iv: BinaryLike | null, options?: CipherOptions) => Decipher;
    createHash(algorithm: string, options?: HashOptions): Hash;
    createHmac(algorithm: string, key: NodeKey, options?: TransformOptions): Hmac;
    createCipheriv(algorithm: string, key: NodeKey, iv: BinaryLike | null, options?: CipherOptions): Cipher;
    createDecipheriv(algorithm: string, key: NodeKey, iv: BinaryLike | null, options?: CipherOptions): Decipher;
    getCipherInfo(name: string | number, options?: { keyLength?: number; ivLength?: number }): CipherInfo | undefined;
    getCiphers(): string[];
    getHashes(): string[];
    hash(algorithm: string, data: BinaryLike, outputEncoding?: BinaryToText): string;
    hash(algorithm: string, data: BinaryLike, outputEncoding: 'buffer'): Buffer;
    hkdf(
      digest: string,
      key: NodeKey,
      salt: BinaryLike,
      info: BinaryLike,
      length: number,
      callback: NodeCallback<ArrayBuffer>,
    ): void;
    hkdfSync(digest: string, key: NodeKey, salt: BinaryLike, info: BinaryLike, length: number): ArrayBuffer;
    pbkdf2(
      password: BinaryLike,
      salt: BinaryLike,
      iterations: number,
      length: number,
      digest: string,
      callback: NodeCallback<Buffer>,
    ): void;
    pbkdf2Sync(password: BinaryLike, salt: BinaryLike, iterations: number, length: number, digest: string): Buffer;
    scrypt(password: BinaryLike, salt: BinaryLike, length: number, callback: NodeCallback<Buffer>): void;
    scrypt(
      password: BinaryLike,
      salt: BinaryLike,
      length: number,
      options: ScryptOptions,
      callback: NodeCallback<Buffer>,
    ): void;
    scryptSync(password: BinaryLike, salt: BinaryLike, length: number, options?: ScryptOptions): Buffer;
    randomBytes(size: number): Buffer;
    randomBytes(size: number, callback: NodeCallback<Buffer>): void;
    randomFill<T extends ArrayBufferView | ArrayBufferLike>(buffer: T, callback: NodeCallback<T>): void;
    randomFill<T extends ArrayBufferView | ArrayBufferLike>(buffer: T, offset: number, callback: NodeCallback<T>): void;
    randomFill<T extends ArrayBufferView | ArrayBufferLike>(
      buffer: T,
      offset: number,
      size: number,
      callback: NodeCallback<T>,
    ): void;
    randomFillSync<T extends ArrayBufferView | ArrayBufferLike>(buffer: T, offset?: number, size?: number): T;
    randomInt(max: number): number;
    randomInt(min: number, max: number): number;
    randomInt(max: number, callback: NodeCallback<number>): void;
    randomInt(min: number, max: number, callback: NodeCallback<number>): void;
    randomUUID(options?: { disableEntropyCache?: boolean }): string;
    timingSafeEqual(one: ArrayBufferView | ArrayBufferLike, two: ArrayBufferView | ArrayBufferLike): boolean;
    KeyObject: { readonly prototype: KeyObject; from(key: CryptoKey): KeyObject };
    createPrivateKey(key: AsymmetricKey): KeyObject;
    createPublicKey(key: AsymmetricKey): KeyObject;
    createSecretKey(key: BinaryLike, encoding?: BufferEncoding): KeyObject;
    generateKey(type: 'aes' | 'hmac', options: { length: number }, callback: NodeCallback<KeyObject>): void;
    generateKeySync(type: 'aes' | 'hmac', options: { length: number }): KeyObject;
    generateKeyPair(
      type: string,
      options: KeyPairOptions,
      callback: (error: Error | null, publicKey: any, privateKey: any) => void,
    ): void;
    generateKeyPair(
      type: string,
      callback: (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => void,
    ): void;
    generateKeyPairSync(type: string, options?: KeyPairOptions): { publicKey: any; privateKey: any };
    getCurves(): string[];
    Sign: new (algorithm: string, options?: WritableOptions) => Signer;
    Verify: new (algorithm: string, options?: WritableOptions) => Verifier;
    readonly constants: Readonly<Record<string, number>>;
    createSign(algorithm: string, options?: WritableOptions): Signer;
    createVerify(algorithm: string, options?: WritableOptions): Verifier;
    privateDecrypt(key: AsymmetricKey, data: BinaryLike): Buffer;
    publicEncrypt(key: AsymmetricKey, data: BinaryLike): Buffer;
    sign(algorithm: string | null | undefined, data: BinaryLike, key: AsymmetricKey): Buffer;
    sign(
      algorithm: string | null | undefined,
      data: BinaryLike,
      key: AsymmetricKey,
      callback: NodeCallback<Buffer>,
    ): void;
    verify(algorithm: string | null | undefined, data: BinaryLike, key: AsymmetricKey, signature: BinaryLike): boolean;
    verify(
      algorithm: string | null | undefined,
      data: BinaryLike,
      key: AsymmetricKey,
      signature: BinaryLike,
      callback: NodeCallback<boolean>,
    ): void;
    readonly webcrypto: Crypto;
    readonly subtle: SubtleCrypto;
    getRandomValues<T extends IntegerArray>(array: T): T;
  }
}

declare var path: Hostbox.Path;
declare var process: Hostbox.Process;
declare var nodeCryptoCompat: Hostbox.NodeCrypto;
/** The global object. */
declare var global: typeof globalThis;

/** Node's modules that are built in, and nothing else, with `node:` or without: `require('module').builtinModules` lists them. */
declare function require(id: string): any;
