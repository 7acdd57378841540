//! `jpeg_decode` and `jpeg_encode`, baseline and progressive.
//!
//! Decoding takes grey, YCbCr, RGB, CMYK and YCCK and gives RGBA with alpha 255. Orientation and colour profiles are not
//! applied. Encoding drops alpha.

use std::cell::Cell;
use std::sync::Arc;

use jpeg_encoder::{ColorType, Encoder};
use serde_json::Value;
use zune_core::bytestream::{ZByteIoError, ZByteReaderTrait, ZSeekFrom};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::{ImageInfo, JpegDecoder};

use super::arguments::Arguments;
use super::pixels::{MAX_SIDE, Size, spread};
use super::{Operation, Whole, contained};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::cancel::Cancel;
use crate::chain::Job;
use crate::error::{Error, Result};
use crate::writer::Writer;

const DECODE: &str = "jpeg_decode";
const ENCODE: &str = "jpeg_encode";
/// Input between two looks at the flag; every marker segment is one more occasion.
const PIECE: usize = 8 << 10;
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

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
    let position = Cell::new(0);
    let decoded = contained(DECODE, || decode_from(job, input, &position));
    // To the decoder a cancelled input is one that ends early, which is not what the caller should hear.
    job.cancel.check()?;
    let (paid, info) = decoded?;
    let read = &input[..position.get().min(input.len())];
    if read.len() == input.len() && !read.ends_with(&END_OF_IMAGE) {
        return Err(Error::op(DECODE, "the input ends too early"));
    }
    Ok((paid, info))
}

fn decode_from(job: &Job<'_>, input: &[u8], position: &Cell<usize>) -> Result<(PaidBlock, Info)> {
    let (mut decoder, frame) = open(Input::new(input, job.cancel, position), ColorSpace::RGBA)?;
    let size = Size::of_header(DECODE, u32::from(frame.width), u32::from(frame.height))?;
    // Zeroed, since the decoder may leave rows of a damaged picture unwritten.
    let mut output = PaidBlock::zeroed(job.account, size.bytes())?;
    let header = &input[..position.get().min(input.len())];
    let working = job.account.reserve(working_bytes(size, &frame, header))?;
    let result = if matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma)) {
        decoder.decode_into(&mut output.block)
    } else {
        // The decoder has no RGB to RGBA, and its CMYK to RGBA writes pixels of three bytes.
        (decoder, _) = open(Input::new(input, job.cancel, position), ColorSpace::RGB)?;
        let result = decoder.decode_into(&mut output.block);
        spread(&mut output.block, |[red, green, blue]| [red, green, blue, 255]);
        result
    };
    result.map_err(refused)?;
    drop(working);
    Ok((output, Info::pixels(size.width, size.height)))
}

fn open(input: Input<'_>, space: ColorSpace) -> Result<(JpegDecoder<Input<'_>>, ImageInfo)> {
    // Strict, since the lenient mode fills what it cannot read with grey. The bounds are ours, with our own error: the
    // decoder's are opened as far as the format goes.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(input, options);
    decoder.decode_headers().map_err(refused)?;
    let frame = decoder.info().ok_or_else(|| Error::op(DECODE, "the input has no header"))?;
    Ok((decoder, frame))
}

fn refused(error: DecodeErrors) -> Error {
    Error::op(DECODE, format!("the input is not a valid JPEG ({error:?})"))
}

/// What the decoder allocates beside its output, at most: what it keeps of the header, some rows, and where the picture
/// does not come in one piece also 16 bits for each sample. `header` is the input up to the end of its first scan header.
fn working_bytes(size: Size, frame: &ImageInfo, header: &[u8]) -> u64 {
    let components = u64::from(frame.components);
    // Sampling factors go up to 4, and the samples fill whole units of 32 pixels a side then.
    let [width, height] = [size.width, size.height].map(|side| u64::from(side) + 32);
    let rows = width * components * 256 + header.len() as u64;
    let in_one_piece = !frame.sof.is_progressive() && names_all_components(header, frame.components);
    if in_one_piece { rows } else { rows + width * height * components * 2 }
}

/// Whether the scan header that ends `header` names all components. What looks like a shorter one, too, is not believed:
/// the longer could be made up from the bytes before it.
fn names_all_components(header: &[u8], components: u8) -> bool {
    let ends_with_scan_of = |count: u8| {
        let start = header.len().checked_sub(2 * usize::from(count) + 8);
        let scan = start.and_then(|start| header.get(start..start + 5));
        scan.is_some_and(|scan| scan[..2] == [0xff, 0xda] && scan[4] == count)
    };
    ends_with_scan_of(components) && !(1..components).any(ends_with_scan_of)
}

/// The input, with a look at the flag now and then: from then on it ends where the decoder is.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    check_at: usize,
    cancel: &'a Cancel,
    position: &'a Cell<usize>,
}

impl<'a> Input<'a> {
    fn new(bytes: &'a [u8], cancel: &'a Cancel, position: &'a Cell<usize>) -> Input<'a> {
        Input { bytes, at: 0, check_at: PIECE, cancel, position }
    }

    fn move_to(&mut self, at: usize) {
        self.at = at;
        self.position.set(at);
        if at >= self.check_at {
            self.check();
        }
    }

    fn check(&mut self) {
        self.check_at = self.at.saturating_add(PIECE);
        if self.cancel.is_cancelled() {
            self.bytes = &self.bytes[..self.at.min(self.bytes.len())];
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

impl ZByteReaderTrait for Input<'_> {
    fn read_byte_no_error(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.move_to(self.at.saturating_add(1));
        byte
    }

    fn read_exact_bytes(&mut self, target: &mut [u8]) -> std::result::Result<(), ZByteIoError> {
        // Coefficients are read four bytes at a time; everything else belongs to a marker. A file of nothing but scan
        // headers makes the decoder walk over the whole picture for each.
        if target.len() != 4 {
            self.check();
        }
        self.peek_exact_bytes(target)?;
        self.move_to(self.at + target.len());
        Ok(())
    }

    fn read_bytes(&mut self, target: &mut [u8]) -> std::result::Result<usize, ZByteIoError> {
        let read = self.peek_bytes(target)?;
        self.move_to(self.at + read);
        Ok(read)
    }

    fn peek_bytes(&mut self, target: &mut [u8]) -> std::result::Result<usize, ZByteIoError> {
        let rest = self.rest();
        let read = rest.len().min(target.len());
        target[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn peek_exact_bytes(&mut self, target: &mut [u8]) -> std::result::Result<(), ZByteIoError> {
        let rest = self.rest();
        let bytes = rest.get(..target.len()).ok_or(ZByteIoError::NotEnoughBytes(rest.len(), target.len()))?;
        target.copy_from_slice(bytes);
        Ok(())
    }

    fn z_seek(&mut self, from: ZSeekFrom) -> std::result::Result<u64, ZByteIoError> {
        let to = match from {
            ZSeekFrom::Start(to) => i64::try_from(to).ok(),
            ZSeekFrom::End(by) => (self.bytes.len() as i64).checked_add(by),
            ZSeekFrom::Current(by) => (self.at as i64).checked_add(by),
        };
        let to = to.and_then(|to| usize::try_from(to).ok()).ok_or(ZByteIoError::SeekError("seek before the start"))?;
        self.move_to(to);
        Ok(to as u64)
    }

    fn is_eof(&mut self) -> std::result::Result<bool, ZByteIoError> {
        Ok(self.at >= self.bytes.len())
    }

    fn z_position(&mut self) -> std::result::Result<u64, ZByteIoError> {
        Ok(self.at as u64)
    }

    fn read_remaining(&mut self, sink: &mut Vec<u8>) -> std::result::Result<usize, ZByteIoError> {
        let rest = self.rest();
        sink.extend_from_slice(rest);
        self.move_to(self.at + rest.len());
        Ok(rest.len())
    }
}

#[derive(Debug)]
struct Encode {
    size: Option<Size>,
    quality: u8,
}

impl Encode {
    fn parse(args: Option<&Value>) -> Result<Encode> {
        let arguments = Arguments::new(ENCODE, args, &["width", "height", "quality"])?;
        let size = Size::parse(ENCODE, &arguments, ["width", "height"])?;
        let quality = arguments.integer("quality", 1..=100)?.unwrap_or(80) as u8;
        Ok(Encode { size, quality })
    }
}

impl Whole for Encode {
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let size = Size::of_input(ENCODE, self.size, input, about)?;
        let (Ok(width), Ok(height)) = (u16::try_from(size.width), u16::try_from(size.height)) else {
            return Err(Error::op(ENCODE, format!("expected at most {MAX_SIDE} pixels a side")));
        };
        let mut output = Writer::new(job.account, job.cancel)?;
        contained(ENCODE, || {
            // It has no rows to stop at, but writes after every few blocks: the output looks at the flag.
            let encoder = Encoder::new(&mut output, self.quality);
            let encoded = encoder.encode(input, width, height, ColorType::Rgba);
            encoded.map_err(|error| output.failure().unwrap_or_else(|| Error::op(ENCODE, error)))
        })?;
        let paid = output.finish()?;
        let info = Info { format: Some("jpeg"), ..Info::pixels(size.width, size.height) };
        Ok((paid, info))
    }
}
