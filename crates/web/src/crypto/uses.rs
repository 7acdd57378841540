//! What is done with keys, each with the standard's checks in the standard's order: the algorithm, the usage, and then the work.

use zeroize::Zeroizing;

use super::algorithm::{DeriveParams, Params, Scheme, Usages};
use super::error::{Result, access, operation, unsupported};
use super::hash::Cancelled;
use super::jwk::Jwk;
use super::key::{self, Encoded, Exported, Format, Key, Kind, Material, Secret, Wanted};
use super::{aes, derive, ec, hash, okp, rsa, symmetric};

/// The key is of the algorithm that was named, and for this use.
fn check(params: &Params, key: &Key, usage: Usages) -> Result<()> {
    if params.scheme()? != key.scheme {
        return Err(access(format!("the key is for {}, not for {}", key.scheme.name(), params.name)));
    }
    if !key.usages.has(usage) {
        return Err(access(format!("the key is not for {}", usage.names().next().unwrap_or_default())));
    }
    Ok(())
}

pub(crate) fn sign(params: &Params, key: &Key, data: &[u8], is_cancelled: Cancelled<'_>) -> Result<Vec<u8>> {
    check(params, key, Usages::SIGN)?;
    match key.scheme {
        Scheme::Hmac => hash::hmac_sign(key.hash()?, key.secret()?, data, is_cancelled),
        Scheme::Ecdsa => match &key.material {
            Material::EcPrivate(half) => ec::sign(half, params.hash()?, data, is_cancelled),
            _ => Err(access("a public key does not sign")),
        },
        Scheme::Ed25519 => match &key.material {
            Material::OkpPrivate(half) => Ok(okp::sign(half, data)),
            _ => Err(access("a public key does not sign")),
        },
        Scheme::RsaPkcs1 | Scheme::RsaPss => rsa::sign(params, key, data, is_cancelled),
        _ => Err(unsupported("such keys do not sign")),
    }
}

pub(crate) fn verify(
    params: &Params,
    key: &Key,
    signature: &[u8],
    data: &[u8],
    is_cancelled: Cancelled<'_>,
) -> Result<bool> {
    check(params, key, Usages::VERIFY)?;
    match key.scheme {
        Scheme::Hmac => hash::hmac_verify(key.hash()?, key.secret()?, signature, data, is_cancelled),
        Scheme::Ecdsa => match &key.material {
            Material::EcPublic(half) => ec::verify(half, params.hash()?, signature, data, is_cancelled),
            _ => Err(access("a private key does not verify")),
        },
        Scheme::Ed25519 => match &key.material {
            Material::OkpPublic(half) => Ok(okp::verify(half, signature, data)),
            _ => Err(access("a private key does not verify")),
        },
        Scheme::RsaPkcs1 | Scheme::RsaPss => rsa::verify(params, key, signature, data, is_cancelled),
        _ => Err(unsupported("such keys do not verify")),
    }
}

pub(crate) fn encrypt(params: &Params, key: &Key, data: &[u8]) -> Result<Vec<u8>> {
    check(params, key, Usages::ENCRYPT)?;
    encrypt_with(params, key, data)
}

pub(crate) fn decrypt(params: &Params, key: &Key, data: &[u8]) -> Result<Secret> {
    check(params, key, Usages::DECRYPT)?;
    decrypt_with(params, key, data)
}

fn encrypt_with(params: &Params, key: &Key, data: &[u8]) -> Result<Vec<u8>> {
    match key.scheme {
        Scheme::AesCbc => aes::encrypt_cbc(key.secret()?, bytes(params.iv.as_ref()), data),
        Scheme::AesCtr => {
            aes::apply_ctr(key.secret()?, bytes(params.counter.as_ref()), params.length.unwrap_or(0), data)
        }
        Scheme::AesGcm => aes::encrypt_gcm(key.secret()?, &gcm(params), data),
        Scheme::RsaOaep => rsa::encrypt(key, bytes(params.label.as_ref()), data),
        _ => Err(unsupported("such keys do not encrypt")),
    }
}

fn decrypt_with(params: &Params, key: &Key, data: &[u8]) -> Result<Secret> {
    match key.scheme {
        Scheme::AesCbc => aes::decrypt_cbc(key.secret()?, bytes(params.iv.as_ref()), data),
        Scheme::AesCtr => {
            let counter = bytes(params.counter.as_ref());
            aes::apply_ctr(key.secret()?, counter, params.length.unwrap_or(0), data).map(Zeroizing::new)
        }
        Scheme::AesGcm => aes::decrypt_gcm(key.secret()?, &gcm(params), data),
        Scheme::RsaOaep => rsa::decrypt(key, bytes(params.label.as_ref()), data),
        _ => Err(unsupported("such keys do not decrypt")),
    }
}

fn gcm(params: &Params) -> aes::Gcm<'_> {
    aes::Gcm {
        iv: bytes(params.iv.as_ref()),
        additional_data: bytes(params.additional_data.as_ref()),
        tag_bits: params.tag_length,
    }
}

fn bytes(member: Option<&Vec<u8>>) -> &[u8] {
    member.map_or(&[], Vec::as_slice)
}

pub(crate) fn wrap(params: &Params, wrapping: &Key, format: Format, key: &Key) -> Result<Vec<u8>> {
    check(params, wrapping, Usages::WRAP)?;
    let exported = match key::export(format, key)? {
        Exported::Bytes(bytes) => bytes,
        Exported::Jwk(jwk) => jwk.to_json(),
    };
    match wrapping.scheme {
        Scheme::AesKw => aes::wrap(wrapping.secret()?, &exported),
        _ => encrypt_with(params, wrapping, &exported),
    }
}

pub(crate) fn unwrap(
    params: &Params,
    unwrapping: &Key,
    format: Format,
    wrapped: &[u8],
    (imported, wanted): (&Params, Wanted),
) -> Result<Key> {
    check(params, unwrapping, Usages::UNWRAP)?;
    let bytes = match unwrapping.scheme {
        Scheme::AesKw => aes::unwrap(unwrapping.secret()?, wrapped)?,
        _ => decrypt_with(params, unwrapping, wrapped)?,
    };
    if format == Format::Jwk {
        return key::import(&Encoded::Jwk(&Jwk::parse(&bytes)?), imported, wanted);
    }
    key::import(&Encoded::from_bytes(format, &bytes)?, imported, wanted)
}

pub(crate) fn derive_bits(
    derive: &DeriveParams,
    key: &Key,
    bits: Option<u32>,
    is_cancelled: Cancelled<'_>,
) -> Result<Secret> {
    check(&derive.params, key, Usages::DERIVE_BITS)?;
    derive_with(derive, key, bits, is_cancelled)
}

fn derive_with(derive: &DeriveParams, key: &Key, bits: Option<u32>, is_cancelled: Cancelled<'_>) -> Result<Secret> {
    let params = &derive.params;
    let salt = bytes(params.salt.as_ref());
    match key.scheme {
        Scheme::Hkdf => {
            let length = derive::whole_bytes(bits)?;
            derive::hkdf(params.hash()?, key.secret()?, salt, bytes(params.info.as_ref()), length)
        }
        Scheme::Pbkdf2 => {
            let length = derive::whole_bytes(bits)?;
            derive::pbkdf2(params.hash()?, key.secret()?, salt, params.iterations, length, is_cancelled)
        }
        Scheme::Ecdh | Scheme::X25519 => agree(derive, key, bits),
        _ => Err(unsupported("nothing is derived from such keys")),
    }
}

fn agree(derive: &DeriveParams, key: &Key, bits: Option<u32>) -> Result<Secret> {
    if key.kind != Kind::Private {
        return Err(access("the key is not a private one"));
    }
    let other = derive.public.as_ref().ok_or_else(|| access("the public key is missing"))?;
    if other.kind != Kind::Public {
        return Err(access("the other's key is not a public one"));
    }
    if other.scheme != key.scheme {
        return Err(access("the keys are of different algorithms"));
    }
    let shared = match (&key.material, &other.material) {
        (Material::EcPrivate(private), Material::EcPublic(public)) => ec::agree(private, public)?,
        (Material::OkpPrivate(private), Material::OkpPublic(public)) => okp::agree(private, public)?,
        _ => return Err(access("the keys do not belong together")),
    };
    derive::first_bits(shared, bits)
}

/// `deriveKey`: the bits never leave our memory.
pub(crate) fn derive_key(
    derive: &DeriveParams,
    key: &Key,
    (imported, length, wanted): (&Params, &Params, Wanted),
    is_cancelled: Cancelled<'_>,
) -> Result<Key> {
    check(&derive.params, key, Usages::DERIVE_KEY)?;
    let bits = symmetric::derived_length(length)?;
    let secret = derive_with(derive, key, bits, is_cancelled)?;
    key::import(&Encoded::Raw(&secret), imported, wanted)
}

impl Key {
    fn hash(&self) -> Result<super::algorithm::Hash> {
        self.hash.ok_or_else(|| operation("the key has no hash"))
    }
}
