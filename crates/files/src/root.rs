//! Granted directories, opened once a process: sandboxes with the same grant share the descriptor and the count of its bytes.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::error::{Cause, Code};
use crate::usage::Ledger;

/// A path, and what the system numbers the directory there by.
type Place = (PathBuf, (u64, u64));

#[cfg(unix)]
fn number(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere a directory that is granted cannot be replaced while it is open.
#[cfg(not(unix))]
fn number(_metadata: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
}

/// A directory of the host that guests may see.
pub(crate) struct Root {
    place: Place,
    dir: OnceLock<Dir>,
    pub(crate) ledger: Ledger,
}

impl Root {
    /// The directory at a path of the app's own.
    pub(crate) fn at(path: &Path) -> io::Result<Arc<Root>> {
        static ROOTS: Mutex<Option<HashMap<Place, Weak<Root>>>> = Mutex::new(None);
        let path = std::fs::canonicalize(path)?;
        let metadata = std::fs::metadata(&path)?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        // A directory that was made anew is another one.
        let place = (path, number(&metadata));
        let mut roots = ROOTS.lock().unwrap_or_else(PoisonError::into_inner);
        let roots = roots.get_or_insert_default();
        if let Some(root) = roots.get(&place).and_then(Weak::upgrade) {
            return Ok(root);
        }
        roots.retain(|_, root| root.strong_count() > 0);
        let root = Arc::new(Root { place: place.clone(), dir: OnceLock::new(), ledger: Ledger::default() });
        roots.insert(place, Arc::downgrade(&root));
        Ok(root)
    }

    /// The directory, opened when somebody first needs it.
    pub(crate) fn dir(&self) -> Result<&Dir, Cause> {
        if let Some(dir) = self.dir.get() {
            return Ok(dir);
        }
        let (path, granted) = &self.place;
        let dir = Dir::open_ambient_dir(path, ambient_authority())?.into_std_file();
        // What stands at the path now was perhaps put there by a guest that may write above it.
        if number(&dir.metadata()?) != *granted {
            return Err(Code::ENOENT.into());
        }
        Ok(self.dir.get_or_init(|| Dir::from_std_file(dir)))
    }
}

/// Refuses what lies on a file system of the kernel's own, such as `/proc`: its files are not files.
///
/// # Errors
/// `EACCES` for those, and what the system says.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn refuse_kernel_files(open: &impl std::os::fd::AsFd) -> Result<(), Cause> {
    /// procfs, sysfs, debugfs, tracefs, securityfs, cgroup, cgroup2, devpts, bpf, configfs, efivarfs, binfmt_misc.
    const KERNEL: [u64; 12] = [
        0x9fa0,
        0x6265_6572,
        0x6462_6720,
        0x7472_6163,
        0x7363_6673,
        0x0027_e0eb,
        0x6367_7270,
        0x1cd1,
        0xcafe_4a11,
        0x6265_6570,
        0xde5e_81e4,
        0x4249_4e4d,
    ];
    let kind = rustix::fs::fstatfs(open).map_err(io::Error::from)?.f_type;
    #[expect(clippy::cast_sign_loss, reason = "32 bits, whatever type the system gives them")]
    let kind = (kind as i64 as u64) & 0xffff_ffff;
    if KERNEL.contains(&kind) { Err(Code::EACCES.into()) } else { Ok(()) }
}

/// Other systems have no such files: what macOS and Windows know of processes is no part of the tree.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn refuse_kernel_files<T>(_open: &T) -> Result<(), Cause> {
    Ok(())
}
