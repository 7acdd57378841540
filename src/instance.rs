//! Instances of components from Node's side: called on other threads, or on Node's own.
//!
//! Data in: messages that `lib/component.js` wrote into memory that both sides know. Data out: answers, in such memory or in buffers. Rights
//! and limits are those that the instance was given; what a message means is checked in `hostbox-wasm`.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hostbox::parts::component::{Error as WasmError, Instance, READ};
use hostbox::parts::{Block, Cancel, Client, Code, Event, Failure, Payload, next_ticket, spawn, wasm_failure};
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi::{Env, Error, Result, sys};
use napi_derive::napi;

use crate::asked::{Asked, host_error};
use crate::buffers::{check, lend};
use crate::component::NativeComponent;
use crate::desk::{CALLING, Desk, bytes_of};
use crate::frames::number;
use crate::furnished::NativeInstanceOptions;
use crate::output::Output;
use crate::sandbox::whole;

/// Figures of an instance.
#[napi(object)]
pub struct NativeInstanceStats {
    pub memory_bytes: f64,
    pub fuel: Option<f64>,
    pub dropped: f64,
}

/// An instance, once its start has been answered. Dropped by the garbage collector, it closes.
#[napi]
pub struct NativeInstance {
    pub(crate) inner: Arc<Inner>,
}

/// What calls of one instance need.
pub(crate) struct Inner {
    pub(crate) desk: Arc<Desk>,
    instance: OnceLock<Instance>,
    pub(crate) net: OnceLock<Client>,
    pub(crate) asked: Arc<Asked>,
    /// What it writes, where anybody hears it.
    pub(crate) output: OnceLock<Arc<Output>>,
    pub(crate) timeout: Duration,
    /// Ends what runs when the instance is closed.
    cancel: Cancel,
    line: Mutex<Line>,
}

/// A call on its way to another thread.
struct Job {
    target: u32,
    message: Vec<u8>,
    deadline: Instant,
    ticket: u64,
}

/// Calls in the order in which they were made, and whether somebody makes them.
#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    is_worked_on: bool,
}

#[napi]
impl NativeInstance {
    /// One that is not started yet, whose calls of the app's code go to the receiver of a number.
    #[napi(constructor)]
    pub fn new(component: &NativeComponent, instance_number: f64, timeout_ms: f64) -> Self {
        let desk = component.desk.clone();
        let asked = Arc::new(Asked::new(desk.clone(), whole(instance_number)));
        let timeout = Duration::from_millis(whole(timeout_ms));
        Self {
            inner: Arc::new(Inner {
                desk,
                instance: OnceLock::new(),
                net: OnceLock::new(),
                asked,
                output: OnceLock::new(),
                timeout,
                cancel: Cancel::new(),
                line: Mutex::default(),
            }),
        }
    }

    /// Runs what is to run first, on another thread; the ticket of the answer.
    #[napi]
    pub fn start(&self, env: Env, component: &NativeComponent, options: NativeInstanceOptions) -> Result<f64> {
        let component = component.component()?.clone();
        let inner = self.inner.clone();
        let deadline = inner.deadline();
        let mut given = inner.furnished(options)?.options(inner.stop(deadline));
        given.warm = true;
        given.turn = Some(inner.timeout);
        Ok(inner.desk.clone().work(env, move || {
            let instance = component.instantiate(given).map_err(|error| inner.why(error, deadline))?;
            let _ = inner.instance.set(instance);
            Ok(Payload::undefined())
        }))
    }

    /// Calls a function with the message that stands in the input memory, or in `bytes`, on another thread; the ticket of the answer.
    #[napi]
    pub fn call(&self, env: Env, target: u32, length: u32, bytes: Option<Uint8Array>) -> Result<f64> {
        let inner = self.inner.clone();
        let instance = inner.started()?.clone();
        let message = match &bytes {
            Some(bytes) => bytes.get(..length as usize).ok_or_else(|| Error::from_reason("a message that is cut"))?,
            // SAFETY: Node's own thread, in a call from JavaScript.
            None => unsafe { inner.desk.input.read(length as usize)? },
        };
        let job = Job { target, message: message.to_vec(), deadline: inner.deadline(), ticket: next_ticket() };
        let ticket = number(job.ticket);
        if instance.is_concurrent() {
            inner.begin(env, &instance, job)?;
            return Ok(ticket);
        }
        inner.desk.port.hold(env, 1);
        let mut line = inner.line();
        line.jobs.push_back(job);
        if !std::mem::replace(&mut line.is_worked_on, true) {
            drop(line);
            spawn(inner.work_off(instance));
        }
        Ok(ticket)
    }

    /// `(function, length, bytes?) => answer`: calls a function on this thread; the number of bytes that stand in the output memory then, or
    /// the answer itself.
    #[napi(ts_return_type = "(fn: number, length: number, bytes?: Uint8Array) => number | ArrayBuffer")]
    pub fn sync_caller<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        crate::plain::function(env, c"call", self.inner.clone(), Inner::call_sync)
    }

    /// Answers a call of the app's code with bytes from the reply memory, or from `bytes`.
    #[napi]
    pub fn answer(&self, call: f64, length: u32, bytes: Option<Uint8Array>) -> Result<()> {
        let reply = match &bytes {
            Some(bytes) => bytes.get(..length as usize).ok_or_else(|| Error::from_reason("an answer that is cut"))?,
            // SAFETY: Node's own thread, in a call from JavaScript.
            None => unsafe { self.inner.desk.reply.read(length as usize)? },
        };
        self.inner.asked.settle(whole(call), Ok(reply.to_vec()));
        Ok(())
    }

    /// Says that a call of the app's code failed.
    #[napi]
    pub fn fail(&self, call: f64, message: String) {
        self.inner.asked.settle(whole(call), Err(host_error(message)));
    }

    /// Figures.
    #[napi]
    pub fn stats(&self) -> NativeInstanceStats {
        let stats = self.inner.instance.get().map(Instance::stats);
        NativeInstanceStats {
            memory_bytes: stats.map_or(0.0, |stats| number(stats.memory_bytes)),
            fuel: stats.and_then(|stats| stats.fuel).map(number),
            dropped: self.inner.output.get().map_or(0.0, |output| number(output.dropped())),
        }
    }

    /// Gives everything back, and ends what runs.
    #[napi]
    pub fn close(&self, env: Env) {
        self.inner.close();
        self.inner.desk.port.await_told(env);
    }
}

impl Drop for NativeInstance {
    fn drop(&mut self) {
        self.inner.close();
    }
}

/// Why a call has no answer.
pub(crate) enum Ended {
    Failed(WasmError),
    Late(Duration),
    Closed,
}

impl From<WasmError> for Ended {
    fn from(error: WasmError) -> Self {
        Self::Failed(error)
    }
}

pub(crate) fn failure(ended: Ended) -> Failure {
    match ended {
        Ended::Closed => Failure::new(Code::Closed, "the instance is closed"),
        Ended::Late(limit) => {
            let millis = limit.as_millis();
            Failure::new(Code::Timeout, format!("the call took longer than its {millis} ms; the instance is gone"))
                .with_limit(format!("timeoutMs: {millis}"))
        }
        Ended::Failed(error) => wasm_failure(error, Some("memoryBytes".into())),
    }
}

/// As `lib/port.js` reads it.
pub(crate) fn thrown(ended: Ended) -> Error {
    let failure = failure(ended);
    let limit = failure.limit.map_or(String::new(), |limit| format!(" [{limit}]"));
    Error::from_reason(format!("{}{limit}: {}", failure.code.as_str(), failure.message))
}

impl Inner {
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    pub(crate) fn stop(&self, deadline: Instant) -> Cancel {
        self.cancel.until(deadline)
    }

    fn started(&self) -> Result<&Instance> {
        if self.cancel.is_cancelled() {
            return Err(thrown(Ended::Closed));
        }
        self.instance.get().ok_or_else(|| Error::from_reason("ERR_INTERNAL: an instance that is not started"))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the calls that wait, one after the other.
    async fn work_off(self: Arc<Self>, instance: Instance) {
        loop {
            let job = {
                let mut line = self.line();
                line.is_worked_on = !line.jobs.is_empty();
                line.jobs.pop_front()
            };
            let Some(Job { target, message, deadline, ticket }) = job else { return };
            let call = instance.call_async(target, message, self.stop(deadline));
            let outcome = match tokio::time::timeout_at(deadline.into(), call).await {
                Ok(outcome) => outcome.map(Payload::bytes).map_err(|error| failure(self.why(error, deadline))),
                Err(_) => Err(failure(Ended::Late(self.timeout))),
            };
            self.desk.port.push([(0, Event::Settled { ticket, outcome })]);
        }
    }

    /// Makes a call beside those that are under way. Who reads a stream waits as long as it takes.
    fn begin(self: Arc<Self>, env: Env, instance: &Instance, job: Job) -> Result<()> {
        let Job { target, message, deadline, ticket } = job;
        let is_read = target == READ;
        let call = instance.call_concurrent(target, message);
        let call = call.map_err(|error| thrown(self.why(error, deadline)))?;
        self.desk.port.hold(env, 1);
        spawn(async move {
            let answer = if is_read { Ok(call.await) } else { tokio::time::timeout_at(deadline.into(), call).await };
            let outcome = match answer {
                Ok(outcome) => outcome.map(Payload::bytes).map_err(|error| failure(self.why(error, deadline))),
                Err(_) => Err(failure(Ended::Late(self.timeout))),
            };
            self.desk.port.push([(0, Event::Settled { ticket, outcome })]);
        });
        Ok(())
    }

    /// A stop says who stopped it.
    pub(crate) fn why(&self, error: WasmError, deadline: Instant) -> Ended {
        match error {
            WasmError::Cancelled | WasmError::Gone(_) if self.cancel.is_cancelled() => Ended::Closed,
            WasmError::Cancelled if Instant::now() >= deadline => Ended::Late(self.timeout),
            error => Ended::Failed(error),
        }
    }

    fn close(&self) {
        self.cancel.cancel();
        // Before those are told that it waits for: it would take that for the reason.
        if let Some(instance) = self.instance.get() {
            instance.close();
        }
        self.asked.give_up();
        if let Some(net) = self.net.get() {
            net.close();
        }
    }

    /// # Safety
    /// The arguments are values of `env`, on its own thread.
    unsafe fn call_sync(&self, env: &Env, args: [sys::napi_value; 3]) -> Result<sys::napi_value> {
        let (mut function, mut length) = (0, 0);
        // SAFETY: the caller's: values of the calling environment.
        unsafe {
            check(sys::napi_get_value_uint32(env.raw(), args[0], &raw mut function), "function")?;
            check(sys::napi_get_value_uint32(env.raw(), args[1], &raw mut length), "length")?;
        }
        let instance = self.started()?;
        // SAFETY: the caller's; what JavaScript runs meanwhile writes its messages elsewhere (`lib/component.js`).
        let message = unsafe {
            match bytes_of(env.raw(), args[2])? {
                Some(bytes) => {
                    bytes.get(..length as usize).ok_or_else(|| Error::from_reason("a message that is cut"))?
                }
                None => self.desk.input.read(length as usize)?,
            }
        };
        let deadline = self.deadline();
        let before = CALLING.replace(env.raw());
        let answer = instance.call(function, message, &self.cancel.by(deadline), |answer| {
            if self.desk.output.write(&answer) {
                return Ok(answer.len());
            }
            Err(match answer {
                Cow::Borrowed(answer) => Block::copy_of(answer),
                Cow::Owned(answer) => Ok(Block::from_vec(answer)),
            })
        });
        CALLING.set(before);
        self.desk.port.await_told(*env);
        let mut value = null_mut();
        match answer.map_err(|error| thrown(self.why(error, deadline)))? {
            // SAFETY: the calling environment.
            Ok(length) => unsafe {
                check(sys::napi_create_uint32(env.raw(), length as u32, &raw mut value), "length")?;
            },
            Err(block) => {
                let block = block.map_err(|error| Error::from_reason(format!("ERR_MEMORY: {error}")))?;
                // SAFETY: the calling environment.
                value = unsafe { lend(env.raw(), block)? };
            }
        }
        Ok(value)
    }
}
