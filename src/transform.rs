//! `host.native.transform`: a chain as a stream, driven by `lib/transform.js`.
//!
//! Pieces are copied on Node's thread into a buffer of the stream's own, while the work is done on a thread of the I/O runtime on what
//! came before, in a second one. What a stream holds is on its sandbox's account, and is bounded, whatever goes through.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use hostbox::parts::{Block, BufferError, Cancel, Payload, Pipeline, Store, Written};
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Error, Result};
use napi_derive::napi;

use crate::bytes::{Work, thrown};
use crate::sandbox::NativeSandbox;

/// What is handed to Node at a time.
const OUTPUT_BYTES: usize = 256 << 10;
/// A pipeline stops where less room than this is left.
const LEAST_OUTPUT: usize = 4 << 10;
/// A buffer that one large piece made larger than this is not kept for the pieces after it.
const KEPT_BYTES: usize = 2 << 20;

/// What the work is done on: with the thread that works.
struct State {
    pipeline: Pipeline,
    input: Written,
    /// Bytes of the input that were taken.
    read: usize,
    is_last: bool,
    /// Bytes of the last output.
    expected: usize,
}

/// What was written meanwhile: with Node's thread.
struct Incoming {
    bytes: Written,
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
        // The next output is likely to be as long as the last one was.
        let mut output = store.writer_for(self.expected, cancel)?;
        let rest = &self.input.written()[self.read..];
        let progress = self.pipeline.run(rest, self.is_last, &mut output, OUTPUT_BYTES)?;
        self.read += progress.read;
        self.expected = progress.written;
        // A full output may hide more of the same input.
        let is_full = progress.written + 2 * LEAST_OUTPUT > OUTPUT_BYTES;
        let is_waiting = !self.is_last && !is_full && self.read == self.input.len();
        has_more.store(!progress.done && !is_waiting, Relaxed);
        store.take_written(output)
    }

    /// Exchanges input that is used up for what was written meanwhile.
    fn take(&mut self, incoming: &mut Incoming, empty: Option<Written>) {
        std::mem::swap(&mut self.input, &mut incoming.bytes);
        self.read = 0;
        self.is_last = incoming.is_last;
        match empty {
            Some(empty) => incoming.bytes = empty,
            None => incoming.bytes.clear(),
        }
    }
}

/// A chain under way over a stream. Dropped by the garbage collector, or ended by `cancel`, it gives its memory back.
#[napi]
pub struct NativeTransform {
    work: Work,
    cancel: Cancel,
    state: Arc<Mutex<Option<State>>>,
    /// Touched on Node's thread alone.
    incoming: Mutex<Option<Incoming>>,
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
            let state = State { pipeline, input: store.writer(&cancel)?, read: 0, is_last: false, expected: 0 };
            Ok((state, Incoming { bytes: store.writer(&cancel)?, is_last: false }))
        };
        let (state, incoming) = open(&work.store).map_err(|error| thrown(&error, &work.store))?;
        let (state, incoming) = (Arc::new(Mutex::new(Some(state))), Mutex::new(Some(incoming)));
        Ok(NativeTransform { work, cancel, state, incoming, has_more: Arc::default() })
    }
}

fn lock<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drops the state of a stream that was ended, unless it is being worked on: then that thread comes here when it is done with it.
fn drop_ended(state: &Mutex<Option<State>>, cancel: &Cancel) {
    // Two threads, each of which first did its part (set the flag, let go of the lock) and now looks at the other's: one of them sees it.
    fence(SeqCst);
    if cancel.is_cancelled() {
        let ended = match state.try_lock() {
            Ok(mut state) => state.take(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        // Outside the lock: giving memory back may take a while.
        drop(ended);
    }
}

#[napi]
impl NativeTransform {
    /// Takes a piece behind those before it. The work under way goes on; `next` turns to it.
    #[napi]
    pub fn write(&self, piece: Uint8Array) -> Result<()> {
        let mut incoming = lock(&self.incoming);
        let Some(incoming) = incoming.as_mut() else { return Ok(()) };
        incoming.bytes.write_all(&piece).map_err(|error| match incoming.bytes.failure() {
            Some(failure) => thrown(&failure, &self.work.store),
            None => Error::from_reason(error.to_string()),
        })
    }

    /// Says that no more pieces will come.
    #[napi]
    pub fn end(&self) {
        if let Some(incoming) = lock(&self.incoming).as_mut() {
            incoming.is_last = true;
        }
    }

    /// Goes on with what it has (`hasMore`), or else with what was written, until that is used up or there is enough output; the ticket of
    /// that output, a Uint8Array. Not called again before the answer is there.
    #[napi]
    pub fn next(&self, env: Env) -> Result<f64> {
        if !self.has_more() {
            self.take_incoming()?;
        }
        let (state, has_more, cancel) = (self.state.clone(), self.has_more.clone(), self.cancel.clone());
        Ok(self.work.start(env, move |store, _| {
            let mut slot = lock(&state);
            let outcome = match slot.as_mut() {
                Some(state) if !cancel.is_cancelled() => state.advance(store, &cancel, &has_more),
                _ => Err(BufferError::Cancelled),
            };
            if outcome.is_err() {
                // Nothing of it is needed any more.
                *slot = None;
            }
            drop(slot);
            drop_ended(&state, &cancel);
            outcome.map(Payload::uint8_array)
        }))
    }

    /// Whether `next` goes on with what was taken before, and not with what was written since.
    #[napi(getter)]
    pub fn has_more(&self) -> bool {
        self.has_more.load(Relaxed)
    }

    /// Ends the stream and gives its memory back, at once or when the work under way has seen it.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
        *lock(&self.incoming) = None;
        drop_ended(&self.state, &self.cancel);
    }
}

impl NativeTransform {
    fn take_incoming(&self) -> Result<()> {
        // No work is under way: nobody else holds the lock, or only to drop what was ended.
        let (mut state, mut incoming) = (lock(&self.state), lock(&self.incoming));
        if let (Some(state), Some(incoming)) = (state.as_mut(), incoming.as_mut()) {
            let is_large = state.input.len() > KEPT_BYTES;
            let fresh = || self.work.store.writer(&self.cancel).map_err(|error| thrown(&error, &self.work.store));
            state.take(incoming, if is_large { Some(fresh()?) } else { None });
        }
        Ok(())
    }
}
