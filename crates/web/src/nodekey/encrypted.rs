//! Private keys that a passphrase opens (RFC 5958 with PBES2 of RFC 8018): PBKDF2 and AES-CBC.

use pkcs5::EncryptionScheme;
use pkcs5::pbes2::{EncryptionScheme as Cipher, Kdf, Pbkdf2Prf};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Reader, SliceReader};
use zeroize::Zeroizing;

use crate::crypto::decrypt_cbc;
use crate::nodehash::hashes::Algorithm;
use crate::nodekdf::derive::{IsOver, Pbkdf2};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// It is nothing that is known here.
    Unsupported,
    /// The passphrase does not open it.
    Wrong,
    /// More rounds than a guest may ask for.
    TooMuch,
}

/// Rounds that reading a key may take: about a quarter of a second.
const MOST_ROUNDS: u32 = 1 << 20;

/// The PKCS #8 inside.
pub(crate) fn open(der: &[u8], passphrase: &[u8], is_over: IsOver<'_>) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let (scheme, data) = parse(der).ok_or(Closed::Unsupported)?;
    let parameters = scheme.pbes2().ok_or(Closed::Unsupported)?;
    let Kdf::Pbkdf2(kdf) = &parameters.kdf else { return Err(Closed::Unsupported) };
    let algorithm = match kdf.prf {
        Pbkdf2Prf::HmacWithSha1 => Algorithm::Sha1,
        Pbkdf2Prf::HmacWithSha224 => Algorithm::Sha224,
        Pbkdf2Prf::HmacWithSha256 => Algorithm::Sha256,
        Pbkdf2Prf::HmacWithSha384 => Algorithm::Sha384,
        Pbkdf2Prf::HmacWithSha512 => Algorithm::Sha512,
        _ => return Err(Closed::Unsupported),
    };
    let (length, iv) = match &parameters.encryption {
        Cipher::Aes128Cbc { iv } => (16, iv),
        Cipher::Aes192Cbc { iv } => (24, iv),
        Cipher::Aes256Cbc { iv } => (32, iv),
        _ => return Err(Closed::Unsupported),
    };
    if kdf.iteration_count > MOST_ROUNDS {
        return Err(Closed::TooMuch);
    }
    let salt: &[u8] = kdf.salt.as_ref();
    let (password, iterations) = (passphrase, kdf.iteration_count);
    let key = Pbkdf2 { algorithm, password, salt, iterations, length, is_over }.run().ok_or(Closed::TooMuch)?;
    decrypt_cbc(&key, iv, data).map_err(|_| Closed::Wrong)
}

/// Whether bytes are such a key, whatever it is encrypted by.
pub(crate) fn is_closed(der: &[u8]) -> bool {
    parse(der).is_some()
}

fn parse(der: &[u8]) -> Option<(EncryptionScheme, &[u8])> {
    let mut reader = SliceReader::new(der).ok()?;
    let parsed = reader.sequence(|reader| {
        let scheme = EncryptionScheme::decode(reader)?;
        let data = <&OctetStringRef>::decode(reader)?;
        Ok::<_, pkcs8::der::Error>((scheme, data.as_bytes()))
    });
    let parsed = parsed.ok()?;
    reader.finish().ok()?;
    Some(parsed)
}
