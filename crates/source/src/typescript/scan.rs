//! The gate before the parser: refuses sources whose nesting would overflow its stack or whose ambiguities would
//! make it try the same text over and over. One pass, no recursion.
//!
//! It lexes strings, templates, comments and regular expressions, and charges each token the stack that it can cost
//! (measured, rounded up). It does not check syntax. Where a `/` could both divide and open a regular expression,
//! it reads the rest of the source both ways, and either reading can refuse.
//! In: the source. Out: nothing, or where and why it was refused.

use super::reading::{Fork, Reading};

/// Readings of one source before it is refused. Real code has none to three slashes in doubt; most wrong readings end
/// at the next line break.
const READINGS_MAX: usize = 64;

/// Why a source was refused, and the byte where.
#[derive(Debug)]
pub(super) struct Refusal {
    pub offset: usize,
    pub message: String,
    /// A plain mistake (an unclosed string, say), which the parser can tell better.
    pub is_syntax: bool,
}

/// Checks every reading of `source`.
pub(super) fn check(source: &str) -> Result<(), Refusal> {
    let mut waiting = vec![Reading::new(source)];
    let mut forks = 0;
    let mut one_is_whole = false;
    let mut first_error = None;
    while let Some(mut reading) = waiting.pop() {
        loop {
            match reading.advance() {
                Ok(Fork::None) => {}
                Ok(Fork::End) => {
                    one_is_whole = true;
                    break;
                }
                Ok(Fork::Slash(offset)) => {
                    forks += 1;
                    if forks > READINGS_MAX {
                        return Err(Refusal {
                            offset,
                            message: "too many slashes that may divide or open a regular expression: \
                                      put the regular expressions in parentheses"
                                .to_owned(),
                            is_syntax: false,
                        });
                    }
                    waiting.push(reading.clone().divided());
                    if let Err(refusal) = reading.regular_expression() {
                        first_error.get_or_insert(refusal);
                        break;
                    }
                }
                Err(refusal) if refusal.is_syntax => {
                    first_error.get_or_insert(refusal);
                    break;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }
    match first_error {
        Some(refusal) if !one_is_whole => Err(refusal),
        _ => Ok(()),
    }
}
