//! String search in linear time, for the sizes at which the engine's quadratic one would keep a thread for minutes.

use std::ffi::{CStr, c_int};

use rquickjs::qjs;

use super::{GATES, call_native, fall_back, replace};
use crate::realm::Realm;

/// Comparisons that the engine's own search may need: about ten milliseconds.
const NATIVE_WORK: i64 = 1 << 24;

/// The natives, and the built-in algorithms that take their place.
const NAMES: &[(&CStr, &CStr)] = &[
    (c"indexOf", c"stringIndexOf"),
    (c"lastIndexOf", c"stringLastIndexOf"),
    (c"includes", c"stringIncludes"),
    (c"replace", c"stringReplace"),
    (c"replaceAll", c"stringReplaceAll"),
    (c"split", c"stringSplit"),
];

pub(super) const COUNT: usize = NAMES.len();

/// Of these the first ones are answered here.
const SEARCHES: usize = 3;

/// # Safety
/// The live, locked context and its global object, before guest code runs.
pub(super) unsafe fn install(cx: *mut qjs::JSContext, realm: &Realm, global: qjs::JSValue) {
    // SAFETY: the caller's contract.
    unsafe {
        let string = qjs::JS_GetPropertyStr(cx, global, c"String".as_ptr());
        let prototype = qjs::JS_GetPropertyStr(cx, string, c"prototype".as_ptr());
        for (name, _) in NAMES {
            replace(cx, realm, prototype, name, search);
        }
        qjs::JS_FreeValue(cx, prototype);
        qjs::JS_FreeValue(cx, string);
    }
}

unsafe fn length(cx: *mut qjs::JSContext, string: qjs::JSValue) -> i64 {
    let mut length = 0;
    // SAFETY: the caller's: a live string, whose length is no guest code's doing.
    unsafe { qjs::JS_GetLength(cx, string, &raw mut length) };
    length
}

unsafe extern "C" fn search(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine passes `argc` live values and the magic that `replace` gave.
    unsafe {
        let needle = if argc > 0 { *argv } else { qjs::JS_UNDEFINED };
        let which = usize::try_from(magic).unwrap_or(0).saturating_sub(GATES.len()).min(COUNT - 1);
        if qjs::JS_IsString(needle) && qjs::JS_IsString(this) {
            if length(cx, this).saturating_mul(length(cx, needle)) > NATIVE_WORK {
                return linear(cx, this, needle, argc, argv, which);
            }
        } else if qjs::JS_IsObject(this)
            || (qjs::JS_IsObject(needle) && !(which >= SEARCHES && qjs::JS_IsRegExp(needle)))
        {
            // Objects are converted once, by the fallback, which comes back here with strings.
            return fall_back(cx, NAMES[which].1, this, argc, argv);
        }
        call_native(cx, this, argc, argv, magic)
    }
}

unsafe fn linear(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    needle: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    which: usize,
) -> qjs::JSValue {
    // SAFETY: the caller's: live strings of the locked context; both copies are freed here.
    unsafe {
        let argument = |index: c_int| if argc > index { *argv.add(index as usize) } else { qjs::JS_UNDEFINED };
        if which >= SEARCHES {
            return fall_back(cx, NAMES[which].1, this, argc, argv);
        }
        let mut position = if which == 1 { f64::INFINITY } else { 0.0 };
        if !qjs::JS_IsUndefined(argument(1)) {
            let mut given = 0.0;
            if qjs::JS_ToFloat64(cx, &raw mut given, argument(1)) < 0 {
                return qjs::JS_EXCEPTION;
            }
            if !given.is_nan() {
                position = given;
            } else if which != 1 {
                position = 0.0;
            }
        }
        let (Some(text), Some(pattern)) = (Units::new(cx, this), Units::new(cx, needle)) else {
            return qjs::JS_EXCEPTION;
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the string's length")]
        let position = position.clamp(0.0, text.slice().len() as f64) as usize;
        let found = if which == 1 {
            last_index_of(text.slice(), pattern.slice(), position)
        } else {
            index_of(&text.slice()[position..], pattern.slice()).map(|index| index + position)
        };
        if which == 2 {
            return if found.is_some() { qjs::JS_TRUE } else { qjs::JS_FALSE };
        }
        qjs::JS_NewFloat64(found.map_or(-1.0, |index| index as f64))
    }
}

/// A string's code units.
struct Units {
    cx: *mut qjs::JSContext,
    start: *const u16,
    length: usize,
}

impl Units {
    unsafe fn new(cx: *mut qjs::JSContext, string: qjs::JSValue) -> Option<Self> {
        let mut length: qjs::size_t = 0;
        // SAFETY: the caller's: a live string of the locked context.
        let start = unsafe { qjs::JS_ToCStringLenUTF16(cx, &raw mut length, string) };
        (!start.is_null()).then_some(Self { cx, start, length: length as usize })
    }

    fn slice(&self) -> &[u16] {
        // SAFETY: the engine keeps `length` units there until they are freed.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl Drop for Units {
    fn drop(&mut self) {
        // SAFETY: made by the same context, freed once.
        unsafe { qjs::JS_FreeCStringUTF16(self.cx, self.start) };
    }
}

/// Knuth, Morris, Pratt: "Fast pattern matching in strings", SIAM Journal on Computing 6 (1977). No comparison is made twice.
fn matches<'a>(text: impl Iterator<Item = &'a u16> + 'a, pattern: &'a [u16]) -> impl Iterator<Item = usize> + 'a {
    let borders = borders(pattern);
    let mut matched = 0;
    text.enumerate().filter_map(move |(index, unit)| {
        while matched > 0 && (matched == pattern.len() || pattern[matched] != *unit) {
            matched = borders[matched - 1];
        }
        if pattern[matched] == *unit {
            matched += 1;
        }
        (matched == pattern.len()).then(|| index + 1 - pattern.len())
    })
}

/// For each prefix, the length of its longest proper prefix that is also its suffix.
fn borders(pattern: &[u16]) -> Vec<usize> {
    let mut borders = vec![0; pattern.len()];
    let mut length = 0;
    for index in 1..pattern.len() {
        while length > 0 && pattern[length] != pattern[index] {
            length = borders[length - 1];
        }
        if pattern[length] == pattern[index] {
            length += 1;
        }
        borders[index] = length;
    }
    borders
}

fn index_of(text: &[u16], pattern: &[u16]) -> Option<usize> {
    if pattern.is_empty() { Some(0) } else { matches(text.iter(), pattern).next() }
}

/// The last match that begins at `position` or before: the first one of the mirrored pattern in the mirrored text.
fn last_index_of(text: &[u16], pattern: &[u16], position: usize) -> Option<usize> {
    if pattern.is_empty() {
        return Some(position.min(text.len()));
    }
    let end = position.saturating_add(pattern.len()).min(text.len());
    let mirrored: Vec<u16> = pattern.iter().rev().copied().collect();
    let found = matches(text[..end].iter().rev(), &mirrored).next();
    found.map(|index| end - index - pattern.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn linear_search_finds_what_the_naive_one_finds() {
        let text = units("abababaabbababab");
        for length in 0..5 {
            for start in 0..text.len() - length {
                let pattern = &text[start..start + length];
                let naive = |from: usize| (from..=text.len() - length).find(|at| text[*at..].starts_with(pattern));
                assert_eq!(index_of(&text, pattern), naive(0));
                for position in 0..text.len() {
                    let last =
                        (0..=position.min(text.len() - length)).rev().find(|at| text[*at..].starts_with(pattern));
                    assert_eq!(last_index_of(&text, pattern, position), last, "{pattern:?} {position}");
                }
            }
        }
    }

    #[test]
    fn a_pattern_that_is_not_there_is_not_found() {
        assert_eq!(index_of(&units("aaaa"), &units("aab")), None);
        assert_eq!(last_index_of(&units("aaaa"), &units("b"), 4), None);
        assert_eq!(index_of(&units("a"), &units("aa")), None);
    }
}
