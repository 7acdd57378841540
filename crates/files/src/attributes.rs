//! Permissions and times of files.

use std::path::Path;
use std::time::{Duration, SystemTime};

use cap_fs_ext::{AccessType, DirExt};
use cap_primitives::fs::AccessModes;
use cap_std::fs::{Metadata, Permissions};
use hostbox_permissions::Access;

use crate::error::{Cause, Code, During, Error};
use crate::files::{Files, Spot, Target};
use crate::open::OpenFile;

/// Who may read, write and execute a file. Bits that lend rights to whoever runs it are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(u32);

impl Mode {
    /// What a new file gets where nothing is said, before the process's own mask.
    pub const FILE: Mode = Mode(0o666);
    /// What a new directory gets.
    pub const DIRECTORY: Mode = Mode(0o777);
    /// For the owner alone.
    pub(crate) const PRIVATE: Mode = Mode(0o700);

    /// Reads the nine bits.
    pub fn from_bits(bits: u32) -> Mode {
        Mode(bits & 0o777)
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// The same for a directory. Its owner, which is the app, always gets in: what is there has to be counted, and can be removed.
    pub(crate) fn of_directory(self) -> Mode {
        Mode(self.0 | 0o700)
    }

    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Mode {
        Mode::from_bits(cap_std::fs::MetadataExt::mode(metadata))
    }

    #[cfg(not(unix))]
    pub(crate) fn of(metadata: &Metadata) -> Mode {
        Mode(if metadata.permissions().readonly() { 0o444 } else { 0o666 })
    }
}

/// `access` bits.
const READ: u32 = 4;
const WRITE: u32 = 2;
const EXECUTE: u32 = 1;

impl Files {
    /// Whether a path is there and may be read (4), written (2), executed (1), as the grant and the system have it.
    ///
    /// # Errors
    /// `EACCES` where not, `ENOENT`, and what the system says.
    pub fn access(&self, path: &str, bits: u32) -> Result<(), Error> {
        let ask = || {
            let target = match self.spot(path, Access::Read)? {
                Spot::Above { .. } if bits & WRITE == 0 => return Ok(()),
                Spot::Above { .. } => return Err(Code::EACCES.into()),
                Spot::Below(target) => target,
            };
            let metadata = target.dir.metadata(target.rest())?;
            if bits & WRITE != 0 && !target.path.is_writable() {
                return Err(Code::EACCES.into());
            }
            // The directory itself has no name to ask by.
            if bits == 0 || target.path.is_root() || !(metadata.is_file() || metadata.is_dir()) {
                return Ok(());
            }
            let has = |bit| bits & bit != 0;
            let modes = AccessModes { readable: has(READ), writable: has(WRITE), executable: has(EXECUTE) };
            target.dir.access(target.rest(), AccessType::Access(modes))?;
            Ok::<_, Cause>(())
        };
        ask().at("access", path)
    }

    /// Sets the permissions of a file or a directory.
    ///
    /// # Errors
    /// `EACCES`, `ENOENT`, `EPERM`, and what the system says.
    pub fn chmod(&self, path: &str, mode: Mode) -> Result<(), Error> {
        let set = || {
            let target = self.target(path, Access::Write)?;
            let metadata = target.dir.metadata(target.rest())?;
            if !(metadata.is_file() || metadata.is_dir()) {
                return Err(Cause::from(Code::EACCES));
            }
            let mode = if metadata.is_dir() { mode.of_directory() } else { mode };
            Ok(target.dir.set_permissions(target.rest(), permissions(mode, metadata.permissions()))?)
        };
        set().at("chmod", path)
    }

    /// Sets when a file was read and written, in seconds since 1970; of the link itself where it is not followed.
    ///
    /// # Errors
    /// `EACCES`, `ENOENT`, `EINVAL` for a time that is none, and what the system says.
    pub fn utimes(&self, path: &str, read: f64, written: f64, follow: bool) -> Result<(), Error> {
        let set = || {
            let target = self.target(path, Access::Write)?;
            if !follow {
                return set_times(&target, target.name(), read, written);
            }
            let metadata = target.dir.metadata(target.rest())?;
            if !(metadata.is_file() || metadata.is_dir()) {
                return Err(Code::EACCES.into());
            }
            // What took the place of the file meanwhile is not followed: it gets the times itself.
            set_times(&target, &target.dir.canonicalize(target.rest())?, read, written)
        };
        set().at(if follow { "utime" } else { "lutime" }, path)
    }
}

impl OpenFile {
    /// Sets its permissions.
    ///
    /// # Errors
    /// `EACCES` where its grant is for reading, and what the system says.
    pub fn chmod(&self, mode: Mode) -> Result<(), Error> {
        self.changeable().and_then(|()| self.set_mode(mode)).during("fchmod")
    }

    pub(crate) fn set_mode(&self, mode: Mode) -> Result<(), Cause> {
        let mode = if self.metadata()?.is_dir() { mode.of_directory() } else { mode };
        #[cfg(unix)]
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode.bits());
        #[cfg(not(unix))]
        let permissions = {
            let mut permissions = self.file().metadata()?.permissions();
            permissions.set_readonly(mode.bits() & 0o200 == 0);
            permissions
        };
        Ok(self.file().set_permissions(permissions)?)
    }

    /// Sets when it was read and written, in seconds since 1970.
    ///
    /// # Errors
    /// `EACCES` where its grant is for reading, `EINVAL` for a time that is none, and what the system says.
    pub fn utimes(&self, read: f64, written: f64) -> Result<(), Error> {
        let set = || {
            self.changeable()?;
            let times = std::fs::FileTimes::new().set_accessed(time(read)?).set_modified(time(written)?);
            Ok::<_, Cause>(self.file().set_times(times)?)
        };
        set().during("futime")
    }

    fn changeable(&self) -> Result<(), Cause> {
        if self.is_writable_grant() { Ok(()) } else { Err(Code::EACCES.into()) }
    }
}

fn time(seconds: f64) -> Result<SystemTime, Cause> {
    let length = Duration::try_from_secs_f64(seconds.abs()).map_err(|_| Code::EINVAL)?;
    let time = if seconds < 0.0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    };
    Ok(time.ok_or(Code::EINVAL)?)
}

/// Of the file itself, where it is a link.
#[cfg(unix)]
fn set_times(target: &Target<'_>, path: &Path, read: f64, written: f64) -> Result<(), Cause> {
    use rustix::fs::{AtFlags, Timespec, Timestamps, utimensat};
    let spec = |seconds: f64| {
        time(seconds)?;
        let whole = seconds.floor();
        #[expect(clippy::cast_possible_truncation, reason = "a time that the system has, as was just seen")]
        let spec = Timespec { tv_sec: whole as i64, tv_nsec: ((seconds - whole) * 1e9) as _ };
        Ok::<_, Cause>(spec)
    };
    let times = Timestamps { last_access: spec(read)?, last_modification: spec(written)? };
    let (parent, name) = match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent != Path::new("") => (target.dir.open_dir(parent)?, name),
        (_, Some(name)) => (target.dir.try_clone()?, name),
        (_, None) => (target.dir.open_dir(if path == Path::new("") { Path::new(".") } else { path })?, ".".as_ref()),
    };
    Ok(utimensat(&parent, name, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(std::io::Error::from)?)
}

#[cfg(not(unix))]
fn set_times(target: &Target<'_>, path: &Path, read: f64, written: f64) -> Result<(), Cause> {
    use cap_fs_ext::SystemTimeSpec;
    let spec = |time| Some(SystemTimeSpec::Absolute(cap_std::time::SystemTime::from_std(time)));
    Ok(target.dir.set_symlink_times(path, spec(time(read)?), spec(time(written)?))?)
}

#[cfg(unix)]
fn permissions(mode: Mode, _before: Permissions) -> Permissions {
    Permissions::from_std(std::os::unix::fs::PermissionsExt::from_mode(mode.bits()))
}

#[cfg(not(unix))]
fn permissions(mode: Mode, mut before: Permissions) -> Permissions {
    before.set_readonly(mode.bits() & 0o200 == 0);
    before
}
