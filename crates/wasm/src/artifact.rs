//! Compiled code as bytes: what [`Component::precompile`] gives and a [`CodeCache`] keeps.
//!
//! Machine code cannot be checked for what it does. The checksum finds bytes that were damaged; that nobody else wrote them is the business of
//! the directory that they lie in, so nothing here reads an artifact from anywhere else.
//!
//! [`Component::precompile`]: crate::component::Component::precompile
//! [`CodeCache`]: crate::component::CodeCache

use std::hash::{Hash, Hasher};

use wasmtime::Engine;

use crate::kept::Key;

const MAGIC: &[u8; 16] = b"hostbox code 3\r\n";
const CHECKSUM: usize = 32;

/// The digest of the content, the options, this version of the adapters, and everything of the engine that code depends on.
pub(crate) fn fitting(content: &Key, engine: &Engine) -> Key {
    struct Digest(blake3::Hasher);
    impl Hasher for Digest {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digest = Digest(blake3::Hasher::new());
    digest.write(MAGIC);
    digest.write(env!("CARGO_PKG_VERSION").as_bytes());
    digest.write(content);
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.finalize().into()
}

/// The bytes of an artifact of these parts.
pub(crate) fn seal(key: &Key, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len() + 8).sum();
    let mut bytes = Vec::with_capacity(MAGIC.len() + CHECKSUM + key.len() + length);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; CHECKSUM]);
    bytes.extend_from_slice(key);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let start = MAGIC.len() + CHECKSUM;
    let checksum = blake3::hash(&bytes[start..]);
    bytes[MAGIC.len()..start].copy_from_slice(checksum.as_bytes());
    bytes
}

/// The parts of an artifact. None where it is damaged, or made for something else.
pub(crate) fn open<'a, const PARTS: usize>(bytes: &'a [u8], key: &Key) -> Option<[&'a [u8]; PARTS]> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (checksum, rest) = rest.split_at_checked(CHECKSUM)?;
    if blake3::hash(rest).as_bytes() != checksum {
        return None;
    }
    let mut rest = rest.strip_prefix(key)?;
    let mut parts = [&rest[..0]; PARTS];
    for part in &mut parts {
        let (length, behind) = rest.split_first_chunk::<8>()?;
        (*part, rest) = behind.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    }
    rest.is_empty().then_some(parts)
}
