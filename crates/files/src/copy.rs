//! Copies of files, also from one grant to another.

use std::io::{self, Read as _};

use hostbox_buffers::Cancel;

use crate::attributes::Mode;
use crate::error::{Cause, Code, During, Error};
use crate::files::Files;
use crate::open::Flags;

/// How a file is copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyMode {
    /// A file that is there already is an error.
    pub exclusive: bool,
}

/// Copied between two looks at the cancel flag, by the system itself where it can.
const PIECE: u64 = 16 << 20;

impl Files {
    /// Copies a file's bytes and its permissions.
    ///
    /// # Errors
    /// `EACCES`, `EEXIST`, `EISDIR`, `ENOSPC`, and what the system says.
    pub fn copy_file(&self, from: &str, to: &str, mode: CopyMode, cancel: &Cancel) -> Result<(), Error> {
        self.copy_at(from, to, mode, cancel).between("copyfile", from, to)
    }

    fn copy_at(&self, from: &str, to: &str, mode: CopyMode, cancel: &Cancel) -> Result<(), Cause> {
        let source = self.open_at(from, Flags::READ, Mode::FILE, cancel)?;
        let metadata = source.metadata()?;
        if !metadata.is_file() {
            return Err(Code::EISDIR.into());
        }
        let permissions = Mode::of(&metadata);
        // Not emptied yet: it may be the very same file.
        let flags = Flags { read: false, write: true, create: true, exclusive: mode.exclusive, ..Flags::READ };
        let target = self.open_at(to, flags, permissions, cancel)?;
        if target.is_same(&source) {
            return Ok(());
        }
        target.set_len(0, cancel)?;
        target.fill_from(&source, metadata.len(), cancel)?;
        target.set_mode(permissions)?;
        Ok(())
    }
}

impl crate::open::OpenFile {
    fn is_same(&self, other: &Self) -> bool {
        match (self.metadata(), other.metadata()) {
            (Ok(one), Ok(other)) => crate::usage::identity(&one) == crate::usage::identity(&other),
            _ => false,
        }
    }

    /// Appends the bytes of another file. Its length is paid for first; what it has grown by meanwhile is left out.
    fn fill_from(&self, source: &Self, len: u64, cancel: &Cancel) -> Result<(), Cause> {
        let mut left = len;
        while left > 0 {
            cancel.check()?;
            let piece = left.min(PIECE);
            let copied = self.growing(piece, cancel, || io::copy(&mut source.file().take(piece), &mut self.file()))?;
            if copied == 0 {
                break;
            }
            left -= copied.min(left);
        }
        Ok(())
    }
}
