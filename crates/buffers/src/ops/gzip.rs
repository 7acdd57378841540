//! `gzip_compress` and `gzip_decompress`, after RFC 1952. Several members one after the other are one stream.
//!
//! The output pays as it grows, so a bomb ends where the account or `maxBytes` does.

use std::sync::Arc;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use serde_json::Value;

use super::arguments::Arguments;
use super::{Operation, Streamed};
use crate::buffer::Info;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream};

const COMPRESS: &str = "gzip_compress";
const DECOMPRESS: &str = "gzip_decompress";
/// The largest window, as every other gzip takes.
const WINDOW_BITS: u8 = 15;
/// A claimed length beyond this many times the input's is not believed in advance; deflate's best is 1032.
const BELIEVED_RATIO: usize = 32;

pub(crate) fn compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(COMPRESS, args, &["level"])?;
    let level = arguments.integer_u32("level", 0..=9)?.unwrap_or(6);
    Ok(Operation::Stream(Arc::new(Compressing { level: Compression::new(level) })))
}

pub(crate) fn decompress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(DECOMPRESS, args, &["maxBytes"])?;
    let max_bytes = arguments.integer("maxBytes", 0..=(1 << 53) - 1)?;
    Ok(Operation::Stream(Arc::new(Decompressing { max_bytes })))
}

#[derive(Debug)]
struct Compressing {
    level: Compression,
}

impl Streamed for Compressing {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(Deflating(Compress::new_gzip(self.level, WINDOW_BITS))))
    }

    fn describe(&self, _about: Info) -> Info {
        Info { format: Some("gzip"), ..Info::default() }
    }
}

struct Deflating(Compress);

impl Stream for Deflating {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let (read, written) = (self.0.total_in(), self.0.total_out());
        let flush = if end { FlushCompress::Finish } else { FlushCompress::None };
        let status = self.0.compress(input, output, flush).map_err(|error| Error::op(COMPRESS, error))?;
        Ok(Progress {
            read: (self.0.total_in() - read) as usize,
            written: (self.0.total_out() - written) as usize,
            done: status == Status::StreamEnd,
        })
    }
}

#[derive(Debug)]
struct Decompressing {
    max_bytes: Option<u64>,
}

impl Streamed for Decompressing {
    fn open(&self) -> Result<Box<dyn Stream>> {
        let left = self.max_bytes.unwrap_or(u64::MAX);
        Ok(Box::new(Inflating { member: Decompress::new_gzip(WINDOW_BITS), state: State::Start, left, most: left }))
    }

    /// The length that the last member's trailer claims: a hint from a stranger, so it may not tie up the account.
    fn expected_length(&self, input: &[u8]) -> usize {
        let claimed = input.last_chunk::<4>().map_or(0, |trailer| u32::from_le_bytes(*trailer)) as usize;
        let most = usize::try_from(self.max_bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        claimed.min(input.len().saturating_mul(BELIEVED_RATIO)).min(most)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first member.
    Start,
    Member,
    /// Behind a member: another one may follow.
    Between,
}

struct Inflating {
    member: Decompress,
    state: State,
    /// Bytes that may still come out …
    left: u64,
    /// … of these.
    most: u64,
}

impl Stream for Inflating {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let mut progress = Progress::default();
        loop {
            let source = &input[progress.read..];
            if source.is_empty() && self.state != State::Member {
                if end && self.state == State::Start {
                    return Err(Error::op(DECOMPRESS, "the input is empty"));
                }
                progress.done = end;
                return Ok(progress);
            }
            if self.state == State::Between {
                self.member = Decompress::new_gzip(WINDOW_BITS);
            }
            self.state = State::Member;
            let target = &mut output[progress.written..];
            let (read, written) = (self.member.total_in(), self.member.total_out());
            let status = self
                .member
                .decompress(source, target, FlushDecompress::None)
                .map_err(|error| Error::op(DECOMPRESS, format!("the input is not valid gzip ({error})")))?;
            let (read, written) = (self.member.total_in() - read, self.member.total_out() - written);
            progress.read += read as usize;
            progress.written += written as usize;
            self.left = self
                .left
                .checked_sub(written)
                .ok_or_else(|| Error::memory(format!("the output is longer than its limit of {} bytes", self.most)))?;
            if status == Status::StreamEnd {
                self.state = State::Between;
            } else if read == 0 && written == 0 {
                let is_over = end && progress.read == input.len() && progress.written < output.len();
                return if is_over { Err(Error::op(DECOMPRESS, "the input ends too early")) } else { Ok(progress) };
            }
        }
    }
}
