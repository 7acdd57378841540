//! What brackets can hide in: blanks and comments, strings, templates and regular expressions.
//!
//! In: a reading before one of them. Out: the reading behind it, or a mistake.

use super::{Before, Level, Reading, Refusal, is_word};

const HTML_COMMENT: &str = "HTML-like comments are not supported";

impl Reading<'_> {
    /// Reads the regular expression that starts here.
    pub(in super::super) fn regular_expression(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        let mut in_class = false;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None | Some(b'\n' | b'\r') => return Err(self.mistake(start, "unterminated regular expression")),
                Some(0xe2) if is_line_separator(self.bytes, self.at) => {
                    return Err(self.mistake(start, "unterminated regular expression"));
                }
                Some(b'\\') if !matches!(self.bytes.get(self.at + 1), Some(b'\n' | b'\r' | 0xe2)) => self.at += 1,
                Some(b'[') => in_class = true,
                Some(b']') => in_class = false,
                Some(b'/') if !in_class => break,
                Some(_) => {}
            }
            self.at += 1;
        }
        self.at += 1;
        while self.bytes.get(self.at).is_some_and(|&byte| is_word(byte)) {
            self.at += 1;
        }
        self.token = (start, self.at);
        self.before = Before::Value;
        self.new_line = false;
        Ok(())
    }

    pub(super) fn skip_blanks(&mut self) -> Result<(), Refusal> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' | b'\r' => {
                    self.new_line = true;
                    self.at += 1;
                }
                b' ' | b'\t' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.bytes[self.at..].starts_with(b"//") => self.at = line_end(self.bytes, self.at),
                b'/' if self.bytes[self.at..].starts_with(b"/*") => self.block_comment()?,
                b'<' if self.bytes[self.at..].starts_with(b"<!--") => return Err(self.refuse(HTML_COMMENT)),
                b'-' if self.new_line && self.bytes[self.at..].starts_with(b"-->") => {
                    return Err(self.refuse(HTML_COMMENT));
                }
                _ if !byte.is_ascii() => match self.source[self.at..].chars().next() {
                    Some(character) if character.is_whitespace() || character == '\u{feff}' => {
                        self.new_line |= matches!(character, '\u{2028}' | '\u{2029}');
                        self.at += character.len_utf8();
                    }
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn block_comment(&mut self) -> Result<(), Refusal> {
        let text = &self.source[self.at + 2..];
        let Some(length) = text.find("*/") else { return Err(self.mistake(self.at, "unterminated comment")) };
        self.new_line |= text[..length].contains(['\n', '\r', '\u{2028}', '\u{2029}']);
        self.at += length + 4;
        Ok(())
    }

    pub(super) fn string(&mut self, quote: u8) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None | Some(b'\n' | b'\r') => return Err(self.mistake(start, "unterminated string")),
                Some(b'\\') if self.bytes[self.at + 1..].starts_with(b"\r\n") => self.at += 3,
                Some(b'\\') => self.at += 2,
                Some(&byte) => {
                    self.at += 1;
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        self.value_token();
        Ok(())
    }

    /// Reads template text up to its end or to the next `${`.
    pub(super) fn template(&mut self) -> Result<(), Refusal> {
        loop {
            match self.bytes.get(self.at) {
                None => return Err(self.mistake(self.token.0, "unterminated template")),
                Some(b'\\') => self.at += 2,
                Some(b'`') => {
                    self.at += 1;
                    self.value_token();
                    return Ok(());
                }
                Some(b'$') if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    self.at += 2;
                    self.push(Level { closer: b'}', is_template: true, ..Level::default() })?;
                    return Ok(());
                }
                Some(_) => self.at += 1,
            }
        }
    }
}

fn is_line_separator(bytes: &[u8], at: usize) -> bool {
    bytes[at..].starts_with(b"\xe2\x80\xa8") || bytes[at..].starts_with(b"\xe2\x80\xa9")
}

pub(super) fn line_end(bytes: &[u8], from: usize) -> usize {
    let ends = |&at: &usize| matches!(bytes[at], b'\n' | b'\r') || (bytes[at] == 0xe2 && is_line_separator(bytes, at));
    (from..bytes.len()).find(ends).unwrap_or(bytes.len())
}
