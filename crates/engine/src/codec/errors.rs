//! Errors of the guest: what they carry across, and how a thrown value is described to the host.
//!
//! A thrown value is hostile until proven otherwise: its getters may throw, its strings may be huge, its causes may form a
//! ring. Describing it never fails; what cannot be read is left out.

use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSValue};

use super::encode::{EncodeOptions, encode};
use super::intrinsics::Intrinsics;
use super::raw::*;
use crate::payload::{Payload, Writer};

/// Causes described, one inside the other.
const CAUSES: usize = 8;
/// Bytes of a name, message or stack.
const TEXT: usize = 64 << 10;
/// Own fields carried along, and what each may weigh.
const FIELDS: u32 = 64;
const FIELD_BYTES: usize = 64 << 10;

/// A value that the guest threw, as plain data.
#[derive(Debug, Default)]
pub struct GuestError {
    /// `TypeError`, or the name of a subclass; `Error` where nothing is said.
    pub name: String,
    /// The message; for a thrown primitive its text.
    pub message: String,
    /// The stack, without the line that repeats name and message.
    pub stack: Option<String>,
    /// `code`, where it is a string or a number.
    pub code: Option<String>,
    /// What it was caused by.
    pub cause: Option<Box<Cause>>,
    /// One object with the other own enumerable fields (and `errors` of an AggregateError). What cannot be cloned stands
    /// there as a short text.
    pub details: Payload,
    /// Whether an Error was thrown, and not just any value.
    pub is_error: bool,
    /// What was thrown where that is no Error, if it can be cloned.
    pub value: Option<Payload>,
}

/// The cause of an error.
#[derive(Debug)]
pub enum Cause {
    /// Another error.
    Error(GuestError),
    /// Any other value that can be cloned.
    Value(Payload),
}

/// Describes `value`, which stays the caller's. Runs getters and forgets what they throw.
///
/// Should the engine be interrupted meanwhile, that exception is left pending and the description is what was read so far.
///
/// # Safety
/// The contract of the module; no exception is pending.
pub unsafe fn describe_error(cx: *mut qjs::JSContext, intrinsics: &Intrinsics, value: JSValue) -> GuestError {
    let mut error = GuestError { name: "Error".to_owned(), ..GuestError::default() };
    Writer::new(&mut error.details.bytes).begin_object();
    Writer::new(&mut error.details.bytes).end_object();
    // SAFETY: the module's contract. Thrown means: the uncatchable exception stays pending.
    let _ = unsafe { describe(cx, intrinsics, value, CAUSES, &mut error) };
    error
}

/// As `describe_error`, for a report: an object that is no error is named and not cloned, so that none of its getters runs.
///
/// # Safety
/// The contract of the module.
pub unsafe fn describe_for_report(cx: *mut qjs::JSContext, intrinsics: &Intrinsics, value: JSValue) -> GuestError {
    // SAFETY: the module's contract. Thrown means: the uncatchable exception stays pending.
    unsafe {
        if is_object(value) && !qjs::JS_IsError(value) && !is_dom_exception(cx, value).unwrap_or(true) {
            let message = primitive_text(cx, intrinsics, value).unwrap_or_default();
            return GuestError { message, ..GuestError::default() };
        }
        describe_error(cx, intrinsics, value)
    }
}

/// A new error of the guest's realm: `kind` is the format's (0 Error, 2 RangeError, 5 TypeError …). The caller's, or an
/// exception.
///
/// It has no stack yet; the engine notes one when it is thrown through guest code.
///
/// # Safety
/// The contract of the module.
pub unsafe fn new_error(cx: *mut qjs::JSContext, intrinsics: &Intrinsics, kind: usize, message: &str) -> JSValue {
    let prototype = intrinsics.error_prototypes[kind.min(intrinsics.error_prototypes.len() - 1)];
    let hidden = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
    // SAFETY: the module's contract. Defining takes the text over.
    unsafe {
        let Ok(error) = Owned::checked(cx, qjs::JS_NewObjectProtoClass(cx, prototype, intrinsics.classes.error)) else {
            return qjs::JS_EXCEPTION;
        };
        let text = qjs::JS_NewStringLen(cx, message.as_ptr().cast(), message.len() as qjs::size_t);
        let name = intrinsics.names.message;
        if is_exception(text) || qjs::JS_DefinePropertyValue(cx, error.raw(), name, text, hidden) < 0 {
            return qjs::JS_EXCEPTION;
        }
        error.into_raw()
    }
}

unsafe fn describe(
    cx: Cx,
    intrinsics: &Intrinsics,
    value: JSValue,
    causes: usize,
    error: &mut GuestError,
) -> Result<(), Thrown> {
    let names = &intrinsics.names;
    // SAFETY: the module's contract.
    unsafe {
        let is_dom = is_dom_exception(cx, value)?;
        if !is_dom && !qjs::JS_IsError(value) {
            error.message = primitive_text(cx, intrinsics, value)?;
            error.value = clone_field(cx, intrinsics, value)?;
            return Ok(());
        }
        error.is_error = true;
        error.stack = stack_of(cx, intrinsics, value)?.map(|text| clipped(cx, &text)).transpose()?;
        if let Some(name) = text_property(cx, value, names.name)? {
            error.name = clipped(cx, &name)?;
        }
        if let Some(message) = text_property(cx, value, names.message)? {
            error.message = clipped(cx, &message)?;
        }
        if !is_dom {
            error.code = code_of(cx, value, names.code)?;
        }
        if causes > 0 && has_own(cx, value, names.cause).or_else(|_| swallow(cx).map(|()| false))? {
            match Owned::checked(cx, qjs::JS_GetProperty(cx, value, names.cause)) {
                Ok(cause) => error.cause = describe_cause(cx, intrinsics, cause.raw(), causes)?,
                Err(_) => swallow(cx)?,
            }
        }
        if let Some(details) = details_of(cx, intrinsics, value)? {
            error.details = details;
        }
    }
    Ok(())
}

unsafe fn describe_cause(
    cx: Cx,
    intrinsics: &Intrinsics,
    cause: JSValue,
    causes: usize,
) -> Result<Option<Box<Cause>>, Thrown> {
    // SAFETY: the module's contract.
    unsafe {
        if qjs::JS_IsError(cause) || is_dom_exception(cx, cause)? {
            let mut error = GuestError { name: "Error".to_owned(), ..GuestError::default() };
            describe(cx, intrinsics, cause, causes - 1, &mut error)?;
            return Ok(Some(Box::new(Cause::Error(error))));
        }
        Ok(clone_field(cx, intrinsics, cause)?.map(|payload| Box::new(Cause::Value(payload))))
    }
}

/// The own enumerable fields that an Error has beyond the usual, as one object.
unsafe fn details_of(cx: Cx, intrinsics: &Intrinsics, error: JSValue) -> Result<Option<Payload>, Thrown> {
    let names = &intrinsics.names;
    let usual = [names.name, names.message, names.stack, names.cause];
    let (mut table, mut count) = (std::ptr::null_mut(), 0);
    let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
    // SAFETY: the module's contract; the table is freed once, after its last use.
    unsafe {
        let Ok(details) = Owned::checked(cx, qjs::JS_NewObject(cx)) else { return swallow(cx).map(|()| None) };
        if qjs::JS_GetOwnPropertyNames(cx, &mut table, &mut count, error, flags) < 0 {
            return swallow(cx).map(|()| None);
        }
        let mut result = Ok(());
        for at in 0..count.min(FIELDS) as usize {
            let name = (*table.add(at)).atom;
            if result.is_ok() && !usual.contains(&name) {
                result = add_detail(cx, intrinsics, error, name, &details);
            }
        }
        qjs::JS_FreePropertyEnum(cx, table, count);
        result?;
        if has_own(cx, error, names.errors).or_else(|_| swallow(cx).map(|()| false))? {
            add_detail(cx, intrinsics, error, names.errors, &details)?;
        }
        clone_field(cx, intrinsics, details.raw())
    }
}

/// Reads one field and defines it on `details`, as a text where it cannot be cloned.
unsafe fn add_detail(
    cx: Cx,
    intrinsics: &Intrinsics,
    error: JSValue,
    name: JSAtom,
    details: &Owned,
) -> Result<(), Thrown> {
    // SAFETY: the module's contract. Defining takes the value over.
    unsafe {
        let Ok(field) = Owned::checked(cx, qjs::JS_GetProperty(cx, error, name)) else { return swallow(cx) };
        let mut trial = Payload::default();
        let options = EncodeOptions { max_bytes: FIELD_BYTES, ..EncodeOptions::default() };
        let field = match encode(cx, intrinsics, field.raw(), &options, &mut trial) {
            Ok(()) => field.into_raw(),
            Err(super::EncodeError::Refused { what, .. }) => {
                let text = format!("[{what}]");
                qjs::JS_NewStringLen(cx, text.as_ptr().cast(), text.len() as qjs::size_t)
            }
            Err(_) => return swallow(cx),
        };
        if is_exception(field)
            || qjs::JS_DefinePropertyValue(cx, details.raw(), name, field, qjs::JS_PROP_C_W_E as i32) < 0
        {
            return swallow(cx);
        }
    }
    Ok(())
}

/// A clone of bounded weight, if there can be one.
unsafe fn clone_field(cx: Cx, intrinsics: &Intrinsics, value: JSValue) -> Result<Option<Payload>, Thrown> {
    let mut payload = Payload::default();
    let options = EncodeOptions { max_bytes: FIELD_BYTES * 4, ..EncodeOptions::default() };
    // SAFETY: the module's contract.
    unsafe {
        match encode(cx, intrinsics, value, &options, &mut payload) {
            Ok(()) => Ok(Some(payload)),
            Err(super::EncodeError::Exception) => swallow(cx).map(|()| None),
            Err(_) => Ok(None),
        }
    }
}

/// The text of a thrown value that is no Error.
unsafe fn primitive_text(cx: Cx, intrinsics: &Intrinsics, value: JSValue) -> Result<String, Thrown> {
    // SAFETY: the module's contract; only primitives are turned into text by the engine.
    unsafe {
        if is_object(value) {
            let message = own_text(cx, value, intrinsics.names.message)?;
            return message.map_or(Ok(String::from("a value that is no Error")), |text| clipped(cx, &text));
        }
        if tag_of(value) == qjs::JS_TAG_SYMBOL {
            return Ok(String::from("a symbol"));
        }
        clipped(cx, &Owned::dup(cx, value))
    }
}

unsafe fn code_of(cx: Cx, error: JSValue, name: JSAtom) -> Result<Option<String>, Thrown> {
    // SAFETY: the module's contract.
    unsafe {
        let Ok(code) = Owned::checked(cx, qjs::JS_GetProperty(cx, error, name)) else {
            return swallow(cx).map(|()| None);
        };
        let is_text = is_string(code.raw()) || matches!(tag_of(code.raw()), qjs::JS_TAG_INT | qjs::JS_TAG_FLOAT64);
        is_text.then(|| clipped(cx, &code)).transpose()
    }
}

/// A primitive's text, cut to what a description may weigh.
unsafe fn clipped(cx: Cx, text: &Owned) -> Result<String, Thrown> {
    // SAFETY: the module's contract.
    let Ok(chars) = (unsafe { Chars::of(cx, text.raw()) }) else {
        // SAFETY: as above.
        return unsafe { swallow(cx) }.map(|()| String::new());
    };
    let bytes = chars.bytes();
    if bytes.len() <= TEXT {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    let mut text = String::from_utf8_lossy(&bytes[..TEXT]).trim_end_matches('\u{FFFD}').to_owned();
    text.push('…');
    Ok(text)
}

unsafe fn is_dom_exception(cx: Cx, value: JSValue) -> Result<bool, Thrown> {
    if !is_object(value) {
        return Ok(false);
    }
    // SAFETY: the module's contract; the atom is freed once.
    unsafe {
        let atom = qjs::JS_GetClassName(qjs::JS_GetRuntime(cx), qjs::JS_GetClassID(value));
        let is_dom = Chars::of_atom(cx, atom).map(|chars| chars.bytes() == b"DOMException");
        qjs::JS_FreeAtom(cx, atom);
        is_dom.or_else(|_| swallow(cx).map(|()| false))
    }
}

/// The kind byte of an error: its nearest standard base.
pub(super) unsafe fn kind_of(cx: Cx, intrinsics: &Intrinsics, error: JSValue) -> Result<u8, Thrown> {
    // SAFETY: the module's contract.
    unsafe {
        let mut ancestor = Owned::dup(cx, error);
        // Chains of ordinary objects end; a Proxy's trap would be guest code and is not asked.
        while is_object(ancestor.raw()) && !qjs::JS_IsProxy(ancestor.raw()) {
            let known = |prototype: &JSValue| is_object(*prototype) && address(*prototype) == address(ancestor.raw());
            if let Some(kind) = intrinsics.error_prototypes.iter().position(known) {
                return Ok(kind as u8);
            }
            ancestor = Owned::checked(cx, qjs::JS_GetPrototype(cx, ancestor.raw()))?;
        }
    }
    Ok(0)
}

/// A property as text, getters and the prototype chain included; `None` where it is missing or throws.
pub(super) unsafe fn text_property(cx: Cx, object: JSValue, name: JSAtom) -> Result<Option<Owned>, Thrown> {
    // SAFETY: the module's contract.
    unsafe { text(cx, Owned::checked(cx, qjs::JS_GetProperty(cx, object, name))) }
}

/// An own data property as text.
pub(super) unsafe fn own_text(cx: Cx, object: JSValue, name: JSAtom) -> Result<Option<Owned>, Thrown> {
    // SAFETY: the module's contract.
    unsafe {
        match own_property(cx, object, name) {
            Ok(Some(own)) if !own.is_accessor => text(cx, Ok(own.value)),
            Ok(_) => Ok(None),
            Err(_) => swallow(cx).map(|()| None),
        }
    }
}

unsafe fn text(cx: Cx, read: Result<Owned, Thrown>) -> Result<Option<Owned>, Thrown> {
    // SAFETY: the module's contract.
    unsafe {
        let text = match read {
            Ok(value) if is_string(value.raw()) => return Ok(Some(value)),
            Ok(value) if is_undefined(value.raw()) => return Ok(None),
            Ok(value) => Owned::checked(cx, qjs::JS_ToString(cx, value.raw())),
            Err(thrown) => Err(thrown),
        };
        text.map(Some).or_else(|_| swallow(cx).map(|()| None))
    }
}

/// The stack: an own data property, else what the engine noted when the error was made.
pub(super) unsafe fn stack_of(cx: Cx, intrinsics: &Intrinsics, error: JSValue) -> Result<Option<Owned>, Thrown> {
    // SAFETY: the module's contract; the captured getter is the engine's.
    unsafe {
        let own = own_property(cx, error, intrinsics.names.stack);
        let stack = match own {
            Ok(Some(own)) if !own.is_accessor => Ok(own.value),
            Ok(_) => call(cx, intrinsics.functions.error_stack, error, []),
            Err(thrown) => Err(thrown),
        };
        match stack {
            Ok(stack) => Ok(is_string(stack.raw()).then_some(stack)),
            Err(_) => swallow(cx).map(|()| None),
        }
    }
}
