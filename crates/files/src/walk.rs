//! A walk through a tree that others may be changing: every directory is opened from its parent's descriptor, and no link is followed.

use std::ffi::{OsStr, OsString};

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, DirEntry, FileType, ReadDir};
use hostbox_buffers::Cancel;

use crate::error::{Cause, Code};
use crate::root::refuse_kernel_files;

/// How deep a walk goes: each level holds a descriptor.
const MOST_LEVELS: usize = 256;

/// What a walk meets.
pub(crate) enum Step<'a> {
    /// A name, and whether the walk goes into it afterwards.
    Entry { parent: &'a Dir, path: &'a [String], name: &'a str, entry: &'a DirEntry, kind: FileType },
    /// A directory that the walk has left.
    Left { parent: &'a Dir, name: &'a OsStr },
}

struct Level {
    dir: Dir,
    entries: ReadDir,
}

impl Level {
    fn of(dir: Dir) -> Result<Level, Cause> {
        refuse_kernel_files(&dir)?;
        Ok(Level { entries: dir.entries()?, dir })
    }
}

/// Visits everything below a directory, directories before what is in them. A directory that is no longer there is passed over.
pub(crate) fn walk(
    dir: &Dir,
    cancel: &Cancel,
    visit: &mut dyn FnMut(Step<'_>) -> Result<(), Cause>,
) -> Result<(), Cause> {
    let mut levels = vec![Level::of(dir.try_clone()?)?];
    let mut path: Vec<String> = Vec::new();
    // The same as the system has them, where they are no text.
    let mut names: Vec<OsString> = Vec::new();
    loop {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else { return Ok(()) };
        cancel.check()?;
        let Some(entry) = level.entries.next() else {
            levels.pop();
            path.pop();
            if let (Some(name), Some(parent)) = (names.pop(), levels.last()) {
                visit(Step::Left { parent: &parent.dir, name: &name })?;
            }
            continue;
        };
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        visit(Step::Entry { parent: &level.dir, path: &path, name: &name, entry: &entry, kind })?;
        if !kind.is_dir() {
            continue;
        }
        if depth >= MOST_LEVELS {
            return Err(Code::ENAMETOOLONG.into());
        }
        // A link that took the directory's place is not followed; what went away is not there.
        if let Ok(below) = level.dir.open_dir_nofollow(entry.file_name()) {
            levels.push(Level::of(below)?);
            path.push(name);
            names.push(entry.file_name());
        }
    }
}
