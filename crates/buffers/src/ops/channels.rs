//! `rgba_to_rgb` and `rgb_to_rgba`: alpha left out, and one alpha put in. Streams, and in pieces over the cores where the whole input is there.

use std::sync::Arc;

use serde_json::Value;

use super::arguments::Arguments;
use super::simd::dispatch;
use super::{Operation, Streamed};
use crate::account::{Account, PaidBlock};
use crate::buffer::{Info, RGB8, RGBA8};
use crate::chain::Job;
use crate::cores::{self, PIECE_BYTES};
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream, Units};

const DROP: &str = "rgba_to_rgb";
const ADD: &str = "rgb_to_rgba";

pub(crate) fn parse_drop(args: Option<&Value>) -> Result<Operation> {
    Arguments::none(DROP, args).map(|()| Operation::Stream(Arc::new(DropAlpha)))
}

pub(crate) fn parse_add(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(ADD, args, &["alpha"])?;
    let alpha = arguments.integer("alpha", 0..=255)?.unwrap_or(255) as u8;
    Ok(Operation::Stream(Arc::new(AddAlpha { alpha })))
}

#[derive(Clone, Copy, Debug)]
struct DropAlpha;

#[derive(Clone, Copy, Debug)]
struct AddAlpha {
    alpha: u8,
}

/// Pixels of `N` bytes to pixels of `M` bytes.
trait Repack<const N: usize, const M: usize>: Copy + Send + Sync + 'static {
    const NAME: &str;
    const FORMATS: [&str; 2];

    /// Whole pixels, as many of the one as of the other.
    fn repack(self, source: &[u8], target: &mut [u8]);

    fn about(about: Info) -> Info {
        let known = about.format == Some(Self::FORMATS[0]);
        if known { Info { format: Some(Self::FORMATS[1]), ..about } } else { Info::default() }
    }

    fn refusal(len: impl std::fmt::Display) -> Error {
        Error::op(
            Self::NAME,
            format!("expected a length that is a multiple of {N} for the input but received {len} bytes"),
        )
    }

    fn all_at_once(self, job: &Job<'_>, input: &[u8]) -> Result<PaidBlock> {
        if !input.len().is_multiple_of(N) {
            return Err(Self::refusal(input.len()));
        }
        let pixels = input.len() / N;
        // Every pixel of the output is written below.
        let mut output = PaidBlock::for_overwrite(job.account, pixels * M)?;
        let piece = PIECE_BYTES / 4;
        let pieces = input.chunks(piece * N).zip(output.block.chunks_mut(piece * M));
        cores::split(pixels * M, pieces, |(source, target)| {
            job.cancel.check()?;
            self.repack(source, target);
            Ok(())
        })?;
        Ok(output)
    }
}

impl Repack<4, 3> for DropAlpha {
    const NAME: &str = DROP;
    const FORMATS: [&str; 2] = [RGBA8, RGB8];

    fn repack(self, source: &[u8], target: &mut [u8]) {
        drop_alpha(source, target);
    }
}

impl Repack<3, 4> for AddAlpha {
    const NAME: &str = ADD;
    const FORMATS: [&str; 2] = [RGB8, RGBA8];

    fn repack(self, source: &[u8], target: &mut [u8]) {
        add_alpha(source, target, self.alpha);
    }
}

impl Streamed for DropAlpha {
    fn open(&self, _account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(Repacking { op: *self, units: Units::<4>::default(), read: 0 }))
    }

    fn describe(&self, about: Info) -> Info {
        Self::about(about)
    }

    fn at_once(&self, job: &Job<'_>, input: &[u8]) -> Option<Result<PaidBlock>> {
        Some(self.all_at_once(job, input))
    }
}

impl Streamed for AddAlpha {
    fn open(&self, _account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(Repacking { op: *self, units: Units::<3>::default(), read: 0 }))
    }

    fn describe(&self, about: Info) -> Info {
        Self::about(about)
    }

    fn at_once(&self, job: &Job<'_>, input: &[u8]) -> Option<Result<PaidBlock>> {
        Some(self.all_at_once(job, input))
    }
}

struct Repacking<O, const N: usize, const M: usize> {
    op: O,
    units: Units<N>,
    read: u64,
}

impl<O: Repack<N, M>, const N: usize, const M: usize> Stream for Repacking<O, N, M> {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let op = self.op;
        let (read, written) = self.units.map::<M>(input, output, |source, target| op.repack(source, target));
        self.read += read as u64;
        let done = end && read == input.len();
        if done && !self.units.rest().is_empty() {
            return Err(O::refusal(self.read));
        }
        Ok(Progress { read, written, done })
    }
}

/// Four pixels at a time, as whole words: the compiler finds no good way for single bytes.
#[inline(always)]
fn drop_alpha_body(source: &[u8], target: &mut [u8]) {
    let (sources, source_rest) = source.as_chunks::<16>();
    let (targets, target_rest) = target.as_chunks_mut::<12>();
    for (source, target) in sources.iter().zip(targets) {
        let word = |at: usize| u32::from_le_bytes([source[at], source[at + 1], source[at + 2], source[at + 3]]);
        let [one, two, three, four] = [word(0), word(4), word(8), word(12)];
        let words = [
            (one & 0x00ff_ffff) | (two << 24),
            ((two >> 8) & 0xffff) | (three << 16),
            ((three >> 16) & 0xff) | (four << 8),
        ];
        for (bytes, word) in target.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
    }
    for (source, target) in source_rest.chunks_exact(4).zip(target_rest.chunks_exact_mut(3)) {
        target.copy_from_slice(&source[..3]);
    }
}

#[inline(always)]
fn add_alpha_body(source: &[u8], target: &mut [u8], alpha: u8) {
    let (sources, source_rest) = source.as_chunks::<12>();
    let (targets, target_rest) = target.as_chunks_mut::<16>();
    let top = u32::from(alpha) << 24;
    for (source, target) in sources.iter().zip(targets) {
        let word = |at: usize| u32::from_le_bytes([source[at], source[at + 1], source[at + 2], source[at + 3]]);
        let [one, two, three] = [word(0), word(4), word(8)];
        let words = [one, (one >> 24) | (two << 8), (two >> 16) | (three << 16), three >> 8];
        for (bytes, word) in target.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = ((word & 0x00ff_ffff) | top).to_le_bytes();
        }
    }
    for (source, target) in source_rest.chunks_exact(3).zip(target_rest.chunks_exact_mut(4)) {
        target[..3].copy_from_slice(source);
        target[3] = alpha;
    }
}

dispatch!(drop_alpha, drop_alpha_avx2, drop_alpha_body, (source: &[u8], target: &mut [u8]));
dispatch!(add_alpha, add_alpha_avx2, add_alpha_body, (source: &[u8], target: &mut [u8], alpha: u8));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_gives_the_same_bits_at_every_length() {
        let input: Vec<u8> = (0..4096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for pixels in (0..70).chain([255, 511]) {
            let (rgba, rgb) = (&input[1..1 + pixels * 4], &input[5..5 + pixels * 3]);
            let (mut one, mut other) = (vec![0; pixels * 3], vec![1; pixels * 3]);
            drop_alpha(rgba, &mut one);
            drop_alpha_body(rgba, &mut other);
            assert_eq!(one, other);
            assert!(one.iter().eq(rgba.chunks_exact(4).flat_map(|pixel| &pixel[..3])));
            let (mut one, mut other) = (vec![0; pixels * 4], vec![1; pixels * 4]);
            add_alpha(rgb, &mut one, 9);
            add_alpha_body(rgb, &mut other, 9);
            assert_eq!(one, other);
            assert!(one.chunks_exact(4).zip(rgb.chunks_exact(3)).all(|(to, from)| to[..3] == *from && to[3] == 9));
        }
    }
}
