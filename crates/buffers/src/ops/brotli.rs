//! `brotli_compress` and `brotli_decompress`, after RFC 7932. Windows are those of the RFC, at most 16 MiB.
//!
//! Both hold much beside their window, depending on what they read: they allocate from the account.

use std::sync::Arc;

use ::brotli::enc::BrotliAlloc;
use ::brotli::enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct};
use ::brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use serde_json::Value;

use super::arguments::Arguments;
use super::metered::{Metered, metered};
use super::{Allowance, Operation, Streamed};
use crate::account::Account;
use crate::buffer::Info;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream};

const COMPRESS: &str = "brotli_compress";
const DECOMPRESS: &str = "brotli_decompress";
const USUAL_QUALITY: u32 = 5;
const USUAL_WINDOW: u32 = 22;

impl BrotliAlloc for Metered {}

pub(crate) fn compress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(COMPRESS, args, &["quality", "window"])?;
    let quality = arguments.integer_u32("quality", 0..=11)?.unwrap_or(USUAL_QUALITY);
    let window = arguments.integer_u32("window", 10..=24)?.unwrap_or(USUAL_WINDOW);
    Ok(Operation::Stream(Arc::new(Compressing { quality, window })))
}

pub(crate) fn decompress(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(DECOMPRESS, args, &["maxBytes"])?;
    Ok(Operation::Stream(Arc::new(Decompressing { max_bytes: arguments.max_bytes()? })))
}

pub(crate) fn decompressor() -> Arc<dyn Streamed> {
    Arc::new(Decompressing { max_bytes: None })
}

pub(crate) fn compressor() -> Arc<dyn Streamed> {
    Arc::new(Compressing { quality: USUAL_QUALITY, window: USUAL_WINDOW })
}

#[derive(Debug)]
struct Compressing {
    quality: u32,
    window: u32,
}

impl Streamed for Compressing {
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        metered(COMPRESS, || {
            let mut encoder = BrotliEncoderStateStruct::new(Metered::new(account));
            encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_QUALITY, self.quality);
            encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, self.window);
            Ok(Box::new(Encoding { encoder: Box::new(encoder) }) as Box<dyn Stream>)
        })
    }

    fn expected_length(&self, input: &[u8]) -> usize {
        input.len() / 2
    }

    fn describe(&self, _about: Info) -> Info {
        Info { format: Some("brotli"), ..Info::default() }
    }
}

struct Encoding {
    encoder: Box<BrotliEncoderStateStruct<Metered>>,
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
        let went_well = metered(COMPRESS, || {
            Ok(self.encoder.compress_stream(
                operation,
                &mut input_left,
                input,
                &mut read,
                &mut output_left,
                output,
                &mut written,
                &mut None,
                &mut |_, _, _, _| (),
            ))
        })?;
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
        metered(DECOMPRESS, || {
            let alloc = || Metered::new(account);
            // The strict one refuses windows beyond the RFC's.
            let decoder = Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()));
            let allowance = Allowance::new(self.max_bytes);
            Ok(Box::new(Decoding { decoder, allowance, has_begun: false }) as Box<dyn Stream>)
        })
    }

    /// A common ratio: the format does not say it in advance.
    fn expected_length(&self, input: &[u8]) -> usize {
        let most = usize::try_from(self.max_bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        input.len().saturating_mul(3).min(most)
    }
}

struct Decoding {
    decoder: Box<BrotliState<Metered, Metered, Metered>>,
    allowance: Allowance,
    has_begun: bool,
}

impl Stream for Decoding {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        self.has_begun |= !input.is_empty();
        if end && !self.has_begun {
            return Err(Error::op(DECOMPRESS, "the input is empty"));
        }
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let (mut read, mut written) = (0, 0);
        let result = metered(DECOMPRESS, || {
            Ok(BrotliDecompressStream(
                &mut input_left,
                &mut read,
                input,
                &mut output_left,
                &mut written,
                output,
                &mut 0,
                &mut self.decoder,
            ))
        })?;
        self.allowance.spend(written as u64)?;
        let progress = Progress { read, written, done: false };
        match result {
            BrotliResult::ResultFailure => {
                let reason = format!("{:?}", self.decoder.error_code).to_lowercase();
                let reason = reason.trim_start_matches("brotli_decoder_error_").replace('_', " ");
                Err(Error::op(DECOMPRESS, format!("the input is not valid brotli ({reason})")))
            }
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
