//! Compiled code as a file: what [`Component::precompile`] gives and a [`CodeCache`] keeps.
//!
//! Machine code cannot be checked for what it does. The checksum finds bytes that were damaged; that nobody else wrote them is the business of
//! the directory that they lie in, so nothing here reads an artifact from anywhere else. Code stands at the beginning and everything else
//! behind it, so that the file is mapped rather than read: pages that nobody runs are never copied.
//!
//! [`Component::precompile`]: crate::component::Component::precompile
//! [`CodeCache`]: crate::component::CodeCache

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::kept::Key;

const MAGIC: &[u8; 16] = b"hostbox code 6\r\n";
/// Of the footer: two lengths and the key; then, not summed up, the checksum and the magic bytes.
const SUMMED: usize = 8 + 8 + 32;
const FOOTER: usize = SUMMED + 32 + MAGIC.len();
/// What is read at a time to be summed up.
const CHUNK: usize = 128 << 10;

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

/// The bytes of an artifact: code, and what is known beside it.
pub(crate) fn seal(key: &Key, code: &[u8], about: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(code.len() + about.len() + FOOTER);
    bytes.extend_from_slice(code);
    bytes.extend_from_slice(about);
    for part in [code, about] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    bytes.extend_from_slice(key);
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes.extend_from_slice(MAGIC);
    bytes
}

/// An artifact that is whole, and made for its key.
pub(crate) struct Artifact {
    file: File,
    code_bytes: u64,
    /// What is known beside the code.
    pub(crate) about: Vec<u8>,
}

impl Artifact {
    /// None where it is damaged, or made for something else.
    pub(crate) fn open(mut file: File, key: &Key) -> Option<Artifact> {
        let length = file.metadata().ok()?.len();
        let summed = length.checked_sub((FOOTER - SUMMED) as u64)?;
        let mut hasher = blake3::Hasher::new();
        let mut chunk = vec![0; CHUNK];
        let mut left = summed;
        while left > 0 {
            let part = &mut chunk[..usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK))];
            file.read_exact(part).ok()?;
            hasher.update(part);
            left -= part.len() as u64;
        }
        let mut footer = [0; FOOTER];
        file.seek(SeekFrom::Start(length.checked_sub(FOOTER as u64)?)).ok()?;
        file.read_exact(&mut footer).ok()?;
        let (lengths, rest) = footer.split_at(16);
        let (own, rest) = rest.split_at(key.len());
        let (checksum, magic) = rest.split_at(32);
        if magic != MAGIC || own != key || hasher.finalize().as_bytes() != checksum {
            return None;
        }
        let number = |bytes: &[u8]| Some(u64::from_le_bytes(bytes.try_into().ok()?));
        let (code_bytes, about_bytes) = (number(&lengths[..8])?, number(&lengths[8..])?);
        if code_bytes.checked_add(about_bytes)?.checked_add(FOOTER as u64)? != length {
            return None;
        }
        let mut about = vec![0; usize::try_from(about_bytes).ok()?];
        file.seek(SeekFrom::Start(code_bytes)).ok()?;
        file.read_exact(&mut about).ok()?;
        Some(Artifact { file, code_bytes, about })
    }

    /// # Safety
    /// The file was opened by `CodeCache::find`: nobody else could write it, and what wrote it was this code, with an engine of the same key.
    pub(crate) unsafe fn module(self, engine: &Engine) -> Option<Module> {
        // SAFETY: the caller's, and the checksum says that it is whole.
        unsafe { Module::deserialize_open_file(engine, self.file) }.ok()
    }

    /// # Safety
    /// As for [`Artifact::module`].
    pub(crate) unsafe fn component(mut self, engine: &Engine) -> Option<Component> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            // The very file that is open, and not what has its name now.
            let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            // SAFETY: as above.
            if let Ok(component) = unsafe { Component::deserialize_file(engine, path) } {
                return Some(component);
            }
        }
        let mut code = vec![0; usize::try_from(self.code_bytes).ok()?];
        self.file.seek(SeekFrom::Start(0)).ok()?;
        self.file.read_exact(&mut code).ok()?;
        // SAFETY: as above.
        unsafe { Component::deserialize(engine, code) }.ok()
    }
}
