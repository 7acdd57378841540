//! `invert`, `grayscale_rgba`, `xor`: each byte or pixel by itself, in place, fused by the chain.
//!
//! One body an operation, compiled twice: as it is, and with AVX2 where the processor has it. No intrinsics, and the very
//! same arithmetic, so that every path gives the same bits.

use std::sync::Arc;

use super::simd::dispatch;
use crate::buffer::Buffer;
use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elementwise {
    Invert,
    Grayscale,
    Xor,
}

/// An operation bound to its second input.
#[derive(Debug)]
pub(crate) enum Kernel {
    Invert,
    Grayscale,
    Xor(Arc<Buffer>),
}

impl Elementwise {
    pub(crate) fn kernel(self, extra: Option<Arc<Buffer>>) -> Result<Kernel> {
        match (self, extra) {
            (Elementwise::Invert, _) => Ok(Kernel::Invert),
            (Elementwise::Grayscale, _) => Ok(Kernel::Grayscale),
            (Elementwise::Xor, Some(extra)) => Ok(Kernel::Xor(extra)),
            (Elementwise::Xor, None) => {
                Err(Error::op("xor", "expected a second input of the same length but received none"))
            }
        }
    }
}

impl Kernel {
    /// Checks the length of a whole input.
    pub(crate) fn check(&self, len: usize) -> Result<()> {
        match self {
            Kernel::Grayscale if !len.is_multiple_of(4) => Err(Error::op(
                "grayscale_rgba",
                format!("expected a length that is a multiple of 4 for the input but received {len} bytes"),
            )),
            Kernel::Xor(extra) if extra.paid.block.len() != len => Err(Error::op(
                "xor",
                format!(
                    "expected {len} bytes for the second input, as the first has, but received {}",
                    extra.paid.block.len()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Checks that so much of an input whose end is not known yet can be worked on.
    pub(crate) fn check_piece(&self, len: usize) -> Result<()> {
        match self {
            Kernel::Xor(extra) if extra.paid.block.len() < len => Err(Error::op(
                "xor",
                format!("expected a second input as long as the first but received {} bytes", extra.paid.block.len()),
            )),
            _ => Ok(()),
        }
    }

    /// Works on `block`, which lies `at` bytes into the input.
    pub(crate) fn apply(&self, block: &mut [u8], at: usize) {
        match self {
            Kernel::Invert => invert(block),
            Kernel::Grayscale => grayscale(block),
            Kernel::Xor(extra) => xor(block, &extra.paid.block[at..at + block.len()]),
        }
    }
}

#[inline(always)]
fn invert_body(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = !*byte;
    }
}

#[inline(always)]
fn xor_body(bytes: &mut [u8], extra: &[u8]) {
    for (byte, other) in bytes.iter_mut().zip(extra) {
        *byte ^= *other;
    }
}

/// Whole pixels as 32-bit lanes, which the compiler turns into vectors; a rest shorter than a pixel stays as it is.
#[inline(always)]
fn grayscale_body(bytes: &mut [u8]) {
    for pixel in bytes.as_chunks_mut::<4>().0 {
        let lanes = u32::from_le_bytes(*pixel);
        let channel = |shift: u32| ((lanes >> shift) & 0xff) as f32;
        let luma = 0.299 * channel(0) + 0.587 * channel(8) + 0.114 * channel(16);
        // `luma.round()`, for which there is no vector instruction. Adding a half and cutting off differs from it only where
        // the sum itself is rounded up to an integer; no pixel does that, as a test over all of them shows.
        // SAFETY: the sum lies between 0.5 and 255.5, so it is finite and fits.
        let luma = unsafe { (luma + 0.5).to_int_unchecked::<i32>() } as u32;
        *pixel = ((lanes & 0xff00_0000) | luma | (luma << 8) | (luma << 16)).to_le_bytes();
    }
}

dispatch!(invert, invert_avx2, invert_body, (bytes: &mut [u8]));
dispatch!(grayscale, grayscale_avx2, grayscale_body, (bytes: &mut [u8]));
dispatch!(xor, xor_avx2, xor_body, (bytes: &mut [u8], extra: &[u8]));

#[cfg(test)]
mod tests {
    use super::*;

    fn random(len: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    fn gray_of(pixel: [u8; 3]) -> u8 {
        let [r, g, b] = pixel.map(f32::from);
        (0.299 * r + 0.587 * g + 0.114 * b).round() as u8
    }

    #[test]
    fn every_colour_is_rounded_as_the_definition_says() {
        let mut row: Vec<u8> = (0..=255).flat_map(|red| [red, 0, 0, 7]).collect();
        for green in 0..=255_u8 {
            for blue in 0..=255_u8 {
                for (red, pixel) in row.chunks_exact_mut(4).enumerate() {
                    pixel.copy_from_slice(&[red as u8, green, blue, 7]);
                }
                grayscale(&mut row);
                let right = |(red, pixel): (usize, &[u8])| {
                    let gray = gray_of([red as u8, green, blue]);
                    pixel == [gray, gray, gray, 7]
                };
                assert!(row.chunks_exact(4).enumerate().all(right), "green {green}, blue {blue}");
            }
        }
    }

    /// What one operation makes of `input` by its definition, byte by byte or pixel by pixel.
    fn by_definition(input: &[u8], pixel: impl Fn([u8; 3]) -> [u8; 3]) -> Vec<u8> {
        let (pixels, rest) = input.as_chunks::<4>();
        let whole = pixels.iter().flat_map(|[red, green, blue, alpha]| {
            let [red, green, blue] = pixel([*red, *green, *blue]);
            [red, green, blue, *alpha]
        });
        whole.chain(rest.iter().copied()).collect()
    }

    #[test]
    fn every_path_gives_the_same_bits_at_every_length_from_every_start() {
        let lengths = if cfg!(miri) { vec![0, 3, 33, 70] } else { (0..70).chain([255, 1021, 4099, 65_537]).collect() };
        for len in lengths {
            for start in [0, 1, 2, 3, 5, 16, 31] {
                let (input, extra) = (random(start + len), random(len + 9)[9..].to_vec());
                // The detected path, and the plain one: they start at the same odd address, since vectors are sensitive to that alone.
                let both = |detected: fn(&mut [u8], &[u8]), plain: fn(&mut [u8], &[u8]), right: Vec<u8>| {
                    let (mut one, mut other) = (input.clone(), input.clone());
                    detected(&mut one[start..], &extra);
                    plain(&mut other[start..], &extra);
                    assert!(one[start..] == right && other[start..] == right, "{len} bytes from {start}");
                    assert!(one[..start] == input[..start]);
                };
                let bytes = &input[start..];
                let combined = bytes.iter().zip(&extra).map(|(one, other)| one ^ other).collect();
                both(
                    |bytes, _| invert(bytes),
                    |bytes, _| invert_body(bytes),
                    bytes.iter().map(|byte| 255 - byte).collect(),
                );
                both(xor, xor_body, combined);
                let gray = by_definition(bytes, |pixel| [gray_of(pixel); 3]);
                both(|bytes, _| grayscale(bytes), |bytes, _| grayscale_body(bytes), gray);
            }
        }
    }
}
