//! Removing: names, empty directories, trees.

use cap_fs_ext::DirExt;
use std::path::Path;

use cap_std::fs::Dir;
use hostbox_buffers::Cancel;
use hostbox_permissions::Access;

use crate::error::{Cause, Code, During, Error};
use crate::files::{Files, Seats};
use crate::usage::Change;
use crate::walk::{Step, walk};

/// How `remove` goes about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// A directory with all that is in it.
    pub recursive: bool,
    /// What is not there is no error.
    pub force: bool,
}

impl Files {
    /// Removes a file, or a link itself.
    ///
    /// # Errors
    /// `EACCES`, `ENOENT`, `EISDIR` for a directory, and what the system says.
    pub fn unlink(&self, path: &str, cancel: &Cancel) -> Result<(), Error> {
        let unlink = || {
            let target = self.target(path, Access::Write)?;
            if target.path.is_root() {
                return Err(Code::EISDIR.into());
            }
            unlink_one(target.dir, target.rest(), &mut target.change(cancel)?)
        };
        unlink().at("unlink", path)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// `EACCES`, `EBUSY` for the directory of a grant, `ENOTEMPTY`, and what the system says.
    pub fn remove_dir(&self, path: &str, cancel: &Cancel) -> Result<(), Error> {
        let remove = || {
            let target = self.target(path, Access::Write)?;
            target.not_granted_itself()?;
            remove_dir(target.dir, target.name(), &mut target.change(cancel)?)
        };
        remove().at("rmdir", path)
    }

    /// Removes a file, or a directory with all that is in it.
    ///
    /// # Errors
    /// `EACCES`, `EBUSY` for the directory of a grant, `ENOENT` unless forced, `EISDIR` for a directory unless recursive, and what the
    /// system says. What was removed until then is gone.
    pub fn remove(&self, path: &str, how: Removal, cancel: &Cancel) -> Result<(), Error> {
        let remove = || {
            let target = self.target(path, Access::Write)?;
            target.not_granted_itself()?;
            let metadata = target.dir.symlink_metadata(target.name())?;
            if !metadata.is_dir() {
                return unlink_one(target.dir, target.rest(), &mut target.change(cancel)?);
            }
            if !how.recursive {
                return Err(Code::EISDIR.into());
            }
            if let Ok(below) = open_dir(target.dir, target.path.rest()) {
                clear(
                    &below,
                    &target.seats,
                    &mut |dir, name, is_dir| {
                        let mut change = target.change(cancel)?;
                        if is_dir { remove_dir(dir, name, &mut change) } else { unlink_one(dir, name, &mut change) }
                    },
                    cancel,
                )?;
            }
            remove_dir(target.dir, target.name(), &mut target.change(cancel)?)
        };
        match remove() {
            Err(Cause::Code(Code::ENOENT)) if how.force => Ok(()),
            outcome => outcome.at("rm", path),
        }
    }
}

/// A directory that is no link, below another one.
fn open_dir(dir: &Dir, path: &str) -> Result<Dir, Cause> {
    let path = path.trim_end_matches('/');
    Ok(match path.rsplit_once('/') {
        Some((parent, name)) => dir.open_dir(parent)?.open_dir_nofollow(name)?,
        None => dir.open_dir_nofollow(path)?,
    })
}

type Remove<'a> = dyn FnMut(&Dir, &Path, bool) -> Result<(), Cause> + 'a;

/// Removes what is in a directory. Names are removed as the walk meets them, directories when it has left them.
fn clear(dir: &Dir, seats: &Seats, remove: &mut Remove<'_>, cancel: &Cancel) -> Result<(), Cause> {
    let gone = |outcome| match outcome {
        Err(Cause::Code(Code::ENOENT)) => Ok(()),
        outcome => outcome,
    };
    walk(dir, seats, cancel, &mut |step| match step {
        Step::Entry { kind, .. } if kind.is_dir() => Ok(()),
        Step::Shut(cause) => Err(cause),
        Step::Entry { parent, entry, .. } => gone(remove(parent, entry.file_name().as_ref(), false)),
        Step::Left { parent, name } => gone(remove(parent, name.as_ref(), true)),
    })
}

fn unlink_one(dir: &Dir, path: &Path, change: &mut Change<'_>) -> Result<(), Cause> {
    // Only who counts needs to know what it was.
    let metadata = if change.is_counted() { dir.symlink_metadata(path).ok() } else { None };
    match dir.remove_file_or_symlink(path) {
        Ok(()) => {}
        // Some systems say EPERM of a directory.
        Err(error) => {
            let is_dir = dir.symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
            return Err(if is_dir { Code::EISDIR.into() } else { error.into() });
        }
    }
    if let Some(metadata) = metadata {
        change.unnamed(&metadata);
    }
    Ok(())
}

fn remove_dir(dir: &Dir, path: &Path, change: &mut Change<'_>) -> Result<(), Cause> {
    let metadata = if change.is_counted() { dir.symlink_metadata(path).ok() } else { None };
    dir.remove_dir(path)?;
    if let Some(metadata) = metadata {
        change.unnamed(&metadata);
    }
    Ok(())
}
