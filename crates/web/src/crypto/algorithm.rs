//! Names of algorithms, and normalised parameters.

use std::sync::Arc;

use ring::{digest, hmac};

use super::ec::Curve;
use super::error::{Result, operation, syntax};
use super::key::Key;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The number in the names of JSON Web Algorithms.
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Sha1 => "1",
            Self::Sha256 => "256",
            Self::Sha384 => "384",
            Self::Sha512 => "512",
        }
    }

    pub(crate) fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    pub(crate) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    /// Bytes of a digest.
    pub(crate) fn length(self) -> usize {
        self.digest().output_len()
    }

    pub(crate) fn block_bits(self) -> u32 {
        match self {
            Self::Sha1 | Self::Sha256 => 512,
            Self::Sha384 | Self::Sha512 => 1024,
        }
    }
}

/// An algorithm that keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    AesCbc,
    AesCtr,
    AesGcm,
    AesKw,
    Ecdh,
    Ecdsa,
    Ed25519,
    Hkdf,
    Hmac,
    Pbkdf2,
    RsaOaep,
    RsaPkcs1,
    RsaPss,
    X25519,
}

impl Scheme {
    const ALL: &'static [Self] = &[
        Self::AesCbc,
        Self::AesCtr,
        Self::AesGcm,
        Self::AesKw,
        Self::Ecdh,
        Self::Ecdsa,
        Self::Ed25519,
        Self::Hkdf,
        Self::Hmac,
        Self::Pbkdf2,
        Self::RsaOaep,
        Self::RsaPkcs1,
        Self::RsaPss,
        Self::X25519,
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| scheme.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AesCbc => "AES-CBC",
            Self::AesCtr => "AES-CTR",
            Self::AesGcm => "AES-GCM",
            Self::AesKw => "AES-KW",
            Self::Ecdh => "ECDH",
            Self::Ecdsa => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Hkdf => "HKDF",
            Self::Hmac => "HMAC",
            Self::Pbkdf2 => "PBKDF2",
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaPkcs1 => "RSASSA-PKCS1-v1_5",
            Self::RsaPss => "RSA-PSS",
            Self::X25519 => "X25519",
        }
    }

    /// Whether keys of this algorithm can be exported at all.
    pub(crate) fn has_export(self) -> bool {
        !matches!(self, Self::Hkdf | Self::Pbkdf2)
    }
}

/// What a key may be used for: a set, one bit each in the order of the standard's enumeration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usages(u8);

impl Usages {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ENCRYPT: Self = Self(1);
    pub(crate) const DECRYPT: Self = Self(2);
    pub(crate) const SIGN: Self = Self(4);
    pub(crate) const VERIFY: Self = Self(8);
    pub(crate) const DERIVE_KEY: Self = Self(16);
    pub(crate) const DERIVE_BITS: Self = Self(32);
    pub(crate) const WRAP: Self = Self(64);
    pub(crate) const UNWRAP: Self = Self(128);

    const NAMES: [&'static str; 8] =
        ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// A `SyntaxError` where there is a usage beside the `allowed` ones.
    pub(crate) fn check(self, allowed: Self) -> Result<()> {
        if allowed.has(self) { Ok(()) } else { Err(syntax("a key of this kind has no such usage")) }
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(index, _)| self.0 & (1 << index) != 0).map(|(_, name)| name)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|index| Self(1 << index))
    }
}

/// A normalised algorithm: its name and the members of its dictionary, as far as it has them.
#[derive(Default)]
pub(crate) struct Params {
    pub(crate) name: String,
    pub(crate) hash: Option<Hash>,
    pub(crate) curve: Option<Curve>,
    pub(crate) length: Option<u32>,
    pub(crate) iv: Option<Vec<u8>>,
    pub(crate) counter: Option<Vec<u8>>,
    pub(crate) additional_data: Option<Vec<u8>>,
    pub(crate) tag_length: Option<u32>,
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) info: Option<Vec<u8>>,
    pub(crate) iterations: u32,
    pub(crate) label: Option<Vec<u8>>,
    pub(crate) salt_length: u32,
    pub(crate) modulus_length: u32,
    pub(crate) public_exponent: Vec<u8>,
}

impl Params {
    /// The algorithm. Guest code lets registered names pass alone; this is for a guest that got around it.
    pub(crate) fn scheme(&self) -> Result<Scheme> {
        Scheme::from_name(&self.name).ok_or_else(|| super::error::unsupported("unknown algorithm"))
    }

    pub(crate) fn hash(&self) -> Result<Hash> {
        self.hash.ok_or_else(|| operation("the algorithm has no hash"))
    }
}

/// A normalised algorithm that names another key, too.
pub(crate) struct DeriveParams {
    pub(crate) params: Params,
    pub(crate) public: Option<Arc<Key>>,
}
