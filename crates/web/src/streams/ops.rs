//! `host:streams`: see `ops.d.ts`. Other features make handles with [`source_handle`] and [`sink_handle`].

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use bytes::Bytes;
use hostbox_buffers::{Cancel, Error as BufferError, Store, Writer};
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, Payload, held, hold, new_error};
use rquickjs::{Array, Ctx, TypedArray, Value};

use super::native::{ByteSink, ByteSource, PumpEnd, Stop, pump};
use super::pipe::pipe;
use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:streams",
    functions: &[
        Native { name: c"read", length: 2, run: read },
        Native { name: c"cancelSource", length: 1, run: cancel_source },
        Native { name: c"write", length: 2, run: write },
        Native { name: c"closeSink", length: 1, run: close_sink },
        Native { name: c"abortSink", length: 2, run: abort_sink },
        Native { name: c"newPump", length: 2, run: new_pump },
        Native { name: c"runPump", length: 1, run: run_pump },
        Native { name: c"stopPump", length: 1, run: stop_pump },
        Native { name: c"newPipe", length: 0, run: new_pipe },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// The most that one read gives.
const MOST_BYTES: usize = 1 << 20;
/// Chunks up to this size are not worth an entry on the account: there is one of them for each handle.
const UNPAID_BYTES: usize = 16 << 10;

// ── handles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// One end of a stream, which does one thing at a time: what is on its way is bounded by the number of handles.
struct End<T: ?Sized> {
    end: Arc<T>,
    taken: Arc<AtomicBool>,
}

/// As long as something is under way.
struct Taken(Arc<AtomicBool>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

impl<T: ?Sized> End<T> {
    fn new(end: Arc<T>) -> Self {
        Self { end, taken: Arc::default() }
    }

    fn take(&self) -> Result<(Arc<T>, Taken), OpError> {
        if self.taken.swap(true, SeqCst) {
            let message = "the stream is busy with something else".into();
            return Err(OpError { class: ErrorClass::Type, message, ..OpError::default() });
        }
        Ok((self.end.clone(), Taken(self.taken.clone())))
    }
}

impl<T: ?Sized> Clone for End<T> {
    fn clone(&self) -> Self {
        Self { end: self.end.clone(), taken: self.taken.clone() }
    }
}

struct SourceHandle(End<dyn ByteSource>);
struct SinkHandle(End<dyn ByteSink>);
struct PumpHandle {
    source: End<dyn ByteSource>,
    sink: End<dyn ByteSink>,
    stop: Arc<Stop>,
}

/// A source as guest code holds it.
pub(crate) fn source_handle<'js>(ctx: &Ctx<'js>, source: Arc<dyn ByteSource>) -> Answer<'js> {
    hold(ctx, SourceHandle(End::new(source)))
}

/// A sink as guest code holds it.
pub(crate) fn sink_handle<'js>(ctx: &Ctx<'js>, sink: Arc<dyn ByteSink>) -> Answer<'js> {
    hold(ctx, SinkHandle(End::new(sink)))
}

/// The source behind a handle, for who reads it to its end without the guest.
pub(crate) fn source_of(value: &Value<'_>) -> rquickjs::Result<Arc<dyn ByteSource>> {
    source_end(value).map(|end| end.end)
}

/// The sink behind a handle, for who writes to it without the guest.
pub(crate) fn sink_of(value: &Value<'_>) -> rquickjs::Result<Arc<dyn ByteSink>> {
    sink_end(value).map(|end| end.end)
}

fn source_end(value: &Value<'_>) -> rquickjs::Result<End<dyn ByteSource>> {
    Ok(held::<SourceHandle>(value)?.borrow().0.clone())
}

fn sink_end(value: &Value<'_>) -> rquickjs::Result<End<dyn ByteSink>> {
    Ok(held::<SinkHandle>(value)?.borrow().0.clone())
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn read<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (source, taken) = match source_end(&call.arg(0))?.take() {
        Ok(end) => end,
        Err(busy) => return call.settled(Err(&busy)),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
    let most = (call.number(1)? as usize).clamp(1, MOST_BYTES);
    call.spawn(None, async move {
        let outcome = source.read(most).await;
        drop(taken);
        match outcome {
            Ok(Some(bytes)) => OpOutcome::Finish(Box::new(move |ctx, _| {
                Ok(TypedArray::<u8>::new_copy(ctx.clone(), &bytes)?.into_value())
            })),
            Ok(None) => OpOutcome::Value(Payload::undefined()),
            Err(error) => OpOutcome::Error(error),
        }
    })
}

fn cancel_source<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    source_of(&call.arg(0))?.cancel();
    Ok(call.undefined())
}

// ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn write<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (sink, taken) = match sink_end(&call.arg(0))?.take() {
        Ok(end) => end,
        Err(busy) => return call.settled(Err(&busy)),
    };
    let store = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store;
    let bytes = call.with_bytes(1, |bytes| paid_copy(store, bytes)).unwrap_or_else(|| {
        let message = "Expected bytes in an ArrayBuffer that is not detached".into();
        Err(OpError { class: ErrorClass::Type, message, ..OpError::default() })
    });
    match bytes {
        Err(error) => call.settled(Err(&error)),
        Ok(bytes) => call.spawn(None, async move {
            let outcome = sink.write(bytes).await;
            drop(taken);
            done(outcome)
        }),
    }
}

fn close_sink<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match sink_end(&call.arg(0))?.take() {
        Err(busy) => call.settled(Err(&busy)),
        Ok((sink, taken)) => call.spawn(None, async move {
            let outcome = sink.close().await;
            drop(taken);
            done(outcome)
        }),
    }
}

fn abort_sink<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    sink_of(&call.arg(0))?.abort(&call.string(1)?);
    Ok(call.undefined())
}

fn done(outcome: Result<(), OpError>) -> OpOutcome {
    match outcome {
        Ok(()) => OpOutcome::Value(Payload::undefined()),
        Err(error) => OpOutcome::Error(error),
    }
}

/// A copy that the sandbox's store pays for until the last reference is gone.
fn paid_copy(store: &Store, bytes: &[u8]) -> Result<Bytes, OpError> {
    if bytes.len() <= UNPAID_BYTES {
        return Ok(Bytes::copy_from_slice(bytes));
    }
    let refused = |error: &BufferError| OpError {
        class: ErrorClass::Range,
        message: error.to_string(),
        code: Some(error.code().into()),
        name: None,
    };
    let mut writer = store.writer_for(bytes.len(), &Cancel::new()).map_err(|error| refused(&error))?;
    if writer.write_all(bytes).is_err() {
        return Err(writer.failure().map(|error| refused(&error)).unwrap_or_default());
    }
    Ok(Bytes::from_owner(Written(writer)))
}

struct Written(Writer);

impl AsRef<[u8]> for Written {
    fn as_ref(&self) -> &[u8] {
        self.0.written()
    }
}

// ── from a source to a sink ─────────────────────────────────────────────────────────────────────────────────────────────────────────

fn new_pump<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (source, sink) = (source_end(&call.arg(0))?, sink_end(&call.arg(1))?);
    hold(call.ctx(), PumpHandle { source, sink, stop: Arc::default() })
}

fn run_pump<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = held::<PumpHandle>(&call.arg(0))?;
    let handle = handle.borrow();
    let both = handle.source.take().and_then(|source| Ok((source, handle.sink.take()?)));
    let ((source, reading), (sink, writing)) = match both {
        Ok(both) => both,
        Err(busy) => return call.settled(Err(&busy)),
    };
    let stop = handle.stop.clone();
    call.spawn(None, async move {
        // Ends that are always ready would keep the guest's thread: bytes move on the I/O runtime alone.
        tokio::task::yield_now().await;
        let end = pump(&*source, &*sink, &stop).await;
        drop((reading, writing));
        let (number, error) = match end {
            PumpEnd::Ended => (0, None),
            PumpEnd::Source(error) => (1, Some(error)),
            PumpEnd::Sink(error) => (2, Some(error)),
            PumpEnd::Stopped => (3, None),
        };
        OpOutcome::Finish(Box::new(move |ctx, _| {
            let answer = Array::new(ctx.clone())?;
            answer.set(0, number)?;
            answer.set(1, error.map(|error| new_error(ctx, &error)))?;
            Ok(answer.into_value())
        }))
    })
}

fn stop_pump<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    held::<PumpHandle>(&call.arg(0))?.borrow().stop.stop();
    Ok(call.undefined())
}

fn new_pipe<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (sink, source) = pipe();
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, sink_handle(call.ctx(), sink)?)?;
    answer.set(1, source_handle(call.ctx(), source)?)?;
    Ok(answer.into_value())
}
