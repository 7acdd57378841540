import CryptoJS from 'crypto-js';

export function digests(text) {
  return {
    sha256: CryptoJS.SHA256(text).toString(),
    md5: CryptoJS.MD5(text).toString(),
    hmac: CryptoJS.HmacSHA1(text, 'key').toString(CryptoJS.enc.Base64),
    pbkdf2: CryptoJS.PBKDF2(text, 'salt', { keySize: 4, iterations: 10 }).toString(),
  };
}

export function there(text) {
  const packed = CryptoJS.AES.encrypt(text, 'secret').toString();
  return CryptoJS.AES.decrypt(packed, 'secret').toString(CryptoJS.enc.Utf8);
}
