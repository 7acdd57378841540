//! `host.native`: buffers and operations from Node's side. Work is done on threads of the I/O runtime.

use std::ptr::null_mut;
use std::sync::Arc;

use hostbox::parts::{
    Block, BufferError, Cancel, Chain, Code, Event, Failure, Host, Payload, SharedBytes, Store, Writer, next_ticket,
    spawn_blocking,
};
use napi::bindgen_prelude::{JsValue, Object, Uint8Array, Unknown};
use napi::{Env, Error, Result, sys};
use napi_derive::napi;

use crate::buffers::{check, lend, share};
use crate::frames::number;
use crate::port::Line;
use crate::sandbox::NativeSandbox;

/// Less than this is copied rather than lent: that is quicker than looking whether it is ours.
const LEAST_LENT: usize = 16 << 10;

/// Bytes that came with a call: memory of ours is lent, any other is put into the store, where it counts, and freed when nobody needs it
/// any more.
enum Input {
    Lent(SharedBytes),
    Stored(Stored),
}

impl Input {
    fn new(store: &Arc<Store>, bytes: &Uint8Array) -> Result<Self> {
        let lent = if bytes.len() >= LEAST_LENT { share(bytes.as_ptr(), bytes.len()) } else { None };
        Ok(match lent {
            Some(bytes) => Self::Lent(bytes),
            None => Self::Stored(Stored::new(store, bytes)?),
        })
    }

    fn run(self, store: &Store, chain: &Chain, cancel: &Cancel) -> std::result::Result<Payload, BufferError> {
        let result = match self {
            Self::Lent(bytes) => store.run_chain_shared(bytes, chain, cancel),
            Self::Stored(stored) => store.run_chain(stored.take()?, chain, cancel),
        };
        result.map(|(block, _)| Payload::uint8_array(block))
    }
}

/// A buffer of the store for as long as this lives.
struct Stored {
    store: Arc<Store>,
    id: u64,
}

impl Stored {
    fn new(store: &Arc<Store>, bytes: &Uint8Array) -> Result<Self> {
        let id = store.put_copy(bytes).map_err(|error| thrown(&error, store))?;
        Ok(Self { store: store.clone(), id })
    }

    /// Takes the bytes out, without a copy.
    fn take(&self) -> std::result::Result<Block, BufferError> {
        self.store.take(self.id)
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        // Taken already where all went well.
        let _ = self.store.free(self.id);
    }
}

fn failure(error: &BufferError, store: &Store) -> Failure {
    let code = match error {
        BufferError::IdNotFound(_) => Code::IdNotFound,
        BufferError::Op { .. } => Code::Op,
        BufferError::Memory { .. } => Code::Memory,
        // Nothing but the end of the sandbox cancels what Node started.
        BufferError::Cancelled => return Failure::new(Code::Closed, "the sandbox is closed"),
    };
    let failure = Failure::new(code, error.to_string());
    if code == Code::Memory { failure.with_limit(format!("bufferBytes: {}", store.limit())) } else { failure }
}

/// The code, the limit where one was reached, and the message, as `lib/port.js` reads them.
pub(crate) fn thrown(error: &BufferError, store: &Store) -> Error {
    let failure = failure(error, store);
    let limit = failure.limit.map_or(String::new(), |limit| format!(" [{limit}]"));
    Error::from_reason(format!("{}{limit}: {}", failure.code.as_str(), failure.message))
}

fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float too large or too small clamps: it is no id"
    )]
    {
        if value.fract() == 0.0 { value as u64 } else { 0 }
    }
}

fn id_payload(id: u64) -> Payload {
    let mut payload = Payload::default();
    Writer::new(&mut payload.bytes).push_f64(number(id));
    payload
}

#[napi]
impl NativeSandbox {
    /// Copies bytes into the store; their id.
    #[napi]
    pub fn put(&self, bytes: Uint8Array) -> Result<f64> {
        self.store.put_copy(&bytes).map(number).map_err(|error| thrown(&error, &self.store))
    }

    /// One operation from id to id; the ticket of the answer.
    #[napi]
    pub fn exec(&self, env: Env, op: String, input: f64, args: Option<String>, extra_id: Option<f64>) -> Result<f64> {
        Ok(self.work(env, move |store, cancel| {
            let step = store.operations().step_json(&op, args.as_deref(), extra_id.map(whole))?;
            store.exec(&step, whole(input), cancel).map(id_payload)
        }))
    }

    /// Steps from id to id; the ticket of the answer.
    #[napi]
    pub fn exec_chain(&self, env: Env, input: f64, steps: String) -> f64 {
        self.work(env, move |store, cancel| {
            let chain = store.compile(&steps)?;
            store.exec_chain(whole(input), &chain, cancel).map(id_payload)
        })
    }

    /// One operation from bytes to bytes; the ticket of the answer.
    #[napi]
    pub fn run(
        &self,
        env: Env,
        op: String,
        input: Uint8Array,
        args: Option<String>,
        extra_id: Option<f64>,
        extra_bytes: Option<Uint8Array>,
    ) -> Result<f64> {
        let extra = extra_bytes.map(|bytes| Stored::new(&self.store, &bytes)).transpose()?;
        let input = Input::new(&self.store, &input)?;
        Ok(self.work(env, move |store, cancel| {
            let extra_id = extra_id.map(whole).or(extra.as_ref().map(|extra| extra.id));
            let step = store.operations().step_json(&op, args.as_deref(), extra_id)?;
            input.run(store, &step.into(), cancel)
        }))
    }

    /// Steps from bytes, or from an id, to bytes; the ticket of the answer.
    #[napi]
    pub fn chain(&self, env: Env, steps: String, input_id: Option<f64>, input: Option<Uint8Array>) -> Result<f64> {
        let input = input.map(|bytes| Input::new(&self.store, &bytes)).transpose()?;
        Ok(self.work(env, move |store, cancel| {
            let chain = store.compile(&steps)?;
            match input {
                Some(input) => input.run(store, &chain, cancel),
                None => store
                    .run_chain_by_id(whole(input_id.unwrap_or(0.0)), &chain, cancel)
                    .map(|(block, _)| Payload::uint8_array(block)),
            }
        }))
    }

    /// Takes a buffer out of the store, without a copy.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn take<'a>(&self, env: &'a Env, id: f64) -> Result<Unknown<'a>> {
        let block = self.store.take(whole(id)).map_err(|error| thrown(&error, &self.store))?;
        // SAFETY: the calling environment.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), lend(env.raw(), block)?) })
    }

    /// Takes a buffer out of the store into `target` from `offset` on: `[bytesWritten, sourceLength]`.
    #[napi]
    pub fn take_into(&self, env: Env, id: f64, target: Object<'_>, offset: u32) -> Result<Vec<f64>> {
        let (mut data, mut length) = (null_mut(), 0);
        // SAFETY: a typed array of the calling environment; the lengths are the engine's own.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env.raw(),
                target.raw(),
                null_mut(),
                &raw mut length,
                &raw mut data,
                null_mut(),
                null_mut(),
            )
        };
        check(status, "not a Uint8Array")?;
        let bytes: &mut [u8] = if data.is_null() {
            &mut []
        } else {
            // SAFETY: Node's own thread, while JavaScript is not running; the checked memory of the array.
            unsafe { std::slice::from_raw_parts_mut(data.cast::<u8>(), length) }
        };
        let start = (offset as usize).min(bytes.len());
        let taken =
            self.store.take_into(whole(id), &mut bytes[start..]).map_err(|error| thrown(&error, &self.store))?;
        Ok(vec![number(taken.bytes_written as u64), number(taken.source_length as u64)])
    }

    /// Frees a buffer.
    #[napi]
    pub fn free(&self, id: f64) -> Result<()> {
        self.store.free(whole(id)).map_err(|error| thrown(&error, &self.store))
    }

    /// What is known of a buffer: `[byteLength, width, height, format]`.
    #[napi(ts_return_type = "{ byteLength: number; width?: number; height?: number; format?: string }")]
    pub fn info<'a>(&self, env: &'a Env, id: f64) -> Result<Object<'a>> {
        let info = self.store.info(whole(id)).map_err(|error| thrown(&error, &self.store))?;
        let mut object = Object::new(env)?;
        object.set("byteLength", number(info.byte_length as u64))?;
        if let (Some(width), Some(height)) = (info.width, info.height) {
            object.set("width", width)?;
            object.set("height", height)?;
        }
        if let Some(format) = info.format {
            object.set("format", format)?;
        }
        Ok(object)
    }
}

impl NativeSandbox {
    fn work(
        &self,
        env: Env,
        work: impl FnOnce(&Store, &Cancel) -> std::result::Result<Payload, BufferError> + Send + 'static,
    ) -> f64 {
        Work::of(self).start(env, work)
    }
}

/// What work for one sandbox needs on its way to another thread and back.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) store: Arc<Store>,
    line: Arc<Line>,
    cancel: Cancel,
}

impl Work {
    pub(crate) fn of(sandbox: &NativeSandbox) -> Self {
        Self { store: sandbox.store.clone(), line: sandbox.line.clone(), cancel: sandbox.cancel.clone() }
    }

    /// Begins work on another thread; the ticket of its answer.
    pub(crate) fn start(
        &self,
        env: Env,
        work: impl FnOnce(&Store, &Cancel) -> std::result::Result<Payload, BufferError> + Send + 'static,
    ) -> f64 {
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        let Self { store, line, cancel } = self.clone();
        spawn_blocking(move || {
            let outcome = work(&store, &cancel).map_err(|error| {
                // A closed sandbox has no buffers: what failed for that reason failed because it is closed.
                failure(if cancel.is_cancelled() { &BufferError::Cancelled } else { &error }, &store)
            });
            line.deliver(vec![Event::Settled { ticket, outcome }]);
        });
        number(ticket)
    }
}
