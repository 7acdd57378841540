//! Node's encodings. What a text in one of them cannot mean is passed over, as Node does.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
    Latin1,
    Ascii,
    Hex,
    Base64,
    Base64Url,
}

/// Takes what Node takes: no padding or too much of it, and bits beyond the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Encoding {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "utf8" | "utf-8" => Self::Utf8,
            "ucs2" | "ucs-2" | "utf16le" | "utf-16le" => Self::Utf16,
            "latin1" | "binary" => Self::Latin1,
            "ascii" => Self::Ascii,
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            _ => return None,
        })
    }

    pub(crate) fn decode(self, text: String) -> Vec<u8> {
        match self {
            Self::Utf8 => text.into_bytes(),
            Self::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Latin1 | Self::Ascii => text.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect(),
            Self::Hex => from_hex(text.as_bytes()),
            Self::Base64 | Self::Base64Url => from_base64(&text),
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => hostbox_buffers::text(bytes).into_owned(),
            Self::Utf16 => {
                let units: Vec<u16> =
                    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                String::from_utf16_lossy(&units)
            }
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Ascii => bytes.iter().map(|byte| char::from(byte & 0x7f)).collect(),
            Self::Hex => to_hex(bytes),
            Self::Base64 => general_purpose::STANDARD.encode(bytes),
            Self::Base64Url => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

impl Encoding {
    /// Bytes of a piece that are text already, whatever comes after them.
    pub(crate) fn complete(self, bytes: &[u8]) -> usize {
        let length = bytes.len();
        match self {
            Self::Utf8 => length - open_sequence(bytes),
            Self::Utf16 => {
                let whole = length & !1;
                let is_high = whole > 0 && bytes[whole - 1] & 0xfc == 0xd8;
                if is_high { whole - 2 } else { whole }
            }
            Self::Base64 | Self::Base64Url => length - length % 3,
            Self::Latin1 | Self::Ascii | Self::Hex => length,
        }
    }
}

/// Bytes at the end that begin a character and do not end it.
fn open_sequence(bytes: &[u8]) -> usize {
    for (count, byte) in bytes.iter().rev().take(3).enumerate() {
        let wanted = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return 0,
        };
        let found = count + 1;
        return if found < wanted { found } else { 0 };
    }
    0
}

/// Pairs of digits, up to the first that is none.
fn from_hex(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.chunks_exact(2)
        .map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .filter_map(|byte| u8::try_from(byte).ok())
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Both alphabets at once, up to the first padding; what belongs to neither is passed over.
fn from_base64(text: &str) -> Vec<u8> {
    let mut clean: Vec<u8> = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(byte),
            _ => None,
        })
        .collect();
    // One digit alone has less than a byte.
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    LENIENT.decode(&clean).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, encoding: Encoding) -> Vec<u8> {
        encoding.decode(text.to_owned())
    }

    #[test]
    fn what_a_text_cannot_mean_is_passed_over() {
        assert_eq!(decode("0aFfzz00", Encoding::Hex), [0x0a, 0xff]);
        assert_eq!(decode("abc", Encoding::Hex), [0xab]);
        assert_eq!(decode("+/-_ \n!", Encoding::Base64), [0xfb, 0xff, 0xbf]);
        assert_eq!(decode("YQ==YQ==", Encoding::Base64), b"a");
        assert_eq!(decode("YWJjZ", Encoding::Base64Url), b"abc");
        assert_eq!(decode("é€", Encoding::Latin1), [0xe9, 0xac]);
    }

    #[test]
    fn what_may_go_on_is_not_text_yet() {
        let complete = |encoding: Encoding, bytes: &[u8]| encoding.complete(bytes);
        let euro = "a€".as_bytes();
        assert_eq!([2, 3, 4].map(|length| complete(Encoding::Utf8, &euro[..length])), [1, 1, 4]);
        assert_eq!(complete(Encoding::Utf8, &[0x80, 0x80, 0x80, 0x80]), 4);
        assert_eq!([1, 2, 3, 4].map(|length| complete(Encoding::Base64, &euro[..length])), [0, 0, 3, 3]);
        assert_eq!(complete(Encoding::Utf16, &[0x61, 0, 0x3d, 0xd8, 0x00]), 2);
    }

    #[test]
    fn bytes_and_their_texts_belong_together() {
        let bytes: Vec<u8> = (0..=255).collect();
        for encoding in [Encoding::Latin1, Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
            assert_eq!(decode(&encoding.encode(&bytes), encoding), bytes, "{encoding:?}");
        }
        assert_eq!(Encoding::Ascii.encode(&[0xe1]), "a");
    }
}
