//! What calls of one sandbox need, and its synchronous calls as a plain function.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hostbox::parts::{Failure, Payload, Request, Sandbox, SyncProgress, next_ticket};
use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Error, Result, sys};

use crate::buffers::check;
use crate::frames::{Frames, number};
use crate::input::message;
use crate::port::Line;
use crate::queues::News;

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
                self.line.port.await_told(*env);
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
    ///
    /// # Safety
    /// The arguments are values of `env`, on its own thread.
    pub(crate) unsafe fn call(&self, env: &Env, args: [sys::napi_value; 3]) -> Result<sys::napi_value> {
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
