//! Two facts that the engine's interface does not tell: how many references an object has, and whether a view tracks the
//! length of its buffer.
//!
//! Both are read from private structs of the pinned engine (`js_rc`, `JSTypedArray`), so each is tried out once a process
//! on objects whose answer is known. Should a build disagree, nothing is moved and every view counts as fixed.

use std::ffi::c_void;
use std::sync::OnceLock;

use rquickjs::qjs;
use rquickjs::qjs::JSValue;

use super::intrinsics::Intrinsics;
use super::raw::{Cx, Owned, Thrown, address, number};

static COUNTS_ARE_READABLE: OnceLock<bool> = OnceLock::new();
static TRACKING_IS_READABLE: OnceLock<bool> = OnceLock::new();

/// How many references there are to an object, as far as the engine can be asked.
pub(super) unsafe fn reference_count(cx: Cx, object: JSValue) -> Option<i32> {
    // SAFETY: the module's contract; the layout was tried out.
    unsafe { COUNTS_ARE_READABLE.get_or_init(|| try_counts(cx)).then(|| count(object)) }
}

/// The count is the last field of the header that the engine's allocator keeps before every object.
unsafe fn count(object: JSValue) -> i32 {
    // SAFETY: an allocation of the engine is preceded by its header of 8 bytes.
    unsafe { (address(object) as *const i32).sub(1).read() }
}

unsafe fn try_counts(cx: Cx) -> bool {
    // SAFETY: the module's contract.
    unsafe {
        let Ok(first) = Owned::checked(cx, qjs::JS_NewObject(cx)) else { return false };
        let mut counts = vec![count(first.raw())];
        let second = Owned::dup(cx, first.raw());
        counts.push(count(first.raw()));
        let third = Owned::dup(cx, first.raw());
        counts.push(count(first.raw()));
        drop((second, third));
        counts.push(count(first.raw()));
        counts == [1, 2, 3, 1]
    }
}

/// `JSTypedArray`, which DataViews have too.
#[repr(C)]
struct View {
    link: [*mut c_void; 2],
    object: *mut c_void,
    buffer: *mut c_void,
    offset: u32,
    length: u32,
    tracks: u8,
}

/// Whether `view`, a typed array or DataView over a resizable buffer, tracks the buffer's length.
pub(super) unsafe fn tracks(cx: Cx, intrinsics: &Intrinsics, view: JSValue) -> bool {
    // SAFETY: the module's contract; the layout was tried out.
    unsafe {
        let readable = match TRACKING_IS_READABLE.get() {
            Some(&readable) => readable,
            None => match try_tracking(cx, intrinsics) {
                Ok(readable) => *TRACKING_IS_READABLE.get_or_init(|| readable),
                Err(Thrown) => {
                    drop(Owned::new(cx, qjs::JS_GetException(cx)));
                    return false;
                }
            },
        };
        readable && internal(view).is_some_and(|internal| (*internal).tracks == 1)
    }
}

unsafe fn internal(view: JSValue) -> Option<*const View> {
    // SAFETY: the module's contract. Opaque is the first member of the union in which views keep their struct.
    let start = unsafe { qjs::JS_GetOpaque(view, qjs::JS_GetClassID(view)) };
    (!start.is_null()).then_some(start.cast())
}

unsafe fn try_tracking(cx: Cx, intrinsics: &Intrinsics) -> Result<bool, Thrown> {
    // SAFETY: the module's contract.
    unsafe {
        let buffer = super::decode_values::new_resizable(cx, intrinsics, 24, 32)?;
        let kind = qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8;
        let mut arguments = [buffer.raw(), number(8), number(16)];
        let tracking = Owned::checked(cx, qjs::JS_NewTypedArray(cx, 2, arguments.as_mut_ptr(), kind))?;
        let fixed = Owned::checked(cx, qjs::JS_NewTypedArray(cx, 3, arguments.as_mut_ptr(), kind))?;
        let fits = |view: &Owned, tracks: u8| {
            internal(view.raw()).is_some_and(|internal| {
                let read = internal.read();
                read.object as usize == address(view.raw())
                    && read.buffer as usize == address(buffer.raw())
                    && (read.offset, read.length, read.tracks) == (8, 16, tracks)
            })
        };
        Ok(fits(&tracking, 1) && fits(&fixed, 0))
    }
}
