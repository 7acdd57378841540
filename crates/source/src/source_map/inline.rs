//! The source map that a script carries in its last line, as a data URL.
//!
//! In: the script. Out: the map's JSON.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{MAP_BYTES_MAX, SourceMapError};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The data URL of the last `sourceMappingURL` comment, without `data:`.
pub(super) fn last_data_url(source: &str) -> Option<&str> {
    let (start, _) = source.rmatch_indices("sourceMappingURL=").find(|(start, _)| {
        let before = &source[..*start];
        ["//# ", "//@ ", "/*# ", "/*@ "].iter().any(|opening| before.ends_with(opening))
    })?;
    let url = &source[start + "sourceMappingURL=".len()..];
    let end = url
        .find(|character: char| character.is_whitespace() || matches!(character, '\'' | '"' | '`'))
        .unwrap_or(url.len());
    let url = url[..end].trim_end_matches("*/");
    let prefix = url.get(..5)?;
    prefix.eq_ignore_ascii_case("data:").then(|| &url[5..])
}

/// The JSON in a data URL: base64 or percent-encoded, any parameters before the comma.
pub(super) fn decode(url: &str) -> Result<String, SourceMapError> {
    if url.len() > MAP_BYTES_MAX * 3 {
        return Err(SourceMapError::TooLarge(url.len(), MAP_BYTES_MAX * 3));
    }
    let Some((head, data)) = url.split_once(',') else { return Err(bad("it has no comma")) };
    let mut parameters = head.split(';');
    let media = parameters.next().unwrap_or_default();
    if !media.is_empty() && !media.to_ascii_lowercase().ends_with("json") && !media.eq_ignore_ascii_case("text/plain") {
        return Err(bad("its type is not JSON"));
    }
    let data = percent_decoded(data);
    let bytes = if parameters.any(|parameter| parameter.trim().eq_ignore_ascii_case("base64")) {
        BASE64.decode(&*data).map_err(|error| SourceMapError::DataUrl(error.to_string()))?
    } else {
        data.into_owned()
    };
    String::from_utf8(bytes).map_err(|_| bad("it is not UTF-8"))
}

fn bad(why: &str) -> SourceMapError {
    SourceMapError::DataUrl(why.to_owned())
}

/// As URLs have it: a `%` without two digits stands for itself.
fn percent_decoded(data: &str) -> Cow<'_, [u8]> {
    if !data.contains('%') {
        return Cow::Borrowed(data.as_bytes());
    }
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let bytes = data.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2)))
        {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    Cow::Owned(decoded)
}
