//! Stack traces of QuickJS, mapped back to the sources.
//!
//! In: the text of `error.stack`, which a guest can forge, and a way from a file to its map. Out: the same text with new
//! places; a line that does not look like a frame, or that no map knows, stays as it is.

use super::{Position, SourceMap};

/// A frame's source may be this long; a map that says more would blow up each line.
const SOURCE_BYTES_MAX: usize = 1_024;

/// File names with ` (` in them leave open where they begin; more guesses than this are not made.
const GUESSES_MAX: usize = 8;

/// Rewrites the lines `    at name (file:line:column)` and `    at file:line:column` of a QuickJS stack. `resolve` gives the
/// map of a file, where it has one.
///
/// ```
/// use hostbox_source::source_map::{SourceMap, rewrite_stack};
/// let map = SourceMap::parse(r#"{"version":3,"sources":["a.ts"],"names":[],"mappings":"AACE"}"#)?;
/// let stack = rewrite_stack("    at run (a.js:1:1)\n    at native\n", |file| (file == "a.js").then_some(&map));
/// assert_eq!(stack, "    at run (a.ts:2:3)\n    at native\n");
/// # Ok::<(), hostbox_source::source_map::SourceMapError>(())
/// ```
pub fn rewrite_stack<'m>(stack: &str, resolve: impl Fn(&str) -> Option<&'m SourceMap>) -> String {
    let mut rewritten = String::with_capacity(stack.len());
    for line in stack.split_inclusive('\n') {
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        match frame(text, &resolve) {
            Some((before, position, after)) => {
                rewritten
                    .push_str(&format!("{before}{}:{}:{}{after}", position.source, position.line, position.column));
            }
            None => rewritten.push_str(text),
        }
        rewritten.push_str(end);
    }
    rewritten
}

/// Splits a frame into what stands before its place, the mapped place, and what stands after.
fn frame<'l, 'm>(
    line: &'l str,
    resolve: &impl Fn(&str) -> Option<&'m SourceMap>,
) -> Option<(&'l str, Position, &'static str)> {
    let body = line.trim_start();
    let place_start = line.len() - body.strip_prefix("at ")?.len();
    let (place, after) = match line.strip_suffix(')') {
        Some(open) => (open, ")"),
        None => (line, ""),
    };
    let (rest, column) = place.rsplit_once(':')?;
    let (rest, line_number) = rest.rsplit_once(':')?;
    let (line_number, column) = (number(line_number)?, number(column)?);
    let map_of = |start: usize| rest.get(start..).and_then(resolve).map(|map| (start, map));
    let (start, map) = if after.is_empty() {
        map_of(place_start)?
    } else {
        rest.rmatch_indices(" (").take(GUESSES_MAX).find_map(|(at, _)| map_of(at + 2))?
    };
    let position = map.lookup(line_number, column)?;
    let is_plain = position.source.len() <= SOURCE_BYTES_MAX && !position.source.contains(char::is_control);
    is_plain.then_some((&line[..start], position, after))
}

fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
