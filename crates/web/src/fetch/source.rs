//! Bodies from the network, and from memory, as native sources of bytes; and what their errors are to a guest.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use hostbox_engine::{ErrorClass, OpError};
use hostbox_net::{Error, ResponseBody};
use tokio::sync::Mutex;

use super::Exchange;
use crate::blob::Bytes as BlobBytes;
use crate::streams::native::{ByteSource, Pending};

/// A `TypeError` whose cause tells what happened: a `NotAllowedError` where a grant is missing, else an error with a code.
pub(crate) fn op_error(error: &Error) -> OpError {
    if let Error::Buffer(error) = error {
        return crate::body::stored::refused(error);
    }
    let name = matches!(error, Error::Refused(_)).then(|| "NotAllowedError".into());
    OpError { class: ErrorClass::TypeWithCause, message: error.to_string(), code: Some(error.code().into()), name }
}

/// What a request ends with that its guest gave up; the guest itself knows a better reason.
pub(crate) fn given_up() -> OpError {
    let message = "the request was aborted".into();
    OpError { class: ErrorClass::TypeWithCause, message, name: Some("AbortError".into()), code: None }
}

/// The body of an answer.
pub(super) struct NetworkBody {
    state: Mutex<State>,
    exchange: Arc<Exchange>,
}

type Chunk = (Box<ResponseBody>, Result<Option<Bytes>, Error>);

enum State {
    Waiting(Box<ResponseBody>),
    /// A read that was given up half-way goes on with the next one: a decoder would lose bytes.
    Reading(Pin<Box<dyn Future<Output = Chunk> + Send>>),
    /// More came than was asked for.
    Rest(Box<ResponseBody>, Bytes),
    Ended,
    Failed(OpError),
}

impl NetworkBody {
    pub(super) fn new(body: ResponseBody, exchange: Arc<Exchange>) -> Arc<Self> {
        let body = Arc::new(Self { state: Mutex::new(State::Waiting(Box::new(body))), exchange });
        body.exchange.attach(Arc::downgrade(&body));
        body
    }

    /// Closes the connection. Where a read is under way it sees the cancellation and does it itself.
    pub(super) fn give_up(&self) {
        if let Ok(mut state) = self.state.try_lock()
            && !matches!(*state, State::Ended)
        {
            *state = State::Failed(given_up());
        }
    }

    async fn next(&self, most: usize) -> Result<Option<Bytes>, OpError> {
        let mut state = self.state.lock().await;
        loop {
            match std::mem::replace(&mut *state, State::Ended) {
                State::Ended => return Ok(None),
                State::Failed(error) => {
                    *state = State::Failed(error.clone());
                    return Err(error);
                }
                State::Rest(body, mut rest) => {
                    let given = rest.split_to(rest.len().min(most.max(1)));
                    *state = if rest.is_empty() { State::Waiting(body) } else { State::Rest(body, rest) };
                    return Ok(Some(given));
                }
                State::Waiting(mut body) => {
                    *state = State::Reading(Box::pin(async move {
                        let chunk = body.chunk().await;
                        (body, chunk)
                    }));
                }
                State::Reading(reading) => {
                    *state = State::Reading(reading);
                    let State::Reading(reading) = &mut *state else { continue };
                    *state = match self.exchange.unless_cancelled(reading.as_mut()).await {
                        None => State::Failed(given_up()),
                        Some((body, Ok(Some(bytes)))) => State::Rest(body, bytes),
                        Some((_, Ok(None))) => State::Ended,
                        Some((_, Err(error))) => State::Failed(op_error(&error)),
                    };
                }
            }
        }
    }
}

impl ByteSource for NetworkBody {
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>> {
        Box::pin(self.next(most))
    }

    fn cancel(&self) {
        self.exchange.cancel();
        // Where a read is under way it sees the cancellation and drops the body itself.
        if let Ok(mut state) = self.state.try_lock() {
            *state = State::Ended;
        }
    }
}

/// The bytes of a blob, without a copy of the whole.
pub(crate) struct BlobSource {
    bytes: BlobBytes,
    at: AtomicUsize,
}

impl BlobSource {
    pub(crate) fn new(bytes: BlobBytes) -> Self {
        Self { bytes, at: AtomicUsize::new(0) }
    }
}

impl ByteSource for BlobSource {
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>> {
        let start = self.at.load(Relaxed);
        let mut chunk = vec![0; most.min(self.bytes.len().saturating_sub(start))];
        let copied = self.bytes.copy_to(start, &mut chunk);
        chunk.truncate(copied);
        self.at.store(start + copied, Relaxed);
        let chunk = (copied > 0).then(|| Bytes::from(chunk));
        Box::pin(std::future::ready(Ok(chunk)))
    }

    fn cancel(&self) {
        self.at.store(usize::MAX, Relaxed);
    }
}
