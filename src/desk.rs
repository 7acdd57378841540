//! What Node's side and components share in one environment: memories for messages, the function behind synchronous calls of the app's code, and the
//! port for answers.

use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::Arc;

use hostbox::parts::component::on_thread;
use hostbox::parts::{Event, Payload, next_ticket, spawn};
use napi::bindgen_prelude::{JsValue, Uint8Array, Unknown};
use napi::{Env, Error, Result, sys};
use napi_derive::napi;

use crate::buffers::check;
use crate::frames::number;
use crate::instance::{Ended, failure};
use crate::port::{Port, Shared};

/// What one environment of Node has for components: memories that both sides know, touched on Node's thread alone, and the function behind
/// synchronous calls of the app's code.
pub(crate) struct Desk {
    pub(crate) port: Arc<Shared>,
    pub(crate) input: Memory,
    pub(crate) output: Memory,
    pub(crate) reply: Memory,
    pub(crate) on_call: sys::napi_ref,
}

/// Memory that both sides know.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    start: *mut u8,
    length: usize,
}

// SAFETY: memories and reference are touched on Node's own thread alone; the port is `Send + Sync`.
unsafe impl Send for Desk {}
// SAFETY: as above.
unsafe impl Sync for Desk {}

impl Memory {
    fn new(array: Uint8Array) -> Self {
        let memory = Self { start: array.as_ptr().cast_mut(), length: array.len() };
        // The module lives as long as its environment, and so do its memories.
        std::mem::forget(array);
        memory
    }

    /// # Safety
    /// Node's own thread, while no JavaScript runs that writes to the memory.
    pub(crate) unsafe fn read<'a>(self, length: usize) -> Result<&'a [u8]> {
        if length > self.length {
            return Err(Error::from_reason("a message longer than its memory"));
        }
        // SAFETY: the memory is as long as the environment lives; the caller's contract.
        Ok(unsafe { std::slice::from_raw_parts(self.start, length) })
    }

    /// Whether the bytes fit, and stand there now.
    pub(crate) fn write(self, bytes: &[u8]) -> bool {
        if bytes.len() <= self.length {
            // SAFETY: Node's own thread; the memory is long enough, and nothing of ours lies in it.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start, bytes.len()) };
        }
        bytes.len() <= self.length
    }
}

thread_local! {
    /// The environment, while a synchronous call runs on its thread.
    pub(crate) static CALLING: Cell<sys::napi_env> = const { Cell::new(null_mut()) };
}

/// What an environment of Node has for components.
#[napi]
pub struct ComponentPort {
    pub(crate) desk: Arc<Desk>,
}

#[napi]
impl ComponentPort {
    /// `onCall(instance, function, at, reply, length, bytes)` answers a call of the app's code on Node's thread: the number of bytes that stand in
    /// `reply`, or the bytes themselves, or -1 where it failed. Its arguments stand in `output`, or in `bytes`.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        port: &Port,
        on_call: Unknown<'_>,
        input: Uint8Array,
        output: Uint8Array,
        reply: Uint8Array,
    ) -> Result<Self> {
        let mut reference = null_mut();
        // SAFETY: a value of the calling environment.
        check(unsafe { sys::napi_create_reference(env.raw(), on_call.raw(), 1, &raw mut reference) }, "reference")?;
        let [input, output, reply] = [input, output, reply].map(Memory::new);
        Ok(Self { desk: Arc::new(Desk { port: port.shared.clone(), input, output, reply, on_call: reference }) })
    }
}

impl Desk {
    /// Begins work on another thread; the ticket of its answer.
    pub(crate) fn work(
        self: &Arc<Self>,
        env: Env,
        work: impl FnOnce() -> std::result::Result<Payload, Ended> + Send + 'static,
    ) -> f64 {
        let ticket = next_ticket();
        self.port.hold(env, 1);
        let port = self.port.clone();
        spawn(async move {
            let done = on_thread(move || Ok(work())).await;
            let outcome = done.unwrap_or_else(|error| Err(error.into())).map_err(failure);
            port.push([(0, Event::Settled { ticket, outcome })]);
        });
        number(ticket)
    }
}

/// The bytes of a Uint8Array; `None` where the value is no array.
///
/// # Safety
/// `env` is the live environment of the calling thread and `value` one of its values; no JavaScript runs that changes the bytes.
pub(crate) unsafe fn bytes_of<'a>(env: sys::napi_env, value: sys::napi_value) -> Result<Option<&'a [u8]>> {
    let (mut kind, mut data, mut length) = (0, null_mut(), 0);
    // SAFETY: the caller's contract.
    unsafe {
        check(sys::napi_typeof(env, value, &raw mut kind), "a value")?;
        if kind != sys::ValueType::napi_object {
            return Ok(None);
        }
        let status = sys::napi_get_typedarray_info(
            env,
            value,
            null_mut(),
            &raw mut length,
            &raw mut data,
            null_mut(),
            null_mut(),
        );
        check(status, "not a Uint8Array")?;
        if length == 0 {
            return Ok(Some(&[]));
        }
        Ok(Some(std::slice::from_raw_parts(data.cast::<u8>(), length)))
    }
}
