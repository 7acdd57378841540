//! The ciphers and their names.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Cbc,
    Ctr,
    Ecb,
    Gcm,
    /// ChaCha20 with Poly1305, which is a mode of its own.
    ChaCha,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cbc => "cbc",
            Self::Ctr => "ctr",
            Self::Ecb => "ecb",
            Self::Gcm => "gcm",
            Self::ChaCha => "stream",
        }
    }

    pub(crate) fn is_aead(self) -> bool {
        matches!(self, Self::Gcm | Self::ChaCha)
    }

    /// Bytes of a block, where it is one that counts.
    pub(crate) fn block(self) -> Option<u32> {
        match self {
            Self::Cbc | Self::Ecb => Some(16),
            Self::Ctr | Self::Gcm => Some(1),
            Self::ChaCha => None,
        }
    }

    /// Bytes of an initialization vector, the usual ones where others are allowed; 0 where there is none.
    pub(crate) fn iv(self) -> usize {
        match self {
            Self::Cbc | Self::Ctr => 16,
            Self::Ecb => 0,
            Self::Gcm | Self::ChaCha => 12,
        }
    }

    pub(crate) fn allows_iv(self, length: usize) -> bool {
        if self == Self::Gcm { (1..=128).contains(&length) } else { length == self.iv() }
    }

    pub(crate) fn allows_tag(self, length: usize) -> bool {
        match self {
            Self::Gcm => matches!(length, 4 | 8 | 12..=16),
            Self::ChaCha => length <= 16,
            _ => false,
        }
    }
}

/// A cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its own name.
    pub(crate) name: &'static str,
    /// Its number in OpenSSL's table of objects.
    pub(crate) nid: u32,
    pub(crate) mode: Mode,
    /// Bytes of a key.
    pub(crate) key: usize,
}

const fn kind(name: &'static str, nid: u32, mode: Mode, key: usize) -> Kind {
    Kind { name, nid, mode, key }
}

const KINDS: &[Kind] = &[
    kind("aes-128-cbc", 419, Mode::Cbc, 16),
    kind("aes-128-ctr", 904, Mode::Ctr, 16),
    kind("aes-128-ecb", 418, Mode::Ecb, 16),
    kind("id-aes128-gcm", 895, Mode::Gcm, 16),
    kind("aes-192-cbc", 423, Mode::Cbc, 24),
    kind("aes-192-ctr", 905, Mode::Ctr, 24),
    kind("aes-192-ecb", 422, Mode::Ecb, 24),
    kind("id-aes192-gcm", 898, Mode::Gcm, 24),
    kind("aes-256-cbc", 427, Mode::Cbc, 32),
    kind("aes-256-ctr", 906, Mode::Ctr, 32),
    kind("aes-256-ecb", 426, Mode::Ecb, 32),
    kind("id-aes256-gcm", 901, Mode::Gcm, 32),
    kind("chacha20-poly1305", 1018, Mode::ChaCha, 32),
];

/// The names that `getCiphers` tells.
pub(crate) const NAMES: &[&str] = &[
    "aes-128-cbc",
    "aes-128-ctr",
    "aes-128-ecb",
    "aes-128-gcm",
    "aes-192-cbc",
    "aes-192-ctr",
    "aes-192-ecb",
    "aes-192-gcm",
    "aes-256-cbc",
    "aes-256-ctr",
    "aes-256-ecb",
    "aes-256-gcm",
    "aes128",
    "aes192",
    "aes256",
    "chacha20-poly1305",
    "id-aes128-GCM",
    "id-aes192-GCM",
    "id-aes256-GCM",
];

impl Kind {
    /// By any of its names, in any case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = match name.as_str() {
            "aes128" => "aes-128-cbc",
            "aes192" => "aes-192-cbc",
            "aes256" => "aes-256-cbc",
            "aes-128-gcm" => "id-aes128-gcm",
            "aes-192-gcm" => "id-aes192-gcm",
            "aes-256-gcm" => "id-aes256-gcm",
            name => name,
        };
        KINDS.iter().find(|kind| kind.name == name).copied()
    }

    pub(crate) fn from_nid(nid: u32) -> Option<Self> {
        KINDS.iter().find(|kind| kind.nid == nid).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_told_is_known() {
        assert!(NAMES.is_sorted() && NAMES.iter().all(|name| Kind::from_name(name).is_some()));
    }
}
