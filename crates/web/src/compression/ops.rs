//! `host:compression`: see `ops.d.ts`.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use hostbox_buffers::{Block, Cancel, Coding, Error as BufferError, Pipeline, Store, Writer};
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer, held, hold};
use rquickjs::{Array, Ctx, TypedArray, Value};

use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:compression",
    functions: &[Native { name: c"newCodec", length: 2, run: new_codec }, Native { name: c"run", length: 3, run }],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// What one piece of output has at most.
const OUTPUT_BYTES: usize = 64 << 10;
/// A pipeline stops where less room than this is left.
const LEAST_OUTPUT: usize = 4 << 10;
/// Input up to this length is worked on at once: another thread costs more.
const SHORT_BYTES: usize = 8 << 10;
/// Output up to this length goes to the guest's own memory, longer output as memory of ours.
const COPIED_BYTES: usize = 4 << 10;

/// What the work is done on.
struct State {
    pipeline: Pipeline,
    input: Writer,
    /// Bytes of the input that were taken.
    read: usize,
    is_last: bool,
    is_over: bool,
}

impl State {
    /// Goes on until the input is used up or there is a piece of output; whether there is more to come.
    fn advance(&mut self, store: &Store, cancel: &Cancel) -> Result<(Block, bool), BufferError> {
        let mut output = store.writer(cancel)?;
        let mut has_more = false;
        if !self.is_over {
            let rest = &self.input.written()[self.read..];
            if !rest.is_empty() || self.is_last {
                let progress = self.pipeline.run(rest, self.is_last, &mut output, OUTPUT_BYTES)?;
                self.read += progress.read;
                self.is_over = progress.done;
                // A full output may hide more of the same input.
                let is_full = progress.written + 2 * LEAST_OUTPUT > OUTPUT_BYTES;
                has_more = !progress.done && (is_full || self.is_last || self.read < self.input.len());
            }
        }
        Ok((store.take_written(output)?, has_more))
    }

    /// Takes input behind what it has, of which nothing is left where the caller asked for all output.
    fn take(&mut self, bytes: &[u8], store: &Store, cancel: &Cancel) -> Result<(), BufferError> {
        if self.read == self.input.len() {
            self.read = 0;
            if self.input.len() > OUTPUT_BYTES { self.input = store.writer(cancel)? } else { self.input.clear() }
        }
        self.input
            .write_all(bytes)
            .map_err(|error| self.input.failure().unwrap_or_else(|| BufferError::Memory { message: error.to_string() }))
    }
}

/// A codec as guest code holds it. Dropped, it gives its memory back.
struct Codec(Arc<Mutex<Option<State>>>);

fn error(error: &BufferError) -> OpError {
    match error {
        BufferError::Memory { message } => {
            OpError { class: ErrorClass::Range, message: message.clone(), code: Some(error.code().into()), name: None }
        }
        BufferError::Op { message, .. } => type_error(message),
        other => type_error(&other.to_string()),
    }
}

fn type_error(message: &str) -> OpError {
    OpError { class: ErrorClass::Type, message: message.into(), ..OpError::default() }
}

fn store(call: &Call<'_, '_>) -> rquickjs::Result<Arc<Store>> {
    call.data::<Data>().map(|data| data.store.clone()).ok_or(rquickjs::Error::Unknown)
}

fn new_codec<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, cancel) = (store(call)?, Cancel::new());
    let coding = Coding::from_name(&call.string(0)?).ok_or(rquickjs::Error::Unknown)?;
    let open = || {
        let pipeline =
            if call.boolean(1) { store.decompressor(coding, &cancel) } else { store.compressor(coding, &cancel) }?;
        Ok(State { pipeline, input: store.writer(&cancel)?, read: 0, is_last: false, is_over: false })
    };
    let state = open().map_err(|failed| call.throw(&error(&failed)))?;
    hold(call.ctx(), Codec(Arc::new(Mutex::new(Some(state)))))
}

fn run<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, is_last) = (store(call)?, call.boolean(2));
    let codec = held::<Codec>(&call.arg(0))?.borrow().0.clone();
    // Taken out while somebody works on it: a second call at the same time finds nothing, and nobody waits for a lock.
    let Some(mut state) = codec.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        return call.settled(Err(&type_error("the stream has failed, or is busy with something else")));
    };
    state.is_last |= is_last;
    let taken = call.with_bytes(1, |bytes| (bytes.len(), state.take(bytes, &store, &Cancel::new())));
    let length = match taken {
        Some((length, Ok(()))) => length,
        Some((_, Err(failed))) => return call.settled(Err(&error(&failed))),
        None if call.is_undefined(1) => 0,
        None => return call.settled(Err(&type_error("the chunk's buffer is detached"))),
    };
    let is_short = length <= SHORT_BYTES && state.input.len() - state.read <= SHORT_BYTES;
    let work = move |cancel: &Cancel| {
        let outcome = state.advance(&store, cancel);
        if outcome.is_ok() {
            // After an error nothing of it is needed any more.
            *codec.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
        }
        match outcome {
            Ok((block, has_more)) => {
                OpOutcome::Finish(Box::new(move |ctx: &Ctx<'_>, _: Option<Value<'_>>| answer(ctx, block, has_more)))
            }
            Err(failed) => OpOutcome::Error(error(&failed)),
        }
    };
    if is_short {
        return call.spawn(None, std::future::ready(work(&Cancel::new())));
    }
    call.offload(None, move |completer| work(&Cancel::with_flag(completer.cancelled(), None)))
}

fn answer<'js>(ctx: &Ctx<'js>, block: Block, has_more: bool) -> Answer<'js> {
    let answer = Array::new(ctx.clone())?;
    if block.is_empty() {
        answer.set(0, Value::new_undefined(ctx.clone()))?;
    } else if block.len() <= COPIED_BYTES {
        answer.set(0, TypedArray::<u8>::new_copy(ctx.clone(), &block[..])?)?;
    } else {
        let buffer = rquickjs::ArrayBuffer::from_value(array_buffer(ctx, block)?).ok_or(rquickjs::Error::Unknown)?;
        answer.set(0, TypedArray::<u8>::from_arraybuffer(buffer)?)?;
    }
    answer.set(1, has_more)?;
    Ok(answer.into_value())
}
