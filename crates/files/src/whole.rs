//! Whole files, read and written at once.

use hostbox_buffers::{Cancel, Store, Writer};

use crate::attributes::Mode;
use crate::error::{During, Error};
use crate::files::Files;
use crate::open::Flags;

/// What is written.
pub enum Content<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// A buffer of the store, which stays there.
    Stored(&'a Store, u64),
}

impl Files {
    /// Reads a file to its end, into memory that the store pays for.
    ///
    /// # Errors
    /// As `open` and `OpenFile::read`.
    pub fn read(&self, path: &str, flags: Flags, store: &Store, cancel: &Cancel) -> Result<Writer, Error> {
        let (open, metadata) = self.open_known(path, flags, Mode::FILE, cancel).at("open", path)?;
        open.rest(0, &metadata, store, cancel).during("read")
    }

    /// Writes a file.
    ///
    /// # Errors
    /// As `open` and `OpenFile::write`.
    pub fn write(
        &self,
        path: &str,
        flags: Flags,
        mode: Mode,
        content: &Content<'_>,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        // Before the file is emptied: an id that is none must cost nothing.
        if let Content::Stored(store, id) = content {
            store.info(*id).during("write")?;
        }
        self.open(path, flags, mode, cancel)?.write_content(content, cancel)
    }
}

impl crate::open::OpenFile {
    /// Writes bytes, or a stored buffer, where the last write ended.
    ///
    /// # Errors
    /// As `write`.
    pub fn write_content(&self, content: &Content<'_>, cancel: &Cancel) -> Result<(), Error> {
        match content {
            Content::Bytes(bytes) => self.write(bytes, None, cancel),
            Content::Stored(store, id) => store.read(*id, |bytes| self.write(bytes, None, cancel)).during("write")?,
        }
    }
}
