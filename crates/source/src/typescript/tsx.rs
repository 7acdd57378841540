//! The gate for `.tsx`, where text between tags can hold anything and so hide brackets from a lexer.
//!
//! It does not lex: it takes each `(` and `<` for one that the parser tries, never closed, wherever it stands. That is too
//! harsh for long files, so they must be short; the length alone keeps the stack safe. In and out as in `scan`.

use super::cost;
use super::reading::{is_word, may_be_parameters};
use super::scan::Refusal;

/// Checks a source with JSX.
pub(super) fn check(source: &str) -> Result<(), Refusal> {
    let bytes = source.as_bytes();
    let (mut attempts, mut work) = (0_u64, 0_u64);
    for (offset, &byte) in bytes.iter().enumerate() {
        if is_word(byte) && offset > 0 && is_word(bytes[offset - 1]) || byte.is_ascii_whitespace() {
            continue;
        }
        let rest = &bytes[offset + 1..];
        let is_tried = match byte {
            b'(' => may_be_parameters(rest) && !is_arrow(rest),
            b'<' => rest.first() != Some(&b'/'),
            _ => false,
        };
        attempts += u64::from(is_tried);
        work += attempts;
        if work > cost::ATTEMPTS_MAX {
            let message = "too many parentheses and tags for one .tsx: split it, or compile it beforehand".to_owned();
            return Err(Refusal { offset, message, is_syntax: false });
        }
    }
    Ok(())
}

/// `a, b) =>`: an attempt that succeeds at once.
fn is_arrow(rest: &[u8]) -> bool {
    let plain = rest.iter().take_while(|&&byte| is_word(byte) || byte == b',' || byte.is_ascii_whitespace()).count();
    rest[plain..].strip_prefix(b")").is_some_and(|tail| tail.trim_ascii_start().starts_with(b"=>"))
}
