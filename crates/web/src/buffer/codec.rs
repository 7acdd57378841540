//! Bytes from and to text in the encodings of `Buffer`. Sizes are the caller's: what does not fit is left out, whole characters at a time.

use encoding_rs::mem;

/// Encodings, by their number in `guest.ts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
    Latin1,
    Ascii,
    Base64,
    Base64Url,
    Hex,
}

impl Encoding {
    pub(super) fn of(number: f64) -> Option<Self> {
        const ALL: [Encoding; 7] = [
            Encoding::Utf8,
            Encoding::Utf16,
            Encoding::Latin1,
            Encoding::Ascii,
            Encoding::Base64,
            Encoding::Base64Url,
            Encoding::Hex,
        ];
        ALL.into_iter().zip(0_u8..).find(|(_, index)| f64::from(*index) == number).map(|(encoding, _)| encoding)
    }
}

/// As many whole characters of well-formed UTF-8 as fit.
pub(super) fn write_utf8(text: &[u8], target: &mut [u8]) -> usize {
    let mut end = text.len().min(target.len());
    while end < text.len() && end > 0 && text[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    target[..end].copy_from_slice(&text[..end]);
    end
}

/// The low byte of each code unit.
pub(super) fn write_latin1(units: &[u16], target: &mut [u8]) -> usize {
    let count = units.len().min(target.len());
    for (byte, unit) in target[..count].iter_mut().zip(units) {
        *byte = unit.to_le_bytes()[0];
    }
    count
}

pub(super) fn write_utf16(units: &[u16], target: &mut [u8]) -> usize {
    let count = units.len().min(target.len() / 2);
    for (bytes, unit) in target.chunks_exact_mut(2).zip(units) {
        bytes.copy_from_slice(&unit.to_le_bytes());
    }
    count * 2
}

/// Pairs of hexadecimal digits up to the first that is none.
pub(super) fn write_hex(text: &[u8], target: &mut [u8]) -> usize {
    let count = (text.len() / 2).min(target.len());
    let (digits, bytes) = (&text[..count * 2], &mut target[..count]);
    // Looked at first: what is cut short must not leave its mark behind its end.
    if hex_simd::check(digits).is_ok() && hex_simd::decode(digits, hex_simd::AsOut::as_out(bytes)).is_ok() {
        return count;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut written = 0;
    for (pair, byte) in digits.chunks_exact(2).zip(bytes) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { break };
        *byte = u8::try_from(high << 4 | low).unwrap_or(0);
        written += 1;
    }
    written
}

/// Both alphabets, up to the padding; what belongs to neither is skipped.
pub(super) fn write_base64(text: &[u8], target: &mut [u8]) -> usize {
    let digits = &text[..memchr::memchr(b'=', text).unwrap_or(text.len())];
    if let Some(room) = target.get_mut(..digits.len() * 3 / 4) {
        let is_url_safe = memchr::memchr2(b'-', b'_', digits).is_some();
        let alphabet = if is_url_safe { base64_simd::URL_SAFE_NO_PAD } else { base64_simd::STANDARD_NO_PAD };
        if alphabet.check(digits).is_ok()
            && let Ok(bytes) = alphabet.decode(digits, base64_simd::AsOut::as_out(room))
        {
            return bytes.len();
        }
    }
    let (mut bits, mut count, mut written) = (0_u32, 0, 0);
    for byte in digits {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let Some(place) = target.get_mut(written) else { break };
            *place = u8::try_from(bits >> count & 0xff).unwrap_or(0);
            written += 1;
        }
    }
    written
}

/// Text of bytes.
pub(super) enum Text {
    Plain(String),
    Units(Vec<u16>),
}

pub(super) fn decode(encoding: Encoding, bytes: &[u8]) -> Text {
    Text::Plain(match encoding {
        Encoding::Utf8 => hostbox_buffers::text(bytes).into_owned(),
        Encoding::Utf16 => return decode_utf16(bytes),
        Encoding::Latin1 => mem::decode_latin1(bytes).into_owned(),
        Encoding::Ascii => bytes.iter().map(|byte| char::from(byte & 0x7f)).collect(),
        Encoding::Base64 => base64_simd::STANDARD.encode_to_string(bytes),
        Encoding::Base64Url => base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes),
        Encoding::Hex => hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower),
    })
}

fn decode_utf16(bytes: &[u8]) -> Text {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    if mem::is_utf16_latin1(&units) {
        let mut narrow = vec![0; units.len()];
        mem::convert_utf16_to_latin1_lossy(&units, &mut narrow);
        return Text::Plain(mem::decode_latin1(&narrow).into_owned());
    }
    Text::Units(units)
}

/// The most bytes that the text of so many bytes takes on the way to the engine.
pub(super) fn text_size(encoding: Encoding, bytes: usize) -> usize {
    match encoding {
        Encoding::Utf8 => bytes * 3,
        Encoding::Base64 | Encoding::Base64Url => bytes / 3 * 4 + 4,
        Encoding::Ascii => bytes,
        Encoding::Utf16 | Encoding::Latin1 | Encoding::Hex => bytes * 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(size: usize, write: impl FnOnce(&mut [u8]) -> usize) -> Vec<u8> {
        let mut target = vec![0; size];
        let count = write(&mut target);
        target.truncate(count);
        target
    }

    #[test]
    fn a_character_that_does_not_fit_is_left_out() {
        assert_eq!(written(4, |target| write_utf8("a€é".as_bytes(), target)), "a€".as_bytes());
        assert_eq!(written(3, |target| write_utf8("a€é".as_bytes(), target)), b"a");
        assert_eq!(written(3, |target| write_utf16(&[0x6161, 0x6262], target)), b"aa");
    }

    #[test]
    fn hexadecimal_ends_at_the_first_pair_that_is_none() {
        assert_eq!(written(8, |target| write_hex(b"61628", target)), b"ab");
        assert_eq!(written(8, |target| write_hex(b"616x62", target)), b"a");
        assert_eq!(written(1, |target| write_hex(b"6162", target)), b"a");
    }

    #[test]
    fn what_is_cut_short_leaves_what_follows_as_it_was() {
        let mut target = [7; 64];
        assert_eq!(write_base64(&[[b'Q'; 40], [b'*'; 40]].concat(), &mut target), 30);
        assert_eq!(write_hex(&[[b'1'; 40], [b'*'; 40]].concat(), &mut target[..40]), 20);
        assert!(target[30..].iter().all(|byte| *byte == 7));
    }

    #[test]
    fn base64_is_read_in_both_alphabets_with_anything_between() {
        assert_eq!(written(8, |target| write_base64(b"-_\n+ /", target)), [0xfb, 0xff, 0xbf]);
        assert_eq!(written(8, |target| write_base64(b"aGk=", target)), b"hi");
        assert_eq!(written(1, |target| write_base64(b"aGk=", target)), b"h");
        assert_eq!(written(8, |target| write_base64(b"aGk=aGk=", target)), b"hi");
        assert_eq!(written(64, |target| write_base64(&[b'Q'; 64], target)).len(), 48);
    }

    #[test]
    fn text_of_sixteen_bits_stays_narrow_where_it_can() {
        assert!(matches!(decode(Encoding::Utf16, b"a\0\xe9\0"), Text::Plain(text) if text == "aé"));
        assert!(matches!(decode(Encoding::Utf16, b"\0\xd8a"), Text::Units(units) if units == [0xd800]));
    }
}
