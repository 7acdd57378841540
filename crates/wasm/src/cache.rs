//! Compiled code in a directory that nobody else can write.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::kept::Key;

/// Bytes that a directory may have; what was written first goes first.
const DIRECTORY_BYTES: u64 = 1 << 30;

/// A directory of compiled code, by the content that it was compiled from and the engine that it is for.
///
/// Whoever writes there runs code in this process. So it is used only where it belongs to this user, or to root (on Windows to the system or to
/// its administrators), and nobody else may write it; a file in it is read only where the same holds of the file, and its checksum is right. Guests must not be granted it. Where
/// something is wrong with a file, what it was for is compiled anew.
#[derive(Clone, Debug)]
pub struct CodeCache {
    path: PathBuf,
}

impl CodeCache {
    /// Uses a directory, which is made where there is none, for this user alone.
    ///
    /// # Errors
    /// [`Error::Permission`] where others own it or may write it, or where that cannot be found out.
    pub fn open(path: impl Into<PathBuf>) -> Result<CodeCache> {
        let cache = CodeCache { path: path.into() };
        place::open(&cache.path, true).map_err(|reason| refused(&cache.path, &reason))?;
        Ok(cache)
    }

    /// The directory `hostbox/code` where this user's caches are: `$XDG_CACHE_HOME` or `~/.cache`, on macOS `~/Library/Caches`, on Windows
    /// `%LOCALAPPDATA%`. It is made where there is none, for this user alone.
    ///
    /// # Errors
    /// [`Error::Permission`] as for [`CodeCache::open`], and where this user has no such place.
    pub fn of_user() -> Result<CodeCache> {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || absolute("HOME");
        let caches = if cfg!(windows) {
            absolute("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Caches"))
        } else {
            absolute("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache")))
        };
        let path =
            caches.ok_or_else(|| Error::Permission("this user has no directory for caches".into()))?.join("hostbox");
        place::make_all(&path).map_err(|reason| refused(&path, &reason))?;
        CodeCache::open(path.join("code"))
    }

    /// Whether somebody who may write the directory `granted`, and what is in it, could write compiled code.
    pub(crate) fn is_within_reach(&self, granted: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let (own, granted) = (real(&self.path), real(granted));
        own.starts_with(&granted) || granted.starts_with(&own)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file, if it is one of ours.
    pub(crate) fn find(&self, key: &Key) -> Option<File> {
        place::find(&self.path, &file_name(key)).ok()
    }

    /// Keeps a file for the next time. What cannot be written is not kept.
    pub(crate) fn write(&self, key: &Key, bytes: &[u8]) {
        if place::write(&self.path, &file_name(key), bytes).is_ok() {
            place::prune(&self.path, DIRECTORY_BYTES);
        }
    }
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Permission(format!("the directory {} cannot keep compiled code: {reason}", path.display()))
}

/// The name of the file of a key.
pub(crate) fn file_name(key: &Key) -> String {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}.code")
}

#[cfg_attr(unix, path = "cache/unix.rs")]
#[cfg_attr(windows, path = "cache/windows.rs")]
#[cfg(any(unix, windows))]
mod place;

/// Who owns and who may write a directory is not known here: it is not used.
#[cfg(not(any(unix, windows)))]
mod place {
    use std::path::Path;

    type Result<T> = std::result::Result<T, String>;

    pub(super) fn make_all(_: &Path) -> Result<()> {
        open(Path::new(""), false)
    }

    pub(super) fn open(_: &Path, _: bool) -> Result<()> {
        Err("this system does not say who may write it".into())
    }

    pub(super) fn find(_: &Path, _: &str) -> Result<std::fs::File> {
        Err(String::new())
    }

    pub(super) fn write(_: &Path, _: &str, _: &[u8]) -> Result<()> {
        Err(String::new())
    }

    pub(super) fn prune(_: &Path, _: u64) {}
}
