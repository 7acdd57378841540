//! `zstd_compress` and `zstd_decompress`, after RFC 8878. Several frames one after the other are one stream.

use std::sync::Arc;

use serde_json::Value;
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use super::arguments::Arguments;
use super::{Allowance, Operation, Streamed};
use crate::account::{Account, Reservation};
use crate::buffer::Info;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream};

const COMPRESS: &str = "zstd_compress";
const DECOMPRESS: &str = "zstd_decompress";
/// Levels beyond take hundreds of MiB to win a few percent.
const MAX_LEVEL: u32 = 19;
/// The largest window that a decoder takes unasked (RFC 8878, 3.1.1.1.2 recommends 8 MiB at least; the library's own limit is this).
const MAX_WINDOW_LOG: u32 = 27;
const MIN_WINDOW_LOG: u32 = 10;
/// What the decoder holds beside its window.
const DECODER_BYTES: u64 = 512 << 10;

pub(crate) fn compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(COMPRESS, args, &["level"])?;
    let level = arguments.integer_u32("level", 1..=MAX_LEVEL)?.unwrap_or(3);
    Ok(Operation::Stream(Arc::new(Compressing { level })))
}

pub(crate) fn decompress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(DECOMPRESS, args, &["maxBytes"])?;
    Ok(Operation::Stream(Arc::new(Decompressing { max_bytes: arguments.max_bytes()? })))
}

#[derive(Debug)]
struct Compressing {
    level: u32,
}

/// What an encoder of a level holds, as `ZSTD_estimateCStreamSize` says for zstd 1.5, rounded up.
fn encoder_bytes(level: u32) -> u64 {
    let mib = match level {
        ..=2 => 2,
        3..=4 => 5,
        5..=8 => 8,
        9..=12 => 30,
        13..=15 => 40,
        16..=17 => 45,
        _ => 90,
    };
    mib << 20
}

impl Streamed for Compressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let working = account.reserve(encoder_bytes(self.level))?;
        let mut encoder = CCtx::try_create().ok_or_else(|| no_memory(COMPRESS))?;
        let level = i32::try_from(self.level).unwrap_or(3);
        encoder.init(level).map_err(|code| Error::op(COMPRESS, get_error_name(code)))?;
        Ok(Box::new(Encoding { encoder, _working: working }))
    }

    fn describe(&self, _about: Info) -> Info {
        Info { format: Some("zstd"), ..Info::default() }
    }
}

fn no_memory(op: &str) -> Error {
    Error::memory(format!("{op}: out of memory"))
}

struct Encoding {
    encoder: CCtx<'static>,
    _working: Reservation,
}

impl Stream for Encoding {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let directive = if end { ZSTD_EndDirective::ZSTD_e_end } else { ZSTD_EndDirective::ZSTD_e_continue };
        let (mut source, mut target) = (InBuffer::around(input), OutBuffer::around(output));
        let left = self
            .encoder
            .compress_stream2(&mut target, &mut source, directive)
            .map_err(|code| Error::op(COMPRESS, get_error_name(code)))?;
        let (read, written) = (source.pos(), target.pos());
        Ok(Progress { read, written, done: end && left == 0 && read == input.len() })
    }
}

#[derive(Debug)]
struct Decompressing {
    max_bytes: Option<u64>,
}

impl Streamed for Decompressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let working = account.reserve(DECODER_BYTES)?;
        let mut decoder = DCtx::try_create().ok_or_else(|| no_memory(DECOMPRESS))?;
        decoder.init().map_err(|code| Error::op(DECOMPRESS, get_error_name(code)))?;
        // A frame may not ask for a window that the account could never pay.
        let most = account.left().checked_ilog2().unwrap_or(0).clamp(MIN_WINDOW_LOG, MAX_WINDOW_LOG);
        decoder
            .set_parameter(DParameter::WindowLogMax(most))
            .map_err(|code| Error::op(DECOMPRESS, get_error_name(code)))?;
        let allowance = Allowance::new(self.max_bytes);
        Ok(Box::new(Decoding { decoder, allowance, working, state: State::Start }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first frame.
    Start,
    Frame,
    /// Behind a frame: another one may follow.
    Between,
}

struct Decoding {
    decoder: DCtx<'static>,
    allowance: Allowance,
    working: Reservation,
    state: State,
}

impl Stream for Decoding {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let (mut read, mut written) = (0, 0);
        loop {
            if read == input.len() && self.state != State::Frame {
                if end && self.state == State::Start {
                    return Err(Error::op(DECOMPRESS, "the input is empty"));
                }
                return Ok(Progress { read, written, done: end });
            }
            self.state = State::Frame;
            let mut source = InBuffer::around(&input[read..]);
            let mut target = OutBuffer::around(&mut output[written..]);
            let left = self.decoder.decompress_stream(&mut target, &mut source).map_err(|code| {
                Error::op(DECOMPRESS, format!("the input is not valid zstd ({})", get_error_name(code)))
            })?;
            let (taken, given) = (source.pos(), target.pos());
            read += taken;
            written += given;
            self.allowance.spend(given as u64)?;
            self.working.set(self.decoder.sizeof() as u64)?;
            if left == 0 {
                self.state = State::Between;
            } else if taken == 0 && given == 0 {
                let is_over = end && read == input.len() && written < output.len();
                if is_over {
                    return Err(Error::op(DECOMPRESS, "the input ends too early"));
                }
                return Ok(Progress { read, written, done: false });
            }
        }
    }
}
