//! What is known about a file. Who owns it, and on which device it lies, is the host's own business.

use cap_fs_ext::MetadataExt;
use cap_std::fs::Metadata;
use hostbox_permissions::Access;

use crate::error::{Cause, During, Error};
use crate::files::{Files, Spot};
use crate::list::Kind;

/// A point in time: seconds since 1970, and nanoseconds.
pub type Time = (i64, u32);

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stat {
    /// The number of its grant, from 1 on; 0 above all grants.
    pub device: u64,
    /// What it is.
    pub kind: Kind,
    /// Kind and permissions, as on Linux.
    pub mode: u32,
    /// Its number.
    pub ino: u64,
    /// How many names it has.
    pub nlink: u64,
    /// Its bytes.
    pub size: u64,
    /// Blocks of 512 bytes that it takes.
    pub blocks: u64,
    /// When it was read, written, changed and made.
    pub times: [Time; 4],
}

impl Files {
    /// What is known about what a path leads to, or about the link that it ends in.
    ///
    /// # Errors
    /// `EACCES` for what is not granted, `ENOENT`, and what the system says.
    pub fn stat(&self, path: &str, follow: bool) -> Result<Stat, Error> {
        self.stat_at(path, follow).at(if follow { "stat" } else { "lstat" }, path)
    }

    fn stat_at(&self, path: &str, follow: bool) -> Result<Stat, Cause> {
        let target = match self.spot(path, Access::Read)? {
            Spot::Above { names, .. } => return Ok(Stat::above(names.len() as u64)),
            Spot::Below(target) => target,
        };
        let metadata = if follow || target.path.rest().ends_with('/') {
            target.dir.metadata(target.rest())?
        } else {
            target.dir.symlink_metadata(target.rest())?
        };
        Ok(Stat::of(&metadata, target.path.grant()))
    }
}

impl Stat {
    pub(crate) fn of(metadata: &Metadata, grant: usize) -> Stat {
        let kind = Kind::of(metadata.file_type());
        let (mode, blocks, times) = details(metadata, kind);
        let device = grant as u64 + 1;
        Stat { device, kind, mode, ino: metadata.ino(), nlink: metadata.nlink(), size: metadata.len(), blocks, times }
    }

    /// A directory above grants, which is nowhere on the disk.
    fn above(names: u64) -> Stat {
        let kind = Kind::Directory;
        Stat {
            device: 0,
            kind,
            mode: kind.bits() | 0o555,
            ino: 1,
            nlink: 2 + names,
            size: 0,
            blocks: 0,
            times: [(0, 0); 4],
        }
    }
}

#[cfg(unix)]
fn details(metadata: &Metadata, kind: Kind) -> (u32, u64, [Time; 4]) {
    use cap_std::fs::MetadataExt;
    let nanos = |nanos: i64| u32::try_from(nanos).unwrap_or(0);
    let changed = (metadata.ctime(), nanos(metadata.ctime_nsec()));
    let times = [
        (metadata.atime(), nanos(metadata.atime_nsec())),
        (metadata.mtime(), nanos(metadata.mtime_nsec())),
        changed,
        metadata.created().map_or(changed, |made| since_1970(made.into_std())),
    ];
    (kind.bits() | (metadata.mode() & 0o7777), metadata.blocks(), times)
}

#[cfg(not(unix))]
fn details(metadata: &Metadata, kind: Kind) -> (u32, u64, [Time; 4]) {
    let time =
        |time: std::io::Result<cap_std::time::SystemTime>| time.map_or((0, 0), |time| since_1970(time.into_std()));
    let (read, written, made) = (time(metadata.accessed()), time(metadata.modified()), time(metadata.created()));
    let permissions = if metadata.permissions().readonly() { 0o444 } else { 0o666 };
    (kind.bits() | permissions, metadata.len().div_ceil(512), [read, written, written, made])
}

fn since_1970(time: std::time::SystemTime) -> Time {
    match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = -i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (seconds, 0),
                nanos => (seconds - 1, 1_000_000_000 - nanos),
            }
        }
    }
}
