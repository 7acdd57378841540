//! Bytes as text and back (RFC 4648): `base64_encode`, `base64_decode`, `hex_encode`, `hex_decode`.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::arguments::Arguments;
use super::simd::dispatch;
use super::{Operation, Streamed};
use crate::account::Account;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream, Units};

/// Without padding, which is ours to write and read; the bits beyond the last byte are ignored, as by every browser.
const PLAIN: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);
static BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, PLAIN);
static BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, PLAIN);

/// Symbols that are decoded at a time.
const SCRATCH: usize = 16 << 10;

pub(crate) fn base64_encode(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new("base64_encode", args, &["url"])?;
    let url = arguments.boolean("url")?.unwrap_or(false);
    Ok(Operation::Stream(Arc::new(Kind::ToBase64 { url })))
}

pub(crate) fn base64_decode(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new("base64_decode", args, &["url"])?;
    let url = arguments.boolean("url")?.unwrap_or(false);
    Ok(Operation::Stream(Arc::new(Kind::FromBase64 { url })))
}

pub(crate) fn hex_encode(args: Option<&Value>) -> Result<Operation> {
    Arguments::none("hex_encode", args).map(|()| Operation::Stream(Arc::new(Kind::ToHex)))
}

pub(crate) fn hex_decode(args: Option<&Value>) -> Result<Operation> {
    Arguments::none("hex_decode", args).map(|()| Operation::Stream(Arc::new(Kind::FromHex)))
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    ToBase64 { url: bool },
    FromBase64 { url: bool },
    ToHex,
    FromHex,
}

impl Streamed for Kind {
    fn open(&self, _account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        Ok(match *self {
            Kind::ToBase64 { url } => Box::new(ToBase64 { url, units: Units::default() }),
            Kind::FromBase64 { url } => {
                Box::new(FromBase64 { url, scratch: vec![0; SCRATCH], kept: 0, padding: 0, position: 0 })
            }
            Kind::ToHex => Box::new(ToHex),
            Kind::FromHex => Box::new(FromHex { units: Units::default(), position: 0 }),
        })
    }

    fn expected_length(&self, input: &[u8]) -> usize {
        let len = input.len();
        match self {
            Kind::ToBase64 { .. } => len.div_ceil(3).saturating_mul(4),
            Kind::FromBase64 { .. } => len / 4 * 3 + 3,
            Kind::ToHex => len.saturating_mul(2),
            Kind::FromHex => len / 2,
        }
    }
}

fn engine(url: bool) -> &'static GeneralPurpose {
    if url { &BASE64_URL } else { &BASE64 }
}

struct ToBase64 {
    url: bool,
    units: Units<3>,
}

impl Stream for ToBase64 {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let engine = engine(self.url);
        let encode = |bytes: &[u8], text: &mut [u8]| {
            // As long as it has to be: whole units give four symbols for three bytes.
            engine.encode_slice(bytes, text).unwrap_or(0)
        };
        let (read, mut written) = self.units.map::<4>(input, output, |bytes, text| {
            encode(bytes, text);
        });
        let mut done = false;
        if end && read == input.len() && output.len() - written >= 4 {
            let rest = self.units.rest();
            let mut last = [b'='; 4];
            let symbols = encode(rest, &mut last);
            let length = match (rest.len(), self.url) {
                (0, _) => 0,
                (_, true) => symbols,
                (_, false) => 4,
            };
            output[written..written + length].copy_from_slice(&last[..length]);
            written += length;
            done = true;
        }
        Ok(Progress { read, written, done })
    }
}

struct FromBase64 {
    url: bool,
    /// Symbols without white space; `kept` of them wait for the rest of their four.
    scratch: Vec<u8>,
    kept: usize,
    padding: usize,
    /// Bytes of the input before this step.
    position: usize,
}

impl FromBase64 {
    fn refused(&self, input: &[u8]) -> Error {
        let alphabet: &Alphabet = if self.url { &URL_SAFE } else { &STANDARD };
        let is_known =
            |byte: u8| byte.is_ascii_whitespace() || byte == b'=' || alphabet.as_str().as_bytes().contains(&byte);
        let offset = input.iter().position(|byte| !is_known(*byte)).or_else(|| {
            // All are known: something stands behind the padding.
            input.iter().rposition(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
        });
        let at = self.position + offset.unwrap_or(0);
        Error::op("base64_decode", format!("the input is not valid base64: unexpected byte at position {at}"))
    }

    /// Puts the symbols of a piece into the scratch memory, without white space and padding.
    fn gather(&mut self, piece: &[u8], input: &[u8]) -> Result<()> {
        let is_plain = !piece.iter().fold(false, |found, byte| found | byte.is_ascii_whitespace() | (*byte == b'='));
        if is_plain && self.padding == 0 {
            self.scratch[self.kept..self.kept + piece.len()].copy_from_slice(piece);
            self.kept += piece.len();
            return Ok(());
        }
        for byte in piece.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            if *byte == b'=' {
                self.padding += 1;
            } else if self.padding > 0 {
                return Err(self.refused(input));
            } else {
                self.scratch[self.kept] = *byte;
                self.kept += 1;
            }
        }
        Ok(())
    }
}

impl Stream for FromBase64 {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let engine = engine(self.url);
        let (mut read, mut written) = (0, 0);
        while read < input.len() && output.len() - written >= 6 {
            let room = ((output.len() - written) / 3 * 4 - self.kept).min(SCRATCH - self.kept);
            let piece = &input[read..read + room.min(input.len() - read)];
            self.gather(piece, input)?;
            read += piece.len();
            let whole = self.kept & !3;
            let target = &mut output[written..written + whole / 4 * 3];
            written += engine.decode_slice(&self.scratch[..whole], target).map_err(|_| self.refused(input))?;
            self.scratch.copy_within(whole..self.kept, 0);
            self.kept -= whole;
        }
        let mut done = false;
        if end && read == input.len() && output.len() - written >= 3 {
            let is_whole = match (self.kept, self.padding) {
                (0 | 2 | 3, 0) => true,
                (kept, padding) => kept >= 2 && kept + padding == 4,
            };
            if !is_whole {
                return Err(Error::op("base64_decode", "the input ends too early or is padded wrongly"));
            }
            let target = &mut output[written..written + self.kept * 3 / 4];
            written += engine.decode_slice(&self.scratch[..self.kept], target).map_err(|_| self.refused(input))?;
            done = true;
        }
        self.position += read;
        Ok(Progress { read, written, done })
    }
}

struct ToHex;

impl Stream for ToHex {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let read = input.len().min(output.len() / 2);
        to_hex(&input[..read], &mut output[..read * 2]);
        Ok(Progress { read, written: read * 2, done: end && read == input.len() })
    }
}

struct FromHex {
    units: Units<2>,
    position: usize,
}

impl Stream for FromHex {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let mut is_hex = true;
        let (read, written) = self.units.map::<1>(input, output, |text, bytes| is_hex &= from_hex(text, bytes));
        if !is_hex {
            let offset = input.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(0);
            let at = self.position + offset;
            let message = format!("the input is not valid hexadecimal: unexpected byte at position {at}");
            return Err(Error::op("hex_decode", message));
        }
        self.position += read;
        let is_over = end && read == input.len();
        if is_over && !self.units.rest().is_empty() {
            return Err(Error::op("hex_decode", "expected an even number of digits for the input"));
        }
        Ok(Progress { read, written, done: is_over })
    }
}

#[inline(always)]
fn to_hex_body(bytes: &[u8], text: &mut [u8]) {
    // '0' + n for digits; letters lie 39 further on.
    let digit = |nibble: u8| nibble + b'0' + if nibble > 9 { b'a' - b'0' - 10 } else { 0 };
    for (byte, pair) in bytes.iter().zip(text.as_chunks_mut::<2>().0) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

/// Whether all of it were digits.
#[inline(always)]
fn from_hex_body(text: &[u8], bytes: &mut [u8]) -> bool {
    let mut wrong = 0_u8;
    let mut value = |digit: u8| {
        let number = digit.wrapping_sub(b'0');
        let letter = (digit | 0x20).wrapping_sub(b'a');
        wrong |= u8::from(number > 9) & u8::from(letter > 5);
        if number <= 9 { number } else { letter.wrapping_add(10) }
    };
    for (pair, byte) in text.as_chunks::<2>().0.iter().zip(bytes) {
        *byte = value(pair[0]) << 4 | value(pair[1]) & 15;
    }
    wrong == 0
}

dispatch!(to_hex, to_hex_avx2, to_hex_body, (bytes: &[u8], text: &mut [u8]));
dispatch!(from_hex, from_hex_avx2, from_hex_body, (text: &[u8], bytes: &mut [u8]) -> bool);
