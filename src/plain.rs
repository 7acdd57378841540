//! Functions of JavaScript's that carry a pointer to what they are for.
//!
//! A method of a class looks its object up and guards its borrow at each call, which takes longer than running a small guest function.

use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Error, Result, sys};

use crate::buffers::check;

/// What a function does with its first three arguments, which are values of the environment, on its own thread. What is not passed is
/// `undefined`.
type Body<T> = unsafe fn(&T, &Env, [sys::napi_value; 3]) -> Result<sys::napi_value>;

struct Plain<T> {
    subject: Arc<T>,
    body: Body<T>,
}

/// A function that does `body` with `subject`, which it keeps alive.
pub(crate) fn function<'a, T>(env: &'a Env, name: &CStr, subject: Arc<T>, body: Body<T>) -> Result<Unknown<'a>> {
    let mut function = null_mut();
    let data = Box::into_raw(Box::new(Plain { subject, body })).cast::<c_void>();
    // SAFETY: the calling environment; the finalizer takes the box when the function is gone.
    unsafe {
        let length = name.count_bytes().cast_signed();
        let (name, raw) = (name.as_ptr(), env.raw());
        let status = sys::napi_create_function(raw, name, length, Some(on_call::<T>), data, &raw mut function);
        let status = match status {
            sys::Status::napi_ok => {
                sys::napi_add_finalizer(raw, function, data, Some(on_gone::<T>), null_mut(), null_mut())
            }
            status => status,
        };
        if status != sys::Status::napi_ok {
            drop(Box::from_raw(data.cast::<Plain<T>>()));
        }
        check(status, "function")?;
        Ok(Unknown::from_raw_unchecked(raw, function))
    }
}

unsafe extern "C" fn on_gone<T>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: the box that `function` made; the function is gone, and nobody else has the pointer.
    drop(unsafe { Box::from_raw(data.cast::<Plain<T>>()) });
}

unsafe extern "C" fn on_call<T>(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut args = [null_mut(); 3];
    let (mut count, mut data) = (args.len(), null_mut());
    // SAFETY: called by Node with a live environment. `data` is the function's own box, and the function is being called.
    let outcome = unsafe {
        let (this, places) = (null_mut(), args.as_mut_ptr());
        if sys::napi_get_cb_info(env, info, &raw mut count, places, this, &raw mut data) != sys::Status::napi_ok {
            return null_mut();
        }
        let Plain { subject, body } = &*data.cast::<Plain<T>>();
        catch_unwind(AssertUnwindSafe(|| body(subject, &Env::from_raw(env), args)))
    };
    let outcome = outcome.unwrap_or_else(|_| Err(Error::from_reason("ERR_INTERNAL: internal error: a panic")));
    outcome.unwrap_or_else(|error| {
        let message = error.reason.as_bytes();
        let mut text = null_mut();
        let mut exception = null_mut();
        // SAFETY: the calling environment, which has no exception pending: nothing of JavaScript's ran.
        unsafe {
            let length = message.len().cast_signed();
            sys::napi_create_string_utf8(env, message.as_ptr().cast(), length, &raw mut text);
            sys::napi_create_error(env, null_mut(), text, &raw mut exception);
            sys::napi_throw(env, exception);
        }
        null_mut()
    })
}
