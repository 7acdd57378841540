//! The size of a picture: from arguments or from what a decoder found, checked against the bounds and against the bytes.

use super::arguments::Arguments;
use crate::buffer::{Info, RGBA8};
use crate::error::{Error, Result};

/// Pixels a side.
pub(crate) const MAX_SIDE: u32 = 32_768;
/// Pixels in all: one GiB of RGBA.
pub(crate) const MAX_PIXELS: u64 = 1 << 28;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// Bytes of RGBA.
    pub(crate) fn bytes(self) -> usize {
        self.width as usize * self.height as usize * 4
    }

    /// The size that a picture's header claims.
    pub(crate) fn of_header(op: &str, width: u32, height: u32) -> Result<Size> {
        if width == 0 || height == 0 {
            return Err(Error::op(op, format!("the picture is {width}x{height} pixels")));
        }
        if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(Error::memory(format!(
                "{op}: the picture is {width}x{height} pixels, the limit is {MAX_SIDE} a side and {MAX_PIXELS} in all"
            )));
        }
        Ok(Size { width, height })
    }

    /// The size in two arguments, if both are there.
    pub(crate) fn parse(op: &'static str, arguments: &Arguments<'_>, names: [&str; 2]) -> Result<Option<Size>> {
        let sides = [side(arguments, names[0])?, side(arguments, names[1])?];
        match sides {
            [None, None] => Ok(None),
            [Some(width), Some(height)] if u64::from(width) * u64::from(height) <= MAX_PIXELS => {
                Ok(Some(Size { width, height }))
            }
            [Some(width), Some(height)] => {
                Err(Error::op(op, format!("expected at most {MAX_PIXELS} pixels but received {width}x{height}")))
            }
            [None, Some(_)] => Err(arguments.missing(names[0], &expected_side())),
            [Some(_), None] => Err(arguments.missing(names[1], &expected_side())),
        }
    }

    /// The input's size: from the arguments, else from what is known; it must be the length of the bytes.
    pub(crate) fn of_input(op: &'static str, given: Option<Size>, input: &[u8], about: &Info) -> Result<Size> {
        let known = match (about.format, about.width, about.height) {
            (Some(RGBA8), Some(width), Some(height)) => Some(Size { width, height }),
            _ => None,
        };
        let size = given.or(known).ok_or_else(|| {
            Error::op(
                op,
                "expected 'width' and 'height', since the size of the input is not known, but received nothing",
            )
        })?;
        if size.bytes() == input.len() {
            return Ok(size);
        }
        let (Size { width, height }, expected, len) = (size, size.bytes(), input.len());
        Err(Error::op(op, format!("expected {expected} bytes for {width}x{height} RGBA pixels but received {len}")))
    }
}

pub(crate) fn expected_side() -> String {
    format!("an integer from 1 to {MAX_SIDE}")
}

fn side(arguments: &Arguments<'_>, name: &str) -> Result<Option<u32>> {
    arguments.integer_u32(name, 1..=MAX_SIDE)
}

/// Spreads pixels of `N` channels, which fill the front of `bytes`, to RGBA over the whole of it.
///
/// Backwards, so that no pixel is overwritten before it was read: its new place never lies before its old one.
pub(crate) fn spread<const N: usize>(bytes: &mut [u8], rgba: impl Fn([u8; N]) -> [u8; 4]) {
    for index in (0..bytes.len() / 4).rev() {
        let mut pixel = [0; N];
        pixel.copy_from_slice(&bytes[index * N..(index + 1) * N]);
        bytes[index * 4..(index + 1) * 4].copy_from_slice(&rgba(pixel));
    }
}
