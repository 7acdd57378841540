declare module 'host:nodecipher' {
  type Source = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** A running cipher. */
  export interface Handle {
    readonly __handle: never;
  }

  export function names(): string[];
  /** By a name or by OpenSSL's number. `allowsIv` tells whether an initialization vector of `ivLength` bytes will do. */
  export function info(
    cipher: string | number,
    ivLength: number,
  ):
    | [
        name: string,
        nid: number,
        mode: string,
        keyLength: number,
        ivLength: number,
        blockSize: number | undefined,
        allowsIv: boolean,
        isAuthenticated: boolean,
      ]
    | undefined;
  /** Whether the cipher has authentication tags of so many bytes. */
  export function allowsTag(cipher: string, length: number): boolean;

  /** Undefined where the key, the vector or the length of the tag is none of this cipher. The handle is on the sandbox's account. */
  export function open(
    cipher: string,
    key: Source,
    iv: Source,
    isEncrypting: boolean,
    tagLength: number | undefined,
  ): Handle | undefined;

  // False where it is over, or the cipher has no such thing.
  export function setPadding(handle: Handle, isPadding: boolean): boolean;
  export function addData(handle: Handle, data: Source): boolean;
  export function takesTag(handle: Handle): boolean;
  /** False where the length is wrong. */
  export function setTag(handle: Handle, tag: Source): boolean;
  /** Undefined before the end. */
  export function tag(handle: Handle): ArrayBuffer | undefined;

  type Failed = 'wrong length' | 'bad decrypt' | 'unauthentic' | 'too long' | 'finished';
  export function update(handle: Handle, data: Source): ArrayBuffer | Failed;
  export function finish(handle: Handle): ArrayBuffer | Failed;
}
