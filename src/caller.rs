//! Synchronous calls of one sandbox, as a function that knows it.
//!
//! A method of a class looks its object up and guards its borrow at each call, which takes longer than running a small guest function.
//! This one carries a pointer.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hostbox::parts::{Failure, Payload, Request, Sandbox, SyncProgress, next_ticket};
use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Error, Result, sys};

use crate::buffers::check;
use crate::frames::{Frames, number};
use crate::input::message;
use crate::port::{Line, News};

/// Frames of a synchronous answer: over with a value, over with a failure, or waiting for host functions.
const DONE: u8 = 1;
const FAILED: u8 = 2;
const HOST_CALLS: u8 = 3;

/// What calls of one sandbox need.
pub(crate) struct Caller {
    pub(crate) id: u64,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) line: Arc<Line>,
    /// Functions that were called before: plugin and path.
    pub(crate) targets: Mutex<Vec<(Arc<str>, Arc<str>)>>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.line.port.members().remove(&self.id);
    }
}

impl Caller {
    pub(crate) fn request(&self, target: u32, args: Payload) -> Result<Request> {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let (plugin, function) = targets.get(target as usize).ok_or_else(|| Error::from_reason("no such target"))?;
        Ok(Request::Call { plugin: plugin.clone(), function: function.clone(), args })
    }

    pub(crate) fn start<'a>(&self, env: &'a Env, request: Request, timeout: Option<Duration>) -> Result<Unknown<'a>> {
        let ticket = next_ticket();
        let stack = stacker::remaining_stack().unwrap_or(512 << 10);
        let progress = self.sandbox.start_sync(ticket, request, timeout, stack);
        self.frames(env, ticket, progress)
    }

    pub(crate) fn frames<'a>(
        &self,
        env: &'a Env,
        ticket: u64,
        progress: std::result::Result<SyncProgress, Failure>,
    ) -> Result<Unknown<'a>> {
        let mut frames = Frames::default();
        match progress.unwrap_or_else(|failure| SyncProgress::Done(Err(failure))) {
            SyncProgress::Done(outcome) => {
                frames.bytes.push(if outcome.is_ok() { DONE } else { FAILED });
                frames.outcome(outcome);
            }
            SyncProgress::HostCalls(calls) => {
                frames.bytes.push(HOST_CALLS);
                frames.bytes.extend_from_slice(&number(ticket).to_le_bytes());
                for call in calls {
                    frames.event(number(self.id), News::Event(call));
                }
            }
        }
        self.line.port.answer(env, frames)
    }

    /// `(target, timeoutMs, length)`: as `callSync` with a message in the input memory.
    unsafe fn call(&self, env: &Env, args: [sys::napi_value; 3]) -> Result<sys::napi_value> {
        let (mut target, mut timeout, mut length) = (0, 0.0, 0);
        // SAFETY: the caller's: values of the calling environment.
        unsafe {
            check(sys::napi_get_value_uint32(env.raw(), args[0], &raw mut target), "target")?;
            check(sys::napi_get_value_double(env.raw(), args[1], &raw mut timeout), "timeout")?;
            check(sys::napi_get_value_uint32(env.raw(), args[2], &raw mut length), "length")?;
        }
        if length >= crate::sandbox::LARGE
            && let Err(failure) = self.sandbox.check_sync()
        {
            return Ok(self.frames(env, 0, Err(failure))?.raw());
        }
        let args = message(*env, self.line.port.input(), length, None, None)?;
        Ok(self.start(env, self.request(target, args)?, crate::sandbox::timeout(timeout))?.raw())
    }
}

/// `caller` as a function of JavaScript's.
pub(crate) fn function(env: &Env, caller: Arc<Caller>) -> Result<Unknown<'_>> {
    let mut function = null_mut();
    let data = Arc::into_raw(caller).cast_mut().cast::<c_void>();
    // SAFETY: the calling environment; the finalizer gives the reference back when the function is gone.
    unsafe {
        let status =
            sys::napi_create_function(env.raw(), c"callSync".as_ptr(), 8, Some(on_call), data, &raw mut function);
        let status = match status {
            sys::Status::napi_ok => {
                sys::napi_add_finalizer(env.raw(), function, data, Some(on_gone), null_mut(), null_mut())
            }
            status => status,
        };
        if status != sys::Status::napi_ok {
            drop(Arc::from_raw(data.cast::<Caller>()));
        }
        check(status, "caller")?;
        Ok(Unknown::from_raw_unchecked(env.raw(), function))
    }
}

unsafe extern "C" fn on_gone(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: the reference that `function` gave; the function is gone, and nobody else has the pointer.
    drop(unsafe { Arc::from_raw(data.cast::<Caller>()) });
}

unsafe extern "C" fn on_call(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut args = [null_mut(); 3];
    let (mut count, mut data) = (args.len(), null_mut());
    // SAFETY: called by Node with a live environment; what is not passed is `undefined`. `data` is the function's own reference, and
    // the function is being called.
    let outcome = unsafe {
        let (this, places) = (null_mut(), args.as_mut_ptr());
        if sys::napi_get_cb_info(env, info, &raw mut count, places, this, &raw mut data) != sys::Status::napi_ok {
            return null_mut();
        }
        let caller = &*data.cast::<Caller>();
        catch_unwind(AssertUnwindSafe(|| caller.call(&Env::from_raw(env), args)))
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
