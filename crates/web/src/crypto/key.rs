//! Keys: their material, and the algorithm, usages and extractability that every use is checked against.

use zeroize::Zeroizing;

use super::algorithm::{Hash, Params, Scheme, Usages};
use super::aws_lc::RsaKey;
use super::error::{Result, access, data, operation, syntax, unsupported};
use super::hash::Cancelled;
use super::jwk::Jwk;
use super::{ec, okp, rsa, symmetric};

/// Bytes of a key or of what it was wrapped from: wiped when freed.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Secret,
    Public,
    Private,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// What a key is made of.
pub(crate) enum Material {
    /// Bytes, of which HMAC counts bits.
    Symmetric {
        bytes: Secret,
        bits: u32,
    },
    EcPrivate(ec::Private),
    EcPublic(ec::Public),
    OkpPrivate(okp::Private),
    OkpPublic(okp::Public),
    Rsa(RsaKey),
}

/// A key without what it may be used for.
pub(crate) struct Bare {
    pub(crate) kind: Kind,
    pub(crate) scheme: Scheme,
    pub(crate) hash: Option<Hash>,
    pub(crate) material: Material,
}

/// A key.
pub(crate) struct Key {
    pub(crate) bare: Bare,
    pub(crate) extractable: bool,
    pub(crate) usages: Usages,
}

impl std::ops::Deref for Key {
    type Target = Bare;

    fn deref(&self) -> &Bare {
        &self.bare
    }
}

/// One key or two, as the algorithm has it.
pub(crate) enum Generated {
    One(Key),
    Two { public: Key, private: Key },
}

impl Generated {
    /// A pair with the usages that each half has a use for. A public key is always extractable.
    pub(crate) fn pair(public: (Bare, Usages), private: (Bare, Usages), wanted: Wanted) -> Self {
        let key = |(bare, usages): (Bare, Usages), extractable| Key {
            bare,
            extractable,
            usages: wanted.usages.common(usages),
        };
        Self::Two { public: key(public, true), private: key(private, wanted.extractable) }
    }
}

/// `generateKey`, from the algorithm's own steps on.
pub(crate) fn generate(params: &Params, wanted: Wanted, is_cancelled: Cancelled<'_>) -> Result<Generated> {
    match params.scheme()? {
        Scheme::RsaOaep | Scheme::RsaPkcs1 | Scheme::RsaPss => rsa::generate(params, wanted, is_cancelled),
        Scheme::Ecdsa | Scheme::Ecdh => ec::generate(params, wanted),
        Scheme::Ed25519 | Scheme::X25519 => okp::generate(params, wanted),
        _ => symmetric::generate(params, wanted).map(Generated::One),
    }
}

pub(crate) fn random(bytes: usize) -> Result<Secret> {
    let mut secret = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut secret).map_err(|_| operation("the system has no random bytes"))?;
    Ok(secret)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Raw,
    Pkcs8,
    Spki,
    Jwk,
}

impl Format {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "raw" => Self::Raw,
            "pkcs8" => Self::Pkcs8,
            "spki" => Self::Spki,
            "jwk" => Self::Jwk,
            _ => return None,
        })
    }
}

/// A key on its way in.
pub(crate) enum Encoded<'a> {
    Raw(&'a [u8]),
    Pkcs8(&'a [u8]),
    Spki(&'a [u8]),
    Jwk(&'a Jwk),
}

impl<'a> Encoded<'a> {
    /// Bytes in any format but `jwk`.
    pub(crate) fn from_bytes(format: Format, bytes: &'a [u8]) -> Result<Self> {
        match format {
            Format::Raw => Ok(Self::Raw(bytes)),
            Format::Pkcs8 => Ok(Self::Pkcs8(bytes)),
            Format::Spki => Ok(Self::Spki(bytes)),
            Format::Jwk => Err(data("a JSON Web Key is no bytes")),
        }
    }
}

/// A key on its way out.
pub(crate) enum Exported {
    Bytes(Secret),
    Jwk(Jwk),
}

/// A key's extractability and usages, as they were asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) extractable: bool,
    pub(crate) usages: Usages,
}

pub(crate) const NO_USAGES: &str = "a secret or private key needs at least one usage";

/// `importKey`, from the algorithm's own steps on.
pub(crate) fn import(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Key> {
    let bare = match params.scheme()? {
        Scheme::AesCbc | Scheme::AesCtr | Scheme::AesGcm | Scheme::AesKw => {
            symmetric::import_aes(encoded, params, wanted)
        }
        Scheme::Ecdsa | Scheme::Ecdh => ec::import(encoded, params, wanted),
        Scheme::Ed25519 | Scheme::X25519 => okp::import(encoded, params, wanted),
        Scheme::Hmac => symmetric::import_hmac(encoded, params, wanted),
        Scheme::RsaOaep | Scheme::RsaPkcs1 | Scheme::RsaPss => rsa::import(encoded, params, wanted),
        Scheme::Hkdf | Scheme::Pbkdf2 => symmetric::import_derivation(encoded, params, wanted),
    }?;
    if bare.kind != Kind::Public && wanted.usages.is_empty() {
        return Err(syntax(NO_USAGES));
    }
    Ok(Key { bare, extractable: wanted.extractable, usages: wanted.usages })
}

/// `exportKey`, with its checks.
pub(crate) fn export(format: Format, key: &Key) -> Result<Exported> {
    if !key.scheme.has_export() {
        return Err(unsupported(format!("{} keys cannot be exported", key.scheme.name())));
    }
    if !key.extractable {
        return Err(access("the key is not extractable"));
    }
    match &key.material {
        Material::Symmetric { bytes, .. } => symmetric::export(format, key, bytes),
        Material::EcPrivate(half) => ec::export_private(format, key, half),
        Material::EcPublic(half) => ec::export_public(format, key, half),
        Material::OkpPrivate(half) => okp::export_private(format, key, half),
        Material::OkpPublic(half) => okp::export_public(format, key, half),
        Material::Rsa(material) => rsa::export(format, key, material),
    }
}

impl Bare {
    /// Whether using the key takes too long for the guest's thread.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self.material, Material::Rsa(_)) && self.kind == Kind::Private
    }

    /// The bytes of a secret key.
    pub(crate) fn secret(&self) -> Result<&[u8]> {
        match &self.material {
            Material::Symmetric { bytes, .. } => Ok(bytes),
            _ => Err(operation("the key is not a secret one")),
        }
    }
}
