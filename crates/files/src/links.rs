//! Links, symbolic and hard, and the path that is left when all of them are followed.

use std::path::{Component, Path};

use hostbox_buffers::Cancel;
use hostbox_permissions::Access;

use crate::error::{Cause, Code, During, Error};
use crate::files::{Files, Spot, Target};
use crate::root::refuse_kernel_files;
use crate::usage::Amount;

impl Files {
    /// Makes a symbolic link. One that leads to another grant, or out of its own, is refused; an absolute one is stored as the way from
    /// the link to what it names, so that it means the same to the host.
    ///
    /// # Errors
    /// `EACCES`, `EEXIST`, `ENOSPC`, and what the system says.
    pub fn symlink(&self, to: &str, path: &str, cancel: &Cancel) -> Result<(), Error> {
        let link = || {
            let target = self.target(path, Access::Write)?;
            if target.path.is_root() {
                return Err(Code::EEXIST.into());
            }
            let to = self.inside(to, &target)?;
            let mut change = target.change(cancel)?;
            change.admit(Amount::NAME)?;
            cap_fs_ext::DirExt::symlink(target.dir, &to, target.name())?;
            change.add(Amount::NAME);
            Ok::<_, Cause>(())
        };
        link().between("symlink", to, path)
    }

    /// What a link says, as it has to stand in the link at `target`.
    fn inside(&self, to: &str, target: &Target<'_>) -> Result<String, Cause> {
        if to.is_empty() {
            return Err(Code::ENOENT.into());
        }
        // What stands above the link, as it is written: a `..` behind a link may lead further down than it seems, never further up than the
        // grant, since that is looked at whenever the link is followed.
        let above = depth(Path::new(target.path.rest().trim_end_matches('/'))).ok_or(Code::EACCES)?.saturating_sub(1);
        if to.starts_with('/') {
            let named = self.target(to, Access::Read)?;
            if named.path.grant() != target.path.grant() {
                return Err(Code::EACCES.into());
            }
            return Ok("../".repeat(above) + named.path.rest());
        }
        if to.contains('\0') || to.len() > 4096 || (cfg!(windows) && to.contains(['\\', ':'])) {
            return Err(Code::EINVAL.into());
        }
        let mut level = above;
        for part in Path::new(to).components() {
            match part {
                Component::ParentDir => level = level.checked_sub(1).ok_or(Code::EACCES)?,
                Component::Normal(_) => level += 1,
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir => return Err(Code::EACCES.into()),
            }
        }
        Ok(to.to_owned())
    }

    /// Gives a file of the same grant a second name.
    ///
    /// # Errors
    /// `EACCES`, `EXDEV` for a file of another grant, `EEXIST`, `EPERM` for a directory, and what the system says.
    pub fn link(&self, from: &str, path: &str, cancel: &Cancel) -> Result<(), Error> {
        let link = || {
            let target = self.target(path, Access::Write)?;
            // Read or not, its name must lie where writing is granted: the new name could be written through.
            let source = self.target(from, Access::Read)?;
            if source.path.grant() != target.path.grant() {
                return Err(Code::EXDEV.into());
            }
            let metadata = source.dir.symlink_metadata(source.rest())?;
            if metadata.is_dir() {
                return Err(Code::EPERM.into());
            }
            let mut change = target.change(cancel)?;
            change.admit(Amount::NAME)?;
            source.dir.hard_link(source.rest(), target.dir, target.rest())?;
            change.add(Amount::NAME);
            Ok::<_, Cause>(())
        };
        link().between("link", from, path)
    }

    /// What a symbolic link says. One that says an absolute path, which the host must have made, is refused.
    ///
    /// # Errors
    /// `EACCES`, `EINVAL` where it is no link, and what the system says.
    pub fn read_link(&self, path: &str) -> Result<String, Error> {
        let read = || match self.spot(path, Access::Read)? {
            Spot::Above { .. } => Err(Code::EINVAL.into()),
            Spot::Below(target) if target.path.is_root() => Err(Code::EINVAL.into()),
            Spot::Below(target) => {
                let parent = match target.name().parent() {
                    Some(parent) if parent != Path::new("") => target.dir.open_dir(parent)?,
                    _ => target.dir.try_clone()?,
                };
                refuse_kernel_files(&parent)?;
                let name = target.name().file_name().ok_or(Code::EINVAL)?;
                let says = parent.read_link_contents(name)?;
                if says.has_root() {
                    return Err(Cause::from(Code::EACCES));
                }
                Ok(says.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
            }
        };
        read().at("readlink", path)
    }

    /// The path of a file without links, `.` and `..`, as the guest would write it.
    ///
    /// # Errors
    /// `EACCES`, `ENOENT`, `ELOOP`, and what the system says.
    pub fn real_path(&self, path: &str) -> Result<String, Error> {
        let real = || match self.spot(path, Access::Read)? {
            Spot::Above { path, .. } => Ok(path),
            Spot::Below(target) => {
                let below = target.dir.canonicalize(target.rest())?;
                let mut real = target.path.guest_root().to_owned();
                for part in below.components() {
                    if let Component::Normal(name) = part {
                        real.push('/');
                        real.push_str(&name.to_string_lossy());
                    }
                }
                Ok::<_, Cause>(if real.is_empty() { "/".into() } else { real })
            }
        };
        real().at("realpath", path)
    }
}

/// How many names lead to a path, or nothing where it climbs out.
fn depth(path: &Path) -> Option<usize> {
    path.components().try_fold(0_usize, |depth, part| match part {
        Component::ParentDir => depth.checked_sub(1),
        Component::Normal(_) => Some(depth + 1),
        _ => Some(depth),
    })
}
