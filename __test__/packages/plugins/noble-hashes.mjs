import { blake3 } from '@noble/hashes/blake3.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { sha3_512 } from '@noble/hashes/sha3.js';
import { bytesToHex, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export function hashes(text) {
  const bytes = utf8ToBytes(text);
  return {
    sha256: bytesToHex(sha256(bytes)),
    sha3: bytesToHex(sha3_512(bytes)).slice(0, 16),
    blake3: bytesToHex(blake3(bytes)),
    hkdf: bytesToHex(hkdf(sha256, bytes, bytes, bytes, 16)),
    scrypt: bytesToHex(scrypt(bytes, bytes, { N: 16, r: 1, p: 1, dkLen: 16 })),
    random: randomBytes(8).length,
  };
}
