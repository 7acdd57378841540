//! What a decoder of pictures reads from.

use std::io::{BufRead, Cursor, Read, Result, Seek, SeekFrom};

use crate::cancel::Cancel;

/// Input between two looks at the flag. Deflate makes at most 8 MiB of it.
const PIECE: usize = 8 << 10;

/// The input in pieces, with a look at the flag before each.
pub(crate) struct Input<'a> {
    bytes: Cursor<&'a [u8]>,
    cancel: &'a Cancel,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8], cancel: &'a Cancel) -> Input<'a> {
        Input { bytes: Cursor::new(bytes), cancel }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        self.bytes.read(target)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.cancel.check().map_err(std::io::Error::other)?;
        let rest = self.bytes.fill_buf()?;
        Ok(&rest[..rest.len().min(PIECE)])
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.consume(amount);
    }
}

impl Seek for Input<'_> {
    fn seek(&mut self, target: SeekFrom) -> Result<u64> {
        self.bytes.seek(target)
    }
}
