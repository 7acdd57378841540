//! Work on files off the guest's thread, and what becomes of its outcome.

use std::sync::{Arc, Mutex, PoisonError};

use hostbox_buffers::{Cancel, Error as BufferError, Store, Writer, text};
use hostbox_engine::{
    Call, Completer, ErrorClass, OpError, OpOutcome, array_buffer, bytes_mut, hold, new_error, spawn_blocking,
};
use hostbox_files::{Entries, Error, Failed, Files, OpenFile, Stat, Watcher};
use rquickjs::{Array, Ctx, IntoJs, Value};

use super::handles::{FileHandle, SignalHandle, WatchHandle};
use crate::Data;
use crate::nodebytes::text::Encoding;

pub(super) type Answer<'js> = rquickjs::Result<Value<'js>>;

/// What work is done on, off the guest's thread.
pub(super) struct Desk {
    pub(super) files: Files,
    pub(super) store: Arc<Store>,
    pub(super) cancel: Cancel,
}

/// What comes of it.
pub(super) enum Done {
    Nothing,
    Number(f64),
    Text(Option<String>),
    Bytes(Writer),
    /// And the encoding.
    Decoded(Writer, Encoding),
    Into(Writer),
    Facts(Stat),
    Entries(Entries),
    Open(Arc<OpenFile>),
    Watch(Box<Watcher>),
}

pub(super) type Outcome = Result<Done, Error>;

pub(super) fn run<'js>(
    call: &Call<'_, 'js>,
    held: Option<Value<'js>>,
    work: impl FnOnce(&Desk) -> Outcome + Send + 'static,
) -> Answer<'js> {
    run_until(call, held, None, work)
}

/// `until` is the index of a signal that may end it.
pub(super) fn run_until<'js>(
    call: &Call<'_, 'js>,
    held: Option<Value<'js>>,
    until: Option<usize>,
    work: impl FnOnce(&Desk) -> Outcome + Send + 'static,
) -> Answer<'js> {
    let data = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?;
    let (files, store) = (data.files.clone(), data.store.clone());
    let signal = match until.map(|index| call.arg(index)).filter(|signal| !signal.is_undefined()) {
        Some(signal) => Some(hostbox_engine::held::<SignalHandle>(&signal)?),
        None => None,
    };
    let (promise, completer) = call.start(held)?;
    let mut cancel = Cancel::with_flag(completer.cancelled(), None);
    if let Some(signal) = signal {
        cancel = cancel.child();
        let signal = signal.borrow();
        let mut signal = signal.0.lock().unwrap_or_else(PoisonError::into_inner);
        if signal.0 {
            cancel.cancel();
        } else {
            signal.1.push(cancel.clone());
        }
    }
    let job = move || finish(&Desk { files, store, cancel }, completer, work);
    data.file_lanes.run(Box::new(job), spawn_blocking);
    Ok(promise)
}

fn finish(desk: &Desk, completer: Completer, work: impl FnOnce(&Desk) -> Outcome) {
    let outcome = if desk.cancel.is_cancelled() { Err(Error::Cancelled) } else { work(desk) };
    completer.complete(outcome.map_or_else(failure, |done| done.outcome(&desk.store)));
}

fn buffer_error(error: &BufferError) -> OpError {
    let class = if matches!(error, BufferError::Memory { .. }) { ErrorClass::Range } else { ErrorClass::Type };
    OpError { class, message: error.to_string(), code: Some(error.code().into()), name: None }
}

fn failure(error: Error) -> OpOutcome {
    match error {
        Error::Buffer(error) => OpOutcome::Error(buffer_error(&error)),
        Error::Cancelled => {
            let message = "the operation was cancelled".into();
            OpOutcome::Error(OpError { message, code: Some("ABORT_ERR".into()), ..OpError::default() })
        }
        Error::System(failed) => OpOutcome::Finish(Box::new(move |ctx, _| {
            let error = system_error(ctx, failed)?;
            Err(ctx.throw(error))
        })),
    }
}

fn system_error<'js>(ctx: &Ctx<'js>, failed: Failed) -> Answer<'js> {
    let message = failed.to_string();
    let code = Some(failed.code.name.into());
    let error = new_error(ctx, &OpError { message, code, ..OpError::default() });
    if let Some(fields) = error.as_object() {
        fields.set("errno", -failed.code.errno)?;
        fields.set("syscall", failed.syscall)?;
        if let Some(path) = failed.path {
            fields.set("path", path)?;
        }
        if let Some(dest) = failed.dest {
            fields.set("dest", dest)?;
        }
    }
    Ok(error)
}

impl Done {
    fn outcome(self, store: &Store) -> OpOutcome {
        let finished = self.finished(store);
        finished.unwrap_or_else(|error| OpOutcome::Error(buffer_error(&error)))
    }

    fn finished(self, store: &Store) -> Result<OpOutcome, BufferError> {
        Ok(OpOutcome::Finish(match self {
            Done::Nothing => Box::new(|ctx, _| Ok(Value::new_undefined(ctx.clone()))),
            Done::Number(number) => Box::new(move |ctx, _| Ok(Value::new_number(ctx.clone(), number))),
            Done::Text(text) => Box::new(move |ctx, _| text.into_js(ctx)),
            Done::Bytes(written) => {
                let block = store.take_written(written)?;
                Box::new(move |ctx, _| array_buffer(ctx, block))
            }
            Done::Decoded(written, encoding) => return decoded(written, encoding, store),
            Done::Into(written) => Box::new(move |ctx, held| {
                let bytes = written.written();
                let copied = held.and_then(|target| {
                    bytes_mut(ctx, &target, |target| {
                        let length = bytes.len().min(target.len());
                        target[..length].copy_from_slice(&bytes[..length]);
                        length
                    })
                });
                copied.unwrap_or(0).into_js(ctx)
            }),
            Done::Facts(stat) => Box::new(move |ctx, _| facts(ctx, &stat)),
            Done::Entries(entries) => {
                let (names, kinds) = joined(&entries);
                Box::new(move |ctx, _| {
                    // What pays for the names goes when the guest has them.
                    let _paid = entries;
                    pair(ctx, names, kinds)
                })
            }
            Done::Open(file) => Box::new(move |ctx, _| {
                let handle = FileHandle(Mutex::new(Some(file)));
                hold(ctx, handle)
            }),
            Done::Watch(watcher) => Box::new(move |ctx, _| {
                let watcher = Arc::new(Mutex::new(Some(*watcher)));
                hold(ctx, WatchHandle { watcher, stopped: Arc::default() })
            }),
        }))
    }
}

/// Text is made off the guest's thread, and paid for while it waits.
fn decoded(written: Writer, encoding: Encoding, store: &Store) -> Result<OpOutcome, BufferError> {
    if encoding == Encoding::Utf8 && std::str::from_utf8(written.written()).is_ok() {
        return Ok(OpOutcome::Finish(Box::new(move |ctx, _| {
            // Looked at twice, since that costs less than a copy.
            text(written.written()).into_js(ctx)
        })));
    }
    let mut paid = store.charge()?;
    // No encoding has more than three bytes of text for one.
    paid.set(written.len() as u64 * 3)?;
    let text = encoding.encode(written.written());
    drop(written);
    Ok(OpOutcome::Finish(Box::new(move |ctx, _| {
        let text = text.into_js(ctx);
        drop(paid);
        text
    })))
}

#[expect(clippy::cast_precision_loss, reason = "as Node gives them: sizes and times stay below 2⁵³")]
fn facts<'js>(ctx: &Ctx<'js>, stat: &Stat) -> Answer<'js> {
    let ino = ((stat.ino >> 32) as f64, (stat.ino & 0xffff_ffff) as f64);
    let mut numbers = vec![stat.device as f64, f64::from(stat.mode), ino.0, ino.1];
    numbers.extend([stat.nlink as f64, stat.size as f64, stat.blocks as f64]);
    for (seconds, nanos) in stat.times {
        numbers.extend([seconds as f64, f64::from(nanos)]);
    }
    numbers.into_js(ctx)
}

/// Names with a NUL between them, and the digit of each one's kind.
fn joined(entries: &Entries) -> (String, String) {
    let mut names = String::new();
    let mut kinds = String::new();
    for entry in &entries.entries {
        if !kinds.is_empty() {
            names.push('\0');
        }
        names.push_str(&entry.name);
        kinds.push(char::from(b'0' + entry.kind.number()));
    }
    (names, kinds)
}

pub(super) fn pair<'js>(ctx: &Ctx<'js>, one: String, other: String) -> Answer<'js> {
    let answer = Array::new(ctx.clone())?;
    answer.set(0, one)?;
    answer.set(1, other)?;
    Ok(answer.into_value())
}
