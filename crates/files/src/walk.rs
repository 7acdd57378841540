//! A walk through a tree that others may be changing: every directory is opened from its parent's descriptor, and no link is followed.

use std::ffi::{OsStr, OsString};
use std::io;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, DirEntry, FileType, ReadDir};
use hostbox_buffers::Cancel;

use crate::error::{Cause, Code};
use crate::files::{Seat, Seats};
use crate::root::refuse_kernel_files;

/// How deep a walk goes: each level holds a descriptor.
const MOST_LEVELS: usize = 256;
/// Directories of one level that wait for their turn. Where a level has more, its reading pauses, which holds two descriptors more.
const MOST_WAITING: usize = 1024;

/// What a walk meets.
pub(crate) enum Step<'a> {
    /// A name, and what it stands for. Directories are entered afterwards.
    Entry { parent: &'a Dir, path: &'a [String], name: &'a str, entry: &'a DirEntry, kind: FileType },
    /// A directory that cannot be looked into.
    Shut(Cause),
    /// A directory that the walk has left.
    Left { parent: &'a Dir, name: &'a OsStr },
}

struct Level {
    dir: Dir,
    entries: Option<ReadDir>,
    /// Directories that were met and not entered yet.
    waiting: Vec<OsString>,
    _seat: Seat,
}

impl Level {
    fn of(dir: Dir, seat: Seat) -> Result<Level, Cause> {
        refuse_kernel_files(&dir)?;
        Ok(Level { entries: Some(dir.entries()?), dir, waiting: Vec::new(), _seat: seat })
    }

    /// The next name. Where all of them were read, and where enough directories wait, there is none now.
    fn next(&mut self) -> io::Result<Option<DirEntry>> {
        if self.waiting.len() >= MOST_WAITING {
            return Ok(None);
        }
        let next = self.entries.as_mut().and_then(Iterator::next).transpose()?;
        if next.is_none() {
            self.entries = None;
        }
        Ok(next)
    }
}

/// Visits everything below a directory, directories before what is in them. A directory that is no longer there is passed over.
/// Every level takes a seat among the files that the sandbox may have open.
///
/// # Errors
/// `ENAMETOOLONG` for more than 256 levels, `EMFILE`, and what `visit` or the system says.
pub(crate) fn walk(
    dir: &Dir,
    seats: &Seats,
    cancel: &Cancel,
    visit: &mut dyn FnMut(Step<'_>) -> Result<(), Cause>,
) -> Result<(), Cause> {
    let mut levels = vec![Level::of(dir.try_clone()?, seats.take()?)?];
    let mut path: Vec<String> = Vec::new();
    // The same as the system has them, where they are no text.
    let mut names: Vec<OsString> = Vec::new();
    loop {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else { return Ok(()) };
        cancel.check()?;
        if let Some(entry) = level.next()? {
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else { continue };
            let text = name.to_string_lossy();
            visit(Step::Entry { parent: &level.dir, path: &path, name: &text, entry: &entry, kind })?;
            if kind.is_dir() {
                level.waiting.push(name);
            }
        } else if let Some(name) = level.waiting.pop() {
            if depth >= MOST_LEVELS {
                return Err(Code::ENAMETOOLONG.into());
            }
            // A link that took the directory's place is not followed; what went away is not there.
            match level.dir.open_dir_nofollow(&name).map_err(Cause::from) {
                Ok(below) => {
                    levels.push(Level::of(below, seats.take()?)?);
                    path.push(name.to_string_lossy().into_owned());
                    names.push(name);
                }
                Err(Cause::Code(Code::ENOENT | Code::ENOTDIR | Code::ELOOP)) => {}
                Err(cause) => visit(Step::Shut(cause))?,
            }
        } else {
            levels.pop();
            path.pop();
            if let (Some(name), Some(parent)) = (names.pop(), levels.last()) {
                visit(Step::Left { parent: &parent.dir, name: &name })?;
            }
        }
    }
}
