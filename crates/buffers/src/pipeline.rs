//! Streams of bytes through operations: constant in memory, whatever goes through.
//!
//! A [`Stream`] takes input until it has read it all or its output is full, as zlib's `deflate` does. A [`Pipeline`] couples streams by
//! blocks that stay in the cache, and is a stream itself: the whole of a buffer, a pipeline's neighbour and Node's `Transform` all
//! drive the same thing.

use std::sync::Arc;

use crate::account::{Account, PaidBlock};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::ops::contained;
use crate::writer::Writer;

/// What lies between two stages: small enough for the first-level caches together with what a stage works on.
const BETWEEN_BYTES: usize = 32 << 10;
/// What a pipeline takes and gives between two looks at the flag.
const PIECE: usize = 256 << 10;
/// Every stage has at least this much room in an empty output.
pub(crate) const LEAST_ROOM: usize = 4 << 10;

/// How far one step of a stream came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were taken.
    pub read: usize,
    /// Bytes of the output that were written, from its start.
    pub written: usize,
    /// Everything was taken and written: the stream is over.
    pub done: bool,
}

/// One operation under way over bytes that come piece by piece.
pub(crate) trait Stream: Send {
    /// Takes from `input` and gives to `output`, which has at least [`LEAST_ROOM`] bytes at times. `end`: nothing follows this input.
    ///
    /// Unless the output has become too full for what comes next, all input is taken: a stream keeps what it cannot use yet. It is not
    /// called again after it was done, or after an error.
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress>;
}

/// Bytes between two stages.
struct Between {
    block: PaidBlock,
    start: usize,
    end: usize,
}

impl Between {
    fn new(account: &Arc<Account>) -> Result<Between> {
        // Zeroed, since a reader sees what a stage has written and nothing else; the block is small and lives as long as the pipeline.
        Ok(Between { block: PaidBlock::zeroed(account, BETWEEN_BYTES)?, start: 0, end: 0 })
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// Streams one after the other.
pub struct Pipeline {
    name: Arc<str>,
    cancel: Cancel,
    stages: Vec<Box<dyn Stream>>,
    done: Vec<bool>,
    between: Vec<Between>,
}

impl Pipeline {
    /// `stages` is not empty; `name` is that of the first operation, for errors.
    pub(crate) fn new(
        account: &Arc<Account>,
        cancel: &Cancel,
        name: Arc<str>,
        stages: Vec<Box<dyn Stream>>,
    ) -> Result<Pipeline> {
        let between = (1..stages.len()).map(|_| Between::new(account)).collect::<Result<_>>()?;
        Ok(Pipeline { name, cancel: cancel.clone(), done: vec![false; stages.len()], stages, between })
    }

    /// Goes on until the input is used up, the stream is over, or the output has got about `most` bytes, which are at least 8 KiB.
    ///
    /// # Errors
    /// As [`Pipeline::step`], and [`Error::Cancelled`].
    pub fn run(&mut self, input: &[u8], end: bool, output: &mut Writer, most: usize) -> Result<Progress> {
        let mut total = Progress::default();
        loop {
            self.cancel.check()?;
            let rest = &input[total.read..];
            let piece = &rest[..rest.len().min(PIECE)];
            let left = (most - total.written).min(PIECE);
            if left < LEAST_ROOM {
                return Ok(total);
            }
            if output.free().len() < LEAST_ROOM {
                output.grow_for_more(most - total.written)?;
            }
            let room = output.free();
            let room_len = room.len().min(left);
            let is_last = end && piece.len() == rest.len();
            let progress = self.step(piece, is_last, &mut room[..room_len])?;
            output.advance(progress.written)?;
            total.read += progress.read;
            total.written += progress.written;
            total.done = progress.done;
            if total.done {
                return Ok(total);
            }
            if progress.read == 0 && progress.written == 0 {
                if total.read == input.len() && !end {
                    return Ok(total);
                }
                return Err(Error::op(&self.name, "internal error: the operation makes no progress"));
            }
        }
    }

    /// Takes from `input` and gives to `output` until one of them is used up. `end`: nothing follows this input.
    ///
    /// # Errors
    /// What an operation says of its input, [`crate::Error::Memory`] where an operation reaches a limit. The pipeline is of no use afterwards.
    pub fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let name = self.name.clone();
        contained(&name, || self.drive(input, end, output))
    }

    fn drive(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let last = self.stages.len() - 1;
        let mut total = Progress::default();
        loop {
            let mut moved = false;
            for at in 0..=last {
                if self.done[at] {
                    continue;
                }
                let (before, after) = self.between.split_at_mut(at);
                let source = match before.last() {
                    None => &input[total.read..],
                    Some(between) => &between.block.block[between.start..between.end],
                };
                let ends = if at == 0 { end } else { self.done[at - 1] };
                let target = match after.first_mut() {
                    None => &mut output[total.written..],
                    Some(between) if between.is_empty() => {
                        (between.start, between.end) = (0, 0);
                        &mut between.block.block[..]
                    }
                    Some(between) => &mut between.block.block[between.end..],
                };
                if target.is_empty() || (source.is_empty() && !ends) {
                    continue;
                }
                let progress = self.stages[at].step(source, ends, target)?;
                moved |= progress != Progress::default();
                self.done[at] = progress.done;
                match before.last_mut() {
                    None => total.read += progress.read,
                    Some(between) => between.start += progress.read,
                }
                match after.first_mut() {
                    None => total.written += progress.written,
                    Some(between) => between.end += progress.written,
                }
            }
            total.done = self.done[last];
            if !moved || total.done {
                return Ok(total);
            }
        }
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("done", &self.done).finish_non_exhaustive()
    }
}

/// Cuts input into whole units of `N` bytes for a stream, whose pieces may end anywhere.
#[derive(Debug, Default)]
pub(crate) struct Units<const N: usize> {
    kept: usize,
    held: Held<N>,
}

#[derive(Debug)]
struct Held<const N: usize>([u8; N]);

impl<const N: usize> Default for Held<N> {
    fn default() -> Held<N> {
        Held([0; N])
    }
}

impl<const N: usize> Units<N> {
    /// Bytes of an incomplete unit.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.held.0[..self.kept]
    }

    /// Gives whole units to `map`, which writes `M` bytes for each `N`, as long as there is room. `(read, written)`.
    pub(crate) fn map<const M: usize>(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        mut map: impl FnMut(&[u8], &mut [u8]),
    ) -> (usize, usize) {
        let (mut read, mut written) = (0, 0);
        if self.kept > 0 {
            if output.len() < M {
                return (0, 0);
            }
            let missing = (N - self.kept).min(input.len());
            self.held.0[self.kept..self.kept + missing].copy_from_slice(&input[..missing]);
            self.kept += missing;
            read = missing;
            if self.kept < N {
                return (read, 0);
            }
            map(&self.held.0, &mut output[..M]);
            (self.kept, written) = (0, M);
        }
        let units = ((input.len() - read) / N).min((output.len() - written) / M);
        map(&input[read..read + units * N], &mut output[written..written + units * M]);
        read += units * N;
        written += units * M;
        let rest = input.len() - read;
        if rest < N {
            self.held.0[..rest].copy_from_slice(&input[read..]);
            self.kept = rest;
            read = input.len();
        }
        (read, written)
    }
}
