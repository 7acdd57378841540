//! What native functions need of the guest's realm beside the codec: the bytes of a buffer or view, and new error objects.

use rquickjs::qjs;
use rquickjs::qjs::JSValue;

use super::intrinsics::Intrinsics;
use super::raw::{Cx, Owned, call, is_object, swallow};

/// The bytes of an ArrayBuffer, a typed array or a DataView: where they start, and how many. `None` for anything else, and where the
/// buffer is detached or the view out of its bounds. Runs no guest code; good until some runs.
///
/// # Safety
/// The contract of the module.
pub unsafe fn bytes_of(cx: Cx, intrinsics: &Intrinsics, value: JSValue) -> Option<(*mut u8, usize)> {
    // SAFETY: the module's contract.
    unsafe {
        if !is_object(value) {
            return None;
        }
        let found = if qjs::JS_GetTypedArrayType(value) >= 0 {
            typed_array(cx, value)
        } else if qjs::JS_IsDataView(value) {
            data_view(cx, intrinsics, value)
        } else {
            let is_buffer = qjs::JS_IsArrayBuffer(value);
            if is_buffer { whole(cx, value) } else { return None }
        };
        found.or_else(|| {
            let _ = swallow(cx);
            None
        })
    }
}

unsafe fn whole(cx: Cx, buffer: JSValue) -> Option<(*mut u8, usize)> {
    let mut length: qjs::size_t = 0;
    // SAFETY: the module's contract.
    let start = unsafe { qjs::JS_GetArrayBuffer(cx, &raw mut length, buffer) };
    (!start.is_null()).then_some((start, length as usize))
}

unsafe fn typed_array(cx: Cx, view: JSValue) -> Option<(*mut u8, usize)> {
    let (mut offset, mut length): (qjs::size_t, qjs::size_t) = (0, 0);
    // SAFETY: the module's contract.
    unsafe {
        let buffer = qjs::JS_GetTypedArrayBuffer(cx, view, &raw mut offset, &raw mut length, std::ptr::null_mut());
        let buffer = Owned::checked(cx, buffer).ok()?;
        within(whole(cx, buffer.raw())?, offset as usize, length as usize)
    }
}

unsafe fn data_view(cx: Cx, intrinsics: &Intrinsics, view: JSValue) -> Option<(*mut u8, usize)> {
    let functions = &intrinsics.functions;
    let number = |getter: JSValue| -> Option<usize> {
        // SAFETY: the module's contract; the captured getters run no guest code.
        unsafe {
            let value = call::<0>(cx, getter, view, []).ok()?;
            let mut number = 0;
            (qjs::JS_ToInt64(cx, &raw mut number, value.raw()) >= 0).then_some(usize::try_from(number).ok()?)
        }
    };
    // SAFETY: as above.
    unsafe {
        let (offset, length) = (number(functions.data_view_offset)?, number(functions.data_view_length)?);
        let buffer = call::<0>(cx, functions.data_view_buffer, view, []).ok()?;
        within(whole(cx, buffer.raw())?, offset, length)
    }
}

fn within((start, total): (*mut u8, usize), offset: usize, length: usize) -> Option<(*mut u8, usize)> {
    let end = offset.checked_add(length)?;
    // SAFETY: the range was just found to lie within the buffer.
    (end <= total).then(|| (unsafe { start.add(offset) }, length))
}

/// A new error of a standard kind (an index of the error kinds of `docs/wire.md`) with a message and a stack, or an exception.
///
/// # Safety
/// The contract of the module.
pub unsafe fn new_error(cx: Cx, intrinsics: &Intrinsics, kind: usize, message: &str) -> JSValue {
    // SAFETY: the module's contract; the format takes one string, which ends with a zero byte.
    unsafe {
        let text = std::ffi::CString::new(message.replace('\0', "\u{fffd}")).unwrap_or_default();
        let error = match kind {
            2 => qjs::JS_NewRangeError(cx, c"%s".as_ptr(), text.as_ptr()),
            5 => qjs::JS_NewTypeError(cx, c"%s".as_ptr(), text.as_ptr()),
            _ => qjs::JS_NewPlainError(cx, c"%s".as_ptr(), text.as_ptr()),
        };
        if message.len() >= ENGINE_FORMATS && !qjs::JS_IsException(error) {
            let full = qjs::JS_NewStringLen(cx, message.as_ptr().cast(), message.len() as qjs::size_t);
            let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
            qjs::JS_DefinePropertyValue(cx, error, intrinsics.names.message, full, flags);
        }
        error
    }
}

/// The engine cuts messages that it formats itself.
const ENGINE_FORMATS: usize = 255;
