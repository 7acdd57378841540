//! Bytes as text.

use std::borrow::Cow;

/// Bytes as text, with U+FFFD for what is not UTF-8. Well-formed bytes, as almost all are, are looked at many at a time; the standard library's
/// conversion looks at each.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf_8_is_replaced_and_all_else_is_lent() {
        assert!(matches!(text("grüße".as_bytes()), Cow::Borrowed("grüße")));
        assert_eq!(text(b"a\xff\xe2\x82z"), "a\u{fffd}\u{fffd}z");
    }
}
