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
/// The largest window that a decoder takes, which the reference decoder takes unasked.
const MAX_WINDOW_LOG: u32 = 27;
/// The longest that a block, and so a decoder's buffer for one, may be.
const BLOCK_BYTES: u64 = 128 << 10;
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The longest header of a frame.
const HEADER_MOST: usize = 18;
/// What the decoder holds beside its window and its blocks, rounded up.
const DECODER_BYTES: u64 = 256 << 10;

/// KiB that an encoder of each level may hold, from the first: `ZSTD_estimateCStreamSize` of zstd 1.5.7, rounded up.
const ENCODER_KIB: [u64; 22] = [
    1_400, 2_100, 3_600, 4_900, 5_900, 5_900, 9_000, 9_000, 17_200, 29_500, 29_500, 54_100, 54_100, 54_100, 70_400,
    70_400, 70_400, 70_400, 91_700, 198_200, 394_800, 853_600,
];

pub(crate) fn compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(COMPRESS, args, &["level"])?;
    let level = arguments.integer_u32("level", 1..=ENCODER_KIB.len() as u32)?.unwrap_or(3);
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

impl Streamed for Compressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let working = account.reserve(ENCODER_KIB[self.level as usize - 1] << 10)?;
        let mut encoder = CCtx::try_create().ok_or_else(|| no_memory(COMPRESS))?;
        let level = i32::try_from(self.level).unwrap_or(3);
        encoder.init(level).map_err(|code| Error::op(COMPRESS, get_error_name(code)))?;
        Ok(Box::new(Encoding { encoder, working, has_begun: false }))
    }

    fn expected_length(&self, input: &[u8]) -> usize {
        input.len() / 2
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
    working: Reservation,
    has_begun: bool,
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
        if !self.has_begun {
            // The first bytes decide on the tables, which are small where they are all: the rest is given back.
            self.has_begun = true;
            self.working.set(self.encoder.sizeof() as u64)?;
        }
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
        decoder
            .set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG))
            .map_err(|code| Error::op(DECOMPRESS, get_error_name(code)))?;
        let allowance = Allowance::new(self.max_bytes);
        let decoding =
            Decoding { decoder, allowance, working, paid: DECODER_BYTES, state: State::Start, header: Vec::new() };
        Ok(Box::new(decoding))
    }

    /// A common ratio: the format does not say it in advance.
    fn expected_length(&self, input: &[u8]) -> usize {
        let most = usize::try_from(self.max_bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        input.len().saturating_mul(3).min(most)
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

/// What a frame's first bytes say (RFC 8878, 3.1.1.1).
enum Header {
    /// They do not say it yet.
    Short,
    /// A skippable frame, or none at all: nothing to pay for.
    Other,
    /// How much of what was decoded the decoder has to keep, and its window.
    Frame { keeps: u64, window: u64 },
}

fn header(bytes: &[u8]) -> Header {
    let Some((magic, rest)) = bytes.split_first_chunk() else { return Header::Short };
    if *magic != MAGIC {
        return Header::Other;
    }
    let Some((descriptor, rest)) = rest.split_first() else { return Header::Short };
    let has_window = descriptor & 0x20 == 0;
    let dictionary_bytes = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_bytes = [usize::from(!has_window), 2, 4, 8][usize::from(descriptor >> 6)];
    let window_bytes = usize::from(has_window);
    let Some(content) = rest.get(window_bytes + dictionary_bytes..).and_then(|rest| rest.get(..content_bytes)) else {
        return Header::Short;
    };
    let number = content.iter().rfold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let content = match content_bytes {
        0 => u64::MAX,
        2 => number + 256,
        _ => number,
    };
    let window = match rest[..window_bytes] {
        [byte] => {
            let base = 1_u64 << (10 + (byte >> 3));
            base + base / 8 * u64::from(byte & 7)
        }
        _ => content,
    };
    Header::Frame { keeps: window.min(content), window }
}

struct Decoding {
    decoder: DCtx<'static>,
    allowance: Allowance,
    working: Reservation,
    paid: u64,
    state: State,
    /// The start of a frame whose header came in pieces.
    header: Vec<u8>,
}

impl Decoding {
    /// Pays for the next frame before the decoder sees it; `false` where its header goes on behind `input`.
    fn begin(&mut self, input: &[u8]) -> Result<bool> {
        let more = &input[..input.len().min(HEADER_MOST - self.header.len())];
        let (keeps, window) = match header(&[&self.header, more].concat()) {
            Header::Short => {
                self.header.extend_from_slice(more);
                return Ok(false);
            }
            Header::Other => (0, 0),
            Header::Frame { keeps, window } => (keeps, window),
        };
        if window > 1 << MAX_WINDOW_LOG {
            let most = 1 << MAX_WINDOW_LOG;
            return Err(Error::memory(format!(
                "{DECOMPRESS}: a window of {window} bytes is more than the limit of {most}"
            )));
        }
        // The decoder keeps what it has from frame to frame.
        self.paid = self.paid.max(DECODER_BYTES + keeps + 3 * BLOCK_BYTES);
        self.working.set(self.paid)?;
        self.state = State::Frame;
        Ok(true)
    }
}

impl Stream for Decoding {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let too_early = || Error::op(DECOMPRESS, "the input ends too early");
        let (mut read, mut written) = (0, 0);
        loop {
            if self.state != State::Frame {
                let is_between = self.header.is_empty();
                if read == input.len() && is_between {
                    if end && self.state == State::Start {
                        return Err(Error::op(DECOMPRESS, "the input is empty"));
                    }
                    return Ok(Progress { read, written, done: end });
                }
                if !self.begin(&input[read..])? {
                    let progress = Progress { read: input.len(), written, done: false };
                    return if end { Err(too_early()) } else { Ok(progress) };
                }
            }
            // What was kept of the header comes first.
            let from_header = !self.header.is_empty();
            let mut source = InBuffer::around(if from_header { &self.header } else { &input[read..] });
            let mut target = OutBuffer::around(&mut output[written..]);
            let left = self.decoder.decompress_stream(&mut target, &mut source).map_err(|code| {
                Error::op(DECOMPRESS, format!("the input is not valid zstd ({})", get_error_name(code)))
            })?;
            let (taken, given) = (source.pos(), target.pos());
            if from_header {
                self.header.drain(..taken);
            } else {
                read += taken;
            }
            written += given;
            self.allowance.spend(given as u64)?;
            if left == 0 {
                self.state = State::Between;
            } else if taken == 0 && given == 0 {
                let is_over = end && read == input.len() && written < output.len();
                return if is_over { Err(too_early()) } else { Ok(Progress { read, written, done: false }) };
            }
        }
    }
}
