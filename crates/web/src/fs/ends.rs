//! Files as sources and sinks of bytes, for streams that the host moves by itself. Opened when the first byte is wanted.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hostbox_buffers::{Cancel, Store, Writer};
use hostbox_engine::{ErrorClass, OpError, spawn_blocking};
use hostbox_files::{Error, Files, Flags, Lanes, Mode, OpenFile};
use tokio::sync::oneshot;

use crate::streams::native::{ByteSink, ByteSource, Pending};

/// What files are worked on with.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) files: Files,
    pub(crate) lanes: Lanes,
    pub(crate) store: Arc<Store>,
}

/// A file that is open, or will be when somebody first needs it. Those who share a place share the file.
pub(crate) enum Place {
    Open(Arc<OpenFile>),
    Closed,
    Path { path: String, flags: Flags, mode: Mode },
}

impl Place {
    /// The file; it is opened where it was not.
    pub(crate) fn file(&mut self, files: &Files, cancel: &Cancel) -> Result<Arc<OpenFile>, Error> {
        match self {
            Place::Open(file) => Ok(file.clone()),
            Place::Closed => Err(OpenFile::closed("read")),
            Place::Path { path, flags, mode } => {
                let file = Arc::new(files.open(path, *flags, *mode, cancel)?);
                *self = Place::Open(file.clone());
                Ok(file)
            }
        }
    }
}

/// Ends what works for a future when that is dropped.
struct Ender(Cancel);

impl Drop for Ender {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Workshop {
    /// Does blocking work in a lane of the sandbox.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Workshop, &Cancel) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, OpError> {
        let (done, outcome) = oneshot::channel();
        let ender = Ender(Cancel::new());
        let (workshop, cancel) = (self.clone(), ender.0.clone());
        let job = move || {
            let outcome = if cancel.is_cancelled() { Err(Error::Cancelled) } else { work(&workshop, &cancel) };
            // Nobody waits where the future was dropped.
            let _ = done.send(outcome);
        };
        self.lanes.run(Box::new(job), spawn_blocking);
        match outcome.await {
            Ok(outcome) => outcome.map_err(|error| shown(&error)),
            Err(_) => Err(OpError { message: "internal error: the work on a file ended".into(), ..OpError::default() }),
        }
    }
}

fn shown(error: &Error) -> OpError {
    let message = error.to_string();
    match error {
        Error::System(failed) => {
            let (name, code) = (Some("FSError".into()), Some(failed.code.name.into()));
            OpError { message, name, code, ..OpError::default() }
        }
        Error::Buffer(error) => {
            OpError { class: ErrorClass::Range, message, code: Some(error.code().into()), name: None }
        }
        Error::Cancelled => OpError { message, code: Some("ABORT_ERR".into()), ..OpError::default() },
    }
}

/// A place that a stream and its kin share.
pub(crate) type Shared = Arc<Mutex<Place>>;

fn file_of(place: &Shared, files: &Files, cancel: &Cancel) -> Result<Arc<OpenFile>, Error> {
    place.lock().unwrap_or_else(PoisonError::into_inner).file(files, cancel)
}

/// Bytes that were read, which the store pays for until the last reference is gone.
struct Read(Writer);

impl AsRef<[u8]> for Read {
    fn as_ref(&self) -> &[u8] {
        self.0.written()
    }
}

struct Reading {
    place: Shared,
    /// Where the next byte comes from; nothing before the first read of one that begins where the last read of the file ended.
    at: Option<u64>,
}

/// The bytes of a file between two positions.
pub(crate) struct FileSource {
    workshop: Workshop,
    reading: Arc<Mutex<Reading>>,
    end: u64,
    is_over: AtomicBool,
}

impl FileSource {
    /// From `start`, or from where the last read ended, to before `end`.
    pub(crate) fn new(workshop: Workshop, place: Shared, start: Option<u64>, end: u64) -> Self {
        let reading = Arc::new(Mutex::new(Reading { place, at: start }));
        Self { workshop, reading, end, is_over: AtomicBool::new(false) }
    }
}

impl ByteSource for FileSource {
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>> {
        Box::pin(async move {
            if self.is_over.load(SeqCst) {
                return Ok(None);
            }
            let (reading, end) = (self.reading.clone(), self.end);
            let work = move |workshop: &Workshop, cancel: &Cancel| {
                let mut reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
                let file = file_of(&reading.place, &workshop.files, cancel)?;
                let at = reading.at.map_or_else(|| file.position(), Ok)?;
                reading.at = Some(at);
                let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
                if left == 0 {
                    return Ok(Bytes::new());
                }
                let read = file.read(&workshop.store, most.min(left), Some(at), cancel)?;
                Ok(Bytes::from_owner(Read(read)))
            };
            let bytes = self.workshop.run(work).await?;
            // Counted when they are given: a read that nobody waited for has lost nothing.
            if let Some(at) = &mut self.reading.lock().unwrap_or_else(PoisonError::into_inner).at {
                *at += bytes.len() as u64;
            }
            if bytes.is_empty() {
                self.is_over.store(true, SeqCst);
                return Ok(None);
            }
            Ok(Some(bytes))
        })
    }

    fn cancel(&self) {
        self.is_over.store(true, SeqCst);
    }
}

struct Writing {
    place: Shared,
    /// Where the next byte goes; nothing where the file knows.
    at: Option<u64>,
}

/// Writes a file.
pub(crate) struct FileSink {
    workshop: Workshop,
    writing: Arc<Mutex<Writing>>,
    is_aborted: AtomicBool,
}

impl FileSink {
    pub(crate) fn new(workshop: Workshop, place: Shared, start: Option<u64>) -> Self {
        let writing = Arc::new(Mutex::new(Writing { place, at: start }));
        Self { workshop, writing, is_aborted: AtomicBool::new(false) }
    }

    async fn put(&self, bytes: Bytes) -> Result<(), OpError> {
        if self.is_aborted.load(SeqCst) {
            return Err(OpError { message: "the stream was aborted".into(), ..OpError::default() });
        }
        let writing = self.writing.clone();
        let work = move |workshop: &Workshop, cancel: &Cancel| {
            let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            let file = file_of(&writing.place, &workshop.files, cancel)?;
            file.write(&bytes, writing.at, cancel)?;
            writing.at = writing.at.map(|at| at.saturating_add(bytes.len() as u64));
            Ok(())
        };
        self.workshop.run(work).await
    }
}

impl ByteSink for FileSink {
    fn write(&self, bytes: Bytes) -> Pending<'_, ()> {
        Box::pin(self.put(bytes))
    }

    /// A file that nothing was written to is made all the same.
    fn close(&self) -> Pending<'_, ()> {
        Box::pin(self.put(Bytes::new()))
    }

    /// What was written stays written.
    fn abort(&self, _reason: &str) {
        self.is_aborted.store(true, SeqCst);
    }
}
