//! Who owns a directory or a file and who may write it, by its mode.

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
