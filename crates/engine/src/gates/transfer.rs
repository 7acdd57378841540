//! `ArrayBuffer.prototype.transfer` and its kin: memory that is lent to the guest is not the guest's to move.
//!
//! The engine would hand its pointer to a new object, which nobody could take back.

use std::ffi::{CStr, c_int};

use rquickjs::qjs;

use super::{call_native, replace};
use crate::realm::Realm;

const NAMES: &[&CStr] = &[c"transfer", c"transferToFixedLength", c"transferToImmutable"];

pub(super) const COUNT: usize = NAMES.len();

/// # Safety
/// The live, locked context and its global object, before guest code runs.
pub(super) unsafe fn install(cx: *mut qjs::JSContext, realm: &Realm, global: qjs::JSValue) {
    // SAFETY: the caller's contract.
    unsafe {
        let class = qjs::JS_GetPropertyStr(cx, global, c"ArrayBuffer".as_ptr());
        let prototype = qjs::JS_GetPropertyStr(cx, class, c"prototype".as_ptr());
        for name in NAMES {
            replace(cx, realm, prototype, name, transfer);
        }
        qjs::JS_FreeValue(cx, prototype);
        qjs::JS_FreeValue(cx, class);
    }
}

unsafe extern "C" fn transfer(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine passes a live context of ours, `argc` live values, and the magic that `replace` gave.
    unsafe {
        if Realm::of(cx).intrinsics.lent.has(this) {
            return qjs::JS_ThrowTypeError(cx, c"the buffer of a WebAssembly.Memory cannot be transferred".as_ptr());
        }
        call_native(cx, this, argc, argv, magic)
    }
}
