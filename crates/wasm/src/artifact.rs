//! Compiled code as a file: what [`Component::precompile`] gives and a [`CodeCache`] keeps.
//!
//! Machine code cannot be checked for what it does. The checksum finds bytes that were damaged; that nobody else wrote them is the business of
//! the directory that they lie in, so nothing here reads an artifact from anywhere else. Code stands at the beginning and everything else
//! behind it, so that the file is mapped rather than read: nothing of it is copied.
//!
//! [`Component::precompile`]: crate::component::Component::precompile
//! [`CodeCache`]: crate::component::CodeCache

use std::fs::File;
use std::hash::{Hash, Hasher};

use twox_hash::XxHash3_128;
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::kept::Key;

const MAGIC: &[u8; 16] = b"hostbox code 7\r\n";
/// Of the footer: two lengths and the key; then, not summed up, the checksum and the magic bytes.
const SUMMED: usize = 8 + 8 + 32;
const CHECKSUM: usize = 16;
const FOOTER: usize = SUMMED + CHECKSUM + MAGIC.len();

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
    let checksum = XxHash3_128::oneshot(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(MAGIC);
    bytes
}

/// An artifact that is whole, and made for its key.
pub(crate) struct Artifact {
    file: File,
    content: Content,
    code_bytes: usize,
    about_bytes: usize,
}

impl Artifact {
    /// None where it is damaged, or made for something else.
    pub(crate) fn open(file: File, key: &Key) -> Option<Artifact> {
        let content = Content::of(&file)?;
        let bytes = content.bytes();
        let (_, footer) = bytes.split_last_chunk::<FOOTER>()?;
        let (lengths, rest) = footer.split_at(16);
        let (own, rest) = rest.split_at(key.len());
        let (checksum, magic) = rest.split_at(CHECKSUM);
        let summed = bytes.len() - (FOOTER - SUMMED);
        if magic != MAGIC || own != key || XxHash3_128::oneshot(&bytes[..summed]).to_le_bytes() != checksum {
            return None;
        }
        let number = |bytes: &[u8]| usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok();
        let (code_bytes, about_bytes) = (number(&lengths[..8])?, number(&lengths[8..])?);
        if code_bytes.checked_add(about_bytes)?.checked_add(FOOTER)? != bytes.len() {
            return None;
        }
        Some(Artifact { file, content, code_bytes, about_bytes })
    }

    /// What is known beside the code.
    pub(crate) fn about(&self) -> &[u8] {
        &self.content.bytes()[self.code_bytes..][..self.about_bytes]
    }

    /// # Safety
    /// The file was opened by `CodeCache::find`: nobody else could write it, and what wrote it was this code, with an engine of the same key.
    pub(crate) unsafe fn module(self, engine: &Engine) -> Option<Module> {
        // SAFETY: the caller's, and the checksum says that it is whole.
        unsafe { Module::deserialize_open_file(engine, self.file) }.ok()
    }

    /// # Safety
    /// As for [`Artifact::module`].
    pub(crate) unsafe fn component(self, engine: &Engine) -> Option<Component> {
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
        // SAFETY: as above.
        unsafe { Component::deserialize(engine, &self.content.bytes()[..self.code_bytes]) }.ok()
    }
}

/// The bytes of a file, mapped. Nobody else can write it, and we replace files and never write into one: they are what they were as long as they are mapped.
#[cfg(unix)]
struct Content {
    start: std::ptr::NonNull<std::ffi::c_void>,
    length: usize,
}

#[cfg(unix)]
impl Content {
    /// None where the file is empty.
    fn of(file: &File) -> Option<Self> {
        use rustix::mm::{MapFlags, ProtFlags};
        let length = usize::try_from(file.metadata().ok()?.len()).ok()?;
        // All of it will be looked at.
        #[cfg(target_os = "linux")]
        let flags = MapFlags::PRIVATE | MapFlags::POPULATE;
        #[cfg(not(target_os = "linux"))]
        let flags = MapFlags::PRIVATE;
        // SAFETY: the system chooses a place where nothing is.
        let start = unsafe { rustix::mm::mmap(std::ptr::null_mut(), length, ProtFlags::READ, flags, file, 0) };
        Some(Self { start: std::ptr::NonNull::new(start.ok()?)?, length })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes are mapped there until this is dropped, and nobody writes them.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.length) }
    }
}

#[cfg(unix)]
impl Drop for Content {
    fn drop(&mut self) {
        // SAFETY: mapped by `Content::of`, and nothing of it is lent any more.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr(), self.length) };
    }
}

/// Elsewhere they are read.
#[cfg(not(unix))]
struct Content(Vec<u8>);

#[cfg(not(unix))]
impl Content {
    fn of(mut file: &File) -> Option<Self> {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}
