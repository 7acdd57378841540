//! `brotli_compress` and `brotli_decompress`, after RFC 7932. Windows are those of the RFC, at most 16 MiB.

use std::sync::Arc;

use ::brotli::enc::StandardAlloc;
use ::brotli::enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct};
use ::brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use serde_json::Value;

use super::arguments::Arguments;
use super::{Allowance, Operation, Streamed};
use crate::account::{Account, Reservation};
use crate::buffer::Info;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream};

const COMPRESS: &str = "brotli_compress";
const DECOMPRESS: &str = "brotli_decompress";
/// What the decoder holds beside its window.
const DECODER_BYTES: u64 = 512 << 10;

pub(crate) fn compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(COMPRESS, args, &["quality", "window"])?;
    let quality = arguments.integer_u32("quality", 0..=11)?.unwrap_or(5);
    let window = arguments.integer_u32("window", 10..=24)?.unwrap_or(22);
    Ok(Operation::Stream(Arc::new(Compressing { quality, window })))
}

pub(crate) fn decompress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(DECOMPRESS, args, &["maxBytes"])?;
    Ok(Operation::Stream(Arc::new(Decompressing { max_bytes: arguments.max_bytes()? })))
}

#[derive(Debug)]
struct Compressing {
    quality: u32,
    window: u32,
}

impl Compressing {
    /// What the encoder allocates: its ring buffer, the copy of a block, and hash tables, which for the two highest qualities are trees
    /// over the whole window.
    fn working_bytes(&self) -> u64 {
        let window = 1_u64 << self.window;
        let tables = if self.quality >= 10 { 12 * window + (8 << 20) } else { 4 << 20 };
        3 * window + tables
    }
}

impl Streamed for Compressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let working = account.reserve(self.working_bytes())?;
        let mut encoder = BrotliEncoderStateStruct::new(StandardAlloc::default());
        encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_QUALITY, self.quality);
        encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, self.window);
        Ok(Box::new(Encoding { encoder, _working: working }))
    }

    fn describe(&self, _about: Info) -> Info {
        Info { format: Some("brotli"), ..Info::default() }
    }
}

struct Encoding {
    encoder: BrotliEncoderStateStruct<StandardAlloc>,
    _working: Reservation,
}

impl Stream for Encoding {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let (mut read, mut written) = (0, 0);
        let operation = if end {
            BrotliEncoderOperation::BROTLI_OPERATION_FINISH
        } else {
            BrotliEncoderOperation::BROTLI_OPERATION_PROCESS
        };
        let went_well = self.encoder.compress_stream(
            operation,
            &mut input_left,
            input,
            &mut read,
            &mut output_left,
            output,
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if !went_well {
            return Err(Error::op(COMPRESS, "internal error: the encoder refused its input"));
        }
        Ok(Progress { read, written, done: end && self.encoder.is_finished() })
    }
}

#[derive(Debug)]
struct Decompressing {
    max_bytes: Option<u64>,
}

impl Streamed for Decompressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        let alloc = StandardAlloc::default;
        Ok(Box::new(Decoding {
            // The strict one refuses windows beyond the RFC's.
            decoder: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())),
            allowance: Allowance::new(self.max_bytes),
            working: account.reserve(DECODER_BYTES)?,
            has_begun: false,
        }))
    }
}

struct Decoding {
    decoder: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    allowance: Allowance,
    working: Reservation,
    has_begun: bool,
}

/// The window that a stream's first byte asks for, in bytes (RFC 7932, 9.1).
fn window_bytes(first: u8) -> u64 {
    let bits = match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, ..) => 16,
        (_, 0, 0) => 17,
        (_, 0, n) => 8 + u32::from(n),
        (_, n, _) => 17 + u32::from(n),
    };
    1 << bits
}

impl Stream for Decoding {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        match input.first() {
            Some(first) if !self.has_begun => {
                self.has_begun = true;
                self.working.set(DECODER_BYTES + window_bytes(*first))?;
            }
            None if end && !self.has_begun => return Err(Error::op(DECOMPRESS, "the input is empty")),
            _ => {}
        }
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let (mut read, mut written) = (0, 0);
        let result = BrotliDecompressStream(
            &mut input_left,
            &mut read,
            input,
            &mut output_left,
            &mut written,
            output,
            &mut 0,
            &mut self.decoder,
        );
        self.allowance.spend(written as u64)?;
        let progress = Progress { read, written, done: false };
        match result {
            BrotliResult::ResultFailure => Err(Error::op(DECOMPRESS, "the input is not valid brotli")),
            BrotliResult::ResultSuccess if read < input.len() => {
                Err(Error::op(DECOMPRESS, "the input goes on behind the end of the brotli stream"))
            }
            BrotliResult::ResultSuccess => Ok(Progress { done: end, ..progress }),
            BrotliResult::NeedsMoreInput if end && read == input.len() => {
                Err(Error::op(DECOMPRESS, "the input ends too early"))
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(progress),
        }
    }
}
