//! The engine's strings where they lie.
//!
//! It keeps text of code units below 256 as one byte each, and its interface gives and takes UTF-8: two conversions a crossing, for bytes that
//! need none. Flat strings are read, and narrow ones filled, in place. That depends on a private layout, which is therefore looked at
//! in strings of known content before it is first used; where it is not as expected, the interface does it.

use std::sync::OnceLock;

use rquickjs::qjs::JSValue;
use rquickjs::{Context, Runtime, qjs};

use super::raw::{Cx, Owned, Thrown};

/// A header's first word: the length, and whether units are wide.
const LENGTH: u32 = 0x7FFF_FFFF;
const WIDE: u32 = 1 << 31;
/// In its second word: two bits that tell flat strings (0) from others.
const KIND: u32 = 3 << 28;

/// A string's code units.
#[derive(Debug, PartialEq)]
pub(super) enum Units<'a> {
    Narrow(&'a [u8]),
    Wide(&'a [u16]),
}

/// The code units of a flat string; `None` for ropes, slices and all else.
///
/// # Safety
/// A live value, which outlives the units.
#[inline]
pub(super) unsafe fn units<'a>(value: JSValue) -> Option<Units<'a>> {
    let offset = (*layout())?;
    // SAFETY: the layout was looked at; the value is alive.
    unsafe { units_at(value, offset) }
}

unsafe fn units_at<'a>(value: JSValue, offset: usize) -> Option<Units<'a>> {
    // SAFETY: the caller's: a string begins with two words, and its units follow after `offset` bytes.
    unsafe {
        if qjs::JS_VALUE_GET_TAG(value) != qjs::JS_TAG_STRING {
            return None;
        }
        let start: *const u8 = qjs::JS_VALUE_GET_PTR(value).cast();
        let [first, second] = start.cast::<[u32; 2]>().read();
        if second & KIND != 0 {
            return None;
        }
        let (length, units) = ((first & LENGTH) as usize, start.add(offset));
        Some(if first & WIDE == 0 {
            Units::Narrow(std::slice::from_raw_parts(units, length))
        } else {
            Units::Wide(std::slice::from_raw_parts(units.cast(), length))
        })
    }
}

/// A new string of one byte a unit; `None` where the interface has to make it.
///
/// # Safety
/// The contract of the module.
pub(super) unsafe fn new_narrow(cx: Cx, units: &[u8], scratch: &mut Vec<u8>) -> Option<Result<Owned, Thrown>> {
    let offset = (*layout())?;
    scratch.clear();
    scratch.extend(units.iter().map(|unit| unit & 0x7F));
    // SAFETY: the module's contract; a new string is flat, narrow and nobody else's, so that its units may be written once more.
    unsafe {
        let value = qjs::JS_NewStringLen(cx, scratch.as_ptr().cast(), scratch.len() as qjs::size_t);
        let made = match Owned::checked(cx, value) {
            Ok(made) => made,
            Err(thrown) => return Some(Err(thrown)),
        };
        let Some(Units::Narrow(ascii)) = units_at(value, offset) else { return None };
        if ascii.len() != units.len() {
            return None;
        }
        std::ptr::copy_nonoverlapping(units.as_ptr(), ascii.as_ptr().cast_mut(), units.len());
        Some(Ok(made))
    }
}

/// Where units begin after a string's address, if all is as expected.
#[inline]
fn layout() -> &'static Option<usize> {
    static LAYOUT: OnceLock<Option<usize>> = OnceLock::new();
    LAYOUT.get_or_init(look)
}

#[cold]
fn look() -> Option<usize> {
    let runtime = Runtime::new().ok()?;
    let context = Context::full(&runtime).ok()?;
    context.with(|ctx| {
        let cx = ctx.as_raw().as_ptr();
        // SAFETY: a context of its own under its lock; every value is freed with its owner.
        unsafe {
            let eval = |source: &std::ffi::CStr| {
                let flags = qjs::JS_EVAL_TYPE_GLOBAL as std::ffi::c_int;
                let length = source.to_bytes().len() as qjs::size_t;
                Owned::checked(cx, qjs::JS_Eval(cx, source.as_ptr(), length, c"layout".as_ptr(), flags)).ok()
            };
            let ascii = eval(c"'plain ascii'.repeat(3)")?;
            let start: *const u8 = qjs::JS_VALUE_GET_PTR(ascii.raw()).cast();
            let mut length: qjs::size_t = 0;
            // The interface gives flat ASCII where it lies.
            let text = qjs::JS_ToCStringLen2(cx, &raw mut length, ascii.raw(), false);
            let offset = (text as usize).wrapping_sub(start as usize);
            qjs::JS_FreeCString(cx, text);
            let is_near = (8..=64).contains(&offset) && offset.is_multiple_of(align_of::<usize>());
            let narrow = eval(c"Array.from('caf\\xe9 \\x80\\xff').join('')")?;
            let wide = eval(c"Array.from('caf\\u0142').join('')")?;
            let slice = eval(c"'0123456789'.repeat(9999).slice(7, 88888)")?;
            let is_known = is_near
                && units_at(ascii.raw(), offset) == Some(Units::Narrow(b"plain asciiplain asciiplain ascii"))
                && units_at(narrow.raw(), offset) == Some(Units::Narrow(b"caf\xe9 \x80\xff"))
                && units_at(wide.raw(), offset) == Some(Units::Wide(&[0x63, 0x61, 0x66, 0x142]))
                && (units_at(slice.raw(), offset).is_none()
                    || matches!(units_at(slice.raw(), offset), Some(Units::Narrow(units)) if units.len() == 88881 && units.starts_with(b"7890")));
            is_known.then_some(offset)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_layout_is_as_expected() {
        assert!(layout().is_some());
    }
}
