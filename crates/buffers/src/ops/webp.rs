//! `webp_decode`: WebP after RFC 9649, lossy and lossless, with and without alpha; of an animation the first picture.
//!
//! The container is read here: the decoder is given a small file of the one picture that we want, with sizes that were checked, since it
//! allocates by what a header claims. What it holds beside its output is paid for before it starts.

use std::io::ErrorKind;
use std::sync::Arc;

use image_webp::{DecodingError, WebPDecoder};
use serde_json::Value;

use super::arguments::Arguments;
use super::input::Input;
use super::pixels::{Size, spread};
use super::{Operation, Whole, contained, vp8l};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};

pub(crate) const DECODE: &str = "webp_decode";
const VP8_START: [u8; 3] = [0x9d, 0x01, 0x2a];
const VP8L_START: u8 = 0x2f;
/// Signature, size and flags of a lossless stream; where the flag for alpha is.
const VP8L_HEADER: usize = 5;
const VP8L_ALPHA: u8 = 0x10;
/// Flags of the extended header.
const ANIMATED: u8 = 0x02;
const HAS_ALPHA: u8 = 0x10;

pub(crate) fn parse_decode(args: Option<&Value>) -> Result<Operation> {
    Arguments::none(DECODE, args).map(|()| Operation::Whole(Arc::new(Decode)))
}

#[derive(Debug)]
struct Decode;

impl Whole for Decode {
    fn apply(&self, job: &Job<'_>, input: &[u8], _about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let picture = Picture::find(input)?;
        let size = picture.canvas;
        let frame = picture.frame.decode(job)?;
        if picture.frame.size == size {
            return Ok((frame, Info::pixels(size.width, size.height)));
        }
        // An animation's first picture, smaller than the whole: around it nothing is to be seen yet.
        let mut output = PaidBlock::zeroed(job.account, size.bytes())?;
        let row = picture.frame.size.width as usize * 4;
        let rows = output.block.chunks_exact_mut(size.width as usize * 4).skip(picture.top as usize);
        for (target, source) in rows.zip(frame.block.chunks_exact(row)) {
            target[picture.left as usize * 4..][..row].copy_from_slice(source);
        }
        Ok((output, Info::pixels(size.width, size.height)))
    }
}

fn damaged(what: &str) -> Error {
    Error::op(DECODE, format!("the input is not a valid WebP ({what})"))
}

fn too_short() -> Error {
    Error::op(DECODE, "the input ends too early")
}

/// Little-endian numbers of two to four bytes.
fn number(bytes: &[u8], at: usize, len: usize) -> Result<u32> {
    let bytes = bytes.get(at..at + len).ok_or_else(too_short)?;
    Ok(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

/// The chunks of a container: `(name, content)`.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<(&'a [u8], &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_at_checked(4).filter(|_| self.0.len() >= 8)?;
        let content = number(rest, 0, 4).and_then(|len| rest.get(4..4 + len as usize).ok_or_else(too_short));
        // A chunk of odd length has a byte behind it.
        let taken = content.as_ref().map_or(self.0.len(), |content| 8 + content.len().next_multiple_of(2));
        self.0 = self.0.get(taken..).unwrap_or_default();
        Some(content.map(|content| (name, content)))
    }
}

/// The bytes of one picture.
struct Frame<'a> {
    size: Size,
    alpha: Option<&'a [u8]>,
    is_lossy: bool,
    data: &'a [u8],
}

struct Picture<'a> {
    canvas: Size,
    left: u32,
    top: u32,
    frame: Frame<'a>,
}

impl<'a> Picture<'a> {
    fn find(input: &'a [u8]) -> Result<Picture<'a>> {
        if input.len() < 12 {
            return Err(too_short());
        }
        if &input[..4] != b"RIFF" || &input[8..12] != b"WEBP" {
            return Err(damaged("it has no header"));
        }
        let end = 8 + number(input, 4, 4)? as usize;
        let mut chunks = Chunks(input.get(12..end).ok_or_else(too_short)?);
        let (name, content) = chunks.next().ok_or_else(too_short)??;
        if name != b"VP8X" {
            let frame = Frame::of_chunks([Ok((name, content))].into_iter())?;
            return Ok(Picture { canvas: frame.size, left: 0, top: 0, frame });
        }
        let (width, height) = (number(content, 4, 3)? + 1, number(content, 7, 3)? + 1);
        let canvas = Size::of_header(DECODE, width, height)?;
        if content[0] & ANIMATED == 0 {
            let picture = Picture { canvas, left: 0, top: 0, frame: Frame::of_chunks(chunks)? };
            let fits = picture.frame.size == canvas;
            return if fits { Ok(picture) } else { Err(damaged("its headers claim different sizes")) };
        }
        let is_first = |chunk: &Result<(&[u8], &[u8])>| chunk.as_ref().map_or(true, |(name, _)| *name == b"ANMF");
        let (_, content) = chunks.find(is_first).ok_or_else(|| damaged("the animation has no picture"))??;
        let (left, top) = (number(content, 0, 3)? * 2, number(content, 3, 3)? * 2);
        let claimed = (number(content, 6, 3)? + 1, number(content, 9, 3)? + 1);
        let frame = Frame::of_chunks(Chunks(content.get(16..).ok_or_else(too_short)?))?;
        if (frame.size.width, frame.size.height) != claimed {
            return Err(damaged("its headers claim different sizes"));
        }
        if left + frame.size.width > width || top + frame.size.height > height {
            return Err(damaged("the first picture of the animation lies outside"));
        }
        Ok(Picture { canvas, left, top, frame })
    }
}

impl<'a> Frame<'a> {
    fn of_chunks(chunks: impl Iterator<Item = Result<(&'a [u8], &'a [u8])>>) -> Result<Frame<'a>> {
        let mut alpha = None;
        for chunk in chunks {
            let (width, height, is_lossy, data) = match chunk? {
                (b"ALPH", content) => {
                    alpha = alpha.or(Some(content));
                    continue;
                }
                (b"VP8 ", data) => {
                    if data.get(3..6).ok_or_else(too_short)? != VP8_START || data[0] & 1 != 0 {
                        return Err(damaged("its picture has no header"));
                    }
                    (number(data, 6, 2)? & 0x3fff, number(data, 8, 2)? & 0x3fff, true, data)
                }
                (b"VP8L", data) => {
                    if data.first().ok_or_else(too_short)? != &VP8L_START {
                        return Err(damaged("its picture has no header"));
                    }
                    let sides = number(data, 1, 4)?;
                    ((sides & 0x3fff) + 1, ((sides >> 14) & 0x3fff) + 1, false, data)
                }
                _ => continue,
            };
            let size = Size::of_header(DECODE, width, height)?;
            return Ok(Frame { size, alpha: alpha.filter(|_| is_lossy), is_lossy, data });
        }
        Err(damaged("it has no picture"))
    }

    fn decode(&self, job: &Job<'_>) -> Result<PaidBlock> {
        let mut output = PaidBlock::zeroed(job.account, self.size.bytes())?;
        let file = self.file(job)?;
        let working = job.account.reserve(self.working_bytes(job)?)?;
        contained(DECODE, || {
            let refused = |error| decoding_error(job, error);
            let mut decoder = WebPDecoder::new(Input::new(&file.block, job.cancel)).map_err(refused)?;
            let len = decoder.output_buffer_size().unwrap_or(usize::MAX);
            let target = output.block.get_mut(..len).ok_or_else(|| damaged("its headers claim different sizes"))?;
            decoder.read_image(target).map_err(refused)?;
            if self.is_lossy && self.alpha.is_none() {
                spread(&mut output.block, |[red, green, blue]| [red, green, blue, 255]);
            }
            Ok(())
        })?;
        drop(working);
        if !self.is_lossy && self.data[VP8L_HEADER - 1] & VP8L_ALPHA == 0 {
            output.block.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel[3] = 255);
        }
        Ok(output)
    }

    /// A file of this picture and nothing else.
    fn file(&self, job: &Job<'_>) -> Result<PaidBlock> {
        let name: &[u8; 4] = if self.is_lossy { b"VP8 " } else { b"VP8L" };
        let mut chunks: Vec<(&[u8; 4], &[u8])> = vec![(name, self.data)];
        let mut header = [HAS_ALPHA, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header[4..7].copy_from_slice(&(self.size.width - 1).to_le_bytes()[..3]);
        header[7..10].copy_from_slice(&(self.size.height - 1).to_le_bytes()[..3]);
        if let Some(alpha) = self.alpha {
            chunks = vec![(b"VP8X", &header), (b"ALPH", alpha), (name, self.data)];
        }
        let len = 4 + chunks.iter().map(|(_, content)| 8 + content.len().next_multiple_of(2)).sum::<usize>();
        let mut file = PaidBlock::zeroed(job.account, 8 + len)?;
        let mut rest = &mut file.block[..];
        let mut put = |bytes: &[u8]| {
            let (target, behind) = std::mem::take(&mut rest).split_at_mut(bytes.len());
            target.copy_from_slice(bytes);
            rest = behind;
        };
        put(b"RIFF");
        put(&(len as u32).to_le_bytes());
        put(b"WEBP");
        for (name, content) in chunks {
            put(name);
            put(&(content.len() as u32).to_le_bytes());
            put(content);
            put(&[0][..content.len() % 2]);
        }
        if !self.is_lossy {
            // With alpha the decoder writes straight into the output; without, it holds a second picture.
            file.block[20 + VP8L_HEADER - 1] |= VP8L_ALPHA;
        }
        Ok(file)
    }

    /// What the decoder holds beside its output.
    fn working_bytes(&self, job: &Job<'_>) -> Result<u64> {
        let Size { width, height } = self.size;
        let pixels = u64::from(width) * u64::from(height);
        let lookahead = |stream: &[u8]| vp8l::working_bytes(stream, width, height, job.account.left(), job.cancel);
        if !self.is_lossy {
            return lookahead(&self.data[VP8L_HEADER..]);
        }
        // Brightness and colours of whole blocks of 16 pixels a side, what is known about each block in a vector that doubles, a row, and
        // the partitions, one of them twice.
        let blocks = u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16));
        let lossy = blocks * (384 + 3 * 64) + u64::from(width) * 16 + 3 * self.data.len() as u64 + (1 << 16);
        Ok(lossy
            + match self.alpha {
                // Its first byte says whether it is packed; if so, it is a lossless stream without header.
                Some([info, stream @ ..]) if info & 3 == 1 => 5 * pixels + lookahead(stream)?,
                Some(_) => pixels,
                None => 0,
            })
    }
}

fn decoding_error(job: &Job<'_>, error: DecodingError) -> Error {
    if let Err(cancelled) = job.cancel.check() {
        return cancelled;
    }
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => too_short(),
        error => damaged(&error.to_string()),
    }
}
