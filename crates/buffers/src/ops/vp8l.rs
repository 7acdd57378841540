//! Looks ahead into a lossless WebP stream: how much memory its decoder will need beside the pixels.
//!
//! A few bytes of such a stream can describe a prefix code whose tables take 70 KB, and a picture of any size may have 65,536 groups of five
//! codes: without this look, some MB of input would cost GBs outside every account. Follows RFC 9649, section 3, up to the first
//! pixel of the picture: the small pictures before it are read through, since there is no other way to find what comes behind them.

use crate::cancel::Cancel;
use crate::error::{Error, Result};

const DECODE: &str = super::webp::DECODE;
const LENGTH_CODES: u16 = 24;
const CODE_LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const LONGEST: usize = 15;
/// The decoder resolves so many bits by a table, and the rest by a tree.
const TABLE_BITS: usize = 10;
/// Five codes of a group without their tables, in a vector that doubles.
const GROUP_BYTES: u64 = 3 * 5 * 64;
/// The codes of the small pictures, colour caches, tables of fixed size.
const FIXED_BYTES: u64 = 512 << 10;
const PIXELS_PER_CHECK: u32 = 4096;

/// Bytes that the decoder of `stream` will hold beside its output, or an error as soon as they are more than `most`.
pub(crate) fn working_bytes(stream: &[u8], width: u32, height: u32, most: u64, cancel: &Cancel) -> Result<u64> {
    let mut scan = Scan { stream, bit: 0, bytes: FIXED_BYTES, most, cancel };
    scan.picture(width, height)?;
    Ok(scan.bytes)
}

struct Scan<'a> {
    stream: &'a [u8],
    bit: usize,
    bytes: u64,
    most: u64,
    cancel: &'a Cancel,
}

/// A prefix code as in RFC 1951: how many symbols have each length, and the symbols in the order of their codes.
#[derive(Default)]
struct Code {
    counts: [u16; LONGEST + 1],
    symbols: Vec<u16>,
}

impl Code {
    fn of_lengths(lengths: &[u8]) -> Result<Code> {
        let mut code = Code::default();
        for length in lengths.iter().filter(|length| **length > 0) {
            code.counts[usize::from(*length)] += 1;
        }
        for wanted in 1..=LONGEST as u8 {
            let of_length = lengths.iter().enumerate().filter(|(_, length)| **length == wanted);
            if code.counts[usize::from(wanted)] > 0 {
                code.symbols.extend(of_length.map(|(symbol, _)| symbol as u16));
            }
        }
        let space: u32 = (1..=LONGEST).map(|length| u32::from(code.counts[length]) << (LONGEST - length)).sum();
        if code.symbols.len() == 1 || space == 1 << LONGEST { Ok(code) } else { Err(invalid("a prefix code")) }
    }

    /// What the decoder's form of it takes.
    fn bytes(&self) -> u64 {
        let longest = (1..=LONGEST).rev().find(|length| self.counts[*length] > 0).unwrap_or(0);
        let in_tree: u64 = self.counts[TABLE_BITS + 1..].iter().map(|count| u64::from(*count)).sum();
        if self.symbols.len() == 1 { 0 } else { (4 << longest.min(TABLE_BITS)) + 32 * in_tree + 64 }
    }
}

fn invalid(what: &str) -> Error {
    Error::op(DECODE, format!("the input is not a valid WebP ({what} is damaged)"))
}

/// Blocks of `1 << bits` pixels a side.
fn blocks(side: u32, bits: u32) -> u32 {
    side.div_ceil(1 << bits)
}

impl Scan<'_> {
    fn bits(&mut self, count: usize) -> Result<u32> {
        let start = self.bit / 8;
        let mut word = [0; 8];
        let rest = self.stream.get(start..).unwrap_or_default();
        let near = rest.len().min(8);
        word[..near].copy_from_slice(&rest[..near]);
        self.bit += count;
        if self.bit > self.stream.len() * 8 {
            return Err(Error::op(DECODE, "the input ends too early"));
        }
        let value = u64::from_le_bytes(word) >> ((self.bit - count) % 8);
        Ok((value & ((1 << count) - 1)) as u32)
    }

    fn flag(&mut self) -> Result<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    fn hold(&mut self, bytes: u64) -> Result<()> {
        self.bytes += bytes;
        if self.bytes > self.most {
            let (bytes, most) = (self.bytes, self.most);
            return Err(Error::memory(format!(
                "{DECODE}: the picture needs {bytes} bytes and more beside its pixels, {most} are left in bufferBytes"
            )));
        }
        Ok(())
    }

    fn symbol(&mut self, code: &Code) -> Result<u16> {
        if let [only] = code.symbols[..] {
            return Ok(only);
        }
        let (mut value, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in &code.counts[1..] {
            value |= self.bits(1)?;
            let count = u32::from(*count);
            if value < first + count {
                return Ok(code.symbols[(index + value - first) as usize]);
            }
            (index, first) = (index + count, (first + count) << 1);
            value <<= 1;
        }
        Err(invalid("a prefix code"))
    }

    fn code(&mut self, alphabet: u16) -> Result<Code> {
        if self.flag()? {
            let has_two = self.flag()?;
            let first_bits = if self.flag()? { 8 } else { 1 };
            let mut symbols = vec![self.bits(first_bits)? as u16];
            let mut counts = [0; LONGEST + 1];
            if has_two {
                symbols.push(self.bits(8)? as u16);
                counts[1] = 2;
            }
            return Ok(Code { counts, symbols });
        }
        let mut lengths = [0; CODE_LENGTH_ORDER.len()];
        for at in 0..4 + self.bits(4)? as usize {
            lengths[CODE_LENGTH_ORDER[at]] = self.bits(3)? as u8;
        }
        let lengths_code = Code::of_lengths(&lengths)?;
        let mut left = u32::from(alphabet);
        if self.flag()? {
            let count = 2 + 2 * self.bits(3)? as usize;
            left = left.min(2 + self.bits(count)?);
        }
        let mut lengths = vec![0_u8; usize::from(alphabet)];
        let (mut at, mut previous) = (0, 8);
        while at < lengths.len() && left > 0 {
            left -= 1;
            let (length, repeat) = match self.symbol(&lengths_code)? {
                16 => (previous, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length as u8, 1),
            };
            if length > 0 {
                previous = length;
            }
            let end = at + repeat as usize;
            lengths.get_mut(at..end).ok_or_else(|| invalid("a prefix code"))?.fill(length);
            at = end;
        }
        Code::of_lengths(&lengths)
    }

    /// The five codes of a group.
    fn group(&mut self, cache_size: u16) -> Result<[Code; 5]> {
        let green = self.code(256 + LENGTH_CODES + cache_size)?;
        Ok([green, self.code(256)?, self.code(256)?, self.code(256)?, self.code(40)?])
    }

    fn cache_size(&mut self) -> Result<u16> {
        if !self.flag()? {
            return Ok(0);
        }
        let bits = self.bits(4)?;
        if (1..=11).contains(&bits) { Ok(1 << bits) } else { Err(invalid("the colour cache")) }
    }

    /// Reads through one of the small pictures. Returns the highest number that red and green of a pixel make together.
    fn small_picture(&mut self, width: u32, height: u32) -> Result<u16> {
        let cache_size = self.cache_size()?;
        let [green, red, blue, alpha, distance] = self.group(cache_size)?;
        let (mut left, mut highest, mut check_in) = (width * height, 0, 0);
        while left > 0 {
            if check_in == 0 {
                self.cancel.check()?;
                check_in = PIXELS_PER_CHECK;
            }
            check_in -= 1;
            let symbol = self.symbol(&green)?;
            let covered = match symbol {
                0..256 => {
                    highest = highest.max((self.symbol(&red)? << 8) | symbol);
                    self.symbol(&blue)?;
                    self.symbol(&alpha)?;
                    1
                }
                256..280 => {
                    let length = self.length(symbol - 256)?;
                    let far = self.symbol(&distance)?;
                    self.length(far)?;
                    length
                }
                // From the colour cache, which only knows pixels that were here before.
                _ => 1,
            };
            left = left.saturating_sub(covered);
        }
        Ok(highest)
    }

    /// A length or a distance with its further bits.
    fn length(&mut self, symbol: u16) -> Result<u32> {
        let symbol = u32::from(symbol);
        if symbol < 4 {
            return Ok(symbol + 1);
        }
        let further = (symbol - 2) >> 1;
        if further > 24 {
            return Err(invalid("a length"));
        }
        Ok(((2 + (symbol & 1)) << further) + self.bits(further as usize)? + 1)
    }

    fn picture(&mut self, width: u32, height: u32) -> Result<()> {
        let mut width = width;
        let mut seen = [false; 4];
        while self.flag()? {
            let kind = self.bits(2)? as usize;
            if std::mem::replace(&mut seen[kind], true) {
                return Err(invalid("the list of transforms"));
            }
            match kind {
                0 | 1 => {
                    let bits = self.bits(3)? + 2;
                    let sides = (blocks(width, bits), blocks(height, bits));
                    self.hold(u64::from(sides.0) * u64::from(sides.1) * 4)?;
                    self.small_picture(sides.0, sides.1)?;
                }
                3 => {
                    let colours = self.bits(8)? + 1;
                    self.small_picture(colours, 1)?;
                    let bits = match colours {
                        ..=2 => 3,
                        3..=4 => 2,
                        5..=16 => 1,
                        _ => 0,
                    };
                    width = blocks(width, bits);
                }
                _ => {}
            }
        }
        let cache_size = self.cache_size()?;
        let mut groups = 1;
        if self.flag()? {
            let bits = self.bits(3)? + 2;
            let sides = (blocks(width, bits), blocks(height, bits));
            self.hold(u64::from(sides.0) * u64::from(sides.1) * 6)?;
            groups = u32::from(self.small_picture(sides.0, sides.1)?) + 1;
        }
        for _ in 0..groups {
            self.cancel.check()?;
            let tables: u64 = self.group(cache_size)?.iter().map(Code::bytes).sum();
            self.hold(GROUP_BYTES + tables)?;
        }
        Ok(())
    }
}
