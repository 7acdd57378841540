//! Parses and writes MIME types. Input may be anything a guest or a server makes up; the work is linear in it.
//!
//! Specification: <https://mimesniff.spec.whatwg.org/#mime-types>, <https://fetch.spec.whatwg.org/#concept-header-extract-mime-type>

use std::fmt::Write as _;

/// A MIME type whose parts are valid: `essence` in lower case, parameters in their order, each name once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MimeType {
    pub(super) essence: String,
    pub(super) parameters: Vec<(String, String)>,
}

/// So many parameters are kept; a type with more is none that anybody meant.
const MOST_PARAMETERS: usize = 1000;

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn is_quotable(c: char) -> bool {
    matches!(c, '\t' | ' '..='~' | '\u{80}'..='\u{ff}')
}

fn is_whitespace(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | ' ')
}

fn are_tokens(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token)
}

/// Splits before the first character that `ends` names; the rest begins with it.
fn until(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// The value of the quoted string that `text` begins with, and what follows it. The end of the text ends it too.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text[1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 2..]),
            '\\' => value.push(chars.next().map_or('\\', |(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

impl MimeType {
    /// Nothing where `text` is no MIME type. Parameters that are none are passed over.
    pub(super) fn parse(text: &str) -> Option<MimeType> {
        let text = text.trim_matches(is_whitespace);
        let (kind, rest) = until(text, |c| c == '/');
        let (subtype, mut rest) = until(rest.strip_prefix('/')?, |c| c == ';');
        let subtype = subtype.trim_end_matches(is_whitespace);
        if !are_tokens(kind) || !are_tokens(subtype) {
            return None;
        }
        let essence = format!("{kind}/{subtype}").to_ascii_lowercase();
        let mut found = MimeType { essence, parameters: Vec::new() };
        while let Some(parameter) = rest.strip_prefix(';') {
            let (name, after) = until(parameter.trim_start_matches(is_whitespace), |c| c == ';' || c == '=');
            rest = after;
            let Some(given) = rest.strip_prefix('=') else { continue };
            if given.is_empty() {
                break;
            }
            let value;
            if given.starts_with('"') {
                let (text, after) = quoted(given);
                (_, rest) = until(after, |c| c == ';');
                value = text;
            } else {
                let (text, after) = until(given, |c| c == ';');
                rest = after;
                value = text.trim_end_matches(is_whitespace).to_owned();
                if value.is_empty() {
                    continue;
                }
            }
            found.add(name, value);
        }
        Some(found)
    }

    fn add(&mut self, name: &str, value: String) {
        if !are_tokens(name) || !value.chars().all(is_quotable) || self.parameters.len() >= MOST_PARAMETERS {
            return;
        }
        let name = name.to_ascii_lowercase();
        if self.parameter(&name).is_none() {
            self.parameters.push((name, value));
        }
    }

    /// The value of a parameter, whose name is in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The type as text.
    pub(super) fn serialize(&self) -> String {
        let mut text = self.essence.clone();
        for (name, value) in &self.parameters {
            if are_tokens(value) {
                let _ = write!(text, ";{name}={value}");
            } else {
                let _ = write!(text, ";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            }
        }
        text
    }

    /// The type that the combined value of a `Content-Type` header tells: the last valid one, which inherits the charset of an equal one
    /// before it.
    pub(super) fn extract(header: &str) -> Option<MimeType> {
        let mut found: Option<MimeType> = None;
        let mut charset: Option<String> = None;
        for value in values(header) {
            let Some(mut next) = MimeType::parse(value).filter(|next| next.essence != "*/*") else { continue };
            let own = next.parameter("charset").map(str::to_owned);
            if found.as_ref().is_none_or(|last| last.essence != next.essence) {
                charset = own;
            } else if own.is_none()
                && let Some(charset) = &charset
            {
                next.parameters.push(("charset".into(), charset.clone()));
            }
            found = Some(next);
        }
        found
    }
}

/// The values of a header that are separated by commas; those in quoted strings separate nothing.
fn values(header: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut in_quotes, mut escaped) = (false, false);
        let end = text.find(|c| {
            let ends = c == ',' && !in_quotes;
            if c == '"' && !escaped {
                in_quotes = !in_quotes;
            }
            escaped = c == '\\' && in_quotes && !escaped;
            ends
        });
        let value = end.map_or(text, |end| &text[..end]);
        rest = end.map(|end| &text[end + 1..]);
        Some(value.trim_matches(['\t', ' ']))
    })
}

#[cfg(test)]
mod tests {
    use super::MimeType;

    fn normal(text: &str) -> Option<String> {
        MimeType::parse(text).map(|found| found.serialize())
    }

    fn extracted(text: &str) -> Option<String> {
        MimeType::extract(text).map(|found| found.serialize())
    }

    #[test]
    fn types_are_normalized() {
        for (text, serialized) in [
            ("\r\n text/HTML ;CHARSET=gbk ; x=\t", "text/html;charset=gbk"),
            ("text/html;charset=a;charset=b", "text/html;charset=a"),
            ("text/html;x=\"a;\\\"\\b\"y;z=1", "text/html;x=\"a;\\\"b\";z=1"),
            ("text/html;x=\"a\\", "text/html;x=\"a\\\\\""),
            ("text/html;x=\"\"", "text/html;x=\"\""),
            ("text/html;;;=;a b=c;é=1;x=\u{100};y=é", "text/html;y=\"é\""),
        ] {
            assert_eq!(normal(text).as_deref(), Some(serialized), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_type_is_nothing() {
        for text in
            ["", "/", "text", "text/", "/html", "te xt/html", "text/ht ml", "text/html/x", "text/é", "text /html"]
        {
            assert_eq!(normal(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_last_type_of_a_header_counts_and_keeps_the_charset() {
        for (text, found) in [
            ("text/plain;charset=a, text/plain;x=1", Some("text/plain;x=1;charset=a")),
            ("text/plain;charset=a, text/html;x=1", Some("text/html;x=1")),
            ("text/html;x=\",\\\",\", */*, bad", Some("text/html;x=\",\\\",\"")),
            ("text/plain;charset=a,text/html,text/plain", Some("text/plain")),
            (", ,", None),
        ] {
            assert_eq!(extracted(text).as_deref(), found, "{text:?}");
        }
    }
}
