//! What header names and values may be. In: text from guests. Out: verdicts. Specification: <https://fetch.spec.whatwg.org/#terminology-headers>

/// The name in lower case, where it is one (RFC 9110, `token`).
pub(super) fn lower_name(text: &str) -> Option<String> {
    let is_token = !text.is_empty() && text.bytes().all(is_token_byte);
    is_token.then(|| text.to_ascii_lowercase())
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A byte string as Web IDL has it: one code unit a byte.
pub(super) fn is_byte_string(text: &str) -> bool {
    text.chars().all(|unit| u32::from(unit) <= 0xFF)
}

/// The value without the white space around it, where it is one.
pub(super) fn normal_value(text: &str) -> Option<&str> {
    let value = text.trim_matches(['\t', '\n', '\r', ' ']);
    let is_value = value.chars().all(|unit| u32::from(unit) <= 0xFF && !matches!(unit, '\0' | '\n' | '\r'));
    is_value.then_some(value)
}

/// Whether a request that asks nobody may carry this header: `no-CORS-safelisted request-header`.
pub(super) fn is_safelisted(lower_name: &str, value: &str) -> bool {
    let is_short = value.chars().count() <= 128;
    let is_language = |unit: char| unit.is_ascii_alphanumeric() || " *,-.;=".contains(unit);
    is_short
        && match lower_name {
            "accept" => !value.chars().any(is_unsafe),
            "accept-language" | "content-language" => value.chars().all(is_language),
            "content-type" => !value.chars().any(is_unsafe) && is_plain_type(value),
            _ => false,
        }
}

/// `CORS-unsafe request-header byte`
fn is_unsafe(unit: char) -> bool {
    (unit < ' ' && unit != '\t') || "\"():<>?@[\\]{}\u{7f}".contains(unit)
}

fn is_plain_type(value: &str) -> bool {
    let essence = value.split(';').next().unwrap_or_default().trim_matches(['\t', '\n', '\r', ' ']);
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
        .iter()
        .any(|plain| essence.eq_ignore_ascii_case(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_token() {
        assert_eq!(lower_name("X-Thing").as_deref(), Some("x-thing"));
        for wrong in ["", "a b", "a:", "é", "a\0", "a\n"] {
            assert_eq!(lower_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_value_is_trimmed_and_has_no_line_ends() {
        assert_eq!(normal_value(" \t\r\n a b \n"), Some("a b"));
        assert_eq!(normal_value("\u{ff}\u{1}"), Some("\u{ff}\u{1}"));
        for wrong in ["a\nb", "a\rb", "a\0b", "\u{100}"] {
            assert_eq!(normal_value(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn few_headers_are_safelisted() {
        assert!(is_safelisted("accept", "text/html"));
        assert!(is_safelisted("content-type", "Text/Plain ; charset=x"));
        assert!(is_safelisted("accept-language", "de, en;q=0.5"));
        assert!(!is_safelisted("content-type", "application/json"));
        assert!(!is_safelisted("accept", "a\"b"));
        assert!(!is_safelisted("accept", &"a".repeat(129)));
        assert!(!is_safelisted("accept-language", "a@b"));
        assert!(!is_safelisted("x-other", "a"));
    }
}
