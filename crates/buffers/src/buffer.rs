//! A stored buffer: bytes that never change again, what is known about them, and the reservation that pays.

use crate::account::PaidBlock;

/// What is known about a buffer's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Bytes in the buffer.
    pub byte_length: usize,
    /// Pixels a row, where the bytes are a picture.
    pub width: Option<u32>,
    /// Rows, where the bytes are a picture.
    pub height: Option<u32>,
    /// `rgba8` for pixels; `png`, `jpeg` or `gzip` for what an encoder made.
    pub format: Option<&'static str>,
}

/// The format of pixels: red, green, blue, alpha, one byte each, rows without padding.
pub(crate) const RGBA8: &str = "rgba8";
/// The same without alpha.
pub(crate) const RGB8: &str = "rgb8";

impl Info {
    pub(crate) fn bytes(byte_length: usize) -> Info {
        Info { byte_length, ..Info::default() }
    }

    pub(crate) fn pixels(width: u32, height: u32) -> Info {
        let byte_length = width as usize * height as usize * 4;
        Info { byte_length, width: Some(width), height: Some(height), format: Some(RGBA8) }
    }
}

#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) paid: PaidBlock,
    pub(crate) info: Info,
}

/// A stored buffer, lent: its bytes stay, unchanged and paid for, until the last loan ends, whatever happens to the id meanwhile.
#[derive(Clone, Debug)]
pub struct Lent(pub(crate) std::sync::Arc<Buffer>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0.paid.block
    }
}
