//! `data:` URLs and ranges of blobs. Specification: <https://fetch.spec.whatwg.org/#data-urls>

use data_url::DataUrl;

/// The content type and the bytes.
pub(crate) fn read(url: &str) -> Option<(String, Vec<u8>)> {
    let url = DataUrl::process(url).ok()?;
    let (bytes, _fragment) = url.decode_to_vec().ok()?;
    Some((url.mime_type().to_string(), bytes))
}

/// Start and end of `bytes=…` in a body of `size` bytes; nothing where it is malformed or lies beyond.
pub(crate) fn range(text: &str, size: u64) -> Option<(u64, u64)> {
    let rest = text.strip_prefix("bytes")?.trim_start_matches(['\t', ' ']).strip_prefix('=')?;
    let (first, last) = rest.trim_matches(['\t', ' ']).split_once('-')?;
    let number = |text: &str| -> Option<Option<u64>> {
        let text = text.trim_matches(['\t', ' ']);
        if text.is_empty() {
            Some(None)
        } else {
            text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())
        }
    };
    let (start, end) = match (number(first)?, number(last)?) {
        (None, None) => return None,
        (None, Some(suffix)) => (size.saturating_sub(suffix), size),
        (Some(start), None) => (start, size),
        (Some(start), Some(last)) if start <= last => (start, last.saturating_add(1).min(size)),
        _ => return None,
    };
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_url_has_a_type_and_bytes() {
        assert_eq!(read("data:,a%20b"), Some(("text/plain;charset=US-ASCII".into(), b"a b".to_vec())));
        assert_eq!(read("data:image/png;base64,AAE="), Some(("image/png".into(), vec![0, 1])));
        assert_eq!(read("data:no-comma"), None);
        assert_eq!(read("data:;base64,%"), None);
    }

    #[test]
    fn ranges_lie_within_the_blob() {
        assert_eq!(range("bytes=1-2", 10), Some((1, 3)));
        assert_eq!(range("bytes=8-", 10), Some((8, 10)));
        assert_eq!(range("bytes=-3", 10), Some((7, 10)));
        assert_eq!(range("bytes=-30", 10), Some((0, 10)));
        assert_eq!(range("bytes=0-99", 10), Some((0, 10)));
        for wrong in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=2-1",
            "bytes=10-",
            "bytes=-0",
            "bytes=a-b",
            "bytes=1-2,3-4",
            "Bytes=1-2",
        ] {
            assert_eq!(range(wrong, 10), None, "{wrong}");
        }
    }
}
