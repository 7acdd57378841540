//! `host:fs`: see `ops.d.ts`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hostbox_buffers::{Cancel, Error as BufferError, Store, Writer};
use hostbox_engine::{
    Call, Completer, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer, bytes_mut, new_error,
    spawn_blocking,
};
use hostbox_files::{
    Change, Content, CopyMode, Entries, Error, Failed, Files, Flags, Mode, OpenFile, Removal, Stat, Watcher,
};
use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Array, Class, Ctx, IntoJs, JsLifetime, Object, Value};
use tokio::sync::Notify;

use super::ends::{FileSink, FileSource, Place, Shared, Workshop};
use crate::Data;
use crate::body::ops::paid;
use crate::nodebytes::text::Encoding;
use crate::streams::ops::{sink_handle, source_handle};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:fs",
    functions: &[
        Native { name: c"newSignal", length: 0, run: new_signal },
        Native { name: c"abort", length: 1, run: abort },
        Native { name: c"readFile", length: 4, run: read_file },
        Native { name: c"storeFile", length: 3, run: store_file },
        Native { name: c"writeFile", length: 6, run: write_file },
        Native { name: c"stat", length: 2, run: stat },
        Native { name: c"list", length: 2, run: list },
        Native { name: c"look", length: 1, run: look },
        Native { name: c"access", length: 2, run: access },
        Native { name: c"makeDir", length: 3, run: make_dir },
        Native { name: c"makeTempDir", length: 1, run: make_temp_dir },
        Native { name: c"unlink", length: 1, run: unlink },
        Native { name: c"removeDir", length: 1, run: remove_dir },
        Native { name: c"remove", length: 3, run: remove },
        Native { name: c"rename", length: 2, run: rename },
        Native { name: c"copyFile", length: 3, run: copy_file },
        Native { name: c"symlink", length: 2, run: symlink },
        Native { name: c"link", length: 2, run: link },
        Native { name: c"readLink", length: 1, run: read_link },
        Native { name: c"realPath", length: 1, run: real_path },
        Native { name: c"truncate", length: 2, run: truncate },
        Native { name: c"chmod", length: 2, run: chmod },
        Native { name: c"utimes", length: 4, run: utimes },
        Native { name: c"open", length: 3, run: open },
        Native { name: c"close", length: 1, run: close },
        Native { name: c"read", length: 3, run: read },
        Native { name: c"write", length: 4, run: write },
        Native { name: c"statFile", length: 1, run: stat_file },
        Native { name: c"truncateFile", length: 2, run: truncate_file },
        Native { name: c"sync", length: 2, run: sync },
        Native { name: c"chmodFile", length: 2, run: chmod_file },
        Native { name: c"utimesFile", length: 3, run: utimes_file },
        Native { name: c"watch", length: 2, run: watch },
        Native { name: c"changes", length: 1, run: changes },
        Native { name: c"unwatch", length: 1, run: unwatch },
        Native { name: c"newPlace", length: 3, run: new_place },
        Native { name: c"openPlace", length: 1, run: open_place },
        Native { name: c"closePlace", length: 1, run: close_place },
        Native { name: c"source", length: 3, run: source_of },
        Native { name: c"sink", length: 2, run: sink_of },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

// ── handles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// An open file, until somebody closes it. What works on it keeps it open a little longer.
struct FileHandle(Mutex<Option<Arc<OpenFile>>>);

/// Ends one operation or several.
#[derive(Default)]
struct SignalHandle(Mutex<(bool, Vec<Cancel>)>);

/// A file that a stream opens when it needs it.
struct PlaceHandle(Shared);

/// A watcher, until somebody stops it.
struct WatchHandle {
    watcher: Arc<Mutex<Option<Watcher>>>,
    stopped: Arc<Notify>,
}

impl Drop for WatchHandle {
    fn drop(&mut self) {
        self.stopped.notify_one();
    }
}

macro_rules! handles {
    ($($handle:ident)*) => {
        $(
            // SAFETY: holds nothing of the engine's.
            unsafe impl JsLifetime<'_> for $handle {
                type Changed<'to> = $handle;
            }

            impl<'js> Trace<'js> for $handle {
                fn trace<'a>(&self, _tracer: Tracer<'a, 'js>) {}
            }

            impl<'js> JsClass<'js> for $handle {
                const NAME: &'static str = stringify!($handle);
                type Mutable = Readable;

                fn prototype(_ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
                    Ok(None)
                }

                fn constructor(_ctx: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
                    Ok(None)
                }
            }
        )*
    };
}

handles! { FileHandle SignalHandle PlaceHandle WatchHandle }

fn new_signal<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    Ok(Class::instance(call.ctx().clone(), SignalHandle::default())?.into_value())
}

fn abort<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = Class::<SignalHandle>::from_value(&call.arg(0))?;
    let handle = handle.borrow();
    let mut signal = handle.0.lock().unwrap_or_else(PoisonError::into_inner);
    signal.0 = true;
    signal.1.drain(..).for_each(|cancel| cancel.cancel());
    Ok(call.undefined())
}

/// The open file of the argument at `index`; nothing where it was closed.
pub(crate) fn file_at(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<Arc<OpenFile>>> {
    let handle = Class::<FileHandle>::from_value(&call.arg(index))?;
    let file = handle.borrow().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(file)
}

// ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What work is done on, off the guest's thread.
struct Desk {
    files: Files,
    store: Arc<Store>,
    cancel: Cancel,
}

/// What comes of it.
enum Done {
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

type Outcome = Result<Done, Error>;

fn run<'js>(
    call: &Call<'_, 'js>,
    held: Option<Value<'js>>,
    work: impl FnOnce(&Desk) -> Outcome + Send + 'static,
) -> Answer<'js> {
    run_until(call, held, None, work)
}

/// `until` is the index of a signal that may end it.
fn run_until<'js>(
    call: &Call<'_, 'js>,
    held: Option<Value<'js>>,
    until: Option<usize>,
    work: impl FnOnce(&Desk) -> Outcome + Send + 'static,
) -> Answer<'js> {
    let data = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?;
    let (files, store) = (data.files.clone(), data.store.clone());
    let signal = match until.map(|index| call.arg(index)).filter(|signal| !signal.is_undefined()) {
        Some(signal) => Some(Class::<SignalHandle>::from_value(&signal)?),
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
                Ok(Class::instance(ctx.clone(), handle)?.into_value())
            }),
            Done::Watch(watcher) => Box::new(move |ctx, _| {
                let watcher = Arc::new(Mutex::new(Some(*watcher)));
                Ok(Class::instance(ctx.clone(), WatchHandle { watcher, stopped: Arc::default() })?.into_value())
            }),
        }))
    }
}

/// Text is made off the guest's thread, and paid for while it waits.
fn decoded(written: Writer, encoding: Encoding, store: &Store) -> Result<OpOutcome, BufferError> {
    if encoding == Encoding::Utf8 && std::str::from_utf8(written.written()).is_ok() {
        return Ok(OpOutcome::Finish(Box::new(move |ctx, _| {
            // Looked at twice, since that costs less than a copy.
            String::from_utf8_lossy(written.written()).into_js(ctx)
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

fn pair<'js>(ctx: &Ctx<'js>, one: String, other: String) -> Answer<'js> {
    let answer = Array::new(ctx.clone())?;
    answer.set(0, one)?;
    answer.set(1, other)?;
    Ok(answer.into_value())
}

// ── arguments ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
fn bits(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u32> {
    Ok(call.number(index)? as u32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
fn length(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u64> {
    Ok(call.number(index)? as u64)
}

/// Nothing for a negative one.
fn position(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<u64>> {
    let at = call.number(index)?;
    if at < 0.0 { Ok(None) } else { length(call, index).map(Some) }
}

fn encoding(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<Encoding>> {
    if call.is_undefined(index) { Ok(None) } else { Ok(Encoding::from_name(&call.string(index)?)) }
}

fn closed() -> OpError {
    let message = "EBADF: bad file descriptor".into();
    OpError { message, code: Some("EBADF".into()), ..OpError::default() }
}

/// A file by its path, or one that is open.
enum Source {
    Path(String),
    Open(Arc<OpenFile>),
}

fn source(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Result<Source, OpError>> {
    if call.arg(index).is_string() {
        return Ok(Ok(Source::Path(call.string(index)?)));
    }
    Ok(file_at(call, index)?.map(Source::Open).ok_or_else(closed))
}

/// What is to be written, paid for.
enum Given {
    Bytes(Bytes),
    Stored(u64),
}

fn given(
    call: &Call<'_, '_>,
    index: usize,
    store: &Store,
    encoding: Encoding,
) -> rquickjs::Result<Result<Given, OpError>> {
    let value = call.arg(index);
    if value.is_number() {
        return Ok(Ok(Given::Stored(length(call, index)?)));
    }
    let bytes = if value.is_string() {
        paid(store, &encoding.decode(call.string(index)?))
    } else {
        // A detached buffer has no bytes.
        call.with_bytes(index, |bytes| paid(store, bytes)).unwrap_or_else(|| Ok(Bytes::new()))
    };
    Ok(bytes.map(Given::Bytes))
}

impl Given {
    fn len(&self, store: &Store) -> usize {
        match self {
            Given::Bytes(bytes) => bytes.len(),
            Given::Stored(id) => store.info(*id).map_or(0, |info| info.byte_length),
        }
    }

    fn content<'a>(&'a self, store: &'a Store) -> Content<'a> {
        match self {
            Given::Bytes(bytes) => Content::Bytes(bytes),
            Given::Stored(id) => Content::Stored(store, *id),
        }
    }
}

// ── whole files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn read_whole(desk: &Desk, source: Source, flags: Flags) -> Result<Writer, Error> {
    match source {
        Source::Path(path) => desk.files.read(&path, flags, &desk.store, &desk.cancel),
        Source::Open(file) => file.read_to_end(&desk.store, &desk.cancel),
    }
}

fn read_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (flags, encoding) = (Flags::from_bits(bits(call, 1)?), encoding(call, 2)?);
    match source(call, 0)? {
        Err(closed) => call.settled(Err(&closed)),
        Ok(source) => run_until(call, None, Some(3), move |desk| {
            let written = read_whole(desk, source, flags)?;
            Ok(match encoding {
                None => Done::Bytes(written),
                Some(encoding) => Done::Decoded(written, encoding),
            })
        }),
    }
}

fn store_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let flags = Flags::from_bits(bits(call, 1)?);
    match source(call, 0)? {
        Err(closed) => call.settled(Err(&closed)),
        Ok(source) => run_until(call, None, Some(2), move |desk| {
            let written = read_whole(desk, source, flags)?;
            let id = desk.store.put_written(written).map_err(Error::Buffer)?;
            #[expect(clippy::cast_precision_loss, reason = "ids stay below 2⁵³")]
            Ok(Done::Number(id as f64))
        }),
    }
}

fn write_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (flags, mode) = (Flags::from_bits(bits(call, 1)?), Mode::from_bits(bits(call, 2)?));
    let store = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store;
    let encoding = encoding(call, 4)?.unwrap_or(Encoding::Utf8);
    let both = match source(call, 0)? {
        Ok(source) => given(call, 3, store, encoding)?.map(|given| (source, given)),
        Err(closed) => Err(closed),
    };
    match both {
        Err(refused) => call.settled(Err(&refused)),
        Ok((source, given)) => run_until(call, None, Some(5), move |desk| {
            let content = given.content(&desk.store);
            match source {
                Source::Path(path) => desk.files.write(&path, flags, mode, &content, &desk.cancel)?,
                Source::Open(file) => file.write_content(&content, &desk.cancel)?,
            }
            Ok(Done::Nothing)
        }),
    }
}

// ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn stat<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, follow) = (call.string(0)?, call.boolean(1));
    run(call, None, move |desk| desk.files.stat(&path, follow).map(Done::Facts))
}

fn list<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, recursive) = (call.string(0)?, call.boolean(1));
    run(call, None, move |desk| desk.files.list(&path, recursive, &desk.store, &desk.cancel).map(Done::Entries))
}

fn look<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = call.string(0)?;
    run(call, None, move |desk| desk.files.look(&path).map(|()| Done::Nothing))
}

fn access<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, mode) = (call.string(0)?, bits(call, 1)?);
    run(call, None, move |desk| desk.files.access(&path, mode).map(|()| Done::Nothing))
}

fn make_dir<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, recursive, mode) = (call.string(0)?, call.boolean(1), Mode::from_bits(bits(call, 2)?));
    run(call, None, move |desk| desk.files.make_dir(&path, recursive, mode, &desk.cancel).map(Done::Text))
}

fn make_temp_dir<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let prefix = call.string(0)?;
    run(call, None, move |desk| desk.files.make_temp_dir(&prefix, &desk.cancel).map(|path| Done::Text(Some(path))))
}

fn unlink<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = call.string(0)?;
    run(call, None, move |desk| desk.files.unlink(&path, &desk.cancel).map(|()| Done::Nothing))
}

fn remove_dir<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = call.string(0)?;
    run(call, None, move |desk| desk.files.remove_dir(&path, &desk.cancel).map(|()| Done::Nothing))
}

fn remove<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, how) = (call.string(0)?, Removal { recursive: call.boolean(1), force: call.boolean(2) });
    run(call, None, move |desk| desk.files.remove(&path, how, &desk.cancel).map(|()| Done::Nothing))
}

fn rename<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (from, to) = (call.string(0)?, call.string(1)?);
    run(call, None, move |desk| desk.files.rename(&from, &to, &desk.cancel).map(|()| Done::Nothing))
}

fn copy_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (from, to, mode) = (call.string(0)?, call.string(1)?, CopyMode { exclusive: call.boolean(2) });
    run(call, None, move |desk| desk.files.copy_file(&from, &to, mode, &desk.cancel).map(|()| Done::Nothing))
}

fn symlink<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (to, path) = (call.string(0)?, call.string(1)?);
    run(call, None, move |desk| desk.files.symlink(&to, &path, &desk.cancel).map(|()| Done::Nothing))
}

fn link<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (from, path) = (call.string(0)?, call.string(1)?);
    run(call, None, move |desk| desk.files.link(&from, &path, &desk.cancel).map(|()| Done::Nothing))
}

fn read_link<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = call.string(0)?;
    run(call, None, move |desk| desk.files.read_link(&path).map(|to| Done::Text(Some(to))))
}

fn real_path<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = call.string(0)?;
    run(call, None, move |desk| desk.files.real_path(&path).map(|path| Done::Text(Some(path))))
}

fn truncate<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, length) = (call.string(0)?, length(call, 1)?);
    run(call, None, move |desk| {
        let file = desk.files.open(&path, Flags::from_bits(2), Mode::FILE, &desk.cancel)?;
        file.truncate(length, &desk.cancel).map(|()| Done::Nothing)
    })
}

fn chmod<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, mode) = (call.string(0)?, Mode::from_bits(bits(call, 1)?));
    run(call, None, move |desk| desk.files.chmod(&path, mode).map(|()| Done::Nothing))
}

fn utimes<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, read, written, follow) = (call.string(0)?, call.number(1)?, call.number(2)?, call.boolean(3));
    run(call, None, move |desk| desk.files.utimes(&path, read, written, follow).map(|()| Done::Nothing))
}

// ── open files ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn open<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, flags, mode) = (call.string(0)?, Flags::from_bits(bits(call, 1)?), Mode::from_bits(bits(call, 2)?));
    run(call, None, move |desk| {
        desk.files.open(&path, flags, mode, &desk.cancel).map(|file| Done::Open(Arc::new(file)))
    })
}

fn close<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = Class::<FileHandle>::from_value(&call.arg(0))?;
    let file = handle.borrow().0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match file {
        None => call.settled(Err(&closed())),
        Some(file) => run(call, None, move |_| {
            drop(file);
            Ok(Done::Nothing)
        }),
    }
}

/// Does something with the open file of the first argument.
fn with_file<'js>(
    call: &Call<'_, 'js>,
    held: Option<Value<'js>>,
    work: impl FnOnce(&OpenFile, &Desk) -> Outcome + Send + 'static,
) -> Answer<'js> {
    match file_at(call, 0)? {
        None => call.settled(Err(&closed())),
        Some(file) => run(call, held, move |desk| work(&file, desk)),
    }
}

fn read<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let at = position(call, 2)?;
    let most = call.with_bytes(1, <[u8]>::len).unwrap_or(0);
    with_file(call, Some(call.arg(1)), move |file, desk| file.read(&desk.store, most, at, &desk.cancel).map(Done::Into))
}

fn write<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let store = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store;
    let (encoding, at) = (encoding(call, 2)?.unwrap_or(Encoding::Utf8), position(call, 3)?);
    match given(call, 1, store, encoding)? {
        Err(refused) => call.settled(Err(&refused)),
        Ok(given) => with_file(call, None, move |file, desk| {
            let length = given.len(&desk.store);
            match given.content(&desk.store) {
                Content::Bytes(bytes) => file.write(bytes, at, &desk.cancel)?,
                content @ Content::Stored(..) => file.write_content(&content, &desk.cancel)?,
            }
            #[expect(clippy::cast_precision_loss, reason = "no memory has 2⁵³ bytes")]
            Ok(Done::Number(length as f64))
        }),
    }
}

fn stat_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_file(call, None, |file, _| file.stat().map(Done::Facts))
}

fn truncate_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let length = length(call, 1)?;
    with_file(call, None, move |file, desk| file.truncate(length, &desk.cancel).map(|()| Done::Nothing))
}

fn sync<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let data_alone = call.boolean(1);
    with_file(call, None, move |file, _| file.sync(data_alone).map(|()| Done::Nothing))
}

fn chmod_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let mode = Mode::from_bits(bits(call, 1)?);
    with_file(call, None, move |file, _| file.chmod(mode).map(|()| Done::Nothing))
}

fn utimes_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (read, written) = (call.number(1)?, call.number(2)?);
    with_file(call, None, move |file, _| file.utimes(read, written).map(|()| Done::Nothing))
}

// ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn workshop(call: &Call<'_, '_>) -> rquickjs::Result<Workshop> {
    let data = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?;
    Ok(Workshop { files: data.files.clone(), lanes: data.file_lanes.clone(), store: data.store.clone() })
}

fn new_place<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, flags, mode) = (call.string(0)?, Flags::from_bits(bits(call, 1)?), Mode::from_bits(bits(call, 2)?));
    let place = Arc::new(Mutex::new(Place::Path { path, flags, mode }));
    Ok(Class::instance(call.ctx().clone(), PlaceHandle(place))?.into_value())
}

/// The place of the first argument, or that of an open file.
fn place(call: &Call<'_, '_>) -> rquickjs::Result<Shared> {
    if let Ok(handle) = Class::<PlaceHandle>::from_value(&call.arg(0)) {
        return Ok(handle.borrow().0.clone());
    }
    let file = file_at(call, 0)?.ok_or_else(|| call.throw(&closed()))?;
    Ok(Arc::new(Mutex::new(Place::Open(file))))
}

fn open_place<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    run(call, None, move |desk| {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.file(&desk.files, &desk.cancel).map(Done::Open)
    })
}

fn close_place<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    run(call, None, move |_| {
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Place::Closed;
        Ok(Done::Nothing)
    })
}

/// Where a stream over an open file begins: where it is told to, or where the last read or write ended.
fn start(call: &Call<'_, '_>, place: &Shared, index: usize) -> rquickjs::Result<u64> {
    if let Some(at) = position(call, index)? {
        return Ok(at);
    }
    Ok(match &*place.lock().unwrap_or_else(PoisonError::into_inner) {
        Place::Open(file) => file.position().unwrap_or(0),
        Place::Path { .. } | Place::Closed => 0,
    })
}

fn source_of<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    let (start, end) = (start(call, &place, 1)?, length(call, 2)?);
    source_handle(call.ctx(), Arc::new(FileSource::new(workshop(call)?, place, start, end)))
}

fn sink_of<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    sink_handle(call.ctx(), Arc::new(FileSink::new(workshop(call)?, place, position(call, 1)?)))
}

// ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// The shortest pause between two looks. A look that takes long makes the pause longer: a watcher uses a tenth of a thread at most.
const PAUSE: Duration = Duration::from_millis(50);

fn watch<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, recursive) = (call.string(0)?, call.boolean(1));
    run(call, None, move |desk| {
        let watcher = desk.files.watch(&path, recursive, &desk.store, &desk.cancel)?;
        Ok(Done::Watch(Box::new(watcher)))
    })
}

/// The next changes; nothing where it was stopped.
async fn next_changes(
    workshop: &Workshop,
    watcher: &Arc<Mutex<Option<Watcher>>>,
    stopped: &Notify,
) -> Result<Option<Vec<Change>>, OpError> {
    let mut pause = PAUSE;
    loop {
        if tokio::time::timeout(pause, stopped.notified()).await.is_ok() {
            return Ok(None);
        }
        let watcher = watcher.clone();
        let begun = Instant::now();
        let look = move |_: &Workshop, cancel: &Cancel| {
            let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
            watcher.as_mut().map(|watcher| watcher.look(cancel)).transpose()
        };
        match workshop.run(look).await? {
            None => return Ok(None),
            Some(changes) if !changes.is_empty() => return Ok(Some(changes)),
            Some(_) => pause = PAUSE.max(begun.elapsed() * 10),
        }
    }
}

fn changes<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (watcher, stopped) = {
        let handle = Class::<WatchHandle>::from_value(&call.arg(0))?;
        let handle = handle.borrow();
        (handle.watcher.clone(), handle.stopped.clone())
    };
    let workshop = workshop(call)?;
    call.spawn(None, async move {
        match next_changes(&workshop, &watcher, &stopped).await {
            Err(error) => OpOutcome::Error(error),
            Ok(changes) => OpOutcome::Finish(Box::new(move |ctx, _| {
                let Some(changes) = changes else { return Ok(Value::new_undefined(ctx.clone())) };
                let kinds: String = changes.iter().map(|change| if change.is_rename { 'r' } else { 'c' }).collect();
                let names: Vec<_> = changes.into_iter().map(|change| change.name).collect();
                pair(ctx, names.join("\0"), kinds)
            })),
        }
    })
}

fn unwatch<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = Class::<WatchHandle>::from_value(&call.arg(0))?;
    let handle = handle.borrow();
    handle.stopped.notify_one();
    // Where a look is under way it is dropped afterwards, with the handle.
    if let Ok(mut watcher) = handle.watcher.try_lock() {
        *watcher = None;
    }
    Ok(call.undefined())
}
