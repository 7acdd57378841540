//! A walk through a tree that others may be changing: every directory is opened from its parent's descriptor, and no link is followed.

use std::ffi::{OsStr, OsString};
use std::io;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, DirEntry, FileType, ReadDir};
use hostbox_buffers::Cancel;

use crate::error::{Cause, Code};
use crate::files::{Seat, Seats};
use crate::root::refuse_kernel_files;
use crate::usage::{Identity, identity};

/// How deep a walk goes.
const MOST_LEVELS: usize = 4096;
/// Levels that hold a descriptor. Those above are closed meanwhile, and opened again by their names.
const OPEN_LEVELS: usize = 64;
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
    /// Its directory; while it is closed, what the system numbers it by.
    dir: Result<(Dir, Seat), Identity>,
    entries: Option<ReadDir>,
    /// Directories that were met and not entered yet.
    waiting: Vec<OsString>,
}

impl Level {
    fn of(dir: Dir, seat: Seat) -> Result<Level, Cause> {
        refuse_kernel_files(&dir)?;
        Ok(Level { entries: Some(dir.entries()?), dir: Ok((dir, seat)), waiting: Vec::new() })
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

    /// Its directory, where it is open: the first and the last level are.
    fn dir(&self) -> Result<&Dir, Cause> {
        self.dir.as_ref().map_or(Err(Code::ENOENT.into()), |(dir, _)| Ok(dir))
    }

    /// Gives its descriptor back, unless it has names to read.
    fn close(&mut self) -> Result<(), Cause> {
        if let (Ok((dir, _)), None) = (&self.dir, &self.entries) {
            self.dir = Err(identity(&dir.dir_metadata()?));
        }
        Ok(())
    }
}

/// The levels of a walk, from its directory down, and the names that lead to them.
struct Levels<'a> {
    levels: Vec<Level>,
    names: Vec<OsString>,
    /// The same as text.
    path: Vec<String>,
    seats: &'a Seats,
    cancel: &'a Cancel,
}

impl Levels<'_> {
    fn enter(&mut self, dir: Dir, name: OsString) -> Result<(), Cause> {
        if self.levels.len() >= MOST_LEVELS {
            return Err(Code::ENAMETOOLONG.into());
        }
        self.levels.push(Level::of(dir, self.seats.take()?)?);
        self.path.push(name.to_string_lossy().into_owned());
        self.names.push(name);
        // Never the first one, from which the others are found again.
        if let Some(above @ 1..) = self.levels.len().checked_sub(OPEN_LEVELS) {
            self.levels[above].close()?;
        }
        Ok(())
    }

    /// Leaves the last level: its name, where the one above it is still what it was.
    fn leave(&mut self) -> Result<Option<OsString>, Cause> {
        let mut name = self.pop();
        while let Some(level) = self.levels.last() {
            if level.dir.is_ok() || self.reopen()? {
                return Ok(name);
            }
            // What was moved away, or replaced, is no longer there.
            self.pop();
            name = None;
        }
        Ok(None)
    }

    fn pop(&mut self) -> Option<OsString> {
        self.levels.pop();
        self.path.pop();
        self.names.pop()
    }

    /// Opens the last levels again; whether the last one is what it was.
    fn reopen(&mut self) -> Result<bool, Cause> {
        let first_wanted = self.levels.len().saturating_sub(OPEN_LEVELS / 2);
        let Some(first) = self.levels.first() else { return Ok(false) };
        let mut dir = first.dir()?.try_clone()?;
        for (at, name) in self.names.iter().enumerate() {
            self.cancel.check()?;
            dir = match dir.open_dir_nofollow(name).map_err(Cause::from) {
                Ok(below) => below,
                Err(cause) if is_gone(&cause) => return Ok(false),
                Err(cause) => return Err(cause),
            };
            let level = &mut self.levels[at + 1];
            if let (Err(known), true) = (&level.dir, at + 1 >= first_wanted) {
                if identity(&dir.dir_metadata()?) != *known {
                    return Ok(false);
                }
                level.dir = Ok((dir.try_clone()?, self.seats.take()?));
            }
        }
        Ok(true)
    }
}

/// Whether a name stands for no directory any more; it may stand for a link.
fn is_gone(cause: &Cause) -> bool {
    matches!(cause, Cause::Code(Code::ENOENT | Code::ENOTDIR | Code::ELOOP))
}

/// Visits everything below a directory, directories before what is in them. A directory that is no longer there is passed over.
/// Levels that are open take seats among the files that the sandbox may have open.
///
/// # Errors
/// `ENAMETOOLONG` for more than 4,096 levels, `EMFILE`, and what `visit` or the system says.
pub(crate) fn walk(
    dir: &Dir,
    seats: &Seats,
    cancel: &Cancel,
    visit: &mut dyn FnMut(Step<'_>) -> Result<(), Cause>,
) -> Result<(), Cause> {
    let first = Level::of(dir.try_clone()?, seats.take()?)?;
    let mut levels = Levels { levels: vec![first], names: Vec::new(), path: Vec::new(), seats, cancel };
    loop {
        cancel.check()?;
        let Levels { levels: all, path, .. } = &mut levels;
        let Some(level) = all.last_mut() else { return Ok(()) };
        if let Some(entry) = level.next()? {
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else { continue };
            let text = name.to_string_lossy();
            visit(Step::Entry { parent: level.dir()?, path, name: &text, entry: &entry, kind })?;
            if kind.is_dir() {
                level.waiting.push(name);
            }
        } else if let Some(name) = level.waiting.pop() {
            // A link that took the directory's place is not followed; what went away is not there.
            match level.dir()?.open_dir_nofollow(&name).map_err(Cause::from) {
                Ok(below) => levels.enter(below, name)?,
                Err(cause) if is_gone(&cause) => {}
                Err(cause) => visit(Step::Shut(cause))?,
            }
        } else if let Some(name) = levels.leave()?
            && let Some(level) = levels.levels.last()
        {
            visit(Step::Left { parent: level.dir()?, name: &name })?;
        }
    }
}
