//! Keys that are plain bytes: AES, HMAC, and what HKDF and PBKDF2 start from.

use super::algorithm::{Hash, Params, Scheme, Usages};
use super::error::{Result, data, operation, syntax, unsupported};
use super::jwk::Jwk;
use super::key::{Bare, Encoded, Exported, Format, Key, Kind, Material, NO_USAGES, Secret, Wanted, random};

fn aes_usages(scheme: Scheme) -> Usages {
    let wraps = Usages::WRAP.and(Usages::UNWRAP);
    if scheme == Scheme::AesKw { wraps } else { wraps.and(Usages::ENCRYPT).and(Usages::DECRYPT) }
}

const HMAC_USAGES: Usages = Usages::SIGN.and(Usages::VERIFY);
const DERIVATION_USAGES: Usages = Usages::DERIVE_KEY.and(Usages::DERIVE_BITS);

/// The longest HMAC key that is made: longer ones are hashed anyway.
const MOST_HMAC_BITS: u32 = 1 << 20;

fn bits(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).ok().and_then(|bytes| bytes.checked_mul(8)).ok_or_else(|| data("the key is too long"))
}

fn secret(scheme: Scheme, hash: Option<Hash>, bytes: Secret, bits: u32) -> Bare {
    Bare { kind: Kind::Secret, scheme, hash, material: Material::Symmetric { bytes, bits } }
}

/// `generateKey` of AES and HMAC.
pub(crate) fn generate(params: &Params, wanted: Wanted) -> Result<Key> {
    let scheme = params.scheme()?;
    let bare = match scheme {
        Scheme::Hmac => {
            wanted.usages.check(HMAC_USAGES)?;
            let hash = params.hash()?;
            let bits = params.length.unwrap_or(hash.block_bits());
            if bits == 0 || bits > MOST_HMAC_BITS {
                return Err(operation(format!("length must be 1 to {MOST_HMAC_BITS}")));
            }
            secret(scheme, Some(hash), random(bits.div_ceil(8) as usize)?, bits)
        }
        Scheme::AesCbc | Scheme::AesCtr | Scheme::AesGcm | Scheme::AesKw => {
            wanted.usages.check(aes_usages(scheme))?;
            let bits = params.length.unwrap_or(0);
            check_aes_length(bits)?;
            secret(scheme, None, random(bits as usize / 8)?, bits)
        }
        _ => return Err(unsupported("such keys are imported only")),
    };
    if wanted.usages.is_empty() {
        return Err(syntax(NO_USAGES));
    }
    Ok(Key { bare, extractable: wanted.extractable, usages: wanted.usages })
}

fn check_aes_length(bits: u32) -> Result<()> {
    if matches!(bits, 128 | 192 | 256) { Ok(()) } else { Err(operation("length must be 128, 192 or 256")) }
}

/// The length in bits of a key to derive, by the parameters of its algorithm; `None` for keys of any length.
pub(crate) fn derived_length(params: &Params) -> Result<Option<u32>> {
    match params.scheme()? {
        Scheme::AesCbc | Scheme::AesCtr | Scheme::AesGcm | Scheme::AesKw => {
            let bits = params.length.unwrap_or(0);
            check_aes_length(bits)?;
            Ok(Some(bits))
        }
        Scheme::Hmac => match params.length {
            None => Ok(Some(params.hash()?.block_bits())),
            // A TypeError of the guest's own, thrown there.
            Some(0) => Err(operation("length must not be 0")),
            length => Ok(length),
        },
        _ => Ok(None),
    }
}

pub(crate) fn import_aes(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Bare> {
    let scheme = params.scheme()?;
    wanted.usages.check(aes_usages(scheme))?;
    let check = |bytes: &[u8]| match bytes.len() {
        16 | 24 | 32 => bits(bytes),
        _ => Err(data("an AES key has 128, 192 or 256 bits")),
    };
    match encoded {
        Encoded::Raw(bytes) => Ok(secret(scheme, None, bytes.to_vec().into(), check(bytes)?)),
        Encoded::Jwk(jwk) => {
            if jwk.get("kty") != Some("oct") {
                return Err(data("kty is not oct"));
            }
            let bytes = jwk.bytes("k")?;
            let bits = check(&bytes)?;
            jwk.check_alg(&aes_alg(scheme, bits))?;
            jwk.check("oct", "enc", wanted)?;
            Ok(secret(scheme, None, bytes, bits))
        }
        _ => Err(unsupported("AES keys are imported as raw or jwk")),
    }
}

pub(crate) fn import_hmac(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Bare> {
    wanted.usages.check(HMAC_USAGES)?;
    let hash = params.hash()?;
    let bytes: Secret = match encoded {
        Encoded::Raw(bytes) => bytes.to_vec().into(),
        Encoded::Jwk(jwk) => {
            if jwk.get("kty") != Some("oct") {
                return Err(data("kty is not oct"));
            }
            let bytes = jwk.bytes("k")?;
            jwk.check_alg(&format!("HS{}", hash.number()))?;
            jwk.check("oct", "sig", wanted)?;
            bytes
        }
        _ => return Err(unsupported("HMAC keys are imported as raw or jwk")),
    };
    let given = bits(&bytes)?;
    if given == 0 {
        return Err(data("an HMAC key must not be empty"));
    }
    let length = params.length.unwrap_or(given);
    if length > given || length <= given - 8 {
        return Err(data("length does not fit the key"));
    }
    Ok(secret(Scheme::Hmac, Some(hash), bytes, length))
}

pub(crate) fn import_derivation(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Bare> {
    let Encoded::Raw(bytes) = encoded else { return Err(unsupported("such keys are imported as raw")) };
    wanted.usages.check(DERIVATION_USAGES)?;
    if wanted.extractable {
        return Err(syntax("such a key cannot be extractable"));
    }
    Ok(secret(params.scheme()?, None, bytes.to_vec().into(), bits(bytes)?))
}

fn aes_alg(scheme: Scheme, bits: u32) -> String {
    format!("A{bits}{}", scheme.name().trim_start_matches("AES-"))
}

pub(crate) fn export(format: Format, key: &Key, bytes: &Secret) -> Result<Exported> {
    match format {
        Format::Raw => Ok(Exported::Bytes(bytes.clone())),
        Format::Jwk => {
            let mut jwk = Jwk::of("oct", key);
            jwk.set_bytes("k", bytes);
            jwk.set(
                "alg",
                match key.hash {
                    Some(hash) => format!("HS{}", hash.number()),
                    None => aes_alg(key.scheme, bits(bytes)?),
                },
            );
            Ok(Exported::Jwk(jwk))
        }
        Format::Pkcs8 | Format::Spki => Err(unsupported("secret keys are exported as raw or jwk")),
    }
}
