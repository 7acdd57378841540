//! A payload: one value of the clone format (`docs/wire.md`) as plain data, which no engine needs to be asked about.
//!
//! What it does: holds the bytes and the blocks of a value under way, writes plain values by hand ([`Writer`]), reads the
//! format's primitives without ever leaving the bytes ([`Reader`]). What it does not: know an engine (`codec` does), or
//! walk values (`codec::json` does, for users of the Rust library).

use hostbox_buffers::Block;

/// The tags of the format, by the names that the document gives them.
pub(crate) mod tag {
    pub(crate) const UNDEFINED: u8 = 0x00;
    pub(crate) const NULL: u8 = 0x01;
    pub(crate) const FALSE: u8 = 0x02;
    pub(crate) const TRUE: u8 = 0x03;
    pub(crate) const INT: u8 = 0x04;
    pub(crate) const FLOAT: u8 = 0x05;
    pub(crate) const LATIN1: u8 = 0x06;
    pub(crate) const UTF16: u8 = 0x07;
    pub(crate) const UTF8: u8 = 0x08;
    pub(crate) const BIGINT: u8 = 0x09;
    pub(crate) const DATE: u8 = 0x0A;
    pub(crate) const REGEXP: u8 = 0x0B;
    pub(crate) const OBJECT: u8 = 0x0C;
    pub(crate) const ARRAY: u8 = 0x0D;
    pub(crate) const SPARSE: u8 = 0x0E;
    pub(crate) const HOLE: u8 = 0x0F;
    pub(crate) const MAP: u8 = 0x10;
    pub(crate) const SET: u8 = 0x11;
    pub(crate) const ERROR: u8 = 0x12;
    pub(crate) const BUFFER: u8 = 0x13;
    pub(crate) const RESIZABLE: u8 = 0x14;
    pub(crate) const BLOCK: u8 = 0x15;
    pub(crate) const VIEW: u8 = 0x16;
    pub(crate) const REFERENCE: u8 = 0x17;
    pub(crate) const BOXED: u8 = 0x18;
    /// Within a sandbox alone: an object of the platform, by its place in the list beside the payload.
    pub(crate) const PLATFORM: u8 = 0x19;
    pub(crate) const END: u8 = 0xFF;
}

/// The longest buffer that stands in the value itself.
pub(crate) const INLINE: usize = 1_024;

/// Levels of nesting that both sides accept.
pub const MAX_DEPTH: usize = 5_000;

/// The names of the error kinds, at the index that stands for them in the format.
pub(crate) const ERROR_KINDS: [&str; 8] =
    ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError", "AggregateError"];

/// The kind byte of a DataView, the only view that is no typed array.
pub(crate) const DATA_VIEW: u8 = 12;

/// log2 of the element size of each view kind.
pub(crate) const ELEMENT_SHIFT: [u8; 13] = [0, 0, 0, 1, 1, 2, 2, 1, 2, 3, 3, 3, 0];

/// One value in the clone format: the bytes, and the memory of ours that they refer to by index.
#[derive(Debug, Default)]
pub struct Payload {
    /// The value, flat.
    pub bytes: Vec<u8>,
    /// Buffers of more than 1,024 bytes.
    pub blocks: Vec<Block>,
}

impl Payload {
    /// What the payload weighs, in bytes, blocks included.
    pub fn byte_size(&self) -> usize {
        self.bytes.len() + self.blocks.iter().map(|block| block.len()).sum::<usize>()
    }

    /// A `Uint8Array` over a whole block.
    pub fn uint8_array(block: Block) -> Self {
        let mut bytes = vec![tag::VIEW, 1, 0, 0];
        put_varint(&mut bytes, block.len() as u64);
        bytes.push(tag::BLOCK);
        put_varint(&mut bytes, 0);
        Payload { bytes, blocks: vec![block] }
    }

    /// A `Uint8Array` of bytes: short ones stand in the value itself.
    pub fn bytes(content: Vec<u8>) -> Self {
        if content.len() > INLINE {
            return Self::uint8_array(Block::from_vec(content));
        }
        let mut bytes = vec![tag::VIEW, 1, 0, 0];
        put_varint(&mut bytes, content.len() as u64);
        bytes.push(tag::BUFFER);
        put_varint(&mut bytes, content.len() as u64);
        bytes.extend_from_slice(&content);
        Payload { bytes, blocks: Vec::new() }
    }

    /// An object without properties.
    pub fn empty_object() -> Self {
        Payload { bytes: vec![tag::OBJECT, tag::END], blocks: Vec::new() }
    }

    /// `undefined`.
    pub fn undefined() -> Self {
        Payload { bytes: vec![tag::UNDEFINED], blocks: Vec::new() }
    }

    /// Makes it empty and keeps the memory of `bytes`.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.blocks.clear();
    }
}

/// Bytes that are no value of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed payload at byte {at}: {what}")]
pub struct Malformed {
    /// Where reading stopped.
    pub at: usize,
    /// What was wrong there.
    pub what: &'static str,
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_int(out: &mut Vec<u8>, value: i32) {
    out.push(tag::INT);
    put_varint(out, u64::from(((value << 1) ^ (value >> 31)) as u32));
}

pub(crate) fn put_f64(out: &mut Vec<u8>, value: f64) {
    let int = value as i32;
    // The comparison of bits keeps -0 apart, and NaN.
    if f64::from(int).to_bits() == value.to_bits() {
        put_int(out, int);
    } else {
        out.push(tag::FLOAT);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A string whose code units are all below 256, one byte each.
pub(crate) fn put_latin1(out: &mut Vec<u8>, units: &[u8]) {
    out.push(tag::LATIN1);
    put_varint(out, units.len() as u64);
    out.extend_from_slice(units);
}

pub(crate) fn put_str(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        put_latin1(out, text.as_bytes());
    } else {
        out.push(tag::UTF8);
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Writes plain values by hand. The caller keeps the nesting right; nothing checks it.
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Writer { out }
    }

    /// Writes `undefined`.
    pub fn push_undefined(&mut self) {
        self.out.push(tag::UNDEFINED);
    }

    /// Writes `null`.
    pub fn push_null(&mut self) {
        self.out.push(tag::NULL);
    }

    /// Writes a boolean.
    pub fn push_bool(&mut self, value: bool) {
        self.out.push(if value { tag::TRUE } else { tag::FALSE });
    }

    /// Writes an integer.
    pub fn push_int(&mut self, value: i32) {
        put_int(self.out, value);
    }

    /// Writes a number.
    pub fn push_f64(&mut self, value: f64) {
        put_f64(self.out, value);
    }

    /// Writes a string.
    pub fn push_str(&mut self, value: &str) {
        put_str(self.out, value);
    }

    /// Opens a plain object: pairs of [`key`](Self::key) and a value follow, then [`end_object`](Self::end_object).
    pub fn begin_object(&mut self) {
        self.out.push(tag::OBJECT);
    }

    /// Writes the key of the value that follows.
    pub fn key(&mut self, key: &str) {
        put_str(self.out, key);
    }

    /// Closes an object.
    pub fn end_object(&mut self) {
        self.out.push(tag::END);
    }

    /// Opens an array of exactly `length` values, which follow.
    pub fn begin_array(&mut self, length: u32) {
        self.out.push(tag::ARRAY);
        put_varint(self.out, u64::from(length));
    }
}

/// A string as it stands in the bytes.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// One byte a code unit.
    Latin1(&'a [u8]),
    /// Two bytes a code unit, little-endian; the length is even.
    Utf16(&'a [u8]),
    /// Well-formed UTF-8.
    Utf8(&'a str),
}

/// Reads the format's primitives; never beyond the end, never more than there is.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// The offset of the next byte.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes on at `offset`, which a [`position`](Self::position) was before.
    pub(crate) fn seek(&mut self, offset: usize) {
        self.at = offset.min(self.bytes.len());
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error at this place.
    #[cold]
    pub fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { at: self.at, what }
    }

    /// The next byte, left in place.
    #[inline]
    pub fn peek(&self) -> Result<u8, Malformed> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.malformed("it ends early"))
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// The next `length` bytes.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or_else(|| self.malformed("it ends early"))?;
        self.at += length;
        Ok(taken)
    }

    /// An unsigned LEB128 number.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        let first = self.byte()?;
        if first < 0x80 { Ok(u64::from(first)) } else { self.long_varint(first) }
    }

    fn long_varint(&mut self, first: u8) -> Result<u64, Malformed> {
        let mut value = u64::from(first & 0x7F);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    /// A count of things of which each takes a byte at least, so that no more can be announced than can follow.
    #[inline]
    pub fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.varint()?;
        if count > self.remaining() as u64 {
            return Err(self.malformed("a length beyond the end"));
        }
        Ok(count as usize)
    }

    /// What follows [`tag::INT`].
    #[inline]
    pub fn int(&mut self) -> Result<i32, Malformed> {
        let zigzag = u32::try_from(self.varint()?).map_err(|_| self.malformed("an integer of more than 32 bits"))?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    /// Eight bytes of IEEE 754.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, Malformed> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(bytes))
    }

    /// What follows one of the string tags; `None` for any other tag.
    #[inline]
    pub fn text(&mut self, tag: u8) -> Result<Option<Text<'a>>, Malformed> {
        Ok(Some(match tag {
            tag::LATIN1 => {
                let length = self.count()?;
                Text::Latin1(self.take(length)?)
            }
            tag::UTF16 => {
                let units = self.count()?;
                Text::Utf16(self.take(units.saturating_mul(2))?)
            }
            tag::UTF8 => {
                let length = self.count()?;
                let bytes = self.take(length)?;
                Text::Utf8(std::str::from_utf8(bytes).map_err(|_| self.malformed("a string that is no UTF-8"))?)
            }
            _ => return Ok(None),
        }))
    }

    /// What follows [`tag::BIGINT`]: whether it is negative, and its magnitude in little-endian bytes.
    pub fn bigint(&mut self) -> Result<(bool, &'a [u8]), Malformed> {
        let sign = self.byte()?;
        if sign > 1 {
            return Err(self.malformed("a sign that is none"));
        }
        let length = self.count()?;
        Ok((sign == 1, self.take(length)?))
    }
}
