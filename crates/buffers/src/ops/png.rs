//! `png_decode` and `png_encode`, after the PNG specification.
//!
//! Decoding takes every colour type, bit depth and interlacing, and gives RGBA with eight bits a channel; of an animation
//! the first picture. Colour profiles are not applied. Encoding takes RGBA and keeps alpha.

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use ::png::{BitDepth, ColorType, Decoder, DecodingError, EncodingError, Limits, Reader, Transformations};
use serde_json::Value;

use super::arguments::Arguments;
use super::input::Input;
use super::pixels::{Size, spread};
use super::{Operation, Whole, contained};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};
use crate::writer::Writer;

const DECODE: &str = "png_decode";
const ENCODE: &str = "png_encode";
/// What the decoder may hold beside the output: rows, and chunks that it keeps. Paid for while it runs.
const WORKING_BYTES: usize = 4 << 20;
const ROWS_PIECE: usize = 256 << 10;

pub(crate) fn parse_decode(args: Option<&Value>) -> Result<Operation> {
    Arguments::none(DECODE, args).map(|()| Operation::Whole(Arc::new(Decode)))
}

pub(crate) fn parse_encode(args: Option<&Value>) -> Result<Operation> {
    Ok(Operation::Whole(Arc::new(Encode::parse(args)?)))
}

#[derive(Debug)]
struct Decode;

impl Whole for Decode {
    fn apply(&self, job: &Job<'_>, input: &[u8], _about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        decode(job, input)
    }
}

fn decode(job: &Job<'_>, input: &[u8]) -> Result<(PaidBlock, Info)> {
    contained(DECODE, || {
        let mut source = Decoder::new_with_limits(Input::new(input, job.cancel), Limits { bytes: WORKING_BYTES });
        source.set_transformations(Transformations::EXPAND | Transformations::ALPHA | Transformations::STRIP_16);
        source.set_ignore_text_chunk(true);
        source.set_ignore_iccp_chunk(true);
        let header = source.read_header_info().map_err(|error| decoding_error(job, error))?;
        let size = Size::of_header(DECODE, header.width, header.height)?;

        let mut output = PaidBlock::zeroed(job.account, size.bytes())?;
        let working = job.account.reserve(WORKING_BYTES.min(input.len() + size.width as usize * 64) as u64)?;
        let mut reader = source.read_info().map_err(|error| decoding_error(job, error))?;
        first_frame(&mut reader, size, &mut output.block).map_err(|error| match error {
            FrameError::Png(error) => decoding_error(job, error),
            FrameError::Refused(message) => Error::op(DECODE, message),
        })?;
        drop(working);
        Ok((output, Info::pixels(size.width, size.height)))
    })
}

enum FrameError {
    Png(DecodingError),
    Refused(&'static str),
}

impl From<DecodingError> for FrameError {
    fn from(error: DecodingError) -> FrameError {
        FrameError::Png(error)
    }
}

fn first_frame(reader: &mut Reader<Input<'_>>, size: Size, output: &mut [u8]) -> std::result::Result<(), FrameError> {
    let frame = reader.next_frame(output)?;
    // An animation's first frame may claim less than the whole; the picture would then not be what the header says.
    if (frame.width, frame.height) != (size.width, size.height) {
        return Err(FrameError::Refused("the first frame of the animation does not cover the picture"));
    }
    match (frame.color_type, frame.bit_depth) {
        (ColorType::Rgba, BitDepth::Eight) => {}
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => spread(output, |[gray, alpha]| [gray, gray, gray, alpha]),
        _ => return Err(FrameError::Refused("the colour type is not supported")),
    }
    // Reads to the end chunk, so that a file that was cut off behind its last row is noticed.
    Ok(reader.finish()?)
}

fn decoding_error(job: &Job<'_>, error: DecodingError) -> Error {
    if let Err(cancelled) = job.cancel.check() {
        return cancelled;
    }
    match error {
        DecodingError::LimitsExceeded => {
            Error::memory(format!("{DECODE}: the picture needs more than {WORKING_BYTES} bytes beside its pixels"))
        }
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Error::op(DECODE, "the input ends too early")
        }
        error => Error::op(DECODE, format!("the input is not a valid PNG ({error})")),
    }
}

#[derive(Debug)]
struct Encode {
    size: Option<Size>,
}

impl Encode {
    fn parse(args: Option<&Value>) -> Result<Encode> {
        let arguments = Arguments::new(ENCODE, args, &["width", "height"])?;
        Ok(Encode { size: Size::parse(ENCODE, &arguments, ["width", "height"])? })
    }
}

impl Whole for Encode {
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let size = Size::of_input(ENCODE, self.size, input, about)?;
        let mut output = Writer::new(job.account, job.cancel)?;
        contained(ENCODE, || {
            let written = write(job, size, input, &mut output);
            written.map_err(|error| match (output.failure(), job.cancel.check()) {
                (Some(reason), _) | (None, Err(reason)) => reason,
                (None, Ok(())) => Error::op(ENCODE, error),
            })
        })?;
        let paid = output.finish()?;
        let info = Info { format: Some("png"), ..Info::pixels(size.width, size.height) };
        Ok((paid, info))
    }
}

fn write(job: &Job<'_>, size: Size, input: &[u8], output: &mut Writer) -> std::result::Result<(), EncodingError> {
    let mut encoder = ::png::Encoder::new(output, size.width, size.height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    // The streaming writer, because the other one collects the compressed picture outside the account first.
    let mut rows = writer.stream_writer()?;
    for piece in input.chunks(ROWS_PIECE) {
        job.cancel.check().map_err(std::io::Error::other)?;
        rows.write_all(piece)?;
    }
    rows.finish()?;
    writer.finish()
}
