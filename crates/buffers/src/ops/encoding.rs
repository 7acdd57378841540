//! Bytes as text and back (RFC 4648): `base64_encode`, `base64_decode`, `hex_encode`, `hex_decode`.

use std::sync::Arc;

use base64_simd::{Base64, Out, STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::arguments::Arguments;
use super::simd::dispatch;
use super::{Operation, Streamed};
use crate::account::Account;
use crate::error::{Error, Result};
use crate::pipeline::{Progress, Stream, Units};

/// Symbols that are decoded at a time.
const BLOCK: usize = 8 << 10;
/// Symbols that are looked at together for white space among them: most lines have 64 or 76.
const PART: usize = 16;

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
                Box::new(FromBase64 { url, symbols: [0; BLOCK], kept: 0, padding: 0, position: 0 })
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

/// For whole units, which have no padding in either alphabet.
fn plain(url: bool) -> Base64 {
    if url { URL_SAFE_NO_PAD } else { STANDARD_NO_PAD }
}

struct ToBase64 {
    url: bool,
    units: Units<3>,
}

impl Stream for ToBase64 {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let engine = plain(self.url);
        let (read, mut written) = self.units.map::<4>(input, output, |bytes, text| {
            let _ = engine.encode(bytes, Out::from_slice(text));
        });
        let done = end && read == input.len() && output.len() - written >= 4;
        if done {
            let engine = if self.url { URL_SAFE_NO_PAD } else { STANDARD };
            written += engine.encode(self.units.rest(), Out::from_slice(&mut output[written..])).len();
        }
        Ok(Progress { read, written, done })
    }
}

struct FromBase64 {
    url: bool,
    /// Symbols without white space; between two steps `kept` of them, which were checked, wait for the rest of their four.
    symbols: [u8; BLOCK],
    kept: usize,
    padding: usize,
    /// Bytes of the input before this step.
    position: usize,
}

impl FromBase64 {
    fn refused(&self, at: usize) -> Error {
        let at = self.position + at;
        Error::op("base64_decode", format!("the input is not valid base64: unexpected byte at position {at}"))
    }

    /// Decodes a piece with white space, padding, or an error in it. It begins at `at` in this step's input.
    fn decode_slowly(&mut self, piece: &[u8], at: usize, target: &mut [u8]) -> Result<usize> {
        let engine = plain(self.url);
        let is_known = |byte: u8| byte.is_ascii_whitespace() || byte == b'=' || engine.charset().contains(&byte);
        let unknown = || piece.iter().position(|byte| !is_known(*byte));
        for (index, part) in piece.chunks(PART).enumerate() {
            let is_special = |found: bool, byte: &u8| found | byte.is_ascii_whitespace() | (*byte == b'=');
            if self.padding == 0 && !part.iter().fold(false, is_special) {
                self.symbols[self.kept..self.kept + part.len()].copy_from_slice(part);
                self.kept += part.len();
                continue;
            }
            for (offset, byte) in part.iter().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()) {
                if *byte == b'=' {
                    self.padding += 1;
                } else if self.padding > 0 {
                    let offset = index * PART + offset;
                    return Err(self.refused(at + unknown().map_or(offset, |first| first.min(offset))));
                } else {
                    self.symbols[self.kept] = *byte;
                    self.kept += 1;
                }
            }
        }
        // The incomplete unit is checked at once, so that a wrong byte is always one of this piece.
        let whole = self.kept & !3;
        let (symbols, rest) = self.symbols[..self.kept].split_at(whole);
        let decoded = engine.decode(symbols, Out::from_slice(target)).map(|bytes| bytes.len());
        match decoded {
            Ok(length) if rest.iter().all(|byte| engine.charset().contains(byte)) => {
                self.symbols.copy_within(whole..self.kept, 0);
                self.kept -= whole;
                Ok(length)
            }
            _ => {
                let is_known =
                    |byte: u8| byte.is_ascii_whitespace() || byte == b'=' || engine.charset().contains(&byte);
                Err(self.refused(at + piece.iter().position(|byte| !is_known(*byte)).unwrap_or(0)))
            }
        }
    }

    /// The last unit, which may be incomplete.
    fn decode_last(&self) -> Result<([u8; 3], usize)> {
        let mut last = [0; 3];
        let is_whole = match (self.kept, self.padding) {
            (0 | 2 | 3, 0) => true,
            (kept, padding) => kept >= 2 && kept + padding == 4,
        };
        let mut symbols = [b'A'; 4];
        symbols[..self.kept].copy_from_slice(&self.symbols[..self.kept]);
        // Filled up with zeros, so that the bits beyond the last byte are ignored, as by every browser.
        if is_whole && plain(self.url).decode(&symbols, Out::from_slice(&mut last)).is_ok() {
            Ok((last, self.kept * 3 / 4))
        } else {
            Err(Error::op("base64_decode", "the input ends too early or is padded wrongly"))
        }
    }
}

impl Stream for FromBase64 {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let engine = plain(self.url);
        let (mut read, mut written) = (0, 0);
        while read < input.len() && output.len() - written >= 3 {
            let target = &mut output[written..];
            let most = (target.len() / 3 * 4).min(BLOCK);
            let rest = &input[read..];
            let whole = rest.len().min(most) & !3;
            if (self.kept, self.padding) == (0, 0)
                && whole > 0
                && let Ok(bytes) = engine.decode(&rest[..whole], Out::from_slice(target))
            {
                written += bytes.len();
                read += whole;
                continue;
            }
            let piece = &rest[..rest.len().min(most - self.kept)];
            written += self.decode_slowly(piece, read, target)?;
            read += piece.len();
        }
        let done = end && read == input.len() && output.len() - written >= 3;
        if done {
            let (last, length) = self.decode_last()?;
            output[written..written + length].copy_from_slice(&last[..length]);
            written += length;
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
        // A digit that waits for its pair is checked at once, so that a wrong byte is always one of this input.
        if !is_hex || !self.units.rest().iter().all(u8::is_ascii_hexdigit) {
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
