//! `host.native.transform`: a chain as a stream, driven by `lib/transform.js` one piece at a time.
//!
//! Pieces are copied on Node's thread into one buffer of the stream's own; the work is done on threads of the I/O runtime. What a stream
//! holds is on its sandbox's account, and is bounded, whatever goes through.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use hostbox::parts::{Block, BufferError, Cancel, Payload, Pipeline, Store, Written};
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Error, Result};
use napi_derive::napi;

use crate::bytes::{Work, thrown};
use crate::sandbox::NativeSandbox;

/// What is handed to Node at a time.
const OUTPUT_BYTES: usize = 128 << 10;
/// A pipeline stops where less room than this is left.
const LEAST_OUTPUT: usize = 4 << 10;

struct State {
    pipeline: Pipeline,
    input: Written,
    /// Bytes of the input that were taken.
    read: usize,
    is_last: bool,
}

impl State {
    /// Goes on until the input is used up or there is enough output.
    fn advance(
        &mut self,
        store: &Store,
        cancel: &Cancel,
        has_more: &AtomicBool,
    ) -> std::result::Result<Block, BufferError> {
        let mut output = store.writer(cancel)?;
        let rest = &self.input.written()[self.read..];
        let progress = self.pipeline.run(rest, self.is_last, &mut output, OUTPUT_BYTES)?;
        self.read += progress.read;
        // A full output may hide more of the same input.
        let is_full = progress.written + 2 * LEAST_OUTPUT > OUTPUT_BYTES;
        let is_waiting = !self.is_last && !is_full && self.read == self.input.len();
        has_more.store(!progress.done && !is_waiting, Relaxed);
        store.take_written(output)
    }
}

/// A chain under way over a stream. Dropped by the garbage collector, or ended by `cancel`, it gives its memory back.
#[napi]
pub struct NativeTransform {
    work: Work,
    cancel: Cancel,
    state: Arc<Mutex<Option<State>>>,
    has_more: Arc<AtomicBool>,
}

#[napi]
impl NativeSandbox {
    /// Begins a stream. Refused where a step needs its whole input.
    #[napi]
    pub fn transform(&self, steps: String) -> Result<NativeTransform> {
        let work = Work::of(self);
        let cancel = self.cancel.child();
        let open = |store: &Store| {
            let pipeline = store.stream_chain(&*store.compile(&steps)?, &cancel)?;
            Ok(State { pipeline, input: store.writer(&cancel)?, read: 0, is_last: false })
        };
        let state = open(&work.store).map_err(|error| thrown(&error, &work.store))?;
        let state = Arc::new(Mutex::new(Some(state)));
        Ok(NativeTransform { work, cancel, state, has_more: Arc::default() })
    }
}

fn lock(state: &Mutex<Option<State>>) -> std::sync::MutexGuard<'_, Option<State>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[napi]
impl NativeTransform {
    /// Takes a piece, after all that came before was taken: `next` goes on with it.
    #[napi]
    pub fn write(&self, piece: Uint8Array) -> Result<()> {
        let mut state = lock(&self.state);
        let Some(state) = state.as_mut() else { return Ok(()) };
        if state.read > 0 {
            state.read = 0;
            state.input.clear();
        }
        state.input.write_all(&piece).map_err(|error| match state.input.failure() {
            Some(failure) => thrown(&failure, &self.work.store),
            None => Error::from_reason(error.to_string()),
        })
    }

    /// Says that no more pieces will come.
    #[napi]
    pub fn end(&self) {
        if let Some(state) = lock(&self.state).as_mut() {
            if state.read > 0 {
                state.read = 0;
                state.input.clear();
            }
            state.is_last = true;
        }
    }

    /// Goes on until the pieces are used up or there is enough output; the ticket of that output, a Uint8Array.
    #[napi]
    pub fn next(&self, env: Env) -> f64 {
        let (state, has_more, cancel) = (self.state.clone(), self.has_more.clone(), self.cancel.clone());
        self.work.start(env, move |store, _| {
            let mut slot = lock(&state);
            let outcome = match slot.as_mut() {
                Some(state) if !cancel.is_cancelled() => state.advance(store, &cancel, &has_more),
                _ => Err(BufferError::Cancelled),
            };
            // After an error, or when the stream was ended meanwhile, nothing of it is needed any more.
            if outcome.is_err() || cancel.is_cancelled() {
                *slot = None;
            }
            outcome.map(Payload::uint8_array)
        })
    }

    /// Whether `next` is to be called again before another piece is written.
    #[napi(getter)]
    pub fn has_more(&self) -> bool {
        self.has_more.load(Relaxed)
    }

    /// Ends the stream and gives its memory back, at once or when the work under way has seen it.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
        if let Ok(mut state) = self.state.try_lock() {
            *state = None;
        }
    }
}
