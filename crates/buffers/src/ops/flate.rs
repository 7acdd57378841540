//! The formats around deflate (RFC 1951): `gzip_compress` and `gzip_decompress` (RFC 1952), where several members one after the other are
//! one stream; `deflate_compress` and `deflate_decompress`, as zlib (RFC 1950) or raw.
//!
//! The output pays as it grows, so a bomb ends where the account or `maxBytes` does.

use std::sync::Arc;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use serde_json::Value;

use super::arguments::Arguments;
use super::{Allowance, Operation, Streamed, contained, flate_chunks};
use crate::account::{Account, PaidBlock, Reservation};
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream};

/// The largest window, as every other gzip takes.
const WINDOW_BITS: u8 = 15;
/// A claimed length beyond this many times the input's is not believed in advance; deflate's best is 1032.
const BELIEVED_RATIO: usize = 32;
/// What the library allocates for a stream at any level, measured and rounded up.
pub(crate) const COMPRESS_BYTES: u64 = 400 << 10;
const DECOMPRESS_BYTES: u64 = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Gzip,
    Zlib,
    Raw,
}

const FORMATS: [(&str, Format); 2] = [("zlib", Format::Zlib), ("raw", Format::Raw)];

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::Gzip => "gzip",
            Format::Zlib => "zlib",
            Format::Raw => "deflate",
        }
    }

    fn encoder(self, level: Compression) -> Compress {
        match self {
            Format::Gzip => Compress::new_gzip(level, WINDOW_BITS),
            format => Compress::new(level, format == Format::Zlib),
        }
    }

    /// What comes before the first block: as the encoder writes it.
    pub(crate) fn header(self, level: Compression) -> Vec<u8> {
        let mut header = vec![0; 64];
        // It has room for an empty stream, so that this cannot fail.
        let _ = self.encoder(level).compress(&[], &mut header, FlushCompress::Finish);
        header.truncate(match self {
            Format::Gzip => 10,
            Format::Zlib => 2,
            Format::Raw => 0,
        });
        header
    }
}

pub(crate) fn gzip_compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new("gzip_compress", args, &["level"])?;
    compress("gzip_compress", &arguments, Format::Gzip)
}

pub(crate) fn deflate_compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new("deflate_compress", args, &["level", "format"])?;
    let format = arguments.one_of("format", &FORMATS)?.unwrap_or(Format::Zlib);
    compress("deflate_compress", &arguments, format)
}

fn compress(op: &'static str, arguments: &Arguments<'_>, format: Format) -> Result<Operation> {
    let level = arguments.integer_u32("level", 0..=9)?.unwrap_or(6);
    Ok(Operation::Stream(Arc::new(Compressing { op, format, level: Compression::new(level) })))
}

pub(crate) fn gzip_decompress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new("gzip_decompress", args, &["maxBytes"])?;
    decompress("gzip_decompress", &arguments, Format::Gzip)
}

pub(crate) fn deflate_decompress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new("deflate_decompress", args, &["maxBytes", "format"])?;
    let format = arguments.one_of("format", &FORMATS)?.unwrap_or(Format::Zlib);
    decompress("deflate_decompress", &arguments, format)
}

fn decompress(op: &'static str, arguments: &Arguments<'_>, format: Format) -> Result<Operation> {
    let max_bytes = arguments.max_bytes()?;
    Ok(Operation::Stream(Arc::new(Decompressing { op, format, max_bytes, is_single: false })))
}

/// The whole of a stream in one member, as the Compression standard has it.
pub(crate) fn single_member(format: Format) -> Arc<dyn Streamed> {
    Arc::new(Decompressing { op: "decompress", format, max_bytes: None, is_single: true })
}

pub(crate) fn at_usual_level(format: Format) -> Arc<dyn Streamed> {
    Arc::new(Compressing { op: "compress", format, level: Compression::default() })
}

#[derive(Debug)]
struct Compressing {
    op: &'static str,
    format: Format,
    level: Compression,
}

impl Streamed for Compressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let working = account.reserve(COMPRESS_BYTES)?;
        let deflate = self.format.encoder(self.level);
        Ok(Box::new(Deflating { op: self.op, deflate, _working: working }))
    }

    fn describe(&self, _about: Info) -> Info {
        Info { format: Some(self.format.name()), ..Info::default() }
    }

    fn expected_length(&self, input: &[u8]) -> usize {
        input.len() / 2
    }

    fn at_once(&self, job: &Job<'_>, input: &[u8]) -> Option<Result<PaidBlock>> {
        let run = || flate_chunks::compress(job, self.op, self.format, self.level, input);
        flate_chunks::pays(self.level, input).then(|| contained(self.op, run))
    }
}

struct Deflating {
    op: &'static str,
    deflate: Compress,
    _working: Reservation,
}

impl Stream for Deflating {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let (read, written) = (self.deflate.total_in(), self.deflate.total_out());
        let flush = if end { FlushCompress::Finish } else { FlushCompress::None };
        let status = self.deflate.compress(input, output, flush).map_err(|error| Error::op(self.op, error))?;
        Ok(Progress {
            read: (self.deflate.total_in() - read) as usize,
            written: (self.deflate.total_out() - written) as usize,
            done: status == Status::StreamEnd,
        })
    }
}

#[derive(Debug)]
struct Decompressing {
    op: &'static str,
    format: Format,
    max_bytes: Option<u64>,
    /// Whether a second member is refused, as anything else behind the first.
    is_single: bool,
}

impl Streamed for Decompressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let working = account.reserve(DECOMPRESS_BYTES)?;
        let Decompressing { op, format, max_bytes, is_single } = *self;
        let allowance = Allowance::new(max_bytes);
        Ok(Box::new(Inflating {
            op,
            format,
            is_single: is_single || format != Format::Gzip,
            member: member(format),
            state: State::Start,
            allowance,
            _working: working,
        }))
    }

    /// The length that the last member's trailer claims: a hint from a stranger, so it may not tie up the account.
    fn expected_length(&self, input: &[u8]) -> usize {
        let believed = input.len().saturating_mul(BELIEVED_RATIO);
        let claimed = match (self.format, input.last_chunk::<4>()) {
            (Format::Gzip, Some(trailer)) => u32::from_le_bytes(*trailer) as usize,
            _ => input.len().saturating_mul(2),
        };
        claimed.min(believed).min(usize::try_from(self.max_bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX))
    }
}

fn member(format: Format) -> Decompress {
    match format {
        Format::Gzip => Decompress::new_gzip(WINDOW_BITS),
        format => Decompress::new(format == Format::Zlib),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first member.
    Start,
    Member,
    /// Behind a member, where another one may follow.
    Between,
}

struct Inflating {
    op: &'static str,
    format: Format,
    is_single: bool,
    member: Decompress,
    state: State,
    allowance: Allowance,
    _working: Reservation,
}

impl Stream for Inflating {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let mut progress = Progress::default();
        loop {
            let source = &input[progress.read..];
            if source.is_empty() && self.state != State::Member {
                if end && self.state == State::Start {
                    return Err(Error::op(self.op, "the input is empty"));
                }
                progress.done = end;
                return Ok(progress);
            }
            if self.state == State::Between {
                if self.is_single {
                    let name = self.format.name();
                    return Err(Error::op(self.op, format!("the input goes on behind the end of the {name} stream")));
                }
                self.member = member(self.format);
            }
            self.state = State::Member;
            let target = &mut output[progress.written..];
            let (read, written) = (self.member.total_in(), self.member.total_out());
            let status = self.member.decompress(source, target, FlushDecompress::None).map_err(|error| {
                Error::op(self.op, format!("the input is not valid {} ({error})", self.format.name()))
            })?;
            let (read, written) = (self.member.total_in() - read, self.member.total_out() - written);
            progress.read += read as usize;
            progress.written += written as usize;
            self.allowance.spend(written)?;
            if status == Status::StreamEnd {
                self.state = State::Between;
            } else if read == 0 && written == 0 {
                let is_over = end && progress.read == input.len() && progress.written < output.len();
                return if is_over { Err(Error::op(self.op, "the input ends too early")) } else { Ok(progress) };
            }
        }
    }
}
