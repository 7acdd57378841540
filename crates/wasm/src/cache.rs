//! Compiled code in a directory that nobody else can write.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::kept::Key;

/// Bytes that a directory may have; what was written first goes first.
const DIRECTORY_BYTES: u64 = 1 << 30;

/// A directory of compiled code, by the content that it was compiled from and the engine that it is for.
///
/// Whoever writes there runs code in this process. So it is used only where it belongs to this user, or to root, and nobody else may
/// write it; a file in it is read only where the same holds of the file, and its checksum is right. Guests must not be granted it. Where
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

    /// The directory `hostbox/code` where this user's caches are: `$XDG_CACHE_HOME` or `~/.cache`, on macOS `~/Library/Caches`. It is made where there
    /// is none, for this user alone.
    ///
    /// # Errors
    /// [`Error::Permission`] as for [`CodeCache::open`], and where this user has no such place.
    pub fn of_user() -> Result<CodeCache> {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || absolute("HOME");
        let caches = if cfg!(target_os = "macos") {
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

#[cfg(unix)]
mod place {
    use std::fs::File;
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    use std::path::Path;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use rustix::fs::{AtFlags, Mode, OFlags};

    type Result<T> = std::result::Result<T, String>;

    fn text(error: impl std::fmt::Display) -> String {
        error.to_string()
    }

    /// A directory and those that it lies in, for this user alone where they are new.
    pub(super) fn make_all(path: &Path) -> Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(text)
    }

    /// The directory itself, not what a link of its name leads to: everything below is done by its descriptor.
    pub(super) fn open(path: &Path, make: bool) -> Result<File> {
        if make {
            match rustix::fs::mkdir(path, Mode::RWXU) {
                Err(error) if error != rustix::io::Errno::EXIST => return Err(text(error)),
                _ => {}
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(text)?);
        check(&folder)?;
        Ok(folder)
    }

    /// Ours or root's, and written by nobody else.
    fn check(file: &File) -> Result<()> {
        let about = file.metadata().map_err(text)?;
        if about.uid() != rustix::process::geteuid().as_raw() && about.uid() != 0 {
            return Err("another user owns it".into());
        }
        if about.mode() & 0o022 != 0 {
            return Err(format!("others may write it (mode {:o}, and 700 is enough)", about.mode() & 0o777));
        }
        Ok(())
    }

    pub(super) fn find(path: &Path, name: &str) -> Result<File> {
        let folder = open(path, false)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&folder, name, flags, Mode::empty()).map_err(text)?);
        if !file.metadata().map_err(text)?.is_file() {
            return Err("it is no file".into());
        }
        check(&file)?;
        Ok(file)
    }

    /// Under another name first: nobody finds half of it.
    pub(super) fn write(path: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = open(path, false)?;
        let own = format!("{name}.{}.{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&folder, &own, flags, Mode::RUSR | Mode::WUSR).map_err(text)?);
        let written = file.write_all(bytes).map_err(text);
        let written = written.and_then(|()| rustix::fs::renameat(&folder, &own, &folder, name).map_err(text));
        if written.is_err() {
            let _ = rustix::fs::unlinkat(&folder, &own, AtFlags::empty());
        }
        written
    }

    /// Removes the oldest files of ours until the rest fits.
    pub(super) fn prune(path: &Path, most: u64) {
        let Ok(folder) = open(path, false) else { return };
        let Ok(entries) = std::fs::read_dir(path) else { return };
        let mut files: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains(".code"))
            .filter_map(|entry| Some((entry.metadata().ok()?, entry.file_name())))
            .map(|(about, name)| (about.mtime(), about.mtime_nsec(), about.len(), name))
            .collect();
        files.sort();
        let mut kept: u64 = files.iter().map(|(_, _, bytes, _)| bytes).sum();
        for (_, _, bytes, name) in files {
            if kept <= most {
                return;
            }
            if rustix::fs::unlinkat(&folder, &name, AtFlags::empty()).is_ok() {
                kept -= bytes;
            }
        }
    }
}

/// Who owns and who may write a directory is not known here: it is not used.
#[cfg(not(unix))]
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
