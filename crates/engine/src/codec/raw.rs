//! The few words in which the codec speaks to the engine's C interface.
//!
//! Owned values free themselves; a pending exception is a type ([`Thrown`]). Every `unsafe fn` here stands under the
//! contract of the parent module.

use std::ffi::CStr;
use std::ptr::null_mut;

use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSValue};

/// The context that all calls of one crossing share.
pub(super) type Cx = *mut qjs::JSContext;

/// An exception is pending on the context.
#[derive(Clone, Copy, Debug)]
pub struct Thrown;

/// A value that belongs to us.
pub(super) struct Owned {
    cx: Cx,
    value: JSValue,
}

impl Owned {
    /// Takes over `value`.
    #[inline]
    pub(super) unsafe fn new(cx: Cx, value: JSValue) -> Self {
        Owned { cx, value }
    }

    /// Another reference to `value`.
    #[inline]
    pub(super) unsafe fn dup(cx: Cx, value: JSValue) -> Self {
        // SAFETY: the module's contract.
        Owned { cx, value: unsafe { qjs::JS_DupValue(cx, value) } }
    }

    /// The value of a call that may have thrown.
    #[inline]
    pub(super) unsafe fn checked(cx: Cx, value: JSValue) -> Result<Self, Thrown> {
        if is_exception(value) { Err(Thrown) } else { Ok(Owned { cx, value }) }
    }

    /// The value, still ours.
    #[inline]
    pub(super) fn raw(&self) -> JSValue {
        self.value
    }

    /// The value, no longer ours.
    #[inline]
    pub(super) fn into_raw(self) -> JSValue {
        let value = self.value;
        std::mem::forget(self);
        value
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the value is ours, and the context outlives the crossing.
        unsafe { qjs::JS_FreeValue(self.cx, self.value) };
    }
}

#[inline]
pub(super) fn tag_of(value: JSValue) -> i32 {
    // SAFETY: reads the value's own bits.
    unsafe { qjs::JS_VALUE_GET_NORM_TAG(value) }
}

#[inline]
pub(super) fn is_exception(value: JSValue) -> bool {
    tag_of(value) == qjs::JS_TAG_EXCEPTION
}

#[inline]
pub(super) fn is_undefined(value: JSValue) -> bool {
    tag_of(value) == qjs::JS_TAG_UNDEFINED
}

#[inline]
pub(super) fn is_object(value: JSValue) -> bool {
    tag_of(value) == qjs::JS_TAG_OBJECT
}

#[inline]
pub(super) fn is_string(value: JSValue) -> bool {
    matches!(tag_of(value), qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE)
}

/// The address of an object: its identity.
#[inline]
pub(super) fn address(value: JSValue) -> usize {
    // SAFETY: reads the value's own bits; callers pass values with a pointer.
    unsafe { qjs::JS_VALUE_GET_PTR(value) as usize }
}

#[inline]
pub(super) fn int(value: i32) -> JSValue {
    qjs::JS_MKVAL(qjs::JS_TAG_INT, value)
}

/// A number that the format or the engine bounds well below 2^53.
#[inline]
pub(super) fn number(value: usize) -> JSValue {
    qjs::JS_NewFloat64(value as f64)
}

/// Calls `function` on `this`.
pub(super) unsafe fn call<const N: usize>(
    cx: Cx,
    function: JSValue,
    this: JSValue,
    mut arguments: [JSValue; N],
) -> Result<Owned, Thrown> {
    // SAFETY: the module's contract; the arguments live through the call.
    unsafe { Owned::checked(cx, qjs::JS_Call(cx, function, this, N as i32, arguments.as_mut_ptr())) }
}

/// `new constructor(...)` with the first `count` arguments.
pub(super) unsafe fn construct<const N: usize>(
    cx: Cx,
    constructor: JSValue,
    mut arguments: [JSValue; N],
    count: usize,
) -> Result<Owned, Thrown> {
    // SAFETY: the module's contract; the arguments live through the call, and no more than there are is announced.
    unsafe {
        let count = count.min(N) as i32;
        Owned::checked(cx, qjs::JS_CallConstructor(cx, constructor, count, arguments.as_mut_ptr()))
    }
}

/// A property of `object` by a name of ours. Runs getters.
pub(super) unsafe fn get(cx: Cx, object: JSValue, name: &CStr) -> Result<Owned, Thrown> {
    // SAFETY: the module's contract.
    unsafe { Owned::checked(cx, qjs::JS_GetPropertyStr(cx, object, name.as_ptr())) }
}

/// An own property as it was defined.
pub(super) struct Own {
    /// `undefined` for an accessor.
    pub(super) value: Owned,
    pub(super) getter: Owned,
    pub(super) is_accessor: bool,
}

/// The own property `name` of `object`, without running a getter. Proxies run their trap.
pub(super) unsafe fn own_property(cx: Cx, object: JSValue, name: JSAtom) -> Result<Option<Own>, Thrown> {
    let undefined = qjs::JS_UNDEFINED;
    let mut found = qjs::JSPropertyDescriptor { flags: 0, value: undefined, getter: undefined, setter: undefined };
    // SAFETY: the module's contract; the descriptor's values are ours once the call says 1.
    unsafe {
        match qjs::JS_GetOwnProperty(cx, &mut found, object, name) {
            0 => Ok(None),
            1.. => {
                drop(Owned::new(cx, found.setter));
                let is_accessor = found.flags & qjs::JS_PROP_GETSET as i32 != 0;
                Ok(Some(Own { value: Owned::new(cx, found.value), getter: Owned::new(cx, found.getter), is_accessor }))
            }
            _ => Err(Thrown),
        }
    }
}

/// Whether `object` has an own property `name`.
pub(super) unsafe fn has_own(cx: Cx, object: JSValue, name: JSAtom) -> Result<bool, Thrown> {
    // SAFETY: the module's contract; a null descriptor asks for existence alone.
    match unsafe { qjs::JS_GetOwnProperty(cx, null_mut(), object, name) } {
        0 => Ok(false),
        1.. => Ok(true),
        _ => Err(Thrown),
    }
}

/// Forgets the pending exception, unless it ends the guest: that one stays pending.
pub(super) unsafe fn swallow(cx: Cx) -> Result<(), Thrown> {
    // SAFETY: the module's contract; the exception is ours between taking and throwing it.
    unsafe {
        let exception = qjs::JS_GetException(cx);
        if qjs::JS_IsUncatchableError(exception) {
            qjs::JS_Throw(cx, exception);
            return Err(Thrown);
        }
        qjs::JS_FreeValue(cx, exception);
    }
    Ok(())
}

/// Raises the engine's out-of-memory error.
#[cold]
pub(super) unsafe fn out_of_memory(cx: Cx) -> Thrown {
    // SAFETY: the module's contract.
    unsafe { qjs::JS_ThrowOutOfMemory(cx) };
    Thrown
}

/// The characters of a string or an atom, in the engine's memory.
pub(super) struct Chars {
    cx: Cx,
    start: *const std::ffi::c_char,
    length: usize,
}

impl Chars {
    /// `value` must be a string: anything else would run guest code.
    #[inline]
    pub(super) unsafe fn of(cx: Cx, value: JSValue) -> Result<Self, Thrown> {
        let mut length: qjs::size_t = 0;
        // SAFETY: the module's contract.
        let start = unsafe { qjs::JS_ToCStringLen2(cx, &mut length, value, false) };
        Self::checked(cx, start, length)
    }

    #[inline]
    pub(super) unsafe fn of_atom(cx: Cx, atom: JSAtom) -> Result<Self, Thrown> {
        let mut length: qjs::size_t = 0;
        // SAFETY: the module's contract.
        let start = unsafe { qjs::JS_AtomToCStringLen(cx, &mut length, atom) };
        Self::checked(cx, start, length)
    }

    #[inline]
    fn checked(cx: Cx, start: *const std::ffi::c_char, length: qjs::size_t) -> Result<Self, Thrown> {
        if start.is_null() { Err(Thrown) } else { Ok(Chars { cx, start, length: length as usize }) }
    }

    /// UTF-8, in which a lone surrogate takes three bytes of its own: not always well-formed.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the engine returned this range, and keeps it until the characters are freed.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length) }
    }
}

impl Drop for Chars {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: returned by the engine, freed once.
        unsafe { qjs::JS_FreeCString(self.cx, self.start) };
    }
}

/// Runs `read` over the UTF-16 code units of a string.
pub(super) unsafe fn with_units<T>(cx: Cx, value: JSValue, read: impl FnOnce(&[u16]) -> T) -> Result<T, Thrown> {
    let mut length: qjs::size_t = 0;
    // SAFETY: the module's contract; the units stay until they are freed, and `read` runs no guest code.
    unsafe {
        let start = qjs::JS_ToCStringLenUTF16(cx, &mut length, value);
        if start.is_null() {
            return Err(Thrown);
        }
        let result = read(std::slice::from_raw_parts(start, length as usize));
        qjs::JS_FreeCStringUTF16(cx, start);
        Ok(result)
    }
}
